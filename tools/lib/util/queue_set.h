/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Queues of a device, as RSS spreads flows over them.
 */
#ifndef NMA_QUEUE_SET_H
#define NMA_QUEUE_SET_H

#include <linux/types.h>
#include <stdbool.h>

/* Set of queues; those beyond its size are not told apart. */
#define NMA_QUEUE_SET	1024
struct nma_queue_set {
	bool known;
	__u64 bits[NMA_QUEUE_SET / 64];
};

static inline void nma_queue_set_add(struct nma_queue_set *set, __u32 queue)
{
	if (queue < NMA_QUEUE_SET)
		set->bits[queue / 64] |= 1ull << queue % 64;
}

static inline bool nma_queue_set_has(const struct nma_queue_set *set, __u32 queue)
{
	return queue < NMA_QUEUE_SET && set->bits[queue / 64] >> queue % 64 & 1;
}

#endif /* NMA_QUEUE_SET_H */
