/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Things that must be refused, tried on a real device. Whatever is allowed is
 * undone before the function returns, and would be undone by the kernel if we
 * were killed, except changes of ethtool settings.
 */
#ifndef NMA_ATTEMPT_H
#define NMA_ATTEMPT_H

#include <linux/types.h>

enum nma_outcome {
	NMA_REFUSED,
	NMA_UNDONE,		/* allowed, and undone */
	NMA_STUCK,		/* allowed, and cannot be undone: text says why */
	NMA_UNTRIED,		/* text says why */
};

struct nma_attempt {
	enum nma_outcome outcome;
	int err;		/* -errno of what the kernel said, 0 none */
	char text[160];		/* the kernel's words or ours, "" none */
};

/* Called in the device's network namespace. */
struct nma_attempt_at {
	__u32 ifindex;
	__u32 queue;
};

typedef struct nma_attempt nma_attempt_fn(const struct nma_attempt_at *at);

nma_attempt_fn nma_attempt__xdp_driver;		/* single-buffer program */
nma_attempt_fn nma_attempt__xdp_driver_frags;
nma_attempt_fn nma_attempt__xdp_generic;
nma_attempt_fn nma_attempt__bind;		/* a dma-buf to the queue */
nma_attempt_fn nma_attempt__split_off;
nma_attempt_fn nma_attempt__hds_thresh;
nma_attempt_fn nma_attempt__channels;		/* so few that the queue goes */
nma_attempt_fn nma_attempt__xsk_copy;		/* AF_XDP on the queue */
nma_attempt_fn nma_attempt__xsk_zerocopy;

#endif /* NMA_ATTEMPT_H */
