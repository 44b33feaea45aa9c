// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Roles udp-send and udp-recv: datagrams that carry the pattern. Each begins with
 * its position in the stream, so that it can be verified whatever was lost before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datagram.h"
#include "roles.h"

#define MAX_DATAGRAM	65507	/* what IPv4 can carry */
#define BUFFER		(16 << 20)
#define DEFAULT_CHUNK	1400

static uint8_t data[MAX_DATAGRAM];

static int udp_open(const struct nma_opts *o, bool sends, uint16_t *port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = o->addr,
		.sin6_port = htons(o->port),
	};
	socklen_t len = sizeof(addr);
	int buffer = BUFFER;
	int off = 0;
	int err;
	int fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return nma_err(-errno, "socket");
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	/* as much as we may: what is lost is lost */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	if ((sends ? connect(fd, (struct sockaddr *)&addr, len) :
		     bind(fd, (struct sockaddr *)&addr, len)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len)) {
		err = nma_err(-errno, "cannot %s UDP port %u",
			      sends ? "send to" : "receive at",
			      (unsigned int)o->port);
		close(fd);
		return err;
	}
	*port = ntohs(addr.sin6_port);
	return fd;
}

/* How long to wait for @bytes to be within the rate, in ms */
static unsigned int ahead_ms(const struct nma_opts *o, uint64_t bytes,
			     uint64_t start_ns)
{
	uint64_t passed_ms = (nma_report_now_ns() - start_ns) / 1000000;
	uint64_t due_ms = o->rate ? bytes * 1000 / o->rate : 0;

	return due_ms > passed_ms ? due_ms - passed_ms : 0;
}

static int send_all(const struct nma_opts *o, struct nma_report *r, int fd,
		    uint64_t key)
{
	size_t len = o->chunk ? o->chunk : DEFAULT_CHUNK;
	uint64_t start_ns = nma_report_now_ns();
	struct pollfd poll = { fd, POLLOUT, 0 };
	unsigned int ms;
	int err;

	if (len > MAX_DATAGRAM)
		return nma_fail("--chunk: a datagram has up to %d bytes",
				MAX_DATAGRAM);
	while (!o->bytes || r->bytes < o->bytes) {
		ms = ahead_ms(o, r->bytes, start_ns);
		err = ms ? nma_wait(NULL, 0, ms) : nma_wait(&poll, 1, 0);
		if (err < 0)
			return err;
		if (ms)
			continue;
		nma_datagram_fill(data, len, key, r->bytes);
		/* nobody listens, or no buffer: lost, as datagrams may be */
		if (send(fd, data, len, 0) < 0 && errno != ECONNREFUSED &&
		    errno != ENOBUFS && errno != EAGAIN)
			return nma_err(-errno, "send");
		r->datagrams++;
		r->bytes += len;
	}
	return 0;
}

static int receive_one(const struct nma_opts *o, struct nma_report *r, int fd)
{
	struct sockaddr_in6 from = {};
	socklen_t len = sizeof(from);
	ssize_t n;

	n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len);
	if (n < 0)
		return errno == EAGAIN ? 0 : nma_err(-errno, "receive");
	nma_datagram_check(data, n, nma_pattern_key(o->seed, ntohs(from.sin6_port)),
			   r);
	return 0;
}

static int receive_all(const struct nma_opts *o, struct nma_report *r, int fd)
{
	struct pollfd poll = { fd, POLLIN, 0 };
	int err;

	err = nma_ready(o, "ready");
	while (!err && (!o->bytes || r->bytes < o->bytes)) {
		err = nma_wait(&poll, 1, o->timeout * 1000);
		if (err == 0)
			return nma_fail("nothing arrived for %u s",
					(unsigned int)o->timeout);
		err = err < 0 ? err : receive_one(o, r, fd);
	}
	return err;
}

static enum nma_exit run(const struct nma_opts *o, struct nma_report *r, bool sends)
{
	uint64_t start_ns = nma_report_now_ns();
	uint16_t port = 0;
	int err;
	int fd;

	fd = udp_open(o, sends, &port);
	if (fd < 0)
		return nma_err_setup_status(fd);
	err = sends ? send_all(o, r, fd, nma_pattern_key(o->seed, port)) :
		      receive_all(o, r, fd);
	r->duration_ns = nma_report_now_ns() - start_ns;
	close(fd);
	return (err && err != -EINTR) || r->verify_errors ? NMA_EXIT_FAIL :
							    NMA_EXIT_OK;
}

enum nma_exit nma_udp_send_run(const struct nma_opts *o, struct nma_report *r)
{
	return run(o, r, true);
}

enum nma_exit nma_udp_recv_run(const struct nma_opts *o, struct nma_report *r)
{
	return run(o, r, false);
}
