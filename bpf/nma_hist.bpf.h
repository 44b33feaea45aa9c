/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Histograms of times, by powers of two of a microsecond.
 */
#ifndef NMA_HIST_BPF_H
#define NMA_HIST_BPF_H

#include "nma_types.bpf.h"

/* Global functions, so that the verifier goes through them once. */
__noinline int nma_hist_add(__u32 kind, __u32 id, __u64 ns);
__noinline int nma_fill_hist(struct nma_rec_hist *r);	/* kind, id; -1: none */

#endif /* NMA_HIST_BPF_H */
