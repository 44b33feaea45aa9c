/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which DMA addresses belong to net_iovs.
 */
#ifndef NMA_DMA_BPF_H
#define NMA_DMA_BPF_H

#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"

#define NMA_DMA_SHIFT	12

struct nma_dma_row {
	__u64 niov;
	__u64 dev;		/* it is mapped for */
	__u64 netdev;
	__u32 queue;
	__u32 mapped;		/* how often the driver has it mapped itself */
};

/* By page of the address. Buffers of pools are removed with the buffer. */
struct nma_dma_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_BUFS_DEFAULT);
	__type(key, __u64);
	__type(value, struct nma_dma_row);
};

/* Buffers to be sent leave no trace when they go. */
struct nma_dma_tx_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NMA_BUFS_DEFAULT);
	__type(key, __u64);
	__type(value, struct nma_dma_row);
};

extern struct nma_dma_map nma_dma SEC(".maps");
extern struct nma_dma_tx_map nma_dma_tx SEC(".maps");

/* Has anything ever been sent from a dma-buf? */
extern volatile __u32 nma_dma_tx_known SEC(".bss.acts");

static __always_inline __u64 nma_niov_addr(__u64 niov)
{
	return BPF_CORE_READ((struct page *)niov, dma_addr);
}

#endif /* NMA_DMA_BPF_H */
