/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The one clock of the tools, that of the records. Unit tests link their own.
 */
#ifndef NMA_CLOCK_H
#define NMA_CLOCK_H

#include <linux/types.h>

#define NMA_NSEC_PER_MSEC	1000000ull
#define NMA_NSEC_PER_SEC	1000000000ull

__u64 nma_clock_ns(void);	/* CLOCK_MONOTONIC */

__u64 nma_clock_wall_ns(void);	/* since 1970, UTC */

#define NMA_DAY_LEN	11

/* "YYYY-MM-DD" (UTC), for what people put dates on. */
void nma_clock_today(char day[NMA_DAY_LEN]);

#endif /* NMA_CLOCK_H */
