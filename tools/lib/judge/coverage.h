/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a verdict rests on: which rules were judged, which had no occasion because
 * what they are about was never there, and which could not be judged and why. An
 * audit that says "no violation" says with this how much it has looked at.
 *
 * Two ways lead in here. A rule that finds out that it cannot tell calls
 * nma_verdict_blind(), and the judge passes it on. Whoever else cannot look (the
 * driver is asked in a namespace that cannot be entered) calls
 * nma_coverage__blind().
 */
#ifndef NMA_COVERAGE_H
#define NMA_COVERAGE_H

#include "model/model.h"
#include "rules/rules.h"

/* How a rule stands. */
enum nma_cover {
	NMA_COVER_NO_OCCASION,	/* asked for, but what it needs was not there */
	NMA_COVER_JUDGED,
	NMA_COVER_NOT_ASKED,	/* watch --rule names others */
	NMA_COVER_NO_HOOK,	/* this kernel lacks it, see missing */
	NMA_COVER_NEEDS_WATCH,	/* a look at the state does not show it */
	NMA_COVER_NEEDS_DEEP,	/* nor does watch without --deep */
	NMA_COVER_MAX
};

#define NMA_BLIND_MAX	64

/* A rule, or all of them, could not be judged on a device. */
struct nma_blind {
	enum nma_rule_id rule;	/* NMA_RULE_MAX: all */
	__u32 netns;
	__u32 ifindex;		/* 0 none */
	__u32 queue;		/* NMA_NO_QUEUE none */
	char ifname[NMA_IFNAME_LEN];
	bool incomplete;	/* it could have been looked at, just not by us */
	char reason[NMA_MESSAGE_LEN];
};

struct nma_coverage {
	enum nma_cover cover[NMA_RULE_MAX];
	nma_hook_set missing[NMA_RULE_MAX];	/* with NO_HOOK */
	unsigned int seen;		/* enum thing of coverage.c, as bits */
	struct nma_blind blind[NMA_BLIND_MAX];
	unsigned int nr_blind;
	unsigned int more_blind;	/* for which there was no room */
	bool incomplete;		/* some blind entry is */
};

/* Something is there: rules that are about it have their occasion. */
void nma_coverage__object(struct nma_coverage *c, enum nma_subject subject,
			  union nma_ref ref);

/* A queue of that device has a memory provider: does it show whether a driver syncs? */
void nma_coverage__bound(struct nma_coverage *c, const struct nma_nic *nic);

/* "could not be judged on IF because ..."; told once for each rule and place.
 * @nic may be NULL. With @incomplete the verdict is incomplete (exit status 5): not
 * the device or the kernel cannot tell, but we may not look.
 */
void nma_coverage__blind(struct nma_coverage *c, enum nma_rule_id rule,
			 const struct nma_nic *nic, bool incomplete,
			 const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same from a finding of kind NOTE. */
void nma_coverage__note(struct nma_coverage *c, const struct nma_finding *f);

/* The rule tells only of what happens while somebody watches. */
bool nma_coverage_needs_events(enum nma_rule_id rule);
/* What must be there for the rule to have an occasion: "a destroyed page_pool". */
const char *nma_coverage_occasion(enum nma_rule_id rule);
const char *nma_cover_name(enum nma_cover cover);	/* "no_occasion" */
unsigned int nma_coverage__count(const struct nma_coverage *c, enum nma_cover cover);

#endif /* NMA_COVERAGE_H */
