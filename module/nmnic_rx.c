// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Receive queues: their life, and the way from completions to skbs.
 *
 * The first buffer of a frame becomes the skb's head, whatever ring it comes
 * from; all others become fragments. With tcp-data-split the first one is a
 * header buffer. A buffer that should carry headers and cannot be read is
 * dropped and counted: readability is asked for, never assumed.
 *
 * With an XDP program attached, a frame becomes an xdp_buff first (nmnic_xdp.c).
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/log2.h>
#include <linux/prefetch.h>
#include <net/page_pool/helpers.h>
#include <net/xdp_sock_drv.h>

#include "nmnic.h"
#include "nmnic_trace.h"

static int cmpl_alloc(struct nmnic_rxq *rxq, u32 size)
{
	struct device *dev = rxq->vec->port->dev;

	/* Zeroed: phase 0 is that of nothing written */
	rxq->cmpl = dma_alloc_coherent(dev, size * sizeof(*rxq->cmpl), &rxq->cmpl_dma,
				       GFP_KERNEL);
	if (!rxq->cmpl)
		return -ENOMEM;
	rxq->cmpl_mask = size - 1;
	return 0;
}

static void cmpl_free(struct nmnic_rxq *rxq)
{
	dma_free_coherent(rxq->vec->port->dev, (rxq->cmpl_mask + 1) * sizeof(*rxq->cmpl),
			  rxq->cmpl, rxq->cmpl_dma);
}

/* Every buffer of both rings may be on the way back at once. */
struct nmnic_rxq *nmnic_rxq_alloc(struct nmnic_vec *vec, const struct nmnic_cfg *cfg)
{
	struct nmnic_rxq *rxq;
	int err;

	rxq = kzalloc_obj(*rxq);
	if (!rxq)
		return ERR_PTR(-ENOMEM);
	rxq->vec = vec;
	rxq->split = cfg->split;
	rxq->hds_thresh = cfg->hds_thresh;
	rxq->rx_page = cfg->rx_page;
	rxq->xdp = cfg->xdp;

	err = cmpl_alloc(rxq, roundup_pow_of_two(2 * cfg->rx_ring));
	if (err)
		goto err_free_rxq;
	/* In this order: the header ring may use the other's pool. */
	err = nmnic_fill_alloc(rxq, NMHW_RX_RING_PAY, cfg->rx_ring);
	if (err)
		goto err_free_cmpl;
	err = nmnic_fill_alloc(rxq, NMHW_RX_RING_HDR, cfg->rx_ring);
	if (err)
		goto err_free_pay;
	err = nmnic_xdp_rxq_register(rxq);
	if (err)
		goto err_free_hdr;
	return rxq;

err_free_hdr:
	nmnic_fill_free(rxq, NMHW_RX_RING_HDR);
err_free_pay:
	nmnic_fill_free(rxq, NMHW_RX_RING_PAY);
err_free_cmpl:
	cmpl_free(rxq);
err_free_rxq:
	kfree(rxq);
	return ERR_PTR(err);
}

/* The queue was never started, or is stopped. */
void nmnic_rxq_free(struct nmnic_rxq *rxq)
{
	nmnic_xdp_rxq_unregister(rxq);
	nmnic_fill_free(rxq, NMHW_RX_RING_HDR);
	nmnic_fill_free(rxq, NMHW_RX_RING_PAY);
	cmpl_free(rxq);
	kfree(rxq);
}

/* True if both rings have enough to go on with, see nmnic_fill_post(). */
bool nmnic_rxq_refill(struct nmnic_rxq *rxq, gfp_t gfp)
{
	bool ok;

	ok = nmnic_fill_post(rxq, &rxq->fill[NMHW_RX_RING_HDR], gfp);
	ok &= nmnic_fill_post(rxq, &rxq->fill[NMHW_RX_RING_PAY], gfp);
	return ok;
}

/* NAPI is disabled. */
int nmnic_rxq_start(struct nmnic_rxq *rxq)
{
	struct nmnic_vec *vec = rxq->vec;
	struct nmnic_port *np = vec->port;
	struct nmhw_rxq_cfg cfg = {
		.cmpl.base = rxq->cmpl_dma,
		.cmpl.size = rxq->cmpl_mask + 1,
		.split = rxq->split,
		.split_thresh = rxq->hds_thresh,
	};
	int err, i;

	for (i = 0; i < NMHW_RX_RINGS; i++) {
		cfg.fill[i].base = rxq->fill[i].dma;
		cfg.fill[i].size = rxq->fill[i].size;
	}
	err = nmhw_rxq_enable(np->hw, vec->idx, &cfg);
	if (err)
		return err;

	nmnic_xsk_rxq_start(rxq);
	for (i = 0; i < NMHW_RX_RINGS; i++)
		nmnic_fill_connect(rxq, &rxq->fill[i]);
	/* What is missing comes with the NAPI's own attempts. */
	nmnic_rxq_refill(rxq, GFP_KERNEL | __GFP_NOWARN);
	trace_queue_start(np->netdev, vec->idx, rxq->split,
			  netif_rxq_has_unreadable_mp(np->netdev, vec->idx));
	return 0;
}

/* NAPI is disabled. Leaves the queue as it was before it was started. */
void nmnic_rxq_stop(struct nmnic_rxq *rxq)
{
	struct nmnic_vec *vec = rxq->vec;
	int i;

	nmhw_rxq_disable(vec->port->hw, vec->idx);
	trace_queue_stop(vec->port->netdev, vec->idx);

	kfree_skb(rxq->skb);
	rxq->skb = NULL;
	nmnic_xdp_cancel(rxq);
	rxq->drop = false;
	for (i = 0; i < NMHW_RX_RINGS; i++)
		nmnic_fill_disconnect(rxq, &rxq->fill[i]);
	memset(rxq->cmpl, 0, (rxq->cmpl_mask + 1) * sizeof(*rxq->cmpl));
	rxq->cmpl_head = 0;
}

/* The rest of the frame in the making is dropped. */
static void rx_drop(struct nmnic_rxq *rxq, u64 *counter)
{
	(*counter)++;
	rxq->drop = true;
	kfree_skb(rxq->skb);
	rxq->skb = NULL;
	nmnic_xdp_cancel(rxq);
}

/* The first buffer of a frame. Returns where it is, or NULL with the drop
 * counted and the buffer gone.
 */
static void *rx_head(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
		     const struct nmnic_rx_buf *buf, u32 len, struct nmnic_rx_counts *tally)
{
	void *va = netmem_address(buf->netmem);

	if (unlikely(!va)) {
		rx_drop(rxq, &tally->drop_unreadable);
		goto err_put_netmem;
	}
	if (unlikely(!fill->headroom || len < ETH_HLEN)) {
		rx_drop(rxq, &tally->drop_error);
		goto err_put_netmem;
	}
	va += buf->offset;
	prefetch(va + fill->headroom);
	return va;

err_put_netmem:
	nmnic_netmem_put(rxq, fill, buf->netmem, true);
	return NULL;
}

/* Takes over @buf. Returns the skb, or NULL with the drop counted. */
static struct sk_buff *rx_build_skb(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
				    const struct nmnic_rx_buf *buf, u32 len,
				    struct nmnic_rx_counts *tally)
{
	struct sk_buff *skb;
	void *va;

	va = rx_head(rxq, fill, buf, len, tally);
	if (unlikely(!va))
		return NULL;
	skb = napi_build_skb(va, fill->truesize);
	if (unlikely(!skb)) {
		tally->alloc_fail++;
		rx_drop(rxq, &tally->drop_error);
		nmnic_netmem_put(rxq, fill, buf->netmem, true);
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, fill->headroom);
	__skb_put(skb, len);
	return skb;
}

static void rx_set_offloads(struct nmnic_rxq *rxq, struct sk_buff *skb,
			    const struct nmhw_rx_cmpl *cmpl, u16 flags,
			    struct nmnic_rx_counts *tally)
{
	netdev_features_t features = rxq->vec->port->netdev->features;
	u32 hash = le32_to_cpu(cmpl->hash);

	if ((flags & NMHW_RXC_CSUM_OK) && (features & NETIF_F_RXCSUM)) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		tally->csum_unnecessary++;
	} else {
		tally->csum_none++;
	}
	if (hash && (features & NETIF_F_RXHASH))
		skb_set_hash(skb, hash, flags & NMHW_RXC_HASH_L4 ? PKT_HASH_TYPE_L4 :
								   PKT_HASH_TYPE_L3);
	if (flags & NMHW_RXC_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), le16_to_cpu(cmpl->vlan_tci));
	skb_record_rx_queue(skb, rxq->vec->idx);
	rxq->flags = flags;
	rxq->mss = flags & NMHW_RXC_GRO ? le16_to_cpu(cmpl->mss) : 0;
}

/* Takes over @buf. */
static void rx_add_frag(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
			const struct nmnic_rx_buf *buf, u32 len, struct nmnic_rx_counts *tally)
{
	struct sk_buff *skb = rxq->skb;
	int nr = skb_shinfo(skb)->nr_frags;

	if (unlikely(nr == MAX_SKB_FRAGS)) {
		rx_drop(rxq, &tally->drop_error);
		nmnic_netmem_put(rxq, fill, buf->netmem, true);
		return;
	}
	skb_add_rx_frag_netmem(skb, nr, buf->netmem, buf->offset + fill->headroom, len,
			       fill->truesize);
}

/* The same for a program to look at. Takes over @buf. */
static void rx_buffer_xdp(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
			  const struct nmnic_rx_buf *buf, const struct nmhw_rx_cmpl *cmpl,
			  u16 flags, u32 len, struct nmnic_rx_counts *tally)
{
	struct xdp_buff *xdp = &rxq->xb.xdp;
	void *va;

	if (!xdp->data) {
		va = rx_head(rxq, fill, buf, len, tally);
		if (likely(va))
			nmnic_xdp_begin(rxq, va, fill->headroom, len, cmpl, flags);
		return;
	}
	if (likely(xdp_buff_add_frag(xdp, buf->netmem, buf->offset + fill->headroom, len,
				     fill->truesize)))
		return;
	rx_drop(rxq, &tally->drop_error);
	nmnic_netmem_put(rxq, fill, buf->netmem, true);
}

/* One buffer, whose ownership goes to the skb in the making or to the pool */
static void rx_buffer(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
		      const struct nmnic_rx_buf *buf, const struct nmhw_rx_cmpl *cmpl, u16 flags,
		      struct nmnic_rx_counts *tally)
{
	struct nmnic_vec *vec = rxq->vec;
	struct nmnic_port *np = vec->port;
	u32 len = le32_to_cpu(cmpl->len);

	if (unlikely(len > fill->len && !rxq->drop))
		rx_drop(rxq, &tally->drop_error);

	nmnic_fault_at_buffer(rxq, fill, buf->netmem);
	if (fill->ring == NMHW_RX_RING_PAY &&
	    unlikely(nmnic_fault_leak(np, NMNIC_FAULT_LEAK_NETMEM, vec->idx, fill->pool,
				      buf->netmem))) {
		if (!rxq->drop)
			rx_drop(rxq, &tally->drop_fault);
		return;
	}
	if (unlikely(rxq->drop)) {
		nmnic_netmem_put(rxq, fill, buf->netmem, true);
		return;
	}

	page_pool_dma_sync_netmem_for_cpu(fill->pool, buf->netmem, buf->offset + fill->headroom,
					  len);
	trace_netmem_sync(np->netdev, vec->idx, fill->pool, buf->netmem, len);

	if (unlikely(rxq->xdp)) {
		rx_buffer_xdp(rxq, fill, buf, cmpl, flags, len, tally);
		return;
	}
	if (rxq->skb) {
		rx_add_frag(rxq, fill, buf, len, tally);
		return;
	}
	rxq->skb = rx_build_skb(rxq, fill, buf, len, tally);
	if (likely(rxq->skb))
		rx_set_offloads(rxq, rxq->skb, cmpl, flags, tally);
}

/* The stack cannot verify what it cannot read: a checksum that the device has
 * found wrong ends here, and one that it has verified needs no other look, with
 * NETIF_F_RXCSUM or without.
 */
static bool rx_check_unreadable(struct nmnic_rxq *rxq, struct nmnic_rx_counts *tally)
{
	if (likely(rxq->flags & NMHW_RXC_CSUM_OK)) {
		rxq->skb->ip_summed = CHECKSUM_UNNECESSARY;
		return true;
	}
	rx_drop(rxq, &tally->drop_unreadable);
	return false;
}

/* A merged frame counts as what it was on the wire: headers for each. */
static void rx_deliver(struct nmnic_rxq *rxq, struct nmnic_rx_counts *tally)
{
	struct nmnic_vec *vec = rxq->vec;
	struct sk_buff *skb = rxq->skb;
	unsigned int hdr_len = skb_headlen(skb);
	unsigned int len = skb->len;
	unsigned int segs = 1;

	if (!skb_frags_readable(skb) && !rx_check_unreadable(rxq, tally))
		return;
	rxq->skb = NULL;
	if (trace_frame_split_enabled() && (rxq->flags & NMHW_RXC_SPLIT))
		trace_frame_split(vec->port->netdev, vec->idx, skb);
	trace_frame_rx(vec->port->netdev, vec->idx, skb);
	nmnic_fault_at_frame(rxq, skb);
	skb->protocol = eth_type_trans(skb, vec->port->netdev);
	if (rxq->mss) {
		segs = nmnic_gro_complete(skb, rxq->mss);
		tally->gro_packets++;
		tally->gro_bytes += len;
		tally->gro_wire_packets += segs;
		tally->gro_wire_bytes += len + (segs - 1) * hdr_len;
	}
	tally->packets += segs;
	tally->bytes += len + (segs - 1) * hdr_len;
	napi_gro_receive(&vec->napi, skb);
}

/* What a program has left of a frame: an skb, nothing, or an error pointer if there
 * was no memory for one
 */
static void rx_deliver_rest(struct nmnic_rxq *rxq, struct sk_buff *skb,
			    const struct nmhw_rx_cmpl *cmpl, u16 flags,
			    struct nmnic_rx_counts *tally)
{
	struct nmnic_vec *vec = rxq->vec;

	if (!skb)
		return;
	if (IS_ERR(skb)) {
		tally->alloc_fail++;
		tally->drop_error++;
		return;
	}
	rx_set_offloads(rxq, skb, cmpl, flags, tally);
	trace_frame_rx(vec->port->netdev, vec->idx, skb);
	skb->protocol = eth_type_trans(skb, vec->port->netdev);
	napi_gro_receive(&vec->napi, skb);
}

/* The frame counts as received whatever the program makes of it. */
static void rx_deliver_xdp(struct nmnic_rxq *rxq, struct nmnic_rx_counts *tally)
{
	struct nmnic_xdp_buff *xb = &rxq->xb;

	/* Merged before the queue was laid out for programs */
	if (unlikely(xb->flags & NMHW_RXC_GRO)) {
		rx_drop(rxq, &tally->drop_error);
		return;
	}
	tally->packets++;
	tally->bytes += xdp_get_buff_len(&xb->xdp);
	rx_deliver_rest(rxq, nmnic_xdp_finish(rxq), xb->cmpl, xb->flags, tally);
}

/* One buffer of an AF_XDP socket: a frame that needs more was not expected. */
static void rx_buffer_xsk(struct nmnic_rxq *rxq, const struct nmnic_rx_buf *buf,
			  const struct nmhw_rx_cmpl *cmpl, u16 flags, struct nmnic_rx_counts *tally)
{
	const u16 whole = NMHW_RXC_SOP | NMHW_RXC_EOP;
	u32 len = le32_to_cpu(cmpl->len);
	struct sk_buff *skb;

	if (unlikely((flags & whole) != whole || len < ETH_HLEN)) {
		tally->drop_error += !!(flags & NMHW_RXC_EOP);
		xsk_buff_free(buf->xsk);
		return;
	}
	tally->packets++;
	tally->bytes += len;
	skb = nmnic_xsk_finish(rxq, buf->xsk, cmpl, flags);
	rx_deliver_rest(rxq, skb, cmpl, flags, tally);
}

/* Returns 1 at the end of a frame. */
static int rx_completion(struct nmnic_rxq *rxq, const struct nmhw_rx_cmpl *cmpl, u16 flags,
			 struct nmnic_rx_counts *tally)
{
	struct nmnic_fill *fill;
	struct nmnic_rx_buf buf;
	u32 slot;

	fill = &rxq->fill[flags & NMHW_RXC_PAY ? NMHW_RX_RING_PAY : NMHW_RX_RING_HDR];
	slot = le32_to_cpu(cmpl->id);
	if (unlikely(slot >= fill->size || !fill->bufs[slot].netmem)) {
		netdev_warn_once(rxq->vec->port->netdev, "completion of a buffer never posted\n");
		return 0;
	}
	buf = fill->bufs[slot];
	fill->bufs[slot].netmem = 0;
	fill->head++;

	if (unlikely(rxq->xsk))
		rx_buffer_xsk(rxq, &buf, cmpl, flags, tally);
	else
		rx_buffer(rxq, fill, &buf, cmpl, flags, tally);

	if (!(flags & NMHW_RXC_EOP))
		return 0;
	if (likely(rxq->skb))
		rx_deliver(rxq, tally);
	else if (rxq->xb.xdp.data)
		rx_deliver_xdp(rxq, tally);
	rxq->drop = false;
	return 1;
}

static void rx_add_tally(struct nmnic_rx_stats *st, const struct nmnic_rx_counts *tally)
{
	u64_stats_update_begin(&st->syncp);
	st->poll.packets += tally->packets;
	st->poll.bytes += tally->bytes;
	st->poll.gro_packets += tally->gro_packets;
	st->poll.gro_bytes += tally->gro_bytes;
	st->poll.gro_wire_packets += tally->gro_wire_packets;
	st->poll.gro_wire_bytes += tally->gro_wire_bytes;
	st->poll.csum_unnecessary += tally->csum_unnecessary;
	st->poll.csum_none += tally->csum_none;
	st->poll.alloc_fail += tally->alloc_fail;
	st->poll.drop_unreadable += tally->drop_unreadable;
	st->poll.drop_error += tally->drop_error;
	st->poll.drop_fault += tally->drop_fault;
	u64_stats_update_end(&st->syncp);
}

/* NAPI. Returns the number of frames, at most @budget. */
int nmnic_rxq_poll(struct nmnic_rxq *rxq, int budget)
{
	struct nmnic_rx_counts tally = {};
	struct nmhw_rx_cmpl *cmpl;
	int done = 0;
	u16 phase;
	u16 flags;

	while (done < budget) {
		cmpl = &rxq->cmpl[rxq->cmpl_head & rxq->cmpl_mask];
		phase = rxq->cmpl_head & (rxq->cmpl_mask + 1) ? 0 : NMHW_RXC_PHASE;
		flags = le16_to_cpu(READ_ONCE(cmpl->flags));
		if ((flags & NMHW_RXC_PHASE) != phase)
			break;
		/* The flags were written last. */
		dma_rmb();
		rxq->cmpl_head++;
		done += rx_completion(rxq, cmpl, flags, &tally);
	}
	rx_add_tally(&rxq->vec->rx_stats, &tally);
	if (unlikely(rxq->xdp))
		nmnic_xdp_flush(rxq);
	return done;
}
