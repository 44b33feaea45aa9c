/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Control groups by the number that the kernel has for them.
 */
#ifndef NMA_CGROUP_H
#define NMA_CGROUP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* "/user.slice/foo", as /proc/PID/cgroup has it. -ENOENT: gone, or hidden from us. */
int nma_cgroup__path(__u64 id, char *dst, size_t size);

/* Numbers are of another machine from now on, and mean nothing here; or no longer. */
void nma_cgroup__forget(bool forget);

#endif /* NMA_CGROUP_H */
