// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on what applications do: tokens, receive calls, sends.
 */
#include <errno.h>
#include <string.h>

#include "healthy.h"

static struct nma_rec_use rec_use(enum nma_use use, __s32 ret, __u64 value)
{
	return (struct nma_rec_use){
		.hdr = { .type = NMA_REC_USE, .size = sizeof(struct nma_rec_use),
			 .time_ns = SEC, .pid = 4711, .comm = "receiver" },
		.cookie = 1, .use = use, .ret = ret, .value = value,
		.binding_id = 5, .sport = 9000,
	};
}

static const struct nma_verdict *judge_use(struct nma_model *m, enum nma_rule_id rule,
					   struct nma_rec_use r)
{
	struct nma_change c = feed(m, &r);

	return verdict(m, rule, c.ref, NOW, c.hdr);
}

static void expect_use(struct nma_model *m, enum nma_rule_id rule,
		       struct nma_rec_use r, enum nma_severity sev)
{
	static const enum nma_rule_id all[] = {
		NMA_RULE_TOK_02, NMA_RULE_TOK_04, NMA_RULE_TOK_05, NMA_RULE_TX_01,
	};
	const struct nma_finding *f = expect_one(judge_use(m, rule, r), sev);
	unsigned int i;

	assert_true(f->event);
	assert_string_equal(f->ifname, "nm0");	/* through its binding */
	assert_int_equal(f->cookie, 1);
	assert_int_equal(evidence(f, "pid")->u, 4711);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i] != rule)
			expect_none(judge_use(m, all[i], r));
}

static void test_tok_02(void **state)
{
	struct nma_model *m = *state;

	expect_use(m, NMA_RULE_TOK_02, rec_use(NMA_USE_RETURN_UNKNOWN, 60, 4), NMA_SEV_W);
	expect_use(m, NMA_RULE_TOK_02, rec_use(NMA_USE_RETURN_MANY, 1024, 1), NMA_SEV_W);
	expect_use(m, NMA_RULE_TOK_02, rec_use(NMA_USE_RETURN_REFUSED, -EINVAL, 1032),
		   NMA_SEV_W);
}

static void test_tok_04(void **state)
{
	expect_use(*state, NMA_RULE_TOK_04, rec_use(NMA_USE_PEEK, 4096, 0), NMA_SEV_E);
}

static void test_tok_05(void **state)
{
	expect_use(*state, NMA_RULE_TOK_05, rec_use(NMA_USE_RECV_PLAIN, -EFAULT, 0),
		   NMA_SEV_E);
	expect_use(*state, NMA_RULE_TOK_05, rec_use(NMA_USE_RECV_SMALL, -525, 0),
		   NMA_SEV_E);
}

static struct nma_rec_use on_queue(__u32 queue)
{
	struct nma_rec_use r = rec_use(NMA_USE_RECV_HOST, 0, 65536);

	r.binding_id = 0;
	r.napi_id = 8192 + queue;
	return r;
}

static void test_tok_06(void **state)
{
	struct nma_model *m = *state;
	const struct nma_finding *f;

	f = expect_one(judge_use(m, NMA_RULE_TOK_06, on_queue(0)), NMA_SEV_W);
	assert_string_equal(f->ifname, "nm0");
	assert_int_equal(f->queue, 0);
	assert_int_equal(evidence(f, "bound_queue")->u, 1);
	assert_int_equal(evidence(f, "binding_id")->u, 5);
	assert_int_equal(evidence(f, "bytes")->u, 65536);
	/* short messages on the bound queue; a queue that nobody knows */
	expect_none(judge_use(m, NMA_RULE_TOK_06, on_queue(1)));
	expect_none(judge_use(m, NMA_RULE_TOK_06, on_queue(7)));
	expect_none(judge_use(m, NMA_RULE_TOK_06, rec_use(NMA_USE_PEEK, 4096, 0)));
}

/* Somebody receives into the dma-buf, or it is another's. */
static void test_tok_06_spares(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding b = rec_binding();

	b.owner_pid = 4712;
	FEED(m, b);
	expect_none(judge_use(m, NMA_RULE_TOK_06, on_queue(0)));
	b.owner_pid = 4711;
	FEED(m, b);
	expect_one(judge_use(m, NMA_RULE_TOK_06, on_queue(0)), NMA_SEV_W);
	FEED(m, rec_sock(2, 1));
	expect_none(judge_use(m, NMA_RULE_TOK_06, on_queue(0)));
}

static void test_tx_01(void **state)
{
	struct nma_rec_use r = rec_use(NMA_USE_SEND_REFUSED, -ENODEV, 5);

	r.why = NMA_SEND_OTHER_DEVICE;
	expect_use(*state, NMA_RULE_TX_01, r, NMA_SEV_W);
	assert_non_null(strstr(judge_use(*state, NMA_RULE_TX_01, r)->item[0].message,
			       "another device"));
}

static struct nma_rec_sock sender(__u32 inflight, __u32 unread)
{
	struct nma_rec_sock r = rec_sock(1, 0);

	r.tx_inflight = inflight;
	r.tx_unread = unread;
	r.tx_done = 100;
	return r;
}

static void test_tx_02(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_sock r = sender(3, 0);
	const struct nma_finding *f;

	FEED(m, r);
	f = expect_one(VERDICT(TX_02, sock(m, 1)), NMA_SEV_E);
	assert_int_equal(f->patience, NMA_AGE);
	assert_int_equal(f->state, 100);
	r.tx_zero_window = 1;	/* the peer's doing */
	FEED(m, r);
	expect_none(VERDICT(TX_02, sock(m, 1)));
	FEED(m, sender(0, 7));
	f = expect_one(VERDICT(TX_02, sock(m, 1)), NMA_SEV_W);
	assert_int_equal(f->state, 93);
	FEED(m, sender(0, 0));
	expect_none(VERDICT(TX_02, sock(m, 1)));
}

static void test_tx_02_copied(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_sock r = sender(0, 0);

	r.tx_copied = 2;	/* of pages: allowed, e.g. over loopback */
	FEED(m, r);
	expect_none(VERDICT(TX_02, sock(m, 1)));
	r.tx_dmabuf = 1;
	FEED(m, r);
	expect_one(VERDICT(TX_02, sock(m, 1)), NMA_SEV_E);
}

static void test_tx_04(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_sock r = sender(0, 0);
	const struct nma_finding *f;
	struct nma_change c;

	r.tx_copied = 1000;		/* in long ranges, of which the first was */
	r.tx_all_copied = 15;
	FEED(m, r);
	expect_none(VERDICT(TX_04, sock(m, 1)));
	r.tx_all_copied = 16;
	FEED(m, r);
	f = expect_one(VERDICT(TX_04, sock(m, 1)), NMA_SEV_I);
	assert_string_equal(f->message, "all 1000 zero-copy sends were copied");
	r.hdr.netns = nic(m).nic->r.hdr.netns;
	r.tx_ifindex = nic(m).nic->r.ifindex;
	FEED(m, r);
	f = expect_one(VERDICT(TX_04, sock(m, 1)), NMA_SEV_I);
	assert_string_equal(f->message,
			    "all 1000 zero-copy sends were copied, on their way through nm0");
	assert_int_equal(f->group, (__u64)r.hdr.pid << 32 | r.tx_ifindex);
	assert_false(f->event);
	c = FEED(m, CAUSED(r, GONE));
	f = expect_one(verdict(m, NMA_RULE_TX_04, c.ref, NOW, c.hdr), NMA_SEV_I);
	assert_true(f->event);
	expect_none(VERDICT(TX_04, sock(m, 1)));
	r.tx_all_copied = 0;		/* one was not */
	FEED(m, r);
	expect_none(VERDICT(TX_04, sock(m, 1)));
	r.tx_all_copied = 255;
	r.tx_dmabuf = 1;		/* NM-TX-02's */
	FEED(m, r);
	expect_none(VERDICT(TX_04, sock(m, 1)));
}

static void expect_tx_03(struct nma_model *m, __u8 mode, __u8 flags, bool found)
{
	struct nma_rec_nic r = rec_nic();

	r.netmem_tx = mode;
	r.flags |= flags;
	FEED(m, r);
	if (found)
		expect_one(VERDICT(TX_03, nic(m)), NMA_SEV_F);
	else
		expect_none(VERDICT(TX_03, nic(m)));
}

static void test_tx_03(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding b = rec_binding();

	expect_tx_03(m, 1, NMA_NIC_TX_VALID | NMA_NIC_DMA_DEV, false);
	expect_tx_03(m, 1, NMA_NIC_TX_VALID, true);
	expect_tx_03(m, 2, NMA_NIC_TX_VALID, false);	/* netkit */
	expect_tx_03(m, 2, NMA_NIC_TX_VALID | NMA_NIC_DMA_DEV, true);
	expect_tx_03(m, 2, NMA_NIC_DMA_DEV, false);	/* no such thing before 6.16 */
	expect_tx_03(m, 0, NMA_NIC_TX_VALID | NMA_NIC_DMA_DEV, false);
	b.dma_dir = 1;
	FEED(m, b);
	expect_tx_03(m, 0, NMA_NIC_TX_VALID | NMA_NIC_DMA_DEV, true);
}

#define IFQ	0xffff88800000a000ull

/* An interface queue of io_uring with 256 buffers, on queue 1 */
static struct nma_rec_binding rec_zcrx(__u32 with_app)
{
	struct nma_rec_binding r = rec_binding();

	r.mp = NMA_MP_IO_URING;
	r.binding = IFQ;
	r.binding_id = 0;
	r.listed = 1;
	r.buffers = 256;
	r.buffers_app = with_app;
	r.owner_pid = 4711;
	strcpy(r.owner_comm, "zcrx");
	return r;
}

static struct nma_verdict *judge_starved(struct nma_model *m, struct nma_rec_binding r)
{
	struct nma_change c = feed(m, &r);

	return verdict(m, NMA_RULE_PP_09, c.ref, NOW, NULL);
}

static void test_pp_09_zcrx(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_queue q = rec_bound(1);
	const struct nma_finding *f;

	q.mp = NMA_MP_IO_URING;
	q.mp_priv = IFQ;
	q.binding_id = 0;
	FEED(m, q);
	expect_none(judge_starved(m, rec_zcrx(0)));
	expect_none(judge_starved(m, rec_zcrx(255)));
	f = expect_one(judge_starved(m, rec_zcrx(256)), NMA_SEV_W);
	assert_int_equal(f->patience, NMA_SETTLE);
	assert_int_equal(f->queue, 1);
	assert_string_equal(f->ifname, "nm0");
	assert_non_null(strstr(f->message, "256 of 256 buffers are with process 4711"));
	assert_string_equal(evidence(f, "owner_comm")->str, "zcrx");
}

/* With as many tokens as there are references, the driver has none. */
static void test_pp_09_dmabuf(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_binding();
	const struct nma_finding *f;

	r.buffers = 4096;
	r.refs = 4099;
	FEED(m, rec_sock(1, 4000));
	FEED(m, rec_sock(2, 98));
	expect_none(judge_starved(m, r));	/* a packet, or the driver, has one */
	FEED(m, rec_sock(2, 99));
	f = expect_one(judge_starved(m, r), NMA_SEV_W);
	assert_int_equal(f->cookie, 1);
	assert_int_equal(evidence(f, "tokens_outstanding")->u, 4099);
	assert_int_equal(evidence(f, "holder_pid")->u, 4711);
	r.buffers_free = 1;
	expect_none(judge_starved(m, r));
	r.buffers_free = 0;
	r.refs = 0;				/* not walked */
	expect_none(judge_starved(m, r));
}

/* Empty at each look, but more was given back between them: state tells. */
static void test_pp_09_moves(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_zcrx(256);
	__u64 first;

	r.returned = 1000;
	first = expect_one(judge_starved(m, r), NMA_SEV_W)->state;
	r.returned = 1256;
	assert_int_not_equal(expect_one(judge_starved(m, r), NMA_SEV_W)->state, first);
}

#define T(name) cmocka_unit_test_setup_teardown(name, healthy_setup, healthy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tok_02),
		T(test_tok_04),
		T(test_tok_05),
		T(test_tok_06),
		T(test_tok_06_spares),
		T(test_tx_01),
		T(test_tx_02),
		T(test_tx_02_copied),
		T(test_tx_04),
		T(test_tx_03),
		T(test_pp_09_zcrx),
		T(test_pp_09_dmabuf),
		T(test_pp_09_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
