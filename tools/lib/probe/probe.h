/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which of the things that must be refused can be tried on a device as it is,
 * and what it means if one is not refused.
 */
#ifndef NMA_PROBE_H
#define NMA_PROBE_H

#include "probe/attempt.h"
#include "rules/finding.h"
#include "model/model.h"

struct nma_probe {
	const char *key;	/* "xdp_driver" */
	const char *text;	/* "XDP without frags on a port with a bound queue" */
	const char *rule;
	const char *gap;	/* why no driver is to blame if it is allowed; or NULL */
};

/* One attempt, or one device on which nothing could be tried (@probe NULL). */
struct nma_probed {
	const struct nma_probe *probe;
	unsigned int number;	/* of the probe: a finding's condition */
	__u32 netns;
	__u32 ifindex;
	__u32 queue;		/* NMA_NO_QUEUE none */
	char ifname[NMA_IFNAME_LEN];
	struct nma_attempt attempt;
};

/* Tries everything on @nic; calls @fn for each attempt when it is over. */
typedef void (*nma_probed_fn)(void *ctx, const struct nma_probed *p);
void nma_probe__nic(const struct nma_model *m, const struct nma_nic *nic,
		    nma_probed_fn fn, void *ctx);

const char *nma_probe_outcome(enum nma_outcome outcome);	/* "refused" */

bool nma_probe__allowed(const struct nma_probed *p);

/* What was allowed is a finding; false for everything else, and if the catalogue
 * lacks the rule. A gap of the kernel is information, with @strict a warning.
 */
bool nma_probe__finding(const struct nma_probed *p, bool strict, struct nma_finding *f);

/* Something was asked, and the kernel answered. */
bool nma_probe__answered(const struct nma_probed *p);
/* What is to be said about the outcome, "" nothing. */
const char *nma_probe__reason(const struct nma_probed *p);

#endif /* NMA_PROBE_H */
