/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The rows of nma_hooks.def as a table.
 */
#ifndef NMA_HOOK_TABLE_H
#define NMA_HOOK_TABLE_H

#include "nma_hooks.h"

enum nma_hook_kind {
	NMA_AT_CONTROL,	/* function, for nma_control */
	NMA_AT_FUNCTION,
	NMA_AT_TRACEPOINT,
	NMA_AT_ITERATOR,
	NMA_AT_SYMBOL,
};

struct nma_hook_desc {
	const char *id;		/* of nma_hooks.def: "POOL_LIST" */
	enum nma_hook_kind kind;
	unsigned int groups;	/* NMA_GROUP_x */
	nma_hook_set needs;
	const char *name;	/* "page_pool_list" */
	const char *newer;	/* used where the kernel has it, or NULL */
	const char *text;	/* "page_pools as they are created" */
};

extern const struct nma_hook_desc nma_hook_table[NMA_HOOK_MAX];

/* NULL if no hook has that name, or it has no newer one */
const char *nma_hook_newer(const char *name);

/* NULL for what is no hook */
const char *nma_hook_name(enum nma_hook hook);
const char *nma_hook_text(enum nma_hook hook);

#endif /* NMA_HOOK_TABLE_H */
