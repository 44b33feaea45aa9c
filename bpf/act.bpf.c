// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Acts as the loader reads them. Not by system calls on the map: while one runs,
 * or is preempted, no kprobe of that CPU reaches a program.
 */
#include "nma_act.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct nma_rec_act nma_acts_out[NMA_ACTS_AT_ONCE] SEC(".bss.acts_out");

/* One call of the loader: whose rows go, and how many records it gets. */
struct reading {
	__u64 ended;
	__u32 nr;
};

static __always_inline void tell(struct nma_act_row *row, __u64 new,
				 struct nma_rec_act *out)
{
	*out = row->rec;
	out->count = new;
	if (row->told)
		out->hdr.time_ns = bpf_ktime_get_ns();	/* else of the first */
	row->told += new;
}

/* A row that there is no room for is told by the next call. */
static long read_row(struct bpf_map *map, struct nma_act_key *key,
		     struct nma_act_row *row, struct reading *r)
{
	__u64 new = *(volatile __u64 *)&row->rec.count - row->told;

	if (new) {
		if (r->nr >= NMA_ACTS_AT_ONCE)
			return 1;
		tell(row, new, &nma_acts_out[r->nr++]);
	}
	if (key->object == r->ended)
		bpf_map_delete_elem(map, key);
	return 0;
}

SEC("?syscall")
int nma_read_acts(struct nma_acts_read *arg)
{
	struct reading r = { .ended = arg->ended };

	bpf_for_each_map_elem(&nma_acts, read_row, &r, 0);
	arg->nr = r.nr;
	return 0;
}
