/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the files of the device model share: ports, queues, the frame on the
 * wire. The driver never includes this.
 *
 * Locks, outermost first:
 *
 *   nmhw_pair.lock	mutex: enable, disable, link callbacks
 *   nmhw_txq.lock	one transmit queue and its engine; BH
 *   nmhw_rxq.lock	one receive queue, and who waits for it; BH
 *   nmhw_vec.lock	one interrupt vector; BH
 *
 * Never two of a kind at once, whatever the direction of the traffic: an
 * engine holds the lock of its own txq and of one rxq of the peer, and raises
 * interrupts after it has dropped both. The driver may hold rtnl or an
 * instance lock around all of them, and its callbacks must not take one.
 * nmhw_steer.lock is a seqlock that writers take last and readers never.
 */
#ifndef NMHW_PRIV_H
#define NMHW_PRIV_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>
#include <net/checksum.h>

#include "nmhw.h"

#define NMHW_MAC_LEN		6
#define NMHW_ETH_HLEN		14
#define NMHW_VLAN_HLEN		4
#define NMHW_ETH_VLAN_HLEN	(NMHW_ETH_HLEN + NMHW_VLAN_HLEN)
#define NMHW_HEADROOM		8	/* for a VLAN tag, and copies stay aligned */

/* ---- memory (nmhw_dma.c) ---------------------------------------------------*/

struct nmhw_seg {
	u8 *p;
	u32 len;
};

/* A place in a list of segments. */
struct nmhw_cursor {
	const struct nmhw_seg *seg;
	u32 off;		/* within *seg */
};

void *nmhw_dma_ptr(struct device *dev, dma_addr_t addr, size_t len);
void nmhw_seek(struct nmhw_cursor *c, u32 n);
__wsum nmhw_copy(struct nmhw_cursor *dst, struct nmhw_cursor *src, u32 len);

/* ---- the frame on the wire (nmhw_frame.c) ----------------------------------*/

/* What the parser found. Offsets count from the first byte as delivered. */
struct nmhw_pkt {
	u8 ip_version;		/* 4 or 6; 0: not IP, or not to be believed */
	u8 l4_proto;		/* TCP or UDP with its whole header, or 0 */
	bool pseudo;		/* pseudo header known: checksum can be verified */
	u16 l3_off;
	u16 addr_off;		/* source address, destination address follows */
	u16 l4_off;
	u16 data_off;		/* end of the headers */
	u32 ip_end;		/* end of the IP packet, without link padding */
};

struct nmhw_frame {
	struct nmhw_seg seg[NMHW_MAX_TX_SEGS];
	u32 src_len;		/* bytes in the segments */
	u32 len;		/* bytes as delivered */
	bool csum;		/* sender wants a checksum inserted */
	bool vlan;		/* tag beside the frame */
	u16 vlan_tci;
	u16 csum_start;		/* as delivered, once the frame is open */
	u16 csum_offset;
	struct nmhw_pkt pkt;

	/* Bytes up to @head come from the copy below, the rest from the sender's
	 * memory from @src_off on.
	 * The checksum covers @sum_from to @sum_to, with
	 * sum_from <= head <= sum_to <= len.
	 */
	u32 head;
	u32 src_off;
	u32 sum_from;
	u32 sum_to;
	bool l4_sum;		/* that is the transport header and its payload */

	u16 mss;		/* 0: not to be segmented */
	u32 merged;		/* frames on the wire that this one stands for */
	u16 hdr_len;		/* in the sender's memory */
	u32 tso_seq;		/* what the headers said */
	u16 tso_id;
	u8 tso_flags;

	/* The first bytes of the frame, a copy: headers are read, edited and
	 * judged here, and are the same when they reach the receiver, even if
	 * someone writes to the sender's memory meanwhile.
	 */
	u8 *p;			/* as delivered */
	u32 have;		/* valid at p */
	u32 peeked;		/* bytes of the source that have been read */
	u8 room[NMHW_HEADROOM + NMHW_HDR_WINDOW] __aligned(8);
};

/* All frames on the wire that @f stands for, each with its headers */
static inline u32 nmhw_wire_bytes(const struct nmhw_frame *f)
{
	return f->len + (f->merged - 1) * f->head;
}

void nmhw_frame_open(struct nmhw_frame *f, bool strip);
int nmhw_parse(const u8 *p, u32 have, u32 len, struct nmhw_pkt *pkt);
__sum16 nmhw_frame_magic(const struct nmhw_frame *f, __wsum sum);

/* ---- segmentation (nmhw_tso.c) ---------------------------------------------*/

bool nmhw_tso_begin(struct nmhw_frame *f);
void nmhw_tso_piece(struct nmhw_frame *f, u32 sent, u32 len);

/* ---- interrupt vectors (nmhw_ring.c) ---------------------------------------*/

struct nmhw_vec {
	spinlock_t lock;	/* everything below */
	const struct nmhw_port_ops *ops;	/* NULL while disabled */
	void *ctx;
	bool armed;
	bool pending;
};

void nmhw_vec_raise(struct nmhw_port *port, unsigned int vec);
void nmhw_vec_attach(struct nmhw_port *port, const struct nmhw_port_ops *ops, void *ctx);

/* ---- receive queues (nmhw_ring.c, nmhw_rx.c) -------------------------------*/

struct nmhw_fifo {
	const struct nmhw_rx_fill *desc;
	u32 size;
	u32 head;		/* free running, next to use */
	u32 tail;		/* free running, written by doorbells without lock */
};

/* Buffers picked for the frame at hand, not consumed until it is delivered. */
struct nmhw_plan {
	struct nmhw_seg seg[NMHW_MAX_RX_BUFS];
	u32 id[NMHW_MAX_RX_BUFS];
	unsigned int n;
	unsigned int nr_hdr;	/* the first nr_hdr come from the header ring */
	unsigned int bad;	/* descriptors skipped */
	u32 next[NMHW_RX_RINGS];
	bool split;
};

struct nmhw_rxq {
	spinlock_t lock;	/* everything below but nmhw_fifo.tail */
	struct nmhw_port *port;
	bool enabled;
	bool split;
	u32 split_thresh;	/* only longer frames */
	struct nmhw_fifo fifo[NMHW_RX_RINGS];
	struct nmhw_rx_cmpl *cmpl;
	u32 cmpl_size;
	u32 cmpl_head;		/* free running, next to write */

	struct list_head waiters;	/* nmhw_txq.wait */
	struct timer_list pause;
	unsigned long pause_end;	/* jiffies */
	bool pausing;		/* no frame got through since a sender waits */
	bool dropping;		/* ... for longer than the pause limit */

	struct nmhw_plan plan;
	struct nmhw_rxq_stats stats;
} ____cacheline_aligned_in_smp;

enum nmhw_verdict {
	NMHW_DELIVERED,
	NMHW_DROPPED,		/* counted by the receive queue */
	NMHW_NO_LINK,
	NMHW_FILTERED,
	NMHW_WAIT,		/* the sender is on the waiters' list */
	NMHW_INVALID,
	NMHW_AGAIN,		/* segmented in part, but time is up */
	NMHW_SEGMENTED,		/* all pieces counted */
};

struct nmhw_dest {
	u32 hash;
	u16 queue;		/* or NMHW_RULE_DROP */
	u16 flags;		/* NMHW_RXC_* */
};

struct nmhw_txq;

enum nmhw_verdict nmhw_rx_deliver(struct nmhw_rxq *rxq, struct nmhw_txq *txq,
				  struct nmhw_frame *f, const struct nmhw_dest *dest);
void nmhw_rx_drop_runt(struct nmhw_rxq *rxq);
void nmhw_rx_wake(struct nmhw_rxq *rxq);
void nmhw_rx_pause_expired(struct timer_list *t);

/* ---- transmit queues (nmhw_ring.c, nmhw_tx.c) ------------------------------*/

struct nmhw_txq {
	spinlock_t lock;	/* everything below but @wait */
	struct nmhw_port *port;
	bool enabled;
	bool waiting;		/* for buffers, or for its turn on the workqueue */
	bool stalled;		/* the frame at head has been counted as a stall */
	const struct nmhw_tx_desc *desc;
	__le32 *head_wb;
	u32 size;
	u32 head;		/* free running, next to use */
	u32 tail;
	u32 sent;		/* payload of the frame at head that has gone (TSO) */

	struct nmhw_rxq *wait_on;	/* whose list @wait may be on */
	struct list_head wait;	/* under the lock of @wait_on */
	struct work_struct resume;

	struct nmhw_frame frame;
	struct nmhw_txq_stats stats;
} ____cacheline_aligned_in_smp;

void nmhw_tx_resume(struct work_struct *work);

/* ---- steering (nmhw_steer.c) -----------------------------------------------*/

#define NMHW_TUPLE_LEN	36	/* two IPv6 addresses and two ports */

struct nmhw_steer {
	seqlock_t lock;
	u32 toeplitz[NMHW_TUPLE_LEN][256];	/* hash of a byte at its place */
	u8 indir[NMHW_RSS_TABLES][NMHW_RSS_INDIR_LEN];
	unsigned int nr_rules;	/* one more than the highest location in use */
	DECLARE_BITMAP(used, NMHW_MAX_RULES);
	struct nmhw_rule rule[NMHW_MAX_RULES];
};

void nmhw_steer_init(struct nmhw_steer *st);
void nmhw_steer_frame(struct nmhw_port *port, const struct nmhw_frame *f,
		      struct nmhw_dest *dest);

/* ---- ports (nmhw_board.c) --------------------------------------------------*/

struct nmhw_pair {
	struct mutex lock;	/* port ops, and who is told of the link */
	bool up;		/* read without lock */
	struct nmhw_port *port[2];
};

#define NMHW_FILTER_PROMISC	BIT_ULL(63)

static inline u64 nmhw_mac_u64(const u8 *mac)
{
	return (u64)get_unaligned_be16(mac) << 32 | get_unaligned_be32(mac + 2);
}

struct nmhw_port {
	struct platform_device *pdev;
	struct device *dev;
	struct nmhw_pair *pair;
	struct nmhw_port *peer;
	unsigned int index;
	unsigned int queues;
	u8 mac[NMHW_MAC_LEN];
	const struct nmhw_port_ops *ops;	/* under pair->lock */
	void *ctx;

	/* One word each, read once per frame without lock. */
	u64 filter;		/* own address, NMHW_FILTER_PROMISC */
	bool discard;		/* nothing is accepted */
	u32 max_frame;
	u32 gro;		/* bytes, 0: off */
	bool rx_csum;
	bool vlan_strip;

	struct nmhw_steer steer;
	struct nmhw_vec vec[NMHW_MAX_QUEUES];
	struct nmhw_rxq rxq[NMHW_MAX_QUEUES];
	struct nmhw_txq txq[NMHW_MAX_QUEUES];
};

#endif /* NMHW_PRIV_H */
