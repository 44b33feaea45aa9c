// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Command line parser over option rows. Words are complete: no abbreviations,
 * so that new options never change what an old script means.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/opts.h"
#include "util/text.h"

#define WIDTH		80
#define HELP_COLUMN	26
#define NSEC_PER_SEC	1000000000ull

static int bad(struct nma_args *args, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int bad(struct nma_args *args, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(args->error, sizeof(args->error), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int nma_opts_u32(const char *s, __u32 min, __u32 max, __u32 *u)
{
	unsigned long long val;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	val = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || val < min || val > max)
		return -ERANGE;
	*u = val;
	return 0;
}

int nma_opts_time(const char *s, __u32 min, __u32 max, __u64 *ns)
{
	__u64 sec, frac = 0, unit = NSEC_PER_SEC / 10;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	sec = strtoull(s, &end, 10);
	if (errno || sec > max)
		return -ERANGE;
	if (*end == '.') {
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			frac += (*end - '0') * unit;
		if (end[-1] == '.')
			return -EINVAL;
	}
	if (*end)
		return -EINVAL;
	frac += sec * NSEC_PER_SEC;
	if (frac < min * NSEC_PER_SEC || frac > max * NSEC_PER_SEC)
		return -ERANGE;
	*ns = frac;
	return 0;
}

static const struct nma_opt *find(const struct nma_optset *sets, size_t nr_sets,
				  const char *name, size_t len, char letter,
				  void **value)
{
	size_t i, j;

	for (i = 0; i < nr_sets; i++) {
		for (j = 0; j < sets[i].nr; j++) {
			const struct nma_opt *opt = &sets[i].opts[j];

			if (name ? strlen(opt->name) != len || memcmp(opt->name, name, len) :
				   opt->letter != letter)
				continue;
			*value = (char *)sets[i].values + opt->offset;
			return opt;
		}
	}
	return NULL;
}

static int set_choice(const struct nma_opt *opt, const char *s, int *value)
{
	int i;

	for (i = 0; opt->choices[i]; i++) {
		if (!strcmp(s, opt->choices[i])) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_strs(const char *s, struct nma_strs *strs)
{
	if (!*s)
		return -EINVAL;
	if (strs->nr == NMA_STRS_MAX)
		return -E2BIG;
	strs->v[strs->nr++] = s;
	return 0;
}

static int set_value(struct nma_args *args, const struct nma_opt *opt,
		     const char *s, void *value)
{
	int err = -EINVAL;

	switch (opt->type) {
	case NMA_OPT_FLAG:
		*(bool *)value = true;
		return 0;
	case NMA_OPT_U32:
		err = nma_opts_u32(s, opt->min, opt->max, value);
		break;
	case NMA_OPT_TIME:
		err = nma_opts_time(s, opt->min, opt->max, value);
		break;
	case NMA_OPT_SPAN:
		err = nma_opts_time(s, opt->min, opt->max, value);
		if (!err && !*(__u64 *)value)
			return bad(args, "--%s needs %s above 0", opt->name,
				   opt->metavar);
		break;
	case NMA_OPT_STRS:
		err = set_strs(s, value);
		break;
	case NMA_OPT_STR:
		err = *s ? 0 : -EINVAL;
		if (!err)
			*(const char **)value = s;
		break;
	case NMA_OPT_CHOICE:
		err = set_choice(opt, s, value);
		break;
	}
	if (!err)
		return 0;
	if (err == -E2BIG)
		return bad(args, "--%s may be given at most %d times", opt->name,
			   NMA_STRS_MAX);
	if (err == -ERANGE)
		return bad(args, "--%s needs %s from %u to %u, not '%s'", opt->name,
			   opt->metavar, opt->min, opt->max, s);
	return bad(args, "--%s needs %s, not '%s'", opt->name, opt->metavar, s);
}

/* The value of an option that wants one: the rest of its word or the next. */
static int take_value(struct nma_args *args, const struct nma_opt *opt,
		      const char *rest, void *value)
{
	if (!rest) {
		if (args->next == args->argc)
			return bad(args, "--%s needs %s", opt->name, opt->metavar);
		rest = args->argv[args->next++];
	}
	return set_value(args, opt, rest, value);
}

static int parse_long(const struct nma_optset *sets, size_t nr_sets,
		      struct nma_args *args, const char *word)
{
	const char *eq = strchr(word, '=');
	const struct nma_opt *opt;
	void *value;

	opt = find(sets, nr_sets, word, eq ? (size_t)(eq - word) : strlen(word), 0,
		   &value);
	if (!opt)
		return bad(args, "unknown option '--%s'", word);
	if (opt->type == NMA_OPT_FLAG) {
		if (eq)
			return bad(args, "--%s takes no value", opt->name);
		return set_value(args, opt, NULL, value);
	}
	return take_value(args, opt, eq ? eq + 1 : NULL, value);
}

static int parse_letters(const struct nma_optset *sets, size_t nr_sets,
			 struct nma_args *args, const char *word)
{
	const struct nma_opt *opt;
	void *value;
	int err;

	for (; *word; word++) {
		opt = find(sets, nr_sets, NULL, 0, *word, &value);
		if (!opt)
			return bad(args, "unknown option '-%s'", word);
		if (opt->type != NMA_OPT_FLAG)
			return take_value(args, opt, word[1] ? word + 1 : NULL, value);
		err = set_value(args, opt, NULL, value);
		if (err)
			return err;
	}
	return 0;
}

int nma_opts_parse(const struct nma_optset *sets, size_t nr_sets,
		   struct nma_args *args)
{
	const char *word;
	int err;

	while (args->next < args->argc) {
		word = args->argv[args->next];
		if (args->plain || word[0] != '-' || !word[1])
			return NMA_ARGS_WORD;
		args->next++;
		if (!strcmp(word, "--")) {
			args->plain = true;
			continue;
		}
		if (word[1] == '-')
			err = parse_long(sets, nr_sets, args, word + 2);
		else
			err = parse_letters(sets, nr_sets, args, word + 1);
		if (err)
			return err;
	}
	return NMA_ARGS_END;
}

static void usage_word(char *dst, size_t size, const struct nma_opt *opt)
{
	char name[64];

	if (opt->letter && opt->type != NMA_OPT_FLAG)
		snprintf(name, sizeof(name), "-%c", opt->letter);
	else if (opt->letter)
		snprintf(name, sizeof(name), "-%c|--%s", opt->letter, opt->name);
	else
		snprintf(name, sizeof(name), "--%s", opt->name);
	snprintf(dst, size, "[%s%s%s]%s", name, opt->metavar ? " " : "",
		 opt->metavar ? opt->metavar : "",
		 opt->type == NMA_OPT_STRS ? "..." : "");
}

static size_t put_word(FILE *f, const char *word, size_t column, size_t indent)
{
	if (column + 1 + strlen(word) > WIDTH) {
		fprintf(f, "\n%*s", (int)indent, "");
		column = indent;
	}
	fprintf(f, " %s", word);
	return column + 1 + strlen(word);
}

void nma_opts_usage(FILE *f, const struct nma_optset *set, const char *args,
		    size_t column, size_t indent)
{
	char word[128];
	size_t i;

	for (i = 0; i < set->nr; i++) {
		usage_word(word, sizeof(word), &set->opts[i]);
		column = put_word(f, word, column, indent);
	}
	if (args[0])
		put_word(f, args, column, indent);
}

void nma_opt_default(const struct nma_opt *opt, const void *value, char *dst, size_t size)
{
	__u64 ns;
	__u32 u;

	dst[0] = '\0';
	switch (opt->type) {
	case NMA_OPT_FLAG:
	case NMA_OPT_STR:
	case NMA_OPT_STRS:
		return;
	case NMA_OPT_U32:
		u = *(const __u32 *)value;
		/* one that nobody can give stands for "not given" */
		if (u && u >= opt->min && u <= opt->max)
			snprintf(dst, size, " (default %u)", u);
		return;
	case NMA_OPT_TIME:
	case NMA_OPT_SPAN:
		ns = *(const __u64 *)value;
		if (ns)
			snprintf(dst, size, " (default %g)", (double)ns / NSEC_PER_SEC);
		return;
	case NMA_OPT_CHOICE:
		snprintf(dst, size, " (default %s)", opt->choices[*(const int *)value]);
		return;
	}
}

void nma_opts_help(FILE *f, const struct nma_optset *set)
{
	char head[64], text[512], dflt[64];
	const struct nma_opt *opt;
	size_t column;

	for (opt = set->opts; opt < set->opts + set->nr; opt++) {
		snprintf(head, sizeof(head), "  %c%c%c --%s%s%s",
			 opt->letter ? '-' : ' ', opt->letter ? opt->letter : ' ',
			 opt->letter ? ',' : ' ', opt->name, opt->metavar ? " " : "",
			 opt->metavar ? opt->metavar : "");
		nma_opt_default(opt, (const char *)set->values + opt->offset, dflt,
				sizeof(dflt));
		snprintf(text, sizeof(text), "%s%s", opt->help, dflt);
		column = strlen(head);
		if (column + 2 > HELP_COLUMN)
			fprintf(f, "%s\n%*s", head, HELP_COLUMN, "");
		else
			fprintf(f, "%-*s", HELP_COLUMN, head);
		nma_text_wrap(f, text, HELP_COLUMN, HELP_COLUMN, WIDTH, " ");
		fputc('\n', f);
	}
}
