// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * XDP frames on their way out: those that our own program sends back (XDP_TX) and
 * those that other devices redirect to us. They share the queues with the stack,
 * under the stack's lock, and leave it the last descriptors.
 */
#include <linux/dma-mapping.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"

/* Allows or forbids frames in the queue of @vec; no one adds any when the latter
 * returns. Process context.
 */
void nmnic_xdp_tx_set(struct nmnic_vec *vec, bool on)
{
	struct netdev_queue *core = netdev_get_tx_queue(vec->port->netdev, vec->idx);

	__netif_tx_lock_bh(core);
	vec->xdp_tx = on;
	__netif_tx_unlock_bh(core);
}

static void tx_put(struct nmnic_txq *txq, u32 slot, dma_addr_t addr, u32 len)
{
	struct nmhw_tx_desc *desc = &txq->desc[slot & txq->mask];

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	desc->flags = 0;
}

/* From one of our pools: mapped as long as it is the pool's, nothing to undo. */
static void tx_put_mapped(struct nmnic_txq *txq, u32 slot, dma_addr_t addr, u32 len)
{
	struct nmnic_tx_buf *buf = &txq->bufs[slot & txq->mask];

	dma_sync_single_for_device(txq->vec->port->dev, addr, len, DMA_BIDIRECTIONAL);
	buf->linear = false;
	dma_unmap_addr_set(buf, addr, 0);
	tx_put(txq, slot, addr, len);
}

/* Returns the number of descriptors. */
static u32 tx_put_pool_frame(struct nmnic_txq *txq, struct xdp_frame *xdpf)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(xdpf);
	struct page *page = virt_to_head_page(xdpf->data);
	const skb_frag_t *frag;
	u32 slot = txq->tail;
	int i;

	tx_put_mapped(txq, slot++, page_pool_get_dma_addr(page) + offset_in_page(xdpf->data),
		      xdpf->len);
	if (!xdp_frame_has_frags(xdpf))
		return 1;
	for (i = 0; i < info->nr_frags; i++) {
		frag = &info->frags[i];
		tx_put_mapped(txq, slot++,
			      page_pool_get_dma_addr_netmem(skb_frag_netmem(frag)) +
			      skb_frag_off(frag), skb_frag_size(frag));
	}
	return slot - txq->tail;
}

static int tx_map_part(struct nmnic_txq *txq, u32 slot, const struct xdp_frame *xdpf,
		       const skb_frag_t *frag)
{
	struct nmnic_tx_buf *buf = &txq->bufs[slot & txq->mask];
	struct device *dev = txq->vec->port->dev;
	u32 len = frag ? skb_frag_size(frag) : xdpf->len;
	dma_addr_t addr;

	if (frag)
		addr = skb_frag_dma_map(dev, frag, 0, len, DMA_TO_DEVICE);
	else
		addr = dma_map_single(dev, xdpf->data, len, DMA_TO_DEVICE);
	if (unlikely(dma_mapping_error(dev, addr)))
		return -ENOMEM;
	buf->linear = !frag;
	dma_unmap_addr_set(buf, addr, addr);
	dma_unmap_len_set(buf, len, len);
	tx_put(txq, slot, addr, len);
	return 0;
}

/* Returns the number of descriptors, 0 with nothing mapped if that failed. */
static u32 tx_map_frame(struct nmnic_txq *txq, struct xdp_frame *xdpf)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(xdpf);
	int nr_frags = xdp_frame_has_frags(xdpf) ? info->nr_frags : 0;
	u32 slot = txq->tail;
	int i;

	if (tx_map_part(txq, slot, xdpf, NULL))
		return 0;
	for (i = 0; i < nr_frags; i++)
		if (tx_map_part(txq, ++slot, xdpf, &info->frags[i]))
			goto err_unmap;
	return slot - txq->tail + 1;

err_unmap:
	while (slot-- != txq->tail)
		nmnic_tx_unmap(txq, &txq->bufs[slot & txq->mask]);
	return 0;
}

/* Lock of the core's queue held. @ours: from one of our pools. False: the frame
 * stays the caller's.
 */
static bool tx_queue_frame(struct nmnic_txq *txq, struct xdp_frame *xdpf, bool ours)
{
	struct nmnic_tx_buf *buf;
	u32 n, last;

	if (unlikely(nmnic_txq_avail(txq) < 2 * NMNIC_TX_SEGS))
		return false;
	n = ours ? tx_put_pool_frame(txq, xdpf) : tx_map_frame(txq, xdpf);
	if (unlikely(!n))
		return false;

	last = txq->tail + n - 1;
	txq->desc[last & txq->mask].flags = cpu_to_le16(NMHW_TXD_EOP);
	buf = &txq->bufs[last & txq->mask];
	buf->segs = 1;
	buf->wire_bytes = xdp_get_frame_len(xdpf);
	buf->xdpf = xdpf;
	WRITE_ONCE(txq->tail, last + 1);
	return true;
}

/* NAPI of @vec. Sent at nmnic_xdp_tx_flush(). On failure the frame stays as it
 * was.
 */
int nmnic_xdp_tx(struct nmnic_vec *vec, struct xdp_buff *xdp)
{
	struct netdev_queue *core = netdev_get_tx_queue(vec->port->netdev, vec->idx);
	struct xdp_frame *xdpf = xdp_convert_buff_to_frame(xdp);
	bool queued = false;

	if (unlikely(!xdpf))
		return -ENOSPC;
	__netif_tx_lock(core, smp_processor_id());
	if (likely(vec->xdp_tx))
		queued = tx_queue_frame(vec->q.txq, xdpf, true);
	__netif_tx_unlock(core);
	return queued ? 0 : -EBUSY;
}

/* NAPI of @vec */
void nmnic_xdp_tx_flush(struct nmnic_vec *vec)
{
	struct netdev_queue *core = netdev_get_tx_queue(vec->port->netdev, vec->idx);

	__netif_tx_lock(core, smp_processor_id());
	if (likely(vec->xdp_tx))
		nmnic_txq_bell(vec->q.txq);
	__netif_tx_unlock(core);
}

/* BH, from any device's NAPI. Returns how many were taken; the caller frees the
 * rest.
 */
int nmnic_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags)
{
	struct nmnic_port *np = netdev_priv(netdev);
	unsigned int cpu = smp_processor_id();
	struct nmnic_vec *vec = &np->vec[cpu % netdev->real_num_tx_queues];
	struct netdev_queue *core = netdev_get_tx_queue(netdev, vec->idx);
	int sent = 0;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	__netif_tx_lock(core, cpu);
	if (unlikely(!vec->xdp_tx)) {
		sent = -ENETDOWN;
		goto out;
	}
	while (sent < n && tx_queue_frame(vec->q.txq, frames[sent], false))
		sent++;
	if (flags & XDP_XMIT_FLUSH)
		nmnic_txq_bell(vec->q.txq);
out:
	__netif_tx_unlock(core);
	return sent;
}
