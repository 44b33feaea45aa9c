// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * XDP: what becomes of a frame that a program looks at.
 *
 * With a program, buffers are laid out differently: whole pages with room in front,
 * mapped in both directions, and all from one page_pool, because the core returns
 * the pieces of a frame to one pool.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"
#include "nmnic_trace.h"

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
	if (unlikely(xdp_buff_has_frags(xdp) && !prog->aux->xdp_has_frags)) {
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
