/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The whole of what the driver (nmnic_*) and the device model (nmhw_*) know of
 * each other: descriptor rings in DMA memory, doorbells, an interrupt-like
 * callback, and a register-like control interface.
 *
 * A board is a set of pairs of ports wired back to back. What port A transmits
 * port B receives. The model runs in the context that rings a doorbell (BH) or,
 * when it resumes a transmit queue that waited for the receiver's buffers, on
 * the BH workqueue.
 *
 * Nothing here passes pages, netmems or skbs: the device knows DMA
 * addresses and lengths, like silicon.
 */
#ifndef NMHW_H
#define NMHW_H

#include <linux/types.h>

struct device;
struct nmhw_port;

#define NMHW_MAX_PAIRS		16
#define NMHW_MAX_QUEUES		16	/* RX/TX queue pairs and vectors per port */
#define NMHW_MIN_RING		64	/* entries, power of two */
#define NMHW_MAX_RING		8192
#define NMHW_RSS_KEY_LEN	40	/* bytes */
#define NMHW_RSS_INDIR_LEN	128	/* entries */
#define NMHW_RSS_TABLES		8	/* indirection tables, the one for all included */
#define NMHW_MAX_RULES		64	/* exact-match steering rules per port */
#define NMHW_MAX_FRAME		9600	/* bytes, Ethernet header included */
#define NMHW_MAX_TSO		(64 * 1024 + 256)	/* bytes of a frame to segment */
#define NMHW_MAX_TX_SEGS	20	/* descriptors per frame */
#define NMHW_MAX_RX_BUFS	17	/* buffers per frame, fits MAX_SKB_FRAGS */
#define NMHW_HDR_WINDOW		256	/* bytes of a frame the device can parse */

/* ---- RX fill rings: driver -> device --------------------------------------
 *
 * Every RX queue has two: one of header buffers (always readable by the CPU)
 * and one of payload buffers (may be unreadable). The device uses
 *  - split frame:   one header buffer for the headers, then as many payload
 *                   buffers as the payload needs;
 *  - unsplit frame on a queue with header split on: as many *header* buffers as
 *    the frame needs, so that nothing unsplit ever lands in unreadable memory;
 *  - frame on a queue with header split off: as many payload buffers as needed.
 *
 * A frame is split if it is TCP over IPv4 or IPv6, not a fragment, has payload,
 * has arrived at the destination its checksum is about (no segments left),
 * is longer than the queue's threshold, and its headers fit into the first header
 * buffer and into NMHW_HDR_WINDOW.
 * Link padding behind the IP packet is not delivered then.
 *
 * A frame that needs more than NMHW_MAX_RX_BUFS buffers, or more than a full
 * ring has, is dropped (drop_oversize). A descriptor that the device cannot use
 * (no length, no memory at that address) is skipped, counted as bad_fill, and
 * never completed: its buffer stays the driver's to free when the queue stops.
 */
enum nmhw_rx_ring {
	NMHW_RX_RING_HDR,
	NMHW_RX_RING_PAY,
	NMHW_RX_RINGS,
};

struct nmhw_rx_fill {
	__le64 addr;		/* DMA address of the first byte to write */
	__le32 len;		/* bytes the device may write */
	__le32 id;		/* opaque to the device, returned in completion */
};

static_assert(sizeof(struct nmhw_rx_fill) == 16);

/* ---- RX completion ring: device -> driver ----------------------------------
 *
 * One completion per buffer used, in wire order; the last one of a frame has
 * EOP. The fields marked (sop) are valid in the first completion of a frame.
 * The phase bit flips each time the ring wraps and starts at 1, so the driver
 * polls it (then dma_rmb()) and needs no producer index. The driver zeroes the
 * ring before it enables the queue. The completion ring must have at least as
 * many entries as both fill rings together: each completion consumes a posted
 * buffer, so it cannot overflow.
 *
 * The first completion of a frame is written last: who sees its phase bit sees
 * the whole frame.
 */
#define NMHW_RXC_PHASE		BIT(0)
#define NMHW_RXC_SOP		BIT(1)
#define NMHW_RXC_EOP		BIT(2)
#define NMHW_RXC_PAY		BIT(3)	/* buffer came from the payload ring */
#define NMHW_RXC_SPLIT		BIT(4)	/* (sop) headers and payload apart */
#define NMHW_RXC_CSUM_OK	BIT(5)	/* (sop) L3 and L4 checksums verified */
#define NMHW_RXC_HASH_L4	BIT(6)	/* (sop) hash is over L3 and L4 */
#define NMHW_RXC_VLAN		BIT(7)	/* (sop) vlan_tci valid, tag stripped */
#define NMHW_RXC_RULE		BIT(8)	/* (sop) a steering rule chose the queue */
#define NMHW_RXC_GRO		BIT(9)	/* (sop) several frames merged, mss valid */

struct nmhw_rx_cmpl {
	__le32 id;		/* of the fill descriptor */
	__le32 len;		/* bytes written to this buffer */
	__le32 hash;		/* (sop) Toeplitz hash, 0 if none */
	__le16 vlan_tci;	/* (sop) */
	__le16 mss;		/* (sop) payload bytes of each frame but the last */
	__le16 rsvd[7];
	__le16 flags;		/* written last */
};

static_assert(sizeof(struct nmhw_rx_cmpl) == 32);

struct nmhw_ring {
	dma_addr_t base;	/* dma_alloc_coherent() memory of the driver */
	u32 size;		/* entries, power of two */
};

struct nmhw_rxq_cfg {
	struct nmhw_ring fill[NMHW_RX_RINGS];	/* header: size 0 without split is fine */
	struct nmhw_ring cmpl;	/* up to 2 * NMHW_MAX_RING entries */
	bool split;		/* tcp-data-split for this queue */
	u32 split_thresh;	/* bytes of a frame, tag included, up to which not */
};

/* ---- TX ring: driver -> device ---------------------------------------------
 *
 * One descriptor per contiguous DMA range; a frame is a run of descriptors
 * that ends with EOP. Offload fields are read from the first one. The device
 * reports progress by writing the free-running count of consumed descriptors
 * to the head write-back word.
 *
 * The device inserts one checksum. csum_start must lie behind the Ethernet header
 * and its VLAN tag, csum_offset must be even, and the field must end within the
 * first NMHW_HDR_WINDOW bytes of the frame. Link padding behind an IP packet whose
 * transport header csum_start points at is not summed.
 *
 * With TSO, a TCP frame of up to NMHW_MAX_TSO bytes leaves as frames of up to mss
 * bytes of payload, each with the headers in the first hdr_len bytes. The device
 * sets IP lengths, IPv4 id (counting up) and checksum, TCP sequence number,
 * checksum (whatever was in the field; CSUM and csum_* are ignored) and flags: FIN
 * and PSH on the last frame only, CWR on the first only. Nothing but a VLAN tag and
 * IPv6 extension headers may come between Ethernet, IP and TCP.
 *
 * A frame whose descriptors make no sense (too many, too long, no memory at an
 * address, checksum out of range, TSO of something else) is consumed and counted
 * as drop_invalid.
 */
#define NMHW_TXD_EOP		BIT(0)
#define NMHW_TXD_CSUM		BIT(1)	/* checksum from csum_start to the end */
#define NMHW_TXD_VLAN		BIT(2)	/* insert vlan_tci */
#define NMHW_TXD_TSO		BIT(3)	/* segment payload to mss */

struct nmhw_tx_desc {
	__le64 addr;
	__le32 len;
	__le16 flags;
	__le16 vlan_tci;
	__le16 csum_start;	/* bytes from the start of the frame */
	__le16 csum_offset;	/* from csum_start to the checksum field */
	__le16 mss;		/* TSO: payload bytes per frame */
	__le16 hdr_len;		/* TSO: bytes before the payload */
	__le64 rsvd;
};

static_assert(sizeof(struct nmhw_tx_desc) == 32);

struct nmhw_txq_cfg {
	struct nmhw_ring ring;
	dma_addr_t head_wb;	/* __le32, free-running consumer count */
};

/* ---- Ports and the board ---------------------------------------------------*/

/* Creates @pairs pairs of platform devices named "nmnic" (64-bit DMA mask) with
 * a port each, @queues queue pairs per port; @dma_sync: what the CPU and the device
 * share has to be synced. Process context. The driver's probe gets its port with
 * nmhw_port_get(). Returns 0 or -errno with nothing left behind.
 */
int nmhw_board_create(unsigned int pairs, unsigned int queues, bool dma_sync);
void nmhw_board_destroy(void);

/* NULL if @dev is none of the board's. Valid as long as @dev is. */
struct nmhw_port *nmhw_port_get(struct device *dev);
unsigned int nmhw_port_index(const struct nmhw_port *port);	/* 0, 1, 2, ... */
unsigned int nmhw_port_queues(const struct nmhw_port *port);
const u8 *nmhw_port_mac(const struct nmhw_port *port);		/* ETH_ALEN */

/* Port enable = "carrier on our side". The link is up when both ends are
 * enabled; @link is called (process context or BH) on every change and once
 * from enable; a port that is being disabled is not called, its peer is.
 * Disable waits until no callback runs. Process context. The caller may hold
 * rtnl or an instance lock, so a callback must take neither.
 */
struct nmhw_port_ops {
	void (*link)(void *ctx, bool up);
	/* Interrupt of vector @vec: masked until nmhw_vec_unmask(). Called with
	 * BH disabled and a device lock held; must only schedule work such as
	 * NAPI, and call nothing in here.
	 */
	void (*intr)(void *ctx, unsigned int vec);
};

/* -EBUSY if enabled already. All vectors are masked until nmhw_vec_unmask(). */
int nmhw_port_enable(struct nmhw_port *port, const struct nmhw_port_ops *ops, void *ctx);
void nmhw_port_disable(struct nmhw_port *port);

/* Queue control, process context. After disable returns, the device neither
 * reads nor writes the queue's rings and buffers; buffers it had not used stay
 * the driver's. RX traffic to a disabled queue of an enabled port waits as if
 * the ring were empty. Enable returns -EINVAL for a ring that cannot be, -EBUSY
 * if the queue is enabled.
 */
int nmhw_rxq_enable(struct nmhw_port *port, unsigned int q, const struct nmhw_rxq_cfg *cfg);
void nmhw_rxq_disable(struct nmhw_port *port, unsigned int q);
int nmhw_txq_enable(struct nmhw_port *port, unsigned int q, const struct nmhw_txq_cfg *cfg);
void nmhw_txq_disable(struct nmhw_port *port, unsigned int q);

/* Doorbells, process context or BH; that of transmission with BH disabled. @tail
 * is the free-running count of descriptors the driver has written since enable.
 * Posting RX buffers resumes transmitters that wait for them. A doorbell of a
 * disabled queue does nothing. Those of one RX ring must not race with each other
 * or with disable and enable of the queue.
 */
void nmhw_rx_doorbell(struct nmhw_port *port, unsigned int q, enum nmhw_rx_ring ring, u32 tail);
void nmhw_tx_doorbell(struct nmhw_port *port, unsigned int q, u32 tail);

/* Rearms vector @vec (one per queue pair: RX completions and TX head of queue
 * @vec). Raises the interrupt at once if work arrived while it was masked.
 */
void nmhw_vec_unmask(struct nmhw_port *port, unsigned int vec);

/* Optional, at the start of a poll and before it looks at the rings: forgets the
 * work that has arrived so far, so that nmhw_vec_unmask() at its end does not
 * raise the interrupt again for what this poll has seen anyway.
 */
void nmhw_vec_ack(struct nmhw_port *port, unsigned int vec);

/* Receive control. Any context; takes effect for the next frame. The hash picks
 * indir[hash % 128]; frames without one (not IP) go to queue 0. The checksum is
 * not verified and VLAN tags are not stripped until asked for; frames may be
 * NMHW_MAX_FRAME long, everything is received (promiscuous), until set.
 */
struct nmhw_rss {
	u8 key[NMHW_RSS_KEY_LEN];
	u8 indir[NMHW_RSS_INDIR_LEN];	/* RX queue numbers */
};

int nmhw_rss_set(struct nmhw_port *port, const struct nmhw_rss *rss);

/* Table @table, for the frames of rules that name it; 0 is that of nmhw_rss_set() */
int nmhw_rss_table_set(struct nmhw_port *port, unsigned int table,
		       const u8 indir[NMHW_RSS_INDIR_LEN]);
void nmhw_rx_csum_set(struct nmhw_port *port, bool on);
void nmhw_rx_vlan_strip_set(struct nmhw_port *port, bool on);

/* Merges TCP frames that arrive back to back with the same headers, up to @bytes
 * of payload (0: off, the default), on queues with header split. The headers
 * are then those of one frame with all the payload, checksums included: those of
 * the first frame, with lengths to match, and FIN and PSH of the last. @bytes must
 * fit into NMHW_MAX_RX_BUFS - 1 payload buffers and the headers into one header
 * buffer, or merged frames are dropped as oversize.
 */
void nmhw_rx_gro_set(struct nmhw_port *port, u32 bytes);

/* Ethernet header included, a VLAN tag not counted. */
void nmhw_max_frame_set(struct nmhw_port *port, unsigned int bytes);

/* Destination filter: @promisc accepts everything; otherwise own address,
 * broadcast and all multicast.
 */
void nmhw_rx_filter_set(struct nmhw_port *port, const u8 *mac, bool promisc);

/* @on: everything is filtered out. */
void nmhw_rx_discard_set(struct nmhw_port *port, bool on);

/* An exact-match steering rule with masks (all-ones or all-zeroes bits per
 * field as ethtool gives them). Addresses in network order; IPv4 uses the first
 * 4 bytes.
 */
#define NMHW_RULE_DROP		0xffff
#define NMHW_RULE_HASH		0xfffe	/* the hash picks the queue from a table */

struct nmhw_rule {
	u8 src[16], src_mask[16];
	u8 dst[16], dst_mask[16];
	__be16 sport, sport_mask;
	__be16 dport, dport_mask;
	u8 ip_version;			/* 4 or 6 */
	u8 l4_proto;			/* IPPROTO_TCP, IPPROTO_UDP; 0 any */
	u8 table;			/* for NMHW_RULE_HASH */
	u16 queue;			/* or NMHW_RULE_DROP, NMHW_RULE_HASH */
};

/* Lowest @loc wins. -ERANGE for a location, queue or table that does not exist, -EINVAL
 * for another IP version. Fragments, and frames without a complete transport
 * header, have neither protocol nor ports to match.
 */
int nmhw_rule_set(struct nmhw_port *port, unsigned int loc, const struct nmhw_rule *rule);
int nmhw_rule_clear(struct nmhw_port *port, unsigned int loc);	/* -ENOENT */

/* Counters since board creation (they survive queue and port resets). */
struct nmhw_rxq_stats {
	u64 frames, bytes;		/* on the wire: before they are merged */
	u64 gro_frames;			/* merged from several */
	u64 split_frames;		/* headers and payload apart */
	u64 csum_ok, csum_bad;
	u64 waits;			/* a sender had to wait for buffers */
	u64 drop_no_buf;		/* ... longer than the pause limit */
	u64 drop_oversize, drop_malformed;
	u64 bad_fill;			/* fill descriptors skipped */
};

struct nmhw_txq_stats {
	u64 frames, bytes;		/* on the wire: after segmentation */
	u64 csum_inserted;
	u64 tso_frames;			/* before segmentation */
	u64 stalls;			/* stopped for lack of peer buffers */
	u64 drop_link, drop_invalid;
	u64 drop_filter;		/* peer's address filter or rules */
};

/* Process context or BH, interrupts on. */
void nmhw_rxq_stats_get(struct nmhw_port *port, unsigned int q, struct nmhw_rxq_stats *st);
void nmhw_txq_stats_get(struct nmhw_port *port, unsigned int q, struct nmhw_txq_stats *st);

#endif /* NMHW_H */
