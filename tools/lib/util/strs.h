/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A few strings, as an option that may be repeated collects them.
 */
#ifndef NMA_STRS_H
#define NMA_STRS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NMA_STRS_MAX	64

struct nma_strs {
	const char *v[NMA_STRS_MAX];
	size_t nr;
};

/* One of them is @s, of at most @len bytes. An empty or missing filter lets
 * everything through.
 */
static inline bool nma_strs_match(const struct nma_strs *strs, const char *s, size_t len)
{
	size_t i;

	for (i = 0; strs && i < strs->nr; i++)
		if (!strncmp(strs->v[i], s, len))
			return true;
	return !strs || !strs->nr;
}

#endif /* NMA_STRS_H */
