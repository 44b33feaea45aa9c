// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit check: a verdict on the state as it is. What may be legal for a
 * moment is looked at again before it is called a violation.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "log.h"
#include "view.h"

#define LOOK_AGAIN_MS	100
/* Longest wait for queues that are being rebuilt: three times what one rebuild
 * may take.
 */
#define REBUILD_NS	(3 * NMA_NSEC_PER_SEC)
/* A socket that took or returned tokens within that time is at work. */
#define QUIET_NS	NMA_NSEC_PER_SEC

struct check_opts {
	struct nma_strs ifnames;
	__u64 settle_ns;
	struct nma_judge_args judge;
};

struct tally {
	unsigned int errors;
	unsigned int warnings;
	unsigned int infos;
	unsigned int notes;
	bool failed;
};

/* Is something left that time could mend? */
static bool transitional(const struct nma_judge *j, __u64 settle_ns)
{
	if (nma_judge__pending(j, NMA_SETTLE))
		return true;
	return settle_ns && nma_judge__pending(j, NMA_AGE);
}

static void progress(const struct nma_audit *a, __u64 left_ns, bool done)
{
	const struct nma_env *env = a->env;
	int fd = fileno(env->err);

	if (env->opt.quiet || fd < 0 || !isatty(fd))
		return;
	if (done)
		fputs("\r\033[K", env->err);
	else
		fprintf(env->err, "\rwaiting for %u objects to settle, %llu s left\033[K",
			nma_judge__pending(a->judge, NMA_SETTLE) +
			nma_judge__pending(a->judge, NMA_AGE),
			left_ns / NMA_NSEC_PER_SEC);
	fflush(env->err);
}

/* Looks until nothing is transitional or the time is up; a rebuild that is seen
 * at the last moment gets its own time.
 */
static int settle(struct nma_audit *a, __u64 settle_ns)
{
	__u64 limit_ns = settle_ns ? settle_ns : REBUILD_NS;
	__u64 start_ns = nma_clock_ns(), spent_ns;
	int ret;

	for (;;) {
		ret = nma_audit__snapshot(a);
		if (ret)
			break;
		nma_judge__all(a->judge, nma_clock_ns());
		spent_ns = nma_clock_ns() - start_ns;
		if (!transitional(a->judge, settle_ns) ||
		    spent_ns >= limit_ns + REBUILD_NS)
			break;
		if (spent_ns >= limit_ns && !nma_judge__pending(a->judge, NMA_SETTLE))
			break;
		progress(a, limit_ns > spent_ns ? limit_ns - spent_ns : 0, false);
		ret = nma_audit__poll(a, LOOK_AGAIN_MS);
		if (ret)
			break;
	}
	progress(a, 0, true);
	if (!ret && settle_ns)
		nma_judge__strict(a->judge, nma_clock_ns(),
				  settle_ns / 2 < QUIET_NS ? settle_ns / 2 : QUIET_NS);
	return ret;
}

static struct tally count(const struct nma_audit *a, int fail_on)
{
	struct tally t = { 0 };

	nma_judge_for_each(a->judge, f) {
		if (f->kind == NMA_KIND_NOTE) {
			t.notes++;
			continue;
		}
		if (f->severity >= NMA_SEV_E)
			t.errors++;
		else if (f->severity == NMA_SEV_W)
			t.warnings++;
		else
			t.infos++;
		t.failed |= nma_severity_fails(f->severity, fail_on);
	}
	return t;
}

static void add_int(struct json_object *obj, const char *key, unsigned int n)
{
	json_object_object_add(obj, key, json_object_new_int(n));
}

static int emit_json(const struct nma_audit *a, const struct tally *t, int ret)
{
	struct json_object *findings = json_object_new_array();
	struct json_object *notes = json_object_new_array();
	struct json_object *doc = nma_out_doc("check");
	const struct nma_out *out = &a->env->out;

	nma_judge_for_each(a->judge, f)
		if (nma_view_shown(out, f))
			json_object_array_add(f->kind == NMA_KIND_NOTE ? notes : findings,
					      nma_view_finding_json(out, f));
	nma_out_add_str(doc, "result", nma_view_result(ret));
	add_int(doc, "errors", t->errors);
	add_int(doc, "warnings", t->warnings);
	add_int(doc, "infos", t->infos);
	json_object_object_add(doc, "findings", findings);
	json_object_object_add(doc, "notes", notes);
	nma_view_judged_json(a, doc);
	return nma_out_emit(out, doc);
}

static void emit_text(const struct nma_audit *a, const struct tally *t, int ret)
{
	const struct nma_out *out = &a->env->out;
	bool any = false;

	nma_judge_for_each(a->judge, f) {
		if (!nma_view_shown(out, f))
			continue;
		nma_view_finding(out, f);
		any = true;
	}
	if (any)
		fputc('\n', out->file);
	nma_view_judged(a);
	if (ret == NMA_EXIT_INCOMPLETE)
		nma_out_text(out, 0, "result incomplete: see the warnings");
	if (!t->errors && !t->warnings)
		nma_out_text(out, 0, "no violation%s",
			     t->infos + t->notes && !out->verbose ?
			     " (-v shows what else was noticed)" : "");
	else
		nma_out_text(out, 0, "errors: %u, warnings: %u; netmem-audit rules ID tells what to do",
			     t->errors, t->warnings);
}

static int verdict(struct nma_audit *a, const struct check_opts *o)
{
	struct tally t = count(a, o->judge.fail_on);
	int ret = NMA_EXIT_OK;

	if (!nma_audit__complete(a))
		ret = NMA_EXIT_INCOMPLETE;
	if (t.failed)
		ret = NMA_EXIT_VIOLATION;
	if (!a->env->out.json)
		emit_text(a, &t, ret);
	else if (emit_json(a, &t, ret))
		ret = ret ? ret : NMA_EXIT_ENV;
	return ret;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct check_opts *o = opts;
	struct nma_audit_opts aopts = {
		/* hooks tell which sockets are at work; without a wait the
		 * state alone counts
		 */
		.events = o->settle_ns,
		.ifnames = &o->ifnames,
	};
	struct nma_limits limits = nma_limits_of(&o->judge);
	struct nma_audit a;
	int ret;

	(void)w;
	ret = nma_audit__open(&a, env, &aopts);
	if (!ret)
		ret = nma_audit__judge(&a, NULL, &limits, NULL, NULL);
	if (!ret)
		ret = settle(&a, o->settle_ns);
	if (!ret)
		ret = nma_audit__check_names(&a);
	if (!ret)
		ret = verdict(&a, o);
	nma_audit__close(&a);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct check_opts, ifnames),
	{ "settle", 0, NMA_OPT_TIME, offsetof(struct check_opts, settle_ns), "SEC",
	  "wait up to SEC seconds until nothing is transitional, then judge what is "
	  "left whatever its age", 0, 86400, NULL },
	NMA_JUDGE_OPTIONS(struct check_opts, judge),
};

static const struct check_opts defaults = {
	.judge = NMA_JUDGE_ARGS_DEFAULT,
};

static const char *const about[] = {
	"Looks at all devices, queues, page_pools, bindings and sockets once, in all "
	"network namespaces, and judges what it finds. What is legal for a moment "
	"while a queue is rebuilt is looked at again for up to three seconds.",
	"Without --settle, a destroyed page_pool counts once its buffers are out "
	"longer than --stall, and tokens once they are older than --token-age. With "
	"--settle, all buffers and tokens that are still out after the wait count, "
	"except tokens of sockets that are at work.",
	NULL
};

const struct nma_command nma_cmd_check = {
	.name = "check",
	.args = "",
	.summary = "one-shot verdict on the state as it is",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.about = about,
	.run = run,
};
