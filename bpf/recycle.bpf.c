// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * How page_pools supply their drivers. Where the kernel counts that itself
 * (CONFIG_PAGE_POOL_STATS), its counters are read and nothing is hooked. Elsewhere
 * the hooks are on the ways that a buffer takes when cache or ring run out:
 *
 *   page_pool_refill_alloc_cache     ring -> cache       refill, empty, waive
 *   __page_pool_alloc_*_slow         allocator -> cache  slow, slow_high_order
 *   mp_dmabuf_devmem_alloc_netmems   provider            starved
 *   io_pp_zc_alloc_netmems           the same, always
 *   page_pool_state_release          pool -> allocator   ring_full, released_refcnt
 *
 * What goes by the short ways follows from what is conserved: see model/recycle.c.
 * Only how many buffers went from the cache to the driver and straight back does
 * not; for that each that leaves the cache is looked at (--deep). There, and not
 * where they come back, for tasks put buffers all the time, interrupted by softirqs
 * that do so, too; and hardly ever take one.
 *
 * A pool has one consumer at a time; what it alone counts needs no atomic.
 */
#include "nma_fill.bpf.h"
#include "nma_hist.bpf.h"
#include "nma_page.bpf.h"
#include "nma_pair.bpf.h"
#include "nma_provider.bpf.h"
#include "nma_ring.bpf.h"

#include <bpf/bpf_tracing.h>

#define READ_TRIES	4
#define CACHE_SIZE							\
	(bpf_core_field_size(((struct page_pool *)0)->alloc.cache) / sizeof(__u64))

char LICENSE[] SEC("license") = "GPL";

struct recycle_row {
	__u64 count[NMA_COUNTER_MAX];
	__u64 starved;
	__u64 into_cache;
	__u64 off_cache;
	__u64 off_ring;
	__u64 refill_who;	/* refills the cache now, nma_who(); 0: nobody */
	__u64 frag;		/* page that fragments were cut from when it ended */
	__u64 looked_full;	/* looks that found the cache full */
	__u32 waived;		/* by this refill */
	__u32 filling;		/* what is in the cache is not yet in into_cache */
};

/* By the lowest bits of a pool's id, and found without a call: what most pools have. */
#define NEAR_ROWS	256	/* a power of two */

struct near_row {
	struct recycle_row row;
	__u32 id;		/* whose it is, 0: nobody's, and zeroes */
	__u32 rsvd;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NEAR_ROWS);
	__type(key, __u32);
	__type(value, struct near_row);
} nma_recycled_near SEC(".maps");

/* By pool id: those that found their place taken. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct recycle_row);
} nma_recycled SEC(".maps");

static __always_inline struct near_row *near_row_of(__u32 id)
{
	__u32 slot = id & (NEAR_ROWS - 1);

	return bpf_map_lookup_elem(&nma_recycled_near, &slot);
}

static __always_inline struct recycle_row *find_row(__u32 id)
{
	struct near_row *near = near_row_of(id);

	if (near && near->id == id)
		return &near->row;
	return bpf_map_lookup_elem(&nma_recycled, &id);
}

static __noinline struct recycle_row *add_row(__u32 id)
{
	struct recycle_row fresh = {}, *row;
	struct near_row *near = near_row_of(id);
	__u32 whose;

	if (near) {
		whose = __sync_val_compare_and_swap(&near->id, 0, id);
		if (!whose || whose == id)
			return &near->row;
	}
	bpf_map_update_elem(&nma_recycled, &id, &fresh, BPF_NOEXIST);
	row = bpf_map_lookup_elem(&nma_recycled, &id);
	if (!row)
		nma_count_loss(NMA_LOSS_MAP, 1);
	return row;
}

static __always_inline struct recycle_row *row_of(struct page_pool *pool)
{
	__u32 id = pool->user.id;
	struct recycle_row *row = find_row(id);

	return row ? row : add_row(id);
}

static __always_inline void drop_row(__u32 id)
{
	struct near_row *near = near_row_of(id);

	if (near && near->id == id) {
		__builtin_memset(&near->row, 0, sizeof(near->row));
		barrier();
		near->id = 0;
		return;
	}
	bpf_map_delete_elem(&nma_recycled, &id);
}

static __always_inline void count(struct recycle_row *row, enum nma_counter which)
{
	__sync_fetch_and_add(&row->count[which], 1);
}

/* ---- What the pool takes in ---------------------------------------------------*/

SEC("?fentry/page_pool_refill_alloc_cache")
int BPF_PROG(nma_refill, struct page_pool *pool)
{
	struct recycle_row *row = row_of(pool);

	if (!row)
		return 0;
	row->waived = 0;
	row->filling = 1;
	row->refill_who = nma_who();
	return 0;
}

/* One of those that were taken from the ring is returned, the others stay. If there
 * is none the page allocator fills the cache, and a provider does not.
 */
SEC("?fexit/page_pool_refill_alloc_cache")
int BPF_PROG(nma_refilled, struct page_pool *pool, unsigned long netmem)
{
	struct recycle_row *row = row_of(pool);
	__u32 left = pool->alloc.count;

	if (nma_cfg.times && netmem)
		nma_give_out(netmem);
	if (!row)
		return 0;
	row->refill_who = 0;
	if (netmem) {
		row->count[NMA_COUNTER_REFILL]++;
		row->into_cache += left;
		__sync_fetch_and_add(&row->off_ring, left + 1);
	} else if (!row->waived) {
		row->count[NMA_COUNTER_EMPTY]++;
	}
	row->filling = !netmem && !pool->mp_ops;
	return 0;
}

SEC("?fexit/__page_pool_alloc_pages_slow")
int BPF_PROG(nma_pages_slow, struct page_pool *pool, unsigned int gfp,
	     unsigned long netmem)
{
	struct recycle_row *row = row_of(pool);

	if (nma_cfg.times && netmem)
		nma_give_out(netmem);
	if (!row)
		return 0;
	if (netmem && pool->p.order) {
		row->count[NMA_COUNTER_SLOW_HIGH_ORDER]++;
	} else if (netmem) {
		row->count[NMA_COUNTER_SLOW]++;
		row->into_cache += pool->alloc.count;
	}
	row->filling = 0;
	return 0;
}

static __always_inline int on_provided(struct page_pool *pool, unsigned long netmem)
{
	struct recycle_row *row;

	if (netmem) {
		if (nma_cfg.times)
			nma_give_out(netmem);
		return 0;
	}
	row = row_of(pool);
	if (row)
		row->starved++;
	return 0;
}

SEC("?fexit/mp_dmabuf_devmem_alloc_netmems")
int BPF_PROG(nma_mp_empty, struct page_pool *pool, unsigned int gfp,
	     unsigned long netmem)
{
	return on_provided(pool, netmem);
}

SEC("?fexit/io_pp_zc_alloc_netmems")
int BPF_PROG(nma_zcrx_empty, struct page_pool *pool, unsigned int gfp,
	     unsigned long netmem)
{
	return on_provided(pool, netmem);
}

/* ---- What leaves it -----------------------------------------------------------*/

/* Referenced by others, too, or of the reserves for emergencies. */
static __always_inline bool unfit(__u64 netmem)
{
	__s32 refs = 0;

	if (netmem & 1)
		return false;
	if (nma_cfg.page_btf && nma_cfg.netmem_btf)
		return nma_page_refs(netmem) != 1 ||
		       nma_page_magic(netmem) & PP_MAGIC_PFMEMALLOC;
	bpf_probe_read_kernel(&refs, sizeof(refs),
			      (void *)netmem + bpf_core_field_offset(struct page, _refcount));
	return refs != 1 ||
	       nma_read_word(netmem + bpf_core_field_offset(struct page, pp_magic)) &
		       PP_MAGIC_PFMEMALLOC;
}

/* The cache is emptied from its end: the slot still has what was there. */
static __always_inline bool was_in_cache(struct page_pool *pool, __u64 netmem)
{
	__u64 slots = (__u64)__builtin_preserve_access_index(&pool->alloc.cache);

	return nma_read_word(slots + 8 * (__u64)pool->alloc.count) == netmem;
}

static __always_inline bool ring_is_full(struct page_pool *pool)
{
	__u64 slots = (__u64)pool->ring.queue;

	return nma_read_word(slots + 8 * (__u64)(__u32)pool->ring.producer) != 0;
}

static __always_inline bool many_nodes(void)
{
	__u64 nodes = nma_cfg.sym[NMA_SYM_NODES];

	return nodes && (__u32)nma_read_word(nodes) > 1;
}

SEC("?fentry/page_pool_destroy")
int BPF_PROG(nma_pool_ends, struct page_pool *pool)
{
	struct recycle_row *row = pool ? row_of(pool) : NULL;

	if (row)
		row->frag = pool->frag_page;
	return 0;
}

static __always_inline void thrown_out(struct page_pool *pool, struct recycle_row *row)
{
	__sync_fetch_and_add(&row->off_cache, 1);
	if (pool->alloc.count + 1 >= CACHE_SIZE)
		count(row, NMA_COUNTER_CACHE_FULL);
}

/* page_pool_destroy() gives back the page of the fragments, then what is in the cache
 * and the ring; later, what comes in.
 */
static __always_inline void left_dying(struct page_pool *pool, struct recycle_row *row,
				       __u64 netmem)
{
	if (pool->destroy_cnt && unfit(netmem))
		count(row, NMA_COUNTER_RELEASED_REFCNT);
	else if (pool->destroy_cnt)
		__sync_fetch_and_add(&row->off_ring, 1);
	else if (netmem == row->frag)
		row->frag = 0;
	else
		thrown_out(pool, row);
}

static __always_inline void left(struct page_pool *pool, struct recycle_row *row,
				 __u64 netmem)
{
	if (netmem == pool->frag_page)
		return;			/* the kernel counts it nowhere */
	if (unfit(netmem))
		count(row, NMA_COUNTER_RELEASED_REFCNT);
	else if (many_nodes() && !ring_is_full(pool) && was_in_cache(pool, netmem))
		thrown_out(pool, row);	/* its node changed */
	else
		count(row, NMA_COUNTER_RING_FULL);
}

SEC("?tp_btf/page_pool_state_release")
int BPF_PROG(nma_pages_back, struct page_pool *pool, unsigned long netmem)
{
	struct recycle_row *row = row_of(pool);
	__u64 ref = netmem;

	if (!row)
		return 0;
	if (row->refill_who == nma_who()) {
		row->waived = 1;
		row->count[NMA_COUNTER_WAIVE]++;
		__sync_fetch_and_add(&row->off_ring, 1);
	} else if (!pool->user_cnt.refs.counter) {
		left_dying(pool, row, ref);
	} else {
		left(pool, row, ref);
	}
	return 0;
}

/* ---- What goes out by the short way (--deep) ----------------------------------*/

/* As the cache is before. A put that finds it full puts into the ring: with a cache
 * that was never seen full, by those who take out of it, empty it or look at it, there
 * was none.
 */
static __always_inline void out_of_cache(struct page_pool *pool, __u32 cached)
{
	struct recycle_row *row = row_of(pool);

	if (!row)
		return;
	row->count[NMA_COUNTER_FAST]++;
	if (cached >= CACHE_SIZE)
		row->count[NMA_COUNTER_CACHE_FULL]++;
}

/* The one on top is taken, by the pool's one consumer. */
static __always_inline int on_fast(struct page_pool *pool)
{
	__u64 slots = (__u64)__builtin_preserve_access_index(&pool->alloc.cache);
	__u32 cached = pool->alloc.count;

	if (!cached)
		return 0;		/* the slow paths tell */
	if (nma_cfg.counts == NMA_COUNTS_EACH)
		out_of_cache(pool, cached);
	if (nma_cfg.times)
		nma_give_out(nma_word_at(slots + 8 * (__u64)(cached - 1)));
	return 0;
}

SEC("?fentry/page_pool_alloc_netmem")
int BPF_PROG(nma_fast_netmem, struct page_pool *pool)
{
	return on_fast(pool);
}

SEC("?fentry/page_pool_alloc_pages")
int BPF_PROG(nma_fast_page, struct page_pool *pool)
{
	return on_fast(pool);
}

/* ---- What it comes to ---------------------------------------------------------*/

static long add_cpu(__u32 cpu, struct nma_rec_recycle **r)
{
	__u64 offsets = nma_cfg.sym[NMA_SYM_CPU_OFFSETS];

	if (cpu >= nma_cfg.cpus || !offsets)
		return 1;
	pool_recycle_stats((*r)->pool, nma_read_word(offsets + 8 * (__u64)cpu), (*r)->count);
	return 0;
}

/* Each allocation from a dma-buf finds the ring empty first, so that those which got
 * nothing are the difference: of counters that have not moved meanwhile, or rather
 * too little than too much.
 */
static __always_inline void fill_from_kernel(struct nma_rec_recycle *r)
{
	struct recycle_row *row = find_row(r->pool_id);
	struct page_pool *pool = (void *)r->pool;
	__s32 starved = 0;
	__u32 i;

	for (i = 0; i < READ_TRIES; i++) {
		r->hold_cnt = BPF_CORE_READ(pool, pages_state_hold_cnt);
		pool_alloc_stats(r->pool, r->count);
		starved = (__u32)r->count[NMA_COUNTER_EMPTY] -
			  BPF_CORE_READ(pool, pages_state_hold_cnt);
		if (r->hold_cnt == BPF_CORE_READ(pool, pages_state_hold_cnt))
			break;
	}
	if (nma_provider((__u64)BPF_CORE_READ(pool, mp_ops)) != NMA_MP_DMABUF)
		r->starved = row ? row->starved : 0;
	else if (starved > 0)
		r->starved = starved;
}

static __always_inline __u32 ring_used(struct page_pool *pool)
{
	__s32 head = BPF_CORE_READ(pool, ring.consumer_head);
	__s32 tail = BPF_CORE_READ(pool, ring.producer);
	__u64 slots = (__u64)BPF_CORE_READ(pool, ring.queue);
	__u32 size = BPF_CORE_READ(pool, ring.size);

	if (head == tail)
		return nma_read_word(slots + 8 * (__u64)(__u32)head) ? size : 0;
	return tail > head ? tail - head : size - head + tail;
}

static __always_inline void fill_contents(struct nma_rec_recycle *r)
{
	struct page_pool *pool = (void *)r->pool;

	r->in_cache = BPF_CORE_READ(pool, alloc.count);
	r->in_ring = ring_used(pool);
}

/* In this order, so that what moves meanwhile is counted too little, rather than twice:
 * what leaves cache and ring, what is in them, what was put into them.
 */
static __always_inline void fill_from_row(struct nma_rec_recycle *r)
{
	struct page_pool *pool = (void *)r->pool;
	struct recycle_row *row = find_row(r->pool_id);

	r->hold_cnt = BPF_CORE_READ(pool, pages_state_hold_cnt);
	if (row) {
		__builtin_memcpy(r->count, row->count, sizeof(r->count));
		r->starved = row->starved;
		r->off_cache = row->off_cache;
		r->off_ring = row->off_ring;
	}
	fill_contents(r);
	if (!row && r->in_cache >= CACHE_SIZE)
		row = add_row(r->pool_id);
	if (!row)
		return;
	if (r->in_cache >= CACHE_SIZE)
		row->looked_full++;
	r->count[NMA_COUNTER_CACHE_FULL] += row->looked_full;
	if (*(volatile __u32 *)&row->filling)
		r->in_cache = 0;
	r->into_cache = *(volatile __u64 *)&row->into_cache;
}

int nma_fill_recycle(struct nma_rec_recycle *r)
{
	struct page_pool *pool;

	if (!r || !r->pool)
		return -1;
	pool = (void *)r->pool;
	r->pool_id = BPF_CORE_READ(pool, user.id);
	r->counts = nma_cfg.counts;
	r->zcrx_unseen = nma_cfg.zcrx_unseen;
	r->buffer_bytes = nma_cfg.page_size << (BPF_CORE_READ(pool, p.order) & 31);
	if (nma_cfg.counts == NMA_COUNTS_KERNEL) {
		fill_contents(r);
		fill_from_kernel(r);
		bpf_loop(NMA_CPUS_MAX, add_cpu, &r, 0);
	} else {
		fill_from_row(r);
	}
	r->release_cnt = BPF_CORE_READ(pool, pages_state_release_cnt.counter);
	return 0;
}

/* page_pool_unlist(pool): last sight of what it counted */
SEC("?fentry/page_pool_unlist")
int BPF_PROG(nma_recycle_end, struct page_pool *pool)
{
	__u32 id = pool->user.id;
	struct nma_rec_recycle *r;

	r = nma_reserve(nma_rec_recycle, NMA_REC_RECYCLE, NMA_CAUSE_GONE);
	if (r) {
		bpf_get_func_arg(ctx, 0, &r->pool);
		nma_fill_recycle(r);
		bpf_ringbuf_submit(r, 0);
	}
	drop_row(id);
	nma_hist_end(id);
	return 0;
}
