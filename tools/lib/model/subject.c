// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See subject.h. The table is at the end.
 */
#include <string.h>

#include "model/model.h"

static void place_nic(struct nma_place *place, const struct nma_nic *nic)
{
	if (!nic)
		return;
	place->netns = nic->r.hdr.netns;
	place->ifindex = nic->r.ifindex;
	memcpy(place->ifname, nic->r.ifname, sizeof(place->ifname));
	memcpy(place->driver, nic->r.driver, sizeof(place->driver));
}

static void place_owner(struct nma_place *place, const struct nma_owner *o)
{
	place->netns = o->netns;
	place->ifindex = o->ifindex;
	place->gone = o->gone;
	place->queue = o->queue;
	memcpy(place->ifname, o->ifname, sizeof(place->ifname));
}

/* Devices stacked on @nic. */
static void visit_uppers(const struct nma_model *m, const struct nma_nic *nic,
			 nma_visit_fn fn, void *ctx)
{
	nma_model_for_each(struct nma_nic, &m->nics, upper)
		if (nma_model__is_above(m, upper->r.netdev, nic->r.netdev))
			fn(ctx, NMA_SUBJ_NIC, (union nma_ref){ .nic = upper });
}

/* The device and those stacked on it. */
static void visit_nic(const struct nma_model *m, const struct nma_nic *nic,
		      nma_visit_fn fn, void *ctx)
{
	if (!nic)
		return;
	fn(ctx, NMA_SUBJ_NIC, (union nma_ref){ .nic = nic });
	visit_uppers(m, nic, fn, ctx);
}

/* Pools of one queue, or of all queues of a device (NMA_NO_QUEUE). */
static void visit_pools(const struct nma_model *m, __u64 netdev, __u32 queue,
			nma_visit_fn fn, void *ctx)
{
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		if (pool->r.netdev == netdev &&
		    (queue == NMA_NO_QUEUE || pool->r.queue == queue))
			fn(ctx, NMA_SUBJ_POOL, (union nma_ref){ .pool = pool });
}

static void visit_queue(const struct nma_model *m, __u64 netdev, __u32 queue,
			nma_visit_fn fn, void *ctx)
{
	union nma_ref ref = { .queue = nma_model__queue(m, netdev, queue) };

	if (ref.any)
		fn(ctx, NMA_SUBJ_QUEUE, ref);
}

/* What is mapped for a device */
static void visit_mapped(const struct nma_model *m, __u64 device, nma_visit_fn fn,
			 void *ctx)
{
	nma_model_for_each(struct nma_binding, &m->bindings, binding)
		if (binding->r.dma_dev == device)
			fn(ctx, NMA_SUBJ_BINDING, (union nma_ref){ .binding = binding });
}

/* NIC */
static struct nma_ident nic_ident(union nma_ref ref)
{
	return (struct nma_ident){ .object = ref.nic->r.netdev };
}

static __u64 nic_netdev(const struct nma_model *m, union nma_ref ref)
{
	(void)m;
	return ref.nic->r.netdev;
}

static void nic_place(const struct nma_model *m, union nma_ref ref,
		      struct nma_place *place)
{
	(void)m;
	place_nic(place, ref.nic);
}

static void nic_dependants(const struct nma_model *m, union nma_ref ref,
			   nma_visit_fn fn, void *ctx)
{
	const struct nma_nic *nic = ref.nic;

	visit_uppers(m, nic, fn, ctx);
	nma_model_for_each(struct nma_queue, &m->queues, queue)
		if (queue->r.netdev == nic->r.netdev)
			fn(ctx, NMA_SUBJ_QUEUE, (union nma_ref){ .queue = queue });
	visit_pools(m, nic->r.netdev, NMA_NO_QUEUE, fn, ctx);
}

/* Queue */
static struct nma_ident queue_ident(union nma_ref ref)
{
	return (struct nma_ident){ ref.queue->r.netdev, ref.queue->r.queue };
}

static __u64 queue_netdev(const struct nma_model *m, union nma_ref ref)
{
	(void)m;
	return ref.queue->r.netdev;
}

static void queue_place(const struct nma_model *m, union nma_ref ref,
			struct nma_place *place)
{
	place_nic(place, nma_model__nic(m, ref.queue->r.netdev));
	place->queue = ref.queue->r.queue;
	place->binding_id = ref.queue->r.binding_id;
}

static void queue_dependants(const struct nma_model *m, union nma_ref ref,
			     nma_visit_fn fn, void *ctx)
{
	const struct nma_rec_queue *r = &ref.queue->r;

	visit_nic(m, nma_model__nic(m, r->netdev), fn, ctx);
	visit_pools(m, r->netdev, r->queue, fn, ctx);
}

/* Pool. One that was refused has no number. */
static struct nma_ident pool_ident(union nma_ref ref)
{
	const struct nma_rec_pool *r = &ref.pool->r;

	if (r->pool_id)
		return (struct nma_ident){ .object = r->pool_id };
	return (struct nma_ident){ r->netdev, r->queue };
}

static __u64 pool_netdev(const struct nma_model *m, union nma_ref ref)
{
	(void)m;
	return ref.pool->owner.netdev;
}

static void pool_place(const struct nma_model *m, union nma_ref ref,
		       struct nma_place *place)
{
	const struct nma_rec_pool *r = &ref.pool->r;

	(void)m;
	place_owner(place, &ref.pool->owner);
	place->pool_id = r->pool_id;
	place->binding_id = r->binding_id;
}

static void pool_dependants(const struct nma_model *m, union nma_ref ref,
			    nma_visit_fn fn, void *ctx)
{
	const struct nma_rec_pool *r = &ref.pool->r;

	visit_nic(m, nma_model__nic(m, r->netdev), fn, ctx);
	visit_queue(m, r->netdev, r->queue, fn, ctx);
}

/* Binding. io_uring's have no number. */
static struct nma_ident binding_ident(union nma_ref ref)
{
	const struct nma_rec_binding *r = &ref.binding->r;

	return (struct nma_ident){ .object = r->binding_id ? r->binding_id : r->binding };
}

static __u64 netdev_of_binding(const struct nma_model *m, __u32 id)
{
	const struct nma_binding *binding = nma_model__binding(m, id);

	return binding ? binding->r.netdev : 0;
}

static __u64 binding_netdev(const struct nma_model *m, union nma_ref ref)
{
	(void)m;
	return ref.binding->r.netdev;
}

static void binding_place(const struct nma_model *m, union nma_ref ref,
			  struct nma_place *place)
{
	place_nic(place, nma_model__nic(m, ref.binding->r.netdev));
	place->binding_id = ref.binding->r.binding_id;
}

/* Socket */
static struct nma_ident sock_ident(union nma_ref ref)
{
	return (struct nma_ident){ .object = ref.sock->r.cookie };
}

static __u64 sock_netdev(const struct nma_model *m, union nma_ref ref)
{
	return netdev_of_binding(m, ref.sock->r.binding_id);
}

static void sock_place(const struct nma_model *m, union nma_ref ref,
		       struct nma_place *place)
{
	place_nic(place, nma_model__nic(m, sock_netdev(m, ref)));
	place->cookie = ref.sock->r.cookie;
	place->binding_id = ref.sock->r.binding_id;
}

/* Operation */
static struct nma_ident op_ident(union nma_ref ref)
{
	return (struct nma_ident){ ref.op->netdev, ref.op->queue };
}

static __u64 op_netdev(const struct nma_model *m, union nma_ref ref)
{
	(void)m;
	return ref.op->netdev;
}

static void op_place(const struct nma_model *m, union nma_ref ref,
		     struct nma_place *place)
{
	place_nic(place, nma_model__nic(m, ref.op->netdev));
	place->queue = ref.op->queue;
}

static void op_dependants(const struct nma_model *m, union nma_ref ref,
			  nma_visit_fn fn, void *ctx)
{
	visit_queue(m, ref.op->netdev, ref.op->queue, fn, ctx);
	if (ref.op->op == NMA_OP_DEVICE_GONE)
		visit_mapped(m, ref.op->value, fn, ctx);
}

/* Act. The pool may be gone when its acts are read. */
static struct nma_ident act_ident(union nma_ref ref)
{
	return (struct nma_ident){ ref.act->netdev, ref.act->pool_id };
}

/* One of the kernel's own is of no device: the act knows where it was. */
static const struct nma_pool *act_pool(const struct nma_model *m, const struct nma_rec_act *r)
{
	return r->flags & NMA_PP_SYSTEM_POOL ? NULL : nma_model__pool(m, r->pool_id);
}

static __u64 act_netdev(const struct nma_model *m, union nma_ref ref)
{
	const struct nma_pool *pool = act_pool(m, ref.act);

	return pool ? pool->owner.netdev : ref.act->netdev;
}

static void act_place(const struct nma_model *m, union nma_ref ref,
		      struct nma_place *place)
{
	const struct nma_rec_act *r = ref.act;
	const struct nma_pool *pool = act_pool(m, r);

	place->netns = r->hdr.netns;
	place->ifindex = r->ifindex;
	memcpy(place->ifname, r->ifname, sizeof(place->ifname));
	place_nic(place, nma_model__nic(m, r->netdev));
	if (!r->pool_id || r->netdev)
		place->queue = r->queue;
	if (pool)
		place_owner(place, &pool->owner);
	place->pool_id = r->pool_id;
	place->binding_id = r->binding_id;
}

/* Use */
static struct nma_ident use_ident(union nma_ref ref)
{
	const struct nma_rec_use *r = ref.use;

	return (struct nma_ident){ .object = r->cookie ? r->cookie : r->dmabuf_ino };
}

/* That host memory is received from by who asks for device memory */
static const struct nma_queue *use_queue(const struct nma_model *m, union nma_ref ref)
{
	if (ref.use->use != NMA_USE_RECV_HOST)
		return NULL;
	return nma_model__queue_of_napi(m, ref.use->napi_id);
}

static __u64 use_netdev(const struct nma_model *m, union nma_ref ref)
{
	const struct nma_queue *queue = use_queue(m, ref);

	return queue ? queue->r.netdev : netdev_of_binding(m, ref.use->binding_id);
}

static void use_place(const struct nma_model *m, union nma_ref ref,
		      struct nma_place *place)
{
	const struct nma_queue *queue = use_queue(m, ref);

	place->netns = ref.use->hdr.netns;
	place_nic(place, nma_model__nic(m, use_netdev(m, ref)));
	if (queue)
		place->queue = queue->r.queue;
	place->cookie = ref.use->cookie;
	place->binding_id = ref.use->binding_id;
}

static void use_dependants(const struct nma_model *m, union nma_ref ref,
			   nma_visit_fn fn, void *ctx)
{
	union nma_ref used = { .binding = nma_model__binding(m, ref.use->binding_id) };

	if (used.any)
		fn(ctx, NMA_SUBJ_BINDING, used);
}

/* Refusal */
static struct nma_ident refused_ident(union nma_ref ref)
{
	return (struct nma_ident){ ref.refused->netdev, ref.refused->queue };
}

static __u64 refused_netdev(const struct nma_model *m, union nma_ref ref)
{
	(void)m;
	return ref.refused->netdev;
}

static void refused_place(const struct nma_model *m, union nma_ref ref,
			  struct nma_place *place)
{
	place->netns = ref.refused->hdr.netns;
	place_nic(place, nma_model__nic(m, ref.refused->netdev));
	place->queue = ref.refused->queue;
}

const struct nma_subject_type nma_subjects[NMA_SUBJ_MAX] = {
	[NMA_SUBJ_NIC] = { "nic", nic_ident, nic_netdev, nic_place, nic_dependants },
	[NMA_SUBJ_QUEUE] = { "queue", queue_ident, queue_netdev, queue_place,
			     queue_dependants },
	[NMA_SUBJ_POOL] = { "pool", pool_ident, pool_netdev, pool_place,
			    pool_dependants },
	[NMA_SUBJ_BINDING] = { "binding", binding_ident, binding_netdev,
			       binding_place, NULL },
	[NMA_SUBJ_SOCK] = { "socket", sock_ident, sock_netdev, sock_place, NULL },
	[NMA_SUBJ_OP] = { "operation", op_ident, op_netdev, op_place, op_dependants },
	[NMA_SUBJ_ACT] = { "act", act_ident, act_netdev, act_place, NULL },
	[NMA_SUBJ_USE] = { "call", use_ident, use_netdev, use_place, use_dependants },
	[NMA_SUBJ_REFUSED] = { "refusal", refused_ident, refused_netdev, refused_place,
			       NULL },
};
