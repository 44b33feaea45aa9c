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

struct group {
	const struct nma_account *account;
	struct nma_rec_held r;
	bool moving;
	bool grows;
	bool leaks;
};

#define ACCOUNT(row)	((const struct nma_account *)(row))
#define G(row)		((const struct group *)(row))
#define R(row)		(&G(row)->r)
#define POOL(row)	(G(row)->account->pool)

static void get_where(const void *row, struct nma_value *v)
{
	const struct group *g = row;
	char text[192];

	if (g->moving) {
		nma_value_str(v, "taken or given back meanwhile");
	} else if (g->r.holder == NMA_HOLDER_UNKNOWN) {
		nma_value_str(v, "not every place could be looked into");
	} else if (g->r.holder == NMA_HOLDER_DRIVER) {
		nma_value_str(v, POOL(row)->r.detached ? "lost" :
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

GET(get_holder, nma_value_str(v, G(row)->moving ? "moving" : nma_holder_name(R(row)->holder)))
GET(get_queue, nma_value_str(v, nma_where_text(R(row)->where)))
GET_NONZERO(get_pid, R(row)->hdr.pid)
GET(get_comm, nma_value_strn(v, R(row)->hdr.comm, NMA_COMM_LEN))
GET_NONZERO(get_cgroup, R(row)->cgroup_id)
GET_NONZERO(get_cookie, R(row)->cookie)
GET(get_local, nma_value_endpoint(v, R(row)->family, R(row)->src, R(row)->sport))
GET(get_remote, nma_value_endpoint(v, R(row)->family, R(row)->dst, R(row)->dport))
GET(get_state, nma_value_str(v, nma_holder_state(R(row))))
GET(get_ifname, nma_value_strn(v, R(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(get_ifindex, R(row)->ifindex)

static void get_cpu(const void *row, struct nma_value *v)
{
	if (R(row)->cpu != NMA_NO_CPU)
		nma_value_u64(v, R(row)->cpu);
}

static void get_orphan(const void *row, struct nma_value *v)
{
	if (R(row)->orphan)
		nma_value_bool(v, true);
}

static void get_destructor(const void *row, struct nma_value *v)
{
	if (R(row)->destructor)
		nma_value_stack(v, &R(row)->destructor, 1);
}

static void get_leak(const void *row, struct nma_value *v)
{
	if (G(row)->leaks)
		nma_value_bool(v, true);
}

static void get_grows(const void *row, struct nma_value *v)
{
	if (G(row)->grows)
		nma_value_bool(v, true);
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

	if (since_ns)
		nma_value_fmt(v, "%llu s", (nma_clock_ns() - since_ns) / NMA_NSEC_PER_SEC);
	else if (POOL(row)->r.detached)
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
	{ "leak", "", NMA_FIELD_JSON, get_leak },
	{ "growing", "", NMA_FIELD_JSON, get_grows },
	{ "freed_by", "", NMA_FIELD_JSON, get_frees },
	{ "holder_queue", "", NMA_FIELD_JSON, get_queue },
	{ "holder_cpu", "", NMA_FIELD_JSON, get_cpu },
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
static void mark(const struct nma_account *a, struct group *g, __u64 place)
{
	__u32 bit = 1u << g->r.holder;

	g->account = a;
	if (g->moving)
		return;
	g->grows = a->trends && nma_trends_grows(a->trends, a->pool->r.pool_id, place);
	g->leaks = a->pool->r.detached ? bit & STAY :
		   g->grows && g->r.holder == NMA_HOLDER_DRIVER &&
		   a->pool->r.pool_size && g->r.buffers > a->pool->r.pool_size;
}

static void add(const struct nma_account *a, struct group *g, size_t *nr, __u32 holder,
		__s64 buffers)
{
	if (!buffers)
		return;
	g[*nr] = (struct group){ .r.holder = holder, .r.buffers = buffers };
	g[*nr].r.cpu = NMA_NO_CPU;
	g[*nr].moving = holder == NMA_HOLDER_MAX;
	mark(a, &g[*nr], NMA_PLACE_DRIVER);
	++*nr;
}

static int group_cmp(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->leaks != y->leaks)
		return x->leaks ? -1 : 1;
	return x->r.buffers < y->r.buffers ? 1 : x->r.buffers > y->r.buffers ? -1 : 0;
}

/* To be freed by the caller; NULL without memory. */
static struct group *groups_of(const struct nma_model *m, const struct nma_account *a,
			       size_t *nr)
{
	struct group *g = calloc(m->held.nr + 3, sizeof(*g));

	*nr = 0;
	if (!g)
		return NULL;
	nma_held_for_each(m, held) {
		if (held->r.pool_id != a->pool->r.pool_id)
			continue;
		g[*nr].r = held->r;
		mark(a, &g[*nr], held->node.key[1]);
		++*nr;
	}
	add(a, g, nr, NMA_HOLDER_DRIVER, a->balance.driver);
	add(a, g, nr, NMA_HOLDER_UNKNOWN, a->balance.unknown);
	qsort(g, *nr, sizeof(*g), group_cmp);
	add(a, g, nr, NMA_HOLDER_MAX, a->balance.moving);
	return g;
}

bool nma_account_leaks(const struct nma_model *m, const struct nma_account *a)
{
	bool leaks = false;
	struct group *g;
	size_t i, nr;

	g = groups_of(m, a, &nr);
	for (i = 0; g && i < nr; i++)
		leaks |= g[i].leaks;
	free(g);
	return leaks;
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

static bool needs_a_word(const struct group *g)
{
	return !g->moving && 1u << g->r.holder & STAY &&
	       (g->r.holder != NMA_HOLDER_DRIVER || g->leaks);
}

/* What is in the pool itself is shown with -v. */
int nma_view_leaks(const struct nma_audit *audit, const struct nma_account *a, size_t nr)
{
	const struct nma_out *out = &audit->env->out;
	size_t i, j, rows = 0, most = nr * (audit->model->held.nr + 3);
	struct group **g = calloc(nr + 1, sizeof(*g));
	const void **row = calloc(most + 1, sizeof(*row));
	__u32 holders = 0;
	int err = g && row ? 0 : -ENOMEM;

	for (i = 0; !err && i < nr; i++) {
		size_t groups_of_it;

		g[i] = groups_of(audit->model, &a[i], &groups_of_it);
		if (!g[i])
			err = -ENOMEM;
		for (j = 0; !err && j < groups_of_it; j++) {
			if (!out->verbose && 1u << g[i][j].r.holder & IN_POOL)
				continue;
			row[rows++] = &g[i][j];
			if (needs_a_word(&g[i][j]))
				holders |= 1u << g[i][j].r.holder;
		}
	}
	if (!err && !rows)
		nma_out_text(out, 0, "no buffer is out of its page_pool");
	else if (!err)
		err = nma_out_table(out, &groups, row, rows);
	if (!err)
		view_frees(out, holders);
	for (i = 0; g && i < nr; i++)
		free(g[i]);
	free(g);
	free(row);
	return err;
}

GET(pool_id, nma_value_u64(v, ACCOUNT(row)->pool->r.pool_id))
#define OWNER(row)	(&ACCOUNT(row)->pool->owner)
GET(pool_ifname, nma_value_strn(v, OWNER(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(pool_ifindex, OWNER(row)->ifindex)
NETNS(pool, OWNER(row)->netns)
GET(pool_provider, nma_value_str(v, nma_mp_name(ACCOUNT(row)->pool->r.mp)))
GET_NONZERO(pool_binding, ACCOUNT(row)->pool->r.binding_id)
GET(pool_detached, nma_value_bool(v, ACCOUNT(row)->pool->r.detached))
GET(pool_inflight, nma_value_s64(v, ACCOUNT(row)->balance.inflight))
GET(pool_exist, nma_value_u64(v, ACCOUNT(row)->pool->sought.exist))
GET(pool_in_pool, nma_value_u64(v, ACCOUNT(row)->balance.in_pool))

static void pool_queue(const void *row, struct nma_value *v)
{
	if (OWNER(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, OWNER(row)->queue);
}

static void pool_detached_for(const void *row, struct nma_value *v)
{
	__u64 since_ns = ACCOUNT(row)->pool->r.detach_ns;

	if (since_ns)
		nma_value_u64(v, nma_clock_ns() - since_ns);
}

static const struct nma_field account_fields[] = {
	{ "id", "", NMA_FIELD_JSON, pool_id },
	{ "ifname", "", NMA_FIELD_JSON, pool_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, pool_ifindex },
	NETNS_FIELDS(pool),
	{ "queue", "", NMA_FIELD_JSON, pool_queue },
	{ "provider", "", NMA_FIELD_JSON, pool_provider },
	{ "binding_id", "", NMA_FIELD_JSON, pool_binding },
	{ "detached", "", NMA_FIELD_JSON, pool_detached },
	{ "detached_for_ns", "", NMA_FIELD_JSON, pool_detached_for },
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
	struct json_object *obj = nma_out_object(out, &accounts, a);
	struct json_object *list = json_object_new_array();
	struct group *g;
	size_t i, nr;

	g = groups_of(audit->model, a, &nr);
	for (i = 0; g && i < nr; i++)
		json_object_array_add(list, nma_out_object(out, &groups, &g[i]));
	json_object_object_add(obj, groups.name, list);
	free(g);
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
