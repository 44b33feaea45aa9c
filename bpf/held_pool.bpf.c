// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Buffers that a pool or its memory provider knows of: those in the pool, those that
 * io_uring has lent to an application, and net_iovs, which are in no memory map.
 */
#include "nma_held.bpf.h"
#include "nma_provider.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define ZCRX_OFFSET_MASK	((1ull << 48) - 1)	/* IORING_ZCRX_AREA_MASK negated */
#define CHUNKS_MOST	(1 << 20)

/* Net_iovs are counted one array after the other. */
struct census {
	__u64 pool;
	__u64 niov;
	__u64 left;
	__u64 chunk;		/* list node */
	__u64 end;
	__u64 found;
};

static struct census census SEC(".bss.census");

/* The area of a pool of io_uring's, while it is looked at */
struct zcrx {
	struct zcrx_account acc;
	__u64 niovs;
};

static struct zcrx zcrx SEC(".bss.zcrx");

static __always_inline void look_at_niov(__u64 i)
{
	if (i < zcrx.acc.buffers)
		nma_held_netmem((zcrx.niovs + i * bpf_core_type_size(struct net_iov)) | 1);
}

static __always_inline bool lent(__u64 i)
{
	__u32 refs = 0;

	if (i < zcrx.acc.buffers)
		bpf_probe_read_kernel(&refs, sizeof(refs),
				      (void *)(zcrx.acc.user_refs + 4 * i));
	return refs;
}

static long step_area(__u32 i, void *unused)
{
	if (lent(i))
		look_at_niov(i);
	return 0;
}

/* An entry begins with where the buffer is: area, and offset in it. When the ring ends
 * the kernel takes all buffers back, and leaves the entries behind.
 */
static long step_refill(__u32 i, void *unused)
{
	__u32 slot = (zcrx.acc.taken_back + i) & (zcrx.acc.nr_entries - 1);
	__u64 off = nma_read_word(zcrx.acc.entries + 16 * (__u64)slot);

	off = (off & ZCRX_OFFSET_MASK) >> (zcrx.acc.shift & 31);
	if (lent(off))
		look_at_niov(off);
	return 0;
}

static __always_inline __u64 zcrx_of(__u64 pool)
{
	struct page_pool *pp = (void *)pool;

	if (nma_provider((__u64)BPF_CORE_READ(pp, mp_ops)) != NMA_MP_IO_URING)
		return 0;
	return (__u64)BPF_CORE_READ(pp, mp_priv);
}

__noinline int nma_held_area(__u64 pool)
{
	__u64 ifq = zcrx_of(pool), nr;

	if (!ifq)
		return 0;
	zcrx.acc = zcrx_account(ifq);
	zcrx.niovs = zcrx_niovs(ifq);
	nma_begin_place(NMA_HOLDER_ZCRX, ifq);
	nr = zcrx.acc.queued;
	if (zcrx.acc.entries && nr <= zcrx.acc.nr_entries) {
		nma_look.where = NMA_WHERE_REFILL;
		bpf_loop(nr, step_refill, NULL, 0);
	}
	nr = zcrx.acc.buffers;
	if (nr > NMA_HELD_AREA_MOST) {
		__sync_fetch_and_add(&nma_held_cut, 1);
		nr = NMA_HELD_AREA_MOST;
	}
	nma_look.where = NMA_WHERE_ANY;
	if (zcrx.acc.user_refs && zcrx.niovs)
		bpf_loop(nr, step_area, NULL, 0);
	return 0;
}

static long step_netmem(__u32 i, void *unused)
{
	__u64 netmem = nma_read_word(nma_look.refs + 8 * (__u64)i);

	if (netmem)
		nma_held_netmem(netmem);
	return 0;
}

static struct nma_stale stale SEC(".bss.stale");

static long step_slot(__u32 i, void *unused)
{
	return nma_is_stale(&stale, i) ? 0 : step_netmem(i, unused);
}

/* Put back, and not yet taken again or given back: a destroyed pool empties it once
 * a second.
 */
static __always_inline void look_at_ring(struct page_pool *pool)
{
	__u32 size = BPF_CORE_READ(pool, ring.size);

	nma_begin_place(NMA_HOLDER_RING, (__u64)pool);
	nma_look.where = NMA_WHERE_ANY;
	nma_look.refs = (__u64)BPF_CORE_READ(pool, ring.queue);
	if (!nma_look.refs)
		return;
	if (size > NMA_HELD_RING_MOST) {
		__sync_fetch_and_add(&nma_held_cut, 1);
		size = NMA_HELD_RING_MOST;
	}
	stale = nma_stale_of(__builtin_preserve_access_index(&pool->ring));
	bpf_loop(size, step_slot, NULL, 0);
}

static __always_inline void look_at_cache(struct page_pool *pool)
{
	__u32 nr = BPF_CORE_READ(pool, alloc.count);

	nma_begin_place(NMA_HOLDER_CACHE, (__u64)pool);
	nma_look.where = NMA_WHERE_ANY;
	nma_look.refs = (__u64)__builtin_preserve_access_index(&pool->alloc.cache);
	if (nr <= NMA_HELD_CACHE_MOST)
		bpf_loop(nr, step_netmem, NULL, 0);
}

static long step_census(__u32 i, void *unused)
{
	__u64 pool;

	if (!census.left)
		return 1;
	pool = nma_read_word(census.niov + bpf_core_field_offset(struct page, pp));
	if (pool == census.pool)
		census.found++;
	census.niov += bpf_core_type_size(struct net_iov);
	census.left--;
	return 0;
}

static __always_inline void count_niovs(__u64 first, __u64 nr)
{
	census.niov = first;
	census.left = nr;
	bpf_loop(NMA_HELD_AREA_MOST, step_census, NULL, 0);
	if (census.left)
		__sync_fetch_and_add(&nma_held_cut, 1);
}

static long step_chunk(__u32 i, void *unused)
{
	struct gen_pool_chunk *chunk;
	struct niov_array niovs;

	if (!census.chunk || census.chunk == census.end)
		return 1;
	chunk = container_of(census.chunk, struct gen_pool_chunk, next_chunk);
	niovs = chunk_niovs((__u64)BPF_CORE_READ(chunk, owner));
	count_niovs(niovs.first, niovs.nr);
	census.chunk = (__u64)BPF_CORE_READ(chunk, next_chunk.next);
	return 0;
}

static __always_inline void count_binding(struct page_pool *pool)
{
	struct net_devmem_dmabuf_binding *binding = BPF_CORE_READ(pool, mp_priv);
	struct gen_pool *chunks = BPF_CORE_READ(binding, chunk_pool);

	if (!chunks)
		return;
	census.chunk = (__u64)BPF_CORE_READ(chunks, chunks.next);
	census.end = (__u64)__builtin_preserve_access_index(&chunks->chunks);
	bpf_loop(CHUNKS_MOST, step_chunk, NULL, 0);
}

static __always_inline void count_area(__u64 pool)
{
	__u64 ifq = zcrx_of(pool);

	if (ifq)
		count_niovs(zcrx_niovs(ifq), zcrx_account(ifq).buffers);
}

__noinline int nma_held_inside(__u64 addr)
{
	struct page_pool *pool = (void *)addr;
	struct nma_held_pool *held;
	__u8 mp = nma_provider((__u64)BPF_CORE_READ(pool, mp_ops));

	look_at_cache(pool);
	look_at_ring(pool);
	census.pool = addr;
	census.found = 0;
	if (mp == NMA_MP_DMABUF)
		count_binding(pool);
	else if (mp == NMA_MP_IO_URING)
		count_area(addr);
	held = bpf_map_lookup_elem(&nma_held_pools, &addr);
	if (held)
		held->niovs = census.found;
	return 0;
}
