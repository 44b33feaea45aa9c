// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Baselines and waivers: what they know, and every way their files can be wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "judge/baseline.h"
#include "kernel/netns.h"
#include "rules/rules.h"
#include "judge/waiver.h"

#define TODAY	"2026-11-20"

static char path[64], error[512];

static int setup(void **state)
{
	(void)state;
	strcpy(path, "/tmp/nma-excuses-XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void put(const void *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static struct nma_finding finding(enum nma_rule_id rule, const char *ifname, __u32 q)
{
	struct nma_finding f = {
		.rule = rule, .severity = NMA_SEV_W, .queue = q, .pool_id = 11,
		.ifindex = 3,
	};

	strncpy(f.ifname, ifname, sizeof(f.ifname));
	strcpy(f.message, "something is wrong");
	return f;
}

static struct nma_baseline *saved(const struct nma_finding *f, size_t nr)
{
	struct nma_baseline *b = nma_baseline__new();
	size_t i;

	for (i = 0; i < nr; i++)
		assert_int_equal(nma_baseline__add(b, &f[i]), 0);
	assert_int_equal(nma_baseline__save(b, path, "7.2-fake", error, sizeof(error)), 0);
	nma_baseline__free(b);
	if (nma_baseline__load(path, &b, error, sizeof(error)))
		fail_msg("%s", error);
	return b;
}

static void test_identity(void **state)
{
	struct nma_finding f = finding(NMA_RULE_POOL_01, "nm0", 1), g = f;
	struct nma_baseline *b = saved(&f, 1);

	(void)state;
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, NULL), 1);
	g.queue = 2;
	assert_false(nma_baseline__take(b, &g));
	g = f;
	g.detail = 1;
	assert_false(nma_baseline__take(b, &g));
	g = f;
	g.rule = NMA_RULE_POOL_02;
	assert_false(nma_baseline__take(b, &g));
	g = f;
	strcpy(g.ifname, "nm1");
	assert_false(nma_baseline__take(b, &g));
	g = f;
	g.severity = NMA_SEV_E;		/* worse than it was */
	assert_false(nma_baseline__take(b, &g));
	/* what the kernel counts up or the wording may differ */
	g = f;
	g.pool_id = 99;
	g.ifindex = 77;
	g.binding_id = 5;
	strcpy(g.message, "in other words");
	assert_true(nma_baseline__take(b, &g));
	assert_false(nma_baseline__take(b, &g));	/* it was there once */
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, NULL), 0);
	nma_baseline__free(b);
}

/* Who looks into one namespace cannot tell what has become of the others. */
static void test_of_a_namespace(void **state)
{
	struct nma_netns_set blue = { .inode = { 11 }, .nr = 1 };
	struct nma_netns_set red = { .inode = { 12, 13 }, .nr = 2 };
	struct nma_finding f = finding(NMA_RULE_POOL_01, "nm0", 1);
	struct nma_baseline *b;

	(void)state;
	nma_netns__forget(1);
	assert_int_equal(nma_netns__learn(11, "blue"), 0);
	assert_int_equal(nma_netns__learn(13, "red"), 0);
	f.netns = 11;
	b = saved(&f, 1);
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, &blue), 1);
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, &red), 0);
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, NULL), 1);
	nma_baseline__free(b);
	/* without a name */
	f.netns = 12;
	b = saved(&f, 1);
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, &red), 0);
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, NULL), 1);
	nma_baseline__free(b);
	nma_netns__remember();
}

static void test_counts(void **state)
{
	struct nma_finding f[5];
	struct nma_baseline *b;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		f[i] = finding(NMA_RULE_PP_06, i < 3 ? "nm0" : "", i < 3 ? 1 : NMA_NO_QUEUE);
	b = saved(f, 5);
	for (i = 0; i < 3; i++)
		assert_true(nma_baseline__take(b, &f[0]));
	assert_false(nma_baseline__take(b, &f[0]));
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, NULL), 2);
	assert_int_equal(nma_baseline__left(b, 1ull << NMA_RULE_POOL_01, NULL, NULL), 0);
	assert_true(nma_baseline__take(b, &f[4]));
	nma_baseline__free(b);
}

static void test_hostile_names(void **state)
{
	struct nma_finding f = finding(NMA_RULE_POOL_01, "a\"\n\x1b\\\xff\xc3\xa4", 0);
	struct nma_finding g = finding(NMA_RULE_POOL_01, "", 0);
	struct nma_baseline *b;

	(void)state;
	memset(f.message, 0xff, sizeof(f.message));	/* no NUL either */
	b = saved(&f, 1);
	assert_true(nma_baseline__take(b, &f));
	nma_baseline__free(b);
	memset(g.ifname, 0xfe, sizeof(g.ifname));
	b = saved(&g, 1);
	assert_true(nma_baseline__take(b, &g));
	nma_baseline__free(b);
}

static void test_empty_baseline(void **state)
{
	struct nma_baseline *b = saved(NULL, 0);

	(void)state;
	assert_int_equal(nma_baseline__left(b, ~0ull, NULL, NULL), 0);
	nma_baseline__free(b);
}

#define HEAD	"{\"schema\":1,\"type\":\"baseline\"}\n"
#define ENTRY	"{\"rule\":\"NM-POOL-01\",\"condition\":0,\"class\":\"W\"," \
		"\"ifname\":\"nm0\",\"queue\":1,\"count\":1}\n"
#define S(text)	text, sizeof(text) - 1

static void test_bad_baselines(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} bad[] = {
		{ S(""), "empty" },
		{ S("\n\n# nothing\n"), "empty" },
		{ S("baseline"), ":1: column 1: not JSON" },
		{ S("[]\n"), ":1: not a JSON object" },
		{ S("{}\n"), ":1: \"type\" is missing" },
		{ S("{\"type\":\"check\",\"schema\":1}\n"), ":1: type is \"check\"" },
		{ S("{\"type\":\"baseline\",\"schema\":2}\n"), ":1: schema 2" },
		{ S("{\"type\":\"baseline\",\"schema\":\"1\"}\n"), "must be a number" },
		{ S("{\"type\":\"baseline\",\"schema\":1"), ":1: the JSON document is cut" },
		{ S("\x7f" "ELF\x02\x01\x01\0\0\0"), "NUL" },
		{ S("{}\0\n"), "NUL" },
		{ S("{}\0"), "NUL" },
		{ S(HEAD), ":1: the file is truncated" },
		{ S(HEAD ENTRY), ":2: the file is truncated" },
		{ S(HEAD "\n" ENTRY "{\"end\":2}\n"), ":4: 2 findings expected, 1" },
		{ S(HEAD ENTRY ENTRY "{\"end\":2}\n"), ":3: the same finding" },
		{ S(HEAD "{\"end\":0}\n" ENTRY), ":3: more behind the end" },
		{ S(HEAD "{\"end\":-1}\n"), ":2: \"end\" is out of range" },
		{ S(HEAD "{\"end\":0,\"x\":1}\n"), ":2: unknown key \"x\"" },
		{ S(HEAD "{\"rule\":\"NM-NO-99\",\"condition\":0}\n"), "unknown rule" },
		{ S(HEAD "{\"rule\":7}\n"), ":2: \"rule\" must be a string" },
		{ S(HEAD "{\"rule\":\"\"}\n"), ":2: \"rule\" is empty" },
		{ S(HEAD "{\"rule\":\"NM-POOL-01\\u0000\"}\n"), "has a NUL" },
		{ S(HEAD "{\"rule\":\"NM-POOL-01\",\"condition\":0,\"count\":1,"
		    "\"class\":\"X\"}\n"), "\"class\" must be" },
		{ S(HEAD "{\"rule\":\"NM-POOL-01\",\"condition\":0,\"count\":4294967296}\n"),
		  "out of range" },
		{ S(HEAD "{\"rule\":\"NM-POOL-01\",\"condition\":0,\"count\":1,"
		    "\"class\":\"W\",\"ifname\":\"0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789\"}\n"), "too long" },
		{ S(HEAD "{\"rule\":\"NM-POOL-01\",\"ifnam\":\"nm0\"}\n"), "unknown key \"ifnam\"" },
		{ S(HEAD ENTRY " {\"end\":1} x\n"), ":3: column" },
		{ S(HEAD "{\"rule\":\"\xff\"}\n"), ":2: not UTF-8" },
		{ S(HEAD "[[[[[[[[[[]]]]]]]]]]\n"), ":2: column" },
	};
	struct nma_baseline *b = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put(bad[i].text, bad[i].len);
		assert_int_equal(nma_baseline__load(path, &b, error, sizeof(error)), -EINVAL);
		assert_null(b);
		if (strncmp(error, path, strlen(path)) || !strstr(error, bad[i].says))
			fail_msg("case %zu: '%s' does not say '%s'", i, error, bad[i].says);
	}
}

/* Whatever is missing at the end is noticed. */
static void test_truncated_anywhere(void **state)
{
	static const char whole[] = HEAD ENTRY "{\"end\":1}";
	struct nma_baseline *b;
	size_t len;

	(void)state;
	for (len = 0; len < strlen(whole); len++) {
		put(whole, len);
		assert_int_equal(nma_baseline__load(path, &b, error, sizeof(error)), -EINVAL);
	}
	put(whole, len);
	assert_int_equal(nma_baseline__load(path, &b, error, sizeof(error)), 0);
	nma_baseline__free(b);
}

static void test_endless_line(void **state)
{
	struct nma_baseline *b;
	char *line = malloc(70000);

	(void)state;
	memset(line, ' ', 70000);
	put(line, 70000);
	free(line);
	assert_int_equal(nma_baseline__load(path, &b, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "too long"));
	assert_int_equal(nma_baseline__load("/dev/zero", &b, error, sizeof(error)), -EINVAL);
}

static void test_unreadable(void **state)
{
	struct nma_baseline *b;
	struct nma_waivers *w;

	(void)state;
	assert_int_equal(nma_baseline__load("/no/such/file", &b, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, "/no/such/file: No such file"));
	assert_int_equal(nma_baseline__load("/tmp", &b, error, sizeof(error)), -EISDIR);
	assert_int_equal(nma_waivers__load("/no/such/file", TODAY, &w, error, sizeof(error)),
			 -ENOENT);
}

static void test_save_fails_whole(void **state)
{
	struct nma_finding f = finding(NMA_RULE_POOL_01, "nm0", 1);
	struct nma_baseline *b = nma_baseline__new();
	char link[80];

	(void)state;
	nma_baseline__add(b, &f);
	assert_int_equal(nma_baseline__save(b, "/no/such/dir/file", "k", error,
					    sizeof(error)), -ENOENT);
	assert_int_equal(nma_baseline__save(b, "/tmp", "k", error, sizeof(error)), -EISDIR);
	assert_int_equal(nma_baseline__save(b, "/dev/null", "k", error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "not a regular file"));
	/* through a link, which stays one */
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(nma_baseline__save(b, link, "k", error, sizeof(error)), 0);
	assert_int_equal(unlink(link), 0);
	nma_baseline__free(b);
	assert_int_equal(nma_baseline__load(path, &b, error, sizeof(error)), 0);
	nma_baseline__free(b);
}

/* ---- waivers -------------------------------------------------------------- */

#define WHEAD	"{\"schema\":1,\"type\":\"waivers\"}\n"

static struct nma_waivers *waivers(const char *text)
{
	struct nma_waivers *w = NULL;

	put(text, strlen(text));
	if (nma_waivers__load(path, TODAY, &w, error, sizeof(error)))
		fail_msg("%s", error);
	return w;
}

static void test_waivers(void **state)
{
	struct nma_finding f = finding(NMA_RULE_POOL_02, "nm0", 1);
	struct nma_waivers *w = waivers(WHEAD
		"# a comment\n"
		"{\"rule\":\"NM-POOL-02\",\"driver\":\"bnxt_en\",\"expires\":\"2026-11-20\","
		"\"reason\":\"flag is set always\"}\n"
		"{\"rule\":\"nm-pool-01\",\"ifname\":\"nm0\",\"queue\":2,"
		"\"expires\":\"2026-11-19\",\"reason\":\"old\"}\n"
		"{\"rule\":\"NM-PP-06\",\"ifname\":\"nm0\",\"expires\":\"2026-11-19\","
		"\"reason\":\"old\"}\n"
		"{\"rule\":\"NM-PP-06\",\"ifname\":\"nm0\",\"expires\":\"2027-01-01\","
		"\"reason\":\"new\"}\n");
	const struct nma_waiver *v;

	(void)state;
	assert_null(nma_waivers__find(w, &f, "nmnic"));
	v = nma_waivers__find(w, &f, "bnxt_en");
	assert_non_null(v);
	assert_false(v->expired);		/* holds on its last day */
	assert_int_equal(v->line, 3);
	assert_int_equal(v->used, 1);
	f = finding(NMA_RULE_POOL_01, "nm0", 1);
	assert_null(nma_waivers__find(w, &f, "nmnic"));
	f.queue = 2;
	v = nma_waivers__find(w, &f, "nmnic");
	assert_true(v && v->expired);
	f = finding(NMA_RULE_PP_06, "nm0", 1);
	v = nma_waivers__find(w, &f, "nmnic");
	assert_string_equal(v->reason, "new");	/* the one that holds */
	f = finding(NMA_RULE_PP_06, "nm00", 1);
	assert_null(nma_waivers__find(w, &f, "nmnic"));
	nma_waivers__free(w);
}

static void test_waiver_of_a_pattern(void **state)
{
	struct nma_finding f = finding(NMA_RULE_PP_06, "nm12", 1);
	struct nma_waivers *w = waivers(WHEAD
		"{\"rule\":\"NM-PP-06\",\"ifname\":\"nm[0-9]*\",\"driver\":\"nm?ic\","
		"\"expires\":\"2027-01-01\",\"reason\":\"r\"}\n");

	(void)state;
	assert_non_null(nma_waivers__find(w, &f, "nmnic"));
	assert_null(nma_waivers__find(w, &f, "nm"));
	f = finding(NMA_RULE_PP_06, "eth0", 1);
	assert_null(nma_waivers__find(w, &f, "nmnic"));
	nma_waivers__free(w);
}

/* It would wait for ever for somebody who writes. */
static void test_pipe(void **state)
{
	struct nma_waivers *w = NULL;
	char pipe[128];

	(void)state;
	snprintf(pipe, sizeof(pipe), "%s.pipe", path);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(nma_waivers__load(pipe, TODAY, &w, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "empty"));
	unlink(pipe);
}

static void test_bad_waivers(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
		{ "", "empty" },
		{ "{\"schema\":1,\"type\":\"baseline\"}\n", "type is \"baseline\"" },
		{ "{\"schema\":7,\"type\":\"waivers\"}\n", ":1: schema 7" },
		{ WHEAD "{\"rule\":\"NM-POOL-02\"", ":2: the JSON document is cut" },
		{ WHEAD "{\"rule\":\"NM-NO-99\"}\n", ":2: unknown rule \"NM-NO-99\"" },
		{ WHEAD "{\"ifname\":\"nm0\"}\n", ":2: \"rule\" is missing" },
		{ WHEAD "{\"rule\":\"a:\\\":\",\"ifname\":\"x\",\"rule\":\"NM-PP-06\"}\n",
		  ":2: a key is given twice" },
		{ WHEAD "{\"rule\":\"NM-POOL-02\",\"ifname\":\"nm0\"}\n",
		  ":2: \"reason\" is missing" },
		{ WHEAD "{\"rule\":\"NM-POOL-02\",\"ifname\":\"nm0\",\"reason\":\"r\"}\n",
		  ":2: \"expires\" is missing" },
		{ WHEAD "{\"rule\":\"NM-POOL-02\",\"ifname\":\"nm0\",\"reason\":\"\"}\n",
		  ":2: \"reason\" is empty" },
		{ WHEAD "{\"rule\":\"NM-POOL-02\",\"reason\":\"r\",\"expires\":\"2027-01-01\"}\n",
		  ":2: needs \"ifname\" or \"driver\"" },
		{ WHEAD "{\"rule\":\"NM-POOL-02\",\"ifnmae\":\"nm0\"}\n",
		  ":2: unknown key \"ifnmae\"" },
	};
	static const char *const days[] = {
		"never", "2027-1-1", "2027-13-01", "2027-00-10", "2027-02-29",
		"2027-04-31", "2027-01-00", "20270101", "2027-01-01T00:00",
		"2027-01-0x", "-027-01-01", " 027-01-01", "tomorrow!!", "2100-02-29",
	};
	struct nma_waivers *w = NULL;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put(bad[i].text, strlen(bad[i].text));
		assert_int_equal(nma_waivers__load(path, TODAY, &w, error, sizeof(error)),
				 -EINVAL);
		if (strncmp(error, path, strlen(path)) || !strstr(error, bad[i].says))
			fail_msg("case %zu: '%s' does not say '%s'", i, error, bad[i].says);
	}
	for (i = 0; i < sizeof(days) / sizeof(*days); i++) {
		snprintf(text, sizeof(text), WHEAD
			 "{\"rule\":\"NM-POOL-02\",\"ifname\":\"nm0\",\"reason\":\"r\","
			 "\"expires\":\"%s\"}\n", days[i]);
		put(text, strlen(text));
		assert_int_equal(nma_waivers__load(path, TODAY, &w, error, sizeof(error)),
				 -EINVAL);
		assert_non_null(strstr(error, "YYYY-MM-DD"));
	}
	assert_null(w);
	nma_waivers__free(waivers(WHEAD "{\"rule\":\"NM-POOL-02\",\"ifname\":\"nm0\","
				  "\"reason\":\"r\",\"expires\":\"2028-02-29\"}"));
}

static void test_waiver_of_hostile_name(void **state)
{
	struct nma_finding f = finding(NMA_RULE_POOL_02, "a\"\n\xff", 1);
	struct nma_waivers *w = waivers(WHEAD
		"{\"rule\":\"NM-POOL-02\",\"ifname\":\"a\\\"\\n\\\\xff\","
		"\"expires\":\"2027-01-01\",\"reason\":\"as JSON output shows it\"}\n");

	(void)state;
	assert_non_null(nma_waivers__find(w, &f, ""));
	nma_waivers__free(w);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_identity),
		T(test_counts), T(test_of_a_namespace),
		T(test_hostile_names),
		T(test_empty_baseline),
		T(test_bad_baselines),
		T(test_truncated_anywhere),
		T(test_endless_line),
		T(test_unreadable),
		T(test_save_fails_whole),
		T(test_waivers),
		T(test_waiver_of_a_pattern),
		T(test_pipe),
		T(test_bad_waivers),
		T(test_waiver_of_hostile_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
