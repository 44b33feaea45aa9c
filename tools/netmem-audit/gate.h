/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * One run of a gate: what was asserted, measured and decided. The reports are views
 * of it.
 */
#ifndef NMA_GATE_H
#define NMA_GATE_H

#include <stdio.h>

#include "follow.h"
#include "gate/history.h"
#include "gate/verdict.h"
#include "standing.h"

/* Findings in the order of the judge, each with what excuses it. */
struct nma_gate_ruling {
	const struct nma_finding *f;
	struct nma_standing standing;
};

struct nma_gate {
	struct nma_follow follow;
	struct nma_env *env;
	char **argv;			/* NULL: a recording */
	struct nma_assertions assertions;
	struct nma_excuses excuses;
	struct nma_ledger ledger;
	struct nma_history *history;	/* NULL: no pictures are wanted */

	/* once it is over */
	struct nma_gate_ruling *rulings;
	size_t nr_rulings;
	struct nma_checked *checked;	/* one for each assertion */
	struct nma_facts facts;
	bool complete;
	int exit;			/* enum nma_exit */
	const char *verdict;		/* on the assertions */
	const char *result;		/* of all */
	__u64 end_ns;
};

/* Decides: fills in the second half. An exit status if it could not. */
int nma_gate__decide(struct nma_gate *g);
void nma_gate__free(struct nma_gate *g);

unsigned int nma_gate__count(const struct nma_gate *g, enum nma_outcome outcome);
const struct nma_standing *nma_gate__standing(const struct nma_gate *g,
					      const struct nma_finding *f);

/* "lo, 2 of its buffers ..." as one line each: what a violated assertion is about
 * beside findings. @fn is called for each.
 */
void nma_gate__culprits(const struct nma_gate *g, const struct nma_expr *e,
			void (*fn)(void *ctx, const char *line), void *ctx);

/* "violated: 23", "holds: 0", "unknown: it needs --deep" */
void nma_gate__outcome(const struct nma_checked *c, char *dst, size_t size);

/* The verdict for people; what is said of one assertion, as text of @width columns to be
 * freed. @alone: also findings that were told with one before it. NULL without memory.
 */
void nma_gate_view(const struct nma_gate *g);
char *nma_gate__details(const struct nma_gate *g, const struct nma_checked *c, size_t width,
			bool alone);
/* The document; belongs to the caller. */
struct json_object *nma_gate_json(const struct nma_gate *g);

/* The command line, quoted where a shell would need it; "" without one. */
void nma_gate__command(const struct nma_gate *g, char *dst, size_t size);

#endif /* NMA_GATE_H */
