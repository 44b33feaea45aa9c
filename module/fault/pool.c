// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a driver can get wrong about page_pools and about queues that have a
 * memory provider: see nmnic_faults.def. Control path only. A pool that was
 * created wrongly works all the same as long as it has no provider.
 */
#include <linux/platform_device.h>
#include <linux/workqueue.h>
#include <net/netdev_queues.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"

/* The port behind ours, or the first. Its driver is bound as long as ours is. */
static struct device *other_dev(struct nmnic_port *np)
{
	struct device *dev;

	dev = platform_find_device_by_driver(np->dev, np->dev->driver);
	if (!dev)
		dev = platform_find_device_by_driver(NULL, np->dev->driver);
	put_device(dev);	/* the pool takes its own reference */
	return dev;
}

static long create_work(void *pp)
{
	return (long)page_pool_create(pp);
}

/* In place of page_pool_create() */
struct page_pool *nmnic_fault_pool_create(struct nmnic_port *np, unsigned int queue,
					  struct page_pool_params *pp)
{
	if (nmnic_fault(np, NMNIC_FAULT_BAD_QUEUE_IDX, queue))
		pp->queue_idx = (queue + 1) % np->num_queues;
	if (nmnic_fault(np, NMNIC_FAULT_PP_ORDER, queue))
		pp->order = 1;
	if (nmnic_fault(np, NMNIC_FAULT_PP_BIDIR, queue))
		pp->dma_dir = DMA_BIDIRECTIONAL;
	if (nmnic_fault(np, NMNIC_FAULT_PP_DEV, queue))
		pp->dev = other_dev(np);
	if (nmnic_fault(np, NMNIC_FAULT_POOL_UNLOCKED, queue))
		return (struct page_pool *)work_on_cpu(raw_smp_processor_id(), create_work, pp);
	return page_pool_create(pp);
}

/* In place of the refusal to turn data split off. The running queues stay as
 * they are: nothing goes where it cannot be read.
 */
bool nmnic_fault_split_off(struct nmnic_port *np)
{
	unsigned int i;

	for (i = 0; i < np->num_queues; i++)
		if (netif_rxq_has_unreadable_mp(np->netdev, i))
			return nmnic_fault(np, NMNIC_FAULT_SPLIT_OFF_BOUND, i);
	return false;
}

/* For a moment only: a binding of a queue out of use must not be ended. */
static void shrink(struct nmnic_port *np)
{
	if (np->num_queues < 2 || !nmnic_fault(np, NMNIC_FAULT_SHRINK_QUEUES, 0))
		return;
	if (!netif_set_real_num_rx_queues(np->netdev, 1))
		netif_set_real_num_rx_queues(np->netdev, np->num_queues);
}

/* The port is open. What it says of its transmit path lasts until it opens again. */
void nmnic_fault_open(struct nmnic_port *np)
{
	shrink(np);
	if (nmnic_fault(np, NMNIC_FAULT_TX_MODE, 0))
		NMA_NETMEM_TX_LIE(np->netdev);
	else
		NMA_NETMEM_TX_SET(np->netdev);
}

/* True if @pool was taken over: the caller forgets it. Under the lock of the
 * queue's configuration.
 */
bool nmnic_fault_keep_pool(struct nmnic_port *np, unsigned int queue, struct page_pool *pool)
{
	struct nmnic_fault_kept *kept = &np->faults.kept;

	if (!pool->mp_ops || kept->num == ARRAY_SIZE(kept->pool) ||
	    !nmnic_fault(np, NMNIC_FAULT_KEEP_POOL, queue))
		return false;
	spin_lock_bh(&kept->lock);
	kept->pool[kept->num++] = pool;
	spin_unlock_bh(&kept->lock);
	return true;
}

static void drop_pools(struct nmnic_fault_panel *panel)
{
	struct nmnic_fault_kept *kept = &panel->kept;
	struct page_pool *pool;

	do {
		pool = NULL;
		spin_lock_bh(&kept->lock);
		if (kept->num)
			pool = kept->pool[--kept->num];
		spin_unlock_bh(&kept->lock);
		if (pool)
			page_pool_destroy(pool);
	} while (pool);
}

static const struct nmnic_fault_ops keep_pool_ops = {
	.disarm	= drop_pools,
};

void nmnic_fault_pool_init(struct nmnic_fault_panel *panel)
{
	spin_lock_init(&panel->kept.lock);
	panel->fault[NMNIC_FAULT_KEEP_POOL].ops = &keep_pool_ops;
}
