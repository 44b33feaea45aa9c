// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What page_pools have done: a pool in miniature, of which everything is known, tells
 * as much as hooks would see of it; what the model makes of that must be the truth.
 * And stat, which shows it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "model/recycle.h"
#include "world.h"

#define CACHE_SIZE	128
#define REFILL		64
#define RING_SIZE	256

/* As net/core/page_pool.c has it. */
struct mini {
	struct nma_rec_recycle r;	/* what hooks count, and what is in it */
	__u64 truth[NMA_COUNTER_MAX];
	__u64 allocs;
	unsigned int seed;
};

static unsigned int draw(struct mini *p, unsigned int n)
{
	p->seed = p->seed * 1103515245 + 12345;
	return (p->seed >> 16) % n;
}

static void seen(struct mini *p, enum nma_counter c)
{
	p->truth[c]++;
	p->r.count[c]++;
}

static void alloc_slow(struct mini *p)
{
	__u32 n = 1 + draw(p, REFILL);

	seen(p, NMA_COUNTER_SLOW);
	p->r.hold_cnt += n;
	p->r.in_cache = n - 1;
	p->r.into_cache += n - 1;
}

static void refill(struct mini *p)
{
	__u32 n = p->r.in_ring < REFILL ? p->r.in_ring : REFILL;

	seen(p, NMA_COUNTER_REFILL);
	p->r.in_ring -= n;
	p->r.off_ring += n;
	p->r.in_cache = n - 1;
	p->r.into_cache += n - 1;
}

static void see_full(struct mini *p)
{
	if (p->r.in_cache == CACHE_SIZE)
		p->r.count[NMA_COUNTER_CACHE_FULL]++;
}

static void take_one(struct mini *p)
{
	p->allocs++;
	see_full(p);
	if (p->r.in_cache) {
		p->truth[NMA_COUNTER_FAST]++;
		p->r.in_cache--;
	} else if (p->r.in_ring) {
		refill(p);
	} else {
		seen(p, NMA_COUNTER_EMPTY);
		alloc_slow(p);
	}
}

static void let_go(struct mini *p, enum nma_counter why)
{
	seen(p, why);
	p->r.release_cnt++;
}

static void put_one(struct mini *p, bool direct)
{
	if (!draw(p, 20)) {
		let_go(p, NMA_COUNTER_RELEASED_REFCNT);
		return;
	}
	if (direct && p->r.in_cache < CACHE_SIZE) {
		p->truth[NMA_COUNTER_CACHED]++;
		p->r.in_cache++;
		return;
	}
	p->truth[NMA_COUNTER_CACHE_FULL] += direct;
	if (p->r.in_ring == RING_SIZE) {
		let_go(p, NMA_COUNTER_RING_FULL);
		return;
	}
	p->truth[NMA_COUNTER_RING]++;
	p->r.in_ring++;
}

/* page_pool_update_nid(), and a buffer of another node in the ring */
static void move_node(struct mini *p)
{
	see_full(p);
	p->r.off_cache += p->r.in_cache;
	p->r.release_cnt += p->r.in_cache;
	p->r.in_cache = 0;
	if (!p->r.in_ring)
		return;
	let_go(p, NMA_COUNTER_WAIVE);
	p->r.in_ring--;
	p->r.off_ring++;
}

static void live(struct mini *p, unsigned int steps)
{
	__u32 out;

	while (steps--) {
		out = p->r.hold_cnt - p->r.release_cnt - p->r.in_cache - p->r.in_ring;
		if (!draw(p, 500))
			move_node(p);
		else if (!out || (out < 400 && draw(p, 2)))
			take_one(p);
		else
			put_one(p, draw(p, 2));
	}
}

/* So many come back to the cache, as far as there is room, and as many go. */
static void live_with(struct mini *p, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (p->r.in_cache == CACHE_SIZE) {
			p->truth[NMA_COUNTER_CACHE_FULL]++;
			p->truth[NMA_COUNTER_RING]++;
			p->r.in_ring++;
			continue;
		}
		p->truth[NMA_COUNTER_CACHED]++;
		p->r.in_cache++;
	}
	while (p->r.in_cache > 100)
		take_one(p);
}

static struct nma_rec_recycle told(struct mini *p, enum nma_counts counts)
{
	struct nma_rec_recycle r;

	see_full(p);
	r = p->r;

	r.hdr = (struct nma_rec_hdr){ .type = NMA_REC_RECYCLE, .size = sizeof(r),
				      .cause = NMA_CAUSE_SNAPSHOT };
	r.pool_id = 10;
	r.buffer_bytes = 4096;
	r.counts = counts;
	if (counts == NMA_COUNTS_KERNEL)
		memcpy(r.count, p->truth, sizeof(r.count));
	if (counts == NMA_COUNTS_EACH)
		r.count[NMA_COUNTER_FAST] = p->truth[NMA_COUNTER_FAST];
	if (counts != NMA_COUNTS_DEEP)
		return r;
	r.count[NMA_COUNTER_CACHED] = p->truth[NMA_COUNTER_CACHED];
	r.count[NMA_COUNTER_CACHE_FULL] = p->truth[NMA_COUNTER_CACHE_FULL];
	return r;
}

static struct nma_model *model_of(const struct nma_rec_recycle *r)
{
	struct nma_model *m = nma_model__new();

	FEED(m, rec_nic());
	FEED(m, rec_header(10, 0));
	feed(m, r);
	return m;
}

static const struct nma_recycle *of_10(const struct nma_model *m)
{
	return nma_table_find(&m->recycles, 10, 0);
}

/* All that the source claims to know is true. */
static void expect_truth(const struct nma_flows *f, const __u64 *before,
			 const struct mini *p)
{
	int i;

	for (i = 0; i < NMA_COUNTER_MAX; i++)
		if (nma_flow_known(f, i))
			assert_int_equal(f->nr[i], p->truth[i] - before[i]);
}

static void try_source(enum nma_counts counts, unsigned int seed, __u32 must_know)
{
	struct mini p = { .seed = seed };
	__u64 before[NMA_COUNTER_MAX], allocs;
	struct nma_flows from, f;
	struct nma_rec_recycle r;
	struct nma_model *m;

	live(&p, 5000);		/* older than the tool */
	memset(p.r.count, 0, sizeof(p.r.count));
	p.r.into_cache = 0;
	p.r.off_cache = 0;
	p.r.off_ring = 0;
	memcpy(before, p.truth, sizeof(before));
	allocs = p.allocs;
	r = told(&p, counts);
	m = model_of(&r);
	from = of_10(m)->total;
	live(&p, 20000);
	r = told(&p, counts);
	feed(m, &r);
	nma_flows_between(&from, &of_10(m)->total, &f);
	assert_int_equal(f.known & must_know, must_know);
	expect_truth(&f, before, &p);
	if (nma_flow_known(&f, NMA_FLOW_ALLOC))
		assert_int_equal(f.nr[NMA_FLOW_ALLOC], p.allocs - allocs);
	if (nma_flow_known(&f, NMA_FLOW_FAST_LESS_CACHED))
		assert_int_equal(f.nr[NMA_FLOW_FAST_LESS_CACHED],
				 (__s64)(p.truth[NMA_COUNTER_FAST] - before[NMA_COUNTER_FAST]) -
				 (__s64)(p.truth[NMA_COUNTER_CACHED] -
					 before[NMA_COUNTER_CACHED]));
	nma_model__free(m);
}

#define KNOW(id)	NMA_FLOW_BIT(NMA_COUNTER_##id)
#define ALL		(((1u << NMA_COUNTER_MAX) - 1) | NMA_FLOW_BIT(NMA_FLOW_ALLOC))
#define NOT_SLOW	(KNOW(FAST) | KNOW(CACHED) | KNOW(CACHE_FULL) | \
			 NMA_FLOW_BIT(NMA_FLOW_ALLOC))

static void test_sources(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 50; seed++) {
		try_source(NMA_COUNTS_KERNEL, seed, ALL);
		try_source(NMA_COUNTS_SLOW, seed, ALL & ~NOT_SLOW);
		try_source(NMA_COUNTS_DEEP, seed, ALL);
		try_source(NMA_COUNTS_EACH, seed, ALL & ~KNOW(CACHE_FULL));
	}
}

static __u32 known_of(enum nma_counts counts, __u8 mp, bool bulk_unseen, bool zcrx_unseen)
{
	struct mini p = { .seed = 1 };
	struct nma_rec_recycle r = told(&p, counts);
	struct nma_rec_pool pool_rec = rec_header(10, 0);
	struct nma_model *m = nma_model__new();
	__u32 known;

	r.bulk_unseen = bulk_unseen;
	r.zcrx_unseen = zcrx_unseen;
	pool_rec.mp = mp;
	if (counts == NMA_COUNTS_KERNEL && bulk_unseen)
		pool_rec.flags |= NMA_PP_SYSTEM_POOL;
	feed(m, &pool_rec);
	feed(m, &r);
	known = of_10(m)->total.known;
	nma_model__free(m);
	return known;
}

static void test_unknown(void **state)
{
	const __u32 alloc = NMA_FLOW_BIT(NMA_FLOW_ALLOC);
	const __u32 starved = NMA_FLOW_BIT(NMA_FLOW_STARVED);
	const __u32 provider = NMA_FLOW_BIT(NMA_FLOW_PROVIDER);

	(void)state;
	assert_false(known_of(NMA_COUNTS_SLOW, NMA_MP_NONE, false, false) &
		     (NOT_SLOW | starved | provider));
	assert_false(known_of(NMA_COUNTS_DEEP, NMA_MP_NONE, true, false) & NOT_SLOW);
	/* nobody sees what io_uring leaves in the cache */
	assert_false(known_of(NMA_COUNTS_DEEP, NMA_MP_IO_URING, false, false) & NOT_SLOW);
	assert_int_equal(known_of(NMA_COUNTS_EACH, NMA_MP_IO_URING, false, false) & NOT_SLOW,
			 KNOW(FAST) | KNOW(CACHE_FULL) | alloc);
	assert_int_equal(known_of(NMA_COUNTS_EACH, NMA_MP_IO_URING, false, true) & NOT_SLOW,
			 KNOW(FAST) | KNOW(CACHE_FULL));
	assert_int_equal(known_of(NMA_COUNTS_EACH, NMA_MP_NONE, false, false) & NOT_SLOW,
			 NOT_SLOW);
	assert_true(known_of(NMA_COUNTS_KERNEL, NMA_MP_IO_URING, false, false) & alloc);
	assert_false(known_of(NMA_COUNTS_KERNEL, NMA_MP_IO_URING, false, true) &
		     (alloc | starved));
	assert_false(known_of(NMA_COUNTS_KERNEL, NMA_MP_OTHER, false, false) &
		     (alloc | starved));
	assert_int_equal(known_of(NMA_COUNTS_KERNEL, NMA_MP_DMABUF, false, false) &
			 (alloc | starved | provider), alloc | starved | provider);
	/* system pools count recycling together */
	assert_false(known_of(NMA_COUNTS_KERNEL, NMA_MP_NONE, true, false) & KNOW(CACHED));
	assert_false(known_of(NMA_COUNTS_NONE, NMA_MP_DMABUF, false, false) &
		     (ALL | starved | provider));
}

/* Puts that found the cache full are not counted, but known to be none where it was
 * never full: in one interval, and in the next.
 */
static void test_cache_full(void **state)
{
	struct mini p = { .r = { .hold_cnt = 1000, .in_cache = 100 } };
	struct nma_rec_recycle r = told(&p, NMA_COUNTS_EACH);
	struct nma_model *m = model_of(&r);
	struct nma_flows from, f;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		from = of_10(m)->total;
		live_with(&p, i == 1 ? 40 : 20);
		r = told(&p, NMA_COUNTS_EACH);
		feed(m, &r);
		nma_flows_between(&from, &of_10(m)->total, &f);
		assert_int_equal(f.nr[NMA_COUNTER_CACHED], i == 1 ? 28 : 20);
		assert_int_equal(!nma_flow_known(&f, NMA_COUNTER_CACHE_FULL), i == 1);
		assert_true(nma_flow_known(&f, NMA_COUNTER_CACHED));
		assert_int_equal(f.nr[NMA_COUNTER_CACHE_FULL], 0);
	}
	nma_model__free(m);
}

/* Too little for now is made up for later, and nothing is taken back. */
static void test_while_it_moves(void **state)
{
	struct mini p = { .r.off_ring = 100, .r.in_ring = 50 };
	struct nma_rec_recycle r = told(&p, NMA_COUNTS_SLOW);
	struct nma_model *m = model_of(&r);

	(void)state;
	r.off_ring = 120;		/* 20 left it, of which 10 are still seen in it */
	r.in_ring = 40;
	feed(m, &r);
	assert_int_equal(of_10(m)->total.nr[NMA_COUNTER_RING], 160);
	r.in_ring = 30;
	feed(m, &r);
	assert_int_equal(of_10(m)->total.nr[NMA_COUNTER_RING], 160);
	r.in_ring = 45;
	feed(m, &r);
	assert_int_equal(of_10(m)->total.nr[NMA_COUNTER_RING], 165);
	nma_model__free(m);
}

static void test_ratio(void **state)
{
	struct nma_flows f = { .known = ALL };
	__u32 ratio;

	(void)state;
	assert_false(nma_recycle_ratio(&f, &ratio));	/* nothing came back */
	f.nr[NMA_COUNTER_RING] = 60;
	f.nr[NMA_COUNTER_CACHED] = 30;
	f.nr[NMA_COUNTER_RING_FULL] = 4;
	f.nr[NMA_COUNTER_RELEASED_REFCNT] = 6;
	assert_true(nma_recycle_ratio(&f, &ratio));
	assert_int_equal(ratio, 9000);
	f.known &= ~KNOW(CACHED);
	assert_false(nma_recycle_ratio(&f, &ratio));
	f.nr[NMA_COUNTER_RING_FULL] = 0;
	f.nr[NMA_COUNTER_RELEASED_REFCNT] = 0;
	assert_true(nma_recycle_ratio(&f, &ratio));	/* none was lost */
	assert_int_equal(ratio, 10000);
}

/* ---- The command --------------------------------------------------------------*/

static struct nma_rec_recycle counted[5];

static void count_pools(enum nma_counts counts)
{
	struct mini p = { .seed = 1 };
	int i;

	for (i = 0; i < 4; i++) {
		counted[i] = told(&p, counts);
		counted[i].pool_id = pool[i].pool_id;
		fake_add(&counted[i]);
	}
}

/* Once a second */
static void work(unsigned int poll)
{
	(void)poll;
	counted[0].count[NMA_COUNTER_FAST] += 1000;
	counted[0].count[NMA_COUNTER_RING] += 990;
	counted[0].count[NMA_COUNTER_RING_FULL] += 10;
	counted[3].count[NMA_COUNTER_FAST] += 200;
	counted[3].starved += 7;
	counted[3].hold_cnt += 50;
}

static void test_json(void **state)
{
	struct json_object *p, *n;

	(void)state;
	count_pools(NMA_COUNTS_KERNEL);
	fake.on_poll = work;
	assert_int_equal(run("stat -j 1 1"), NMA_EXIT_OK);
	p = first(parse(), "pools");
	assert_int_equal(num(p, "id"), 10);
	assert_string_equal(str(p, "source"), "kernel");
	assert_int_equal(num(p, "allocs"), 1000);
	assert_in_range(num(p, "allocs_per_s"), 990, 1000);
	assert_in_range(num(p, "bytes_per_s"), 990 * 4096, 1000 * 4096);
	assert_string_equal(str(p, "recycle_ratio"), "0.9900");
	assert_false(json_object_object_get_ex(p, "alloc_provider", NULL));
	p = json_object_array_get_idx(get(doc, "pools"), 1);
	assert_int_equal(num(p, "id"), 21);
	assert_int_equal(num(p, "allocs"), 250);
	assert_int_equal(num(p, "alloc_provider"), 50);
	assert_int_equal(num(p, "alloc_provider_empty"), 7);
	n = first(doc, "nics");
	assert_int_equal(num(n, "pools"), 4);
	assert_int_equal(num(n, "allocs"), 1250);
	assert_int_equal(num(n, "alloc_provider_empty"), 7);
	assert_false(fake.opts.events);
	assert_true(fake.opts.recycle);
}

static void test_absent(void **state)
{
	struct json_object *p;

	(void)state;
	count_pools(NMA_COUNTS_SLOW);
	assert_int_equal(run("stat -j 1 1"), NMA_EXIT_OK);
	p = first(parse(), "pools");
	assert_int_equal(num(p, "alloc_slow"), 0);
	assert_false(json_object_object_get_ex(p, "alloc_fast", NULL));
	assert_false(json_object_object_get_ex(p, "allocs_per_s", NULL));
	assert_false(json_object_object_get_ex(p, "recycle_cached", NULL));
	assert_int_equal(run("stat 1 1"), NMA_EXIT_OK);
	assert_null(strstr(out, "BUF/S"));
	assert_int_equal(run("stat --deep"), NMA_EXIT_OK);
	assert_true(fake.opts.circulate);
}

/* A pool that ends between two reports is in the next, and then no more. */
static void end_pool(unsigned int poll)
{
	struct nma_rec_recycle *r = &counted[0];

	if (poll)
		return;
	r->hdr.cause = NMA_CAUSE_GONE;
	r->count[NMA_COUNTER_RING] += 33;
	fake_send(r);
	fake.state[0] = fake.state[fake.nr_state - 1];
	fake.nr_state = 1;
}

static void test_end(void **state)
{
	struct json_object *p;

	(void)state;
	count_pools(NMA_COUNTS_KERNEL);
	fake.on_poll = end_pool;
	assert_int_equal(run("stat -j 1 2"), NMA_EXIT_OK);
	p = first(parse_line(0), "pools");
	assert_int_equal(num(p, "id"), 10);
	assert_int_equal(num(p, "recycle_ring"), 33);
	assert_string_equal(str(p, "ifname"), "nm0");
	assert_true(json_object_get_boolean(get(p, "detached")));
	parse_line(1);
	assert_null(strstr(json_object_to_json_string(doc), "\"id\":10"));
}

/* Sockets and their binding end, and what they did is told all the same. */
static void close_socket(unsigned int poll)
{
	if (poll == 0) {
		sock.taken += 100;
		sock.returned += 90;
	}
	if (poll != 1)
		return;
	sock.hdr.cause = NMA_CAUSE_GONE;
	sock.taken += 10;
	sock.returned += 20;
	fake_send(&sock);
	fake.nr_state--;
}

static void test_tokens(void **state)
{
	(void)state;
	count_pools(NMA_COUNTS_KERNEL);
	fake_add(&sock);
	fake.on_poll = close_socket;
	assert_int_equal(run("stat -j 1 3"), NMA_EXIT_OK);
	assert_int_equal(num(first(parse_line(0), "nics"), "tokens_taken"), 100);
	assert_int_equal(num(first(doc, "nics"), "tokens_returned"), 90);
	assert_int_equal(num(first(parse_line(1), "nics"), "tokens_taken"), 10);
	assert_int_equal(num(first(doc, "nics"), "tokens_returned"), 20);
	assert_int_equal(num(first(parse_line(2), "nics"), "tokens_taken"), 0);
}

static void expect_narrow(void)
{
	const char *line = out, *end;

	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (end - line > 80)
			fail_msg("%d characters: %.*s", (int)(end - line),
				 (int)(end - line), line);
	}
}

static void test_table(void **state)
{
	const char *busy, *idle;

	(void)state;
	memcpy(nic.ifname, "enp129s0f1np1np", 16);
	memcpy(pool[0].ifname, "enp129s0f1np1np", 16);
	count_pools(NMA_COUNTS_KERNEL);
	counted[1].hold_cnt = 4000000000u;
	fake.on_poll = work;
	assert_int_equal(run("stat 1 1"), NMA_EXIT_OK);
	expect_narrow();
	busy = strstr(out, "\n  10 ");
	idle = strstr(out, "\n  11 ");
	assert_non_null(busy);
	assert_true(busy < idle);
	expect_said(out, " all enp129~");
	/* nothing for a terminal alone */
	assert_null(strchr(out, '\033'));
	assert_int_equal(run("stat -v 1 1"), NMA_EXIT_OK);
	expect_said(out, "  recycle_ring_full: 10\n");
}

static void test_sort(void **state)
{
	(void)state;
	count_pools(NMA_COUNTS_KERNEL);
	fake.on_poll = work;
	assert_int_equal(run("stat -j -s DRY/S 1 1"), NMA_EXIT_OK);
	assert_int_equal(num(first(parse(), "pools"), "id"), 21);
	assert_int_equal(run("stat -j -s recycle_ring_full 1 1"), NMA_EXIT_OK);
	assert_int_equal(num(first(parse(), "pools"), "id"), 10);
	assert_int_equal(run("stat -j -r 1 -s alloc_provider 1 1"), NMA_EXIT_OK);
	assert_int_equal(num(first(parse(), "pools"), "id"), 21);
	assert_int_equal(length(doc, "pools"), 1);
	assert_int_equal(num(first(doc, "nics"), "pools"), 4);
	assert_int_equal(run("stat -s height 1 1"), NMA_EXIT_USAGE);
	expect_said(err, "not 'height'");
}

static struct nma_rec_hist timed = {
	.hdr = { .type = NMA_REC_HIST, .size = sizeof(timed), .cause = NMA_CAUSE_SNAPSHOT },
	.kind = NMA_HIST_TOKEN_AGE,
	.id = 5,
};

static void return_tokens(unsigned int poll)
{
	(void)poll;
	timed.slot[0] += 3;
	timed.slot[11] += 52;
}

static void test_hist(void **state)
{
	struct json_object *h;

	(void)state;
	count_pools(NMA_COUNTS_KERNEL);
	timed.slot[20] = 7;		/* before the first report */
	fake_add(&timed);
	fake.on_poll = return_tokens;
	assert_int_equal(run("stat -j --hist 1 2"), NMA_EXIT_OK);
	assert_true(fake.opts.hist);
	h = first(parse_line(1), "histograms");
	assert_int_equal(length(doc, "histograms"), 1);
	assert_string_equal(str(h, "name"), "token_age_us");
	assert_int_equal(num(h, "queue"), 1);
	assert_int_equal(length(h, "buckets"), 12);
	h = json_object_array_get_idx(get(h, "buckets"), 11);
	assert_int_equal(num(h, "min"), 2048);
	assert_int_equal(num(h, "max"), 4095);
	assert_int_equal(num(h, "count"), 52);
	assert_int_equal(run("stat --hist 1 1"), NMA_EXIT_OK);
	expect_narrow();
	expect_said(out, "@token_age_us[nm0, queue 1, page_pool 21]:\n"
			 "[0, 2)                  3 |@@@                   ");
	expect_said(out, "[2K, 4K)               52 |@@@@@@@@@@");
	expect_said(out, "[1K, 2K)                0 |    ");
	assert_null(strstr(out, "[1M, 2M)"));
}

static void run_programs(unsigned int poll)
{
	(void)poll;
	fake.runs += 4000;
}

static void test_self(void **state)
{
	struct json_object *p;

	(void)state;
	count_pools(NMA_COUNTS_KERNEL);
	fake.on_poll = run_programs;
	assert_int_equal(run("stat -j --self 1 1"), NMA_EXIT_OK);
	p = first(get(parse(), "self"), "programs");
	assert_false(json_object_object_get_ex(p, "runs", NULL));
	assert_int_equal(run("stat --self 1 1"), NMA_EXIT_OK);
	expect_said(out, "2 programs, 3072 KiB of maps, 0 lost");
	expect_said(out, "sysctl -w kernel.bpf_stats_enabled=1");
	fake.timed = true;
	assert_int_equal(run("stat -j --self 1 1"), NMA_EXIT_OK);
	p = first(get(parse(), "self"), "programs");
	assert_string_equal(str(p, "name"), "nma_refill");
	assert_int_equal(num(p, "runs"), 4000);
	assert_int_equal(num(p, "run_time_ns"), 1000000);
	assert_int_equal(run("stat --self 1 1"), NMA_EXIT_OK);
	expect_narrow();
	expect_said(out, "nma_refill                         3996    250   0.09\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_cache_full),
		cmocka_unit_test(test_while_it_moves),
		cmocka_unit_test(test_ratio),
		T(test_json),
		T(test_absent),
		T(test_end),
		T(test_tokens),
		T(test_table),
		T(test_sort),
		T(test_hist),
		T(test_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
