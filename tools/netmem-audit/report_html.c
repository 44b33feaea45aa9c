// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A gate as one HTML file with pictures. Nothing in it is loaded from elsewhere and
 * nothing runs: it can be mailed, printed, and read with a keyboard.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chart.h"
#include "kernel/features.h"
#include "model/holder.h"
#include "report.h"
#include "view.h"
#include "xml.h"

static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1a1d21;--dim:#5b636d;--line:#d5dae0;"
	"--card:#f5f7f9;--ok:#1a7f37;--bad:#c1121f;--warn:#8a5a00;"
	"--s0:#2f6fd0;--s1:#d9701a;--s2:#2f8f5b;--s3:#b5479a;--s4:#7a5cc7;--s5:#a8891c;"
	"--s6:#2b94a8;--s7:#8a8f98}\n"
	"@media screen and (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e4e8ec;--dim:#9aa4af;"
	"--line:#363c43;--card:#1d2126;--ok:#4cc38a;--bad:#ff7b72;--warn:#e0af4c;"
	"--s0:#6ea8fe;--s1:#f2a65a;--s2:#63c493;--s3:#e58fcb;--s4:#ab94ee;--s5:#d8bd55;"
	"--s6:#62c4d6;--s7:#9aa0a8}}\n"
	"*{box-sizing:border-box}body{margin:0 auto;padding:1rem;max-width:68rem;background:"
	"var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif}\n"
	"h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}"
	"small,.dim{color:var(--dim)}code,pre{font:13px/1.4 ui-monospace,monospace}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}\n"
	".verdict{border-left:.4rem solid var(--ok);background:var(--card);padding:.6rem .9rem}"
	".verdict.bad{border-color:var(--bad)}.verdict.unknown{border-color:var(--warn)}\n"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem "
	".25rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
	"td.n,th.n{text-align:right}.id{white-space:nowrap}"
	".wide{overflow-x:auto}td code{overflow-wrap:anywhere}\n"
	".holds{color:var(--ok)}.violated,.error{color:var(--bad);font-weight:600}"
	".unknown,.warn{color:var(--warn);font-weight:600}\n"
	"details{background:var(--card);padding:.4rem .8rem;margin:.4rem 0}summary{cursor:"
	"pointer;overflow-wrap:anywhere}:focus-visible{outline:2px solid var(--s0)}\n"
	"figure{margin:.8rem 0;overflow-x:auto}figure svg{width:100%;min-width:36rem;height:"
	"auto;display:block}figcaption{"
	"font-weight:600}ul.key{list-style:none;margin:.2rem 0 1rem;padding:0;display:flex;"
	"flex-wrap:wrap;gap:.2rem 1.2rem}\n"
	".grid{stroke:var(--line)}.tick{fill:var(--dim);font-size:11px}.line{fill:none;"
	"stroke-width:2}.area{stroke:none}.mark line{stroke:var(--dim);stroke-dasharray:3 3}"
	".mark path{fill:var(--dim)}.mark.bad line{stroke:var(--bad)}.mark.bad path{fill:"
	"var(--bad)}\n"
	".line.s0{stroke:var(--s0)}.area.s0{fill:var(--s0)}.line.s1{stroke:var(--s1)}"
	".area.s1{fill:var(--s1)}.line.s2{stroke:var(--s2)}.area.s2{fill:var(--s2)}"
	".line.s3{stroke:var(--s3)}.area.s3{fill:var(--s3)}.line.s4{stroke:var(--s4)}"
	".area.s4{fill:var(--s4)}.line.s5{stroke:var(--s5)}.area.s5{fill:var(--s5)}"
	".line.s6{stroke:var(--s6)}.area.s6{fill:var(--s6)}.line.s7{stroke:var(--s7)}"
	".area.s7{fill:var(--s7)}\n"
	"@media print{:root{color-scheme:light}body{max-width:none;font-size:11px}"
	"code,pre{font-size:10px}"
	"details::details-content{content-visibility:visible;block-size:auto}"
	"h2,summary,thead,figure{break-after:avoid}tr,figure,.verdict,ul.key{break-inside:avoid}"
	".wide,figure{overflow:visible}figure svg{min-width:0}}\n";

#define WRAPPED	100000	/* columns: by the browser */

/* Where it is wider than the window, it is scrolled: with a keyboard, too. */
static void begin_table(FILE *f, const char *name)
{
	fprintf(f, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>\n",
		name);
}

static void end_table(FILE *f)
{
	fputs("</table></div>\n", f);
}

static void put_row(FILE *f, const char *name, const char *value)
{
	fprintf(f, "<tr><th scope=\"row\">%s</th><td>", name);
	nma_xml_put(f, value);
	fputs("</td></tr>\n", f);
}

/* "2026-11-30 01:02:03 UTC" */
static void moment(__u64 wall_ns, char *dst, size_t size)
{
	time_t seconds = wall_ns / NMA_NSEC_PER_SEC;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(dst, size, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(dst, size, "an unknown day");
}

static void put_system(const struct nma_gate *g, FILE *f)
{
	const struct nma_origin *o = &g->follow.audit.source->origin;
	__u64 ns = g->end_ns - g->follow.start_ns;
	char text[1024];

	fputs("<h2>Where and when</h2>\n", f);
	begin_table(f, "where and when");
	put_row(f, "host", o->host);
	snprintf(text, sizeof(text), "%s (%s)", o->release, o->machine);
	put_row(f, "kernel", text);
	put_row(f, "netmem-audit", NMA_VERSION);
	moment(o->wall_ns, text, sizeof(text));
	put_row(f, "began", text);
	snprintf(text, sizeof(text), "%llu ns", o->time_ns);
	put_row(f, "on the monotonic clock", text);
	snprintf(text, sizeof(text), "%llu.%llu s", ns / NMA_NSEC_PER_SEC,
		 ns % NMA_NSEC_PER_SEC / (NMA_NSEC_PER_SEC / 10));
	put_row(f, "took", text);
	if (g->follow.audit.opts.from)
		put_row(f, "recording", g->follow.audit.opts.from);
	end_table(f);
}

static void put_verdict(const struct nma_gate *g, FILE *f)
{
	char command[1024], text[192];

	fprintf(f, "<div class=\"verdict %s\"><h1>%s</h1>\n",
		g->exit == NMA_EXIT_OK ? "" : g->exit == NMA_EXIT_INCOMPLETE ? "unknown" :
		"bad", g->result);
	nma_gate__command(g, command, sizeof(command));
	if (command[0]) {
		fputs("<code>", f);
		nma_xml_put(f, command);
		fputs("</code><br>", f);
	}
	nma_follow_text(&g->follow, text, sizeof(text));
	nma_xml_put(f, text);
	fprintf(f, "%s%u of %zu assertions hold%s</div>\n", text[0] ? "; " : "",
		nma_gate__count(g, NMA_HOLDS), g->assertions.nr,
		g->complete ? "" : "; not all could be seen");
}

static void put_assertions(const struct nma_gate *g, FILE *f)
{
	const struct nma_checked *c = g->checked;
	char outcome[192];

	fputs("<h2>Assertions</h2>\n", f);
	begin_table(f, "assertions");
	fputs("<thead><tr><th>assertion</th><th>outcome</th><th>found</th></tr></thead><tbody>\n",
	      f);
	for (; c < g->checked + g->assertions.nr; c++) {
		nma_gate__outcome(c, outcome, sizeof(outcome));
		fputs("<tr><td><code>", f);
		nma_xml_put(f, c->a->expr.text);
		fprintf(f, "</code></td><td class=\"%s\">%s</td><td>",
			nma_outcome_name(c->outcome), nma_outcome_name(c->outcome));
		nma_xml_put(f, outcome);
		fputs("</td></tr>\n", f);
	}
	fputs("</tbody>", f);
	end_table(f);
	for (c = g->checked; c < g->checked + g->assertions.nr; c++) {
		char *details;

		if (c->outcome != NMA_VIOLATED)
			continue;
		details = nma_gate__details(g, c, WRAPPED, false);
		if (!details)
			continue;
		fputs("<details open><summary>why <code>", f);
		nma_xml_put(f, c->a->expr.text);
		fputs("</code> is violated</summary><pre>", f);
		nma_xml_put(f, details);
		fputs("</pre></details>\n", f);
		free(details);
	}
}

static const char *standing_text(const struct nma_gate_ruling *r)
{
	if (r->f->pre_existing)
		return ", was there before";
	if (r->standing.kind == NMA_KNOWN)
		return ", known";
	return r->standing.kind == NMA_WAIVED ? ", waived" : "";
}

static void put_finding(const struct nma_gate *g, FILE *f, const struct nma_gate_ruling *r)
{
	struct nma_out out = g->env->out;
	char *text = NULL;
	size_t size;

	out.file = open_memstream(&text, &size);
	if (!out.file)
		return;
	out.json = false;
	out.width = WRAPPED;
	out.error = NULL;
	nma_view_finding(&out, r->f, &r->standing);
	fclose(out.file);
	fprintf(f, "<details><summary><span class=\"%s\">%s</span> %s <small>%llu.%03llu s%s</small> ",
		nma_severity_name(r->f->severity), nma_severity_name(r->f->severity),
		nma_rules[r->f->rule].id,
		r->f->first_ns > g->follow.start_ns ?
		(r->f->first_ns - g->follow.start_ns) / NMA_NSEC_PER_SEC : 0,
		r->f->first_ns > g->follow.start_ns ?
		(r->f->first_ns - g->follow.start_ns) / 1000000 % 1000 : 0,
		standing_text(r));
	nma_xml_put(f, r->f->message);
	fputs("</summary><pre>", f);
	nma_xml_put(f, text);
	fputs("</pre></details>\n", f);
	free(text);
}

#define FINDINGS_MOST	500

static void put_findings(const struct nma_gate *g, FILE *f)
{
	size_t i;

	fputs("<h2>Findings</h2>\n", f);
	if (!g->nr_rulings)
		fputs("<p>None.</p>\n", f);
	for (i = 0; i < g->nr_rulings && i < FINDINGS_MOST; i++)
		put_finding(g, f, &g->rulings[i]);
	if (g->nr_rulings > FINDINGS_MOST)
		fprintf(f, "<p>And %zu more.</p>\n", g->nr_rulings - FINDINGS_MOST);
}

/* ---- pictures ------------------------------------------------------------------- */

#define MARKS_MOST	60

struct marks {
	struct nma_chart_mark v[MARKS_MOST];
	size_t nr;
};

static void add_mark(struct marks *m, __u64 time_ns, const char *text, bool bad)
{
	if (m->nr < MARKS_MOST)
		m->v[m->nr++] = (struct nma_chart_mark){ time_ns, text, bad };
}

static void collect_marks(const struct nma_gate *g, struct marks *m)
{
	size_t i;

	*m = (struct marks){ 0 };
	if (g->follow.command_ns)
		add_mark(m, g->follow.command_ns, "the command was started", false);
	if (g->follow.ended_ns)
		add_mark(m, g->follow.ended_ns, "it had ended", false);
	for (i = 0; i < g->nr_rulings; i++)
		if (g->rulings[i].f->severity > NMA_SEV_I && !g->rulings[i].f->pre_existing)
			add_mark(m, g->rulings[i].f->first_ns, g->rulings[i].f->message, true);
}

static void begin(struct nma_chart *c, const struct nma_gate *g, FILE *f,
		  const struct marks *m, const char *title, const char *unit)
{
	*c = (struct nma_chart){
		.f = f, .title = title, .unit = unit,
		.begin_ns = g->history->first_ns, .end_ns = g->end_ns,
		.mark = m->v, .nr_marks = m->nr,
	};
}

/* The highest ones, those that moved first: as many as one can tell apart. */
static size_t choose(const struct nma_history *h, enum nma_curve_kind kind,
		     const struct nma_curve **best)
{
	size_t nr = 0, i, k;

	nma_table_for_each(&h->curves, n) {
		const struct nma_curve *c = (const struct nma_curve *)n;

		if (n->key[0] != kind || !c->peak)
			continue;
		for (i = 0; i < nr; i++)
			if (c->moved > best[i]->moved ||
			    (c->moved == best[i]->moved && c->peak > best[i]->peak))
				break;
		if (i == NMA_CHART_SERIES)
			continue;
		if (nr < NMA_CHART_SERIES)
			nr++;
		for (k = nr - 1; k > i; k--)
			best[k] = best[k - 1];
		best[i] = c;
	}
	return nr;
}

static void name_curve(const struct nma_gate *g, const struct nma_curve *c, char *dst,
		       size_t size)
{
	const struct nma_entry_pool *p;
	size_t len;

	if (c->node.key[0] != NMA_CURVE_POOL) {
		snprintf(dst, size, "binding %llu", c->node.key[1]);
		return;
	}
	p = nma_table_find(&g->ledger.pools, c->node.key[1], 0);
	len = snprintf(dst, size, "%.*s", NMA_IFNAME_LEN,
		       p && p->owner.ifname[0] ? p->owner.ifname : "no device");
	if (p && p->owner.queue != NMA_NO_QUEUE)
		len += snprintf(dst + len, size - len, " queue %u", p->owner.queue);
	snprintf(dst + len, size - len, " pool %llu", c->node.key[1]);
}

static void put_curves(const struct nma_gate *g, FILE *f, const struct marks *m,
		       enum nma_curve_kind kind, const char *title, const char *unit)
{
	const struct nma_curve *best[NMA_CHART_SERIES + 1];
	size_t i, nr = choose(g->history, kind, best);
	struct nma_chart c;
	char name[64], peak[32];

	if (!nr)
		return;
	begin(&c, g, f, m, title, unit);
	for (i = 0; i < nr; i++)
		if (best[i]->peak > c.max)
			c.max = best[i]->peak;
	nma_chart_begin(&c);
	for (i = 0; i < nr; i++) {
		name_curve(g, best[i], name, sizeof(name));
		nma_chart_line(&c, best[i], i, name);
	}
	nma_chart_end(&c);
	fputs("<ul class=\"key\">\n", f);
	for (i = 0; i < nr; i++) {
		name_curve(g, best[i], name, sizeof(name));
		snprintf(peak, sizeof(peak), "up to %u", best[i]->peak);
		nma_chart_key(f, i, name, peak);
	}
	fputs("</ul>\n", f);
}

/* Colours for holders, in the order of their list; more than there are share the last. */
static unsigned int holder_colour(unsigned int n)
{
	return n < NMA_CHART_SERIES ? n : NMA_CHART_SERIES - 1;
}

struct stack {
	__u64 *time, *low, *high;
};

static void put_layers(const struct nma_gate *g, FILE *f, struct nma_chart *c,
		       struct stack *s)
{
	const struct nma_history *h = g->history;
	unsigned int holder, n = 0;
	__u64 most;
	size_t i;

	for (holder = 0; holder < NMA_HOLDER_MAX; holder++) {
		most = 0;
		for (i = 0; i < h->nr; i++) {
			s->high[i] = s->low[i] + h->v[i].held[holder];
			if (h->v[i].held[holder] > most)
				most = h->v[i].held[holder];
		}
		if (most)
			nma_chart_area(c, s->time, s->low, s->high, h->nr, holder_colour(n++),
				       nma_holder_name(holder));
		memcpy(s->low, s->high, h->nr * sizeof(*s->low));
	}
	nma_chart_end(c);
	fputs("<ul class=\"key\">\n", f);
	for (n = 0, holder = 0; holder < NMA_HOLDER_MAX; holder++) {
		char text[32];

		most = 0;
		for (i = 0; i < h->nr; i++)
			if (h->v[i].held[holder] > most)
				most = h->v[i].held[holder];
		snprintf(text, sizeof(text), "up to %llu", most);
		if (most)
			nma_chart_key(f, holder_colour(n++), nma_holder_name(holder), text);
	}
	fputs("</ul>\n", f);
}

static void put_holders(const struct nma_gate *g, FILE *f, const struct marks *m)
{
	const struct nma_history *h = g->history;
	struct stack s = {
		.time = calloc(h->nr + 1, sizeof(__u64)),
		.low = calloc(h->nr + 1, sizeof(__u64)),
		.high = calloc(h->nr + 1, sizeof(__u64)),
	};
	struct nma_chart c;
	unsigned int k;
	__u64 sum;
	size_t i;

	begin(&c, g, f, m, "Buffers out of their page_pools, by who has them", "buffers");
	for (i = 0; s.time && i < h->nr; i++) {
		s.time[i] = h->v[i].time_ns;
		for (sum = 0, k = 0; k < NMA_HOLDER_MAX; k++)
			sum += h->v[i].held[k];
		if (sum > c.max)
			c.max = sum;
	}
	if (s.time && s.low && s.high && c.max && h->nr > 1) {
		nma_chart_begin(&c);
		put_layers(g, f, &c, &s);
	}
	free(s.time);
	free(s.low);
	free(s.high);
}

static void age_label(size_t i, char *dst, size_t size)
{
	__u64 us = i ? 1ull << i : 0;

	if (us >= 1000000)
		snprintf(dst, size, "%llu s", us / 1000000);
	else if (us >= 1000)
		snprintf(dst, size, "%llu ms", us / 1000);
	else
		snprintf(dst, size, "%llu us", us);
}

static void put_ages(const struct nma_gate *g, FILE *f)
{
	__u64 sum[NMA_HIST_SLOTS] = { 0 };
	size_t i, nr = 0;

	nma_table_for_each(&g->follow.audit.model->hists, n) {
		const struct nma_hist *h = (const struct nma_hist *)n;

		for (i = 0; h->r.kind == NMA_HIST_TOKEN_AGE && i < NMA_HIST_SLOTS; i++)
			sum[i] += h->r.slot[i];
	}
	for (i = 0; i < NMA_HIST_SLOTS; i++)
		if (sum[i])
			nr = i + 1;
	if (nr)
		nma_chart_bars(f, "How old tokens were when they were returned", sum, nr,
			       age_label);
}

static void put_pictures(const struct nma_gate *g, FILE *f)
{
	struct marks m;

	collect_marks(g, &m);
	fputs("<h2>Over time</h2>\n", f);
	put_curves(g, f, &m, NMA_CURVE_POOL, "Buffers in flight, by page_pool", "buffers");
	put_holders(g, f, &m);
	put_curves(g, f, &m, NMA_CURVE_TOKENS, "Tokens that applications have", "tokens");
	put_curves(g, f, &m, NMA_CURVE_MEMORY, "Bound memory in use", "percent");
	put_ages(g, f);
	if (g->history->no_memory)
		fputs("<p class=\"warn\">There was no memory to keep all of it.</p>\n", f);
}

/* ---- tables --------------------------------------------------------------------- */

static void put_pool(const struct nma_gate *g, FILE *f, const struct nma_entry_pool *p)
{
	__u64 leaked = nma_entry_leaked(p) + nma_entry_lost(p);
	struct nma_flows flows;
	char queue[16] = "";
	__u32 ratio;

	if (p->owner.queue != NMA_NO_QUEUE)
		snprintf(queue, sizeof(queue), "%u", p->owner.queue);
	fprintf(f, "<tr><td class=\"n\">%u</td><td>", p->pool_id);
	nma_xml_put(f, p->owner.ifname);
	fprintf(f, "</td><td class=\"n\">%s</td><td>%s</td><td class=\"n\">%lld</td>"
		"<td class=\"n%s\">%llu</td><td class=\"n\">", queue,
		p->gone ? "freed" : p->destroyed ? "destroyed" : "in use",
		p->inflight > 0 ? p->inflight : 0, leaked ? " violated" : "",
		leaked);
	nma_flows_between(&p->begin, &p->flows, &flows);
	if (nma_recycle_ratio(&flows, &ratio))
		fprintf(f, "%u.%02u%%", ratio / 100, ratio % 100);
	fputs("</td></tr>\n", f);
	(void)g;
}

static void put_pools(const struct nma_gate *g, FILE *f)
{
	fprintf(f, "<h2>page_pools</h2>\n<details%s><summary>%zu that %s there</summary>",
		g->ledger.pools.nr > 40 ? "" : " open", g->ledger.pools.nr,
		g->ledger.pools.nr == 1 ? "was" : "were");
	begin_table(f, "page_pools");
	fputs("<thead><tr><th class=\"n\">pool</th><th>device</th><th class=\"n\">queue</th>"
	      "<th>state</th><th class=\"n\">in flight</th><th class=\"n\">leaked</th>"
	      "<th class=\"n\">recycled</th></tr></thead><tbody>\n", f);
	nma_ledger_for_each_pool(&g->ledger, p)
		put_pool(g, f, p);
	fputs("</tbody>", f);
	end_table(f);
	fputs("</details>\n", f);
}

static void put_rules(const struct nma_gate *g, FILE *f)
{
	const struct nma_coverage *cover = &g->follow.audit.coverage;
	int i;

	fprintf(f, "<h2>What the verdict rests on</h2>\n<details><summary>%u of %d rules were judged"
		"</summary>", nma_coverage__count(cover, NMA_COVER_JUDGED), NMA_RULE_MAX);
	begin_table(f, "rules");
	for (i = 0; i < NMA_RULE_MAX; i++) {
		fprintf(f, "<tr><td class=\"id\">%s</td><td>", nma_rules[i].id);
		nma_xml_put(f, nma_rules[i].title);
		fprintf(f, "</td><td>%s", nma_cover_name(cover->cover[i]));
		if (cover->cover[i] == NMA_COVER_NO_OCCASION) {
			fputs(": there was not ", f);
			nma_xml_put(f, nma_coverage_occasion(i));
		}
		fputs("</td></tr>\n", f);
	}
	end_table(f);
	fputs("</details>\n", f);
}

static void put_hooks(const struct nma_gate *g, FILE *f)
{
	const struct nma_features *feat = &g->follow.audit.features;
	int i;

	fputs("<details><summary>places in this kernel that are looked at</summary>", f);
	begin_table(f, "places in this kernel");
	for (i = 0; i < NMA_HOOK_MAX; i++) {
		fputs("<tr><td><code>", f);
		nma_xml_put(f, nma_hook_name(i));
		fprintf(f, "</code></td><td>%s</td><td>",
			feat->hooks & NMA_HOOK_BIT(i) ? "yes" : "not there");
		nma_xml_put(f, nma_hook_text(i));
		fputs("</td></tr>\n", f);
	}
	end_table(f);
	fputs("</details>\n", f);
}

void nma_report_html(const struct nma_gate *g, FILE *f)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	      "<link rel=\"icon\" href=\"data:,\"><title>netmem-audit gate: ", f);
	nma_xml_put(f, g->result);
	fprintf(f, "</title>\n<style>\n%s</style></head><body><main>\n"
		"<p class=\"dim\">netmem-audit gate</p>\n", style);
	put_verdict(g, f);
	put_assertions(g, f);
	put_findings(g, f);
	put_pictures(g, f);
	put_pools(g, f);
	put_system(g, f);
	put_rules(g, f);
	put_hooks(g, f);
	fputs("</main></body></html>\n", f);
}
