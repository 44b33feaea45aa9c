/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What grows from look to look. A count goes up and down as packets move; it grows
 * when in the older half of the looks it was always lower than in the newer half.
 */
#ifndef NMA_TREND_H
#define NMA_TREND_H

#include <linux/types.h>
#include <stdbool.h>

#include "util/table.h"

#define NMA_TREND_LOOKS	32	/* that are remembered */
#define NMA_TREND_LEAST	8	/* fewer tell nothing */

struct nma_model;

struct nma_trends {
	struct nma_table t;
	__u32 looks;
};

/* After each look. -ENOMEM */
int nma_trends_take(struct nma_trends *t, const struct nma_model *m);
/* @place: see held.h */
bool nma_trends_grows(const struct nma_trends *t, __u32 pool_id, __u64 place);
void nma_trends_free(struct nma_trends *t);

#endif /* NMA_TREND_H */
