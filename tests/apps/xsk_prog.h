/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The XDP program that gives an AF_XDP socket its frames: those of one Ethernet
 * type, arriving at the socket's queue. Everything else passes.
 */
#ifndef NMA_XSK_PROG_H
#define NMA_XSK_PROG_H

#include <stdbool.h>
#include <stdint.h>

#define NMA_XSK_TYPE 0x88b5	/* Ethernet type for local experiments */

struct nma_xsk_prog {
	int map;
	int prog;
	int link;		/* closing it detaches the program */
};

#define NMA_XSK_PROG_NONE { -1, -1, -1 }

/* Attaches to @ifindex (@ifname in messages), for socket @fd on @queue. Returns 0,
 * or -errno with a message. To be closed in either case.
 */
int nma_xsk_prog_open(struct nma_xsk_prog *p, unsigned int ifindex,
		      const char *ifname, uint32_t queue, int fd, bool generic);
void nma_xsk_prog_close(struct nma_xsk_prog *p);

#endif /* NMA_XSK_PROG_H */
