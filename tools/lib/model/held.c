// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See held.h. A look is bracketed by two marks, between which come the records of
 * who holds what, and then what is in flight, read again.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/balance.h"
#include "model/held.h"
#include "model/model.h"

static struct nma_pool *pool_of(struct nma_model *m, __u32 id)
{
	return nma_table_find(&m->pools, id, 0);
}

static __u64 place_of(__u32 holder, __u32 where, __u64 object)
{
	return (__u64)holder << 60 | (__u64)where << 56 | (object & ~(0xffull << 56));
}

int nma_held_apply(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_held *r = (const void *)hdr;
	__u64 place = place_of(r->holder, r->where, r->object);
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

int nma_held_age(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_age *r = (const void *)hdr;
	__u64 place = r->holder == NMA_HOLDER_DRIVER ? NMA_PLACE_DRIVER :
		      place_of(r->holder, r->where, r->object);
	struct nma_age *age = nma_table_find(&m->ages, r->pool_id, place);

	if (!age) {
		age = calloc(1, sizeof(*age));
		if (!age || nma_table_add(&m->ages, &age->node, r->pool_id, place)) {
			free(age);
			return -ENOMEM;
		}
	}
	age->look = m->looks;
	age->r = *r;
	return 0;
}

const struct nma_age *nma_model__age(const struct nma_model *m, __u32 pool_id, __u64 place)
{
	return nma_table_find(&m->ages, pool_id, place);
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
		s->met = false;
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
	nma_table_for_each(&m->ages, n) {
		if (((struct nma_age *)n)->look == m->looks)
			continue;
		nma_table_del(&m->ages, n);
		free(n);
	}
}

/* Its last buffer came back while we looked: what was found of it had been its own. */
static void end_pool(struct nma_model *m, struct nma_pool *pool)
{
	struct nma_sought *s = &pool->sought;

	nma_table_for_each(&m->held, n) {
		if (n->key[0] != pool->r.pool_id)
			continue;
		nma_table_del(&m->held, n);
		free(n);
	}
	*s = (struct nma_sought){ .look = m->looks, .dying = true, .ended = true };
}

static void settle(struct nma_pool *pool)
{
	struct nma_sought *s = &pool->sought;
	__s32 out = pool->r.inflight < s->before ? pool->r.inflight : s->before;
	__s32 missing = out > s->found ? out - s->found : 0;

	if (pool->r.detached && !s->dying) {
		s->looks = 0;		/* what the driver had posted is not lost */
		s->dying_ns = pool->r.hdr.time_ns;
	}
	s->dying = pool->r.detached;
	s->after = pool->r.inflight;
	s->lost = s->looks && s->missing < missing ? s->missing : missing;
	s->missing = missing;
	s->moved = pool->r.hold_cnt != s->held || pool->r.release_cnt != s->released;
	s->still = !s->moved && s->looks && s->at_held == pool->r.hold_cnt &&
		   s->at_released == pool->r.release_cnt ? s->still + 1 : 0;
	s->at_held = pool->r.hold_cnt;
	s->at_released = pool->r.release_cnt;
	s->looks++;
}

/* What is nowhere while nothing moves was not merely overlooked on its way. */
static void count_with_driver(const struct nma_model *m, struct nma_pool *pool)
{
	struct nma_balance b;

	if (pool->sought.still >= NMA_STILL_LOOKS && nma_balance_of(m, pool, &b) &&
	    !b.unknown && !b.moving)
		pool->sought.with_driver = b.driver;
}

void nma_held_end(struct nma_model *m, const struct nma_rec_mark *mark)
{
	drop_old(m);
	m->looked = m->generation;
	m->looked_at = mark->holders;
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;

		if (!pool->sought.met) {
			end_pool(m, pool);
		} else if (pool->r.detached || pool->sought.look == m->looks) {
			settle(pool);
			count_with_driver(m, pool);
		}
	}
}

void nma_held_expire(struct nma_model *m)
{
	if (m->looked == m->generation)
		return;
	m->looks++;
	drop_old(m);
}
