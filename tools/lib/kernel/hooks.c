// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See hooks.h.
 */
#include "kernel/hooks.h"

#include <stddef.h>
#include <string.h>

const struct nma_hook_desc nma_hook_table[NMA_HOOK_MAX] = {
#define NMA_HOOK(id_, kind_, groups_, needs_, name_, newer_, text_) \
	[NMA_HOOK_##id_] = { \
		.id = #id_, .kind = NMA_AT_##kind_, \
		.groups = groups_, .needs = needs_, \
		.name = name_, .newer = newer_, .text = text_, \
	},
#include "nma_hooks.def"
};

const char *nma_hook_name(enum nma_hook hook)
{
	return hook < NMA_HOOK_MAX ? nma_hook_table[hook].name : NULL;
}

const char *nma_hook_text(enum nma_hook hook)
{
	return hook < NMA_HOOK_MAX ? nma_hook_table[hook].text : NULL;
}

const char *nma_hook_newer(const char *name)
{
	const struct nma_hook_desc *hook;

	for (hook = nma_hook_table; hook < nma_hook_table + NMA_HOOK_MAX; hook++)
		if (hook->newer && !strcmp(hook->name, name))
			return hook->newer;
	return NULL;
}
