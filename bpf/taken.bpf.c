// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Writes down when buffers are taken out of their page_pools and, if that is asked
 * for, by which stack. A put makes a buffer one of unknown age, until it is taken
 * again: a run that the kernel skips leaves an age unknown, and never makes one wrong.
 * Puts in bulk (XDP) are not looked at; the next take puts that right.
 */
#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_taken.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define HASH_PRIME	0x9e3779b97f4a7c15ull	/* 2^64 / golden ratio */

/* Two stacks with one number would be taken for one: one in 2^31 pairs. */
static __always_inline __u32 number_of(const struct nma_stack *stack)
{
	__u64 h = 0;
	int i;

	for (i = 0; i < NMA_STACK_LEN; i++)
		h = (h ^ stack->addr[i]) * HASH_PRIME ^ h >> 32;
	return h >> 32 | 1;
}

static __noinline __u32 stack_of(void *ctx)
{
	struct nma_stack stack = {};
	__u32 number;

	if (bpf_get_stack(ctx, &stack, sizeof(stack), NMA_ACT_SKIP) <= 0)
		return 0;
	number = number_of(&stack);
	if (bpf_map_lookup_elem(&nma_stacks, &number))
		return number;
	if (!bpf_map_update_elem(&nma_stacks, &number, &stack, BPF_ANY))
		return number;
	nma_count_loss(NMA_LOSS_MAP, 1);
	return 0;
}

static __always_inline int on_take(void *ctx, bool takes_out)
{
	struct nma_taken now = {}, *row;
	__u64 netmem;

	if (!takes_out || bpf_get_func_ret(ctx, &netmem) || !netmem)
		return 0;
	netmem &= ~1ull;
	now.ticks = bpf_jiffies64() ?: 1;
	if (nma_cfg.stacks)
		now.stack = stack_of(ctx);
	row = bpf_map_lookup_elem(&nma_taken, &netmem);
	if (row)
		*row = now;
	else if (bpf_map_update_elem(&nma_taken, &netmem, &now, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	return 0;
}

/* Of these, one that calls another takes it twice, at the same time. */
SEC("?fexit/page_pool_alloc_netmems")
int BPF_PROG(nma_take_netmem, struct page_pool *pool)
{
	return on_take(ctx, true);
}

SEC("?fexit/page_pool_alloc_pages")
int BPF_PROG(nma_take_page, struct page_pool *pool)
{
	return on_take(ctx, true);
}

/* The first fragment takes a buffer out. */
SEC("?fexit/page_pool_alloc_frag_netmem")
int BPF_PROG(nma_take_frag, struct page_pool *pool)
{
	return on_take(ctx, pool->frag_users == 1);
}

SEC("?fentry/page_pool_put_unrefed_netmem")
int BPF_PROG(nma_bring_back, struct page_pool *pool, unsigned long ref)
{
	__u64 netmem = ref & ~1ul;
	struct nma_taken *row;

	row = bpf_map_lookup_elem(&nma_taken, &netmem);
	if (row)
		row->ticks = 0;
	return 0;
}

SEC("?tp_btf/page_pool_state_release")
int BPF_PROG(nma_let_go, struct page_pool *pool, unsigned long ref)
{
	__u64 netmem = ref & ~1ul;

	bpf_map_delete_elem(&nma_taken, &netmem);
	return 0;
}
