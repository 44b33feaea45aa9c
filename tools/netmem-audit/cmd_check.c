// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit check: a verdict on the state as it is. What may be legal for a
 * moment is looked at again before it is called a violation.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "log.h"
#include "probe/probe.h"
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
	struct nma_strs netns;
	__u64 settle_ns;
	bool probe;
	const char *baseline;
	const char *save;
	const char *waive;
	const char *from;
	struct nma_judge_args judge;
};

struct tally {
	unsigned int errors;
	unsigned int warnings;
	unsigned int infos;
	unsigned int hidden;	/* of these, for -v */
	unsigned int known;
	unsigned int waived;
	unsigned int mended;	/* in the baseline, but no longer there */
	bool failed;		/* some finding that counts is severe enough */
	bool left_out;		/* and one of these is not saved */
};

struct ruling {
	const struct nma_finding *finding;
	struct nma_standing standing;
};

struct check {
	struct nma_audit audit;
	const struct check_opts *opts;
	struct nma_excuses excuses;
	struct ruling *rulings;
	size_t nr;
	struct nma_probed *probed;
	size_t nr_probed;
	struct tally tally;
};

/* Where its buffers are may show at the next look only: it is destroyed, or has far too
 * many out and was not yet at rest.
 */
static bool may_lack(const struct nma_pool *pool)
{
	if (pool->seen.gone || pool->r.inflight <= 0)
		return false;
	return pool->r.detached ||
	       (NMA_POOL_OVER(&pool->r) && pool->sought.still < NMA_STILL_LOOKS);
}

static bool pool_open(const struct nma_audit *a)
{
	nma_model_for_each(struct nma_pool, &a->model->pools, pool)
		if (may_lack(pool) &&
		    nma_audit__wanted(a, pool->owner.netns, pool->owner.ifname))
			return true;
	return false;
}

/* Is something left that time could settle? */
static bool transitional(const struct nma_audit *a, __u64 settle_ns)
{
	if (nma_judge__pending(a->judge, NMA_SETTLE))
		return true;
	return settle_ns && (nma_judge__pending(a->judge, NMA_AGE) || pool_open(a));
}

static void progress(const struct nma_audit *a, __u64 left_ns, bool done)
{
	const struct nma_env *env = a->env;
	const char *term = getenv("TERM");
	int fd = fileno(env->err);

	if (env->opt.quiet || fd < 0 || !isatty(fd) || !term || !strcmp(term, "dumb"))
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

/* Looks until nothing is transitional or the time is up, which begins when the first
 * look has ended: that may take long, and what it found has to be so for a while. A
 * rebuild that is seen at the last moment gets its own time.
 */
static int settle(struct nma_audit *a, __u64 settle_ns)
{
	__u64 limit_ns = settle_ns ? settle_ns : REBUILD_NS;
	__u64 start_ns = 0, spent_ns;
	int ret;

	for (;;) {
		ret = nma_audit__snapshot(a);
		if (ret)
			break;
		nma_judge__all(a->judge, a->now_ns);
		start_ns = start_ns ? start_ns : a->now_ns;
		spent_ns = a->now_ns - start_ns;
		if (!transitional(a, settle_ns) ||
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
		nma_judge__strict(a->judge, a->now_ns,
				  settle_ns / 2 < QUIET_NS ? settle_ns / 2 : QUIET_NS, 0);
	return ret;
}

/* As it was judged then, step by step: what came and went counts, too. */
static int replay(struct nma_audit *a, __u64 settle_ns)
{
	enum nma_step step;
	int ret;

	do {
		ret = nma_audit__poll(a, 0);
		step = nma_audit__step(a);
		if (!ret && step == NMA_STEP_LOOK)
			nma_judge__all(a->judge, a->now_ns);
	} while (!ret && step != NMA_STEP_END);
	if (!ret && settle_ns)
		nma_judge__strict(a->judge, a->now_ns,
				  settle_ns / 2 < QUIET_NS ? settle_ns / 2 : QUIET_NS, 0);
	return ret;
}

static void on_probed(void *ctx, const struct nma_probed *p)
{
	struct nma_probed *grown;
	struct check *c = ctx;
	struct nma_finding f;

	if (nma_probe__finding(p, c->opts->judge.strict, &f))
		nma_judge__witness(c->audit.judge, &f, nma_clock_ns());
	else if (nma_probe__allowed(p))
		c->tally.failed = c->tally.left_out = true;	/* no rule for it yet */
	grown = realloc(c->probed, (c->nr_probed + 1) * sizeof(*grown));
	if (!grown)
		return;
	c->probed = grown;
	c->probed[c->nr_probed++] = *p;
}

/* Nothing that was tried on the device says anything about it: who asked for the
 * attempts must not take that for a good answer.
 */
static void tell_untried(struct check *c, const struct nma_nic *nic, size_t first)
{
	const struct nma_probed *p = c->probed + first, *end = c->probed + c->nr_probed;

	for (; p < end; p++)
		if (nma_probe__answered(p))
			return;
	nma_coverage__blind(&c->audit.coverage, NMA_RULE_MAX, nic, true,
			    "nothing could be tried: %s", first < c->nr_probed ?
			    nma_probe__reason(&c->probed[first]) : "out of memory");
}

/* Only on ports that were named: it may disturb whoever uses them. */
static void probe(struct check *c)
{
	const struct nma_audit *a = &c->audit;
	size_t first;

	nma_model_for_each(struct nma_nic, &a->model->nics, nic) {
		if (!nma_audit__wanted(a, nic->r.hdr.netns, nic->r.ifname))
			continue;
		first = c->nr_probed;
		nma_probe__nic(a->model, nic, on_probed, c);
		tell_untried(c, nic, first);
	}
}

/* What is or was waived is not: it shall fail when its waiver has expired. */
static bool is_saved(const struct ruling *r)
{
	return r->finding->kind != NMA_KIND_NOTE && !r->standing.waiver;
}

static void count(struct tally *t, const struct ruling *r, bool shown, int fail_on)
{
	enum nma_severity severity = r->finding->severity;

	if (r->finding->kind == NMA_KIND_NOTE)
		return;
	if (r->standing.kind == NMA_KNOWN || r->standing.kind == NMA_WAIVED) {
		t->known += r->standing.kind == NMA_KNOWN;
		t->waived += r->standing.kind == NMA_WAIVED;
		return;
	}
	if (severity >= NMA_SEV_E)
		t->errors++;
	else if (severity == NMA_SEV_W)
		t->warnings++;
	else
		t->infos++;
	t->hidden += !shown;
	if (!nma_severity_fails(severity, fail_on))
		return;
	t->failed = true;
	t->left_out |= !is_saved(r);
}

static int rule_on_all(struct check *c)
{
	const struct nma_audit *a = &c->audit;
	struct ruling *r;
	size_t room = 0;

	nma_judge_for_each(a->judge, f)
		room++;
	c->rulings = calloc(room + 1, sizeof(*c->rulings));
	if (!c->rulings) {
		nma_err(a->env, -ENOMEM, "out of memory");
		return NMA_EXIT_ENV;
	}
	nma_judge_for_each(a->judge, f) {
		r = &c->rulings[c->nr++];
		r->finding = f;
		if (f->kind != NMA_KIND_NOTE)
			r->standing = nma_excuses__judge(&c->excuses, a->model, f);
		count(&c->tally, r, nma_view_shown(&a->env->out, f), c->opts->judge.fail_on);
	}
	if (c->excuses.baseline)
		c->tally.mended = nma_baseline__left(c->excuses.baseline, a->rules,
						     &c->opts->ifnames, &a->netns);
	return NMA_EXIT_OK;
}

static int save(struct check *c)
{
	struct nma_baseline *b = nma_baseline__new();
	char error[512] = "out of memory";
	int err = b ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < c->nr && !err; i++)
		if (is_saved(&c->rulings[i]))
			err = nma_baseline__add(b, c->rulings[i].finding);
	if (!err)
		err = nma_baseline__save(b, c->opts->save, c->audit.features.release,
					 error, sizeof(error));
	nma_baseline__free(b);
	if (!err)
		return NMA_EXIT_OK;
	nma_err(c->audit.env, err, "no baseline was written: %s", error);
	return NMA_EXIT_ENV;
}

static void add_int(struct json_object *obj, const char *key, unsigned int n)
{
	json_object_object_add(obj, key, json_object_new_int(n));
}

static struct json_object *probes_json(const struct check *c)
{
	struct json_object *arr = json_object_new_array();
	const struct nma_out *out = &c->audit.env->out;
	size_t i;

	for (i = 0; i < c->nr_probed; i++)
		json_object_array_add(arr, nma_out_object(out, &nma_fields_probe,
							  &c->probed[i]));
	return arr;
}

static int emit_json(const struct check *c, int ret)
{
	struct json_object *findings = json_object_new_array();
	struct json_object *notes = json_object_new_array();
	const struct nma_out *out = &c->audit.env->out;
	struct json_object *doc = nma_json_doc("check");
	const struct tally *t = &c->tally;
	const struct ruling *r;

	for (r = c->rulings; r < c->rulings + c->nr; r++)
		if (nma_view_shown(out, r->finding))
			json_object_array_add(r->finding->kind == NMA_KIND_NOTE ?
					      notes : findings,
					      nma_view_finding_json(out, r->finding,
								    &r->standing));
	nma_view_origin_json(&c->audit, doc);
	nma_json_add_str(doc, "result", nma_view_result(ret));
	add_int(doc, "errors", t->errors);
	add_int(doc, "warnings", t->warnings);
	add_int(doc, "infos", t->infos);
	if (c->excuses.baseline) {
		add_int(doc, "known", t->known);
		add_int(doc, "mended", t->mended);
	}
	if (c->excuses.waivers) {
		add_int(doc, "waived", t->waived);
		json_object_object_add(doc, "waivers", nma_excuses__json(&c->excuses));
	}
	if (c->opts->probe)
		json_object_object_add(doc, nma_fields_probe.name, probes_json(c));
	nma_json_add_str(doc, "saved", c->opts->save);
	json_object_object_add(doc, "findings", findings);
	json_object_object_add(doc, "notes", notes);
	nma_view_looked_at_json(&c->audit, doc);
	nma_view_coverage_json(&c->audit, doc);
	return nma_out_emit(out, doc);
}

static void emit_excuses(const struct check *c)
{
	const struct nma_out *out = &c->audit.env->out;
	const struct tally *t = &c->tally;

	nma_excuses__show(&c->excuses, c->audit.env);
	if (c->excuses.baseline)
		nma_out_text(out, 0, "known from %s: %u, no longer there: %u%s",
			     c->opts->baseline, t->known, t->mended,
			     t->mended ? " (--save writes a new baseline)" : "");
	if (c->excuses.waivers)
		nma_out_text(out, 0, "waived: %u", t->waived);
	if (c->opts->save)
		nma_out_text(out, 0, "baseline written to %s", c->opts->save);
}

static void emit_probes(const struct check *c)
{
	const struct nma_out *out = &c->audit.env->out;
	const void *rows[c->nr_probed + 1];
	size_t i;

	if (!c->opts->probe)
		return;
	for (i = 0; i < c->nr_probed; i++)
		rows[i] = &c->probed[i];
	nma_out_table(out, &nma_fields_probe, rows, c->nr_probed);
	fputc('\n', out->file);
}

static void emit_text(const struct check *c, int ret)
{
	const struct nma_out *out = &c->audit.env->out;
	const struct tally *t = &c->tally;
	const struct ruling *r;
	bool any = false;

	for (r = c->rulings; r < c->rulings + c->nr; r++) {
		/* what could not be judged is told with the coverage */
		if (r->finding->kind == NMA_KIND_NOTE || !nma_view_shown(out, r->finding))
			continue;
		nma_view_finding(out, r->finding, &r->standing);
		any = true;
	}
	if (any)
		fputc('\n', out->file);
	emit_probes(c);
	nma_view_origin(&c->audit);
	nma_view_looked_at(&c->audit);
	nma_view_coverage(&c->audit);
	emit_excuses(c);
	if (ret == NMA_EXIT_INCOMPLETE)
		nma_out_text(out, 0, "result incomplete: see the warnings");
	else if (!t->errors && !t->warnings)
		nma_out_text(out, 0, "no%s violation%s",
			     t->known + t->waived ? " new" : "",
			     t->hidden ?
			     " (-v shows what else was noticed)" : "");
	if (t->errors || t->warnings)
		nma_out_text(out, 0, "errors: %u, warnings: %u", t->errors, t->warnings);
}

/* A baseline of a part would hide the rest next time. */
static int save_if_asked(struct check *c, bool complete)
{
	if (!c->opts->save)
		return NMA_EXIT_OK;
	if (complete)
		return save(c);
	nma_err(c->audit.env, -ENODATA,
		"no baseline was written to %s: the result is incomplete",
		c->opts->save);
	return NMA_EXIT_INCOMPLETE;
}

static int verdict(struct check *c)
{
	bool complete;
	int ret;

	ret = rule_on_all(c);
	if (ret)
		return ret;
	complete = nma_audit__complete(&c->audit);
	ret = save_if_asked(c, complete);
	if (ret)
		return ret;
	/* who saves what is wrong takes note of it */
	if (c->opts->save ? c->tally.left_out : c->tally.failed)
		ret = NMA_EXIT_VIOLATION;
	else if (!complete)
		ret = NMA_EXIT_INCOMPLETE;
	if (!c->audit.env->out.json)
		emit_text(c, ret);
	else if (emit_json(c, ret))
		ret = ret ? ret : NMA_EXIT_ENV;
	return ret;
}

static int look(struct check *c, struct nma_env *env)
{
	const struct check_opts *o = c->opts;
	struct nma_audit_opts aopts = {
		.over_at_rest = true,
		/* hooks tell which sockets are at work; without a wait the
		 * state alone counts
		 */
		.events = o->settle_ns,
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.from = o->from,
	};
	struct nma_limits limits = nma_limits_of(&o->judge);
	struct nma_audit *a = &c->audit;
	int ret;

	ret = nma_audit__open(a, env, &aopts);
	if (!ret)
		nma_excuses__compare(&c->excuses, env, a->features.release);
	if (!ret)
		ret = nma_audit__judge(a, NULL, &limits, NULL, NULL, NULL);
	if (!ret)
		ret = o->from ? replay(a, o->settle_ns) : settle(a, o->settle_ns);
	if (!ret)
		ret = nma_audit__check_names(a);
	if (!ret && o->probe)
		probe(c);
	if (!ret)
		ret = verdict(c);
	nma_audit__close(a);
	return ret;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct check_opts *o = opts;
	struct check c = { .opts = o };
	int ret;

	(void)w;
	if (o->probe && !o->ifnames.nr) {
		nma_err(env, -EINVAL, "--probe needs -i: it tries things that may disturb the traffic of a device");
		return NMA_EXIT_USAGE;
	}
	if (o->probe && o->from) {
		nma_err(env, -EINVAL, "--probe tries things on a device: it does not go with --from");
		return NMA_EXIT_USAGE;
	}
	ret = nma_excuses__load(&c.excuses, env, o->baseline, o->waive);
	if (!ret)
		ret = look(&c, env);
	free(c.rulings);
	free(c.probed);
	nma_excuses__free(&c.excuses);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct check_opts, ifnames),
	NMA_NETNS_OPTION(struct check_opts, netns),
	{ "settle", 0, NMA_OPT_TIME, offsetof(struct check_opts, settle_ns), "SEC",
	  "wait up to SEC seconds for transitional states to end, then judge all that is "
	  "left, whatever its age", 0, 86400, NULL },
	{ "probe", 0, NMA_OPT_FLAG, offsetof(struct check_opts, probe), NULL,
	  "also try, on the devices of -i, operations that the kernel must refuse", 0, 0, NULL },
	{ "save", 0, NMA_OPT_STR, offsetof(struct check_opts, save), "FILE",
	  "write all findings that are not waived to FILE, a baseline", 0, 0, NULL },
	{ "baseline", 0, NMA_OPT_STR, offsetof(struct check_opts, baseline), "FILE",
	  "treat findings in the baseline FILE as known: they do not fail",
	  0, 0, NULL },
	{ "waive", 0, NMA_OPT_STR, offsetof(struct check_opts, waive), "FILE",
	  "accept findings that a waiver in FILE covers: they do not fail", 0, 0, NULL },
	NMA_FROM_OPTION(struct check_opts, from),
	NMA_JUDGE_OPTIONS(struct check_opts, judge),
};

static const struct check_opts defaults = {
	.judge = NMA_JUDGE_ARGS_DEFAULT,
};

static const char *const about[] = {
	"Looks at all devices, queues, page_pools, bindings and sockets once, in all network "
	"namespaces, and judges them. A state that is legal for a moment, while a queue is "
	"rebuilt, is looked at again for up to three seconds.",
	"Without --settle, a destroyed page_pool counts once its buffers are out "
	"longer than --stall, and tokens once they are older than --token-age. With "
	"--settle, all buffers and tokens that are still out after the wait count, "
	"except tokens of sockets that are still busy.",
	"--probe attaches XDP programs, binds a dma-buf and AF_XDP sockets, and changes "
	"ring and channel settings where a queue is bound and the kernel must refuse. "
	"If the kernel allows one, it is undone at once and is a finding; if every kernel "
	"allows it on any driver, it is a warning only with --strict. Operations that could "
	"not be tried are reported; if none could, the result is incomplete.",
	"A driver's fault that does harm only once somebody binds (a missing flag, callback "
	"or tcp-data-split) is information, shown with -v, on a device where nobody has "
	"tried to bind; where somebody has, and everywhere with --strict, it is a warning.",
	"A finding is known if the baseline has it, as often and as severe, for the "
	"same rule, condition, namespace name, interface name and queue. A waiver "
	"names a rule, an interface or a driver, a reason and the last day it holds; "
	"when that has passed, the finding fails again. With --save the exit status is 0 "
	"once the baseline is written, whatever is in it.",
	NULL
};

const struct nma_command nma_cmd_check = {
	.name = "check",
	.args = "",
	.summary = "judge the present state once",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.about = about,
	.run = run,
};
