// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Records in, objects out. A snapshot is bracketed by marks: whatever neither
 * the walk nor an event mentioned in between has gone meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* Any object: the members that all of them begin with. */
struct object {
	struct nma_node node;
	struct nma_seen seen;
};

struct nma_model *nma_model__new(void)
{
	return calloc(1, sizeof(struct nma_model));
}

void nma_model__free(struct nma_model *m)
{
	if (!m)
		return;
	nma_table_free(&m->nics);
	nma_table_free(&m->queues);
	nma_table_free(&m->pools);
	nma_table_free(&m->bindings);
	nma_table_free(&m->socks);
	nma_table_free(&m->edges);
	nma_table_free(&m->held);
	nma_table_free(&m->ages);
	nma_table_free(&m->recycles);
	nma_table_free(&m->closed);
	nma_table_free(&m->hists);
	free(m);
}

static void drop_gone(struct nma_table *t)
{
	nma_table_for_each(t, n) {
		if (!((struct object *)n)->seen.gone)
			continue;
		nma_table_del(t, n);
		free(n);
	}
}

static void drop_all_gone(struct nma_model *m)
{
	if (!m->has_gone)
		return;
	drop_gone(&m->nics);
	drop_gone(&m->queues);
	drop_gone(&m->pools);
	drop_gone(&m->bindings);
	drop_gone(&m->socks);
	drop_gone(&m->edges);
	m->has_gone = false;
}

static void sweep(struct nma_model *m, struct nma_table *t)
{
	nma_table_for_each(t, n) {
		struct object *obj = (struct object *)n;

		if (obj->seen.generation == m->generation)
			continue;
		obj->seen.gone = true;
		m->has_gone = true;
	}
}

static void *upsert(struct nma_model *m, struct nma_table *t, size_t size,
		    const struct nma_rec_hdr *hdr, __u64 k0, __u64 k1)
{
	struct object *obj = nma_table_find(t, k0, k1);

	if (!obj) {
		obj = calloc(1, size);
		if (!obj || nma_table_add(t, &obj->node, k0, k1)) {
			free(obj);
			return NULL;
		}
		obj->seen.first_ns = hdr->time_ns;
		obj->seen.pre_existing = hdr->cause == NMA_CAUSE_SNAPSHOT &&
					 m->generation <= 1;
	}
	obj->seen.generation = m->generation;
	obj->seen.last_ns = hdr->time_ns;
	if (hdr->cause == NMA_CAUSE_GONE) {
		obj->seen.gone = true;
		m->has_gone = true;
	}
	return obj;
}

static int apply_nic(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change)
{
	const struct nma_rec_nic *r = (const void *)hdr;
	struct nma_nic *nic;

	nic = upsert(m, &m->nics, sizeof(*nic), hdr, r->netdev, 0);
	if (!nic)
		return -ENOMEM;
	if (nic->r.open_fn != r->open_fn)
		nic->module[0] = '\0';	/* another device at the same address */
	nic->r = *r;
	nic->r.ifname[NMA_IFNAME_LEN - 1] = '\0';
	nic->r.driver[NMA_NAME_LEN - 1] = '\0';
	if (!nic->r.driver[0])
		memcpy(nic->r.driver, nic->module, sizeof(nic->module));
	change->subject = NMA_SUBJ_NIC;
	change->ref.nic = nic;
	if (!m->in_snapshot)
		nma_attribute_nic(m, nic);
	if (!nic->seen.gone)
		return 0;
	nma_table_for_each(&m->queues, n)
		if (n->key[0] == r->netdev)
			((struct nma_queue *)n)->seen.gone = true;
	nma_table_for_each(&m->edges, n)
		if (n->key[0] == r->netdev || n->key[1] == r->netdev)
			((struct nma_edge *)n)->seen.gone = true;
	return 0;
}

/* What changes is the device on top: what it is stacked on. */
static int apply_edge(struct nma_model *m, const struct nma_rec_hdr *hdr,
		      struct nma_change *change)
{
	const struct nma_rec_edge *r = (const void *)hdr;
	struct nma_edge *edge;

	edge = upsert(m, &m->edges, sizeof(*edge), hdr, r->upper, r->lower);
	if (!edge)
		return -ENOMEM;
	edge->r = *r;
	change->subject = NMA_SUBJ_NIC;
	change->ref.nic = nma_table_find(&m->nics, r->upper, 0);
	return 0;
}

static void note_bind(struct nma_model *m, __u64 netdev)
{
	struct nma_nic *nic = nma_table_find(&m->nics, netdev, 0);

	if (nic)
		nic->bind_tried = true;
}

static int apply_queue(struct nma_model *m, const struct nma_rec_hdr *hdr,
		       struct nma_change *change)
{
	const struct nma_rec_queue *r = (const void *)hdr;
	struct nma_queue *queue;

	queue = upsert(m, &m->queues, sizeof(*queue), hdr, r->netdev, r->queue);
	if (!queue)
		return -ENOMEM;
	if (queue->r.napi_id && !r->napi_id)
		queue->stopped_ns = hdr->time_ns;
	if (r->napi_id)
		queue->last_napi_id = r->napi_id;
	queue->r = *r;
	if (!r->xsk)
		queue->xsk = (struct nma_rec_owner){ 0 };
	if (r->mp != NMA_MP_NONE)
		note_bind(m, r->netdev);
	if (!m->in_snapshot)
		nma_attribute_queue(m, queue);
	change->subject = NMA_SUBJ_QUEUE;
	change->ref.queue = queue;
	return 0;
}

/* The address of a freed pool may come back under a new id before we heard of
 * the end of the old one.
 */
static void drop_reused_address(struct nma_model *m, const struct nma_rec_pool *r)
{
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *old = (struct nma_pool *)n;

		if (old->r.pool != r->pool || old->r.pool_id == r->pool_id)
			continue;
		nma_table_del(&m->pools, n);
		free(old);
	}
}

static void pool_merge(struct nma_pool *pool, const struct nma_rec_pool *r)
{
	struct nma_rec_pool old = pool->r;

	pool->r = *r;
	pool->r.ifname[NMA_IFNAME_LEN - 1] = '\0';
	if (!r->create_ns)
		pool->r.create_ns = old.create_ns;
	if (!r->stack[0])
		memcpy(pool->r.stack, old.stack, sizeof(old.stack));
	if (!r->xdp_netdev) {
		pool->r.xdp_netdev = old.xdp_netdev;
		pool->r.xdp_queue = old.xdp_queue;
	}
	/* a destroyed pool does not come back, and it died once */
	if (r->hdr.cause == NMA_CAUSE_DETACH || r->hdr.cause == NMA_CAUSE_RELEASE ||
	    old.detached)
		pool->r.detached = 1;
	/* what the kernel notes itself may be in whole seconds, and before we came */
	if (old.detach_ns && r->hdr.cause != NMA_CAUSE_DETACH)
		pool->r.detach_ns = old.detach_ns;
	else if (r->hdr.cause == NMA_CAUSE_DETACH && r->detach_ns < r->hdr.time_ns)
		pool->r.detach_ns = r->hdr.time_ns;
}

static int apply_pool(struct nma_model *m, const struct nma_rec_hdr *hdr,
		      struct nma_change *change)
{
	const struct nma_rec_pool *r = (const void *)hdr;
	struct nma_pool *pool;

	change->subject = NMA_SUBJ_POOL;
	if (r->mp != NMA_MP_NONE || r->mp_priv)
		note_bind(m, r->netdev);
	if (hdr->cause == NMA_CAUSE_CREATE_FAILED ||
	    hdr->cause == NMA_CAUSE_CREATE_ASKED || !r->pool_id) {
		m->failed_pool = (struct nma_pool){ 0 };
		pool_merge(&m->failed_pool, r);
		nma_attribute_pool(m, &m->failed_pool);
		change->ref.pool = &m->failed_pool;
		return 0;
	}
	if (hdr->cause == NMA_CAUSE_CREATE)
		drop_reused_address(m, r);
	pool = upsert(m, &m->pools, sizeof(*pool), hdr, r->pool_id, 0);
	if (!pool)
		return -ENOMEM;
	pool_merge(pool, r);
	pool->sought.met |= hdr->cause != NMA_CAUSE_GONE;
	nma_attribute_pool(m, pool);
	change->ref.pool = pool;
	return 0;
}

/* A binding that is no longer listed may outlive its device and still point at it;
 * then the fields read there are garbage.
 */
static void forget_lost_device(const struct nma_model *m, struct nma_rec_binding *r)
{
	const struct nma_nic *nic = nma_table_find(&m->nics, r->netdev, 0);

	if (r->listed || r->hdr.cause != NMA_CAUSE_SNAPSHOT ||
	    (nic && nic->seen.generation == m->generation))
		return;
	r->netdev = 0;
	r->ifindex = 0;
	r->hdr.netns = 0;
}

static void note_ifname(const struct nma_model *m, struct nma_binding *binding)
{
	const struct nma_nic *nic = nma_table_find(&m->nics, binding->r.netdev, 0);

	if (nic)
		memcpy(binding->was_ifname, nic->r.ifname, NMA_IFNAME_LEN);
}

static void binding_merge(struct nma_model *m, struct nma_binding *binding,
			  const struct nma_rec_binding *r)
{
	struct nma_rec_binding old = binding->r;

	binding->r = *r;
	binding->r.exporter[NMA_NAME_LEN - 1] = '\0';
	binding->r.owner_comm[NMA_COMM_LEN - 1] = '\0';
	forget_lost_device(m, &binding->r);
	note_ifname(m, binding);
	if (!r->owner_pid) {
		binding->r.owner_pid = old.owner_pid;
		binding->r.owner_uid = old.owner_uid;
		binding->r.owner_cgroup = old.owner_cgroup;
		binding->r.owner_admin = old.owner_admin;
		memcpy(binding->r.owner_comm, old.owner_comm, NMA_COMM_LEN);
	}
	if (r->listed)
		binding->listed = m->generation;
	if (r->hdr.cause == NMA_CAUSE_DETACH)
		binding->unbound_ns = r->hdr.time_ns;
}

/* io_uring's have no number: they go by address. */
static int apply_binding(struct nma_model *m, const struct nma_rec_hdr *hdr,
			 struct nma_change *change)
{
	const struct nma_rec_binding *r = (const void *)hdr;
	struct nma_binding *binding = &m->failed_binding;
	bool by_id = r->mp != NMA_MP_IO_URING;

	if (hdr->cause == NMA_CAUSE_CREATE_FAILED || hdr->cause == NMA_CAUSE_MISMATCH) {
		*binding = (struct nma_binding){ 0 };
	} else if (!by_id || r->binding_id) {
		binding = upsert(m, &m->bindings, sizeof(*binding), hdr,
				 by_id ? r->binding_id : r->binding, !by_id);
		if (!binding)
			return -ENOMEM;
	}
	binding_merge(m, binding, r);
	if (r->dma_dir != NMA_DMA_TO_DEVICE)
		note_bind(m, binding->r.netdev);
	change->subject = NMA_SUBJ_BINDING;
	change->ref.binding = binding;
	return 0;
}

static int apply_sock(struct nma_model *m, const struct nma_rec_hdr *hdr,
		      struct nma_change *change)
{
	const struct nma_rec_sock *r = (const void *)hdr;
	struct nma_binding *binding;
	struct nma_sock *sock;

	sock = upsert(m, &m->socks, sizeof(*sock), hdr, r->cookie, 0);
	if (!sock)
		return -ENOMEM;
	sock->r = *r;
	sock->r.hdr.comm[NMA_COMM_LEN - 1] = '\0';
	binding = nma_table_find(&m->bindings, r->binding_id, 0);
	if (sock->seen.gone && binding)
		binding->consumed += r->returned;
	if (sock->seen.gone && nma_recycle_closed(m, r))
		return -ENOMEM;
	change->subject = NMA_SUBJ_SOCK;
	change->ref.sock = sock;
	return 0;
}

static int apply_use(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change)
{
	(void)m;
	change->subject = NMA_SUBJ_USE;
	change->ref.use = (const void *)hdr;
	return 0;
}

/* It may come back under its old address: that of a later binding is another. */
static void note_device_gone(struct nma_model *m, const struct nma_rec_op *r)
{
	nma_table_for_each(&m->bindings, n) {
		struct nma_binding *binding = (struct nma_binding *)n;

		if (binding->r.dma_dev == r->value && !binding->dma_gone_ns &&
		    !binding->seen.gone)
			binding->dma_gone_ns = r->hdr.time_ns;
	}
}

static int apply_op(struct nma_model *m, const struct nma_rec_hdr *hdr,
		    struct nma_change *change)
{
	const struct nma_rec_op *r = (const void *)hdr;
	struct nma_nic *nic = nma_table_find(&m->nics, r->netdev, 0);
	struct nma_binding *binding;

	if (nic && r->op == NMA_OP_QUEUES_SET)
		nic->resized = *r;
	if (r->op == NMA_OP_BIND_QUEUE || r->op == NMA_OP_MP_CHECK)
		note_bind(m, r->netdev);
	if (r->op == NMA_OP_UNBOUND) {
		binding = nma_table_find(&m->bindings, r->value, 0);
		if (binding)
			binding->let_go = true;
	}
	if (r->op == NMA_OP_DEVICE_GONE)
		note_device_gone(m, r);
	change->subject = NMA_SUBJ_OP;
	change->ref.op = r;
	return 0;
}

static void own_bindings(struct nma_model *m, const struct nma_rec_owner *r)
{
	nma_table_for_each(&m->bindings, n) {
		struct nma_binding *binding = (struct nma_binding *)n;

		if (binding->r.binding != r->object || binding->r.owner_pid)
			continue;
		binding->r.owner_pid = r->pid;
		binding->r.owner_uid = r->uid;
		binding->r.owner_cgroup = r->cgroup_id;
		memcpy(binding->r.owner_comm, r->comm, NMA_COMM_LEN);
		binding->r.owner_comm[NMA_COMM_LEN - 1] = '\0';
	}
}

/* Of several processes that have it open, the first that was reported. */
static int apply_owner(struct nma_model *m, const struct nma_rec_hdr *hdr,
		       struct nma_change *change)
{
	const struct nma_rec_owner *r = (const void *)hdr;
	struct nma_queue *queue;

	(void)change;
	if (r->owned == NMA_OWNED_BINDING) {
		own_bindings(m, r);
		return 0;
	}
	queue = nma_table_find(&m->queues, r->netdev, r->queue);
	if (queue && queue->r.xsk && !queue->xsk.pid) {
		queue->xsk = *r;
		queue->xsk.comm[NMA_COMM_LEN - 1] = '\0';
	}
	return 0;
}

static int apply_refused(struct nma_model *m, const struct nma_rec_hdr *hdr,
			 struct nma_change *change)
{
	const struct nma_rec_refused *r = (const void *)hdr;

	if (r->ask == NMA_REQ_BIND_RX || r->ask == NMA_REQ_ZCRX)
		note_bind(m, r->netdev);
	change->subject = NMA_SUBJ_REFUSED;
	change->ref.refused = r;
	return 0;
}

static int apply_act(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change)
{
	(void)m;
	change->subject = NMA_SUBJ_ACT;
	change->ref.act = (const void *)hdr;
	return 0;
}

/* Found through a pool only, or not found at all after we saw it unbound: it
 * lives until the kernel says that it is freed.
 */
static void sweep_bindings(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	nma_table_for_each(&m->bindings, n) {
		struct nma_binding *binding = (struct nma_binding *)n;

		if (binding->seen.generation == m->generation &&
		    binding->listed != m->generation && !binding->unbound_ns) {
			binding->unbound_ns = hdr->time_ns;
			binding->let_go = true;	/* as nobody will tell */
		}
		if (binding->unbound_ns && m->sees_ends)
			binding->seen.generation = m->generation;
	}
	sweep(m, &m->bindings);
}

static int apply_mark(struct nma_model *m, const struct nma_rec_hdr *hdr,
		      struct nma_change *change)
{
	const struct nma_rec_mark *r = (const void *)hdr;

	(void)change;
	if (r->mark == NMA_MARK_SNAPSHOT_BEGIN) {
		m->in_snapshot = true;
		m->generation = r->generation;
		return 0;
	}
	if (r->generation != m->generation)
		return -EINVAL;
	if (r->mark == NMA_MARK_HELD_BEGIN) {
		nma_held_begin(m);
		return 0;
	}
	if (r->mark == NMA_MARK_HELD_END) {
		nma_held_end(m, r);
		return 0;
	}
	m->in_snapshot = false;
	nma_held_expire(m);
	sweep(m, &m->nics);
	sweep(m, &m->queues);
	sweep(m, &m->pools);
	sweep_bindings(m, hdr);
	sweep(m, &m->socks);
	sweep(m, &m->edges);
	nma_attribute_all(m);
	drop_all_gone(m);
	return nma_recycle_settle(m);
}

static int apply_recycle(struct nma_model *m, const struct nma_rec_hdr *hdr,
			 struct nma_change *change)
{
	(void)change;
	return nma_recycle_apply(m, hdr);
}

static int apply_hist(struct nma_model *m, const struct nma_rec_hdr *hdr,
		      struct nma_change *change)
{
	(void)change;
	return nma_hist_apply(m, hdr);
}

static int apply_held(struct nma_model *m, const struct nma_rec_hdr *hdr,
		      struct nma_change *change)
{
	(void)change;
	return nma_held_apply(m, hdr);
}

static int apply_age(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change)
{
	(void)change;
	return nma_held_age(m, hdr);
}

static int apply_census(struct nma_model *m, const struct nma_rec_hdr *hdr,
			struct nma_change *change)
{
	(void)change;
	return nma_held_census(m, hdr);
}

static const struct {
	size_t size;
	int (*apply)(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change);
} rec_types[] = {
	[NMA_REC_NIC] = { sizeof(struct nma_rec_nic), apply_nic },
	[NMA_REC_EDGE] = { sizeof(struct nma_rec_edge), apply_edge },
	[NMA_REC_QUEUE] = { sizeof(struct nma_rec_queue), apply_queue },
	[NMA_REC_POOL] = { sizeof(struct nma_rec_pool), apply_pool },
	[NMA_REC_BINDING] = { sizeof(struct nma_rec_binding), apply_binding },
	[NMA_REC_SOCK] = { sizeof(struct nma_rec_sock), apply_sock },
	[NMA_REC_OP] = { sizeof(struct nma_rec_op), apply_op },
	[NMA_REC_ACT] = { sizeof(struct nma_rec_act), apply_act },
	[NMA_REC_USE] = { sizeof(struct nma_rec_use), apply_use },
	[NMA_REC_RECYCLE] = { sizeof(struct nma_rec_recycle), apply_recycle },
	[NMA_REC_HIST] = { sizeof(struct nma_rec_hist), apply_hist },
	[NMA_REC_HELD] = { sizeof(struct nma_rec_held), apply_held },
	[NMA_REC_AGE] = { sizeof(struct nma_rec_age), apply_age },
	[NMA_REC_CENSUS] = { sizeof(struct nma_rec_census), apply_census },
	[NMA_REC_OWNER] = { sizeof(struct nma_rec_owner), apply_owner },
	[NMA_REC_REFUSED] = { sizeof(struct nma_rec_refused), apply_refused },
	[NMA_REC_MARK] = { sizeof(struct nma_rec_mark), apply_mark },
};

int nma_model__apply(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change)
{
	*change = (struct nma_change){ .hdr = hdr };
	if (hdr->type >= sizeof(rec_types) / sizeof(*rec_types) ||
	    !rec_types[hdr->type].apply ||
	    hdr->size != rec_types[hdr->type].size)
		return -EINVAL;
	drop_all_gone(m);
	return rec_types[hdr->type].apply(m, hdr, change);
}

void nma_model__set_hds(struct nma_model *m, __u64 netdev, enum nma_hds hds,
			const __u32 *thresh)
{
	struct nma_nic *nic = nma_table_find(&m->nics, netdev, 0);

	if (!nic)
		return;
	nic->asked_hds = hds;
	nic->asked_thresh_known = thresh;
	nic->asked_thresh = thresh ? *thresh : 0;
}

void nma_model__set_slots(struct nma_model *m, __u64 netdev, __u32 slots)
{
	struct nma_nic *nic = nma_table_find(&m->nics, netdev, 0);

	if (!nic)
		return;
	nic->slots_asked = m->generation;
	nic->slots = slots;
}

void nma_model__set_module(struct nma_model *m, __u64 netdev, const char *module)
{
	struct nma_nic *nic = nma_table_find(&m->nics, netdev, 0);

	if (!nic)
		return;
	snprintf(nic->module, sizeof(nic->module), "%s", module);
	memcpy(nic->r.driver, nic->module, sizeof(nic->module));
}

void nma_model__set_rss(struct nma_model *m, __u64 netdev,
			const struct nma_queue_set *rss)
{
	struct nma_nic *nic = nma_table_find(&m->nics, netdev, 0);

	if (nic)
		nic->rss = rss ? *rss : (struct nma_queue_set){ 0 };
}

const struct nma_nic *nma_model__nic(const struct nma_model *m, __u64 netdev)
{
	return nma_table_find(&m->nics, netdev, 0);
}

const struct nma_queue *nma_model__queue(const struct nma_model *m, __u64 netdev,
					 __u32 queue)
{
	return nma_table_find(&m->queues, netdev, queue);
}

const struct nma_queue *nma_model__queue_of_napi(const struct nma_model *m,
						 __u32 napi_id)
{
	nma_model_for_each(struct nma_queue, &m->queues, queue)
		if (napi_id && queue->r.napi_id == napi_id && !queue->seen.gone)
			return queue;
	return NULL;
}

const struct nma_pool *nma_model__pool(const struct nma_model *m, __u32 pool_id)
{
	return nma_table_find(&m->pools, pool_id, 0);
}

const struct nma_binding *nma_model__binding(const struct nma_model *m, __u32 id)
{
	return nma_table_find(&m->bindings, id, 0);
}

const struct nma_binding *nma_model__provider(const struct nma_model *m,
					      const struct nma_queue *queue)
{
	if (!nma_queue_bound(queue))
		return NULL;
	nma_model_for_each(struct nma_binding, &m->bindings, binding)
		if (binding->r.binding == queue->r.mp_priv && !binding->seen.gone)
			return binding;
	return NULL;
}

const struct nma_sock *nma_model__sock(const struct nma_model *m, __u64 cookie)
{
	return nma_table_find(&m->socks, cookie, 0);
}

const struct nma_nic *nma_model__nic_by_index(const struct nma_model *m,
					      __u32 netns, __u32 ifindex)
{
	nma_model_for_each(struct nma_nic, &m->nics, nic)
		if (nic->r.ifindex == ifindex && nic->r.hdr.netns == netns)
			return nic;
	return NULL;
}

/* Devices are stacked eight high at most (MAX_NEST_DEV of the kernel), and never in
 * a circle; what we know of them may be half old and half new.
 */
#define NEST_MAX	8

static bool is_above(const struct nma_model *m, __u64 upper, __u64 lower,
		     unsigned int levels)
{
	if (!levels)
		return false;
	nma_model_for_each(struct nma_edge, &m->edges, edge)
		if (edge->r.upper == upper && !edge->seen.gone &&
		    (edge->r.lower == lower ||
		     is_above(m, edge->r.lower, lower, levels - 1)))
			return true;
	return false;
}

bool nma_model__is_above(const struct nma_model *m, __u64 upper, __u64 lower)
{
	return is_above(m, upper, lower, NEST_MAX);
}

const struct nma_nic *nma_model__bound_below(const struct nma_model *m,
					     const struct nma_nic *nic)
{
	nma_model_for_each(struct nma_nic, &m->nics, lower)
		if (!lower->seen.gone &&
		    nma_model__bound_queues(m, lower->r.netdev) &&
		    nma_model__is_above(m, nic->r.netdev, lower->r.netdev))
			return lower;
	return NULL;
}

bool nma_model__may_redirect(const struct nma_model *m, const struct nma_pool *pool)
{
	const struct nma_nic *nic = nma_model__nic(m, pool->owner.netdev);
	unsigned int i;

	if (!nic)
		return true;
	for (i = 0; i < sizeof(nic->r.xdp_prog_id) / sizeof(*nic->r.xdp_prog_id); i++)
		if (nic->r.xdp_prog_id[i])
			return true;
	return false;
}

unsigned int nma_model__bound_queues(const struct nma_model *m, __u64 netdev)
{
	unsigned int nr = 0;

	nma_model_for_each(struct nma_queue, &m->queues, queue)
		if (queue->r.netdev == netdev && queue->r.mp != NMA_MP_NONE &&
		    !queue->seen.gone)
			nr++;
	return nr;
}

bool nma_model__bind_tried(const struct nma_model *m, __u64 netdev)
{
	const struct nma_nic *nic = nma_model__nic(m, netdev);

	return nic && nic->bind_tried;
}

enum nma_hds nma_nic_hds(const struct nma_nic *nic)
{
	if (nic->r.flags & NMA_NIC_HDS_VALID && nic->r.hds != NMA_HDS_UNKNOWN)
		return nic->r.hds;
	return nic->asked_hds;
}

bool nma_nic_hds_thresh(const struct nma_nic *nic, __u32 *thresh)
{
	if (nic->r.flags & NMA_NIC_HDS_VALID)
		*thresh = nic->r.hds_thresh;
	else if (nic->asked_thresh_known)
		*thresh = nic->asked_thresh;
	else
		return false;
	return true;
}
