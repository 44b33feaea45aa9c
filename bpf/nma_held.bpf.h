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
	__uint(max_entries, NMA_HELD_POOLS);
	__type(key, __u64);		/* address of the pool */
	__type(value, struct nma_held_pool);
};

extern struct nma_held_pools_map nma_held_pools SEC(".maps");

struct nma_held_key {
	__u64 pool;
	__u64 object;
	__u32 holder;
	__u32 where;
};

struct nma_held_age {
	__u64 oldest_ns;
	__u32 aged;
	__u32 stack;
};

struct nma_held_index_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_HELD_ROOM);
	__type(key, struct nma_held_key);
	__type(value, __u32);		/* number of the group */
};

struct nma_held_groups_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NMA_HELD_ROOM);
	__type(key, __u32);
	__type(value, struct nma_rec_held);
};

/* Of the same groups, and of buffers that were found nowhere: groups of none */
struct nma_held_ages_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NMA_HELD_ROOM);
	__type(key, __u32);
	__type(value, struct nma_held_age);
};

extern struct nma_held_index_map nma_held_index SEC(".maps");
extern struct nma_held_groups_map nma_held_groups SEC(".maps");
extern struct nma_held_ages_map nma_held_ages SEC(".maps");

extern struct nma_groups nma_groups SEC(".bss.groups");

/* A slice of what was found; false: that was all. */
__u64 nma_held_send(void);

int nma_held_forget_groups(void);

enum nma_look_shape {
	NMA_LOOK_CHAIN,
	NMA_LOOK_TREE,
	NMA_LOOK_ONE,		/* this packet, not the next */
};

extern struct nma_look nma_look SEC(".bss.look");
extern __u32 nma_held_cut SEC(".bss.held");
extern __u32 nma_held_full[NMA_HELD_TABLES] SEC(".bss.held");
extern __u32 nma_held_found SEC(".bss.held");

static __always_inline void nma_held_failed(enum nma_held_table table, long err)
{
	if (err == -7)			/* E2BIG */
		__sync_fetch_and_add(&nma_held_full[table], 1);
	else
		nma_count_loss(NMA_LOSS_MAP, 1);
}

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
