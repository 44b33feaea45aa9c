// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * RX queues and the operations on them: what memory provider a queue has, who
 * asked for it and what the kernel answered.
 */
#include "nma_fill.bpf.h"
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_provider.bpf.h"
#include "nma_refused.bpf.h"
#include "nma_ring.bpf.h"

#define QUEUES_MAX	(1 << 16)

char LICENSE[] SEC("license") = "GPL";

static __always_inline void fill_lease(struct nma_rec_queue *r,
				       struct netdev_rx_queue *other)
{
	struct net_device *dev;

	if (!other)
		return;
	dev = BPF_CORE_READ(other, dev);
	r->lease_netdev = (__u64)dev;
	r->lease_ifindex = BPF_CORE_READ(dev, ifindex);
	r->lease_queue = rxq_index((__u64)other);
}

static __always_inline __u8 xsk_mode(struct xsk_buff_pool *pool)
{
	if (!pool)
		return NMA_XSK_NONE;
	return BPF_CORE_READ(pool, umem, zc) ? NMA_XSK_ZEROCOPY : NMA_XSK_COPY;
}

int nma_fill_queue(struct nma_rec_queue *r)
{
	struct netdev_rx_queue *rxq;
	struct net_device *dev;

	if (!r || !r->netdev)
		return -1;
	dev = (void *)r->netdev;
	if (r->queue >= BPF_CORE_READ(dev, num_rx_queues))
		return -1;

	rxq = netdev_rxq(dev, r->queue);
	r->hdr.netns = netdev_netns(dev);
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->mp_priv = nma_rxq_provider(dev, r->queue, &r->mp);
	r->binding_id = nma_provider_binding_id(r->mp, r->mp_priv);
	r->napi_id = BPF_CORE_READ(rxq, napi, napi_id);
	r->xsk = xsk_mode(BPF_CORE_READ(rxq, pool));
	fill_lease(r, rxq_lease(rxq));
	return 0;
}

struct bound_count {
	__u64 rxq;
	__u32 left;
	__u32 bound;
};

static long count_bound(__u32 i, struct bound_count *c)
{
	struct netdev_rx_queue *rxq = (void *)c->rxq;

	if (!c->left)
		return 1;
	if (BPF_CORE_READ(rxq, mp_params.mp_priv))
		c->bound++;
	c->rxq += bpf_core_type_size(struct netdev_rx_queue);
	c->left--;
	return 0;
}

static __always_inline __u32 bound_queues(struct net_device *dev)
{
	struct bound_count c = {
		.rxq = (__u64)netdev_rxq(dev, 0),
		.left = BPF_CORE_READ(dev, num_rx_queues),
	};

	bpf_loop(QUEUES_MAX, count_bound, &c, 0);
	return c.bound;
}

int nma_fill_op(struct nma_rec_op *r)
{
	struct net_device *dev;
	__u8 mp = 0;

	if (!r || !r->netdev)
		return -1;

	dev = (void *)r->netdev;
	r->hdr.netns = netdev_netns(dev);
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	if (r->queue != NMA_NO_QUEUE)
		r->mp_priv = nma_rxq_provider(dev, r->queue, &mp);
	r->bound_queues = bound_queues(dev);
	r->hds = netdev_hds(dev);
	BPF_CORE_READ_STR_INTO(&r->ifname, dev, name);
	return 0;
}

static __always_inline struct nma_rec_op *begin_op(__u32 op, __u64 netdev,
						   __u32 queue, int ret)
{
	struct nma_rec_op *r;

	r = nma_reserve(nma_rec_op, NMA_REC_OP, 0);
	if (!r)
		return NULL;
	r->netdev = netdev;
	r->queue = queue;
	nma_fill_op(r);
	r->op = op;
	r->ret = ret;
	return r;
}

int nma_send_queue(__u64 netdev, __u32 queue)
{
	struct nma_rec_queue *r;

	r = nma_reserve(nma_rec_queue, NMA_REC_QUEUE, NMA_CAUSE_CHANGE);
	if (!r)
		return 0;
	r->netdev = netdev;
	r->queue = queue;
	if (nma_fill_queue(r))
		bpf_ringbuf_discard(r, 0);
	else
		bpf_ringbuf_submit(r, 0);
	return 0;
}

/* The queue, and the one that lends it its hardware */
static __noinline void send_queues(__u64 netdev, __u32 queue)
{
	struct netdev_rx_queue *other;

	nma_send_queue(netdev, queue);
	other = rxq_lease(netdev_rxq((void *)netdev, queue));
	if (other)
		nma_send_queue((__u64)BPF_CORE_READ(other, dev),
			       rxq_index((__u64)other));
}

/* netif_queue_set_napi(dev, queue, type, napi) */
int nma_on_QUEUE_NAPI(const struct nma_call *call, __u64 ret)
{
	if (call && (__u32)call->arg[2] == NETDEV_QUEUE_TYPE_RX)
		nma_send_queue(call->arg[0], (__u32)call->arg[1]);
	return 0;
}

/* xsk_reg_pool_at_qid(dev, pool, queue) */
int nma_on_XSK_SET(const struct nma_call *call, __u64 ret)
{
	if (call)
		send_queues(call->arg[0], (__u16)call->arg[2]);
	return 0;
}

/* xsk_clear_pool_at_qid(dev, queue) */
int nma_on_XSK_CLEAR(const struct nma_call *call, __u64 ret)
{
	if (call)
		send_queues(call->arg[0], (__u16)call->arg[1]);
	return 0;
}

/* A socket that was bound */
int nma_xsk_bound(__u64 sk)
{
	struct xdp_sock *xs = (void *)sk;
	__u64 netdev = (__u64)BPF_CORE_READ(xs, dev);
	__u32 queue = BPF_CORE_READ(xs, queue_id);
	struct nma_rec_owner *owner;
	struct nma_rec_op *r;

	nma_send_queue(netdev, queue);
	owner = nma_reserve(nma_rec_owner, NMA_REC_OWNER, NMA_CAUSE_CREATE);
	if (owner) {
		owner->owned = NMA_OWNED_XSK;
		owner->netdev = netdev;
		owner->queue = queue;
		owner->pid = owner->hdr.pid;
		owner->uid = bpf_get_current_uid_gid();
		owner->cgroup_id = bpf_get_current_cgroup_id();
		__builtin_memcpy(owner->comm, owner->hdr.comm, sizeof(owner->comm));
		bpf_ringbuf_submit(owner, 0);
	}
	r = begin_op(NMA_OP_XSK_BOUND, netdev, queue, 0);
	if (!r)
		return 0;
	r->mode = BPF_CORE_READ(xs, umem, zc) ? NMA_XSK_ZEROCOPY : NMA_XSK_COPY;
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* net_devmem_bind_dmabuf_to_queue(dev, queue, binding, extack) */
int nma_on_BIND_QUEUE(const struct nma_call *call, __u64 ret)
{
	struct net_devmem_dmabuf_binding *binding;
	struct nma_rec_op *r;

	if (!call)
		return 0;
	binding = (void *)call->arg[2];
	if ((int)ret)
		nma_refused_queue(call->arg[1]);
	r = begin_op(NMA_OP_BIND_QUEUE, call->arg[0], call->arg[1], ret);
	if (r) {
		r->mp_priv = call->arg[2];
		r->value = BPF_CORE_READ(binding, id);
		bpf_ringbuf_submit(r, 0);
	}
	send_queues(call->arg[0], call->arg[1]);
	return 0;
}

/* netdev_rx_queue_restart(dev, queue), or netdev_rx_queue_reconfig() where that
 * exists: it takes more arguments but begins with the same two.
 */
int nma_on_QUEUE_RESTART(const struct nma_call *call, __u64 ret)
{
	struct nma_rec_op *r;

	if (!call)
		return 0;
	r = begin_op(NMA_OP_QUEUE_RESTART, call->arg[0], call->arg[1], ret);
	if (r)
		bpf_ringbuf_submit(r, 0);
	nma_send_queue(call->arg[0], call->arg[1]);
	return 0;
}

/* page_pool_check_memory_provider(dev, rxq) */
int nma_on_MP_CHECK(const struct nma_call *call, __u64 ret)
{
	struct netdev_rx_queue *rxq;
	struct nma_rec_op *r;

	if (!call)
		return 0;
	rxq = (void *)call->arg[1];
	if (!BPF_CORE_READ(rxq, mp_params.mp_priv))
		return 0;	/* nothing to look for: most restarts */

	r = begin_op(NMA_OP_MP_CHECK, call->arg[0], rxq_index(call->arg[1]),
		     ret);
	if (r)
		bpf_ringbuf_submit(r, 0);
	return 0;
}
