/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a sender from a dma-buf does wrong on request, see misdeeds.def. What the
 * kernel has to refuse it must refuse, else that is an error of the run.
 */
#ifndef NMA_MISSEND_H
#define NMA_MISSEND_H

#include "flow.h"

/* Tries all that is due and has to be refused, and binds all that is due to be.
 * Returns 0, or -errno with a message.
 */
int nma_missend(struct nma_flow *flow);

#define NMA_MISSEND_EARLY	500	/* bytes, shorter than any segment */

/* Is the next piece to be written while it is on its way? */
bool nma_missend_early_due(const struct nma_flow *flow);
/* The current piece is on its way and held back (MSG_MORE): writes, or begins to,
 * and lets it go, or has it sent once more. Returns as nma_missend().
 */
int nma_missend_early(struct nma_flow *flow);

#endif /* NMA_MISSEND_H */
