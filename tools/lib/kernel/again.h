/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Most of what a look at the kernel finds is as it was at the look before. In a
 * recording such a record is not written again: its number is, and its time. Numbers
 * count the records that were found by looking and written in full. Both sides forget
 * what one whole look did not mention.
 */
#ifndef NMA_AGAIN_H
#define NMA_AGAIN_H

#include <linux/types.h>
#include <stdbool.h>

#include "nma_event.h"
#include "util/table.h"

/* Who writes */
struct nma_said {
	struct nma_table t[NMA_REC_AGE + 1];	/* by type and object */
	__u32 next;		/* number */
	__u32 look;
};

/* It was said before, and all is as it was but the time: @number tells when. Else it
 * is to be written in full.
 */
bool nma_said__before(struct nma_said *s, const struct nma_rec_hdr *hdr, __u32 *number);
void nma_said__end_look(struct nma_said *s);
void nma_said__free(struct nma_said *s);

/* Who reads */
struct nma_heard {
	struct nma_table t;	/* by number */
	__u32 next;
	__u32 look;
};

/* For each record that is written in full. -ENOMEM */
int nma_heard__note(struct nma_heard *h, const struct nma_rec_hdr *hdr);
/* As it was, and as of @time_ns; NULL: there was no such record. */
const struct nma_rec_hdr *nma_heard__again(struct nma_heard *h, __u32 number,
					   __u64 time_ns);
void nma_heard__end_look(struct nma_heard *h);
void nma_heard__free(struct nma_heard *h);

#endif /* NMA_AGAIN_H */
