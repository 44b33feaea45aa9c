// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * AF_XDP sockets without a copy: which are taken, and how they come and go.
 *
 * The queue keeps its own buffers' pool meanwhile, so that a socket can come and
 * go without an allocation: the queues stop, start, and look then for where their
 * buffers are to come from.
 */
#include <linux/if_vlan.h>
#include <net/xdp_sock_drv.h>

#include "nmnic.h"

/* A frame of the socket lies in one buffer, headers and all. */
static int xsk_check_pool(const struct xsk_buff_pool *pool, const struct nmnic_cfg *cfg, int mtu,
			  struct netlink_ext_ack *extack)
{
	u32 max = xsk_pool_get_rx_frame_size((struct xsk_buff_pool *)pool);

	if (cfg->split) {
		NL_SET_ERR_MSG(extack, "a zero-copy AF_XDP socket needs tcp-data-split off");
		return -EINVAL;
	}
	if (mtu + VLAN_ETH_HLEN > max) {
		NL_SET_ERR_MSG_FMT(extack,
				   "an MTU of %d does not fit the %u bytes of a zero-copy AF_XDP buffer",
				   mtu, max);
		return -EINVAL;
	}
	return 0;
}

/* Can the sockets that are there live with this configuration? */
int nmnic_xsk_check(struct nmnic_port *np, const struct nmnic_cfg *cfg, int mtu,
		    struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err;

	for (i = 0; i < np->num_queues; i++) {
		if (!np->vec[i].xsk)
			continue;
		err = xsk_check_pool(np->vec[i].xsk, cfg, mtu, extack);
		if (err)
			return err;
	}
	return 0;
}

static int xsk_attach(struct nmnic_vec *vec, struct xsk_buff_pool *pool)
{
	struct nmnic_port *np = vec->port;
	int err;

	err = xsk_check_pool(pool, &np->cfg, np->netdev->mtu, NULL);
	if (err)
		return err;
	err = xsk_pool_dma_map(pool, np->dev, 0);
	if (err)
		return err;

	nmnic_queues_pause(np);
	WRITE_ONCE(vec->xsk, pool);
	err = nmnic_queues_resume(np);
	if (err)
		goto err_detach;
	/* The device has no way to learn of frames to send but to be woken. */
	if (xsk_uses_need_wakeup(pool))
		xsk_set_tx_need_wakeup(pool);
	return 0;

err_detach:
	WRITE_ONCE(vec->xsk, NULL);
	xsk_pool_dma_unmap(pool, 0);
	return err;
}

static int xsk_detach(struct nmnic_vec *vec)
{
	struct xsk_buff_pool *pool = vec->xsk;
	struct nmnic_port *np = vec->port;

	if (!pool)
		return -EINVAL;
	nmnic_queues_pause(np);
	WRITE_ONCE(vec->xsk, NULL);
	nmnic_queues_resume(np);
	xsk_pool_dma_unmap(pool, 0);
	return 0;
}

/* @pool: NULL when the socket goes */
int nmnic_xsk_setup(struct nmnic_port *np, struct xsk_buff_pool *pool, unsigned int queue)
{
	if (queue >= np->num_queues)
		return -EINVAL;
	return pool ? xsk_attach(&np->vec[queue], pool) : xsk_detach(&np->vec[queue]);
}
