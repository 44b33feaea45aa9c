// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Gate expressions and files of them: good ones mean what they say, bad ones are
 * refused at the character that is wrong, and nothing that somebody may write does
 * harm.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/gatefile.h"
#include "rules/rules.h"
#include "world.h"

static const struct {
	const char *text;
	enum nma_metric_id metric;
	enum nma_compare op;
	__u64 number;
	unsigned int labels;
} good[] = {
	{ "findings == 0", NMA_METRIC_ID_FINDINGS, NMA_EQ, 0, 0 },
	{ "findings==0", NMA_METRIC_ID_FINDINGS, NMA_EQ, 0, 0 },
	{ "  findings\t<=  17 ", NMA_METRIC_ID_FINDINGS, NMA_LE, 17, 0 },
	{ "findings{} == 0", NMA_METRIC_ID_MAX, 0, 0, 0 },	/* see bad */
	{ "findings{severity=\"error\"} == 0", NMA_METRIC_ID_FINDINGS, NMA_EQ, 0,
	  NMA_L(SEVERITY) },
	{ "findings { rule = \"NM-PP-06\" , ifname = \"nm0\" } != 3",
	  NMA_METRIC_ID_FINDINGS, NMA_NE, 3, NMA_L(RULE) | NMA_L(IFNAME) },
	{ "findings{rule=\"nm-pp-06\",queue=\"3\",pool_id=\"17\"}<1", NMA_METRIC_ID_FINDINGS,
	  NMA_LT, 1, NMA_L(RULE) | NMA_L(QUEUE) | NMA_L(POOL_ID) },
	{ "leaked_netmems > 0", NMA_METRIC_ID_LEAKED_NETMEMS, NMA_GT, 0, 0 },
	{ "leaked_bytes <= 1.5MiB", NMA_METRIC_ID_LEAKED_BYTES, NMA_LE, 1572864, 0 },
	{ "leaked_bytes < 2kB", NMA_METRIC_ID_LEAKED_BYTES, NMA_LT, 2000, 0 },
	{ "leaked_bytes < 4096", NMA_METRIC_ID_LEAKED_BYTES, NMA_LT, 4096, 0 },
	{ "leaked_bytes < 4096B", NMA_METRIC_ID_LEAKED_BYTES, NMA_LT, 4096, 0 },
	{ "recycle_ratio >= 0.98", NMA_METRIC_ID_RECYCLE_RATIO, NMA_GE, 9800, 0 },
	{ "recycle_ratio >= 98.25%", NMA_METRIC_ID_RECYCLE_RATIO, NMA_GE, 9825, 0 },
	{ "recycle_ratio == 1", NMA_METRIC_ID_RECYCLE_RATIO, NMA_EQ, 10000, 0 },
	{ "recycle_ratio{ifname=\"nm0\"} >= 100%", NMA_METRIC_ID_RECYCLE_RATIO, NMA_GE, 10000,
	  NMA_L(IFNAME) },
	{ "tokens_outstanding == 0", NMA_METRIC_ID_TOKENS_OUTSTANDING, NMA_EQ, 0, 0 },
	{ "tokens_returned >= 1000000", NMA_METRIC_ID_TOKENS_RETURNED, NMA_GE, 1000000, 0 },
	{ "alloc_failures == 0", NMA_METRIC_ID_ALLOC_FAILURES, NMA_EQ, 0, 0 },
	{ "events_lost == 0", NMA_METRIC_ID_EVENTS_LOST, NMA_EQ, 0, 0 },
	{ "pools_stalled == 0", NMA_METRIC_ID_POOLS_STALLED, NMA_EQ, 0, 0 },
	{ "xdp_refused{ifname=\"nm0\"} == 1", NMA_METRIC_ID_XDP_REFUSED, NMA_EQ, 1,
	  NMA_L(IFNAME) },
};

static void test_good(void **state)
{
	struct nma_expr_error error;
	struct nma_expr e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (good[i].metric == NMA_METRIC_ID_MAX)
			continue;
		if (nma_expr__parse(&e, good[i].text, NULL, &error))
			fail_msg("%s: %s at %u", good[i].text, error.what, error.column);
		assert_int_equal(e.metric, good[i].metric);
		assert_int_equal(e.op, good[i].op);
		assert_int_equal(e.number, good[i].number);
		assert_int_equal(e.filter.set, good[i].labels);
	}
	assert_int_equal(nma_expr__parse(&e, "findings{rule=\"nm-pp-06\"} == 0", NULL, &error), 0);
	assert_int_equal(e.filter.rule, NMA_RULE_PP_06);
}

/* What is wrong begins at the column of the '^' below it. */
static const struct {
	const char *text;
	const char *mark;
	const char *what;
} bad[] = {
	{ "", "^", "a metric is expected" },
	{ "  ", "  ^", "a metric is expected" },
	{ "finding == 0",
	  "^", "no metric 'finding'" },
	{ "Findings == 0",
	  "^", "a metric is expected" },
	{ "findings_ == 0",
	  "^", "no metric 'findings_'" },
	{ "findings{} == 0",
	  "         ^", "a label is expected" },
	{ "findings{rule} == 0",
	  "             ^", "'=' is expected" },
	{ "findings{rule=NM-PP-06} == 0",
	  "              ^", "values stand in quotes" },
	{ "findings{rule=\"NM-PP-06} == 0",
	  "              ^", "not closed" },
	{ "findings{rule=\"NM-PP-66\"} == 0",
	  "               ^", "no rule 'NM-PP-66'" },
	{ "findings{severity=\"fatal\"} == 0",
	  "                   ^", "no severity 'fatal'" },
	{ "findings{colour=\"red\"} == 0",
	  "         ^", "no label 'colour'" },
	{ "tokens_outstanding{queue=\"1\"} == 0",
	  "                   ^", "has no label queue; its labels: ifname" },
	{ "events_lost{ifname=\"nm0\"} == 0",
	  "            ^", "its labels: none" },
	{ "findings{queue=\"-1\"} == 0",
	  "                ^", "a whole number" },
	{ "findings{queue=\"4294967296\"} == 0",
	  "                ^", "a whole number" },
	{ "findings{queue=\"\"} == 0",
	  "                ^", "a whole number" },
	{ "findings{ifname=\"\"} == 0",
	  "                 ^", "up to 15 bytes" },
	{ "findings{ifname=\"0123456789abcdef\"} == 0",
	  "                 ^", "up to 15 bytes" },
	{ "findings{queue=\"1\",queue=\"2\"} == 0",
	  "                   ^", "there twice" },
	{ "findings{queue=\"1\" ifname=\"nm0\"} == 0",
	  "                   ^", "',' or '}'" },
	{ "findings{queue=\"1\"",
	  "                  ^", "',' or '}'" },
	{ "findings",
	  "        ^", "one of == !=" },
	{ "findings = 0",
	  "         ^", "one of == !=" },
	{ "findings === 0",
	  "           ^", "a number is expected" },
	{ "findings ==",
	  "           ^", "a number is expected" },
	{ "findings == none",
	  "            ^", "a number is expected" },
	{ "findings == -1",
	  "            ^", "a number is expected" },
	{ "findings == .5",
	  "            ^", "a number is expected" },
	{ "findings == 5.",
	  "            ^", "a number is expected" },
	{ "findings == 0.5",
	  "            ^", "not a whole number" },
	{ "findings == 99999999999999999999",
	  "            ^", "too many digits" },
	{ "findings == 5%",
	  "             ^", "no unit '%'" },
	{ "leaked_bytes == 5 MiB",
	  "                  ^", "nothing more" },
	{ "leaked_bytes == 5mb",
	  "                 ^", "no unit 'mb'" },
	{ "leaked_bytes == 0.5B",
	  "                ^", "not a whole number" },
	{ "recycle_ratio >= 98",
	  "                 ^", "at most 1" },
	{ "recycle_ratio >= 101%",
	  "                 ^", "at most 1" },
	{ "recycle_ratio >= 0.98765",
	  "                 ^", "four digits" },
	{ "findings == 0 and more",
	  "              ^", "nothing more" },
	{ "findings == 0;",
	  "             ^", "nothing more" },
};

static void test_bad(void **state)
{
	struct nma_expr_error error;
	struct nma_expr e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (nma_expr__parse(&e, bad[i].text, NULL, &error) != -EINVAL)
			fail_msg("'%s' was taken", bad[i].text);
		if (!strstr(error.what, bad[i].what) ||
		    error.column != strlen(bad[i].mark) - 1)
			fail_msg("'%s': %s, at %u", bad[i].text, error.what, error.column);
	}
}

static void test_compare(void **state)
{
	static const struct {
		const char *op;
		bool less, same, more;
	} ops[] = {
		{ "==", false, true, false }, { "!=", true, false, true },
		{ "<", true, false, false }, { "<=", true, true, false },
		{ ">", false, false, true }, { ">=", false, true, true },
	};
	struct nma_expr_error error;
	struct nma_expr e;
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		snprintf(text, sizeof(text), "findings %s 23", ops[i].op);
		assert_int_equal(nma_expr__parse(&e, text, NULL, &error), 0);
		assert_int_equal(nma_expr_holds(&e, 22), ops[i].less);
		assert_int_equal(nma_expr_holds(&e, 23), ops[i].same);
		assert_int_equal(nma_expr_holds(&e, 24), ops[i].more);
		assert_string_equal(nma_compare_text(e.op), ops[i].op);
	}
}

static void test_values_in_words(void **state)
{
	char text[32];

	(void)state;
	nma_metric_text(NMA_METRIC_ID_FINDINGS, 23, text, sizeof(text));
	assert_string_equal(text, "23");
	nma_metric_text(NMA_METRIC_ID_LEAKED_BYTES, 1572864, text, sizeof(text));
	assert_string_equal(text, "1.5 MiB");
	nma_metric_text(NMA_METRIC_ID_LEAKED_BYTES, 4096, text, sizeof(text));
	assert_string_equal(text, "4 KiB");
	nma_metric_text(NMA_METRIC_ID_RECYCLE_RATIO, 9825, text, sizeof(text));
	assert_string_equal(text, "98.25%");
}

/* The same numbers in every run. */
static __u32 next(__u32 *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* The first byte that has no room is marked. */
static void test_longest(void **state)
{
	struct nma_expr_error error;
	char text[NMA_EXPR_LEN + 1];
	struct nma_expr e;

	(void)state;
	snprintf(text, sizeof(text), "%-*s", NMA_EXPR_LEN, "findings == 0");
	assert_int_not_equal(nma_expr__parse(&e, text, NULL, &error), 0);
	assert_int_equal(error.column, NMA_EXPR_LEN - 1);
	text[NMA_EXPR_LEN - 1] = '\0';
	assert_int_equal(nma_expr__parse(&e, text, NULL, &error), 0);
}

/* Good ones with bytes changed, taken out and put in; and noise. */
static void test_fuzz(void **state)
{
	static const char likely[] = "{}\"=<>!., \t#%0123456789abc_\xff\x01";
	struct nma_expr_error error;
	struct nma_expr e;
	char text[2 * NMA_EXPR_LEN];
	__u32 seed = 4711;
	size_t len, k, n;
	int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		snprintf(text, sizeof(text), "%s",
			 good[next(&seed) % (sizeof(good) / sizeof(*good))].text);
		for (n = next(&seed) % 6; n; n--) {
			len = strlen(text);
			k = next(&seed) % (len + 1);
			if (next(&seed) % 3 || !len) {
				memmove(text + k + 1, text + k, len - k + 1);
				text[k] = likely[next(&seed) % (sizeof(likely) - 1)];
			} else if (k < len) {
				memmove(text + k, text + k + 1, len - k);
			}
		}
		if (next(&seed) % 64 == 0)
			memset(text, likely[next(&seed) % (sizeof(likely) - 1)],
			       sizeof(text) - 1 - next(&seed) % sizeof(text));
		text[sizeof(text) - 1] = '\0';
		memset(&error, 0xff, sizeof(error));
		if (!nma_expr__parse(&e, text, NULL, &error)) {
			assert_true(e.metric < NMA_METRIC_ID_MAX && e.text[0]);
			continue;
		}
		assert_true(error.column <= strlen(text));
		assert_true(strnlen(error.what, sizeof(error.what)) < sizeof(error.what));
	}
}

static char path[] = "/tmp/nma-gate-XXXXXX";

static int load(struct nma_assertions *a, const char *text, char *error, size_t size)
{
	FILE *f = fopen(path, "w");
	int err;

	fputs(text, f);
	fclose(f);
	*a = (struct nma_assertions){ 0 };
	error[0] = '\0';
	err = nma_assertions__load(a, path, error, size);
	unlink(path);
	return err;
}

static void test_file(void **state)
{
	struct nma_assertions a;
	char error[1024];

	(void)state;
	assert_true(mkstemp(path) >= 0);
	assert_int_equal(load(&a,
			      "# what we promise\n"
			      "\n"
			      "events_lost == 0  # nothing unseen\n"
			      "findings{severity=\"error\"} == 0\r\n"
			      "[nm0]\n"
			      "leaked_netmems == 0\n"
			      "leaked_netmems{ifname=\"nm1\"} <= 2\n"
			      "  [ nm0 ]  \n", error, sizeof(error)), 0);
	assert_int_equal(a.nr, 4);
	assert_int_equal(a.v[0].expr.metric, NMA_METRIC_ID_EVENTS_LOST);
	assert_int_equal(a.v[0].line, 3);
	assert_string_equal(a.v[0].expr.text, "events_lost == 0");
	assert_int_equal(a.v[1].expr.filter.set, NMA_L(SEVERITY));
	assert_string_equal(a.v[2].expr.filter.ifname, "nm0");
	assert_string_equal(a.v[3].expr.filter.ifname, "nm1");
	assert_true(nma_assertions__use(&a, NMA_METRIC_ID_LEAKED_NETMEMS));
	assert_false(nma_assertions__use(&a, NMA_METRIC_ID_RECYCLE_RATIO));
	nma_assertions__free(&a);
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} files[] = {
		{ "", "has no assertion" },
		{ "# nothing\n[nm0]\n", "has no assertion" },
		{ "findings == 0\nfindings = 0\n", ":2: one of == != < <= > >= is expected here (column 10)\n"
						   "  findings = 0\n           ^" },
		{ "[nm0\nfindings == 0\n", ":1: a section is [IF]" },
		{ "[]\nfindings == 0\n", ":1: a section is [IF]" },
		{ "[nm0] findings == 0\n", ":1: a section is [IF]" },
		{ "[a-name-that-is-long]\nfindings == 0\n", ":1: a section is [IF]" },
		{ "[nm0]\nevents_lost == 0\n", "belongs in front of the first section" },
	};
	char error[1024], text[2048];
	struct nma_assertions a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		assert_int_equal(load(&a, files[i].text, error, sizeof(error)), -EINVAL);
		if (!strstr(error, files[i].says))
			fail_msg("'%s': %s", files[i].text, error);
		nma_assertions__free(&a);
	}
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(load(&a, text, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "more than 510 bytes"));
	nma_assertions__free(&a);
	assert_int_equal(nma_assertions__load(&a, "/no/such/file", error, sizeof(error)),
			 -ENOENT);
	assert_int_equal(nma_assertions__load(&a, "/", error, sizeof(error)), -EISDIR);
}

static void test_defaults(void **state)
{
	struct nma_assertions a = { 0 };

	(void)state;
	assert_int_equal(nma_assertions__defaults(&a), 0);
	assert_int_equal(a.nr, 5);
	nma_assertions__free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_values_in_words),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
