// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role recv: a dma-buf, a binding, a listener, and the connections it accepts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "conn.h"
#include "listener.h"
#include "roles.h"

struct receiver {
	const struct nma_opts *opts;
	struct nma_udmabuf dmabuf;
	struct nma_binding binding;
	struct nma_conn_env env;
	int listener;
	unsigned int n_conns;
	struct nma_conn conns[NMA_MAX_FLOWS];
};

static int receiver_open(struct receiver *rx, struct nma_report *r)
{
	const struct nma_opts *o = rx->opts;
	int err;

	if (!o->host) {
		err = nma_udmabuf_create(&rx->dmabuf, o->size);
		if (err)
			return err;
		err = nma_binding_open(&rx->binding, o->ifname, &o->queues,
				       rx->dmabuf.fd);
		if (err)
			return err;
		r->dmabuf_id = rx->binding.id;
		r->binds = 1;
	}
	rx->listener = nma_listener_open(o);
	if (rx->listener < 0)
		return rx->listener;
	return nma_ready(o, "ready");
}

/* In this order: what still holds frags goes before what they lie in. */
static void receiver_close(struct receiver *rx)
{
	unsigned int i;

	for (i = 0; i < rx->n_conns; i++)
		nma_conn_close(&rx->conns[i]);
	if (rx->listener >= 0)
		close(rx->listener);
	nma_binding_close(&rx->binding);
	nma_udmabuf_destroy(&rx->dmabuf);
}

static int accept_one(struct receiver *rx)
{
	int fd;
	int err;

	fd = accept4(rx->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return errno == EAGAIN || errno == ECONNABORTED ? 0 :
		       nma_err(-errno, "accept");
	err = nma_conn_open(&rx->conns[rx->n_conns], &rx->env, fd);
	if (!err)
		rx->n_conns++;
	return err;
}

/* The connections that are not done, then the listener while more are to come.
 * @map gives the connection of each entry.
 */
static unsigned int make_poll_set(struct receiver *rx, struct pollfd *fds,
				  struct nma_conn **map)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < rx->n_conns; i++) {
		if (rx->conns[i].done)
			continue;
		map[n] = &rx->conns[i];
		fds[n++] = (struct pollfd){ rx->conns[i].fd, POLLIN, 0 };
	}
	if (rx->n_conns < rx->opts->flows) {
		map[n] = NULL;
		fds[n++] = (struct pollfd){ rx->listener, POLLIN, 0 };
	}
	return n;
}

static int receive_all(struct receiver *rx)
{
	struct pollfd fds[NMA_MAX_FLOWS + 1];
	struct nma_conn *map[NMA_MAX_FLOWS + 1];
	unsigned int n;
	unsigned int i;
	int err;

	while ((n = make_poll_set(rx, fds, map))) {
		err = nma_wait(fds, n, rx->opts->timeout * 1000);
		if (err == 0)
			return nma_fail("nothing arrived for %u s",
					(unsigned int)rx->opts->timeout);
		for (i = 0; err > 0 && i < n; i++) {
			if (!fds[i].revents)
				continue;
			err = map[i] ? nma_conn_receive(map[i]) : accept_one(rx);
			if (!err)
				err = 1;
		}
		if (err < 0)
			return err;
	}
	return 0;
}

/* Sits on the kept tokens, then returns them. */
static int hold_tokens(struct receiver *rx)
{
	unsigned int i;
	int err;

	err = nma_ready(rx->opts, "held");
	if (!err)
		err = nma_wait(NULL, 0, rx->opts->hold * 1000);
	if (err < 0 && err != -EINTR)
		return err;
	for (i = 0, err = 0; i < rx->n_conns && !err; i++)
		err = nma_tokens_release(&rx->conns[i].tokens);
	return err;
}

enum nma_exit nma_recv_run(const struct nma_opts *o, struct nma_report *r)
{
	struct receiver rx = {
		.opts = o,
		.dmabuf = NMA_UDMABUF_NONE,
		.listener = -1,
	};
	enum nma_exit status;
	int err;

	rx.env = (struct nma_conn_env){
		.opts = o, .dmabuf = &rx.dmabuf, .binding = &rx.binding,
		.report = r,
	};
	status = nma_err_setup_status(receiver_open(&rx, r));
	if (status)
		goto out;
	err = receive_all(&rx);
	if (!err && o->keep_tokens)
		err = hold_tokens(&rx);
	if (!err)
		err = nma_report_misdeeds_done(r, o);
	if (err && err != -EINTR)
		status = NMA_EXIT_FAIL;
	r->duration_ns = rx.env.last_ns - rx.env.first_ns;
out:
	receiver_close(&rx);
	if (r->verify_errors && !status)
		status = NMA_EXIT_FAIL;
	return status;
}
