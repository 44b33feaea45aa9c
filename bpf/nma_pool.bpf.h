/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What pool.bpf.c knows of a page_pool and the kernel does not.
 */
#ifndef NMA_POOL_BPF_H
#define NMA_POOL_BPF_H

/* In ns, of the pool at this address; -1 if it was there before us. */
__s64 nma_pool_age(const __u64 *pool);

#endif /* NMA_POOL_BPF_H */
