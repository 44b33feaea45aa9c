// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a verdict rests on: rules judged, without occasion, unavailable and why.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "world.h"

/* Is @id in the array @key of the coverage, as a string or as "rule"? */
static struct json_object *find(const char *key, const char *id)
{
	struct json_object *arr = get(get(doc, "coverage"), key), *item;
	size_t i;

	for (i = 0; i < json_object_array_length(arr); i++) {
		item = json_object_array_get_idx(arr, i);
		if (!strcmp(json_object_is_type(item, json_type_string) ?
			    json_object_get_string(item) : str(item, "rule"), id))
			return item;
	}
	return NULL;
}

/* Each rule stands in one of the lists. */
static void expect_all_rules(void)
{
	static const char *const keys[] = {
		"judged", "no_occasion", "unavailable", "not_asked",
	};
	struct json_object *c = get(doc, "coverage");
	size_t i, nr = 0;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		nr += length(c, keys[i]);
	assert_int_equal(nr, NMA_RULE_MAX);
	assert_int_equal(num(c, "rules"), NMA_RULE_MAX);
}

static void test_check(void **state)
{
	(void)state;
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	parse();
	expect_all_rules();
	assert_non_null(find("judged", "NM-BIND-01"));
	assert_non_null(find("judged", "NM-POOL-02"));
	assert_string_equal(str(find("no_occasion", "NM-PP-06"), "needs"),
			    "a destroyed page_pool with buffers out");
	assert_non_null(find("no_occasion", "NM-TOK-01"));
	assert_string_equal(str(find("unavailable", "NM-SKB-01"), "why"), "needs_deep");
	assert_string_equal(str(find("unavailable", "NM-BIND-03"), "why"),
			    "needs_watch");
	assert_string_equal(str(find("unavailable", "NM-POOL-06"), "why"),
			    "needs_watch");
	assert_int_equal(length(get(doc, "coverage"), "blind"), 0);
	assert_int_equal(num(get(doc, "looked_at"), "pools"), 4);
	assert_int_equal(run("check"), NMA_EXIT_OK);
	expect_said(out, " rules: ");
	expect_said(out, "(-v lists them)\n");
	assert_int_equal(run("check -v"), NMA_EXIT_OK);
	expect_said(out, "  NM-SKB-01 needs watch --deep\n");
	expect_said(out, "  NM-PP-06 had no occasion: there was not a destroyed page_pool");
}

/* The same rules have an occasion once there is one. */
static void test_occasions(void **state)
{
	(void)state;
	pool[3].detached = 1;
	pool[3].detach_ns = 99 * SEC;
	queue[1] = rec_queue(1);
	sock = rec_sock(1, 1);
	fake_add(&sock);
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	parse();
	assert_non_null(find("judged", "NM-PP-06"));
	assert_non_null(find("judged", "NM-TOK-01"));
	assert_non_null(find("no_occasion", "NM-BIND-01"));
}

/* A device without anything, and those of which -i does not speak. */
static void test_of_a_device(void **state)
{
	static struct nma_rec_nic other;

	(void)state;
	other = rec_nic();
	other.netdev = UPPER;
	other.ifindex = 9;
	other.qops = 0;
	strcpy(other.ifname, "eth0");
	fake_add(&other);
	assert_int_equal(run("check -j -i eth0"), NMA_EXIT_OK);
	parse();
	expect_all_rules();
	assert_non_null(find("no_occasion", "NM-BIND-01"));
	assert_non_null(find("no_occasion", "NM-POOL-01"));
	assert_null(find("judged", "NM-DRV-01"));
}

static void create(unsigned int poll)
{
	static struct nma_rec_pool r;

	r = CAUSED(rec_payload(30, 0), CREATE);
	r.hdr.time_ns = fake.now_ns;
	r.lock = NMA_LOCK_OWN;
	if (poll == 3)
		fake_send(&r);
}

static unsigned int last_line(void)
{
	return count_lines("\n") - 1;
}

static void test_watch(void **state)
{
	(void)state;
	assert_int_equal(run("watch -j --duration 1"), NMA_EXIT_OK);
	parse_line(last_line());
	expect_all_rules();
	assert_non_null(find("no_occasion", "NM-POOL-06"));
	assert_non_null(find("judged", "NM-BIND-03"));
	assert_string_equal(str(find("unavailable", "NM-SKB-01"), "why"), "needs_deep");
	fake.on_poll = create;
	fake.polls = 0;
	assert_int_equal(run("watch -j --duration 1 --deep"), NMA_EXIT_OK);
	parse_line(last_line());
	assert_non_null(find("judged", "NM-POOL-06"));
	assert_non_null(find("judged", "NM-SKB-01"));
	assert_int_equal(length(get(doc, "coverage"), "unavailable"), 0);
	assert_int_equal(run("watch -j --duration 1 --rule NM-PP-06"), NMA_EXIT_OK);
	parse_line(last_line());
	expect_all_rules();
	assert_int_equal(length(get(doc, "coverage"), "not_asked"), NMA_RULE_MAX - 1);
	assert_int_equal(run("watch --duration 1"), NMA_EXIT_OK);
	expect_said(out, "\njudged ");
}

static void test_hooks(void **state)
{
	struct json_object *rule;

	(void)state;
	fake.features.hooks &= ~NMA_H(TOKEN_TAKE);
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	parse();
	rule = find("unavailable", "NM-TOK-01");
	assert_string_equal(str(rule, "why"), "no_hook");
	assert_int_equal(length(rule, "missing"), 1);
	/* there, but it cannot be attached to */
	fake.missing_hooks = NMA_H(POOL_DETACH);
	assert_int_equal(run("check -j"), NMA_EXIT_INCOMPLETE);
	parse();
	assert_string_equal(str(find("unavailable", "NM-PP-06"), "why"), "no_hook");
	expect_all_rules();
}

static void test_blind(void **state)
{
	struct json_object *b;

	(void)state;
	nic.flags &= ~NMA_NIC_HDS_VALID;
	nic.hds = NMA_HDS_UNKNOWN;
	fake.rings_err = -EOPNOTSUPP;
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	b = first(get(parse(), "coverage"), "blind");
	assert_string_equal(str(b, "rule"), "NM-BIND-02");
	assert_string_equal(str(b, "ifname"), "nm0");
	assert_int_equal(num(b, "queue"), 1);
	assert_false(json_object_get_boolean(get(b, "incomplete")));
	expect_said(str(b, "reason"), "neither kernel nor driver tells");
	assert_int_equal(run("watch -j --duration 5"), NMA_EXIT_OK);
	parse_line(last_line());
	/* asked at each look, told once */
	assert_int_equal(length(get(doc, "coverage"), "blind"), 1);
}

/* Exit status 5 with the reason, not "walks cut short". */
static void test_denied(void **state)
{
	struct json_object *b;

	(void)state;
	fake.denied_netns = 4026532222u;
	assert_int_equal(run("check"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "network namespace 4026532222 cannot be entered");
	expect_said(err, "CAP_SYS_ADMIN");
	assert_null(strstr(err, "cut short"));
	assert_int_equal(run("check -j"), NMA_EXIT_INCOMPLETE);
	b = first(get(parse(), "coverage"), "blind");
	assert_string_equal(str(b, "rule"), "NM-TOK-01");
	assert_int_equal(run("show tokens"), NMA_EXIT_INCOMPLETE);
}

/* On a device that needs no sync nobody sees one. */
static void test_no_dma_sync(void **state)
{
	struct json_object *b;

	(void)state;
	assert_int_equal(run("watch -j --duration 5 --deep"), NMA_EXIT_OK);
	parse_line(last_line());
	assert_non_null(find("judged", "NM-DMA-01"));
	nic.flags |= NMA_NIC_SYNC_SKIPPED;
	assert_int_equal(run("watch -j --duration 5 --deep"), NMA_EXIT_OK);
	parse_line(last_line());
	assert_non_null(find("no_occasion", "NM-DMA-01"));
	assert_int_equal(length(get(doc, "coverage"), "blind"), 1);
	b = first(get(doc, "coverage"), "blind");
	assert_string_equal(str(b, "rule"), "NM-DMA-01");
	assert_string_equal(str(b, "ifname"), "nm0");
	expect_said(str(b, "reason"), "needs no DMA sync");
	/* nor would it have been looked at */
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	parse();
	assert_int_equal(length(get(doc, "coverage"), "blind"), 0);
}

/* What others tell: once each, with the place; and what we may not look at. */
static void test_api(void **state)
{
	struct nma_coverage *c = calloc(1, sizeof(*c));
	struct nma_nic n = { .r = rec_nic() };
	unsigned int i;

	(void)state;
	nma_coverage__blind(c, NMA_RULE_BIND_07, &n, false, "no table of %d", 4);
	nma_coverage__blind(c, NMA_RULE_BIND_07, &n, false, "no table of %d", 4);
	assert_int_equal(c->nr_blind, 1);
	assert_string_equal(c->blind[0].reason, "no table of 4");
	assert_int_equal(c->blind[0].ifindex, 3);
	assert_false(c->incomplete);
	nma_coverage__blind(c, NMA_RULE_MAX, NULL, true, "not allowed");
	assert_true(c->incomplete);
	for (i = 0; i < NMA_BLIND_MAX; i++)
		nma_coverage__blind(c, NMA_RULE_BIND_07, &n, false, "%u", i);
	assert_int_equal(c->nr_blind, NMA_BLIND_MAX);
	assert_int_equal(c->more_blind, 2);
	free(c);
}

static void test_origin(void **state)
{
	(void)state;
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	parse();
	assert_string_equal(str(doc, "version"), NMA_VERSION);
	assert_true(*str(doc, "host") && *str(doc, "kernel") && *str(doc, "architecture"));
	assert_true(json_object_get_int64(get(doc, "wall_time_ns")) -
		    json_object_get_int64(get(doc, "time_ns")) ==
		    1795996800 * (int64_t)SEC);
	assert_int_equal(run("watch -j --duration 1"), NMA_EXIT_OK);
	parse_line(0);
	assert_true(*str(doc, "host"));
	parse_line(last_line());
	assert_true(*str(doc, "host"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_check),
		T(test_occasions),
		T(test_of_a_device),
		T(test_watch),
		T(test_hooks),
		T(test_blind),
		T(test_denied),
		T(test_no_dma_sync),
		T(test_api),
		T(test_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
