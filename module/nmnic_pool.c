// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Memory for receiving: per queue a page_pool for headers and one for payload,
 * and the rings that lend their buffers to the device.
 *
 * The header pool is always the CPU's to read. The payload pool may be backed
 * by memory that no CPU can read, so payload is a netmem_ref from allocation to
 * release; nothing here or in nmnic_rx.c looks at what is behind one.
 *
 * Under XDP both rings have their buffers from the payload ring's pool, which
 * then takes no memory that cannot be read (nmnic_xdp_setup.c).
 */
#include <linux/kmemleak.h>
#include <linux/platform_device.h>
#include <linux/vmalloc.h>
#include <net/page_pool/helpers.h>
#include <net/xdp_sock_drv.h>

#include "nmnic.h"
#include "nmnic_trace.h"

/* Descriptors are written, and the doorbell rung, in batches of at least: */
#define REFILL_BATCH	32

static bool queue_has_provider(const struct nmnic_rxq *rxq)
{
	return netif_rxq_has_unreadable_mp(rxq->vec->port->netdev, rxq->vec->idx);
}

/* The attachment of a dma-buf points at our device without a reference and may
 * outlive the driver: it goes with the last buffer that an application gives
 * back. The device stays allocated from the first attachment on, as if it were
 * soldered in; nothing may point at it then, and that is no leak.
 */
static void pin_dma_dev(struct nmnic_port *np)
{
	if (np->dma_dev_pinned)
		return;
	kmemleak_not_leak(to_platform_device(get_device(np->dev)));
	np->dma_dev_pinned = true;
}

static void hdr_pool_flags(struct nmnic_rxq *rxq, unsigned int *flags)
{
	if (nmnic_fault(rxq->vec->port, NMNIC_FAULT_HDR_POOL_UNREADABLE, rxq->vec->idx))
		*flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;
}

static int pay_pool_flags(struct nmnic_rxq *rxq, unsigned int *flags)
{
	struct nmnic_port *np = rxq->vec->port;
	unsigned int q = rxq->vec->idx;
	int err;

	/* Only payload that comes without its headers may be unreadable. */
	if (rxq->split || nmnic_fault(np, NMNIC_FAULT_ALWAYS_UNREADABLE, q))
		*flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;
	if (nmnic_fault(np, NMNIC_FAULT_PP_FLAGS, q))
		*flags &= ~PP_FLAG_DMA_SYNC_DEV;

	if (!queue_has_provider(rxq))
		return 0;
	pin_dma_dev(np);
	err = nmnic_may_provide(np, q, NULL);
	if (err)
		return err;
	if (rxq->xdp) {
		if (net_ratelimit())
			netdev_err(np->netdev,
				   "queue %u: no memory provider while XDP is attached\n", q);
		return -EBUSY;
	}
	if (!(*flags & PP_FLAG_ALLOW_UNREADABLE_NETMEM)) {
		/* New kernels do not let it come this far. The old ones have
		 * no way to tell the user who asked.
		 */
		if (net_ratelimit())
			netdev_err(np->netdev,
				   "queue %u: no memory provider while tcp-data-split is off\n",
				   q);
		return -EINVAL;
	}
	rxq->provided = true;
	if (nmnic_fault(np, NMNIC_FAULT_IGNORE_PROVIDER, q))
		*flags &= ~PP_FLAG_ALLOW_UNREADABLE_NETMEM;
	return 0;
}

/* Under XDP, does the header ring use the pool of the payload ring? */
static bool pool_is_shared(const struct nmnic_rxq *rxq)
{
	return rxq->xdp && rxq->split;
}

/* Netmems in the ring or in both */
static u32 pool_size(const struct nmnic_rxq *rxq, const struct nmnic_fill *fill)
{
	if (pool_is_shared(rxq))
		return 2 * fill->size;
	if (fill->truesize < PAGE_SIZE)
		return fill->size / (PAGE_SIZE / fill->truesize);
	return fill->size;
}

/* NAPI is linked to the pool when the queue starts, not here: a new pool exists
 * while the NAPI still runs on the old one.
 */
static int pool_create(struct nmnic_rxq *rxq, struct nmnic_fill *fill)
{
	struct nmnic_port *np = rxq->vec->port;
	struct page_pool_params pp = {
		.flags		= PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.order		= get_order(fill->truesize),
		.pool_size	= pool_size(rxq, fill),
		.nid		= NUMA_NO_NODE,
		.dev		= np->dev,
		/* A program may send what it has received. */
		.dma_dir	= rxq->xdp ? DMA_BIDIRECTIONAL : DMA_FROM_DEVICE,
		.max_len	= max_t(u32, fill->truesize, PAGE_SIZE),
		.netdev		= np->netdev,
		.queue_idx	= rxq->vec->idx,
	};
	struct page_pool *pool;
	int err;

	if (fill->ring == NMHW_RX_RING_HDR && pool_is_shared(rxq)) {
		fill->pool = rxq->fill[NMHW_RX_RING_PAY].pool;
		return 0;
	}
	if (fill->ring == NMHW_RX_RING_HDR) {
		hdr_pool_flags(rxq, &pp.flags);
	} else {
		err = pay_pool_flags(rxq, &pp.flags);
		if (err)
			return err;
	}

	/* Only readable pools: the kernel would follow the pointer of others. */
	if (!(pp.flags & PP_FLAG_ALLOW_UNREADABLE_NETMEM) &&
	    nmnic_fault(np, NMNIC_FAULT_NAMELESS_POOL, rxq->vec->idx))
		pp.netdev = NULL;

	err = nmnic_may_create_pool(np, rxq->vec->idx, &pp);
	if (err)
		return err;
	if (fill->ring == NMHW_RX_RING_HDR)
		pool = page_pool_create(&pp);
	else
		pool = nmnic_fault_pool_create(np, rxq->vec->idx, &pp);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	fill->pool = pool;
	trace_pool_create(np->netdev, rxq->vec->idx, pool, fill->ring);
	return 0;
}

/* Headers and payload apart: whole pages for payload, the device may fill all of
 * them. Together: an skb is built around the buffer. A provider may want several
 * pages in a row for each.
 */
static void fill_set_layout(struct nmnic_rxq *rxq, struct nmnic_fill *fill)
{
	u32 headroom = rxq->xdp ? XDP_PACKET_HEADROOM : NMNIC_HEADROOM;

	if (fill->ring == NMHW_RX_RING_HDR) {
		fill->truesize = rxq->xdp ? PAGE_SIZE : NMNIC_HDR_TRUESIZE;
		fill->headroom = headroom;
	} else {
		fill->truesize = rxq->xdp ? PAGE_SIZE : rxq->rx_page;
		fill->headroom = rxq->split ? 0 : headroom;
	}
	fill->len = fill->truesize - fill->headroom;
	if (fill->headroom)
		fill->len -= NMNIC_SKB_TAIL;
}

int nmnic_fill_alloc(struct nmnic_rxq *rxq, enum nmhw_rx_ring ring, u32 size)
{
	struct nmnic_fill *fill = &rxq->fill[ring];
	struct nmnic_port *np = rxq->vec->port;
	int err;

	fill->ring = ring;
	/* Without a split the device puts everything in payload buffers. */
	if (ring == NMHW_RX_RING_HDR && !rxq->split)
		return 0;
	fill->size = size;
	fill->mask = size - 1;
	fill_set_layout(rxq, fill);

	fill->desc = dma_alloc_coherent(np->dev, size * sizeof(*fill->desc), &fill->dma,
					GFP_KERNEL);
	if (!fill->desc)
		return -ENOMEM;

	fill->bufs = kvzalloc_objs(*fill->bufs, size);
	if (!fill->bufs) {
		err = -ENOMEM;
		goto err_free_desc;
	}

	err = pool_create(rxq, fill);
	if (err)
		goto err_free_bufs;

	return 0;

err_free_bufs:
	kvfree(fill->bufs);
err_free_desc:
	dma_free_coherent(np->dev, size * sizeof(*fill->desc), fill->desc, fill->dma);
	return err;
}

/* The ring was never connected, or is disconnected. */
void nmnic_fill_free(struct nmnic_rxq *rxq, enum nmhw_rx_ring ring)
{
	struct nmnic_fill *fill = &rxq->fill[ring];
	struct nmnic_port *np = rxq->vec->port;

	if (!fill->size)
		return;
	if (ring == NMHW_RX_RING_PAY || !pool_is_shared(rxq)) {
		trace_pool_destroy(np->netdev, rxq->vec->idx, fill->pool);
		if (!nmnic_fault_keep_pool(np, rxq->vec->idx, fill->pool))
			page_pool_destroy(fill->pool);
	}
	kvfree(fill->bufs);
	dma_free_coherent(np->dev, fill->size * sizeof(*fill->desc), fill->desc, fill->dma);
}

/* NAPI is disabled and becomes the pool's only consumer. */
void nmnic_fill_connect(struct nmnic_rxq *rxq, struct nmnic_fill *fill)
{
	if (fill->size)
		page_pool_enable_direct_recycling(fill->pool, &rxq->vec->napi);
}

static void put_posted(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem)
{
	struct nmnic_vec *vec = rxq->vec;

	if (fill->ring == NMHW_RX_RING_PAY &&
	    nmnic_fault_leak(vec->port, NMNIC_FAULT_LEAK_ON_STOP, vec->idx, fill->pool, netmem))
		return;
	nmnic_netmem_put(rxq, fill, netmem, false);
}

/* NAPI is disabled and the device has let go of the ring: back to the state
 * before the first post, except for what the pool has learnt.
 */
void nmnic_fill_disconnect(struct nmnic_rxq *rxq, struct nmnic_fill *fill)
{
	u32 slot;

	if (!fill->size)
		return;
	for (slot = 0; slot < fill->size; slot++) {
		if (!fill->bufs[slot].netmem)
			continue;
		if (rxq->xsk)
			xsk_buff_free(fill->bufs[slot].xsk);
		else
			put_posted(rxq, fill, fill->bufs[slot].netmem);
		fill->bufs[slot].netmem = 0;
	}
	fill->head = 0;
	fill->tail = 0;
	page_pool_disable_direct_recycling(fill->pool);
}

/* Asked only while somebody traces it: the buffer is no longer ours. */
static void trace_end(struct nmnic_rxq *rxq, struct page_pool *pool, netmem_ref netmem)
{
	struct net_device *netdev = rxq->vec->port->netdev;

	if (!trace_netmem_recycle_enabled() && !trace_netmem_release_enabled())
		return;
	if (nma_netmem_is_kept(pool, netmem))
		trace_netmem_recycle(netdev, rxq->vec->idx, pool, netmem);
	else
		trace_netmem_release(netdev, rxq->vec->idx, pool, netmem);
}

/* @napi: called from the NAPI that the pool is connected to */
void nmnic_netmem_put(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem,
		      bool napi)
{
	if (fill->ring == NMHW_RX_RING_PAY)
		trace_netmem_put(rxq->vec->port->netdev, rxq->vec->idx, fill->pool, netmem);
	page_pool_put_full_netmem(fill->pool, netmem, napi);
	if (fill->ring == NMHW_RX_RING_PAY)
		trace_end(rxq, fill->pool, netmem);
}

static netmem_ref netmem_get(struct nmnic_rxq *rxq, struct nmnic_fill *fill, u32 *offset,
			     gfp_t gfp)
{
	netmem_ref netmem;

	if (fill->truesize < PAGE_SIZE)
		return page_pool_alloc_frag_netmem(fill->pool, offset, fill->truesize, gfp);

	*offset = 0;
	netmem = page_pool_alloc_netmems(fill->pool, gfp);
	if (likely(netmem) && fill->ring == NMHW_RX_RING_PAY)
		trace_netmem_alloc(rxq->vec->port->netdev, rxq->vec->idx, fill->pool, netmem);
	return netmem;
}

static bool fill_get(struct nmnic_rxq *rxq, struct nmnic_fill *fill, struct nmnic_rx_buf *buf,
		     gfp_t gfp)
{
	if (unlikely(rxq->xsk))
		buf->xsk = xsk_buff_alloc(rxq->xsk);
	else
		buf->netmem = netmem_get(rxq, fill, &buf->offset, gfp);
	return buf->netmem;
}

static bool fill_post_one(struct nmnic_rxq *rxq, struct nmnic_fill *fill, gfp_t gfp)
{
	u32 slot = fill->tail & fill->mask;
	struct nmnic_rx_buf *buf = &fill->bufs[slot];
	struct nmhw_rx_fill *desc = &fill->desc[slot];

	if (unlikely(buf->netmem))
		/* Memory that the device has no path to: it skips the slot, the
		 * queue goes on without.
		 */
		fill->head++;
	else if (unlikely(!fill_get(rxq, fill, buf, gfp)))
		return false;

	if (unlikely(rxq->xsk)) {
		nmnic_xsk_desc(rxq, buf, desc);
	} else {
		desc->addr = cpu_to_le64(page_pool_get_dma_addr_netmem(buf->netmem) +
					 buf->offset + fill->headroom);
		desc->len = cpu_to_le32(fill->len);
	}
	desc->id = cpu_to_le32(slot);
	fill->tail++;
	return true;
}

/* NAPI, or NAPI is disabled. False if the pool had nothing to give and too few
 * buffers are left to count on a completion to try again.
 */
bool nmnic_fill_post(struct nmnic_rxq *rxq, struct nmnic_fill *fill, gfp_t gfp)
{
	struct nmnic_vec *vec = rxq->vec;
	u32 before = fill->tail;
	bool ok = true;
	u32 room;

	if (!fill->size)
		return true;
	room = fill->size - (fill->tail - fill->head);
	if (room < REFILL_BATCH)
		return true;

	while (ok && room--)
		ok = fill_post_one(rxq, fill, gfp);
	if (unlikely(!ok)) {
		u64_stats_update_begin(&vec->rx_stats.syncp);
		vec->rx_stats.poll.alloc_fail++;
		u64_stats_update_end(&vec->rx_stats.syncp);
	}

	if (fill->tail != before) {
		/* Descriptors before the doorbell */
		dma_wmb();
		nmhw_rx_doorbell(vec->port->hw, vec->idx, fill->ring, fill->tail);
	}
	if (unlikely(rxq->xsk) && nmnic_xsk_starved(rxq, !ok))
		return true;
	return ok || fill->tail - fill->head >= fill->size / 4;
}

/* ---- ethtool -S ----------------------------------------------------------------*/

#ifdef CONFIG_PAGE_POOL_STATS
static void rxq_pool_stats(const struct nmnic_rxq *rxq, struct page_pool_stats *st)
{
	const struct nmnic_fill *hdr = &rxq->fill[NMHW_RX_RING_HDR];

	page_pool_get_stats(rxq->fill[NMHW_RX_RING_PAY].pool, st);
	if (hdr->size && !pool_is_shared(rxq))
		page_pool_get_stats(hdr->pool, st);
}

/* Of the pools that the port has now, which come and go with its queues */
u64 *nmnic_pool_stats(struct nmnic_port *np, u64 *data)
{
	struct page_pool_stats st = {};
	unsigned int i;

	for (i = 0; i < np->num_queues; i++)
		if (np->vec[i].q.rxq)
			rxq_pool_stats(np->vec[i].q.rxq, &st);
	return page_pool_ethtool_stats_get(data, &st);
}
#else
u64 *nmnic_pool_stats(struct nmnic_port *np, u64 *data)
{
	return data;
}
#endif
