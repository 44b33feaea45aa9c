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

union nma_ref nic(const struct nma_model *m);
union nma_ref queue(const struct nma_model *m, __u32 q);
union nma_ref pool(const struct nma_model *m, __u32 id);
union nma_ref sock(const struct nma_model *m, __u64 cookie);

#define NOW	(1000 * SEC)
#define VERDICT(rule, ref) verdict(m, NMA_RULE_##rule, ref, NOW, NULL)

#endif /* NMA_HEALTHY_H */
