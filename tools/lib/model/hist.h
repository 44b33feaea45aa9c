/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Histograms of times, as the last snapshot found them.
 */
#ifndef NMA_MODEL_HIST_H
#define NMA_MODEL_HIST_H

#include <linux/types.h>

#include "nma_event.h"
#include "util/table.h"

struct nma_model;

struct nma_hist {
	struct nma_node node;	/* by kind, id */
	__u32 generation;
	struct nma_rec_hist r;
};

int nma_hist_apply(struct nma_model *m, const struct nma_rec_hdr *hdr);

/* NULL: nothing was timed */
const struct nma_hist *nma_model__hist(const struct nma_model *m, enum nma_hist_kind kind,
				       __u32 id);

/* "token_age_us" */
const char *nma_hist_name(enum nma_hist_kind kind);

#endif /* NMA_MODEL_HIST_H */
