// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Transmit engine: takes frames off a descriptor ring and hands them to the
 * peer's receive side, in the context of the doorbell, or on the BH workqueue
 * after it had to stop. Interrupts are moderated to one per vector and run.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/math.h>
#include <linux/minmax.h>

#include "nmhw_priv.h"

/* Frames on the wire per run. A resumed queue may be full, one descriptor may mean
 * thousands of them (TSO), and others wait for this CPU.
 */
#define RUN_LIMIT	64

struct tx_run {
	int budget;		/* frames, also those that go nowhere */
	bool consumed;		/* descriptors: interrupt on our side */
	unsigned long raise;	/* vectors of the peer with news */
};

/* One descriptor's worth of data, or false if it makes no sense. */
static bool tx_gather(struct nmhw_port *port, struct nmhw_frame *f,
		      const struct nmhw_tx_desc *desc, u32 n)
{
	u32 max = f->mss ? NMHW_MAX_TSO : NMHW_MAX_FRAME;
	u32 len = le32_to_cpu(READ_ONCE(desc->len));
	struct nmhw_seg *seg;

	if (n >= NMHW_MAX_TX_SEGS || len > max - f->src_len)
		return false;
	seg = &f->seg[n];
	seg->p = nmhw_dma_ptr(port->dev, le64_to_cpu(READ_ONCE(desc->addr)), len);
	seg->len = len;
	f->src_len += len;
	return seg->p;
}

static void tx_offloads(struct nmhw_frame *f, const struct nmhw_tx_desc *desc, u16 flags)
{
	f->src_len = 0;
	f->vlan = flags & NMHW_TXD_VLAN;
	f->vlan_tci = le16_to_cpu(READ_ONCE(desc->vlan_tci));
	f->csum = (flags & (NMHW_TXD_CSUM | NMHW_TXD_TSO)) == NMHW_TXD_CSUM;
	f->csum_start = le16_to_cpu(READ_ONCE(desc->csum_start));
	f->csum_offset = le16_to_cpu(READ_ONCE(desc->csum_offset));
	f->mss = flags & NMHW_TXD_TSO ? le16_to_cpu(READ_ONCE(desc->mss)) : 0;
	f->hdr_len = le16_to_cpu(READ_ONCE(desc->hdr_len));
}

static bool tx_offloads_valid(const struct nmhw_frame *f, u16 flags)
{
	if (flags & NMHW_TXD_TSO)
		return f->mss;
	return !f->csum ||
	       (f->csum_start >= NMHW_ETH_HLEN && !(f->csum_offset & 1) &&
		f->csum_start + f->csum_offset + 2 <= min(f->src_len, NMHW_HDR_WINDOW));
}

/* Lock held. The frame at the head of the ring, without consuming it. Returns
 * its number of descriptors, 0 if there is no complete one. Each field is read
 * once: the driver may be wrong, and write where it should not any more.
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

	if (unlikely(READ_ONCE(peer->discard)))
		return false;
	return filter & NMHW_FILTER_PROMISC || mac[0] & 1 || nmhw_mac_u64(mac) == filter;
}

static void tx_count(struct nmhw_txq *txq, enum nmhw_verdict verdict)
{
	struct nmhw_txq_stats *st = &txq->stats;

	switch (verdict) {
	case NMHW_INVALID:
		st->drop_invalid++;
		return;
	case NMHW_NO_LINK:
		st->drop_link++;
		return;
	case NMHW_SEGMENTED:
		st->tso_frames++;
		return;
	case NMHW_FILTERED:
		st->drop_filter++;
		break;
	case NMHW_DELIVERED:
		st->csum_inserted += txq->frame.csum ? txq->frame.merged : 0;
		break;
	default:
		break;
	}
	st->frames += txq->frame.merged;
	st->bytes += nmhw_wire_bytes(&txq->frame);
}

/* Lock held. Hands the frame over, and stops the queue if it has to wait. */
static enum nmhw_verdict tx_deliver(struct nmhw_txq *txq, const struct nmhw_dest *dest,
				    struct tx_run *run)
{
	struct nmhw_rxq *rxq = &txq->port->peer->rxq[dest->queue];
	enum nmhw_verdict verdict;

	verdict = nmhw_rx_deliver(rxq, txq, &txq->frame, dest);
	if (verdict == NMHW_WAIT) {
		txq->stats.stalls += !txq->stalled;
		txq->stalled = true;
		txq->waiting = true;
		return verdict;
	}
	if (verdict == NMHW_DELIVERED)
		__set_bit(dest->queue, &run->raise);
	return verdict;
}

/* How much payload to send at once: what the receiver wants to merge. Whether
 * its queue splits headers is read without its lock. If that changes before the
 * frame is there, it is lost, as frames are around such a change.
 */
static u32 tx_piece_len(const struct nmhw_txq *txq, const struct nmhw_dest *dest)
{
	const struct nmhw_port *peer = txq->port->peer;
	const struct nmhw_rxq *rxq = &peer->rxq[dest->queue];
	u32 gro = READ_ONCE(peer->gro), mss = txq->frame.mss;

	if (gro < mss || !READ_ONCE(rxq->split))
		return mss;
	if (txq->frame.head + mss <= READ_ONCE(rxq->split_thresh))
		return mss;
	return rounddown(gro, mss);
}

/* Lock held. Goes on where it had to stop. */
static enum nmhw_verdict tx_segment(struct nmhw_txq *txq, const struct nmhw_dest *dest,
				    struct tx_run *run)
{
	struct nmhw_frame *f = &txq->frame;
	enum nmhw_verdict verdict;
	u32 len;

	len = tx_piece_len(txq, dest);
	while (txq->sent < f->src_len - f->hdr_len) {
		if (run->budget <= 0)
			return NMHW_AGAIN;
		nmhw_tso_piece(f, txq->sent, len);
		verdict = tx_deliver(txq, dest, run);
		if (verdict == NMHW_WAIT || verdict == NMHW_NO_LINK)
			return verdict;
		tx_count(txq, verdict);
		run->budget -= f->merged;
		txq->stalled = false;
		txq->sent += f->len - f->head;
	}
	return NMHW_SEGMENTED;
}

/* Lock held */
static enum nmhw_verdict tx_frame(struct nmhw_txq *txq, struct tx_run *run)
{
	struct nmhw_port *peer = txq->port->peer;
	struct nmhw_frame *f = &txq->frame;
	struct nmhw_dest dest;

	f->len = f->src_len;
	f->merged = 1;
	if (!READ_ONCE(txq->port->pair->up))
		return NMHW_NO_LINK;
	if (f->src_len < NMHW_ETH_HLEN) {
		nmhw_rx_drop_runt(&peer->rxq[0]);
		return NMHW_DROPPED;
	}
	nmhw_frame_open(f, READ_ONCE(peer->vlan_strip));
	if (f->mss && !nmhw_tso_begin(f))
		return NMHW_INVALID;
	if (!tx_accepted(peer, f->p))
		return NMHW_FILTERED;
	nmhw_steer_frame(peer, f, &dest);
	if (dest.queue == NMHW_RULE_DROP)
		return NMHW_FILTERED;
	return f->mss ? tx_segment(txq, &dest, run) : tx_deliver(txq, &dest, run);
}

/* Lock held. Consumes the frame at the head of the ring, or returns false. */
static bool tx_step(struct nmhw_txq *txq, struct tx_run *run)
{
	enum nmhw_verdict verdict;
	bool valid;
	u32 n;

	n = tx_fetch(txq, &valid);
	if (!n)
		return false;
	verdict = valid ? tx_frame(txq, run) : NMHW_INVALID;
	if (verdict == NMHW_WAIT || verdict == NMHW_AGAIN)
		return false;
	tx_count(txq, verdict);
	run->budget--;
	txq->stalled = false;
	txq->sent = 0;
	txq->head += n;
	return true;
}

/* Lock held */
static void tx_run(struct nmhw_txq *txq, struct tx_run *run)
{
	u32 before = txq->head;

	while (run->budget > 0 && tx_step(txq, run))
		;
	if (run->budget <= 0 && !txq->waiting && txq->head != txq->tail) {
		txq->waiting = true;
		queue_work(system_bh_wq, &txq->resume);
	}
	if (txq->head == before)
		return;
	run->consumed = true;
	/* Buffers are the driver's again: our reads of them come before. */
	smp_store_release(txq->head_wb, cpu_to_le32(txq->head));
}

static void tx_raise(struct nmhw_txq *txq, const struct tx_run *run)
{
	struct nmhw_port *port = txq->port;
	unsigned int vec;

	for_each_set_bit(vec, &run->raise, NMHW_MAX_QUEUES)
		nmhw_vec_raise(port->peer, vec);
	if (run->consumed)
		nmhw_vec_raise(port, txq - port->txq);
}

void nmhw_tx_resume(struct work_struct *work)
{
	struct nmhw_txq *txq = container_of(work, struct nmhw_txq, resume);
	struct tx_run run = { .budget = RUN_LIMIT };

	spin_lock(&txq->lock);
	txq->waiting = false;
	if (txq->enabled)
		tx_run(txq, &run);
	spin_unlock(&txq->lock);
	tx_raise(txq, &run);
}

void nmhw_tx_doorbell(struct nmhw_port *port, unsigned int q, u32 tail)
{
	struct nmhw_txq *txq = &port->txq[q];
	struct tx_run run = { .budget = RUN_LIMIT };

	spin_lock(&txq->lock);
	if (!txq->enabled)
		goto out;
	if (tail - txq->head > txq->size) {
		dev_warn_once(port->dev, "TX doorbell beyond the ring ignored\n");
		goto out;
	}
	txq->tail = tail;
	/* Who waits is resumed by the workqueue. */
	if (!txq->waiting)
		tx_run(txq, &run);
out:
	spin_unlock(&txq->lock);
	tx_raise(txq, &run);
}
