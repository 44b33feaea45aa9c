// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See interval.h.
 */
#include <errno.h>

#include "interval.h"
#include "log.h"
#include "util/clock.h"

int nma_interval_parse(struct nma_env *env, const struct nma_words *w,
		       __u64 *interval_ns, __u32 *reports)
{
	*interval_ns = NMA_NSEC_PER_SEC;
	*reports = w->nr ? 0 : 1;
	if (w->nr > 0 && (nma_opts_time(w->word[0], 0, 86400, interval_ns) ||
			  *interval_ns < 10 * NMA_NSEC_PER_MSEC)) {
		nma_err(env, -EINVAL, "INTERVAL needs seconds from 0.01 to 86400, not '%s'",
			w->word[0]);
		return NMA_EXIT_USAGE;
	}
	if (w->nr > 1 && nma_opts_u32(w->word[1], 1, 1000000000, reports)) {
		nma_err(env, -EINVAL, "COUNT needs a number from 1 to 1000000000, not '%s'",
			w->word[1]);
		return NMA_EXIT_USAGE;
	}
	return NMA_EXIT_OK;
}
