/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * When, and by whom, buffers were taken out of their page_pools (leaks --deep):
 * taken.bpf.c writes it down, held.bpf.c reads it.
 */
#ifndef NMA_TAKEN_BPF_H
#define NMA_TAKEN_BPF_H

#include "nma_types.bpf.h"

struct nma_taken {
	__u64 ticks;		/* jiffies, which cost less than a clock; 0: it is back */
	__u32 stack;		/* key of nma_stacks, 0: none */
	__u32 rsvd;
};

/* In advance, 88 bytes for each entry (with its bucket) if their number is a power of
 * two: so the cost of an event does not depend on how many there are.
 */
struct nma_taken_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_BUFS_DEFAULT);
	__type(key, __u64);		/* page or net_iov */
	__type(value, struct nma_taken);
};

struct nma_stack {
	__u64 addr[NMA_STACK_LEN];	/* 0 ends it */
};

struct nma_stacks_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NMA_STACKS);
	__type(key, __u32);		/* of its addresses */
	__type(value, struct nma_stack);
};

extern struct nma_taken_map nma_taken SEC(".maps");
extern struct nma_stacks_map nma_stacks SEC(".maps");

#endif /* NMA_TAKEN_BPF_H */
