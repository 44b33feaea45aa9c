// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a policy refuses, from the log of enforcement to records: each one, once, in
 * order, with its words; not more of them than one can read, and none forgotten.
 */
#include <errno.h>
#include <string.h>

#include "kernel/refusals.h"
#include "world.h"

#define WHO	NMA_RULE_BIND_09
#define LOG	NMA_ENFORCE_LOG

struct fixture {
	struct nma_refusals r;
	struct nma_enforce_count count[NMA_ENFORCE_RULES];
	struct nma_refusal log[NMA_ENFORCE_RULES * LOG];
	struct nma_rec_refused got[64];
	unsigned int nr_got;
	__u64 now_ns;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->r.count = f->count;
	f->r.log = f->log;
	f->now_ns = 1000 * SEC;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	test_free(*state);
	return 0;
}

static struct nma_refusal *write_log(struct fixture *f, __u64 nr)
{
	struct nma_refusal *e = &f->log[WHO * LOG + nr % LOG];

	*e = (struct nma_refusal){
		.nr = nr, .time_ns = 900 * SEC + nr, .cgroup_id = 7, .netdev = NETDEV,
		.rule = WHO, .reason = NMA_REASON_WHO, .mode = NMA_MODE_ENFORCE,
		.pid = 100 + nr, .uid = 1000, .ifindex = 3, .netns = NETNS, .err = EPERM,
		.ask = NMA_REQ_BIND_RX, .ifname = "nm0", .comm = "asker",
	};
	return e;
}

static struct nma_refusal *refuse(struct fixture *f)
{
	return write_log(f, ++f->count[WHO].refused + f->count[WHO].audited);
}

static int take(void *ctx, const struct nma_rec_hdr *hdr)
{
	struct fixture *f = ctx;

	assert_int_equal(hdr->type, NMA_REC_REFUSED);
	assert_int_equal(hdr->size, sizeof(f->got[0]));
	memcpy(&f->got[f->nr_got++], hdr, sizeof(f->got[0]));
	return 0;
}

static unsigned int told(struct fixture *f, bool all)
{
	f->nr_got = 0;
	assert_int_equal(nma_refusals__read(&f->r, f->now_ns, all, take, f), 0);
	return f->nr_got;
}

static void test_one(void **state)
{
	struct fixture *f = *state;
	const struct nma_rec_refused *r = f->got;

	assert_int_equal(told(f, false), 0);
	refuse(f);
	assert_int_equal(told(f, false), 1);
	assert_string_equal(r->words,
			    "NM-BIND-09: the policy does not let this process do it");
	assert_int_equal(r->by, NMA_BY_POLICY);
	assert_int_equal(r->ask, NMA_REQ_BIND_RX);
	assert_int_equal(r->err, -EPERM);
	assert_int_equal(r->hdr.pid, 101);
	assert_int_equal(r->queue, NMA_NO_QUEUE);
	assert_int_equal(r->more, 0);
	assert_string_equal(r->ifname, "nm0");
	assert_string_equal(r->hdr.comm, "asker");
	assert_int_equal(told(f, false), 0);
	assert_int_equal(told(f, true), 0);
}

static void test_looks_on(void **state)
{
	struct fixture *f = *state;
	struct nma_refusal *e;

	f->count[WHO].audited = 1;
	e = write_log(f, 1);
	e->mode = NMA_MODE_AUDIT;
	e->ask = NMA_REQ_XSK;
	e->asked = 3;
	assert_int_equal(told(f, false), 1);
	assert_int_equal(f->got[0].by, NMA_BY_NOBODY);
	assert_int_equal(f->got[0].queue, 3);
}

/* Eight at once, then four a second; what comes is counted by the next, and at the end
 * by the last.
 */
static void test_many(void **state)
{
	struct fixture *f = *state;
	int i;

	for (i = 0; i < 8; i++)
		refuse(f);
	assert_int_equal(told(f, false), 8);
	assert_int_equal(f->got[0].hdr.pid, 101);
	assert_int_equal(f->got[7].hdr.pid, 108);
	for (i = 0; i < 40; i++)
		refuse(f);
	assert_int_equal(told(f, false), 0);
	f->now_ns += SEC / 4;
	assert_int_equal(told(f, false), 1);
	assert_int_equal(f->got[0].more, 39);
	assert_int_equal(f->got[0].hdr.pid, 148);
	for (i = 0; i < 5; i++)
		refuse(f);
	assert_int_equal(told(f, false), 0);
	assert_int_equal(told(f, true), 1);
	assert_int_equal(f->got[0].more, 4);
	f->now_ns += 10 * SEC;
	refuse(f);
	assert_int_equal(told(f, false), 1);
	assert_int_equal(f->got[0].more, 0);
}

/* Counted, and its program is still at it; it is waited for, but not for ever. */
static void test_half_written(void **state)
{
	struct fixture *f = *state;

	refuse(f);
	refuse(f)->nr = 0;
	assert_int_equal(told(f, false), 1);
	assert_int_equal(told(f, false), 0);
	refuse(f);
	assert_int_equal(told(f, false), 1);
	assert_int_equal(f->got[0].hdr.pid, 103);
	assert_int_equal(f->got[0].more, 1);
	refuse(f)->nr = 0;
	assert_int_equal(told(f, false), 0);
	write_log(f, 4);
	assert_int_equal(told(f, false), 1);
	assert_int_equal(f->got[0].hdr.pid, 104);
}

/* The kernel tells of it, too, and says more: it is told once. */
static void test_zcrx(void **state)
{
	struct nma_rec_refused rec = {
		.hdr = { .pid = 101, .time_ns = 900 * SEC + 1000 }, .ask = NMA_REQ_ZCRX,
		.err = -EPERM,
	};
	struct nma_rec_refused other = rec;
	struct fixture *f = *state;

	f->r.zcrx_told = true;
	refuse(f)->ask = NMA_REQ_ZCRX;
	/* the machine that runs this may have slept */
	f->log[WHO * LOG + 1].time_ns = rec.hdr.time_ns;
	nma_refusals__claim(&f->r, &rec);
	assert_int_equal(rec.by, NMA_BY_POLICY);
	assert_memory_equal(rec.words, "NM-BIND-09: ", 12);
	other.hdr.pid = 55;
	nma_refusals__claim(&f->r, &other);
	assert_int_equal(other.by, NMA_BY_KERNEL);
	other.hdr.pid = 101;
	other.err = -EINVAL;
	nma_refusals__claim(&f->r, &other);
	assert_int_equal(other.by, NMA_BY_KERNEL);
	assert_int_equal(told(f, false), 0);
	f->r.zcrx_told = false;
	refuse(f)->ask = NMA_REQ_ZCRX;
	assert_int_equal(told(f, false), 1);
}

/* What is not ours to understand is counted only. */
static void test_foreign(void **state)
{
	struct fixture *f = *state;

	refuse(f)->ask = NMA_REQ_MAX;
	refuse(f)->rule = NMA_RULE_MAX;
	assert_int_equal(told(f, true), 0);
	refuse(f)->reason = NMA_REASON_MAX;
	assert_int_equal(told(f, true), 1);
	assert_string_equal(f->got[0].words, "NM-BIND-09: ?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_one), TEST(test_looks_on), TEST(test_many),
		TEST(test_half_written), TEST(test_zcrx), TEST(test_foreign),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
