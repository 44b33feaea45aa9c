/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The misbehaviours of misdeeds.def by number.
 */
#ifndef NMA_MISDEEDS_H
#define NMA_MISDEEDS_H

enum nma_misdeed {
#define NMA_MISDEED(id, name, roles, rule, text) NMA_MISDEED_##id,
#include "misdeeds.def"
#undef NMA_MISDEED
	NMA_MISDEEDS
};

#endif /* NMA_MISDEEDS_H */
