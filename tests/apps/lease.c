// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role lease: a physical device's queue for a netkit. It stays when we end, and
 * goes with the netkit.
 */
#include "netdev.h"
#include "roles.h"

enum nma_exit nma_lease_run(const struct nma_opts *o, struct nma_report *r)
{
	uint32_t leased_as;
	int err;

	err = nma_lease(o->ifname, o->lease_ifindex, o->lease_netns, o->queues.id[0],
			&leased_as);
	if (!err)
		r->leased_as = leased_as;
	return nma_err_setup_status(err);
}
