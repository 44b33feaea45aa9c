// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A sending connection: see flow.h. What is common to both kinds of memory; the
 * dma-buf's part is in dmasend.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "dmasend.h"
#include "endpoint.h"
#include "flow.h"
#include "pattern.h"

/* Then signals and other flows have their turn: a receiver that keeps up leaves
 * room for ever.
 */
#define SENDS_AT_ONCE	64

/* The port decides the queue of the receiver, see its steering rules. */
static int flow_bind(struct nma_flow *flow, unsigned int port)
{
	struct sockaddr_in6 addr;
	socklen_t len;
	int on = 1;

	len = nma_endpoint_addr(flow->fd, &in6addr_any, port, &addr);
	setsockopt(flow->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(flow->fd, (struct sockaddr *)&addr, len))
		return nma_err(-errno, "source port %u", port);
	return 0;
}

static int flow_connect(struct nma_flow *flow)
{
	const struct nma_opts *o = flow->env->opts;
	struct sockaddr_in6 addr;
	socklen_t len;

	len = nma_endpoint_addr(flow->fd, &o->addr, o->port, &addr);
	if (connect(flow->fd, (struct sockaddr *)&addr, len))
		return nma_err(-errno, "cannot connect to %s port %u",
			       o->address, (unsigned int)o->port);
	if (getsockname(flow->fd, (struct sockaddr *)&addr, &len))
		return nma_err(-errno, "getsockname");
	flow->key = nma_pattern_key(o->seed, ntohs(addr.sin6_port));
	return 0;
}

static int flow_socket(struct nma_flow *flow)
{
	const struct nma_opts *o = flow->env->opts;
	struct timeval limit = { .tv_sec = o->timeout };
	unsigned int rate = o->rate;

	flow->fd = nma_endpoint_socket(SOCK_CLOEXEC);
	if (flow->fd < 0)
		return flow->fd;
	/* the only blocking call on this socket is connect() */
	setsockopt(flow->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (o->rate && setsockopt(flow->fd, SOL_SOCKET, SO_MAX_PACING_RATE,
				  &rate, sizeof(rate)))
		return nma_err(-errno, "SO_MAX_PACING_RATE");
	return 0;
}

int nma_flow_open(struct nma_flow *flow, struct nma_flow_env *env,
		  unsigned int i)
{
	int err;

	*flow = (struct nma_flow){ .env = env, .fd = -1 };
	err = flow_socket(flow);
	if (err || flow->fd < 0)
		return err;
	if (env->opts->source_port)
		err = flow_bind(flow, env->opts->source_port + i);
	if (err)
		return err;
	if (env->opts->dmabuf) {
		err = nma_dmasend_setup(flow, i);
	} else {
		flow->data = malloc(NMA_FLOW_CHUNK);
		if (!flow->data)
			err = nma_err(-ENOMEM, "flow %u", i);
	}
	return err ? err : flow_connect(flow);
}

void nma_flow_close(struct nma_flow *flow)
{
	struct nma_report *r;

	if (!flow->env)
		return;
	r = flow->env->report;
	r->sends += flow->zc.sent;
	r->completions += flow->zc.completed;
	r->copied += flow->zc.copied;
	free(flow->data);
	flow->data = NULL;
	if (flow->fd >= 0)
		close(flow->fd);
	flow->fd = -1;
}

/* The next piece of the stream; false at its end. */
static bool host_refill(struct nma_flow *flow)
{
	uint64_t total = flow->env->opts->bytes;
	uint64_t left = total - flow->pos;
	struct nma_piece *p = &flow->piece;

	if (flow->off < p->len)
		return true;
	p->len = !total || left > NMA_FLOW_CHUNK ? NMA_FLOW_CHUNK : left;
	flow->off = 0;
	nma_pattern_fill(flow->data, p->len, flow->key, flow->pos);
	return p->len;
}

/* As nma_dmasend(): 1 at the end of the stream, 0 before. */
static int host_send(struct nma_flow *flow)
{
	unsigned int turns = SENDS_AT_ONCE;
	ssize_t n;

	while (host_refill(flow)) {
		if (!turns--)
			return 0;
		n = send(flow->fd, flow->data + flow->off,
			 flow->piece.len - flow->off,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		flow->off += n;
		flow->pos += n;
	}
	return 1;
}

static int flow_send(struct nma_flow *flow)
{
	int ret;

	ret = flow->data ? host_send(flow) : nma_dmasend(flow);
	if (ret == 0)
		return 0;
	if (!flow->env->opts->bytes && (ret == -EPIPE || ret == -ECONNRESET)) {
		flow->state = NMA_FLOW_REAPING;	/* as good an end as any */
		return 0;
	}
	if (ret == -EPROTO)
		return ret;	/* it has been said what is wrong */
	if (ret < 0)
		return nma_err(ret, "send after %" PRIu64 " bytes", flow->pos);
	flow->state = NMA_FLOW_DRAINING;
	if (shutdown(flow->fd, SHUT_WR))
		return nma_err(-errno, "shutdown");
	return 0;
}

static int socket_error(const struct nma_flow *flow)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(flow->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	return err ? nma_err(-err, "connection lost with data on its way") : 0;
}

/* Done when the peer has acknowledged everything; a reset shows as an error. */
static int flow_drain(struct nma_flow *flow)
{
	int queued = 0;
	int err;

	err = socket_error(flow);
	if (err)
		return err;
	if (ioctl(flow->fd, SIOCOUTQ, &queued))
		return nma_err(-errno, "SIOCOUTQ");
	if (!queued)
		flow->state = NMA_FLOW_REAPING;
	return 0;
}

bool nma_flow_poll(const struct nma_flow *flow, struct pollfd *fd)
{
	*fd = (struct pollfd){ .fd = flow->fd };
	if (flow->env->ignore || flow->paused) {
		fd->fd = -1;	/* the error queue would not let it sleep */
		return false;
	}
	if (flow->state == NMA_FLOW_SENDING && !flow->starved)
		fd->events = POLLOUT;
	/* acknowledgements raise no event; what is in the error queue does */
	return flow->state == NMA_FLOW_SENDING;
}

int nma_flow_advance(struct nma_flow *flow, short revents)
{
	int err = 0;

	if (flow->env->ignore || flow->paused)
		revents = POLLOUT | POLLERR;
	if (!flow->data && !flow->env->ignore && revents & POLLERR) {
		err = nma_zerocopy_reap(&flow->zc, flow->fd);
		flow->starved = false;
	}
	if (!err && flow->state == NMA_FLOW_SENDING && revents)
		err = flow_send(flow);
	if (!err && flow->state == NMA_FLOW_DRAINING)
		err = flow_drain(flow);
	if (!err && flow->state == NMA_FLOW_REAPING &&
	    flow->zc.completed == flow->zc.sent)
		flow->state = NMA_FLOW_DONE;
	return err;
}

uint64_t nma_flow_acked(const struct nma_flow *flow)
{
	int queued = 0;

	if (flow->fd < 0)
		return 0;
	ioctl(flow->fd, SIOCOUTQ, &queued);
	return flow->pos - queued;
}
