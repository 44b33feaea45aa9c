/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * How the account of a page_pool looks.
 */
#ifndef NMA_VIEW_LEAKS_H
#define NMA_VIEW_LEAKS_H

#include "audit.h"
#include "model/balance.h"
#include "model/trend.h"

struct nma_held_group;	/* buffers of one pool in one place */

struct nma_account {
	const struct nma_pool *pool;
	const struct nma_trends *trends;
	struct nma_balance balance;
	__u64 now_ns;		/* when it was looked at */
	__u64 since_ns;		/* since when ages are known, 0: they are not */
	__u64 least_ns;		/* only groups with a buffer that is older */
	struct nma_held_group *group;
	size_t nr;
};

/* Groups, of what the model and the members before them say. -ENOMEM */
int nma_account_fill(struct nma_account *a, const struct nma_model *m);
void nma_account_free(struct nma_account *a);

/* Do buffers stay out that should not? See the manual of leaks. */
bool nma_account_leaks(const struct nma_account *a);

/* -ENOMEM */
int nma_view_leaks(const struct nma_audit *audit, const struct nma_account *a, size_t nr);
struct json_object *nma_view_leaks_json(const struct nma_audit *audit,
					const struct nma_account *a, size_t nr);

#endif /* NMA_VIEW_LEAKS_H */
