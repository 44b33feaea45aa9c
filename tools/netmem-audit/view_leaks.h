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

struct nma_account {
	const struct nma_pool *pool;
	const struct nma_trends *trends;
	struct nma_balance balance;
};

/* Do buffers stay out that should not? See the manual of leaks. */
bool nma_account_leaks(const struct nma_model *m, const struct nma_account *a);

/* -ENOMEM */
int nma_view_leaks(const struct nma_audit *audit, const struct nma_account *a, size_t nr);
struct json_object *nma_view_leaks_json(const struct nma_audit *audit,
					const struct nma_account *a, size_t nr);

#endif /* NMA_VIEW_LEAKS_H */
