/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a policy would say to somebody who asks, before it is tried.
 */
#ifndef NMA_WOULD_H
#define NMA_WOULD_H

#include "model/model.h"
#include "nma_enforce.h"

#define NMA_CGROUP_LEVELS	32

struct nma_identity {
	__u32 uid;
	unsigned int nr_cgroups;
	__u64 cgroup[NMA_CGROUP_LEVELS];	/* by level, from the root */
};

/* Who runs; a cgroup that cannot be found is none. */
void nma_identity__find(struct nma_identity *self);

enum nma_answer {
	NMA_ANSWER_YES,
	NMA_ANSWER_NO,
	NMA_ANSWER_UNSURE,	/* it depends on the program, or on how much it is */
};

/* May @self do that with the queue of @nic? *@rule: that stands in the way */
enum nma_answer nma_would(const struct nma_policy *pol, const struct nma_identity *self,
			  enum nma_act_kind act, const struct nma_nic *nic, __u32 queue,
			  enum nma_rule_id *rule);

#endif /* NMA_WOULD_H */
