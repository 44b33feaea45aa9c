// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on how payload pools are made: queue, geometry, lock.
 */
#include <errno.h>
#include <string.h>

#include "healthy.h"

static void test_pool_04_range(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 4);
	struct nma_change c;

	FEED(m, r);
	expect_one(VERDICT(POOL_04, pool(m, 11)), NMA_SEV_F);

	r = rec_payload(0, 4);	/* the kernel read garbage and noticed */
	r.hdr.cause = NMA_CAUSE_CREATE_FAILED;
	r.err = -EFAULT;
	c = FEED(m, r);
	assert_true(expect_one(verdict(m, NMA_RULE_POOL_04, c.ref, NOW, c.hdr),
			       NMA_SEV_F)->event);

	r = rec_header(11, 4);	/* the kernel does not look */
	FEED(m, r);
	expect_none(VERDICT(POOL_04, pool(m, 11)));
}

/* More queues exist than are in use: legal while the device grows. */
static void test_pool_04_spares_growth(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic n = rec_nic();

	n.num_rx_queues = 8;
	FEED(m, n);
	FEED(m, rec_payload(11, 6));
	expect_none(VERDICT(POOL_04, pool(m, 11)));
}

static void test_pool_04_no_netdev(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(0, 0);
	struct nma_change c;

	r.netdev = 0;
	r.hdr.cause = NMA_CAUSE_CREATE_ASKED;
	c = FEED(m, r);
	assert_true(expect_one(verdict(m, NMA_RULE_POOL_04, c.ref, NOW, c.hdr),
			       NMA_SEV_F)->event);
	expect_none(verdict(m, NMA_RULE_POOL_01, c.ref, NOW, c.hdr));
	expect_none(verdict(m, NMA_RULE_POOL_05, c.ref, NOW, c.hdr));
}

static void test_pool_04_other_queue(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 1);
	const struct nma_finding *f;

	r.napi_id = 8192;	/* queue 0's */
	FEED(m, r);
	f = expect_one(VERDICT(POOL_04, pool(m, 11)), NMA_SEV_W);
	assert_int_equal(evidence(f, "napi_queue")->u, 0);
	r.mp = NMA_MP_DMABUF;
	r.mp_priv = PROVIDER;
	FEED(m, r);
	expect_one(VERDICT(POOL_04, pool(m, 11)), NMA_SEV_F);
	r.napi_id = 8193;
	FEED(m, r);
	expect_none(VERDICT(POOL_04, pool(m, 11)));
	r.napi_id = 0;		/* not linked yet */
	FEED(m, r);
	expect_none(VERDICT(POOL_04, pool(m, 11)));
}

/* The queues' NAPI instances go before the pools. */
static void test_pool_04_while_stopping(void **state)
{
	struct nma_rec_pool r = rec_payload(11, 1);
	struct nma_model *m = *state;
	struct nma_rec_queue q;
	__u32 i;

	for (i = 0; i < 2; i++) {
		q = rec_queue(i);
		q.hdr.cause = NMA_CAUSE_CHANGE;
		q.napi_id = 0;
		FEED(m, q);
	}
	r.napi_id = 8192;
	r.create_ns = q.hdr.time_ns + 1;	/* the next one: not served yet */
	FEED(m, r);
	expect_none(VERDICT(POOL_04, pool(m, 11)));
	r.create_ns = q.hdr.time_ns - 1;
	FEED(m, r);
	expect_one(VERDICT(POOL_04, pool(m, 11)), NMA_SEV_W);
	r.napi_id = 8193;
	FEED(m, r);
	expect_none(VERDICT(POOL_04, pool(m, 11)));
}

static void test_pool_05_order(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 0);
	struct nma_change c;

	r.order = 1;
	FEED(m, r);
	expect_one(VERDICT(POOL_05, pool(m, 11)), NMA_SEV_W);
	r.pool_id = 0;
	r.hdr.cause = NMA_CAUSE_CREATE_FAILED;
	r.err = -E2BIG;
	c = FEED(m, r);
	assert_true(expect_one(verdict(m, NMA_RULE_POOL_05, c.ref, NOW, c.hdr),
			       NMA_SEV_E)->event);
	r.err = -ENOMEM;
	c = FEED(m, r);
	expect_none(verdict(m, NMA_RULE_POOL_05, c.ref, NOW, c.hdr));
	r = rec_header(10, 0);	/* what holds headers may be of any size */
	r.order = 1;
	FEED(m, r);
	expect_none(VERDICT(POOL_05, pool(m, 10)));
}

static void test_pool_05_direction(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 0);

	r.dma_dir = 0;		/* for an XDP program that sends */
	FEED(m, r);
	expect_none(VERDICT(POOL_05, pool(m, 11)));
	r = rec_provided(21, 1);
	r.dma_dir = 0;
	FEED(m, r);
	expect_one(VERDICT(POOL_05, pool(m, 21)), NMA_SEV_E);
	r.mp = NMA_MP_IO_URING;	/* checks it itself */
	r.binding_id = 0;
	FEED(m, r);
	expect_none(VERDICT(POOL_05, pool(m, 21)));
}

static void test_pool_05_device(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding b = rec_binding();
	struct nma_rec_pool r = rec_provided(21, 1);

	b.dma_dev = 0xffff888000007000ull;
	r.dma_dev = b.dma_dev;
	FEED(m, b);
	FEED(m, r);
	expect_none(VERDICT(POOL_05, pool(m, 21)));
	r.dma_dev++;
	FEED(m, r);
	expect_one(VERDICT(POOL_05, pool(m, 21)), NMA_SEV_F);
}

static void expect_pool_06(struct nma_model *m, struct nma_rec_pool *r,
			   enum nma_lock lock, bool found)
{
	const struct nma_verdict *v;
	struct nma_change c;

	r->hdr.cause = NMA_CAUSE_CREATE;
	r->lock = lock;
	c = FEED(m, *r);
	v = verdict(m, NMA_RULE_POOL_06, c.ref, NOW, c.hdr);
	if (found)
		assert_true(expect_one(v, NMA_SEV_E)->event);
	else
		expect_none(v);
}

static void test_pool_06(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 0);

	expect_pool_06(m, &r, NMA_LOCK_OTHER, true);
	expect_pool_06(m, &r, NMA_LOCK_FREE, true);
	expect_pool_06(m, &r, NMA_LOCK_OWN, false);
	expect_pool_06(m, &r, NMA_LOCK_UNKNOWN, false);
	r = rec_header(10, 0);
	expect_pool_06(m, &r, NMA_LOCK_FREE, false);
	r = rec_payload(11, 0);	/* of any time: nobody knows */
	r.lock = NMA_LOCK_FREE;
	FEED(m, r);
	expect_none(VERDICT(POOL_06, pool(m, 11)));
}

/* One look at pool 21, of which @inflight are out, made for 512; nobody was found to
 * have any but @held. Each buffer of it was met.
 */
static void look_at(struct nma_model *m, __s32 inflight, const struct nma_rec_held *held,
		    __u32 holders)
{
	struct nma_rec_mark end = rec_mark(NMA_MARK_HELD_END, m->generation);
	struct nma_rec_pool r = rec_provided(21, 1);
	struct nma_rec_census census = {
		.hdr = { .type = NMA_REC_CENSUS, .size = sizeof(census),
			 .cause = NMA_CAUSE_SNAPSHOT },
		.pool_id = 21, .niovs = inflight,
	};

	r.pool_size = 512;
	r.inflight = inflight;
	r.hold_cnt = inflight + 1000;
	r.release_cnt = 1000;
	FEED(m, r);
	FEED(m, rec_mark(NMA_MARK_HELD_BEGIN, m->generation));
	if (held)
		FEED(m, *held);
	FEED(m, census);
	FEED(m, r);
	end.holders = holders;
	FEED(m, end);
}

static void look_at_rest(struct nma_model *m, __s32 inflight, const struct nma_rec_held *held)
{
	int i;

	for (i = 0; i <= NMA_STILL_LOOKS; i++)
		look_at(m, inflight, held, ALL_HOLDERS);
}

/* The most that a driver may have: its slots are full, and one frame in the making */
#define FULL_RING	(512 + 18)

static void test_pp_10(void **state)
{
	const struct nma_finding *f;
	struct nma_model *m = *state;

	nma_model__set_slots(m, NETDEV, 512);
	look_at_rest(m, FULL_RING, NULL);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	look_at(m, 552, NULL, ALL_HOLDERS);	/* some were taken since */
	look_at(m, 552, NULL, ALL_HOLDERS);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	look_at(m, 552, NULL, ALL_HOLDERS);
	f = expect_one(VERDICT(PP_10, pool(m, 21)), NMA_SEV_W);
	assert_int_equal(f->kind, NMA_KIND_LEAK);
	assert_int_equal(evidence(f, "buffers")->u, 40);
	/* where it moves again, nothing new is known */
	look_at(m, 600, NULL, ALL_HOLDERS);
	f = expect_one(VERDICT(PP_10, pool(m, 21)), NMA_SEV_W);
	assert_int_equal(evidence(f, "buffers")->u, 40);
	look_at_rest(m, 512, NULL);
	expect_none(VERDICT(PP_10, pool(m, 21)));
}

/* All of these may have as many, or cannot be known to have too many. */
static void test_pp_10_silent(void **state)
{
	struct nma_rec_held held = rec_held(NMA_HOLDER_SOCKET, 100);
	struct nma_rec_nic nic = rec_nic();
	struct nma_model *m = *state;
	int i;

	nma_model__set_slots(m, NETDEV, 1024);
	look_at_rest(m, 1024 + 18, NULL);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	look_at_rest(m, 1024 + 19, NULL);
	expect_one(VERDICT(PP_10, pool(m, 21)), NMA_SEV_W);
	nma_model__set_slots(m, NETDEV, 256);	/* the pool was made for more */
	look_at_rest(m, FULL_RING, NULL);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	look_at_rest(m, FULL_RING + 100, &held);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	for (i = 0; i < 4; i++)
		look_at(m, FULL_RING + 100, NULL, ~(1u << NMA_HOLDER_SOCKET));
	expect_none(VERDICT(PP_10, pool(m, 21)));
	for (i = 0; i < 4; i++)
		look_at(m, FULL_RING + 101 + i, NULL, ALL_HOLDERS);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	look_at_rest(m, FULL_RING + 100, NULL);
	expect_one(VERDICT(PP_10, pool(m, 21)), NMA_SEV_W);
	nic.xdp_prog_id[1] = 7;
	FEED(m, nic);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	FEED(m, CAUSED(nic, GONE));
	expect_none(VERDICT(PP_10, pool(m, 21)));
}

static void test_pp_10_unknown(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_provided(21, 1);

	nma_model__set_slots(m, NETDEV, 0);
	look_at_rest(m, FULL_RING, NULL);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	look_at_rest(m, FULL_RING + 1, NULL);
	assert_int_equal(expect_one(VERDICT(PP_10, pool(m, 21)), NMA_SEV_I)->kind,
			 NMA_KIND_NOTE);
	nma_model__set_slots(m, NETDEV, 512);
	expect_one(VERDICT(PP_10, pool(m, 21)), NMA_SEV_W);
	r.pool_size = 0;	/* the core does not tell */
	FEED(m, r);
	expect_none(VERDICT(PP_10, pool(m, 21)));
	r.pool_size = 512;
	r.detached = 1;		/* NM-PP-06 is about these */
	FEED(m, r);
	expect_none(VERDICT(PP_10, pool(m, 21)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, healthy_setup, healthy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_pool_04_range),
		T(test_pool_04_spares_growth),
		T(test_pool_04_no_netdev),
		T(test_pool_04_other_queue),
		T(test_pool_04_while_stopping),
		T(test_pool_05_order),
		T(test_pool_05_direction),
		T(test_pool_05_device),
		T(test_pool_06),
		T(test_pp_10),
		T(test_pp_10_silent),
		T(test_pp_10_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
