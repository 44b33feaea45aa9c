/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Commands are rows: parser, dispatch, --help and the tests that compare them
 * with the manual pages are derived from struct nma_command.
 */
#ifndef NMA_CLI_H
#define NMA_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/exit.h"
#include "util/opts.h"
#include "out/out.h"

#define NMA_VERSION	"0.1.0"

/* Global options. */
struct nma_globals {
	bool json;
	bool pretty;
	bool verbose;
	bool quiet;
	bool version;
	bool help;
};

/* What every command gets. */
struct nma_env {
	struct nma_globals opt;
	struct nma_out out;
	FILE *err;		/* diagnostics */
	const char *command;	/* for messages; NULL before it is known */
};

/* What is left of a command line when the options are taken out. */
struct nma_words {
	int nr;			/* before "--" */
	char **word;
	char **command;		/* after "--", ends with NULL; NULL if none */
};

struct nma_command {
	const char *name;
	const char *args;	/* grammar of what follows the options, "" none */
	const char *summary;
	const struct nma_opt *opts;
	size_t nr_opts;
	const void *defaults;	/* the options' struct; NULL without options */
	size_t size;		/* of it */
	unsigned int max_args;	/* words before "--" */
	bool takes_command;	/* words after "--" */
	const char *const *about;	/* paragraphs of --help, ends with NULL */
	/* returns enum nma_exit */
	int (*run)(struct nma_env *env, const void *opts, const struct nma_words *w);
};

extern const struct nma_opt nma_global_opts[];
extern const size_t nma_nr_global_opts;

extern const struct nma_command nma_cmd_features;
extern const struct nma_command nma_cmd_rules;
extern const struct nma_command nma_cmd_show;
extern const struct nma_command nma_cmd_check;
extern const struct nma_command nma_cmd_watch;
extern const struct nma_command nma_cmd_stat;
extern const struct nma_command nma_cmd_record;
extern const struct nma_command nma_cmd_leaks;
extern const struct nma_command nma_cmd_gate;
extern const struct nma_command nma_cmd_enforce;
extern const struct nma_command nma_cmd_explain_bind;

extern const struct nma_command *const nma_commands[];	/* ends with NULL */

int nma_cli_run(int argc, char **argv, FILE *out, FILE *err);
void nma_cli_help(FILE *f, const struct nma_command *cmd);

#endif /* NMA_CLI_H */
