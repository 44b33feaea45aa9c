// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * show: what is there, whose it is, and which of it was asked for.
 */
#include <errno.h>
#include <json-c/json.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "util/clock.h"
#include "command.h"
#include "fake.h"
#include "util/text.h"
#include "world.h"

static void test_show(void **state)
{
	struct json_object *p;

	(void)state;
	assert_int_equal(run("show pools"), NMA_EXIT_OK);
	expect_said(out, "DMA_MAP|DMA_SYNC_DEV|ALLOW_UNREADABLE");
	assert_int_equal(run("show pools -j -i nm0"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 4);
	p = json_object_array_get_idx(get(doc, "pools"), 3);
	assert_int_equal(num(p, "id"), 21);
	assert_int_equal(num(p, "ifindex"), 3);
	assert_int_equal(num(p, "binding_id"), 5);
	assert_string_equal(str(p, "provider"), "dmabuf");
	assert_int_equal(num(p, "inflight_bytes"), 64 * getpagesize());
	assert_false(json_object_object_get_ex(p, "pool", NULL));	/* address */
	assert_int_equal(run("show pools -jv"), NMA_EXIT_OK);
	p = json_object_array_get_idx(get(parse(), "pools"), 3);
	expect_said(str(p, "pool"), "0xffff");
	assert_int_equal(run("show nics -j"), NMA_EXIT_OK);
	assert_int_equal(num(first(parse(), "nics"), "bound_queues"), 1);
	assert_int_equal(run("show queues -j"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "queues"), 2);
	assert_int_equal(run("show bindings -j"), NMA_EXIT_OK);
	assert_int_equal(num(first(parse(), "bindings"), "size_bytes"), 16 << 20);
	assert_int_equal(run("show tokens -j"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "tokens"), 0);
	fake_add(&sock);
	assert_int_equal(run("show tokens"), NMA_EXIT_OK);
	expect_said(out, "192.0.2.1:9000");
}

/* What is of no known device may be of the one asked for; a CPU's own pool is not. */
static void test_show_of_no_known_device(void **state)
{
	struct nma_rec_pool lost = rec_header(88, 0), cpu;
	struct nma_rec_nic upper = rec_upper();

	(void)state;
	lost.netdev = 0;
	lost.ifindex = 0;
	memset(lost.ifname, 0, sizeof(lost.ifname));
	cpu = lost;
	cpu.pool_id = 89;
	cpu.flags |= NMA_PP_SYSTEM_POOL;
	fake_add(&upper);
	fake_add(&lost);
	fake_add(&cpu);
	assert_int_equal(run("show pools -j -i nm0"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 5);
	assert_int_equal(num(json_object_array_get_idx(get(doc, "pools"), 4), "id"), 88);
	assert_int_equal(run("show pools -j -i nm0.7"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 1);
	assert_int_equal(run("stat -j -i nm0.7"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 1);
	assert_int_equal(run("show pools -j"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 6);
}

#define FOREIGN	4026539999u	/* no process of ours is in it */

/* Two ports of the same name, one of them in another namespace */
static void two_namespaces(void)
{
	static struct nma_rec_nic other;
	static struct nma_rec_pool its_pool;

	other = nic;
	other.netdev++;
	other.hdr.netns = FOREIGN;
	its_pool = rec_header(30, 0);
	its_pool.netdev = other.netdev;
	its_pool.hdr.netns = FOREIGN;
	fake_add(&other);
	fake_add(&its_pool);
}

/* A column where there is something to tell apart, the number always in JSON. */
static void test_netns_shown(void **state)
{
	struct json_object *p;

	(void)state;
	assert_int_equal(run("show nics"), NMA_EXIT_OK);
	assert_null(strstr(out, "NETNS"));
	two_namespaces();
	assert_int_equal(run("show queues"), NMA_EXIT_OK);
	assert_null(strstr(out, "NETNS"));
	assert_int_equal(run("show nics"), NMA_EXIT_OK);
	expect_said(out, "IF   NETNS ");
	expect_said(out, "nm0  4026539999 ");
	expect_said(out, "nm0  - ");
	assert_int_equal(run("show pools"), NMA_EXIT_OK);
	expect_said(out, "30  nm0  4026539999 ");
	assert_int_equal(run("stat 0.01 1"), NMA_EXIT_OK);
	expect_said(out, "30 nm0     4026539999 ");
	assert_int_equal(run("show pools -j"), NMA_EXIT_OK);
	p = json_object_array_get_idx(get(parse(), "pools"), 4);
	assert_int_equal(json_object_get_int64(get(p, "netns")), FOREIGN);
	assert_false(json_object_object_get_ex(p, "netns_name", NULL));
}

static void test_netns_filter(void **state)
{
	char line[64];

	(void)state;
	two_namespaces();
	assert_int_equal(run("show pools -j --netns 4026539999"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 1);
	assert_int_equal(num(first(doc, "pools"), "id"), 30);
	snprintf(line, sizeof(line), "show pools -j --netns %d", getpid());
	assert_int_equal(run(line), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 4);
	assert_int_equal(run("stat -j --netns 4026539999 0.01 1"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "pools"), 1);
	/* only what is wrong there counts */
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	assert_int_equal(run("check --netns 4026539999"), NMA_EXIT_OK);
	expect_said(out, "page_pools: 1,");
	snprintf(line, sizeof(line), "check -i nm0 --netns %d", getpid());
	assert_int_equal(run(line), NMA_EXIT_VIOLATION);
	assert_int_equal(run("watch --duration 1 --netns 4026539999"), NMA_EXIT_OK);
	/* there is none */
	assert_int_equal(run("check --netns no-such-netns"), NMA_EXIT_ENV);
	expect_said(err, "no network namespace 'no-such-netns'");
	assert_int_equal(run("show nics --netns 4194304"), NMA_EXIT_ENV);
	assert_int_equal(run("show nics --netns 4026530000"), NMA_EXIT_ENV);
	assert_int_equal(run("show nics --netns ../x"), NMA_EXIT_USAGE);
	assert_int_equal(run("show nics --netns 99999999999"), NMA_EXIT_USAGE);
}

static void test_show_hostile_names(void **state)
{
	static const char *const objects[] = {
		"nics", "pools", "queues", "bindings", "tokens",
	};
	char line[64], *p;
	size_t i;

	(void)state;
	memcpy(nic.ifname, "a\"\x1b[2J\n\xff\xfe\xe2\x80\xae", 13);
	memcpy(pool[0].ifname, nic.ifname, sizeof(nic.ifname));
	memset(nic.driver, 0xff, sizeof(nic.driver));
	memset(binding.exporter, 1, sizeof(binding.exporter));
	memset(sock.hdr.comm, '\n', sizeof(sock.hdr.comm));
	fake_add(&sock);
	for (i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "show %s", objects[i]);
		assert_int_equal(run(line), NMA_EXIT_OK);
		for (p = out; *p; p++)
			assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
		for (p = strtok(out, "\n"); p; p = strtok(NULL, "\n"))
			assert_true(nma_text_width(p) <= 80);
		snprintf(line, sizeof(line), "show %s -j", objects[i]);
		assert_int_equal(run(line), NMA_EXIT_OK);
		assert_int_equal(strcspn(out, "\n") + 1, strlen(out));
		parse();
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_show),
		T(test_show_of_no_known_device),
		T(test_netns_shown),
		T(test_netns_filter),
		T(test_show_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
