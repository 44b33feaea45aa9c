/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The world that tests of verdicts begin with, and its objects by name.
 */
#ifndef NMA_HEALTHY_H
#define NMA_HEALTHY_H

#include "world.h"

/* One healthy device: queue 1 bound to binding 5, queue 0 not. */
int healthy_setup(void **state);
int healthy_teardown(void **state);

static inline union nma_ref nic(const struct nma_model *m)
{
	return (union nma_ref){ .nic = nma_model__nic(m, NETDEV) };
}

static inline union nma_ref queue(const struct nma_model *m, __u32 q)
{
	return (union nma_ref){ .queue = nma_model__queue(m, NETDEV, q) };
}

static inline union nma_ref pool(const struct nma_model *m, __u32 id)
{
	return (union nma_ref){ .pool = nma_model__pool(m, id) };
}

static inline union nma_ref sock(const struct nma_model *m, __u64 cookie)
{
	return (union nma_ref){ .sock = nma_model__sock(m, cookie) };
}

#define NOW	(1000 * SEC)
#define VERDICT(rule, ref) verdict(m, NMA_RULE_##rule, ref, NOW, NULL)

#endif /* NMA_HEALTHY_H */
