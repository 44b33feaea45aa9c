// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit leaks: the account of each page_pool, by who holds its buffers.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "interval.h"
#include "kernel/recording.h"
#include "log.h"
#include "stop.h"
#include "view_leaks.h"

struct leaks_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	struct nma_strs pools;
	bool all;
	bool deep;
	bool stacks;
	__u64 age_ns;
	__u32 buffers;
	const char *from;
};

struct leaks {
	struct nma_audit audit;
	struct nma_trends trends;
	const struct leaks_opts *o;
	__u64 interval_ns;
	__u32 reports;		/* wanted, 0: until interrupted */
	__u32 report;
	__u64 last_ns;		/* what was last compared */
	__u64 look_ns;		/* the last look at all */
	__u64 since_ns;		/* since when ages are known, 0: they are not */
	bool leaked;
	bool unknown;
};

static bool pool_listed(const struct leaks *l, const struct nma_pool *pool)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", pool->r.pool_id);
	return nma_strs_match(&l->o->pools, id, sizeof(id));
}

static bool pool_wanted(const struct leaks *l, const struct nma_pool *pool)
{
	const char *ifname = pool->owner.ifname;

	if (!pool_listed(l, pool))
		return false;
	if (!ifname[0] && l->o->ifnames.nr && !nma_pool_may_be_of_nic(pool))
		return false;
	return nma_audit__wanted(&l->audit, pool->owner.netns, ifname);
}

/* Destroyed ones first, then those with most out, then by id. */
static int account_cmp(const void *a, const void *b)
{
	const struct nma_account *x = a, *y = b;
	__s64 out_x = x->balance.inflight - x->balance.in_pool;
	__s64 out_y = y->balance.inflight - y->balance.in_pool;

	if (x->pool->sought.dying != y->pool->sought.dying)
		return x->pool->sought.dying ? -1 : 1;
	if (out_x != out_y)
		return out_x < out_y ? 1 : -1;
	return x->pool->r.pool_id < y->pool->r.pool_id ? -1 : 1;
}

static int emit(struct leaks *l, const struct nma_account *account, size_t nr)
{
	const struct nma_out *out = &l->audit.env->out;
	struct json_object *doc;
	int err;

	if (out->json) {
		doc = nma_json_doc("leaks");
		json_object_object_add(doc, "time_ns",
				       json_object_new_uint64(l->look_ns));
		json_object_object_add(doc, "pools",
				       nma_view_leaks_json(&l->audit, account, nr));
		return nma_out_emit(out, doc);
	}
	if (l->report)
		fputc('\n', out->file);
	err = nma_view_leaks(&l->audit, account, nr);
	return err ? err : nma_out_finish(out);
}

static int report(struct leaks *l)
{
	const struct nma_table *pools = &l->audit.model->pools;
	struct nma_account *account = calloc(pools->nr + 1, sizeof(*account));
	size_t i, nr = 0;
	int err = 0;

	if (!account)
		return -ENOMEM;
	nma_model_for_each(struct nma_pool, pools, pool) {
		struct nma_account *a = &account[nr];

		if (!pool_wanted(l, pool) ||
		    !nma_balance_of(l->audit.model, pool, &a->balance))
			continue;
		if (!l->o->all && !l->o->pools.nr && !pool->sought.ended &&
		    a->balance.inflight <= a->balance.in_pool)
			continue;
		a->pool = pool;
		a->trends = &l->trends;
		a->now_ns = l->look_ns;
		a->since_ns = l->since_ns;
		a->least_ns = l->o->age_ns;
		nr++;
	}
	/* groups point at their account: it stays where it is from now on */
	qsort(account, nr, sizeof(*account), account_cmp);
	for (i = 0; i < nr && !err; i++) {
		err = nma_account_fill(&account[i], l->audit.model);
		l->leaked |= !err && nma_account_leaks(&account[i]);
		l->unknown |= account[i].balance.unknown;
	}
	if (!err)
		err = emit(l, account, nr);
	while (nr)
		nma_account_free(&account[--nr]);
	free(account);
	return err;
}

/* The pools of --pool must be there at the start; later they may end. */
static int check_pools(struct leaks *l)
{
	const struct nma_table *pools = &l->audit.model->pools;
	size_t i;

	for (i = 0; i < l->o->pools.nr; i++) {
		__u32 id = strtoul(l->o->pools.v[i], NULL, 10);

		if (nma_table_find(pools, id, 0))
			continue;
		nma_err(l->audit.env, -ENOENT,
			"no page_pool %s: netmem-audit show pools lists them",
			l->o->pools.v[i]);
		return NMA_EXIT_ENV;
	}
	return NMA_EXIT_OK;
}

static int wait_for_next(struct leaks *l, __u64 due_ns)
{
	__u64 now_ns;
	int ret = 0;

	while (!ret && !nma_stopped() && (now_ns = nma_clock_ns()) < due_ns)
		ret = nma_audit__poll(&l->audit, (due_ns - now_ns) / NMA_NSEC_PER_MSEC + 1);
	return ret;
}

/* A look is complete: what has become more? */
static int compare(struct leaks *l)
{
	bool first = !l->last_ns;

	l->last_ns = l->look_ns;
	if (nma_trends_take(&l->trends, l->audit.model)) {
		nma_err(l->audit.env, -ENOMEM, "out of memory");
		return NMA_EXIT_ENV;
	}
	return first ? check_pools(l) : NMA_EXIT_OK;
}

static int look(struct leaks *l)
{
	bool first = !l->look_ns;
	int ret;

	ret = nma_audit__snapshot(&l->audit);
	l->look_ns = l->audit.now_ns;
	if (!ret && first)
		ret = nma_audit__check_names(&l->audit);
	return ret ? ret : compare(l);
}

/* With --age what is older than the audit is as old as that in the first report. */
static int wait_for_age(struct leaks *l)
{
	int ret;

	if (!l->o->age_ns)
		return NMA_EXIT_OK;
	ret = look(l);
	return ret ? ret : wait_for_next(l, l->since_ns + l->o->age_ns);
}

/* The last report decides, so it waits for page_pools that were destroyed just now. */
static int look_last(struct leaks *l)
{
	__u64 due_ns = 0;
	int ret = look(l);

	nma_model_for_each(struct nma_pool, &l->audit.model->pools, pool) {
		__u64 pool_ns = nma_balance__due_ns(pool);
		struct nma_balance b;

		if (pool_ns > due_ns && pool_wanted(l, pool) &&
		    nma_balance_of(l->audit.model, pool, &b) && b.inflight > b.in_pool)
			due_ns = pool_ns;
	}
	if (ret || due_ns <= l->look_ns)
		return ret;
	ret = wait_for_next(l, due_ns);
	return ret ? ret : look(l);
}

static int loop(struct leaks *l)
{
	__u64 begin_ns;
	int ret;

	ret = wait_for_age(l);
	while (!ret && !nma_stopped()) {
		begin_ns = nma_clock_ns();
		ret = l->report + 1 == l->reports ? look_last(l) : look(l);
		if (!ret && report(l))
			ret = NMA_EXIT_ENV;
		if (ret || ++l->report == l->reports)
			break;
		ret = wait_for_next(l, begin_ns + l->interval_ns);
	}
	return ret;
}

/* What is reported is the state at a look, and not what events have made of it since. */
static int replay_look(struct leaks *l, bool whole)
{
	int ret;

	l->look_ns = l->audit.now_ns;
	if (l->last_ns && l->look_ns - l->last_ns < l->interval_ns)
		return NMA_EXIT_OK;
	ret = compare(l);
	if (ret || whole)
		return ret;
	ret = report(l) ? NMA_EXIT_ENV : NMA_EXIT_OK;
	l->report++;
	return ret;
}

/* What a recording has. @whole: one report, of its end */
static int replay(struct leaks *l, bool whole)
{
	enum nma_step step;
	int ret;

	do {
		ret = nma_audit__poll(&l->audit, 0);
		step = nma_audit__step(&l->audit);
		if (!ret && step == NMA_STEP_LOOK)
			ret = replay_look(l, whole);
	} while (!ret && step != NMA_STEP_END && !nma_stopped() &&
		 (whole || !l->reports || l->report < l->reports));
	if (!ret)
		ret = nma_audit__check_names(&l->audit);
	if (!ret && whole && (l->last_ns || l->audit.env->out.json) && report(l))
		ret = NMA_EXIT_ENV;
	return ret;
}

static int check_recording(struct leaks *l)
{
	if (nma_recording__info(l->audit.source)->holders)
		return NMA_EXIT_OK;
	nma_err(l->audit.env, -ENODATA,
		"%s has no look at who holds buffers: it is of an older version", l->o->from);
	return NMA_EXIT_ENV;
}

static int parse_pools(struct nma_env *env, const struct leaks_opts *o)
{
	__u32 id;
	size_t i;

	for (i = 0; i < o->pools.nr; i++) {
		if (!nma_opts_u32(o->pools.v[i], 1, ~0u, &id))
			continue;
		nma_err(env, -EINVAL, "--pool needs the id of a page_pool, not '%s'",
			o->pools.v[i]);
		return NMA_EXIT_USAGE;
	}
	return NMA_EXIT_OK;
}

/* Hooks see what happens, and what was recorded they did not see. */
static int check_deep(struct nma_env *env, const struct leaks_opts *o)
{
	if (!o->from || !(o->deep || o->stacks || o->age_ns))
		return NMA_EXIT_OK;
	nma_err(env, -EINVAL, "--from does not go with %s: a recording has no ages",
		o->age_ns ? "--age" : o->stacks ? "--stacks" : "--deep");
	return NMA_EXIT_USAGE;
}

static int check_ages(struct leaks *l)
{
	if (!l->audit.opts.ages)
		return NMA_EXIT_OK;
	l->since_ns = nma_clock_ns();
	if (l->audit.features.hooks & NMA_H(TAKE))
		return NMA_EXIT_OK;
	nma_err(l->audit.env, -EOPNOTSUPP, "kernel %s does not let us see buffers being taken: it needs %s",
		l->audit.features.release, nma_hook_name(NMA_HOOK_TAKE));
	return NMA_EXIT_SKIP;
}

static bool complete(struct leaks *l)
{
	if (l->unknown)
		nma_warn(l->audit.env,
			 "buffers of unknown holders: not every place could be looked into");
	return nma_audit__complete(&l->audit) && !l->unknown;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct leaks_opts *o = opts;
	struct nma_audit_opts aopts = {
		.ifnames = &o->ifnames, .netns = &o->netns, .holders = true, .from = o->from,
		.ages = o->deep || o->stacks || o->age_ns, .stacks = o->stacks,
		.max_bufs = o->buffers,
	};
	struct leaks l = { .o = o };
	int ret;

	ret = nma_interval_parse(env, w, &l.interval_ns, &l.reports);
	if (!ret)
		ret = parse_pools(env, o);
	if (!ret)
		ret = check_deep(env, o);
	if (ret)
		return ret;
	nma_stop_catch();
	ret = nma_audit__open(&l.audit, env, &aopts);
	if (!ret && o->from)
		ret = check_recording(&l);
	if (!ret)
		ret = check_ages(&l);
	if (!ret)
		ret = o->from ? replay(&l, !w->nr) : loop(&l);
	if (!ret && !complete(&l))
		ret = NMA_EXIT_INCOMPLETE;
	if ((!ret || ret == NMA_EXIT_INCOMPLETE) && l.leaked)
		ret = NMA_EXIT_VIOLATION;
	nma_audit__close(&l.audit);
	nma_trends_free(&l.trends);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct leaks_opts, ifnames),
	NMA_NETNS_OPTION(struct leaks_opts, netns),
	{ "pool", 0, NMA_OPT_STRS, offsetof(struct leaks_opts, pools), "ID",
	  "only this page_pool; may be repeated", 0, 0, NULL },
	{ "all", 'a', NMA_OPT_FLAG, offsetof(struct leaks_opts, all), NULL,
	  "also page_pools that have no buffer out", 0, 0, NULL },
	{ "deep", 0, NMA_OPT_FLAG, offsetof(struct leaks_opts, deep), NULL,
	  "watch each buffer being taken, to know how long it has been out", 0, 0, NULL },
	{ "age", 0, NMA_OPT_SPAN, offsetof(struct leaks_opts, age_ns), "SEC",
	  "only holders with a buffer that has been out for SEC seconds or longer; the first "
	  "report waits until that is known; implies --deep", 0, 86400, NULL },
	{ "stacks", 0, NMA_OPT_FLAG, offsetof(struct leaks_opts, stacks), NULL,
	  "also the kernel stack that took the oldest; implies --deep", 0, 0, NULL },
	{ "buffers", 0, NMA_OPT_U32, offsetof(struct leaks_opts, buffers), "N",
	  "with --deep: keep track of N buffers (default 65536)", 16, 16777216, NULL },
	NMA_FROM_OPTION(struct leaks_opts, from),
};

static const struct leaks_opts defaults;

static const char *const about[] = {
	"Lists who holds the buffers of each page_pool, including those that left it before "
	"the tool started: the driver, packets in queues and sockets of all network namespaces, "
	"applications by their tokens, CPUs that have yet to free them. Buffers are counted "
	"in memory and where they are found; the sum is the kernel's own count of buffers "
	"in flight, and buffers that move meanwhile are shown as such.",
	"Buffers that are in no packet and in no other place are with the driver: posted to "
	"its device, or lost. All that is out of a destroyed page_pool counts as leaked once "
	"two seconds have passed, except what a CPU is about to free; the last report waits "
	"until then. Of a live one, those buffers count by which the driver's share grows "
	"from report to report (eight at least) beyond what the page_pool was made for.",
	"With --deep each buffer is watched from now on as it is taken and brought back: "
	"AGE is how long the oldest of a group has been out. A buffer that was taken before, "
	"or unseen, is older than the audit (>). --age leaves out groups whose buffers are "
	"all younger, and groups without an age: page_pools themselves, and buffers that "
	"move.",
	"Reports once, or every INTERVAL seconds, COUNT times or until Ctrl-C. "
	"With --from, an interval is at least the time between two looks at the kernel, "
	"about two seconds; without INTERVAL, there is one report on the end of the "
	"recording.",
	NULL
};

const struct nma_command nma_cmd_leaks = {
	.name = "leaks",
	.args = "[INTERVAL [COUNT]]",
	.summary = "list by holder all buffers that are out of their page_pool",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.max_args = 2,
	.about = about,
	.run = run,
};
