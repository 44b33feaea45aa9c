// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See gate.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "log.h"
#include "view.h"

static bool is_excused(const struct nma_standing *st)
{
	return st->kind == NMA_KNOWN || st->kind == NMA_WAIVED;
}

const struct nma_standing *nma_gate__standing(const struct nma_gate *g,
					      const struct nma_finding *f)
{
	size_t i;

	for (i = 0; i < g->nr_rulings; i++)
		if (g->rulings[i].f == f)
			return &g->rulings[i].standing;
	return NULL;
}

static bool excused(void *ctx, const struct nma_finding *f)
{
	const struct nma_standing *st = nma_gate__standing(ctx, f);

	return st && is_excused(st);
}

/* Who lives with a leak, or with tokens that are kept, lives with what they amount to. */
static void excuse_what_it_is_about(struct nma_gate *g, const struct nma_finding *f)
{
	struct nma_entry_pool *p = nma_table_find(&g->ledger.pools, f->pool_id, 0);
	struct nma_entry_sock *s = nma_table_find(&g->ledger.socks, f->cookie, 0);

	if (f->rule == NMA_RULE_PP_06 && p)
		p->excused = true;
	if (f->rule == NMA_RULE_TOK_01 && s)
		s->excused = true;
}

static int rule_on_all(struct nma_gate *g)
{
	const struct nma_audit *a = &g->follow.audit;
	struct nma_gate_ruling *r;
	size_t room = 1;

	nma_judge_for_each(a->judge, f)
		room++;
	g->rulings = calloc(room, sizeof(*g->rulings));
	g->checked = calloc(g->assertions.nr + 1, sizeof(*g->checked));
	if (!g->rulings || !g->checked)
		return -ENOMEM;
	nma_judge_for_each(a->judge, f) {
		if (f->kind == NMA_KIND_NOTE)
			continue;
		r = &g->rulings[g->nr_rulings++];
		r->f = f;
		if (f->pre_existing)
			continue;
		r->standing = nma_excuses__judge(&g->excuses, a->model, f);
		if (is_excused(&r->standing))
			excuse_what_it_is_about(g, f);
	}
	return 0;
}

/* What would have come back is not known when nobody waited for it, or the recording
 * ends before.
 */
static void spare_what_was_cut(const struct nma_gate *g, struct nma_checked *c)
{
	enum nma_metric_id metric = c->a->expr.metric;

	if ((!g->follow.cut && !g->follow.audit.ends_early) || c->outcome != NMA_VIOLATED)
		return;
	if (metric != NMA_METRIC_ID_LEAKED_NETMEMS && metric != NMA_METRIC_ID_LEAKED_BYTES &&
	    metric != NMA_METRIC_ID_TOKENS_OUTSTANDING &&
	    metric != NMA_METRIC_ID_POOLS_STALLED && metric != NMA_METRIC_ID_BINDINGS_LEFT)
		return;
	c->outcome = NMA_UNKNOWN;
	snprintf(c->why, sizeof(c->why), "%s", g->follow.cut ?
		 "the wait for what was to come back was interrupted" :
		 "the recording ends before it is known what comes back");
}

unsigned int nma_gate__count(const struct nma_gate *g, enum nma_outcome outcome)
{
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < g->assertions.nr; i++)
		nr += g->checked[i].outcome == outcome;
	return nr;
}

/* Nothing that is wrong was seen where something was not seen. */
static bool is_violated(const struct nma_checked *c)
{
	return c->outcome == NMA_VIOLATED &&
	       c->a->expr.metric != NMA_METRIC_ID_EVENTS_LOST;
}

/* A violation goes before a command that failed, and that before what is not known:
 * what is sure remains true.
 */
static void conclude(struct nma_gate *g)
{
	const char *failure = nma_follow_failure(&g->follow);
	bool sure = g->complete && !g->follow.cut;
	bool violated = false;
	size_t i;

	for (i = 0; i < g->assertions.nr; i++) {
		violated |= is_violated(&g->checked[i]);
		sure &= g->checked[i].outcome == NMA_HOLDS;
	}
	g->exit = violated ? NMA_EXIT_VIOLATION : sure ? NMA_EXIT_OK : NMA_EXIT_INCOMPLETE;
	g->verdict = nma_view_result(g->exit);
	g->result = g->verdict;
	if (violated || !failure)
		return;
	g->exit = NMA_EXIT_VIOLATION;
	g->result = failure;
}

int nma_gate__decide(struct nma_gate *g)
{
	struct nma_audit *a = &g->follow.audit;
	size_t i;

	if (rule_on_all(g)) {
		nma_err(g->env, -ENOMEM, "out of memory");
		return NMA_EXIT_ENV;
	}
	g->complete = nma_audit__complete(a);
	g->end_ns = a->now_ns;
	g->facts = (struct nma_facts){
		.ledger = &g->ledger,
		.model = a->model,
		.judge = a->judge,
		.coverage = &a->coverage,
		.lost = &a->lost,
		.page_size = a->model->page_size,
		.excused = excused,
		.ctx = g,
	};
	for (i = 0; i < g->assertions.nr; i++) {
		nma_check(&g->facts, &g->assertions.v[i], &g->checked[i]);
		spare_what_was_cut(g, &g->checked[i]);
	}
	conclude(g);
	return NMA_EXIT_OK;
}

void nma_gate__free(struct nma_gate *g)
{
	free(g->rulings);
	free(g->checked);
	nma_assertions__free(&g->assertions);
	nma_excuses__free(&g->excuses);
	nma_ledger__free(&g->ledger);
}

void nma_gate__outcome(const struct nma_checked *c, char *dst, size_t size)
{
	char value[32];

	if (c->outcome == NMA_UNKNOWN) {
		snprintf(dst, size, "%s", c->why);
		return;
	}
	nma_metric_text(c->a->expr.metric, c->value, value, sizeof(value));
	snprintf(dst, size, "it is %s", value);
}

struct place {
	char text[96];
};

/* "nm0 queue 3 page_pool 17" */
static struct place pool_place(const struct nma_entry_pool *p)
{
	struct place at;
	size_t len;

	len = snprintf(at.text, sizeof(at.text), "%.*s ", NMA_IFNAME_LEN,
		       p->owner.ifname[0] ? p->owner.ifname : "unknown device");
	if (p->owner.queue != NMA_NO_QUEUE)
		len += snprintf(at.text + len, sizeof(at.text) - len, "queue %u ",
				p->owner.queue);
	snprintf(at.text + len, sizeof(at.text) - len, "page_pool %u", p->pool_id);
	return at;
}

static void seconds_text(__u64 ns, char *dst, size_t size)
{
	snprintf(dst, size, "%llu.%llu s", ns / NMA_NSEC_PER_SEC,
		 ns % NMA_NSEC_PER_SEC / (NMA_NSEC_PER_SEC / 10));
}

static void pool_line(const struct nma_gate *g, const struct nma_entry_pool *p, char *dst,
		      size_t size)
{
	unsigned long long leaked = nma_entry_leaked(p);
	struct place at = pool_place(p);
	char since[32] = "";

	if (nma_entry_lost(p)) {
		snprintf(dst, size,
			 "%s: the driver has %u buffers of it, %llu more than the %u that it was made for",
			 at.text, p->excess.last.driver, nma_entry_lost(p), p->excess.size);
		return;
	}
	if (p->destroyed_ns && p->destroyed_ns < g->end_ns)
		seconds_text(g->end_ns - p->destroyed_ns, since, sizeof(since));
	snprintf(dst, size, "%s: %llu buffer%s not back%s%s%s", at.text, leaked,
		 leaked == 1 ? "" : "s", since[0] ? ", it was destroyed " : "", since,
		 since[0] ? " ago" : "");
}

static void sock_line(const struct nma_entry_sock *s, char *dst, size_t size)
{
	struct nma_value local = { 0 };

	nma_value_endpoint(&local, s->r.family, s->r.src, s->r.sport);
	snprintf(dst, size, "%.*s: %llu tokens outstanding at TCP %.64s, %.*s, pid %u",
		 NMA_IFNAME_LEN, s->ifname[0] ? s->ifname : "unknown device",
		 nma_entry_outstanding(s), local.type == NMA_VALUE_STR ? local.str : "socket",
		 NMA_COMM_LEN, s->r.hdr.comm[0] ? s->r.hdr.comm : "an unknown process",
		 s->r.hdr.pid);
}

void nma_gate__culprits(const struct nma_gate *g, const struct nma_expr *e,
			void (*fn)(void *ctx, const char *line), void *ctx)
{
	char line[256];

	nma_ledger_for_each_pool(&g->ledger, p) {
		if (!nma_blames_pool(e, p))
			continue;
		pool_line(g, p, line, sizeof(line));
		fn(ctx, line);
	}
	nma_ledger_for_each_sock(&g->ledger, s) {
		if (!nma_blames_sock(e, s))
			continue;
		sock_line(s, line, sizeof(line));
		fn(ctx, line);
	}
	nma_table_for_each(&g->ledger.refusals, n) {
		const struct nma_entry_refusal *r = (const struct nma_entry_refusal *)n;

		if (!nma_blames_refusal(e, r))
			continue;
		snprintf(line, sizeof(line), "%.*s: XDP program refused: %s", NMA_IFNAME_LEN,
			 r->ifname, strerror(-r->err));
		fn(ctx, line);
	}
}

static bool needs_quotes(const char *word)
{
	return !*word || word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_@%+=:,./-")];
}

void nma_gate__command(const struct nma_gate *g, char *dst, size_t size)
{
	size_t len = 0;
	char **word;

	dst[0] = '\0';
	for (word = g->argv; word && *word && len < size; word++)
		len += snprintf(dst + len, size - len, needs_quotes(*word) ? "%s'%s'" : "%s%s",
				word == g->argv ? "" : " ", *word);
}
