// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What is there already: walks of the kernel's own registers, which hold more
 * than netlink shows (devices that are down, pools without a netdev, destroyed
 * pools, bindings to send from, every network namespace).
 *
 * The loader runs nma_walk until it says that it is done. All walks go by key
 * (ifindex, pool id, binding id), so a full ring buffer only means to call
 * again. Nothing is locked. A record is reserved first, then the register must
 * still hold the object, then it is read, then the register must hold it once
 * more: so what is sent was alive when it was read, and its end, if it comes,
 * comes later in the ring.
 */
#include "nma_fill.bpf.h"
#include "nma_core.bpf.h"
#include "nma_hist.bpf.h"
#include "nma_provider.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_xarray.bpf.h"

#define STEPS_MAX	(1 << 20)	/* per call; some 10 per object */

char LICENSE[] SEC("license") = "GPL";

enum state {
	NETS,			/* on to the next namespace */
	ENTRIES,		/* next key of the register */
	QUEUES,			/* queues of the device just sent */
};

struct walk {
	struct nma_xa xa;
	__u64 cursor;		/* list node of the current namespace */
	__u64 want;		/* the one we left off at, while not found */
	__u64 sent;
	__u32 what;
	__u32 state;
	__u32 queue;
	__u32 end;
};

/* Of the one walk that runs at a time. Not on the stack, where the verifier
 * would follow every value through every step. Named a section, or clang takes
 * the structure apart and leaves BTF that the kernel rejects.
 */
static struct walk walk SEC(".bss.walk");

static __always_inline void submit_if(void *r, bool good)
{
	if (good) {
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
		walk.sent++;
	} else {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
	}
}

/* false: the ring is full */
static __noinline bool send_binding_of(__u64 binding, bool listed)
{
	struct nma_rec_binding *r;

	r = nma_try_reserve(nma_rec_binding, NMA_REC_BINDING,
			    NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->binding = binding;
	r->listed = listed;
	submit_if(r, nma_xa_holds(&walk.xa) && !nma_fill_binding(r) &&
		     (!listed || r->binding_id == walk.xa.index) &&
		     nma_xa_holds(&walk.xa));
	return true;
}

/* A pool keeps its binding alive, also when that can no longer be found by id. */
static __always_inline bool send_pool_binding(void)
{
	struct page_pool *pool = (void *)walk.xa.entry;
	__u64 ops = (__u64)BPF_CORE_READ(pool, mp_ops);

	if (!ops || ops != nma_cfg.sym[NMA_SYM_DMABUF_OPS])
		return true;
	return send_binding_of((__u64)BPF_CORE_READ(pool, mp_priv), false);
}

static __always_inline bool send_pool(void)
{
	struct nma_rec_pool *r;

	r = nma_try_reserve(nma_rec_pool, NMA_REC_POOL, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->pool = walk.xa.entry;
	submit_if(r, nma_xa_holds(&walk.xa) && !nma_fill_pool(r) &&
		     r->pool_id == walk.xa.index && nma_xa_holds(&walk.xa));
	return true;
}

static __always_inline bool send_recycle(void)
{
	struct nma_rec_recycle *r;

	if (!nma_cfg.counts)
		return true;
	r = nma_try_reserve(nma_rec_recycle, NMA_REC_RECYCLE, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->pool = walk.xa.entry;
	submit_if(r, nma_xa_holds(&walk.xa) && !nma_fill_recycle(r) &&
		     r->pool_id == walk.xa.index && nma_xa_holds(&walk.xa));
	return true;
}

static __noinline bool send_hist(__u32 kind, __u32 id)
{
	struct nma_rec_hist *r;

	r = nma_try_reserve(nma_rec_hist, NMA_REC_HIST, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->kind = kind;
	r->id = id;
	submit_if(r, !nma_fill_hist(r));
	return true;
}

/* Of the pool, and of the binding that it is on. */
static __always_inline bool send_hists(void)
{
	struct page_pool *pool = (void *)walk.xa.entry;
	__u32 id;

	if (!nma_cfg.hist)
		return true;
	if (!send_hist(NMA_HIST_CIRCULATION, walk.xa.index))
		return false;
	id = nma_provider_binding_id(nma_provider((__u64)BPF_CORE_READ(pool, mp_ops)),
				     (__u64)BPF_CORE_READ(pool, mp_priv));
	return !id || send_hist(NMA_HIST_TOKEN_AGE, id);
}

static __always_inline bool send_nic(void)
{
	struct nma_rec_nic *r;

	r = nma_try_reserve(nma_rec_nic, NMA_REC_NIC, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->netdev = walk.xa.entry;
	submit_if(r, nma_xa_holds(&walk.xa) && !nma_fill_nic(r) &&
		     r->ifindex == walk.xa.index && nma_xa_holds(&walk.xa));
	return true;
}

static __always_inline bool send_nic_and_lowers(void)
{
	return send_nic() && !nma_send_lowers(walk.xa.entry, NMA_CAUSE_SNAPSHOT);
}

static __always_inline bool send_zcrx(struct net_device *dev, __u32 queue)
{
	struct nma_rec_binding *r;
	__u8 mp = NMA_MP_NONE;
	__u64 ifq = nma_rxq_provider(dev, queue, &mp);

	if (mp != NMA_MP_IO_URING || !ifq)
		return true;
	r = nma_try_reserve(nma_rec_binding, NMA_REC_BINDING,
			    NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->binding = ifq;
	r->netdev = (__u64)dev;
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->hdr.netns = netdev_netns(dev);
	submit_if(r, !nma_fill_zcrx(r) && nma_xa_holds(&walk.xa) &&
		     nma_rxq_provider(dev, queue, &mp) == ifq);
	return true;
}

/* Queues that are not in use are no news, unless they still have a provider. */
static __always_inline bool send_queue(void)
{
	struct net_device *dev = (void *)walk.xa.entry;
	struct nma_rec_queue *r;

	r = nma_try_reserve(nma_rec_queue, NMA_REC_QUEUE, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return false;
	r->netdev = walk.xa.entry;
	r->queue = walk.queue;
	submit_if(r, !nma_fill_queue(r) &&
		     (walk.queue < BPF_CORE_READ(dev, real_num_rx_queues) ||
		      r->mp_priv) && nma_xa_holds(&walk.xa));
	return true;
}

static __always_inline long stop(__u32 end)
{
	walk.end = end;
	return 1;
}

static __always_inline long step_net(void)
{
	struct list_head *pos = (void *)walk.cursor;
	struct net *net;
	__u64 next;

	next = (__u64)BPF_CORE_READ(pos, next);
	if (!next || next == nma_cfg.sym[NMA_SYM_NETS])
		return stop(walk.want ? NMA_WALK_MOVED : NMA_WALK_DONE);
	walk.cursor = next;
	if (walk.want && walk.want != next)
		return 0;
	if (!walk.want)
		walk.xa.index = 0;
	walk.want = 0;

	net = container_of(next, struct net, list);
	walk.xa.xarray = (__u64)__builtin_preserve_access_index(&net->dev_by_index);
	walk.xa.node = 0;
	walk.state = ENTRIES;
	return 0;
}

static __always_inline long send_entry(void)
{
	bool sent;

	switch (walk.what) {
	case NMA_WALK_NETDEVS:
		sent = walk.queue || send_nic_and_lowers();
		break;
	case NMA_WALK_POOLS:
		sent = send_pool() && send_recycle() && send_hists() &&
		       send_pool_binding();
		break;
	default:
		sent = send_binding_of(walk.xa.entry, true);
		break;
	}
	if (!sent)
		return stop(NMA_WALK_FULL);

	if (walk.what == NMA_WALK_NETDEVS)
		walk.state = QUEUES;
	else
		nma_xa_advance(&walk.xa);
	return 0;
}

static __always_inline long step_entry(void)
{
	__u64 before = walk.xa.index;

	switch (nma_xa_step(&walk.xa)) {
	case NMA_XA_END:
		if (walk.what != NMA_WALK_NETDEVS)
			return stop(NMA_WALK_DONE);
		walk.state = NETS;
		return 0;
	case NMA_XA_FOUND:
		return send_entry();
	default:
		/* The queue to resume at was of a device that is gone. */
		if (walk.xa.index != before)
			walk.queue = 0;
		return 0;
	}
}

static __always_inline long step_queue(void)
{
	struct net_device *dev = (void *)walk.xa.entry;

	if (walk.queue >= BPF_CORE_READ(dev, num_rx_queues) ||
	    !nma_xa_holds(&walk.xa)) {
		walk.queue = 0;
		walk.state = ENTRIES;
		nma_xa_advance(&walk.xa);
		return 0;
	}
	if (!send_queue() || !send_zcrx(dev, walk.queue))
		return stop(NMA_WALK_FULL);
	walk.queue++;
	return 0;
}

static long step(__u32 i, void *unused)
{
	switch (walk.state) {
	case NETS:
		return step_net();
	case ENTRIES:
		return step_entry();
	default:
		return step_queue();
	}
}

static __always_inline __u64 register_of(__u32 what)
{
	switch (what) {
	case NMA_WALK_NETDEVS:
		return nma_cfg.sym[NMA_SYM_NETS];
	case NMA_WALK_POOLS:
		return nma_cfg.sym[NMA_SYM_POOLS];
	case NMA_WALK_BINDINGS:
		return nma_cfg.sym[NMA_SYM_BINDINGS];
	}
	return 0;
}

SEC("syscall")
int nma_walk(struct nma_walk *arg)
{
	__u64 start = register_of(arg->what);

	if (!start) {
		arg->end = NMA_WALK_DONE;
		return 0;
	}

	walk.xa.xarray = start;
	walk.xa.index = arg->next;
	walk.xa.node = 0;
	walk.cursor = start;
	walk.want = arg->net;
	walk.what = arg->what;
	walk.state = arg->what == NMA_WALK_NETDEVS ? NETS : ENTRIES;
	walk.queue = arg->queue;
	walk.end = NMA_WALK_FULL;
	walk.sent = 0;

	bpf_loop(STEPS_MAX, step, NULL, 0);

	arg->end = walk.end;
	arg->next = walk.xa.index;
	arg->net = walk.want ? walk.want : walk.cursor;
	arg->queue = walk.queue;
	arg->sent += walk.sent;
	return 0;
}
