// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Queue management: one RX queue is replaced by another with other pools while
 * the rest of the port runs. This is how a memory provider is installed on a
 * queue and removed from it.
 *
 * The vector's NAPI is paused meanwhile, so its TX queue waits for completions,
 * too. The peer's frames wait in the device.
 */
#include <linux/log2.h>
#include <linux/sizes.h>
#include <net/netdev_queues.h>

#include "nmnic.h"

/* Pages in a row for one buffer; a frame has no use for more */
#define MAX_RX_PAGE	SZ_64K

struct queue_mem {
	struct nmnic_rxq *rxq;
};

static int queue_mem_alloc(struct net_device *netdev, struct netdev_queue_config *qcfg,
			   void *qmem, int idx)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct queue_mem *mem = qmem;
	struct nmnic_cfg cfg = np->cfg;
	struct nmnic_rxq *rxq;

	/* The core would go on to stop a queue that was never started. */
	if (!NMA_QUEUE_MEM_WHILE_CLOSED && !netif_running(netdev))
		return -ENETDOWN;
	if (netif_running(netdev) && !np->up)
		return -ENETDOWN;

	cfg.rx_page = qcfg->rx_page_size;
	rxq = nmnic_rxq_alloc(&np->vec[idx], &cfg);
	if (IS_ERR(rxq))
		return PTR_ERR(rxq);
	mem->rxq = rxq;
	return 0;
}
NMA_QUEUE_OP(queue_mem_alloc)

static void queue_mem_free(struct net_device *netdev, void *qmem)
{
	struct queue_mem *mem = qmem;

	if (mem->rxq)
		nmnic_rxq_free(mem->rxq);
}

static int queue_start(struct net_device *netdev, struct netdev_queue_config *qcfg, void *qmem,
		       int idx)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmnic_vec *vec = &np->vec[idx];
	struct queue_mem *mem = qmem;
	int err;

	err = nmnic_rxq_start(mem->rxq);
	if (err)
		return err;
	vec->q.rxq = mem->rxq;
	nmnic_vec_resume(vec);
	return 0;
}
NMA_QUEUE_OP(queue_start)

static int queue_stop(struct net_device *netdev, void *qmem, int idx)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmnic_vec *vec = &np->vec[idx];
	struct queue_mem *mem = qmem;

	if (!vec->q.rxq)
		return -ENETDOWN;
	nmnic_vec_pause(vec);
	nmnic_rxq_stop(vec->q.rxq);
	mem->rxq = vec->q.rxq;
	vec->q.rxq = NULL;
	return 0;
}

/* Kernels that do not ask know pages only. */
static void __maybe_unused
default_qcfg(struct net_device *netdev, struct netdev_queue_config *qcfg)
{
	qcfg->rx_page_size = PAGE_SIZE;
}

/* Kernels that ask beforehand can tell the user why not. */
static int __maybe_unused check_providers(struct nmnic_port *np, struct netlink_ext_ack *extack)
{
	const struct nmnic_rxq *rxq;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < np->num_queues; i++) {
		rxq = np->vec[i].q.rxq;
		if (netif_rxq_has_unreadable_mp(np->netdev, i) && !(rxq && rxq->provided))
			err = nmnic_may_provide(np, i, extack);
	}
	return err;
}

static int __maybe_unused
validate_qcfg(struct net_device *netdev, struct netdev_queue_config *qcfg,
	      struct netlink_ext_ack *extack)
{
	u32 size = qcfg->rx_page_size;

	if (is_power_of_2(size) && size >= PAGE_SIZE && size <= MAX_RX_PAGE)
		return check_providers(netdev_priv(netdev), extack);
	NL_SET_ERR_MSG_FMT(extack, "receive buffers of %u bytes: must be a power of two from %lu to %u",
			   size, PAGE_SIZE, MAX_RX_PAGE);
	return -ERANGE;
}

const struct netdev_queue_mgmt_ops nmnic_queue_mgmt_ops = {
	.ndo_queue_mem_size	= sizeof(struct queue_mem),
	.ndo_queue_mem_alloc	= NMA_QUEUE_OP_PTR(queue_mem_alloc),
	.ndo_queue_mem_free	= queue_mem_free,
	.ndo_queue_start	= NMA_QUEUE_OP_PTR(queue_start),
	.ndo_queue_stop		= queue_stop,
	NMA_QUEUE_CONFIG(default_qcfg, validate_qcfg)
};
