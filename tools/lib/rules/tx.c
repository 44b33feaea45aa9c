// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on sending from memory that is lent to the kernel meanwhile.
 */
#include "rules/rules.h"

/* enum netmem_tx_mode; before it was one, the bit that became _DMA */
enum {
	TX_NONE,
	TX_DMA,
	TX_NO_DMA,
};

static const char *why_text(__u32 why)
{
	switch (why) {
	case NMA_SEND_NO_ZEROCOPY:
		return "neither MSG_ZEROCOPY nor SO_ZEROCOPY may be missing, and the device needs scatter-gather";
	case NMA_SEND_NO_BINDING:
		return "no dma-buf is bound to send from under this number";
	case NMA_SEND_OTHER_DEVICE:
		return "the route leaves through another device than the dma-buf is bound to";
	case NMA_SEND_BAD_RANGE:
		return "the range is not within the dma-buf, or is not given as iovec";
	default:
		return "the kernel does not say why";
	}
}

/* NM-TX-01 */
void nma_rule_TX_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_use *use = ref.use;
	struct nma_finding *f;

	(void)ctx;
	if (use->use != NMA_USE_SEND_REFUSED)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W, "send from dma-buf %llu refused: %s",
			    use->value, why_text(use->why));
	nma_value_u64(nma_finding_ev(f, "binding_id"), use->value);
	nma_use_evidence(f, use);
}

static void sends_evidence(struct nma_finding *f, const struct nma_sock *sock)
{
	const struct nma_rec_sock *r = &sock->r;

	nma_value_u64(nma_finding_ev(f, "sends_in_flight"), r->tx_inflight);
	nma_value_u64(nma_finding_ev(f, "completions_unread"), r->tx_unread);
	nma_sock_evidence(f, sock);
}

/* NM-TX-02. A peer that takes nothing is not the driver's fault. */
void nma_rule_TX_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_sock *r = &ref.sock->r;
	struct nma_finding *f;

	if (r->tx_copied && r->tx_dmabuf) {
		f = nma_verdict_add(v, 2, NMA_SEV_E,
				    "%u sends of a socket that sends from a dma-buf were copied",
				    r->tx_copied);
		sends_evidence(f, ref.sock);
	}
	if (ref.sock->seen.gone)
		return;
	if (r->tx_inflight && !r->tx_zero_window) {
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "%u zero-copy sends have not completed", r->tx_inflight);
		f->state = r->tx_done;
		nma_finding_hold(f, NMA_AGE, ctx->limits->stall_ns);
		sends_evidence(f, ref.sock);
	}
	if (r->tx_unread) {
		f = nma_verdict_add(v, 1, NMA_SEV_W,
				    "application does not read the completions of %u zero-copy sends",
				    r->tx_unread);
		f->state = r->tx_done - r->tx_unread;
		nma_finding_hold(f, NMA_AGE, ctx->limits->token_age_ns);
		sends_evidence(f, ref.sock);
	}
}

static bool sends_from_dmabuf(const struct nma_model *m, __u64 netdev)
{
	nma_model_for_each(struct nma_binding, &m->bindings, binding)
		if (binding->r.netdev == netdev && binding->r.dma_dir == NMA_DMA_TO_DEVICE &&
		    !binding->unbound_ns && !binding->seen.gone)
			return true;
	return false;
}

/* NM-TX-03. What stands above a physical device does no DMA of its own. */
void nma_rule_TX_03(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_nic *r = &ref.nic->r;
	const struct nma_model *m = ctx->model;
	bool does_dma = r->flags & NMA_NIC_DMA_DEV;

	if (ref.nic->seen.gone || !(r->flags & NMA_NIC_REGISTERED) ||
	    !(r->flags & NMA_NIC_TX_VALID))
		return;
	if (r->netmem_tx == TX_DMA && !does_dma)
		nma_verdict_add(v, 0, NMA_SEV_F,
				"device says that it does DMA to memory it sends, but has no device to do it with");
	else if (r->netmem_tx == TX_NO_DMA && does_dma)
		nma_verdict_add(v, 1, NMA_SEV_F,
				"device says that it does no DMA, but is a physical one: frames of other devices' memory reach it");
	else if (r->netmem_tx == TX_NONE && sends_from_dmabuf(m, r->netdev))
		nma_verdict_add(v, 2, NMA_SEV_F,
				"a dma-buf is bound to send through a device that says it cannot");
}

#define COPIED_MIN	16	/* notifications: each proves its first send only */

/* NM-TX-04. Of pages: what is sent from a dma-buf is NM-TX-02's. A process that sends
 * all it has to the same machine has many such sockets and is told once: of the first
 * that is closed, for that is its sum; of one that is open to who wants to know all.
 */
void nma_rule_TX_04(const struct nma_rule_ctx *ctx, union nma_ref ref,
		    struct nma_verdict *v)
{
	const struct nma_rec_sock *r = &ref.sock->r;
	bool closed = ctx->trigger && ctx->trigger->type == NMA_REC_SOCK &&
		      ctx->trigger->cause == NMA_CAUSE_GONE;
	const struct nma_nic *nic;
	struct nma_finding *f;

	if (r->tx_all_copied < COPIED_MIN || r->tx_dmabuf ||
	    (ref.sock->seen.gone && !closed))
		return;
	nic = nma_model__nic_by_index(ctx->model, r->hdr.netns, r->tx_ifindex);
	f = nma_verdict_add(v, !closed, NMA_SEV_I, "all %u zero-copy sends were copied%s%.*s",
			    r->tx_copied, nic ? ", on their way through " : "",
			    nic ? NMA_IFNAME_LEN : 0, nic ? nic->r.ifname : "");
	f->event = closed;
	f->group = (__u64)r->hdr.pid << 32 | r->tx_ifindex;
	nma_value_u64(nma_finding_ev(f, "sends_copied"), r->tx_copied);
	nma_sock_evidence(f, ref.sock);
}
