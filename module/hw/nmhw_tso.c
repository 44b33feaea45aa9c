// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * TCP segmentation: one frame from the driver, many on the wire. The header copy
 * of the frame is rewritten for each piece, and the payload is gathered from
 * where it lies, so a piece costs what a frame of its size costs.
 *
 * And the reverse. Frames to be merged can only come back to back from the same
 * segmentation here, so a receiver that merges gets larger pieces: the same bytes
 * as if they had been cut and put together again.
 */
#include <linux/in.h>
#include <linux/math.h>
#include <linux/minmax.h>

#include "nmhw_priv.h"

#define IPV4_LEN	2
#define IPV4_ID		4
#define IPV4_CSUM	10
#define IPV6_HLEN	40
#define IPV6_LEN	4
#define TCP_SEQ		4
#define TCP_FLAGS	13
#define TCP_CSUM	16

#define TCP_FLAG_FIN	0x01
#define TCP_FLAG_PSH	0x08
#define TCP_FLAG_CWR	0x80

/* An open frame that is to be segmented: can it be? Remembers what its headers
 * say.
 */
bool nmhw_tso_begin(struct nmhw_frame *f)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	const u8 *tcp = f->p + pkt->l4_off;

	if (pkt->l4_proto != IPPROTO_TCP || !pkt->pseudo ||
	    pkt->ip_end != f->len || pkt->data_off >= f->len ||
	    f->src_off != f->hdr_len)
		return false;
	f->tso_seq = get_unaligned_be32(tcp + TCP_SEQ);
	f->tso_flags = tcp[TCP_FLAGS];
	f->tso_id = get_unaligned_be16(f->p + pkt->l3_off + IPV4_ID);
	return true;
}

static void tso_ip(struct nmhw_frame *f, u32 sent)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	u8 *ip = f->p + pkt->l3_off;
	u32 len = pkt->ip_end - pkt->l3_off;

	if (pkt->ip_version == 6) {
		put_unaligned_be16(len - IPV6_HLEN, ip + IPV6_LEN);
		return;
	}
	put_unaligned_be16(len, ip + IPV4_LEN);
	put_unaligned_be16(f->tso_id + sent / f->mss, ip + IPV4_ID);
	put_unaligned_be16(0, ip + IPV4_CSUM);
	put_unaligned(ip_fast_csum(ip, ip[0] & 0xf), (__sum16 *)(ip + IPV4_CSUM));
}

static void tso_tcp(struct nmhw_frame *f, u32 sent, bool last)
{
	u8 *tcp = f->p + f->pkt.l4_off;
	u8 flags = f->tso_flags;

	if (sent)
		flags &= ~TCP_FLAG_CWR;
	if (!last)
		flags &= ~(TCP_FLAG_FIN | TCP_FLAG_PSH);
	tcp[TCP_FLAGS] = flags;
	put_unaligned_be32(f->tso_seq + sent, tcp + TCP_SEQ);
	/* The rest is added when the payload has been copied. */
	put_unaligned(~nmhw_frame_magic(f, 0), (__sum16 *)(tcp + TCP_CSUM));
}

/* Makes @f the piece of up to @len bytes of payload, a multiple of the mss, that
 * begins @sent bytes into that of the whole.
 */
void nmhw_tso_piece(struct nmhw_frame *f, u32 sent, u32 len)
{
	struct nmhw_pkt *pkt = &f->pkt;
	u32 left = f->src_len - f->hdr_len - sent;

	len = min(len, left);
	f->merged = DIV_ROUND_UP(len, f->mss);
	f->len = pkt->data_off + len;
	pkt->ip_end = f->len;
	f->src_off = f->hdr_len + sent;
	f->head = pkt->data_off;
	f->csum = true;
	f->csum_start = pkt->l4_off;
	f->csum_offset = TCP_CSUM;
	f->l4_sum = true;
	f->sum_from = pkt->l4_off;
	f->sum_to = f->len;
	tso_ip(f, sent);
	tso_tcp(f, sent, len == left);
}
