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

static __always_inline void check(void *ctx, void *map, enum nma_act act,
				  struct device *dev, __u64 addr, __u64 size,
				  __u32 dir)
{
	__u64 page = addr >> NMA_DMA_SHIFT;
	struct nma_dma_row *row;

	if (!size || !nma_deep_armed)
		return;
	row = bpf_map_lookup_elem(map, &page);
	if (!row || row->dev != (__u64)dev || nma_niov_addr(row->niov) >> NMA_DMA_SHIFT != page)
		return;
	nma_act_dev(ctx, act, row->netdev, row->queue, size, dir);
}

/* Not called at all for devices that need no sync, as most of a PC's. */
SEC("?fentry/__dma_sync_single_for_cpu")
int BPF_PROG(nma_sync_cpu, struct device *dev, unsigned long addr,
	     unsigned long size, unsigned int dir)
{
	check(ctx, &nma_dma, NMA_ACT_DMA_SYNC, dev, addr, size, dir);
	return 0;
}

SEC("?fentry/__dma_sync_single_for_device")
int BPF_PROG(nma_sync_device, struct device *dev, unsigned long addr,
	     unsigned long size, unsigned int dir)
{
	check(ctx, &nma_dma, NMA_ACT_DMA_SYNC, dev, addr, size, dir);
	return 0;
}

SEC("?fentry/dma_unmap_page_attrs")
int BPF_PROG(nma_unmap, struct device *dev, unsigned long addr,
	     unsigned long size, unsigned int dir)
{
	if (nma_dma_tx_known)
		check(ctx, &nma_dma_tx, NMA_ACT_DMA_UNMAP, dev, addr, size, dir);
	return 0;
}
