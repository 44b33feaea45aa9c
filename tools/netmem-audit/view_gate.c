// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The verdict of a gate in text, and as a document.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "view.h"

#define SHOWN_MOST	5	/* findings, or others, of one assertion, without -v */
#define TOLD_MOST	40	/* the same, where there is room */

/* What is said of one assertion */
struct telling {
	const struct nma_gate *g;
	const struct nma_out *out;
	unsigned int most;
	bool alone;		/* there is no "above" */
	unsigned int told;
	unsigned int left;
};

static bool room(struct telling *t)
{
	if (t->told < t->most) {
		t->told++;
		return true;
	}
	t->left++;
	return false;
}

static void tell_culprit(void *ctx, const char *line)
{
	struct telling *t = ctx;

	if (room(t))
		nma_out_text(t->out, 4, "%s", line);
}

/* Told with an assertion before? */
static bool told_before(const struct nma_gate *g, const struct nma_checked *c,
			const struct nma_finding *f)
{
	const struct nma_checked *b;

	for (b = g->checked; b < c; b++)
		if (b->outcome == NMA_VIOLATED && nma_blames(&g->facts, &b->a->expr, f))
			return true;
	return false;
}

static void tell_findings(struct telling *t, const struct nma_checked *c)
{
	const struct nma_gate *g = t->g;
	size_t i;

	for (i = 0; i < g->nr_rulings; i++) {
		const struct nma_finding *f = g->rulings[i].f;

		if (!nma_blames(&g->facts, &c->a->expr, f))
			continue;
		if (!t->alone && told_before(g, c, f))
			nma_out_text(t->out, 4, "see %s above", nma_rules[f->rule].id);
		else if (room(t))
			nma_view_finding(t->out, f, &g->rulings[i].standing);
	}
}

static void tell_source(const struct nma_assertion *a, char *dst, size_t size)
{
	dst[0] = '\0';
	if (a->path)
		snprintf(dst, size, " (%.80s:%u)", a->path, a->line);
}

/* What a violated one is about, and what to do */
static void tell_why(struct telling *t, const struct nma_checked *c)
{
	enum nma_metric_id metric = c->a->expr.metric;

	nma_gate__culprits(t->g, &c->a->expr, tell_culprit, t);
	tell_findings(t, c);
	if (t->left)
		nma_out_text(t->out, 4, "and %u more%s", t->left, t->most == TOLD_MOST ? "" : " (-v)");
	if (metric != NMA_METRIC_ID_FINDINGS)
		nma_out_text(t->out, 4, "-> %s", nma_metrics[metric].advice);
}

char *nma_gate__details(const struct nma_gate *g, const struct nma_checked *c, size_t width,
			bool alone)
{
	struct nma_out out = g->env->out;
	struct telling t = { .g = g, .out = &out, .most = TOLD_MOST, .alone = alone };
	char outcome[192], *text = NULL;
	size_t size;

	out.file = open_memstream(&text, &size);
	if (!out.file)
		return NULL;
	out.json = false;
	out.width = width;
	out.error = NULL;
	nma_gate__outcome(c, outcome, sizeof(outcome));
	nma_out_text(&out, 0, "%s: %s", nma_outcome_name(c->outcome), outcome);
	if (c->outcome == NMA_VIOLATED)
		tell_why(&t, c);
	fclose(out.file);
	return text;
}

static void tell(const struct nma_gate *g, const struct nma_checked *c)
{
	static const char *const words[] = {
		[NMA_HOLDS] = "holds   ",
		[NMA_VIOLATED] = "VIOLATED",
		[NMA_UNKNOWN] = "UNKNOWN ",
	};
	const struct nma_out *out = &g->env->out;
	struct telling t = { .g = g, .out = out, .most = out->verbose ? ~0u : SHOWN_MOST };
	char outcome[192], source[128];

	nma_gate__outcome(c, outcome, sizeof(outcome));
	tell_source(c->a, source, sizeof(source));
	nma_out_text(out, 0, "%s %s%s: %s", words[c->outcome], c->a->expr.text, source,
		     outcome);
	if (c->outcome == NMA_VIOLATED)
		tell_why(&t, c);
}

static void tell_strays(const struct nma_gate *g)
{
	const struct nma_child *c = &g->follow.child;

	if (c->strays)
		nma_out_text(&g->env->out, 0,
			     "the command left %u processes behind (%.*s), which were ended",
			     c->strays, (int)sizeof(c->stray), c->stray);
	if (c->stuck)
		nma_out_text(&g->env->out, 0, "%u processes of the command could not be ended",
			     c->stuck);
}

void nma_gate_view(const struct nma_gate *g)
{
	const struct nma_out *out = &g->env->out;
	const struct nma_follow *f = &g->follow;
	char command[128], summary[96] = "";
	unsigned int failed;
	size_t i;

	for (i = 0; i < g->assertions.nr; i++)
		tell(g, &g->checked[i]);
	nma_view_origin(&f->audit);
	nma_view_looked_at(&f->audit);
	nma_view_coverage(&f->audit);
	nma_excuses__show(&g->excuses, g->env);
	tell_strays(g);
	nma_follow_text(f, command, sizeof(command));
	failed = nma_gate__count(g, NMA_VIOLATED);
	if (failed)
		snprintf(summary, sizeof(summary), ", %u of %zu assertions", failed,
			 g->assertions.nr);
	nma_out_text(out, 0, "result: %s%s%s%s%s", g->result, summary,
		     command[0] ? "; " : "", command,
		     g->complete ? "" : "; not all could be seen: see the warnings");
}

static void add_u64(struct json_object *obj, const char *key, __u64 u)
{
	json_object_object_add(obj, key, json_object_new_uint64(u));
}

static void add_flag(struct json_object *obj, const char *key, bool flag)
{
	if (flag)
		json_object_object_add(obj, key, json_object_new_boolean(true));
}

static void add_value(struct json_object *obj, const char *key, enum nma_metric_id metric,
		      __u64 value)
{
	if (nma_metrics[metric].kind == NMA_METRIC_RATIO)
		json_object_object_add(obj, key,
				       json_object_new_double(value / (double)NMA_RATIO_ONE));
	else
		add_u64(obj, key, value);
}

static struct json_object *labels_json(const struct nma_filter *f)
{
	struct json_object *obj = json_object_new_object();

	if (f->set & NMA_L(RULE))
		nma_json_add_str(obj, "rule", nma_rules[f->rule].id);
	if (f->set & NMA_L(SEVERITY))
		nma_json_add_str(obj, "severity", nma_severity_name(f->severity));
	if (f->set & NMA_L(IFNAME))
		nma_json_add_str(obj, "ifname", f->ifname);
	if (f->set & NMA_L(QUEUE))
		add_u64(obj, "queue", f->queue);
	if (f->set & NMA_L(POOL_ID))
		add_u64(obj, "pool_id", f->pool_id);
	return obj;
}

static void add_line(void *ctx, const char *line)
{
	json_object_array_add(ctx, nma_json_str(line));
}

/* Findings by their place in the list of all. */
static void add_blame(const struct nma_gate *g, const struct nma_checked *c,
		      struct json_object *obj)
{
	struct json_object *lines = json_object_new_array();
	struct json_object *findings = json_object_new_array();
	size_t i;

	nma_gate__culprits(g, &c->a->expr, add_line, lines);
	for (i = 0; i < g->nr_rulings; i++)
		if (nma_blames(&g->facts, &c->a->expr, g->rulings[i].f))
			json_object_array_add(findings, json_object_new_int64(i));
	json_object_object_add(obj, "about", lines);
	json_object_object_add(obj, "findings", findings);
	nma_json_add_str(obj, "advice", nma_metrics[c->a->expr.metric].advice);
}

static struct json_object *assertion_json(const struct nma_gate *g,
					  const struct nma_checked *c)
{
	struct json_object *obj = json_object_new_object();
	const struct nma_expr *e = &c->a->expr;

	nma_json_add_str(obj, "assertion", e->text);
	nma_json_add_str(obj, "file", c->a->path);
	if (c->a->path)
		add_u64(obj, "line", c->a->line);
	nma_json_add_str(obj, "outcome", nma_outcome_name(c->outcome));
	nma_json_add_str(obj, "metric", nma_metrics[e->metric].name);
	if (e->filter.set)
		json_object_object_add(obj, "labels", labels_json(&e->filter));
	nma_json_add_str(obj, "operator", nma_compare_text(e->op));
	add_value(obj, "wanted", e->metric, e->number);
	if (c->outcome == NMA_UNKNOWN)
		nma_json_add_str(obj, "why", c->why);
	else
		add_value(obj, "value", e->metric, c->value);
	if (c->outcome == NMA_VIOLATED)
		add_blame(g, c, obj);
	return obj;
}

static struct json_object *pool_json(const struct nma_gate *g,
				     const struct nma_entry_pool *p)
{
	struct json_object *obj = json_object_new_object();
	struct nma_flows flows;
	__u32 ratio;

	add_u64(obj, "id", p->pool_id);
	nma_json_add_str(obj, "ifname", p->owner.ifname);
	if (p->owner.queue != NMA_NO_QUEUE)
		add_u64(obj, "queue", p->owner.queue);
	if (p->binding_id)
		add_u64(obj, "binding_id", p->binding_id);
	add_flag(obj, "pre_existing", p->before);
	if (p->created_ns)
		add_u64(obj, "created_ns", p->created_ns);
	if (p->destroyed_ns)
		add_u64(obj, "destroyed_ns", p->destroyed_ns);
	add_flag(obj, "destroyed", p->destroyed);
	add_flag(obj, "freed", p->gone);
	add_u64(obj, "inflight", p->inflight > 0 ? p->inflight : 0);
	add_u64(obj, "leaked", nma_entry_leaked(p) + nma_entry_lost(p));
	add_u64(obj, "buffer_bytes", (__u64)g->facts.page_size << p->order);
	nma_flows_between(&p->begin, &p->flows, &flows);
	if (nma_recycle_ratio(&flows, &ratio))
		json_object_object_add(obj, "recycle_ratio",
				       json_object_new_double(ratio / 10000.0));
	return obj;
}

static struct json_object *findings_json(const struct nma_gate *g)
{
	struct json_object *arr = json_object_new_array();
	size_t i;

	for (i = 0; i < g->nr_rulings; i++)
		json_object_array_add(arr, nma_view_finding_json(&g->env->out,
								 g->rulings[i].f,
								 &g->rulings[i].standing));
	return arr;
}

static void add_command(const struct nma_gate *g, struct json_object *doc)
{
	const struct nma_child *c = &g->follow.child;
	struct json_object *arr;
	char **word;

	if (!g->argv)
		return;
	arr = json_object_new_array();
	for (word = g->argv; *word; word++)
		json_object_array_add(arr, nma_json_str(*word));
	json_object_object_add(doc, "command", arr);
	nma_follow_json(&g->follow, doc);
	if (g->follow.ended_ns > g->follow.command_ns)
		add_u64(doc, "command_ns", g->follow.ended_ns - g->follow.command_ns);
	if (c->strays)
		add_u64(doc, "processes_left", c->strays);
	if (c->stuck)
		add_u64(doc, "processes_stuck", c->stuck);
}

struct json_object *nma_gate_json(const struct nma_gate *g)
{
	struct json_object *doc = nma_json_doc("gate");
	struct json_object *assertions = json_object_new_array();
	struct json_object *pools = json_object_new_array();
	size_t i;

	nma_view_origin_json(&g->follow.audit, doc);
	nma_json_add_str(doc, "result", g->result);
	nma_json_add_str(doc, "verdict", g->verdict);
	json_object_object_add(doc, "complete", json_object_new_boolean(g->complete));
	add_command(g, doc);
	add_u64(doc, "duration_ns", g->end_ns - g->follow.start_ns);
	for (i = 0; i < g->assertions.nr; i++)
		json_object_array_add(assertions, assertion_json(g, &g->checked[i]));
	json_object_object_add(doc, "assertions", assertions);
	json_object_object_add(doc, "findings", findings_json(g));
	nma_ledger_for_each_pool(&g->ledger, p)
		json_object_array_add(pools, pool_json(g, p));
	json_object_object_add(doc, "pools", pools);
	if (g->excuses.waivers)
		json_object_object_add(doc, "waivers", nma_excuses__json(&g->excuses));
	nma_view_looked_at_json(&g->follow.audit, doc);
	nma_view_coverage_json(&g->follow.audit, doc);
	return doc;
}
