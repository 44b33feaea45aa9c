/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * How what is counted went up and down during a gate, for pictures: as many points as
 * one can see, whatever the length.
 */
#ifndef NMA_GATE_HISTORY_H
#define NMA_GATE_HISTORY_H

#include "model/model.h"
#include "util/table.h"

enum nma_curve_kind {
	NMA_CURVE_POOL,		/* buffers in flight, by pool id */
	NMA_CURVE_TOKENS,	/* outstanding, by binding id */
	NMA_CURVE_MEMORY,	/* percent of a binding's buffers that are out, by its id */
};

struct nma_point {
	__u64 time_ns;
	__u32 value;
};

struct nma_curve {
	struct nma_node node;	/* by kind, id */
	struct nma_point *v;	/* value from that time on */
	size_t nr;
	size_t room;
	__u32 peak;
	bool moved;		/* it was not always the same */
};

/* Buffers of all pools that are out, at one moment */
struct nma_sample {
	__u64 time_ns;
	__u32 held[NMA_HOLDER_MAX];
};

struct nma_history {
	struct nma_table curves;
	struct nma_sample *v;
	size_t nr;
	__u32 looks;		/* of the model, at the last sample */
	__u64 first_ns;
	bool no_memory;		/* something is missing in the pictures */
};

/* After each look, or more often. */
void nma_history__take(struct nma_history *h, const struct nma_model *m, __u64 now_ns);
void nma_history__free(struct nma_history *h);

#endif /* NMA_GATE_HISTORY_H */
