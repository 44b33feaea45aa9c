// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on how buffers are taken from page_pools and put back, and how pools end. The
 * kernel side counts acts; each rule knows which of them it minds.
 */
#include <stdio.h>

#include "model/holder.h"
#include "rules/rules.h"

/* Puts of pages that somebody else holds are legal now and then (splice, XDP
 * redirect), not as a habit.
 */
#define HELD_PERCENT	25

/* Buffers of one frame */
#define FRAME_MOST	18

/* NM-PP-01 */
void nma_rule_PP_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	struct nma_finding *f;

	(void)ctx;
	if (!nma_is_act(ref, NMA_ACT_PUT_FOREIGN))
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "buffer of page_pool %lld put into page_pool %u",
			    ref.act->value[0], ref.act->pool_id);
	nma_value_u64(nma_finding_ev(f, "from_pool_id"), ref.act->value[0]);
	nma_act_evidence(f, ref.act);
}

/* NM-PP-02 */
void nma_rule_PP_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	switch (act->act) {
	case NMA_ACT_PUT_TWICE:
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "buffer put that is in the page_pool already");
		break;
	case NMA_ACT_PUT_REFD:
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "buffer put with %lld pool references left",
				    act->value[0]);
		break;
	case NMA_ACT_INFLIGHT:
		f = nma_verdict_add(v, 2, NMA_SEV_F,
				    "page_pool got %lld buffers more than it gave out",
				    -act->value[0]);
		break;
	default:
		return;
	}
	nma_act_evidence(f, act);
}

static void napi_evidence(struct nma_finding *f, const struct nma_rec_act *act)
{
	if (act->value[0] >= 0)
		nma_value_u64(nma_finding_ev(f, "napi_cpu"), act->value[0]);
}

/* NM-PP-03. Of a pool without NAPI nobody knows who its consumer is. */
void nma_rule_PP_03(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act == NMA_ACT_PUT_DIRECT_ANY)
		f = nma_verdict_add(v, 1, NMA_SEV_I,
				    "buffer recycled directly outside softirq, in a page_pool without NAPI");
	else if (act->act != NMA_ACT_PUT_DIRECT)
		return;
	else if (act->value[0] < 0)
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "buffer recycled directly while the page_pool's NAPI may start");
	else
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "buffer recycled directly %s, the page_pool's NAPI is on CPU %lld",
				    act->value[1] ? "on another CPU" : "outside softirq",
				    act->value[0]);
	if (act->act == NMA_ACT_PUT_DIRECT)
		napi_evidence(f, act);
	nma_act_evidence(f, act);
}

/* NM-PP-04 */
void nma_rule_PP_04(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act == NMA_ACT_NAPI_LIVE)
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "page_pool taken from its NAPI while that can run");
	else if (act->act == NMA_ACT_ALLOC_DEAD)
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "buffer taken from a destroyed page_pool");
	else
		return;
	if (act->act == NMA_ACT_NAPI_LIVE)
		napi_evidence(f, act);
	nma_act_evidence(f, act);
}

/* NM-PP-05 */
void nma_rule_PP_05(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act == NMA_ACT_PUT_SPLICED)
		f = nma_verdict_add(v, 1, NMA_SEV_I,
				    "buffer put while its page is spliced from a socket by an application");
	else if (act->act == NMA_ACT_PUT_HELD)
		f = nma_verdict_add(v, 0, act->value[1] < HELD_PERCENT ?
				    NMA_SEV_I : NMA_SEV_W,
				    "buffer put while its page is referenced elsewhere");
	else
		return;
	nma_value_s64(nma_finding_ev(f, "page_references"), act->value[0]);
	if (act->value[1])
		nma_value_u64(nma_finding_ev(f, "percent_of_puts"),
			      act->value[1]);
	nma_act_evidence(f, act);
}

/* NM-PP-06. Buffers of a destroyed pool may sit somewhere for a while: see held.c. */
void nma_rule_PP_06(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;

	if (pool->r.detached && !pool->seen.gone && pool->r.inflight > 0)
		nma_held_verdict(ctx, pool, v);
}

/* NM-PP-08. A pool that misses a page cannot be gone; a page may name what once was
 * one.
 */
void nma_rule_PP_08(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	const struct nma_pool *pool;
	struct nma_finding *f;

	if (act->act != NMA_ACT_PAGE_FREED)
		return;
	pool = nma_model__pool(ctx->model, act->pool_id);
	if (!pool || pool->r.pool != act->pool)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "page freed past its page_pool, which never gets it back");
	nma_value_s64(nma_finding_ev(f, "inflight"), act->value[0]);
	nma_act_evidence(f, act);
}

/* Who keeps all buffers of a dma-buf: as many tokens are out as there are references
 * to its buffers, so that neither the pool nor the driver nor a packet has any.
 */
static bool all_are_tokens(const struct nma_model *m, const struct nma_binding *binding,
			   struct nma_token_holder *h, __u64 *taken)
{
	const struct nma_rec_binding *r = &binding->r;

	if (!r->refs || r->buffers_free || !r->binding_id)
		return false;
	*h = nma_holder_of(m, r->binding_id);
	nma_model_for_each(struct nma_sock, &m->socks, sock)
		if (sock->r.binding_id == r->binding_id && !sock->seen.gone)
			*taken += sock->r.taken;
	return h->tokens >= r->refs;
}

static void starved_queue(struct nma_finding *f, const struct nma_model *m,
			  const struct nma_binding *binding)
{
	nma_model_for_each(struct nma_queue, &m->queues, queue)
		if (nma_queue_bound(queue) && queue->r.mp_priv == binding->r.binding)
			f->queue = queue->r.queue;
}

/* NM-PP-09. What moves is not stuck: more was taken, or given back, since. */
void nma_rule_PP_09(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	const struct nma_rec_binding *r = &binding->r;
	struct nma_token_holder h = { 0 };
	struct nma_finding *f;
	char who[32] = "the application";
	__u64 state = r->returned;
	__u32 pid = r->owner_pid;

	if (binding->seen.gone || !r->buffers || r->dma_dir == NMA_DMA_TO_DEVICE)
		return;
	if (r->mp == NMA_MP_IO_URING) {
		if (r->buffers_app < r->buffers)
			return;
	} else if (all_are_tokens(ctx->model, binding, &h, &state)) {
		pid = h.sock->r.hdr.pid;
	} else {
		return;
	}
	if (pid)
		snprintf(who, sizeof(who), "process %u", pid);
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    "%u of %u buffers are with %s, none with the driver: nothing can be received",
			    r->buffers, r->buffers, who);
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	f->state = state;
	starved_queue(f, ctx->model, binding);
	nma_value_str(nma_finding_ev(f, "provider"), nma_mp_name(r->mp));
	nma_value_u64(nma_finding_ev(f, "buffers"), r->buffers);
	if (h.sock)
		nma_holder_evidence(f, &h);
	else
		nma_owner_evidence(f, binding);
}

/* NM-PP-10. What the driver had at a moment at which nothing moved. The core knows what
 * the page_pool was made for, the driver how many slots it has; it may put a frame
 * together, which has up to MAX_SKB_FRAGS and a head.
 */
void nma_rule_PP_10(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_pool *pool = ref.pool;
	const struct nma_nic *nic = nma_model__nic(ctx->model, pool->owner.netdev);
	__u32 has = pool->sought.with_driver, most = pool->r.pool_size;
	struct nma_finding *f;

	if (pool->r.detached || pool->seen.gone || !most ||
	    nma_model__may_redirect(ctx->model, pool) || has <= most + FRAME_MOST)
		return;
	if (!nic->slots) {
		nma_verdict_blind(v, 1, "it is not known how many slots its rings have");
		return;
	}
	if (most < nic->slots)
		most = nic->slots;
	if (has <= most + FRAME_MOST)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    "the driver has %u buffers of a page_pool in use, and %u slots for them",
			    has, most);
	f->kind = NMA_KIND_LEAK;
	nma_value_u64(nma_finding_ev(f, "buffers"), has - most);
	nma_value_str(nma_finding_ev(f, "holder"), nma_holder_name(NMA_HOLDER_DRIVER));
	nma_value_s64(nma_finding_ev(f, "inflight"), pool->r.inflight);
	nma_pool_evidence(f, pool);
}

/* NM-PP-07. A ring that is larger than the dma-buf empties it when it is first
 * filled.
 */
void nma_rule_PP_07(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;
	__s64 age_ns = act->value[0];

	if (act->act != NMA_ACT_STARVED)
		return;
	if (age_ns >= 0 && (__u64)age_ns < ctx->limits->settle_ns)
		f = nma_verdict_add(v, 0, NMA_SEV_I,
				    "dma-buf is used up by the first fill of the ring");
	else
		f = nma_verdict_add(v, 1, NMA_SEV_W,
				    "dma-buf has run dry: no buffer for the device");
	if (age_ns >= 0)
		nma_value_s64(nma_finding_ev(f, "pool_age_ns"), age_ns);
	nma_act_evidence(f, act);
}

/* NM-PP-11. Each of the two is told by itself: part 0 came when part 1 was there. */
void nma_rule_PP_11(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	bool first = act->act == NMA_ACT_TAKE_FIRST;
	__s64 cpu = act->value[0], other = act->value[1];
	const struct nma_pool *pool;
	struct nma_finding *f;

	if (!first && act->act != NMA_ACT_TAKE_SECOND)
		return;
	if (cpu != other)
		f = nma_verdict_add(v, first, NMA_SEV_F,
				    "buffer taken on CPU %lld while CPU %lld takes from the page_pool, too",
				    cpu, other);
	else
		f = nma_verdict_add(v, first, NMA_SEV_F,
				    "buffer taken on CPU %lld, %s another that takes from the page_pool, too",
				    cpu, first ? "interrupted by" : "interrupting");
	nma_value_u64(nma_finding_ev(f, "cpu"), cpu);
	nma_value_u64(nma_finding_ev(f, "other_cpu"), other);
	nma_act_evidence(f, act);
	pool = nma_model__pool(ctx->model, act->pool_id);
	if (pool && pool->r.pool == act->pool && pool->r.stack[0])
		nma_value_stack(nma_finding_ev(f, "created_by"), pool->r.stack,
				NMA_STACK_LEN);
}

/* NM-PP-12. Generic XDP comes before the driver's own, where there are both. */
void nma_rule_PP_12(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	const struct nma_nic *nic;
	struct nma_finding *f;
	__u32 prog = 0;

	if (act->act != NMA_ACT_SKB_SKEWED)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    "packet copied for XDP with a head that is not aligned");
	nma_value_u64(nma_finding_ev(f, "offset_in_line"), act->value[0]);
	nic = nma_model__nic(ctx->model, act->netdev);
	if (nic)
		prog = nic->r.xdp_prog_id[0] ? nic->r.xdp_prog_id[0] : nic->r.xdp_prog_id[1];
	if (prog)
		nma_value_u64(nma_finding_ev(f, "xdp_prog_id"), prog);
	nma_act_evidence(f, act);
}
