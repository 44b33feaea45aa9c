// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on bound queues: whether the driver uses the provider, and what must
 * not be there at the same time.
 */
#include <errno.h>

#include "rules.h"

static bool bound(const struct nma_queue *queue)
{
	return queue->r.mp != NMA_MP_NONE && !queue->seen.gone;
}

static void queue_evidence(struct nma_finding *f, const struct nma_queue *queue)
{
	const char *mp = nma_mp_name(queue->r.mp);

	if (mp)
		nma_value_str(nma_finding_ev(f, "provider"), mp);
	if (queue->r.binding_id)
		nma_value_u64(nma_finding_ev(f, "binding_id"), queue->r.binding_id);
}

static bool provider_in_use(const struct nma_model *m, const struct nma_queue *queue)
{
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		if (nma_pool_live(pool) && pool->r.mp_priv == queue->r.mp_priv &&
		    pool->r.netdev == queue->r.netdev &&
		    pool->r.queue == queue->r.queue)
			return true;
	return false;
}

/* The pools that the queue has instead. */
static void own_pools(struct nma_value *v, const struct nma_model *m,
		      const struct nma_queue *queue)
{
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		if (nma_pool_live(pool) && pool->r.netdev == queue->r.netdev &&
		    pool->r.queue == queue->r.queue)
			nma_value_list_add(v, pool->r.pool_id);
}

/* The kernel looked for the provider's pool after it restarted the queue and
 * found none. With data split off that is the driver's right answer.
 */
static bool refused_now(const struct nma_rule_ctx *ctx, const struct nma_nic *nic)
{
	const struct nma_rec_op *op = (const void *)ctx->trigger;

	return op && op->hdr.type == NMA_REC_OP && op->op == NMA_OP_MP_CHECK &&
	       op->ret == -ENODATA && nma_nic_hds(nic) == NMA_HDS_ON;
}

/* Before the bind is through, the queue does not name its binding. */
static void refused_binding(struct nma_finding *f, const struct nma_rule_ctx *ctx)
{
	const struct nma_rec_op *op = (const void *)ctx->trigger;

	nma_model_for_each(struct nma_binding, &ctx->model->bindings, binding)
		if (op->mp_priv && binding->r.binding == op->mp_priv)
			f->binding_id = binding->r.binding_id;
}

/* NM-BIND-01 */
void nma_rule_BIND_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	const struct nma_nic *nic = nma_model__nic(ctx->model, queue->r.netdev);
	struct nma_finding *f;
	struct nma_value *ids;

	if (!nic || queue->seen.gone)
		return;
	if (refused_now(ctx, nic)) {
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "driver ignored the memory provider when it rebuilt the queue, so the kernel refused the bind");
		f->event = true;
		refused_binding(f, ctx);
	} else if (bound(queue) && queue->r.mp_priv && nic->r.flags & NMA_NIC_UP &&
		   !provider_in_use(ctx->model, queue)) {
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "queue has a memory provider but no live page_pool uses it: payload lands in host memory");
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	} else {
		return;
	}
	queue_evidence(f, queue);
	ids = nma_finding_ev(f, "pool_ids");
	own_pools(ids, ctx->model, queue);
	if (ids->nr == 1)
		f->pool_id = ids->list[0];
}

/* NM-BIND-02 */
void nma_rule_BIND_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	const struct nma_nic *nic = nma_model__nic(ctx->model, queue->r.netdev);
	struct nma_finding *f;
	enum nma_hds hds;
	__u32 thresh;

	if (!nic || !bound(queue))
		return;
	hds = nma_nic_hds(nic);
	if (hds == NMA_HDS_OFF) {
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "queue has a memory provider while tcp-data-split is off");
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
		queue_evidence(f, queue);
	} else if (hds == NMA_HDS_UNKNOWN) {
		f = nma_verdict_add(v, 2, NMA_SEV_I,
				    "neither kernel nor driver tells whether tcp-data-split is on");
		f->kind = NMA_KIND_NOTE;
	}
	if (nma_nic_hds_thresh(nic, &thresh) && thresh) {
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "queue has a memory provider while hds-thresh is %u: short packets are not split",
				    thresh);
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
		nma_value_u64(nma_finding_ev(f, "hds_thresh_bytes"), thresh);
		queue_evidence(f, queue);
	}
}

static __u32 xdp_prog(const struct nma_nic *nic, const char **mode)
{
	static const char *const modes[] = { "skb", "driver", "hardware" };
	unsigned int i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!nic->r.xdp_prog_id[i])
			continue;
		*mode = modes[i];
		return nic->r.xdp_prog_id[i];
	}
	return 0;
}

static void bound_queues(struct nma_value *v, const struct nma_model *m,
			 __u64 netdev)
{
	nma_model_for_each(struct nma_queue, &m->queues, queue)
		if (queue->r.netdev == netdev && bound(queue))
			nma_value_list_add(v, queue->r.queue);
}

/* NM-BIND-04 */
void nma_rule_BIND_04(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_nic *nic = ref.nic, *lower;
	struct nma_finding *f;
	const char *mode;
	__u32 prog;

	if (nic->seen.gone)
		return;
	prog = xdp_prog(nic, &mode);
	if (!prog)
		return;
	lower = nma_model__lower(ctx->model, nic);
	if (nma_model__bound_queues(ctx->model, nic->r.netdev)) {
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "XDP program %u runs on a device with a memory provider",
				    prog);
		lower = nic;
	} else if (lower && nma_model__bound_queues(ctx->model, lower->r.netdev)) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "XDP program %u on %s drops what %s receives through its memory provider",
				    prog, nic->r.ifname, lower->r.ifname);
		nma_value_strn(nma_finding_ev(f, "lower_ifname"), lower->r.ifname,
			       NMA_IFNAME_LEN);
	} else {
		return;
	}
	nma_value_u64(nma_finding_ev(f, "xdp_prog_id"), prog);
	nma_value_str(nma_finding_ev(f, "xdp_mode"), mode);
	bound_queues(nma_finding_ev(f, "bound_queues"), ctx->model, lower->r.netdev);
}
