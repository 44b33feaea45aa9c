// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on bindings: whether the driver uses the provider, what must not change or
 * be there at the same time, how the dma-buf is mapped, and whether the binding ends.
 */
#include <errno.h>
#include <string.h>

#include "rules/rules.h"

/* Frames that are sent again pin the dma-buf: twice TCP_RTO_MAX and then some */
#define RESEND_FACTOR	4	/* of the time that a receiver's buffers have */

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
	} else if (nma_queue_bound(queue) && queue->r.mp_priv && nic->r.flags & NMA_NIC_UP &&
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

	if (!nic || !nma_queue_bound(queue))
		return;
	hds = nma_nic_hds(nic);
	if (hds == NMA_HDS_OFF) {
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "queue has a memory provider while tcp-data-split is off");
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
		queue_evidence(f, queue);
	} else if (hds == NMA_HDS_UNKNOWN) {
		nma_verdict_blind(v, 2,
				  "neither kernel nor driver tells whether tcp-data-split is on");
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
	nma_task_evidence(f, &op->hdr, 0);
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
		if (queue->r.netdev == netdev && nma_queue_bound(queue))
			nma_value_list_add(v, queue->r.queue);
}

/* Masters that do not receive the packets of their ports again: the stack only takes
 * them for the master's, or they go to a device that is stacked on nothing.
 */
static bool passes_by(const struct nma_nic *nic)
{
	return !strcmp(nic->r.driver, "vrf") || !strcmp(nic->r.driver, "openvswitch");
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
	lower = passes_by(nic) ? NULL : nma_model__bound_below(ctx->model, nic);
	if (nma_model__bound_queues(ctx->model, nic->r.netdev)) {
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "XDP program %u runs on a device with a memory provider",
				    prog);
		lower = nic;
	} else if (lower) {
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
	bound_queues(nma_finding_ev(f, "queues"), ctx->model, lower->r.netdev);
}

/* NM-BIND-05. The kernel refuses zero-copy sockets and binds to a queue with a
 * socket, but not a socket in copy mode on a queue with a provider.
 */
void nma_rule_BIND_05(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	struct nma_finding *f;

	if (!nma_queue_bound(queue) || !queue->r.xsk)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "queue has both a memory provider and an AF_XDP socket");
	nma_value_str(nma_finding_ev(f, "provider"), nma_mp_name(queue->r.mp));
	if (ctx->trigger && ctx->trigger->type == NMA_REC_QUEUE)
		nma_task_evidence(f, ctx->trigger, 0);
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

	if (!nic || !nma_queue_bound(queue) || queue->r.queue < nic->r.real_num_rx_queues)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "device went down to %u RX queues below a queue with a memory provider",
			    nic->r.real_num_rx_queues);
	nma_value_u64(nma_finding_ev(f, "real_num_rx_queues"), nic->r.real_num_rx_queues);
	if (!nic->resized.op || nic->resized.value != nic->r.real_num_rx_queues)
		return;
	nma_task_evidence(f, &nic->resized.hdr, 0);
	if (nic->resized.stack[0])
		nma_value_stack(nma_finding_ev(f, "set_by"), nic->resized.stack,
				NMA_STACK_LEN);
}

/* Why nobody can say whether flows of others reach the queue, or NULL. */
static const char *rss_unjudged(const struct nma_nic *nic)
{
	if (nic->r.real_num_rx_queues < 2)
		return "the only queue has a memory provider: what is not steered arrives there, too";
	if (!nic->rss.known)
		return "the driver does not tell its RSS table: whether flows of others reach a queue with a memory provider is unknown";
	return NULL;
}

/* NM-BIND-07. With a single queue there is no other way. */
void nma_rule_BIND_07(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_queue *queue = ref.queue;
	const struct nma_nic *nic = nma_model__nic(ctx->model, queue->r.netdev);
	const char *unjudged;
	struct nma_finding *f;

	if (!nic || !nma_queue_bound(queue))
		return;
	unjudged = rss_unjudged(nic);
	if (unjudged) {
		f = nma_verdict_add(v, 1, NMA_SEV_I, "%s", unjudged);
		f->kind = NMA_KIND_NOTE;
	} else if (nma_queue_set_has(&nic->rss, queue->r.queue)) {
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "RSS spreads flows of everybody to a queue with a memory provider");
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	} else {
		return;
	}
	queue_evidence(f, queue);
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
	nma_owner_evidence(f, binding);
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
			    "task without CAP_NET_ADMIN bound a dma-buf %s %s",
			    binding->r.dma_dir == NMA_DMA_TO_DEVICE ? "for sending through" : "for receiving on",
			    v->base.ifname);
	f->event = true;
	f->kind = NMA_KIND_POLICY;
	nma_value_u64(nma_finding_ev(f, "size_bytes"), binding->r.size);
	nma_owner_evidence(f, binding);
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
	nma_owner_evidence(f, binding);
	if (pool->r.stack[0])
		nma_value_stack(nma_finding_ev(f, "created_by"), pool->r.stack,
				NMA_STACK_LEN);
}

static const char *whose_tokens(const struct nma_sock *sock)
{
	if (!sock)
		return "";
	return sock->r.orphan ? ", tokens of an orphaned TCP socket" :
				", tokens of an application";
}

static void not_freed(struct nma_verdict *v, const struct nma_rule_ctx *ctx,
		      const struct nma_binding *binding, const struct nma_token_holder *h)
{
	__u64 patience = ctx->limits->stall_ns;
	struct nma_finding *f;

	if (binding->r.dma_dir == NMA_DMA_TO_DEVICE)
		patience *= RESEND_FACTOR;
	f = nma_verdict_add(v, 0, NMA_SEV_E,
			    "dma-buf was unbound but is still mapped: %llu of its bytes are out%s",
			    binding->r.lent, whose_tokens(h->sock));
	f->kind = NMA_KIND_LEAK;
	f->since_ns = binding->unbound_ns;
	nma_finding_hold(f, NMA_AGE, patience);
	if (h->sock)
		nma_holder_evidence(f, h);
	nma_owner_evidence(f, binding);
}

/* The kernel frees the pool of buffers anyway, with a warning, or leaks it. */
static void freed_too_early(struct nma_verdict *v, const struct nma_binding *binding)
{
	struct nma_finding *f;

	f = nma_verdict_add(v, 2, NMA_SEV_E,
			    "dma-buf was freed with %llu of its bytes still out",
			    binding->r.lent);
	f->event = true;
	nma_owner_evidence(f, binding);
}

/* NM-BIND-10. A destroyed pool whose buffers nobody is known to hold is the
 * driver's leak: NM-PP-06.
 */
void nma_rule_BIND_10(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	const struct nma_pool *pool;
	struct nma_token_holder h;

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
	h = nma_holder_of(ctx->model, binding->r.binding_id);
	if (h.sock || !pool_of(ctx->model, binding, false))
		not_freed(v, ctx, binding, &h);
}

/* The kernel clears its pointer to it, or forgets to. Whether the device itself is
 * there is not known.
 */
static bool lost_its_netdev(const struct nma_model *m, const struct nma_binding *binding)
{
	return binding->r.listed && binding->r.dma_dir != NMA_DMA_TO_DEVICE &&
	       !nma_model__nic(m, binding->r.netdev);
}

/* NM-BIND-11. The netdev is gone by then, and the binding no longer names it. */
void nma_rule_BIND_11(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	struct nma_finding *f;

	if (binding->seen.gone || binding->r.mp != NMA_MP_DMABUF)
		return;
	if (binding->dma_gone_ns) {
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "dma-buf is still mapped for a device that went: unmapping it may crash the kernel");
		f->since_ns = binding->dma_gone_ns;
	} else if (lost_its_netdev(ctx->model, binding)) {
		f = nma_verdict_add(v, 1, NMA_SEV_W,
				    "dma-buf is bound to a network device that is gone: unmapping it may crash the kernel");
		nma_finding_hold(f, NMA_SETTLE, ctx->limits->settle_ns);
	} else {
		return;
	}
	nma_value_u64(nma_finding_ev(f, "size_bytes"), binding->r.size);
	nma_value_str(nma_finding_ev(f, "direction"),
		      binding->r.dma_dir == NMA_DMA_TO_DEVICE ? "tx" : "rx");
	nma_value_strn(nma_finding_ev(f, "was_ifname"), binding->was_ifname,
		       NMA_IFNAME_LEN);
	if (ctx->trigger && ctx->trigger->type == NMA_REC_OP) {
		nma_value_u64(nma_finding_ev(f, "by_pid"), ctx->trigger->pid);
		nma_value_strn(nma_finding_ev(f, "by_comm"), ctx->trigger->comm,
			       NMA_COMM_LEN);
	}
	nma_owner_evidence(f, binding);
}

#define PILE_MIN	16	/* bindings: a server has one for each of its threads */

/* Bindings of one process to send through one device, unused for long */
struct pile {
	unsigned int nr;
	unsigned int used;	/* that it has besides, of whatever device */
	__u64 bytes;
	__u64 last_ns;		/* when the last one was made */
};

/* Bound to send from, while we watched: of older ones nobody knows what came before. */
static bool is_sender(const struct nma_binding *b)
{
	return b->r.mp == NMA_MP_DMABUF && b->r.dma_dir == NMA_DMA_TO_DEVICE &&
	       b->r.owner_pid && !b->unbound_ns && !b->seen.gone && !b->seen.pre_existing;
}

/* The same dma-buf may be bound to several devices, and one of them is used. */
static bool was_used(const struct nma_binding *b)
{
	return !b->r.tx_unused || b->r.cpu_sends;
}

static bool is_unused(const struct nma_rule_ctx *ctx, const struct nma_binding *b)
{
	return is_sender(b) && !was_used(b) &&
	       ctx->now_ns >= b->seen.first_ns + ctx->limits->stall_ns;
}

static bool is_older(const struct nma_binding *a, const struct nma_binding *b)
{
	return a->seen.first_ns != b->seen.first_ns ?
	       a->seen.first_ns < b->seen.first_ns :
	       a->r.binding_id < b->r.binding_id;
}

/* The oldest one speaks for all: of any other the pile is empty. */
static struct pile pile_below(const struct nma_rule_ctx *ctx,
			      const struct nma_binding *oldest)
{
	struct pile p = { 0 };

	nma_model_for_each(struct nma_binding, &ctx->model->bindings, b) {
		if (b->r.owner_pid != oldest->r.owner_pid)
			continue;
		p.used += is_sender(b) && was_used(b);
		if (b->r.netdev != oldest->r.netdev || !is_unused(ctx, b))
			continue;
		if (is_older(b, oldest))
			return (struct pile){ 0 };
		p.nr++;
		p.bytes += b->r.size;
		if (b->seen.first_ns > p.last_ns)
			p.last_ns = b->seen.first_ns;
	}
	return p;
}

/* NM-BIND-12. Who uses most of what it binds has the rest for connections that are
 * idle, or for another device. It stays the same pile when its oldest one is used.
 */
void nma_rule_BIND_12(const struct nma_rule_ctx *ctx, union nma_ref ref,
		      struct nma_verdict *v)
{
	const struct nma_binding *binding = ref.binding;
	struct nma_finding *f;
	struct pile p;
	bool in_turn;

	if (!is_unused(ctx, binding))
		return;
	p = pile_below(ctx, binding);
	if (p.nr < PILE_MIN || p.used >= p.nr)
		return;
	in_turn = p.last_ns - binding->seen.first_ns >= ctx->limits->stall_ns;
	f = nma_verdict_add(v, 0, in_turn ? NMA_SEV_W : NMA_SEV_I,
			    "process %u keeps %u dma-bufs bound that nothing was ever sent from",
			    binding->r.owner_pid, p.nr);
	f->group = (__u64)binding->r.owner_pid << 32 | f->ifindex;
	nma_value_u64(nma_finding_ev(f, "bindings"), p.nr);
	nma_value_u64(nma_finding_ev(f, "bindings_used"), p.used);
	nma_value_u64(nma_finding_ev(f, "size_bytes"), p.bytes);
	nma_owner_evidence(f, binding);
}
