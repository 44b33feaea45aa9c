// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The board: pairs of ports wired back to back, each a platform device that can
 * do DMA to all memory, and the registers that need no file of their own.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/errno.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "nmhw_priv.h"

static struct {
	unsigned int pairs;
	struct nmhw_pair pair[NMHW_MAX_PAIRS];
} board;

static struct nmhw_port *board_port(unsigned int index)
{
	return board.pair[index / 2].port[index % 2];
}

/* ---- link ------------------------------------------------------------------*/

int nmhw_port_enable(struct nmhw_port *port, const struct nmhw_port_ops *ops, void *ctx)
{
	struct nmhw_port *peer = port->peer;
	struct nmhw_pair *pair = port->pair;
	int err = 0;

	mutex_lock(&pair->lock);
	if (port->ops) {
		err = -EBUSY;
		goto err_unlock;
	}
	port->ops = ops;
	port->ctx = ctx;
	nmhw_vec_attach(port, ops, ctx);
	WRITE_ONCE(pair->up, !!peer->ops);
	ops->link(ctx, pair->up);
	if (pair->up)
		peer->ops->link(peer->ctx, true);
err_unlock:
	mutex_unlock(&pair->lock);
	return err;
}

/* Those who wait for buffers would wait until the pause limit. */
static void port_wake_waiters(struct nmhw_port *port)
{
	struct nmhw_rxq *rxq;

	for (rxq = port->rxq; rxq < port->rxq + port->queues; rxq++) {
		spin_lock_bh(&rxq->lock);
		nmhw_rx_wake(rxq);
		spin_unlock_bh(&rxq->lock);
	}
}

void nmhw_port_disable(struct nmhw_port *port)
{
	struct nmhw_port *peer = port->peer;
	struct nmhw_pair *pair = port->pair;

	mutex_lock(&pair->lock);
	if (!port->ops)
		goto out;
	WRITE_ONCE(pair->up, false);
	port->ops = NULL;
	nmhw_vec_attach(port, NULL, NULL);
	port_wake_waiters(port);
	port_wake_waiters(peer);
	if (peer->ops)
		peer->ops->link(peer->ctx, false);
out:
	mutex_unlock(&pair->lock);
}

/* ---- registers -------------------------------------------------------------*/

unsigned int nmhw_port_index(const struct nmhw_port *port)
{
	return port->index;
}

unsigned int nmhw_port_queues(const struct nmhw_port *port)
{
	return port->queues;
}

const u8 *nmhw_port_mac(const struct nmhw_port *port)
{
	return port->mac;
}

void nmhw_rx_csum_set(struct nmhw_port *port, bool on)
{
	WRITE_ONCE(port->rx_csum, on);
}

void nmhw_rx_vlan_strip_set(struct nmhw_port *port, bool on)
{
	WRITE_ONCE(port->vlan_strip, on);
}

void nmhw_rx_gro_set(struct nmhw_port *port, u32 bytes)
{
	WRITE_ONCE(port->gro, bytes);
}

void nmhw_max_frame_set(struct nmhw_port *port, unsigned int bytes)
{
	WRITE_ONCE(port->max_frame, bytes);
}

void nmhw_rx_discard_set(struct nmhw_port *port, bool on)
{
	WRITE_ONCE(port->discard, on);
}

void nmhw_rx_filter_set(struct nmhw_port *port, const u8 *mac, bool promisc)
{
	WRITE_ONCE(port->filter, nmhw_mac_u64(mac) | (promisc ? NMHW_FILTER_PROMISC : 0));
}

/* ---- making and unmaking ---------------------------------------------------*/

static void port_init_queues(struct nmhw_port *port)
{
	struct nmhw_rxq *rxq;
	struct nmhw_txq *txq;
	unsigned int q;

	for (q = 0; q < port->queues; q++) {
		spin_lock_init(&port->vec[q].lock);

		rxq = &port->rxq[q];
		spin_lock_init(&rxq->lock);
		rxq->port = port;
		INIT_LIST_HEAD(&rxq->waiters);
		timer_setup(&rxq->pause, nmhw_rx_pause_expired, 0);

		txq = &port->txq[q];
		spin_lock_init(&txq->lock);
		txq->port = port;
		INIT_LIST_HEAD(&txq->wait);
		INIT_WORK(&txq->resume, nmhw_tx_resume);
	}
}

/* Whoever sets the mask by the function for it learns whether the device is coherent,
 * and the kernel skips what syncs it if so. Of one that has its mask from its bus the
 * kernel assumes nothing, and syncs.
 */
static int port_set_mask(struct device *dev, bool dma_sync)
{
	if (!dma_sync)
		return dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64));
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	dev->dma_mask = &dev->coherent_dma_mask;
	return 0;
}

static int port_create(struct nmhw_pair *pair, unsigned int index, unsigned int queues,
		       bool dma_sync)
{
	const u8 mac[NMHW_MAC_LEN] = { 0x02, 'n', 'm', 0, 0, index };
	struct platform_device *pdev;
	struct nmhw_port *port;
	int err;

	port = kvzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return -ENOMEM;
	pdev = platform_device_alloc("nmnic", index);
	if (!pdev) {
		err = -ENOMEM;
		goto err_free_port;
	}
	err = port_set_mask(&pdev->dev, dma_sync);
	if (err)
		goto err_put_pdev;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);

	port->pdev = pdev;
	port->dev = &pdev->dev;
	port->pair = pair;
	port->index = index;
	port->queues = queues;
	port->max_frame = NMHW_MAX_FRAME;
	port->filter = NMHW_FILTER_PROMISC;
	memcpy(port->mac, mac, sizeof(mac));
	nmhw_steer_init(&port->steer);
	port_init_queues(port);
	pair->port[index % 2] = port;
	return 0;

err_put_pdev:
	platform_device_put(pdev);
err_free_port:
	kvfree(port);
	return err;
}

/* The device is gone, and with it the driver. Should it have left anything
 * running, it stops here.
 */
static void port_quiesce(struct nmhw_port *port)
{
	unsigned int q;

	nmhw_port_disable(port);
	for (q = 0; q < port->queues; q++) {
		nmhw_txq_disable(port, q);
		nmhw_rxq_disable(port, q);
	}
}

static void port_destroy(struct nmhw_port *port)
{
	unsigned int q;

	for (q = 0; q < port->queues; q++)
		timer_shutdown_sync(&port->rxq[q].pause);
	platform_device_put(port->pdev);
	kvfree(port);
}

static int pair_create(struct nmhw_pair *pair, unsigned int index, unsigned int queues,
		       bool dma_sync)
{
	int err;

	mutex_init(&pair->lock);
	pair->up = false;
	err = port_create(pair, index, queues, dma_sync);
	if (err)
		return err;
	err = port_create(pair, index + 1, queues, dma_sync);
	if (err)
		goto err_destroy_port;
	pair->port[0]->peer = pair->port[1];
	pair->port[1]->peer = pair->port[0];
	return 0;

err_destroy_port:
	port_destroy(pair->port[0]);
	return err;
}

/* The first @added devices leave the system, then everything is freed: as long
 * as a driver is bound, both ports of its pair exist.
 */
static void board_free(unsigned int added)
{
	unsigned int i;

	while (added--)
		platform_device_del(board_port(added)->pdev);
	for (i = 0; i < 2 * board.pairs; i++)
		port_quiesce(board_port(i));
	for (i = 0; i < 2 * board.pairs; i++)
		port_destroy(board_port(i));
	board.pairs = 0;
}

/* Without an IOMMU in between; see nmhw_dma.c. */
static int board_add_device(unsigned int index)
{
	struct platform_device *pdev = board_port(index)->pdev;
	int err;

	err = platform_device_add(pdev);
	if (err)
		return err;
	if (device_iommu_mapped(&pdev->dev)) {
		dev_err(&pdev->dev, "the model cannot do DMA through an IOMMU\n");
		platform_device_del(pdev);
		return -EOPNOTSUPP;
	}
	return 0;
}

int nmhw_board_create(unsigned int pairs, unsigned int queues, bool dma_sync)
{
	unsigned int added;
	int err = 0;

	if (!pairs || pairs > NMHW_MAX_PAIRS || !queues || queues > NMHW_MAX_QUEUES)
		return -EINVAL;
	if (board.pairs)
		return -EBUSY;

	/* The driver may probe within platform_device_add(), so first all ports
	 * come into being, then all devices.
	 */
	for (; board.pairs < pairs; board.pairs++) {
		err = pair_create(&board.pair[board.pairs], 2 * board.pairs, queues, dma_sync);
		if (err) {
			board_free(0);
			return err;
		}
	}
	for (added = 0; added < 2 * pairs; added++) {
		err = board_add_device(added);
		if (err) {
			board_free(added);
			return err;
		}
	}
	return 0;
}

void nmhw_board_destroy(void)
{
	board_free(2 * board.pairs);
}

struct nmhw_port *nmhw_port_get(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < 2 * board.pairs; i++) {
		if (board_port(i)->dev == dev)
			return board_port(i);
	}
	return NULL;
}
