/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A few network namespaces, by inode number, as a filter.
 */
#ifndef NMA_NETNS_SET_H
#define NMA_NETNS_SET_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/strs.h"

struct nma_netns_set {
	__u32 inode[NMA_STRS_MAX];
	size_t nr;
};

/* An empty or missing filter lets everything through, and every filter what is of
 * no known namespace (0): it may be of any.
 */
static inline bool nma_netns_match(const struct nma_netns_set *set, __u32 inode)
{
	size_t i;

	for (i = 0; set && i < set->nr; i++)
		if (set->inode[i] == inode)
			return true;
	return !set || !set->nr || !inode;
}

#endif /* NMA_NETNS_SET_H */
