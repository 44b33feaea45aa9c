/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Private structures of the nmnic driver. What it knows of the device is in
 * nmhw.h, what it shows to the world in nmnic_uapi.h.
 *
 * Locks: everything that is not the fast path runs under the netdev instance
 * lock (rtnl_lock() on kernels that have none). The receive side of a queue,
 * its pools included, belongs to its NAPI, or to whoever has disabled it.
 */
#ifndef NMNIC_H
#define NMNIC_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <net/netmem.h>
#include <net/xdp.h>

#include "fault/fault.h"
#include "hw/nmhw.h"
#include "nmnic_uapi.h"

struct bpf_offload_dev;
struct netdev_queue_mgmt_ops;
struct netdev_stat_ops;
struct page_pool;
struct xsk_buff_pool;

/* ---- Receive ---------------------------------------------------------------*/

/* A header buffer is half a page. It holds what the device cannot split (any
 * frame of the standard MTU) and, behind it, the skb_shared_info of the skb that
 * is built around it.
 */
#define NMNIC_HDR_TRUESIZE	(PAGE_SIZE / 2)
#define NMNIC_HEADROOM		(NET_SKB_PAD + NET_IP_ALIGN)
#define NMNIC_SKB_TAIL		SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
#define NMNIC_HDR_LEN		(NMNIC_HDR_TRUESIZE - NMNIC_HEADROOM - NMNIC_SKB_TAIL)

struct nmnic_rx_buf {
	union {
		netmem_ref netmem;	/* 0: the slot is empty */
		struct xdp_buff *xsk;	/* of an AF_XDP socket, if nmnic_rxq.xsk */
	};
	u32 offset;		/* of the buffer in the netmem */
};

/* A ring of buffers for the device, with the pool they come from. Slots are
 * used and come back in order; the slot number is the id that the device sees.
 */
struct nmnic_fill {
	struct page_pool *pool;
	struct nmhw_rx_fill *desc;
	struct nmnic_rx_buf *bufs;
	u32 size;		/* 0: the ring is not used, all else is unset */
	u32 mask;
	u32 tail;		/* posted, free-running */
	u32 head;		/* given back, free-running */
	u32 truesize;
	u32 headroom;		/* 0: no skb can be built around a buffer */
	u32 len;		/* bytes for the device */
	enum nmhw_rx_ring ring;
	/* Slow path field follows */
	dma_addr_t dma;
};

/* A frame on its way through an XDP program. The first member is what programs
 * see, the rest is for the skb or for the kfuncs that they may call.
 */
struct nmnic_xdp_buff {
	struct xdp_buff xdp;	/* no frame: data is NULL */
	const struct nmhw_rx_cmpl *cmpl;	/* (sop), not reused before a refill */
	u16 flags;		/* ... of it */
};

enum nmnic_xdp_count {
	NMNIC_XDP_PASS,
	NMNIC_XDP_DROP,
	NMNIC_XDP_ABORTED,	/* or a verdict that does not exist */
	NMNIC_XDP_TX,
	NMNIC_XDP_REDIRECT,
	NMNIC_XDP_TX_ERROR,	/* no room in the ring */
	NMNIC_XDP_REDIRECT_ERROR,
	NMNIC_XDP_TOO_LONG,	/* for a program that knows one buffer only */
	NMNIC_XDP_COUNTS,
};

struct nmnic_rxq {
	struct nmnic_vec *vec;
	struct nmhw_rx_cmpl *cmpl;
	u32 cmpl_mask;
	u32 cmpl_head;		/* free-running */
	struct sk_buff *skb;	/* frame in the making */
	u16 mss;		/* ... if it was merged from several, else 0 */
	u16 flags;		/* ... of its first completion */
	bool drop;		/* ... that is dropped until its end */
	bool split;		/* tcp-data-split */
	u32 hds_thresh;
	u32 rx_page;		/* bytes of a payload buffer */
	bool xdp;		/* buffers are laid out for XDP programs */
	bool provided;		/* payload comes into the memory of a provider */
	struct xsk_buff_pool *xsk;	/* whose buffers the payload ring has, or NULL */
	struct nmnic_fill fill[NMHW_RX_RINGS];
	struct nmnic_xdp_buff xb;	/* frame in the making, if there is a program */
	u32 xdp_count[NMNIC_XDP_COUNTS];	/* in this poll */
	struct xdp_rxq_info xdp_rxq;
	struct xdp_rxq_info xsk_rxq;	/* the same for the socket's buffers */
	/* Slow path field follows */
	dma_addr_t cmpl_dma;
};

/* Of a poll, and of all time */
struct nmnic_rx_counts {
	u64 packets;		/* on the wire */
	u64 bytes;
	u64 gro_packets;	/* merged by the device */
	u64 gro_bytes;
	u64 gro_wire_packets;
	u64 gro_wire_bytes;
	u64 csum_unnecessary;
	u64 csum_none;
	u64 alloc_fail;		/* buffers and skbs */
	u64 drop_unreadable;	/* headers, or what needs a checksum, in such memory */
	u64 drop_error;		/* no skb, too many buffers, bad completion */
	u64 drop_fault;		/* by the fault panel */
};

/* Counters of a vector outlive its queues. */
struct nmnic_rx_stats {
	struct u64_stats_sync syncp;
	struct nmnic_rx_counts poll;
	u64 xdp[NMNIC_XDP_COUNTS];
};

/* ---- Transmit --------------------------------------------------------------*/

/* A linear part and every fragment */
#define NMNIC_TX_SEGS		(MAX_SKB_FRAGS + 1)
static_assert(NMNIC_TX_SEGS <= NMHW_MAX_TX_SEGS);

struct nmnic_tx_buf {
	DEFINE_DMA_UNMAP_ADDR(addr);
	DEFINE_DMA_UNMAP_LEN(len);
	bool linear;
	/* In the last descriptor of a frame only */
	u16 segs;		/* frames on the wire */
	u32 wire_bytes;
	struct sk_buff *skb;	/* either */
	struct xdp_frame *xdpf;	/* ... or */
	bool xsk;		/* ... or a frame of the AF_XDP socket */
};

struct nmnic_txq {
	struct nmnic_vec *vec;
	struct nmhw_tx_desc *desc;
	struct nmnic_tx_buf *bufs;
	u32 mask;
	/* Written by the transmitter */
	u32 tail ____cacheline_aligned_in_smp;	/* free-running */
	u32 bell;		/* what the device was told of tail */
	/* Written by NAPI */
	u32 head ____cacheline_aligned_in_smp;	/* free-running */
	__le32 *head_wb;	/* what the device has consumed */
	/* Slow path fields follow */
	dma_addr_t dma;
	size_t bytes;		/* of descriptors and write-back word */
};

struct nmnic_tx_done_counts {
	u64 packets;		/* completed, on the wire */
	u64 bytes;
	u64 wake;
};

struct nmnic_tx_xmit_counts {
	u64 needs_csum;
	u64 csum_none;
	u64 gso_packets;
	u64 gso_bytes;
	u64 gso_wire_packets;
	u64 gso_wire_bytes;
	u64 stop;
	u64 drop_error;		/* no DMA mapping */
};

struct nmnic_tx_stats {
	struct u64_stats_sync syncp;
	struct nmnic_tx_done_counts done;
	/* Under the lock of the transmit queue */
	struct u64_stats_sync xmit_syncp;
	struct nmnic_tx_xmit_counts xmit;
};

/* ---- Vectors and ports -----------------------------------------------------*/

struct nmnic_qpair {
	struct nmnic_rxq *rxq;
	struct nmnic_txq *txq;
};

struct nmnic_vec {
	struct napi_struct napi;
	struct nmnic_qpair q;
	struct nmnic_port *port;
	unsigned int idx;	/* of both queues, too */
	bool napi_on;
	bool xdp_tx;		/* frames may be queued; lock of the core's TX queue */
	struct xsk_buff_pool *xsk;	/* zero-copy AF_XDP socket; changes while paused */
	struct timer_list refill_timer;
	struct nmnic_rx_stats rx_stats;
	struct nmnic_tx_stats tx_stats ____cacheline_aligned_in_smp;
};

/* What a change of configuration builds new queues from */
struct nmnic_cfg {
	u32 queues;		/* pairs of them, from 0 on */
	u32 rx_ring;		/* entries of either fill ring */
	u32 tx_ring;
	u32 hds_thresh;		/* frames up to this are not split */
	u32 rx_page;		/* bytes of a payload buffer; each queue has its own */
	bool split;
	bool xdp;		/* buffers that XDP programs can work with */
};

struct nmnic_rule {
	bool used;
	u32 rss_context;	/* with FLOW_RSS */
	struct ethtool_rx_flow_spec fs;
};

struct nmnic_port {
	struct net_device *netdev;
	struct device *dev;
	struct nmhw_port *hw;
	unsigned int num_queues;	/* that the device has, see cfg.queues */
	struct bpf_prog __rcu *xdp_prog;	/* only if nmnic_cfg.xdp */
	/* Slow path fields follow */
	struct bpf_prog *offload_prog;	/* the device runs it */
	struct bpf_offload_dev *offload_dev;
	bool up;		/* queues started, port enabled */
	bool dma_dev_pinned;
	struct nmnic_cfg cfg;
	struct nmhw_rss rss;
	unsigned int num_rules;
	struct nmnic_rule rules[NMHW_MAX_RULES];
	struct nmnic_fault_panel faults;
	struct nmnic_vec vec[] __counted_by(num_queues);
};

/* nmnic_netdev.c */
struct net_device *nmnic_netdev_create(struct device *dev, struct nmhw_port *hw, u32 ring_size);
void nmnic_netdev_destroy(struct net_device *netdev);
bool nmnic_netdev_is_ours(const struct net_device *netdev);

/* nmnic_queue.c */
int nmnic_poll(struct napi_struct *napi, int budget);
void nmnic_vec_init(struct nmnic_port *np, unsigned int idx);
void nmnic_vec_resume(struct nmnic_vec *vec);
void nmnic_vec_pause(struct nmnic_vec *vec);
int nmnic_queues_open(struct nmnic_port *np);
void nmnic_queues_close(struct nmnic_port *np);
void nmnic_queues_pause(struct nmnic_port *np);
int nmnic_queues_resume(struct nmnic_port *np);
int nmnic_queues_reconfigure(struct nmnic_port *np, const struct nmnic_cfg *cfg);

/* nmnic_pool.c */
int nmnic_fill_alloc(struct nmnic_rxq *rxq, enum nmhw_rx_ring ring, u32 size);
void nmnic_fill_free(struct nmnic_rxq *rxq, enum nmhw_rx_ring ring);
void nmnic_fill_connect(struct nmnic_rxq *rxq, struct nmnic_fill *fill);
void nmnic_fill_disconnect(struct nmnic_rxq *rxq, struct nmnic_fill *fill);
bool nmnic_fill_post(struct nmnic_rxq *rxq, struct nmnic_fill *fill, gfp_t gfp);
u64 *nmnic_pool_stats(struct nmnic_port *np, u64 *data);
void nmnic_netmem_put(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem,
		      bool napi);

/* nmnic_rx.c */
struct nmnic_rxq *nmnic_rxq_alloc(struct nmnic_vec *vec, const struct nmnic_cfg *cfg);
void nmnic_rxq_free(struct nmnic_rxq *rxq);
int nmnic_rxq_start(struct nmnic_rxq *rxq);
void nmnic_rxq_stop(struct nmnic_rxq *rxq);
int nmnic_rxq_poll(struct nmnic_rxq *rxq, int budget);
bool nmnic_rxq_refill(struct nmnic_rxq *rxq, gfp_t gfp);

/* nmnic_rss.c */
int nmnic_rss_init(struct nmnic_port *np);
void nmnic_rss_spread(struct nmnic_port *np, unsigned int queues);
int nmnic_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh);
int nmnic_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
		   struct netlink_ext_ack *extack);
int nmnic_create_rxfh_context(struct net_device *netdev, struct ethtool_rxfh_context *ctx,
			      const struct ethtool_rxfh_param *rxfh,
			      struct netlink_ext_ack *extack);
int nmnic_modify_rxfh_context(struct net_device *netdev, struct ethtool_rxfh_context *ctx,
			      const struct ethtool_rxfh_param *rxfh,
			      struct netlink_ext_ack *extack);
int nmnic_remove_rxfh_context(struct net_device *netdev, struct ethtool_rxfh_context *ctx,
			      u32 rss_context, struct netlink_ext_ack *extack);
int nmnic_get_rxfh_fields(struct net_device *netdev, struct ethtool_rxfh_fields *fields);

/* nmnic_gate.c */
/* For BPF programs to stand in front of, by name. */
int nmnic_gate_pool(struct net_device *netdev, unsigned int queue,
		    const struct page_pool_params *pp);
int nmnic_gate_queue(struct net_device *netdev, unsigned int queue);
int nmnic_gate_xdp(struct net_device *netdev, const struct bpf_prog *prog);
int nmnic_gate_rings(struct net_device *netdev, unsigned int rx, unsigned int tx, bool split);
void nmnic_gate_init(void);
int nmnic_may_create_pool(struct nmnic_port *np, unsigned int queue,
			  const struct page_pool_params *pp);
int nmnic_may_provide(struct nmnic_port *np, unsigned int queue, struct netlink_ext_ack *extack);
int nmnic_may_attach(struct nmnic_port *np, const struct bpf_prog *prog,
		     struct netlink_ext_ack *extack);
int nmnic_may_set_rings(struct nmnic_port *np, const struct nmnic_cfg *cfg,
			struct netlink_ext_ack *extack);

/* nmnic_xdp.c */
int nmnic_xdp_rxq_register(struct nmnic_rxq *rxq);
void nmnic_xdp_rxq_unregister(struct nmnic_rxq *rxq);
void nmnic_xdp_begin(struct nmnic_rxq *rxq, void *va, u32 headroom, u32 len,
		     const struct nmhw_rx_cmpl *cmpl, u16 flags);
bool nmnic_xdp_run(struct nmnic_rxq *rxq, struct xdp_buff *xdp, u32 *act);
struct sk_buff *nmnic_xdp_finish(struct nmnic_rxq *rxq);
void nmnic_xdp_cancel(struct nmnic_rxq *rxq);
void nmnic_xdp_flush(struct nmnic_rxq *rxq);

/* nmnic_xdp_setup.c */
int nmnic_xdp_check(struct nmnic_port *np, const struct nmnic_cfg *cfg, int mtu,
		    struct netlink_ext_ack *extack);
int nmnic_bpf(struct net_device *netdev, struct netdev_bpf *bpf);

/* nmnic_xsk.c */
void nmnic_xsk_rxq_start(struct nmnic_rxq *rxq);
void nmnic_xsk_desc(struct nmnic_rxq *rxq, const struct nmnic_rx_buf *buf,
		    struct nmhw_rx_fill *desc);
bool nmnic_xsk_starved(struct nmnic_rxq *rxq, bool starved);
struct sk_buff *nmnic_xsk_finish(struct nmnic_rxq *rxq, struct xdp_buff *xdp,
				 const struct nmhw_rx_cmpl *cmpl, u16 flags);
bool nmnic_xsk_xmit(struct nmnic_vec *vec);
int nmnic_xsk_wakeup(struct net_device *netdev, u32 queue, u32 flags);

/* nmnic_xsk_setup.c */
int nmnic_xsk_check(struct nmnic_port *np, const struct nmnic_cfg *cfg, int mtu,
		    struct netlink_ext_ack *extack);
int nmnic_xsk_setup(struct nmnic_port *np, struct xsk_buff_pool *pool, unsigned int queue);

/* nmnic_xdp_tx.c */
void nmnic_xdp_tx_set(struct nmnic_vec *vec, bool on);
int nmnic_xdp_tx(struct nmnic_vec *vec, struct xdp_buff *xdp);
void nmnic_xdp_tx_flush(struct nmnic_vec *vec);
int nmnic_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags);

/* nmnic_offload.c */
int nmnic_offload_setup(struct nmnic_port *np, struct bpf_prog *prog,
			struct netlink_ext_ack *extack);
int nmnic_offload_init(struct net_device *netdev);
void nmnic_offload_uninit(struct net_device *netdev);

/* nmnic_gro.c */
void nmnic_gro_set(struct nmnic_port *np, bool on);
unsigned int nmnic_gro_complete(struct sk_buff *skb, u16 mss);

/* nmnic_tx.c */
struct nmnic_txq *nmnic_txq_alloc(struct nmnic_vec *vec, const struct nmnic_cfg *cfg);
void nmnic_txq_free(struct nmnic_txq *txq);
int nmnic_txq_start(struct nmnic_txq *txq);
void nmnic_txq_stop(struct nmnic_txq *txq);
bool nmnic_txq_clean(struct nmnic_txq *txq, int budget);
u32 nmnic_txq_avail(const struct nmnic_txq *txq);
void nmnic_txq_bell(struct nmnic_txq *txq);
void nmnic_tx_unmap(struct nmnic_txq *txq, struct nmnic_tx_buf *buf);
netdev_tx_t nmnic_start_xmit(struct sk_buff *skb, struct net_device *netdev);

/* nmnic_ntuple.c */
int nmnic_ntuple_get(struct nmnic_port *np, struct ethtool_rxnfc *cmd, u32 *locs);
int nmnic_ntuple_set(struct nmnic_port *np, struct ethtool_rxnfc *cmd);
void nmnic_ntuple_flush(struct nmnic_port *np);

/* nmnic_link.c */
void nmnic_get_pauseparam(struct net_device *netdev, struct ethtool_pauseparam *pause);
void nmnic_get_pause_stats(struct net_device *netdev, struct ethtool_pause_stats *st);

/* nmnic_stats.c */
void nmnic_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *st);
void nmnic_get_eth_mac_stats(struct net_device *netdev, struct ethtool_eth_mac_stats *st);
int nmnic_get_sset_count(struct net_device *netdev, int sset);
void nmnic_get_strings(struct net_device *netdev, u32 sset, u8 *data);
void nmnic_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *st, u64 *data);

extern const struct xdp_metadata_ops nmnic_xdp_metadata_ops;
extern const struct ethtool_ops nmnic_ethtool_ops;
extern const struct netdev_queue_mgmt_ops nmnic_queue_mgmt_ops;
extern const struct netdev_stat_ops nmnic_stat_ops;

#endif /* NMNIC_H */
