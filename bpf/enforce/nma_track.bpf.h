/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What is remembered from request to request. The maps are defined in track.bpf.c.
 * Devices are known by their address; that it is still the same one tells ifindex.
 */
#ifndef NMA_TRACK_BPF_H
#define NMA_TRACK_BPF_H

#include "nma_policy.bpf.h"
#include "nma_nlmsg_bpf.h"

#define SIGKILL	9

#define NMA_RSS_QUEUES	NMA_ASK_QUEUES
#define NMA_RSS_WORDS	NMA_ASK_WORDS

/* Only where the core does not keep it */
struct nma_split {
	__u32 ifindex;
	__u32 split;		/* ETHTOOL_TCP_DATA_SPLIT_* */
};

struct nma_split_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct nma_split);
};

/* Queues in the table of the default context */
struct nma_rss {
	__u32 ifindex;
	__u32 beyond;		/* one that is not in queues */
	__u64 queues[NMA_RSS_WORDS];
};

struct nma_rss_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct nma_rss);
};

struct nma_charged_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);		/* cgroup */
	__type(value, __u64);		/* bytes bound */
};

extern struct nma_split_map nma_split SEC(".maps");
extern struct nma_rss_map nma_rss SEC(".maps");
extern struct nma_charged_map nma_charged SEC(".maps");

struct nma_charge {
	__u64 cgroup_id;
	__u64 limit;
};

int nma_charge_to(struct nma_policy *pol, struct nma_charge *c);

#endif /* NMA_TRACK_BPF_H */
