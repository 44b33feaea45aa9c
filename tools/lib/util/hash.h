/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * FNV-1a, to tell whether something is what it was; not against who wants it to look so.
 */
#ifndef NMA_HASH_H
#define NMA_HASH_H

#include <linux/types.h>

#define NMA_HASH_BEGIN	0xcbf29ce484222325ull

static inline __u64 nma_hash_byte(__u64 hash, unsigned char byte)
{
	return (hash ^ byte) * 0x100000001b3ull;
}

#endif /* NMA_HASH_H */
