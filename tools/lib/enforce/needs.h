/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which programs a policy needs: one row each.
 */
#ifndef NMA_NEEDS_H
#define NMA_NEEDS_H

#include "enforce/enforce.h"

struct nma_need {
	const char *prog;
	const char *hook;	/* for people; what it is attached to */
	const char *func;	/* that the kernel must have for it */
	__u64 rules;		/* bits */
	__u32 acts;		/* bits of enum nma_act_kind; 0: whatever is restricted */
};

extern const struct nma_need nma_needs[];
extern const unsigned int nma_nr_needs;

/* Does a policy, rules that the kernel refuses itself taken out, need it? */
bool nma_needed(const struct nma_need *n, const struct nma_policy *pol);

/* Does the kernel refuse that itself? */
bool nma_enforced_by_kernel(enum nma_rule_id rule, const struct nma_features *f);

/* What no policy refuses on a kernel, one row each. */
struct nma_gap {
	enum nma_rule_id rule;
	bool old_only;		/* where the core does not keep tcp-data-split */
	const char *text;
};

extern const struct nma_gap nma_gaps[];
extern const unsigned int nma_nr_gaps;

bool nma_gap_is_open(const struct nma_gap *gap, const struct nma_features *f);

/* The hooks of a rule, as people read them. */
void nma_needs_hooks(enum nma_rule_id rule, const struct nma_policy *pol, char *buf,
		     size_t size);

#endif /* NMA_NEEDS_H */
