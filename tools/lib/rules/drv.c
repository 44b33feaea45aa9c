// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on what a driver offers, and how it asks for memory.
 */
#include "rules/rules.h"

#define RINGS_ALL	(NMA_RINGS_GET | NMA_RINGS_SET | NMA_RINGS_HDS)
#define QOPS_CALLS	(NMA_QOPS_ALL & ~NMA_QOPS_PRESENT)

/* Missing callbacks by name. */
static void missing_ops(struct nma_value *v, __u8 qops)
{
	static const struct {
		__u8 bit;
		const char *name;
	} ops[] = {
		{ NMA_QOPS_MEM_ALLOC, "ndo_queue_mem_alloc" },
		{ NMA_QOPS_MEM_FREE, "ndo_queue_mem_free" },
		{ NMA_QOPS_START, "ndo_queue_start" },
		{ NMA_QOPS_STOP, "ndo_queue_stop" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (!(qops & ops[i].bit))
			nma_value_set_add(v, ops[i].name);
}

static void missing_rings(struct nma_value *v, __u8 rings)
{
	if (!(rings & NMA_RINGS_HDS))
		nma_value_set_add(v, "ETHTOOL_RING_USE_TCP_DATA_SPLIT");
	if (!(rings & NMA_RINGS_GET))
		nma_value_set_add(v, "get_ringparam");
	if (!(rings & NMA_RINGS_SET))
		nma_value_set_add(v, "set_ringparam");
}

static struct nma_finding *lacks(struct nma_verdict *v, unsigned int detail,
				 const struct nma_rule_ctx *ctx, __u64 netdev,
				 const char *text)
{
	struct nma_finding *f = nma_verdict_add(v, detail, NMA_SEV_E, "%s", text);

	if (!nma_model__bound_queues(ctx->model, netdev))
		nma_finding_latent(f, ctx, netdev);
	return f;
}

/* NM-DRV-01. Only drivers that offer queue restart claim to be fit for netmem;
 * queue_mgmt_ops without any of the four callbacks (netkit) do not.
 */
void nma_rule_DRV_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_nic *r = &ref.nic->r;
	struct nma_finding *f;

	if (ref.nic->seen.gone || !(r->qops & NMA_QOPS_PRESENT) ||
	    !(r->qops & QOPS_CALLS) || !(r->flags & NMA_NIC_REGISTERED))
		return;
	if ((r->qops & NMA_QOPS_ALL) != NMA_QOPS_ALL) {
		f = lacks(v, 0, ctx, r->netdev,
			  "driver fills queue_mgmt_ops only partly, queues cannot be restarted for a bind");
		missing_ops(nma_finding_ev(f, "missing"), r->qops);
	}
	if ((r->rings & RINGS_ALL) != RINGS_ALL) {
		f = lacks(v, 1, ctx, r->netdev,
			  "driver restarts queues but does not offer tcp-data-split");
		missing_rings(nma_finding_ev(f, "missing"), r->rings);
	}
	/* pools are often made on open only, and not all at once */
	if (r->flags & NMA_NIC_UP && !r->pools) {
		f = lacks(v, 2, ctx, r->netdev,
			  "device is up but none of its page_pools names it (page_pool_params.netdev)");
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	}
}

/* NM-DRV-02. With a provider the page API can only fail and lose the buffer. */
void nma_rule_DRV_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	struct nma_finding *f;

	if (!nma_is_act(ref, NMA_ACT_PAGE_API))
		return;
	if (ref.act->mp != NMA_MP_NONE) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "page API used on a page_pool with a memory provider");
	} else {
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "page API used on a page_pool that accepts unreadable memory");
		nma_finding_latent(f, ctx, ref.act->netdev);
	}
	nma_act_evidence(f, ref.act);
}
