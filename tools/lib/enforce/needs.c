// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See needs.h.
 */
#include <stdio.h>

#include "enforce/needs.h"
#include "kernel/features.h"
#include "rules/rules.h"

#define R(id)	(1ull << NMA_RULE_##id)

const struct nma_need nma_needs[] = {
	{ "nma_netlink_send", "netlink_send", "bpf_lsm_netlink_send",
	  R(BIND_02) | R(BIND_03) | R(BIND_07) | R(BIND_08) | R(BIND_09), 0 },
	{ "nma_socket_bind", "socket_bind", "bpf_lsm_socket_bind", R(BIND_05), 0 },
	{ "nma_recvmsg", "socket_recvmsg", "bpf_lsm_socket_recvmsg",
	  R(TOK_01) | R(TOK_04), 0 },
	{ "nma_returned", "sock_devmem_dontneed", "sock_devmem_dontneed", R(TOK_01), 0 },
	{ "nma_setsockopt", "socket_setsockopt", "bpf_lsm_socket_setsockopt",
	  R(TOK_02), 0 },
	{ "nma_token_list", "cgroup/setsockopt", NULL, R(TOK_02), 0 },
	{ "nma_sendmsg", "socket_sendmsg", "bpf_lsm_socket_sendmsg", R(TX_02), 0 },
	{ "nma_reaped", "sock_dequeue_err_skb", "sock_dequeue_err_skb", R(TX_02), 0 },
	{ "nma_rings_known", "rings_prepare_data", "rings_prepare_data", R(BIND_02), 0 },
	{ "nma_ethtool_begin", "dev_ethtool", "dev_ethtool", R(BIND_07), 0 },
	{ "nma_ethtool_end", "dev_ethtool", "dev_ethtool", R(BIND_07), 0 },
	{ "nma_ethtool_may", "capable", "bpf_lsm_capable", R(BIND_07), 0 },
	{ "nma_rss_known", "rss_prepare_data", "rss_prepare_data", R(BIND_07), 0 },
	{ "nma_rss_set", "ethtool_set_rxfh", "ethtool_set_rxfh", R(BIND_07), 0 },
	{ "nma_rss_set_indir", "ethtool_set_rxfh_indir", "ethtool_set_rxfh_indir",
	  R(BIND_07), 0 },
	{ "nma_queues_change", "netif_set_real_num_rx_queues",
	  "netif_set_real_num_rx_queues", R(BIND_07), 0 },
	{ "nma_bind_charge", "net_devmem_bind_dmabuf", "net_devmem_bind_dmabuf",
	  R(BIND_08) | R(BIND_09), 0 },
	{ "nma_bind_uncharge", "net_devmem_unbind_dmabuf", "net_devmem_unbind_dmabuf",
	  R(BIND_08) | R(BIND_09), 0 },
	/* of those that look at all calls alike the last: others come without them */
	{ "nma_zcrx_begin", "io_register_zcrx", "io_register_zcrx", R(BIND_09),
	  1u << NMA_WHO_ZCRX },
	{ "nma_zcrx_end", "io_register_zcrx", "io_register_zcrx", R(BIND_09),
	  1u << NMA_WHO_ZCRX },
	{ "nma_capable", "capable", "bpf_lsm_capable", R(BIND_09), 1u << NMA_WHO_ZCRX },
};

const unsigned int nma_nr_needs = sizeof(nma_needs) / sizeof(nma_needs[0]);

const struct nma_gap nma_gaps[] = {
	{ NMA_RULE_BIND_04, false,
	  "XDP on a device stacked on the port (VLAN, macvlan, bond) is let through: check and watch find it" },
	{ NMA_RULE_BIND_04, true,
	  "a program for packets in one buffer, with tcp-data-split on, only a driver refuses" },
	{ NMA_RULE_BIND_06, false,
	  "a driver that takes bound queues away by itself is not asked" },
	{ NMA_RULE_BIND_08, true,
	  "of a dma-buf only the whole size is seen, not that of its pieces" },
	{ NMA_RULE_TOK_01, false,
	  "recvmmsg() is looked at once for all that it receives" },
	{ NMA_RULE_TX_02, false,
	  "sendmmsg() to one address is looked at once for all that it sends" },
};

const unsigned int nma_nr_gaps = sizeof(nma_gaps) / sizeof(nma_gaps[0]);

bool nma_gap_is_open(const struct nma_gap *gap, const struct nma_features *f)
{
	if (!f->netmem || (gap->rule == NMA_RULE_TX_02 && !f->devmem_tx))
		return false;
	return !gap->old_only || !f->hds_cfg;
}

bool nma_needed(const struct nma_need *n, const struct nma_policy *pol)
{
	unsigned int rule;

	if (n->acts && !(n->acts & pol->restricted))
		return false;
	for (rule = 0; rule < NMA_RULE_MAX; rule++)
		if (n->rules & 1ull << rule && pol->mode[rule] != NMA_MODE_OFF)
			return true;
	return false;
}

bool nma_enforced_by_kernel(enum nma_rule_id rule, const struct nma_features *f)
{
	switch (nma_rules[rule].kernel) {
	case NMA_KERNEL_FULLY:
		return true;
	case NMA_KERNEL_SINCE_HDS_CFG:
		return f->hds_cfg;
	case NMA_KERNEL_BEFORE_DEVMEM_TX:
		/* who may receive into one is the policy's to say */
		return !f->devmem_tx && rule != NMA_RULE_BIND_09;
	default:
		return rule == NMA_RULE_TX_02 && !f->devmem_tx;
	}
}

void nma_needs_hooks(enum nma_rule_id rule, const struct nma_policy *pol, char *buf,
		     size_t size)
{
	const char *last = "";
	size_t used = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < nma_nr_needs; i++) {
		const struct nma_need *n = &nma_needs[i];

		if (!(n->rules & 1ull << rule) || !nma_needed(n, pol) || n->hook == last)
			continue;
		if (used < size)
			used += snprintf(buf + used, size - used, "%s%s",
					 used ? ", " : "", n->hook);
		last = n->hook;
	}
}
