/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * From kernel object to record: one function per type of object, used by the
 * hooks and by the snapshot walk alike. Global functions, so that each is
 * verified once. @r has its header, and the object's identity: an address (and
 * the number of a queue) as the caller has it; in the record, because the
 * verifier lets no typed pointer become a number in an argument. 0, or -1 when
 * the object cannot be what it was taken for.
 */
#ifndef NMA_FILL_BPF_H
#define NMA_FILL_BPF_H

#include "nma_types.bpf.h"

__noinline int nma_fill_nic(struct nma_rec_nic *r);		/* netdev */
__noinline int nma_fill_queue(struct nma_rec_queue *r);		/* netdev, queue */
__noinline int nma_fill_pool(struct nma_rec_pool *r);		/* pool */
__noinline int nma_fill_recycle(struct nma_rec_recycle *r);	/* pool */
__noinline int nma_fill_binding(struct nma_rec_binding *r);	/* binding */
__noinline int nma_fill_zcrx(struct nma_rec_binding *r);	/* binding: ifq */
__noinline int nma_fill_op(struct nma_rec_op *r);			/* netdev, queue */

/* A record for each device right below @netdev; not 0: the ring is full. */
__noinline int nma_send_lowers(__u64 netdev, __u16 cause);

#endif /* NMA_FILL_BPF_H */
