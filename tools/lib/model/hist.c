// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See hist.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/hist.h"
#include "model/model.h"

static const char *const names[] = {
#define NMA_HIST(id, name) name,
	NMA_HIST_LIST
#undef NMA_HIST
};

const char *nma_hist_name(enum nma_hist_kind kind)
{
	return kind < NMA_HIST_MAX ? names[kind] : NULL;
}

int nma_hist_apply(struct nma_model *m, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_hist *r = (const void *)hdr;
	struct nma_hist *hist = nma_table_find(&m->hists, r->kind, r->id);

	if (r->kind >= NMA_HIST_MAX)
		return -EINVAL;
	if (!hist) {
		hist = calloc(1, sizeof(*hist));
		if (!hist || nma_table_add(&m->hists, &hist->node, r->kind, r->id)) {
			free(hist);
			return -ENOMEM;
		}
	}
	hist->generation = m->generation;
	hist->r = *r;
	return 0;
}

const struct nma_hist *nma_model__hist(const struct nma_model *m, enum nma_hist_kind kind,
				       __u32 id)
{
	const struct nma_hist *hist = nma_table_find(&m->hists, kind, id);

	return hist && hist->generation == m->generation ? hist : NULL;
}
