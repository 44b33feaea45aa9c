// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit watch: findings and life-cycle events as they happen, for a
 * time, until interrupted, or while a command runs.
 */
#include <errno.h>
#include <json-c/json.h>
#include <unistd.h>

#include "audit.h"
#include "follow.h"
#include "kernel/tape.h"
#include "kmsg.h"
#include "log.h"
#include "stop.h"
#include "view.h"

struct watch_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	struct nma_strs rules;
	__u64 duration_ns;
	bool deep;
	__u32 buffers;
	const char *from;
	const char *record;
	bool kmsg;
	struct nma_judge_args judge;
};

struct watch {
	struct nma_follow follow;
	struct nma_env *env;
	const struct watch_opts *opts;
	__u64 events;
	bool asked;		/* for totals so far */
	int kmsg;		/* kernel log; -1: nothing is written there */
	int out_err;		/* stdout is gone: nobody listens */
};

static void on_event(void *ctx, const struct nma_change *change)
{
	struct watch *w = ctx;
	const struct nma_audit *a = &w->follow.audit;
	const struct nma_event_row row = { a->model, change };
	bool detail;

	if (!w->follow.ready || !nma_event_name(change, &detail) ||
	    (detail && !w->env->out.verbose) ||
	    !nma_audit__wanted(a, nma_event_netns(&row), nma_event_ifname(&row)))
		return;
	w->events++;
	if (w->env->out.json)
		w->out_err = nma_view_emit_event(&w->env->out, &row);
	else
		nma_view_event(&w->env->out, &row, w->follow.start_ns);
}

static void on_finding(void *ctx, const struct nma_finding *f)
{
	struct watch *w = ctx;

	nma_kmsg__finding(w->kmsg, f);
	if (!nma_view_shown(&w->env->out, f))
		return;
	if (w->env->out.json)
		w->out_err = nma_view_emit_finding(&w->env->out, f);
	else
		nma_view_finding(&w->env->out, f, NULL);
}

static void add_u64(struct json_object *doc, const char *key, __u64 u)
{
	json_object_object_add(doc, key, json_object_new_uint64(u));
}

static void on_storm(void *ctx, enum nma_rule_id rule, __u64 findings, __u64 count)
{
	struct watch *w = ctx;
	const struct nma_out *out = &w->env->out;
	struct json_object *doc;

	if (!out->json) {
		nma_out_text(out, 0, "suppressed %s: %llu more, not shown one by one",
			     nma_rules[rule].id, count);
		return;
	}
	doc = nma_json_doc("suppressed");
	nma_json_add_str(doc, "rule", nma_rules[rule].id);
	add_u64(doc, "findings", findings);
	add_u64(doc, "count", count);
	w->out_err = nma_out_emit(out, doc);
}

static int announce(struct watch *w)
{
	const struct nma_out *out = &w->env->out;
	const struct nma_audit *a = &w->follow.audit;
	struct json_object *doc;

	if (out->json) {
		doc = nma_json_doc("start");
		nma_view_origin_json(a, doc);
		nma_view_looked_at_json(a, doc);
		return nma_out_emit(out, doc);
	}
	nma_view_origin(a);
	nma_view_looked_at(a);
	nma_out_text(out, 0, "watching for breaches of %d rules; %s ends it",
		     __builtin_popcountll(a->rules), w->opts->from ? "the recording" :
		     w->follow.child.pid ? "the command" :
		     w->opts->duration_ns ? "time or Ctrl-C" : "Ctrl-C");
	return nma_out_finish(out);
}

/* How it ended: what was found, and what came of the command. */
struct ending {
	int exit;		/* enum nma_exit */
	const char *verdict;	/* on the rules */
	const char *result;	/* of all */
};

static int end_text(struct watch *w, const struct ending *end)
{
	const struct nma_out *out = &w->env->out;
	char command[128];

	nma_view_coverage(&w->follow.audit);
	nma_follow_text(&w->follow, command, sizeof(command));
	nma_out_text(out, 0, "result: %s%s%s", end->result, command[0] ? "; " : "",
		     command);
	return nma_out_finish(out);
}

static int end_json(struct watch *w, struct json_object *doc, const struct ending *end)
{
	nma_view_origin_json(&w->follow.audit, doc);
	nma_json_add_str(doc, "result", end->result);
	nma_json_add_str(doc, "verdict", end->verdict);
	nma_follow_json(&w->follow, doc);
	nma_view_coverage_json(&w->follow.audit, doc);
	return nma_out_emit(&w->env->out, doc);
}

/* How many of what; what came of it only at the end. */
static int totals(struct watch *w, const char *type, const struct ending *end)
{
	const struct nma_judge *j = w->follow.audit.judge;
	const struct nma_out *out = &w->env->out;
	__u64 ns = w->follow.audit.now_ns - w->follow.start_ns;
	__u64 errors = j->total[NMA_SEV_E] + j->total[NMA_SEV_F];
	struct json_object *doc;

	if (!out->json) {
		nma_out_text(out, 0,
			     "%serrors: %llu, warnings: %llu, infos: %llu, pre-existing: %llu; %llu events in %llu.%llu s",
			     end ? "" : "so far: ", errors, j->total[NMA_SEV_W],
			     j->total[NMA_SEV_I], j->total_pre_existing, w->events,
			     ns / NMA_NSEC_PER_SEC,
			     ns % NMA_NSEC_PER_SEC / (NMA_NSEC_PER_SEC / 10));
		return end ? end_text(w, end) : nma_out_finish(out);
	}
	doc = nma_json_doc(type);
	add_u64(doc, "errors", errors);
	add_u64(doc, "warnings", j->total[NMA_SEV_W]);
	add_u64(doc, "infos", j->total[NMA_SEV_I]);
	add_u64(doc, "pre_existing", j->total_pre_existing);
	add_u64(doc, "suppressed", j->suppressed);
	add_u64(doc, "dropped", j->dropped);
	add_u64(doc, "events", w->events);
	add_u64(doc, "duration_ns", ns);
	return end ? end_json(w, doc, end) : nma_out_emit(out, doc);
}

/* Everything is printed before the kernel is asked again. */
static int turned(void *ctx, bool settled)
{
	const struct nma_audit *a;
	struct watch *w = ctx;

	a = &w->follow.audit;
	if (w->asked && settled) {
		nma_judge__flush(a->judge, a->now_ns, 0);
		w->out_err = totals(w, "so_far", NULL);
		w->asked = false;
	}
	if (!w->out_err)
		w->out_err = nma_out_finish(&w->env->out);
	if (!w->out_err && nma_out_gone(&w->env->out))
		w->out_err = -EPIPE;
	return w->out_err;
}

static bool is_asked(void *ctx)
{
	struct watch *w = ctx;

	w->asked |= nma_asked();
	return w->asked;
}

static int verdict(struct watch *w)
{
	bool complete = nma_audit__complete(&w->follow.audit);
	const struct nma_judge *j = w->follow.audit.judge;
	int sev;

	for (sev = NMA_SEV_I; sev <= NMA_SEV_F; sev++)
		if (j->total[sev] && nma_severity_fails(sev, w->opts->judge.fail_on))
			return NMA_EXIT_VIOLATION;
	return complete ? NMA_EXIT_OK : NMA_EXIT_INCOMPLETE;
}

/* A violation goes before a command that failed, and that before what is not
 * known: what is sure remains true.
 */
static struct ending ending(struct watch *w)
{
	struct ending end = { .exit = verdict(w) };
	const char *failure;

	end.verdict = nma_view_result(end.exit);
	end.result = end.verdict;
	failure = nma_follow_failure(&w->follow);
	if (end.exit == NMA_EXIT_VIOLATION || !failure)
		return end;
	end.exit = NMA_EXIT_VIOLATION;
	end.result = failure;
	return end;
}

static int save(struct watch *w)
{
	struct nma_tape_size size;

	return w->opts->record ? nma_audit__save(&w->follow.audit, &size) : NMA_EXIT_OK;
}

static int watch(struct watch *w, char **argv)
{
	struct nma_limits limits = nma_limits_of(&w->opts->judge);
	struct nma_follow *f = &w->follow;
	struct ending end;
	int ret;

	ret = nma_audit__judge(&f->audit, &w->opts->rules, &limits, on_finding, on_storm,
			       w);
	if (!ret)
		ret = nma_follow__begin(f);
	if (!ret)
		ret = nma_follow__command(f, argv);
	if (ret)
		return ret;
	w->out_err = announce(w);
	ret = nma_follow__loop(f);
	if (ret)
		return ret;
	end = ending(w);
	ret = save(w);
	if (totals(w, "summary", &end) && !ret)
		ret = NMA_EXIT_ENV;
	return end.exit ? end.exit : ret;
}

/* What a recording was made with is settled. */
static int check_opts(struct nma_env *env, const struct watch_opts *o, char **argv)
{
	size_t i;

	for (i = 0; i < o->rules.nr; i++) {
		if (nma_rule_find(o->rules.v[i]) != NMA_RULE_MAX)
			continue;
		nma_err(env, -EINVAL, "unknown rule '%s' (netmem-audit rules lists them)",
			o->rules.v[i]);
		return NMA_EXIT_USAGE;
	}
	if (o->from && (o->deep || o->buffers || o->duration_ns || o->record || argv)) {
		nma_err(env, -EINVAL, "--from does not go with %s: that is said to netmem-audit record",
			o->deep ? "--deep" : o->buffers ? "--buffers" :
			o->duration_ns ? "--duration" : o->record ? "--record" :
			"a command");
		return NMA_EXIT_USAGE;
	}
	if (o->from && o->kmsg) {
		nma_err(env, -EINVAL, "--kmsg writes to the log of this kernel: it does not go with --from");
		return NMA_EXIT_USAGE;
	}
	if (o->buffers && !o->deep) {
		nma_err(env, -EINVAL, "--buffers needs --deep");
		return NMA_EXIT_USAGE;
	}
	return NMA_EXIT_OK;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	const struct watch_opts *o = opts;
	struct watch w = { .env = env, .opts = o, .kmsg = -1 };
	struct nma_audit_opts aopts = {
		.events = true,
		.over_at_rest = true,
		.deep = o->deep,
		.max_bufs = o->buffers,
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.from = o->from,
		.to = o->record,
		.event = on_event,
		.ctx = &w,
	};
	int ret;

	ret = check_opts(env, o, words->command);
	if (!ret && o->kmsg)
		ret = nma_kmsg__open(env, &w.kmsg);
	if (ret)
		return ret;
	w.follow.duration_ns = o->duration_ns;
	w.follow.turned = turned;
	w.follow.hurry = is_asked;
	w.follow.ctx = &w;
	nma_stop_catch();
	nma_ask_catch();
	ret = nma_audit__open(&w.follow.audit, env, &aopts);
	if (!ret)
		ret = watch(&w, words->command);
	nma_audit__close(&w.follow.audit);
	if (w.kmsg >= 0)
		close(w.kmsg);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct watch_opts, ifnames),
	NMA_NETNS_OPTION(struct watch_opts, netns),
	{ "rule", 0, NMA_OPT_STRS, offsetof(struct watch_opts, rules), "ID",
	  "only this rule; may be repeated", 0, 0, NULL },
	{ "duration", 0, NMA_OPT_SPAN, offsetof(struct watch_opts, duration_ns), "SEC",
	  "end after SEC seconds", 0, 31536000, NULL },
	{ "deep", 0, NMA_OPT_FLAG, offsetof(struct watch_opts, deep), NULL,
	  "also judge the rules that look at every packet or buffer", 0, 0, NULL },
	{ "buffers", 0, NMA_OPT_U32, offsetof(struct watch_opts, buffers), "N",
	  "with --deep: keep track of N buffers (default 65536)", 16, 16777216, NULL },
	NMA_FROM_OPTION(struct watch_opts, from),
	{ "record", 0, NMA_OPT_STR, offsetof(struct watch_opts, record), "FILE",
	  "also save a recording in FILE, as netmem-audit record does", 0, 0, NULL },
	{ "kmsg", 0, NMA_OPT_FLAG, offsetof(struct watch_opts, kmsg), NULL,
	  "write warnings and errors to the kernel log as they are found", 0, 0, NULL },
	NMA_JUDGE_OPTIONS(struct watch_opts, judge),
};

static const struct watch_opts defaults = {
	.judge = NMA_JUDGE_ARGS_DEFAULT,
};

static const char *const about[] = {
	"Prints pools created and destroyed, dma-bufs bound and unbound, changes of "
	"XDP and of tcp-data-split, and every violation. It ends with a summary after "
	"--duration, with CMD, or on Ctrl-C. On SIGUSR1 it prints totals so far, once all "
	"that has happened before is reported, and continues.",
	"Findings from before the start are marked and do not make the exit status 1. "
	"Identical findings are folded: the first is printed at once, later ones at "
	"most once a second with their count. With -j the standard output of CMD goes "
	"to standard error.",
	"The end of CMD is reported apart from the verdict on the rules: the result is "
	"violation, else command_failed (CMD failed) or timeout (it had not ended after "
	"--duration and was stopped), else incomplete or holds. CMD ends with watch, even if "
	"watch is killed.",
	NULL
};

const struct nma_command nma_cmd_watch = {
	.name = "watch",
	.args = "[-- CMD [ARG]...]",
	.summary = "print findings and life-cycle events as they happen",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.takes_command = true,
	.about = about,
	.run = run,
};
