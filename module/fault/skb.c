// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What armed faults do to packets. Traffic is left alone: the wrong packets are
 * strays, extra frames of a protocol that nobody has, with a buffer of the
 * payload pool as fragment, and the stack drops them. None is made while there
 * are taps: one that believes a stray would read what cannot be read.
 */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"

#define STRAY_HEAD	ETH_ZLEN
#define STRAY_PAYLOAD	64

#define MAX_HELD_SKBS	16384

static struct page_pool *pool_of(const struct nmnic_rxq *rxq, enum nmhw_rx_ring ring)
{
	return rxq->fill[ring].pool;
}

static struct sk_buff *stray_head(struct nmnic_rxq *rxq)
{
	struct nmnic_vec *vec = rxq->vec;
	struct net_device *netdev = vec->port->netdev;
	struct sk_buff *skb;
	struct ethhdr *eth;

	skb = napi_alloc_skb(&vec->napi, STRAY_HEAD);
	if (!skb)
		return NULL;
	eth = skb_put_zero(skb, STRAY_HEAD);
	ether_addr_copy(eth->h_dest, netdev->dev_addr);
	eth->h_proto = htons(ETH_P_802_EX1);
	skb_record_rx_queue(skb, vec->idx);
	skb_mark_for_recycle(skb);
	return skb;
}

static netmem_ref stray_payload(struct nmnic_rxq *rxq)
{
	return page_pool_alloc_netmems(pool_of(rxq, NMHW_RX_RING_PAY),
				       GFP_ATOMIC | __GFP_NOWARN);
}

static void add_frag(struct sk_buff *skb, netmem_ref netmem, u32 offset, unsigned int truesize)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, netmem, offset, STRAY_PAYLOAD,
			       truesize);
}

/* As it should be */
static struct sk_buff *stray(struct nmnic_rxq *rxq)
{
	struct sk_buff *skb = stray_head(rxq);
	netmem_ref netmem;

	if (!skb)
		return NULL;
	netmem = stray_payload(rxq);
	if (!netmem) {
		kfree_skb(skb);
		return NULL;
	}
	add_frag(skb, netmem, 0, rxq->fill[NMHW_RX_RING_PAY].truesize);
	return skb;
}

static void deliver(struct nmnic_rxq *rxq, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, rxq->vec->port->netdev);
	napi_gro_receive(&rxq->vec->napi, skb);
}

/* Nobody looks at the fragment on the way to its pool. */
static void raw_frag(struct nmnic_rxq *rxq)
{
	struct sk_buff *skb = stray_head(rxq);
	netmem_ref netmem;

	if (!skb)
		return;
	netmem = stray_payload(rxq);
	if (!netmem) {
		kfree_skb(skb);
		return;
	}
	skb_frag_fill_netmem_desc(&skb_shinfo(skb)->frags[0], netmem, 0, STRAY_PAYLOAD);
	skb_shinfo(skb)->nr_frags = 1;
	skb->len += STRAY_PAYLOAD;
	skb->data_len += STRAY_PAYLOAD;
	skb->truesize += rxq->fill[NMHW_RX_RING_PAY].truesize;
	deliver(rxq, skb);
}

static void mix_frags(struct nmnic_rxq *rxq)
{
	struct page_pool *pool = pool_of(rxq, NMHW_RX_RING_HDR);
	struct sk_buff *skb = stray(rxq);
	netmem_ref netmem;
	u32 offset;

	if (!skb)
		return;
	netmem = page_pool_alloc_frag_netmem(pool, &offset, NMNIC_HDR_TRUESIZE,
					     GFP_ATOMIC | __GFP_NOWARN);
	if (!netmem) {
		kfree_skb(skb);
		return;
	}
	add_frag(skb, netmem, offset, NMNIC_HDR_TRUESIZE);
	deliver(rxq, skb);
}

/* ---- Strays that GRO takes for segments of one flow ----------------------------*/

#define SEGMENT_HEAD	(ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr))

/* From an address and to one that no host has: IP drops what comes of it. */
static void segment_ip(struct iphdr *ip)
{
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(SEGMENT_HEAD - ETH_HLEN + STRAY_PAYLOAD);
	ip->frag_off = htons(IP_DF);
	ip->ttl = 1;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(INADDR_LOOPBACK);
	ip->daddr = htonl(1);
	ip->check = ip_fast_csum(ip, ip->ihl);
}

static struct sk_buff *segment_head(struct nmnic_rxq *rxq, u32 seq)
{
	struct net_device *netdev = rxq->vec->port->netdev;
	struct tcphdr *tcp;
	struct ethhdr *eth;
	struct sk_buff *skb;
	struct iphdr *ip;

	skb = napi_alloc_skb(&rxq->vec->napi, SEGMENT_HEAD + STRAY_PAYLOAD);
	if (!skb)
		return NULL;
	eth = skb_put_zero(skb, sizeof(*eth));
	ether_addr_copy(eth->h_dest, netdev->dev_addr);
	eth->h_proto = htons(ETH_P_IP);
	ip = skb_put_zero(skb, sizeof(*ip));
	segment_ip(ip);
	tcp = skb_put_zero(skb, sizeof(*tcp));
	tcp->source = htons(1);
	tcp->dest = htons(1);
	tcp->seq = htonl(seq);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->ack = 1;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb_record_rx_queue(skb, rxq->vec->idx);
	skb_mark_for_recycle(skb);
	return skb;
}

/* What a driver that copies small packets makes of a small one and the next. The
 * copied one keeps its bit and gets the other's fragment.
 */
static void copybreak(struct nmnic_rxq *rxq)
{
	struct sk_buff *copied = segment_head(rxq, 0);
	struct sk_buff *unreadable = segment_head(rxq, STRAY_PAYLOAD);
	netmem_ref netmem = 0;

	if (copied && unreadable)
		netmem = stray_payload(rxq);
	if (!netmem) {
		kfree_skb(copied);
		kfree_skb(unreadable);
		return;
	}
	skb_put_zero(copied, STRAY_PAYLOAD);
	add_frag(unreadable, netmem, 0, rxq->fill[NMHW_RX_RING_PAY].truesize);
	deliver(rxq, copied);
	deliver(rxq, unreadable);
}

/* ---- Strays on their own again -------------------------------------------------*/

/* The stack takes the fragment of such a stray for ours, and gives it back. */
struct kept {
	struct ubuf_info ubuf;
	struct page_pool *pool;
	netmem_ref netmem;
};

static void kept_complete(struct sk_buff *skb, struct ubuf_info *ubuf, bool success)
{
	struct kept *kept = container_of(ubuf, struct kept, ubuf);

	page_pool_put_full_netmem(kept->pool, kept->netmem, false);
	kfree(kept);
}

static const struct ubuf_info_ops kept_ops = {
	.complete = kept_complete,
};

static void no_mark_recycle(struct nmnic_rxq *rxq)
{
	struct kept *kept = kmalloc(sizeof(*kept), GFP_ATOMIC | __GFP_NOWARN);
	struct sk_buff *skb;

	if (!kept)
		return;
	skb = stray(rxq);
	if (!skb) {
		kfree(kept);
		return;
	}
	kept->pool = pool_of(rxq, NMHW_RX_RING_PAY);
	kept->netmem = skb_frag_netmem(&skb_shinfo(skb)->frags[0]);
	kept->ubuf.ops = &kept_ops;
	kept->ubuf.flags = SKBFL_ZEROCOPY_ENABLE | SKBFL_MANAGED_FRAG_REFS;
	refcount_set(&kept->ubuf.refcnt, 1);
	skb_zcopy_init(skb, &kept->ubuf);
	skb->pp_recycle = 0;
	deliver(rxq, skb);
}

/* No device sends it: not that one, and not what comes from a receive queue. */
static void forward(struct nmnic_rxq *rxq)
{
	struct sk_buff *skb = stray(rxq);

	if (!skb)
		return;
	skb->dev = dev_net(rxq->vec->port->netdev)->loopback_dev;
	skb->protocol = htons(ETH_P_802_EX1);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_set_queue_mapping(skb, 0);
	dev_queue_xmit(skb);
}

static const struct {
	enum nmnic_fault_id id;
	void (*make)(struct nmnic_rxq *rxq);
} strays[] = {
	{ NMNIC_FAULT_RAW_FRAG, raw_frag },
	{ NMNIC_FAULT_MIX_FRAGS, mix_frags },
	{ NMNIC_FAULT_COPYBREAK, copybreak },
	{ NMNIC_FAULT_NO_MARK_RECYCLE, no_mark_recycle },
	{ NMNIC_FAULT_FORWARD, forward },
};

/* The stack frees the page, and the page allocator refuses what is a page_pool's.
 * Whoever turns the fault off gives it back to its pool, as if it had come there.
 */
static void no_mark_page(struct nmnic_rxq *rxq)
{
	struct nmnic_vec *vec = rxq->vec;
	struct sk_buff *skb = stray(rxq);
	netmem_ref netmem;

	if (!skb)
		return;
	netmem = skb_frag_netmem(&skb_shinfo(skb)->frags[0]);
	if (nmnic_fault_leak(vec->port, NMNIC_FAULT_NO_MARK_PAGE, vec->idx,
			     pool_of(rxq, NMHW_RX_RING_PAY), netmem))
		skb->pp_recycle = 0;
	deliver(rxq, skb);
}

static bool page_strays_allowed(const struct nmnic_rxq *rxq)
{
	struct nmnic_port *np = rxq->vec->port;
	struct net_device *netdev = np->netdev;

	return atomic_read(&np->faults.fault[NMNIC_FAULT_NO_MARK_PAGE].armed) &&
	       rxq->fill[NMHW_RX_RING_HDR].size &&
	       rxq->fill[NMHW_RX_RING_PAY].truesize >= PAGE_SIZE &&
	       !netif_rxq_has_unreadable_mp(netdev, rxq->vec->idx) &&
	       !dev_nit_active(netdev);
}

static bool strays_allowed(const struct nmnic_rxq *rxq)
{
	struct nmnic_vec *vec = rxq->vec;
	struct net_device *netdev = vec->port->netdev;

	return rxq->fill[NMHW_RX_RING_HDR].size &&
	       netif_rxq_has_unreadable_mp(netdev, vec->idx) && !dev_nit_active(netdev);
}

/* @skb is complete and about to be delivered. */
void nmnic_fault_frame(struct nmnic_rxq *rxq, struct sk_buff *skb)
{
	struct nmnic_vec *vec = rxq->vec;
	unsigned int i;
	u8 byte;

	if (!skb_frags_readable(skb) &&
	    nmnic_fault(vec->port, NMNIC_FAULT_READ_PAYLOAD, vec->idx))
		WARN_ON_ONCE(!skb_copy_bits(skb, skb_headlen(skb), &byte, sizeof(byte)));
	if (page_strays_allowed(rxq))
		no_mark_page(rxq);
	if (!strays_allowed(rxq))
		return;
	for (i = 0; i < ARRAY_SIZE(strays); i++)
		if (nmnic_fault(vec->port, strays[i].id, vec->idx))
			strays[i].make(rxq);
}

/* ---- Packets that were sent ----------------------------------------------------*/

/* The address of a netmem that is being sent, mapped when it was bound. */
void nmnic_fault_tx(struct nmnic_vec *vec, dma_addr_t addr, u32 len)
{
	if (nmnic_fault(vec->port, NMNIC_FAULT_UNMAP_NETMEM, vec->idx))
		dma_unmap_page_attrs(vec->port->dev, addr, len, DMA_TO_DEVICE, 0);
}

/* Without its owner, whom the socket's send buffer would stop. */
bool nmnic_fault_hold_skb(struct nmnic_port *np, unsigned int queue, struct sk_buff *skb)
{
	struct nmnic_fault_panel *panel = &np->faults;

	if (!skb_zcopy(skb) || skb_queue_len(&panel->held_skbs) >= MAX_HELD_SKBS ||
	    !nmnic_fault_fire(np, NMNIC_FAULT_HOLD_TX, queue))
		return false;
	skb_orphan(skb);
	skb_queue_tail(&panel->held_skbs, skb);
	return true;
}

static void free_held(struct nmnic_fault_panel *panel)
{
	skb_queue_purge(&panel->held_skbs);
}

static const struct nmnic_fault_ops hold_tx_ops = {
	.disarm	= free_held,
};

void nmnic_fault_skb_init(struct nmnic_fault_panel *panel)
{
	skb_queue_head_init(&panel->held_skbs);
	panel->fault[NMNIC_FAULT_HOLD_TX].ops = &hold_tx_ops;
}
