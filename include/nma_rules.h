/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Rule numbers from nma_rules.def; the same serve the tools and the tests.
 */
#ifndef NMA_RULES_H
#define NMA_RULES_H

#include "nma_hooks.h"

enum nma_severity { NMA_SEV_I, NMA_SEV_W, NMA_SEV_E, NMA_SEV_F };

enum nma_cost {
	NMA_COST_CONTROL,
	NMA_COST_PAGE,
	NMA_COST_BUFFER,
	NMA_COST_PACKET,
	NMA_COST_SYSCALL,
};

enum nma_kernel_check {
	NMA_KERNEL_NONE,
	NMA_KERNEL_PARTLY,
	NMA_KERNEL_FULLY,
	NMA_KERNEL_SINCE_HDS_CFG,
	NMA_KERNEL_BEFORE_DEVMEM_TX,
};

enum nma_enforce {
	NMA_ENFORCE_NO,
	NMA_ENFORCE_LSM,
	NMA_ENFORCE_SETSOCKOPT,
};

enum nma_rule_id {
#define NMA_RULE(id, ...) NMA_RULE_##id,
#include "nma_rules.def"
	NMA_RULE_MAX
};

enum nma_occasion {
#define NMA_OCCASION(id, ...) NMA_OCCASION_##id,
#include "nma_rules.def"
	NMA_OCCASION_MAX
};

/* Sets of them */
#define NMA_ON(id)		(1u << NMA_OCCASION_##id)
#define NMA_ON_SUBJECT		0u
#define NMA_ON_WATCHED		(1u << 31)

_Static_assert(NMA_OCCASION_MAX < 31, "a bit for each");

#endif /* NMA_RULES_H */
