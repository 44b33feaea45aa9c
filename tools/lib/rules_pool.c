// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on page_pools: how they are made and how they die.
 */
#include <errno.h>
#include <string.h>

#include "rules.h"

static bool flagged(const struct nma_pool *pool)
{
	return pool->r.flags & NMA_PP_ALLOW_UNREADABLE;
}

static bool same_queue(const struct nma_pool *pool, __u64 netdev, __u32 queue)
{
	return netdev && pool->r.netdev == netdev && pool->r.queue == queue;
}

/* The pool's queue has a provider, or the pool itself runs on one. */
static bool has_provider(const struct nma_model *m, const struct nma_pool *pool)
{
	const struct nma_queue *queue;

	if (pool->r.mp != NMA_MP_NONE || pool->r.mp_priv)
		return true;
	queue = nma_model__queue(m, pool->r.netdev, pool->r.queue);
	return queue && queue->r.mp != NMA_MP_NONE;
}

static void pool_evidence(struct nma_finding *f, const struct nma_pool *pool)
{
	const char *mp = nma_mp_name(pool->r.mp);

	nma_pp_flags(nma_finding_ev(f, "flags"), pool->r.flags);
	if (mp)
		nma_value_str(nma_finding_ev(f, "provider"), mp);
	if (pool->r.binding_id)
		nma_value_u64(nma_finding_ev(f, "binding_id"), pool->r.binding_id);
	if (pool->r.stack[0])
		nma_value_stack(nma_finding_ev(f, "created_by"), pool->r.stack,
				NMA_STACK_LEN);
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
	} else if (!nma_pool_live(pool)) {
		return;
	} else if (has_provider(ctx->model, pool)) {
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "page_pool with a memory provider lacks %s", fault);
	} else {
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "page_pool accepts unreadable memory but lacks %s: a bind will be refused",
				    fault);
	}
	nma_value_u64(nma_finding_ev(f, "max_len_bytes"), pool->r.max_len);
	pool_evidence(f, pool);
}

/* No live pool of the queue is flagged, and @pool is the first of them (so that
 * header and payload pool are not both named).
 */
static bool speaks_for_flagless_queue(const struct nma_model *m,
				      const struct nma_pool *pool)
{
	nma_model_for_each(struct nma_pool, &m->pools, other) {
		if (!nma_pool_live(other) ||
		    !same_queue(other, pool->r.netdev, pool->r.queue))
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

	if (!nma_pool_live(pool) || pool->r.hdr.cause == NMA_CAUSE_CREATE_FAILED ||
	    !nic)
		return;
	hds = nma_nic_hds(nic);
	if (hds == NMA_HDS_OFF && flagged(pool) && has_provider(ctx->model, pool))
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "page_pool with a memory provider while tcp-data-split is off");
	else if (hds == NMA_HDS_OFF && flagged(pool))
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "page_pool accepts unreadable memory while tcp-data-split is off");
	else if (hds == NMA_HDS_ON && !flagged(pool) &&
		 nic->r.qops & NMA_QOPS_PRESENT &&
		 !has_provider(ctx->model, pool) &&	/* NM-BIND-01 tells */
		 speaks_for_flagless_queue(ctx->model, pool))
		f = nma_verdict_add(v, 2, NMA_SEV_I,
				    "tcp-data-split is on but no page_pool of the queue accepts unreadable memory");
	if (!f)
		return;
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	nma_value_str(nma_finding_ev(f, "tcp_data_split"), nma_hds_name(hds));
	pool_evidence(f, pool);
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
		if (!nma_pool_live(pool) || !same_queue(pool, r->netdev, r->queue))
			continue;
		if (pool->r.mp != NMA_MP_NONE)
			alike_add(&provided, pool);
		else if (flagged(pool))
			alike_add(&flags, pool);
	}
	if (provided.nr > 1) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "%u live page_pools of the queue use the memory provider: headers go to memory nobody can read",
				    provided.nr);
	} else if (flags.nr > 1) {
		a = &flags;
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "%u live page_pools of the queue accept unreadable memory, its header pool among them",
				    flags.nr);
	} else {
		return;
	}
	f->pool_id = a->header->r.pool_id;
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	*nma_finding_ev(f, "pool_ids") = a->ids;
	pool_evidence(f, a->header);
}

/* Sockets that hold tokens of the pool's binding explain buffers that are out. */
static void holder_evidence(struct nma_finding *f, const struct nma_model *m,
			    __u32 binding_id)
{
	const struct nma_sock *most = NULL;
	__u64 tokens = 0;

	if (!binding_id)
		return;
	nma_model_for_each(struct nma_sock, &m->socks, sock) {
		if (sock->r.binding_id != binding_id || sock->seen.gone)
			continue;
		tokens += sock->r.outstanding;
		if (!most || sock->r.outstanding > most->r.outstanding)
			most = sock;
	}
	if (!tokens)
		return;
	nma_value_u64(nma_finding_ev(f, "tokens_outstanding"), tokens);
	nma_value_u64(nma_finding_ev(f, "holder_pid"), most->r.hdr.pid);
	nma_value_strn(nma_finding_ev(f, "holder_comm"), most->r.hdr.comm,
		       NMA_COMM_LEN);
}

/* NM-PP-06. Buffers of a destroyed pool may sit in sockets for a while. */
void nma_rule_PP_06(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_pool *r = &ref.pool->r;
	struct nma_finding *f;

	if (!r->detached || ref.pool->seen.gone || r->inflight <= 0)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "%d buffers of a destroyed page_pool have not come back",
			    r->inflight);
	f->kind = NMA_KIND_LEAK;
	f->since_ns = r->detach_ns;
	nma_finding_hold(f, NMA_AGE, ctx->limits->stall_ns);
	nma_value_s64(nma_finding_ev(f, "inflight"), r->inflight);
	if (r->detach_ns && r->detach_ns < ctx->now_ns)
		nma_value_u64(nma_finding_ev(f, "detached_for_ns"),
			      ctx->now_ns - r->detach_ns);
	holder_evidence(f, ctx->model, r->binding_id);
	pool_evidence(f, ref.pool);
}
