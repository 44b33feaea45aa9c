// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Each verdict on a broken object and on its clean twin.
 */
#include <errno.h>
#include <string.h>

#include "healthy.h"

static void test_healthy(void **state)
{
	struct nma_model *m = *state;
	__u32 ids[] = { 10, 11, 20, 21 };
	unsigned int i;

	FEED(m, rec_sock(1, 0));
	expect_none(VERDICT(DRV_01, nic(m)));
	expect_none(VERDICT(BIND_04, nic(m)));
	for (i = 0; i < 2; i++) {
		expect_none(VERDICT(POOL_03, queue(m, i)));
		expect_none(VERDICT(BIND_01, queue(m, i)));
		expect_none(VERDICT(BIND_02, queue(m, i)));
	}
	for (i = 0; i < 4; i++) {
		expect_none(VERDICT(POOL_01, pool(m, ids[i])));
		expect_none(VERDICT(POOL_02, pool(m, ids[i])));
		expect_none(VERDICT(PP_06, pool(m, ids[i])));
	}
	expect_none(VERDICT(TOK_01, sock(m, 1)));
	expect_none(VERDICT(TOK_03, sock(m, 1)));
}

static void test_subject_is_named(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_provided(21, 1);
	const struct nma_finding *f;

	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	FEED(m, r);
	f = expect_one(VERDICT(POOL_01, pool(m, 21)), NMA_SEV_E);
	assert_string_equal(f->ifname, "nm0");
	assert_int_equal(f->ifindex, 3);
	assert_int_equal(f->queue, 1);
	assert_int_equal(f->pool_id, 21);
	assert_int_equal(f->binding_id, 5);
	assert_int_equal(f->netns, NETNS);
	assert_string_equal(evidence(f, "flags")->str, "DMA_MAP|ALLOW_UNREADABLE");
}

static void test_drv_01(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = rec_nic();
	const struct nma_finding *f;

	r.qops &= ~NMA_QOPS_STOP;
	FEED(m, r);
	f = expect_one(VERDICT(DRV_01, nic(m)), NMA_SEV_E);
	assert_string_equal(evidence(f, "missing")->str, "ndo_queue_stop");

	FEED(m, rec_queue(1));	/* nothing bound: latent */
	expect_one(VERDICT(DRV_01, nic(m)), NMA_SEV_W);

	r = rec_nic();
	r.rings = NMA_RINGS_GET | NMA_RINGS_SET;
	FEED(m, r);
	f = expect_one(VERDICT(DRV_01, nic(m)), NMA_SEV_W);
	assert_string_equal(evidence(f, "missing")->str,
			    "ETHTOOL_RING_USE_TCP_DATA_SPLIT");

	r = rec_nic();
	r.pools = 0;
	FEED(m, r);
	f = expect_one(VERDICT(DRV_01, nic(m)), NMA_SEV_W);
	assert_int_equal(f->patience, NMA_SETTLE);
}

static void test_drv_01_spares(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = rec_nic();

	r.qops = 0;		/* veth, lo, bridge: claim nothing */
	r.rings = 0;
	r.pools = 0;
	FEED(m, r);
	expect_none(VERDICT(DRV_01, nic(m)));
	r.qops = NMA_QOPS_PRESENT;	/* netkit: no restart */
	FEED(m, r);
	expect_none(VERDICT(DRV_01, nic(m)));
	r = rec_nic();
	r.flags &= ~NMA_NIC_UP;	/* pools come with open */
	r.pools = 0;
	FEED(m, r);
	expect_none(VERDICT(DRV_01, nic(m)));
	r = rec_nic();
	r.qops = NMA_QOPS_PRESENT | NMA_QOPS_START;
	r.flags = 0;		/* still being registered */
	FEED(m, r);
	expect_none(VERDICT(DRV_01, nic(m)));
}

static void test_pool_01(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 0);
	const struct nma_finding *f;

	r.flags &= ~NMA_PP_DMA_MAP;
	FEED(m, r);
	f = expect_one(VERDICT(POOL_01, pool(m, 11)), NMA_SEV_W);
	assert_non_null(strstr(f->message, "PP_FLAG_DMA_MAP"));

	r = rec_payload(11, 0);
	r.max_len = 0;
	FEED(m, r);
	f = expect_one(VERDICT(POOL_01, pool(m, 11)), NMA_SEV_W);
	assert_non_null(strstr(f->message, "max_len"));

	r = rec_header(10, 0);	/* plain pools may do as they like */
	r.flags = 0;
	FEED(m, r);
	expect_none(VERDICT(POOL_01, pool(m, 10)));
}

static void test_pool_01_refused(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(0, 0);
	const struct nma_finding *f;
	struct nma_change c;

	r.hdr.cause = NMA_CAUSE_CREATE_FAILED;
	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	r.err = -EOPNOTSUPP;
	c = FEED(m, r);
	f = expect_one(verdict(m, NMA_RULE_POOL_01, c.ref, NOW, c.hdr), NMA_SEV_E);
	assert_true(f->event);
	assert_int_equal(f->queue, 0);
	assert_int_equal(evidence(f, "errno")->s, EOPNOTSUPP);

	r.err = -ENOMEM;
	c = FEED(m, r);
	expect_none(verdict(m, NMA_RULE_POOL_01, c.ref, NOW, c.hdr));
	r = rec_payload(0, 0);	/* refused for another reason */
	r.hdr.cause = NMA_CAUSE_CREATE_FAILED;
	r.err = -EOPNOTSUPP;
	c = FEED(m, r);
	expect_none(verdict(m, NMA_RULE_POOL_01, c.ref, NOW, c.hdr));
}

/* While the bind that the kernel is about to refuse lasts, the queue has a provider and
 * the pool is the old one, of host memory.
 */
static void test_pool_01_while_refused(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 0);
	const struct nma_finding *f;

	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	FEED(m, r);
	FEED(m, rec_bound(0));
	f = expect_one(VERDICT(POOL_01, pool(m, 11)), NMA_SEV_W);
	assert_non_null(strstr(f->message, "will be refused"));
	assert_int_equal(evidence(f, "max_len_bytes")->u, 4096);
	r.mp = NMA_MP_DMABUF;		/* one that has got through */
	r.mp_priv = PROVIDER;
	FEED(m, r);
	expect_one(VERDICT(POOL_01, pool(m, 11)), NMA_SEV_E);
}

static void test_pool_02(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = rec_nic();
	const struct nma_finding *f;

	r.hds = NMA_HDS_OFF;
	FEED(m, r);
	f = expect_one(VERDICT(POOL_02, pool(m, 11)), NMA_SEV_W);
	assert_int_equal(f->patience, NMA_SETTLE);
	expect_one(VERDICT(POOL_02, pool(m, 21)), NMA_SEV_E);
	expect_none(VERDICT(POOL_02, pool(m, 10)));	/* header pools */
	expect_none(VERDICT(POOL_02, pool(m, 20)));

	r.hds = NMA_HDS_UNKNOWN;	/* nobody tells: no verdict */
	FEED(m, r);
	expect_none(VERDICT(POOL_02, pool(m, 11)));
	r.flags &= ~NMA_NIC_HDS_VALID;	/* 6.12: the driver tells */
	FEED(m, r);
	nma_model__set_hds(m, NETDEV, NMA_HDS_OFF, NULL);
	expect_one(VERDICT(POOL_02, pool(m, 11)), NMA_SEV_W);
	nma_model__set_hds(m, NETDEV, NMA_HDS_ON, NULL);
	expect_none(VERDICT(POOL_02, pool(m, 11)));
}

static void test_pool_02_flag_missing(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_payload(11, 0);
	struct nma_rec_nic n = rec_nic();

	r.flags = GOOD_FLAGS;
	FEED(m, r);
	expect_one(VERDICT(POOL_02, pool(m, 10)), NMA_SEV_I);	/* once per queue */
	expect_none(VERDICT(POOL_02, pool(m, 11)));
	n.qops = 0;		/* claims nothing */
	FEED(m, n);
	expect_none(VERDICT(POOL_02, pool(m, 10)));
	FEED(m, rec_nic());
	r = rec_provided(21, 1);	/* bound: NM-BIND-01's business */
	r.flags = GOOD_FLAGS;
	r.mp = NMA_MP_NONE;
	r.mp_priv = 0;
	FEED(m, r);
	expect_none(VERDICT(POOL_02, pool(m, 20)));
}

static void test_pool_03(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_header(20, 1);
	const struct nma_finding *f;

	r.flags = PAYLOAD_FLAGS;
	r.mp = NMA_MP_DMABUF;
	r.mp_priv = PROVIDER;
	FEED(m, r);
	f = expect_one(VERDICT(POOL_03, queue(m, 1)), NMA_SEV_F);
	assert_int_equal(f->pool_id, 20);	/* the smaller buffers */
	assert_int_equal(f->patience, NMA_SETTLE);
	assert_int_equal(evidence(f, "pool_ids")->nr, 2);
	expect_none(VERDICT(POOL_03, queue(m, 0)));

	r = rec_header(10, 0);	/* no provider: latent */
	r.flags = PAYLOAD_FLAGS;
	FEED(m, r);
	expect_one(VERDICT(POOL_03, queue(m, 0)), NMA_SEV_W);
}

static void test_pool_03_spares_the_destroyed(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_provided(22, 1);

	r.detached = 1;		/* the old pool after a restart */
	FEED(m, r);
	expect_none(VERDICT(POOL_03, queue(m, 1)));
	FEED(m, CAUSED(rec_provided(23, 1), GONE));
	expect_none(VERDICT(POOL_03, queue(m, 1)));
}

static void test_bind_01(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = rec_provided(21, 1);
	struct nma_rec_nic n = rec_nic();
	const struct nma_finding *f;

	r.mp = NMA_MP_NONE;
	r.mp_priv = 0;
	FEED(m, r);
	f = expect_one(VERDICT(BIND_01, queue(m, 1)), NMA_SEV_E);
	assert_int_equal(f->queue, 1);
	assert_int_equal(f->patience, NMA_SETTLE);
	assert_int_equal(evidence(f, "pool_ids")->nr, 2);

	n.flags &= ~NMA_NIC_UP;	/* a device that is down has no pools */
	FEED(m, n);
	expect_none(VERDICT(BIND_01, queue(m, 1)));
}

static void test_bind_01_other_queue_does_not_help(void **state)
{
	struct nma_model *m = *state;

	FEED(m, CAUSED(rec_provided(21, 1), DETACH));
	FEED(m, rec_provided(30, 2));
	expect_one(VERDICT(BIND_01, queue(m, 1)), NMA_SEV_E);
}

static void test_bind_01_refused(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_op r = rec_op(NMA_OP_MP_CHECK, 0, -ENODATA);
	const struct nma_finding *f;

	f = expect_one(verdict(m, NMA_RULE_BIND_01, queue(m, 0), NOW, &r.hdr),
		       NMA_SEV_E);
	assert_true(f->event);
	assert_int_equal(f->binding_id, 0);
	r.mp_priv = PROVIDER;
	f = expect_one(verdict(m, NMA_RULE_BIND_01, queue(m, 0), NOW, &r.hdr),
		       NMA_SEV_E);
	assert_int_equal(f->binding_id, 5);
	r.ret = 0;
	expect_none(verdict(m, NMA_RULE_BIND_01, queue(m, 0), NOW, &r.hdr));
	r.ret = -ENODATA;	/* right answer of a driver that does not split */
	nma_model__set_hds(m, NETDEV, NMA_HDS_OFF, NULL);
	FEED(m, ({ struct nma_rec_nic n = rec_nic(); n.hds = NMA_HDS_OFF; n; }));
	expect_none(verdict(m, NMA_RULE_BIND_01, queue(m, 0), NOW, &r.hdr));
}

static void test_bind_02(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic n = rec_nic();
	const struct nma_verdict *v;

	n.hds = NMA_HDS_OFF;
	FEED(m, n);
	expect_one(VERDICT(BIND_02, queue(m, 1)), NMA_SEV_E);
	expect_none(VERDICT(BIND_02, queue(m, 0)));

	n = rec_nic();
	n.hds_thresh = 256;
	FEED(m, n);
	expect_one(VERDICT(BIND_02, queue(m, 1)), NMA_SEV_E);

	n = rec_nic();
	n.flags &= ~NMA_NIC_HDS_VALID;
	n.hds = NMA_HDS_UNKNOWN;
	n.hds_thresh = 256;	/* not valid either */
	FEED(m, n);
	v = VERDICT(BIND_02, queue(m, 1));
	assert_int_equal(expect_one(v, NMA_SEV_I)->kind, NMA_KIND_NOTE);
}

static void test_bind_04(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic n = rec_nic();
	const struct nma_finding *f;

	n.xdp_prog_id[1] = 42;
	FEED(m, n);
	f = expect_one(VERDICT(BIND_04, nic(m)), NMA_SEV_F);
	assert_int_equal(evidence(f, "xdp_prog_id")->u, 42);
	assert_string_equal(evidence(f, "xdp_mode")->str, "driver");
	assert_int_equal(evidence(f, "queues")->list[0], 1);
	FEED(m, rec_queue(1));	/* no longer bound: XDP is welcome */
	expect_none(VERDICT(BIND_04, nic(m)));
}

static void test_bind_04_upper(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic u = rec_upper();
	union nma_ref upper;
	const struct nma_finding *f;

	FEED(m, u);
	upper.nic = nma_model__nic(m, UPPER);
	expect_none(VERDICT(BIND_04, upper));
	u.xdp_prog_id[0] = 7;
	FEED(m, u);
	expect_none(VERDICT(BIND_04, upper));	/* of another device */
	FEED(m, rec_edge(UPPER, NETDEV));
	f = expect_one(VERDICT(BIND_04, upper), NMA_SEV_F);
	assert_string_equal(f->ifname, "nm0.7");
	assert_string_equal(evidence(f, "lower_ifname")->str, "nm0");
	strcpy(u.driver, "vrf");	/* gets no packet that its port had */
	FEED(m, u);
	expect_none(VERDICT(BIND_04, upper));
	strcpy(u.driver, "bond");
	FEED(m, u);
	expect_one(VERDICT(BIND_04, upper), NMA_SEV_F);
	FEED(m, rec_queue(1));
	expect_none(VERDICT(BIND_04, upper));
}

/* Destroyed a minute ago with 30 buffers out */
static struct nma_rec_pool dying(void)
{
	struct nma_rec_pool r = rec_provided(21, 1);

	r.detached = 1;
	r.detach_ns = NOW - 61 * SEC;
	r.inflight = 30;
	return r;
}

static void test_pp_06(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_pool r = dying();
	const struct nma_finding *f;

	FEED(m, r);
	expect_none(VERDICT(PP_06, pool(m, 21)));	/* nobody has looked */
	look(m, ALL_HOLDERS, NULL);
	expect_none(VERDICT(PP_06, pool(m, 21)));	/* only once */
	look(m, ALL_HOLDERS, NULL);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_E);
	assert_int_equal(f->kind, NMA_KIND_LEAK);
	assert_int_equal(f->patience, NMA_AGE);
	assert_int_equal(f->since_ns, r.detach_ns);
	assert_int_equal(evidence(f, "detached_for_ns")->u, 61 * SEC);
	assert_int_equal(evidence(f, "buffers")->s, 30);
	assert_string_equal(evidence(f, "holder")->str, "driver");
	assert_string_equal(f->message,
			    "30 buffers of a destroyed page_pool have not come back and are in no "
			    "ring, GRO list, backlog of a CPU, packet, socket, "
			    "send queue of a socket, token table, io_uring area or deferred-free list");

	r.inflight = 0;
	FEED(m, r);
	expect_none(VERDICT(PP_06, pool(m, 21)));
	r.inflight = 1;		/* no device any more */
	r.pool_id = 22;
	r.netdev = 0;
	r.mp = NMA_MP_NONE;
	FEED(m, r);
	look_twice(m);
	f = expect_one(VERDICT(PP_06, pool(m, 22)), NMA_SEV_E);
	assert_int_equal(f->queue, NMA_NO_QUEUE);
	assert_non_null(strstr(f->message, "1 buffer of a destroyed page_pool has not come back "
					   "and is in no ring, "));
}

/* Freed, and waiting on a CPU: nobody's fault. */
static void test_pp_06_deferred(void **state)
{
	const struct nma_rec_held held[] = { rec_held(NMA_HOLDER_DEFER, 30), { .buffers = 0 } };
	struct nma_model *m = *state;
	const struct nma_finding *f;

	FEED(m, dying());
	look(m, ALL_HOLDERS, held);
	look(m, ALL_HOLDERS, held);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_I);
	assert_string_equal(f->message,
			    "30 buffers of a destroyed page_pool are freed and wait until CPU 1 next receives");
	assert_int_equal(evidence(f, "holder_cpu")->u, 1);
	look_twice(m);		/* and then they are nowhere */
	expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_E);
}

/* A destroyed pool empties its ring once a second. */
static void test_pp_06_put_back(void **state)
{
	const struct nma_rec_held held[] = { rec_held(NMA_HOLDER_RING, 30), { .buffers = 0 } };
	struct nma_model *m = *state;
	const struct nma_finding *f;

	FEED(m, dying());
	look(m, ALL_HOLDERS, held);
	look(m, ALL_HOLDERS, held);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_I);
	assert_string_equal(f->message,
			    "30 buffers of a destroyed page_pool are in the pool's ring");
}

/* A CPU that does not get to it is not the driver's fault. */
static void test_pp_06_redirected(void **state)
{
	struct nma_rec_held held[] = { rec_held(NMA_HOLDER_XDP, 30), { .buffers = 0 } };
	struct nma_model *m = *state;
	const struct nma_finding *f;

	held[0].family = 0;
	held[0].hdr.pid = 0;
	held[0].cpu = 1;
	held[0].map_id = 7;
	FEED(m, dying());
	look(m, ALL_HOLDERS, held);
	look(m, ALL_HOLDERS, held);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_W);
	assert_string_equal(f->message,
			    "30 buffers of a destroyed page_pool have been redirected by XDP and wait "
			    "in cpumap 7, CPU 1");
	assert_string_equal(evidence(f, "holder")->str, "xdp");
	assert_int_equal(evidence(f, "holder_cpu")->u, 1);
	assert_int_equal(evidence(f, "map_id")->u, 7);
	/* what its thread may have at the moment, and more than that */
	held[0].buffers = 22;
	look(m, ALL_HOLDERS, held);
	look(m, ALL_HOLDERS, held);
	expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_W);
	held[0].buffers = 21;
	look(m, ALL_HOLDERS, held);
	look(m, ALL_HOLDERS, held);
	assert_int_equal(VERDICT(PP_06, pool(m, 21))->nr, 2);
}

static void test_pp_06_unread(void **state)
{
	struct nma_rec_held held[] = {
		rec_held(NMA_HOLDER_SOCKET, 20), rec_held(NMA_HOLDER_SOCKET, 10), { .buffers = 0 },
	};
	struct nma_model *m = *state;
	const struct nma_finding *f;

	held[1].object++;
	FEED(m, dying());
	look(m, ALL_HOLDERS, held);
	look(m, ALL_HOLDERS, held);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_W);
	assert_string_equal(f->message,
			    "20 buffers of a destroyed page_pool wait unread in the receive queue of "
			    "TCP 192.0.2.1:7000, python3, pid 4711, 10 more in 1 other places");
	assert_int_equal(f->cookie, 7);
	assert_int_equal(evidence(f, "buffers")->u, 30);
	assert_int_equal(evidence(f, "holder_pid")->u, 4711);
	assert_string_equal(evidence(f, "holder")->str, "socket");
	assert_string_equal(evidence(f, "local")->str, "192.0.2.1:7000");
	assert_string_equal(evidence(f, "remote")->str, "192.0.2.2:40000");
	assert_string_equal(evidence(f, "state")->str, "ESTABLISHED");
}

static void test_pp_06_orphan(void **state)
{
	struct nma_rec_held held[] = { rec_held(NMA_HOLDER_TOKEN, 30), { .buffers = 0 } };
	struct nma_model *m = *state;
	const struct nma_finding *f;
	unsigned int i;

	held[0].orphan = 1;
	held[0].hdr.pid = 0;
	held[0].state = 4;
	FEED(m, dying());
	look(m, ALL_HOLDERS, held);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_W);
	assert_string_equal(f->message,
			    "30 buffers of a destroyed page_pool are tokens of orphaned "
			    "TCP 192.0.2.1:7000, FIN-WAIT-1");
	for (i = 0; i < f->nr_evidence; i++)
		assert_string_not_equal(f->evidence[i].key, "holder_pid");
}

/* What moves between two looks, or comes back in one, is not lost. */
static void test_pp_06_moving(void **state)
{
	const struct nma_rec_held some[] = { rec_held(NMA_HOLDER_DEFER, 23), { .buffers = 0 } };
	struct nma_rec_pool r = dying();
	struct nma_model *m = *state;
	const struct nma_verdict *v;

	FEED(m, r);
	look(m, ALL_HOLDERS, some);
	look(m, ALL_HOLDERS, NULL);
	v = VERDICT(PP_06, pool(m, 21));
	assert_int_equal(expect_one(v, NMA_SEV_E)->evidence[0].value.s, 7);
	FEED(m, rec_mark(NMA_MARK_HELD_BEGIN, 0));
	r.inflight = 0;
	FEED(m, r);
	FEED(m, rec_mark(NMA_MARK_HELD_END, 0));
	expect_none(VERDICT(PP_06, pool(m, 21)));
}

/* Where we cannot look, nobody is accused of it. */
static void test_pp_06_blind(void **state)
{
	struct nma_model *m = *state;
	const struct nma_finding *f;

	FEED(m, dying());
	look(m, ~(1u << NMA_HOLDER_DEFER), NULL);
	look(m, ~(1u << NMA_HOLDER_DEFER), NULL);
	f = expect_one(VERDICT(PP_06, pool(m, 21)), NMA_SEV_W);
	assert_non_null(strstr(f->message, "not every deferred-free list could be looked into"));
}

static void test_tok_01(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_sock r = rec_sock(1, 23);
	const struct nma_finding *f;
	struct nma_verdict *v;

	r.oldest_ns = NOW - 11 * SEC;
	FEED(m, r);
	f = expect_one(VERDICT(TOK_01, sock(m, 1)), NMA_SEV_W);
	assert_int_equal(f->patience, NMA_AGE);
	assert_int_equal(f->hold_ns, 10 * SEC);
	assert_int_equal(f->since_ns, r.oldest_ns);
	assert_string_equal(f->ifname, "nm0");
	assert_int_equal(f->cookie, 1);
	assert_string_equal(evidence(f, "comm")->str, "receiver");

	FEED(m, rec_sock(1, 2048));	/* half of 16 MiB, not more */
	expect_one(VERDICT(TOK_01, sock(m, 1)), NMA_SEV_W);
	FEED(m, rec_sock(1, 2049));
	v = VERDICT(TOK_01, sock(m, 1));
	assert_int_equal(v->nr, 2);
	assert_int_equal(v->item[1].detail, 1);
}

static void test_tok_03(void **state)
{
	struct nma_model *m = *state;
	struct nma_change c;

	FEED(m, rec_sock(1, 23));
	c = FEED(m, CAUSED(rec_sock(1, 23), GONE));
	expect_one(verdict(m, NMA_RULE_TOK_03, c.ref, NOW, c.hdr), NMA_SEV_I);
	expect_none(verdict(m, NMA_RULE_TOK_01, c.ref, NOW, c.hdr));
	c = FEED(m, CAUSED(rec_sock(2, 0), GONE));
	expect_none(verdict(m, NMA_RULE_TOK_03, c.ref, NOW, c.hdr));
	c = FEED(m, CAUSED(rec_sock(3, 23), CHANGE));
	expect_none(verdict(m, NMA_RULE_TOK_03, c.ref, NOW, c.hdr));
}

/* Rules must not stumble over objects whose device is not known yet. */
static void test_orphans(void **state)
{
	struct nma_model *m = nma_model__new();

	(void)state;
	FEED(m, rec_bound(1));
	FEED(m, rec_provided(21, 1));
	FEED(m, rec_sock(1, 23));
	expect_none(VERDICT(POOL_01, pool(m, 21)));
	expect_none(VERDICT(POOL_02, pool(m, 21)));
	expect_none(VERDICT(POOL_03, queue(m, 1)));
	expect_none(VERDICT(BIND_01, queue(m, 1)));
	expect_none(VERDICT(BIND_02, queue(m, 1)));
	expect_none(VERDICT(PP_06, pool(m, 21)));
	expect_one(VERDICT(TOK_01, sock(m, 1)), NMA_SEV_W);
	nma_model__free(m);
}

static void test_catalogue(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < NMA_RULE_MAX; i++) {
		const struct nma_rule *r = &nma_rules[i];

		assert_int_equal(strncmp(r->id, "NM-", 3), 0);
		assert_int_equal(nma_rule_find(r->id), i);
		assert_true(strlen(r->title) > 10 && strlen(r->title) < 60);
		assert_non_null(strchr(r->source, ':'));
		assert_true(strlen(r->advice) > 40 && strlen(r->advice) < 1000);
		assert_true(strlen(r->source) < 1000);
		assert_non_null(r->fn);
		assert_true(r->hooks && !(r->hooks & ~NMA_HOOKS_ALL));
		for (j = 0; j < i; j++) {
			assert_string_not_equal(r->id, nma_rules[j].id);
			assert_string_not_equal(r->title, nma_rules[j].title);
		}
	}
	assert_int_equal(nma_rule_find("nm-pool-03"), NMA_RULE_POOL_03);
	assert_int_equal(nma_rule_find("NM-POOL"), NMA_RULE_MAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, healthy_setup, healthy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_healthy),
		T(test_subject_is_named),
		T(test_drv_01),
		T(test_drv_01_spares),
		T(test_pool_01),
		T(test_pool_01_refused),
		T(test_pool_01_while_refused),
		T(test_pool_02),
		T(test_pool_02_flag_missing),
		T(test_pool_03),
		T(test_pool_03_spares_the_destroyed),
		T(test_bind_01),
		T(test_bind_01_other_queue_does_not_help),
		T(test_bind_01_refused),
		T(test_bind_02),
		T(test_bind_04),
		T(test_bind_04_upper),
		T(test_pp_06),
		T(test_pp_06_deferred),
		T(test_pp_06_put_back),
		T(test_pp_06_redirected),
		T(test_pp_06_unread),
		T(test_pp_06_orphan),
		T(test_pp_06_moving),
		T(test_pp_06_blind),
		T(test_tok_01),
		T(test_tok_03),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
