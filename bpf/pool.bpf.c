// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Life of a page_pool:
 *
 *   page_pool_list      complete and visible        CREATE
 *   page_pool_detached  destroyed, buffers out      DETACH
 *   page_pool_release   retried once a second       RELEASE
 *   page_pool_unlist    last sight before kfree     GONE
 *
 * All of them run in process context.
 */
#include "nma_fill.bpf.h"
#include "nma_act.bpf.h"
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_pool.bpf.h"
#include "nma_provider.bpf.h"
#include "nma_ring.bpf.h"

#include <bpf/bpf_tracing.h>

#define ERR_PTR_MAX	4095

char LICENSE[] SEC("license") = "GPL";

/* What the kernel does not keep of a pool, by its address. */
struct pool_times {
	__u64 create_ns;	/* 0: before us */
	__u64 detach_ns;
	__u64 xdp_netdev;
	__u32 xdp_queue;
	__u32 rsvd;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct pool_times);
} nma_pools SEC(".maps");

__s64 nma_pool_age(const __u64 *pool)
{
	struct pool_times *times;

	times = pool ? bpf_map_lookup_elem(&nma_pools, pool) : NULL;
	return times && times->create_ns ? (__s64)(bpf_ktime_get_ns() - times->create_ns) : -1;
}

static __noinline void fill_params(struct nma_rec_pool *r,
				   struct page_pool_params_fast *fast,
				   struct page_pool_params_slow *slow)
{
	r->order = BPF_CORE_READ(fast, order);
	r->pool_size = BPF_CORE_READ(fast, pool_size);
	r->max_len = BPF_CORE_READ(fast, max_len);
	r->dma_dir = BPF_CORE_READ(fast, dma_dir);
	r->dma_dev = (__u64)BPF_CORE_READ(fast, dev);
	r->napi_netdev = (__u64)BPF_CORE_READ(fast, napi, dev);
	r->napi_id = BPF_CORE_READ(fast, napi, napi_id);
	r->queue = BPF_CORE_READ(slow, queue_idx);
	r->flags = BPF_CORE_READ(slow, flags);
}

static __noinline void fill_names(struct nma_rec_pool *r, struct net_device *dev)
{
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->hdr.netns = netdev_netns(dev);
	BPF_CORE_READ_STR_INTO(&r->ifname, dev, name);
}

static __noinline void fill_netdev(struct nma_rec_pool *r, struct net_device *dev)
{
	if (!dev)
		return;
	if (is_loopback(dev)) {
		r->rehomed = 1;
		r->hdr.netns = netdev_netns(dev);
		return;
	}
	r->netdev = (__u64)dev;
	r->hds = netdev_hds(dev);
	fill_names(r, dev);
}

static __always_inline void fill_notes(struct nma_rec_pool *r,
				       struct page_pool *pool)
{
	struct pool_times *times = bpf_map_lookup_elem(&nma_pools, &r->pool);
	__u64 detach;

	if (times) {
		r->create_ns = times->create_ns;
		r->detach_ns = times->detach_ns;
		r->xdp_netdev = times->xdp_netdev;
		r->xdp_queue = times->xdp_queue;
	}
	detach = pool_detach_boottime(pool);
	if (detach && !r->detach_ns)
		r->detach_ns = detach + bpf_ktime_get_ns() -
			       bpf_ktime_get_boot_ns();
}

int nma_fill_pool(struct nma_rec_pool *r)
{
	struct page_pool *pool;

	if (!r || !r->pool)
		return -1;

	pool = (void *)r->pool;
	r->pool_id = BPF_CORE_READ(pool, user.id);
	r->mp_priv = (__u64)BPF_CORE_READ(pool, mp_priv);
	r->mp = nma_provider((__u64)BPF_CORE_READ(pool, mp_ops));
	r->binding_id = nma_provider_binding_id(r->mp, r->mp_priv);
	r->hold_cnt = BPF_CORE_READ(pool, pages_state_hold_cnt);
	r->release_cnt = BPF_CORE_READ(pool, pages_state_release_cnt.counter);
	r->inflight = r->hold_cnt - r->release_cnt;
	r->detached = pool_detached(pool);
	r->parts = BPF_CORE_READ(pool, frag_users) ? NMA_PARTS_SOME : NMA_PARTS_NONE;
	fill_params(r, &pool->p, &pool->slow);
	fill_netdev(r, pool_keeper(pool));
	fill_notes(r, pool);
	return 0;
}

static __always_inline struct nma_rec_pool *begin_pool(__u64 pool, __u16 cause)
{
	struct nma_rec_pool *r = nma_reserve(nma_rec_pool, NMA_REC_POOL, cause);

	if (!r)
		return NULL;
	r->pool = pool;
	nma_fill_pool(r);
	return r;
}

static __always_inline void copy_stack(struct nma_rec_pool *r,
				       const struct nma_call *call)
{
	__builtin_memcpy(r->stack, call->stack, sizeof(r->stack));
}

/* Nothing to protect while a device is not yet registered. */
static __always_inline __u8 config_lock(struct net_device *dev)
{
	__u64 owner, rtnl = nma_cfg.sym[NMA_SYM_RTNL];

	if (!dev || !rtnl || BPF_CORE_READ(dev, reg_state) != NETREG_REGISTERED)
		return NMA_LOCK_UNKNOWN;
	owner = netdev_lock_owner(dev, rtnl);
	if (!owner)
		return NMA_LOCK_FREE;
	return owner == bpf_get_current_task() ? NMA_LOCK_OWN : NMA_LOCK_OTHER;
}

void nma_send_pool(const struct nma_call *call)
{
	const struct nma_after *after = &call->after;
	__u64 pool = after->pool;
	struct nma_rec_pool *r;

	r = begin_pool(pool, after->pool_cause);
	if (r) {
		if (after->pool_cause == NMA_CAUSE_CREATE) {
			r->lock = config_lock((void *)r->netdev);
			copy_stack(r, call);
		}
		bpf_ringbuf_submit(r, 0);
	}
	if (after->pool_cause == NMA_CAUSE_GONE)
		bpf_map_delete_elem(&nma_pools, &pool);
}

/* page_pool_list(pool) */
void nma_on_POOL_CREATE(struct nma_call *call, __u64 ret)
{
	struct pool_times times = { .create_ns = bpf_ktime_get_ns() };

	if ((int)ret)
		return;
	if (bpf_map_update_elem(&nma_pools, &call->arg[0], &times, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	nma_after_pool(call, call->arg[0], NMA_CAUSE_CREATE);
}

/* The queue whose XDP buffers come from the pool: drivers that tell nothing else
 * must tell this, of older pools, too, when they are opened again.
 */
static __noinline void note_xdp(struct nma_call *call, __u64 pool)
{
	struct xdp_rxq_info *rxq = (void *)call->arg[0];
	struct pool_times notes = {}, *known;

	known = bpf_map_lookup_elem(&nma_pools, &pool);
	if (known)
		notes = *known;
	notes.xdp_netdev = (__u64)BPF_CORE_READ(rxq, dev);
	notes.xdp_queue = BPF_CORE_READ(rxq, queue_index);
	if (bpf_map_update_elem(&nma_pools, &pool, &notes, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	nma_after_pool(call, pool, NMA_CAUSE_CHANGE);
}

/* xdp_rxq_info_reg_mem_model(rxq, type, allocator) */
void nma_on_XDP_MEM(struct nma_call *call, __u64 ret)
{
	if (!(int)ret && (__u32)call->arg[1] == MEM_TYPE_PAGE_POOL)
		note_xdp(call, call->arg[2]);
}

/* xdp_rxq_info_attach_page_pool(rxq, pool) */
void nma_on_XDP_POOL(struct nma_call *call, __u64 ret)
{
	note_xdp(call, call->arg[1]);
}

/* page_pool_create_percpu(params, cpuid), on entry: with these parameters the
 * kernel follows a null pointer before it can answer.
 */
void nma_enter_POOL_FAIL(struct nma_call *call)
{
	struct page_pool_params *params = (void *)call->arg[0];
	struct nma_rec_pool *r;

	if (!(BPF_CORE_READ(params, slow.flags) & PP_FLAG_ALLOW_UNREADABLE) ||
	    BPF_CORE_READ(params, slow.netdev))
		return;

	r = nma_reserve(nma_rec_pool, NMA_REC_POOL, NMA_CAUSE_CREATE_ASKED);
	if (!r)
		return;
	fill_params(r, &params->fast, &params->slow);
	copy_stack(r, call);
	bpf_ringbuf_submit(r, 0);
}

/* page_pool_create_percpu(params, cpuid); success was seen above */
void nma_on_POOL_FAIL(struct nma_call *call, __u64 ret)
{
	struct page_pool_params *params = (void *)call->arg[0];
	struct net_device *dev;
	struct nma_rec_pool *r;

	if (ret < -(__u64)ERR_PTR_MAX)
		return;
	r = nma_reserve(nma_rec_pool, NMA_REC_POOL, NMA_CAUSE_CREATE_FAILED);
	if (!r)
		return;
	r->err = (__s32)ret;
	fill_params(r, &params->fast, &params->slow);
	dev = BPF_CORE_READ(params, slow.netdev);
	fill_netdev(r, dev);
	if (dev) {
		r->mp_priv = nma_rxq_provider(dev, r->queue, &r->mp);
		r->binding_id = nma_provider_binding_id(r->mp, r->mp_priv);
	}
	copy_stack(r, call);
	bpf_ringbuf_submit(r, 0);
}

/* page_pool_disable_direct_recycling(pool), the last moment at which the pool
 * names its NAPI instance: most drivers link it without a call that can be seen.
 */
void nma_enter_PP_DISABLE(struct nma_call *call)
{
	nma_after_pool(call, call->arg[0], NMA_CAUSE_CHANGE);
	nma_pool_napi_off(call);
}

/* All was said on entry. */
void nma_on_PP_DISABLE(struct nma_call *call, __u64 ret)
{
}

/* page_pool_detached(pool); on return, so that a walk that reads the pool later
 * sees it detached.
 */
void nma_on_POOL_DETACH(struct nma_call *call, __u64 ret)
{
	struct pool_times *times = bpf_map_lookup_elem(&nma_pools, &call->arg[0]);

	if (times)
		times->detach_ns = bpf_ktime_get_ns();
	nma_after_pool(call, call->arg[0], NMA_CAUSE_DETACH);
}

/* page_pool_unlist(pool); on return, when no walk can find the pool any more
 * and it is still allocated.
 */
void nma_on_POOL_GONE(struct nma_call *call, __u64 ret)
{
	nma_after_pool(call, call->arg[0], NMA_CAUSE_GONE);
}

/* The first attempt belongs to page_pool_destroy(), which then tells by
 * page_pool_detached() or page_pool_unlist() how it ended.
 */
SEC("?tp_btf/page_pool_release")
int BPF_PROG(nma_pool_release, struct page_pool *pool, __s32 inflight)
{
	struct nma_rec_pool *r;

	if (inflight < 0)
		nma_act_pool(ctx, NMA_ACT_INFLIGHT, pool, inflight, 0);
	if (!inflight || !BPF_CORE_READ(pool, user.detach_time))
		return 0;
	r = begin_pool((__u64)pool, NMA_CAUSE_RELEASE);
	if (r)
		bpf_ringbuf_submit(r, 0);
	return 0;
}
