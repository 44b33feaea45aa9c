/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Options of all roles as rows of one table, from which the parser and the help
 * are derived. The values land in struct nma_opts.
 */
#ifndef NMA_OPTS_H
#define NMA_OPTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "misdeeds.h"

#define NMA_MAX_QUEUES 64
#define NMA_MAX_FLOWS 64
#define NMA_MAX_IOVECS 16
#define NMA_MAX_FRAGS 1024		/* in one message */
#define NMA_MAX_CHUNK (256UL * 1024)

enum nma_role {
	NMA_ROLE_RECV = 1 << 0,
	NMA_ROLE_SEND = 1 << 1,
	NMA_ROLE_BIND = 1 << 2,
	NMA_ROLE_POOLS = 1 << 3,
	NMA_ROLE_ZCRX = 1 << 4,
	NMA_ROLE_UDP_SEND = 1 << 5,
	NMA_ROLE_UDP_RECV = 1 << 6,
	NMA_ROLE_XSK_SEND = 1 << 7,
	NMA_ROLE_XSK_RECV = 1 << 8,
	NMA_ROLE_LEASE = 1 << 9,
};

struct nma_queues {
	unsigned int n;
	uint32_t id[NMA_MAX_QUEUES];
};

struct nma_opts {
	const char *address;	/* send: peer; recv: to listen on, or NULL */
	struct in6_addr addr;	/* the same; IPv4 is mapped, NULL is any */
	const char *ifname;
	const char *exporter;	/* of the dma-buf; NULL: udmabuf */
	const char *ready;
	struct nma_queues queues;
	uint64_t port;
	uint64_t source_port;	/* of flow 0, 0: any */
	uint64_t bytes;
	uint64_t size;
	uint64_t rate;		/* bytes per second and flow, 0: no limit */
	uint64_t flows;
	uint64_t iovecs;	/* parts of one message from a dma-buf */
	uint64_t count;
	uint64_t seed;
	uint64_t batch;
	uint64_t timeout;	/* seconds, 0: none */
	uint64_t hold;		/* seconds, 0: until a signal */
	uint64_t wait;		/* seconds, for a queue that another socket has */
	uint64_t chunk;		/* bytes in a message, 0: as the role likes */
	uint64_t control;	/* room for so many control messages */
	uint64_t lease_ifindex;	/* of the device that has the queue */
	uint64_t lease_netns;	/* id of its namespace in ours */
	uint64_t keep_tokens;
	uint64_t exit_with_tokens;
	uint64_t misdeeds[NMA_MISDEEDS];	/* how often */
	bool host;
	bool dmabuf;
	bool pages;		/* send some messages as ordinary memory */
	bool generic;
	bool zerocopy;
	bool plain_recv;
	bool help;
};

struct nma_role_info {
	const char *name;
	enum nma_role role;
	const char *args;	/* positional, for the help */
	const char *text;
};

/* Parses argv[1..] (argv[0] is the role's name). Returns 0, or -EINVAL with a
 * message; o->help means that nothing else is valid.
 */
int nma_opts_parse(struct nma_opts *o, const struct nma_role_info *role,
		   int argc, char **argv);
void nma_opts_help(const struct nma_role_info *role);

#endif /* NMA_OPTS_H */
