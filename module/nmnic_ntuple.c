// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * ntuple rules: the device's exact-match steering table as ethtool sees it.
 * With one rule per flow and an indirection table without the queue, one flow
 * and nothing else reaches a queue.
 */
#include <linux/ethtool.h>
#include <linux/in.h>

#include "nmnic.h"

/* Parts of a rule that the device has no column for */
#define FLOW_FLAGS	(FLOW_EXT | FLOW_MAC_EXT)

static void rule_set_v4(struct nmhw_rule *rule, __be32 src, __be32 src_mask, __be32 dst,
			__be32 dst_mask)
{
	rule->ip_version = 4;
	memcpy(rule->src, &src, sizeof(src));
	memcpy(rule->src_mask, &src_mask, sizeof(src_mask));
	memcpy(rule->dst, &dst, sizeof(dst));
	memcpy(rule->dst_mask, &dst_mask, sizeof(dst_mask));
}

static void rule_set_v6(struct nmhw_rule *rule, const __be32 *src, const __be32 *src_mask,
			const __be32 *dst, const __be32 *dst_mask)
{
	rule->ip_version = 6;
	memcpy(rule->src, src, sizeof(rule->src));
	memcpy(rule->src_mask, src_mask, sizeof(rule->src_mask));
	memcpy(rule->dst, dst, sizeof(rule->dst));
	memcpy(rule->dst_mask, dst_mask, sizeof(rule->dst_mask));
}

static void rule_set_ports(struct nmhw_rule *rule, u8 proto, __be16 sport, __be16 sport_mask,
			   __be16 dport, __be16 dport_mask)
{
	rule->l4_proto = proto;
	rule->sport = sport;
	rule->sport_mask = sport_mask;
	rule->dport = dport;
	rule->dport_mask = dport_mask;
}

static int rule_set_l4_v4(struct nmhw_rule *rule, const struct ethtool_rx_flow_spec *fs, u8 proto)
{
	const struct ethtool_tcpip4_spec *h = &fs->h_u.tcp_ip4_spec;
	const struct ethtool_tcpip4_spec *m = &fs->m_u.tcp_ip4_spec;

	if (m->tos)
		return -EOPNOTSUPP;
	rule_set_v4(rule, h->ip4src, m->ip4src, h->ip4dst, m->ip4dst);
	rule_set_ports(rule, proto, h->psrc, m->psrc, h->pdst, m->pdst);
	return 0;
}

static int rule_set_l4_v6(struct nmhw_rule *rule, const struct ethtool_rx_flow_spec *fs, u8 proto)
{
	const struct ethtool_tcpip6_spec *h = &fs->h_u.tcp_ip6_spec;
	const struct ethtool_tcpip6_spec *m = &fs->m_u.tcp_ip6_spec;

	if (m->tclass)
		return -EOPNOTSUPP;
	rule_set_v6(rule, h->ip6src, m->ip6src, h->ip6dst, m->ip6dst);
	rule_set_ports(rule, proto, h->psrc, m->psrc, h->pdst, m->pdst);
	return 0;
}

static int rule_set_l3_v4(struct nmhw_rule *rule, const struct ethtool_rx_flow_spec *fs)
{
	const struct ethtool_usrip4_spec *h = &fs->h_u.usr_ip4_spec;
	const struct ethtool_usrip4_spec *m = &fs->m_u.usr_ip4_spec;

	if (m->l4_4_bytes || m->tos || m->ip_ver || (m->proto && m->proto != 0xff))
		return -EOPNOTSUPP;
	rule_set_v4(rule, h->ip4src, m->ip4src, h->ip4dst, m->ip4dst);
	rule->l4_proto = m->proto ? h->proto : 0;
	return 0;
}

static int rule_set_l3_v6(struct nmhw_rule *rule, const struct ethtool_rx_flow_spec *fs)
{
	const struct ethtool_usrip6_spec *h = &fs->h_u.usr_ip6_spec;
	const struct ethtool_usrip6_spec *m = &fs->m_u.usr_ip6_spec;

	if (m->l4_4_bytes || m->tclass || (m->l4_proto && m->l4_proto != 0xff))
		return -EOPNOTSUPP;
	rule_set_v6(rule, h->ip6src, m->ip6src, h->ip6dst, m->ip6dst);
	rule->l4_proto = m->l4_proto ? h->l4_proto : 0;
	return 0;
}

static int rule_set_match(struct nmhw_rule *rule, const struct ethtool_rx_flow_spec *fs)
{
	switch (fs->flow_type & ~FLOW_RSS) {
	case TCP_V4_FLOW:
		return rule_set_l4_v4(rule, fs, IPPROTO_TCP);
	case UDP_V4_FLOW:
		return rule_set_l4_v4(rule, fs, IPPROTO_UDP);
	case TCP_V6_FLOW:
		return rule_set_l4_v6(rule, fs, IPPROTO_TCP);
	case UDP_V6_FLOW:
		return rule_set_l4_v6(rule, fs, IPPROTO_UDP);
	case IPV4_USER_FLOW:
		return rule_set_l3_v4(rule, fs);
	case IPV6_USER_FLOW:
		return rule_set_l3_v6(rule, fs);
	default:
		return -EOPNOTSUPP;
	}
}

/* The queue, or an RSS context, whose table is the device's of the same number:
 * nothing is added to what it says.
 */
static int rule_set_queue(const struct nmnic_port *np, struct nmhw_rule *rule,
			  const struct ethtool_rxnfc *cmd)
{
	const struct ethtool_rx_flow_spec *fs = &cmd->fs;

	if (fs->flow_type & FLOW_RSS) {
		if (fs->ring_cookie)
			return -EOPNOTSUPP;
		if (cmd->rss_context >= NMHW_RSS_TABLES)
			return -EINVAL;
		rule->queue = NMHW_RULE_HASH;
		rule->table = cmd->rss_context;
		return 0;
	}
	if (fs->ring_cookie == RX_CLS_FLOW_DISC) {
		rule->queue = NMHW_RULE_DROP;
		return 0;
	}
	/* The upper half names virtual functions, which there are none of. */
	if (fs->ring_cookie >= np->cfg.queues)
		return -EINVAL;
	rule->queue = fs->ring_cookie;
	return 0;
}

static int rule_find_free(const struct nmnic_port *np)
{
	unsigned int i;

	for (i = 0; i < NMHW_MAX_RULES; i++)
		if (!np->rules[i].used)
			return i;
	return -ENOSPC;
}

static int rule_insert(struct nmnic_port *np, struct ethtool_rxnfc *cmd)
{
	struct ethtool_rx_flow_spec *fs = &cmd->fs;
	struct nmhw_rule rule = {};
	int loc = fs->location;
	int err;

	if (!(np->netdev->features & NETIF_F_NTUPLE))
		return -EOPNOTSUPP;
	if (fs->flow_type & FLOW_FLAGS)
		return -EOPNOTSUPP;
	err = rule_set_match(&rule, fs);
	if (err)
		return err;
	err = rule_set_queue(np, &rule, cmd);
	if (err)
		return err;

	if (fs->location == RX_CLS_LOC_ANY)
		loc = rule_find_free(np);
	else if (fs->location >= NMHW_MAX_RULES)
		loc = -EINVAL;
	if (loc < 0)
		return loc;

	err = nmhw_rule_set(np->hw, loc, &rule);
	if (err)
		return err;
	fs->location = loc;
	np->num_rules += !np->rules[loc].used;
	np->rules[loc].used = true;
	np->rules[loc].fs = *fs;
	np->rules[loc].rss_context = cmd->rss_context;
	return 0;
}

static int rule_delete(struct nmnic_port *np, u32 loc)
{
	int err;

	if (loc >= NMHW_MAX_RULES || !np->rules[loc].used)
		return -ENOENT;
	err = nmhw_rule_clear(np->hw, loc);
	if (err)
		return err;
	np->rules[loc].used = false;
	np->num_rules--;
	return 0;
}

void nmnic_ntuple_flush(struct nmnic_port *np)
{
	unsigned int i;

	for (i = 0; i < NMHW_MAX_RULES; i++)
		if (np->rules[i].used)
			rule_delete(np, i);
}

int nmnic_ntuple_set(struct nmnic_port *np, struct ethtool_rxnfc *cmd)
{
	switch (cmd->cmd) {
	case ETHTOOL_SRXCLSRLINS:
		return rule_insert(np, cmd);
	case ETHTOOL_SRXCLSRLDEL:
		return rule_delete(np, cmd->fs.location);
	default:
		return -EOPNOTSUPP;
	}
}

static int rule_get(const struct nmnic_port *np, struct ethtool_rxnfc *cmd)
{
	u32 loc = cmd->fs.location;

	if (loc >= NMHW_MAX_RULES || !np->rules[loc].used)
		return -ENOENT;
	cmd->fs = np->rules[loc].fs;
	cmd->rss_context = np->rules[loc].rss_context;
	cmd->data = NMHW_MAX_RULES;
	return 0;
}

static int rule_get_all(const struct nmnic_port *np, struct ethtool_rxnfc *cmd, u32 *locs)
{
	u32 i, n = 0;

	for (i = 0; i < NMHW_MAX_RULES; i++) {
		if (!np->rules[i].used)
			continue;
		if (n == cmd->rule_cnt)
			return -EMSGSIZE;
		locs[n++] = i;
	}
	cmd->rule_cnt = n;
	cmd->data = NMHW_MAX_RULES;
	return 0;
}

int nmnic_ntuple_get(struct nmnic_port *np, struct ethtool_rxnfc *cmd, u32 *locs)
{
	switch (cmd->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		cmd->rule_cnt = np->num_rules;
		cmd->data = NMHW_MAX_RULES | RX_CLS_LOC_SPECIAL;
		return 0;
	case ETHTOOL_GRXCLSRULE:
		return rule_get(np, cmd);
	case ETHTOOL_GRXCLSRLALL:
		return rule_get_all(np, cmd, locs);
	default:
		return -EOPNOTSUPP;
	}
}
