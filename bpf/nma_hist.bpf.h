/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Histograms of times, by powers of two of a microsecond.
 */
#ifndef NMA_HIST_BPF_H
#define NMA_HIST_BPF_H

#include "nma_types.bpf.h"
#include "nma_near.bpf.h"
#include "nma_prog.h"

/* When a buffer was given out, 0: it is back. Only while another one's time is in its
 * place, in the map behind it.
 */
struct nma_given {
	__u64 netmem;		/* netmem_ref */
	__u64 since;
};

struct nma_given_near_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << NMA_NEAR_BITS);
	__type(key, __u32);
	__type(value, struct nma_given);
};

extern struct nma_given_near_map nma_given_near SEC(".maps");

static __always_inline struct nma_given *nma_given_near_of(__u64 netmem)
{
	__u32 place = nma_near_place(netmem);

	return bpf_map_lookup_elem(&nma_given_near, &place);
}

struct nma_given_out_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NMA_BUFS_DEFAULT);
	__type(key, __u64);		/* netmem_ref */
	__type(value, __u64);
};

extern struct nma_given_out_map nma_given_out SEC(".maps");

static __always_inline void nma_give_out(__u64 netmem)
{
	struct nma_given *near = nma_given_near_of(netmem);
	__u64 now = bpf_ktime_get_ns(), *since;

	if (near && near->netmem == netmem) {
		near->since = now;
		return;
	}
	if (near && !near->since) {
		bpf_map_delete_elem(&nma_given_out, &netmem);
		near->netmem = netmem;
		near->since = now;
		return;
	}
	since = bpf_map_lookup_elem(&nma_given_out, &netmem);
	if (since)
		*since = now;
	else
		bpf_map_update_elem(&nma_given_out, &netmem, &now, BPF_ANY);
}

/* Global functions, so that the verifier goes through them once. */
__noinline int nma_hist_add(__u32 kind, __u32 id, __u64 ns, __u32 nr);	/* so many times */
__noinline int nma_hist_end(__u32 id);		/* the pool has ended */
__noinline int nma_fill_hist(struct nma_rec_hist *r);	/* kind, id; -1: none */

#endif /* NMA_HIST_BPF_H */
