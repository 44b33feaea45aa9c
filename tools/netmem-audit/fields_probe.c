// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Field table of what check --probe has tried.
 */
#include <string.h>

#include "fields.h"
#include "getter.h"
#include "probe/probe.h"

#define PROBED(row)	((const struct nma_probed *)(row))

static void p_probe(const void *row, struct nma_value *v)
{
	if (PROBED(row)->probe)
		nma_value_str(v, PROBED(row)->probe->key);
}

static void p_rule(const void *row, struct nma_value *v)
{
	if (PROBED(row)->probe)
		nma_value_str(v, PROBED(row)->probe->rule);
}

GET(p_ifname, nma_value_strn(v, PROBED(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(p_ifindex, PROBED(row)->ifindex)
NETNS(p, PROBED(row)->netns)
GET_NONZERO(p_errno, -PROBED(row)->attempt.err)
GET(p_outcome, nma_value_str(v, nma_probe_outcome(PROBED(row)->attempt.outcome)))
GET(p_reason, nma_value_str(v, nma_probe__reason(PROBED(row))))

static void p_queue(const void *row, struct nma_value *v)
{
	if (PROBED(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, PROBED(row)->queue);
}

static const struct nma_field probe_fields[] = {
	{ "probe", "PROBE", 0, p_probe },
	{ "rule", "RULE", NMA_FIELD_JSON, p_rule },
	{ "ifname", "IF", 0, p_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, p_ifindex },
	NETNS_FIELDS(p),
	{ "queue", "QUEUE", 0, p_queue },
	{ "outcome", "OUTCOME", 0, p_outcome },
	{ "errno", "", NMA_FIELD_JSON, p_errno },
	{ "reason", "REASON", 0, p_reason },
};

const struct nma_fields nma_fields_probe = {
	.name = "probes", .field = probe_fields,
	.nr = sizeof(probe_fields) / sizeof(*probe_fields),
};
