// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See verdict.h. A measure is a function of the facts and a filter; it says why it has
 * no value when it has none.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate/verdict.h"

struct measure {
	const struct nma_facts *facts;
	const struct nma_expr *e;
	struct nma_checked *c;
	bool at_least;		/* there may be more than the value: see c->why */
};

static void unknown(struct measure *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void unknown(struct measure *m, const char *fmt, ...)
{
	va_list ap;

	m->c->outcome = NMA_UNKNOWN;
	va_start(ap, fmt);
	vsnprintf(m->c->why, sizeof(m->c->why), fmt, ap);
	va_end(ap);
}

static void in_doubt(struct measure *m, const struct nma_entry_pool *p)
{
	const char *doubt = nma_entry_doubt(p);

	if (!doubt || m->at_least)
		return;
	m->at_least = true;
	snprintf(m->c->why, sizeof(m->c->why),
		 "whether %.*s page_pool %u lost some: %s", NMA_IFNAME_LEN,
		 p->owner.ifname[0] ? p->owner.ifname : "unknown device", p->pool_id, doubt);
}

static void may_return(struct measure *m, const struct nma_entry_sock *s)
{
	if (!nma_entry_may_return(s) || m->at_least)
		return;
	m->at_least = true;
	snprintf(m->c->why, sizeof(m->c->why),
		 "pid %u has taken tokens just before the end", s->r.hdr.pid);
}

static bool asks(const struct nma_expr *e, unsigned int label)
{
	return e->filter.set & label;
}

static bool same_name(const struct nma_expr *e, const char *ifname)
{
	return !asks(e, NMA_L(IFNAME)) ||
	       !strncmp(e->filter.ifname, ifname, NMA_IFNAME_LEN);
}

static bool same_severity(const struct nma_expr *e, enum nma_severity sev)
{
	return !asks(e, NMA_L(SEVERITY)) ||
	       !strcmp(nma_severity_name(sev), nma_severity_name(e->filter.severity));
}

static bool matches(const struct nma_expr *e, const struct nma_finding *f)
{
	return same_name(e, f->ifname) && same_severity(e, f->severity) &&
	       (!asks(e, NMA_L(RULE)) || e->filter.rule == f->rule) &&
	       (!asks(e, NMA_L(QUEUE)) || e->filter.queue == f->queue) &&
	       (!asks(e, NMA_L(POOL_ID)) || e->filter.pool_id == f->pool_id);
}

static bool matches_pool(const struct nma_expr *e, const struct nma_entry_pool *p)
{
	return !p->foreign && same_name(e, p->owner.ifname) &&
	       (!asks(e, NMA_L(QUEUE)) || e->filter.queue == p->owner.queue) &&
	       (!asks(e, NMA_L(POOL_ID)) || e->filter.pool_id == p->pool_id);
}

static bool counts(const struct nma_facts *facts, const struct nma_finding *f)
{
	return f->kind != NMA_KIND_NOTE && !f->pre_existing &&
	       !(facts->excused && facts->excused(facts->ctx, f));
}

/* It is about a pool that has something out which should be back. */
static bool is_of_leak(const struct nma_facts *facts, const struct nma_finding *f)
{
	const struct nma_entry_pool *p = nma_table_find(&facts->ledger->pools, f->pool_id, 0);

	return f->rule == NMA_RULE_PP_06 && p && nma_entry_leaked(p);
}

bool nma_blames(const struct nma_facts *facts, const struct nma_expr *e,
		const struct nma_finding *f)
{
	if (!counts(facts, f))
		return false;
	switch (e->metric) {
	case NMA_METRIC_ID_FINDINGS:
		return matches(e, f);
	case NMA_METRIC_ID_LEAKED_NETMEMS:
	case NMA_METRIC_ID_LEAKED_BYTES:
	case NMA_METRIC_ID_POOLS_STALLED:
		return is_of_leak(facts, f) && matches(e, f);
	case NMA_METRIC_ID_TOKENS_OUTSTANDING:
		return f->rule == NMA_RULE_TOK_01 && same_name(e, f->ifname);
	case NMA_METRIC_ID_ALLOC_FAILURES:
		return f->rule == NMA_RULE_PP_07 && matches(e, f);
	default:
		return false;
	}
}

bool nma_blames_pool(const struct nma_expr *e, const struct nma_entry_pool *p)
{
	bool lost = e->metric == NMA_METRIC_ID_LEAKED_NETMEMS ||
		    e->metric == NMA_METRIC_ID_LEAKED_BYTES;

	return ((lost && nma_entry_lost(p)) ||
		((lost || e->metric == NMA_METRIC_ID_POOLS_STALLED) && nma_entry_leaked(p))) &&
	       matches_pool(e, p);
}

bool nma_blames_sock(const struct nma_expr *e, const struct nma_entry_sock *s)
{
	return e->metric == NMA_METRIC_ID_TOKENS_OUTSTANDING &&
	       same_name(e, s->ifname) && nma_entry_outstanding(s);
}

bool nma_blames_refusal(const struct nma_expr *e, const struct nma_entry_refusal *r)
{
	return e->metric == NMA_METRIC_ID_XDP_REFUSED && same_name(e, r->ifname);
}

/* Has it anything to do with this rule, and could that be judged? */
static void check_rule(struct measure *m, enum nma_rule_id rule)
{
	switch (m->facts->coverage->cover[rule]) {
	case NMA_COVER_NEEDS_DEEP:
		unknown(m, "%s needs --deep", nma_rules[rule].id);
		return;
	case NMA_COVER_NO_HOOK:
	case NMA_COVER_NEEDS_WATCH:
		unknown(m, "%s cannot be observed here", nma_rules[rule].id);
		return;
	default:
		return;
	}
}

static void findings(struct measure *m)
{
	nma_judge_for_each(m->facts->judge, f)
		if (nma_blames(m->facts, m->e, f))
			m->c->value += f->count;
	if (!m->c->value && asks(m->e, NMA_L(RULE)))
		check_rule(m, m->e->filter.rule);
}

static void leaked(struct measure *m, bool bytes)
{
	nma_ledger_for_each_pool(m->facts->ledger, p) {
		if (!matches_pool(m->e, p))
			continue;
		m->c->value += (nma_entry_leaked(p) + nma_entry_lost(p)) *
			       (bytes ? (__u64)m->facts->page_size << p->order : 1);
		in_doubt(m, p);
	}
}

static void leaked_netmems(struct measure *m)
{
	leaked(m, false);
}

static void leaked_bytes(struct measure *m)
{
	leaked(m, true);
}

static void pools_stalled(struct measure *m)
{
	nma_ledger_for_each_pool(m->facts->ledger, p) {
		if (!matches_pool(m->e, p))
			continue;
		if (nma_entry_leaked(p))
			m->c->value++;
		else if (p->destroyed)
			in_doubt(m, p);
	}
}

static void pools_created(struct measure *m)
{
	nma_ledger_for_each_pool(m->facts->ledger, p)
		if (matches_pool(m->e, p) && !p->before)
			m->c->value++;
}

static void tokens_outstanding(struct measure *m)
{
	nma_ledger_for_each_sock(m->facts->ledger, s) {
		if (!same_name(m->e, s->ifname))
			continue;
		m->c->value += nma_entry_outstanding(s);
		may_return(m, s);
	}
}

static void tokens_returned(struct measure *m)
{
	nma_ledger_for_each_sock(m->facts->ledger, s)
		if (!s->foreign && same_name(m->e, s->ifname))
			m->c->value += s->r.returned - s->returned_before;
}

static void tokens_taken(struct measure *m)
{
	nma_ledger_for_each_sock(m->facts->ledger, s)
		if (!s->foreign && same_name(m->e, s->ifname))
			m->c->value += s->r.taken - s->taken_before;
}

/* @known: flows that all of them must know. false: nothing matches. */
static bool sum_flows(const struct measure *m, bool provided, struct nma_flows *sum)
{
	struct nma_flows one;
	bool any = false;

	*sum = (struct nma_flows){ .known = ~0u };
	nma_ledger_for_each_pool(m->facts->ledger, p) {
		if (!matches_pool(m->e, p) || (provided && p->mp == NMA_MP_NONE))
			continue;
		nma_flows_between(&p->begin, &p->flows, &one);
		nma_flows_add(sum, &one);
		any = true;
	}
	return any;
}

static void recycle_ratio(struct measure *m)
{
	struct nma_flows sum;
	__u32 ratio;

	if (!sum_flows(m, false, &sum))
		unknown(m, "there was no page_pool");
	else if (nma_recycle_ratio(&sum, &ratio))
		m->c->value = ratio;
	else if (!nma_flow_known(&sum, NMA_COUNTER_RING))
		unknown(m, "what page_pools recycle is not counted here");
	else
		unknown(m, "no buffer came back, or not all ways back are counted here");
}

static void alloc_failures(struct measure *m)
{
	struct nma_flows sum;

	if (!sum_flows(m, true, &sum))
		return;	/* no provider, none that had nothing */
	if (nma_flow_known(&sum, NMA_FLOW_STARVED))
		m->c->value = sum.nr[NMA_FLOW_STARVED];
	else
		unknown(m, "whether providers had buffers is not counted here");
}

static void events_lost(struct measure *m)
{
	int i;

	for (i = 0; i < NMA_LOSS_MAX; i++)
		m->c->value += m->facts->lost->count[i];
	m->c->value += m->facts->judge->dropped;
}

static void bindings_left(struct measure *m)
{
	const struct nma_nic *nic;

	nma_model_for_each(struct nma_binding, &m->facts->model->bindings, b) {
		if (b->seen.gone || b->seen.pre_existing || b->unbound_ns)
			continue;
		nic = nma_model__nic(m->facts->model, b->r.netdev);
		if (same_name(m->e, nic ? nic->r.ifname : b->was_ifname))
			m->c->value++;
	}
}

static void xdp_refused(struct measure *m)
{
	nma_table_for_each(&m->facts->ledger->refusals, n)
		if (nma_blames_refusal(m->e, (struct nma_entry_refusal *)n))
			m->c->value++;
}

static void (*const measures[NMA_METRIC_ID_MAX])(struct measure *m) = {
	[NMA_METRIC_ID_FINDINGS] = findings,
	[NMA_METRIC_ID_LEAKED_NETMEMS] = leaked_netmems,
	[NMA_METRIC_ID_LEAKED_BYTES] = leaked_bytes,
	[NMA_METRIC_ID_TOKENS_OUTSTANDING] = tokens_outstanding,
	[NMA_METRIC_ID_TOKENS_RETURNED] = tokens_returned,
	[NMA_METRIC_ID_TOKENS_TAKEN] = tokens_taken,
	[NMA_METRIC_ID_RECYCLE_RATIO] = recycle_ratio,
	[NMA_METRIC_ID_ALLOC_FAILURES] = alloc_failures,
	[NMA_METRIC_ID_EVENTS_LOST] = events_lost,
	[NMA_METRIC_ID_POOLS_STALLED] = pools_stalled,
	[NMA_METRIC_ID_POOLS_CREATED] = pools_created,
	[NMA_METRIC_ID_BINDINGS_LEFT] = bindings_left,
	[NMA_METRIC_ID_XDP_REFUSED] = xdp_refused,
};

static bool queue_exists(const struct nma_facts *facts, const struct nma_expr *e)
{
	const struct nma_nic *nic;

	nma_model_for_each(struct nma_queue, &facts->model->queues, q) {
		nic = nma_model__nic(facts->model, q->r.netdev);
		if (q->r.queue == e->filter.queue && nic && same_name(e, nic->r.ifname))
			return true;
	}
	return false;
}

/* A name that is not right must not be taken for one that nothing is wrong with. */
static bool was_there(struct measure *m)
{
	const struct nma_expr *e = m->e;

	if (asks(e, NMA_L(IFNAME)) && !nma_ledger__knows(m->facts->ledger, e->filter.ifname)) {
		unknown(m, "no device '%s' was seen", e->filter.ifname);
		return false;
	}
	if (!asks(e, NMA_L(QUEUE) | NMA_L(POOL_ID)))
		return true;
	nma_ledger_for_each_pool(m->facts->ledger, p)
		if (matches_pool(e, p))
			return true;
	if (!asks(e, NMA_L(POOL_ID)) && queue_exists(m->facts, e))
		return true;
	unknown(m, asks(e, NMA_L(POOL_ID)) ? "no such page_pool was seen" :
					     "no such queue was seen");
	return false;
}

void nma_check(const struct nma_facts *facts, const struct nma_assertion *a,
	       struct nma_checked *c)
{
	struct measure m = { .facts = facts, .e = &a->expr, .c = c };

	*c = (struct nma_checked){ .a = a, .outcome = NMA_HOLDS };
	if (facts->ledger->no_memory) {
		unknown(&m, "there was no memory to keep all that came");
		return;
	}
	if (!was_there(&m))
		return;
	measures[a->expr.metric](&m);
	if (m.at_least && !nma_expr_is_sure(&a->expr, c->value))
		c->outcome = NMA_UNKNOWN;
	if (c->outcome == NMA_HOLDS && !nma_expr_holds(&a->expr, c->value))
		c->outcome = NMA_VIOLATED;
}

const char *nma_outcome_name(enum nma_outcome outcome)
{
	static const char *const names[] = {
		[NMA_HOLDS] = "holds",
		[NMA_VIOLATED] = "violated",
		[NMA_UNKNOWN] = "unknown",
	};

	return names[outcome];
}
