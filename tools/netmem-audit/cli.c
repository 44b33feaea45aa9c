// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Global options, command table, help. Global options may stand before or after
 * the command.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "kernel/ksyms.h"
#include "log.h"
#include "util/text.h"

#define WORDS_MAX	8

#define GLOBAL(name_, letter_, field, help_) { \
	.name = name_, .letter = letter_, .type = NMA_OPT_FLAG, \
	.offset = offsetof(struct nma_globals, field), .help = help_, \
}

const struct nma_opt nma_global_opts[] = {
	GLOBAL("json", 'j', json,
	       "print JSON: one document, or one per line for streams; errors too"),
	GLOBAL("pretty", 'p', pretty, "print JSON with line breaks; implies --json"),
	GLOBAL("verbose", 'v', verbose,
	       "print more fields, evidence, notes and kernel addresses"),
	GLOBAL("quiet", 'q', quiet, "print no warnings and no progress on stderr"),
	GLOBAL("version", 'V', version, "print the version and exit"),
	GLOBAL("help", 'h', help, "print this help, or that of the command, and exit"),
};

const size_t nma_nr_global_opts = sizeof(nma_global_opts) / sizeof(*nma_global_opts);

static const struct nma_command *find_command(const char *name)
{
	const struct nma_command *const *cmd;

	for (cmd = nma_commands; *cmd; cmd++)
		if (!strcmp((*cmd)->name, name))
			return *cmd;
	return NULL;
}

static void help_globals(FILE *f)
{
	struct nma_globals none = { 0 };
	const struct nma_optset set = {
		.opts = nma_global_opts, .nr = nma_nr_global_opts, .values = &none,
	};

	fputs("\nGlobal options:\n", f);
	nma_opts_help(f, &set);
}

static void help_exit(FILE *f)
{
	fputs("\nExit status:\n", f);
#define NMA_EXIT(id, status, text) fprintf(f, "  %d  %s\n", status, text);
	NMA_EXIT_LIST
#undef NMA_EXIT
}

static void help_command(FILE *f, const char *name, const char *summary)
{
	fprintf(f, "  %-14s", name);
	nma_text_wrap(f, summary, 16, 16, 80, " ");
	fputc('\n', f);
}

static void help_tool(FILE *f)
{
	const struct nma_command *const *cmd;

	fputs("Usage: netmem-audit [OPTION]... COMMAND [ARGUMENT]...\n"
	      "Do NIC drivers and applications obey the rules of network memory?\n"
	      "\nCommands:\n", f);
	for (cmd = nma_commands; *cmd; cmd++)
		help_command(f, (*cmd)->name, (*cmd)->summary);
	help_command(f, "help", "print how to use a command");
	help_globals(f);
	help_exit(f);
	fputs("\nnetmem-audit help COMMAND tells more; see also netmem-audit(8).\n", f);
}

/* One that begins with a blank is an item of a list. */
static void help_paragraph(FILE *f, const char *text)
{
	size_t indent = text[0] == ' ' ? 2 : 0;

	fprintf(f, "%s", indent ? "  " : "\n");
	nma_text_wrap(f, text + strspn(text, " "), indent, 2 * indent, 80, " ");
	fputc('\n', f);
}

void nma_cli_help(FILE *f, const struct nma_command *cmd)
{
	const struct nma_optset set = {
		.opts = cmd->opts, .nr = cmd->nr_opts, .values = (void *)cmd->defaults,
	};
	const char *const *about;
	size_t column;

	column = fprintf(f, "Usage: netmem-audit %s", cmd->name);
	nma_opts_usage(f, &set, cmd->args, column, 8);
	fputc('\n', f);
	nma_text_wrap(f, cmd->summary, 0, 0, 80, " ");
	fputc('\n', f);
	if (cmd->nr_opts) {
		fputs("\nOptions:\n", f);
		nma_opts_help(f, &set);
	}
	help_globals(f);
	for (about = cmd->about; *about; about++)
		help_paragraph(f, *about);
	help_exit(f);
}

static int version(struct nma_env *env)
{
	struct json_object *doc;

	if (!env->out.json) {
		fprintf(env->out.file, "netmem-audit %s, libbpf %s, json-c %s\n",
			NMA_VERSION, libbpf_version_string(), json_c_version());
		return NMA_EXIT_OK;
	}
	doc = nma_json_doc("version");
	nma_json_add_str(doc, "version", NMA_VERSION);
	nma_json_add_str(doc, "libbpf", libbpf_version_string());
	nma_json_add_str(doc, "json_c", json_c_version());
	return nma_out_emit(&env->out, doc) ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

static int usage_error(const struct nma_env *env, const char *message)
{
	if (env->command)
		nma_err(env, -EINVAL, "%s (see netmem-audit %s --help)", message,
			env->command);
	else
		nma_err(env, -EINVAL, "%s (see netmem-audit --help)", message);
	return NMA_EXIT_USAGE;
}

/* An error in the command line must come out as JSON also if the option that
 * asks for it stands behind the error.
 */
static bool wants_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--json") || !strcmp(argv[i], "--pretty"))
			return true;
		if (argv[i][0] == '-' && argv[i][1] != '-' &&
		    strspn(argv[i] + 1, "jpvqVh") == strlen(argv[i] + 1) &&
		    strpbrk(argv[i], "jp"))
			return true;
	}
	return false;
}

static void apply_globals(struct nma_env *env)
{
	env->out.json = env->opt.json || env->opt.pretty;
	env->out.pretty = env->opt.pretty;
	env->out.verbose = env->opt.verbose;
}

/* Sorts what follows the command into options, words and a command to run. */
static int parse_command(struct nma_env *env, const struct nma_command *cmd,
			 struct nma_args *args, void *values, struct nma_words *words)
{
	/* a letter that the command has, too, is the command's behind it */
	const struct nma_optset sets[] = {
		{ cmd->opts, cmd->nr_opts, values },
		{ nma_global_opts, nma_nr_global_opts, &env->opt },
	};
	int ret;

	while ((ret = nma_opts_parse(sets, 2, args)) == NMA_ARGS_WORD) {
		if (args->plain && cmd->takes_command) {
			words->command = args->argv + args->next;
			return 0;
		}
		if (words->nr == (int)cmd->max_args) {
			snprintf(args->error, sizeof(args->error),
				 "unexpected argument '%s'%s", args->argv[args->next],
				 cmd->takes_command ? ", a command to run goes behind --" : "");
			return -EINVAL;
		}
		words->word[words->nr++] = args->argv[args->next++];
	}
	if (ret == NMA_ARGS_END && args->plain && cmd->takes_command) {
		snprintf(args->error, sizeof(args->error), "no command behind --");
		return -EINVAL;
	}
	return ret;
}

static int run_command(struct nma_env *env, const struct nma_command *cmd,
		       struct nma_args *args)
{
	void *values = calloc(1, cmd->size + 1);
	char *word[WORDS_MAX];
	struct nma_words words = { .word = word };
	int ret;

	if (!values) {
		nma_err(env, -ENOMEM, "out of memory");
		return NMA_EXIT_ENV;
	}
	if (cmd->defaults)
		memcpy(values, cmd->defaults, cmd->size);
	ret = parse_command(env, cmd, args, values, &words);
	if (env->opt.help) {
		nma_cli_help(env->out.file, cmd);
		ret = NMA_EXIT_OK;
	} else if (ret) {
		ret = usage_error(env, args->error);
	} else {
		apply_globals(env);
		ret = cmd->run(env, values, &words);
	}
	free(values);
	return ret;
}

static int unknown_command(const struct nma_env *env, const char *name)
{
	char message[200];

	snprintf(message, sizeof(message), "unknown command '%s'", name);
	return usage_error(env, message);
}

/* "help" and "help COMMAND", for those who try that first */
static int help(const struct nma_env *env, const struct nma_args *args)
{
	const struct nma_command *cmd;

	if (args->next == args->argc) {
		help_tool(env->out.file);
		return NMA_EXIT_OK;
	}
	cmd = find_command(args->argv[args->next]);
	if (!cmd)
		return unknown_command(env, args->argv[args->next]);
	if (args->next + 1 < args->argc)
		return usage_error(env, "help takes one command");
	nma_cli_help(env->out.file, cmd);
	return NMA_EXIT_OK;
}

static int run(struct nma_env *env, int argc, char **argv)
{
	struct nma_args args = { .argc = argc, .argv = argv, .next = 1 };
	struct nma_optset globals = {
		.opts = nma_global_opts, .nr = nma_nr_global_opts, .values = &env->opt,
	};
	const struct nma_command *cmd;
	int ret;

	env->out.json = wants_json(argc, argv);
	ret = nma_opts_parse(&globals, 1, &args);
	if (ret < 0)
		return usage_error(env, args.error);
	apply_globals(env);
	if (env->opt.version)
		return version(env);
	if (ret == NMA_ARGS_END && env->opt.help) {
		help_tool(env->out.file);
		return NMA_EXIT_OK;
	}
	if (ret == NMA_ARGS_END)
		return usage_error(env, "a command is missing");
	cmd = find_command(argv[args.next++]);
	if (!cmd && !strcmp(argv[args.next - 1], "help"))
		return help(env, &args);
	if (!cmd)
		return unknown_command(env, argv[args.next - 1]);
	env->out.json = wants_json(argc, argv);
	env->command = cmd->name;
	return run_command(env, cmd, &args);
}

const struct nma_command *const nma_commands[] = {
	&nma_cmd_features,
	&nma_cmd_rules,
	&nma_cmd_show,
	&nma_cmd_check,
	&nma_cmd_watch,
	&nma_cmd_stat,
	&nma_cmd_leaks,
	&nma_cmd_explain_bind,
	&nma_cmd_record,
	&nma_cmd_gate,
	&nma_cmd_enforce,
	NULL
};

int nma_cli_run(int argc, char **argv, FILE *out, FILE *err)
{
	int ret, failed, error = 0;
	struct nma_env env = {
		.out = { .file = out, .width = nma_out_width(out), .error = &error },
		.err = err,
	};

	libbpf_set_print(NULL);
	env.out.ksyms = nma_ksyms__new("/proc/kallsyms");
	ret = run(&env, argc, argv);
	failed = nma_out_finish(&env.out);
	if (failed && failed != -EPIPE)
		fprintf(err, "netmem-audit: cannot write the output: %s\n",
			strerror(-failed));
	if (failed && ret == NMA_EXIT_OK)
		ret = NMA_EXIT_ENV;
	nma_ksyms__free(env.out.ksyms);
	return ret;
}
