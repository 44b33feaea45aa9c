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

static const char *const holder_names[] = {
#define NMA_HOLDER(id, name) name,
	NMA_HOLDER_LIST
#undef NMA_HOLDER
};

static const char *const holder_texts[] = {
	[NMA_HOLDER_RING] = "ring",
	[NMA_HOLDER_GRO] = "GRO list",
	[NMA_HOLDER_BACKLOG] = "backlog of a CPU",
	[NMA_HOLDER_SOCKET] = "socket",
	[NMA_HOLDER_TX] = "send queue of a socket",
	[NMA_HOLDER_TOKEN] = "token table",
	[NMA_HOLDER_ZCRX] = "io_uring area",
	[NMA_HOLDER_DEFER] = "deferred-free list",
};

static const char *const where_texts[] = {
#define NMA_WHERE(id, text) text,
	NMA_WHERE_LIST
#undef NMA_WHERE
};

const char *nma_holder_name(__u32 holder)
{
	return holder < NMA_HOLDER_MAX ? holder_names[holder] : NULL;
}

const char *nma_holder_text(__u32 holder)
{
	if (holder >= sizeof(holder_texts) / sizeof(*holder_texts))
		return NULL;
	return holder_texts[holder];
}

const char *nma_where_text(__u32 where)
{
	return where < NMA_WHERE_MAX ? where_texts[where] : "";
}

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

void nma_held_begin(struct nma_model *m)
{
	m->looks++;
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;

		pool->sought.before = pool->r.inflight;
		pool->sought.found = 0;
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

	s->lost = s->looks && s->missing < missing ? s->missing : missing;
	s->missing = missing;
	s->looks++;
}

void nma_held_end(struct nma_model *m, const struct nma_rec_mark *mark)
{
	drop_old(m);
	m->looked = m->generation;
	m->looked_at = mark->holders;
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;

		if (pool->r.detached)
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
