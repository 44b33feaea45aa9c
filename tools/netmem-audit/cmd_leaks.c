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
#include "log.h"
#include "stop.h"
#include "view_leaks.h"

struct leaks_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	struct nma_strs pools;
	bool all;
};

struct leaks {
	struct nma_audit audit;
	struct nma_trends trends;
	const struct leaks_opts *o;
	__u64 interval_ns;
	__u32 reports;		/* wanted, 0: until interrupted */
	__u32 report;
	bool leaked;
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

	if (x->pool->r.detached != y->pool->r.detached)
		return x->pool->r.detached ? -1 : 1;
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
				       json_object_new_uint64(nma_clock_ns()));
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
	size_t nr = 0;
	int err;

	err = account ? nma_trends_take(&l->trends, l->audit.model) : -ENOMEM;
	if (err)
		goto out;
	nma_model_for_each(struct nma_pool, pools, pool) {
		struct nma_account *a = &account[nr];

		if (!pool_wanted(l, pool) ||
		    !nma_balance_of(l->audit.model, pool, &a->balance))
			continue;
		if (!l->o->all && !l->o->pools.nr && a->balance.inflight <= a->balance.in_pool)
			continue;
		a->pool = pool;
		a->trends = &l->trends;
		if (nma_account_leaks(l->audit.model, a))
			l->leaked = true;
		nr++;
	}
	qsort(account, nr, sizeof(*account), account_cmp);
	err = emit(l, account, nr);
out:
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

static int loop(struct leaks *l)
{
	__u64 last_ns;
	int ret;

	for (l->report = 0; !l->reports || l->report < l->reports; l->report++) {
		last_ns = nma_clock_ns();
		ret = nma_audit__snapshot(&l->audit);
		if (!ret && !l->report)
			ret = nma_audit__check_names(&l->audit);
		if (!ret && !l->report)
			ret = check_pools(l);
		if (!ret && report(l))
			ret = NMA_EXIT_ENV;
		if (ret || l->report + 1 == l->reports)
			return ret;
		ret = wait_for_next(l, last_ns + l->interval_ns);
		if (ret || nma_stopped())
			return ret;
	}
	return NMA_EXIT_OK;
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

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct leaks_opts *o = opts;
	struct nma_audit_opts aopts = {
		.ifnames = &o->ifnames, .netns = &o->netns, .holders = true,
	};
	struct leaks l = { .o = o };
	int ret;

	ret = nma_interval_parse(env, w, &l.interval_ns, &l.reports);
	if (!ret)
		ret = parse_pools(env, o);
	if (ret)
		return ret;
	nma_stop_catch();
	ret = nma_audit__open(&l.audit, env, &aopts);
	if (!ret)
		ret = loop(&l);
	if (!ret && !nma_audit__complete(&l.audit))
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
	  "also page_pools that have all their buffers themselves", 0, 0, NULL },
};

static const struct leaks_opts defaults;

static const char *const about[] = {
	"Who holds the buffers of each page_pool, also those that left it before the tool "
	"started: the driver, packets in queues and sockets of all network namespaces, "
	"applications by their tokens, CPUs that have yet to free them. Buffers are counted "
	"in memory and where they are found; the sum is the kernel's own count of buffers "
	"in flight, and what moves meanwhile is shown as such.",
	"What is in no packet and in no place is with the driver: posted to its device, or "
	"lost. Of a destroyed page_pool all that has not come back counts as a leak, except "
	"what a CPU is about to free; of others what the driver has more of from report to "
	"report (eight at least) and beyond what the page_pool was made for.",
	"Reports once, or every INTERVAL seconds, COUNT times or until Ctrl-C.",
	NULL
};

const struct nma_command nma_cmd_leaks = {
	.name = "leaks",
	.args = "[INTERVAL [COUNT]]",
	.summary = "every buffer that is out of its page_pool, by holder",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.max_args = 2,
	.about = about,
	.run = run,
};
