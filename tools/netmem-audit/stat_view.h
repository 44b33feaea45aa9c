/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The table that stat shows: columns of a fixed width, so that nothing jumps from one
 * report to the next, and as many of them as the line has room for.
 */
#ifndef NMA_STAT_VIEW_H
#define NMA_STAT_VIEW_H

#include <stdbool.h>

#include "out/out.h"
#include "stat_rows.h"

struct nma_stat_view {
	const struct nma_out *out;
	bool live;		/* redrawn in place, cut to the size of the terminal */
	__u32 max_pools;	/* 0: all */
	__u64 interval_ns;
	size_t lines_after;	/* that others draw below the table */
};

/* A terminal that can be drawn on? */
bool nma_stat_view__can_draw(const struct nma_out *out);

void nma_stat_view__table(const struct nma_stat_view *view,
			  const struct nma_stat_rows *rows);
/* Ends a line of what is below the table. */
void nma_stat_view__end_line(const struct nma_stat_view *view);
/* Nothing more comes. */
void nma_stat_view__end(const struct nma_stat_view *view);
/* At most five characters, K being 1000 */
void nma_stat_scaled(char *dst, size_t size, __u64 n);

/* A block for each row, with all that is known of it. */
void nma_stat_view__blocks(const struct nma_stat_view *view,
			   const struct nma_stat_rows *rows);

#endif /* NMA_STAT_VIEW_H */
