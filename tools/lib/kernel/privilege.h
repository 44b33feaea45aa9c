/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Capabilities that an audit needs, and which of them are missing.
 */
#ifndef NMA_PRIVILEGE_H
#define NMA_PRIVILEGE_H

#include <linux/types.h>
#include <stddef.h>

/* Effective capabilities of this process as a mask; all if that cannot be read. */
__u64 nma_privilege__caps(void);

/* To load programs and ask drivers: "CAP_BPF and CAP_PERFMON", or "" if none of
 * these is missing in @caps.
 */
const char *nma_privilege__to_load(__u64 caps, char *buf, size_t size);

/* The kernel hides its symbols: the setting that does it, and what to do. @kptr is
 * kernel.kptr_restrict, negative if unknown.
 */
const char *nma_privilege__to_see_symbols(__u64 caps, int kptr, char *buf,
					  size_t size);

/* kernel.kptr_restrict, -1 if it cannot be read. */
int nma_privilege__kptr_restrict(void);

#endif /* NMA_PRIVILEGE_H */
