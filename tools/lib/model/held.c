// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See held.h. A look is bracketed by two marks, between which come the records of
 * who holds what, and then what is in flight, read anew.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/held.h"
#include "model/model.h"

static struct nma_pool *pool_of(struct nma_model *m, __u32 id)
{
	return nma_table_find(&m->pools, id, 0);
}

int nma_held_apply(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_held *r = (const void *)hdr;
	__u64 place = (__u64)r->holder << 60 | (__u64)r->where << 56 |
		      (r->object & ~(0xffull << 56));
	struct nma_held *held = nma_table_find(&m->held, r->pool_id, place);
	struct nma_pool *pool = pool_of(m, r->pool_id);

	if (!held) {
		held = calloc(1, sizeof(*held));
		if (!held || nma_table_add(&m->held, &held->node, r->pool_id, place)) {
			free(held);
			return -ENOMEM;
		}
	}
	held->look = m->looks;
	held->r = *r;
	held->r.hdr.comm[NMA_COMM_LEN - 1] = '\0';
	if (pool)
		pool->sought.found += r->buffers;
	return 0;
}

int nma_held_census(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_census *r = (const void *)hdr;
	struct nma_pool *pool = pool_of(m, r->pool_id);

	if (pool) {
		pool->sought.exist = r->pages + r->niovs;
		pool->sought.look = m->looks;
	}
	return 0;
}

void nma_held_begin(struct nma_model *m)
{
	m->looks++;
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;
		struct nma_sought *s = &pool->sought;

		s->before = pool->r.inflight;
		s->held = pool->r.hold_cnt;
		s->released = pool->r.release_cnt;
		s->found = 0;
	}
}

static void drop_old(struct nma_model *m)
{
	nma_table_for_each(&m->held, n) {
		if (((struct nma_held *)n)->look == m->looks)
			continue;
		nma_table_del(&m->held, n);
		free(n);
	}
}

static void settle(struct nma_pool *pool)
{
	struct nma_sought *s = &pool->sought;
	__s32 out = pool->r.inflight < s->before ? pool->r.inflight : s->before;
	__s32 missing = out > s->found ? out - s->found : 0;

	if (pool->r.detached && !s->dying)
		s->looks = 0;		/* what the driver had posted is not lost */
	s->dying = pool->r.detached;
	s->lost = s->looks && s->missing < missing ? s->missing : missing;
	s->missing = missing;
	s->moved = pool->r.hold_cnt != s->held || pool->r.release_cnt != s->released;
	s->looks++;
}

void nma_held_end(struct nma_model *m, const struct nma_rec_mark *mark)
{
	drop_old(m);
	m->looked = m->generation;
	m->looked_at = mark->holders;
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;

		if (pool->r.detached || pool->sought.look == m->looks)
			settle(pool);
	}
}

void nma_held_expire(struct nma_model *m)
{
	if (m->looked == m->generation)
		return;
	m->looks++;
	drop_old(m);
}
