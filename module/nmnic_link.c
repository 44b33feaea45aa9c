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
