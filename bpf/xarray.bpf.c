// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors */
#include "nma_xarray.bpf.h"

#define XA_LEVELS_MAX	13	/* of 64 bits, six each, and the head */

char LICENSE[] SEC("license") = "GPL";

struct lookup {
	struct nma_xa x;
	__u64 index;
};

/* One step for each node on the way: an empty slot would lead to the next. */
static long descend(__u32 i, struct lookup *l)
{
	return nma_xa_step(&l->x) == NMA_XA_FOUND || l->x.index != l->index;
}

__noinline __u64 nma_xa_load(__u64 xarray, __u64 index)
{
	struct lookup l = {
		.x = { .xarray = xarray, .index = index },
		.index = index,
	};

	bpf_loop(XA_LEVELS_MAX, descend, &l, 0);
	return l.x.index == index && !xa_is_internal(l.x.entry) ? l.x.entry : 0;
}
