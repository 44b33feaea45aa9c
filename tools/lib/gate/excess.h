/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Buffers that a driver has lost of a page_pool that is in use. With the driver are those
 * that it has posted and those that it has lost; that there are lost ones shows when
 * there are more than the page_pool was made for. It was made for what the ring holds,
 * unless the driver had more from the beginning, or gets several slots' buffers out of
 * one: then any number may be posted.
 */
#ifndef NMA_GATE_EXCESS_H
#define NMA_GATE_EXCESS_H

#include "model/balance.h"
#include "model/model.h"

/* So many looks, one after the other, that found the same: nothing moves. */
#define NMA_EXCESS_LOOKS	3

struct nma_excess {
	__u32 size;		/* netmems that the pool was made for; 0: not known */
	__u32 hold;		/* taken so far, at the last look */
	__u32 release;
	bool looked;		/* these are known */
	bool ring_known;
	bool ring_larger;	/* there were more from the beginning: it may be any */
	bool parts;		/* buffers are shared by slots: there may be any number */
	bool xdp;		/* programs, which may send buffers anywhere */
	bool blind;		/* who has its buffers could not be looked at */
	bool cleared;		/* it was over, and nothing was lost */
	__u32 over;		/* looks in a row with more than that */
	__u32 rest;		/* of these, that found the same */
	struct nma_balance last;
};

/* After each look that found the pool alive. @open: the run has begun; @over: it is over,
 * nothing is lost any more that was not lost before.
 */
void nma_excess__look(struct nma_excess *x, const struct nma_model *m,
		      const struct nma_pool *pool, bool open, bool over);

/* May some be lost? Another look will tell more. */
bool nma_excess_is_open(const struct nma_excess *x);
/* Lost for sure */
__u32 nma_excess_lost(const struct nma_excess *x);
/* Why it is not known whether some are lost; NULL: it is, or nothing is to be said. */
const char *nma_excess_doubt(const struct nma_excess *x);

#endif /* NMA_GATE_EXCESS_H */
