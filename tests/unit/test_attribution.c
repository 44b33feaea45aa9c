// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which device and queue a pool is said to serve, for each kind of evidence, and
 * for what contradicts it.
 */
#include <string.h>

#include "world.h"

#define OTHER	0xffff888000009000ull	/* another device */
#define DEVICE	0xffff888000001800ull	/* struct device of nm0 */
#define FUNC	0xffff888000005000ull	/* the PCI function it is on */

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

static struct nma_rec_nic card(void)
{
	struct nma_rec_nic r = rec_nic();

	r.device = DEVICE;
	r.parent[0] = FUNC;
	r.qops = 0;
	return r;
}

static struct nma_rec_nic card2(void)
{
	struct nma_rec_nic r = card();

	r.netdev = OTHER;
	r.device = OTHER + 0x800;
	r.parent[0] = FUNC + 0x800;
	r.ifindex = 4;
	strcpy(r.ifname, "nm1");
	return r;
}

/* A pool whose driver says nothing of it */
static struct nma_rec_pool mute(__u32 id)
{
	struct nma_rec_pool r = rec_header(id, 0);

	r.netdev = 0;
	r.ifindex = 0;
	r.hdr.netns = 0;
	r.ifname[0] = '\0';
	return r;
}

static const struct nma_owner *owner(const struct nma_model *m, __u32 id)
{
	const struct nma_pool *pool = nma_model__pool(m, id);

	assert_non_null(pool);
	return &pool->owner;
}

static void expect_owner(const struct nma_model *m, __u32 id, const char *ifname,
			 enum nma_by by)
{
	const struct nma_owner *o = owner(m, id);

	assert_string_equal(o->ifname, ifname);
	assert_int_equal(o->by, by);
	assert_int_equal(o->netdev, !strcmp(ifname, "nm1") ? OTHER : NETDEV);
	assert_false(o->gone);
}

static void expect_queue(const struct nma_model *m, __u32 id, __u32 queue,
			 enum nma_by by)
{
	assert_int_equal(owner(m, id)->queue, queue);
	assert_int_equal(owner(m, id)->queue_by, by);
}

static void expect_unknown(const struct nma_model *m, __u32 id)
{
	assert_int_equal(owner(m, id)->by, NMA_BY_NONE);
	assert_int_equal(owner(m, id)->netdev, 0);
	assert_string_equal(owner(m, id)->ifname, "");
	expect_queue(m, id, NMA_NO_QUEUE, NMA_BY_NONE);
}

static void test_named(void **state)
{
	struct nma_model *m = *state;

	FEED(m, card());
	FEED(m, rec_payload(7, 2));
	expect_owner(m, 7, "nm0", NMA_BY_NETDEV);
	expect_queue(m, 7, 2, NMA_BY_INDEX);
	FEED(m, rec_payload(8, 0));	/* the kernel relies on it, too */
	expect_queue(m, 8, 0, NMA_BY_INDEX);
}

/* Before the device has a record, the pool's must do. */
static void test_named_only(void **state)
{
	struct nma_model *m = *state;

	FEED(m, rec_payload(7, 2));
	FEED(m, rec_payload(7, 2));
	expect_owner(m, 7, "nm0", NMA_BY_NETDEV);
	expect_queue(m, 7, 2, NMA_BY_INDEX);
	FEED(m, card());
	FEED(m, CAUSED(card(), GONE));
	assert_true(owner(m, 7)->gone);
	FEED(m, rec_payload(8, 1));	/* the device's record is dropped meanwhile */
	nma_attribute_all(m);
	assert_true(owner(m, 7)->gone);
}

/* virtio_net: four queues, pools that all say 0 */
static void test_all_say_zero(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r;
	__u32 q;

	FEED(m, card());
	for (q = 0; q < 2; q++)
		FEED(m, rec_queue(q));
	for (q = 0; q < 4; q++) {
		r = rec_header(10 + q, 0);
		r.napi_id = 8192 + q;
		FEED(m, r);
	}
	expect_queue(m, 10, 0, NMA_BY_NAPI);
	expect_queue(m, 11, 1, NMA_BY_NAPI);
	expect_queue(m, 12, NMA_NO_QUEUE, NMA_BY_NONE);	/* not in use yet */
	FEED(m, rec_queue(2));
	expect_queue(m, 12, 2, NMA_BY_NAPI);
	r.napi_id = 0;		/* destroyed: it is taken from its NAPI */
	r.pool_id = 11;
	r.detached = 1;
	FEED(m, r);
	expect_queue(m, 11, 1, NMA_BY_SEEN);
}

static void test_zero_of_those_who_count(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();
	struct nma_rec_pool r = rec_header(10, 0);

	FEED(m, nic);
	FEED(m, r);
	expect_queue(m, 10, NMA_NO_QUEUE, NMA_BY_NONE);
	FEED(m, rec_header(11, 1));
	FEED(m, r);		/* a sibling says 1, so 0 is meant */
	expect_queue(m, 10, 0, NMA_BY_INDEX);
	r.napi_id = 77;
	FEED(m, r);
	r.pool_id = 12;
	r.napi_id = 78;		/* but not of two NAPI instances */
	FEED(m, r);
	expect_queue(m, 12, NMA_NO_QUEUE, NMA_BY_NONE);
}

static void test_zero_of_queue_operations(void **state)
{
	struct nma_model *m = *state;

	FEED(m, rec_nic());
	FEED(m, rec_header(10, 0));
	expect_queue(m, 10, 0, NMA_BY_INDEX);
}

static void test_only_queue(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();

	nic.num_rx_queues = 1;
	nic.real_num_rx_queues = 1;
	FEED(m, nic);
	FEED(m, rec_header(10, 0));
	expect_queue(m, 10, 0, NMA_BY_ONLY);
}

static void test_napi(void **state)
{
	struct nma_rec_pool r = mute(10);
	struct nma_model *m = *state;

	FEED(m, card());
	FEED(m, rec_queue(3));
	r.napi_netdev = NETDEV;
	r.napi_id = 8195;
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_NAPI);
	expect_queue(m, 10, 3, NMA_BY_NAPI);
	r.pool_id = 11;
	r.napi_netdev = OTHER;	/* one that the kernel lists nowhere */
	FEED(m, r);
	expect_unknown(m, 11);
}

/* Two queues with one instance: which of them is not known. */
static void test_shared_napi(void **state)
{
	struct nma_rec_pool r = mute(10);
	struct nma_rec_queue q = rec_queue(1);
	struct nma_model *m = *state;

	FEED(m, card());
	FEED(m, q);
	q.queue = 2;
	FEED(m, q);
	r.napi_netdev = NETDEV;
	r.napi_id = q.napi_id;
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_NAPI);
	expect_queue(m, 10, NMA_NO_QUEUE, NMA_BY_NONE);
}

static void test_xdp_memory(void **state)
{
	struct nma_rec_pool r = mute(10);
	struct nma_model *m = *state;

	FEED(m, card());
	FEED(m, card2());
	r.dma_dev = FUNC;
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_PARENT);
	r.xdp_netdev = OTHER;
	r.xdp_queue = 1;
	FEED(m, r);
	expect_owner(m, 10, "nm1", NMA_BY_XDP);
	expect_queue(m, 10, 1, NMA_BY_XDP);
	r.xdp_netdev = 0;	/* later records do not say it again */
	FEED(m, r);
	expect_owner(m, 10, "nm1", NMA_BY_XDP);
}

static void test_dma_device(void **state)
{
	struct nma_rec_pool r = mute(10);
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();

	FEED(m, nic);
	FEED(m, card2());
	r.dma_dev = DEVICE;
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_DMA);
	strcpy(nic.ifname, "nm7");
	FEED(m, nic);		/* renamed: without another record of the pool */
	expect_owner(m, 10, "nm7", NMA_BY_DMA);
	r.pool_id = 11;
	r.dma_dev++;
	FEED(m, r);
	expect_unknown(m, 11);
}

/* vmxnet3 is mapped by its PCI function, virtio by that of the bus below. */
static void test_parent(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();
	struct nma_rec_pool r = mute(10);

	FEED(m, nic);
	r.dma_dev = FUNC;
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_PARENT);
	expect_queue(m, 10, NMA_NO_QUEUE, NMA_BY_NONE);
	nic = card2();
	nic.parent[1] = FUNC;	/* on something that is on it: the nearer one */
	FEED(m, nic);
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_PARENT);
	r.pool_id = 11;
	r.dma_dev = nic.parent[1] = FUNC + 0x4000;
	FEED(m, nic);
	FEED(m, r);
	expect_owner(m, 11, "nm1", NMA_BY_PARENT);
}

/* Two ports on one function: the driver does not tell which has it. */
static void test_two_on_a_parent(void **state)
{
	struct nma_rec_pool r = mute(10);
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card2();

	FEED(m, card());
	nic.parent[0] = FUNC;
	FEED(m, nic);
	r.dma_dev = FUNC;
	FEED(m, r);
	expect_unknown(m, 10);
	assert_false(owner(m, 10)->gone);
	r.detached = 1;
	FEED(m, r);
	assert_false(owner(m, 10)->gone);
}

/* A device that has moved: the kernel leaves its pools at the old loopback. */
static void test_rehomed(void **state)
{
	struct nma_rec_pool r = rec_header(10, 0);
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();

	FEED(m, nic);
	r.napi_netdev = NETDEV;
	FEED(m, r);
	FEED(m, CAUSED(nic, GONE));
	assert_true(owner(m, 10)->gone);
	assert_string_equal(owner(m, 10)->ifname, "nm0");
	nic.hdr.netns = 9;
	nic.hdr.cause = NMA_CAUSE_CHANGE;
	FEED(m, nic);
	expect_owner(m, 10, "nm0", NMA_BY_NETDEV);
	r.netdev = 0;
	r.rehomed = 1;
	FEED(m, r);
	expect_owner(m, 10, "nm0", NMA_BY_NAPI);
	assert_int_equal(owner(m, 10)->netns, 9);
}

/* Removed with buffers out */
static void test_device_gone(void **state)
{
	struct nma_rec_pool r = rec_payload(10, 2);
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();

	FEED(m, nic);
	FEED(m, r);
	r.netdev = 0;
	r.rehomed = 1;
	r.detached = 1;
	FEED(m, CAUSED(nic, GONE));
	FEED(m, r);
	assert_true(owner(m, 10)->gone);
	assert_int_equal(owner(m, 10)->netdev, 0);
	assert_string_equal(owner(m, 10)->ifname, "nm0");
	expect_queue(m, 10, 2, NMA_BY_SEEN);
	nic = card2();		/* a new one at the same address */
	nic.netdev = NETDEV;
	FEED(m, nic);
	FEED(m, r);
	assert_true(owner(m, 10)->gone);
	assert_string_equal(owner(m, 10)->ifname, "nm0");
	r.pool_id = 11;		/* and one that was never seen alive */
	FEED(m, r);
	assert_true(owner(m, 11)->gone);
	assert_int_equal(owner(m, 11)->netns, NETNS);
	assert_string_equal(owner(m, 11)->ifname, "");
	expect_queue(m, 11, NMA_NO_QUEUE, NMA_BY_NONE);
}

/* The pool does not hold the device that its pointer says: another may be there. */
static void test_dangling_device(void **state)
{
	struct nma_rec_pool r = mute(10);
	struct nma_model *m = *state;
	struct nma_rec_nic nic = card();

	FEED(m, nic);
	r.flags = 0;
	r.dma_dev = DEVICE;
	r.detached = 1;
	FEED(m, r);
	expect_unknown(m, 10);
	assert_false(owner(m, 10)->gone);
	r.pool_id = 11;
	r.dma_dev = OTHER;
	FEED(m, r);
	assert_true(owner(m, 11)->gone);
	r.pool_id = 12;		/* mapped: it does */
	r.dma_dev = FUNC;
	r.flags = NMA_PP_DMA_MAP;
	FEED(m, r);
	expect_owner(m, 12, "nm0", NMA_BY_PARENT);
	r.pool_id = 13;		/* seen before it was destroyed */
	r.dma_dev = DEVICE;
	r.flags = 0;
	r.detached = 0;
	FEED(m, r);
	r.detached = 1;
	FEED(m, r);
	expect_owner(m, 13, "nm0", NMA_BY_SEEN);
	/* it has a new name now, or a new index where it was moved to */
	memcpy(nic.ifname, "eth9", 5);
	FEED(m, nic);
	FEED(m, r);
	expect_owner(m, 13, "eth9", NMA_BY_SEEN);
	nic.ifindex += 7;
	FEED(m, nic);
	FEED(m, r);
	expect_owner(m, 13, "eth9", NMA_BY_SEEN);
}

/* A walk that comes too late for the device's own record */
static void test_swept(void **state)
{
	struct nma_model *m = *state;

	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 1));
	FEED(m, card());
	FEED(m, rec_payload(10, 1));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 1));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 2));
	FEED(m, rec_payload(10, 1));
	FEED(m, rec_mark(NMA_MARK_SNAPSHOT_END, 2));
	assert_true(owner(m, 10)->gone);
	assert_string_equal(owner(m, 10)->ifname, "nm0");
}

/* What is done to a buffer is on the pool's device, whoever the kernel says. */
static void test_acts(void **state)
{
	struct nma_place place = { .queue = NMA_NO_QUEUE };
	struct nma_rec_act act = rec_act(NMA_ACT_PUT_TWICE);
	union nma_ref ref = { .act = &act };
	struct nma_model *m = *state;
	struct nma_rec_pool r = mute(21);

	FEED(m, card());
	r.dma_dev = FUNC;
	FEED(m, r);
	act.netdev = 0;
	act.ifindex = 0;
	act.ifname[0] = '\0';
	act.queue = 0;
	nma_subjects[NMA_SUBJ_ACT].place(m, ref, &place);
	assert_string_equal(place.ifname, "nm0");
	assert_int_equal(place.queue, NMA_NO_QUEUE);
	assert_int_equal(nma_subjects[NMA_SUBJ_ACT].netdev(m, ref), NETDEV);
	act.pool_id = 22;	/* of none that we know */
	place = (struct nma_place){ .queue = NMA_NO_QUEUE };
	nma_subjects[NMA_SUBJ_ACT].place(m, ref, &place);
	assert_string_equal(place.ifname, "");
	assert_int_equal(place.queue, NMA_NO_QUEUE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_named),
		T(test_named_only),
		T(test_all_say_zero),
		T(test_zero_of_those_who_count),
		T(test_zero_of_queue_operations),
		T(test_only_queue),
		T(test_napi),
		T(test_shared_napi),
		T(test_xdp_memory),
		T(test_dma_device),
		T(test_parent),
		T(test_two_on_a_parent),
		T(test_rehomed),
		T(test_device_gone),
		T(test_dangling_device),
		T(test_swept),
		T(test_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
