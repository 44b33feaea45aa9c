/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What came of each assertion. What could not be measured is unknown, never right.
 */
#ifndef NMA_GATE_VERDICT_H
#define NMA_GATE_VERDICT_H

#include "gate/gatefile.h"
#include "gate/ledger.h"
#include "judge/judge.h"
#include "util/lost.h"

enum nma_outcome {
	NMA_HOLDS,
	NMA_VIOLATED,
	NMA_UNKNOWN,
};

struct nma_checked {
	const struct nma_assertion *a;
	enum nma_outcome outcome;
	__u64 value;		/* unless it is unknown */
	char why[160];		/* it is unknown */
};

/* What there is to go by. */
struct nma_facts {
	const struct nma_ledger *ledger;
	const struct nma_model *model;
	const struct nma_judge *judge;
	const struct nma_coverage *coverage;
	const struct nma_lost *lost;
	__u32 page_size;
	/* Is it known, or waived? NULL: nothing is. */
	bool (*excused)(void *ctx, const struct nma_finding *f);
	void *ctx;
};

void nma_check(const struct nma_facts *facts, const struct nma_assertion *a,
	       struct nma_checked *c);

/* Does it count for the assertion? */
bool nma_blames(const struct nma_facts *facts, const struct nma_expr *e,
		const struct nma_finding *f);
bool nma_blames_pool(const struct nma_expr *e, const struct nma_entry_pool *p);
bool nma_blames_sock(const struct nma_expr *e, const struct nma_entry_sock *s);
bool nma_blames_refusal(const struct nma_expr *e, const struct nma_entry_refusal *r);

/* "holds", "violated", "unknown" */
const char *nma_outcome_name(enum nma_outcome outcome);

#endif /* NMA_GATE_VERDICT_H */
