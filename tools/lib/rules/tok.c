// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on what applications do with the buffers they were lent.
 */
#include "rules/rules.h"

static void token_evidence(struct nma_finding *f, const struct nma_sock *sock)
{
	nma_value_u64(nma_finding_ev(f, "tokens_outstanding"), sock->r.outstanding);
	if (sock->r.bytes)
		nma_value_u64(nma_finding_ev(f, "outstanding_bytes"), sock->r.bytes);
	nma_sock_evidence(f, sock);
}

/* Changes whenever the application takes or returns something. */
static __u64 sock_state(const struct nma_sock *sock)
{
	return sock->r.taken * 31 + sock->r.returned * 17 + sock->r.outstanding;
}

static __u64 age_ns(const struct nma_rule_ctx *ctx, __u64 since_ns)
{
	return since_ns && since_ns < ctx->now_ns ? ctx->now_ns - since_ns : 0;
}

/* NM-TOK-01. The oldest token counts where its birth is known; of tokens older
 * than the tool only standstill can be told.
 */
void nma_rule_TOK_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_sock *sock = ref.sock;
	const struct nma_binding *binding;
	struct nma_finding *f;
	__u64 age;

	if (sock->seen.gone || !sock->r.outstanding)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W, "%s keeps %u tokens too long",
			    sock->r.orphan ? "orphaned socket" : "application",
			    sock->r.outstanding);
	f->since_ns = sock->r.oldest_ns;
	f->state = sock_state(sock);
	nma_finding_hold(f, NMA_AGE, ctx->limits->token_age_ns);
	age = age_ns(ctx, sock->r.oldest_ns);
	if (age)
		nma_value_u64(nma_finding_ev(f, "oldest_age_ns"), age);
	token_evidence(f, sock);

	binding = nma_model__binding(ctx->model, sock->r.binding_id);
	if (!binding || !binding->r.size ||
	    sock->r.bytes * 100 <= binding->r.size * ctx->limits->token_share)
		return;
	f = nma_verdict_add(v, 1, NMA_SEV_W,
			    "application keeps %llu of the dma-buf's %llu bytes",
			    sock->r.bytes, binding->r.size);
	nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	nma_value_u64(nma_finding_ev(f, "size_bytes"), binding->r.size);
	token_evidence(f, sock);
}

/* NM-TOK-03. Judged at the last sight of a socket. */
void nma_rule_TOK_03(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_sock *sock = ref.sock;
	struct nma_finding *f;

	if (!ctx->trigger || ctx->trigger->cause != NMA_CAUSE_GONE ||
	    ctx->trigger->type != NMA_REC_SOCK || !sock->r.outstanding)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_I, "socket closed with %u tokens out",
			    sock->r.outstanding);
	f->event = true;
	token_evidence(f, sock);
}

/* NM-TOK-02. A list of more frags than the kernel frees at once is right if the
 * next one goes on where it stopped; the record comes only when it did not.
 */
void nma_rule_TOK_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_use *use = ref.use;
	struct nma_finding *f;

	(void)ctx;
	switch (use->use) {
	case NMA_USE_RETURN_UNKNOWN:
		f = nma_verdict_add(v, 0, NMA_SEV_W,
				    "application returned %llu tokens that its socket does not have",
				    use->value);
		nma_value_u64(nma_finding_ev(f, "tokens_unknown"), use->value);
		break;
	case NMA_USE_RETURN_MANY:
		f = nma_verdict_add(v, 1, NMA_SEV_W,
				    "application returned too many frags at once and forgot the %llu that were left",
				    use->value);
		nma_value_u64(nma_finding_ev(f, "frags"), use->value);
		break;
	case NMA_USE_RETURN_REFUSED:
		f = nma_verdict_add(v, 2, NMA_SEV_W,
				    "SO_DEVMEM_DONTNEED refused: list of %llu bytes, at most 128 tokens of 8 bytes of a TCP socket",
				    use->value);
		break;
	default:
		return;
	}
	nma_use_evidence(f, use);
}

/* NM-TOK-04 */
void nma_rule_TOK_04(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_use *use = ref.use;
	struct nma_finding *f;

	(void)ctx;
	if (use->use != NMA_USE_PEEK)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "application peeks with MSG_SOCK_DEVMEM: each time it takes tokens for the same bytes");
	nma_use_evidence(f, use);
}

/* NM-TOK-05 */
void nma_rule_TOK_05(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_use *use = ref.use;
	struct nma_finding *f;

	(void)ctx;
	if (use->use == NMA_USE_RECV_PLAIN)
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "application reads a flow in a dma-buf without MSG_SOCK_DEVMEM and gets EFAULT");
	else if (use->use == NMA_USE_RECV_SMALL)
		f = nma_verdict_add(v, 1, NMA_SEV_E,
				    "control buffer of the application has no room for one frag: nothing is received");
	else
		return;
	nma_use_evidence(f, use);
}

/* A dma-buf that @use's process may have bound for this flow: nobody has received into
 * it, and it waits on another queue of the same device.
 */
static const struct nma_queue *waits_elsewhere(const struct nma_model *m,
					       const struct nma_rec_use *use,
					       const struct nma_queue *arrives)
{
	const struct nma_queue *found = NULL;

	nma_model_for_each(struct nma_queue, &m->queues, queue) {
		const struct nma_binding *binding;

		if (queue->r.netdev != arrives->r.netdev || !nma_queue_bound(queue) ||
		    (found && found->r.queue < queue->r.queue))
			continue;
		binding = nma_model__binding(m, queue->r.binding_id);
		if (!binding || binding->seen.gone || binding->consumed ||
		    (binding->r.owner_pid && binding->r.owner_pid != use->hdr.pid))
			continue;
		found = queue;
	}
	return found;
}

static bool anybody_received(const struct nma_model *m, __u32 binding_id)
{
	nma_model_for_each(struct nma_sock, &m->socks, sock)
		if (sock->r.binding_id == binding_id &&
		    (sock->r.taken || sock->r.outstanding))
			return true;
	return false;
}

/* NM-TOK-06. A flow on a queue that is bound may be of short messages only. */
void nma_rule_TOK_06(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_queue *arrives, *waits;
	const struct nma_rec_use *use = ref.use;
	struct nma_finding *f;

	if (use->use != NMA_USE_RECV_HOST)
		return;
	arrives = nma_model__queue_of_napi(ctx->model, use->napi_id);
	if (!arrives || nma_queue_bound(arrives))
		return;
	waits = waits_elsewhere(ctx->model, use, arrives);
	if (!waits || anybody_received(ctx->model, waits->r.binding_id))
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    "application asks for device memory and gets host memory: its flow arrives on queue %u, the dma-buf waits on queue %u",
			    arrives->r.queue, waits->r.queue);
	nma_value_u64(nma_finding_ev(f, "bytes"), use->value);
	nma_value_u64(nma_finding_ev(f, "bound_queue"), waits->r.queue);
	nma_value_u64(nma_finding_ev(f, "binding_id"), waits->r.binding_id);
	nma_use_evidence(f, use);
}
