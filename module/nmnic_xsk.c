// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * AF_XDP sockets without a copy: a queue pair whose receive buffers come from the
 * socket's memory, and which sends from it. It receives only while a program is
 * attached, since nothing else brings a frame to the socket.
 */
#include <linux/filter.h>
#include <net/xdp_sock_drv.h>

#include "nmnic.h"

/* Frames to send in one poll; the stack uses the queue, too. */
#define XSK_TX_BUDGET	64

/* ---- receive: NAPI, or NAPI is disabled ------------------------------------*/

/* The buffers know the queue that they are received by. */
void nmnic_xsk_rxq_start(struct nmnic_rxq *rxq)
{
	rxq->xsk = rxq->xdp ? rxq->vec->xsk : NULL;
	if (rxq->xsk)
		xsk_pool_set_rxq_info(rxq->xsk, &rxq->xsk_rxq);
}

void nmnic_xsk_desc(struct nmnic_rxq *rxq, const struct nmnic_rx_buf *buf,
		    struct nmhw_rx_fill *desc)
{
	desc->addr = cpu_to_le64(xsk_buff_xdp_get_dma(buf->xsk));
	desc->len = cpu_to_le32(xsk_pool_get_rx_frame_size(rxq->xsk));
}

/* Buffers ran out, or not. True if the socket will say when there are more. */
bool nmnic_xsk_starved(struct nmnic_rxq *rxq, bool starved)
{
	if (!xsk_uses_need_wakeup(rxq->xsk))
		return false;
	if (starved)
		xsk_set_rx_need_wakeup(rxq->xsk);
	else
		xsk_clear_rx_need_wakeup(rxq->xsk);
	return true;
}

static struct sk_buff *xsk_build_skb(struct nmnic_vec *vec, const struct xdp_buff *xdp)
{
	unsigned int meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb;

	skb = napi_alloc_skb(&vec->napi, xdp->data_end - xdp->data_meta);
	if (unlikely(!skb))
		return NULL;
	skb_put_data(skb, xdp->data_meta, xdp->data_end - xdp->data_meta);
	if (meta) {
		__skb_pull(skb, meta);
		skb_metadata_set(skb, meta);
	}
	return skb;
}

/* A frame in one buffer, which this takes over. Returns as nmnic_xdp_finish(). */
struct sk_buff *nmnic_xsk_finish(struct nmnic_rxq *rxq, struct xdp_buff *xdp,
				 const struct nmhw_rx_cmpl *cmpl, u16 flags)
{
	struct nmnic_xdp_buff *xb = container_of(xdp, struct nmnic_xdp_buff, xdp);
	struct sk_buff *skb = NULL;
	u32 act;

	XSK_CHECK_PRIV_TYPE(struct nmnic_xdp_buff);
	xb->cmpl = cmpl;
	xb->flags = flags;
	xsk_buff_set_size(xdp, le32_to_cpu(cmpl->len));
	xsk_buff_dma_sync_for_cpu(xdp);

	if (!nmnic_xdp_run(rxq, xdp, &act))
		return NULL;
	if (act == XDP_PASS)
		skb = xsk_build_skb(rxq->vec, xdp) ?: ERR_PTR(-ENOMEM);
	xsk_buff_free(xdp);
	return skb;
}

/* ---- transmit --------------------------------------------------------------*/

static void tx_queue_desc(struct nmnic_txq *txq, struct xsk_buff_pool *xsk,
			  const struct xdp_desc *xd)
{
	struct nmhw_tx_desc *desc = &txq->desc[txq->tail & txq->mask];
	struct nmnic_tx_buf *buf = &txq->bufs[txq->tail & txq->mask];
	dma_addr_t addr = xsk_buff_raw_get_dma(xsk, xd->addr);

	xsk_buff_raw_dma_sync_for_device(xsk, addr, xd->len);
	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(xd->len);
	desc->flags = cpu_to_le16(NMHW_TXD_EOP);
	/* Mapped as long as the socket is there, nothing to undo */
	buf->linear = false;
	dma_unmap_addr_set(buf, addr, 0);
	buf->segs = 1;
	buf->wire_bytes = xd->len;
	buf->xsk = true;
	WRITE_ONCE(txq->tail, txq->tail + 1);
}

/* NAPI. Sends what the socket has queued; false if there may be more of it. */
bool nmnic_xsk_xmit(struct nmnic_vec *vec)
{
	struct netdev_queue *core = netdev_get_tx_queue(vec->port->netdev, vec->idx);
	struct nmnic_txq *txq = vec->q.txq;
	unsigned int n = 0;
	struct xdp_desc xd;

	__netif_tx_lock(core, smp_processor_id());
	/* The stack's frames must not find the ring full. */
	while (n < XSK_TX_BUDGET && nmnic_txq_avail(txq) >= 2 * NMNIC_TX_SEGS &&
	       xsk_tx_peek_desc(vec->xsk, &xd)) {
		tx_queue_desc(txq, vec->xsk, &xd);
		n++;
	}
	if (n) {
		nmnic_txq_bell(txq);
		xsk_tx_release(vec->xsk);
	}
	__netif_tx_unlock(core);
	return n < XSK_TX_BUDGET;
}

/* The application has queued frames, or buffers to receive into. */
int nmnic_xsk_wakeup(struct net_device *netdev, u32 queue, u32 flags)
{
	struct nmnic_port *np = netdev_priv(netdev);
	struct nmnic_vec *vec;

	if (!netif_running(netdev))
		return -ENETDOWN;
	if (queue >= np->num_queues)
		return -EINVAL;
	vec = &np->vec[queue];
	if (!READ_ONCE(vec->xsk))
		return -EINVAL;
	if (!napi_if_scheduled_mark_missed(&vec->napi)) {
		local_bh_disable();
		napi_schedule(&vec->napi);
		local_bh_enable();
	}
	return 0;
}
