/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What this kernel can do, probed once (BTF, kallsyms, kernel configuration),
 * before any program is loaded. Never prints.
 */
#ifndef NMA_FEATURES_H
#define NMA_FEATURES_H

#include <linux/types.h>
#include <stdbool.h>

#include "kernel/hooks.h"

struct nma_config_option {
	const char *name;	/* "CONFIG_NET_DEVMEM" */
	char state;		/* 'y', 'm', 'n', or '?' when unreadable */
	const char *why;	/* what it is needed for */
};

/* Does one function call another, or has the compiler put that into it? */
enum nma_calls {
	NMA_CALLS_UNKNOWN,
	NMA_CALLS_NOT,
	NMA_CALLS,
};

#define NMA_CONFIG_OPTIONS 12
#define NMA_FEATURE_SYMS 16

struct nma_features {
	char release[65];	/* uname -r */
	bool privileged;	/* may load tracing programs */
	bool syms_hidden;	/* from us: see nma_privilege__to_see_symbols() */
	bool lsm_unknown;	/* the list of active LSMs cannot be read */
	int btf_err;		/* why there is no BTF: -ENOENT, or it cannot be read */
	__u64 caps;		/* of this process */
	int kptr_restrict;	/* -1: unknown */
	bool btf;		/* /sys/kernel/btf/vmlinux present */
	bool netmem;		/* struct net_iov and dma-buf bindings exist */
	bool hds_cfg;		/* the core keeps tcp-data-split (6.14+) */
	bool devmem_tx;		/* dma-buf send (6.16+) */
	bool pool_stats;	/* page_pools count what they do; if not: */
	enum nma_calls page_calls;	/* page_pool_alloc_pages() and ... */
	enum nma_calls frag_calls;	/* ... page_pool_alloc_frag_netmem() */
	bool io_uring_zcrx;
	bool bpf_lsm;		/* bpf in the list of active LSMs */
	bool fmod_ret_syscall;	/* system calls can be refused (7.2+) */
	nma_hook_set hooks;	/* found */
	nma_hook_set newer;	/* of these, those under their newer name */
	__u64 addr[NMA_HOOK_MAX];	/* of hooks that are functions, 0: unknown */
	__u32 page_btf;		/* number of the type in the kernel's BTF; 0: unknown */
	__u32 netmem_btf;	/* the same, of what a page of a pool is laid out like */
	__u64 sym[NMA_FEATURE_SYMS];	/* addresses by enum nma_sym, 0: unknown */
	unsigned int nr_config;
	struct nma_config_option config[NMA_CONFIG_OPTIONS];
};

/* 0 or -errno; a kernel that lacks things is not an error. */
int nma_features__probe(struct nma_features *f);

/* For people: ten thousand lines of text, and nothing of ours depends on them. */
void nma_features__read_config(struct nma_features *f);

#endif /* NMA_FEATURES_H */
