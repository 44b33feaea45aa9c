// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Vectors and sets of queues: NAPI, and how a port gets new queues without
 * giving up the old ones first.
 */
#include <net/netdev_queues.h>

#include "nmnic.h"

/* No event tells that a memory provider has buffers again. */
#define REFILL_RETRY	max_t(unsigned long, 1, HZ / 250)

int nmnic_poll(struct napi_struct *napi, int budget)
{
	struct nmnic_vec *vec = container_of(napi, struct nmnic_vec, napi);
	bool cleaned, sent = true;
	int done = 0;

	nmhw_vec_ack(vec->port->hw, vec->idx);
	cleaned = nmnic_txq_clean(vec->q.txq, budget);
	if (!budget)
		return 0;

	if (unlikely(vec->xsk))
		sent = nmnic_xsk_xmit(vec);
	done = nmnic_rxq_poll(vec->q.rxq, budget);
	if (unlikely(!nmnic_rxq_refill(vec->q.rxq, GFP_ATOMIC | __GFP_NOWARN)) &&
	    !timer_pending(&vec->refill_timer))
		mod_timer(&vec->refill_timer, jiffies + REFILL_RETRY);

	if (unlikely(!sent))
		return budget;
	/* Completions alone are put off by napi_defer_hard_irqs as well. */
	if (done < budget && napi_complete_done(napi, done ?: cleaned))
		nmhw_vec_unmask(vec->port->hw, vec->idx);
	return done;
}

static void refill_retry(struct timer_list *timer)
{
	struct nmnic_vec *vec = container_of(timer, struct nmnic_vec, refill_timer);

	napi_schedule(&vec->napi);
}

void nmnic_vec_init(struct nmnic_port *np, unsigned int idx)
{
	struct nmnic_vec *vec = &np->vec[idx];

	vec->port = np;
	vec->idx = idx;
	timer_setup(&vec->refill_timer, refill_retry, 0);
	u64_stats_init(&vec->rx_stats.syncp);
	u64_stats_init(&vec->tx_stats.syncp);
	u64_stats_init(&vec->tx_stats.xmit_syncp);
	netif_napi_add_config(np->netdev, &vec->napi, nmnic_poll, idx);
}

/* A poll that nobody asked for fetches what was missed, and unmasks the vector. */
static void vec_kick(struct nmnic_vec *vec)
{
	local_bh_disable();
	napi_schedule(&vec->napi);
	local_bh_enable();
}

/* The queues are started. */
void nmnic_vec_resume(struct nmnic_vec *vec)
{
	napi_enable_locked(&vec->napi);
	vec->napi_on = true;
	vec_kick(vec);
}

void nmnic_vec_pause(struct nmnic_vec *vec)
{
	if (!vec->napi_on)
		return;
	napi_disable_locked(&vec->napi);
	vec->napi_on = false;
	timer_delete_sync(&vec->refill_timer);
}

static void vec_set_napi(struct nmnic_vec *vec, struct napi_struct *napi)
{
	struct net_device *netdev = vec->port->netdev;

	netif_queue_set_napi(netdev, vec->idx, NETDEV_QUEUE_TYPE_RX, napi);
	netif_queue_set_napi(netdev, vec->idx, NETDEV_QUEUE_TYPE_TX, napi);
}

static int vec_start(struct nmnic_vec *vec)
{
	int err;

	err = nmnic_txq_start(vec->q.txq);
	if (err)
		return err;
	err = nmnic_rxq_start(vec->q.rxq);
	if (err)
		goto err_stop_txq;
	vec_set_napi(vec, &vec->napi);
	nmnic_vec_resume(vec);
	return 0;

err_stop_txq:
	nmnic_txq_stop(vec->q.txq);
	return err;
}

/* A queue whose restart failed has left no RX queue behind. */
static void vec_stop(struct nmnic_vec *vec)
{
	nmnic_vec_pause(vec);
	vec_set_napi(vec, NULL);
	if (vec->q.rxq)
		nmnic_rxq_stop(vec->q.rxq);
	nmnic_txq_stop(vec->q.txq);
}

/* A vector that is not in use has none. */
static void qpair_free(struct nmnic_qpair *q)
{
	if (q->rxq)
		nmnic_rxq_free(q->rxq);
	if (q->txq)
		nmnic_txq_free(q->txq);
}

static int qpair_alloc(struct nmnic_vec *vec, const struct nmnic_cfg *port_cfg,
		       struct nmnic_qpair *q)
{
	struct nmnic_cfg cfg = *port_cfg;
	struct netdev_queue_config qcfg;
	struct nmnic_rxq *rxq;
	struct nmnic_txq *txq;

	netdev_queue_config(vec->port->netdev, vec->idx, &qcfg);
	cfg.rx_page = qcfg.rx_page_size;
	rxq = nmnic_rxq_alloc(vec, &cfg);
	if (IS_ERR(rxq))
		return PTR_ERR(rxq);
	txq = nmnic_txq_alloc(vec, &cfg);
	if (IS_ERR(txq)) {
		nmnic_rxq_free(rxq);
		return PTR_ERR(txq);
	}
	q->rxq = rxq;
	q->txq = txq;
	return 0;
}

/* A set has room for the queues of all vectors, and the first ones filled. */
static struct nmnic_qpair *set_alloc(struct nmnic_port *np, const struct nmnic_cfg *cfg)
{
	struct nmnic_qpair *set;
	unsigned int i;
	int err;

	set = kzalloc_objs(*set, np->num_queues);
	if (!set)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < cfg->queues; i++) {
		err = qpair_alloc(&np->vec[i], cfg, &set[i]);
		if (err)
			goto err_free_set;
	}
	return set;

err_free_set:
	while (i--)
		qpair_free(&set[i]);
	kfree(set);
	return ERR_PTR(err);
}

static void set_free(struct nmnic_port *np, struct nmnic_qpair *set)
{
	unsigned int i;

	for (i = 0; i < np->num_queues; i++)
		qpair_free(&set[i]);
	kfree(set);
}

static void set_swap(struct nmnic_port *np, struct nmnic_qpair *set)
{
	unsigned int i;

	for (i = 0; i < np->num_queues; i++)
		swap(np->vec[i].q, set[i]);
}

static int set_start(struct nmnic_port *np)
{
	unsigned int i;
	int err;

	for (i = 0; i < np->cfg.queues; i++) {
		err = vec_start(&np->vec[i]);
		if (err)
			goto err_stop_vecs;
	}
	/* Those that the core knows, but are about to go, stay stopped. */
	for (i = 0; i < np->cfg.queues; i++)
		netif_tx_wake_queue(netdev_get_tx_queue(np->netdev, i));
	return 0;

err_stop_vecs:
	while (i--)
		vec_stop(&np->vec[i]);
	return err;
}

/* A completion wakes its transmit queue, so polling ends before these are stopped. */
static void set_stop(struct nmnic_port *np)
{
	unsigned int i;

	for (i = 0; i < np->cfg.queues; i++)
		nmnic_vec_pause(&np->vec[i]);
	netif_tx_disable(np->netdev);
	for (i = 0; i < np->cfg.queues; i++)
		vec_stop(&np->vec[i]);
}

static void port_link(void *ctx, bool up)
{
	struct nmnic_port *np = ctx;

	if (up)
		netif_carrier_on(np->netdev);
	else
		netif_carrier_off(np->netdev);
}

static void port_intr(void *ctx, unsigned int vec)
{
	struct nmnic_port *np = ctx;

	napi_schedule(&np->vec[vec].napi);
}

static const struct nmhw_port_ops port_ops = {
	.link	= port_link,
	.intr	= port_intr,
};

int nmnic_queues_open(struct nmnic_port *np)
{
	struct nmnic_qpair *set;
	unsigned int i;
	int err;

	set = set_alloc(np, &np->cfg);
	if (IS_ERR(set))
		return PTR_ERR(set);
	set_swap(np, set);

	err = set_start(np);
	if (err)
		goto err_free_set;
	err = nmhw_port_enable(np->hw, &port_ops, np);
	if (err)
		goto err_stop_set;
	/* A port that is enabled has its vectors masked. */
	for (i = 0; i < np->cfg.queues; i++)
		vec_kick(&np->vec[i]);
	np->up = true;
	kfree(set);
	return 0;

err_stop_set:
	set_stop(np);
err_free_set:
	set_swap(np, set);
	set_free(np, set);
	return err;
}

void nmnic_queues_close(struct nmnic_port *np)
{
	unsigned int i;

	if (np->up) {
		nmhw_port_disable(np->hw);
		netif_carrier_off(np->netdev);
		set_stop(np);
		np->up = false;
	}
	for (i = 0; i < np->num_queues; i++) {
		qpair_free(&np->vec[i].q);
		np->vec[i].q = (struct nmnic_qpair){};
	}
	nmnic_fault_buffer_end(&np->faults);
}

static int set_real_num(struct nmnic_port *np, unsigned int queues)
{
	return netif_set_real_num_queues(np->netdev, queues, queues);
}

/* The core hears of new queues before they start, and of queues that go when the
 * others run: to take away never fails, so either way can be gone back.
 */
static int set_start_from(struct nmnic_port *np, unsigned int before)
{
	unsigned int queues = np->cfg.queues;
	int err;

	if (queues > before) {
		err = set_real_num(np, queues);
		if (err)
			return err;
	}
	err = set_start(np);
	if (err)
		goto err_real_num;
	if (queues < before)
		set_real_num(np, queues);
	return 0;

err_real_num:
	if (queues > before)
		set_real_num(np, before);
	return err;
}

static void set_give_up(struct nmnic_port *np)
{
	netdev_err(np->netdev, "old queues do not start again, set it down and up\n");
	nmhw_port_disable(np->hw);
	netif_carrier_off(np->netdev);
	np->up = false;
}

/* Between the two no queue runs; frames wait. */
void nmnic_queues_pause(struct nmnic_port *np)
{
	if (np->up)
		set_stop(np);
}

/* An error leaves the port down in all but name, and is logged. */
int nmnic_queues_resume(struct nmnic_port *np)
{
	int err;

	if (!np->up)
		return 0;
	err = set_start(np);
	if (err)
		set_give_up(np);
	return err;
}

static int reconfigure_closed(struct nmnic_port *np, const struct nmnic_cfg *cfg)
{
	int err;

	err = set_real_num(np, cfg->queues);
	if (err)
		return err;
	np->cfg = *cfg;
	return 0;
}

/* Everything that can fail for lack of memory is done before the running queues
 * are touched. The link stays up; frames wait meanwhile.
 */
static int reconfigure_open(struct nmnic_port *np, const struct nmnic_cfg *cfg)
{
	struct nmnic_cfg old = np->cfg;
	struct nmnic_qpair *set;
	int err;

	if (!np->up)
		return -ENETDOWN;
	set = set_alloc(np, cfg);
	if (IS_ERR(set))
		return PTR_ERR(set);

	set_stop(np);
	set_swap(np, set);
	np->cfg = *cfg;
	err = set_start_from(np, old.queues);
	if (err) {
		set_swap(np, set);
		np->cfg = old;
		if (set_start(np))
			set_give_up(np);
	}
	set_free(np, set);
	return err;
}

/* Flows leave queues before these go, and reach new ones when they are there. */
int nmnic_queues_reconfigure(struct nmnic_port *np, const struct nmnic_cfg *cfg)
{
	unsigned int before = np->cfg.queues;
	int err;

	if (cfg->queues < before)
		nmnic_rss_spread(np, cfg->queues);
	if (netif_running(np->netdev))
		err = reconfigure_open(np, cfg);
	else
		err = reconfigure_closed(np, cfg);
	if (np->cfg.queues != before || err)
		nmnic_rss_spread(np, np->cfg.queues);
	return err;
}
