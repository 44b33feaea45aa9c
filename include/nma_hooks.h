/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hook numbers from nma_hooks.def, sets of them, and the groups they are loaded
 * in.
 */
#ifndef NMA_HOOKS_H
#define NMA_HOOKS_H

enum nma_hook {
#define NMA_HOOK(id, ...) NMA_HOOK_##id,
#include "nma_hooks.def"
	NMA_HOOK_MAX
};

/* A set of hooks. Programs have no use for it. */
#ifndef __bpf__
__extension__ typedef unsigned __int128 nma_hook_set;

#define NMA_HOOK_BIT(hook)	((nma_hook_set)1 << (hook))
#define NMA_H(id)		NMA_HOOK_BIT(NMA_HOOK_##id)
#define NMA_HOOKS_ALL		(NMA_HOOK_BIT(NMA_HOOK_MAX) - 1)

_Static_assert(NMA_HOOK_MAX < 8 * sizeof(nma_hook_set), "a bit for each hook");
#endif

/* What of the kernel's doings somebody asked for. */
enum nma_group {
	NMA_GROUP_CONTROL = 1 << 0,	/* set-up and take-down: always */
	NMA_GROUP_TOKENS = 1 << 1,	/* sockets that use network memory */
	NMA_GROUP_BOUND = 1 << 2,	/* the same, attached only once there is
					 * device memory to receive into
					 */
	NMA_GROUP_DEEP = 1 << 3,	/* every buffer and packet */
	NMA_GROUP_LEDGER = 1 << 4,	/* where each buffer is */
	NMA_GROUP_RECYCLE = 1 << 5,	/* how pools refill */
	NMA_GROUP_ENFORCE = 1 << 6,	/* what may be refused */
	NMA_GROUP_RATES = 1 << 7,	/* what pools did that are gone */
	NMA_GROUP_CIRCULATE = 1 << 8,	/* each buffer that a pool gives out */
	NMA_GROUP_HIST = 1 << 9,	/* how long buffers go round */
	NMA_GROUP_AGES = 1 << 10,	/* when buffers were taken */
	NMA_GROUP_LENT = 1 << 11,	/* tokens per second; without events loaded
					 * only once there is device memory
					 */
};

#endif /* NMA_HOOKS_H */
