/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the parts of a refused operation tell the one that answers to user space.
 */
#ifndef NMA_REFUSED_BPF_H
#define NMA_REFUSED_BPF_H

#include "nma_types.bpf.h"

/* The task that runs asked for several queues at once, and failed at this one. */
__hidden void nma_refused_queue(__u64 queue);

#endif /* NMA_REFUSED_BPF_H */
