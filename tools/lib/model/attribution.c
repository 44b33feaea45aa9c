// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See attribution.h.
 */
#include <string.h>

#include "model/model.h"

static const char *const by_names[] = {
	[NMA_BY_NETDEV] = "netdev",
	[NMA_BY_XDP] = "xdp_mem",
	[NMA_BY_NAPI] = "napi",
	[NMA_BY_DMA] = "dma_device",
	[NMA_BY_PARENT] = "parent",
	[NMA_BY_SEEN] = "seen_before",
	[NMA_BY_INDEX] = "queue_idx",
	[NMA_BY_ONLY] = "only_queue",
};

const char *nma_by_name(enum nma_by by)
{
	return by_names[by];
}

static const struct nma_nic *live_nic(const struct nma_model *m, __u64 netdev)
{
	const struct nma_nic *nic = netdev ? nma_model__nic(m, netdev) : NULL;

	return nic && !nic->seen.gone ? nic : NULL;
}

/* Its device can be freed, and another one be at the same address: nothing but
 * DMA_MAP makes a pool hold it, and its owner, who did, has destroyed the pool.
 */
static bool may_dangle(const struct nma_pool *pool)
{
	return pool->r.detached && !(pool->r.flags & NMA_PP_DMA_MAP);
}

/* The device whose own struct device buffers are mapped for (veth) */
static const struct nma_nic *by_dma(const struct nma_model *m, __u64 dma_dev)
{
	nma_model_for_each(struct nma_nic, &m->nics, nic)
		if (nic->r.device == dma_dev && !nic->seen.gone)
			return nic;
	return NULL;
}

/* The one device right above that one: two of them share the pools, or not. */
static const struct nma_nic *by_parent(const struct nma_model *m, __u64 dma_dev,
				       unsigned int level, unsigned int *nr)
{
	const struct nma_nic *found = NULL;

	*nr = 0;
	nma_model_for_each(struct nma_nic, &m->nics, nic) {
		if (nic->r.parent[level] != dma_dev || nic->seen.gone)
			continue;
		found = nic;
		(*nr)++;
	}
	return *nr == 1 ? found : NULL;
}

/* Where buffers go by DMA. @others: the device is that of several. A virtio device
 * is mapped by the PCI function that it is on.
 */
static const struct nma_nic *by_device(const struct nma_model *m,
				       const struct nma_pool *pool, enum nma_by *by,
				       bool *others)
{
	const struct nma_nic *nic;
	unsigned int level, nr = 0;

	*others = false;
	if (!pool->r.dma_dev)
		return NULL;
	*by = NMA_BY_DMA;
	nic = by_dma(m, pool->r.dma_dev);
	*others = nic;
	for (level = 0; !nic && !nr && level < 2; level++) {
		*by = NMA_BY_PARENT;
		nic = by_parent(m, pool->r.dma_dev, level, &nr);
		*others = nr;
	}
	return may_dangle(pool) ? NULL : nic;
}

/* A queue that is known to have given its memory out is better than a NAPI
 * instance, which some share.
 */
static const struct nma_nic *find_nic(const struct nma_model *m,
				      const struct nma_pool *pool, enum nma_by *by,
				      bool *others)
{
	const struct nma_nic *nic;

	*others = true;
	*by = NMA_BY_NETDEV;
	nic = live_nic(m, pool->r.netdev);
	if (nic)
		return nic;
	*by = NMA_BY_XDP;
	nic = pool->r.detached ? NULL : live_nic(m, pool->r.xdp_netdev);
	if (nic)
		return nic;
	*by = NMA_BY_NAPI;
	nic = live_nic(m, pool->r.napi_netdev);
	if (nic)
		return nic;
	return by_device(m, pool, by, others);
}

/* At the address of what a pool belonged to is now the same device, whatever its
 * namespace: of name and index a move or a change of name leaves one.
 */
static const struct nma_nic *seen_nic(const struct nma_model *m,
				      const struct nma_owner *o)
{
	const struct nma_nic *nic = live_nic(m, o->netdev);

	if (!nic || (nic->r.ifindex != o->ifindex &&
		     strncmp(nic->r.ifname, o->ifname, NMA_IFNAME_LEN)))
		return NULL;
	return nic;
}

static __u32 queue_napi(const struct nma_queue *queue)
{
	return queue->r.napi_id ? queue->r.napi_id : queue->last_napi_id;
}

/* The one queue that the pool's NAPI instance serves; of several, that which the
 * pool names.
 */
static bool by_napi(const struct nma_model *m, const struct nma_pool *pool,
		    __u64 netdev, __u32 *queue)
{
	unsigned int nr = 0;

	if (!pool->r.napi_id)
		return false;
	nma_model_for_each(struct nma_queue, &m->queues, q) {
		if (q->r.netdev != netdev || queue_napi(q) != pool->r.napi_id)
			continue;
		*queue = q->r.queue;
		nr++;
		if (q->r.queue == pool->r.queue)
			return true;
	}
	return nr == 1;
}

/* 0 is what drivers say that say nothing. Some that name all other queues, or have
 * operations on queues, mean it, unless pools of two NAPI instances say so.
 */
static bool means_zero(const struct nma_model *m, const struct nma_pool *pool,
		       const struct nma_nic *nic)
{
	bool names_others = nic->r.qops & NMA_QOPS_PRESENT;

	nma_model_for_each(struct nma_pool, &m->pools, other) {
		if (other->r.netdev != nic->r.netdev || other == pool)
			continue;
		if (other->r.queue)
			names_others = true;
		else if (other->r.napi_id && pool->r.napi_id &&
			 other->r.napi_id != pool->r.napi_id)
			return false;
	}
	return names_others;
}

/* The kernel itself relies on the index of pools that accept unreadable memory. */
static bool by_index(const struct nma_model *m, const struct nma_pool *pool,
		     const struct nma_nic *nic)
{
	if (pool->r.netdev != nic->r.netdev)
		return false;
	return pool->r.flags & NMA_PP_ALLOW_UNREADABLE || pool->r.mp || pool->r.queue ||
	       means_zero(m, pool, nic);
}

static void find_queue(const struct nma_model *m, const struct nma_pool *pool,
		       const struct nma_nic *nic, struct nma_owner *o)
{
	bool named = pool->r.netdev == nic->r.netdev &&
		     (pool->r.queue || pool->r.flags & NMA_PP_ALLOW_UNREADABLE);

	o->queue = pool->r.queue;
	o->queue_by = NMA_BY_INDEX;
	if (named)
		return;
	if (pool->r.xdp_netdev == nic->r.netdev) {
		o->queue = pool->r.xdp_queue;
		o->queue_by = NMA_BY_XDP;
	} else if (by_napi(m, pool, nic->r.netdev, &o->queue)) {
		o->queue_by = NMA_BY_NAPI;
	} else if (by_index(m, pool, nic)) {
		o->queue = pool->r.queue;
	} else if (nic->r.num_rx_queues == 1) {
		o->queue = 0;
		o->queue_by = NMA_BY_ONLY;
	} else {
		o->queue = NMA_NO_QUEUE;
		o->queue_by = NMA_BY_NONE;
	}
}

static void name_owner(struct nma_owner *o, const struct nma_nic *nic)
{
	o->netdev = nic->r.netdev;
	o->netns = nic->r.hdr.netns;
	o->ifindex = nic->r.ifindex;
	memcpy(o->ifname, nic->r.ifname, sizeof(o->ifname));
}

/* The device is known. What it said of the queue before outlives the NAPI instance
 * that a pool loses when it is destroyed.
 */
static void set_owner(const struct nma_model *m, struct nma_pool *pool,
		      const struct nma_nic *nic, enum nma_by by)
{
	struct nma_owner old = pool->owner, *o = &pool->owner;

	name_owner(o, nic);
	o->by = by;
	o->gone = false;
	find_queue(m, pool, nic, o);
	if (o->queue_by || old.netdev != nic->r.netdev || !old.queue_by)
		return;
	o->queue = old.queue;
	o->queue_by = NMA_BY_SEEN;
}

/* Nothing says where it belongs. If it did before, or if its owner destroyed it and
 * no device has the buffers' own, it belonged to one that is gone.
 */
static void set_gone(struct nma_pool *pool, bool others)
{
	struct nma_owner *o = &pool->owner;

	if (o->netdev || o->ifname[0]) {
		o->by = NMA_BY_SEEN;
		o->queue_by = o->queue_by ? NMA_BY_SEEN : NMA_BY_NONE;
		o->netdev = 0;
		o->gone = true;
		return;
	}
	*o = (struct nma_owner){ .queue = NMA_NO_QUEUE };
	if (pool->r.rehomed)
		o->netns = pool->r.hdr.netns;
	o->gone = pool->r.detached &&
		  (pool->r.rehomed || (pool->r.dma_dev && !others));
}

/* What the record itself says of a device that has no record (yet). One that has
 * is gone, or would have been found.
 */
static bool names_itself(const struct nma_model *m, struct nma_pool *pool)
{
	struct nma_owner *o = &pool->owner;

	if (!pool->r.netdev || !pool->r.ifindex || o->gone ||
	    nma_model__nic(m, pool->r.netdev))
		return false;
	*o = (struct nma_owner){
		.netdev = pool->r.netdev,
		.netns = pool->r.hdr.netns,
		.ifindex = pool->r.ifindex,
		.by = NMA_BY_NETDEV,
		.queue = NMA_NO_QUEUE,
	};
	memcpy(o->ifname, pool->r.ifname, sizeof(o->ifname));
	if (pool->r.queue || pool->r.flags & NMA_PP_ALLOW_UNREADABLE) {
		o->queue = pool->r.queue;
		o->queue_by = NMA_BY_INDEX;
	}
	return true;
}

void nma_attribute_pool(const struct nma_model *m, struct nma_pool *pool)
{
	const struct nma_nic *nic;
	enum nma_by by;
	bool others;

	if (!pool->owner.by)
		pool->owner.queue = NMA_NO_QUEUE;
	nic = find_nic(m, pool, &by, &others);
	if (!nic) {
		by = NMA_BY_SEEN;
		nic = seen_nic(m, &pool->owner);
	}
	if (nic)
		set_owner(m, pool, nic, by);
	else if (!names_itself(m, pool))
		set_gone(pool, others);
}

static bool concerns(const struct nma_pool *pool, const struct nma_nic *nic)
{
	const struct nma_rec_pool *r = &pool->r;
	const struct nma_rec_nic *n = &nic->r;

	return pool->owner.netdev == n->netdev || r->netdev == n->netdev ||
	       r->napi_netdev == n->netdev || r->xdp_netdev == n->netdev ||
	       (r->dma_dev && (r->dma_dev == n->device || r->dma_dev == n->parent[0] ||
			       r->dma_dev == n->parent[1]));
}

void nma_attribute_nic(struct nma_model *m, const struct nma_nic *nic)
{
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;

		if (concerns(pool, nic))
			nma_attribute_pool(m, pool);
	}
}

void nma_attribute_queue(struct nma_model *m, const struct nma_queue *queue)
{
	nma_table_for_each(&m->pools, n) {
		struct nma_pool *pool = (struct nma_pool *)n;

		if (queue->r.napi_id && pool->r.napi_id == queue->r.napi_id)
			nma_attribute_pool(m, pool);
	}
}

void nma_attribute_all(struct nma_model *m)
{
	nma_table_for_each(&m->pools, n)
		nma_attribute_pool(m, (struct nma_pool *)n);
}
