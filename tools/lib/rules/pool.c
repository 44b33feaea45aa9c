// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on how page_pools are made.
 */
#include <errno.h>
#include <string.h>

#include "rules/rules.h"

static bool flagged(const struct nma_pool *pool)
{
	return pool->r.flags & NMA_PP_ALLOW_UNREADABLE;
}

/* As opposed to refused, or asked for in a way that the kernel does not survive */
static bool created(const struct nma_pool *pool)
{
	return pool->r.pool_id;
}

/* The NAPI instance of @queue in the lifetime of @pool: a device that stops takes
 * them from its queues before it destroys its pools.
 */
static __u32 napi_of(const struct nma_queue *queue, const struct nma_pool *pool)
{
	if (!queue->r.napi_id && pool->r.create_ns < queue->stopped_ns)
		return queue->last_napi_id;
	return queue->r.napi_id;
}

/* The queue that the pool's NAPI instance serves, if it is not the one that the
 * pool names. Several queues may share an instance.
 */
static const struct nma_queue *napi_queue(const struct nma_model *m,
					  const struct nma_pool *pool)
{
	const struct nma_queue *own, *other = NULL;

	own = nma_model__queue(m, pool->r.netdev, pool->r.queue);
	if (!own || !napi_of(own, pool) || !pool->r.napi_id ||
	    napi_of(own, pool) == pool->r.napi_id)
		return NULL;
	nma_model_for_each(struct nma_queue, &m->queues, queue)
		if (queue->r.netdev == pool->r.netdev &&
		    napi_of(queue, pool) == pool->r.napi_id)
			other = queue;
	return other;
}

/* Told by NAPI where a pool names the wrong one (NM-POOL-04) */
static bool of_queue(const struct nma_model *m, const struct nma_pool *pool,
		     __u64 netdev, __u32 queue)
{
	const struct nma_queue *served = napi_queue(m, pool);

	return netdev && pool->r.netdev == netdev &&
	       (served ? served->r.queue : pool->r.queue) == queue;
}

/* The pool itself runs on one. Its queue may have a provider without that: for a
 * moment while it is bound, until the pool is replaced or the bind is refused.
 */
static bool has_provider(const struct nma_pool *pool)
{
	return pool->r.mp != NMA_MP_NONE || pool->r.mp_priv;
}

static bool queue_bound(const struct nma_model *m, const struct nma_pool *pool)
{
	const struct nma_queue *queue;

	queue = nma_model__queue(m, pool->r.netdev, pool->r.queue);
	return queue && nma_queue_bound(queue);
}

static const char *dma_fault(const struct nma_rec_pool *r)
{
	if (!(r->flags & NMA_PP_DMA_MAP))
		return "PP_FLAG_DMA_MAP";
	if (!(r->flags & NMA_PP_DMA_SYNC_DEV))
		return "PP_FLAG_DMA_SYNC_DEV";
	if (!r->max_len)
		return "max_len";
	return NULL;
}

/* NM-POOL-01. The kernel answers -EOPNOTSUPP (missing flag) or -EINVAL (sync
 * without map or length) once a provider is there.
 */
void nma_rule_POOL_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;
	const char *fault = dma_fault(&pool->r);
	struct nma_finding *f;

	if (!fault || !flagged(pool))
		return;
	if (pool->r.hdr.cause == NMA_CAUSE_CREATE_FAILED) {
		if (pool->r.err != -EOPNOTSUPP && pool->r.err != -EINVAL)
			return;
		f = nma_verdict_add(v, 2, NMA_SEV_E,
				    "kernel refused a page_pool for unreadable memory without %s",
				    fault);
		f->event = true;
		nma_value_s64(nma_finding_ev(f, "errno"), -pool->r.err);
	} else if (!created(pool) || !nma_pool_live(pool)) {
		return;
	} else if (has_provider(pool)) {
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "page_pool with a memory provider lacks %s", fault);
	} else {
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "page_pool accepts unreadable memory but lacks %s: a bind will be refused",
				    fault);
		nma_finding_latent(f, ctx, pool->r.netdev);
	}
	nma_value_u64(nma_finding_ev(f, "max_len_bytes"), pool->r.max_len);
	nma_pool_evidence(f, pool);
}

/* No live pool of the queue is flagged, and @pool is the first of them (so that
 * header and payload pool are not both named).
 */
static bool speaks_for_flagless_queue(const struct nma_model *m,
				      const struct nma_pool *pool)
{
	nma_model_for_each(struct nma_pool, &m->pools, other) {
		if (!nma_pool_live(other) ||
		    !of_queue(m, other, pool->r.netdev, pool->r.queue))
			continue;
		if (flagged(other) || other->r.pool_id < pool->r.pool_id)
			return false;
	}
	return true;
}

/* NM-POOL-02. Setting and pools change one after the other during a ring
 * change, hence the patience.
 */
void nma_rule_POOL_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;
	const struct nma_nic *nic = nma_model__nic(ctx->model, pool->r.netdev);
	struct nma_finding *f = NULL;
	enum nma_hds hds;

	if (!nma_pool_live(pool) || !created(pool) || !nic)
		return;
	hds = nma_nic_hds(nic);
	if (hds == NMA_HDS_OFF && flagged(pool) && has_provider(pool)) {
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "page_pool with a memory provider while tcp-data-split is off");
	} else if (hds == NMA_HDS_OFF && flagged(pool)) {
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "page_pool accepts unreadable memory while tcp-data-split is off");
		nma_finding_latent(f, ctx, pool->r.netdev);
	} else if (hds == NMA_HDS_ON && !flagged(pool) &&
		   nic->r.qops & NMA_QOPS_PRESENT &&
		   !queue_bound(ctx->model, pool) &&	/* NM-BIND-01 tells */
		   speaks_for_flagless_queue(ctx->model, pool)) {
		f = nma_verdict_add(v, 2, NMA_SEV_I,
				    "tcp-data-split is on but no page_pool of the queue accepts unreadable memory");
	}
	if (!f)
		return;
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	nma_value_str(nma_finding_ev(f, "tcp_data_split"), nma_hds_name(hds));
	nma_pool_evidence(f, pool);
}

/* Of two pools that should not be alike, the header pool is more likely the one
 * with less room per buffer.
 */
static const struct nma_pool *likelier_header(const struct nma_pool *a,
					      const struct nma_pool *b)
{
	if (!a || b->r.max_len < a->r.max_len)
		return b;
	return a;
}

struct alike {
	unsigned int nr;
	const struct nma_pool *header;
	struct nma_value ids;
};

static void alike_add(struct alike *a, const struct nma_pool *pool)
{
	a->nr++;
	a->header = likelier_header(a->header, pool);
	nma_value_list_add(&a->ids, pool->r.pool_id);
}

/* NM-POOL-03. Old and new pool live side by side while a queue restarts. */
void nma_rule_POOL_03(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	struct alike provided = { 0 }, flags = { 0 }, *a = &provided;
	const struct nma_rec_queue *r = &ref.queue->r;
	struct nma_finding *f;

	if (ref.queue->seen.gone)
		return;
	nma_model_for_each(struct nma_pool, &ctx->model->pools, pool) {
		if (!nma_pool_live(pool) || !of_queue(ctx->model, pool, r->netdev, r->queue))
			continue;
		if (pool->r.mp != NMA_MP_NONE)
			alike_add(&provided, pool);
		else if (flagged(pool))
			alike_add(&flags, pool);
	}
	if (provided.nr > 1) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "%u live page_pools of the queue use the memory provider: headers go to memory that nobody can read",
				    provided.nr);
	} else if (flags.nr > 1) {
		a = &flags;
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "%u live page_pools of the queue accept unreadable memory, its header pool among them",
				    flags.nr);
		nma_finding_latent(f, ctx, r->netdev);
	} else {
		return;
	}
	f->pool_id = a->header->r.pool_id;
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	*nma_finding_ev(f, "pool_ids") = a->ids;
	nma_pool_evidence(f, a->header);
}

/* The pool that @ctx was called for, at the moment of its creation */
static bool just_now(const struct nma_rule_ctx *ctx, const struct nma_pool *pool,
		     enum nma_cause cause)
{
	const struct nma_rec_pool *r = (const void *)ctx->trigger;

	return r && r->hdr.type == NMA_REC_POOL && r->hdr.cause == cause &&
	       r->pool_id == pool->r.pool_id;
}

/* The kernel would read garbage behind the array of queues. */
static void index_out_of_range(struct nma_verdict *v, const struct nma_pool *pool,
			       const struct nma_nic *nic)
{
	struct nma_finding *f;

	f = nma_verdict_add(v, created(pool) ? 0 : 1, NMA_SEV_F,
			    "page_pool for unreadable memory names queue %u of a device with %u: the kernel reads beyond its queues",
			    pool->r.queue, nic->r.num_rx_queues);
	f->event = !created(pool);
	nma_pool_evidence(f, pool);
}

/* NM-POOL-04. A queue beyond those in use is legal while a device grows. */
void nma_rule_POOL_04(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;
	const struct nma_nic *nic = nma_model__nic(ctx->model, pool->r.netdev);
	const struct nma_queue *other;
	struct nma_finding *f;

	if (!flagged(pool) || !nma_pool_live(pool))
		return;
	if (pool->r.hdr.cause == NMA_CAUSE_CREATE_ASKED) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "page_pool for unreadable memory names no netdev: the kernel follows a null pointer");
		f->event = true;
		nma_pool_evidence(f, pool);
		return;
	}
	if (nic && pool->r.queue >= nic->r.num_rx_queues) {
		index_out_of_range(v, pool, nic);
		return;
	}
	other = napi_queue(ctx->model, pool);
	if (!other)
		return;
	f = nma_verdict_add(v, 2, NMA_SEV_F,
			    "page_pool of queue %u names queue %u: it gets the memory provider of the wrong queue",
			    other->r.queue, pool->r.queue);
	if (!pool->r.mp && !other->r.mp)
		nma_finding_latent(f, ctx, pool->r.netdev);
	nma_value_u64(nma_finding_ev(f, "napi_queue"), other->r.queue);
	nma_pool_evidence(f, pool);
}

static void order_refused(struct nma_verdict *v, const struct nma_pool *pool)
{
	struct nma_finding *f;

	if (pool->r.err != -E2BIG || !pool->r.order)
		return;
	f = nma_verdict_add(v, 3, NMA_SEV_E,
			    "kernel refused a page_pool of order %u for the memory provider of the queue",
			    pool->r.order);
	f->event = true;
	nma_value_s64(nma_finding_ev(f, "errno"), -pool->r.err);
	nma_pool_evidence(f, pool);
}

/* NM-POOL-05. io_uring checks its pools itself, and a dma-buf's the order: what
 * is left are direction and device, and pools that no provider has seen yet.
 */
void nma_rule_POOL_05(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;
	const struct nma_binding *binding;
	struct nma_finding *f;

	if (!flagged(pool) || !nma_pool_live(pool) || pool->r.mp == NMA_MP_IO_URING)
		return;
	if (!created(pool)) {
		order_refused(v, pool);
		return;
	}
	if (pool->r.order && pool->r.mp == NMA_MP_NONE) {
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "page_pool accepts unreadable memory in buffers of order %u: a bind will be refused",
				    pool->r.order);
		nma_finding_latent(f, ctx, pool->r.netdev);
		nma_pool_evidence(f, pool);
	}
	/* without a provider an XDP program may send what was received */
	if (pool->r.dma_dir != NMA_DMA_FROM_DEVICE && pool->r.mp != NMA_MP_NONE) {
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "page_pool for unreadable memory is not mapped from device only");
		nma_value_u64(nma_finding_ev(f, "dma_dir"), pool->r.dma_dir);
		nma_pool_evidence(f, pool);
	}
	binding = nma_model__binding(ctx->model, pool->r.binding_id);
	if (!binding || !binding->r.dma_dev || binding->r.dma_dev == pool->r.dma_dev)
		return;
	f = nma_verdict_add(v, 2, NMA_SEV_F,
			    "page_pool is for another device than the one its dma-buf is mapped for");
	nma_value_addr(nma_finding_ev(f, "pool_dma_dev"), pool->r.dma_dev);
	nma_value_addr(nma_finding_ev(f, "binding_dma_dev"), binding->r.dma_dev);
	nma_pool_evidence(f, pool);
}

/* NM-POOL-06 */
void nma_rule_POOL_06(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;
	struct nma_finding *f;

	if (!flagged(pool) || !just_now(ctx, pool, NMA_CAUSE_CREATE) ||
	    pool->r.lock == NMA_LOCK_UNKNOWN || pool->r.lock == NMA_LOCK_OWN)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "page_pool for unreadable memory created by a task that does not hold the lock of the queue's configuration");
	f->event = true;
	nma_value_str(nma_finding_ev(f, "lock"),
		      pool->r.lock == NMA_LOCK_FREE ? "free" : "held by another task");
	nma_task_evidence(f, &pool->r.hdr, 0);
	nma_pool_evidence(f, pool);
}
