// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See probe.h. The table decides what is tried when; how is in attempt*.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explain/precondition.h"
#include "kernel/netns.h"
#include "probe/probe.h"
#include "rules/rules.h"

/* Conditions of findings that are not of a rule's own. */
#define CONDITION	16

enum when {
	WHEN_BOUND,		/* once, on a port with a bound queue */
	WHEN_QUEUE_BOUND,	/* on each bound queue */
	WHEN_BROKEN,		/* on the last queue, while what a bind takes is not so */
	WHEN_QUEUE_BROKEN,	/* the same, on each queue without a provider */
};

/* New rows at the end: baselines know their numbers. */
static const struct row {
	struct nma_probe probe;
	nma_attempt_fn *fn;
	enum when when;
	enum nma_pre_id breaks;	/* what is not so; NMA_PRE_MAX: nothing */
} rows[] = {
	{ { "xdp_driver", "XDP on a port with a bound queue", "NM-BIND-04", NULL },
	  nma_attempt__xdp_driver, WHEN_BOUND, NMA_PRE_MAX },
	{ { "xdp_driver_frags", "XDP with frags on a port with a bound queue",
	    "NM-BIND-04", NULL },
	  nma_attempt__xdp_driver_frags, WHEN_BOUND, NMA_PRE_MAX },
	{ { "xdp_generic", "generic XDP on a port with a bound queue", "NM-BIND-04", NULL },
	  nma_attempt__xdp_generic, WHEN_BOUND, NMA_PRE_MAX },
	{ { "bind_again", "a second dma-buf for a bound queue", "NM-BIND-01", NULL },
	  nma_attempt__bind, WHEN_QUEUE_BOUND, NMA_PRE_MAX },
	{ { "split_off", "tcp-data-split off while a queue is bound", "NM-BIND-03", NULL },
	  nma_attempt__split_off, WHEN_BOUND, NMA_PRE_MAX },
	{ { "hds_thresh", "hds-thresh above 0 while a queue is bound", "NM-BIND-03", NULL },
	  nma_attempt__hds_thresh, WHEN_BOUND, NMA_PRE_MAX },
	{ { "channels", "so few channels that a bound queue goes", "NM-BIND-06", NULL },
	  nma_attempt__channels, WHEN_QUEUE_BOUND, NMA_PRE_MAX },
	{ { "xsk_copy", "AF_XDP in copy mode on a bound queue", "NM-BIND-05",
	    "no kernel refuses it, on any driver" },
	  nma_attempt__xsk_copy, WHEN_QUEUE_BOUND, NMA_PRE_MAX },
	{ { "xsk_zerocopy", "AF_XDP in zero-copy mode on a bound queue", "NM-BIND-05", NULL },
	  nma_attempt__xsk_zerocopy, WHEN_QUEUE_BOUND, NMA_PRE_MAX },
	{ { "bind_with_xdp", "a dma-buf while XDP is attached", "NM-BIND-04", NULL },
	  nma_attempt__bind, WHEN_BROKEN, NMA_PRE_XDP },
	{ { "bind_unsplit", "a dma-buf while tcp-data-split is off", "NM-BIND-02", NULL },
	  nma_attempt__bind, WHEN_BROKEN, NMA_PRE_SPLIT },
	{ { "bind_with_xsk", "a dma-buf for a queue that AF_XDP uses", "NM-BIND-05", NULL },
	  nma_attempt__bind, WHEN_QUEUE_BROKEN, NMA_PRE_XSK },
};

struct tour {
	const struct nma_model *model;
	const struct nma_nic *nic;
	nma_probed_fn fn;
	void *ctx;
	int enter_err;		/* its namespace cannot be entered */
	unsigned int tried;
};

static bool has_xdp(const struct nma_nic *nic)
{
	const __u32 *id = nic->r.xdp_prog_id;

	return id[0] || id[1] || id[2];
}

static bool is_xdp(const struct row *row)
{
	return row->fn == nma_attempt__xdp_driver ||
	       row->fn == nma_attempt__xdp_driver_frags ||
	       row->fn == nma_attempt__xdp_generic;
}

static struct nma_probed place(const struct nma_nic *nic, __u32 queue)
{
	struct nma_probed p = {
		.netns = nic->r.hdr.netns, .ifindex = nic->r.ifindex, .queue = queue,
	};

	memcpy(p.ifname, nic->r.ifname, sizeof(p.ifname));
	return p;
}

static void untried(struct nma_probed *p, int err, const char *why)
{
	p->attempt.outcome = NMA_UNTRIED;
	p->attempt.err = err;
	snprintf(p->attempt.text, sizeof(p->attempt.text), "%s", why);
}

/* What is refused because a program is there already proves nothing. */
static void try_row(struct tour *t, const struct row *row, __u32 queue)
{
	const struct nma_attempt_at at = {
		.ifindex = t->nic->r.ifindex,
		.queue = queue == NMA_NO_QUEUE ? 0 : queue,
	};
	struct nma_probed p = place(t->nic, queue);

	p.probe = &row->probe;
	p.number = row - rows;
	if (t->enter_err)
		untried(&p, t->enter_err, "its network namespace cannot be entered");
	else if (is_xdp(row) && has_xdp(t->nic))
		untried(&p, 0, "an XDP program is attached already");
	else
		p.attempt = row->fn(&at);
	t->tried++;
	t->fn(t->ctx, &p);
}

static bool is_broken(const struct tour *t, const struct row *row, __u32 queue)
{
	const struct nma_request req = {
		.model = t->model, .ask = NMA_REQ_BIND_RX, .nic = t->nic, .queue = queue,
	};

	return nma_precondition__test(row->breaks, &req) == NMA_BROKEN;
}

static void try_queues(struct tour *t, const struct row *row)
{
	nma_model_for_each(struct nma_queue, &t->model->queues, queue) {
		bool bound = queue->r.mp != NMA_MP_NONE;

		if (queue->r.netdev != t->nic->r.netdev || queue->seen.gone)
			continue;
		if (row->when == WHEN_QUEUE_BOUND ? bound :
		    !bound && is_broken(t, row, queue->r.queue))
			try_row(t, row, queue->r.queue);
	}
}

/* The last queue is the one that is least likely to have flows. */
static void try_last(struct tour *t, const struct row *row)
{
	const struct nma_rec_nic *r = &t->nic->r;

	if (r->qops && r->real_num_rx_queues &&
	    !nma_model__bound_queues(t->model, r->netdev) &&
	    is_broken(t, row, r->real_num_rx_queues - 1))
		try_row(t, row, r->real_num_rx_queues - 1);
}

static void try_if_so(struct tour *t, const struct row *row)
{
	switch (row->when) {
	case WHEN_BOUND:
		if (nma_model__bound_queues(t->model, t->nic->r.netdev))
			try_row(t, row, NMA_NO_QUEUE);
		return;
	case WHEN_QUEUE_BOUND:
	case WHEN_QUEUE_BROKEN:
		try_queues(t, row);
		return;
	case WHEN_BROKEN:
		try_last(t, row);
		return;
	}
}

void nma_probe__nic(const struct nma_model *m, const struct nma_nic *nic,
		    nma_probed_fn fn, void *ctx)
{
	struct tour t = { .model = m, .nic = nic, .fn = fn, .ctx = ctx };
	struct nma_probed none;
	int back = -1;
	size_t i;

	if (nic->r.hdr.netns != nma_netns__own())
		t.enter_err = nma_netns__enter(nic->r.hdr.netns, &back);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		try_if_so(&t, &rows[i]);
	if (back >= 0)
		nma_netns__leave(back);
	if (t.tried)
		return;
	none = place(nic, NMA_NO_QUEUE);
	untried(&none, 0, "no queue is bound, nothing must be refused now");
	fn(ctx, &none);
}

const char *nma_probe_outcome(enum nma_outcome outcome)
{
	static const char *const names[] = {
		[NMA_REFUSED] = "refused",
		[NMA_UNDONE] = "allowed, undone",
		[NMA_STUCK] = "allowed, not undone",
		[NMA_UNTRIED] = "not tried",
	};

	return names[outcome];
}

bool nma_probe__allowed(const struct nma_probed *p)
{
	return p->attempt.outcome == NMA_UNDONE || p->attempt.outcome == NMA_STUCK;
}

bool nma_probe__answered(const struct nma_probed *p)
{
	return p->attempt.outcome != NMA_UNTRIED;
}

const char *nma_probe__reason(const struct nma_probed *p)
{
	if (!p->attempt.text[0] && nma_probe__allowed(p) && p->probe->gap)
		return p->probe->gap;
	return p->attempt.text;
}

bool nma_probe__finding(const struct nma_probed *p, bool strict, struct nma_finding *f)
{
	enum nma_rule_id rule;

	if (!nma_probe__allowed(p))
		return false;
	rule = nma_rule_find(p->probe->rule);
	if (rule == NMA_RULE_MAX)
		return false;
	*f = (struct nma_finding){
		.rule = rule, .detail = CONDITION + p->number,
		.severity = nma_rules[rule].severity, .event = true,
		.netns = p->netns, .ifindex = p->ifindex, .queue = p->queue,
	};
	memcpy(f->ifname, p->ifname, sizeof(f->ifname));
	snprintf(f->message, sizeof(f->message), "%s was allowed and %s%s%s",
		 p->probe->text, p->attempt.outcome == NMA_UNDONE ?
		 "undone at once" : "could not be undone",
		 p->probe->gap ? ": " : "", p->probe->gap ? p->probe->gap : "");
	if (p->probe->gap) {
		f->kernel_gap = true;
		f->severity = strict ? NMA_SEV_W : NMA_SEV_I;
	}
	nma_value_str(nma_finding_ev(f, "probe"), p->probe->key);
	nma_value_str(nma_finding_ev(f, "not_undone"), p->attempt.text);
	return true;
}
