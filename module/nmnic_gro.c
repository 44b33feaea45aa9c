// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Frames that the device has merged from several (NETIF_F_GRO_HW). They carry
 * the headers of one frame with all the payload; what the stack needs to cut
 * them up again as they were is filled in here.
 */
#include <linux/etherdevice.h>
#include <net/gro.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "nmnic.h"

/* Pieces of the largest IP packet that fill their buffers, headers left out */
#define GRO_BYTES	(15 * PAGE_SIZE)
static_assert(GRO_BYTES + NMHW_HDR_WINDOW <= IP_MAX_MTU);
static_assert(GRO_BYTES / PAGE_SIZE < NMHW_MAX_RX_BUFS);

void nmnic_gro_set(struct nmnic_port *np, bool on)
{
	nmhw_rx_gro_set(np->hw, on ? GRO_BYTES : 0);
}

/* Offset of the TCP header from that of IP, or a negative number */
static int tcp_offset(const struct sk_buff *skb)
{
	__be16 frag_off;
	u8 next;

	if (skb->protocol == htons(ETH_P_IP))
		return ip_hdrlen(skb);
	if (skb->protocol != htons(ETH_P_IPV6))
		return -EPROTO;
	next = ipv6_hdr(skb)->nexthdr;
	return ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &next, &frag_off);
}

/* Behind eth_type_trans(). Returns the number of frames on the wire. */
unsigned int nmnic_gro_complete(struct sk_buff *skb, u16 mss)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	struct tcphdr *th;
	int off, payload;

	skb_reset_network_header(skb);
	off = tcp_offset(skb);
	if (off < 0 || off + sizeof(*th) > skb_headlen(skb))
		return 1;
	skb_set_transport_header(skb, off);
	th = tcp_hdr(skb);
	payload = skb->len - off - tcp_hdrlen(skb);
	if (payload <= mss)
		return 1;

	info->gso_size = mss;
	if (skb->protocol == htons(ETH_P_IP)) {
		info->gso_type = SKB_GSO_TCPV4;
		th->check = ~tcp_v4_check(skb->len - off, ip_hdr(skb)->saddr,
					  ip_hdr(skb)->daddr, 0);
	} else {
		info->gso_type = SKB_GSO_TCPV6;
		th->check = ~tcp_v6_check(skb->len - off, &ipv6_hdr(skb)->saddr,
					  &ipv6_hdr(skb)->daddr, 0);
	}
	NAPI_GRO_CB(skb)->count = DIV_ROUND_UP(payload, mss);
	tcp_gro_complete(skb);
	return info->gso_segs;
}
