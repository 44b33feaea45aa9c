// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What one program of each pair has seen alone, as the loader reads it: not by
 * system calls on the map, for the reason that act.bpf.c gives.
 */
#include "nma_pair.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct nma_notes_map nma_notes SEC(".maps");

__u64 nma_alone[NMA_PAIR_MAX] SEC(".bss.pairs");

/* @i: all notes of a CPU, then of the next */
static long add_note(__u32 i, void *ctx)
{
	__u32 slot = i % (2 * NMA_PAIR_MAX), pair = slot / 2;
	struct nma_note *note;

	barrier_var(pair);	/* the compiler knows its bound, the verifier does not */
	note = bpf_map_lookup_percpu_elem(&nma_notes, &slot, i / (2 * NMA_PAIR_MAX));
	if (!note || pair >= NMA_PAIR_MAX)
		return 1;
	nma_alone[pair] += note->alone;
	if (note->awaited && note->eye == NMA_EYE_RIGHT)
		nma_alone[pair]++;
	return 0;
}

SEC("?syscall")
int nma_read_pairs(struct nma_pairs_read *arg)
{
	__builtin_memset(nma_alone, 0, sizeof(nma_alone));
	bpf_loop(arg->cpus * 2 * NMA_PAIR_MAX, add_note, NULL, 0);
	return 0;
}
