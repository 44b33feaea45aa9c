/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Function names of kernel addresses, from /proc/kallsyms. Loaded on first use:
 * most runs need none.
 */
#ifndef NMA_KSYMS_H
#define NMA_KSYMS_H

#include <linux/types.h>
#include <stddef.h>

struct nma_ksyms;

struct nma_ksyms *nma_ksyms__new(const char *path);
void nma_ksyms__free(struct nma_ksyms *k);

/* Of another kernel than this one, from a recording: from now on only what is learned
 * is known, each address by itself.
 */
void nma_ksyms__forget(struct nma_ksyms *k);
int nma_ksyms__learn(struct nma_ksyms *k, __u64 addr, const char *name);

/* "function [module]" that contains @addr. -ENOENT when unknown. */
int nma_ksyms__name(struct nma_ksyms *k, __u64 addr, char *dst, size_t size);

/* Who created a page_pool: the first function of the stack (innermost first)
 * that is neither the page_pool API nor our own trampoline.
 */
int nma_ksyms__creator(struct nma_ksyms *k, const __u64 *stack, size_t nr,
		       char *dst, size_t size);

#endif /* NMA_KSYMS_H */
