// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See view_leaks.h. What has no record of its own (with the driver, unknown, moving)
 * is a row like the others.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fields.h"
#include "getter.h"
#include "model/holder.h"
#include "view_leaks.h"

#define HOLDER(id)	(1u << NMA_HOLDER_##id)
#define IN_POOL		(HOLDER(CACHE) | HOLDER(RING))
/* Nobody comes for these by himself. */
#define STAY		(HOLDER(STACK) | HOLDER(SOCKET) | HOLDER(TX) | HOLDER(XDP) | \
			 HOLDER(TOKEN) | HOLDER(ZCRX) | HOLDER(DRIVER) | HOLDER(UNKNOWN))

struct nma_held_group {
	const struct nma_account *account;
	struct nma_rec_held r;
	const struct nma_age *age;	/* NULL: of none of them it is known */
	bool moving;
	bool grows;
	bool leaks;
};

#define ACCOUNT(row)	((const struct nma_account *)(row))
#define G(row)		((const struct nma_held_group *)(row))
#define R(row)		(&G(row)->r)
#define POOL(row)	(G(row)->account->pool)

static void get_where(const void *row, struct nma_value *v)
{
	const struct nma_held_group *g = row;
	char text[192];

	if (g->moving) {
		nma_value_str(v, "taken or given back meanwhile");
	} else if (g->r.holder == NMA_HOLDER_UNKNOWN) {
		nma_value_str(v, "not every place could be looked into");
	} else if (g->r.holder == NMA_HOLDER_DRIVER) {
		nma_value_str(v, POOL(row)->sought.dying ? "lost" :
							 "posted, or lost");
	} else {
		nma_holder_place(text, sizeof(text), &g->r);
		nma_value_str(v, text);
	}
}

static void get_frees(const void *row, struct nma_value *v)
{
	if (!G(row)->moving)
		nma_value_str(v, nma_holder_frees(R(row)->holder));
}

static void get_mark(const void *row, struct nma_value *v)
{
	if (G(row)->leaks || G(row)->grows)
		nma_value_str(v, G(row)->leaks ? G(row)->grows ? "LEAK, grows" : "LEAK" :
						 "grows");
}

static void get_bytes(const void *row, struct nma_value *v)
{
	if (!G(row)->moving)
		nma_value_u64(v, R(row)->buffers * ((__u64)getpagesize() << POOL(row)->r.order));
}

static void get_count(const void *row, struct nma_value *v)
{
	if (G(row)->moving)
		nma_value_s64(v, (__s32)R(row)->buffers);
	else
		nma_value_u64(v, R(row)->buffers);
}

/* Older than the audit, or not seen being taken */
static __u32 unaged(const struct nma_held_group *g)
{
	__u32 aged = g->age ? g->age->r.aged : 0;

	return g->r.buffers > aged ? g->r.buffers - aged : 0;
}

/* What is in the pool itself has no age. */
static bool has_ages(const struct nma_held_group *g)
{
	return g->account->since_ns && !g->moving && !(1u << g->r.holder & IN_POOL);
}

/* Of the oldest, at least */
static __u64 age_of(const struct nma_held_group *g)
{
	return g->account->now_ns - (unaged(g) ? g->account->since_ns : g->age->r.oldest_ns);
}

static void get_unaged(const void *row, struct nma_value *v)
{
	if (has_ages(G(row)))
		nma_value_u64(v, unaged(G(row)));
}

static void get_oldest(const void *row, struct nma_value *v)
{
	if (has_ages(G(row)) && G(row)->age)
		nma_value_u64(v, G(row)->age->r.oldest_ns);
}

static void get_age(const void *row, struct nma_value *v)
{
	__u64 ms;

	if (!has_ages(G(row)))
		return;
	ms = age_of(G(row)) / NMA_NSEC_PER_MSEC;
	nma_value_fmt(v, "%s%llu.%llu s", unaged(G(row)) ? ">" : "", ms / 1000,
		      ms % 1000 / 100);
}

static void get_taken_by(const void *row, struct nma_value *v)
{
	if (has_ages(G(row)) && G(row)->age && G(row)->age->r.stack[0])
		nma_value_stack(v, G(row)->age->r.stack, NMA_STACK_LEN);
}

GET(get_holder, nma_value_str(v, G(row)->moving ? "moving" : nma_holder_name(R(row)->holder)))
GET(get_queue, nma_value_str(v, nma_where_text(R(row)->where)))
GET_NONZERO(get_map, R(row)->map_id)
GET_NONZERO(get_pid, R(row)->hdr.pid)
GET(get_comm, nma_value_strn(v, R(row)->hdr.comm, NMA_COMM_LEN))
GET_NONZERO(get_cgroup, R(row)->cgroup_id)
GET_NONZERO(get_cookie, R(row)->cookie)
GET(get_local, nma_value_endpoint(v, R(row)->family, R(row)->src, R(row)->sport))
GET(get_remote, nma_value_endpoint(v, R(row)->family, R(row)->dst, R(row)->dport))
GET(get_state, nma_value_str(v, nma_holder_state(R(row))))
GET(get_ifname, nma_value_strn(v, R(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(get_ifindex, R(row)->ifindex)
GET_TRUE(get_orphan, R(row)->orphan)
GET_TRUE(get_leak, G(row)->leaks)
GET_TRUE(get_grows, G(row)->grows)

static void get_cpu(const void *row, struct nma_value *v)
{
	if (R(row)->cpu != NMA_NO_CPU)
		nma_value_u64(v, R(row)->cpu);
}

static void get_destructor(const void *row, struct nma_value *v)
{
	if (R(row)->destructor)
		nma_value_stack(v, &R(row)->destructor, 1);
}

GET(get_device, nma_owner_value(v, &POOL(row)->owner))
GET(get_pool, nma_value_u64(v, POOL(row)->r.pool_id))
GET(get_inflight, nma_value_s64(v, G(row)->account->balance.inflight))

static void get_rxq(const void *row, struct nma_value *v)
{
	if (POOL(row)->owner.queue != NMA_NO_QUEUE)
		nma_value_u64(v, POOL(row)->owner.queue);
}

/* Since it was destroyed */
static void get_dying(const void *row, struct nma_value *v)
{
	__u64 since_ns = POOL(row)->r.detach_ns;

	if (!POOL(row)->sought.dying)
		return;
	if (since_ns)
		nma_value_fmt(v, "%llu s", (G(row)->account->now_ns - since_ns) /
					   NMA_NSEC_PER_SEC);
	else
		nma_value_str(v, "yes");
}

static const struct nma_field group_fields[] = {
	{ "device", "IF", NMA_FIELD_COLUMN, get_device },
	{ "queue", "QUEUE", NMA_FIELD_COLUMN, get_rxq },
	{ "pool", "POOL", NMA_FIELD_COLUMN, get_pool },
	{ "dying", "DYING", NMA_FIELD_TEXT, get_dying },
	{ "inflight", "INFLIGHT", NMA_FIELD_COLUMN, get_inflight },
	{ "buffers", "BUFFERS", 0, get_count },
	{ "bytes", "", NMA_FIELD_JSON, get_bytes },
	{ "holder", "HOLDER", 0, get_holder },
	{ "mark", "MARK", NMA_FIELD_TEXT, get_mark },
	{ "age", "AGE", NMA_FIELD_TEXT, get_age },
	{ "oldest_time_ns", "", NMA_FIELD_JSON, get_oldest },
	{ "buffers_unaged", "", NMA_FIELD_JSON, get_unaged },
	{ "taken_by", "", NMA_FIELD_JSON, get_taken_by },
	{ "leak", "", NMA_FIELD_JSON, get_leak },
	{ "growing", "", NMA_FIELD_JSON, get_grows },
	{ "freed_by", "", NMA_FIELD_JSON, get_frees },
	{ "holder_queue", "", NMA_FIELD_JSON, get_queue },
	{ "holder_cpu", "", NMA_FIELD_JSON, get_cpu },
	{ "map_id", "", NMA_FIELD_JSON, get_map },
	{ "holder_pid", "", NMA_FIELD_JSON, get_pid },
	{ "holder_comm", "", NMA_FIELD_JSON, get_comm },
	{ "cgroup_id", "", NMA_FIELD_JSON, get_cgroup },
	{ "cookie", "", NMA_FIELD_JSON, get_cookie },
	{ "local", "", NMA_FIELD_JSON, get_local },
	{ "remote", "", NMA_FIELD_JSON, get_remote },
	{ "state", "", NMA_FIELD_JSON, get_state },
	{ "orphan", "", NMA_FIELD_JSON, get_orphan },
	{ "packet_ifname", "", NMA_FIELD_JSON, get_ifname },
	{ "packet_ifindex", "", NMA_FIELD_JSON, get_ifindex },
	{ "destructor", "", NMA_FIELD_JSON, get_destructor },
	{ "where", "WHERE", 0, get_where },
};

static const struct nma_fields groups = {
	.name = "holders",
	.field = group_fields,
	.nr = sizeof(group_fields) / sizeof(*group_fields),
};

/* Of a pool in use the driver may have as many as the pool was made for. */
static void mark(const struct nma_model *m, const struct nma_account *a, struct nma_held_group *g,
		 __u64 place)
{
	__u32 bit = 1u << g->r.holder;

	g->account = a;
	if (g->moving)
		return;
	g->age = nma_model__age(m, a->pool->r.pool_id, place);
	g->grows = a->trends && nma_trends_grows(a->trends, a->pool->r.pool_id, place);
	g->leaks = a->pool->sought.dying ?
		   bit & STAY && nma_balance__due_ns(a->pool) <= a->now_ns :
		   g->grows && g->r.holder == NMA_HOLDER_DRIVER &&
		   a->pool->r.pool_size && g->r.buffers > a->pool->r.pool_size;
}

static bool too_young(const struct nma_held_group *g)
{
	return g->account->least_ns &&
	       (!has_ages(g) || age_of(g) < g->account->least_ns);
}

static void add(const struct nma_model *m, struct nma_account *a, const struct nma_held_group *g,
		__u64 place)
{
	struct nma_held_group *to = &a->group[a->nr];

	*to = *g;
	mark(m, a, to, place);
	if (!too_young(to))
		a->nr++;
}

/* What has no record of its own */
static void add_rest(const struct nma_model *m, struct nma_account *a, __u32 holder,
		     __s64 buffers)
{
	const struct nma_held_group g = {
		.r.holder = holder,
		.r.buffers = buffers,
		.r.cpu = NMA_NO_CPU,
		.moving = holder == NMA_HOLDER_MAX,
	};

	if (buffers)
		add(m, a, &g, NMA_PLACE_DRIVER);
}

static int group_cmp(const void *a, const void *b)
{
	const struct nma_held_group *x = a, *y = b;

	if (x->leaks != y->leaks)
		return x->leaks ? -1 : 1;
	return x->r.buffers < y->r.buffers ? 1 : x->r.buffers > y->r.buffers ? -1 : 0;
}

int nma_account_fill(struct nma_account *a, const struct nma_model *m)
{
	struct nma_held_group g = { 0 };

	a->group = calloc(m->held.nr + 3, sizeof(*a->group));
	a->nr = 0;
	if (!a->group)
		return -ENOMEM;
	nma_held_for_each(m, held) {
		if (held->r.pool_id != a->pool->r.pool_id)
			continue;
		g.r = held->r;
		add(m, a, &g, held->node.key[1]);
	}
	add_rest(m, a, NMA_HOLDER_DRIVER, a->balance.driver);
	add_rest(m, a, NMA_HOLDER_UNKNOWN, a->balance.unknown);
	qsort(a->group, a->nr, sizeof(*a->group), group_cmp);
	add_rest(m, a, NMA_HOLDER_MAX, a->balance.moving);
	return 0;
}

void nma_account_free(struct nma_account *a)
{
	free(a->group);
}

bool nma_account_leaks(const struct nma_account *a)
{
	size_t i;

	for (i = 0; i < a->nr; i++)
		if (a->group[i].leaks)
			return true;
	return false;
}

/* Once for each kind of holder that somebody may want to do something about. */
static void view_frees(const struct nma_out *out, __u32 holders)
{
	__u32 i;

	for (i = 0; i < NMA_HOLDER_MAX; i++)
		if (holders & 1u << i && nma_holder_frees(i))
			nma_out_text(out, 0, "%s is freed by: %s", nma_holder_name(i),
				     nma_holder_frees(i));
}

static bool needs_a_word(const struct nma_held_group *g)
{
	return !g->moving && 1u << g->r.holder & STAY &&
	       (g->r.holder != NMA_HOLDER_DRIVER || g->leaks);
}

/* What is in the pool itself is shown with -v. */
static bool is_shown(const struct nma_out *out, const struct nma_held_group *g)
{
	return out->verbose || !(1u << g->r.holder & IN_POOL);
}

static void view_stack(const struct nma_out *out, const struct nma_held_group *g)
{
	struct nma_value v = { 0 };
	char label[64];

	get_taken_by(g, &v);
	if (v.type == NMA_VALUE_NONE)
		return;
	snprintf(label, sizeof(label), "%s, pool %u: taken by",
		 nma_holder_name(g->r.holder), g->account->pool->r.pool_id);
	nma_out_label(out, label, &v, 0);
}

/* There is nothing more to say of it. */
static void view_ended(const struct nma_audit *audit, const struct nma_account *a)
{
	const char *ifname = a->pool->owner.ifname;

	if (a->pool->sought.ended)
		nma_out_text(&audit->env->out, 0,
			     "page_pool %u%s%.16s has ended meanwhile: all its buffers are back",
			     a->pool->r.pool_id, ifname[0] ? " of " : "", ifname);
}

/* What there is to say below the table */
static void view_words(const struct nma_out *out, const void *const *row, size_t rows)
{
	__u32 holders = 0;
	size_t i;

	for (i = 0; i < rows; i++) {
		view_stack(out, row[i]);
		if (needs_a_word(row[i]))
			holders |= 1u << R(row[i])->holder;
	}
	view_frees(out, holders);
}

int nma_view_leaks(const struct nma_audit *audit, const struct nma_account *a, size_t nr)
{
	const struct nma_out *out = &audit->env->out;
	size_t i, j, rows = 0;
	const void **row;
	int err = 0;

	for (i = 0; i < nr; i++)
		rows += a[i].nr;
	row = calloc(rows + 1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	rows = 0;
	for (i = 0; i < nr; i++)
		for (j = 0; j < a[i].nr; j++)
			if (is_shown(out, &a[i].group[j]))
				row[rows++] = &a[i].group[j];
	if (rows)
		err = nma_out_table(out, &groups, row, rows);
	else
		nma_out_text(out, 0, nr && a->least_ns ?
			     "no buffer is out of its page_pool for that long" :
			     "no buffer is out of its page_pool");
	if (!err)
		view_words(out, row, rows);
	for (i = 0; i < nr && !err; i++)
		view_ended(audit, &a[i]);
	free(row);
	return err;
}

GET(pool_detached, nma_value_bool(v, ACCOUNT(row)->pool->sought.dying))
GET(pool_inflight, nma_value_s64(v, ACCOUNT(row)->balance.inflight))
GET(pool_exist, nma_value_u64(v, ACCOUNT(row)->pool->sought.exist))
GET(pool_in_pool, nma_value_u64(v, ACCOUNT(row)->balance.in_pool))
GET_TRUE(pool_ended, ACCOUNT(row)->pool->sought.ended)

static void pool_detached_for(const void *row, struct nma_value *v)
{
	__u64 since_ns = ACCOUNT(row)->pool->r.detach_ns;

	if (ACCOUNT(row)->pool->sought.dying && since_ns)
		nma_value_u64(v, ACCOUNT(row)->now_ns - since_ns);
}

static const struct nma_field account_fields[] = {
	{ "detached", "", NMA_FIELD_JSON, pool_detached },
	{ "detached_for_ns", "", NMA_FIELD_JSON, pool_detached_for },
	{ "ended", "", NMA_FIELD_JSON, pool_ended },
	{ "inflight", "", NMA_FIELD_JSON, pool_inflight },
	{ "exist", "", NMA_FIELD_JSON, pool_exist },
	{ "in_pool", "", NMA_FIELD_JSON, pool_in_pool },
};

static const struct nma_fields accounts = {
	.name = "pools",
	.field = account_fields,
	.nr = sizeof(account_fields) / sizeof(*account_fields),
};

static struct json_object *account_json(const struct nma_audit *audit,
					const struct nma_account *a)
{
	const struct nma_out *out = &audit->env->out;
	const struct nma_row row = { .model = audit->model, .ref.pool = a->pool };
	struct json_object *obj = nma_out_object(out, &nma_fields_pool_identity, &row);
	struct json_object *list = json_object_new_array();
	size_t i;

	nma_out_fill(out, obj, &accounts, a);
	for (i = 0; i < a->nr; i++)
		json_object_array_add(list, nma_out_object(out, &groups, &a->group[i]));
	json_object_object_add(obj, groups.name, list);
	return obj;
}

struct json_object *nma_view_leaks_json(const struct nma_audit *audit,
					const struct nma_account *a, size_t nr)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_array_add(list, account_json(audit, &a[i]));
	return list;
}
