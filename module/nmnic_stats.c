// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Statistics: what the driver counts per vector and the device per queue, in
 * the forms the kernel has. Each number is shown once: what qstats define is
 * there, ethtool -S has the rest. A row names the kernel's member, or the string,
 * and where the number comes from.
 */
#include <linux/ethtool.h>
#include <net/netdev_queues.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"

/* All of a queue, in numbers of 64 bits only */
struct rx_counts {
	struct nmnic_rx_counts poll;
	u64 xdp[NMNIC_XDP_COUNTS];
	struct nmhw_rxq_stats hw;
	u64 hw_drops;		/* frames that reached the device and never left it upwards */
};

struct tx_counts {
	struct nmnic_tx_done_counts done;
	struct nmnic_tx_xmit_counts xmit;
	struct nmhw_txq_stats hw;
	u64 hw_drops;
};

static void rx_read(const struct nmnic_port *np, unsigned int idx, struct rx_counts *c)
{
	const struct nmnic_rx_stats *st = &np->vec[idx].rx_stats;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&st->syncp);
		c->poll = st->poll;
		memcpy(c->xdp, st->xdp, sizeof(c->xdp));
	} while (u64_stats_fetch_retry(&st->syncp, start));
	nmhw_rxq_stats_get(np->hw, idx, &c->hw);
	c->hw_drops = c->hw.drop_no_buf + c->hw.drop_oversize + c->hw.drop_malformed;
}

static void tx_read(const struct nmnic_port *np, unsigned int idx, struct tx_counts *c)
{
	const struct nmnic_tx_stats *st = &np->vec[idx].tx_stats;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&st->syncp);
		c->done = st->done;
	} while (u64_stats_fetch_retry(&st->syncp, start));
	do {
		start = u64_stats_fetch_begin(&st->xmit_syncp);
		c->xmit = st->xmit;
	} while (u64_stats_fetch_retry(&st->xmit_syncp, start));
	nmhw_txq_stats_get(np->hw, idx, &c->hw);
	c->hw_drops = c->hw.drop_link + c->hw.drop_filter + c->hw.drop_invalid;
}

static u64 *number(void *base, size_t offset)
{
	return base + offset;
}

/* ---- qstats ----------------------------------------------------------------*/

struct qstat {
	u16 member;		/* offset in the kernel's structure */
	u16 from;		/* ... in ours */
};

#define RX_QSTAT(_member, _from) \
	{ offsetof(struct netdev_queue_stats_rx, _member), offsetof(struct rx_counts, _from) }

static const struct qstat rx_qstats[] = {
	RX_QSTAT(packets, poll.packets),
	RX_QSTAT(bytes, poll.bytes),
	RX_QSTAT(alloc_fail, poll.alloc_fail),
	RX_QSTAT(hw_drops, hw_drops),
	RX_QSTAT(hw_drop_overruns, hw.drop_no_buf),
	RX_QSTAT(csum_unnecessary, poll.csum_unnecessary),
	RX_QSTAT(csum_none, poll.csum_none),
	RX_QSTAT(csum_bad, hw.csum_bad),
	RX_QSTAT(hw_gro_packets, poll.gro_packets),
	RX_QSTAT(hw_gro_bytes, poll.gro_bytes),
	RX_QSTAT(hw_gro_wire_packets, poll.gro_wire_packets),
	RX_QSTAT(hw_gro_wire_bytes, poll.gro_wire_bytes),
};

#define TX_QSTAT(_member, _from) \
	{ offsetof(struct netdev_queue_stats_tx, _member), offsetof(struct tx_counts, _from) }

static const struct qstat tx_qstats[] = {
	TX_QSTAT(packets, done.packets),
	TX_QSTAT(bytes, done.bytes),
	TX_QSTAT(hw_drops, hw_drops),
	TX_QSTAT(hw_drop_errors, hw.drop_invalid),
	TX_QSTAT(csum_none, xmit.csum_none),
	TX_QSTAT(needs_csum, xmit.needs_csum),
	TX_QSTAT(hw_gso_packets, xmit.gso_packets),
	TX_QSTAT(hw_gso_bytes, xmit.gso_bytes),
	TX_QSTAT(hw_gso_wire_packets, xmit.gso_wire_packets),
	TX_QSTAT(hw_gso_wire_bytes, xmit.gso_wire_bytes),
	TX_QSTAT(stop, xmit.stop),
	TX_QSTAT(wake, done.wake),
};

/* What is never set is not shown: zero exactly what is counted. */
static void qstats_zero(const struct qstat *row, size_t rows, void *st)
{
	for (; rows; rows--, row++)
		*number(st, row->member) = 0;
}

static void qstats_add(const struct qstat *row, size_t rows, void *st, void *counts)
{
	for (; rows; rows--, row++)
		*number(st, row->member) += *number(counts, row->from);
}

static void rx_qstats_add(struct nmnic_port *np, unsigned int idx,
			  struct netdev_queue_stats_rx *st)
{
	struct rx_counts c;

	rx_read(np, idx, &c);
	qstats_add(rx_qstats, ARRAY_SIZE(rx_qstats), st, &c);
}

static void tx_qstats_add(struct nmnic_port *np, unsigned int idx,
			  struct netdev_queue_stats_tx *st)
{
	struct tx_counts c;

	tx_read(np, idx, &c);
	qstats_add(tx_qstats, ARRAY_SIZE(tx_qstats), st, &c);
}

static void nmnic_get_queue_stats_rx(struct net_device *netdev, int idx,
				     struct netdev_queue_stats_rx *st)
{
	qstats_zero(rx_qstats, ARRAY_SIZE(rx_qstats), st);
	rx_qstats_add(netdev_priv(netdev), idx, st);
}

static void nmnic_get_queue_stats_tx(struct net_device *netdev, int idx,
				     struct netdev_queue_stats_tx *st)
{
	qstats_zero(tx_qstats, ARRAY_SIZE(tx_qstats), st);
	tx_qstats_add(netdev_priv(netdev), idx, st);
}

/* Counters live as long as the port. The core adds those of the queues it knows,
 * here are those of the ones that are not in use now.
 */
static void nmnic_get_base_stats(struct net_device *netdev, struct netdev_queue_stats_rx *rx,
				 struct netdev_queue_stats_tx *tx)
{
	struct nmnic_port *np = netdev_priv(netdev);
	unsigned int i;

	qstats_zero(rx_qstats, ARRAY_SIZE(rx_qstats), rx);
	qstats_zero(tx_qstats, ARRAY_SIZE(tx_qstats), tx);
	for (i = np->cfg.queues; i < np->num_queues; i++) {
		rx_qstats_add(np, i, rx);
		tx_qstats_add(np, i, tx);
	}
}

const struct netdev_stat_ops nmnic_stat_ops = {
	.get_queue_stats_rx	= nmnic_get_queue_stats_rx,
	.get_queue_stats_tx	= nmnic_get_queue_stats_tx,
	.get_base_stats		= nmnic_get_base_stats,
};

/* ---- the stack's and the MAC's ---------------------------------------------*/

void nmnic_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *st)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct rx_counts rx;
	struct tx_counts tx;
	unsigned int i;

	for (i = 0; i < np->num_queues; i++) {
		rx_read(np, i, &rx);
		tx_read(np, i, &tx);

		st->rx_packets += rx.poll.packets;
		st->rx_bytes += rx.poll.bytes;
		st->rx_dropped += rx.poll.drop_unreadable + rx.poll.drop_error +
				  rx.poll.drop_fault;
		st->rx_missed_errors += rx.hw.drop_no_buf;
		st->rx_length_errors += rx.hw.drop_oversize;
		st->rx_frame_errors += rx.hw.drop_malformed;
		st->rx_errors += rx.hw.drop_oversize + rx.hw.drop_malformed;
		st->tx_packets += tx.done.packets;
		st->tx_bytes += tx.done.bytes;
		st->tx_dropped += tx.xmit.drop_error;
		st->tx_errors += tx.hw.drop_invalid;
		st->tx_carrier_errors += tx.hw.drop_link;
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

struct queue_string {
	const char *format;	/* with the queue's number */
	u16 from;
};

#define RX_STRING(_name, _from)	{ "rx%u_" _name, offsetof(struct rx_counts, _from) }
#define TX_STRING(_name, _from)	{ "tx%u_" _name, offsetof(struct tx_counts, _from) }

static const struct queue_string rx_strings[] = {
	RX_STRING("split_frames", hw.split_frames),
	RX_STRING("waits", hw.waits),
	RX_STRING("bad_fill", hw.bad_fill),
	RX_STRING("drop_unreadable", poll.drop_unreadable),
	RX_STRING("drop_error", poll.drop_error),
	RX_STRING("drop_fault", poll.drop_fault),
	RX_STRING("xdp_pass", xdp[NMNIC_XDP_PASS]),
	RX_STRING("xdp_drop", xdp[NMNIC_XDP_DROP]),
	RX_STRING("xdp_aborted", xdp[NMNIC_XDP_ABORTED]),
	RX_STRING("xdp_tx", xdp[NMNIC_XDP_TX]),
	RX_STRING("xdp_redirect", xdp[NMNIC_XDP_REDIRECT]),
	RX_STRING("xdp_tx_error", xdp[NMNIC_XDP_TX_ERROR]),
	RX_STRING("xdp_redirect_error", xdp[NMNIC_XDP_REDIRECT_ERROR]),
	RX_STRING("xdp_too_long", xdp[NMNIC_XDP_TOO_LONG]),
};

static const struct queue_string tx_strings[] = {
	TX_STRING("stalls", hw.stalls),
	TX_STRING("drop_link", hw.drop_link),
	TX_STRING("drop_filter", hw.drop_filter),
};

int nmnic_get_sset_count(struct net_device *netdev, int sset)
{
	struct nmnic_port *np = netdev_priv(netdev);

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return np->num_queues * (ARRAY_SIZE(rx_strings) + ARRAY_SIZE(tx_strings)) +
	       page_pool_ethtool_stats_get_count();
}

void nmnic_get_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	struct nmnic_port *np = netdev_priv(netdev);
	unsigned int i, s;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < np->num_queues; i++) {
		for (s = 0; s < ARRAY_SIZE(rx_strings); s++)
			ethtool_sprintf(&data, rx_strings[s].format, i);
		for (s = 0; s < ARRAY_SIZE(tx_strings); s++)
			ethtool_sprintf(&data, tx_strings[s].format, i);
	}
	page_pool_ethtool_stats_get_strings(data);
}

void nmnic_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *st, u64 *data)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct rx_counts rx;
	struct tx_counts tx;
	unsigned int i, s;

	for (i = 0; i < np->num_queues; i++) {
		rx_read(np, i, &rx);
		tx_read(np, i, &tx);
		for (s = 0; s < ARRAY_SIZE(rx_strings); s++)
			*data++ = *number(&rx, rx_strings[s].from);
		for (s = 0; s < ARRAY_SIZE(tx_strings); s++)
			*data++ = *number(&tx, tx_strings[s].from);
	}
	nmnic_pool_stats(np, data);
}
