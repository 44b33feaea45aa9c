// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The network device of a port: set-up, open and stop, features.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/netdev_queues.h>

#include "nmnic.h"

/* There is no frame check sequence on this wire. */
#define NMNIC_MAX_MTU	9500
static_assert(NMNIC_MAX_MTU + VLAN_ETH_HLEN <= NMHW_MAX_FRAME);
static_assert(TSO_LEGACY_MAX_SIZE + ETH_HLEN <= NMHW_MAX_TSO);

#define NMNIC_HW_FEATURES						\
	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO_ECN |		\
	 NETIF_F_TSO6 | NETIF_F_RXCSUM | NETIF_F_RXHASH | NETIF_F_NTUPLE |	\
	 NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_HW_VLAN_CTAG_RX)

#define NMNIC_XDP_FEATURES						\
	(NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT | NETDEV_XDP_ACT_RX_SG | \
	 NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_NDO_XMIT_SG |			\
	 NETDEV_XDP_ACT_XSK_ZEROCOPY | NETDEV_XDP_ACT_HW_OFFLOAD)

static int nmnic_open(struct net_device *netdev)
{
	int err = nmnic_queues_open(netdev_priv(netdev));

	if (!err)
		nmnic_fault_open(netdev_priv(netdev));
	return err;
}

static int nmnic_stop(struct net_device *netdev)
{
	nmnic_queues_close(netdev_priv(netdev));
	return 0;
}

static void port_set_filter(struct nmnic_port *np)
{
	nmhw_rx_filter_set(np->hw, np->netdev->dev_addr, np->netdev->flags & IFF_PROMISC);
}

/* The core asks for promiscuous mode when there are further unicast addresses,
 * and the device takes all multicast: the lists do not matter.
 */
static int nmnic_set_rx_mode(struct net_device *netdev, struct netdev_hw_addr_list *uc,
			     struct netdev_hw_addr_list *mc)
{
	port_set_filter(netdev_priv(netdev));
	return 0;
}
NMA_SET_RX_MODE(nmnic_set_rx_mode)

static int nmnic_set_mac_address(struct net_device *netdev, void *addr)
{
	int err;

	err = eth_mac_addr(netdev, addr);
	if (err)
		return err;
	port_set_filter(netdev_priv(netdev));
	return 0;
}

/* What we send. We take whatever the wire can carry: flows that have agreed on more
 * go on.
 */
static int nmnic_change_mtu(struct net_device *netdev, int mtu)
{
	struct nmnic_port *np = netdev_priv(netdev);
	int err;

	err = nmnic_xdp_check(np, &np->cfg, mtu, NULL);
	if (err)
		return err;
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

static void port_set_features(struct nmnic_port *np, netdev_features_t features)
{
	/* Only the device can verify payload that the CPU cannot read. */
	nmhw_rx_csum_set(np->hw, true);
	nmhw_rx_vlan_strip_set(np->hw, features & NETIF_F_HW_VLAN_CTAG_RX);
	nmnic_gro_set(np, features & NETIF_F_GRO_HW);
}

/* Merged frames are expected to begin with IP, and not to meet an XDP program. */
static netdev_features_t nmnic_fix_features(struct net_device *netdev, netdev_features_t features)
{
	struct nmnic_port *np = netdev_priv(netdev);

	if (!(features & NETIF_F_HW_VLAN_CTAG_RX) || rcu_access_pointer(np->xdp_prog))
		features &= ~NETIF_F_GRO_HW;
	return features;
}

static int nmnic_set_features(struct net_device *netdev, netdev_features_t features)
{
	struct nmnic_port *np = netdev_priv(netdev);

	port_set_features(np, features);
	if (!(features & NETIF_F_NTUPLE))
		nmnic_ntuple_flush(np);
	return 0;
}

static const struct net_device_ops nmnic_netdev_ops = {
	.ndo_init		= nmnic_offload_init,
	.ndo_uninit		= nmnic_offload_uninit,
	.ndo_open		= nmnic_open,
	.ndo_stop		= nmnic_stop,
	.ndo_start_xmit		= nmnic_start_xmit,
	.NMA_NDO_SET_RX_MODE	= NMA_SET_RX_MODE_OP(nmnic_set_rx_mode),
	.ndo_set_mac_address	= nmnic_set_mac_address,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_change_mtu		= nmnic_change_mtu,
	.ndo_fix_features	= nmnic_fix_features,
	.ndo_set_features	= nmnic_set_features,
	.ndo_get_stats64	= nmnic_get_stats64,
	.ndo_bpf		= nmnic_bpf,
	.ndo_xdp_xmit		= nmnic_xdp_xmit,
	.ndo_xsk_wakeup		= nmnic_xsk_wakeup,
};

bool nmnic_netdev_is_ours(const struct net_device *netdev)
{
	return netdev->netdev_ops == &nmnic_netdev_ops;
}

static void netdev_setup(struct nmnic_port *np)
{
	struct net_device *netdev = np->netdev;

	netdev->netdev_ops = &nmnic_netdev_ops;
	netdev->ethtool_ops = &nmnic_ethtool_ops;
	netdev->stat_ops = &nmnic_stat_ops;
	netdev->queue_mgmt_ops = &nmnic_queue_mgmt_ops;
	netdev->xdp_metadata_ops = &nmnic_xdp_metadata_ops;
	netdev->xdp_features = NMNIC_XDP_FEATURES;
	/* No netpoll: the device runs in the context that rings its doorbell, which
	 * must not have interrupts disabled.
	 */
	netdev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_DISABLE_NETPOLL;
	/* Fragments are unmapped by what they are, see nmnic_tx.c. */
	NMA_NETMEM_TX_SET(netdev);
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = NMNIC_MAX_MTU;
	netdev->hw_features = NMNIC_HW_FEATURES | NETIF_F_GRO_HW;
	netdev->features = NMNIC_HW_FEATURES | NETIF_F_HIGHDMA;
	netdev->vlan_features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO_ECN |
				NETIF_F_TSO6;
	eth_hw_addr_set(netdev, nmhw_port_mac(np->hw));
	/* The port's number, whatever else is called that way */
	snprintf(netdev->name, sizeof(netdev->name), NMNIC_IFNAME_PREFIX "%u",
		 nmhw_port_index(np->hw));
	netdev->name_assign_type = NET_NAME_PREDICTABLE;
}

/* The device in the state that the netdev shows */
static int port_reset(struct nmnic_port *np)
{
	port_set_features(np, np->netdev->features);
	nmhw_max_frame_set(np->hw, NMHW_MAX_FRAME);
	port_set_filter(np);
	return nmnic_rss_init(np);
}

struct net_device *nmnic_netdev_create(struct device *dev, struct nmhw_port *hw, u32 ring_size)
{
	unsigned int queues = nmhw_port_queues(hw);
	struct net_device *netdev;
	struct nmnic_port *np;
	unsigned int i;
	int err;

	netdev = alloc_etherdev_mq(struct_size(np, vec, queues), queues);
	if (!netdev)
		return ERR_PTR(-ENOMEM);
	SET_NETDEV_DEV(netdev, dev);

	np = netdev_priv(netdev);
	np->num_queues = queues;
	np->netdev = netdev;
	np->dev = dev;
	np->hw = hw;
	np->cfg.queues = queues;
	np->cfg.rx_ring = ring_size;
	np->cfg.tx_ring = ring_size;
	netdev_setup(np);
	for (i = 0; i < queues; i++)
		nmnic_vec_init(np, i);
	nmnic_fault_panel_init(np);
	netif_carrier_off(netdev);

	err = port_reset(np);
	if (err)
		goto err_free_netdev;
	err = register_netdev(netdev);
	if (err)
		goto err_free_netdev;
	nmnic_fault_panel_add(np);
	return netdev;

err_free_netdev:
	free_netdev(netdev);
	return ERR_PTR(err);
}

/* Buffers that the panel holds go back when no queue is left to hold more. */
void nmnic_netdev_destroy(struct net_device *netdev)
{
	struct nmnic_port *np = netdev_priv(netdev);

	unregister_netdev(netdev);
	nmnic_fault_panel_remove(np);
	nmnic_ntuple_flush(np);
	free_netdev(netdev);
}
