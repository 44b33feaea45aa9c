// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on what drivers do with DMA addresses of netmem.
 */
#include "rules/rules.h"

static void dma_evidence(struct nma_finding *f, const struct nma_rec_act *act)
{
	nma_value_u64(nma_finding_ev(f, "bytes"), act->value[0]);
	nma_act_evidence(f, act);
}

/* NM-DMA-01 */
void nma_rule_DMA_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	(void)ctx;
	if (ref.act->act != NMA_ACT_DMA_SYNC)
		return;
	dma_evidence(nma_verdict_add(v, 0, NMA_SEV_E,
				     "driver syncs the address of a dma-buf itself"),
		     ref.act);
}

/* NM-DMA-02 */
void nma_rule_DMA_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	(void)ctx;
	if (ref.act->act != NMA_ACT_DMA_UNMAP)
		return;
	dma_evidence(nma_verdict_add(v, 0, NMA_SEV_F,
				     "driver unmaps the address of a dma-buf that is sent"),
		     ref.act);
}
