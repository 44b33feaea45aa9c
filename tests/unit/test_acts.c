// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on acts: each rule minds its own and no other.
 */
#include <string.h>

#include "world.h"

#define NOW	(1000 * SEC)

static int setup(void **state)
{
	struct nma_model *m = nma_model__new();

	assert_non_null(m);
	FEED(m, rec_nic());
	FEED(m, rec_bound(1));
	FEED(m, CAUSED(rec_provided(21, 1), CREATE));
	FEED(m, rec_binding());
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	nma_model__free(*state);
	return 0;
}

static struct nma_verdict *judge(const struct nma_model *m, enum nma_rule_id rule,
				 const struct nma_rec_act *act)
{
	union nma_ref ref = { .act = act };

	return verdict(m, rule, ref, NOW, &act->hdr);
}

/* All rules of acts but @rule are silent. */
static void expect_only(const struct nma_model *m, enum nma_rule_id rule,
			const struct nma_rec_act *act)
{
	int i;

	for (i = 0; i < NMA_RULE_MAX; i++)
		if (i != (int)rule && nma_rules[i].subject == NMA_SUBJ_ACT)
			expect_none(judge(m, i, act));
}

static const struct nma_finding *expect(const struct nma_model *m,
					enum nma_rule_id rule,
					const struct nma_rec_act *act,
					enum nma_severity sev)
{
	expect_only(m, rule, act);
	return expect_one(judge(m, rule, act), sev);
}

static void test_where_and_how_often(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_TWICE);
	const struct nma_finding *f;

	r.count = 1009;
	r.binding_id = 5;
	f = expect(*state, NMA_RULE_PP_02, &r, NMA_SEV_F);
	assert_true(f->event);
	assert_int_equal(f->occasions, 1009);
	assert_int_equal(f->pool_id, 21);
	assert_int_equal(f->queue, 1);
	assert_int_equal(f->binding_id, 5);
	assert_string_equal(f->ifname, "nm0");
}

/* The pool and even the device may be gone when the row is read. */
static void test_gone_objects(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_TWICE);
	const struct nma_finding *f;

	r.netdev = 0;
	r.pool_id = 99;
	f = expect(*state, NMA_RULE_PP_02, &r, NMA_SEV_F);
	assert_string_equal(f->ifname, "nm0");
	assert_int_equal(f->pool_id, 99);
}

static void test_drv_02(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PAGE_API);

	expect(*state, NMA_RULE_DRV_02, &r, NMA_SEV_W);
	r.mp = NMA_MP_DMABUF;
	expect(*state, NMA_RULE_DRV_02, &r, NMA_SEV_F);
}

static void test_pp_01(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_FOREIGN);
	const struct nma_finding *f;

	r.value[0] = 20;
	f = expect(*state, NMA_RULE_PP_01, &r, NMA_SEV_F);
	assert_int_equal(evidence(f, "from_pool_id")->u, 20);
}

static void test_pp_02(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_REFD);

	r.value[0] = 2;
	expect(*state, NMA_RULE_PP_02, &r, NMA_SEV_F);
	r = rec_act(NMA_ACT_INFLIGHT);
	r.value[0] = -1;
	expect(*state, NMA_RULE_PP_02, &r, NMA_SEV_F);
}

static void test_pp_03(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_DIRECT);
	const struct nma_finding *f;

	r.value[0] = -1;
	f = expect(*state, NMA_RULE_PP_03, &r, NMA_SEV_F);
	assert_non_null(strstr(f->message, "may start"));
	r.value[0] = 3;
	f = expect(*state, NMA_RULE_PP_03, &r, NMA_SEV_F);
	assert_int_equal(evidence(f, "napi_cpu")->u, 3);
	r = rec_act(NMA_ACT_PUT_DIRECT_ANY);
	expect(*state, NMA_RULE_PP_03, &r, NMA_SEV_I);
}

static void test_pp_04(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_NAPI_LIVE);

	r.value[0] = -1;
	expect(*state, NMA_RULE_PP_04, &r, NMA_SEV_F);
	r = rec_act(NMA_ACT_ALLOC_DEAD);
	expect(*state, NMA_RULE_PP_04, &r, NMA_SEV_F);
}

static void test_pp_05(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_HELD);

	r.value[0] = 2;
	r.value[1] = 3;
	expect(*state, NMA_RULE_PP_05, &r, NMA_SEV_I);
	r.value[1] = 60;
	expect(*state, NMA_RULE_PP_05, &r, NMA_SEV_W);
	r.act = NMA_ACT_PUT_SPLICED;
	expect(*state, NMA_RULE_PP_05, &r, NMA_SEV_I);
}

/* The first fill of a ring is allowed to use up a small dma-buf. */
static void test_pp_07(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_STARVED);

	r.value[0] = SEC / 2;
	expect(*state, NMA_RULE_PP_07, &r, NMA_SEV_I);
	r.value[0] = 5 * SEC;
	expect(*state, NMA_RULE_PP_07, &r, NMA_SEV_W);
	r.value[0] = -1;	/* older than the tool */
	expect(*state, NMA_RULE_PP_07, &r, NMA_SEV_W);
}

static void test_pp_08(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_PAGE_FREED);
	const struct nma_finding *f;

	expect_none(judge(*state, NMA_RULE_PP_08, &r));	/* names no pool of ours */
	r.pool = rec_provided(21, 1).pool;
	r.value[0] = 77;
	f = expect(*state, NMA_RULE_PP_08, &r, NMA_SEV_F);
	assert_int_equal(evidence(f, "inflight")->s, 77);
	assert_int_equal(f->pool_id, 21);
	assert_false(nma_rule_is_deep(NMA_RULE_PP_08));
}

/* Both sides, and who made the page_pool, if that was seen. */
static void test_pp_11(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_TAKE_SECOND);
	struct nma_rec_pool made = CAUSED(rec_provided(21, 1), CREATE);
	const struct nma_finding *f;
	unsigned int nr;

	r.value[0] = 1;
	r.pool = made.pool;
	f = expect(*state, NMA_RULE_PP_11, &r, NMA_SEV_F);
	assert_non_null(strstr(f->message, "taken on CPU 1 while CPU 0 takes"));
	assert_int_equal(evidence(f, "cpu")->u, 1);
	assert_int_equal(evidence(f, "other_cpu")->u, 0);
	assert_int_equal(f->detail, 0);
	nr = f->nr_evidence;
	made.stack[0] = 0xffffffff81000000ull;
	FEED(*state, made);
	r.act = NMA_ACT_TAKE_FIRST;
	f = expect(*state, NMA_RULE_PP_11, &r, NMA_SEV_F);
	assert_int_equal(evidence(f, "created_by")->stack[0], made.stack[0]);
	assert_int_equal(f->detail, 1);
	r.pool++;			/* another one has its number by now */
	f = expect(*state, NMA_RULE_PP_11, &r, NMA_SEV_F);
	assert_int_equal(f->nr_evidence, nr);
	r.value[1] = 1;
	f = expect(*state, NMA_RULE_PP_11, &r, NMA_SEV_F);
	assert_non_null(strstr(f->message, "on CPU 1, interrupted by another"));
	r.act = NMA_ACT_TAKE_SECOND;
	f = expect(*state, NMA_RULE_PP_11, &r, NMA_SEV_F);
	assert_non_null(strstr(f->message, "on CPU 1, interrupting another"));
}

/* Of a page_pool of the kernel's own, on a device that has a program */
static void test_pp_12(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_SKB_SKEWED);
	struct nma_rec_pool pool = rec_header(3, 0);
	struct nma_rec_nic nic = rec_nic();
	const struct nma_finding *f;
	unsigned int nr;

	pool.netdev = 0;
	r.flags = pool.flags = NMA_PP_SYSTEM_POOL;
	FEED(*state, pool);
	r.pool_id = 3;
	r.value[0] = 61;
	f = expect(*state, NMA_RULE_PP_12, &r, NMA_SEV_W);
	assert_int_equal(evidence(f, "offset_in_line")->u, 61);
	assert_int_equal(f->pool_id, 3);
	assert_string_equal(f->ifname, "nm0");
	nr = f->nr_evidence;
	nic.xdp_prog_id[1] = 7;
	FEED(*state, nic);
	f = expect(*state, NMA_RULE_PP_12, &r, NMA_SEV_W);
	assert_int_equal(evidence(f, "xdp_prog_id")->u, 7);
	nic.xdp_prog_id[0] = 8;
	FEED(*state, nic);
	f = expect(*state, NMA_RULE_PP_12, &r, NMA_SEV_W);
	assert_int_equal(evidence(f, "xdp_prog_id")->u, 8);
	assert_int_equal(f->nr_evidence, nr + 1);
}

static void test_skb_01(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_SKB_BIT);
	const struct nma_finding *f;

	r.value[0] = 2;
	r.value[1] = 2;
	f = expect(*state, NMA_RULE_SKB_01, &r, NMA_SEV_F);
	assert_non_null(strstr(f->message, "for readable"));
	r.value[0] = 0;
	f = expect(*state, NMA_RULE_SKB_01, &r, NMA_SEV_F);
	assert_non_null(strstr(f->message, "for unreadable"));
}

static void test_skb_02(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_SKB_MIXED);
	const struct nma_finding *f;

	r.value[0] = 1;
	r.value[1] = 3;
	f = expect(*state, NMA_RULE_SKB_02, &r, NMA_SEV_F);
	assert_int_equal(evidence(f, "net_iovs")->u, 1);
	assert_int_equal(evidence(f, "frags")->u, 3);
	r = rec_act(NMA_ACT_SKB_MERGED);
	expect(*state, NMA_RULE_SKB_02, &r, NMA_SEV_F);
}

static void test_skb_03(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_SKB_KEPT);

	expect(*state, NMA_RULE_SKB_03, &r, NMA_SEV_F);
}

static void test_skb_04(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_SKB_READ);
	const struct nma_finding *f;

	r.value[0] = NMA_READ_CSUM;
	r.value[1] = 1448;
	f = expect(*state, NMA_RULE_SKB_04, &r, NMA_SEV_W);
	assert_non_null(strstr(f->message, "summed up"));
	assert_int_equal(evidence(f, "bytes")->u, 1448);
}

static void test_skb_05(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_SKB_REFUSED);

	expect(*state, NMA_RULE_SKB_05, &r, NMA_SEV_E);
	r = rec_act(NMA_ACT_SKB_SENT);
	expect(*state, NMA_RULE_SKB_05, &r, NMA_SEV_F);
}

static void test_dma(void **state)
{
	struct nma_rec_act r = rec_act(NMA_ACT_DMA_SYNC);

	r.value[0] = 64;
	expect(*state, NMA_RULE_DMA_01, &r, NMA_SEV_E);
	r = rec_act(NMA_ACT_DMA_UNMAP);
	expect(*state, NMA_RULE_DMA_02, &r, NMA_SEV_F);
}

/* More of the same is one case, with all of its occasions. */
static void test_folding(void **state)
{
	struct nma_judge_opts opts = {
		.model = *state, .limits = NMA_LIMITS_DEFAULT,
		.rules = 1ull << NMA_RULE_PP_02,
	};
	struct nma_rec_act r = rec_act(NMA_ACT_PUT_TWICE);
	struct nma_judge *j = nma_judge__new(&opts);
	const struct nma_finding *f;
	struct nma_change change;

	assert_non_null(j);
	r.count = 23;
	change = FEED(*state, r);
	nma_judge__record(j, &change, NOW);
	r.count = 1009;
	change = FEED(*state, r);
	nma_judge__record(j, &change, NOW + SEC);
	f = nma_judge__next(j, NULL);
	assert_non_null(f);
	assert_int_equal(f->count, 1032);
	assert_null(nma_judge__next(j, f));
	assert_int_equal(j->total[NMA_SEV_F], 1032);
	nma_judge__free(j);
}

static void test_only_acts_are_deep(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < NMA_RULE_MAX; i++)
		if (nma_rule_is_deep(i))
			assert_int_equal(nma_rules[i].subject, NMA_SUBJ_ACT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_where_and_how_often),
		T(test_gone_objects),
		T(test_drv_02),
		T(test_pp_01),
		T(test_pp_02),
		T(test_pp_03),
		T(test_pp_04),
		T(test_pp_05),
		T(test_pp_07),
		T(test_skb_01),
		T(test_skb_02),
		T(test_skb_03),
		T(test_skb_04),
		T(test_skb_05),
		T(test_dma),
		T(test_folding),
		cmocka_unit_test(test_only_acts_are_deep),
		T(test_pp_08),
		T(test_pp_11),
		T(test_pp_12),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
