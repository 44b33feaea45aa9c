/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The table of options: what the parser accepts and the help prints.
 */
#ifndef NMA_OPTS_ROWS_H
#define NMA_OPTS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "opts.h"

#define NMA_OPT_ROWS_MAX 128

enum nma_opt_type {
	NMA_OPT_FLAG,
	NMA_OPT_NUMBER,
	NMA_OPT_STRING,
	NMA_OPT_QUEUES,
};

struct nma_opt_row {
	const char *name;
	char letter;		/* 0: long form only */
	enum nma_opt_type type;
	unsigned int roles;
	size_t offset;		/* in struct nma_opts */
	uint64_t min;		/* of a number */
	uint64_t max;
	const char *metavar;
	const char *help;
	const char *rule;	/* a misbehaviour: the rule it breaks */
};

extern const struct nma_opt_row nma_opt_rows[];
extern const size_t nma_opt_rows_n;
extern const struct nma_opts nma_opt_defaults;

#endif /* NMA_OPTS_ROWS_H */
