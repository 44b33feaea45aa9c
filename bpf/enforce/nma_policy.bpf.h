/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The policy in force, and what became of a request. The maps are defined in
 * policy.bpf.c.
 *
 * The policy is a map in a map: another one takes its place at once, for all programs,
 * and what began under the old one ends under it.
 */
#ifndef NMA_POLICY_BPF_H
#define NMA_POLICY_BPF_H

#include "../nma_core.bpf.h"
#include "nma_enforce.h"

#include <bpf/bpf_tracing.h>

#define EPERM	1

struct nma_policy_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nma_policy);
};

struct nma_policies_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct nma_policy_map);
};

extern struct nma_policies_map nma_policies SEC(".maps");

/* NULL: none, and nothing is refused */
static __always_inline struct nma_policy *nma_policy(void)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&nma_policies, &zero);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

static __always_inline bool nma_looks_at(const struct nma_policy *pol, __u32 rule)
{
	return pol->mode[rule % NMA_ENFORCE_RULES] != NMA_MODE_OFF;
}

/* A request that breaks a rule. */
struct nma_breach {
	__u64 asked;
	__u64 limit;
	__u64 dev;		/* struct net_device, 0: none */
	__u32 rule;
	__u32 reason;
	__u32 ask;		/* enum nma_req */
	__u32 rsvd;
};

/* 0: it is let through; else what the caller gets. Counts and tells. */
int nma_judge(struct nma_policy *pol, const struct nma_breach *breach);

/* What an LSM program returns has to be an errno for the verifier, too. */
static __always_inline int nma_answer(int err)
{
	if (err < 0 && err >= -4095)
		return err;
	return 0;
}

/* May the running task do it? */
int nma_may(struct nma_policy *pol, __u32 act);

/* Does the policy cover this port? */
int nma_covers(struct nma_policy *pol, __u64 dev);

/* Does a queue of it have a memory provider? */
static __always_inline bool rxq_is_bound(struct net_device *dev, __u32 queue)
{
	return queue < BPF_CORE_READ(dev, num_rx_queues) &&
	       BPF_CORE_READ(netdev_rxq(dev, queue), mp_params.mp_priv);
}

#endif /* NMA_POLICY_BPF_H */
