/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Tokens of one socket: each stands for a part of the dma-buf that the kernel
 * will not reuse until the token is returned to it.
 */
#ifndef NMA_TOKENS_H
#define NMA_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"

struct nma_tokens {
	int fd;			/* the socket, not owned */
	unsigned int batch_max;	/* return so many at once */
	unsigned int n_batch;
	size_t keep;		/* how many to keep */
	size_t n_kept;
	uint64_t returned;
	struct dmabuf_token *kept;
	struct dmabuf_token batch[NMA_DONTNEED_MAX];
};

/* @keep: the first so many tokens are kept, see nma_tokens_release(). Returns
 * 0 or -ENOMEM.
 */
int nma_tokens_init(struct nma_tokens *t, int fd, unsigned int batch,
		    size_t keep);
/* Forgets all tokens without returning them. */
void nma_tokens_destroy(struct nma_tokens *t);

/* The others return 0, or -errno with a message when the kernel did not take
 * as many as it was given.
 */
int nma_tokens_add(struct nma_tokens *t, uint32_t token);
int nma_tokens_flush(struct nma_tokens *t);	/* all that are not kept */
int nma_tokens_release(struct nma_tokens *t);	/* the kept ones */

/* What the kernel still waits for. */
uint64_t nma_tokens_outstanding(const struct nma_tokens *t);

#endif /* NMA_TOKENS_H */
