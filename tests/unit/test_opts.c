// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Option rows: what they take, what they refuse, and with which words.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/opts.h"

struct values {
	bool flag;
	bool other;
	__u32 rows;
	__u64 settle_ns;
	struct nma_strs names;
	int level;
};

static const char *const levels[] = { "error", "warn", NULL };

static const struct nma_opt rows[] = {
	{ "flag", 'f', NMA_OPT_FLAG, offsetof(struct values, flag), NULL, "a flag",
	  0, 0, NULL },
	{ "other", 'o', NMA_OPT_FLAG, offsetof(struct values, other), NULL,
	  "another", 0, 0, NULL },
	{ "rows", 'r', NMA_OPT_U32, offsetof(struct values, rows), "ROWS",
	  "a number", 1, 100, NULL },
	{ "settle", 0, NMA_OPT_TIME, offsetof(struct values, settle_ns), "SEC",
	  "a time", 0, 3600, NULL },
	{ "interface", 'i', NMA_OPT_STRS, offsetof(struct values, names), "IF",
	  "a list", 0, 0, NULL },
	{ "level", 0, NMA_OPT_CHOICE, offsetof(struct values, level), "error|warn",
	  "a choice", 0, 0, levels },
};

static struct values v;
static struct nma_args args;

/* Words up to NULL. */
static int parse(const char *first, ...)
{
	static char *argv[128];
	struct nma_optset set = {
		.opts = rows, .nr = sizeof(rows) / sizeof(*rows), .values = &v,
	};
	int argc = 0;
	va_list ap;

	v = (struct values){ .level = 1, .rows = 7 };
	va_start(ap, first);
	for (; first; first = va_arg(ap, const char *))
		argv[argc++] = (char *)first;
	va_end(ap);
	args = (struct nma_args){ .argc = argc, .argv = argv };
	return nma_opts_parse(&set, 1, &args);
}

#define PARSE(...) parse(__VA_ARGS__, NULL)
#define REFUSED(words, ...) do { \
	assert_int_equal(PARSE(__VA_ARGS__), -EINVAL); \
	if (!strstr(args.error, words)) \
		fail_msg("'%s' does not say '%s'", args.error, words); \
} while (0)

static void test_forms(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--flag", "--rows", "3"), NMA_ARGS_END);
	assert_true(v.flag && v.rows == 3 && v.level == 1);
	assert_int_equal(PARSE("--rows=4", "-r5"), NMA_ARGS_END);
	assert_int_equal(v.rows, 5);
	assert_int_equal(PARSE("-for", "6"), NMA_ARGS_END);
	assert_true(v.flag && v.other && v.rows == 6);
	assert_int_equal(PARSE("--level", "error"), NMA_ARGS_END);
	assert_int_equal(v.level, 0);
	assert_int_equal(PARSE("-i", "nm0", "-inm1", "--interface=a=b"), NMA_ARGS_END);
	assert_int_equal(v.names.nr, 3);
	assert_string_equal(v.names.v[1], "nm1");
	assert_string_equal(v.names.v[2], "a=b");
}

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-f", "word", "-o"), NMA_ARGS_WORD);
	assert_int_equal(args.next, 1);
	assert_false(v.other);
	assert_int_equal(PARSE("-"), NMA_ARGS_WORD);
	assert_int_equal(PARSE("--", "-f"), NMA_ARGS_WORD);
	assert_true(args.plain);
	assert_string_equal(args.argv[args.next], "-f");
	assert_false(v.flag);
}

static void test_refused(void **state)
{
	(void)state;
	REFUSED("unknown option '--nope'", "--nope");
	REFUSED("unknown option '--fla'", "--fla");	/* no abbreviations */
	REFUSED("unknown option '--flags'", "--flags");
	REFUSED("unknown option '-x'", "-fx");
	REFUSED("takes no value", "--flag=1");
	REFUSED("--rows needs ROWS", "--rows");
	REFUSED("from 1 to 100, not '0'", "--rows", "0");
	REFUSED("from 1 to 100, not '101'", "-r101");
	REFUSED("from 1 to 100", "-r", "99999999999999999999999");
	REFUSED("not '-1'", "--rows", "-1");
	REFUSED("not '5x'", "--rows", "5x");
	REFUSED("not ''", "--rows=");
	REFUSED("not ' 5'", "--rows= 5");
	REFUSED("not 'never'", "--level", "never");
	REFUSED("needs IF", "--interface=");
	REFUSED("not '1e3'", "--settle", "1e3");
	REFUSED("not '3601'", "--settle", "3601");
	REFUSED("not '3600.1'", "--settle", "3600.1");
	REFUSED("not '.5'", "--settle", ".5");
	REFUSED("not '5.'", "--settle", "5.");
	REFUSED("not 'inf'", "--settle", "inf");
}

static void test_time(void **state)
{
	__u64 ns = 1;

	(void)state;
	assert_int_equal(nma_opts_time("0", 0, 10, &ns), 0);
	assert_int_equal(ns, 0);
	assert_int_equal(nma_opts_time("1.5", 0, 10, &ns), 0);
	assert_int_equal(ns, 1500000000);
	assert_int_equal(nma_opts_time("0.000000001", 0, 10, &ns), 0);
	assert_int_equal(ns, 1);
	assert_int_equal(nma_opts_time("2.0000000009", 0, 10, &ns), 0);
	assert_int_equal(ns, 2000000000);
	assert_int_equal(nma_opts_time("18446744073709551616", 0, 10, &ns), -ERANGE);
	assert_int_equal(ns, 2000000000);	/* untouched on failure */
}

static void test_too_many(void **state)
{
	struct nma_optset set = {
		.opts = rows, .nr = sizeof(rows) / sizeof(*rows), .values = &v,
	};
	char *argv[NMA_STRS_MAX + 1];
	int i;

	(void)state;
	for (i = 0; i <= NMA_STRS_MAX; i++)
		argv[i] = "-inm0";
	v.names.nr = 0;
	args = (struct nma_args){ .argc = NMA_STRS_MAX, .argv = argv };
	assert_int_equal(nma_opts_parse(&set, 1, &args), NMA_ARGS_END);
	v.names.nr = 0;
	args = (struct nma_args){ .argc = NMA_STRS_MAX + 1, .argv = argv };
	assert_int_equal(nma_opts_parse(&set, 1, &args), -EINVAL);
	assert_non_null(strstr(args.error, "at most"));
}

static void test_help_is_derived(void **state)
{
	struct nma_optset set = {
		.opts = rows, .nr = sizeof(rows) / sizeof(*rows), .values = &v,
	};
	char *text = NULL;
	size_t size;
	FILE *f;

	(void)state;
	PARSE("--flag");
	v.settle_ns = 2500000000;
	f = open_memstream(&text, &size);
	nma_opts_usage(f, &set, "WORD", 0, 8);
	nma_opts_help(f, &set);
	fclose(f);
	assert_non_null(strstr(text, "[-f|--flag] [-o|--other] [-r ROWS]"));
	assert_non_null(strstr(text, "[--settle SEC] [-i IF]..."));
	assert_non_null(strstr(text, " WORD"));
	assert_non_null(strstr(text, "  -r, --rows ROWS         a number (default 7)\n"));
	assert_non_null(strstr(text, "a time (default 2.5)"));
	assert_non_null(strstr(text, "a choice (default warn)"));
	free(text);
	/* beyond its range: stands for "not given" */
	v.rows = UINT_MAX;
	f = open_memstream(&text, &size);
	nma_opts_help(f, &set);
	fclose(f);
	assert_non_null(strstr(text, "  -r, --rows ROWS         a number\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_help_is_derived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
