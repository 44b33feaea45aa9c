// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Collecting and returning tokens: see tokens.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "err.h"
#include "tokens.h"

int nma_tokens_init(struct nma_tokens *t, int fd, unsigned int batch,
		    size_t keep)
{
	*t = (struct nma_tokens){
		.fd = fd,
		.batch_max = batch,
		.keep = keep,
		.kept = calloc(keep ? keep : 1, sizeof(*t->kept)),
	};
	return t->kept ? 0 : -ENOMEM;
}

void nma_tokens_destroy(struct nma_tokens *t)
{
	free(t->kept);
	t->kept = NULL;
}

static int give_back(struct nma_tokens *t, const struct dmabuf_token *tokens,
		     unsigned int n)
{
	int ret;

	ret = setsockopt(t->fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, tokens,
			 n * sizeof(*tokens));
	if (ret < 0)
		return nma_err(-errno, "SO_DEVMEM_DONTNEED of %u tokens", n);
	t->returned += ret;
	if ((unsigned int)ret != n)
		return nma_fail("SO_DEVMEM_DONTNEED took %d of %u tokens",
				ret, n);
	return 0;
}

int nma_tokens_flush(struct nma_tokens *t)
{
	unsigned int n = t->n_batch;

	t->n_batch = 0;
	return n ? give_back(t, t->batch, n) : 0;
}

int nma_tokens_add(struct nma_tokens *t, uint32_t token)
{
	struct dmabuf_token entry = { .token_start = token, .token_count = 1 };

	if (t->n_kept < t->keep) {
		t->kept[t->n_kept++] = entry;
		return 0;
	}
	t->batch[t->n_batch++] = entry;
	return t->n_batch == t->batch_max ? nma_tokens_flush(t) : 0;
}

int nma_tokens_release(struct nma_tokens *t)
{
	unsigned int n;
	int err = 0;

	while (!err && t->n_kept) {
		n = t->n_kept < NMA_DONTNEED_MAX ? t->n_kept : NMA_DONTNEED_MAX;
		t->n_kept -= n;
		err = give_back(t, t->kept + t->n_kept, n);
	}
	t->keep = 0;
	return err;
}

uint64_t nma_tokens_outstanding(const struct nma_tokens *t)
{
	return t->n_kept + t->n_batch;
}
