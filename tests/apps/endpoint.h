/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * TCP sockets for both kinds of addresses, or, on a kernel that was built without
 * IPv6, for those of IPv4.
 */
#ifndef NMA_ENDPOINT_H
#define NMA_ENDPOINT_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* TYPE: flags beside SOCK_STREAM. A socket, or a negative error that was told. */
int nma_endpoint_socket(int type);

/* An address for FD, the port being where sin6_port is for both kinds. The length of
 * it, 0 if it is none for FD.
 */
socklen_t nma_endpoint_addr(int fd, const struct in6_addr *addr, uint16_t port,
			    struct sockaddr_in6 *end);

#endif /* NMA_ENDPOINT_H */
