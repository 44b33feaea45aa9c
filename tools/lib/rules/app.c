// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on applications that touch a dma-buf with the CPU.
 */
#include "rules/rules.h"

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
	bool sender = binding->r.dma_dir == NMA_DMA_TO_DEVICE;
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
	nma_value_u64(nma_finding_ev(f, sender ? "sends" : "tokens_returned"), n);
	nma_value_u64(nma_finding_ev(f, "cpu_maps"), binding->r.cpu_maps);
	nma_owner_evidence(f, binding);
}

static void sent_anew(struct nma_verdict *v, const struct nma_rec_use *use)
{
	struct nma_finding *f;

	f = nma_verdict_add(v, 1, NMA_SEV_W,
			    "application sent bytes again that it may have written to before their last send completed");
	nma_value_u64(nma_finding_ev(f, "binding_id"), use->value);
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
