// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit watch: findings and life-cycle events as they happen, for a
 * time, until interrupted, or while a command runs.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "child.h"
#include "log.h"
#include "stop.h"
#include "view.h"

#define POLL_MS		100
#define POLL_NS		(POLL_MS * NMA_NSEC_PER_MSEC)
#define SNAPSHOT_NS	(2 * NMA_NSEC_PER_SEC)	/* for what no hook tells */
#define SNAPSHOT_SHARE	50	/* walks take at most one 50th of the time */
#define FOLD_NS		NMA_NSEC_PER_SEC	/* between reports of the same */
#define HURRY_MS	10	/* while somebody waits for a summary */
#define REBUILD_NS	(2 * NMA_NSEC_PER_SEC)	/* for queues that are being rebuilt */

struct watch_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	struct nma_strs rules;
	__u64 duration_ns;
	bool deep;
	__u32 buffers;
	struct nma_judge_args judge;
};

struct watch {
	struct nma_audit audit;
	struct nma_env *env;
	const struct watch_opts *opts;
	struct nma_child child;
	__u64 start_ns;
	__u64 snapshot_ns;	/* when the last one ended */
	__u64 period_ns;	/* between two */
	__u64 events;
	bool ready;		/* the first snapshot is over */
	bool timed_out;		/* before the command had ended */
	int out_err;		/* stdout is gone: nobody listens */
};

static void on_event(void *ctx, const struct nma_change *change)
{
	struct watch *w = ctx;
	const struct nma_event_row row = { w->audit.model, change };
	bool detail;

	if (!w->ready || !nma_event_name(change, &detail) ||
	    (detail && !w->env->out.verbose) ||
	    !nma_audit__wanted(&w->audit, nma_event_netns(&row), nma_event_ifname(&row)))
		return;
	w->events++;
	if (w->env->out.json)
		w->out_err = nma_view_emit_event(&w->env->out, &row);
	else
		nma_view_event(&w->env->out, &row, w->start_ns);
}

static void on_finding(void *ctx, const struct nma_finding *f)
{
	struct watch *w = ctx;

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

static int look(struct watch *w)
{
	__u64 begin_ns = nma_clock_ns();
	int ret;

	ret = nma_audit__snapshot(&w->audit);
	if (ret)
		return ret;
	w->snapshot_ns = nma_clock_ns();
	w->period_ns = (w->snapshot_ns - begin_ns) * SNAPSHOT_SHARE;
	if (w->period_ns < SNAPSHOT_NS)
		w->period_ns = SNAPSHOT_NS;
	nma_judge__all(w->audit.judge, w->snapshot_ns);
	return NMA_EXIT_OK;
}

/* Hooks are attached: what the first look finds was there before. */
static int first_look(struct watch *w)
{
	int ret;

	w->audit.judge->opts.blame_ns = ~0ull;
	ret = look(w);
	if (!ret)
		ret = nma_audit__check_names(&w->audit);
	w->audit.judge->opts.blame_ns = nma_clock_ns();
	w->ready = true;
	return ret;
}

static int announce(struct watch *w)
{
	const struct nma_out *out = &w->env->out;
	struct json_object *doc;

	if (out->json) {
		doc = nma_json_doc("start");
		nma_view_origin_json(doc);
		nma_view_looked_at_json(&w->audit, doc);
		return nma_out_emit(out, doc);
	}
	nma_view_looked_at(&w->audit);
	nma_out_text(out, 0, "watching for breaches of %d rules; %s ends it",
		     __builtin_popcountll(w->audit.rules), w->child.pid ? "the command" :
		     w->opts->duration_ns ? "time or Ctrl-C" : "Ctrl-C");
	return nma_out_finish(out);
}

/* A pending condition that falls due is looked at once more before it counts. */
static int look_if_due(struct watch *w)
{
	__u64 now_ns = nma_clock_ns(), age_ns = now_ns - w->snapshot_ns;

	if (age_ns < w->period_ns &&
	    (age_ns < POLL_NS || now_ns < nma_judge__due(w->audit.judge)))
		return NMA_EXIT_OK;
	return look(w);
}

static bool over(struct watch *w)
{
	if (nma_child__ended(&w->child))
		return true;
	if (!w->opts->duration_ns ||
	    nma_clock_ns() - w->start_ns < w->opts->duration_ns)
		return false;
	w->timed_out = w->child.pid;
	return true;
}

/* What came of the command, apart from what was found while it ran. */
static void command_text(const struct watch *w, char *dst, size_t size)
{
	int status = w->child.status;

	dst[0] = '\0';
	if (!w->child.pid)
		return;
	if (w->child.stopped)
		snprintf(dst, size, "the command was stopped: %s", w->timed_out ?
			 "it had not ended after --duration" : "watch was interrupted");
	else if (WIFSIGNALED(status))
		snprintf(dst, size, "the command was ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(dst, size, "the command ended with status %d",
			 WEXITSTATUS(status));
}

/* As a shell would tell it. */
static void command_json(const struct watch *w, struct json_object *doc)
{
	int status = w->child.status;

	if (!w->child.pid)
		return;
	if (WIFSIGNALED(status)) {
		add_u64(doc, "command_status", 128 + WTERMSIG(status));
		add_u64(doc, "command_signal", WTERMSIG(status));
	} else {
		add_u64(doc, "command_status", WEXITSTATUS(status));
	}
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

	nma_view_coverage(&w->audit);
	command_text(w, command, sizeof(command));
	nma_out_text(out, 0, "result: %s%s%s", end->result, command[0] ? "; " : "",
		     command);
	return nma_out_finish(out);
}

static int end_json(struct watch *w, struct json_object *doc, const struct ending *end)
{
	nma_view_origin_json(doc);
	nma_json_add_str(doc, "result", end->result);
	nma_json_add_str(doc, "verdict", end->verdict);
	command_json(w, doc);
	nma_view_coverage_json(&w->audit, doc);
	return nma_out_emit(&w->env->out, doc);
}

/* How many of what; what came of it only at the end. */
static int totals(struct watch *w, const char *type, const struct ending *end)
{
	const struct nma_judge *j = w->audit.judge;
	const struct nma_out *out = &w->env->out;
	__u64 ns = nma_clock_ns() - w->start_ns;
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

/* No condition waits for the next look any more, or it has had its time. */
static bool settled(const struct watch *w, __u64 since_ns)
{
	return !nma_judge__pending(w->audit.judge, NMA_SETTLE) ||
	       nma_clock_ns() - since_ns >= REBUILD_NS;
}

/* Everything that has happened up to now, folded or not. */
static int catch_up(struct watch *w)
{
	int ret;

	ret = nma_audit__poll(&w->audit, 0);
	if (!ret)
		ret = look(w);
	nma_judge__flush(w->audit.judge, nma_clock_ns(), 0);
	return ret;
}

/* Without hurry it looks only when that is due. */
static int turn(struct watch *w, bool hurry)
{
	int ret;

	ret = nma_audit__poll(&w->audit, hurry ? HURRY_MS : POLL_MS);
	if (!ret)
		ret = hurry ? look(w) : look_if_due(w);
	nma_judge__flush(w->audit.judge, nma_clock_ns(), FOLD_NS);
	if (!w->out_err)
		w->out_err = nma_out_finish(&w->env->out);
	if (!w->out_err && nma_out_gone(&w->env->out))
		w->out_err = -EPIPE;
	return ret;
}

static int loop(struct watch *w)
{
	__u64 end_ns = 0, ask_ns = 0;	/* since when one is wanted */
	int ret = 0;

	while (!ret && !w->out_err && !nma_stopped()) {
		if (!end_ns && over(w))
			end_ns = nma_clock_ns();
		if (!ask_ns && nma_asked())
			ask_ns = nma_clock_ns();
		ret = turn(w, end_ns || ask_ns);
		if (end_ns && settled(w, end_ns))
			break;
		if (ret || !ask_ns || !settled(w, ask_ns))
			continue;
		nma_judge__flush(w->audit.judge, nma_clock_ns(), 0);
		w->out_err = totals(w, "so_far", NULL);
		ask_ns = 0;
	}
	return ret ? ret : catch_up(w);
}

static int verdict(struct watch *w)
{
	bool complete = nma_audit__complete(&w->audit);
	const struct nma_judge *j = w->audit.judge;
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

	end.verdict = nma_view_result(end.exit);
	end.result = end.verdict;
	if (end.exit == NMA_EXIT_VIOLATION || !w->child.pid ||
	    (!w->child.status && !w->child.stopped))
		return end;
	end.exit = NMA_EXIT_VIOLATION;
	end.result = w->child.stopped && w->timed_out ? "timeout" : "command_failed";
	return end;
}

static int start_command(struct watch *w, char **argv)
{
	/* stdout is ours: with -j it must stay JSON */
	int fd = w->env->out.json ? STDERR_FILENO : STDOUT_FILENO;
	int err;

	if (!argv)
		return NMA_EXIT_OK;
	err = nma_child__start(&w->child, argv, fd);
	if (!err)
		return NMA_EXIT_OK;
	nma_err(w->env, err, "can not run '%s': %s", argv[0], strerror(-err));
	return NMA_EXIT_ENV;
}

static int watch(struct watch *w, char **argv)
{
	struct nma_limits limits = nma_limits_of(&w->opts->judge);
	struct ending end;
	int ret;

	ret = nma_audit__judge(&w->audit, &w->opts->rules, &limits, on_finding,
			       on_storm, w);
	if (!ret)
		ret = first_look(w);
	if (!ret)
		ret = start_command(w, argv);
	if (ret)
		return ret;
	w->out_err = announce(w);
	ret = loop(w);
	nma_child__stop(&w->child);
	if (ret)
		return ret;
	end = ending(w);
	return totals(w, "summary", &end) && !end.exit ? NMA_EXIT_ENV : end.exit;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	const struct watch_opts *o = opts;
	struct watch w = { .env = env, .opts = o };
	struct nma_audit_opts aopts = {
		.events = true,
		.deep = o->deep,
		.max_bufs = o->buffers,
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.event = on_event,
		.ctx = &w,
	};
	size_t i;
	int ret;

	for (i = 0; i < o->rules.nr; i++) {
		if (nma_rule_find(o->rules.v[i]) != NMA_RULE_MAX)
			continue;
		nma_err(env, -EINVAL, "unknown rule '%s' (netmem-audit rules lists them)",
			o->rules.v[i]);
		return NMA_EXIT_USAGE;
	}
	if (o->buffers && !o->deep) {
		nma_err(env, -EINVAL, "--buffers needs --deep");
		return NMA_EXIT_USAGE;
	}
	nma_stop_catch();
	nma_ask_catch();
	w.start_ns = nma_clock_ns();
	ret = nma_audit__open(&w.audit, env, &aopts);
	if (!ret)
		ret = watch(&w, words->command);
	nma_audit__close(&w.audit);
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
	  "also the rules that look at every packet or buffer", 0, 0, NULL },
	{ "buffers", 0, NMA_OPT_U32, offsetof(struct watch_opts, buffers), "N",
	  "with --deep: keep track of N buffers (65536)", 16, 16777216, NULL },
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
	"What was there before is marked and does not make the exit status 1. "
	"Identical findings are folded: the first is printed at once, later ones at "
	"most once a second with their count. With -j the standard output of CMD goes "
	"to standard error.",
	"What came of CMD is told apart from the verdict on the rules: the result is "
	"violation, else command_failed (CMD failed) or timeout (it had not ended after "
	"--duration and was stopped), else incomplete or holds. CMD is ended with watch, "
	"also if that is killed.",
	NULL
};

const struct nma_command nma_cmd_watch = {
	.name = "watch",
	.args = "[-- CMD [ARG]...]",
	.summary = "findings and life-cycle events as they happen",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.takes_command = true,
	.about = about,
	.run = run,
};
