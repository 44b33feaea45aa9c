// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit gate: runs a command under audit, then decides by assertions. All that
 * may be wrong with what was asked for is told before the command runs.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "kernel/tape.h"
#include "kmsg.h"
#include "log.h"
#include "report.h"
#include "stop.h"
#include "util/text.h"
#include "view.h"

/* For pictures: some points of a short run, too */
#define PICTURE_NS	(NMA_NSEC_PER_SEC / 4)
#define QUIET_NS	NMA_NSEC_PER_SEC	/* as in check --settle */

struct gate_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	struct nma_strs asserts;
	struct nma_strs files;
	__u64 settle_ns;
	__u64 timeout_ns;
	bool deep;
	bool strict;
	const char *baseline;
	const char *waive;
	const char *record;
	const char *from;
	struct nma_reports reports;
	bool kmsg;
};

struct run {
	struct nma_gate gate;
	const struct gate_opts *o;
	struct nma_reports reports;
	struct nma_history history;
	int kmsg;
};

static void on_event(void *ctx, const struct nma_change *change)
{
	struct run *r = ctx;

	nma_ledger__take(&r->gate.ledger, r->gate.follow.audit.model, change);
}

/* What -i and --netns do not name is somebody else's. */
static bool is_wanted(void *ctx, __u32 netns, const char *ifname)
{
	const struct run *r = ctx;

	return nma_audit__wanted(&r->gate.follow.audit, netns, ifname);
}

static void on_finding(void *ctx, const struct nma_finding *f)
{
	struct run *r = ctx;

	nma_kmsg__finding(r->kmsg, f);
}

static int turned(void *ctx, bool settled)
{
	struct run *r = ctx;
	struct nma_audit *a = &r->gate.follow.audit;

	(void)settled;
	if (r->gate.follow.ended_ns && !r->gate.ledger.over) {
		r->gate.ledger.over = true;
		nma_audit__seek_over(a, true);
	}
	nma_ledger__look(&r->gate.ledger, a->model);
	if (r->gate.history)
		nma_history__take(r->gate.history, a->model, a->now_ns);
	return 0;
}

static bool is_quiet(void *ctx)
{
	const struct run *r = ctx;

	return nma_ledger__is_quiet(&r->gate.ledger, r->gate.follow.audit.model);
}

/* What is still out now counts, whatever its age. Whether those who made a recording
 * waited is not known: there it must be out as long as we would have waited.
 */
static void end_patience(struct run *r)
{
	struct nma_audit *a = &r->gate.follow.audit;
	__u64 settle_ns = r->o->settle_ns;
	__u64 quiet_ns = settle_ns / 2 < QUIET_NS ? settle_ns / 2 : QUIET_NS;
	__u64 age_ns = r->o->from ? settle_ns - quiet_ns : 0;

	turned(r, true);
	nma_ledger__end(&r->gate.ledger, a->now_ns, age_ns);
	if (!r->gate.follow.cut)
		nma_judge__strict(a->judge, a->now_ns, quiet_ns, age_ns);
}

static int save(struct run *r)
{
	struct nma_tape_size size;

	if (!r->o->record)
		return NMA_EXIT_OK;
	return nma_audit__save(&r->gate.follow.audit, &size);
}

static int tell(struct nma_gate *g)
{
	int err;

	if (g->env->out.json) {
		err = nma_out_emit(&g->env->out, nma_gate_json(g));
	} else {
		nma_gate_view(g);
		nma_report_github(g, g->env->out.file);
		err = nma_out_finish(&g->env->out);
	}
	return err ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

/* What is sure goes before what could not be written. */
static int decide(struct run *r)
{
	struct nma_gate *g = &r->gate;
	int ret, saved, told;

	end_patience(r);
	ret = nma_gate__decide(g);
	if (ret)
		return ret;
	saved = save(r);
	ret = nma_reports__write(&r->reports, g);
	told = tell(g);
	return g->exit ? g->exit : saved ? saved : ret ? ret : told;
}

static int gate(struct run *r)
{
	const struct nma_judge_args args = NMA_JUDGE_ARGS_DEFAULT;
	struct nma_limits limits = nma_limits_of(&args);
	struct nma_gate *g = &r->gate;
	struct nma_follow *f = &g->follow;
	int ret;

	limits.strict = r->o->strict;
	ret = nma_audit__judge(&f->audit, NULL, &limits, on_finding, NULL, r);
	if (ret)
		return ret;
	nma_audit__seek_over(&f->audit, true);
	ret = nma_follow__begin(f);
	if (ret)
		return ret;
	nma_audit__seek_over(&f->audit, false);
	nma_ledger__open(&g->ledger, f->audit.model);
	turned(r, true);
	ret = nma_follow__command(f, g->argv);
	if (!ret)
		ret = nma_follow__loop(f);
	return ret ? ret : decide(r);
}

/* The text and the mark below it stand on lines of their own. */
static int bad_assertion(struct nma_gate *g, int err, char *error)
{
	char *line, *rest = g->env->out.json ? NULL : strchr(error, '\n');

	if (rest)
		*rest++ = '\0';
	nma_err(g->env, err, "%s", error);
	while ((line = strsep(&rest, "\n"))) {
		char safe[4 * NMA_EXPR_LEN];

		nma_text_safe(safe, sizeof(safe), line, strlen(line), NMA_TEXT_TERMINAL);
		fprintf(g->env->err, "%s\n", safe);
	}
	return err == -EINVAL ? NMA_EXIT_USAGE : NMA_EXIT_ENV;
}

static int read_assertions(struct nma_gate *g, const struct gate_opts *o)
{
	struct nma_assertions *a = &g->assertions;
	char error[1024] = "out of memory";
	int err = 0;
	size_t i;

	for (i = 0; i < o->files.nr && !err; i++)
		err = nma_assertions__load(a, o->files.v[i], error, sizeof(error));
	for (i = 0; i < o->asserts.nr && !err; i++)
		err = nma_assertions__add(a, o->asserts.v[i], error, sizeof(error));
	if (!err && !a->nr)
		err = nma_assertions__defaults(a);
	return err ? bad_assertion(g, err, error) : NMA_EXIT_OK;
}

static int check_opts(struct nma_env *env, const struct gate_opts *o, char **argv)
{
	const char *what = o->deep ? "--deep" : o->timeout_ns ? "--timeout" :
			   o->record ? "--record" : o->kmsg ? "--kmsg" : argv ? "a command" : NULL;

	if (!o->from && !argv) {
		nma_err(env, -EINVAL, "gate needs a command behind --, or --from (see netmem-audit gate --help)");
		return NMA_EXIT_USAGE;
	}
	if (!o->from || !what)
		return NMA_EXIT_OK;
	nma_err(env, -EINVAL, "--from judges what was recorded: it does not go with %s", what);
	return NMA_EXIT_USAGE;
}

/* What the command writes is its own: the verdict goes to standard error, as that of
 * time(1) does.
 */
static void make_way(struct nma_env *env)
{
	if (env->out.json)
		return;
	env->out.file = env->err;
	env->out.width = nma_out_width(env->err);
}

static int open_audit(struct run *r)
{
	const struct nma_assertions *a = &r->gate.assertions;
	const struct gate_opts *o = r->o;
	bool pictures = o->reports.path[NMA_REPORT_HTML];
	struct nma_audit_opts aopts = {
		.events = true,
		.history = true,
		.deep = o->deep,
		.recycle = pictures || nma_assertions__use(a, NMA_METRIC_ID_RECYCLE_RATIO) ||
			   nma_assertions__use(a, NMA_METRIC_ID_ALLOC_FAILURES),
		.circulate = o->deep && nma_assertions__use(a, NMA_METRIC_ID_RECYCLE_RATIO),
		.holders = pictures,
		.hist = pictures,
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.from = o->from,
		.to = o->record,
		.event = on_event,
		.ctx = r,
	};

	return nma_audit__open(&r->gate.follow.audit, r->gate.env, &aopts);
}

static void set_up(struct run *r)
{
	struct nma_follow *f = &r->gate.follow;
	const struct gate_opts *o = r->o;

	r->gate.ledger.wanted = is_wanted;
	r->gate.ledger.ctx = r;
	f->duration_ns = o->timeout_ns;
	f->limit = "--timeout";
	f->kept = r->gate.argv;
	f->settle_ns = o->settle_ns;
	/* the first of them is not yet for what is over */
	f->least_looks = NMA_EXCESS_LOOKS + 1;
	f->quiet = is_quiet;
	f->turned = turned;
	f->ctx = r;
	if (o->reports.path[NMA_REPORT_HTML]) {
		r->gate.history = &r->history;
		f->look_ns = PICTURE_NS;
	}
	if (r->gate.argv) {
		make_way(r->gate.env);
		nma_forward_catch();
	} else {
		nma_stop_catch();
	}
}

/* All that is read and written, before anything is done */
static int prepare(struct run *r)
{
	const struct gate_opts *o = r->o;
	struct nma_gate *g = &r->gate;
	int ret;

	ret = check_opts(g->env, o, g->argv);
	if (!ret)
		ret = read_assertions(g, o);
	if (!ret)
		ret = nma_excuses__load(&g->excuses, g->env, o->baseline, o->waive);
	if (!ret && o->kmsg)
		ret = nma_kmsg__open(g->env, &r->kmsg);
	if (!ret)
		ret = nma_reports__open(&r->reports, g->env);
	return ret;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	const struct gate_opts *o = opts;
	struct run r = {
		.gate = { .env = env, .argv = words->command },
		.o = o,
		.reports = o->reports,
		.kmsg = -1,
	};
	int ret;

	ret = prepare(&r);
	if (ret)
		goto out;
	set_up(&r);
	ret = open_audit(&r);
	if (!ret)
		nma_excuses__compare(&r.gate.excuses, env,
				     r.gate.follow.audit.features.release);
	if (!ret)
		ret = gate(&r);
	nma_audit__close(&r.gate.follow.audit);
out:
	nma_reports__close(&r.reports);
	nma_history__free(&r.history);
	nma_gate__free(&r.gate);
	if (r.kmsg >= 0)
		close(r.kmsg);
	return ret;
}

#define REPORT_OPTION(name, kind, help) \
	{ name, 0, NMA_OPT_STR, \
	  offsetof(struct gate_opts, reports.path[NMA_REPORT_##kind]), "FILE", help, 0, 0, \
	  NULL }

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct gate_opts, ifnames),
	NMA_NETNS_OPTION(struct gate_opts, netns),
	{ "assert", 0, NMA_OPT_STRS, offsetof(struct gate_opts, asserts), "EXPR",
	  "a condition that must hold: METRIC[{label=\"value\",...}] OP NUMBER; may be repeated",
	  0, 0, NULL },
	{ "gate", 0, NMA_OPT_STRS, offsetof(struct gate_opts, files), "FILE",
	  "assertions, one on each line; may be repeated", 0, 0, NULL },
	{ "settle", 0, NMA_OPT_TIME, offsetof(struct gate_opts, settle_ns), "SEC",
	  "after the command wait up to SEC seconds until everything is back", 0, 86400,
	  NULL },
	{ "timeout", 0, NMA_OPT_SPAN, offsetof(struct gate_opts, timeout_ns), "SEC",
	  "end the command after SEC seconds", 0, 31536000, NULL },
	{ "deep", 0, NMA_OPT_FLAG, offsetof(struct gate_opts, deep), NULL,
	  "also judge the rules that look at every packet or buffer", 0, 0, NULL },
	{ "strict", 0, NMA_OPT_FLAG, offsetof(struct gate_opts, strict), NULL,
	  "also warn of faults that do no harm until somebody binds, and of violations that "
	  "the kernel allows on every driver", 0, 0, NULL },
	{ "baseline", 0, NMA_OPT_STR, offsetof(struct gate_opts, baseline), "FILE",
	  "treat findings in the baseline FILE as known: they do not count", 0, 0, NULL },
	{ "waive", 0, NMA_OPT_STR, offsetof(struct gate_opts, waive), "FILE",
	  "accept findings that a waiver in FILE covers: they do not count", 0, 0, NULL },
	{ "record", 0, NMA_OPT_STR, offsetof(struct gate_opts, record), "FILE",
	  "also save a recording in FILE, as netmem-audit record does", 0, 0, NULL },
	REPORT_OPTION("ktap", KTAP, "write the verdict to FILE as KTAP; - is standard output"),
	REPORT_OPTION("junit", JUNIT, "write the verdict to FILE as JUnit XML"),
	REPORT_OPTION("json-report", JSON, "write the verdict to FILE as JSON, as -j prints "
	"it"),
	REPORT_OPTION("html", HTML, "write the verdict to FILE as an HTML page with charts"),
	{ "kmsg", 0, NMA_OPT_FLAG, offsetof(struct gate_opts, kmsg), NULL,
	  "write warnings and errors to the kernel log as they are found", 0, 0, NULL },
	NMA_FROM_OPTION(struct gate_opts, from),
};

static const struct gate_opts defaults = {
	.settle_ns = 5 * NMA_NSEC_PER_SEC,
};

static const char *const about[] = {
	"Watches while CMD runs, waits until its buffers are back, and decides whether the "
	"assertions hold. Hooks are attached before CMD starts. The output of CMD is left "
	"alone: the verdict goes to standard error. With -j the verdict goes to standard "
	"output, and the standard output of CMD to standard error.",
	"Without --assert and --gate: findings{severity=\"error\"} == 0, leaked_netmems == 0, "
	"tokens_outstanding == 0, pools_stalled == 0, events_lost == 0. Violations that were "
	"there before CMD started do not count.",
	"Metrics are:",
#define NMA_METRIC(id, name, kind, labels, what, advice) " " name ": " what,
#include "gate/metrics.def"
#undef NMA_METRIC
	NULL
};

const struct nma_command nma_cmd_gate = {
	.name = "gate",
	.args = "[-- CMD [ARG]...]",
	.summary = "run a command under audit, then decide by assertions",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.takes_command = true,
	.about = about,
	.run = run,
};
