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

#include "gate.h"
#include "kernel/tape.h"
#include "log.h"
#include "stop.h"
#include "util/text.h"
#include "view.h"

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
};

static void on_event(void *ctx, const struct nma_change *change)
{
	struct nma_gate *g = ctx;

	nma_ledger__take(&g->ledger, g->follow.audit.model, change);
}

static int turned(void *ctx, bool settled)
{
	struct nma_gate *g = ctx;

	(void)settled;
	nma_ledger__look(&g->ledger, g->follow.audit.model);
	return 0;
}

static bool is_quiet(void *ctx)
{
	const struct nma_gate *g = ctx;

	return nma_ledger__is_quiet(&g->ledger, g->follow.audit.model);
}

/* What is still out now counts, whatever its age. */
static void end_patience(struct nma_gate *g, __u64 settle_ns)
{
	struct nma_audit *a = &g->follow.audit;

	nma_ledger__look(&g->ledger, a->model);
	if (g->follow.cut)
		return;
	nma_judge__strict(a->judge, a->now_ns,
			  settle_ns / 2 < QUIET_NS ? settle_ns / 2 : QUIET_NS);
}

static int save(struct nma_gate *g, const struct gate_opts *o)
{
	struct nma_tape_size size;

	return o->record ? nma_audit__save(&g->follow.audit, &size) : NMA_EXIT_OK;
}

static int tell(struct nma_gate *g)
{
	int err;

	if (g->env->out.json) {
		err = nma_out_emit(&g->env->out, nma_gate_json(g));
	} else {
		nma_gate_view(g);
		err = nma_out_finish(&g->env->out);
	}
	return err ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

static int gate(struct nma_gate *g, const struct gate_opts *o)
{
	const struct nma_judge_args args = NMA_JUDGE_ARGS_DEFAULT;
	struct nma_limits limits = nma_limits_of(&args);
	struct nma_follow *f = &g->follow;
	int ret, told;

	limits.strict = o->strict;
	ret = nma_audit__judge(&f->audit, NULL, &limits, NULL, NULL, NULL);
	if (!ret)
		ret = nma_follow__begin(f);
	if (ret)
		return ret;
	nma_ledger__open(&g->ledger, f->audit.model);
	ret = nma_follow__command(f, g->argv);
	if (!ret)
		ret = nma_follow__loop(f);
	if (ret)
		return ret;
	end_patience(g, o->settle_ns);
	ret = nma_gate__decide(g);
	if (ret)
		return ret;
	ret = save(g, o);
	told = tell(g);
	return g->exit ? g->exit : ret ? ret : told;
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
			   o->record ? "--record" : argv ? "a command" : NULL;

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

static int open_audit(struct nma_gate *g, const struct gate_opts *o)
{
	const struct nma_assertions *a = &g->assertions;
	struct nma_audit_opts aopts = {
		.events = true,
		.history = true,
		.deep = o->deep,
		.recycle = nma_assertions__use(a, NMA_METRIC_ID_RECYCLE_RATIO) ||
			   nma_assertions__use(a, NMA_METRIC_ID_ALLOC_FAILURES),
		.circulate = o->deep && nma_assertions__use(a, NMA_METRIC_ID_RECYCLE_RATIO),
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.from = o->from,
		.to = o->record,
		.event = on_event,
		.ctx = g,
	};

	return nma_audit__open(&g->follow.audit, g->env, &aopts);
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	const struct gate_opts *o = opts;
	struct nma_gate g = { .env = env, .argv = words->command };
	int ret;

	ret = check_opts(env, o, words->command);
	if (!ret)
		ret = read_assertions(&g, o);
	if (!ret)
		ret = nma_excuses__load(&g.excuses, env, o->baseline, o->waive);
	if (ret)
		goto out;
	g.follow.duration_ns = o->timeout_ns;
	g.follow.limit = "--timeout";
	g.follow.kept = g.argv;
	g.follow.settle_ns = o->settle_ns;
	g.follow.quiet = is_quiet;
	g.follow.turned = turned;
	g.follow.ctx = &g;
	if (g.argv) {
		make_way(env);
		nma_forward_catch();
	} else {
		nma_stop_catch();
	}
	ret = open_audit(&g, o);
	if (!ret)
		ret = gate(&g, o);
	nma_audit__close(&g.follow.audit);
out:
	nma_gate__free(&g);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct gate_opts, ifnames),
	NMA_NETNS_OPTION(struct gate_opts, netns),
	{ "assert", 0, NMA_OPT_STRS, offsetof(struct gate_opts, asserts), "EXPR",
	  "what must be so: METRIC[{label=\"value\",...}] OP NUMBER; may be repeated",
	  0, 0, NULL },
	{ "gate", 0, NMA_OPT_STRS, offsetof(struct gate_opts, files), "FILE",
	  "assertions, one on each line; may be repeated", 0, 0, NULL },
	{ "settle", 0, NMA_OPT_TIME, offsetof(struct gate_opts, settle_ns), "SEC",
	  "after the command wait up to SEC seconds until everything is back", 0, 86400,
	  NULL },
	{ "timeout", 0, NMA_OPT_SPAN, offsetof(struct gate_opts, timeout_ns), "SEC",
	  "end the command after SEC seconds", 0, 31536000, NULL },
	{ "deep", 0, NMA_OPT_FLAG, offsetof(struct gate_opts, deep), NULL,
	  "also the rules that look at every packet or buffer", 0, 0, NULL },
	{ "strict", 0, NMA_OPT_FLAG, offsetof(struct gate_opts, strict), NULL,
	  "warn also of faults that do no harm until somebody binds, and of what the "
	  "kernel lets through on every driver", 0, 0, NULL },
	{ "baseline", 0, NMA_OPT_STR, offsetof(struct gate_opts, baseline), "FILE",
	  "findings that are in the baseline FILE are known and do not count", 0, 0, NULL },
	{ "waive", 0, NMA_OPT_STR, offsetof(struct gate_opts, waive), "FILE",
	  "findings that a waiver in FILE covers do not count", 0, 0, NULL },
	{ "record", 0, NMA_OPT_STR, offsetof(struct gate_opts, record), "FILE",
	  "also save all of it in FILE, as netmem-audit record does", 0, 0, NULL },
	NMA_FROM_OPTION(struct gate_opts, from),
};

static const struct gate_opts defaults = {
	.settle_ns = 5 * NMA_NSEC_PER_SEC,
};

static const char *const about[] = {
	"Watches while CMD runs, waits until its buffers are back, and decides whether "
	"what was asserted is so. Hooks are attached before CMD starts. What CMD writes is "
	"left alone: the verdict goes to standard error, with -j to standard output, and "
	"what CMD writes there to standard error.",
	"Without --assert and --gate: findings{severity=\"error\"} == 0, leaked_netmems == 0, "
	"tokens_outstanding == 0, pools_stalled == 0, events_lost == 0. What was there "
	"before CMD started does not count.",
	"Metrics are:",
#define NMA_METRIC(id, name, kind, labels, what, advice) " " name ": " what,
#include "gate/metrics.def"
#undef NMA_METRIC
	NULL
};

const struct nma_command nma_cmd_gate = {
	.name = "gate",
	.args = "[-- CMD [ARG]...]",
	.summary = "runs a command under audit, then decides by assertions",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.takes_command = true,
	.about = about,
	.run = run,
};
