/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Who takes from a page_pool at this moment. Its cache has no lock: whoever takes
 * keeps all others out, as a NAPI that runs on one CPU only, by a lock of the driver,
 * or because nothing else runs. Whatever it is lasts until the function has returned,
 * and programs at its exit run before that. So if two of them are at work on one pool,
 * on two CPUs or because one interrupted the other, nothing kept their callers apart;
 * and where something does, two never are.
 */
#ifndef NMA_TAKER_BPF_H
#define NMA_TAKER_BPF_H

#include "nma_act.bpf.h"

#define NMA_TAKERS	256

/* 0: nobody; else: whose pool, which CPU, and which was met */
#define TAKER_POOL	32	/* its id from this bit on */
#define TAKER_MET	(1ull << 31)
#define TAKER_OTHER	14
#define TAKER_CPU	0x3fff

/* Of pools that share one, the second is not looked at meanwhile. */
struct nma_taker {
	__u64 now;
	__u64 rsvd[7];		/* a cache line each */
};

static struct nma_taker nma_takers[NMA_TAKERS] SEC(".bss.takers")
	__attribute__((aligned(64)));

static __noinline int nma_took_second(void *ctx, struct page_pool *pool, __u64 *now,
				      __u64 first)
{
	__u64 cpu = bpf_get_smp_processor_id() & TAKER_CPU;

	if (first >> TAKER_POOL != pool->user.id)
		return 0;
	/* unless it is done by now, or has met another */
	__sync_val_compare_and_swap(now, first, first | TAKER_MET | cpu << TAKER_OTHER);
	nma_act_pool(ctx, NMA_ACT_TAKE_SECOND, pool, cpu, first & TAKER_CPU);
	return 0;
}

/* NULL if somebody else was first. */
static __always_inline __u64 *nma_take_begin(void *ctx, struct page_pool *pool)
{
	__u32 id = pool->user.id;
	__u64 *now = &nma_takers[id % NMA_TAKERS].now;
	__u64 me = (__u64)id << TAKER_POOL | bpf_get_smp_processor_id();
	__u64 first = __sync_val_compare_and_swap(now, 0, me);

	if (!first)
		return now;
	nma_took_second(ctx, pool, now, first);
	return NULL;
}

static __always_inline void nma_take_end(void *ctx, struct page_pool *pool, __u64 *now)
{
	__u64 me;

	if (!now)
		return;
	me = __sync_lock_test_and_set(now, 0);
	if (me & TAKER_MET)
		nma_act_pool(ctx, NMA_ACT_TAKE_FIRST, pool, me & TAKER_CPU,
			     me >> TAKER_OTHER & TAKER_CPU);
}

#endif /* NMA_TAKER_BPF_H */
