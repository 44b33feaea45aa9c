// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See endpoint.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "endpoint.h"
#include "err.h"

_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
	       offsetof(struct sockaddr_in6, sin6_port), "one place for both");

int nma_endpoint_socket(int type)
{
	int fd;

	fd = socket(AF_INET6, SOCK_STREAM | type, 0);
	if (fd < 0 && errno == EAFNOSUPPORT)
		fd = socket(AF_INET, SOCK_STREAM | type, 0);
	return fd < 0 ? nma_err(-errno, "socket") : fd;
}

static bool is_ipv4(int fd)
{
	int domain = AF_INET6;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       domain == AF_INET;
}

socklen_t nma_endpoint_addr(int fd, const struct in6_addr *addr, uint16_t port,
			    struct sockaddr_in6 *end)
{
	struct sockaddr_in *v4 = (void *)end;

	*end = (struct sockaddr_in6){ .sin6_port = htons(port) };
	if (!is_ipv4(fd)) {
		end->sin6_family = AF_INET6;
		end->sin6_addr = *addr;
		return sizeof(*end);
	}
	if (!IN6_IS_ADDR_V4MAPPED(addr) && !IN6_IS_ADDR_UNSPECIFIED(addr))
		return 0;
	v4->sin_family = AF_INET;
	memcpy(&v4->sin_addr, &addr->s6_addr[12], sizeof(v4->sin_addr));
	return sizeof(*v4);
}
