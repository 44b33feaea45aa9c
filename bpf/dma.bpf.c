// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * DMA addresses of net_iovs: they are mapped, and synced if at all, by who
 * exports the dma-buf, and no driver may do either (--deep).
 *
 * Addresses become known with the first alloc or put of a buffer (receive) and
 * with each packet that carries one (transmit). What lies there now is asked of
 * the net_iov itself, so an address that outlived its buffer accuses nobody.
 */
#include "nma_act.bpf.h"
#include "nma_dma.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct nma_dma_row *row_of(void *map, struct device *dev,
						 __u64 addr)
{
	__u64 page = addr >> NMA_DMA_SHIFT;
	struct nma_dma_row *row = bpf_map_lookup_elem(map, &page);

	if (!row || row->dev != (__u64)dev || nma_niov_addr(row->niov) >> NMA_DMA_SHIFT != page)
		return NULL;
	return row;
}

static __always_inline void check_sync(void *ctx, struct device *dev, __u64 addr,
				       __u64 size, __u32 dir)
{
	struct nma_dma_row *row;

	if (!size || !nma_deep_armed)
		return;
	row = row_of(&nma_dma, dev, addr);
	if (row)
		nma_act_dev(ctx, NMA_ACT_DMA_SYNC, row->netdev, row->queue, size, dir);
}

/* Not called at all for devices that need no sync, as most of a PC's. */
SEC("?fentry/__dma_sync_single_for_cpu")
int BPF_PROG(nma_sync_cpu, struct device *dev, unsigned long addr,
	     unsigned long size, unsigned int dir)
{
	check_sync(ctx, dev, addr, size, dir);
	return 0;
}

SEC("?fentry/__dma_sync_single_for_device")
int BPF_PROG(nma_sync_device, struct device *dev, unsigned long addr,
	     unsigned long size, unsigned int dir)
{
	check_sync(ctx, dev, addr, size, dir);
	return 0;
}

/* A dma-buf may be made of ordinary memory that is sent, too, through the same
 * device: what a driver has mapped itself it may unmap. A page that is on its way
 * so when the dma-buf is sent from for the first time is not known to be.
 */
SEC("?fexit/dma_map_page_attrs")
int BPF_PROG(nma_map, struct device *dev, struct page *page, unsigned long offset,
	     unsigned long size, unsigned int dir, unsigned long attrs,
	     unsigned long addr)
{
	struct nma_dma_row *row;

	if (!nma_dma_tx_known)
		return 0;
	row = row_of(&nma_dma_tx, dev, addr);
	if (row)
		__sync_fetch_and_add(&row->mapped, 1);
	return 0;
}

SEC("?fentry/dma_unmap_page_attrs")
int BPF_PROG(nma_unmap, struct device *dev, unsigned long addr,
	     unsigned long size, unsigned int dir)
{
	struct nma_dma_row *row;

	if (!nma_dma_tx_known || !size || !nma_deep_armed)
		return 0;
	row = row_of(&nma_dma_tx, dev, addr);
	if (!row)
		return 0;
	if (row->mapped)
		__sync_fetch_and_add(&row->mapped, -1);
	else
		nma_act_dev(ctx, NMA_ACT_DMA_UNMAP, row->netdev, row->queue, size, dir);
	return 0;
}
