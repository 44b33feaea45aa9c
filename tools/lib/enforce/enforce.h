/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Puts a policy into force, says what is in force, and ends it. Programs and maps are
 * pinned (pins.h) and need nobody to run.
 */
#ifndef NMA_ENFORCEMENT_H
#define NMA_ENFORCEMENT_H

#include <stdbool.h>

#include "enforce/policy.h"

struct nma_features;

/* What becomes of a rule of the policy on this kernel. */
enum nma_way {
	NMA_WAY_NONE,		/* the policy says nothing of it, or off */
	NMA_WAY_PROGRAM,	/* our programs look */
	NMA_WAY_KERNEL,		/* the kernel refuses it itself */
	NMA_WAY_MISSING,	/* it cannot be done, and is optional or in the way */
};

struct nma_enforced {
	enum nma_way way;
	__u32 mode;
	char hooks[192];	/* "netlink_send, net_devmem_bind_dmabuf" */
	char why[128];		/* of MISSING */
};

struct nma_enforce_report {
	struct nma_enforced rule[NMA_RULE_MAX];
	__u32 generation;	/* how many policies there were, this one included */
	bool programs_differ;	/* from ours: those that were there stay */
	char error[600];
};

/* What @f would be on this kernel. -EOPNOTSUPP if a rule that is not optional cannot be
 * enforced; then *@rep says which and why.
 */
int nma_enforce__plan(const struct nma_policy_file *f, const struct nma_features *features,
		      struct nma_enforce_report *rep);

/* Puts it into force; whatever was before holds until then. On failure nothing has
 * changed.
 */
int nma_enforce__on(const struct nma_policy_file *f, const struct nma_features *features,
		    struct nma_enforce_report *rep);

/* Removes all. -ENOENT: nothing was there. */
int nma_enforce__off(char *error, size_t size);

struct nma_enforce_status {
	struct nma_enforce_state state;
	struct nma_policy policy;
	struct nma_enforced rule[NMA_RULE_MAX];
	struct nma_enforce_count count[NMA_ENFORCE_RULES];
	struct nma_refusal last[NMA_ENFORCE_RULES * NMA_ENFORCE_LOG];
	unsigned int nr_last;		/* latest first */
	unsigned int missing_links;	/* that the policy needs and somebody removed */
	bool programs_differ;		/* another build of netmem-audit pinned them */
	char error[600];
};

/* -ENOENT: nothing is enforced; -EPROTO: it is another version's, or only a part. */
int nma_enforce__status(struct nma_enforce_status *st);

/* Has drivers say how their rings and RSS are set, so that the programs know. */
void nma_enforce__prime(void);

#endif /* NMA_ENFORCEMENT_H */
