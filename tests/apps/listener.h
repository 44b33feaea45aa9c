/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The socket that connections come to. IPv4 and IPv6 arrive at the same one.
 */
#ifndef NMA_LISTENER_H
#define NMA_LISTENER_H

#include <stdint.h>

#include "opts.h"

/* Listens on o->addr and o->port; the socket does not block. Returns it, or -errno
 * with a message.
 */
int nma_listener_open(const struct nma_opts *o);

/* The port of the sender on the other end of connection @fd: part of the pattern's
 * key, so that flows differ. Returns 0, or -errno with a message.
 */
int nma_listener_peer_port(int fd, uint16_t *port);

#endif /* NMA_LISTENER_H */
