// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Records in, objects out: upserts, snapshots, ends.
 */
#include <errno.h>
#include <string.h>

#include "world.h"

static int setup(void **state)
{
	*state = nma_model__new();
	return !*state;
}

static int teardown(void **state)
{
	nma_model__free(*state);
	return 0;
}

static void begin(struct nma_model *m, __u32 generation)
{
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, generation));
}

static void end(struct nma_model *m, __u32 generation)
{
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, generation));
}

static void test_upsert(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(7, 1);
	const struct nma_pool *pool;
	struct nma_change c;

	c = FEED(m, r);
	assert_int_equal(c.subject, NMA_SUBJ_POOL);
	pool = nma_model__pool(m, 7);
	assert_ptr_equal(c.ref.pool, pool);
	r.inflight = 99;
	c = FEED(m, r);
	assert_ptr_equal(c.ref.pool, pool);
	assert_int_equal(pool->r.inflight, 99);
	assert_int_equal(m->pools.nr, 1);
}

static void test_many(void **state)
{
	struct nma_model *m = *state;
	__u32 id;

	for (id = 1; id <= 5003; id++)
		FEED(m, rec_header(id, id % 4));
	assert_int_equal(m->pools.nr, 5003);
	for (id = 1; id <= 5003; id += 2)
		FEED(m, CAUSED(rec_header(id, id % 4), GONE));
	begin(m, 1);
	assert_int_equal(m->pools.nr, 2501);
	assert_null(nma_model__pool(m, 5003));
	assert_int_equal(nma_model__pool(m, 5002)->r.pool_id, 5002);
}

static void test_sweep(void **state)
{
	struct nma_model *m = *state;

	begin(m, 1);
	FEED(m, rec_nic());
	FEED(m, rec_queue(0));
	FEED(m, rec_header(1, 0));
	FEED(m, rec_payload(2, 0));
	FEED(m, rec_binding());
	FEED(m, rec_sock(1, 3));
	end(m, 1);
	assert_true(nma_model__pool(m, 1)->seen.pre_existing);

	begin(m, 2);
	FEED(m, rec_nic());
	FEED(m, rec_payload(2, 0));
	FEED(m, CAUSED(rec_payload(3, 0), CREATE));	/* the walk missed it */
	end(m, 2);
	assert_null(nma_model__pool(m, 1));
	assert_null(nma_model__queue(m, NETDEV, 0));
	assert_null(nma_model__binding(m, 5));
	assert_null(nma_model__sock(m, 1));
	assert_non_null(nma_model__nic(m, NETDEV));
	assert_non_null(nma_model__pool(m, 2));
	assert_non_null(nma_model__pool(m, 3));
	assert_false(nma_model__pool(m, 3)->seen.pre_existing);
}

/* An end of a snapshot that was not begun would sweep everything. */
static void test_stray_end(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_mark r = rec_mark(NMA_MARK_SNAPSHOT_END, 9);
	struct nma_change c;

	FEED(m, rec_nic());
	assert_int_equal(nma_model__apply(m, &r.hdr, &c), -EINVAL);
	assert_non_null(nma_model__nic(m, NETDEV));
}

static void test_gone(void **state)
{
	struct nma_model *m = *state;
	struct nma_change c;

	FEED(m, rec_payload(7, 1));
	c = FEED(m, CAUSED(rec_payload(7, 1), GONE));
	assert_true(c.ref.pool->seen.gone);	/* readable until the next record */
	assert_false(nma_pool_live(c.ref.pool));
	FEED(m, rec_nic());
	assert_null(nma_model__pool(m, 7));
}

static void test_nic_takes_its_queues(void **state)
{
	struct nma_model *m = *state;

	FEED(m, rec_nic());
	FEED(m, rec_bound(1));
	assert_int_equal(nma_model__bound_queues(m, NETDEV), 1);
	FEED(m, CAUSED(rec_nic(), GONE));
	FEED(m, rec_upper());
	assert_null(nma_model__nic(m, NETDEV));
	assert_null(nma_model__queue(m, NETDEV, 1));
}

static void test_address_reuse(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(8, 1);

	FEED(m, rec_payload(7, 1));
	r.pool = rec_payload(7, 1).pool;	/* freed without our knowing */
	FEED(m, CAUSED(r, CREATE));
	assert_null(nma_model__pool(m, 7));
	assert_non_null(nma_model__pool(m, 8));
}

static void test_creation_is_remembered(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = CAUSED(rec_payload(7, 1), CREATE);
	const struct nma_pool *pool;

	r.create_ns = 5 * SEC;
	r.stack[0] = 0xffffffff81000010ull;
	FEED(m, r);
	FEED(m, rec_payload(7, 1));	/* a snapshot knows neither */
	pool = nma_model__pool(m, 7);
	assert_int_equal(pool->r.create_ns, 5 * SEC);
	assert_int_equal(pool->r.stack[0], r.stack[0]);
}

static void test_destroyed_stays_destroyed(void **state)
{
	struct nma_model *m = *state;
	const struct nma_pool *pool;

	FEED(m, rec_payload(7, 1));
	FEED(m, AT(CAUSED(rec_payload(7, 1), DETACH), 9 * SEC));
	FEED(m, AT(CAUSED(rec_payload(7, 1), RELEASE), 10 * SEC));
	FEED(m, rec_payload(7, 1));
	pool = nma_model__pool(m, 7);
	assert_true(pool->r.detached);
	assert_int_equal(pool->r.detach_ns, 9 * SEC);
}

/* What the kernel knows of it is in whole seconds (6.12). */
static void test_destroyed_when_we_saw_it(void **state)
{
	struct nma_rec_pool r = AT(CAUSED(rec_payload(7, 1), DETACH), 9 * SEC + 7);
	struct nma_model *m = *state;

	FEED(m, rec_payload(7, 1));
	r.detach_ns = 9 * SEC;
	FEED(m, r);
	assert_int_equal(nma_model__pool(m, 7)->r.detach_ns, 9 * SEC + 7);
	r.hdr.cause = NMA_CAUSE_SNAPSHOT;
	FEED(m, r);
	assert_int_equal(nma_model__pool(m, 7)->r.detach_ns, 9 * SEC + 7);
}

static void test_failed_is_no_object(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = CAUSED(rec_payload(0, 1), CREATE_FAILED);
	struct nma_rec_binding b = CAUSED(rec_binding(), CREATE_FAILED);
	struct nma_change c;

	c = FEED(m, r);
	assert_int_equal(m->pools.nr, 0);
	assert_int_equal(c.ref.pool->r.queue, 1);
	b.binding_id = 0;
	FEED(m, b);
	assert_int_equal(m->bindings.nr, 0);
}

static void test_hds_from_core_or_driver(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = rec_nic();
	__u32 thresh = 0, want = 128;

	FEED(m, r);
	assert_int_equal(nma_nic_hds(nma_model__nic(m, NETDEV)), NMA_HDS_ON);
	assert_true(nma_nic_hds_thresh(nma_model__nic(m, NETDEV), &thresh));
	r.flags &= ~NMA_NIC_HDS_VALID;
	r.hds = NMA_HDS_UNKNOWN;
	FEED(m, r);
	assert_int_equal(nma_nic_hds(nma_model__nic(m, NETDEV)), NMA_HDS_UNKNOWN);
	assert_false(nma_nic_hds_thresh(nma_model__nic(m, NETDEV), &thresh));
	nma_model__set_hds(m, NETDEV, NMA_HDS_OFF, &want);
	FEED(m, r);	/* the answer outlives the record */
	assert_int_equal(nma_nic_hds(nma_model__nic(m, NETDEV)), NMA_HDS_OFF);
	assert_true(nma_nic_hds_thresh(nma_model__nic(m, NETDEV), &thresh));
	assert_int_equal(thresh, 128);
	nma_model__set_hds(m, 12345, NMA_HDS_ON, NULL);	/* unknown device */
}

/* A binding that is no longer listed points at what was its device. */
static void test_lost_device(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_binding r = rec_binding();

	begin(m, 1);
	FEED(m, rec_nic());
	r.listed = 1;
	FEED(m, r);
	end(m, 1);
	begin(m, 2);
	FEED(m, rec_nic());
	r.listed = 0;
	assert_int_equal(FEED(m, r).ref.binding->r.netdev, r.netdev);
	end(m, 2);
	begin(m, 3);
	r.hdr.netns = 1141121024;
	assert_int_equal(FEED(m, r).ref.binding->r.netdev, 0);
	assert_int_equal(FEED(m, r).ref.binding->r.hdr.netns, 0);
	end(m, 3);
}

/* A VLAN on a bond of nm0 and another port, and what is beside them */
static void test_lower_devices(void **state)
{
	enum { BOND = 0x5000, PORT = 0x6000, LONER = 0x7000 };
	struct nma_model *m = *state;
	struct nma_rec_nic nic = rec_upper();

	FEED(m, rec_nic());
	FEED(m, nic);
	nic.netdev = BOND;
	FEED(m, nic);
	FEED(m, rec_edge(UPPER, BOND));
	FEED(m, rec_edge(BOND, PORT));
	assert_null(nma_model__bound_below(m, nma_model__nic(m, UPPER)));
	FEED(m, rec_edge(BOND, NETDEV));
	FEED(m, rec_edge(LONER, PORT));
	assert_true(nma_model__is_above(m, BOND, PORT));
	assert_true(nma_model__is_above(m, BOND, NETDEV));
	assert_true(nma_model__is_above(m, UPPER, NETDEV));
	assert_false(nma_model__is_above(m, NETDEV, UPPER));
	assert_false(nma_model__is_above(m, LONER, NETDEV));
	assert_null(nma_model__bound_below(m, nma_model__nic(m, UPPER)));
	FEED(m, rec_bound(1));
	assert_ptr_equal(nma_model__bound_below(m, nma_model__nic(m, UPPER)),
			 nma_model__nic(m, NETDEV));
	assert_null(nma_model__bound_below(m, nma_model__nic(m, NETDEV)));
	FEED(m, CAUSED(rec_edge(BOND, NETDEV), GONE));
	assert_null(nma_model__bound_below(m, nma_model__nic(m, UPPER)));
}

/* Half old, half new: what is known must not send us round in circles. */
static void test_lower_devices_in_a_circle(void **state)
{
	struct nma_model *m = *state;

	FEED(m, rec_nic());
	FEED(m, rec_bound(1));
	FEED(m, rec_edge(UPPER, 0x5000));
	FEED(m, rec_edge(0x5000, UPPER));
	assert_true(nma_model__is_above(m, UPPER, UPPER));
	assert_false(nma_model__is_above(m, UPPER, NETDEV));
}

/* Neither the end of a device nor a walk that does not find it leaves an edge. */
static void test_end_of_a_lower_device(void **state)
{
	struct nma_model *m = *state;

	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 1));
	FEED(m, rec_nic());
	FEED(m, rec_edge(UPPER, NETDEV));
	FEED(m, rec_edge(0x5000, 0x6000));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 1));
	FEED(m, CAUSED(rec_nic(), GONE));
	assert_false(nma_model__is_above(m, UPPER, NETDEV));
	assert_true(nma_model__is_above(m, 0x5000, 0x6000));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 2));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 2));
	assert_int_equal(m->edges.nr, 0);
}

static void test_bad_records(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = rec_nic();
	struct nma_change c;

	r.hdr.size--;
	assert_int_equal(nma_model__apply(m, &r.hdr, &c), -EINVAL);
	r = rec_nic();
	r.hdr.type = 0;
	assert_int_equal(nma_model__apply(m, &r.hdr, &c), -EINVAL);
	r.hdr.type = 60000;
	assert_int_equal(nma_model__apply(m, &r.hdr, &c), -EINVAL);
	for (r.hdr.type = 0; r.hdr.type < 256; r.hdr.type++) {
		r.hdr.size = 1;			/* none is as short */
		assert_int_equal(nma_model__apply(m, &r.hdr, &c), -EINVAL);
	}
	assert_int_equal(m->nics.nr, 0);
}

/* The device on top is what changes when it is put on another. */
static void test_edge_changes_the_upper(void **state)
{
	struct nma_model *m = *state;
	struct nma_change c;

	FEED(m, rec_nic());
	FEED(m, rec_upper());
	c = FEED(m, rec_edge(UPPER, NETDEV));
	assert_int_equal(c.subject, NMA_SUBJ_NIC);
	assert_ptr_equal(c.ref.nic, nma_model__nic(m, UPPER));
}

/* A refused bind is a try, another refused request is none. */
static void test_refused_bind_is_a_try(void **state)
{
	struct nma_rec_refused r = {
		.hdr = { .type = NMA_REC_REFUSED, .size = sizeof(r), .netns = NETNS },
		.netdev = NETDEV,
	};
	static const enum nma_req asks[] = { NMA_REQ_BIND_RX, NMA_REQ_ZCRX };
	struct nma_model *m = *state;
	size_t i;

	FEED(m, rec_nic());
	r.ask = NMA_REQ_XDP;
	FEED(m, r);
	assert_false(nma_model__bind_tried(m, NETDEV));
	for (i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		FEED(m, CAUSED(rec_nic(), GONE));
		FEED(m, rec_nic());
		assert_false(nma_model__bind_tried(m, NETDEV));
		r.ask = asks[i];
		FEED(m, r);
		assert_true(nma_model__bind_tried(m, NETDEV));
	}
}

/* Only while one is walked do objects wait for the others. */
static void test_snapshot_ends(void **state)
{
	struct nma_model *m = *state;

	begin(m, 1);
	assert_true(m->in_snapshot);
	end(m, 1);
	assert_false(m->in_snapshot);
}

/* An act has its queue from its record if that names the device, or no pool. */
static void test_queue_of_an_act(void **state)
{
	struct nma_rec_act act = rec_act(NMA_ACT_PUT_TWICE);
	union nma_ref ref = { .act = &act };
	struct nma_model *m = *state;
	struct nma_place place;

	act.queue = 3;
	place = (struct nma_place){ .queue = NMA_NO_QUEUE };
	nma_subjects[NMA_SUBJ_ACT].place(m, ref, &place);
	assert_int_equal(place.queue, 3);
	act.netdev = 0;
	place = (struct nma_place){ .queue = NMA_NO_QUEUE };
	nma_subjects[NMA_SUBJ_ACT].place(m, ref, &place);
	assert_int_equal(place.queue, NMA_NO_QUEUE);
	act.pool_id = 0;
	nma_subjects[NMA_SUBJ_ACT].place(m, ref, &place);
	assert_int_equal(place.queue, 3);
}

static void test_names_end(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = rec_nic();

	memset(r.ifname, 'x', sizeof(r.ifname));
	memset(r.driver, 'y', sizeof(r.driver));
	FEED(m, r);
	assert_int_equal(strlen(nma_model__nic(m, NETDEV)->r.ifname), 15);
	assert_int_equal(strlen(nma_model__nic(m, NETDEV)->r.driver), 31);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_upsert),
		T(test_many),
		T(test_sweep),
		T(test_stray_end),
		T(test_gone),
		T(test_nic_takes_its_queues),
		T(test_address_reuse),
		T(test_creation_is_remembered),
		T(test_destroyed_stays_destroyed),
		T(test_destroyed_when_we_saw_it),
		T(test_failed_is_no_object),
		T(test_hds_from_core_or_driver),
		T(test_lost_device),
		T(test_lower_devices),
		T(test_lower_devices_in_a_circle),
		T(test_end_of_a_lower_device),
		T(test_bad_records),
		T(test_edge_changes_the_upper),
		T(test_refused_bind_is_a_try),
		T(test_snapshot_ends),
		T(test_queue_of_an_act),
		T(test_names_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
