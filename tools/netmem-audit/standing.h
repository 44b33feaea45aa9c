/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Whether a finding counts: it may be known from a baseline, or waived. The
 * files are read before anything is done, so that a bad one costs nothing.
 */
#ifndef NMA_STANDING_H
#define NMA_STANDING_H

#include "audit.h"
#include "judge/baseline.h"
#include "judge/waiver.h"

enum nma_standing_kind {
	NMA_COUNTS,
	NMA_KNOWN,
	NMA_WAIVED,
	NMA_LAPSED,		/* its waiver has expired: counts */
};

struct nma_standing {
	enum nma_standing_kind kind;
	const struct nma_waiver *waiver;	/* WAIVED and LAPSED */
};

struct nma_excuses {
	const char *waive_path;
	const char *baseline_path;
	struct nma_ksyms *ksyms;	/* for findings of no known device */
	struct nma_baseline *baseline;	/* NULL none */
	struct nma_waivers *waivers;	/* NULL none */
};

/* Either path may be NULL. Reports its failures, returns an exit status. */
int nma_excuses__load(struct nma_excuses *e, struct nma_env *env,
		      const char *baseline_path, const char *waive_path);
/* Says that the baseline is of another kernel than @release, if it is. */
void nma_excuses__compare(const struct nma_excuses *e, const struct nma_env *env,
			  const char *release);
void nma_excuses__free(struct nma_excuses *e);

/* Once for each finding: what is known is used up. */
struct nma_standing nma_excuses__judge(struct nma_excuses *e,
				       const struct nma_model *m,
				       const struct nma_finding *f);

/* Waivers that were used, that have expired, and with -v the others. */
void nma_excuses__show(const struct nma_excuses *e, const struct nma_env *env);
struct json_object *nma_excuses__json(const struct nma_excuses *e);

#endif /* NMA_STANDING_H */
