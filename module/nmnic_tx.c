// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Transmit queues: mapping, descriptors, doorbell and completion.
 *
 * The device consumes descriptors at the pace at which the other end posts
 * receive buffers. When it stops, the ring fills and the queue stops with it:
 * flow control, so there is no transmit timeout to call it a hang.
 */
#include <linux/dma-mapping.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/netdev_queues.h>
#include <net/xdp_sock_drv.h>

#include "nmnic.h"

/* Free descriptors to stop and to wake at */
#define TX_STOP		NMNIC_TX_SEGS
#define TX_WAKE		(2 * NMNIC_TX_SEGS)

static struct netdev_queue *core_txq(const struct nmnic_txq *txq)
{
	return netdev_get_tx_queue(txq->vec->port->netdev, txq->vec->idx);
}

/* Free descriptors */
u32 nmnic_txq_avail(const struct nmnic_txq *txq)
{
	return txq->mask + 1 - (READ_ONCE(txq->tail) - READ_ONCE(txq->head));
}

struct nmnic_txq *nmnic_txq_alloc(struct nmnic_vec *vec, const struct nmnic_cfg *cfg)
{
	struct nmnic_txq *txq;

	txq = kzalloc_obj(*txq);
	if (!txq)
		return ERR_PTR(-ENOMEM);
	txq->vec = vec;
	txq->mask = cfg->tx_ring - 1;

	/* The write-back word lies behind the ring, in a cache line of its own. */
	txq->bytes = cfg->tx_ring * sizeof(*txq->desc) + SMP_CACHE_BYTES;
	txq->desc = dma_alloc_coherent(vec->port->dev, txq->bytes, &txq->dma, GFP_KERNEL);
	if (!txq->desc)
		goto err_free_txq;
	txq->head_wb = (__le32 *)(txq->desc + cfg->tx_ring);

	txq->bufs = kvzalloc_objs(*txq->bufs, cfg->tx_ring);
	if (!txq->bufs)
		goto err_free_desc;
	return txq;

err_free_desc:
	dma_free_coherent(vec->port->dev, txq->bytes, txq->desc, txq->dma);
err_free_txq:
	kfree(txq);
	return ERR_PTR(-ENOMEM);
}

/* The queue was never started, or is stopped. */
void nmnic_txq_free(struct nmnic_txq *txq)
{
	kvfree(txq->bufs);
	dma_free_coherent(txq->vec->port->dev, txq->bytes, txq->desc, txq->dma);
	kfree(txq);
}

int nmnic_txq_start(struct nmnic_txq *txq)
{
	struct nmhw_txq_cfg cfg = {
		.ring.base = txq->dma,
		.ring.size = txq->mask + 1,
		.head_wb = txq->dma + (txq->mask + 1) * sizeof(*txq->desc),
	};
	int err;

	err = nmhw_txq_enable(txq->vec->port->hw, txq->vec->idx, &cfg);
	if (err)
		return err;
	nmnic_xdp_tx_set(txq->vec, true);
	return 0;
}

void nmnic_tx_unmap(struct nmnic_txq *txq, struct nmnic_tx_buf *buf)
{
	struct device *dev = txq->vec->port->dev;

	if (buf->linear)
		dma_unmap_single(dev, dma_unmap_addr(buf, addr), dma_unmap_len(buf, len),
				 DMA_TO_DEVICE);
	else
		netmem_dma_unmap_page_attrs(dev, dma_unmap_addr(buf, addr),
					    dma_unmap_len(buf, len), DMA_TO_DEVICE, 0);
}

/* The queue is stopped in the core and NAPI is disabled. What the device has
 * not taken is dropped.
 */
void nmnic_txq_stop(struct nmnic_txq *txq)
{
	struct nmnic_tx_buf *buf;
	u32 xsk_frames = 0;

	nmnic_xdp_tx_set(txq->vec, false);
	nmhw_txq_disable(txq->vec->port->hw, txq->vec->idx);
	for (; txq->head != txq->tail; txq->head++) {
		buf = &txq->bufs[txq->head & txq->mask];
		nmnic_tx_unmap(txq, buf);
		dev_kfree_skb_any(buf->skb);
		buf->skb = NULL;
		if (buf->xdpf)
			xdp_return_frame(buf->xdpf);
		buf->xdpf = NULL;
		xsk_frames += buf->xsk;
		buf->xsk = false;
	}
	if (xsk_frames)
		xsk_tx_completed(txq->vec->xsk, xsk_frames);
	netdev_tx_reset_queue(core_txq(txq));
	txq->head = 0;
	txq->tail = 0;
	txq->bell = 0;
	*txq->head_wb = 0;
}

/* The core's helper does not look for room that frames of XDP alone have made.
 * Returns 0 if the queue was woken, as it does.
 */
static int tx_wake(struct nmnic_txq *txq)
{
	struct netdev_queue *core = core_txq(txq);

	/* The room before the state of the queue; pairs with netif_txq_try_stop(). */
	smp_mb();
	if (!netif_tx_queue_stopped(core) || nmnic_txq_avail(txq) < TX_WAKE)
		return 1;
	netif_tx_wake_queue(core);
	return 0;
}

/* NAPI. False if nothing has been sent. */
bool nmnic_txq_clean(struct nmnic_txq *txq, int budget)
{
	u32 consumed = le32_to_cpu(READ_ONCE(*txq->head_wb));
	struct nmnic_tx_stats *st = &txq->vec->tx_stats;
	unsigned int packets = 0, bytes = 0;
	u64 wire_packets = 0, wire_bytes = 0;
	u32 xsk_frames = 0;
	struct nmnic_tx_buf *buf;
	u32 head = txq->head;
	int woken;

	if (head == consumed)
		return false;
	/* What the device wrote back it has read before. */
	dma_rmb();
	for (; head != consumed; head++) {
		buf = &txq->bufs[head & txq->mask];
		nmnic_tx_unmap(txq, buf);
		if (buf->skb) {
			packets++;
			bytes += buf->skb->len;
			if (!nmnic_fault_hold_tx(txq->vec->port, txq->vec->idx, buf->skb))
				napi_consume_skb(buf->skb, budget);
			buf->skb = NULL;
		} else if (unlikely(buf->xdpf)) {
			xdp_return_frame(buf->xdpf);
			buf->xdpf = NULL;
		} else if (unlikely(buf->xsk)) {
			xsk_frames++;
			buf->xsk = false;
		} else {
			continue;
		}
		wire_packets += buf->segs;
		wire_bytes += buf->wire_bytes;
	}
	/* Buffers before the room they make */
	smp_store_release(&txq->head, head);
	if (unlikely(xsk_frames))
		xsk_tx_completed(txq->vec->xsk, xsk_frames);

	woken = netif_txq_completed_wake(core_txq(txq), packets, bytes, nmnic_txq_avail(txq),
					 TX_WAKE);

	if (unlikely(!packets && wire_packets))
		woken = tx_wake(txq);

	u64_stats_update_begin(&st->syncp);
	st->done.packets += wire_packets;
	st->done.bytes += wire_bytes;
	st->done.wake += !woken;
	u64_stats_update_end(&st->syncp);
	return true;
}

static int tx_map_one(struct nmnic_txq *txq, u32 slot, dma_addr_t addr, u32 len)
{
	struct nmhw_tx_desc *desc = &txq->desc[slot & txq->mask];
	struct nmnic_tx_buf *buf = &txq->bufs[slot & txq->mask];

	if (unlikely(dma_mapping_error(txq->vec->port->dev, addr)))
		return -ENOMEM;
	dma_unmap_len_set(buf, len, len);
	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->flags = 0;
	return 0;
}

static int tx_map_linear(struct nmnic_txq *txq, u32 slot, const struct sk_buff *skb)
{
	struct nmnic_tx_buf *buf = &txq->bufs[slot & txq->mask];
	u32 len = skb_headlen(skb);
	dma_addr_t addr;

	addr = dma_map_single(txq->vec->port->dev, skb->data, len, DMA_TO_DEVICE);
	buf->linear = true;
	dma_unmap_addr_set(buf, addr, addr);
	return tx_map_one(txq, slot, addr, len);
}

/* A fragment may be backed by memory that was mapped when it was bound. */
static int tx_map_frag(struct nmnic_txq *txq, u32 slot, const struct sk_buff *skb,
		       const skb_frag_t *frag)
{
	struct nmnic_tx_buf *buf = &txq->bufs[slot & txq->mask];
	u32 len = skb_frag_size(frag);
	dma_addr_t addr;

	addr = skb_frag_dma_map(txq->vec->port->dev, frag, 0, len, DMA_TO_DEVICE);
	buf->linear = false;
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), buf, addr, addr);
	if (!skb_frags_readable(skb))
		nmnic_fault_at_tx(txq->vec, addr, len);
	return tx_map_one(txq, slot, addr, len);
}

/* Returns the number of descriptors, or -ENOMEM with nothing mapped. */
static int tx_map(struct nmnic_txq *txq, const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	u32 slot = txq->tail;
	int i;

	if (tx_map_linear(txq, slot, skb))
		return -ENOMEM;
	for (i = 0; i < info->nr_frags; i++)
		if (tx_map_frag(txq, ++slot, skb, &info->frags[i]))
			goto err_unmap;
	return slot - txq->tail + 1;

err_unmap:
	while (slot-- != txq->tail)
		nmnic_tx_unmap(txq, &txq->bufs[slot & txq->mask]);
	return -ENOMEM;
}

/* Each segment repeats the headers. */
static u16 tx_set_tso(struct nmnic_txq *txq, const struct sk_buff *skb, struct nmhw_tx_desc *desc,
		      struct nmnic_tx_buf *last)
{
	struct nmnic_tx_xmit_counts *count = &txq->vec->tx_stats.xmit;
	u32 hdr_len = skb_tcp_all_headers(skb);

	desc->mss = cpu_to_le16(skb_shinfo(skb)->gso_size);
	desc->hdr_len = cpu_to_le16(hdr_len);
	last->segs = skb_shinfo(skb)->gso_segs;
	last->wire_bytes = skb->len + (last->segs - 1) * hdr_len;

	count->gso_packets++;
	count->gso_bytes += skb->len;
	count->gso_wire_packets += last->segs;
	count->gso_wire_bytes += last->wire_bytes;
	return NMHW_TXD_TSO;
}

/* The first descriptor carries the offloads. Returns its flags. */
static u16 tx_set_offloads(struct nmnic_txq *txq, const struct sk_buff *skb,
			   struct nmnic_tx_buf *last)
{
	struct nmhw_tx_desc *desc = &txq->desc[txq->tail & txq->mask];
	struct nmnic_tx_stats *st = &txq->vec->tx_stats;
	u16 flags = 0;

	last->segs = 1;
	last->wire_bytes = skb->len;

	u64_stats_update_begin(&st->xmit_syncp);
	if (skb_is_gso(skb)) {
		flags |= tx_set_tso(txq, skb, desc, last);
	} else if (skb->ip_summed == CHECKSUM_PARTIAL) {
		desc->csum_start = cpu_to_le16(skb_checksum_start_offset(skb));
		desc->csum_offset = cpu_to_le16(skb->csum_offset);
		flags |= NMHW_TXD_CSUM;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		st->xmit.needs_csum += last->segs;
	else
		st->xmit.csum_none++;
	u64_stats_update_end(&st->xmit_syncp);

	if (skb_vlan_tag_present(skb)) {
		desc->vlan_tci = cpu_to_le16(skb_vlan_tag_get(skb));
		flags |= NMHW_TXD_VLAN;
	}
	return flags;
}

/* Tells the device what was queued. Lock of the core's queue held. */
void nmnic_txq_bell(struct nmnic_txq *txq)
{
	if (txq->bell == txq->tail)
		return;
	/* Descriptors before the doorbell */
	dma_wmb();
	txq->bell = txq->tail;
	nmhw_tx_doorbell(txq->vec->port->hw, txq->vec->idx, txq->tail);
}

static netdev_tx_t tx_drop(struct nmnic_txq *txq, struct sk_buff *skb)
{
	struct nmnic_tx_stats *st = &txq->vec->tx_stats;

	dev_kfree_skb_any(skb);
	u64_stats_update_begin(&st->xmit_syncp);
	st->xmit.drop_error++;
	u64_stats_update_end(&st->xmit_syncp);
	/* Frames before this one may count on it. */
	nmnic_txq_bell(txq);
	return NETDEV_TX_OK;
}

netdev_tx_t nmnic_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmnic_vec *vec = &np->vec[skb_get_queue_mapping(skb)];
	struct nmnic_txq *txq = vec->q.txq;
	struct netdev_queue *core = core_txq(txq);
	unsigned int len = skb->len;
	u16 flags;
	u32 last;
	int n;

	/* Only after a wake that came too early */
	if (unlikely(!netif_txq_maybe_stop(core, nmnic_txq_avail(txq), TX_STOP, TX_STOP)))
		return NETDEV_TX_BUSY;
	n = tx_map(txq, skb);
	if (unlikely(n < 0))
		return tx_drop(txq, skb);

	last = txq->tail + n - 1;
	flags = tx_set_offloads(txq, skb, &txq->bufs[last & txq->mask]);
	txq->desc[last & txq->mask].flags = cpu_to_le16(NMHW_TXD_EOP);
	txq->desc[txq->tail & txq->mask].flags |= cpu_to_le16(flags);
	txq->bufs[last & txq->mask].skb = skb;
	skb_tx_timestamp(skb);
	WRITE_ONCE(txq->tail, last + 1);

	if (netif_txq_maybe_stop(core, nmnic_txq_avail(txq), TX_STOP, TX_WAKE) == 0) {
		u64_stats_update_begin(&vec->tx_stats.xmit_syncp);
		vec->tx_stats.xmit.stop++;
		u64_stats_update_end(&vec->tx_stats.xmit_syncp);
	}
	if (__netdev_tx_sent_queue(core, len, netdev_xmit_more()))
		nmnic_txq_bell(txq);
	return NETDEV_TX_OK;
}
