/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the CPU did with a dma-buf, and what was sent from it. The map is defined
 * in binding.bpf.c.
 */
#ifndef NMA_CPU_BPF_H
#define NMA_CPU_BPF_H

#include "nma_types.bpf.h"

#include <bpf/bpf_core_read.h>

/* By address; the inode tells whether that is still the same one's. */
struct cpu_use {
	__u64 ino;
	__u64 written_ns;	/* when the CPU last began to write, 0 never */
	__u32 maps;
	__u32 syncs;
	__u32 sends;
	__u32 rsvd;
};

struct nma_cpu_uses_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct cpu_use);
};

extern struct nma_cpu_uses_map nma_cpu_uses SEC(".maps");

/* Bindings that were sent from, by number; whatever the CPU has to do with them. */
struct nma_tx_used_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
};

extern struct nma_tx_used_map nma_tx_used SEC(".maps");

/* There was no room for one: from then on any may have been. */
extern __u32 nma_tx_used_full;

static __always_inline __u64 nma_dmabuf_ino(__u64 dmabuf)
{
	return BPF_CORE_READ((struct dma_buf *)dmabuf, file, f_inode, i_ino);
}

/* NULL if the CPU had nothing to do with it yet. */
static __always_inline struct cpu_use *nma_cpu_use_of(__u64 dmabuf)
{
	struct cpu_use *use = bpf_map_lookup_elem(&nma_cpu_uses, &dmabuf);

	return use && use->ino == nma_dmabuf_ino(dmabuf) ? use : NULL;
}

#endif /* NMA_CPU_BPF_H */
