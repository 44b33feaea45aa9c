// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A frame between the ports: copy of its first bytes, VLAN tag in or out, parser.
 * The parser trusts nothing. What it does not understand, or what contradicts
 * itself, is a frame without IP or without a transport header, and is delivered
 * as such.
 */
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <net/ip6_checksum.h>

#include "nmhw_priv.h"

/* Enough for Ethernet, VLAN, IPv6 and TCP with all its options. */
#define PEEK_FIRST	128
#define PEEK_LEAST	64

#define IPV4_HLEN	20
#define IPV4_FRAGMENT	0x3fff	/* more fragments, or an offset */
#define IPV6_HLEN	40
#define IPV6_EXT_HLEN	8	/* the least, and the unit above it */
#define TCP_HLEN	20
#define UDP_HLEN	8

struct view {
	const u8 *p;
	u32 have;
	u32 len;
	struct nmhw_pkt *pkt;
};

/* Can the bytes before @end be looked at? -EAGAIN: not yet. -EINVAL: the frame
 * ends before.
 */
static int view_need(const struct view *v, u32 end)
{
	if (end > v->len)
		return -EINVAL;
	return end > v->have ? -EAGAIN : 0;
}

static int parse_tcp(const struct view *v, u32 at)
{
	struct nmhw_pkt *pkt = v->pkt;
	u32 hlen;
	int err;

	if (at + TCP_HLEN > pkt->ip_end)
		return 0;
	err = view_need(v, at + TCP_HLEN);
	if (err)
		return err;
	hlen = (v->p[at + 12] >> 4) * 4;
	if (hlen < TCP_HLEN || at + hlen > pkt->ip_end)
		return 0;
	err = view_need(v, at + hlen);
	if (err)
		return err;
	pkt->l4_off = at;
	pkt->data_off = at + hlen;
	pkt->l4_proto = IPPROTO_TCP;
	return 0;
}

static int parse_udp(const struct view *v, u32 at)
{
	struct nmhw_pkt *pkt = v->pkt;
	int err;

	if (at + UDP_HLEN > pkt->ip_end)
		return 0;
	err = view_need(v, at + UDP_HLEN);
	if (err)
		return err;
	/* The checksum ends where UDP says, which should be the IP packet's
	 * end; else leave it to software.
	 */
	if (get_unaligned_be16(v->p + at + 4) != pkt->ip_end - at)
		pkt->pseudo = false;
	pkt->l4_off = at;
	pkt->data_off = at + UDP_HLEN;
	pkt->l4_proto = IPPROTO_UDP;
	return 0;
}

static int parse_l4(const struct view *v, u8 proto, u32 at)
{
	switch (proto) {
	case IPPROTO_TCP:
		return parse_tcp(v, at);
	case IPPROTO_UDP:
		return parse_udp(v, at);
	default:
		return 0;
	}
}

static int parse_ipv4(const struct view *v, u32 at)
{
	struct nmhw_pkt *pkt = v->pkt;
	const u8 *ip = v->p + at;
	u32 hlen, total;
	int err;

	err = view_need(v, at + IPV4_HLEN);
	if (err)
		return err;
	hlen = (ip[0] & 0xf) * 4;
	total = get_unaligned_be16(ip + 2);
	if (ip[0] >> 4 != 4 || hlen < IPV4_HLEN || total < hlen || at + total > v->len)
		return -EINVAL;
	err = view_need(v, at + hlen);
	if (err)
		return err;
	pkt->ip_version = 4;
	pkt->addr_off = at + 12;
	pkt->ip_end = at + total;
	pkt->pseudo = true;
	if (get_unaligned_be16(ip + 6) & IPV4_FRAGMENT)
		return 0;
	return parse_l4(v, ip[9], at + hlen);
}

/* The transport header behind any number of extension headers. */
static int parse_ipv6_next(const struct view *v, u8 next, u32 at)
{
	struct nmhw_pkt *pkt = v->pkt;
	int err;

	while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) {
		if (at + IPV6_EXT_HLEN > pkt->ip_end)
			return 0;
		err = view_need(v, at + IPV6_EXT_HLEN);
		if (err)
			return err;
		/* Segments left: the pseudo header has another destination. */
		if (next == IPPROTO_ROUTING && v->p[at + 3])
			pkt->pseudo = false;
		next = v->p[at];
		at += (v->p[at + 1] + 1) * IPV6_EXT_HLEN;
	}
	return parse_l4(v, next, at);
}

static int parse_ipv6(const struct view *v, u32 at)
{
	struct nmhw_pkt *pkt = v->pkt;
	const u8 *ip = v->p + at;
	u32 total;
	int err;

	err = view_need(v, at + IPV6_HLEN);
	if (err)
		return err;
	total = IPV6_HLEN + get_unaligned_be16(ip + 4);
	if (ip[0] >> 4 != 6 || at + total > v->len)
		return -EINVAL;
	pkt->ip_version = 6;
	pkt->addr_off = at + 8;
	pkt->ip_end = at + total;
	pkt->pseudo = true;
	return parse_ipv6_next(v, ip[6], at + IPV6_HLEN);
}

/* Looks at the first @have of a frame's @len bytes, at least an Ethernet header.
 * -EAGAIN if more would be understood with more of them; any other error is only
 * a frame that is less than it claims to be. @pkt is right in each case.
 */
int nmhw_parse(const u8 *p, u32 have, u32 len, struct nmhw_pkt *pkt)
{
	const struct view v = { p, have, len, pkt };
	u32 at = NMHW_ETH_HLEN;
	u16 proto = get_unaligned_be16(p + at - 2);

	memset(pkt, 0, sizeof(*pkt));
	if (proto == ETH_P_8021Q && have >= NMHW_ETH_VLAN_HLEN) {
		at = NMHW_ETH_VLAN_HLEN;
		proto = get_unaligned_be16(p + at - 2);
	}
	pkt->l3_off = at;

	switch (proto) {
	case ETH_P_IP:
		return parse_ipv4(&v, at);
	case ETH_P_IPV6:
		return parse_ipv6(&v, at);
	default:
		return 0;
	}
}

/* Extends the copy to the first @want bytes of the source. */
static void frame_peek(struct nmhw_frame *f, u32 want)
{
	u32 more = want - f->peeked;
	struct nmhw_seg room = { f->p + f->have, more };
	struct nmhw_cursor dst = { &room }, src = { f->seg };

	nmhw_seek(&src, f->peeked);
	nmhw_copy(&dst, &src, more);
	f->have += more;
	f->peeked = want;
}

static void frame_vlan_insert(struct nmhw_frame *f)
{
	f->p -= NMHW_VLAN_HLEN;
	memmove(f->p, f->p + NMHW_VLAN_HLEN, 2 * NMHW_MAC_LEN);
	put_unaligned_be16(ETH_P_8021Q, f->p + 2 * NMHW_MAC_LEN);
	put_unaligned_be16(f->vlan_tci, f->p + 2 * NMHW_MAC_LEN + 2);
	f->have += NMHW_VLAN_HLEN;
	f->len += NMHW_VLAN_HLEN;
	f->csum_start += NMHW_VLAN_HLEN;
	f->vlan = false;
}

static void frame_vlan_strip(struct nmhw_frame *f)
{
	if (f->have < NMHW_ETH_VLAN_HLEN ||
	    get_unaligned_be16(f->p + 2 * NMHW_MAC_LEN) != ETH_P_8021Q)
		return;
	f->vlan_tci = get_unaligned_be16(f->p + 2 * NMHW_MAC_LEN + 2);
	memmove(f->p + NMHW_VLAN_HLEN, f->p, 2 * NMHW_MAC_LEN);
	f->p += NMHW_VLAN_HLEN;
	f->have -= NMHW_VLAN_HLEN;
	f->len -= NMHW_VLAN_HLEN;
	f->csum_start -= NMHW_VLAN_HLEN;
	f->vlan = true;
}

/* Decides what is summed. Usually the transport header and all behind it, for
 * the sender, the receiver or both; if the sender wants something else (an inner
 * header), then that, and the receiver has no verdict.
 */
static void frame_layout(struct nmhw_frame *f)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	u32 field_end = f->csum_start + f->csum_offset + 2;

	f->l4_sum = pkt->l4_proto && (!f->csum || (f->csum_start == pkt->l4_off &&
						   field_end <= pkt->data_off));
	if (f->l4_sum) {
		f->head = pkt->data_off;
		f->sum_from = pkt->l4_off;
		f->sum_to = pkt->ip_end;
	} else {
		f->head = f->have;
		f->sum_from = f->csum ? f->csum_start : f->have;
		f->sum_to = f->csum ? f->len : f->have;
	}
	/* A VLAN tag makes the difference. */
	f->src_off = f->head + f->src_len - f->len;
}

/* The checksum over the pseudo header and @sum, which is that of the transport
 * header and its payload: 0 if the latter includes a correct checksum.
 */
__sum16 nmhw_frame_magic(const struct nmhw_frame *f, __wsum sum)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	const u8 *addr = f->p + pkt->addr_off;
	u32 len = pkt->ip_end - pkt->l4_off;

	if (pkt->ip_version == 6)
		return csum_ipv6_magic((const struct in6_addr *)addr,
				       (const struct in6_addr *)(addr + 16),
				       len, pkt->l4_proto, sum);
	return csum_tcpudp_magic(get_unaligned((const __be32 *)addr),
				 get_unaligned((const __be32 *)(addr + 4)),
				 len, pkt->l4_proto, sum);
}

/* Reads and parses the head of a frame of at least an Ethernet header, whose
 * checksum field, if any, lies within NMHW_HDR_WINDOW. @strip: the receiver takes
 * VLAN tags out.
 */
void nmhw_frame_open(struct nmhw_frame *f, bool strip)
{
	u32 want = clamp(f->seg[0].len, PEEK_LEAST, PEEK_FIRST);

	f->p = f->room + NMHW_HEADROOM;
	f->have = 0;
	f->peeked = 0;
	f->len = f->src_len;
	if (f->csum)
		want = max_t(u32, want, f->csum_start + f->csum_offset + 2);
	frame_peek(f, min(want, f->src_len));

	if (!strip && f->vlan)
		frame_vlan_insert(f);
	else if (strip && !f->vlan)
		frame_vlan_strip(f);

	if (nmhw_parse(f->p, f->have, f->len, &f->pkt) == -EAGAIN &&
	    f->peeked < NMHW_HDR_WINDOW) {
		frame_peek(f, min(NMHW_HDR_WINDOW, f->src_len));
		nmhw_parse(f->p, f->have, f->len, &f->pkt);
	}
	frame_layout(f);
}
