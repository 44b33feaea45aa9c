/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Findings that were there before and are not to fail again. A finding is
 * recognised by what outlives reboots and restarts: rule, condition, namespace
 * by name, interface by name, queue; not by identifiers that the kernel counts
 * up. It is known as often as it was found, and only while it is no worse.
 */
#ifndef NMA_BASELINE_H
#define NMA_BASELINE_H

#include <stddef.h>

#include "rules/finding.h"
#include "util/netns_set.h"
#include "util/strs.h"

struct nma_baseline;

struct nma_baseline *nma_baseline__new(void);
void nma_baseline__free(struct nma_baseline *b);	/* NULL-safe */

/* -EINVAL: the contents are wrong, else the file cannot be read; @error says
 * what, with file and line.
 */
int nma_baseline__load(const char *path, struct nma_baseline **b, char *error,
		       size_t size);

/* The kernel that it was read from a file of; "" not known. */
const char *nma_baseline_kernel(const struct nma_baseline *b);

int nma_baseline__add(struct nma_baseline *b, const struct nma_finding *f);
/* The file is replaced as a whole or not at all. */
int nma_baseline__save(const struct nma_baseline *b, const char *path,
		       const char *kernel, char *error, size_t size);

/* Is @f known? Each call uses up one. */
bool nma_baseline__take(struct nma_baseline *b, const struct nma_finding *f);
/* Known ones that were not taken, of these rules, devices and namespaces (NULL, empty:
 * all).
 */
unsigned int nma_baseline__left(const struct nma_baseline *b, __u64 rules,
				const struct nma_strs *ifnames,
				const struct nma_netns_set *netns);

#endif /* NMA_BASELINE_H */
