// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See balance.h. Double entry: buffers are counted once in memory, by the pool that
 * they name, and once where they were found. What exists and was found nowhere,
 * though every place and packet was looked at, the driver has.
 */
#include "model/balance.h"
#include "model/model.h"

#define HOLDER(id)	(1u << NMA_HOLDER_##id)
#define IN_POOL		(HOLDER(CACHE) | HOLDER(RING))
#define ALL_PLACES	(IN_POOL | HOLDER(GRO) | HOLDER(BACKLOG) | HOLDER(STACK) | \
			 HOLDER(SOCKET) | HOLDER(TX) | HOLDER(TOKEN) | HOLDER(ZCRX) | \
			 HOLDER(DEFER))

static void count_found(const struct nma_model *m, const struct nma_pool *pool,
			struct nma_balance *b)
{
	nma_held_for_each(m, held) {
		if (held->r.pool_id != pool->r.pool_id)
			continue;
		if (IN_POOL & 1u << held->r.holder)
			b->in_pool += held->r.buffers;
		else
			b->found += held->r.buffers;
	}
}

__u64 nma_balance__due_ns(const struct nma_pool *pool)
{
	const struct nma_sought *s = &pool->sought;

	/* the time comes last: page_pool_destroy() empties the ring before */
	if (!s->dying)
		return 0;
	return (pool->r.detach_ns ? pool->r.detach_ns : s->dying_ns) + NMA_LEAK_AGE_NS;
}

bool nma_balance_of(const struct nma_model *m, const struct nma_pool *pool,
		    struct nma_balance *b)
{
	const struct nma_sought *s = &pool->sought;
	__s64 left, nowhere;

	*b = (struct nma_balance){ .inflight = s->after };
	if (s->look != m->looks || (!s->looks && !s->ended))
		return false;
	if (s->ended)
		return true;
	count_found(m, pool, b);
	left = b->inflight - b->in_pool - b->found;
	nowhere = (__s64)s->exist - b->in_pool - b->found;
	if (nowhere > left)
		nowhere = left;
	if (nowhere > 0 && !(ALL_PLACES & ~m->looked_at))
		b->driver = nowhere;
	left -= b->driver;
	if (left > 0 && !s->moved)
		b->unknown = left;
	else
		b->moving = left;
	return true;
}
