// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on bindings and on what changes while a queue is bound.
 */
#include <errno.h>
#include <string.h>

#include "healthy.h"

static union nma_ref binding(const struct nma_model *m, __u32 id)
{
	return (union nma_ref){ .binding = nma_model__binding(m, id) };
}

static struct nma_rec_op split_off(void)
{
	struct nma_rec_op r = rec_op(NMA_OP_HDS_SET, NMA_NO_QUEUE, 0);

	r.mode = 1;
	r.value = NMA_HDS_OFF;
	r.bound_queues = 1;
	return r;
}

static const struct nma_verdict *op_verdict(struct nma_model *m,
					    const struct nma_rec_op *r)
{
	struct nma_change c = feed(m, r);

	return verdict(m, NMA_RULE_BIND_03, c.ref, NOW, c.hdr);
}

static void test_bind_03(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_op r = split_off();

	assert_true(expect_one(op_verdict(m, &r), NMA_SEV_F)->event);
	r.ret = -EINVAL;	/* refused */
	expect_none(op_verdict(m, &r));
	r = split_off();
	r.bound_queues = 0;
	expect_none(op_verdict(m, &r));
	r = split_off();
	r.mode = 0;		/* the ring's size was changed */
	expect_none(op_verdict(m, &r));
	r = split_off();
	r.value = NMA_HDS_ON;
	expect_none(op_verdict(m, &r));
	r = split_off();
	r.hds = NMA_HDS_ON;	/* and so it is in force */
	expect_none(op_verdict(m, &r));
}

static void test_bind_05(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_queue r = rec_bound(1);

	r.xsk = 1;
	FEED(m, r);
	expect_one(VERDICT(BIND_05, queue(m, 1)), NMA_SEV_E);
	r = rec_queue(0);	/* a socket on another queue is welcome */
	r.xsk = 1;
	FEED(m, r);
	FEED(m, rec_bound(1));
	expect_none(VERDICT(BIND_05, queue(m, 0)));
	expect_none(VERDICT(BIND_05, queue(m, 1)));
}

static void test_bind_06(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_op op = rec_op(NMA_OP_QUEUES_SET, NMA_NO_QUEUE, 0);
	struct nma_rec_nic r = rec_nic();
	const struct nma_finding *f;

	op.value = 1;
	op.stack[0] = 0xffffffffc0001234ull;
	FEED(m, op);
	r.real_num_rx_queues = 1;
	FEED(m, r);
	f = expect_one(VERDICT(BIND_06, queue(m, 1)), NMA_SEV_F);
	assert_int_equal(evidence(f, "real_num_rx_queues")->u, 1);
	assert_int_equal(evidence(f, "set_by")->list[0], op.stack[0]);
	FEED(m, rec_queue(1));	/* not bound: may go */
	expect_none(VERDICT(BIND_06, queue(m, 1)));
	FEED(m, rec_bound(1));
	r.real_num_rx_queues = 2;
	FEED(m, r);
	expect_none(VERDICT(BIND_06, queue(m, 1)));
}

static void test_bind_07(void **state)
{
	struct nma_model *m = *state;
	struct nma_queue_set set = { .known = true };
	struct nma_rec_nic r = rec_nic();
	const struct nma_finding *f;

	nma_queue_set_add(&set, 0);
	nma_model__set_rss(m, NETDEV, &set);
	expect_none(VERDICT(BIND_07, queue(m, 1)));
	nma_queue_set_add(&set, 1);
	nma_model__set_rss(m, NETDEV, &set);
	f = expect_one(VERDICT(BIND_07, queue(m, 1)), NMA_SEV_E);
	assert_int_equal(f->patience, NMA_SETTLE);
	expect_none(VERDICT(BIND_07, queue(m, 0)));	/* not bound */
	r.real_num_rx_queues = 1;	/* has no choice */
	FEED(m, r);
	f = expect_one(VERDICT(BIND_07, queue(m, 1)), NMA_SEV_I);
	assert_int_equal(f->kind, NMA_KIND_NOTE);
	assert_non_null(strstr(f->message, "only queue"));
	FEED(m, rec_nic());
	nma_model__set_rss(m, NETDEV, NULL);	/* the driver does not tell */
	f = expect_one(VERDICT(BIND_07, queue(m, 1)), NMA_SEV_I);
	assert_int_equal(f->kind, NMA_KIND_NOTE);
	assert_non_null(strstr(f->message, "unknown"));
	expect_none(VERDICT(BIND_07, queue(m, 0)));
}

static void test_bind_08(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_binding();
	struct nma_change c;

	expect_none(VERDICT(BIND_08, binding(m, 5)));
	r.ragged = 2;
	FEED(m, r);
	expect_one(VERDICT(BIND_08, binding(m, 5)), NMA_SEV_F);

	r = CAUSED(rec_binding(), MISMATCH);
	r.unmap_dir = 1;
	c = FEED(m, r);
	assert_true(expect_one(verdict(m, NMA_RULE_BIND_08, c.ref, NOW, c.hdr),
			       NMA_SEV_F)->event);
}

static void test_bind_09(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = CAUSED(rec_binding(), CREATE);
	const struct nma_finding *f;
	struct nma_change c;

	r.owner_pid = 815;
	r.owner_uid = 1000;
	r.owner_admin = NMA_ADMIN_NO;
	r.dma_dir = 1;
	strcpy(r.owner_comm, "sender");
	c = FEED(m, r);
	f = expect_one(verdict(m, NMA_RULE_BIND_09, c.ref, NOW, c.hdr), NMA_SEV_W);
	assert_int_equal(f->kind, NMA_KIND_POLICY);
	assert_int_equal(evidence(f, "owner_uid")->u, 1000);

	FEED(m, rec_binding());	/* a snapshot does not know the owner */
	assert_int_equal(nma_model__binding(m, 5)->r.owner_pid, 815);
	r.owner_admin = NMA_ADMIN_YES;
	c = FEED(m, r);
	expect_none(verdict(m, NMA_RULE_BIND_09, c.ref, NOW, c.hdr));
}

static void unbind(struct nma_model *m)
{
	FEED(m, AT(CAUSED(rec_binding(), DETACH), NOW - 70 * SEC));
}

static void test_bind_10_holder(void **state)
{
	struct nma_model *m = *state;
	const struct nma_finding *f;

	expect_none(VERDICT(BIND_10, binding(m, 5)));
	unbind(m);
	FEED(m, CAUSED(rec_provided(21, 1), DETACH));
	expect_none(VERDICT(BIND_10, binding(m, 5)));	/* NM-PP-06 tells */
	FEED(m, rec_sock(1, 23));
	f = expect_one(VERDICT(BIND_10, binding(m, 5)), NMA_SEV_E);
	assert_int_equal(f->kind, NMA_KIND_LEAK);
	assert_int_equal(f->patience, NMA_AGE);
	assert_int_equal(f->hold_ns, 60 * SEC);
	assert_int_equal(evidence(f, "tokens_outstanding")->u, 23);
	assert_int_equal(evidence(f, "holder_pid")->u, 4711);
	assert_non_null(strstr(f->message, "tokens of an application"));
}

static void test_bind_10_orphan(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_sock orphan = rec_sock(1, 23);

	orphan.orphan = 1;
	orphan.hdr.pid = 0;
	unbind(m);
	FEED(m, CAUSED(rec_provided(21, 1), DETACH));
	FEED(m, orphan);
	assert_non_null(strstr(expect_one(VERDICT(BIND_10, binding(m, 5)),
					  NMA_SEV_E)->message, "orphaned TCP socket"));
}

static void test_bind_10_kept_pool(void **state)
{
	struct nma_model *m = *state;
	const struct nma_finding *f;

	struct nma_rec_op op = rec_op(NMA_OP_UNBOUND, NMA_NO_QUEUE, 0);

	unbind(m);
	expect_none(VERDICT(BIND_10, binding(m, 5)));	/* its queue is restarted */
	op.value = 5;
	FEED(m, op);
	f = expect_one(VERDICT(BIND_10, binding(m, 5)), NMA_SEV_E);
	assert_int_equal(f->pool_id, 21);
	assert_int_equal(f->patience, NMA_SETTLE);
}

static void test_bind_10_sender_has_longer(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = CAUSED(rec_binding(), DETACH);

	r.dma_dir = 1;
	FEED(m, CAUSED(rec_provided(21, 1), GONE));
	FEED(m, r);
	assert_int_equal(expect_one(VERDICT(BIND_10, binding(m, 5)),
				    NMA_SEV_E)->hold_ns, 240 * SEC);
}

static void test_bind_10_end(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = CAUSED(rec_binding(), GONE);
	struct nma_change c;

	unbind(m);
	c = FEED(m, r);
	expect_none(verdict(m, NMA_RULE_BIND_10, c.ref, NOW, c.hdr));
	FEED(m, rec_binding());
	r.lent = 3 * 4096;
	c = FEED(m, r);
	assert_true(expect_one(verdict(m, NMA_RULE_BIND_10, c.ref, NOW, c.hdr),
			       NMA_SEV_E)->event);
}

/* Without hooks: a binding that only a pool still leads to */
static void test_bind_10_snapshots(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_binding();

	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 1));
	r.listed = 1;
	FEED(m, rec_nic());
	FEED(m, rec_provided(21, 1));
	FEED(m, r);
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 1));
	expect_none(VERDICT(BIND_10, binding(m, 5)));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 2));
	r.listed = 0;
	FEED(m, rec_nic());
	FEED(m, rec_provided(21, 1));
	FEED(m, r);
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 2));
	expect_one(VERDICT(BIND_10, binding(m, 5)), NMA_SEV_E);
}

/* With them: nothing leads to it any more, but its end was not seen. */
static void test_unbound_is_kept_until_its_end(void **state)
{
	struct nma_model *m = *state;

	m->sees_ends = true;
	unbind(m);
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 2));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 2));
	assert_non_null(nma_model__binding(m, 5));
	FEED(m, CAUSED(rec_binding(), GONE));
	FEED(m, rec_nic());
	assert_null(nma_model__binding(m, 5));
}

#define TO_DEVICE	1
#define FROM_DEVICE	2

static const struct nma_verdict *judge_end(struct nma_model *m, __u32 dir, __u32 maps,
					   __u32 syncs, __u32 sends)
{
	struct nma_rec_binding r = CAUSED(rec_binding(), DETACH);
	struct nma_change c;

	r.dma_dir = dir;
	r.cpu_maps = maps;
	r.cpu_syncs = syncs;
	r.cpu_sends = sends;
	c = FEED(m, r);
	return verdict(m, NMA_RULE_APP_01, c.ref, NOW, c.hdr);
}

static void test_app_01(void **state)
{
	struct nma_model *m = *state;

	expect_none(judge_end(m, FROM_DEVICE, 1, 0, 0));	/* nothing was consumed */
	FEED(m, CAUSED(rec_sock(1, 0), GONE));
	assert_true(expect_one(judge_end(m, FROM_DEVICE, 1, 0, 0), NMA_SEV_W)->event);
	expect_none(judge_end(m, FROM_DEVICE, 1, 7, 0));
	expect_none(judge_end(m, FROM_DEVICE, 0, 0, 0));	/* a device consumed it */
}

static void test_app_01_sender(void **state)
{
	struct nma_model *m = *state;

	expect_none(judge_end(m, TO_DEVICE, 1, 0, 0));	/* nothing was sent */
	assert_true(expect_one(judge_end(m, TO_DEVICE, 1, 0, 3), NMA_SEV_W)->event);
	expect_none(judge_end(m, TO_DEVICE, 1, 1, 3));
	expect_none(judge_end(m, TO_DEVICE, 0, 0, 3));	/* a device filled it */
}

static const struct nma_verdict *judge_use(struct nma_model *m, __u32 use)
{
	struct nma_rec_use r = {
		.hdr = { .type = NMA_REC_USE, .size = sizeof(r) },
		.use = use,
		.ret = 500,
		.binding_id = 5,
		.value = 5,
	};
	struct nma_change c = FEED(m, r);

	return verdict(m, NMA_RULE_APP_01, binding(m, 5), NOW, c.hdr);
}

static void test_app_01_sent_anew(void **state)
{
	struct nma_model *m = *state;

	assert_true(expect_one(judge_use(m, NMA_USE_SEND_WRITTEN), NMA_SEV_W)->event);
	expect_none(judge_use(m, NMA_USE_SEND_REFUSED));
}

#define DMA_DEV	0xffff888000009000ull

static struct nma_change device_gone(struct nma_model *m, __u64 device)
{
	struct nma_rec_op op = rec_op(NMA_OP_DEVICE_GONE, NMA_NO_QUEUE, 0);

	op.netdev = 0;
	op.value = device;
	op.hdr.pid = 99;
	strcpy(op.hdr.comm, "rmmod");
	return FEED(m, op);
}

static void test_bind_11(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = CAUSED(rec_binding(), CREATE);
	const struct nma_finding *f;
	struct nma_change c;

	r.dma_dev = DMA_DEV;
	r.listed = 1;
	FEED(m, r);
	expect_none(VERDICT(BIND_11, binding(m, 5)));
	device_gone(m, DMA_DEV + 8);	/* another one */
	expect_none(VERDICT(BIND_11, binding(m, 5)));
	FEED(m, CAUSED(rec_nic(), GONE));
	c = device_gone(m, DMA_DEV);
	f = expect_one(verdict(m, NMA_RULE_BIND_11, binding(m, 5), NOW, c.hdr), NMA_SEV_F);
	assert_int_equal(f->patience, NMA_NOW);
	assert_string_equal(evidence(f, "was_ifname")->str, "nm0");
	assert_string_equal(evidence(f, "by_comm")->str, "rmmod");
	FEED(m, CAUSED(rec_binding(), GONE));
	expect_none(VERDICT(BIND_11, binding(m, 5)));
}

/* Unbound first, the device then */
static void test_bind_11_clean(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_binding();

	r.dma_dev = DMA_DEV;
	r.listed = 1;
	FEED(m, r);
	FEED(m, CAUSED(r, GONE));
	device_gone(m, DMA_DEV);
	assert_null(nma_model__binding(m, 5));
}

/* Seen when the tool starts afterwards; of one to send from nobody can tell. */
static void test_bind_11_afterwards(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_binding();
	const struct nma_finding *f;

	r.listed = 1;
	r.netdev = 0;
	FEED(m, r);
	f = expect_one(VERDICT(BIND_11, binding(m, 5)), NMA_SEV_W);
	assert_int_equal(f->patience, NMA_SETTLE);
	r.dma_dir = NMA_DMA_TO_DEVICE;
	FEED(m, r);
	expect_none(VERDICT(BIND_11, binding(m, 5)));
}

#define PILE_TIME	(NOW - 600 * SEC)

/* The bindings of one process to send from: ids from 100 on, one every @gap_ns. */
static void pile_up(struct nma_model *m, unsigned int nr, __u64 gap_ns)
{
	struct nma_rec_binding r = CAUSED(rec_binding(), CREATE);
	unsigned int i;

	r.dma_dir = NMA_DMA_TO_DEVICE;
	r.owner_pid = 4711;
	r.tx_unused = 1;
	for (i = 0; i < nr; i++) {
		r.binding_id = 100 + i;
		r.hdr.time_ns = PILE_TIME + i * gap_ns;
		FEED(m, r);
	}
}

static void used(struct nma_model *m, __u32 id)
{
	struct nma_rec_binding r = nma_model__binding(m, id)->r;

	r.tx_unused = 0;
	FEED(m, r);
}

static void test_bind_12(void **state)
{
	struct nma_model *m = *state;
	const struct nma_finding *f;

	pile_up(m, 15, 5 * SEC);
	expect_none(VERDICT(BIND_12, binding(m, 100)));
	pile_up(m, 16, 5 * SEC);
	f = expect_one(VERDICT(BIND_12, binding(m, 100)), NMA_SEV_W);
	assert_int_equal(evidence(f, "bindings")->u, 16);
	assert_int_equal(evidence(f, "size_bytes")->u, 16 * (16 << 20));
	assert_int_equal(evidence(f, "owner_pid")->u, 4711);
	expect_none(VERDICT(BIND_12, binding(m, 101)));	/* the oldest tells */
	used(m, 115);
	expect_none(VERDICT(BIND_12, binding(m, 100)));
}

/* The oldest one is used after all: another one tells of the same pile. */
static void test_bind_12_stays_one(void **state)
{
	struct nma_model *m = *state;
	const struct nma_finding *f;
	__u64 group;

	pile_up(m, 20, 5 * SEC);
	f = expect_one(VERDICT(BIND_12, binding(m, 100)), NMA_SEV_W);
	group = f->group;
	assert_int_equal(group, 4711ull << 32 | f->ifindex);
	used(m, 100);
	expect_none(VERDICT(BIND_12, binding(m, 100)));
	f = expect_one(VERDICT(BIND_12, binding(m, 101)), NMA_SEV_W);
	assert_int_equal(f->group, group);
}

/* Most are used, through whatever device: the rest is for who has nothing to say. */
static void test_bind_12_idle(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r;
	__u32 id;

	pile_up(m, 33, 5 * SEC);
	for (id = 117; id < 133; id++)
		used(m, id);
	expect_one(VERDICT(BIND_12, binding(m, 100)), NMA_SEV_W);
	r = nma_model__binding(m, 116)->r;
	r.netdev = 7;
	r.cpu_sends = 1;	/* by another binding of the same dma-buf */
	FEED(m, r);
	expect_none(VERDICT(BIND_12, binding(m, 100)));
}

/* A recording that is older than the rule does not say that they are unused. */
static void test_bind_12_unknown(void **state)
{
	struct nma_model *m = *state;
	__u32 id;

	pile_up(m, 64, 5 * SEC);
	for (id = 100; id < 164; id++)
		used(m, id);
	expect_none(VERDICT(BIND_12, binding(m, 100)));
}

/* All at once, as somebody does who keeps them ready; and not yet long. */
static void test_bind_12_at_once(void **state)
{
	struct nma_model *m = *state;

	pile_up(m, 64, SEC / 2);
	expect_one(VERDICT(BIND_12, binding(m, 100)), NMA_SEV_I);
	expect_none(verdict(m, NMA_RULE_BIND_12, binding(m, 100), PILE_TIME + 67 * SEC,
			    NULL));
	expect_one(verdict(m, NMA_RULE_BIND_12, binding(m, 100), PILE_TIME + 68 * SEC, NULL),
		   NMA_SEV_I);
}

/* Others' bindings, those to receive into, and those that are older than the tool */
static void test_bind_12_of_others(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r;
	__u32 id;

	pile_up(m, 20, 5 * SEC);
	for (id = 110; id < 115; id++) {
		r = nma_model__binding(m, id)->r;
		r.owner_pid = 4712;
		FEED(m, r);
	}
	expect_none(VERDICT(BIND_12, binding(m, 100)));
	for (id = 110; id < 115; id++) {
		r = nma_model__binding(m, id)->r;
		r.owner_pid = 4711;
		r.dma_dir = NMA_DMA_FROM_DEVICE;
		FEED(m, r);
	}
	expect_none(VERDICT(BIND_12, binding(m, 100)));
	used(m, 100);
	expect_none(VERDICT(BIND_12, binding(m, 100)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, healthy_setup, healthy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_app_01),
		T(test_app_01_sender),
		T(test_app_01_sent_anew),
		T(test_bind_03),
		T(test_bind_05),
		T(test_bind_06),
		T(test_bind_07),
		T(test_bind_08),
		T(test_bind_09),
		T(test_bind_10_holder),
		T(test_bind_10_orphan),
		T(test_bind_10_kept_pool),
		T(test_bind_10_sender_has_longer),
		T(test_bind_10_end),
		T(test_bind_10_snapshots),
		T(test_unbound_is_kept_until_its_end),
		T(test_bind_11),
		T(test_bind_11_clean),
		T(test_bind_11_afterwards),
		T(test_bind_12),
		T(test_bind_12_stays_one),
		T(test_bind_12_idle),
		T(test_bind_12_unknown),
		T(test_bind_12_at_once),
		T(test_bind_12_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
