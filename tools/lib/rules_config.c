// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on settings of a device that must not change, or must not be, while
 * a queue of it has a memory provider.
 */
#include "rules.h"

static bool bound(const struct nma_queue *queue)
{
	return queue->r.mp != NMA_MP_NONE && !queue->seen.gone;
}

static void who_evidence(struct nma_finding *f, const struct nma_rec_hdr *hdr)
{
	if (hdr->pid)
		nma_value_u64(nma_finding_ev(f, "pid"), hdr->pid);
	nma_value_strn(nma_finding_ev(f, "comm"), hdr->comm, NMA_COMM_LEN);
}

/* NM-BIND-03. Where the core keeps the setting it refuses this itself. Without
 * the attribute, rings changed in another way.
 */
void nma_rule_BIND_03(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_rec_op *op = ref.op;
	struct nma_finding *f;

	(void)ctx;
	if (op->op != NMA_OP_HDS_SET || op->ret || !op->bound_queues)
		return;
	if (op->hds == NMA_HDS_ON || !op->mode || op->value == NMA_HDS_ON)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "tcp-data-split was turned off while %u queues have a memory provider",
			    op->bound_queues);
	f->event = true;
	who_evidence(f, &op->hdr);
}

/* NM-BIND-05. The kernel refuses zero-copy sockets and binds to a queue with a
 * socket, but not a socket in copy mode on a queue with a provider.
 */
void nma_rule_BIND_05(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	struct nma_finding *f;

	if (!bound(queue) || !queue->r.xsk)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "queue has both a memory provider and an AF_XDP socket");
	nma_value_str(nma_finding_ev(f, "provider"), nma_mp_name(queue->r.mp));
	if (ctx->trigger && ctx->trigger->type == NMA_REC_QUEUE)
		who_evidence(f, ctx->trigger);
}

/* NM-BIND-06. A queue out of use is forgotten when the device goes, and its
 * binding then points to a device that was freed.
 */
void nma_rule_BIND_06(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	const struct nma_nic *nic = nma_model__nic(ctx->model, queue->r.netdev);
	struct nma_finding *f;

	if (!nic || !bound(queue) || queue->r.queue < nic->r.real_num_rx_queues)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "device went down to %u RX queues below a queue with a memory provider",
			    nic->r.real_num_rx_queues);
	nma_value_u64(nma_finding_ev(f, "real_num_rx_queues"), nic->r.real_num_rx_queues);
	if (!nic->resized.op || nic->resized.value != nic->r.real_num_rx_queues)
		return;
	who_evidence(f, &nic->resized.hdr);
	if (nic->resized.stack[0])
		nma_value_stack(nma_finding_ev(f, "set_by"), nic->resized.stack,
				NMA_STACK_LEN);
}

/* NM-BIND-07. With a single queue there is no other way. */
void nma_rule_BIND_07(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	const struct nma_nic *nic = nma_model__nic(ctx->model, queue->r.netdev);
	struct nma_finding *f;

	if (!nic || !bound(queue) || nic->r.real_num_rx_queues < 2 ||
	    !nic->rss.known || !nma_queue_set_has(&nic->rss, queue->r.queue))
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "RSS spreads flows of everybody to a queue with a memory provider");
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	nma_value_str(nma_finding_ev(f, "provider"), nma_mp_name(queue->r.mp));
	if (queue->r.binding_id)
		nma_value_u64(nma_finding_ev(f, "binding_id"), queue->r.binding_id);
}
