// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See excess.h.
 */
#include "gate/excess.h"

/* With the driver, or with whoever could not be looked at */
static __s64 most_of(const struct nma_balance *b)
{
	return (__s64)b->driver + b->unknown + (b->moving > 0 ? b->moving : 0);
}

/* The ring is full and nothing is taken: what the driver has now is what it holds. A
 * pool that came later may be looked at while its ring is being filled.
 */
static void learn_ring(struct nma_excess *x, const struct nma_pool *pool, bool open,
		       const struct nma_balance *b)
{
	if (x->ring_known || (b && b->moving))
		return;
	if (open && (!x->looked || x->hold != pool->r.hold_cnt))
		return;
	x->ring_known = true;
	x->ring_larger = b && b->driver > x->size;
}

static bool same(const struct nma_balance *a, const struct nma_balance *b)
{
	return a->inflight == b->inflight && a->in_pool == b->in_pool &&
	       a->found == b->found && a->driver == b->driver &&
	       a->unknown == b->unknown && a->moving == b->moving;
}

static void note_over(struct nma_excess *x, const struct nma_pool *pool,
		      const struct nma_balance *b)
{
	bool at_rest = x->over && x->hold == pool->r.hold_cnt &&
		       x->release == pool->r.release_cnt && same(&x->last, b);

	x->over++;
	x->rest = at_rest ? x->rest + 1 : 1;
	x->last = *b;
}

void nma_excess__look(struct nma_excess *x, const struct nma_model *m,
		      const struct nma_pool *pool, bool open, bool over)
{
	bool few = pool->r.inflight <= (__s64)pool->r.pool_size;
	struct nma_balance b = { .inflight = pool->r.inflight };
	bool known = !few && nma_balance_of(m, pool, &b);

	x->size = pool->r.pool_size;
	x->xdp |= nma_model__may_redirect(m, pool);
	x->parts |= pool->r.parts != NMA_PARTS_NONE;
	if (few || known)
		learn_ring(x, pool, open, few ? NULL : &b);
	x->blind = !few && !known;
	if (few || (known && most_of(&b) <= x->size)) {
		x->cleared |= over;
		x->over = x->rest = 0;
	} else {
		note_over(x, pool, &b);
	}
	x->hold = pool->r.hold_cnt;
	x->release = pool->r.release_cnt;
	x->looked = true;
}

/* More than it was made for, at the end */
bool nma_excess_is_open(const struct nma_excess *x)
{
	return x->size && x->over && !x->cleared && !x->parts &&
	       !(x->ring_known && x->ring_larger);
}

static bool is_certain(const struct nma_excess *x)
{
	return x->ring_known && !x->xdp && !x->blind && x->rest >= NMA_EXCESS_LOOKS &&
	       !x->last.unknown && !x->last.moving;
}

__u32 nma_excess_lost(const struct nma_excess *x)
{
	return nma_excess_is_open(x) && is_certain(x) ? x->last.driver - x->size : 0;
}

const char *nma_excess_doubt(const struct nma_excess *x)
{
	if (!nma_excess_is_open(x) || is_certain(x))
		return NULL;
	if (x->blind && x->over < 2)
		return NULL;	/* it came while all others were looked at */
	if (x->blind || x->last.unknown)
		return "who has its buffers could not be looked at";
	if (x->xdp)
		return "XDP may have sent buffers elsewhere";
	if (x->rest < NMA_EXCESS_LOOKS || x->last.moving)
		return "its buffers still moved at the end";
	return "it came during the run, so that the size of its ring is not known";
}
