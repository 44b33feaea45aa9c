/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the policy in force refuses, or would: read from the log that enforcement keeps
 * in pinned maps, and told as records. They are mapped, so that a look costs nothing but
 * a stat(2). Not one program of ours is needed for it, and several may look at once.
 */
#ifndef NMA_REFUSALS_H
#define NMA_REFUSALS_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/source.h"
#include "nma_enforce.h"

struct nma_refusals {
	const struct nma_enforce_count *count;	/* by rule; NULL: nothing is in force */
	const struct nma_refusal *log;
	bool zcrx_told;		/* the kernel's own answer to zcrx is told: not again */
	int err;		/* there is a policy that cannot be looked at: why */
	ino_t pin;		/* which it is */
	__u64 told[NMA_ENFORCE_RULES];
	__u64 awaited[NMA_ENFORCE_RULES];	/* counted, and not there yet */
	__u64 credit_ns[NMA_ENFORCE_RULES];	/* what is told costs time */
};

/* What was refused before is not told. */
void nma_refusals__open(struct nma_refusals *r, bool zcrx_told);
void nma_refusals__close(struct nma_refusals *r);

/* Tells what is new, of each rule not more than one can read; the rest is counted by the
 * last. @all: whatever was held back. Number of records, or what @fn returned.
 */
int nma_refusals__tell(struct nma_refusals *r, bool all, nma_rec_fn fn, void *ctx);

/* The same, of maps that are there. */
int nma_refusals__read(struct nma_refusals *r, __u64 now_ns, bool all, nma_rec_fn fn,
		       void *ctx);

/* What the kernel refused by our doing is marked so. */
void nma_refusals__claim(const struct nma_refusals *r, struct nma_rec_refused *rec);

const char *nma_reason_text(__u32 reason);
const char *nma_reason_name(__u32 reason);		/* "SPLIT_OFF" */

#endif /* NMA_REFUSALS_H */
