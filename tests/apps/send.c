// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role send: ordinary TCP connections that carry the pattern.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "pattern.h"
#include "roles.h"

#define MAX_FLOWS	64	/* as the limit of --flows */
#define CHUNK		(64UL * 1024)
#define ACK_POLL_MS	5	/* acknowledgements raise no event */

enum flow_state { FLOW_SENDING, FLOW_DRAINING, FLOW_DONE };

struct flow {
	int fd;
	enum flow_state state;
	uint64_t key;
	uint64_t pos;		/* bytes given to the kernel */
	size_t len;		/* bytes in data */
	size_t off;		/* of them given to the kernel */
	uint8_t data[CHUNK];
};

/* Too large for the stack, and there is one sender to a process. */
static struct flow flows[MAX_FLOWS];

static int flow_open(struct flow *flow, const struct nma_opts *o)
{
	struct timeval limit = { .tv_sec = o->timeout };
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = o->addr,
		.sin6_port = htons(o->port),
	};
	socklen_t len = sizeof(addr);
	unsigned int rate = o->rate;

	flow->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (flow->fd < 0)
		return nma_err(-errno, "socket");
	/* the only blocking call on this socket is connect() */
	setsockopt(flow->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (o->rate && setsockopt(flow->fd, SOL_SOCKET, SO_MAX_PACING_RATE,
				  &rate, sizeof(rate)))
		return nma_err(-errno, "SO_MAX_PACING_RATE");
	if (connect(flow->fd, (struct sockaddr *)&addr, len))
		return nma_err(-errno, "can not connect to %s port %u",
			       o->address, (unsigned int)o->port);
	if (getsockname(flow->fd, (struct sockaddr *)&addr, &len))
		return nma_err(-errno, "getsockname");
	flow->key = nma_pattern_key(o->seed, ntohs(addr.sin6_port));
	return 0;
}

/* The next piece of the stream; false at its end. */
static bool flow_refill(struct flow *flow, uint64_t total)
{
	uint64_t left = total - flow->pos;

	if (flow->off < flow->len)
		return true;
	flow->len = !total || left > CHUNK ? CHUNK : left;
	flow->off = 0;
	nma_pattern_fill(flow->data, flow->len, flow->key, flow->pos);
	return flow->len;
}

static int flow_send(struct flow *flow, uint64_t total)
{
	ssize_t n;

	while (flow_refill(flow, total)) {
		n = send(flow->fd, flow->data + flow->off,
			 flow->len - flow->off, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0 && !total && (errno == EPIPE || errno == ECONNRESET)) {
			flow->state = FLOW_DONE;	/* as good an end as any */
			return 0;
		}
		if (n < 0)
			return nma_err(-errno, "send after %" PRIu64 " bytes",
				       flow->pos);
		flow->off += n;
		flow->pos += n;
	}
	flow->state = FLOW_DRAINING;
	if (shutdown(flow->fd, SHUT_WR))
		return nma_err(-errno, "shutdown");
	return 0;
}

/* Done when the peer has acknowledged everything; a reset shows as an error. */
static int flow_drain(struct flow *flow)
{
	socklen_t len = sizeof(int);
	int queued = 0;
	int err = 0;

	if (getsockopt(flow->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err)
		return nma_err(-err, "connection lost with data on its way");
	if (ioctl(flow->fd, SIOCOUTQ, &queued))
		return nma_err(-errno, "SIOCOUTQ");
	if (!queued)
		flow->state = FLOW_DONE;
	return 0;
}

static int flow_advance(struct flow *flow, uint64_t total, short revents)
{
	int err = 0;

	if (flow->state == FLOW_SENDING && revents)
		err = flow_send(flow, total);
	if (!err && flow->state == FLOW_DRAINING)
		err = flow_drain(flow);
	return err;
}

/* What the peers have acknowledged so far. */
static uint64_t total_acked(unsigned int n)
{
	uint64_t sum = 0;
	int queued;

	while (n--) {
		queued = 0;
		ioctl(flows[n].fd, SIOCOUTQ, &queued);
		sum += flows[n].pos - queued;
	}
	return sum;
}

/* Entry i is flow i's; one that waits for acknowledgements makes *@ms short. */
static unsigned int make_poll_set(unsigned int n, struct pollfd *fds,
				  unsigned int *ms)
{
	unsigned int busy = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ .fd = -1 };
		if (flows[i].state == FLOW_SENDING)
			fds[i] = (struct pollfd){ flows[i].fd, POLLOUT, 0 };
		else if (flows[i].state == FLOW_DRAINING)
			*ms = ACK_POLL_MS;
		busy += flows[i].state != FLOW_DONE;
	}
	return busy;
}

static int send_all(const struct nma_opts *o)
{
	uint64_t progress_ns = nma_report_now_ns();
	struct pollfd fds[MAX_FLOWS];
	uint64_t acked = 0;
	unsigned int ms;
	unsigned int i;
	uint64_t now;
	int err;

	for (;;) {
		ms = o->timeout * 1000;
		if (!make_poll_set(o->flows, fds, &ms))
			return 0;
		err = nma_wait(fds, o->flows, ms);
		if (err < 0)
			return err;
		for (i = 0, err = 0; i < o->flows && !err; i++)
			err = flow_advance(&flows[i], o->bytes, fds[i].revents);
		if (err)
			return err;
		now = nma_report_now_ns();
		if (total_acked(o->flows) != acked)
			progress_ns = now;
		acked = total_acked(o->flows);
		if (o->timeout && now - progress_ns >= o->timeout * 1000000000)
			return nma_fail("nothing was acknowledged for %u s",
					(unsigned int)o->timeout);
	}
}

enum nma_exit nma_send_run(const struct nma_opts *o, struct nma_report *r)
{
	enum nma_exit status = NMA_EXIT_OK;
	uint64_t start_ns;
	unsigned int i;
	int err = 0;

	for (i = 0; i < MAX_FLOWS; i++)
		flows[i].fd = -1;
	start_ns = nma_report_now_ns();
	for (i = 0; i < o->flows && !err; i++)
		err = flow_open(&flows[i], o);
	if (!err) {
		r->connections = o->flows;
		err = send_all(o);
		r->bytes = total_acked(o->flows);
	}
	r->duration_ns = nma_report_now_ns() - start_ns;
	if (err && err != -EINTR)
		status = NMA_EXIT_FAIL;
	for (i = 0; i < o->flows; i++) {
		if (flows[i].fd >= 0)
			close(flows[i].fd);
	}
	return status;
}
