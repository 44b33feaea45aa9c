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

/* A kernel without AF_XDP (CONFIG_XDP_SOCKETS) has no such pool. */
static __always_inline __u8 xsk_mode(struct netdev_rx_queue *rxq)
{
	struct xsk_buff_pool *pool;

	if (!bpf_core_field_exists(rxq->pool))
		return NMA_XSK_NONE;
	pool = BPF_CORE_READ(rxq, pool);
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
	r->xsk = xsk_mode(rxq);
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

/* An operation, and what the device is like when it has ended */
void nma_send_op(const struct nma_call *call)
{
	const struct nma_op_told *told = &call->after.op;
	struct nma_rec_op *r;

	r = nma_reserve(nma_rec_op, NMA_REC_OP, 0);
	if (!r)
		return;
	r->netdev = told->netdev;
	r->queue = told->queue;
	nma_fill_op(r);
	r->op = told->op;
	r->ret = told->ret;
	r->value = told->value;
	r->mode = told->mode;
	if (told->mp_priv)
		r->mp_priv = told->mp_priv;
	if (told->hds_known)
		r->hds = told->hds;
	__builtin_memcpy(r->stack, call->stack, sizeof(r->stack));
	bpf_ringbuf_submit(r, 0);
}

/* False: there is no such queue. */
static __noinline bool send_queue(__u64 netdev, __u32 queue)
{
	struct nma_rec_queue *r;

	r = nma_reserve(nma_rec_queue, NMA_REC_QUEUE, NMA_CAUSE_CHANGE);
	if (!r)
		return false;
	r->netdev = netdev;
	r->queue = queue;
	if (nma_fill_queue(r)) {
		bpf_ringbuf_discard(r, 0);
		return false;
	}
	bpf_ringbuf_submit(r, 0);
	return true;
}

/* The queue, and the one that lends it its hardware */
void nma_send_queues(const struct nma_call *call)
{
	__u64 netdev = call->after.queue_of;
	struct netdev_rx_queue *other;
	__u32 queue = call->after.queue, i;

#pragma clang loop unroll(disable)
	for (i = 0; i < 2 && send_queue(netdev, queue); i++) {
		other = rxq_lease(netdev_rxq((void *)netdev, queue));
		if (!other)
			return;
		netdev = (__u64)BPF_CORE_READ(other, dev);
		queue = rxq_index((__u64)other);
	}
}

/* Whose the socket is, and that it was bound: both after the queue */
void nma_send_xsk(struct nma_call *call)
{
	struct xdp_sock *xs = (void *)call->after.xsk;
	struct nma_rec_owner *owner;
	struct nma_op_told *op;

	owner = nma_reserve(nma_rec_owner, NMA_REC_OWNER, NMA_CAUSE_CREATE);
	if (owner) {
		owner->owned = NMA_OWNED_XSK;
		owner->netdev = call->after.queue_of;
		owner->queue = call->after.queue;
		owner->pid = owner->hdr.pid;
		owner->uid = bpf_get_current_uid_gid();
		owner->cgroup_id = bpf_get_current_cgroup_id();
		__builtin_memcpy(owner->comm, owner->hdr.comm, sizeof(owner->comm));
		bpf_ringbuf_submit(owner, 0);
	}
	op = nma_after_op(call, NMA_OP_XSK_BOUND, call->after.queue_of, call->after.queue);
	op->mode = BPF_CORE_READ(xs, umem, zc) ? NMA_XSK_ZEROCOPY : NMA_XSK_COPY;
	nma_send_op(call);
}

/* netif_queue_set_napi(dev, queue, type, napi) */
void nma_on_QUEUE_NAPI(struct nma_call *call, __u64 ret)
{
	if ((__u32)call->arg[2] == NETDEV_QUEUE_TYPE_RX)
		nma_after_queue(call, call->arg[0], call->arg[1]);
}

/* xsk_reg_pool_at_qid(dev, pool, queue) */
void nma_on_XSK_SET(struct nma_call *call, __u64 ret)
{
	nma_after_queue(call, call->arg[0], (__u16)call->arg[2]);
}

/* xsk_clear_pool_at_qid(dev, queue) */
void nma_on_XSK_CLEAR(struct nma_call *call, __u64 ret)
{
	nma_after_queue(call, call->arg[0], (__u16)call->arg[1]);
}

/* net_devmem_bind_dmabuf_to_queue(dev, queue, binding, extack) */
void nma_on_BIND_QUEUE(struct nma_call *call, __u64 ret)
{
	struct net_devmem_dmabuf_binding *binding = (void *)call->arg[2];
	struct nma_op_told *op;

	if ((int)ret)
		nma_refused_queue(call->arg[1]);
	op = nma_after_op(call, NMA_OP_BIND_QUEUE, call->arg[0], call->arg[1]);
	op->ret = ret;
	op->mp_priv = call->arg[2];
	op->value = BPF_CORE_READ(binding, id);
	nma_after_queue(call, call->arg[0], call->arg[1]);
}

/* netdev_rx_queue_restart(dev, queue), or netdev_rx_queue_reconfig() where that
 * exists: it takes more arguments but begins with the same two.
 */
void nma_on_QUEUE_RESTART(struct nma_call *call, __u64 ret)
{
	nma_after_op(call, NMA_OP_QUEUE_RESTART, call->arg[0], call->arg[1])->ret = ret;
	nma_after_queue(call, call->arg[0], call->arg[1]);
}

/* page_pool_check_memory_provider(dev, rxq) */
void nma_on_MP_CHECK(struct nma_call *call, __u64 ret)
{
	struct netdev_rx_queue *rxq = (void *)call->arg[1];
	struct nma_op_told *op;

	if (!BPF_CORE_READ(rxq, mp_params.mp_priv))
		return;		/* nothing to look for: most restarts */
	op = nma_after_op(call, NMA_OP_MP_CHECK, call->arg[0], rxq_index(call->arg[1]));
	op->ret = ret;
}
