// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on a dma-buf binding itself: how its memory is mapped, who made it,
 * and whether it ends.
 */
#include "rules.h"

#define TO_DEVICE	1	/* DMA_TO_DEVICE */
/* Frames that are sent again pin the dma-buf: twice TCP_RTO_MAX and then some */
#define RESEND_FACTOR	4	/* of the time that a receiver's buffers have */

static void owner_evidence(struct nma_finding *f, const struct nma_binding *binding)
{
	const struct nma_rec_binding *r = &binding->r;

	if (!r->owner_pid)
		return;
	nma_value_u64(nma_finding_ev(f, "pid"), r->owner_pid);
	nma_value_strn(nma_finding_ev(f, "comm"), r->owner_comm, NMA_COMM_LEN);
	nma_value_u64(nma_finding_ev(f, "uid"), r->owner_uid);
}

/* NM-BIND-08 */
void nma_rule_BIND_08(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	const struct nma_rec_binding *r = &binding->r;
	struct nma_finding *f;

	(void)ctx;
	if (r->hdr.cause == NMA_CAUSE_MISMATCH) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "dma-buf of binding %u was mapped in direction %u and unmapped in direction %u",
				    r->binding_id, r->dma_dir, r->unmap_dir);
		f->event = true;
		return;
	}
	if (binding->seen.gone || !r->ragged)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "%u pieces of the dma-buf are not a multiple of a page: buffers reach beyond them",
			    r->ragged);
	nma_value_u64(nma_finding_ev(f, "size_bytes"), r->size);
	nma_value_strn(nma_finding_ev(f, "exporter"), r->exporter, NMA_NAME_LEN);
	owner_evidence(f, binding);
}

/* NM-BIND-09 */
void nma_rule_BIND_09(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	struct nma_finding *f;

	if (!ctx->trigger || ctx->trigger->type != NMA_REC_BINDING ||
	    ctx->trigger->cause != NMA_CAUSE_CREATE ||
	    binding->r.owner_admin != NMA_ADMIN_NO)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    "task without CAP_NET_ADMIN bound a dma-buf to %s %s",
			    binding->r.dma_dir == TO_DEVICE ? "send through" : "receive into from",
			    v->base.ifname);
	f->event = true;
	f->kind = NMA_KIND_POLICY;
	nma_value_u64(nma_finding_ev(f, "size_bytes"), binding->r.size);
	nma_value_u64(nma_finding_ev(f, "cgroup_id"), binding->r.owner_cgroup);
	owner_evidence(f, binding);
}

static const struct nma_pool *pool_of(const struct nma_model *m,
				      const struct nma_binding *binding, bool live)
{
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		if (pool->r.mp == NMA_MP_DMABUF && !pool->seen.gone &&
		    pool->r.mp_priv == binding->r.binding &&
		    nma_pool_live(pool) == live)
			return pool;
	return NULL;
}

struct holder {
	const struct nma_sock *sock;	/* with the most tokens */
	__u64 tokens;			/* of all */
};

static struct holder holder_of(const struct nma_model *m, __u32 binding_id)
{
	struct holder h = { 0 };

	nma_model_for_each(struct nma_sock, &m->socks, sock) {
		if (sock->r.binding_id != binding_id || sock->seen.gone ||
		    !sock->r.outstanding)
			continue;
		h.tokens += sock->r.outstanding;
		if (!h.sock || sock->r.outstanding > h.sock->r.outstanding)
			h.sock = sock;
	}
	return h;
}

static void still_used(struct nma_verdict *v, const struct nma_rule_ctx *ctx,
		       const struct nma_binding *binding, const struct nma_pool *pool)
{
	struct nma_finding *f;

	f = nma_verdict_add(v, 1, NMA_SEV_E,
			    "page_pool %u still takes buffers of a dma-buf that was unbound",
			    pool->r.pool_id);
	f->pool_id = pool->r.pool_id;
	f->queue = pool->r.queue;
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	nma_value_s64(nma_finding_ev(f, "inflight"), pool->r.inflight);
	owner_evidence(f, binding);
	if (pool->r.stack[0])
		nma_value_stack(nma_finding_ev(f, "created_by"), pool->r.stack,
				NMA_STACK_LEN);
}

static void not_freed(struct nma_verdict *v, const struct nma_rule_ctx *ctx,
		      const struct nma_binding *binding, const struct holder *h)
{
	__u64 patience = ctx->limits->stall_ns;
	struct nma_finding *f;

	if (binding->r.dma_dir == TO_DEVICE)
		patience *= RESEND_FACTOR;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "dma-buf was unbound but is still mapped: %llu of its bytes are out",
			    binding->r.lent);
	f->kind = NMA_KIND_LEAK;
	f->since_ns = binding->unbound_ns;
	nma_finding_hold(f, NMA_AGE, patience);
	if (h->sock) {
		f->cookie = h->sock->r.cookie;
		nma_value_u64(nma_finding_ev(f, "tokens_outstanding"), h->tokens);
		nma_value_u64(nma_finding_ev(f, "holder_pid"), h->sock->r.hdr.pid);
		nma_value_strn(nma_finding_ev(f, "holder_comm"), h->sock->r.hdr.comm,
			       NMA_COMM_LEN);
	}
	owner_evidence(f, binding);
}

/* The kernel frees the pool of buffers anyway, with a warning, or leaks it. */
static void freed_too_early(struct nma_verdict *v, const struct nma_binding *binding)
{
	struct nma_finding *f;

	f = nma_verdict_add(v, 2, NMA_SEV_E,
			    "dma-buf was freed with %llu of its bytes still out",
			    binding->r.lent);
	f->event = true;
	owner_evidence(f, binding);
}

/* NM-BIND-10. A destroyed pool whose buffers nobody is known to hold is the
 * driver's leak: NM-PP-06.
 */
void nma_rule_BIND_10(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	const struct nma_pool *pool;
	struct holder h;

	if (binding->r.hdr.cause == NMA_CAUSE_GONE) {
		if (ctx->trigger && ctx->trigger->type == NMA_REC_BINDING && binding->r.lent)
			freed_too_early(v, binding);
		return;
	}
	if (binding->seen.gone || !binding->unbound_ns)
		return;
	pool = pool_of(ctx->model, binding, true);
	if (pool) {
		if (binding->let_go)
			still_used(v, ctx, binding, pool);
		return;
	}
	h = holder_of(ctx->model, binding->r.binding_id);
	if (h.sock || !pool_of(ctx->model, binding, false))
		not_freed(v, ctx, binding, &h);
}

/* Tokens that came back are payload that somebody consumed. */
static __u64 consumed(const struct nma_model *m, const struct nma_binding *binding)
{
	__u64 tokens = binding->consumed;

	nma_model_for_each(struct nma_sock, &m->socks, sock)
		if (sock->r.binding_id == binding->r.binding_id && !sock->seen.gone)
			tokens += sock->r.returned;
	return tokens;
}

/* Without a mapping it was a device that filled or consumed it. */
static void not_synced(struct nma_verdict *v, const struct nma_rule_ctx *ctx,
		       const struct nma_binding *binding)
{
	bool sender = binding->r.dma_dir == TO_DEVICE;
	struct nma_finding *f;
	__u64 n;

	n = sender ? binding->r.cpu_sends : consumed(ctx->model, binding);
	if (!binding->r.cpu_maps || binding->r.cpu_syncs || !n)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    sender ? "application mapped the dma-buf and sent %llu times from it without one DMA_BUF_IOCTL_SYNC" :
				     "application mapped the dma-buf and consumed %llu frags without one DMA_BUF_IOCTL_SYNC",
			    n);
	f->event = true;
	nma_value_u64(nma_finding_ev(f, sender ? "sends" : "tokens"), n);
	nma_value_u64(nma_finding_ev(f, "cpu_maps"), binding->r.cpu_maps);
	owner_evidence(f, binding);
}

static void sent_anew(struct nma_verdict *v, const struct nma_rec_use *use)
{
	struct nma_finding *f;

	f = nma_verdict_add(v, 1, NMA_SEV_W,
			    "application sent bytes again that it may have written to before their last send completed");
	nma_value_u64(nma_finding_ev(f, "dmabuf_id"), use->value);
	nma_value_u64(nma_finding_ev(f, "bytes"), use->ret);
	nma_use_evidence(f, use);
}

/* NM-APP-01. That there was no sync is told at the end, when it is sure. */
void nma_rule_APP_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_hdr *hdr = ctx->trigger;
	const struct nma_rec_use *use = (const void *)hdr;

	if (!hdr)
		return;
	if (hdr->type == NMA_REC_BINDING && hdr->cause == NMA_CAUSE_DETACH)
		not_synced(v, ctx, ref.binding);
	else if (hdr->type == NMA_REC_USE && use->use == NMA_USE_SEND_WRITTEN)
		sent_anew(v, use);
}
