/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Who holds the buffers of pools, as the last look found it: of destroyed ones, or of
 * all.
 */
#ifndef NMA_MODEL_HELD_H
#define NMA_MODEL_HELD_H

#include <linux/types.h>
#include <stdbool.h>

#include "nma_event.h"
#include "util/table.h"

struct nma_model;

/* Buffers of a pool in one place */
struct nma_held {
	struct nma_node node;
	__u32 look;
	struct nma_rec_held r;
};

/* When they were taken, of those that were seen being taken */
struct nma_age {
	struct nma_node node;
	__u32 look;
	struct nma_rec_age r;
};

/* What became of the search for a pool's buffers. */
struct nma_sought {
	__u32 looks;		/* in a row; from 0 when the pool is destroyed */
	bool dying;		/* it was when the last one ended */
	__u64 dying_ns;		/* since when, as far as we saw */
	__u32 look;		/* the last that this pool was part of */
	__u32 exist;		/* that name the pool, wherever they are */
	__u32 held;		/* by the kernel's count when the last one began */
	__u32 released;		/* the same */
	bool moved;		/* some were taken or released during the last one */
	bool met;		/* it was still there when the last one ended */
	bool ended;		/* it was not, so all its buffers were back */
	__u32 still;		/* looks in a row since which nothing was taken or released */
	__u32 at_held;		/* by the kernel's count when the last one ended */
	__u32 at_released;	/* the same */
	__u32 with_driver;	/* by the last one that was still; 0: none, or not known */
	__s32 before;		/* in flight when the last one began */
	__s32 after;		/* and when it ended */
	__s32 found;		/* held by somebody */
	__s32 missing;		/* neither found nor come back meanwhile */
	__s32 lost;		/* the same, in each of the last two */
};

/* So many looks that found the same are proof that nothing moves. */
#define NMA_STILL_LOOKS	2

/* Second key of a row: which place. That of what was found nowhere: with the driver */
#define NMA_PLACE_DRIVER	(~0ull)

int nma_held_apply(struct nma_model *m, const struct nma_rec_hdr *hdr);
int nma_held_age(struct nma_model *m, const struct nma_rec_hdr *hdr);
int nma_held_census(struct nma_model *m, const struct nma_rec_hdr *hdr);
void nma_held_begin(struct nma_model *m);
void nma_held_end(struct nma_model *m, const struct nma_rec_mark *mark);

/* A snapshot ends: without a look there was no destroyed pool to look for. */
void nma_held_expire(struct nma_model *m);

/* Of the last look; NULL: of none of them it is known. */
const struct nma_age *nma_model__age(const struct nma_model *m, __u32 pool_id, __u64 place);

#define nma_held_for_each(m, held) \
	for (const struct nma_held *held = (const struct nma_held *)(m)->held.first; \
	     held; held = (const struct nma_held *)held->node.next)

#endif /* NMA_MODEL_HELD_H */
