// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Buffers of page_pools: who puts what where, and from which context (--deep).
 *
 * The kernel does not know whether a buffer is in its pool, so we keep it:
 *
 *   put     page_pool_put_unrefed_netmem, on entry    -> in the pool
 *   alloc   page_pool_alloc_*, on return              -> out
 *   gone    page_pool_state_release                   -> forgotten
 *
 * What is not in the map is unknown, and accused of nothing: its first put or
 * alloc makes it known. Puts that come in bulk (XDP) are not looked at; the
 * next alloc puts that right.
 *
 * Both put and alloc happen in tasks as well as in softirqs that interrupt them,
 * so two programs look at each (nma_pair.bpf.h). If another task has come between
 * the two and left a note of its own, the row tells: same task, same context, the
 * other eye.
 */
#include "nma_act.bpf.h"
#include "nma_control.bpf.h"
#include "nma_dma.bpf.h"
#include "nma_near.bpf.h"
#include "nma_page.bpf.h"
#include "nma_pair.bpf.h"
#include "nma_pool.bpf.h"
#include "nma_taker.bpf.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define MAX_INNER	64	/* packets that GRO made one of */

enum buf_where {
	BUF_OUT,
	BUF_IN,
	BUF_IN_AWAITED,		/* put; the other eye has not seen it yet */
};

struct buf_row {
	__u64 who;		/* put it: task, and 1 in softirq */
	__u32 where;		/* enum buf_where */
	__u32 eye;		/* that saw it */
};

struct buf_near {
	__u64 netmem;		/* whose it is, 0: nobody's, and BUF_OUT */
	struct buf_row row;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << NMA_NEAR_BITS);
	__type(key, __u32);
	__type(value, struct buf_near);
} nma_bufs_near SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_BUFS_DEFAULT);
	__type(key, __u64);		/* netmem_ref */
	__type(value, struct buf_row);
} nma_bufs SEC(".maps");

static __always_inline struct buf_near *near_of(__u64 netmem)
{
	__u32 place = nma_near_place(netmem);

	return bpf_map_lookup_elem(&nma_bufs_near, &place);
}

static __always_inline struct buf_row *find_buf(__u64 netmem)
{
	struct buf_near *near = near_of(netmem);

	if (near && near->netmem == netmem)
		return &near->row;
	return bpf_map_lookup_elem(&nma_bufs, &netmem);
}

static __always_inline bool add_buf(__u64 netmem, const struct buf_row *row)
{
	struct buf_near *near = nma_cfg.bufs_bounded ? NULL : near_of(netmem);

	if (near && !__sync_val_compare_and_swap(&near->netmem, 0, netmem)) {
		near->row = *row;
		return true;
	}
	return !bpf_map_update_elem(&nma_bufs, &netmem, row, BPF_ANY);
}

static __always_inline void drop_buf(__u64 netmem)
{
	struct buf_near *near = near_of(netmem);

	if (!near || near->netmem != netmem) {
		bpf_map_delete_elem(&nma_bufs, &netmem);
		return;
	}
	__builtin_memset(&near->row, 0, sizeof(near->row));
	barrier();
	near->netmem = 0;
}

/* Puts by pool, an estimate: pools that share a slot take it from each other. */
struct put_count {
	__u32 pool_id;
	__u32 puts;
	__u32 held;		/* of these, with the page referenced elsewhere */
	__u32 spliced;		/* or referenced by splice */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct put_count);
} nma_puts SEC(".maps");

/* Pages that applications splice from sockets: their references are no one's fault.
 * A page leaves with its put, or with its pool.
 */
struct splicer {
	__u32 pid;
	char comm[NMA_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NMA_BUFS_DEFAULT);
	__type(key, __u64);		/* page */
	__type(value, struct splicer);
} nma_spliced SEC(".maps");

static __u32 splices SEC(".bss.splices");

enum put_kind { PUT_PLAIN, PUT_HELD, PUT_SPLICED };

/* A pool's puts on all CPUs */
struct put_sum {
	struct put_count nr;
	__u32 slot;
};

static int add_puts(__u32 cpu, struct put_sum *sum)
{
	struct put_count *c;

	c = bpf_map_lookup_percpu_elem(&nma_puts, &sum->slot, cpu);
	if (!c)
		return 1;		/* past the last CPU */
	if (c->pool_id != sum->nr.pool_id)
		return 0;
	sum->nr.puts += c->puts;
	sum->nr.held += c->held;
	sum->nr.spliced += c->spliced;
	return 0;
}

/* Percent of the puts that were of this kind, 0 while they are few. A pool's buffers
 * are put on many CPUs: on each of them they may be few.
 */
static __noinline __u32 percent_of_puts(__u32 id, enum put_kind kind)
{
	struct put_sum sum = { .nr.pool_id = id, .slot = id & 255 };
	__u32 nr;

	bpf_loop(NMA_CPUS_MAX, add_puts, &sum, 0);
	nr = kind == PUT_HELD ? sum.nr.held : sum.nr.spliced;
	return nr < NMA_PUTS_FEW || !sum.nr.puts ? 0 : nr * 100 / sum.nr.puts;
}

static __always_inline __u32 count_put(struct page_pool *pool, enum put_kind kind)
{
	__u32 id = pool->user.id, slot = id & 255;
	struct put_count *c = bpf_map_lookup_elem(&nma_puts, &slot);

	if (!c)
		return 0;
	if (c->pool_id != id || c->puts == NMA_PUTS_RECENT) {
		c->pool_id = id;
		c->puts = 0;
		c->held = 0;
		c->spliced = 0;
	}
	c->puts++;
	if (kind == PUT_PLAIN)
		return 0;
	if (kind == PUT_HELD)
		c->held++;
	else
		c->spliced++;
	return percent_of_puts(id, kind);
}

static __noinline int learn_dma(struct page_pool *pool, __u64 niov)
{
	struct nma_dma_row row = { .niov = niov };
	__u64 page = nma_niov_addr(niov) >> NMA_DMA_SHIFT;

	row.dev = (__u64)BPF_CORE_READ(pool, p.dev);
	row.netdev = (__u64)pool_netdev(pool);
	row.queue = BPF_CORE_READ(pool, slow.queue_idx);
	if (bpf_map_update_elem(&nma_dma, &page, &row, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	return 0;
}

static __always_inline void forget_dma(__u64 niov)
{
	__u64 page = nma_niov_addr(niov) >> NMA_DMA_SHIFT;

	bpf_map_delete_elem(&nma_dma, &page);
}

static __noinline bool learn(struct page_pool *pool, __u64 netmem,
			     const struct buf_row *row)
{
	if (!add_buf(netmem, row)) {
		nma_count_loss(NMA_LOSS_MAP, 1);
		return false;
	}
	if (netmem & 1)
		learn_dma(pool, netmem & ~1ull);
	return true;
}

/* False if this put was dealt with, or cannot be. */
static __always_inline bool note_put(void *ctx, struct page_pool *pool,
				     __u64 netmem, __u64 who, enum nma_eye eye)
{
	struct buf_row first = {
		.who = who,
		.where = BUF_IN_AWAITED,
		.eye = eye,
	};
	struct buf_row *row;

	row = find_buf(netmem);
	if (!row)
		return learn(pool, netmem, &first);
	if (row->where == BUF_IN_AWAITED && row->who == who && row->eye != eye) {
		row->where = BUF_IN;
		nma_pair_found(NMA_PAIR_PUT, who, eye);
		return false;
	}
	if (row->where != BUF_OUT && nma_allocs_seen)
		nma_act_pool(ctx, NMA_ACT_PUT_TWICE, pool, 0, 0);
	*row = first;
	return true;
}

/* The pool's cache has no lock: it belongs to the NAPI, or to whoever keeps it
 * from running. Polled by a thread or a busy reader, a NAPI has no owner but
 * its SCHED bit, like one that is disabled.
 */
static __always_inline void check_direct(void *ctx, struct page_pool *pool)
{
	struct napi_struct *napi = pool->p.napi;
	int cpu = bpf_get_smp_processor_id();
	bool softirq = in_softirq();
	int owner;

	if (softirq && pool->cpuid == cpu)
		return;
	if (!napi) {
		if (!softirq)
			nma_act_pool(ctx, NMA_ACT_PUT_DIRECT_ANY, pool, 0, 0);
		return;
	}
	if (!napi->poll_list.next)
		return;			/* never added: cannot run */
	owner = napi->list_owner;
	if (softirq && owner == cpu)
		return;
	if (owner == -1 && (napi->state & NAPI_STATE_SCHED))
		return;
	nma_act_pool(ctx, NMA_ACT_PUT_DIRECT, pool, owner, softirq);
}

/* A net_iov is laid out like the page up to the reference count. */
#define HEAD_OF(netmem, member) \
	((netmem & ~1ull) + bpf_core_field_offset(struct page, member))

static __noinline int spliced_first(void *ctx, struct page_pool *pool, __s64 refs,
				    __s64 percent, const struct splicer *who)
{
	struct nma_act_key key = { .object = pool->user.id, .act = NMA_ACT_PUT_SPLICED };
	struct nma_act_row row = {};

	nma_act_begin(&row.rec, &key, refs, percent);
	nma_act_of_pool(&row.rec, pool);
	row.rec.hdr.pid = who->pid;
	__builtin_memcpy(row.rec.hdr.comm, who->comm, sizeof(who->comm));
	nma_act_add(&key, &row);
	return 0;
}

/* A page that is referenced elsewhere is put. */
static __always_inline void put_held(void *ctx, struct page_pool *pool, __u64 page,
				     __s64 refs)
{
	struct nma_act_key key = { .object = pool->user.id, .act = NMA_ACT_PUT_SPLICED };
	struct splicer *row, who;
	__u32 percent;

	row = splices ? bpf_map_lookup_elem(&nma_spliced, &page) : NULL;
	if (!row) {
		percent = count_put(pool, PUT_HELD);
		nma_act_pool(ctx, NMA_ACT_PUT_HELD, pool, refs, percent);
		return;
	}
	who = *row;
	bpf_map_delete_elem(&nma_spliced, &page);
	percent = count_put(pool, PUT_SPLICED);
	if (!nma_act_count(&key, refs, percent))
		spliced_first(ctx, pool, refs, percent, &who);
}

static __always_inline void check_page(void *ctx, struct page_pool *pool, __u64 page)
{
	__u64 magic = nma_word_at(HEAD_OF(page, pp_magic));
	__s32 refs = nma_word_at(HEAD_OF(page, _refcount));

	if (refs != 1 && !(magic & PP_MAGIC_PFMEMALLOC)) {
		put_held(ctx, pool, page, refs);
		return;
	}
	count_put(pool, PUT_PLAIN);
	if (splices)
		bpf_map_delete_elem(&nma_spliced, &page);
}

static __always_inline void check_buffer(void *ctx, struct page_pool *pool,
					 __u64 netmem)
{
	__u64 pp = nma_word_at(HEAD_OF(netmem, pp));
	__s64 refs = nma_word_at(HEAD_OF(netmem, pp_ref_count));

	if (pp && pp != (__u64)pool)
		nma_act_pool(ctx, NMA_ACT_PUT_FOREIGN, pool,
			     BPF_CORE_READ((struct page_pool *)pp, user.id), 0);
	if (refs != 1)
		nma_act_pool(ctx, NMA_ACT_PUT_REFD, pool, refs, 0);
	if (netmem & 1)
		count_put(pool, PUT_PLAIN);
	else
		check_page(ctx, pool, netmem);
}

static __always_inline void mark_page(__u64 page, const struct splicer *who)
{
	if (!page || !nma_read_word(page + bpf_core_field_offset(struct page, pp)))
		return;
	if (bpf_map_update_elem(&nma_spliced, &page, who, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
}

/* Which of its pages are taken is not said: all of them are marked. */
__noinline int nma_mark_spliced(__u64 addr)
{
	struct sk_buff *skb = (void *)addr;
	__u64 head = (__u64)BPF_CORE_READ(skb, head);
	struct splicer who = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct skb_shared_info *si;
	__u32 i, nr;
	__u64 frag;

	if (!head)
		return 0;
	bpf_get_current_comm(who.comm, sizeof(who.comm));
	mark_page(nma_page_of(head), &who);
	si = (void *)head + BPF_CORE_READ(skb, end);
	nr = BPF_CORE_READ(si, nr_frags);
	for (i = 0; i < MAX_SKB_FRAGS_MOST && i < nr; i++) {
		frag = nma_read_word(nma_frag_of((__u64)si, i));
		if (frag && !(frag & 1))
			mark_page(page_head(frag), &who);
	}
	return 0;
}

/* splice(), sendfile() and tee() of what a socket received take a reference to the
 * page, not to the buffer.
 */
SEC("?fentry/skb_splice_bits")
int nma_splice(void *ctx)
{
	struct skb_shared_info *si;
	struct sk_buff *skb;
	__u64 addr, inner;
	int i;

	/* a number, which the typed argument may not become */
	if (!nma_deep_armed || bpf_get_func_arg(ctx, 0, &addr))
		return 0;
	splices = 1;
	nma_mark_spliced(addr);
	skb = (void *)addr;
	si = (void *)BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end);
	inner = (__u64)BPF_CORE_READ(si, frag_list);
	for (i = 0; i < MAX_INNER && inner; i++) {
		nma_mark_spliced(inner);
		inner = (__u64)BPF_CORE_READ((struct sk_buff *)inner, next);
	}
	return 0;
}

static __always_inline int on_put(void *ctx, struct page_pool *pool,
				  __u64 netmem, bool direct, enum nma_eye eye)
{
	__u64 who = nma_who();

	if (nma_pair_second(NMA_PAIR_PUT, netmem, who, eye))
		return 0;
	if (!nma_deep_armed || (pool->slow.flags & PP_FLAG_SYSTEM_POOL))
		return 0;
	if (!note_put(ctx, pool, netmem, who, eye))
		return 0;
	check_buffer(ctx, pool, netmem);
	if (direct)
		check_direct(ctx, pool);
	return 0;
}

SEC("?fentry/page_pool_put_unrefed_netmem")
int BPF_PROG(nma_put_left, struct page_pool *pool, unsigned long netmem,
	     unsigned int sync, bool direct)
{
	return on_put(ctx, pool, netmem, direct, NMA_EYE_LEFT);
}

SEC("?fentry/page_pool_put_unrefed_netmem")
int BPF_PROG(nma_put_right, struct page_pool *pool, unsigned long netmem,
	     unsigned int sync, bool direct)
{
	return on_put(ctx, pool, netmem, direct, NMA_EYE_RIGHT);
}

static __always_inline void note_alloc(void *ctx, struct page_pool *pool, __u64 netmem)
{
	struct buf_row out = { .where = BUF_OUT };
	struct buf_row *row = find_buf(netmem);

	if (row && row->where == BUF_OUT)
		return;			/* by the other eye, as a rule */
	if (row)
		*row = out;
	else
		learn(pool, netmem, &out);
	if (pool->destroy_cnt)
		nma_act_pool(ctx, NMA_ACT_ALLOC_DEAD, pool, 0, 0);
}

/* What the function returned: the typed pointer that some of them return may not
 * be taken apart, the number that the helper gives may.
 */
static __always_inline int on_alloc(void *ctx, struct page_pool *pool,
				    enum nma_pair pair, enum nma_eye eye,
				    bool takes_out)
{
	__u64 netmem, who = nma_who();
	__u64 *taker;

	if (bpf_get_func_ret(ctx, &netmem) ||
	    nma_pair_second(pair, netmem, who, eye))
		return 0;
	if (!takes_out || !netmem || !nma_deep_armed ||
	    (pool->slow.flags & PP_FLAG_SYSTEM_POOL))
		return 0;
	taker = nma_take_begin(ctx, pool);
	note_alloc(ctx, pool, netmem);
	nma_take_end(ctx, pool, taker);
	return 0;
}

/* All ways out of a pool: which of them are inlined into which others is the
 * compiler's choice.
 */
#define ON_ALLOC(name, eye, func)					\
SEC("?fexit/" #func)							\
int BPF_PROG(nma_##name##_##func, struct page_pool *pool)		\
{									\
	return on_alloc(ctx, pool, NMA_PAIR_ALLOC, eye, true);		\
}

ON_ALLOC(left, NMA_EYE_LEFT, page_pool_alloc_netmems)
ON_ALLOC(right, NMA_EYE_RIGHT, page_pool_alloc_netmems)
ON_ALLOC(left, NMA_EYE_LEFT, page_pool_alloc_pages)
ON_ALLOC(right, NMA_EYE_RIGHT, page_pool_alloc_pages)

/* Only the first fragment of a buffer takes it out. It ends where it is long, save
 * for alignment; a small one that follows may be taken for the first.
 */
#define FRAG_ALIGN_MAX	256

#define ON_ALLOC_FRAG(name, eye, func)					\
SEC("?fexit/" #func)							\
int BPF_PROG(nma_##name##_##func, struct page_pool *pool,		\
	     unsigned int *offset, unsigned int size)			\
{									\
	return on_alloc(ctx, pool, NMA_PAIR_FRAG, eye,			\
			pool->frag_offset < size + FRAG_ALIGN_MAX);	\
}

ON_ALLOC_FRAG(left, NMA_EYE_LEFT, page_pool_alloc_frag_netmem)
ON_ALLOC_FRAG(right, NMA_EYE_RIGHT, page_pool_alloc_frag_netmem)
ON_ALLOC_FRAG(left, NMA_EYE_LEFT, page_pool_alloc_frag)
ON_ALLOC_FRAG(right, NMA_EYE_RIGHT, page_pool_alloc_frag)

/* If one is missed the row stays until the page is back in a pool. */
SEC("?tp_btf/page_pool_state_release")
int BPF_PROG(nma_buf_gone, struct page_pool *pool, unsigned long netmem)
{
	__u64 ref = netmem;

	if (!nma_deep_armed)
		return 0;
	drop_buf(ref);
	if (ref & 1)
		forget_dma(ref & ~1ull);
	return 0;
}

static __always_inline int on_page_api(void *ctx, struct page_pool *pool)
{
	if (pool->mp_ops || (pool->slow.flags & PP_FLAG_ALLOW_UNREADABLE))
		nma_act_pool(ctx, NMA_ACT_PAGE_API, pool, 0, 0);
	return 0;
}

SEC("?fentry/page_pool_alloc_pages")
int BPF_PROG(nma_page_api, struct page_pool *pool)
{
	return on_page_api(ctx, pool);
}

SEC("?fentry/page_pool_alloc_frag")
int BPF_PROG(nma_frag_api, struct page_pool *pool)
{
	return on_page_api(ctx, pool);
}

/* A dma-buf that has run dry; on the way of a packet only then. */
SEC("?fexit/mp_dmabuf_devmem_alloc_netmems")
int BPF_PROG(nma_starved, struct page_pool *pool, unsigned int gfp,
	     unsigned long ret)
{
	__u64 addr = (__u64)pool;

	if (!ret)
		nma_act_pool(ctx, NMA_ACT_STARVED, pool, nma_pool_age(&addr), 0);
	return 0;
}

/* An act of a pool at an address, by whom the call was made. */
static __noinline void act_of_call(const struct nma_call *call, struct page_pool *pool,
				   enum nma_act act, __s64 value)
{
	struct nma_act_key key = {
		.object = BPF_CORE_READ(pool, user.id),
		.act = act,
	};
	struct nma_act_row row = {};

	if (nma_act_count(&key, value, 0))
		return;
	nma_act_begin(&row.rec, &key, value, 0);
	nma_act_of_pool(&row.rec, pool);
	__builtin_memcpy(row.rec.stack, call->stack, sizeof(row.rec.stack));
	nma_act_add(&key, &row);
}

/* page_pool_disable_direct_recycling(pool), by the driver or when it destroys the
 * pool. A NAPI that is disabled has SCHED and no owner.
 */
void nma_pool_napi_off(const struct nma_call *call)
{
	struct page_pool *pool = (void *)call->arg[0];
	struct napi_struct *napi = BPF_CORE_READ(pool, p.napi);
	int owner;

	if (!napi || !BPF_CORE_READ(napi, poll_list.next))
		return;		/* none, or never added */
	owner = BPF_CORE_READ(napi, list_owner);
	if (owner == -1 && (BPF_CORE_READ(napi, state) & NAPI_STATE_SCHED))
		return;
	act_of_call(call, pool, NMA_ACT_NAPI_LIVE, owner);
}

/* bad_page(page, reason): of all that may be wrong with a page that is freed, or
 * allocated, we look for a page that its pool still counts as out. Whether what it
 * names is a pool the rule finds out.
 */
void nma_on_BAD_PAGE(struct nma_call *call, __u64 ret)
{
	struct page *page = (void *)call->arg[0];
	struct page_pool *pool = BPF_CORE_READ(page, pp);
	__s32 inflight;

	if ((BPF_CORE_READ(page, pp_magic) & PP_MAGIC_MASK) != PP_MAGIC_POOL)
		return;
	inflight = BPF_CORE_READ(pool, pages_state_hold_cnt) -
		   BPF_CORE_READ(pool, pages_state_release_cnt.counter);
	act_of_call(call, pool, NMA_ACT_PAGE_FREED, inflight);
}
