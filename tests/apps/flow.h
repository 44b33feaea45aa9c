/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * One connection that carries the pattern to the peer: from ordinary memory, or
 * from its share of a dma-buf.
 */
#ifndef NMA_FLOW_H
#define NMA_FLOW_H

#include <poll.h>
#include <stdbool.h>

#include "netdev.h"
#include "piece.h"
#include "report.h"
#include "udmabuf.h"
#include "zerocopy.h"

#define NMA_FLOW_CHUNK	(64UL * 1024)	/* largest piece, unless --chunk */

/* What all flows of a run share. */
struct nma_flow_env {
	const struct nma_opts *opts;
	const struct nma_udmabuf *dmabuf;	/* none without --dmabuf */
	const struct nma_binding *binding;
	const struct nma_binding *rx_binding;	/* for --rx-id */
	struct nma_report *report;
	bool ignore;		/* leave completions where they are */
};

enum nma_flow_state {
	NMA_FLOW_SENDING,
	NMA_FLOW_DRAINING,	/* all is sent, not all acknowledged */
	NMA_FLOW_REAPING,	/* the peer is gone, completions are still to come */
	NMA_FLOW_DONE,
};

struct nma_flow {
	struct nma_flow_env *env;
	int fd;
	enum nma_flow_state state;
	bool starved;		/* no memory to send from before a completion */
	bool paused;		/* nothing to send just now: look again soon */
	uint64_t key;
	uint64_t pos;		/* bytes given to the kernel */
	size_t off;		/* of the current piece, given to the kernel */
	struct nma_piece piece;	/* the current one */
	uint8_t *data;		/* it lies here; NULL: in the dma-buf */
	size_t share;		/* where our part of the dma-buf begins */
	size_t piece_size;
	unsigned int n_pieces;
	unsigned int cur;	/* number of the current one, below n_pieces */
	struct nma_zerocopy zc;
};

/* Connects. @i is the number of the flow: it decides the share of the dma-buf.
 * Returns 0, or -errno with a message.
 */
int nma_flow_open(struct nma_flow *flow, struct nma_flow_env *env,
		  unsigned int i);
/* Adds what was counted to the report and closes the socket. */
void nma_flow_close(struct nma_flow *flow);

/* What poll() should wait for; false: nothing that it could see. */
bool nma_flow_poll(const struct nma_flow *flow, struct pollfd *fd);
/* Goes on after poll() has said @revents. Returns 0, or -errno with a message. */
int nma_flow_advance(struct nma_flow *flow, short revents);

/* Bytes that the peer has acknowledged. */
uint64_t nma_flow_acked(const struct nma_flow *flow);

#endif /* NMA_FLOW_H */
