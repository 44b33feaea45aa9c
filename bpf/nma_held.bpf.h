/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the programs that look for holders of buffers share: held.bpf.c has the
 * queues, held_pool.bpf.c the pools, held_xdp.bpf.c what XDP has redirected,
 * held_memory.bpf.c what is in none of them.
 */
#ifndef NMA_HELD_BPF_H
#define NMA_HELD_BPF_H

#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"

struct nma_held_pool {
	__u32 id;
	__u32 niovs;		/* that name it, wherever they are */
	__u32 pages;		/* the same */
	__u32 rsvd;
};

struct nma_held_pools_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NMA_HELD_POOLS);
	__type(key, __u64);		/* address of the pool */
	__type(value, struct nma_held_pool);
};

extern struct nma_held_pools_map nma_held_pools SEC(".maps");

enum nma_look_shape {
	NMA_LOOK_CHAIN,
	NMA_LOOK_TREE,
	NMA_LOOK_ONE,		/* this packet, not the next */
};

extern struct nma_look nma_look SEC(".bss.look");
extern __u32 nma_held_cut SEC(".bss.held");

/* As nma_read_word(), for a fraction of what that costs */
__u64 nma_load_word(__u64 addr);

static __always_inline __u64 nma_load_head(__u64 page)
{
	__u64 info;

	if (bpf_core_field_exists(struct page___with_info, compound_info))
		info = nma_load_word(page + bpf_core_field_offset(struct page___with_info,
								  compound_info));
	else
		info = nma_load_word(page + bpf_core_field_offset(struct page___with_head,
								  compound_head));
	return page_head_of(page, info);
}

/* A netmem_ref that a packet or a token has */
int nma_held_netmem(__u64 netmem);

/* Is it of a pool that is looked for, and not yet found? */
bool nma_held_is_news(__u64 netmem);

/* Packets from @first to @end: a chain, a list with a head, or a tree. */
int nma_held_list(__u64 first, __u64 end, __u32 where, __u32 shape);

/* Buffers that io_uring has lent to an application */
int nma_held_area(__u64 pool);

/* What is in the pool itself, and how many net_iovs are its own. */
int nma_held_inside(__u64 pool);

/* Slots of a ring that still name what was taken out of it: they are cleared some at a
 * time.
 */
struct nma_stale {
	__u32 begin;
	__u32 end;
};

static __always_inline struct nma_stale nma_stale_of(struct ptr_ring *ring)
{
	return (struct nma_stale){
		.begin = BPF_CORE_READ(ring, consumer_tail),
		.end = BPF_CORE_READ(ring, consumer_head),
	};
}

static __always_inline bool nma_is_stale(const struct nma_stale *s, __u32 slot)
{
	return slot >= s->begin && slot < s->end;
}

/* NUMA nodes; arrays of them end there. */
static __always_inline __u32 nma_nr_nodes(void)
{
	__u64 addr = nma_cfg.sym[NMA_SYM_NODES];

	return addr ? (__u32)nma_read_word(addr) : 1;
}

static __always_inline void nma_begin_place(__u32 holder, __u64 object)
{
	nma_look.pid = 0;
	nma_look.cgroup_id = 0;
	__builtin_memset(nma_look.comm, 0, sizeof(nma_look.comm));
	nma_look.netdev = 0;
	nma_look.destructor = 0;
	nma_look.sk = 0;
	nma_look.holder = holder;
	nma_look.object = object;
	nma_look.cpu = NMA_NO_CPU;
	nma_look.map_id = 0;
}

#endif /* NMA_HELD_BPF_H */
