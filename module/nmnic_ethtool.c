// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * ethtool: rings and tcp-data-split, channels, link.
 * All under the netdev instance lock, or rtnl_lock() where there is none.
 */
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/log2.h>
#include <net/netdev_queues.h>

#include "nmnic.h"

static void nmnic_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kring,
				struct netlink_ext_ack *extack)
{
	struct nmnic_port *np = netdev_priv(netdev);

	ring->rx_max_pending = NMHW_MAX_RING;
	ring->tx_max_pending = NMHW_MAX_RING;
	ring->rx_pending = np->cfg.rx_ring;
	ring->tx_pending = np->cfg.tx_ring;
	nma_ring_set_hds_thresh(kring, np->cfg.hds_thresh, NMNIC_HDR_LEN);
	kring->tcp_data_split = np->cfg.split ? ETHTOOL_TCP_DATA_SPLIT_ENABLED :
						ETHTOOL_TCP_DATA_SPLIT_DISABLED;
}

static bool ring_size_ok(u32 size)
{
	return is_power_of_2(size) && size >= NMHW_MIN_RING && size <= NMHW_MAX_RING;
}

/* Kernels that do not look after this themselves would hand unsplit frames to a
 * queue whose memory the CPU cannot read.
 */
static int split_off_check(struct nmnic_port *np, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < np->cfg.queues; i++) {
		if (!netif_rxq_has_unreadable_mp(np->netdev, i))
			continue;
		NL_SET_ERR_MSG_FMT(extack,
				   "tcp-data-split cannot be turned off while queue %u has a memory provider",
				   i);
		return -EINVAL;
	}
	return 0;
}

static int nmnic_set_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			       struct kernel_ethtool_ringparam *kring,
			       struct netlink_ext_ack *extack)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmnic_cfg cfg = np->cfg;
	int err;

	if (!ring_size_ok(ring->rx_pending) || !ring_size_ok(ring->tx_pending)) {
		NL_SET_ERR_MSG_FMT(extack, "ring sizes must be powers of two from %u to %u",
				   NMHW_MIN_RING, NMHW_MAX_RING);
		return -EINVAL;
	}
	cfg.rx_ring = ring->rx_pending;
	cfg.tx_ring = ring->tx_pending;
	/* "auto" is off: a split costs a buffer per frame. */
	cfg.split = kring->tcp_data_split == ETHTOOL_TCP_DATA_SPLIT_ENABLED;
	cfg.hds_thresh = nma_ring_hds_thresh(kring);

	if (np->cfg.split && !cfg.split && nmnic_fault_split_off(np)) {
		np->cfg.split = false;
		return 0;
	}
	if (np->cfg.split && !cfg.split) {
		err = split_off_check(np, extack);
		if (err)
			return err;
	}
	err = nmnic_xdp_check(np, &cfg, netdev->mtu, extack);
	if (err)
		return err;
	if (!memcmp(&cfg, &np->cfg, sizeof(cfg)))
		return 0;
	err = nmnic_may_set_rings(np, &cfg, extack);
	if (err)
		return err;

	err = nmnic_queues_reconfigure(np, &cfg);
	if (err)
		NL_SET_ERR_MSG(extack, "no new queues, the old ones stay");
	return err;
}

static void nmnic_get_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	struct nmnic_port *np = netdev_priv(netdev);

	ch->max_combined = np->num_queues;
	ch->combined_count = np->cfg.queues;
}

/* The core has refused what would take queues from rules, from a table that the
 * user gave, or from whoever has bound them.
 */
static int nmnic_set_channels(struct net_device *netdev, struct ethtool_channels *ch)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmnic_cfg cfg = np->cfg;

	cfg.queues = ch->combined_count;
	if (cfg.queues == np->cfg.queues)
		return 0;
	return nmnic_queues_reconfigure(np, &cfg);
}

static u32 nmnic_get_rx_ring_count(struct net_device *netdev)
{
	struct nmnic_port *np = netdev_priv(netdev);

	return np->cfg.queues;
}

static int nmnic_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *cmd, u32 *locs)
{
	/* Only kernels without get_rx_ring_count() ask here. */
	if (cmd->cmd == ETHTOOL_GRXRINGS) {
		cmd->data = nmnic_get_rx_ring_count(netdev);
		return 0;
	}
	return nmnic_ntuple_get(netdev_priv(netdev), cmd, locs);
}

static int nmnic_set_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *cmd)
{
	return nmnic_ntuple_set(netdev_priv(netdev), cmd);
}

static u32 nmnic_get_rxfh_indir_size(struct net_device *netdev)
{
	return NMHW_RSS_INDIR_LEN;
}

static u32 nmnic_get_rxfh_key_size(struct net_device *netdev)
{
	return NMHW_RSS_KEY_LEN;
}

/* Not ethtool_op_get_link(), which needs rtnl_lock() to flush link events. */
static u32 nmnic_get_link(struct net_device *netdev)
{
	return netif_carrier_ok(netdev);
}

static int nmnic_get_link_ksettings(struct net_device *netdev, struct ethtool_link_ksettings *ks)
{
	ethtool_link_ksettings_zero_link_mode(ks, supported);
	ethtool_link_ksettings_zero_link_mode(ks, advertising);
	ks->base.port = PORT_NONE;
	ks->base.autoneg = AUTONEG_DISABLE;
	ks->base.duplex = DUPLEX_FULL;
	ks->base.speed = netif_carrier_ok(netdev) ? SPEED_100000 : SPEED_UNKNOWN;
	return 0;
}

const struct ethtool_ops nmnic_ethtool_ops = {
	.supported_ring_params	= ETHTOOL_RING_USE_TCP_DATA_SPLIT | NMA_RING_USE_HDS_THRESH,
	/* The core's queue counts are set */
	NMA_ETHTOOL_NEEDS_RTNL(SCHANNELS)
	.get_link		= nmnic_get_link,
	.get_link_ksettings	= nmnic_get_link_ksettings,
	.get_ringparam		= nmnic_get_ringparam,
	.set_ringparam		= nmnic_set_ringparam,
	.get_channels		= nmnic_get_channels,
	.set_channels		= nmnic_set_channels,
	NMA_ETHTOOL_RX_RING_COUNT(nmnic_get_rx_ring_count)
	.get_rxnfc		= nmnic_get_rxnfc,
	.set_rxnfc		= nmnic_set_rxnfc,
	.get_rxfh_indir_size	= nmnic_get_rxfh_indir_size,
	.get_rxfh_key_size	= nmnic_get_rxfh_key_size,
	.get_rxfh		= nmnic_get_rxfh,
	.set_rxfh		= nmnic_set_rxfh,
	.rxfh_max_num_contexts	= NMHW_RSS_TABLES,
	.create_rxfh_context	= nmnic_create_rxfh_context,
	.modify_rxfh_context	= nmnic_modify_rxfh_context,
	.remove_rxfh_context	= nmnic_remove_rxfh_context,
	NMA_ETHTOOL_RXFH_FIELDS(nmnic_get_rxfh_fields)
	.get_pauseparam		= nmnic_get_pauseparam,
	.get_pause_stats	= nmnic_get_pause_stats,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_eth_mac_stats	= nmnic_get_eth_mac_stats,
	.get_sset_count		= nmnic_get_sset_count,
	.get_strings		= nmnic_get_strings,
	.get_ethtool_stats	= nmnic_get_ethtool_stats,
};
