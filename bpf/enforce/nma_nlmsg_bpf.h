/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * nma_nlmsg.h for programs: the send is the kernel's copy.
 */
#ifndef NMA_NLMSG_BPF_H
#define NMA_NLMSG_BPF_H

#include "../nma_types.bpf.h"

#define nma_nlmsg_read(dst, len, p, off) \
	bpf_probe_read_kernel(dst, len, (void *)((p)->data + (off)))

#include "nma_nlmsg.h"

#endif /* NMA_NLMSG_BPF_H */
