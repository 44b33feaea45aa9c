// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Transmit engine: takes frames off a descriptor ring and hands them to the
 * peer's receive side, in the context of the doorbell, or on the BH workqueue
 * after it had to stop. Interrupts are moderated to one per vector and run.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/minmax.h>

#include "nmhw_priv.h"

/* Frames per run. A resumed queue may be full, and others wait for this CPU. */
#define RUN_LIMIT	64

/* One address at a time: descriptors and data are memory that the driver, or
 * what it takes from applications, may be changing. False if it makes no sense.
 */
static bool tx_gather(struct nmhw_port *port, struct nmhw_frame *f,
		      const struct nmhw_tx_desc *desc, u32 n)
{
	u32 len = le32_to_cpu(READ_ONCE(desc->len));
	struct nmhw_seg *seg = &f->seg[n];

	if (n >= NMHW_MAX_TX_SEGS || len > NMHW_MAX_FRAME - f->src_len)
		return false;
	seg->p = nmhw_dma_ptr(port->dev, le64_to_cpu(READ_ONCE(desc->addr)), len);
	seg->len = len;
	f->src_len += len;
	return seg->p;
}

static void tx_offloads(struct nmhw_frame *f, const struct nmhw_tx_desc *desc, u16 flags)
{
	f->src_len = 0;
	f->csum = flags & NMHW_TXD_CSUM;
	f->vlan = flags & NMHW_TXD_VLAN;
	f->vlan_tci = le16_to_cpu(READ_ONCE(desc->vlan_tci));
	f->csum_start = le16_to_cpu(READ_ONCE(desc->csum_start));
	f->csum_offset = le16_to_cpu(READ_ONCE(desc->csum_offset));
}

static bool tx_offloads_valid(const struct nmhw_frame *f, u16 flags)
{
	if (flags & NMHW_TXD_TSO)
		return false;
	return !f->csum ||
	       (f->csum_start >= NMHW_ETH_HLEN && !(f->csum_offset & 1) &&
		f->csum_start + f->csum_offset + 2 <= min(f->src_len, NMHW_HDR_WINDOW));
}

/* Lock held. The frame at the head of the ring, without consuming it. Returns
 * its number of descriptors, 0 if there is no complete one.
 */
static u32 tx_fetch(struct nmhw_txq *txq, bool *valid)
{
	u32 avail = txq->tail - txq->head, n = 0;
	const struct nmhw_tx_desc *desc;
	u16 flags, first = 0;

	*valid = true;
	do {
		if (n == avail) {
			*valid = false;
			return n == txq->size ? n : 0;
		}
		desc = &txq->desc[(txq->head + n) & (txq->size - 1)];
		flags = le16_to_cpu(READ_ONCE(desc->flags));
		if (!n) {
			first = flags;
			tx_offloads(&txq->frame, desc, flags);
		}
		*valid = *valid && tx_gather(txq->port, &txq->frame, desc, n);
		n++;
	} while (!(flags & NMHW_TXD_EOP));
	*valid = *valid && tx_offloads_valid(&txq->frame, first);
	return n;
}

/* Does the peer's address filter accept this destination? */
static bool tx_accepted(const struct nmhw_port *peer, const u8 *mac)
{
	u64 filter = READ_ONCE(peer->filter);

	return filter & NMHW_FILTER_PROMISC || mac[0] & 1 || nmhw_mac_u64(mac) == filter;
}

/* Lock held. Sets the bit of the peer's vector in @raise if it has news. */
static enum nmhw_verdict tx_frame(struct nmhw_txq *txq, unsigned long *raise)
{
	struct nmhw_port *peer = txq->port->peer;
	struct nmhw_frame *f = &txq->frame;
	enum nmhw_verdict verdict;
	struct nmhw_dest dest;

	if (!READ_ONCE(txq->port->pair->up))
		return NMHW_NO_LINK;
	if (f->src_len < NMHW_ETH_HLEN) {
		nmhw_rx_drop_runt(&peer->rxq[0]);
		return NMHW_DROPPED;
	}
	nmhw_frame_open(f, READ_ONCE(peer->vlan_strip));
	if (!tx_accepted(peer, f->p))
		return NMHW_FILTERED;
	nmhw_steer_frame(peer, f, &dest);
	if (dest.queue == NMHW_RULE_DROP)
		return NMHW_FILTERED;
	verdict = nmhw_rx_deliver(&peer->rxq[dest.queue], txq, f, &dest);
	if (verdict == NMHW_DELIVERED)
		__set_bit(dest.queue, raise);
	return verdict;
}

static void tx_count(struct nmhw_txq *txq, enum nmhw_verdict verdict)
{
	struct nmhw_txq_stats *st = &txq->stats;

	if (verdict == NMHW_NO_LINK) {
		st->drop_link++;
		return;
	}
	st->drop_filter += verdict == NMHW_FILTERED;
	st->csum_inserted += verdict == NMHW_DELIVERED && txq->frame.csum;
	st->frames++;
	st->bytes += txq->frame.src_len;
}

/* Lock held. Consumes the frame at the head of the ring, or stops. */
static bool tx_step(struct nmhw_txq *txq, unsigned long *raise)
{
	enum nmhw_verdict verdict;
	bool valid;
	u32 n;

	n = tx_fetch(txq, &valid);
	if (!n)
		return false;
	if (valid) {
		verdict = tx_frame(txq, raise);
		if (verdict == NMHW_WAIT) {
			if (!txq->stalled)
				txq->stats.stalls++;
			txq->stalled = true;
			txq->waiting = true;
			return false;
		}
		tx_count(txq, verdict);
	} else {
		txq->stats.drop_invalid++;
	}
	txq->stalled = false;
	txq->head += n;
	return true;
}

/* Lock held. Returns true if anything was consumed. */
static bool tx_run(struct nmhw_txq *txq, unsigned long *raise)
{
	u32 before = txq->head;
	unsigned int i;

	for (i = 0; i < RUN_LIMIT; i++) {
		if (!tx_step(txq, raise))
			break;
	}
	if (i == RUN_LIMIT && txq->head != txq->tail) {
		txq->waiting = true;
		queue_work(system_bh_wq, &txq->resume);
	}
	if (txq->head == before)
		return false;
	/* Buffers are the driver's again: our reads of them come before. */
	smp_store_release(txq->head_wb, cpu_to_le32(txq->head));
	return true;
}

static void tx_raise(struct nmhw_txq *txq, bool consumed, unsigned long raise)
{
	struct nmhw_port *port = txq->port;
	unsigned int vec;

	for_each_set_bit(vec, &raise, NMHW_MAX_QUEUES)
		nmhw_vec_raise(port->peer, vec);
	if (consumed)
		nmhw_vec_raise(port, txq - port->txq);
}

void nmhw_tx_resume(struct work_struct *work)
{
	struct nmhw_txq *txq = container_of(work, struct nmhw_txq, resume);
	unsigned long raise = 0;
	bool consumed = false;

	spin_lock(&txq->lock);
	txq->waiting = false;
	if (txq->enabled)
		consumed = tx_run(txq, &raise);
	spin_unlock(&txq->lock);
	tx_raise(txq, consumed, raise);
}

void nmhw_tx_doorbell(struct nmhw_port *port, unsigned int q, u32 tail)
{
	struct nmhw_txq *txq = &port->txq[q];
	unsigned long raise = 0;
	bool consumed = false;

	spin_lock(&txq->lock);
	if (!txq->enabled)
		goto out;
	if (tail - txq->head > txq->size) {
		dev_warn_once(port->dev, "TX doorbell beyond the ring ignored\n");
		goto out;
	}
	txq->tail = tail;
	/* Whoever waits is resumed by the workqueue. */
	if (!txq->waiting)
		consumed = tx_run(txq, &raise);
out:
	spin_unlock(&txq->lock);
	tx_raise(txq, consumed, raise);
}
