// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See clock.h.
 */
#include <string.h>
#include <time.h>

#include "util/clock.h"

__u64 nma_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NMA_NSEC_PER_SEC + ts.tv_nsec;
}

__u64 nma_clock_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NMA_NSEC_PER_SEC + ts.tv_nsec;
}

void nma_clock_today(char day[NMA_DAY_LEN])
{
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(day, NMA_DAY_LEN, "%Y-%m-%d", &tm))
		memcpy(day, "9999-12-31", NMA_DAY_LEN);	/* no waiver holds */
}
