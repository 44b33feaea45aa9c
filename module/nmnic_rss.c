// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Receive hashing: key and indirection table as ethtool sees them. The table that
 * the user gave is his, one that nobody gave follows the number of queues.
 *
 * Further tables are RSS contexts, for the frames that ntuple rules send there.
 * Hash and key are the same for all.
 */
#include <linux/ethtool.h>

#include "nmnic.h"

int nmnic_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh)
{
	struct nmnic_port *np = netdev_priv(netdev);
	unsigned int i;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	if (rxfh->key)
		memcpy(rxfh->key, np->rss.key, NMHW_RSS_KEY_LEN);
	if (rxfh->indir)
		for (i = 0; i < NMHW_RSS_INDIR_LEN; i++)
			rxfh->indir[i] = np->rss.indir[i];
	return 0;
}

static void indir_default(u8 *indir, unsigned int queues)
{
	unsigned int i;

	for (i = 0; i < NMHW_RSS_INDIR_LEN; i++)
		indir[i] = ethtool_rxfh_indir_default(i, queues);
}

/* @indir becomes what is asked for, if that is anything and can be. */
static int param_indir(const struct nmnic_port *np, const struct ethtool_rxfh_param *rxfh,
		       u8 *indir, struct netlink_ext_ack *extack)
{
	unsigned int i;

	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG(extack, "the only hash function is toeplitz");
		return -EOPNOTSUPP;
	}
	for (i = 0; rxfh->indir && i < NMHW_RSS_INDIR_LEN; i++) {
		if (rxfh->indir[i] >= np->cfg.queues) {
			NL_SET_ERR_MSG_FMT(extack,
					   "entry %u of the indirection table is queue %u, which does not exist",
					   i, rxfh->indir[i]);
			return -EINVAL;
		}
		indir[i] = rxfh->indir[i];
	}
	return 0;
}

static int rss_set(struct nmnic_port *np, const struct nmhw_rss *rss)
{
	int err;

	err = nmhw_rss_set(np->hw, rss);
	if (err)
		return err;
	np->rss = *rss;
	return 0;
}

int nmnic_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
		   struct netlink_ext_ack *extack)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmhw_rss rss = np->rss;
	int err;

	err = param_indir(np, rxfh, rss.indir, extack);
	if (err)
		return err;
	if (rxfh->key)
		memcpy(rss.key, rxfh->key, NMHW_RSS_KEY_LEN);
	return rss_set(np, &rss);
}

/* ---- contexts --------------------------------------------------------------*/

/* The core has the table, and shows it. */
int nmnic_create_rxfh_context(struct net_device *netdev, struct ethtool_rxfh_context *ctx,
			      const struct ethtool_rxfh_param *rxfh,
			      struct netlink_ext_ack *extack)
{
	struct nmnic_port *np = netdev_priv(netdev);
	u32 *shown = ethtool_rxfh_context_indir(ctx);
	u8 indir[NMHW_RSS_INDIR_LEN];
	unsigned int i;
	int err;

	indir_default(indir, np->cfg.queues);
	err = param_indir(np, rxfh, indir, extack);
	if (err)
		return err;
	for (i = 0; !rxfh->indir && i < NMHW_RSS_INDIR_LEN; i++)
		shown[i] = indir[i];
	ctx->hfunc = ETH_RSS_HASH_TOP;
	return nmhw_rss_table_set(np->hw, rxfh->rss_context, indir);
}

int nmnic_modify_rxfh_context(struct net_device *netdev, struct ethtool_rxfh_context *ctx,
			      const struct ethtool_rxfh_param *rxfh,
			      struct netlink_ext_ack *extack)
{
	struct nmnic_port *np = netdev_priv(netdev);
	const u32 *shown = ethtool_rxfh_context_indir(ctx);
	u8 indir[NMHW_RSS_INDIR_LEN];
	unsigned int i;
	int err;

	for (i = 0; i < NMHW_RSS_INDIR_LEN; i++)
		indir[i] = shown[i];
	err = param_indir(np, rxfh, indir, extack);
	if (err)
		return err;
	return nmhw_rss_table_set(np->hw, rxfh->rss_context, indir);
}

/* No rule has it: the core looks. */
int nmnic_remove_rxfh_context(struct net_device *netdev, struct ethtool_rxfh_context *ctx,
			      u32 rss_context, struct netlink_ext_ack *extack)
{
	return 0;
}

/* Fixed in the device */
int nmnic_get_rxfh_fields(struct net_device *netdev, struct ethtool_rxfh_fields *fields)
{
	switch (fields->flow_type) {
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		fields->data = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
		return 0;
	case IPV4_FLOW:
	case IPV6_FLOW:
		fields->data = RXH_IP_SRC | RXH_IP_DST;
		return 0;
	default:
		fields->data = 0;
		return 0;
	}
}

/* ---- what the port does by itself ------------------------------------------*/

/* The first @queues queues exist, or will soon. */
void nmnic_rss_spread(struct nmnic_port *np, unsigned int queues)
{
	struct nmhw_rss rss = np->rss;

	if (netif_is_rxfh_configured(np->netdev))
		return;
	indir_default(rss.indir, queues);
	rss_set(np, &rss);
}

/* Before the port is visible */
int nmnic_rss_init(struct nmnic_port *np)
{
	struct nmhw_rss rss;

	netdev_rss_key_fill(rss.key, sizeof(rss.key));
	indir_default(rss.indir, np->cfg.queues);
	return rss_set(np, &rss);
}
