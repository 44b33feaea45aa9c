// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See world.h.
 */
#include <string.h>

#include "world.h"

#define HDR(rec_type, rec) { \
	.type = rec_type, .size = sizeof(rec), .cause = NMA_CAUSE_SNAPSHOT, \
	.time_ns = SEC, .netns = NETNS, \
}

struct nma_rec_nic rec_nic(void)
{
	return (struct nma_rec_nic){
		.hdr = HDR(NMA_REC_NIC, struct nma_rec_nic),
		.netdev = NETDEV, .ifindex = 3, .num_rx_queues = 4,
		.real_num_rx_queues = 4, .real_num_tx_queues = 4, .mtu = 1500,
		.pools = 8, .hds = NMA_HDS_ON, .qops = NMA_QOPS_ALL,
		.flags = NMA_NIC_UP | NMA_NIC_REGISTERED | NMA_NIC_HDS_VALID,
		.rings = NMA_RINGS_GET | NMA_RINGS_SET | NMA_RINGS_HDS,
		.ifname = "nm0", .driver = "nmnic",
	};
}

struct nma_rec_nic rec_upper(void)
{
	return (struct nma_rec_nic){
		.hdr = HDR(NMA_REC_NIC, struct nma_rec_nic),
		.netdev = UPPER, .ifindex = 9, .lower_ifindex = 3,
		.num_rx_queues = 1, .real_num_rx_queues = 1,
		.real_num_tx_queues = 1, .mtu = 1500,
		.flags = NMA_NIC_UP | NMA_NIC_REGISTERED,
		.ifname = "nm0.7", .driver = "vlan",
	};
}

struct nma_rec_edge rec_edge(__u64 upper, __u64 lower)
{
	return (struct nma_rec_edge){
		.hdr = HDR(NMA_REC_EDGE, struct nma_rec_edge),
		.upper = upper, .lower = lower,
	};
}

struct nma_rec_queue rec_queue(__u32 queue)
{
	return (struct nma_rec_queue){
		.hdr = HDR(NMA_REC_QUEUE, struct nma_rec_queue),
		.netdev = NETDEV, .ifindex = 3, .queue = queue,
		.napi_id = 8192 + queue,
	};
}

struct nma_rec_queue rec_bound(__u32 queue)
{
	struct nma_rec_queue r = rec_queue(queue);

	r.mp = NMA_MP_DMABUF;
	r.mp_priv = PROVIDER;
	r.binding_id = 5;
	return r;
}

struct nma_rec_pool rec_header(__u32 id, __u32 queue)
{
	return (struct nma_rec_pool){
		.hdr = HDR(NMA_REC_POOL, struct nma_rec_pool),
		.pool = 0xffff888000100000ull + id * 0x1000ull, .netdev = NETDEV,
		.pool_id = id, .ifindex = 3, .queue = queue, .flags = GOOD_FLAGS,
		.pool_size = 1024, .max_len = 256, .dma_dir = 2, .inflight = 64,
		.hds = NMA_HDS_ON, .ifname = "nm0",
	};
}

struct nma_rec_pool rec_payload(__u32 id, __u32 queue)
{
	struct nma_rec_pool r = rec_header(id, queue);

	r.flags = PAYLOAD_FLAGS;
	r.max_len = 4096;
	return r;
}

struct nma_rec_pool rec_provided(__u32 id, __u32 queue)
{
	struct nma_rec_pool r = rec_payload(id, queue);

	r.mp = NMA_MP_DMABUF;
	r.mp_priv = PROVIDER;
	r.binding_id = 5;
	return r;
}

struct nma_rec_binding rec_binding(void)
{
	return (struct nma_rec_binding){
		.hdr = HDR(NMA_REC_BINDING, struct nma_rec_binding),
		.binding = PROVIDER, .netdev = NETDEV, .dmabuf_ino = 77,
		.size = 16 << 20, .binding_id = 5, .ifindex = 3, .dma_dir = 2,
		.mp = NMA_MP_DMABUF, .exporter = "udmabuf",
	};
}

struct nma_rec_sock rec_sock(__u64 cookie, __u32 tokens)
{
	struct nma_rec_sock r = {
		.hdr = HDR(NMA_REC_SOCK, struct nma_rec_sock),
		.cookie = cookie, .taken = 1000 + tokens, .returned = 1000,
		.bytes = tokens * 4096ull, .outstanding = tokens,
		.binding_id = 5, .family = 2, .sport = 9000, .dport = 40000,
		.src = { 192, 0, 2, 1 }, .dst = { 192, 0, 2, 2 },
	};

	r.hdr.pid = 4711;
	strcpy(r.hdr.comm, "receiver");
	return r;
}

struct nma_rec_op rec_op(enum nma_op op, __u32 queue, __s32 ret)
{
	struct nma_rec_op r = {
		.hdr = HDR(NMA_REC_OP, struct nma_rec_op),
		.netdev = NETDEV, .op = op, .ifindex = 3, .queue = queue,
		.ret = ret, .ifname = "nm0",
	};

	r.hdr.cause = 0;
	return r;
}

struct nma_rec_act rec_act(enum nma_act act)
{
	struct nma_rec_act r = {
		.hdr = HDR(NMA_REC_ACT, struct nma_rec_act),
		.netdev = NETDEV, .act = act, .count = 1, .ifindex = 3,
		.queue = 1, .pool_id = 21, .flags = PAYLOAD_FLAGS, .ifname = "nm0",
	};

	r.hdr.cause = 0;
	return r;
}

struct nma_rec_mark rec_mark(enum nma_mark mark, __u32 generation)
{
	struct nma_rec_mark r = {
		.hdr = HDR(NMA_REC_MARK, struct nma_rec_mark),
		.mark = mark, .generation = generation,
	};

	r.hdr.cause = 0;
	return r;
}

struct nma_rec_held rec_held(enum nma_holder holder, __u32 buffers)
{
	struct nma_rec_held r = {
		.hdr = HDR(NMA_REC_HELD, struct nma_rec_held),
		.pool_id = 21, .buffers = buffers, .holder = holder, .cpu = NMA_NO_CPU,
		.object = 1,
	};

	r.hdr.pid = 0;
	memset(r.hdr.comm, 0, sizeof(r.hdr.comm));
	if (holder == NMA_HOLDER_DEFER || holder == NMA_HOLDER_BACKLOG) {
		r.cpu = 1;
		return r;
	}
	r.hdr.pid = 4711;
	memcpy(r.hdr.comm, "python3", 8);
	r.object = 0xffff888000009000ull;
	r.cookie = 7;
	r.where = holder == NMA_HOLDER_SOCKET ? NMA_WHERE_RECEIVE : NMA_WHERE_ANY;
	r.family = 2;
	r.protocol = 6;
	r.state = 1;
	r.sport = 7000;
	r.dport = 40000;
	memcpy(r.src, "\xc0\x00\x02\x01", 4);
	memcpy(r.dst, "\xc0\x00\x02\x02", 4);
	return r;
}

/* The walk meets it once more. */
static void feed_again(struct nma_model *m, const struct nma_pool *pool)
{
	struct nma_rec_pool r = pool->r;

	r.hdr.cause = NMA_CAUSE_SNAPSHOT;
	FEED(m, r);
}

void look(struct nma_model *m, __u32 holders, const struct nma_rec_held *held)
{
	struct nma_rec_mark end = rec_mark(NMA_MARK_HELD_END, m->generation);

	FEED(m, rec_mark(NMA_MARK_HELD_BEGIN, m->generation));
	for (; held && held->buffers; held++)
		FEED(m, *held);
	nma_model_for_each(struct nma_pool, &m->pools, pool)
		feed_again(m, pool);
	end.holders = holders;
	FEED(m, end);
}

void look_twice(struct nma_model *m)
{
	look(m, ALL_HOLDERS, NULL);
	look(m, ALL_HOLDERS, NULL);
}

/* A change points to its record, which callers may have on the stack. */
struct nma_change feed(struct nma_model *m, const void *rec)
{
	static union {
		struct nma_rec_hdr hdr;
		char room[512];
	} copy;
	struct nma_change change;

	memcpy(&copy, rec, ((const struct nma_rec_hdr *)rec)->size);
	assert_int_equal(nma_model__apply(m, &copy.hdr, &change), 0);
	return change;
}

struct nma_verdict *verdict(const struct nma_model *m, enum nma_rule_id rule,
			    union nma_ref ref, __u64 now_ns,
			    const struct nma_rec_hdr *trigger)
{
	static const struct nma_limits limits = NMA_LIMITS_DEFAULT;
	static struct nma_verdict v;
	struct nma_rule_ctx ctx = {
		.model = m, .limits = &limits, .now_ns = now_ns, .trigger = trigger,
	};

	assert_non_null(ref.any);
	nma_rule_run(&ctx, rule, ref, &v);
	return &v;
}

const struct nma_finding *expect_one(const struct nma_verdict *v,
				     enum nma_severity sev)
{
	assert_int_equal(v->nr, 1);
	assert_int_equal(v->item[0].severity, sev);
	assert_true(v->item[0].message[0]);
	assert_true(v->item[0].severity <= nma_rules[v->item[0].rule].severity);
	return &v->item[0];
}

void expect_none(const struct nma_verdict *v)
{
	if (v->nr)
		print_error("unexpected: %s\n", v->item[0].message);
	assert_int_equal(v->nr, 0);
}

const struct nma_value *evidence(const struct nma_finding *f, const char *key)
{
	unsigned int i;

	for (i = 0; i < f->nr_evidence; i++)
		if (!strcmp(f->evidence[i].key, key))
			return &f->evidence[i].value;
	fail_msg("no evidence %s", key);
	return NULL;
}
