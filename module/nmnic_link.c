// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * ethtool: what the wire does besides carrying frames. A receiver without
 * buffers stops the sender, as with pause frames; and nothing ever goes wrong
 * on the way.
 */
#include <linux/ethtool.h>

#include "nmnic.h"

/* Not to be turned off: the device has no other way. */
void nmnic_get_pauseparam(struct net_device *netdev, struct ethtool_pauseparam *pause)
{
	pause->autoneg = AUTONEG_DISABLE;
	pause->rx_pause = 1;
	pause->tx_pause = 1;
}

void nmnic_get_pause_stats(struct net_device *netdev, struct ethtool_pause_stats *st)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmhw_rxq_stats rx;
	struct nmhw_txq_stats tx;
	unsigned int i;

	st->rx_pause_frames = 0;
	st->tx_pause_frames = 0;
	for (i = 0; i < np->num_queues; i++) {
		nmhw_rxq_stats_get(np->hw, i, &rx);
		nmhw_txq_stats_get(np->hw, i, &tx);
		st->rx_pause_frames += tx.stalls;
		st->tx_pause_frames += rx.waits;
	}
}

/* What a link of this speed has */
int nmnic_get_fecparam(struct net_device *netdev, struct ethtool_fecparam *fec)
{
	fec->fec = ETHTOOL_FEC_RS;
	fec->active_fec = ETHTOOL_FEC_RS;
	return 0;
}

/* RS(528,514) corrects up to 7 symbols of a codeword of 640 bytes of data. */
#define FEC_BLOCK_BYTES		640

static const struct ethtool_fec_hist_range fec_ranges[] = {
	{ 0, 0 },
	{ 1, 7 },
	{ }
};

void nmnic_get_fec_stats(struct net_device *netdev, struct ethtool_fec_stats *st,
			 struct ethtool_fec_hist *hist)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmhw_rxq_stats rx;
	unsigned int i;
	u64 bytes = 0;

	for (i = 0; i < np->num_queues; i++) {
		nmhw_rxq_stats_get(np->hw, i, &rx);
		bytes += rx.bytes;
	}
	st->corrected_blocks.total = 0;
	st->uncorrectable_blocks.total = 0;
	st->corrected_bits.total = 0;
	hist->ranges = fec_ranges;
	hist->values[0].sum = div_u64(bytes, FEC_BLOCK_BYTES);
	hist->values[1].sum = 0;
}
