// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * leaks: the account of a page_pool adds up, whatever was found; what grows; and how
 * it looks.
 */
#include <json-c/json.h>
#include <linux/types.h>
#include <string.h>

#include "cli.h"
#include "world.h"
#include "command.h"
#include "fake.h"
#include "model/balance.h"
#include "model/holder.h"
#include "model/trend.h"

#define EVERYWHERE	((1u << NMA_HOLDER_MAX) - 1)

static struct nma_rec_census rec_census(__u32 pool_id, __u32 pages, __u32 niovs)
{
	return (struct nma_rec_census){
		.hdr = { .type = NMA_REC_CENSUS, .size = sizeof(struct nma_rec_census),
			 .cause = NMA_CAUSE_SNAPSHOT },
		.pool_id = pool_id, .pages = pages, .niovs = niovs,
	};
}

/* A look at pool 21, of which 64 are in flight by the kernel's count */
static struct nma_balance account(struct nma_model *m, __u32 exist, __u32 holders,
				  const struct nma_rec_held *held, __u32 held_more)
{
	struct nma_rec_mark end = rec_mark(NMA_MARK_HELD_END, m->generation);
	struct nma_rec_pool pool = rec_provided(21, 1);
	struct nma_balance b;

	FEED(m, pool);
	FEED(m, rec_mark(NMA_MARK_HELD_BEGIN, m->generation));
	for (; held && held->buffers; held++)
		FEED(m, *held);
	FEED(m, rec_census(21, 0, exist));
	pool.hold_cnt += held_more;
	pool.inflight += held_more;
	FEED(m, pool);
	end.holders = holders;
	FEED(m, end);
	assert_true(nma_balance_of(m, nma_model__pool(m, 21), &b));
	assert_int_equal(b.in_pool + b.found + b.driver + b.unknown + b.moving, b.inflight);
	return b;
}

static int setup(void **state)
{
	struct nma_model *m = nma_model__new();

	if (!m)
		return -1;
	FEED(m, rec_nic());
	FEED(m, rec_bound(1));
	FEED(m, rec_binding());
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	nma_model__free(*state);
	return 0;
}

static const struct nma_rec_held *some(void)
{
	static struct nma_rec_held held[4];

	held[0] = rec_held(NMA_HOLDER_RING, 10);
	held[1] = rec_held(NMA_HOLDER_CACHE, 4);
	held[2] = rec_held(NMA_HOLDER_SOCKET, 20);
	return held;
}

static void test_adds_up(void **state)
{
	struct nma_model *m = *state;
	struct nma_balance b = account(m, 64, EVERYWHERE, some(), 0);

	assert_int_equal(b.inflight, 64);
	assert_int_equal(b.in_pool, 14);
	assert_int_equal(b.found, 20);
	assert_int_equal(b.driver, 30);
	assert_int_equal(b.unknown, 0);
	assert_int_equal(b.moving, 0);
}

/* What exists nowhere in memory is not the driver's, nor what could be elsewhere. */
static void test_unknown(void **state)
{
	struct nma_model *m = *state;
	struct nma_balance b = account(m, 60, EVERYWHERE, some(), 0);

	assert_int_equal(b.driver, 26);
	assert_int_equal(b.unknown, 4);
	b = account(m, 64, EVERYWHERE & ~(1u << NMA_HOLDER_STACK), some(), 0);
	assert_int_equal(b.driver, 0);
	assert_int_equal(b.unknown, 30);
}

static void test_moving(void **state)
{
	struct nma_model *m = *state;
	struct nma_balance b = account(m, 64, EVERYWHERE, some(), 5);

	assert_int_equal(b.inflight, 69);
	assert_int_equal(b.driver, 30);
	assert_int_equal(b.unknown, 0);
	assert_int_equal(b.moving, 5);
}

/* More than is in flight: somebody took one while we looked. */
static void test_too_many(void **state)
{
	struct nma_rec_held held[] = { rec_held(NMA_HOLDER_TOKEN, 65), { .buffers = 0 } };
	struct nma_model *m = *state;
	struct nma_balance b = account(m, 65, EVERYWHERE, held, 0);

	assert_int_equal(b.driver, 0);
	assert_int_equal(b.moving, -1);
}

/* One that is not met again when a look ends has ended. One that came meanwhile has not,
 * and there is no account of it yet.
 */
static void test_ends(void **state)
{
	struct nma_rec_held held[] = { rec_held(NMA_HOLDER_SOCKET, 20), { .buffers = 0 } };
	struct nma_rec_pool pool = rec_provided(21, 1), late = rec_provided(22, 1);
	struct nma_model *m = *state;
	struct nma_balance b;

	pool.detached = 1;
	FEED(m, pool);
	look(m, EVERYWHERE, held);
	look(m, EVERYWHERE, held);
	assert_int_equal(nma_model__pool(m, 21)->sought.lost, 44);
	FEED(m, rec_mark(NMA_MARK_HELD_BEGIN, m->generation));
	FEED(m, *held);
	late.hdr.cause = NMA_CAUSE_CREATE;
	FEED(m, late);
	FEED(m, rec_mark(NMA_MARK_HELD_END, m->generation));
	assert_true(nma_model__pool(m, 21)->sought.ended);
	assert_int_equal(nma_model__pool(m, 21)->sought.lost, 0);
	assert_int_equal(m->held.nr, 0);
	assert_true(nma_balance_of(m, nma_model__pool(m, 21), &b));
	assert_int_equal(b.inflight + b.found + b.unknown + b.driver, 0);
	assert_false(nma_model__pool(m, 22)->sought.ended);
	assert_false(nma_balance_of(m, nma_model__pool(m, 22), &b));
}

static void test_not_looked_at(void **state)
{
	struct nma_model *m = *state;
	struct nma_balance b;

	FEED(m, rec_provided(21, 1));
	assert_false(nma_balance_of(m, nma_model__pool(m, 21), &b));
	look(m, EVERYWHERE, NULL);		/* at others */
	assert_false(nma_balance_of(m, nma_model__pool(m, 21), &b));
}

/* What was posted while the pool was in use is not held against its driver. */
static void test_destroyed_later(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool pool = rec_provided(21, 1);

	account(m, 64, EVERYWHERE, NULL, 0);
	account(m, 64, EVERYWHERE, NULL, 0);
	assert_int_equal(nma_model__pool(m, 21)->sought.looks, 2);
	pool.detached = 1;
	FEED(m, pool);
	look(m, EVERYWHERE, NULL);
	assert_int_equal(nma_model__pool(m, 21)->sought.looks, 1);
	look(m, EVERYWHERE, NULL);
	assert_int_equal(nma_model__pool(m, 21)->sought.looks, 2);
}

static bool grows(struct nma_model *m, const __u32 *counts)
{
	struct nma_rec_held one[] = { rec_held(NMA_HOLDER_SOCKET, 0), { .buffers = 0 } };
	struct nma_trends t = { 0 };
	__u64 place = 0;
	bool yes;

	for (; *counts; counts++) {
		one[0].buffers = *counts;
		account(m, 64, EVERYWHERE, one, 0);
		assert_int_equal(nma_trends_take(&t, m), 0);
	}
	nma_held_for_each(m, held)
		place = held->node.key[1];
	yes = nma_trends_grows(&t, 21, place);
	assert_false(nma_trends_grows(&t, 22, place));
	nma_trends_free(&t);
	return yes;
}

static void test_trend(void **state)
{
	struct nma_model *m = *state;

	assert_true(grows(m, (const __u32[]){ 1, 2, 3, 4, 5, 6, 7, 8, 0 }));
	assert_true(grows(m, (const __u32[]){ 9, 5, 6, 2, 10, 12, 11, 10, 0 }));
	assert_true(grows(m, (const __u32[]){ 9, 5, 6, 2, 5, 10, 12, 11, 10, 13, 0 }));
	assert_false(grows(m, (const __u32[]){ 1, 2, 3, 4, 5, 6, 7, 0 }));
	assert_false(grows(m, (const __u32[]){ 4, 4, 4, 4, 4, 4, 4, 4, 0 }));
	assert_false(grows(m, (const __u32[]){ 4, 9, 4, 9, 4, 9, 4, 9, 0 }));
	assert_false(grows(m, (const __u32[]){ 8, 7, 6, 5, 4, 3, 2, 1, 0 }));
	assert_false(grows(m, (const __u32[]){ 1, 2, 3, 4, 4, 5, 6, 7, 0 }));
}

/* Only so many are remembered. */
static void test_trend_forgets(void **state)
{
	struct nma_model *m = *state;
	__u32 counts[NMA_TREND_LOOKS + 5] = { 60, 60, 60 };
	int i;

	for (i = 3; i < NMA_TREND_LOOKS + 4; i++)
		counts[i] = i;
	assert_true(grows(m, counts));
	counts[5] = 60;
	assert_false(grows(m, counts));
}

static void test_words(void **state)
{
	struct nma_rec_held r = rec_held(NMA_HOLDER_STACK, 1);
	char text[192];
	__u32 i;

	(void)state;
	memcpy(r.ifname, "w0", 3);
	r.family = 0;
	r.hdr.pid = 0;
	nma_holder_does(text, sizeof(text), &r);
	assert_string_equal(text, "are in packets of w0 in no known queue");
	r.holder = NMA_HOLDER_XDP;
	r.map_id = 7;
	r.cpu = 1;
	nma_holder_does(text, sizeof(text), &r);
	assert_string_equal(text,
			    "have been redirected by XDP and wait in cpumap 7, CPU 1");
	assert_true(nma_holder_frees(NMA_HOLDER_XDP)[0]);
	for (i = 0; i < NMA_HOLDER_MAX; i++)
		assert_true(nma_holder_name(i)[0]);
	assert_null(nma_holder_name(NMA_HOLDER_MAX));
	assert_null(nma_holder_frees(NMA_HOLDER_CACHE));
	assert_non_null(nma_holder_frees(NMA_HOLDER_TOKEN));
}

/* ---- the command ---- */

static struct nma_rec_pool the_pool;
static struct nma_rec_held tokens, in_ring;
static struct nma_rec_census census_rec;

static void fake_look(void)
{
	the_pool = rec_provided(21, 1);
	tokens = rec_held(NMA_HOLDER_TOKEN, 20);
	in_ring = rec_held(NMA_HOLDER_RING, 8);
	census_rec = rec_census(21, 0, 64);
	fake_add(&tokens);
	fake_add(&in_ring);
	fake_add(&census_rec);
	fake_add(&the_pool);
}

static void test_command(void **state)
{
	struct json_object *p, *h;

	(void)state;
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	assert_true(fake.opts.holders);
	expect_said(out, "no buffer is out of its page_pool");
	fake_look();
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	expect_said(out, "posted, or lost");
	expect_said(out, "192.0.2.1:7000, python3, pid");
	expect_said(out, "token is freed by: the application");
	assert_null(strstr(out, "ring"));
	assert_int_equal(run("leaks -v"), NMA_EXIT_OK);
	expect_said(out, "ring");
	assert_int_equal(run("leaks -j"), NMA_EXIT_OK);
	p = first(parse(), "pools");
	assert_int_equal(num(p, "id"), 21);
	assert_int_equal(num(p, "inflight"), 64);
	assert_int_equal(num(p, "in_pool"), 8);
	h = first(p, "holders");
	assert_string_equal(str(h, "holder"), "driver");
	assert_int_equal(num(h, "buffers"), 36);
	assert_false(json_object_object_get_ex(h, "leak", NULL));
}

/* The driver has stopped: what it still has it has lost. */
static void test_command_destroyed(void **state)
{
	(void)state;
	fake_look();
	the_pool.detached = 1;
	assert_int_equal(run("leaks"), NMA_EXIT_VIOLATION);
	expect_said(out, "LEAK");
	assert_null(strstr(out, "posted"));
	fake.lost.count[NMA_LOSS_RING] = 1;
	assert_int_equal(run("leaks"), NMA_EXIT_VIOLATION);
	/* a CPU that frees them, the pool itself */
	tokens = rec_held(NMA_HOLDER_DEFER, 56);
	fake.lost.count[NMA_LOSS_RING] = 0;
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	fake.lost.count[NMA_LOSS_RING] = 1;
	assert_int_equal(run("leaks"), NMA_EXIT_INCOMPLETE);
}

/* Just now: the last report waits, and nothing before it says that buffers leak. */
static void test_command_destroyed_now(void **state)
{
	__u64 begin_ns = fake.now_ns;

	(void)state;
	fake_look();
	the_pool.detached = 1;
	the_pool.detach_ns = begin_ns;
	assert_int_equal(run("leaks"), NMA_EXIT_VIOLATION);
	assert_true(fake.now_ns >= begin_ns + NMA_LEAK_AGE_NS);
	expect_said(out, "LEAK");
	/* they come back meanwhile */
	the_pool.detach_ns = fake.now_ns;
	fake.ended_at = 3;
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	expect_said(out, "page_pool 21 of nm0 has ended meanwhile: all its buffers");
	/* and before the last of three reports */
	the_pool.detach_ns = fake.now_ns;
	fake.ended_at = 5;
	fake.looks = 0;
	assert_int_equal(run("leaks 0.1 3"), NMA_EXIT_OK);
	expect_said(out, "token");
	assert_null(strstr(out, "LEAK"));
	/* while it is destroyed, the kernel has not yet set the time */
	fake.ended_at = 5;
	fake.looks = 0;
	the_pool.detach_ns = 0;
	the_pool.hdr.time_ns = fake.now_ns;
	assert_int_equal(run("leaks 0.1 3"), NMA_EXIT_OK);
	assert_null(strstr(out, "LEAK"));
	/* no wait for what is not shown, and for what has nothing out */
	fake.ended_at = 0;
	begin_ns = fake.now_ns;
	the_pool.detach_ns = fake.now_ns;
	assert_int_equal(run("leaks --pool 11"), NMA_EXIT_OK);
	assert_int_equal(run("leaks -i nm1"), NMA_EXIT_ENV);
	tokens.buffers = 0;
	in_ring.buffers = 64;
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	assert_true(fake.now_ns == begin_ns);
}

/* Of one in use: check looks until nothing has moved for two looks. */
static void test_command_excess(void **state)
{
	(void)state;
	fake_look();
	the_pool.pool_size = 10;
	fake.rings.slots = 8;
	assert_int_equal(run("check"), NMA_EXIT_OK);
	assert_true(fake.opts.over_at_rest);
	assert_int_equal(run("check --settle 2"), NMA_EXIT_VIOLATION);
	expect_said(out, "warn NM-PP-10 nm0 queue 1 pool 21");
	expect_said(out, "the driver has 36 buffers of a page_pool in use, and 10 slots");
	fake.rings.slots = 18;	/* and a frame */
	assert_int_equal(run("check --settle 2"), NMA_EXIT_OK);
	assert_null(strstr(out, "NM-PP-10"));
}

/* Its end is seen in the first look, or in the second: nothing is out of it. */
static void test_command_ends(void **state)
{
	struct json_object *p;
	unsigned int i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		fake_look();
		the_pool.detached = i == 1;
		fake.ended_at = i;
		fake.looks = 0;
		assert_int_equal(run("leaks"), NMA_EXIT_OK);
		expect_said(out, "page_pool 21 of nm0 has ended meanwhile: all its buffers");
		assert_null(strstr(out, "token"));
		fake.looks = 0;
		assert_int_equal(run("leaks -j"), NMA_EXIT_OK);
		p = first(parse(), "pools");
		assert_int_equal(num(p, "inflight"), 0);
		assert_true(json_object_get_boolean(get(p, "ended")));
		assert_int_equal(json_object_array_length(get(p, "holders")), 0);
	}
	fake.ended_at = 3;
	fake.looks = 0;
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	assert_null(strstr(out, "ended"));
	expect_said(out, "token");
}

/* What could be anywhere is nobody's; then it is not said that nothing leaks. */
static void test_command_unknown(void **state)
{
	(void)state;
	fake_look();
	census_rec.niovs = 40;
	assert_int_equal(run("leaks"), NMA_EXIT_INCOMPLETE);
	expect_said(out, "unknown");
	expect_said(err, "not every place could be looked into");
	the_pool.detached = 1;
	assert_int_equal(run("leaks"), NMA_EXIT_VIOLATION);
}

static void test_command_line(void **state)
{
	(void)state;
	assert_int_equal(run("leaks --pool 21"), NMA_EXIT_OK);
	assert_int_equal(run("leaks --pool 99"), NMA_EXIT_ENV);
	expect_said(err, "no page_pool 99");
	assert_int_equal(run("leaks --pool 0x15"), NMA_EXIT_USAGE);
	assert_int_equal(run("leaks 0"), NMA_EXIT_USAGE);
	assert_int_equal(run("leaks 1 0"), NMA_EXIT_USAGE);
	assert_int_equal(run("leaks 1 2 3"), NMA_EXIT_USAGE);
	fake_look();
	assert_int_equal(run("leaks --pool 11"), NMA_EXIT_OK);
	assert_null(strstr(out, "token"));
}

static struct nma_rec_age rec_age(__u32 holder, __u32 aged, __u64 oldest_ns)
{
	const struct nma_rec_held held = rec_held(holder, aged);

	return (struct nma_rec_age){
		.hdr = { .type = NMA_REC_AGE, .size = sizeof(struct nma_rec_age),
			 .cause = NMA_CAUSE_SNAPSHOT },
		.pool_id = 21, .holder = holder, .aged = aged, .oldest_ns = oldest_ns,
		.object = holder == NMA_HOLDER_DRIVER ? 0 : held.object,
		.where = holder == NMA_HOLDER_DRIVER ? 0 : held.where,
		.stack = { 0xffffffff81000010ull },
	};
}

static struct nma_rec_age of_tokens, of_driver;

/* All 20 tokens were taken 3 s ago, of the driver's 36 only 30 were seen */
static void fake_ages(void)
{
	fake_look();
	of_tokens = rec_age(NMA_HOLDER_TOKEN, 20, fake.now_ns - 3 * SEC);
	of_driver = rec_age(NMA_HOLDER_DRIVER, 30, fake.now_ns - SEC);
	fake_add(&of_tokens);
	fake_add(&of_driver);
}

static void test_ages(void **state)
{
	struct json_object *h;

	(void)state;
	fake_ages();
	assert_int_equal(run("leaks"), NMA_EXIT_OK);
	assert_false(fake.opts.ages);
	assert_null(strstr(out, "AGE"));
	assert_int_equal(run("leaks --deep"), NMA_EXIT_OK);
	assert_true(fake.opts.ages && !fake.opts.stacks);
	expect_said(out, "AGE");
	expect_said(out, "  3.0 s  ");
	expect_said(out, "  >0.0 s  ");
	assert_int_equal(run("leaks -j --stacks"), NMA_EXIT_OK);
	assert_true(fake.opts.ages && fake.opts.stacks);
	h = first(first(parse(), "pools"), "holders");
	assert_string_equal(str(h, "holder"), "driver");
	assert_int_equal(num(h, "buffers_unaged"), 6);
	assert_int_equal(json_object_get_uint64(get(h, "oldest_time_ns")),
			 of_driver.oldest_ns);
}

/* The first report waits: what is older than the audit is then as old as that. */
static void test_age_limit(void **state)
{
	__u64 begin_ns = fake.now_ns;

	(void)state;
	fake_ages();
	assert_int_equal(run("leaks --age 5"), NMA_EXIT_OK);
	assert_true(fake.now_ns - begin_ns >= 5 * SEC);
	expect_said(out, "token");
	expect_said(out, "  8.0 s  ");
	expect_said(out, "  >5.0 s  ");
	of_driver.aged = 36;
	of_tokens.oldest_ns = fake.now_ns;
	assert_int_equal(run("leaks --age 5"), NMA_EXIT_OK);
	expect_said(out, "driver");
	of_driver.oldest_ns = fake.now_ns + SEC;
	assert_int_equal(run("leaks --age 5"), NMA_EXIT_OK);
	assert_null(strstr(out, "driver"));
	expect_said(out, "token");
	of_tokens.oldest_ns = fake.now_ns + SEC;
	of_driver.oldest_ns = fake.now_ns + SEC;
	the_pool.detached = 1;
	assert_int_equal(run("leaks --age 5"), NMA_EXIT_OK);
	expect_said(out, "no buffer is out of its page_pool for that long");
	fake.features.hooks &= ~NMA_H(TAKE);
	assert_int_equal(run("leaks --age 5"), NMA_EXIT_SKIP);
	assert_int_equal(run("leaks"), NMA_EXIT_VIOLATION);
	assert_int_equal(run("leaks --from a.nmr --stacks"), NMA_EXIT_USAGE);
	assert_int_equal(run("leaks --age 0"), NMA_EXIT_USAGE);
}

#define M(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)
#define C(test)	cmocka_unit_test_setup_teardown(test, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		M(test_adds_up),
		M(test_unknown),
		M(test_moving),
		M(test_too_many),
		M(test_ends),
		M(test_not_looked_at),
		M(test_destroyed_later),
		M(test_trend),
		M(test_trend_forgets),
		M(test_words),
		C(test_command),
		C(test_command_destroyed),
		C(test_command_destroyed_now),
		C(test_command_excess),
		C(test_command_ends),
		C(test_command_unknown),
		C(test_command_line),
		C(test_ages),
		C(test_age_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
