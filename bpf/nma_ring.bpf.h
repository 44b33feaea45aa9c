/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The way of a record to user space, and the count of what was lost on it. The
 * maps are defined in common.bpf.c.
 */
#ifndef NMA_RING_BPF_H
#define NMA_RING_BPF_H

#include "nma_types.bpf.h"
#include "nma_prog.h"

extern const volatile struct nma_config nma_cfg;

struct nma_ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};

extern struct nma_ring_map nma_ring SEC(".maps");

/* By enum nma_loss. User space has it mapped: reading a map by system call keeps
 * the kprobes of that CPU from running, and would make us lose what we count.
 */
extern __u64 nma_lost[NMA_LOSS_MAX] SEC(".bss.lost");

static __always_inline void nma_count_loss(enum nma_loss kind, __u64 n)
{
	__sync_fetch_and_add(&nma_lost[kind], n);
}

/* A global function, so that the verifier goes through it once per program. */
__noinline int nma_fill_hdr(struct nma_rec_hdr *hdr, __u16 type, __u16 size,
			    __u16 cause);

/* A zeroed record with its header, or NULL. A full ring is not yet a loss here:
 * walks come again. Order in the ring is order of reservation, so a record that
 * is reserved before its object is read cannot overtake the object's end.
 * What cannot be read reads as zeros: one call instead of a store for each word.
 */
#define nma_try_reserve(kind, type, cause) ({				\
	struct kind *__r = bpf_ringbuf_reserve(&nma_ring, sizeof(*__r), 0); \
	if (__r) {							\
		bpf_probe_read_kernel(__r, sizeof(*__r), NULL);		\
		nma_fill_hdr(&__r->hdr, type, sizeof(*__r), cause);	\
	}								\
	__r;								\
})

/* For hooks, which do not come again. */
#define nma_reserve(kind, type, cause) ({				\
	struct kind *__h = nma_try_reserve(kind, type, cause);		\
	if (!__h)							\
		nma_count_loss(NMA_LOSS_RING, 1);			\
	__h;								\
})

#endif /* NMA_RING_BPF_H */
