/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Asks drivers for their ring settings and for the queues that RSS spreads flows
 * to, through ethtool netlink, in any network namespace: where the core does not
 * keep them itself.
 */
#ifndef NMA_NL_ETHTOOL_H
#define NMA_NL_ETHTOOL_H

#include <linux/types.h>
#include <stdbool.h>

#include "nma_event.h"
#include "util/queue_set.h"

struct nma_ethtool;

struct nma_rings {
	enum nma_hds hds;
	bool thresh_known;
	__u32 thresh;
	__u32 slots;		/* to receive into, of each queue; 0: not known */
};

/* The socket is opened on first use. */
struct nma_ethtool *nma_ethtool__new(void);
void nma_ethtool__free(struct nma_ethtool *e);

/* -ENODEV, -EOPNOTSUPP (driver has no rings), -ENOENT (namespace cannot be
 * entered), or another error of the socket.
 */
int nma_ethtool__rings(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		       struct nma_rings *rings);

/* Queues in the default RSS context. The same errors; *@set is not known when
 * the driver has no indirection table.
 */
int nma_ethtool__rss(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		     struct nma_queue_set *set);

#endif /* NMA_NL_ETHTOOL_H */
