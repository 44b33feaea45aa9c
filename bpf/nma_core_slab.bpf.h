/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Part of nma_core.bpf.h: what moved in the allocator, of interest only to who looks
 * for packets in memory.
 */
#ifndef NMA_CORE_SLAB_BPF_H
#define NMA_CORE_SLAB_BPF_H

#include "nma_core.bpf.h"

/* The allocator of the kernel's small objects. Links of free ones are scrambled if
 * the kernel was built so. "slab: add opt-in caching layer of percpu sheaves", v6.18:
 * arrays of free objects, which are not on the list of their slab.
 */
#define SLAB_RED_ZONE	(1u << 1)
#define PGTY_SLAB	0xf5

struct kmem_cache {
	unsigned int flags;
	unsigned int size;
	unsigned int offset;
	unsigned int red_left_pad;
} __attribute__((preserve_access_index));

struct kmem_cache___hardened {
	unsigned long random;
} __attribute__((preserve_access_index));

struct slab_sheaf {
	struct list_head barn_list;
	unsigned int size;
	void *objects[1];
} __attribute__((preserve_access_index));

struct slub_percpu_sheaves {
	struct slab_sheaf *main;
	struct slab_sheaf *spare;
	struct slab_sheaf *rcu_free;
} __attribute__((preserve_access_index));

struct node_barn {
	struct list_head sheaves_full;
} __attribute__((preserve_access_index));

struct kmem_cache_per_node_ptrs {
	struct node_barn *barn;
} __attribute__((preserve_access_index));

/* In v6.18 the barn was a member of what the cache has for the node. */
struct kmem_cache_node___with_barn {
	struct node_barn *barn;
} __attribute__((preserve_access_index));

struct kmem_cache___with_nodes {
	struct kmem_cache_node___with_barn *node[1];
} __attribute__((preserve_access_index));

struct kmem_cache___with_sheaves {
	struct slub_percpu_sheaves *cpu_sheaves;
	struct kmem_cache_per_node_ptrs per_node[1];
} __attribute__((preserve_access_index));

struct slab {
	struct kmem_cache *slab_cache;
	unsigned int objects : 15;
} __attribute__((preserve_access_index));

struct napi_alloc_cache {
	unsigned int skb_count;
	void *skb_cache[1];
} __attribute__((preserve_access_index));

static __always_inline bool kmem_cache_has_sheaves(void)
{
	return bpf_core_field_exists(struct kmem_cache___with_sheaves, cpu_sheaves);
}

static __always_inline bool kmem_cache_hardened(void)
{
	return bpf_core_field_exists(struct kmem_cache___hardened, random);
}

static __always_inline __u64 kmem_cache_random(__u64 cache)
{
	struct kmem_cache___hardened *c = (void *)cache;

	return kmem_cache_hardened() ? BPF_CORE_READ(c, random) : 0;
}

static __noinline __u64 kmem_cache_barn_of_node(__u64 cache, __u32 node)
{
	struct kmem_cache___with_nodes *c = (void *)cache;
	struct kmem_cache_node___with_barn *n;

	n = (void *)nma_read_word(cache + bpf_core_field_offset(c->node) + 8 * (__u64)node);
	return n ? (__u64)BPF_CORE_READ(n, barn) : 0;
}

static __always_inline __u64 kmem_cache_barn(__u64 cache, __u32 node)
{
	struct kmem_cache___with_sheaves *c = (void *)cache;
	struct kmem_cache_per_node_ptrs *ptrs;

	if (!bpf_core_field_exists(c->per_node))
		return kmem_cache_barn_of_node(cache, node);
	ptrs = (void *)(cache + bpf_core_field_offset(c->per_node) +
			node * bpf_core_type_size(struct kmem_cache_per_node_ptrs));
	return (__u64)BPF_CORE_READ(ptrs, barn);
}

static __always_inline __u32 slab_objects(__u64 addr)
{
	struct slab *slab = (void *)addr;

	return BPF_CORE_READ_BITFIELD_PROBED(slab, objects);
}

#endif /* NMA_CORE_SLAB_BPF_H */
