// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * XDP: which programs are taken, and what becomes of a frame that one looks at.
 *
 * Programs read frames, so a queue whose memory nobody can read takes none. With
 * a program, buffers are laid out differently: whole pages with room in front,
 * mapped in both directions, and all from one page_pool, because the core returns
 * the pieces of a frame to one pool. So the first program and the last one to go
 * bring new queues; one program is replaced by another in place.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"
#include "nmnic_trace.h"

/* Frames that fit into one buffer, for programs that know no other. The device
 * does not count a VLAN tag.
 */
#define XDP_MAX_MTU	(PAGE_SIZE - XDP_PACKET_HEADROOM - NMNIC_SKB_TAIL - VLAN_ETH_HLEN)

static bool single_buffer(const struct bpf_prog *prog)
{
	return prog && !prog->aux->xdp_has_frags;
}

/* ---- receive queues --------------------------------------------------------*/

/* The queue's pools exist. Programs see its buffers, and may hand them on. */
int nmnic_xdp_rxq_register(struct nmnic_rxq *rxq)
{
	struct nmnic_vec *vec = rxq->vec;
	int err;

	if (!rxq->xdp)
		return 0;
	err = __xdp_rxq_info_reg(&rxq->xdp_rxq, vec->port->netdev, vec->idx, vec->napi.napi_id,
				 PAGE_SIZE);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&rxq->xdp_rxq, MEM_TYPE_PAGE_POOL,
					 rxq->fill[NMHW_RX_RING_PAY].pool);
	if (err)
		goto err_unreg_xdp;
	err = __xdp_rxq_info_reg(&rxq->xsk_rxq, vec->port->netdev, vec->idx, vec->napi.napi_id, 0);
	if (err)
		goto err_unreg_xdp;
	err = xdp_rxq_info_reg_mem_model(&rxq->xsk_rxq, MEM_TYPE_XSK_BUFF_POOL, NULL);
	if (err)
		goto err_unreg_xsk;
	return 0;

err_unreg_xsk:
	xdp_rxq_info_unreg(&rxq->xsk_rxq);
err_unreg_xdp:
	xdp_rxq_info_unreg(&rxq->xdp_rxq);
	return err;
}

void nmnic_xdp_rxq_unregister(struct nmnic_rxq *rxq)
{
	if (!rxq->xdp)
		return;
	xdp_rxq_info_unreg(&rxq->xsk_rxq);
	xdp_rxq_info_unreg(&rxq->xdp_rxq);
}

/* ---- frames: NAPI, or NAPI is disabled -------------------------------------*/

/* Begins a frame in the buffer at @va, which is the pool's page. */
void nmnic_xdp_begin(struct nmnic_rxq *rxq, void *va, u32 headroom, u32 len,
		     const struct nmhw_rx_cmpl *cmpl, u16 flags)
{
	struct nmnic_xdp_buff *xb = &rxq->xb;

	xdp_init_buff(&xb->xdp, PAGE_SIZE, &rxq->xdp_rxq);
	xdp_prepare_buff(&xb->xdp, va, headroom, len, true);
	xb->cmpl = cmpl;
	xb->flags = flags;
}

void nmnic_xdp_cancel(struct nmnic_rxq *rxq)
{
	struct nmnic_xdp_buff *xb = &rxq->xb;

	if (!xb->xdp.data)
		return;
	xdp_return_buff(&xb->xdp);
	xb->xdp.data = NULL;
}

static struct sk_buff *xdp_build_skb(const struct xdp_buff *xdp)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	int meta = xdp->data - xdp->data_meta;
	unsigned int nr_frags = 0;
	struct sk_buff *skb;

	/* Building the skb overwrites this. */
	if (xdp_buff_has_frags(xdp))
		nr_frags = info->nr_frags;

	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (meta > 0)
		skb_metadata_set(skb, meta);
	if (nr_frags)
		xdp_update_skb_frags_info(skb, nr_frags, info->xdp_frags_size,
					  nr_frags * PAGE_SIZE, xdp_buff_get_skb_flags(xdp));
	return skb;
}

/* Runs the program. True if the frame is still ours, to be passed on or, with
 * any other verdict than XDP_PASS in @act, dropped.
 */
bool nmnic_xdp_run(struct nmnic_rxq *rxq, struct xdp_buff *xdp, u32 *act)
{
	struct net_device *netdev = rxq->vec->port->netdev;
	struct bpf_prog *prog;

	*act = XDP_PASS;
	/* None: it is about to come, or has just gone. */
	prog = rcu_dereference_bh(rxq->vec->port->xdp_prog);
	if (unlikely(!prog))
		return true;
	if (unlikely(xdp_buff_has_frags(xdp) && single_buffer(prog))) {
		/* It came before the device was told not to take it. */
		*act = XDP_DROP;
		rxq->xdp_count[NMNIC_XDP_TOO_LONG]++;
		return true;
	}
	*act = bpf_prog_run_xdp(prog, xdp);
	trace_xdp_verdict(netdev, rxq->vec->idx, prog, xdp, *act);
	switch (*act) {
	case XDP_PASS:
		rxq->xdp_count[NMNIC_XDP_PASS]++;
		return true;
	case XDP_TX:
		if (likely(!nmnic_xdp_tx(rxq->vec, xdp))) {
			rxq->xdp_count[NMNIC_XDP_TX]++;
			return false;
		}
		rxq->xdp_count[NMNIC_XDP_TX_ERROR]++;
		break;
	case XDP_REDIRECT:
		if (likely(!xdp_do_redirect(netdev, xdp, prog))) {
			rxq->xdp_count[NMNIC_XDP_REDIRECT]++;
			return false;
		}
		rxq->xdp_count[NMNIC_XDP_REDIRECT_ERROR]++;
		break;
	case XDP_DROP:
		rxq->xdp_count[NMNIC_XDP_DROP]++;
		return true;
	default:
		bpf_warn_invalid_xdp_action(netdev, prog, *act);
		fallthrough;
	case XDP_ABORTED:
		rxq->xdp_count[NMNIC_XDP_ABORTED]++;
		break;
	}
	trace_xdp_exception(netdev, prog, *act);
	return true;
}

/* The frame is complete. Returns the skb to deliver; NULL if the program has done
 * something else with the frame; ERR_PTR(-ENOMEM) if there was no skb for it.
 */
struct sk_buff *nmnic_xdp_finish(struct nmnic_rxq *rxq)
{
	struct xdp_buff *xdp = &rxq->xb.xdp;
	struct sk_buff *skb = NULL;
	u32 act;

	if (!nmnic_xdp_run(rxq, xdp, &act))
		goto out;
	if (act == XDP_PASS)
		skb = xdp_build_skb(xdp) ?: ERR_PTR(-ENOMEM);
	if (IS_ERR_OR_NULL(skb))
		xdp_return_buff(xdp);
out:
	xdp->data = NULL;
	return skb;
}

/* The end of a poll: sends what was put off, and adds up the counters. */
void nmnic_xdp_flush(struct nmnic_rxq *rxq)
{
	struct nmnic_rx_stats *st = &rxq->vec->rx_stats;
	unsigned int i;

	if (rxq->xdp_count[NMNIC_XDP_REDIRECT])
		xdp_do_flush();
	if (rxq->xdp_count[NMNIC_XDP_TX])
		nmnic_xdp_tx_flush(rxq->vec);

	u64_stats_update_begin(&st->syncp);
	for (i = 0; i < NMNIC_XDP_COUNTS; i++)
		st->xdp[i] += rxq->xdp_count[i];
	u64_stats_update_end(&st->syncp);
	memset(rxq->xdp_count, 0, sizeof(rxq->xdp_count));
}

/* ---- what programs can ask about a frame -----------------------------------*/

static int xdp_rx_hash(const struct xdp_md *ctx, u32 *hash, enum xdp_rss_hash_type *type)
{
	const struct nmnic_xdp_buff *xb = (const void *)ctx;

	if (!xb->cmpl->hash || !(xb->xdp.rxq->dev->features & NETIF_F_RXHASH))
		return -ENODATA;
	*hash = le32_to_cpu(xb->cmpl->hash);
	*type = xb->flags & NMHW_RXC_HASH_L4 ? XDP_RSS_TYPE_L4_ANY : XDP_RSS_TYPE_NONE;
	return 0;
}

static int xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto, u16 *tci)
{
	const struct nmnic_xdp_buff *xb = (const void *)ctx;

	if (!(xb->flags & NMHW_RXC_VLAN))
		return -ENODATA;
	*proto = htons(ETH_P_8021Q);
	*tci = le16_to_cpu(xb->cmpl->vlan_tci);
	return 0;
}

const struct xdp_metadata_ops nmnic_xdp_metadata_ops = {
	.xmo_rx_hash		= xdp_rx_hash,
	.xmo_rx_vlan_tag	= xdp_rx_vlan_tag,
};

/* ---- programs come and go --------------------------------------------------*/

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

/* Can not fail: if there is no memory for other queues, those that are there go
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
