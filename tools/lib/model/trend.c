// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See trend.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/balance.h"
#include "model/model.h"
#include "model/trend.h"

struct trend {
	struct nma_node node;
	__u32 look;		/* the last that found something */
	__u32 nr;
	__u32 count[NMA_TREND_LOOKS];	/* oldest first */
};

static int note(struct nma_trends *t, __u32 pool_id, __u64 place, __u32 count)
{
	struct trend *tr = nma_table_find(&t->t, pool_id, place);

	if (!tr) {
		tr = calloc(1, sizeof(*tr));
		if (!tr || nma_table_add(&t->t, &tr->node, pool_id, place)) {
			free(tr);
			return -ENOMEM;
		}
	}
	if (tr->nr == NMA_TREND_LOOKS)
		memmove(tr->count, tr->count + 1, sizeof(tr->count) - sizeof(*tr->count));
	else
		tr->nr++;
	tr->count[tr->nr - 1] = count;
	tr->look = t->looks;
	return 0;
}

int nma_trends_take(struct nma_trends *t, const struct nma_model *m)
{
	struct nma_balance b;
	int err = 0;

	t->looks++;
	nma_held_for_each(m, held)
		if (!err)
			err = note(t, held->r.pool_id, held->node.key[1], held->r.buffers);
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		if (!err && nma_balance_of(m, pool, &b) && b.driver)
			err = note(t, pool->r.pool_id, NMA_PLACE_DRIVER, b.driver);
	nma_table_for_each(&t->t, n) {
		if (((struct trend *)n)->look == t->looks)
			continue;
		nma_table_del(&t->t, n);
		free(n);
	}
	return err;
}

bool nma_trends_grows(const struct nma_trends *t, __u32 pool_id, __u64 place)
{
	const struct trend *tr = nma_table_find(&t->t, pool_id, place);
	__u32 i, old_most = 0, new_least = ~0u;

	if (!tr || tr->nr < NMA_TREND_LEAST)
		return false;
	for (i = 0; i < tr->nr; i++) {
		if (i < tr->nr / 2 && tr->count[i] > old_most)
			old_most = tr->count[i];
		if (i >= tr->nr / 2 && tr->count[i] < new_least)
			new_least = tr->count[i];
	}
	return new_least > old_most;
}

void nma_trends_free(struct nma_trends *t)
{
	nma_table_free(&t->t);
}
