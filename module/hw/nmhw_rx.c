// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Receive side: picks buffers, writes a frame into them, splits headers from
 * payload, verifies checksums, completes; and makes senders wait when there are
 * no buffers.
 *
 * A frame is delivered whole or not at all. Buffers are only planned until it is
 * certain that there are enough of them.
 *
 * Back-pressure works like priority flow control with a watchdog. The sender's
 * queue goes on our list of waiters and is resumed when buffers are posted. If no
 * frame got through for PAUSE_LIMIT, frames for this queue are dropped until one
 * finds buffers again, so that a starved queue does not block the rest for ever.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "nmhw_priv.h"

#define PAUSE_LIMIT	(HZ / 10)
#define UDP_CSUM_OFFSET	6

/* ---- planning --------------------------------------------------------------*/

static void plan_begin(struct nmhw_rxq *rxq)
{
	struct nmhw_plan *plan = &rxq->plan;

	plan->n = 0;
	plan->nr_hdr = 0;
	plan->bad = 0;
	plan->split = false;
	plan->next[NMHW_RX_RING_HDR] = rxq->fifo[NMHW_RX_RING_HDR].head;
	plan->next[NMHW_RX_RING_PAY] = rxq->fifo[NMHW_RX_RING_PAY].head;
}

static bool plan_add(struct nmhw_rxq *rxq, enum nmhw_rx_ring ring,
		     const struct nmhw_rx_fill *desc)
{
	struct nmhw_plan *plan = &rxq->plan;
	struct nmhw_seg *seg = &plan->seg[plan->n];

	seg->len = le32_to_cpu(READ_ONCE(desc->len));
	seg->p = nmhw_dma_ptr(rxq->port->dev, le64_to_cpu(READ_ONCE(desc->addr)), seg->len);
	if (!seg->p) {
		plan->bad++;
		return false;
	}
	plan->id[plan->n++] = le32_to_cpu(READ_ONCE(desc->id));
	if (ring == NMHW_RX_RING_HDR)
		plan->nr_hdr++;
	return true;
}

/* One more buffer. -EAGAIN: has to be posted first; -EMSGSIZE: there is no point
 * in waiting for it.
 */
static int plan_buf(struct nmhw_rxq *rxq, enum nmhw_rx_ring ring)
{
	struct nmhw_fifo *fifo = &rxq->fifo[ring];
	struct nmhw_plan *plan = &rxq->plan;
	/* Descriptors after the count of them; pairs with nmhw_rx_doorbell(). */
	u32 posted = smp_load_acquire(&fifo->tail) - fifo->head;
	u32 i;

	if (plan->n == NMHW_MAX_RX_BUFS)
		return -EMSGSIZE;
	if (posted > fifo->size) {
		dev_warn_once(rxq->port->dev, "RX doorbell beyond the ring ignored\n");
		return -EAGAIN;
	}
	do {
		if (plan->next[ring] - fifo->head == posted)
			return posted == fifo->size ? -EMSGSIZE : -EAGAIN;
		i = plan->next[ring]++ & (fifo->size - 1);
	} while (!plan_add(rxq, ring, &fifo->desc[i]));
	return 0;
}

static int plan_bytes(struct nmhw_rxq *rxq, enum nmhw_rx_ring ring, u32 need)
{
	struct nmhw_plan *plan = &rxq->plan;
	int err;

	while (need) {
		err = plan_buf(rxq, ring);
		if (err)
			return err;
		need -= min(need, plan->seg[plan->n - 1].len);
	}
	return 0;
}

/* Headers and payload together; not for frames merged in the hope of a split. */
static int plan_whole(struct nmhw_rxq *rxq, enum nmhw_rx_ring ring, const struct nmhw_frame *f)
{
	return f->merged > 1 ? -EMSGSIZE : plan_bytes(rxq, ring, f->len);
}

/* Also, the checksum can be verified: who gets only the headers cannot. */
static bool splittable(const struct nmhw_rxq *rxq, const struct nmhw_frame *f)
{
	const struct nmhw_pkt *pkt = &f->pkt;

	return f->len > rxq->split_thresh && pkt->l4_proto == IPPROTO_TCP && f->l4_sum &&
	       pkt->pseudo && pkt->data_off < pkt->ip_end;
}

static int rx_plan(struct nmhw_rxq *rxq, const struct nmhw_frame *f)
{
	struct nmhw_plan *plan = &rxq->plan;
	int err;

	plan_begin(rxq);
	if (!rxq->enabled)
		return -EAGAIN;
	if (!rxq->split)
		return plan_whole(rxq, NMHW_RX_RING_PAY, f);
	if (!splittable(rxq, f))
		return plan_whole(rxq, NMHW_RX_RING_HDR, f);

	err = plan_buf(rxq, NMHW_RX_RING_HDR);
	if (err)
		return err;
	if (plan->seg[0].len >= f->pkt.data_off) {
		plan->split = true;
		return plan_bytes(rxq, NMHW_RX_RING_PAY, f->pkt.ip_end - f->pkt.data_off);
	}
	plan_begin(rxq);
	return plan_whole(rxq, NMHW_RX_RING_HDR, f);
}

/* ---- checksums -------------------------------------------------------------*/

static __wsum csum_insert(struct nmhw_frame *f, __wsum sum)
{
	__sum16 *field = (__sum16 *)(f->p + f->csum_start + f->csum_offset);
	__sum16 was = get_unaligned(field);
	__sum16 is = csum_fold(sum) ?: CSUM_MANGLED_0;

	put_unaligned(is, field);
	return csum_add(csum_sub(sum, csum_unfold(was)), csum_unfold(is));
}

/* @sum: over the transport header and its payload. */
static bool csum_valid(const struct nmhw_frame *f, __wsum sum)
{
	const u8 *ip = f->p + f->pkt.l3_off;

	if (f->pkt.ip_version == 4 && ip_fast_csum(ip, ip[0] & 0xf))
		return false;
	return !nmhw_frame_magic(f, sum);
}

/* Nothing to verify: no TCP or UDP in one piece, no pseudo header to be had, or
 * UDP without checksum. The last must not count as verified, since the stack
 * would take it for the verdict on a checksum further in.
 */
static bool csum_present(const struct nmhw_frame *f)
{
	const struct nmhw_pkt *pkt = &f->pkt;

	if (!f->l4_sum || !pkt->pseudo)
		return false;
	return pkt->l4_proto != IPPROTO_UDP ||
	       get_unaligned((const u16 *)(f->p + pkt->l4_off + UDP_CSUM_OFFSET));
}

/* @rest is the sum of what lies behind the headers. Returns flags. */
static u16 rx_csum(struct nmhw_rxq *rxq, struct nmhw_frame *f, __wsum rest)
{
	u32 len = f->head - f->sum_from;
	__wsum sum = csum_partial(f->p + f->sum_from, len, 0);

	sum = csum_block_add(sum, rest, len);
	if (f->csum)
		sum = csum_insert(f, sum);
	if (!READ_ONCE(rxq->port->rx_csum) || !csum_present(f))
		return 0;
	if (!csum_valid(f, sum)) {
		rxq->stats.csum_bad++;
		return 0;
	}
	rxq->stats.csum_ok++;
	return NMHW_RXC_CSUM_OK;
}

/* ---- delivery --------------------------------------------------------------*/

/* The payload first: its sum goes into the headers. Returns flags. */
static u16 rx_write(struct nmhw_rxq *rxq, struct nmhw_frame *f)
{
	struct nmhw_plan *plan = &rxq->plan;
	struct nmhw_seg head = { f->p, f->head };
	struct nmhw_cursor dst = { plan->seg }, src = { f->seg };
	__wsum rest;
	u16 flags;

	nmhw_seek(&src, f->src_off);
	if (plan->split)
		dst.seg++;
	else
		nmhw_seek(&dst, f->head);
	rest = nmhw_copy(&dst, &src, f->sum_to - f->head);
	if (!plan->split)
		nmhw_copy(&dst, &src, f->len - f->sum_to);

	flags = rx_csum(rxq, f, rest);
	dst = (struct nmhw_cursor) { plan->seg };
	src = (struct nmhw_cursor) { &head };
	nmhw_copy(&dst, &src, f->head);
	return flags;
}

/* All completions of the frame, and the flags of the first one last. */
static void rx_complete(struct nmhw_rxq *rxq, const struct nmhw_frame *f, u32 hash, u16 flags)
{
	const struct nmhw_plan *plan = &rxq->plan;
	u32 left = plan->split ? f->pkt.ip_end : f->len;
	struct nmhw_rx_cmpl *c, *first = NULL;
	unsigned int i;
	u32 used;
	u16 fl;

	for (i = 0; i < plan->n; i++, rxq->cmpl_head++) {
		c = &rxq->cmpl[rxq->cmpl_head & (rxq->cmpl_size - 1)];
		used = min(left, plan->seg[i].len);
		if (!i && plan->split)
			used = f->head;
		left -= used;
		fl = rxq->cmpl_head & rxq->cmpl_size ? 0 : NMHW_RXC_PHASE;
		if (i >= plan->nr_hdr)
			fl |= NMHW_RXC_PAY;
		if (i == plan->n - 1)
			fl |= NMHW_RXC_EOP;
		WRITE_ONCE(c->id, cpu_to_le32(plan->id[i]));
		WRITE_ONCE(c->len, cpu_to_le32(used));
		if (i) {
			WRITE_ONCE(c->flags, cpu_to_le16(fl));
		} else {
			first = c;
			flags |= fl | NMHW_RXC_SOP;
		}
	}
	WRITE_ONCE(first->hash, cpu_to_le32(hash));
	WRITE_ONCE(first->vlan_tci, cpu_to_le16(f->vlan ? f->vlan_tci : 0));
	WRITE_ONCE(first->mss, cpu_to_le16(f->mss));
	dma_wmb();
	WRITE_ONCE(first->flags, cpu_to_le16(flags));
}

static void rx_commit(struct nmhw_rxq *rxq, struct nmhw_frame *f, const struct nmhw_dest *dest)
{
	struct nmhw_plan *plan = &rxq->plan;
	u16 flags = dest->flags | rx_write(rxq, f);

	if (f->vlan)
		flags |= NMHW_RXC_VLAN;
	if (plan->split) {
		flags |= NMHW_RXC_SPLIT;
		rxq->stats.split_frames++;
	}
	if (f->merged > 1) {
		flags |= NMHW_RXC_GRO;
		rxq->stats.gro_frames++;
	}
	rxq->fifo[NMHW_RX_RING_HDR].head = plan->next[NMHW_RX_RING_HDR];
	rxq->fifo[NMHW_RX_RING_PAY].head = plan->next[NMHW_RX_RING_PAY];
	rx_complete(rxq, f, dest->hash, flags);
	rxq->pausing = false;
	rxq->dropping = false;
	rxq->stats.bad_fill += plan->bad;
	rxq->stats.frames += f->merged;
	rxq->stats.bytes += nmhw_wire_bytes(f);
}

/* ---- back-pressure ---------------------------------------------------------*/

/* Lock held. Resumes all who wait; those who find nothing wait again. */
void nmhw_rx_wake(struct nmhw_rxq *rxq)
{
	struct nmhw_txq *txq, *tmp;

	list_for_each_entry_safe(txq, tmp, &rxq->waiters, wait) {
		list_del_init(&txq->wait);
		queue_work(system_bh_wq, &txq->resume);
	}
}

void nmhw_rx_pause_expired(struct timer_list *t)
{
	struct nmhw_rxq *rxq = container_of(t, struct nmhw_rxq, pause);

	spin_lock(&rxq->lock);
	if (list_empty(&rxq->waiters)) {
		rxq->pausing = false;
	} else if (rxq->pausing && time_after_eq(jiffies, rxq->pause_end)) {
		rxq->dropping = true;
		nmhw_rx_wake(rxq);
	}
	spin_unlock(&rxq->lock);
}

static void rx_pause(struct nmhw_rxq *rxq, struct nmhw_txq *txq)
{
	if (!txq->stalled)
		rxq->stats.waits++;
	if (rxq->pausing)
		return;
	rxq->pausing = true;
	rxq->pause_end = jiffies + PAUSE_LIMIT;
	mod_timer(&rxq->pause, rxq->pause_end);
}

/* Both locks held. A plan for the frame, or the sender on the list of waiters
 * (-EAGAIN), or the frame not to be delivered (other error).
 */
static int rx_plan_or_wait(struct nmhw_rxq *rxq, struct nmhw_txq *txq,
			   const struct nmhw_frame *f)
{
	int err = rx_plan(rxq, f);

	if (err != -EAGAIN)
		return err;
	if (rxq->dropping)
		return -ENOBUFS;
	txq->wait_on = rxq;
	list_add_tail(&txq->wait, &rxq->waiters);
	/* Pairs with the one in nmhw_rx_doorbell(): either we see its tail or
	 * it sees us.
	 */
	smp_mb();
	err = rx_plan(rxq, f);
	if (err == -EAGAIN)
		rx_pause(rxq, txq);
	else
		list_del_init(&txq->wait);
	return err;
}

/* Of the frame, or of each that was merged into it */
static bool rx_oversize(const struct nmhw_rxq *rxq, const struct nmhw_frame *f)
{
	u32 tag = f->pkt.l3_off - NMHW_ETH_HLEN;
	u32 len = f->merged > 1 ? f->head + f->mss : f->len;

	return len - tag > READ_ONCE(rxq->port->max_frame);
}

static enum nmhw_verdict rx_deliver(struct nmhw_rxq *rxq, struct nmhw_txq *txq,
				    struct nmhw_frame *f, const struct nmhw_dest *dest)
{
	/* Under the lock, or nmhw_port_disable() could miss us waiting. */
	if (!READ_ONCE(rxq->port->pair->up))
		return NMHW_NO_LINK;
	if (rx_oversize(rxq, f)) {
		rxq->stats.drop_oversize += f->merged;
		return NMHW_DROPPED;
	}
	switch (rx_plan_or_wait(rxq, txq, f)) {
	case 0:
		rx_commit(rxq, f, dest);
		return NMHW_DELIVERED;
	case -EAGAIN:
		return NMHW_WAIT;
	case -EMSGSIZE:
		rxq->stats.drop_oversize += f->merged;
		return NMHW_DROPPED;
	default:
		rxq->stats.drop_no_buf += f->merged;
		return NMHW_DROPPED;
	}
}

/* BH, lock of @txq held. */
enum nmhw_verdict nmhw_rx_deliver(struct nmhw_rxq *rxq, struct nmhw_txq *txq,
				  struct nmhw_frame *f, const struct nmhw_dest *dest)
{
	enum nmhw_verdict verdict;

	spin_lock(&rxq->lock);
	verdict = rx_deliver(rxq, txq, f, dest);
	spin_unlock(&rxq->lock);
	return verdict;
}

void nmhw_rx_drop_runt(struct nmhw_rxq *rxq)
{
	spin_lock(&rxq->lock);
	rxq->stats.drop_malformed++;
	spin_unlock(&rxq->lock);
}

/* Costs a barrier when nobody waits. */
void nmhw_rx_doorbell(struct nmhw_port *port, unsigned int q, enum nmhw_rx_ring ring, u32 tail)
{
	struct nmhw_rxq *rxq = &port->rxq[q];

	/* Descriptors before the count of them; pairs with plan_buf(). */
	smp_store_release(&rxq->fifo[ring].tail, tail);
	/* The count before the list; pairs with rx_plan_or_wait(). */
	smp_mb();
	if (list_empty(&rxq->waiters))
		return;
	spin_lock_bh(&rxq->lock);
	nmhw_rx_wake(rxq);
	spin_unlock_bh(&rxq->lock);
}
