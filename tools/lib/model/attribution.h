/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which device and queue a page_pool serves. Drivers owe the kernel neither: few
 * name the device, fewer the queue (0 by default), some set a NAPI instance, all
 * of them the device that buffers are mapped for. So it is found by evidence, the
 * best that there is, and what there is none for stays unknown.
 */
#ifndef NMA_ATTRIBUTION_H
#define NMA_ATTRIBUTION_H

#include <linux/types.h>
#include <stdbool.h>

#include "nma_event.h"

struct nma_model;
struct nma_nic;
struct nma_pool;
struct nma_queue;

/* Evidence: for the device the best comes first. */
enum nma_by {
	NMA_BY_NONE,
	NMA_BY_NETDEV,		/* the pool names it */
	NMA_BY_XDP,		/* a queue of it registered the pool's memory for XDP */
	NMA_BY_NAPI,		/* the pool's NAPI instance is the device's, or queue's */
	NMA_BY_DMA,		/* buffers are mapped for the device itself */
	NMA_BY_PARENT,		/* ... for what it alone is on */
	NMA_BY_SEEN,		/* it was so when last seen */
	NMA_BY_INDEX,		/* queue: the pool names it */
	NMA_BY_ONLY,		/* queue: the device has but one */
};

struct nma_owner {
	__u64 netdev;		/* 0: unknown, or gone */
	__u32 netns;
	__u32 ifindex;
	__u32 queue;		/* NMA_NO_QUEUE: unknown */
	__u8 by;		/* enum nma_by */
	__u8 queue_by;
	bool gone;		/* the names are of a device that is gone, if known */
	char ifname[NMA_IFNAME_LEN];
};

/* NULL for NMA_BY_NONE */
const char *nma_by_name(enum nma_by by);

/* Looks at the evidence again: after a record of the pool. */
void nma_attribute_pool(const struct nma_model *m, struct nma_pool *pool);

/* The same for pools that this record of a device, or queue, may say something of. */
void nma_attribute_nic(struct nma_model *m, const struct nma_nic *nic);
void nma_attribute_queue(struct nma_model *m, const struct nma_queue *queue);
void nma_attribute_all(struct nma_model *m);

#endif /* NMA_ATTRIBUTION_H */
