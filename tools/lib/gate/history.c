// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See history.h. When a curve is full every other point is dropped, so that it stays
 * as long as the run, and half as fine.
 */
#include <stdlib.h>
#include <string.h>

#include "gate/history.h"
#include "model/balance.h"

#define POINTS_MOST	400	/* what a picture has room for */

static struct nma_curve *curve(struct nma_history *h, enum nma_curve_kind kind, __u32 id)
{
	struct nma_curve *c = nma_table_find(&h->curves, kind, id);

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (c && !nma_table_add(&h->curves, &c->node, kind, id))
		return c;
	free(c);
	h->no_memory = true;
	return NULL;
}

static void thin(struct nma_curve *c)
{
	size_t i, k = 1;

	for (i = 2; i < c->nr; i += 2)
		c->v[k++] = c->v[i];
	c->nr = k;
}

static bool make_room(struct nma_curve *c)
{
	size_t room = c->room ? 2 * c->room : 16;
	struct nma_point *grown;

	if (c->nr == POINTS_MOST)
		thin(c);
	if (c->nr < c->room)
		return true;
	grown = realloc(c->v, room * sizeof(*grown));
	if (!grown)
		return false;
	c->v = grown;
	c->room = room;
	return true;
}

static void add(struct nma_history *h, enum nma_curve_kind kind, __u32 id, __s64 value,
		__u64 now_ns)
{
	struct nma_curve *c = curve(h, kind, id);
	__u32 v = value > 0 ? value : 0;

	if (!c || (c->nr && c->v[c->nr - 1].value == v))
		return;
	if (!make_room(c)) {
		h->no_memory = true;
		return;
	}
	c->moved |= c->nr;
	c->v[c->nr++] = (struct nma_point){ now_ns, v };
	if (v > c->peak)
		c->peak = v;
}

static void take_pools(struct nma_history *h, const struct nma_model *m, __u64 now_ns)
{
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		if (pool->r.pool_id)
			add(h, NMA_CURVE_POOL, pool->r.pool_id,
			    pool->seen.gone ? 0 : pool->r.inflight, now_ns);
	nma_table_for_each(&h->curves, n)
		if (n->key[0] == NMA_CURVE_POOL && !nma_model__pool(m, n->key[1]))
			add(h, NMA_CURVE_POOL, n->key[1], 0, now_ns);
}

static void take_bindings(struct nma_history *h, const struct nma_model *m, __u64 now_ns)
{
	struct nma_token_flows t;

	nma_model_for_each(struct nma_binding, &m->bindings, b) {
		const struct nma_rec_binding *r = &b->r;

		if (!r->binding_id)
			continue;
		nma_binding_tokens(m, r->binding_id, &t);
		add(h, NMA_CURVE_TOKENS, r->binding_id, b->seen.gone ? 0 : t.held, now_ns);
		if (r->buffers && r->buffers_free <= r->buffers)
			add(h, NMA_CURVE_MEMORY, r->binding_id,
			    100ull * (r->buffers - r->buffers_free) / r->buffers, now_ns);
	}
	nma_table_for_each(&h->curves, n)
		if (n->key[0] != NMA_CURVE_POOL && !nma_model__binding(m, n->key[1]))
			add(h, n->key[0], n->key[1], 0, now_ns);
}

static void thin_samples(struct nma_history *h)
{
	size_t i, k = 1;

	for (i = 2; i < h->nr; i += 2)
		h->v[k++] = h->v[i];
	h->nr = k;
}

/* Only what the last look was about */
static void take_holders(struct nma_history *h, const struct nma_model *m, __u64 now_ns)
{
	struct nma_sample *s;
	struct nma_balance b;

	if (m->looks == h->looks)
		return;
	h->looks = m->looks;
	if (!h->v)
		h->v = calloc(POINTS_MOST, sizeof(*h->v));
	if (!h->v) {
		h->no_memory = true;
		return;
	}
	if (h->nr == POINTS_MOST)
		thin_samples(h);
	s = &h->v[h->nr++];
	*s = (struct nma_sample){ .time_ns = now_ns };
	nma_held_for_each(m, held)
		if (held->r.holder < NMA_HOLDER_MAX &&
		    held->r.holder != NMA_HOLDER_CACHE && held->r.holder != NMA_HOLDER_RING)
			s->held[held->r.holder] += held->r.buffers;
	nma_model_for_each(struct nma_pool, &m->pools, pool) {
		if (pool->seen.gone || !nma_balance_of(m, pool, &b))
			continue;
		s->held[NMA_HOLDER_DRIVER] += b.driver;
		s->held[NMA_HOLDER_UNKNOWN] += b.unknown;
	}
}

void nma_history__take(struct nma_history *h, const struct nma_model *m, __u64 now_ns)
{
	if (!h->first_ns)
		h->first_ns = now_ns;
	take_pools(h, m, now_ns);
	take_bindings(h, m, now_ns);
	take_holders(h, m, now_ns);
}

void nma_history__free(struct nma_history *h)
{
	nma_table_for_each(&h->curves, n)
		free(((struct nma_curve *)n)->v);
	nma_table_free(&h->curves);
	free(h->v);
}
