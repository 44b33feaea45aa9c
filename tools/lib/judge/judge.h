/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The judge decides when to ask which rule and remembers the answers: a
 * condition must hold as long as its rule says before it becomes a finding,
 * identical findings are folded and counted, and what was there before the tool
 * is marked. The same judge serves one-shot commands (full passes) and streams
 * (one pass per record). It does no I/O; time comes in as an argument.
 */
#ifndef NMA_JUDGE_H
#define NMA_JUDGE_H

#include "judge/coverage.h"
#include "model/model.h"
#include "rules/rules.h"
#include "util/netns_set.h"
#include "util/strs.h"

/* A finding is new, or more of the same happened. */
typedef void (*nma_report_fn)(void *ctx, const struct nma_finding *f);
/* So many findings, and occurrences of them, were not reported one by one. */
typedef void (*nma_storm_fn)(void *ctx, enum nma_rule_id rule, __u64 findings,
			     __u64 count);

struct nma_judge_opts {
	const struct nma_model *model;
	struct nma_limits limits;
	__u64 rules;			/* 1 << enum nma_rule_id: asked */
	const struct nma_strs *ifnames;	/* judge these, and what is of no known device; NULL
					 * or empty: all
					 */
	struct nma_coverage *coverage;	/* what was looked at; may be NULL */
	const struct nma_netns_set *netns;	/* likewise */
	__u64 blame_ns;			/* what began before is pre-existing; 0 off */
	nma_report_fn report;		/* may be NULL */
	nma_storm_fn storm;		/* with @burst */
	unsigned int burst;		/* reports of a rule per interval; 0: all */
	bool history;			/* what is over is a finding as well */
	void *ctx;
	size_t max_cases;		/* 0: default; more are counted, not kept */
};

/* What became of a rule's findings since its interval began. */
struct nma_storm {
	__u64 begin_ns;
	unsigned int told;
	bool over;
	__u64 findings;
	__u64 count;
};

struct nma_judge {
	struct nma_judge_opts opts;
	struct nma_table cases;		/* struct nma_finding, pending ones too */
	__u32 stamp;			/* full pass that runs or ran last */
	struct nma_storm storm[NMA_RULE_MAX];
	__u64 suppressed;		/* occurrences told by number only */
	__u64 dropped;			/* not judged because of max_cases */
	__u64 total[NMA_SEV_F + 1];	/* reported occurrences, not pre-existing */
	__u64 total_pre_existing;
};

struct nma_judge *nma_judge__new(const struct nma_judge_opts *opts);
void nma_judge__free(struct nma_judge *j);

/* Judges what one record changed. */
void nma_judge__record(struct nma_judge *j, const struct nma_change *change,
		       __u64 now_ns);
/* Judges everything; what is no longer so is cleared. */
void nma_judge__all(struct nma_judge *j, __u64 now_ns);
/* Takes in what was found by other means than a rule: an event whose detail is
 * NMA_DETAIL_MAX or more.
 */
void nma_judge__witness(struct nma_judge *j, const struct nma_finding *f,
			__u64 now_ns);
/* Judges pending age conditions now, however young they are. Sockets that were busy
 * within the last @quiet_ns are spared, and what is younger than @age_ns.
 */
void nma_judge__strict(struct nma_judge *j, __u64 now_ns, __u64 quiet_ns, __u64 age_ns);
/* Reports what was folded since it was last reported, if that is long ago; of a
 * rule that had more than its burst, only the number.
 */
void nma_judge__flush(struct nma_judge *j, __u64 now_ns, __u64 interval_ns);

/* When the next pending condition becomes a finding; ~0 if none is. */
__u64 nma_judge__due(const struct nma_judge *j);
unsigned int nma_judge__pending(const struct nma_judge *j,
				enum nma_patience patience);

/* Findings that hold now, with history also those that did; notes too: the first with
 * @prev NULL.
 */
const struct nma_finding *nma_judge__next(const struct nma_judge *j,
					  const struct nma_finding *prev);

#define nma_judge_for_each(j, f) \
	for (const struct nma_finding *f = nma_judge__next(j, NULL); f; \
	     f = nma_judge__next(j, f))

#endif /* NMA_JUDGE_H */
