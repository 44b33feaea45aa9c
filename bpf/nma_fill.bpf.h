/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * From kernel object to record: one function per type of object, used by the
 * hooks and by the snapshot walk alike. Global functions, so that each is
 * verified once. @r has its header, and the object's identity: an address (and
 * the number of a queue) as the caller has it. Passed this way because the
 * verifier will not let a typed pointer become a scalar argument. 0, or -1 when
 * the object can not be what it was taken for.
 */
#ifndef NMA_FILL_BPF_H
#define NMA_FILL_BPF_H

#include "nma_types.bpf.h"

int nma_fill_nic(struct nma_rec_nic *r);		/* netdev */
int nma_fill_queue(struct nma_rec_queue *r);		/* netdev, queue */
int nma_fill_pool(struct nma_rec_pool *r);		/* pool */
int nma_fill_binding(struct nma_rec_binding *r);	/* binding */
int nma_fill_op(struct nma_rec_op *r);			/* netdev, queue */

#endif /* NMA_FILL_BPF_H */
