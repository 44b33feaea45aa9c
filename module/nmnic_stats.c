// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Statistics: what the driver counts per vector and the device per queue, in
 * the forms the kernel has. Each number is shown once: what qstats define is
 * there, ethtool -S has the rest.
 */
#include <linux/ethtool.h>
#include <net/netdev_queues.h>

#include "nmnic.h"

struct rx_counts {
	u64 packets, bytes, csum_unnecessary, csum_none, alloc_fail;
	u64 gro_packets, gro_bytes, gro_wire_packets, gro_wire_bytes;
	u64 drop_unreadable, drop_error, drop_fault;
	u64 xdp[NMNIC_XDP_COUNTS];
};

struct tx_counts {
	u64 packets, bytes, wake, needs_csum, csum_none, stop, drop_error;
	u64 gso_packets, gso_bytes, gso_wire_packets, gso_wire_bytes;
};

static struct rx_counts rx_read(const struct nmnic_vec *vec)
{
	const struct nmnic_rx_stats *st = &vec->rx_stats;
	struct rx_counts c;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&st->syncp);
		c = (struct rx_counts){
			.packets	  = st->packets,
			.bytes		  = st->bytes,
			.gro_packets	  = st->gro_packets,
			.gro_bytes	  = st->gro_bytes,
			.gro_wire_packets = st->gro_wire_packets,
			.gro_wire_bytes	  = st->gro_wire_bytes,
			.csum_unnecessary = st->csum_unnecessary,
			.csum_none	  = st->csum_none,
			.alloc_fail	  = st->alloc_fail,
			.drop_unreadable  = st->drop_unreadable,
			.drop_error	  = st->drop_error,
			.drop_fault	  = st->drop_fault,
		};
		memcpy(c.xdp, st->xdp, sizeof(c.xdp));
	} while (u64_stats_fetch_retry(&st->syncp, start));
	return c;
}

static struct tx_counts tx_read(const struct nmnic_vec *vec)
{
	const struct nmnic_tx_stats *st = &vec->tx_stats;
	struct tx_counts c = {};
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&st->syncp);
		c.packets = st->packets;
		c.bytes = st->bytes;
		c.wake = st->wake;
	} while (u64_stats_fetch_retry(&st->syncp, start));
	do {
		start = u64_stats_fetch_begin(&st->xmit_syncp);
		c.needs_csum = st->needs_csum;
		c.csum_none = st->csum_none;
		c.gso_packets = st->gso_packets;
		c.gso_bytes = st->gso_bytes;
		c.gso_wire_packets = st->gso_wire_packets;
		c.gso_wire_bytes = st->gso_wire_bytes;
		c.stop = st->stop;
		c.drop_error = st->drop_error;
	} while (u64_stats_fetch_retry(&st->xmit_syncp, start));
	return c;
}

/* Frames that reached the device and never left it upwards */
static u64 rx_hw_drops(const struct nmhw_rxq_stats *hw)
{
	return hw->drop_no_buf + hw->drop_oversize + hw->drop_malformed;
}

static u64 tx_hw_drops(const struct nmhw_txq_stats *hw)
{
	return hw->drop_link + hw->drop_filter + hw->drop_invalid;
}

static void queue_stats_rx(struct nmnic_port *np, unsigned int idx,
			   struct netdev_queue_stats_rx *st)
{
	struct rx_counts c = rx_read(&np->vec[idx]);
	struct nmhw_rxq_stats hw;

	nmhw_rxq_stats_get(np->hw, idx, &hw);
	st->packets += c.packets;
	st->bytes += c.bytes;
	st->alloc_fail += c.alloc_fail;
	st->hw_drops += rx_hw_drops(&hw);
	st->hw_drop_overruns += hw.drop_no_buf;
	st->csum_unnecessary += c.csum_unnecessary;
	st->csum_none += c.csum_none;
	st->csum_bad += hw.csum_bad;
	st->hw_gro_packets += c.gro_packets;
	st->hw_gro_bytes += c.gro_bytes;
	st->hw_gro_wire_packets += c.gro_wire_packets;
	st->hw_gro_wire_bytes += c.gro_wire_bytes;
}

static void queue_stats_tx(struct nmnic_port *np, unsigned int idx,
			   struct netdev_queue_stats_tx *st)
{
	struct tx_counts c = tx_read(&np->vec[idx]);
	struct nmhw_txq_stats hw;

	nmhw_txq_stats_get(np->hw, idx, &hw);
	st->packets += c.packets;
	st->bytes += c.bytes;
	st->hw_drops += tx_hw_drops(&hw);
	st->hw_drop_errors += hw.drop_invalid;
	st->csum_none += c.csum_none;
	st->needs_csum += c.needs_csum;
	st->hw_gso_packets += c.gso_packets;
	st->hw_gso_bytes += c.gso_bytes;
	st->hw_gso_wire_packets += c.gso_wire_packets;
	st->hw_gso_wire_bytes += c.gso_wire_bytes;
	st->stop += c.stop;
	st->wake += c.wake;
}

/* What is never set is not shown: zero exactly what is counted. */
static void queue_stats_rx_zero(struct netdev_queue_stats_rx *st)
{
	st->packets = 0;
	st->bytes = 0;
	st->alloc_fail = 0;
	st->hw_drops = 0;
	st->hw_drop_overruns = 0;
	st->csum_unnecessary = 0;
	st->csum_none = 0;
	st->csum_bad = 0;
	st->hw_gro_packets = 0;
	st->hw_gro_bytes = 0;
	st->hw_gro_wire_packets = 0;
	st->hw_gro_wire_bytes = 0;
}

static void queue_stats_tx_zero(struct netdev_queue_stats_tx *st)
{
	st->packets = 0;
	st->bytes = 0;
	st->hw_drops = 0;
	st->hw_drop_errors = 0;
	st->csum_none = 0;
	st->needs_csum = 0;
	st->hw_gso_packets = 0;
	st->hw_gso_bytes = 0;
	st->hw_gso_wire_packets = 0;
	st->hw_gso_wire_bytes = 0;
	st->stop = 0;
	st->wake = 0;
}

static void nmnic_get_queue_stats_rx(struct net_device *netdev, int idx,
				     struct netdev_queue_stats_rx *st)
{
	queue_stats_rx_zero(st);
	queue_stats_rx(netdev_priv(netdev), idx, st);
}

static void nmnic_get_queue_stats_tx(struct net_device *netdev, int idx,
				     struct netdev_queue_stats_tx *st)
{
	queue_stats_tx_zero(st);
	queue_stats_tx(netdev_priv(netdev), idx, st);
}

/* Counters live as long as the port. The core adds those of the queues it knows,
 * here are those of the ones that are not in use now.
 */
static void nmnic_get_base_stats(struct net_device *netdev, struct netdev_queue_stats_rx *rx,
				 struct netdev_queue_stats_tx *tx)
{
	struct nmnic_port *np = netdev_priv(netdev);
	unsigned int i;

	queue_stats_rx_zero(rx);
	queue_stats_tx_zero(tx);
	for (i = np->cfg.queues; i < np->num_queues; i++) {
		queue_stats_rx(np, i, rx);
		queue_stats_tx(np, i, tx);
	}
}

void nmnic_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *st)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmhw_rxq_stats hw_rx;
	struct nmhw_txq_stats hw_tx;
	struct rx_counts rx;
	struct tx_counts tx;
	unsigned int i;

	for (i = 0; i < np->num_queues; i++) {
		rx = rx_read(&np->vec[i]);
		tx = tx_read(&np->vec[i]);
		nmhw_rxq_stats_get(np->hw, i, &hw_rx);
		nmhw_txq_stats_get(np->hw, i, &hw_tx);

		st->rx_packets += rx.packets;
		st->rx_bytes += rx.bytes;
		st->rx_dropped += rx.drop_unreadable + rx.drop_error + rx.drop_fault;
		st->rx_missed_errors += hw_rx.drop_no_buf;
		st->rx_length_errors += hw_rx.drop_oversize;
		st->rx_frame_errors += hw_rx.drop_malformed;
		st->rx_errors += hw_rx.drop_oversize + hw_rx.drop_malformed;
		st->tx_packets += tx.packets;
		st->tx_bytes += tx.bytes;
		st->tx_dropped += tx.drop_error;
		st->tx_errors += hw_tx.drop_invalid;
		st->tx_carrier_errors += hw_tx.drop_link;
	}
}

/* What the device saw, whether or not the driver could use it */
void nmnic_get_eth_mac_stats(struct net_device *netdev, struct ethtool_eth_mac_stats *st)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmhw_rxq_stats rx, rx_sum = {};
	struct nmhw_txq_stats tx, tx_sum = {};
	unsigned int i;

	if (st->src != ETHTOOL_MAC_STATS_SRC_AGGREGATE)
		return;
	for (i = 0; i < np->num_queues; i++) {
		nmhw_rxq_stats_get(np->hw, i, &rx);
		nmhw_txq_stats_get(np->hw, i, &tx);
		rx_sum.frames += rx.frames;
		rx_sum.bytes += rx.bytes;
		rx_sum.drop_no_buf += rx.drop_no_buf;
		rx_sum.drop_oversize += rx.drop_oversize;
		tx_sum.frames += tx.frames;
		tx_sum.bytes += tx.bytes;
		tx_sum.drop_invalid += tx.drop_invalid;
		tx_sum.drop_link += tx.drop_link;
	}
	st->FramesReceivedOK = rx_sum.frames;
	st->OctetsReceivedOK = rx_sum.bytes;
	st->FramesLostDueToIntMACRcvError = rx_sum.drop_no_buf;
	st->FrameTooLongErrors = rx_sum.drop_oversize;
	st->FramesTransmittedOK = tx_sum.frames;
	st->OctetsTransmittedOK = tx_sum.bytes;
	st->FramesLostDueToIntMACXmitError = tx_sum.drop_invalid;
	st->CarrierSenseErrors = tx_sum.drop_link;
}

/* ---- ethtool -S ------------------------------------------------------------*/

static const char * const queue_strings[] = {
	"rx%u_split_frames",	/* headers and payload apart */
	"rx%u_waits",		/* a frame waited for buffers */
	"rx%u_bad_fill",	/* buffers that the device could not use */
	"rx%u_drop_unreadable",	/* headers, or what needs a checksum, in such memory */
	"rx%u_drop_error",	/* no skb, or a completion that makes no sense */
	"rx%u_drop_fault",	/* by the fault panel */
	"rx%u_xdp_pass",	/* as NMNIC_XDP_*, in that order */
	"rx%u_xdp_drop",
	"rx%u_xdp_aborted",
	"rx%u_xdp_tx",
	"rx%u_xdp_redirect",
	"rx%u_xdp_tx_error",
	"rx%u_xdp_redirect_error",
	"rx%u_xdp_too_long",
	"tx%u_stalls",		/* stopped for the peer's buffers */
	"tx%u_drop_link",	/* nobody at the other end */
	"tx%u_drop_filter",	/* not for the other end */
};

int nmnic_get_sset_count(struct net_device *netdev, int sset)
{
	struct nmnic_port *np = netdev_priv(netdev);

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return np->num_queues * ARRAY_SIZE(queue_strings);
}

void nmnic_get_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	struct nmnic_port *np = netdev_priv(netdev);
	unsigned int i, s;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < np->num_queues; i++)
		for (s = 0; s < ARRAY_SIZE(queue_strings); s++)
			ethtool_sprintf(&data, queue_strings[s], i);
}

void nmnic_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *st, u64 *data)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmhw_rxq_stats hw_rx;
	struct nmhw_txq_stats hw_tx;
	struct rx_counts rx;
	unsigned int i, j;

	for (i = 0; i < np->num_queues; i++) {
		rx = rx_read(&np->vec[i]);
		nmhw_rxq_stats_get(np->hw, i, &hw_rx);
		nmhw_txq_stats_get(np->hw, i, &hw_tx);

		*data++ = hw_rx.split_frames;
		*data++ = hw_rx.waits;
		*data++ = hw_rx.bad_fill;
		*data++ = rx.drop_unreadable;
		*data++ = rx.drop_error;
		*data++ = rx.drop_fault;
		for (j = 0; j < NMNIC_XDP_COUNTS; j++)
			*data++ = rx.xdp[j];
		*data++ = hw_tx.stalls;
		*data++ = hw_tx.drop_link;
		*data++ = hw_tx.drop_filter;
	}
}

const struct netdev_stat_ops nmnic_stat_ops = {
	.get_queue_stats_rx	= nmnic_get_queue_stats_rx,
	.get_queue_stats_tx	= nmnic_get_queue_stats_tx,
	.get_base_stats		= nmnic_get_base_stats,
};
