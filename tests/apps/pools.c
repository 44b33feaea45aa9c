// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role pools: the kernel's list of page pools, as it is now.
 */
#include "netdev.h"
#include "roles.h"

enum nma_exit nma_pools_run(const struct nma_opts *o, struct nma_report *r)
{
	return nma_err_setup_status(nma_pools_get(o->ifname, &r->pools));
}
