// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See stat_rows.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stat_rows.h"

/* Totals of the last report. */
struct mark {
	struct nma_node node;	/* by pool id */
	struct nma_flows total;
	__u32 report;
};

struct token_mark {
	struct nma_node node;	/* by binding id */
	struct nma_token_flows total;
	struct nma_token_flows now;	/* between the last two reports */
	__u32 report;
};

static void *mark_of(struct nma_table *t, size_t size, __u32 id)
{
	struct nma_node *node = nma_table_find(t, id, 0);

	if (node)
		return node;
	node = calloc(1, size);
	if (!node || nma_table_add(t, node, id, 0)) {
		free(node);
		return NULL;
	}
	return node;
}

__u64 nma_stat_per_s(const struct nma_stat_row *row, __u64 n)
{
	if (!row->span_ns)
		return 0;
	return (unsigned __int128)n * NMA_NSEC_PER_SEC / row->span_ns;
}

/* Sockets whose end was not seen take what they had along. */
static __u64 grown(__u64 from, __u64 to)
{
	return to > from ? to - from : 0;
}

/* Several pools may be on one binding: its tokens are counted once. */
static int token_flows(struct nma_stat_rows *rows, const struct nma_model *m, __u32 id,
		       struct nma_token_flows *flows)
{
	struct token_mark *mark = mark_of(&rows->token_marks, sizeof(*mark), id);
	struct nma_token_flows total;

	if (!mark)
		return -ENOMEM;
	if (mark->report != rows->report + 1) {
		nma_binding_tokens(m, id, &total);
		mark->now = (struct nma_token_flows){
			.held = total.held,
			.taken = grown(mark->total.taken, total.taken),
			.returned = grown(mark->total.returned, total.returned),
		};
		mark->total = total;
		mark->report = rows->report + 1;
	}
	*flows = mark->now;
	return 0;
}

/* The size of a dma-buf, and what of it is not yet, or no longer, with a pool. */
static void fill_dmabuf(struct nma_stat_row *row, const struct nma_model *m)
{
	const struct nma_binding *binding = nma_model__binding(m, row->binding_id);

	if (!binding || row->mp != NMA_MP_DMABUF)
		return;
	row->buffers = binding->r.buffers;
	row->buffers_free = binding->r.buffers_free;
}

static int fill_row(struct nma_stat_rows *rows, const struct nma_model *m,
		    const struct nma_recycle *rc, struct nma_stat_row *row)
{
	/* What asks io_uring is seen by the same programs. */
	const __u32 calls = NMA_FLOW_BIT(NMA_FLOW_STARVED) | NMA_FLOW_BIT(NMA_FLOW_ALLOC);
	struct mark *mark = mark_of(&rows->marks, sizeof(*mark), rc->r.pool_id);

	if (!mark)
		return -ENOMEM;
	row->rc = rc;
	row->owner = rc->owner;
	row->binding_id = rc->binding_id;
	row->mp = rc->mp;
	row->counts = rc->r.counts;
	row->pools = 1;
	row->inflight = (__s32)(rc->r.hold_cnt - rc->r.release_cnt);
	row->in_cache = rc->r.in_cache;
	row->in_ring = rc->r.in_ring;
	nma_flows_between(&mark->total, &rc->total, &row->flows);
	row->bytes = row->flows.nr[NMA_FLOW_ALLOC] * rc->r.buffer_bytes;
	mark->total = rc->total;
	mark->report = rows->report;
	fill_dmabuf(row, m);
	row->takes_seen = rows->takes_seen;
	if (row->mp == NMA_MP_IO_URING && !rows->takes_seen)
		row->flows.known &= ~calls;
	return row->binding_id ? token_flows(rows, m, row->binding_id, &row->tokens) : 0;
}

static void forget_gone(struct nma_stat_rows *rows)
{
	nma_table_for_each(&rows->marks, n) {
		if (((struct mark *)n)->report == rows->report)
			continue;
		nma_table_del(&rows->marks, n);
		free(n);
	}
}

static bool pool_wanted(const struct nma_audit *a, const struct nma_recycle *rc)
{
	const char *ifname = rc->owner.ifname;

	if (!ifname[0] && a->opts.ifnames->nr && rc->system)
		return false;
	return nma_audit__wanted(a, rc->owner.netns, ifname);
}

static struct nma_stat_row *device_row(struct nma_stat_rows *rows,
				       const struct nma_stat_row *pool)
{
	struct nma_stat_row *row;

	for (row = rows->row; row < rows->row + rows->nr_devices; row++)
		if (row->owner.netdev == pool->owner.netdev)
			return row;
	rows->nr_devices++;
	row->owner = pool->owner;
	row->owner.queue = NMA_NO_QUEUE;
	row->flows.known = ~0u;
	row->span_ns = pool->span_ns;
	row->counts = pool->counts;
	row->takes_seen = rows->takes_seen;
	return row;
}

/* A binding that an earlier pool of the device was on */
static bool binding_seen(const struct nma_stat_row *first, const struct nma_stat_row *pool)
{
	for (; first < pool; first++)
		if (first->binding_id == pool->binding_id &&
		    first->owner.netdev == pool->owner.netdev)
			return true;
	return false;
}

static void add_to_device(struct nma_stat_rows *rows, const struct nma_stat_row *first,
			  const struct nma_stat_row *pool)
{
	struct nma_stat_row *row = device_row(rows, pool);

	nma_flows_add(&row->flows, &pool->flows);
	row->pools++;
	row->bytes += pool->bytes;
	row->inflight += pool->inflight;
	row->in_cache += pool->in_cache;
	row->in_ring += pool->in_ring;
	if (row->counts != pool->counts)
		row->counts = NMA_COUNTS_NONE;
	if (!row->mp)
		row->mp = pool->mp;
	if (!pool->binding_id || binding_seen(first, pool))
		return;
	row->binding_id = pool->binding_id;
	row->tokens.held += pool->tokens.held;
	row->tokens.taken += pool->tokens.taken;
	row->tokens.returned += pool->tokens.returned;
	row->buffers += pool->buffers;
	row->buffers_free += pool->buffers_free;
}

/* Without a provider there is nothing to be known of it. */
static void sum_devices(struct nma_stat_rows *rows, struct nma_stat_row *first, size_t nr)
{
	const __u32 provider = NMA_FLOW_BIT(NMA_FLOW_PROVIDER) |
			       NMA_FLOW_BIT(NMA_FLOW_STARVED);
	struct nma_stat_row *row;
	__u32 none;

	for (row = first; row < first + nr; row++) {
		if (!row->owner.netdev)
			continue;
		none = row->mp ? 0 : provider;
		row->flows.known |= none;
		add_to_device(rows, first, row);
		row->flows.known &= ~none;
	}
	for (row = rows->row; row < rows->row + rows->nr_devices; row++)
		if (!row->mp)
			row->flows.known &= ~provider;
}

static int make_room(struct nma_stat_rows *rows, size_t pools)
{
	free(rows->row);
	free(rows->device);
	free(rows->pool);
	rows->nr_devices = 0;
	rows->nr_pools = 0;
	rows->row = calloc(2 * pools + 1, sizeof(*rows->row));
	rows->device = calloc(pools + 1, sizeof(*rows->device));
	rows->pool = calloc(pools + 1, sizeof(*rows->pool));
	return rows->row && rows->device && rows->pool ? 0 : -ENOMEM;
}

int nma_stat_rows__update(struct nma_stat_rows *rows, const struct nma_audit *a,
			  __u64 span_ns)
{
	const struct nma_table *pools = &a->model->recycles;
	struct nma_stat_row *first, *row;
	size_t i;
	int err;

	err = make_room(rows, pools->nr);
	if (err)
		return err;
	first = rows->row + pools->nr;
	row = first;
	nma_model_for_each(struct nma_recycle, pools, rc) {
		if (!pool_wanted(a, rc))
			continue;
		row->span_ns = span_ns;
		err = fill_row(rows, a->model, rc, row);
		if (err)
			return err;
		rows->pool[rows->nr_pools++] = row++;
	}
	sum_devices(rows, first, rows->nr_pools);
	for (i = 0; i < rows->nr_devices; i++)
		rows->device[i] = &rows->row[i];
	forget_gone(rows);
	rows->report++;
	return 0;
}

/* All that moved, as far as it is known. */
static __u64 busy(const struct nma_stat_row *row)
{
	const struct nma_flows *f = &row->flows;
	__u64 n = row->tokens.taken + row->tokens.returned;
	int i;

	for (i = 0; i < NMA_FLOW_MAX; i++)
		if (nma_flow_known(f, i) && i != NMA_FLOW_FAST_LESS_CACHED &&
		    i != NMA_COUNTER_EMPTY)
			n += f->nr[i];
	return n;
}

static __u64 value_of(const struct nma_value *v)
{
	if (v->type == NMA_VALUE_S64)
		return v->s < 0 ? 0 : v->s;
	return v->type == NMA_VALUE_BOOL ? v->b : v->u;
}

static int order(const struct nma_value *x, const struct nma_value *y)
{
	__u64 nx, ny;

	if (x->type == NMA_VALUE_NONE || y->type == NMA_VALUE_NONE)
		return (x->type == NMA_VALUE_NONE) - (y->type == NMA_VALUE_NONE);
	if (x->type == NMA_VALUE_STR && y->type == NMA_VALUE_STR)
		return strncmp(x->str, y->str, sizeof(x->str));
	nx = value_of(x);
	ny = value_of(y);
	return nx == ny ? 0 : nx < ny ? 1 : -1;
}

static int by_age(const struct nma_stat_row *x, const struct nma_stat_row *y)
{
	__u32 a = x->rc ? x->rc->r.pool_id : x->owner.ifindex;
	__u32 b = y->rc ? y->rc->r.pool_id : y->owner.ifindex;

	return a < b ? -1 : a > b;
}

static int compare(const void *a, const void *b, void *by)
{
	const struct nma_stat_row *x = *(const struct nma_stat_row *const *)a;
	const struct nma_stat_row *y = *(const struct nma_stat_row *const *)b;
	struct nma_value vx = { 0 }, vy = { 0 };
	__u64 bx = busy(x), by_ = busy(y);
	const struct nma_field *field = by;
	int cmp;

	if (!bx != !by_)
		return bx ? -1 : 1;
	if (!field && bx != by_)
		return bx < by_ ? 1 : -1;
	if (!field)
		return by_age(x, y);
	field->get(x, &vx);
	field->get(y, &vy);
	cmp = order(&vx, &vy);
	return cmp ? cmp : by_age(x, y);
}

void nma_stat_rows__sort(struct nma_stat_rows *rows, const struct nma_field *by)
{
	qsort_r(rows->device, rows->nr_devices, sizeof(*rows->device), compare, (void *)by);
	qsort_r(rows->pool, rows->nr_pools, sizeof(*rows->pool), compare, (void *)by);
}

void nma_stat_rows__free(struct nma_stat_rows *rows)
{
	nma_table_free(&rows->marks);
	nma_table_free(&rows->token_marks);
	free(rows->row);
	free(rows->device);
	free(rows->pool);
}
