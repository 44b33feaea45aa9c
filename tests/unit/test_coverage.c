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

/* What is judged once there is one of these objects and nothing else. */
struct sight {
	enum nma_subject subject;
	void *object;
	const char *judged;
};

static void expect_judged(const struct sight *s)
{
	struct nma_coverage *c = calloc(1, sizeof(*c));
	char text[1024] = "";
	int i, len = 0;

	nma_coverage__object(c, s->subject, (union nma_ref){ .any = s->object });
	for (i = 0; i < NMA_RULE_MAX; i++)
		if (c->cover[i] == NMA_COVER_JUDGED)
			len += snprintf(text + len, sizeof(text) - len, "%s%s",
					len ? " " : "", nma_rules[i].id + strlen("NM-"));
	assert_string_equal(text, s->judged);
	free(c);
}

static void test_devices_and_queues(void **state)
{
	struct nma_nic none = { .r = rec_nic() }, ops = none, tx = none, xdp[2];
	struct nma_queue plain = { .r = rec_queue(1) }, bound = { .r = rec_bound(1) };
	const struct sight sights[] = {
		{ NMA_SUBJ_NIC, &none, "" },
		{ NMA_SUBJ_NIC, &ops, "DRV-01 POOL-02" },
		{ NMA_SUBJ_NIC, &tx, "TX-03" },
		{ NMA_SUBJ_NIC, &xdp[0], "PP-12" },
		{ NMA_SUBJ_NIC, &xdp[1], "PP-12" },
		{ NMA_SUBJ_QUEUE, &plain, "" },
		{ NMA_SUBJ_QUEUE, &bound, "BIND-01 BIND-02 BIND-03 BIND-04 BIND-05 BIND-06 BIND-07 "
		  "PP-07 PP-09 SKB-01 SKB-02 SKB-03 SKB-04 SKB-05 TOK-04 TOK-05 "
		  "TOK-06" },
	};
	size_t i;

	(void)state;
	none.r.qops = NMA_QOPS_PRESENT;
	none.r.flags &= ~NMA_NIC_TX_VALID;
	ops.r.flags &= ~NMA_NIC_TX_VALID;
	xdp[0] = xdp[1] = none;
	xdp[0].r.xdp_prog_id[0] = 1;
	xdp[1].r.xdp_prog_id[1] = 1;
	tx.r.qops = 0;
	tx.r.flags |= NMA_NIC_TX_VALID;
	for (i = 0; i < sizeof(sights) / sizeof(*sights); i++)
		expect_judged(&sights[i]);
}

static void test_pools(void **state)
{
	struct nma_pool header = { .r = rec_header(20, 1) }, payload = { .r = rec_payload(21, 1) };
	struct nma_pool made = payload, empty = header, out = header;
	const struct sight sights[] = {
		{ NMA_SUBJ_POOL, &header, "PP-01 PP-02 PP-03 PP-04 PP-05 PP-08 PP-11" },
		{ NMA_SUBJ_POOL, &payload, "POOL-01 POOL-02 POOL-03 POOL-04 POOL-05 DRV-02 PP-01 PP-02 "
		  "PP-03 PP-04 PP-05 PP-08 PP-11" },
		{ NMA_SUBJ_POOL, &made, "POOL-01 POOL-02 POOL-03 POOL-04 POOL-05 POOL-06 DRV-02 PP-01 "
		  "PP-02 PP-03 PP-04 PP-05 PP-08 PP-11" },
		{ NMA_SUBJ_POOL, &empty, "PP-01 PP-02 PP-03 PP-04 PP-05 PP-08 PP-11" },
		{ NMA_SUBJ_POOL, &out, "PP-06 PP-01 PP-02 PP-03 PP-04 PP-05 PP-08 PP-11" },
	};
	size_t i;

	(void)state;
	made.r.hdr.cause = NMA_CAUSE_CREATE;
	empty.r.detached = 1;
	empty.r.inflight = 0;
	out.r.detached = 1;
	out.r.inflight = 1;
	for (i = 0; i < sizeof(sights) / sizeof(*sights); i++)
		expect_judged(&sights[i]);
}

static void test_bindings(void **state)
{
	struct nma_binding rx = { .r = rec_binding() }, tx = rx, made = rx, left = rx, gone = rx;
	const struct sight sights[] = {
		{ NMA_SUBJ_BINDING, &rx, "BIND-08 BIND-11 APP-01" },
		{ NMA_SUBJ_BINDING, &tx, "BIND-08 BIND-11 BIND-12 SKB-04 SKB-05 DMA-02 APP-01 TX-01" },
		{ NMA_SUBJ_BINDING, &made, "BIND-08 BIND-09 BIND-11 APP-01" },
		{ NMA_SUBJ_BINDING, &left, "BIND-08 BIND-10 BIND-11 APP-01" },
		{ NMA_SUBJ_BINDING, &gone, "BIND-08 BIND-10 BIND-11 APP-01" },
	};
	size_t i;

	(void)state;
	tx.r.dma_dir = NMA_DMA_TO_DEVICE;
	made.r.hdr.cause = NMA_CAUSE_CREATE;
	left.unbound_ns = 1;
	gone.seen.gone = true;
	for (i = 0; i < sizeof(sights) / sizeof(*sights); i++)
		expect_judged(&sights[i]);
}

static void test_sockets_and_acts(void **state)
{
	struct nma_sock none = { .r = rec_sock(1, 0) }, taken = none, out = none;
	struct nma_sock flight = none, unread = none, done = none, copied = none;
	struct nma_rec_op op = rec_op(NMA_OP_MP_CHECK, 1, 0);
	struct nma_rec_act act = rec_act(NMA_ACT_PUT_TWICE);
	const struct sight sights[] = {
		{ NMA_SUBJ_SOCK, &none, "" },
		{ NMA_SUBJ_SOCK, &taken, "TOK-01 TOK-02 TOK-03" },
		{ NMA_SUBJ_SOCK, &out, "TOK-01 TOK-02 TOK-03" },
		{ NMA_SUBJ_SOCK, &flight, "TX-02 TX-04" },
		{ NMA_SUBJ_SOCK, &unread, "TX-02 TX-04" },
		{ NMA_SUBJ_SOCK, &done, "TX-02 TX-04" },
		{ NMA_SUBJ_SOCK, &copied, "TX-02 TX-04" },
		{ NMA_SUBJ_OP, &op, "" },
		{ NMA_SUBJ_ACT, &act, "" },
		{ NMA_SUBJ_USE, &act, "" },
		{ NMA_SUBJ_REFUSED, &act, "" },
	};
	size_t i;

	(void)state;
	none.r.taken = 0;
	taken.r = out.r = flight.r = unread.r = done.r = copied.r = none.r;
	taken.r.taken = 1;
	out.r.outstanding = 1;
	flight.r.tx_inflight = 1;
	unread.r.tx_unread = 1;
	done.r.tx_done = 1;
	copied.r.tx_copied = 1;
	for (i = 0; i < sizeof(sights) / sizeof(*sights); i++)
		expect_judged(&sights[i]);
}

/* The first of two things names the occasion. */
static void test_what_needs_events(void **state)
{
	char text[1024] = "";
	int i, len = 0;

	(void)state;
	for (i = 0; i < NMA_RULE_MAX; i++)
		if (nma_coverage_needs_events(i) &&
		    nma_rules[i].subject != NMA_SUBJ_ACT)
			len += snprintf(text + len, sizeof(text) - len, "%s%s",
					len ? " " : "", nma_rules[i].id + strlen("NM-"));
	assert_string_equal(text, "POOL-06 BIND-03 BIND-09 BIND-12 TOK-02 TOK-03 TOK-04 "
		  "TOK-05 TOK-06 APP-01 TX-01 TX-02 TX-04");
	for (i = 0; i < NMA_RULE_MAX; i++)
		assert_true(nma_rules[i].subject != NMA_SUBJ_ACT ||
			    nma_coverage_needs_events(i));
	assert_string_equal(nma_coverage_occasion(NMA_RULE_POOL_02),
			    "a driver that restarts queues");
	assert_string_equal(nma_coverage_occasion(NMA_RULE_SKB_05),
			    "a queue with a memory provider");
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
		T(test_devices_and_queues),
		T(test_pools),
		T(test_bindings),
		T(test_sockets_and_acts),
		T(test_what_needs_events),
		T(test_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
