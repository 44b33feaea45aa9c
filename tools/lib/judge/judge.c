// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A case is one condition (detail) of one rule on one object. It is pending
 * while the rule is patient with it, active once it is a finding, and cleared
 * when it is no longer so; a cleared case that comes back counts again.
 */
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"

#define MAX_CASES	4096
#define CHANGE_MOST	10	/* times its patience that a change may take */

/* Subjects differ by rule, so the rule number keeps their keys apart. */
static void object_key(const struct nma_verdict *v, union nma_ref ref,
		       unsigned int detail, __u64 key[2])
{
	enum nma_rule_id rule = v->base.rule;
	struct nma_ident id = nma_subjects[nma_rules[rule].subject].ident(ref);

	key[0] = id.object;
	key[1] = (__u64)rule << 40 | (__u64)detail << 32 | id.part;
}

static void case_key(const struct nma_verdict *v, union nma_ref ref,
		     const struct nma_finding *item, __u64 key[2])
{
	object_key(v, ref, item->detail, key);
	if (!item->group)
		return;
	key[0] = item->group;
	key[1] = (__u64)v->base.rule << 40 | (__u64)item->detail << 32;
}

struct nma_judge *nma_judge__new(const struct nma_judge_opts *opts)
{
	struct nma_judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->opts = *opts;
	if (!j->opts.max_cases)
		j->opts.max_cases = MAX_CASES;
	return j;
}

void nma_judge__free(struct nma_judge *j)
{
	if (!j)
		return;
	nma_table_free(&j->cases);
	free(j);
}

/* Of what device nobody knows may be that of any: it is never left out. */
static bool wanted(const struct nma_judge *j, __u32 netns, const char *ifname)
{
	return nma_netns_match(j->opts.netns, netns) &&
	       (!ifname[0] || nma_strs_match(j->opts.ifnames, ifname, NMA_IFNAME_LEN));
}

static void report(struct nma_judge *j, struct nma_finding *f, __u64 now_ns)
{
	j->storm[f->rule].told++;
	f->folded = f->count - f->reported;
	f->reported = f->count;
	f->reported_ns = now_ns;
	if (j->opts.report)
		j->opts.report(j->opts.ctx, f);
	f->folded = 0;
}

static bool room_for(const struct nma_judge *j, enum nma_rule_id rule,
		     unsigned int burst)
{
	return !j->opts.burst || j->storm[rule].told < burst;
}

/* How often the record that made it says it happened. */
static __u64 occasions(const struct nma_finding *f)
{
	return f->occasions ? f->occasions : 1;
}

static void tally(struct nma_judge *j, const struct nma_finding *f)
{
	if (f->kind == NMA_KIND_NOTE)
		return;
	if (f->pre_existing)
		j->total_pre_existing += occasions(f);
	else
		j->total[f->severity] += occasions(f);
}

/* One more occurrence. The first is reported at once, unless its rule storms;
 * more are folded.
 */
static void count(struct nma_judge *j, struct nma_finding *f, __u64 now_ns)
{
	__u64 since = f->since_ns ? f->since_ns : f->begin_ns;
	bool first = !f->count;

	f->status = NMA_ACTIVE;
	f->last_ns = now_ns;
	if (first)
		f->first_ns = now_ns;
	f->count += occasions(f);
	f->pre_existing = j->opts.blame_ns && since < j->opts.blame_ns;
	tally(j, f);
	if (first && room_for(j, f->rule, j->opts.burst))
		report(j, f, now_ns);
}

/* Information is not worth losing a violation for. */
static bool may_go(const struct nma_judge *j, const struct nma_finding *f)
{
	bool info = f->severity == NMA_SEV_I;

	return f->reported == f->count &&
	       (f->status == NMA_CLEARED || (f->event && info)) &&
	       (!j->opts.history || info);
}

/* Makes room by forgetting what is over and told. */
static void evict(struct nma_judge *j)
{
	nma_table_for_each(&j->cases, n) {
		struct nma_finding *f = (struct nma_finding *)n;

		if (!may_go(j, f))
			continue;
		nma_table_del(&j->cases, n);
		free(f);
	}
}

static struct nma_finding *add_case(struct nma_judge *j,
				    const struct nma_finding *item,
				    const __u64 key[2], __u64 now_ns)
{
	struct nma_finding *f;

	if (j->cases.nr >= j->opts.max_cases)
		evict(j);
	if (j->cases.nr >= j->opts.max_cases)
		return NULL;
	f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	*f = *item;
	f->status = NMA_PENDING;
	f->begin_ns = now_ns;
	f->steady_ns = now_ns;
	if (!nma_table_add(&j->cases, &f->node, key[0], key[1]))
		return f;
	free(f);
	return NULL;
}

/* There is no room for a case. What happened is a finding all the same; what is
 * so would be counted again at the next look.
 */
static void no_room(struct nma_judge *j, const struct nma_finding *item)
{
	if (!item->event) {
		j->dropped++;
		return;
	}
	tally(j, item);
	if (item->kind == NMA_KIND_NOTE)
		return;
	j->storm[item->rule].count += occasions(item);
	j->suppressed += occasions(item);
}

/* Takes over what the rule says now, keeps what we know. */
static void refresh(struct nma_finding *f, const struct nma_finding *item,
		    __u64 now_ns)
{
	struct nma_finding old = *f;

	*f = *item;
	f->node = old.node;
	f->status = old.status;
	f->pre_existing = old.pre_existing;
	f->begin_ns = old.begin_ns;
	f->steady_ns = old.steady_ns;
	f->count = old.count;
	f->reported = old.reported;
	f->folded = old.folded;
	f->reported_ns = old.reported_ns;
	f->first_ns = old.first_ns;
	f->last_ns = old.last_ns;
	if (f->state != old.state || old.status == NMA_CLEARED)
		f->steady_ns = now_ns;
	if (old.status == NMA_CLEARED ||
	    (old.status == NMA_PENDING && f->state != old.state))
		f->begin_ns = now_ns;
	if (old.status == NMA_CLEARED)
		f->status = NMA_PENDING;
}

static __u64 due_ns(const struct nma_finding *f)
{
	__u64 since = f->since_ns ? f->since_ns : f->begin_ns;

	if (f->patience == NMA_NOW)
		return 0;
	return since + f->hold_ns;
}

/* What is legal while a queue is rebuilt counts if all stands still: the records of
 * the rebuild itself do not end the patience with it, nor does a look while it has
 * the device locked, however slow the machine is. Not for ever, though.
 */
static bool counts(const struct nma_finding *f, bool steady, __u64 now_ns)
{
	if (f->event)
		return true;
	if (f->status != NMA_PENDING || now_ns < due_ns(f))
		return false;
	return f->patience != NMA_SETTLE || steady ||
	       now_ns >= due_ns(f) + CHANGE_MOST * f->hold_ns;
}

static void judge_item(struct nma_judge *j, const struct nma_finding *item,
		       const __u64 key[2], bool steady, __u64 now_ns)
{
	struct nma_finding *f = nma_table_find(&j->cases, key[0], key[1]);
	bool worse = f && f->status == NMA_ACTIVE && item->severity > f->severity;

	if (f)
		refresh(f, item, now_ns);
	else
		f = add_case(j, item, key, now_ns);
	if (!f) {
		no_room(j, item);
		return;
	}
	f->stamp = j->stamp;
	if (item->kind == NMA_KIND_NOTE && j->opts.coverage)
		nma_coverage__note(j->opts.coverage, item);
	if (worse)
		f->begin_ns = now_ns;
	if (worse || counts(f, steady, now_ns))
		count(j, f, now_ns);
	else if (f->status == NMA_ACTIVE)
		f->last_ns = now_ns;
}

static void clear_case(struct nma_judge *j, struct nma_finding *f)
{
	if (f->event)
		return;
	if (f->count) {
		f->status = NMA_CLEARED;
		return;
	}
	nma_table_del(&j->cases, &f->node);
	free(f);
}

/* A look, and nobody is changing the device meanwhile. */
static bool is_steady(const struct nma_rule_ctx *ctx, enum nma_subject subject,
		      union nma_ref ref)
{
	const struct nma_nic *nic;

	if (ctx->trigger)
		return false;
	nic = nma_model__nic(ctx->model, nma_subjects[subject].netdev(ctx->model, ref));
	return !nic || !nic->r.locked;
}

static void judge_rule(struct nma_judge *j, const struct nma_rule_ctx *ctx,
		       enum nma_rule_id rule, union nma_ref ref)
{
	struct nma_finding *f;
	struct nma_verdict v;
	unsigned int seen = 0;
	unsigned int i;
	bool steady;
	__u64 key[2];

	nma_rule_run(ctx, rule, ref, &v);
	if (!wanted(j, v.base.netns, v.base.ifname))
		return;
	steady = v.nr && is_steady(ctx, nma_rules[rule].subject, ref);
	for (i = 0; i < v.nr; i++) {
		case_key(&v, ref, &v.item[i], key);
		judge_item(j, &v.item[i], key, steady, ctx->now_ns);
		seen |= 1u << v.item[i].detail;
	}
	for (i = 0; i < NMA_DETAIL_MAX; i++) {
		if (seen & 1u << i)
			continue;
		object_key(&v, ref, i, key);
		f = nma_table_find(&j->cases, key[0], key[1]);
		if (f)
			clear_case(j, f);
	}
}

/* Rules have an occasion by what is on the devices that are judged. */
static void cover(struct nma_judge *j, const struct nma_rule_ctx *ctx,
		  enum nma_subject subject, union nma_ref ref)
{
	struct nma_place place = { 0 };
	const struct nma_nic *nic;

	if (!j->opts.coverage)
		return;
	nma_subjects[subject].place(ctx->model, ref, &place);
	if (!wanted(j, place.netns, place.ifname))
		return;
	nma_coverage__object(j->opts.coverage, subject, ref);
	if (subject != NMA_SUBJ_QUEUE || !nma_queue_bound(ref.queue))
		return;
	nic = nma_model__nic(ctx->model, ref.queue->r.netdev);
	if (nic)
		nma_coverage__bound(j->opts.coverage, nic);
}

static void judge_object(struct nma_judge *j, const struct nma_rule_ctx *ctx,
			 enum nma_subject subject, union nma_ref ref)
{
	int i;

	cover(j, ctx, subject, ref);
	for (i = 0; i < NMA_RULE_MAX; i++)
		if (nma_rules[i].subject == subject && j->opts.rules & 1ull << i)
			judge_rule(j, ctx, i, ref);
}

struct visit {
	struct nma_judge *j;
	const struct nma_rule_ctx *ctx;
};

static void visit(void *ctx, enum nma_subject subject, union nma_ref ref)
{
	struct visit *v = ctx;

	judge_object(v->j, v->ctx, subject, ref);
}

/* The object itself and those whose verdict depends on it. */
static void judge_change(struct nma_judge *j, const struct nma_rule_ctx *ctx,
			 const struct nma_change *change)
{
	const struct nma_subject_type *type = &nma_subjects[change->subject];
	struct visit v = { j, ctx };

	judge_object(j, ctx, change->subject, change->ref);
	if (type->dependants)
		type->dependants(ctx->model, change->ref, visit, &v);
}

void nma_judge__record(struct nma_judge *j, const struct nma_change *change,
		       __u64 now_ns)
{
	struct nma_rule_ctx ctx = {
		.model = j->opts.model,
		.limits = &j->opts.limits,
		.now_ns = now_ns,
		.trigger = change->hdr,
	};

	/* a half-walked snapshot is not a state of anything: see __all() */
	if (change->ref.any && change->hdr->cause != NMA_CAUSE_SNAPSHOT)
		judge_change(j, &ctx, change);
}

static void judge_table(struct nma_judge *j, const struct nma_rule_ctx *ctx,
			const struct nma_table *t, enum nma_subject subject)
{
	nma_table_for_each(t, n)
		judge_object(j, ctx, subject, (union nma_ref){ .any = n });
}

void nma_judge__all(struct nma_judge *j, __u64 now_ns)
{
	const struct nma_model *m = j->opts.model;
	struct nma_rule_ctx ctx = {
		.model = m,
		.limits = &j->opts.limits,
		.now_ns = now_ns,
	};

	j->stamp++;
	judge_table(j, &ctx, &m->nics, NMA_SUBJ_NIC);
	judge_table(j, &ctx, &m->queues, NMA_SUBJ_QUEUE);
	judge_table(j, &ctx, &m->pools, NMA_SUBJ_POOL);
	judge_table(j, &ctx, &m->bindings, NMA_SUBJ_BINDING);
	judge_table(j, &ctx, &m->socks, NMA_SUBJ_SOCK);
	nma_table_for_each(&j->cases, n) {
		struct nma_finding *f = (struct nma_finding *)n;

		if (f->stamp != j->stamp)
			clear_case(j, f);
	}
}

void nma_judge__witness(struct nma_judge *j, const struct nma_finding *f,
			__u64 now_ns)
{
	const __u64 key[2] = {
		(__u64)f->netns << 32 | f->ifindex,
		(__u64)f->rule << 40 | (__u64)f->detail << 32 | f->queue,
	};

	judge_item(j, f, key, true, now_ns);
}

void nma_judge__strict(struct nma_judge *j, __u64 now_ns, __u64 quiet_ns, __u64 age_ns)
{
	nma_table_for_each(&j->cases, n) {
		struct nma_finding *f = (struct nma_finding *)n;

		if (f->status != NMA_PENDING || f->patience != NMA_AGE)
			continue;
		if (nma_rules[f->rule].subject == NMA_SUBJ_SOCK &&
		    now_ns - f->steady_ns < quiet_ns)
			continue;
		if (now_ns - (f->since_ns ? f->since_ns : f->begin_ns) < age_ns)
			continue;
		count(j, f, now_ns);
	}
}

static void begin_interval(struct nma_judge *j, __u64 now_ns, __u64 interval_ns)
{
	struct nma_storm *s;

	for (s = j->storm; s < j->storm + NMA_RULE_MAX; s++) {
		s->over = now_ns - s->begin_ns >= interval_ns;
		if (!s->over)
			continue;
		s->begin_ns = now_ns;
		s->told = 0;
	}
}

static void end_interval(struct nma_judge *j)
{
	struct nma_storm *s;

	for (s = j->storm; s < j->storm + NMA_RULE_MAX; s++) {
		if (!s->over || !s->count)
			continue;
		if (j->opts.storm)
			j->opts.storm(j->opts.ctx, s - j->storm, s->findings, s->count);
		s->findings = 0;
		s->count = 0;
	}
}

/* Half of the burst is left for what comes next, which is told at once. */
static void flush_case(struct nma_judge *j, struct nma_finding *f, __u64 now_ns)
{
	struct nma_storm *s = &j->storm[f->rule];

	if (room_for(j, f->rule, s->over ? (j->opts.burst + 1) / 2 : j->opts.burst)) {
		report(j, f, now_ns);
	} else if (s->over) {
		s->findings++;
		s->count += f->count - f->reported;
		j->suppressed += f->count - f->reported;
		f->reported = f->count;
		f->reported_ns = now_ns;
	}
}

void nma_judge__flush(struct nma_judge *j, __u64 now_ns, __u64 interval_ns)
{
	begin_interval(j, now_ns, interval_ns);
	nma_table_for_each(&j->cases, n) {
		struct nma_finding *f = (struct nma_finding *)n;

		if (f->count > f->reported && now_ns - f->reported_ns >= interval_ns)
			flush_case(j, f, now_ns);
	}
	end_interval(j);
}

__u64 nma_judge__due(const struct nma_judge *j)
{
	__u64 first = ~0ull;

	nma_table_for_each(&j->cases, n) {
		const struct nma_finding *f = (const struct nma_finding *)n;

		if (f->status == NMA_PENDING && due_ns(f) < first)
			first = due_ns(f);
	}
	return first;
}

unsigned int nma_judge__pending(const struct nma_judge *j,
				enum nma_patience patience)
{
	unsigned int nr = 0;

	nma_table_for_each(&j->cases, n) {
		const struct nma_finding *f = (const struct nma_finding *)n;

		nr += f->status == NMA_PENDING && f->patience == patience;
	}
	return nr;
}

static bool holds(const struct nma_judge *j, const struct nma_finding *f)
{
	return f->status == NMA_ACTIVE ||
	       (j->opts.history && f->status == NMA_CLEARED && f->kind != NMA_KIND_NOTE);
}

const struct nma_finding *nma_judge__next(const struct nma_judge *j,
					  const struct nma_finding *prev)
{
	const struct nma_node *n = prev ? prev->node.next : j->cases.first;

	while (n && !holds(j, (const struct nma_finding *)n))
		n = n->next;
	return (const struct nma_finding *)n;
}
