// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit stat: what moved in and out of each page_pool, per interval. The
 * kernel's own counters of held and released pages, read by snapshots: no hook,
 * no cost between two of them.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "fields.h"
#include "getter.h"
#include "log.h"
#include "stop.h"

struct stat_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	__u32 rows;
};

/* Counters of the last report. */
struct mark {
	struct nma_node node;	/* by pool id */
	__u32 hold;
	__u32 release;
	__u32 report;
};

struct stat_row {
	struct nma_row base;
	__u32 in;
	__u32 out;
	__u64 tokens;
	bool has_tokens;
};

struct stat {
	struct nma_audit audit;
	struct nma_table marks;
	__u64 interval_ns;
	__u32 reports;		/* wanted, 0: until interrupted */
	__u32 report;
	__u64 last_ns;
	__u64 span_ns;		/* since the last report */
};

#define ROW(row)	((const struct stat_row *)(row))
#define POOL(row)	(&ROW(row)->base.ref.pool->r)
#define OWNER(row)	(&ROW(row)->base.ref.pool->owner)

GET(get_id, nma_value_u64(v, POOL(row)->pool_id))
GET(get_device, nma_owner_value(v, OWNER(row)))
GET(get_ifname, nma_value_strn(v, OWNER(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(get_ifindex, OWNER(row)->ifindex)
NETNS(get, OWNER(row)->netns)
GET(get_detached, nma_value_bool(v, POOL(row)->detached))
GET(get_in, nma_value_u64(v, ROW(row)->in))
GET(get_out, nma_value_u64(v, ROW(row)->out))
GET(get_inflight, nma_value_s64(v, POOL(row)->inflight))
GET(get_provider, nma_value_str(v, nma_mp_name(POOL(row)->mp)))

static void get_queue(const void *row, struct nma_value *v)
{
	if (OWNER(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, OWNER(row)->queue);
}

static void get_tokens(const void *row, struct nma_value *v)
{
	if (ROW(row)->has_tokens)
		nma_value_u64(v, ROW(row)->tokens);
}

static const struct nma_field stat_fields[] = {
	{ "id", "ID", 0, get_id },
	{ "device", "IF", NMA_FIELD_COLUMN, get_device },
	{ "ifname", "", NMA_FIELD_JSON, get_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, get_ifindex },
	NETNS_FIELDS(get),
	{ "queue", "QUEUE", 0, get_queue },
	{ "provider", "PROVIDER", 0, get_provider },
	{ "detached", "DYING", 0, get_detached },
	{ "in_pages", "IN", 0, get_in },
	{ "out_pages", "OUT", 0, get_out },
	{ "inflight", "INFLIGHT", 0, get_inflight },
	{ "tokens_outstanding", "TOKENS", 0, get_tokens },
};

static const struct nma_fields fields = {
	.name = "pools",
	.field = stat_fields,
	.nr = sizeof(stat_fields) / sizeof(*stat_fields),
};

/* Busy pools first, then by id. */
static int row_cmp(const void *a, const void *b)
{
	const struct stat_row *x = *(const struct stat_row *const *)a;
	const struct stat_row *y = *(const struct stat_row *const *)b;
	__u64 moved_x = (__u64)x->in + x->out, moved_y = (__u64)y->in + y->out;

	if (moved_x != moved_y)
		return moved_x < moved_y ? 1 : -1;
	return POOL(x)->pool_id < POOL(y)->pool_id ? -1 : 1;
}

/* Tokens belong to a binding; the pool that runs on it answers for them. */
static void fill_tokens(const struct nma_model *m, struct stat_row *row)
{
	if (!POOL(row)->binding_id)
		return;
	row->has_tokens = true;
	nma_model_for_each(struct nma_sock, &m->socks, sock)
		if (sock->r.binding_id == POOL(row)->binding_id)
			row->tokens += sock->r.outstanding;
}

/* Counters wrap; a pool that is new since the last report starts at 0. */
static int fill_row(struct stat *s, struct stat_row *row, const struct nma_pool *pool)
{
	struct mark *mark = nma_table_find(&s->marks, pool->r.pool_id, 0);

	if (!mark) {
		mark = calloc(1, sizeof(*mark));
		if (!mark || nma_table_add(&s->marks, &mark->node, pool->r.pool_id, 0)) {
			free(mark);
			return -ENOMEM;
		}
	}
	row->base.model = s->audit.model;
	row->base.ref.pool = pool;
	row->in = pool->r.hold_cnt - mark->hold;
	row->out = pool->r.release_cnt - mark->release;
	fill_tokens(s->audit.model, row);
	mark->hold = pool->r.hold_cnt;
	mark->release = pool->r.release_cnt;
	mark->report = s->report;
	return 0;
}

static void forget_gone(struct stat *s)
{
	nma_table_for_each(&s->marks, n) {
		if (((struct mark *)n)->report == s->report)
			continue;
		nma_table_del(&s->marks, n);
		free(n);
	}
}

static int emit(struct stat *s, const void *const *rows, size_t nr)
{
	const struct nma_out *out = &s->audit.env->out;
	struct json_object *doc;
	int err;

	if (!out->json) {
		if (s->report > 1)
			fputc('\n', out->file);
		err = nma_out_table(out, &fields, rows, nr);
		return err ? err : nma_out_finish(out);
	}
	doc = nma_json_doc("stat");
	json_object_object_add(doc, "time_ns", json_object_new_uint64(s->last_ns));
	json_object_object_add(doc, "interval_ns", json_object_new_uint64(s->span_ns));
	json_object_object_add(doc, fields.name, nma_out_array(out, &fields, rows, nr));
	return nma_out_emit(out, doc);
}

static bool pool_wanted(const struct stat *s, const struct nma_pool *pool)
{
	const char *ifname = pool->owner.ifname;

	if (!ifname[0] && s->audit.opts.ifnames->nr && !nma_pool_may_be_of_nic(pool))
		return false;
	return nma_audit__wanted(&s->audit, pool->owner.netns, ifname);
}

/* The first call only sets the marks. */
static int report(struct stat *s, __u32 max_rows)
{
	const struct nma_table *pools = &s->audit.model->pools;
	struct stat_row *row = calloc(pools->nr + 1, sizeof(*row));
	const void **ptr = calloc(pools->nr + 1, sizeof(*ptr));
	size_t nr = 0;
	int err = 0;

	if (!row || !ptr) {
		err = -ENOMEM;
		goto out;
	}
	nma_model_for_each(struct nma_pool, pools, pool) {
		if (!pool_wanted(s, pool))
			continue;
		err = fill_row(s, &row[nr], pool);
		if (err)
			goto out;
		ptr[nr] = &row[nr];
		nr++;
	}
	forget_gone(s);
	qsort(ptr, nr, sizeof(*ptr), row_cmp);
	if (s->report)
		err = emit(s, ptr, max_rows && nr > max_rows ? max_rows : nr);
out:
	free(row);
	free(ptr);
	return err;
}

static int sleep_until(struct stat *s, __u64 due_ns)
{
	__u64 now_ns;
	int ret = 0;

	while (!ret && !nma_stopped() && (now_ns = nma_clock_ns()) < due_ns)
		ret = nma_audit__poll(&s->audit, (due_ns - now_ns) / NMA_NSEC_PER_MSEC + 1);
	return ret;
}

static int loop(struct stat *s, const struct stat_opts *o)
{
	__u64 now_ns;
	int ret;

	for (s->report = 0; !s->reports || s->report <= s->reports; s->report++) {
		if (s->report) {
			ret = sleep_until(s, s->last_ns + s->interval_ns);
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
		if (report(s, o->rows))
			return NMA_EXIT_ENV;
	}
	return 0;
}

static int parse_words(struct nma_env *env, const struct nma_words *w, struct stat *s)
{
	s->interval_ns = NMA_NSEC_PER_SEC;
	s->reports = w->nr ? 0 : 1;
	if (w->nr > 0 && (nma_opts_time(w->word[0], 0, 86400, &s->interval_ns) ||
			  s->interval_ns < 10 * NMA_NSEC_PER_MSEC)) {
		nma_err(env, -EINVAL, "INTERVAL needs seconds from 0.01 to 86400, not '%s'",
			w->word[0]);
		return NMA_EXIT_USAGE;
	}
	if (w->nr > 1 && nma_opts_u32(w->word[1], 1, 1000000000, &s->reports)) {
		nma_err(env, -EINVAL, "COUNT needs a number from 1 to 1000000000, not '%s'",
			w->word[1]);
		return NMA_EXIT_USAGE;
	}
	return 0;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct stat_opts *o = opts;
	struct nma_audit_opts aopts = { .ifnames = &o->ifnames, .netns = &o->netns };
	struct stat s = { 0 };
	int ret;

	ret = parse_words(env, w, &s);
	if (ret)
		return ret;
	nma_stop_catch();
	ret = nma_audit__open(&s.audit, env, &aopts);
	if (!ret)
		ret = loop(&s, o);
	if (!ret && !nma_audit__complete(&s.audit))
		ret = NMA_EXIT_INCOMPLETE;
	nma_audit__close(&s.audit);
	nma_table_free(&s.marks);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct stat_opts, ifnames),
	NMA_NETNS_OPTION(struct stat_opts, netns),
	{ "rows", 'r', NMA_OPT_U32, offsetof(struct stat_opts, rows), "ROWS",
	  "only the ROWS busiest page_pools", 1, 1000000, NULL },
};

static const struct stat_opts defaults;

static const char *const about[] = {
	"Per page_pool: pages that entered (IN) and left it (OUT) for the page "
	"allocator or the memory provider during the interval, pages in flight, and "
	"tokens that applications hold of its binding. Recycled buffers neither enter "
	"nor leave: small figures beside much traffic are good.",
	"Reports every INTERVAL seconds (default 1), COUNT times or until Ctrl-C. "
	"Without INTERVAL, one report over one second.",
	NULL
};

const struct nma_command nma_cmd_stat = {
	.name = "stat",
	.args = "[INTERVAL [COUNT]]",
	.summary = "pages moving in and out of each page_pool, per interval",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.max_args = 2,
	.about = about,
	.run = run,
};
