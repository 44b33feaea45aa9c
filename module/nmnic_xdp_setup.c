// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * XDP: which programs are taken, and how they come and go.
 *
 * Programs read frames, so a queue whose memory nobody can read takes none. As
 * buffers are laid out differently under XDP, the first program and the last one
 * to go bring new queues; one program is replaced by another in place.
 */
#include <linux/filter.h>
#include <linux/if_vlan.h>

#include "nmnic.h"

/* Frames that fit into one buffer, for programs that know no other. The device
 * does not count a VLAN tag.
 */
#define XDP_MAX_MTU	(PAGE_SIZE - XDP_PACKET_HEADROOM - NMNIC_SKB_TAIL - VLAN_ETH_HLEN)

static bool single_buffer(const struct bpf_prog *prog)
{
	return prog && !prog->aux->xdp_has_frags;
}

/* Can @prog live with this configuration? */
static int xdp_check_prog(const struct bpf_prog *prog, const struct nmnic_cfg *cfg, int mtu,
			  struct netlink_ext_ack *extack)
{
	if (!single_buffer(prog))
		return 0;
	if (cfg->split) {
		NL_SET_ERR_MSG(extack, "tcp-data-split needs an XDP program with frags");
		return -EINVAL;
	}
	if (mtu > XDP_MAX_MTU) {
		NL_SET_ERR_MSG_FMT(extack, "an MTU over %lu needs an XDP program with frags",
				   XDP_MAX_MTU);
		return -EINVAL;
	}
	return 0;
}

/* ... the one that is attached? */
int nmnic_xdp_check(struct nmnic_port *np, const struct nmnic_cfg *cfg, int mtu,
		    struct netlink_ext_ack *extack)
{
	int err;

	err = xdp_check_prog(netdev_ops_lock_dereference(np->xdp_prog, np->netdev), cfg, mtu,
			     extack);
	return err ?: nmnic_xsk_check(np, cfg, mtu, extack);
}

static int xdp_check_providers(struct nmnic_port *np, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < np->num_queues; i++) {
		if (!netif_rxq_has_unreadable_mp(np->netdev, i))
			continue;
		NL_SET_ERR_MSG_FMT(extack,
				   "queue %u has a memory provider, XDP could not read its frames",
				   i);
		return -EBUSY;
	}
	return 0;
}

/* Whatever the peer's MTU is, a program gets no frame that is more than it can take. */
static void xdp_set_prog(struct nmnic_port *np, struct bpf_prog *prog)
{
	nmhw_max_frame_set(np->hw, single_buffer(prog) ? XDP_MAX_MTU + ETH_HLEN : NMHW_MAX_FRAME);
	rcu_assign_pointer(np->xdp_prog, prog);
}

/* Frames that the device merges are not what a program should see. */
static int xdp_start(struct nmnic_port *np, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct nmnic_cfg cfg = np->cfg;
	int err;

	cfg.xdp = true;
	nmnic_gro_set(np, false);
	err = nmnic_queues_reconfigure(np, &cfg);
	if (err) {
		NL_SET_ERR_MSG(extack, "no new queues, the old ones stay");
		nmnic_gro_set(np, np->netdev->features & NETIF_F_GRO_HW);
		return err;
	}
	xdp_set_prog(np, prog);
	netdev_update_features(np->netdev);
	return 0;
}

/* Cannot fail: if there is no memory for other queues, those that are there go
 * on without a program.
 */
static void xdp_stop(struct nmnic_port *np)
{
	struct nmnic_cfg cfg = np->cfg;

	xdp_set_prog(np, NULL);
	cfg.xdp = false;
	if (nmnic_queues_reconfigure(np, &cfg))
		np->cfg.xdp = false;
	netdev_update_features(np->netdev);
}

static int xdp_setup(struct nmnic_port *np, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = netdev_ops_lock_dereference(np->xdp_prog, np->netdev);
	int err;

	if (prog) {
		err = xdp_check_providers(np, extack);
		if (err)
			return err;
		err = xdp_check_prog(prog, &np->cfg, np->netdev->mtu, extack);
		if (err)
			return err;
		err = nmnic_may_attach(np, prog, extack);
		if (err)
			return err;
	}
	if (prog && !old) {
		err = xdp_start(np, prog, extack);
		if (err)
			return err;
	} else if (prog) {
		xdp_set_prog(np, prog);
	} else if (old) {
		xdp_stop(np);
	}
	/* It is freed when no poll can run it any more. */
	if (old)
		bpf_prog_put(old);
	return 0;
}

int nmnic_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return xdp_setup(netdev_priv(netdev), bpf->prog, bpf->extack);
	case XDP_SETUP_PROG_HW:
		return nmnic_offload_setup(netdev_priv(netdev), bpf->prog, bpf->extack);
	case XDP_SETUP_XSK_POOL:
		return nmnic_xsk_setup(netdev_priv(netdev), bpf->xsk.pool, bpf->xsk.queue_id);
	default:
		return -EOPNOTSUPP;
	}
}
