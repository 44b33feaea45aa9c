// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit stat: how page_pools supply their drivers, per interval. The kernel's
 * own counters where it has them, and then nothing is hooked but who takes tokens, once
 * there is device memory, and the end of pools; else hooks where cache and ring run
 * out. Rows are in stat_rows.c, the table is in
 * stat_view.c.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "interval.h"
#include "kernel/live.h"
#include "log.h"
#include "stat_hist.h"
#include "stat_self.h"
#include "stat_view.h"
#include "stop.h"

struct stat_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	const char *sort;
	__u32 rows;
	bool no_clear;
	bool deep;
	bool self;
	const char *from;
	bool hist;
};

struct stat {
	struct nma_audit audit;
	struct nma_stat_rows rows;
	struct nma_stat_view view;
	const struct nma_field *sort;
	struct nma_stat_self self;
	struct nma_stat_hists hists;
	bool with_self;
	bool with_hists;
	__u32 reports;		/* wanted, 0: until interrupted */
	__u32 report;
	__u64 last_ns;
	__u64 span_ns;		/* since the last report */
};

static int emit_json(struct stat *s)
{
	const struct nma_out *out = &s->audit.env->out;
	const struct nma_stat_rows *rows = &s->rows;
	struct json_object *doc = nma_json_doc("stat");
	size_t nr = rows->nr_pools;

	if (s->view.max_pools && nr > s->view.max_pools)
		nr = s->view.max_pools;
	json_object_object_add(doc, "time_ns", json_object_new_uint64(s->last_ns));
	json_object_object_add(doc, "interval_ns", json_object_new_uint64(s->span_ns));
	json_object_object_add(doc, nma_fields_stat_devices.name,
			       nma_out_array(out, &nma_fields_stat_devices,
					     rows->device, rows->nr_devices));
	json_object_object_add(doc, nma_fields_stat_pools.name,
			       nma_out_array(out, &nma_fields_stat_pools, rows->pool, nr));
	if (s->with_hists)
		json_object_object_add(doc, "histograms", nma_stat_hists__json(&s->hists));
	if (s->with_self)
		json_object_object_add(doc, "self", nma_stat_self__json(&s->self));
	return nma_out_emit(out, doc);
}

static int emit(struct stat *s)
{
	const struct nma_out *out = &s->audit.env->out;

	if (out->json)
		return emit_json(s);
	if (s->report > 1 && !s->view.live)
		fputc('\n', out->file);
	if (out->verbose && !s->view.live)
		nma_stat_view__blocks(&s->view, &s->rows);
	else
		nma_stat_view__table(&s->view, &s->rows);
	if (s->with_hists)
		nma_stat_hists__text(&s->hists, out->file);
	if (s->with_self)
		nma_stat_self__text(&s->self, &s->view, &s->audit.lost);
	nma_stat_view__end(&s->view);
	return nma_out_finish(out);
}

/* A recording was made with all hooks. */
static bool takes_seen(const struct stat *s)
{
	return s->audit.opts.from ||
	       nma_session__takes_seen(nma_live__session(s->audit.source));
}

/* The first call only sets what the next is compared with. */
static int report(struct stat *s)
{
	int err = nma_stat_rows__update(&s->rows, &s->audit, s->span_ns);

	s->rows.takes_seen = takes_seen(s);	/* from here on */

	if (!err && s->with_hists)
		err = nma_stat_hists__update(&s->hists, s->audit.model, &s->rows);
	if (!err && s->with_self)
		err = nma_stat_self__update(&s->self, nma_live__session(s->audit.source),
					    s->span_ns);
	if (err) {
		nma_err(s->audit.env, err, "out of memory");
		return err;
	}
	nma_stat_rows__sort(&s->rows, s->sort);
	if (s->with_self)
		s->view.lines_after = nma_stat_self__lines(&s->self);
	return s->report ? emit(s) : 0;
}

static int redraw(struct stat *s)
{
	if (!nma_resized() || !s->view.live || s->report < 2)
		return 0;
	return emit(s) ? NMA_EXIT_ENV : 0;
}

static int sleep_until(struct stat *s, __u64 due_ns)
{
	__u64 now_ns;
	int ret = 0;

	while (!ret && !nma_stopped() && (now_ns = nma_clock_ns()) < due_ns) {
		ret = nma_audit__poll(&s->audit, (due_ns - now_ns) / NMA_NSEC_PER_MSEC + 1);
		if (!ret)
			ret = redraw(s);
	}
	return ret;
}

static int loop(struct stat *s)
{
	__u64 now_ns;
	int ret;

	for (s->report = 0; !s->reports || s->report <= s->reports; s->report++) {
		if (s->report) {
			ret = sleep_until(s, s->last_ns + s->view.interval_ns);
			if (ret || nma_stopped())
				return ret;
		}
		ret = nma_audit__snapshot(&s->audit);
		if (!ret && !s->report)
			ret = nma_audit__check_names(&s->audit);
		if (ret)
			return ret;
		now_ns = nma_clock_ns();
		s->span_ns = now_ns - s->last_ns;
		s->last_ns = now_ns;
		if (report(s))
			return NMA_EXIT_ENV;
	}
	return 0;
}

/* The first look is what the next is compared with. @whole: one report, on all */
static bool is_due(const struct stat *s, enum nma_step step, bool whole)
{
	__u64 age_ns = s->audit.now_ns - s->last_ns;

	if (!s->report)
		return step == NMA_STEP_LOOK;
	if (whole)
		return step == NMA_STEP_END && age_ns;
	return step == NMA_STEP_LOOK && age_ns >= s->view.interval_ns;
}

/* What a recording has, from one look at the kernel to another. */
static int replay(struct stat *s, bool whole)
{
	enum nma_step step;
	int ret;

	do {
		ret = nma_audit__poll(&s->audit, 0);
		step = nma_audit__step(&s->audit);
		if (ret || !is_due(s, step, whole))
			continue;
		s->span_ns = s->audit.now_ns - s->last_ns;
		s->last_ns = s->audit.now_ns;
		if (report(s))
			return NMA_EXIT_ENV;
		s->report++;
	} while (!ret && step != NMA_STEP_END && !nma_stopped() &&
		 (whole || !s->reports || s->report <= s->reports));
	return ret ? ret : nma_audit__check_names(&s->audit);
}

static int parse_sort(struct nma_env *env, const char *name, struct stat *s)
{
	if (!name)
		return 0;
	s->sort = nma_stat_field(name);
	if (s->sort)
		return 0;
	nma_err(env, -EINVAL, "--sort needs a column, such as BUF/S, or a key of the JSON output, not '%s'",
		name);
	return NMA_EXIT_USAGE;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct stat_opts *o = opts;
	struct nma_audit_opts aopts = {
		.recycle = true,
		.circulate = o->deep,
		.hist = o->hist,
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.from = o->from,
	};
	struct stat s = { .view = { .out = &env->out, .max_pools = o->rows } };
	int ret;

	ret = nma_interval_parse(env, w, &s.view.interval_ns, &s.reports);
	if (!ret)
		ret = parse_sort(env, o->sort, &s);
	if (!ret && o->from && (o->deep || o->self || o->hist)) {
		nma_err(env, -EINVAL, "--from does not go with %s: it asks the kernel nothing",
			o->deep ? "--deep" : o->self ? "--self" : "--hist");
		ret = NMA_EXIT_USAGE;
	}
	if (ret)
		return ret;
	s.view.live = w->nr && !env->out.json && !o->no_clear && !o->hist && !o->from &&
		      nma_stat_view__can_draw(&env->out);
	s.with_self = o->self;
	s.with_hists = o->hist;
	nma_stop_catch();
	nma_resize_catch();
	ret = nma_audit__open(&s.audit, env, &aopts);
	if (!ret)
		ret = o->from ? replay(&s, !w->nr) : loop(&s);
	if (!ret && !nma_audit__complete(&s.audit))
		ret = NMA_EXIT_INCOMPLETE;
	nma_audit__close(&s.audit);
	nma_stat_rows__free(&s.rows);
	nma_stat_self__free(&s.self);
	nma_stat_hists__free(&s.hists);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct stat_opts, ifnames),
	NMA_NETNS_OPTION(struct stat_opts, netns),
	{ "sort", 's', NMA_OPT_STR, offsetof(struct stat_opts, sort), "COLUMN",
	  "sort by this column, or key of the JSON output, largest first; idle page_pools "
	  "still come last (default: how busy they are)", 0, 0, NULL },
	{ "rows", 'r', NMA_OPT_U32, offsetof(struct stat_opts, rows), "ROWS",
	  "only the first ROWS page_pools", 1, 1000000, NULL },
	{ "no-clear", 'C', NMA_OPT_FLAG, offsetof(struct stat_opts, no_clear), NULL,
	  "print one report below the other on a terminal, too", 0, 0, NULL },
	{ "deep", 0, NMA_OPT_FLAG, offsetof(struct stat_opts, deep), NULL,
	  "where the kernel keeps no statistics of page_pools, count each buffer that is "
	  "taken out of a cache, too", 0, 0, NULL },
	{ "hist", 0, NMA_OPT_FLAG, offsetof(struct stat_opts, hist), NULL,
	  "also print histograms, one report below the other: the age of returned tokens "
	  "and, with --deep, how long buffers were out of their page_pool",
	  0, 0, NULL },
	{ "self", 0, NMA_OPT_FLAG, offsetof(struct stat_opts, self), NULL,
	  "also print what the audit's own BPF programs cost: runs, time and memory", 0, 0, NULL },
	NMA_FROM_OPTION(struct stat_opts, from),
};

static const struct stat_opts defaults;

static const char *const about[] = {
	"Per page_pool, and for all of a device: buffers the driver got (BUF/S, BYTE/S), "
	"of these the slow ones that came from the page allocator (SLOW/S); buffers that "
	"came back and were freed instead of kept (FREE/S), and the share that was kept "
	"(KEPT); allocations that the memory provider had nothing for (DRY/S); pages in "
	"flight (INFL); tokens that applications took (TOK/S), and how much of the "
	"dma-buf is in use (USED). -v and --json have every counter, under the names of "
	"ethtool's rx_pp_*.",
	"SOURCE tells where the figures come from: the kernel's own counters (CONFIG_PAGE_POOL_STATS), "
	"hooks on the slow paths (slow), or on each buffer that is taken out as "
	"well (deep). A figure that a source cannot know is '-', and absent in JSON.",
	"Reports every INTERVAL seconds (default 1), COUNT times or until Ctrl-C. "
	"Without INTERVAL, one report over one second. On a terminal the table is "
	"redrawn in place.",
	"With --from, an interval is at least the time between two looks at the kernel, "
	"about two seconds; without INTERVAL, there is one report over the whole recording.",
	NULL
};

const struct nma_command nma_cmd_stat = {
	.name = "stat",
	.args = "[INTERVAL [COUNT]]",
	.summary = "print how page_pools supply their drivers, per interval",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.max_args = 2,
	.about = about,
	.run = run,
};
