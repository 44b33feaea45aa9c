/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * [INTERVAL [COUNT]], as vmstat has it.
 */
#ifndef NMA_INTERVAL_H
#define NMA_INTERVAL_H

#include "cli.h"

/* Without words one report; without COUNT @reports is 0: until interrupted. Returns an
 * exit status and says what is wrong.
 */
int nma_interval_parse(struct nma_env *env, const struct nma_words *w,
		       __u64 *interval_ns, __u32 *reports);

#endif /* NMA_INTERVAL_H */
