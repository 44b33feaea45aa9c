// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Recordings: the same findings as there were, and of a file that is not as it was
 * written either an error or those of the part before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "kernel/nmr.h"
#include "world.h"

#define ROOM	(1 << 20)

static char *file;		/* the recording, as a test changes it */
static size_t size;

/* ---- files ---- */

static void load(const char *path)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	size = fread(file, 1, ROOM, f);
	assert_true(size > 0 && size < ROOM);
	fclose(f);
}

static void save(const char *path, size_t bytes)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, bytes, f), bytes);
	assert_int_equal(fclose(f), 0);
}

/* Where records begin. */
static size_t settings_end(void)
{
	const struct nma_nmr_item *item;
	size_t at = sizeof(struct nma_nmr_header);

	do {
		item = (void *)(file + at);
		at += item->size;
	} while (item->type != NMA_NMR_BEGIN);
	return at;
}

static struct nma_nmr_item *item_at(size_t at)
{
	return (void *)(file + at);
}

/* The first of this type; of records, with this cause. */
static size_t find_item(__u16 type, __u16 cause)
{
	size_t at;

	for (at = settings_end(); at < size; at += item_at(at)->size)
		if (item_at(at)->type == type &&
		    (!cause || ((struct nma_rec_hdr *)(item_at(at) + 1))->cause == cause))
			return at;
	fail_msg("no item of type %u", type);
	return 0;
}

/* As if it had been written like that. */
static void sign(void)
{
	struct nma_nmr_header *h = (void *)file;
	struct nma_nmr_item *item;
	size_t at = sizeof(*h);
	__u32 crc;

	h->crc = 0;
	h->crc = crc32(0, (void *)h, sizeof(*h));
	for (crc = h->crc; at + sizeof(*item) <= size; at += item->size) {
		item = (void *)(file + at);
		if (item->size < sizeof(*item) || item->size % 8 || at + item->size > size)
			return;
		crc = crc32(crc, (void *)item, offsetof(struct nma_nmr_item, crc));
		crc = crc32(crc, (void *)(item + 1), item->size - sizeof(*item));
		item->crc = crc;
	}
}

/* ---- what happens ---- */

static void send_op(enum nma_op op, __s32 ret)
{
	struct nma_rec_op r = AT(rec_op(op, 1, ret), fake.now_ns);

	fake_send(&r);
}

static void send_uses(void)
{
	struct nma_rec_use r = {
		.hdr = { .type = NMA_REC_USE, .size = sizeof(r), .time_ns = fake.now_ns,
			 .pid = 77, .netns = nic.hdr.netns, .comm = "careless" },
		.cookie = 1, .value = 3, .use = NMA_USE_RETURN_UNKNOWN, .binding_id = 5,
		.family = 2, .src = { 192, 0, 2, 1 }, .dst = { 192, 0, 2, 2 },
		.sport = 9000, .dport = 40000,
	};

	fake_send(&r);
}

static void send_act(enum nma_act act)
{
	struct nma_rec_act r = AT(rec_act(act), fake.now_ns);

	r.stack[0] = 0xffffffff81000010ull;
	fake_send(&r);
}

/* A pool that lacks a flag, and buffers that stay out when it is destroyed. */
static void much(unsigned int poll)
{
	static struct nma_rec_pool bad;

	if (poll == 2) {
		bad = AT(CAUSED(rec_payload(30, 0), CREATE), fake.now_ns);
		bad.hdr.netns = nic.hdr.netns;
		bad.flags &= ~NMA_PP_DMA_SYNC_DEV;
		fake_send(&bad);
	}
	if (poll == 5) {
		bad.hdr.cause = NMA_CAUSE_DETACH;
		bad.hdr.time_ns = fake.now_ns;
		fake_send(&bad);
		bad.hdr.cause = NMA_CAUSE_SNAPSHOT;
		bad.detached = 1;
		fake_add(&bad);
	}
	if (poll == 8)
		send_uses();
	if (poll == 9)
		send_op(NMA_OP_XDP_INSTALL, -EOPNOTSUPP);
	if (poll % 4 == 0)
		send_act(NMA_ACT_PUT_TWICE);
}

static int setup(void **state)
{
	char dir[] = "/tmp/nma-recording-XXXXXX";

	assert_int_equal(command_setup(state), 0);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	file = malloc(ROOM);
	assert_non_null(file);
	fake.on_poll = much;
	return 0;
}

static int teardown(void **state)
{
	char *dir = get_current_dir_name(), *line = NULL;

	assert_true(asprintf(&line, "rm -rf %s", dir) > 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(line), 0);
	free(line);
	free(dir);
	free(file);
	file = NULL;
	return command_teardown(state);
}

/* So long that everything has been reported, or only a little of it. */
static void record_it(const char *options)
{
	char line[128];

	fake.polls = 0;
	snprintf(line, sizeof(line), "record -q -o a.nmr %s", options);
	assert_int_equal(run(line), NMA_EXIT_OK);
	load("a.nmr");
}

/* Only what was found and what happened, not when and where it was printed. */
static char *told(void)
{
	char *text = strdup(out), *line, *save_ptr, *all = calloc(1, strlen(out) + 2);

	for (line = strtok_r(text, "\n", &save_ptr); line;
	     line = strtok_r(NULL, "\n", &save_ptr)) {
		if (!strstr(line, "\"type\":\"finding\"") &&
		    !strstr(line, "\"type\":\"event\""))
			continue;
		strcat(all, line);
		strcat(all, "\n");
	}
	free(text);
	return all;
}

static void test_same_findings(void **state)
{
	static const char *const watches[] = { "watch -j", "watch -j -v", "watch -j --strict" };
	char line[128], *live, *replay;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < sizeof(watches) / sizeof(*watches); i++) {
		fake.polls = 0;
		fake.nr_state = 8;
		snprintf(line, sizeof(line), "%s --stall 1 --duration 6 --deep --record a.nmr",
			 watches[i]);
		ret = run(line);
		assert_int_equal(ret, NMA_EXIT_VIOLATION);
		live = told();
		assert_true(count_lines("\"finding\"") >= 5);
		snprintf(line, sizeof(line), "%s --stall 1 --from a.nmr", watches[i]);
		assert_int_equal(run(line), ret);
		replay = told();
		assert_string_equal(live, replay);
		free(live);
		free(replay);
	}
}

static void test_other_commands(void **state)
{
	(void)state;
	record_it("--duration 3 --deep");
	assert_int_equal(run("check -j --from a.nmr"), NMA_EXIT_VIOLATION);
	parse();
	assert_string_equal(str(doc, "recording"), "a.nmr");
	assert_string_equal(str(doc, "result"), "violation");
	assert_true(length(doc, "findings") >= 3);
	assert_int_equal(run("check --from a.nmr"), NMA_EXIT_VIOLATION);
	expect_said(out, "recorded on ");
	assert_int_equal(run("show -j pools --from a.nmr"), NMA_EXIT_OK);
	parse();
	assert_int_equal(length(doc, "pools"), 5);
	((struct nma_nmr_header *)file)->page_size = 65536;
	sign();
	save("b.nmr", size);
	assert_int_equal(run("show -v -j pools --from b.nmr"), NMA_EXIT_OK);
	parse();
	assert_int_equal(num(first(doc, "pools"), "inflight_bytes"), 64 * 65536);
	assert_int_equal(run("stat -j --from a.nmr"), NMA_EXIT_OK);
	assert_int_equal(count_lines("\n"), 1);
	parse();
	assert_int_equal(length(doc, "pools"), 5);
	assert_true(json_object_get_uint64(get(doc, "interval_ns")) >= 3 * SEC);
	assert_int_equal(run("stat -j --from a.nmr 1 9"), NMA_EXIT_OK);
	assert_true(count_lines("\n") >= 1);
	assert_int_equal(run("show nics -i nm7 --from a.nmr"), NMA_EXIT_ENV);
	expect_said(err, "no device 'nm7'");
}

/* Nothing of this machine is asked: the answers are in the file, and so are errors. */
static void test_answers(void **state)
{
	(void)state;
	nic.flags &= ~NMA_NIC_HDS_VALID;
	nic.hds = NMA_HDS_UNKNOWN;
	fake.rings.hds = NMA_HDS_OFF;
	fake.on_poll = NULL;
	record_it("--duration 1");
	fake_reset();
	fake.rings_err = -EPERM;
	assert_int_equal(run("check -j --from a.nmr"), NMA_EXIT_VIOLATION);
	parse();
	assert_string_equal(str(first(doc, "findings"), "rule"), "NM-BIND-02");
	assert_int_equal(run("show -j nics --from a.nmr"), NMA_EXIT_OK);
	parse();
	assert_string_equal(str(first(doc, "nics"), "tcp_data_split"), "off");
}

/* What was lost or out of sight then still is. */
static void test_incomplete(void **state)
{
	(void)state;
	fake.on_poll = NULL;
	fake.lost.count[NMA_LOSS_RING] = 23;
	fake.denied_netns = 4711;
	assert_int_equal(run("record -o a.nmr --duration 1"), NMA_EXIT_INCOMPLETE);
	fake_reset();
	assert_int_equal(run("check -j --from a.nmr"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "23 records dropped");
	parse();
	assert_int_equal(num(get(doc, "lost"), "ring_full"), 23);
	assert_string_equal(str(first(get(doc, "coverage"), "blind"), "rule"), "NM-TOK-01");
	fake_reset();
	fake.missing_hooks = NMA_H(POOL_CREATE);
	fake.blind = true;
	assert_int_equal(run("record -o a.nmr --duration 1"), NMA_EXIT_INCOMPLETE);
	fake_reset();
	assert_int_equal(run("check --from a.nmr"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "could not attach to page_pool_list");
	expect_said(err, "the fake refused");
}

/* ---- who holds buffers ---- */

/* Pool 21 is there already. */
#define held_pool	(pool[3])
static struct nma_rec_held held_tokens;
static struct nma_rec_census held_census;

static void add_held(void)
{
	fake.on_poll = NULL;
	held_tokens = rec_held(NMA_HOLDER_TOKEN, 20);
	held_census = (struct nma_rec_census){
		.hdr = { .type = NMA_REC_CENSUS, .size = sizeof(held_census),
			 .cause = NMA_CAUSE_SNAPSHOT },
		.pool_id = 21, .niovs = 64,
	};
	fake_add(&held_tokens);
	fake_add(&held_census);
}

static char *pools_of(const char *line, int status)
{
	assert_int_equal(run(line), status);
	parse();
	return strdup(json_object_to_json_string(get(doc, "pools")));
}

static void test_leaks(void **state)
{
	char *live, *replay;

	(void)state;
	add_held();
	live = pools_of("leaks -j -a", NMA_EXIT_OK);
	record_it("--duration 5");
	replay = pools_of("leaks -j -a --from a.nmr", NMA_EXIT_OK);
	assert_string_equal(live, replay);
	assert_int_equal(num(first(first(doc, "pools"), "holders"), "buffers"), 44);
	assert_int_equal(run("leaks -j --from a.nmr 2 2"), NMA_EXIT_OK);
	assert_int_equal(count_lines("\n"), 2);
	assert_int_equal(run("leaks --pool 99 --from a.nmr"), NMA_EXIT_ENV);
	held_pool.detached = 1;
	record_it("--duration 5");
	assert_int_equal(run("leaks --from a.nmr"), NMA_EXIT_VIOLATION);
	expect_said(out, "LEAK");
	((struct nma_nmr_header *)file)->flags &= ~NMA_NMR_HOLDERS;
	sign();
	save("b.nmr", size);
	assert_int_equal(run("leaks --from b.nmr"), NMA_EXIT_ENV);
	expect_said(err, "has no look at who holds buffers");
	free(live);
	free(replay);
}

/* Destroyed after the last look: what it had then it may have given back. */
static void destroy(unsigned int poll)
{
	struct nma_rec_pool gone = CAUSED(held_pool, DETACH);

	gone.inflight = 7;
	if (!poll)
		fake_send(&gone);
}

static void test_events_after_the_look(void **state)
{
	size_t at;

	(void)state;
	add_held();
	fake.on_poll = destroy;
	record_it("--duration 0.1");
	at = find_item(NMA_REC_POOL, NMA_CAUSE_DETACH);
	save("b.nmr", at + item_at(at)->size);
	free(pools_of("leaks -j --from b.nmr", NMA_EXIT_INCOMPLETE));
	assert_int_equal(num(first(doc, "pools"), "inflight"), 64);
	assert_false(json_object_get_boolean(get(first(doc, "pools"), "detached")));
}

static void lose_some(unsigned int poll)
{
	(void)poll;
	held_pool.hold_cnt++;
	held_pool.inflight++;
	held_census.niovs++;
}

static void test_slow_leak(void **state)
{
	struct json_object *holder;

	(void)state;
	add_held();
	held_pool.pool_size = 100;
	fake.on_poll = lose_some;
	record_it("--duration 30");
	free(pools_of("leaks -j --from a.nmr", NMA_EXIT_VIOLATION));
	holder = first(first(doc, "pools"), "holders");
	assert_string_equal(str(holder, "holder"), "driver");
	assert_true(json_object_get_boolean(get(holder, "leak")));
	fake.on_poll = NULL;
	record_it("--duration 30");
	assert_int_equal(run("leaks --from a.nmr"), NMA_EXIT_OK);
}

/* What is as it was takes next to no room, and comes back at each look. */
static void test_same_again(void **state)
{
	struct nma_nmr_again *again;
	size_t brief;

	(void)state;
	add_held();
	record_it("--duration 2");
	brief = size;
	record_it("--duration 62");
	/* 30 looks at 9 objects, and 600 turns */
	assert_true(size - brief < 30 * 10 * 8 + 30 * 600 + 600 * 24 + 1000);
	again = (void *)(item_at(find_item(NMA_NMR_AGAIN, 0)) + 1);
	again->same[0].number = 4711;
	sign();
	save("b.nmr", size);
	assert_int_equal(run("leaks --from b.nmr"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "it is damaged at byte");
}

static void test_usage(void **state)
{
	static const char *const lines[] = {
		"watch --from a.nmr --deep", "watch --from a.nmr --duration 1",
		"watch --from a.nmr -- true", "watch --from a.nmr --record b.nmr",
		"watch --from a.nmr --deep --buffers 100", "check --from a.nmr -i nm0 --probe",
		"record --duration 1", "record", "stat --from a.nmr --self",
		"stat --from a.nmr --deep",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(run(lines[i]), NMA_EXIT_USAGE);
}

/* ---- files that are not what they should be ---- */

static void expect_refused(int status, const char *words)
{
	assert_int_equal(run("check --from b.nmr"), status);
	expect_said(err, words);
	assert_string_equal(out, "");
}

static void test_refused(void **state)
{
	struct nma_nmr_header *h = (void *)file;

	(void)state;
	record_it("--duration 1");
	expect_refused(NMA_EXIT_ENV, "b.nmr cannot be read: No such file");
	save("b.nmr", 0);
	expect_refused(NMA_EXIT_USAGE, "b.nmr is empty");
	save("b.nmr", 8);
	expect_refused(NMA_EXIT_USAGE, "b.nmr ends in its header");
	h->schema++;
	save("b.nmr", size);
	expect_refused(NMA_EXIT_ENV, "has schema 3, and this version knows 2");
	load("a.nmr");
	h->byte_order = __builtin_bswap32(h->byte_order);
	save("b.nmr", size);
	expect_refused(NMA_EXIT_ENV, "of the other byte order");
	memset(file, 0, size);
	save("b.nmr", size);
	expect_refused(NMA_EXIT_USAGE, "is not a recording");
	assert_int_equal(unlink("b.nmr"), 0);
	assert_int_equal(mkdir("b.nmr", 0700), 0);
	expect_refused(NMA_EXIT_ENV, "is a directory");
}

/* How many findings there are, and what comes of it. As text, which is quicker. */
static int judge(const char *path, size_t *findings)
{
	char line[64];
	int ret;

	snprintf(line, sizeof(line), "check -q --from %s", path);
	ret = run(line);
	*findings = count_lines("error NM-") + count_lines("warn NM-");
	return ret;
}

/* Whatever is cut off or damaged, the rest is never called right, and what was found
 * before remains.
 */
static void expect_part(size_t *findings)
{
	size_t before = *findings;
	int ret;

	ret = judge("b.nmr", findings);
	if (ret != NMA_EXIT_USAGE && ret != NMA_EXIT_ENV && ret != NMA_EXIT_VIOLATION &&
	    ret != NMA_EXIT_INCOMPLETE)
		fail_msg("exit status %d", ret);
	if (ret == NMA_EXIT_VIOLATION)
		assert_true(*findings > 0);
	assert_true(!before || *findings >= before);
}

static void test_cut_everywhere(void **state)
{
	size_t findings = 0, whole, length;

	(void)state;
	record_it("--duration 0.3");
	assert_int_equal(judge("a.nmr", &whole), NMA_EXIT_VIOLATION);
	for (length = 0; length < size; length++) {
		/* a file that only grows */
		save("b.nmr", length);
		expect_part(&findings);
	}
	assert_true(findings > 0 && findings <= whole);
}

static void test_every_byte_counts(void **state)
{
	size_t at, findings;
	int ret;

	(void)state;
	record_it("--duration 0.3");
	for (at = 0; at < size; at += at < sizeof(struct nma_nmr_header) ? 1 : 7) {
		file[at] ^= 1 << at % 8;
		save("b.nmr", size);
		ret = judge("b.nmr", &findings);
		file[at] ^= 1 << at % 8;
		if (at < settings_end())
			assert_true(ret == NMA_EXIT_USAGE || ret == NMA_EXIT_ENV);
		else
			assert_true(ret == NMA_EXIT_INCOMPLETE ||
				    (ret == NMA_EXIT_VIOLATION && findings));
	}
}

static void test_more_behind_the_end(void **state)
{
	size_t findings;

	(void)state;
	fake.on_poll = NULL;
	record_it("--duration 1");
	memset(file + size, 0, 64);
	save("b.nmr", size + 64);
	assert_int_equal(judge("b.nmr", &findings), NMA_EXIT_INCOMPLETE);
}

/* Checksums prove nothing about who made it. */
static void test_hostile(void **state)
{
	static const char *const lines[] = {
		"watch -j -v --strict --from b.nmr", "watch -v --from b.nmr",
		"check -v --settle 1 --from b.nmr", "show -v pools --from b.nmr",
		"show -j -v nics --from b.nmr", "show queues --from b.nmr",
		"show -j bindings --from b.nmr", "show tokens --from b.nmr",
		"stat -j 1 --from b.nmr", "stat -v --from b.nmr",
		"leaks -j -a 1 --from b.nmr", "leaks -v --from b.nmr",
	};
	unsigned int seed = 1, round, i;
	size_t at;

	(void)state;
	fake_add(&sock);
	record_it("--duration 0.3 --deep");
	for (round = 0; round < 600; round++) {
		load("a.nmr");
		for (i = 0; i < 1 + round % 5; i++) {
			at = sizeof(struct nma_nmr_header) +
			     rand_r(&seed) % (size - sizeof(struct nma_nmr_header));
			file[at] = round % 3 ? rand_r(&seed) : 0xff;
		}
		sign();
		save("b.nmr", size);
		run(lines[round % (sizeof(lines) / sizeof(*lines))]);
	}
}

/* A number that is none of its enumeration would be an index, or a shift. */
static void test_numbers_out_of_range(void **state)
{
	struct nma_nmr_item *item;
	struct nma_rec_pool *r;
	size_t at;

	(void)state;
	record_it("--duration 0.3");
	for (at = settings_end(); at < size; at += item->size) {
		item = (void *)(file + at);
		r = (void *)(item + 1);
		if (item->type == NMA_REC_POOL)
			r->order = 65280;
	}
	sign();
	save("b.nmr", size);
	assert_int_equal(run("show -v -j pools --from b.nmr"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "it is damaged at byte");
}

/* Types that nobody knows yet are skipped. */
static void test_later_types(void **state)
{
	const struct nma_nmr_item later = { .type = NMA_NMR_END + 7, .size = 24 };
	size_t findings, whole, at;

	(void)state;
	record_it("--duration 0.3");
	assert_int_equal(judge("a.nmr", &whole), NMA_EXIT_VIOLATION);
	at = settings_end();
	memmove(file + at + later.size, file + at, size - at);
	memcpy(file + at, &later, sizeof(later));
	size += later.size;
	sign();
	save("b.nmr", size);
	assert_int_equal(judge("b.nmr", &findings), NMA_EXIT_VIOLATION);
	assert_int_equal(findings, whole);
}

/* ---- writing ---- */

static void test_full_disk(void **state)
{
	(void)state;
	assert_int_equal(run("record -o /dev/full --duration 5"), NMA_EXIT_ENV);
	expect_said(err, "cannot write /dev/full: No space left on device");
	assert_int_equal(access("/dev/full", F_OK), 0);
	assert_int_equal(run("record -o no/such/dir --duration 1"), NMA_EXIT_ENV);
	expect_said(err, "cannot write no/such/dir: No such file");
}

/* Nothing under the name before it is complete; nobody else may read it. */
static void look_for_part(unsigned int poll)
{
	if (poll == 5) {
		assert_int_equal(access("a.nmr", F_OK), -1);
		assert_int_equal(access("a.nmr.part", F_OK), 0);
	}
}

static void test_part(void **state)
{
	struct stat st;

	(void)state;
	fake.on_poll = look_for_part;
	record_it("--duration 1");
	assert_int_equal(access("a.nmr.part", F_OK), -1);
	assert_int_equal(stat("a.nmr", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	save("a.nmr.part", 100);
	assert_int_equal(run("record -o a.nmr --duration 1"), NMA_EXIT_ENV);
	expect_said(err, "a.nmr.part is there");
	assert_int_equal(access("a.nmr.part", F_OK), 0);
	fake.open_err = -EPERM;
	assert_int_equal(run("record -o c.nmr --duration 1"), NMA_EXIT_ENV);
	assert_int_equal(access("c.nmr.part", F_OK), -1);
}

static void expect_absent(const char *what, size_t len)
{
	if (memmem(file, size, what, len))
		fail_msg("'%.*s' is in the file", (int)len, what);
}

/* One of each type that has names. */
static void secrets(unsigned int poll)
{
	static struct nma_rec_binding bind;

	if (poll == 2) {
		bind = AT(CAUSED(rec_binding(), CREATE), fake.now_ns);
		bind.hdr.netns = nic.hdr.netns;
		bind.owner_pid = 4711;
		strcpy(bind.owner_comm, "secretowner");
		fake_send(&bind);
	}
	much(poll);
}

static void test_anonymous(void **state)
{
	static const __u8 address[][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } };
	static const char *const names[] = {
		"nm0", "receiver", "secretowner", "careless", "python3", "nmnic0",
	};
	size_t i, named, nameless;
	char host[64];

	(void)state;
	fake.on_poll = secrets;
	fake_add(&sock);
	strcpy(sock.hdr.comm, "receiver");
	fake.polls = 0;
	assert_int_equal(run("record -q -i nm0 -o b.nmr --duration 2 --deep"), NMA_EXIT_OK);
	judge("b.nmr", &named);
	fake.nr_state = 9;
	record_it("-i nm0 --duration 2 --deep --anonymize");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		expect_absent(names[i], strlen(names[i]));
	for (i = 0; i < 2; i++)
		expect_absent((const char *)address[i], sizeof(address[i]));
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	expect_absent(host, strlen(host));
	assert_int_equal(judge("a.nmr", &nameless), NMA_EXIT_VIOLATION);
	assert_int_equal(named, nameless);
	run("check -j --from a.nmr");
	parse();
	assert_string_equal(str(doc, "host"), "host");
	assert_string_equal(str(first(doc, "findings"), "ifname"), "if1");
	assert_int_equal(run("show tokens --from a.nmr"), NMA_EXIT_OK);
	expect_said(out, "10.0.0.");
	expect_said(out, "process");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_same_findings),
		T(test_other_commands),
		T(test_answers),
		T(test_incomplete),
		T(test_leaks),
		T(test_events_after_the_look),
		T(test_slow_leak),
		T(test_same_again),
		T(test_usage),
		T(test_refused),
		T(test_cut_everywhere),
		T(test_every_byte_counts),
		T(test_more_behind_the_end),
		T(test_hostile),
		T(test_numbers_out_of_range),
		T(test_later_types),
		T(test_full_disk),
		T(test_part),
		T(test_anonymous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
