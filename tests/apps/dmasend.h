/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Sending from a dma-buf (devmem TCP, TX): pieces of the flow's share of it are
 * filled, sent without copying, and used again when the kernel is done with them.
 */
#ifndef NMA_DMASEND_H
#define NMA_DMASEND_H

#include "flow.h"

/* Shares out the dma-buf and prepares the socket of flow number @i. Returns 0,
 * or -errno with a message.
 */
int nma_dmasend_setup(struct nma_flow *flow, unsigned int i);

/* Sends what can be sent now. Returns 0 if there is more to come, 1 at the end of
 * the stream, -EPROTO with a message, or another -errno without one.
 */
int nma_dmasend(struct nma_flow *flow);

/* One message from the dma-buf of binding @id; 0: from memory of this process.
 * Returns as sendmsg().
 */
ssize_t nma_dmasend_message(int fd, uint32_t id, const struct iovec *iov,
			    unsigned int n, int flags);

#endif /* NMA_DMASEND_H */
