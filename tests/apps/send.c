// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role send: connections that carry the pattern, and with --dmabuf the binding of
 * what they send from.
 */
#include <errno.h>
#include <inttypes.h>

#include "flow.h"
#include "roles.h"

#define ACK_POLL_MS	5	/* acknowledgements raise no event */

struct sender {
	const struct nma_opts *opts;
	struct nma_udmabuf dmabuf;
	struct nma_binding binding;
	struct nma_udmabuf rx_dmabuf;	/* the two of --rx-id */
	struct nma_binding rx_binding;
	struct nma_flow_env env;
	unsigned int n_flows;
};

/* Too large for the stack, and there is one sender to a process. */
static struct nma_flow flows[NMA_MAX_FLOWS];

static int sender_bind_rx(struct sender *tx)
{
	const struct nma_opts *o = tx->opts;
	int err;

	err = nma_udmabuf_create(&tx->rx_dmabuf, o->size);
	if (err)
		return err;
	return nma_binding_open(&tx->rx_binding, o->ifname, &o->queues,
				tx->rx_dmabuf.fd);
}

static int sender_bind(struct sender *tx, struct nma_report *r)
{
	const struct nma_opts *o = tx->opts;
	int err;

	if (!o->dmabuf)
		return 0;
	err = nma_udmabuf_create(&tx->dmabuf, o->size);
	if (err)
		return err;
	err = nma_binding_open_tx(&tx->binding, o->ifname, tx->dmabuf.fd);
	if (err)
		return err;
	r->dmabuf_id = tx->binding.id;
	return o->misdeeds[NMA_MISDEED_RX_ID] ? sender_bind_rx(tx) : 0;
}

static int sender_connect(struct sender *tx)
{
	int err = 0;

	while (!err && tx->n_flows < tx->opts->flows) {
		err = nma_flow_open(&flows[tx->n_flows], &tx->env, tx->n_flows);
		tx->n_flows++;
	}
	return err ? err : nma_ready(tx->opts, "ready");
}

/* In this order: what is on its way goes before what it lies in. */
static void sender_close(struct sender *tx)
{
	unsigned int i;

	for (i = 0; i < tx->n_flows; i++)
		nma_flow_close(&flows[i]);
	nma_binding_close(&tx->binding);
	nma_udmabuf_destroy(&tx->dmabuf);
	nma_binding_close(&tx->rx_binding);
	nma_udmabuf_destroy(&tx->rx_dmabuf);
}

/* What the peers have acknowledged so far. */
static uint64_t total_acked(const struct sender *tx)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < tx->n_flows; i++)
		sum += nma_flow_acked(&flows[i]);
	return sum;
}

/* What changes when anything moves. */
static uint64_t progress(const struct sender *tx)
{
	uint64_t sum = total_acked(tx);
	unsigned int i;

	for (i = 0; i < tx->n_flows; i++)
		sum += flows[i].zc.completed;
	return sum;
}

/* Entry i is flow i's. One that waits for what poll() cannot see makes *@ms
 * short.
 */
static unsigned int make_poll_set(const struct sender *tx, struct pollfd *fds,
				  unsigned int *ms)
{
	unsigned int busy = 0;
	unsigned int i;

	for (i = 0; i < tx->n_flows; i++) {
		fds[i] = (struct pollfd){ .fd = -1 };
		if (flows[i].state == NMA_FLOW_DONE)
			continue;
		if (!nma_flow_poll(&flows[i], &fds[i]))
			*ms = ACK_POLL_MS;
		busy++;
	}
	return busy;
}

static int sender_advance(struct sender *tx, const struct pollfd *fds)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < tx->n_flows && !err; i++)
		err = nma_flow_advance(&flows[i], fds[i].revents);
	return err;
}

/* All sends that were to be, or could be, are completed and nobody has read that. */
static bool all_ignored(const struct sender *tx)
{
	const struct nma_report *r = tx->env.report;
	bool more = false;
	uint64_t sent = 0;
	unsigned int i;

	for (i = 0; i < tx->n_flows; i++) {
		sent += flows[i].pos;
		more |= flows[i].state == NMA_FLOW_SENDING;
	}
	if (more && nma_misdeed_due(tx->opts, r, NMA_MISDEED_IGNORE_COMPLETIONS))
		return false;
	return total_acked(tx) == sent;
}

/* Sits on the completions, then goes on as it should. */
static int hold_completions(struct sender *tx)
{
	int err;

	err = nma_ready(tx->opts, "held");
	if (!err)
		err = nma_wait(NULL, 0, tx->opts->hold * 1000);
	tx->env.ignore = false;
	return err;
}

static int send_all(struct sender *tx)
{
	uint64_t limit_ns = tx->opts->timeout * 1000000000;
	uint64_t moved_ns = nma_report_now_ns();
	struct pollfd fds[NMA_MAX_FLOWS];
	uint64_t last = 0;
	unsigned int ms;
	uint64_t now;
	int err;

	for (;;) {
		ms = tx->opts->timeout * 1000;
		if (!make_poll_set(tx, fds, &ms))
			return 0;
		err = nma_wait(fds, tx->n_flows, ms);
		if (err >= 0)
			err = sender_advance(tx, fds);
		if (!err && tx->env.ignore && all_ignored(tx))
			err = hold_completions(tx);
		if (err)
			return err;
		now = nma_report_now_ns();
		if (progress(tx) != last)
			moved_ns = now;
		last = progress(tx);
		if (limit_ns && now - moved_ns >= limit_ns)
			return nma_fail("nothing was acknowledged for %u s",
					(unsigned int)tx->opts->timeout);
	}
}

enum nma_exit nma_send_run(const struct nma_opts *o, struct nma_report *r)
{
	struct sender tx = {
		.opts = o,
		.dmabuf = NMA_UDMABUF_NONE,
		.rx_dmabuf = NMA_UDMABUF_NONE,
	};
	enum nma_exit status;
	uint64_t start_ns;
	int err;

	tx.env = (struct nma_flow_env){
		.opts = o, .dmabuf = &tx.dmabuf, .binding = &tx.binding,
		.rx_binding = &tx.rx_binding, .report = r,
		.ignore = o->misdeeds[NMA_MISDEED_IGNORE_COMPLETIONS],
	};
	status = nma_err_setup_status(sender_bind(&tx, r));
	if (status)
		goto out;
	start_ns = nma_report_now_ns();
	err = sender_connect(&tx);
	if (!err) {
		r->connections = o->flows;
		err = send_all(&tx);
		r->bytes = total_acked(&tx);
	}
	if (!err)
		err = nma_report_misdeeds_done(r, o);
	r->duration_ns = nma_report_now_ns() - start_ns;
	if (err && err != -EINTR)
		status = NMA_EXIT_FAIL;
out:
	sender_close(&tx);
	return status;
}
