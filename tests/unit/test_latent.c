// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Faults of a driver on a device that nobody uses for netmem, and when somebody does.
 */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "world.h"

/* A driver's faults on a device that nobody uses for netmem. */
static void test_check_latent(void **state)
{
	(void)state;
	queue[1] = rec_queue(1);
	pool[3] = rec_payload(21, 1);
	fake.nr_state--;			/* no binding */
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	nic.rings = 0;
	nic.pools = 0;
	assert_int_equal(run("check"), NMA_EXIT_OK);
	expect_said(out, "no violation (-v shows what else was noticed)\n");
	assert_int_equal(run("check -v"), NMA_EXIT_OK);
	expect_said(out, "info NM-POOL-01 nm0 queue 0 pool 11 (latent)\n");
	expect_said(out, "info NM-DRV-01 nm0 (latent)\n");
	assert_int_equal(run("check -v -j"), NMA_EXIT_OK);
	assert_int_equal(num(parse(), "infos"), 3);
	assert_true(json_object_get_boolean(get(first(doc, "findings"), "latent")));
	assert_int_equal(run("check --strict"), NMA_EXIT_VIOLATION);
	expect_said(out, "warn NM-DRV-01 nm0\n");
	nic.pools = 8;
	assert_int_equal(run("watch --duration 1 --strict"), NMA_EXIT_OK);
	expect_said(out, "warn NM-DRV-01 nm0 (pre-existing)\n");
}

static void try_bind(unsigned int poll)
{
	static struct nma_rec_binding r;

	r = CAUSED(rec_binding(), CREATE_FAILED);
	r.binding = 0;
	r.binding_id = 0;
	r.err = -EOPNOTSUPP;
	r.hdr.time_ns = fake.now_ns;
	if (poll == 3)
		fake_send(&r);
}

/* From the attempt on they are somebody's trouble, although they were there before. */
static void test_watch_latent(void **state)
{
	(void)state;
	queue[1] = rec_queue(1);
	pool[3] = rec_payload(21, 1);
	fake.nr_state--;
	nic.rings = 0;
	assert_int_equal(run("watch --duration 5"), NMA_EXIT_OK);
	assert_null(strstr(out, "NM-DRV-01"));
	fake.on_poll = try_bind;
	fake.polls = 0;
	assert_int_equal(run("watch --duration 5"), NMA_EXIT_VIOLATION);
	expect_said(out, "warn NM-DRV-01 nm0\n");
	expect_said(out, "errors: 0, warnings: 1,");
}

static const struct nma_rec_hdr *attempts(unsigned int i)
{
	static struct nma_rec_queue q, zcrx;
	static struct nma_rec_binding refused, old;
	static struct nma_rec_pool p, dying;
	static struct nma_rec_op op;

	q = rec_bound(1);
	zcrx = rec_queue(1);
	zcrx.mp = NMA_MP_IO_URING;
	refused = CAUSED(rec_binding(), CREATE_FAILED);
	old = rec_binding();
	p = CAUSED(rec_provided(21, 1), CREATE_FAILED);
	p.pool_id = 0;
	dying = rec_provided(21, 1);
	dying.detached = 1;
	op = rec_op(NMA_OP_BIND_QUEUE, 1, -EBUSY);
	const struct nma_rec_hdr *all[] = {
		&q.hdr, &zcrx.hdr, &refused.hdr, &old.hdr, &p.hdr, &dying.hdr, &op.hdr,
	};

	return i < sizeof(all) / sizeof(*all) ? all[i] : NULL;
}

/* All by which we know that somebody wants to bind, or wanted to. */
static void test_attempts(void **state)
{
	struct nma_rec_binding tx = rec_binding();
	struct nma_rec_nic broken = rec_nic();
	const struct nma_rec_hdr *hdr;
	union nma_ref ref;
	struct nma_model *m;
	unsigned int i;

	(void)state;
	broken.rings = 0;
	tx.dma_dir = NMA_DMA_TO_DEVICE;
	for (i = 0; (hdr = attempts(i)); i++) {
		m = nma_model__new();
		FEED(m, broken);
		FEED(m, rec_queue(1));
		feed(m, &tx);		/* sending is another matter */
		ref.nic = nma_model__nic(m, NETDEV);
		expect_one(verdict(m, NMA_RULE_DRV_01, ref, SEC, NULL), NMA_SEV_I);
		feed(m, hdr);
		FEED(m, rec_queue(1));	/* and it is over */
		expect_one(verdict(m, NMA_RULE_DRV_01, ref, SEC, NULL), NMA_SEV_W);
		nma_model__free(m);
	}
	assert_int_equal(i, 7);
}

/* Each rule that has latent faults, on a device without a bind. */
static void test_rules(void **state)
{
	struct nma_model *m = nma_model__new();
	struct nma_rec_pool r = rec_payload(11, 0);
	struct nma_rec_nic n = rec_nic();
	union nma_ref p, q;

	(void)state;
	n.hds = NMA_HDS_OFF;
	FEED(m, n);
	FEED(m, rec_queue(0));
	FEED(m, rec_queue(1));
	r.max_len = 0;
	r.order = 1;
	r.queue = 1;
	r.napi_id = 8192;
	FEED(m, r);
	p.pool = nma_model__pool(m, 11);
	expect_one(verdict(m, NMA_RULE_POOL_01, p, SEC, NULL), NMA_SEV_I);
	expect_one(verdict(m, NMA_RULE_POOL_02, p, SEC, NULL), NMA_SEV_I);
	expect_one(verdict(m, NMA_RULE_POOL_04, p, SEC, NULL), NMA_SEV_I);
	expect_one(verdict(m, NMA_RULE_POOL_05, p, SEC, NULL), NMA_SEV_I);
	FEED(m, rec_payload(12, 0));
	FEED(m, rec_payload(13, 0));
	q.queue = nma_model__queue(m, NETDEV, 0);
	expect_one(verdict(m, NMA_RULE_POOL_03, q, SEC, NULL), NMA_SEV_I);
	nma_model__free(m);
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_check_latent),
		T(test_watch_latent),
		T(test_attempts),
		T(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
