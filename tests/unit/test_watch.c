// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit watch when much happens, and names that someone chose to do harm:
 * in findings, events, baselines, text and JSON.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "util/text.h"
#include "world.h"

#define STORM	3001

static void storm(unsigned int poll)
{
	struct nma_rec_pool r = CAUSED(rec_payload(0, 0), CREATE);
	unsigned int i;

	if (poll != 3)
		return;
	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	for (i = 0; i < STORM; i++) {
		r.pool_id = 1000 + i;
		r.pool = 0xffff888800000000ull + i * 0x1000ull;
		r.hdr.time_ns = fake.now_ns;
		fake_send(&r);
		r.hdr.cause = NMA_CAUSE_GONE;
		fake_send(&r);
		r.hdr.cause = NMA_CAUSE_CREATE;
	}
}

static __u64 sum_counts(const char *type, unsigned int lines)
{
	unsigned int i;
	__u64 sum = 0;

	for (i = 0; i < lines; i++) {
		parse_line(i);
		if (!strcmp(str(doc, "type"), type))
			sum += num(doc, "count");
	}
	return sum;
}

static void test_storm(void **state)
{
	unsigned int lines;

	(void)state;
	fake.on_poll = storm;
	assert_int_equal(run("watch -j --duration 3 --rule NM-POOL-01"), NMA_EXIT_VIOLATION);
	lines = count_lines("\n");
	assert_true(count_lines("\"finding\"") <= 64);
	assert_int_equal(sum_counts("finding", lines) + sum_counts("suppressed", lines),
			 STORM);
	parse_line(lines - 1);
	assert_int_equal(num(doc, "warnings"), STORM);
	assert_true(num(doc, "suppressed") > STORM - 64);
	fake.polls = 0;
	assert_int_equal(run("watch --duration 3 --rule NM-POOL-01"), NMA_EXIT_VIOLATION);
	expect_said(out, "suppressed NM-POOL-01: ");
	expect_said(out, "not shown one by one");
}

static const char *const names[] = {
	"\"quoted\"'", "two\nlines", "\x1b[2J\x07\r", "\xff\xfe\x80", "\xe2\x80\xae" "abc",
	"\\u0022,\"a\":1", "{}[]<>&;$(x)", "\xc3", "%s%n%x", "0123456789abcdef",
};

static void hostile_event(unsigned int poll)
{
	static struct nma_rec_pool r;

	r = CAUSED(pool[1], CREATE);
	r.pool_id = 77;
	r.hdr.time_ns = fake.now_ns;
	memcpy(r.hdr.comm, nic.ifname, sizeof(r.hdr.comm));
	r.hdr.pid = 4711;
	if (poll == 3)
		fake_send(&r);
}

static void expect_text_is_safe(void)
{
	char *p;

	for (p = out; *p; p++)
		assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
	assert_true(nma_text_is_utf8(out));
	for (p = strtok(out, "\n"); p; p = strtok(NULL, "\n"))
		assert_true(nma_text_width(p) <= 80);
}

/* Each line a document, each string valid. */
static void expect_json_is_safe(void)
{
	unsigned int i, lines = count_lines("\n");

	assert_true(lines > 0 && nma_text_is_utf8(out));
	for (i = 0; i < lines; i++)
		parse_line(i);
}

static void test_hostile_names(void **state)
{
	static const char *const commands[] = {
		"check -v", "watch -v --duration 1", "stat 1 1", "check --save base",
		"check --baseline base",
	};
	char dir[] = "/tmp/nma-watch-XXXXXX", back[4096], line[64];
	size_t i, k;
	int ret;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_non_null(getcwd(back, sizeof(back)));
	assert_int_equal(chdir(dir), 0);
	fake.on_poll = hostile_event;
	fake_add(&sock);
	sock.outstanding = 23;
	sock.oldest_ns = 1;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		memset(nic.ifname, 0, sizeof(nic.ifname));
		memcpy(nic.ifname, names[i], strlen(names[i]));	/* may fill it */
		memcpy(pool[1].ifname, nic.ifname, sizeof(nic.ifname));
		memset(sock.hdr.comm, 0, sizeof(sock.hdr.comm));
		memcpy(sock.hdr.comm, names[i], strlen(names[i]));
		memcpy(nic.driver, nic.ifname, sizeof(nic.ifname));
		for (k = 0; k < sizeof(commands) / sizeof(*commands); k++) {
			fake.polls = 0;
			ret = run(commands[k]);
			assert_int_equal(ret, k == 0 || k == 1);
			expect_text_is_safe();
			fake.polls = 0;
			snprintf(line, sizeof(line), "%s -j", commands[k]);
			assert_int_equal(run(line), ret);
			expect_json_is_safe();
		}
	}
	assert_int_equal(unlink("base"), 0);
	assert_int_equal(chdir(back), 0);
	assert_int_equal(rmdir(dir), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_storm),
		T(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
