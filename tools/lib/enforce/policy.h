/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What is to be enforced, from a file (util/jsonl.h): one line of {"schema":1,
 * "type":"policy"}, then one for each rule, for each who may, for each limit and for
 * each port. What a policy means on this kernel, pins.h finds out.
 */
#ifndef NMA_POLICY_H
#define NMA_POLICY_H

#include <stddef.h>

#include "nma_enforce.h"

#define NMA_POLICY_DEFAULT	"/etc/netmem-audit/policy"

struct nma_policy_file {
	struct nma_policy policy;	/* families and page size are the kernel's to say */
	__u64 optional;			/* rules that need not be enforced: bits */
	__u64 hash;			/* of all its bytes */
	char path[256];			/* absolute, if it could be told */
};

/* 0; -EINVAL if the contents are wrong, -EPERM if others may write to it, else why it
 * cannot be read. @error says what and where.
 */
int nma_policy__load(const char *path, struct nma_policy_file *f, char *error,
		     size_t size);

const char *nma_mode_name(__u32 mode);			/* "enforce" */

#endif /* NMA_POLICY_H */
