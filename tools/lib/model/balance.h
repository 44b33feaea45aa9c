/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The account of a page_pool: what is in flight by the kernel's count, and where.
 */
#ifndef NMA_BALANCE_H
#define NMA_BALANCE_H

#include <linux/types.h>
#include <stdbool.h>

#include "util/clock.h"

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

/* A packet may still be on its way when its page_pool is destroyed: what is out of it
 * counts as leaked after so long. The kernel keeps the whole second, which may be up to
 * one too early.
 */
#define NMA_LEAK_AGE_NS		(2 * NMA_NSEC_PER_SEC)

/* When that is of a @pool that was destroyed when last looked at, CLOCK_MONOTONIC; 0: it
 * was not.
 */
__u64 nma_balance__due_ns(const struct nma_pool *pool);

/* As of the last look; false: the pool was no part of it. */
bool nma_balance_of(const struct nma_model *m, const struct nma_pool *pool,
		    struct nma_balance *b);

#endif /* NMA_BALANCE_H */
