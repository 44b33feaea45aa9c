// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a look has found, in groups (held.bpf.c): each has a number, by which they are
 * sent some at a time.
 */
#include "nma_held.bpf.h"
#include "nma_taken.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define LOOP_MOST	(NMA_HELD_ROOM_MOST / 2)	/* the kernel allows no more */

struct nma_held_pools_map nma_held_pools SEC(".maps");
struct nma_held_index_map nma_held_index SEC(".maps");
struct nma_held_groups_map nma_held_groups SEC(".maps");
struct nma_held_ages_map nma_held_ages SEC(".maps");

struct nma_groups nma_groups SEC(".bss.groups");

static __noinline int forget_group(__u32 nr)
{
	struct nma_rec_held *r = bpf_map_lookup_elem(&nma_held_groups, &nr);
	struct nma_held_key key = {};

	if (!r)
		return 0;
	key.pool = r->pool;
	key.object = r->object;
	key.holder = r->holder;
	key.where = r->where;
	bpf_map_delete_elem(&nma_held_index, &key);
	return 0;
}

/* Those of a look that came to no end */
static long forget_unsent(__u32 i, void *unused)
{
	if (nma_groups.sent >= nma_groups.nr)
		return 1;
	forget_group(nma_groups.sent++);
	return 0;
}

__noinline int nma_held_forget_groups(void)
{
	bpf_loop(LOOP_MOST, forget_unsent, NULL, 0);
	bpf_loop(LOOP_MOST, forget_unsent, NULL, 0);
	nma_groups.nr = 0;
	nma_groups.sent = 0;
	return 0;
}

static __always_inline bool send_group(__u32 nr)
{
	struct nma_rec_held *group = bpf_map_lookup_elem(&nma_held_groups, &nr), *r;

	if (!group || !group->buffers)
		return true;		/* an age only */
	r = bpf_ringbuf_reserve(&nma_ring, sizeof(*r), 0);
	if (!r)
		return false;
	__builtin_memcpy(r, group, sizeof(*r));
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	group->buffers = 0;
	return true;
}

static __always_inline bool send_age(__u32 nr)
{
	struct nma_rec_held *group = bpf_map_lookup_elem(&nma_held_groups, &nr);
	struct nma_held_age *age = bpf_map_lookup_elem(&nma_held_ages, &nr);
	struct nma_stack *stack;
	struct nma_rec_age *r;
	__u32 number;

	if (!group || !age || !age->aged)
		return true;
	r = bpf_ringbuf_reserve(&nma_ring, sizeof(*r), 0);
	if (!r)
		return false;
	__builtin_memset(r, 0, sizeof(*r));
	nma_fill_hdr(&r->hdr, NMA_REC_AGE, sizeof(*r), NMA_CAUSE_SNAPSHOT);
	r->object = group->object;
	r->holder = group->holder;
	r->where = group->where;
	r->pool_id = group->pool_id;
	r->aged = age->aged;
	r->oldest_ns = age->oldest_ns;
	number = age->stack;
	stack = nma_cfg.stacks ? bpf_map_lookup_elem(&nma_stacks, &number) : NULL;
	if (stack)
		__builtin_memcpy(r->stack, stack->addr, sizeof(r->stack));
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return true;
}

static long send_census(struct bpf_map *map, const __u64 *pool,
			const struct nma_held_pool *held, __u64 *full)
{
	struct nma_rec_census *r;

	r = bpf_ringbuf_reserve(&nma_ring, sizeof(*r), 0);
	if (!r) {
		*full = 1;
		return 1;
	}
	__builtin_memset(r, 0, sizeof(*r));
	nma_fill_hdr(&r->hdr, NMA_REC_CENSUS, sizeof(*r), NMA_CAUSE_SNAPSHOT);
	r->pool = *pool;
	r->pool_id = held->id;
	r->pages = held->pages;
	r->niovs = held->niovs;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	bpf_map_delete_elem(map, pool);
	return 0;
}

static long send_next(__u32 i, __u64 *more)
{
	__u32 nr = nma_groups.sent;

	if (nr >= nma_groups.nr) {
		*more = 0;
		return 1;
	}
	if (!send_group(nr) || !send_age(nr))
		return 1;
	forget_group(nr);
	nma_groups.sent = nr + 1;
	return 0;
}

__noinline __u64 nma_held_send(void)
{
	__u64 more = 1;

	bpf_loop(NMA_HELD_SLICE, send_next, &more, 0);
	if (more)
		return 1;
	bpf_for_each_map_elem(&nma_held_pools, send_census, &more, 0);
	return more;
}
