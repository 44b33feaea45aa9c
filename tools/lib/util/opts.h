/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Options are rows. The parser, the usage line, the help text and the test
 * that compares them with the man pages are all derived from the rows; values
 * land in a struct that starts as the command's defaults.
 */
#ifndef NMA_OPTS_H
#define NMA_OPTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/strs.h"

enum nma_opt_type {
	NMA_OPT_FLAG,	/* bool */
	NMA_OPT_U32,	/* __u32 within min..max */
	NMA_OPT_TIME,	/* seconds with decimals, stored as __u64 ns; limits in s */
	NMA_OPT_SPAN,	/* as TIME, but not 0, which stands for "not given" */
	NMA_OPT_STRS,	/* struct nma_strs; may be repeated */
	NMA_OPT_STR,	/* const char *, not empty; NULL if not given */
	NMA_OPT_CHOICE,	/* int, index into choices */
};

struct nma_opt {
	const char *name;	/* without dashes */
	char letter;		/* 0: none */
	enum nma_opt_type type;
	size_t offset;		/* of the value in its struct */
	const char *metavar;
	const char *help;
	__u32 min;
	__u32 max;
	const char *const *choices;	/* ends with NULL */
};

/* One struct of values with the options that fill it. */
struct nma_optset {
	const struct nma_opt *opts;
	size_t nr;
	void *values;
};

struct nma_args {
	int argc;
	char **argv;
	int next;		/* first argument not looked at */
	bool plain;		/* "--" was seen: all that follows is not ours */
	char error[200];
};

enum {
	NMA_ARGS_END = 0,
	NMA_ARGS_WORD = 1,	/* argv[next] is not an option; step over it */
};

/* Takes options until a word or the end. -EINVAL: see @args->error. */
int nma_opts_parse(const struct nma_optset *sets, size_t nr_sets,
		   struct nma_args *args);

/* Seconds with up to nine decimals; -EINVAL, -ERANGE. */
int nma_opts_time(const char *s, __u32 min, __u32 max, __u64 *ns);
int nma_opts_u32(const char *s, __u32 min, __u32 max, __u32 *u);

/* "[-i IF]... [--settle SEC] ARGS", wrapped after @column at @indent. */
void nma_opts_usage(FILE *f, const struct nma_optset *set, const char *args,
		    size_t column, size_t indent);
/* " (default 60)", or "" for an option without: @value is what it has if not given. */
void nma_opt_default(const struct nma_opt *opt, const void *value, char *dst, size_t size);
/* A paragraph per option; defaults are read from @set->values. */
void nma_opts_help(FILE *f, const struct nma_optset *set);

#endif /* NMA_OPTS_H */
