/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The account of a page_pool: what is in flight by the kernel's count, and where.
 */
#ifndef NMA_BALANCE_H
#define NMA_BALANCE_H

#include <linux/types.h>
#include <stdbool.h>

struct nma_model;
struct nma_pool;

/* in_pool + found + driver + unknown + moving is inflight. */
struct nma_balance {
	__s64 inflight;		/* taken from the page allocator or the provider */
	__u32 in_pool;		/* in its cache and ring */
	__u32 found;		/* out of it, and with whom is known */
	__u32 driver;		/* in no packet and no place: posted to the device, or lost */
	__u32 unknown;		/* not every place could be looked into */
	__s32 moving;		/* taken or given back while we looked; may be negative */
};

/* As of the last look; false: the pool was no part of it. */
bool nma_balance_of(const struct nma_model *m, const struct nma_pool *pool,
		    struct nma_balance *b);

#endif /* NMA_BALANCE_H */
