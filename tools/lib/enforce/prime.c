// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Asks the drivers of all devices, in all network namespaces that have a name or a
 * process: the answers pass by programs that are attached already.
 */
#include <net/if.h>

#include "enforce/enforce.h"
#include "kernel/ethtool.h"
#include "kernel/netns.h"

static void ask(void *ctx, __u32 netns)
{
	struct if_nameindex *list, *i;
	struct nma_ethtool *e = ctx;
	struct nma_queue_set set;
	struct nma_rings rings;
	int back;

	if (nma_netns__enter(netns, &back))
		return;
	list = if_nameindex();
	if (nma_netns__leave(back) || !list)
		return;
	for (i = list; i->if_index; i++) {
		nma_ethtool__rings(e, netns, i->if_index, &rings);
		nma_ethtool__rss(e, netns, i->if_index, &set);
	}
	if_freenameindex(list);
}

/* What is not asked here is not known, and treated as the policy says. */
void nma_enforce__prime(void)
{
	struct nma_ethtool *e = nma_ethtool__new();

	if (e)
		nma_netns__each(ask, e);
	nma_ethtool__free(e);
}
