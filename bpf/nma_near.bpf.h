/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Places of buffers in an array, told by their address and so found without a call. A
 * place has room for one; of those that share it the others are in a map behind it.
 */
#ifndef NMA_NEAR_BPF_H
#define NMA_NEAR_BPF_H

#include "nma_types.bpf.h"

#define NMA_NEAR_BITS	16

static __always_inline __u32 nma_near_place(__u64 netmem)
{
	return netmem * 0x9e3779b97f4a7c15ull >> (64 - NMA_NEAR_BITS);
}

#endif /* NMA_NEAR_BPF_H */
