/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The assertions of a gate, and files of them: one on each line, '#' begins a comment,
 * and what follows a line "[IF]" is about that device.
 */
#ifndef NMA_GATE_FILE_H
#define NMA_GATE_FILE_H

#include "gate/expr.h"

struct nma_assertion {
	struct nma_expr expr;
	const char *path;	/* of the file, NULL: it was given otherwise */
	unsigned int line;
};

struct nma_assertions {
	struct nma_assertion *v;
	size_t nr;
};

/* Errors: -EINVAL, @error says what and where, with the line and a mark below the
 * column; -ENOMEM; or why the file cannot be read.
 */
int nma_assertions__add(struct nma_assertions *a, const char *text, char *error,
			size_t size);
int nma_assertions__load(struct nma_assertions *a, const char *path, char *error,
			 size_t size);
/* What everybody wants who says nothing else. */
int nma_assertions__defaults(struct nma_assertions *a);
void nma_assertions__free(struct nma_assertions *a);

/* Do any of them need this? */
bool nma_assertions__use(const struct nma_assertions *a, enum nma_metric_id metric);

#endif /* NMA_GATE_FILE_H */
