// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit gate against the fake kernel: what a driver loses of a page_pool that is
 * in use is told from what it has posted, and what nobody can tell is not known.
 */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "world.h"

/* Real time for a real process. */
static void nap(unsigned int poll)
{
	(void)poll;
	usleep(20000);
}

static int setup(void **state)
{
	command_setup(state);
	fake.on_poll = nap;
	return 0;
}

static struct nma_rec_census census;

static void give_census(__u32 exist)
{
	census = (struct nma_rec_census){
		.hdr = { .type = NMA_REC_CENSUS, .size = sizeof(census),
			 .cause = NMA_CAUSE_SNAPSHOT },
		.pool_id = 21, .pages = exist,
	};
}

/* Pool 21, which is in use, was made for 64, all of which the driver has. */
static void make_ring(__u8 parts)
{
	pool[3].pool_size = 64;
	pool[3].parts = parts;
	give_census(64);
	fake_add(&census);
}

static void lose(int nr)
{
	pool[3].inflight += nr;
	pool[3].hold_cnt += nr;
	census.pages += nr;
}

/* While the command runs it loses two, which are replaced. */
static void lose_two(unsigned int poll)
{
	nap(poll);
	if (poll == 2)
		lose(2);
}

static void test_lost_in_use(void **state)
{
	struct json_object *a;

	(void)state;
	make_ring(NMA_PARTS_NONE);
	assert_int_equal(run("-j gate -- true"), NMA_EXIT_OK);
	fake.on_poll = lose_two;
	fake.polls = 0;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_VIOLATION);
	only_violated((parse(), "leaked_netmems"), 2);
	a = assertion("leaked_netmems == 0");
	assert_string_equal(json_object_get_string(json_object_array_get_idx(
				    get(a, "about"), 0)),
			    "nm0 queue 1 page_pool 21: the driver has 66 buffers of it, 2 more than the 64 that it was made for");
	/* however short the wait: as often as it takes */
	fake.polls = 0;
	lose(-2);
	assert_int_equal(run("-j gate --settle 0 -- sleep 0.3"), NMA_EXIT_VIOLATION);
	only_violated((parse(), "leaked_netmems"), 2);
	/* they were lost before: not this command's doing */
	fake.on_poll = nap;
	assert_int_equal(run("-j gate -- true"), NMA_EXIT_OK);
	assert_false(fake.opts.over && !fake.snapshots);
}

/* Of other devices nothing is said. */
static void test_lost_elsewhere(void **state)
{
	static struct nma_rec_nic other;

	(void)state;
	make_ring(NMA_PARTS_NONE);
	other = nic;
	other.netdev += 0x1000;
	other.ifindex++;
	memcpy(other.ifname, "nm9", 4);
	fake_add(&other);
	fake.on_poll = lose_two;
	assert_int_equal(run("-j gate -i nm9 -- sleep 0.3"), NMA_EXIT_OK);
}

static void expect_doubt(const char *why)
{
	fake.polls = 0;
	fake.on_poll = lose_two;
	assert_int_equal(run("-j gate --settle 1 -- sleep 0.3"), NMA_EXIT_INCOMPLETE);
	parse();
	assert_string_equal(str(assertion("leaked_netmems == 0"), "outcome"), "unknown");
	expect_said(str(assertion("leaked_netmems == 0"), "why"), why);
	/* at least 0, and whatever the number is */
	fake.polls = 0;
	assert_int_equal(run("gate --settle 1 --assert leaked_netmems>=0 -- sleep 0.3"),
			 NMA_EXIT_OK);
}

static void test_lost_to_xdp(void **state)
{
	(void)state;
	make_ring(NMA_PARTS_NONE);
	nic.xdp_prog_id[1] = 7;
	expect_doubt("XDP may have sent buffers elsewhere");
}

/* Where buffers are shared by slots any number of them may be posted, and where more
 * than the pool was made for are posted from the beginning.
 */
static void test_unknown_ring(void **state)
{
	(void)state;
	make_ring(NMA_PARTS_SOME);
	fake.on_poll = lose_two;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_OK);
	fake.polls = 0;
	pool[3].parts = NMA_PARTS_UNKNOWN;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_OK);
	fake.polls = 0;
	pool[3].parts = NMA_PARTS_NONE;
	pool[3].pool_size = 60;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_OK);
	fake.polls = 0;
	pool[3].pool_size = 0;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_OK);
}

/* Two are with somebody for a moment. */
static void lend(unsigned int poll)
{
	nap(poll);
	if (poll == 2)
		lose(2);
	if (poll == 20) {
		pool[3].inflight -= 2;
		pool[3].release_cnt += 2;
		census.pages -= 2;
	}
}

static void test_lent(void **state)
{
	(void)state;
	make_ring(NMA_PARTS_NONE);
	fake.on_poll = lend;
	assert_int_equal(run("-j gate --settle 60 -- sleep 0.2"), NMA_EXIT_OK);
	assert_true(fake.polls > 20 && fake.polls < 40);
}

/* Up to the end it is never twice the same. */
static void stir(unsigned int poll)
{
	nap(poll);
	if (poll == 2)
		lose(2);
	if (poll > 2) {
		pool[3].hold_cnt++;
		pool[3].release_cnt++;
	}
}

static void test_still_moves(void **state)
{
	(void)state;
	make_ring(NMA_PARTS_NONE);
	fake.on_poll = stir;
	assert_int_equal(run("-j gate --settle 1 -- sleep 0.2"), NMA_EXIT_INCOMPLETE);
	parse();
	expect_said(str(assertion("leaked_netmems == 0"), "why"), "still moved at the end");
}

/* Destroyed, with 3 out: 2 of them in the ring of the pool itself, 1 nowhere */
static void destroy(unsigned int poll)
{
	static struct nma_rec_pool gone;
	static struct nma_rec_held held;

	nap(poll);
	if (poll != 2)
		return;
	pool[3].detached = 1;
	pool[3].inflight = 3;
	pool[3].detach_ns = fake.now_ns;
	queue[1] = rec_queue(1);
	queue[1].hdr.netns = nic.hdr.netns;
	gone = CAUSED(pool[3], DETACH);
	gone.hdr.time_ns = fake.now_ns;
	fake_send(&gone);
	give_census(3);
	fake_add(&census);
	held = rec_held(NMA_HOLDER_RING, 2);
	fake_add(&held);
}

static void test_in_its_ring(void **state)
{
	(void)state;
	fake.on_poll = destroy;
	assert_int_equal(run("-j gate --settle 1 -- sleep 0.3"), NMA_EXIT_VIOLATION);
	assert_int_equal(num(assertion((parse(), "leaked_netmems == 0")), "value"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lost_in_use),
		TEST(test_lost_elsewhere),
		TEST(test_lost_to_xdp),
		TEST(test_unknown_ring),
		TEST(test_lent),
		TEST(test_still_moves),
		TEST(test_in_its_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
