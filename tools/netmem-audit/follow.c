// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See follow.h.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "follow.h"
#include "log.h"
#include "stop.h"

#define POLL_MS		100
#define POLL_NS		(POLL_MS * NMA_NSEC_PER_MSEC)
#define SNAPSHOT_NS	(2 * NMA_NSEC_PER_SEC)	/* for what no hook tells */
#define SNAPSHOT_SHARE	50	/* walks take at most one 50th of the time */
#define FOLD_NS		NMA_NSEC_PER_SEC	/* between reports of the same */
#define HURRY_MS	10	/* while somebody waits for a summary */
#define GRACE_NS	(10 * NMA_NSEC_PER_SEC)	/* for the command to answer a signal */
#define REBUILD_NS	(2 * NMA_NSEC_PER_SEC)	/* for queues that are being rebuilt */

static void judge_all(struct nma_follow *f)
{
	f->snapshot_ns = f->audit.now_ns;
	nma_judge__all(f->audit.judge, f->audit.now_ns);
}

/* One look may load programs, which then are there: the lesser of two counts. */
static __u64 cost_of_looks(struct nma_follow *f, __u64 cost_ns)
{
	__u64 last_ns = f->cost_ns;

	f->cost_ns = cost_ns;
	return last_ns && last_ns < cost_ns ? last_ns : cost_ns;
}

static int look(struct nma_follow *f)
{
	__u64 begin_ns = nma_clock_ns();
	int ret;

	ret = nma_audit__snapshot(&f->audit);
	if (ret)
		return ret;
	f->period_ns = cost_of_looks(f, f->audit.now_ns - begin_ns) * SNAPSHOT_SHARE;
	if (f->period_ns < (f->look_ns ? f->look_ns : SNAPSHOT_NS))
		f->period_ns = f->look_ns ? f->look_ns : SNAPSHOT_NS;
	judge_all(f);
	return NMA_EXIT_OK;
}

static bool is_over(const struct nma_follow *f)
{
	return f->audit.opts.from && nma_audit__step(&f->audit) == NMA_STEP_END;
}

/* Of a recording, up to the end of its first turn. */
static int replay_first(struct nma_follow *f)
{
	int ret = 0;

	while (!ret && !is_over(f)) {
		ret = nma_audit__poll(&f->audit, 0);
		if (nma_audit__step(&f->audit) == NMA_STEP_TURN)
			break;
		if (!ret && nma_audit__step(&f->audit) == NMA_STEP_LOOK)
			judge_all(f);
	}
	return ret;
}

int nma_follow__begin(struct nma_follow *f)
{
	int ret;

	f->start_ns = f->audit.source->origin.time_ns;
	f->audit.judge->opts.blame_ns = ~0ull;
	ret = f->audit.opts.from ? replay_first(f) : look(f);
	if (!ret)
		ret = nma_audit__check_names(&f->audit);
	if (!ret)
		nma_audit__turn(&f->audit);
	f->audit.judge->opts.blame_ns = f->audit.now_ns;
	f->ready = true;
	return ret;
}

int nma_follow__command(struct nma_follow *f, char **argv)
{
	struct nma_env *env = f->audit.env;
	/* stdout is ours: with -j it must stay JSON */
	int fd = env->out.json ? STDERR_FILENO : STDOUT_FILENO;
	int err;

	if (!argv)
		return NMA_EXIT_OK;
	f->command_ns = nma_clock_ns();
	if (f->kept)
		err = nma_child__start_kept(&f->child, argv, fd);
	else
		err = nma_child__start(&f->child, argv, fd);
	if (!err)
		return NMA_EXIT_OK;
	nma_err(env, err, "cannot run '%s': %s", argv[0], strerror(-err));
	return NMA_EXIT_ENV;
}

/* A pending condition that falls due is looked at once more before it counts. */
static int look_if_due(struct nma_follow *f)
{
	__u64 now_ns = nma_clock_ns(), age_ns = now_ns - f->snapshot_ns;

	if (age_ns < f->period_ns &&
	    (age_ns < POLL_NS || now_ns < nma_judge__due(f->audit.judge)))
		return NMA_EXIT_OK;
	return look(f);
}

static bool too_long(const struct nma_follow *f)
{
	return f->duration_ns && nma_clock_ns() - f->start_ns >= f->duration_ns;
}

/* What somebody sends us the command gets; it has its time to end. */
static void forward(struct nma_follow *f)
{
	__u64 now_ns = nma_clock_ns();
	int sig;

	while ((sig = nma_forward_next()))
		nma_child__signal(&f->child, sig);
	if (f->child.stopped)
		return;
	if (nma_interruptions() && !f->asked_ns)
		f->asked_ns = now_ns;
	f->timed_out = too_long(f);
	if (f->timed_out || nma_interruptions() > 1 ||
	    (f->asked_ns && now_ns - f->asked_ns >= GRACE_NS))
		nma_child__ask(&f->child);
}

static bool time_is_up(struct nma_follow *f)
{
	if (nma_child__ended(&f->child))
		return true;
	if (f->kept && f->child.pid) {
		forward(f);
		return false;
	}
	if (!too_long(f))
		return false;
	f->timed_out = f->child.pid;
	return true;
}

static bool is_stopped(struct nma_follow *f)
{
	if (!f->kept)
		return nma_stopped();
	if (!f->ended_ns || nma_interruptions() == f->interruptions)
		return false;
	f->cut = true;
	return true;
}

/* No condition waits for the next look any more, or it has had its time. */
static bool settled(const struct nma_follow *f, __u64 since_ns)
{
	return !nma_judge__pending(f->audit.judge, NMA_SETTLE) ||
	       nma_clock_ns() - since_ns >= REBUILD_NS;
}

/* Everything that has happened up to now, folded or not. */
static int catch_up(struct nma_follow *f)
{
	int ret;

	ret = nma_audit__poll(&f->audit, 0);
	if (!ret)
		ret = look(f);
	nma_judge__flush(f->audit.judge, f->audit.now_ns, 0);
	return ret;
}

/* Without hurry it looks only when that is due. */
static int turn(struct nma_follow *f, bool hurry)
{
	int ret;

	ret = nma_audit__poll(&f->audit, hurry && !f->quiet ? HURRY_MS : POLL_MS);
	if (!ret)
		ret = hurry ? look(f) : look_if_due(f);
	nma_audit__turn(&f->audit);
	nma_judge__flush(f->audit.judge, f->audit.now_ns, FOLD_NS);
	return ret;
}

static bool hurry(const struct nma_follow *f)
{
	return f->hurry && f->hurry(f->ctx);
}

/* Nothing is to be expected any more that belongs to what was. */
static bool is_done(struct nma_follow *f, __u64 end_ns)
{
	if (!settled(f, end_ns))
		return false;
	if (!f->quiet || f->quiet(f->ctx))
		return true;
	return nma_clock_ns() - end_ns >= f->settle_ns && f->end_looks >= f->least_looks;
}

static int follow(struct nma_follow *f)
{
	__u64 end_ns = 0, ask_ns = 0;	/* since when one is wanted */
	int ret = 0;

	while (!ret && !is_stopped(f)) {
		if (!end_ns && time_is_up(f)) {
			end_ns = f->ended_ns = nma_clock_ns();
			f->interruptions = nma_interruptions();
		}
		if (!hurry(f))
			ask_ns = 0;
		else if (!ask_ns)
			ask_ns = nma_clock_ns();
		ret = turn(f, end_ns || ask_ns);
		f->end_looks += !!end_ns;
		if (f->turned(f->ctx, ask_ns && settled(f, ask_ns)))
			break;
		if (end_ns && is_done(f, end_ns))
			break;
	}
	return ret ? ret : catch_up(f);
}

/* The same steps that were made then. */
static int replay(struct nma_follow *f)
{
	int ret = 0;

	while (!ret && !nma_stopped() && !is_over(f)) {
		ret = nma_audit__poll(&f->audit, 0);
		if (ret || is_over(f))
			break;
		if (nma_audit__step(&f->audit) == NMA_STEP_LOOK)
			judge_all(f);
		else
			nma_judge__flush(f->audit.judge, f->audit.now_ns, FOLD_NS);
		if (f->turned(f->ctx, false))
			break;
	}
	nma_judge__flush(f->audit.judge, f->audit.now_ns, 0);
	return ret;
}

int nma_follow__loop(struct nma_follow *f)
{
	int ret = f->audit.opts.from ? replay(f) : follow(f);

	nma_child__stop(&f->child);
	return ret;
}

void nma_follow_text(const struct nma_follow *f, char *dst, size_t size)
{
	int status = f->child.status;

	dst[0] = '\0';
	if (!f->child.pid)
		return;
	if (f->child.stopped)
		snprintf(dst, size, "the command was stopped: %s%s",
			 f->timed_out ? "it had not ended after " : "it was interrupted",
			 !f->timed_out ? "" : f->limit ? f->limit : "--duration");
	else if (WIFSIGNALED(status))
		snprintf(dst, size, "the command was ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(dst, size, "the command ended with status %d",
			 WEXITSTATUS(status));
}

static void add_int(struct json_object *doc, const char *key, int n)
{
	json_object_object_add(doc, key, json_object_new_int(n));
}

/* As a shell would tell it. */
void nma_follow_json(const struct nma_follow *f, struct json_object *doc)
{
	int status = f->child.status;

	if (!f->child.pid)
		return;
	if (WIFSIGNALED(status)) {
		add_int(doc, "command_status", 128 + WTERMSIG(status));
		add_int(doc, "command_signal", WTERMSIG(status));
	} else {
		add_int(doc, "command_status", WEXITSTATUS(status));
	}
}

const char *nma_follow_failure(const struct nma_follow *f)
{
	if (!f->child.pid || (!f->child.status && !f->child.stopped))
		return NULL;
	return f->child.stopped && f->timed_out ? "timeout" : "command_failed";
}
