// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Patience, folding, marking, forgetting.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/opts.h"
#include "world.h"

#define ALL	((1ull << NMA_RULE_MAX) - 1)

struct court {
	struct nma_model *m;
	struct nma_judge *j;
	unsigned int reports;
	__u64 counted;		/* sum of what the reports say */
	__u64 stormed;		/* and of what storms say */
	__u64 storms;
	struct nma_finding last;
};

static void on_report(void *ctx, const struct nma_finding *f)
{
	struct court *c = ctx;

	c->reports++;
	c->counted += f->folded;
	c->last = *f;
}

static void on_storm(void *ctx, enum nma_rule_id rule, __u64 findings, __u64 count)
{
	struct court *c = ctx;

	assert_true(rule < NMA_RULE_MAX && findings <= count);
	c->storms++;
	c->stormed += count;
}

static void reopen(struct court *c, const struct nma_strs *names, size_t max)
{
	struct nma_judge_opts opts = {
		.model = c->m, .limits = NMA_LIMITS_DEFAULT, .rules = ALL,
		.ifnames = names, .report = on_report, .storm = on_storm, .ctx = c,
		.max_cases = max,
	};

	nma_judge__free(c->j);
	c->j = nma_judge__new(&opts);
	assert_non_null(c->j);
}

static int setup(void **state)
{
	struct nma_queue_set rss = { .known = true };	/* spread over none */
	struct court *c = calloc(1, sizeof(*c));

	c->m = nma_model__new();
	reopen(c, NULL, 0);
	FEED(c->m, rec_nic());
	FEED(c->m, rec_bound(1));
	FEED(c->m, rec_header(20, 1));
	FEED(c->m, rec_provided(21, 1));
	FEED(c->m, rec_binding());
	nma_model__set_rss(c->m, NETDEV, &rss);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct court *c = *state;

	nma_judge__free(c->j);
	nma_model__free(c->m);
	free(c);
	return 0;
}

static void record(struct court *c, const void *rec, __u64 now)
{
	struct nma_change change = feed(c->m, rec);

	nma_judge__record(c->j, &change, now);
}

#define RECORD(c, rec, now) \
	do { __auto_type rec_ = (rec); record(c, &rec_, now); } while (0)

static struct nma_rec_pool bad_pool(__u32 id)
{
	struct nma_rec_pool r = CAUSED(rec_payload(id, 0), CREATE);

	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	return r;
}

static unsigned int active(const struct court *c)
{
	unsigned int nr = 0;

	nma_judge_for_each(c->j, f)
		nr++;
	return nr;
}

static void test_clean(void **state)
{
	struct court *c = *state;

	nma_judge__all(c->j, 10 * SEC);
	nma_judge__all(c->j, 20 * SEC);
	assert_int_equal(c->reports, 0);
	assert_int_equal(c->j->cases.nr, 0);
	assert_int_equal(nma_judge__due(c->j), ~0ull);
}

static void test_once_not_every_look(void **state)
{
	struct court *c = *state;
	int i;

	RECORD(c, bad_pool(30), 10 * SEC);
	for (i = 11; i < 20; i++)
		nma_judge__all(c->j, i * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->last.count, 1);
	assert_int_equal(c->last.rule, NMA_RULE_POOL_01);
	assert_int_equal(c->j->total[NMA_SEV_W], 1);
}

static void test_settle(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool second = CAUSED(rec_provided(22, 1), CREATE);

	RECORD(c, second, 10 * SEC);	/* restart: two pools for a moment */
	assert_int_equal(nma_judge__pending(c->j, NMA_SETTLE), 1);
	assert_int_equal(nma_judge__due(c->j), 11 * SEC);
	RECORD(c, CAUSED(rec_provided(21, 1), DETACH), 10 * SEC + SEC / 2);
	nma_judge__all(c->j, 20 * SEC);
	assert_int_equal(c->reports, 0);

	RECORD(c, CAUSED(rec_provided(23, 1), CREATE), 30 * SEC);
	nma_judge__all(c->j, 30 * SEC + SEC / 2);
	assert_int_equal(c->reports, 0);
	nma_judge__all(c->j, 31 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->last.rule, NMA_RULE_POOL_03);
	assert_int_equal(active(c), 1);
	nma_judge__all(c->j, 32 * SEC);
	assert_int_equal(c->reports, 1);
}

/* A second pool with the provider: legal while the queue is rebuilt */
static void rebuild(struct court *c)
{
	struct nma_rec_pool r = CAUSED(rec_provided(22, 1), CREATE);

	record(c, &r, 1 * SEC);
	assert_int_equal(nma_judge__pending(c->j, NMA_SETTLE), 1);
}

/* Its own records do not end the patience with it, however long it takes. */
static void test_a_slow_rebuild_goes_on(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool r = CAUSED(rec_header(20, 1), DETACH);

	rebuild(c);
	record(c, &r, 3 * SEC);
	assert_int_equal(c->reports, 0);
	r = CAUSED(rec_provided(21, 1), DETACH);
	record(c, &r, 3 * SEC);
	nma_judge__all(c->j, 4 * SEC);
	assert_int_equal(c->reports, 0);
	assert_int_equal(active(c), 0);
}

/* Nor does a look while the device is locked; after ten times that it does. */
static void test_a_locked_device_is_being_changed(void **state)
{
	struct court *c = *state;
	struct nma_rec_nic nic = rec_nic();

	nic.locked = 1;
	FEED(c->m, nic);
	rebuild(c);
	nma_judge__all(c->j, 4 * SEC);
	nma_judge__all(c->j, 11 * SEC);
	assert_int_equal(c->reports, 0);
	nma_judge__all(c->j, 12 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->last.rule, NMA_RULE_POOL_03);
}

static void test_cleared_and_back(void **state)
{
	struct court *c = *state;
	struct nma_rec_nic n = rec_nic();
	int i;

	for (i = 0; i < 3; i++) {
		n.xdp_prog_id[0] = 7;
		RECORD(c, CAUSED(n, CHANGE), (10 + i) * SEC);
		assert_int_equal(active(c), 1);
		n.xdp_prog_id[0] = 0;
		RECORD(c, CAUSED(n, CHANGE), (10 + i) * SEC + 1);
		assert_int_equal(active(c), 0);
	}
	assert_int_equal(c->reports, 1);	/* folded */
	nma_judge__flush(c->j, 20 * SEC, SEC);
	assert_int_equal(c->reports, 2);
	assert_int_equal(c->last.count, 3);
	assert_int_equal(c->counted, 3);	/* lines of a stream add up */
	nma_judge__flush(c->j, 40 * SEC, SEC);
	assert_int_equal(c->reports, 2);
	assert_int_equal(c->j->total[NMA_SEV_F], 3);
}

static void test_events_are_counted(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool r = CAUSED(rec_payload(0, 2), CREATE_FAILED);
	int i;

	r.flags &= ~NMA_PP_DMA_MAP;
	r.err = -EOPNOTSUPP;
	for (i = 0; i < 23; i++)
		RECORD(c, r, 10 * SEC + i);
	assert_int_equal(c->reports, 1);
	nma_judge__flush(c->j, 12 * SEC, SEC);
	assert_int_equal(c->counted, 23);
	assert_int_equal(c->last.queue, 2);
	nma_judge__all(c->j, 13 * SEC);		/* happened is happened */
	assert_int_equal(active(c), 1);
}

static void test_age(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool r = CAUSED(rec_provided(21, 1), DETACH);

	r.detached = 1;
	r.detach_ns = 10 * SEC;
	RECORD(c, r, 10 * SEC);
	look_twice(c->m);
	FEED(c->m, rec_queue(1));
	FEED(c->m, rec_payload(22, 1));
	nma_judge__all(c->j, 69 * SEC);
	assert_int_equal(c->reports, 0);
	assert_int_equal(nma_judge__due(c->j), 70 * SEC);
	nma_judge__all(c->j, 70 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->last.rule, NMA_RULE_PP_06);
	r.inflight = 0;
	RECORD(c, CAUSED(r, RELEASE), 71 * SEC);
	assert_int_equal(active(c), 0);
}

static void test_strict(void **state)
{
	struct court *c = *state;
	struct nma_rec_sock idle = rec_sock(1, 23), busy = rec_sock(2, 23);
	struct nma_rec_pool r = rec_provided(21, 1);
	__typeof__(c->reports) reports;

	r.detached = 1;
	FEED(c->m, r);
	look_twice(c->m);
	FEED(c->m, rec_queue(1));
	FEED(c->m, rec_payload(22, 1));
	FEED(c->m, idle);
	FEED(c->m, busy);
	nma_judge__all(c->j, 10 * SEC);
	assert_int_equal(nma_judge__pending(c->j, NMA_AGE), 3);
	busy.taken++;
	busy.returned++;
	FEED(c->m, busy);
	nma_judge__all(c->j, 12 * SEC);
	nma_judge__strict(c->j, 12 * SEC, SEC, 0);
	assert_int_equal(active(c), 2);
	nma_judge_for_each(c->j, f)
		assert_int_not_equal(f->cookie, 2);
	/* what is reported is not reported once more, and not for its age */
	reports = c->reports;
	nma_judge__strict(c->j, 12 * SEC, SEC, 0);
	assert_int_equal(c->reports, reports);
	assert_int_equal(nma_judge__pending(c->j, NMA_AGE), 1);
}

/* A socket whose tokens change has no old ones, unless their birth is known. */
static void test_work_resets_the_wait(void **state)
{
	struct court *c = *state;
	struct nma_rec_sock s = rec_sock(1, 23);
	int i;

	for (i = 0; i < 30; i++) {
		s.taken++;
		s.returned++;
		FEED(c->m, s);
		nma_judge__all(c->j, (10 + i) * SEC);
	}
	assert_int_equal(c->reports, 0);
	nma_judge__all(c->j, 48 * SEC);
	assert_int_equal(c->reports, 0);
	nma_judge__all(c->j, 49 * SEC);
	assert_int_equal(c->reports, 1);
}

static void test_pre_existing(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool r = rec_provided(21, 1);

	FEED(c->m, ({ struct nma_rec_pool p = bad_pool(30);
		      p.hdr.cause = NMA_CAUSE_SNAPSHOT; p; }));
	r.detached = 1;
	r.detach_ns = 3 * SEC;
	FEED(c->m, r);
	look_twice(c->m);
	FEED(c->m, rec_queue(1));
	FEED(c->m, rec_payload(22, 1));
	c->j->opts.blame_ns = ~0ull;
	nma_judge__all(c->j, 10 * SEC);
	c->j->opts.blame_ns = 10 * SEC + 1;
	assert_int_equal(c->reports, 1);
	assert_true(c->last.pre_existing);
	nma_judge__all(c->j, 63 * SEC);	/* began before us, ripe now */
	assert_int_equal(c->reports, 2);
	assert_int_equal(c->last.rule, NMA_RULE_PP_06);
	assert_true(c->last.pre_existing);
	RECORD(c, bad_pool(31), 64 * SEC);
	assert_int_equal(c->reports, 3);
	assert_false(c->last.pre_existing);
	assert_int_equal(c->j->total[NMA_SEV_W], 1);
	assert_int_equal(c->j->total[NMA_SEV_E], 0);
	assert_int_equal(c->j->total_pre_existing, 2);
}

static void test_latent_becomes_real(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool r = bad_pool(30);

	RECORD(c, r, 10 * SEC);
	assert_int_equal(c->last.severity, NMA_SEV_W);
	r.mp = NMA_MP_DMABUF;
	r.mp_priv = PROVIDER + 1;
	RECORD(c, CAUSED(r, CHANGE), 11 * SEC);
	assert_int_equal(c->reports, 2);
	assert_int_equal(c->last.severity, NMA_SEV_E);
	assert_int_equal(active(c), 1);
}

static void test_snapshot_records_wait_for_the_whole(void **state)
{
	struct court *c = *state;
	struct nma_rec_pool r = bad_pool(30);

	RECORD(c, CAUSED(r, SNAPSHOT), 10 * SEC);
	assert_int_equal(c->reports, 0);
	nma_judge__all(c->j, 11 * SEC);
	assert_int_equal(c->reports, 1);
}

/* What a snapshot no longer finds has no case left. */
static void test_gone_without_a_word(void **state)
{
	struct court *c = *state;

	FEED(c->m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 1));
	FEED(c->m, bad_pool(30));
	FEED(c->m, rec_mark(NMA_MARK_SNAPSHOT_END, 1));
	nma_judge__all(c->j, 10 * SEC);
	assert_int_equal(active(c), 1);
	FEED(c->m, rec_mark(NMA_MARK_SNAPSHOT_BEGIN, 2));
	FEED(c->m, rec_mark(NMA_MARK_SNAPSHOT_END, 2));
	nma_judge__all(c->j, 11 * SEC);
	assert_int_equal(active(c), 0);
}

static void test_only_named(void **state)
{
	struct nma_strs names = { .v = { "nm7" }, .nr = 1 };
	struct court *c = *state;

	reopen(c, &names, 0);
	RECORD(c, bad_pool(30), 10 * SEC);
	nma_judge__all(c->j, 11 * SEC);
	assert_int_equal(c->reports, 0);
	names.v[0] = "nm0";
	nma_judge__all(c->j, 12 * SEC);
	assert_int_equal(c->reports, 1);
}

/* Of a device that nobody knows: it may be the one that was asked for. */
static void test_of_no_known_device(void **state)
{
	struct nma_strs names = { .v = { "nm0" }, .nr = 1 };
	struct nma_rec_act act = rec_act(NMA_ACT_PUT_TWICE);
	struct court *c = *state;

	reopen(c, &names, 0);
	act.netdev = 0;
	act.ifindex = 0;
	memset(act.ifname, 0, sizeof(act.ifname));
	act.pool_id = 99;
	act.count = 800;
	RECORD(c, act, 10 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->counted, 800);
	assert_string_equal(c->last.ifname, "");
}

static void test_only_asked_rules(void **state)
{
	struct court *c = *state;

	c->j->opts.rules = 1ull << NMA_RULE_PP_06;
	RECORD(c, bad_pool(30), 10 * SEC);
	nma_judge__all(c->j, 11 * SEC);
	assert_int_equal(c->reports, 0);
}

static void test_storm(void **state)
{
	struct court *c = *state;
	__u32 id;

	reopen(c, NULL, 100);
	for (id = 100; id < 1109; id++)
		RECORD(c, bad_pool(id), 10 * SEC);
	assert_int_equal(c->reports, 100);
	assert_int_equal(c->j->dropped, 909);
	for (id = 100; id < 1109; id++)
		RECORD(c, CAUSED(bad_pool(id), GONE), 11 * SEC);
	RECORD(c, bad_pool(2000), 12 * SEC);	/* room again */
	assert_int_equal(c->reports, 101);
	assert_int_equal(c->j->dropped, 909);
}

/* Different findings of one rule: some one by one, of the rest the number. */
static void test_storm_of_different(void **state)
{
	struct court *c = *state;
	__u32 id;

	c->j->opts.burst = 32;
	for (id = 100; id < 1109; id++)
		RECORD(c, bad_pool(id), 10 * SEC);
	assert_int_equal(c->reports, 32);
	nma_judge__flush(c->j, 10 * SEC + SEC / 2, SEC);
	assert_int_equal(c->storms, 1);		/* the first interval began at 0 */
	assert_int_equal(c->counted + c->stormed, 1009);
	/* room for another one at once, and for other rules */
	RECORD(c, bad_pool(5000), 11 * SEC);
	assert_int_equal(c->reports, 32 + 16 + 1);
	assert_int_equal(c->counted + c->stormed, 1010);
	assert_int_equal(c->j->suppressed, c->stormed);
	assert_int_equal(c->j->total[NMA_SEV_W], 1010);
	nma_judge__flush(c->j, 20 * SEC, SEC);
	assert_int_equal(c->storms, 1);		/* it is over */
}

/* Thousands a second of the same, and of more queues than there is room for. */
static void test_storm_of_events(void **state)
{
	struct court *c = *state;
	struct nma_rec_nic nic = rec_nic();
	__u64 now = 10 * SEC;
	__u32 i, q;

	reopen(c, NULL, 40);
	c->j->opts.burst = 8;
	nic.real_num_rx_queues = 66;
	FEED(c->m, nic);
	for (q = 2; q < 66; q++)
		FEED(c->m, rec_bound(q));
	for (i = 0; i < 10007; i++, now += SEC / 4000) {
		RECORD(c, rec_op(NMA_OP_MP_CHECK, 1 + i % 65, -ENODATA), now);
		if (i % 100 == 0)
			nma_judge__flush(c->j, now, SEC);
	}
	nma_judge__flush(c->j, now, 0);
	assert_int_equal(c->counted + c->stormed, 10007);
	assert_int_equal(c->j->total[NMA_SEV_E], 10007);
	assert_int_equal(c->j->dropped, 0);
	assert_true(c->reports <= 8 * 6);
	assert_true(c->storms <= 6);
}

/* What comes again is told once an interval, and no sooner. */
static void test_again_waits_for_the_interval(void **state)
{
	struct nma_rec_pool r = CAUSED(rec_payload(0, 2), CREATE_FAILED);
	struct court *c = *state;
	int i;

	r.flags &= ~NMA_PP_DMA_MAP;
	r.err = -EOPNOTSUPP;
	RECORD(c, r, 10 * SEC);
	for (i = 0; i < 3; i++) {
		RECORD(c, r, (10 + i) * SEC + SEC / 4);
		assert_int_equal(c->reports, 1 + i);
		nma_judge__flush(c->j, (11 + i) * SEC - 1, SEC);
		assert_int_equal(c->reports, 1 + i);
		nma_judge__flush(c->j, (11 + i) * SEC, SEC);
		assert_int_equal(c->reports, 2 + i);
		assert_int_equal(c->last.count, 2 + i);
		assert_int_equal(c->last.folded, 1);
	}
	assert_int_equal(c->last.first_ns, 10 * SEC);
	assert_int_equal(c->last.last_ns, 12 * SEC + SEC / 4);
}

/* Nor is one whose rule storms: what is told by number only is told for good. */
static void test_a_storm_has_intervals(void **state)
{
	struct court *c = *state;
	__u32 id;

	c->j->opts.burst = 4;
	nma_judge__flush(c->j, 10 * SEC, SEC);	/* an interval begins */
	for (id = 100; id < 110; id++)
		RECORD(c, bad_pool(id), 10 * SEC);
	assert_int_equal(c->reports, 4);
	nma_judge__flush(c->j, 11 * SEC - 1, SEC);
	assert_int_equal(c->reports, 4);
	assert_int_equal(c->storms, 0);
	nma_judge__flush(c->j, 11 * SEC, SEC);
	/* half of the burst one by one, the rest by number */
	assert_int_equal(c->reports, 6);
	assert_int_equal(c->storms, 1);
	assert_int_equal(c->stormed, 4);
	assert_int_equal(c->j->suppressed, 4);
	nma_judge__flush(c->j, 13 * SEC, SEC);
	assert_int_equal(c->reports, 6);
	assert_int_equal(c->storms, 1);
}

/* A record that says how often: so often it counts, also where no case has room. */
static void test_occasions_without_room(void **state)
{
	struct nma_rec_act act = rec_act(NMA_ACT_PUT_TWICE);
	struct court *c = *state;

	reopen(c, NULL, 1);
	act.count = 5;
	RECORD(c, act, 10 * SEC);
	assert_int_equal(c->counted, 5);
	act = rec_act(NMA_ACT_PUT_FOREIGN);
	act.count = 7;
	RECORD(c, act, 10 * SEC);
	RECORD(c, act, 10 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->j->suppressed, 14);
	assert_int_equal(c->j->dropped, 0);
	nma_judge__flush(c->j, 20 * SEC, SEC);
	assert_int_equal(c->stormed, 14);
	assert_int_equal(c->j->total[NMA_SEV_F] + c->j->total[NMA_SEV_E] +
			 c->j->total[NMA_SEV_W], 19);
}

static void test_room_by_default(void **state)
{
	struct court *c = *state;
	__u32 id;

	for (id = 100; id < 100 + 4096 + 1; id++)
		RECORD(c, bad_pool(id), 10 * SEC);
	assert_int_equal(c->reports, 4096);
	assert_int_equal(c->j->dropped, 1);
}

/* With history, what is over stays, and makes no room. */
static void test_history(void **state)
{
	struct court *c = *state;

	reopen(c, NULL, 1);
	c->j->opts.history = true;
	RECORD(c, bad_pool(30), 10 * SEC);
	RECORD(c, CAUSED(bad_pool(30), GONE), 11 * SEC);
	assert_int_equal(active(c), 1);
	RECORD(c, bad_pool(31), 12 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->j->dropped, 1);
	c->j->opts.history = false;
	assert_int_equal(active(c), 0);
}

static struct nma_rec_sock copying(__u64 cookie, __u32 pid)
{
	struct nma_rec_sock r = CAUSED(rec_sock(cookie, 0), GONE);

	r.hdr.pid = pid;
	r.tx_copied = 99;
	r.tx_all_copied = 99;
	return r;
}

/* A process with many sockets is one case, and what is information makes room. */
static void test_group(void **state)
{
	struct court *c = *state;

	reopen(c, NULL, 1);
	c->j->opts.history = true;
	RECORD(c, copying(30, 4711), 10 * SEC);
	RECORD(c, copying(31, 4711), 11 * SEC);
	nma_judge__all(c->j, 12 * SEC);
	assert_int_equal(active(c), 1);
	assert_int_equal(c->last.count, 1);
	assert_int_equal(c->reports, 1);
	nma_judge__flush(c->j, 12 * SEC, SEC);
	assert_int_equal(c->last.count, 2);
	RECORD(c, copying(32, 4712), 13 * SEC);
	assert_int_equal(c->reports, 3);
	assert_int_equal(c->j->dropped, 0);
}

static void test_upper_is_judged_with_lower(void **state)
{
	struct court *c = *state;
	struct nma_rec_nic u = rec_upper();

	FEED(c->m, rec_queue(1));
	FEED(c->m, rec_edge(UPPER, 0x5000));
	FEED(c->m, rec_edge(0x5000, NETDEV));
	u.xdp_prog_id[0] = 7;
	RECORD(c, CAUSED(u, CHANGE), 10 * SEC);
	assert_int_equal(c->reports, 0);
	RECORD(c, CAUSED(rec_bound(1), CHANGE), 11 * SEC);
	assert_int_equal(c->reports, 1);
	assert_string_equal(c->last.ifname, "nm0.7");
}

static void test_refused_bind(void **state)
{
	struct court *c = *state;

	RECORD(c, rec_op(NMA_OP_MP_CHECK, 1, -ENODATA), 10 * SEC);
	assert_int_equal(c->reports, 1);
	assert_int_equal(c->last.rule, NMA_RULE_BIND_01);
	assert_int_equal(c->last.queue, 1);
	RECORD(c, rec_op(NMA_OP_MP_CHECK, 99, -ENODATA), 10 * SEC);	/* unknown */
	assert_int_equal(c->reports, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_clean),
		T(test_once_not_every_look),
		T(test_settle),
		T(test_a_slow_rebuild_goes_on),
		T(test_a_locked_device_is_being_changed),
		T(test_cleared_and_back),
		T(test_events_are_counted),
		T(test_age),
		T(test_strict),
		T(test_work_resets_the_wait),
		T(test_pre_existing),
		T(test_latent_becomes_real),
		T(test_snapshot_records_wait_for_the_whole),
		T(test_gone_without_a_word),
		T(test_only_named),
		T(test_of_no_known_device),
		T(test_only_asked_rules),
		T(test_storm),
		T(test_storm_of_different),
		T(test_storm_of_events),
		T(test_again_waits_for_the_interval),
		T(test_a_storm_has_intervals),
		T(test_occasions_without_room),
		T(test_room_by_default),
		T(test_history),
		T(test_group),
		T(test_upper_is_judged_with_lower),
		T(test_refused_bind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
