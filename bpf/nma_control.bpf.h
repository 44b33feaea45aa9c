/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hooks of the control path: what control.bpf.c calls, and what it passes on.
 * Arguments are plain numbers, as registers have them.
 */
#ifndef NMA_CONTROL_BPF_H
#define NMA_CONTROL_BPF_H

#include "nma_types.bpf.h"
#include "nma_hooks.h"

/* A call that has not returned yet, as it was entered. */
struct nma_call {
	__u64 arg[6];
	__u64 stack[NMA_STACK_LEN];	/* of those that want one */
};

/* nma_on_<hook>() and nma_enter_<hook>(), as nma_hooks.def has them. */
#define NMA_ENTER_ENTRY(id)
#define NMA_ENTER_RETURN(id)
#define NMA_ENTER_BOTH(id)	int nma_enter_##id(struct nma_call *call);

#define NMA_CONTROL(id, when, ...) \
	int nma_on_##id(const struct nma_call *call, __u64 ret); \
	NMA_ENTER_##when(id)
#include "nma_hooks.def"

/* A pool is taken from its NAPI: could that still run? */
int nma_pool_napi_off(const struct nma_call *call);

#endif /* NMA_CONTROL_BPF_H */
