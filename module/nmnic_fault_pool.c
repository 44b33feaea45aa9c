// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a driver can get wrong when it creates a payload page_pool: see
 * nmnic_faults.def. The pool works all the same as long as it has no memory
 * provider.
 */
#include <linux/platform_device.h>
#include <linux/workqueue.h>
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
