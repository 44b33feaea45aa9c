// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The listening socket: see listener.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"
#include "err.h"
#include "listener.h"

int nma_listener_open(const struct nma_opts *o)
{
	struct sockaddr_in6 addr;
	socklen_t len;
	int off = 0;
	int on = 1;
	int err;
	int fd;

	fd = nma_endpoint_socket(SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return fd;
	len = nma_endpoint_addr(fd, &o->addr, o->port, &addr);
	if ((addr.sin6_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&addr, len) ||
	    listen(fd, NMA_MAX_FLOWS)) {
		err = nma_err(-errno, "cannot listen on port %u",
			      (unsigned int)o->port);
		close(fd);
		return err;
	}
	return fd;
}

int nma_listener_peer_port(int fd, uint16_t *port)
{
	struct sockaddr_in6 addr = {};	/* the port is where IPv4 has it */
	socklen_t len = sizeof(addr);

	if (getpeername(fd, (struct sockaddr *)&addr, &len))
		return nma_err(-errno, "getpeername");
	*port = ntohs(addr.sin6_port);
	return 0;
}
