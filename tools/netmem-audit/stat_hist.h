/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * stat --hist: how long tokens were with applications and buffers out of their pools,
 * of those that came back between two reports.
 */
#ifndef NMA_STAT_HIST_H
#define NMA_STAT_HIST_H

#include "stat_rows.h"
#include "util/table.h"

struct json_object;

struct nma_stat_hists {
	struct nma_table marks;	/* struct nma_stat_hist, by kind and id */
};

struct nma_stat_hist {
	struct nma_node node;
	const struct nma_stat_row *row;	/* whose it is; NULL: not in this report */
	__u64 total[NMA_HIST_SLOTS];
	__u64 slot[NMA_HIST_SLOTS];	/* since the last report */
};

int nma_stat_hists__update(struct nma_stat_hists *hists, const struct nma_model *m,
			   const struct nma_stat_rows *rows);
struct json_object *nma_stat_hists__json(const struct nma_stat_hists *hists);
void nma_stat_hists__text(const struct nma_stat_hists *hists, FILE *f);
void nma_stat_hists__free(struct nma_stat_hists *hists);

#endif /* NMA_STAT_HIST_H */
