// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Queues coming and going, and interrupt vectors. Rings are translated to
 * memory when a queue is enabled and forgotten under its lock when it is
 * disabled, so nothing can touch them afterwards.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "nmhw_priv.h"

static void *ring_map(struct nmhw_port *port, const struct nmhw_ring *ring,
		      u32 max, size_t entry)
{
	if (ring->size < NMHW_MIN_RING || ring->size > max || !is_power_of_2(ring->size))
		return NULL;
	return nmhw_dma_ptr(port->dev, ring->base, ring->size * entry);
}

static int fifo_map(struct nmhw_port *port, const struct nmhw_ring *ring,
		    struct nmhw_fifo *fifo)
{
	*fifo = (struct nmhw_fifo) { .size = ring->size };
	fifo->desc = ring_map(port, ring, NMHW_MAX_RING, sizeof(*fifo->desc));
	return fifo->desc ? 0 : -EINVAL;
}

static int fifos_map(struct nmhw_port *port, const struct nmhw_rxq_cfg *cfg,
		     struct nmhw_fifo *fifo)
{
	const struct nmhw_ring *hdr = &cfg->fill[NMHW_RX_RING_HDR];
	int err;

	err = fifo_map(port, &cfg->fill[NMHW_RX_RING_PAY], &fifo[NMHW_RX_RING_PAY]);
	if (err)
		return err;
	fifo[NMHW_RX_RING_HDR] = (struct nmhw_fifo) {};
	if (!hdr->size && !cfg->split)
		return 0;
	return fifo_map(port, hdr, &fifo[NMHW_RX_RING_HDR]);
}

int nmhw_rxq_enable(struct nmhw_port *port, unsigned int q, const struct nmhw_rxq_cfg *cfg)
{
	struct nmhw_fifo fifo[NMHW_RX_RINGS];
	struct nmhw_rx_cmpl *cmpl;
	struct nmhw_rxq *rxq;
	int err;

	if (q >= port->queues)
		return -EINVAL;
	err = fifos_map(port, cfg, fifo);
	if (err)
		return err;
	cmpl = ring_map(port, &cfg->cmpl, 2 * NMHW_MAX_RING, sizeof(*cmpl));
	if (!cmpl || cfg->cmpl.size < fifo[0].size + fifo[1].size)
		return -EINVAL;

	rxq = &port->rxq[q];
	spin_lock_bh(&rxq->lock);
	if (rxq->enabled) {
		err = -EBUSY;
		goto err_unlock;
	}
	memcpy(rxq->fifo, fifo, sizeof(fifo));
	rxq->cmpl = cmpl;
	rxq->cmpl_size = cfg->cmpl.size;
	rxq->cmpl_head = 0;
	rxq->split = cfg->split;
	rxq->split_thresh = cfg->split_thresh;
	rxq->pausing = false;
	rxq->dropping = false;
	rxq->enabled = true;
	nmhw_rx_wake(rxq);
err_unlock:
	spin_unlock_bh(&rxq->lock);
	return err;
}

void nmhw_rxq_disable(struct nmhw_port *port, unsigned int q)
{
	struct nmhw_rxq *rxq = &port->rxq[q];

	spin_lock_bh(&rxq->lock);
	rxq->enabled = false;
	memset(rxq->fifo, 0, sizeof(rxq->fifo));
	rxq->cmpl = NULL;
	spin_unlock_bh(&rxq->lock);
}

int nmhw_txq_enable(struct nmhw_port *port, unsigned int q, const struct nmhw_txq_cfg *cfg)
{
	struct nmhw_tx_desc *desc;
	struct nmhw_txq *txq;
	__le32 *head_wb;
	int err = 0;

	if (q >= port->queues)
		return -EINVAL;
	desc = ring_map(port, &cfg->ring, NMHW_MAX_RING, sizeof(*desc));
	head_wb = nmhw_dma_ptr(port->dev, cfg->head_wb, sizeof(*head_wb));
	if (!desc || !head_wb)
		return -EINVAL;

	txq = &port->txq[q];
	spin_lock_bh(&txq->lock);
	if (txq->enabled) {
		err = -EBUSY;
		goto err_unlock;
	}
	txq->desc = desc;
	txq->head_wb = head_wb;
	txq->size = cfg->ring.size;
	txq->head = 0;
	txq->tail = 0;
	txq->sent = 0;
	txq->waiting = false;
	txq->stalled = false;
	txq->enabled = true;
err_unlock:
	spin_unlock_bh(&txq->lock);
	return err;
}

void nmhw_txq_disable(struct nmhw_port *port, unsigned int q)
{
	struct nmhw_txq *txq = &port->txq[q];

	spin_lock_bh(&txq->lock);
	txq->enabled = false;
	txq->desc = NULL;
	txq->head_wb = NULL;
	if (txq->wait_on) {
		spin_lock(&txq->wait_on->lock);
		list_del_init(&txq->wait);
		spin_unlock(&txq->wait_on->lock);
		txq->wait_on = NULL;
	}
	spin_unlock_bh(&txq->lock);
	/* Nobody finds it on a list any more, and an engine that is disabled
	 * does not queue itself.
	 */
	cancel_work_sync(&txq->resume);
}

/* ---- interrupts ------------------------------------------------------------
 *
 * The lock makes "deliver or remember" and "arm or deliver what is remembered"
 * exclude each other: an event between the driver's last look at the rings and
 * its unmask is remembered, one after it is delivered. What nmhw_vec_ack()
 * forgets the driver sees: the rings were written before nmhw_vec_raise() took
 * the lock, and are read after nmhw_vec_ack() took it.
 */

static void vec_deliver(struct nmhw_vec *v, unsigned int vec)
{
	v->armed = false;
	v->pending = false;
	v->ops->intr(v->ctx, vec);
}

void nmhw_vec_raise(struct nmhw_port *port, unsigned int vec)
{
	struct nmhw_vec *v = &port->vec[vec];

	spin_lock(&v->lock);
	v->pending = true;
	if (v->armed && v->ops)
		vec_deliver(v, vec);
	spin_unlock(&v->lock);
}

void nmhw_vec_unmask(struct nmhw_port *port, unsigned int vec)
{
	struct nmhw_vec *v = &port->vec[vec];

	spin_lock_bh(&v->lock);
	v->armed = true;
	if (v->pending && v->ops)
		vec_deliver(v, vec);
	spin_unlock_bh(&v->lock);
}

void nmhw_vec_ack(struct nmhw_port *port, unsigned int vec)
{
	struct nmhw_vec *v = &port->vec[vec];

	spin_lock_bh(&v->lock);
	v->pending = false;
	spin_unlock_bh(&v->lock);
}

/* @ops NULL: detach. No callback runs when this returns. */
void nmhw_vec_attach(struct nmhw_port *port, const struct nmhw_port_ops *ops, void *ctx)
{
	struct nmhw_vec *v;

	for (v = port->vec; v < port->vec + port->queues; v++) {
		spin_lock_bh(&v->lock);
		v->ops = ops;
		v->ctx = ctx;
		v->armed = false;
		v->pending = false;
		spin_unlock_bh(&v->lock);
	}
}

void nmhw_rxq_stats_get(struct nmhw_port *port, unsigned int q, struct nmhw_rxq_stats *st)
{
	struct nmhw_rxq *rxq = &port->rxq[q];

	spin_lock_bh(&rxq->lock);
	*st = rxq->stats;
	spin_unlock_bh(&rxq->lock);
}

void nmhw_txq_stats_get(struct nmhw_port *port, unsigned int q, struct nmhw_txq_stats *st)
{
	struct nmhw_txq *txq = &port->txq[q];

	spin_lock_bh(&txq->lock);
	*st = txq->stats;
	spin_unlock_bh(&txq->lock);
}
