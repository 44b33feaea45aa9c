// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See recycle.h. Hooks on the slow paths alone see what enters and leaves cache and
 * ring in bulk; the rest follows, because nothing gets lost on the way:
 *
 *   cache:  into_cache + cached = fast + off_cache + in_cache
 *   ring:   ring = off_ring + in_ring
 *
 * with what is in them now, read by the walk. While buffers move, a walk reads one
 * side before the other: totals never shrink, so that what is too little now is made
 * up for by the next look, and nothing counts twice.
 *
 * Two of these nobody sees by the slow paths: fast and cached. Where each buffer that
 * is taken out is counted (EACH), cached follows. How many puts found the cache full
 * does not: there was none while it was never seen full, else that is unknown. Older
 * recordings have both kinds of puts counted instead (DEEP), and fast follows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "model/recycle.h"

#define BIT(id)		NMA_FLOW_BIT(NMA_COUNTER_##id)
#define FLOW(id)	NMA_FLOW_BIT(NMA_FLOW_##id)

#define COUNTERS	((1u << NMA_COUNTER_MAX) - 1)
#define RECYCLED	(BIT(CACHED) | BIT(CACHE_FULL) | BIT(RING) | BIT(RING_FULL) | \
			 BIT(RELEASED_REFCNT))
#define SLOWLY		(BIT(SLOW) | BIT(SLOW_HIGH_ORDER) | BIT(EMPTY) | BIT(REFILL) | \
			 BIT(WAIVE) | BIT(RING) | BIT(RING_FULL) | BIT(RELEASED_REFCNT))

static const char *const counter_names[] = {
#define NMA_COUNTER(id, key) key,
	NMA_COUNTER_LIST
#undef NMA_COUNTER
};

static const char *const counts_names[] = {
#define NMA_COUNTS(id, name) name,
	NMA_COUNTS_LIST
#undef NMA_COUNTS
};

const char *nma_counter_name(unsigned int counter)
{
	return counter < NMA_COUNTER_MAX ? counter_names[counter] : NULL;
}

const char *nma_counts_name(unsigned int counts)
{
	return counts < NMA_COUNTS_MAX ? counts_names[counts] : NULL;
}

static bool sees_provider(const struct nma_recycle *rc)
{
	return rc->mp != NMA_MP_OTHER && !(rc->mp == NMA_MP_IO_URING && rc->r.zcrx_unseen);
}

static __u32 known_of_provider(const struct nma_recycle *rc)
{
	if (!rc->mp)
		return 0;
	return FLOW(PROVIDER) | (sees_provider(rc) ? FLOW(STARVED) : 0);
}

static __u32 known_of_each(const struct nma_recycle *rc, bool cache_seen)
{
	__u32 k = BIT(FAST) | BIT(CACHE_FULL);

	if (cache_seen)
		k |= BIT(CACHED);
	return sees_provider(rc) ? k | FLOW(ALLOC) : k;
}

/* What each source can tell of this pool. */
static __u32 known(const struct nma_recycle *rc)
{
	__u32 k = FLOW(IN) | FLOW(OUT);
	bool cache_seen = !rc->mp || rc->mp == NMA_MP_DMABUF;	/* others fill it, too */

	if (rc->r.counts == NMA_COUNTS_NONE)
		return k;
	k |= known_of_provider(rc);
	if (rc->r.counts == NMA_COUNTS_KERNEL) {
		k |= rc->system ? COUNTERS & ~RECYCLED : COUNTERS;
		return sees_provider(rc) ? k | FLOW(ALLOC) : k;
	}
	k |= SLOWLY;
	if (cache_seen)
		k |= FLOW(FAST_LESS_CACHED);
	if (rc->r.counts == NMA_COUNTS_EACH)
		return k | known_of_each(rc, cache_seen);
	if (rc->r.counts == NMA_COUNTS_DEEP && cache_seen && !rc->r.bulk_unseen)
		k |= BIT(FAST) | BIT(CACHED) | BIT(CACHE_FULL) | FLOW(ALLOC);
	return k;
}

static __s64 provider_calls(const struct nma_recycle *rc, const struct nma_flows *f)
{
	switch (rc->mp) {
	case NMA_MP_DMABUF:
		return f->nr[NMA_FLOW_PROVIDER];
	case NMA_MP_IO_URING:
		return f->nr[NMA_COUNTER_EMPTY] - f->nr[NMA_FLOW_STARVED];
	default:
		return 0;
	}
}

/* What follows from what hooks saw: see above. */
static void flows_by_conservation(const struct nma_rec_recycle *r, struct nma_flows *f)
{
	__s64 less = r->into_cache - r->off_cache - r->in_cache;

	f->nr[NMA_COUNTER_RING] = r->off_ring + r->in_ring;
	f->nr[NMA_FLOW_FAST_LESS_CACHED] = less;
	if (r->counts != NMA_COUNTS_EACH) {
		f->nr[NMA_COUNTER_FAST] = less + r->count[NMA_COUNTER_CACHED];
		return;
	}
	f->nr[NMA_COUNTER_CACHED] = r->count[NMA_COUNTER_FAST] - less;
	f->nr[NMA_FLOW_SEEN_FULL] = r->count[NMA_COUNTER_CACHE_FULL];
	f->nr[NMA_COUNTER_CACHE_FULL] = 0;
}

/* All that one record tells. */
static void flows_of(const struct nma_recycle *rc, const struct nma_rec_recycle *r,
		     const struct nma_flows *before, struct nma_flows *f)
{
	int i;

	for (i = 0; i < NMA_COUNTER_MAX; i++)
		f->nr[i] = r->count[i];
	f->nr[NMA_FLOW_IN] = before->nr[NMA_FLOW_IN] + (__u32)(r->hold_cnt - rc->r.hold_cnt);
	f->nr[NMA_FLOW_OUT] = before->nr[NMA_FLOW_OUT] +
			      (__u32)(r->release_cnt - rc->r.release_cnt);
	f->nr[NMA_FLOW_PROVIDER] = f->nr[NMA_FLOW_IN];
	f->nr[NMA_FLOW_STARVED] = r->starved;
	f->nr[NMA_FLOW_SEEN_FULL] = 0;
	if (r->counts >= NMA_COUNTS_SLOW)
		flows_by_conservation(r, f);
	f->nr[NMA_FLOW_ALLOC] = f->nr[NMA_COUNTER_FAST] + f->nr[NMA_COUNTER_SLOW] +
				f->nr[NMA_COUNTER_SLOW_HIGH_ORDER] +
				f->nr[NMA_COUNTER_REFILL] + provider_calls(rc, f);
}

static void take(struct nma_recycle *rc, const struct nma_rec_recycle *r, bool fresh)
{
	struct nma_flows f = { 0 };
	int i;

	flows_of(rc, r, &rc->total, &f);
	for (i = 0; i < NMA_FLOW_MAX; i++)
		if (fresh || i == NMA_FLOW_FAST_LESS_CACHED || f.nr[i] > rc->total.nr[i])
			rc->total.nr[i] = f.nr[i];
	rc->r = *r;
	rc->total.known = known(rc);
}

static void note_pool(struct nma_recycle *rc, const struct nma_pool *pool)
{
	rc->owner = pool->owner;
	rc->binding_id = pool->r.binding_id;
	rc->mp = pool->r.mp;
	rc->detached = pool->r.detached;
	rc->system = pool->r.flags & NMA_PP_SYSTEM_POOL;
}

static struct nma_recycle *add(struct nma_model *m, __u32 id)
{
	struct nma_recycle *rc = calloc(1, sizeof(*rc));

	if (!rc || nma_table_add(&m->recycles, &rc->node, id, 0)) {
		free(rc);
		return NULL;
	}
	rc->owner.queue = NMA_NO_QUEUE;
	return rc;
}

int nma_recycle_closed(struct nma_model *m, const struct nma_rec_sock *r)
{
	struct nma_closed *closed = nma_table_find(&m->closed, r->binding_id, 0);

	if (!closed) {
		closed = calloc(1, sizeof(*closed));
		if (!closed || nma_table_add(&m->closed, &closed->node, r->binding_id, 0)) {
			free(closed);
			return -ENOMEM;
		}
	}
	closed->taken += r->taken;
	closed->returned += r->returned;
	closed->generation = m->generation;
	return 0;
}

/* The walk sends a pool before what it counts. */
int nma_recycle_apply(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_recycle *r = (const void *)hdr;
	struct nma_recycle *rc = nma_table_find(&m->recycles, r->pool_id, 0);
	const struct nma_pool *pool = nma_table_find(&m->pools, r->pool_id, 0);
	bool fresh = !rc;

	if (r->counts >= NMA_COUNTS_MAX)
		return -EINVAL;
	if (fresh)
		rc = add(m, r->pool_id);
	if (!rc)
		return -ENOMEM;
	if (pool)
		note_pool(rc, pool);
	take(rc, r, fresh);
	rc->seen.generation = m->generation;
	if (hdr->cause == NMA_CAUSE_GONE) {
		rc->seen.ended = true;
		rc->seen.generation++;	/* still shown once */
	}
	return 0;
}

/* A pool of which nobody told more than that it is there */
static int add_bare(struct nma_model *m, const struct nma_pool *pool)
{
	struct nma_rec_recycle r = {
		.pool_id = pool->r.pool_id,
		.hold_cnt = pool->r.hold_cnt,
		.release_cnt = pool->r.release_cnt,
	};
	struct nma_recycle *rc = nma_table_find(&m->recycles, pool->r.pool_id, 0);
	bool fresh = !rc;

	if (rc && rc->r.counts)
		return 0;
	if (fresh)
		rc = add(m, pool->r.pool_id);
	if (!rc)
		return -ENOMEM;
	take(rc, &r, fresh);
	rc->seen.generation = m->generation;
	return 0;
}

/* What has ended is shown once more. */
static void drop_old(struct nma_model *m)
{
	nma_table_for_each(&m->recycles, n) {
		if (((struct nma_recycle *)n)->seen.generation >= m->generation)
			continue;
		nma_table_del(&m->recycles, n);
		free(n);
	}
	nma_table_for_each(&m->closed, n) {
		if (((struct nma_closed *)n)->generation + 1 >= m->generation ||
		    nma_model__binding(m, n->key[0]))
			continue;
		nma_table_del(&m->closed, n);
		free(n);
	}
}

int nma_recycle_settle(struct nma_model *m)
{
	struct nma_recycle *rc;
	int err;

	nma_model_for_each(struct nma_pool, &m->pools, pool) {
		if (pool->seen.gone)
			continue;
		err = add_bare(m, pool);
		if (err)
			return err;
		rc = nma_table_find(&m->recycles, pool->r.pool_id, 0);
		note_pool(rc, pool);
		rc->total.known = known(rc);
	}
	drop_old(m);
	return 0;
}

void nma_flows_between(const struct nma_flows *from, const struct nma_flows *to,
		       struct nma_flows *flows)
{
	int i;

	for (i = 0; i < NMA_FLOW_MAX; i++)
		flows->nr[i] = to->nr[i] - (from ? from->nr[i] : 0);
	flows->known = to->known;
	if (flows->nr[NMA_FLOW_SEEN_FULL])
		flows->known &= ~BIT(CACHE_FULL);
}

void nma_flows_add(struct nma_flows *sum, const struct nma_flows *flows)
{
	int i;

	for (i = 0; i < NMA_FLOW_MAX; i++)
		sum->nr[i] += flows->nr[i];
	sum->known &= flows->known;
}

bool nma_recycle_ratio(const struct nma_flows *f, __u32 *ratio)
{
	__s64 lost = f->nr[NMA_COUNTER_RING_FULL] + f->nr[NMA_COUNTER_RELEASED_REFCNT];
	__s64 kept = f->nr[NMA_COUNTER_RING];

	if ((f->known & RECYCLED & SLOWLY) != (RECYCLED & SLOWLY))
		return false;
	if (nma_flow_known(f, NMA_COUNTER_CACHED))
		kept += f->nr[NMA_COUNTER_CACHED];
	else if (lost)
		return false;	/* who knows how many were kept */
	if (!(kept + lost))
		return false;
	*ratio = kept * 10000 / (kept + lost);
	return true;
}

void nma_binding_tokens(const struct nma_model *m, __u32 binding_id,
			struct nma_token_flows *t)
{
	const struct nma_closed *closed = nma_table_find(&m->closed, binding_id, 0);

	memset(t, 0, sizeof(*t));
	if (closed) {
		t->taken = closed->taken;
		t->returned = closed->returned;
	}
	nma_model_for_each(struct nma_sock, &m->socks, sock) {
		if (sock->r.binding_id != binding_id || sock->seen.gone)
			continue;
		t->held += sock->r.outstanding;
		t->taken += sock->r.taken;
		t->returned += sock->r.returned;
	}
}
