// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Policies of enforce: what is read, what is refused and where.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/types.h>

#include <cmocka.h>

#include "command.h"
#include "enforce/needs.h"
#include "enforce/would.h"
#include "fake.h"

#define HEAD	"{\"schema\":1,\"type\":\"policy\"}\n"
#define WHO	"{\"rule\":\"NM-BIND-09\",\"mode\":\"enforce\"}\n"

static char path[] = "/tmp/nma-policy-XXXXXX";
static char error[600];
static struct nma_policy_file file;

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load(const char *text)
{
	write_file(text);
	error[0] = '\0';
	return nma_policy__load(path, &file, error, sizeof(error));
}

static void test_whole(void **state)
{
	const struct nma_policy *pol = &file.policy;

	(void)state;
	assert_int_equal(load("# ours\n" HEAD
		"{\"rule\":\"nm-bind-02\",\"mode\":\"enforce\"}\n"
		"{\"rule\":\"NM-BIND-07\",\"mode\":\"audit\",\"unknown\":\"allow\"}\n"
		"{\"rule\":\"NM-PP-01\",\"mode\":\"enforce\",\"optional\":true}\n"
		"{\"rule\":\"NM-TOK-01\",\"mode\":\"enforce\"}\n"
		"{\"limit\":\"tokens\",\"count\":100,\"bytes\":40960,\"idle_seconds\":5}\n"
		WHO
		"{\"allow\":\"bind-rx\",\"user\":\"0\",\"executable\":\"/bin/sh\"}\n"
		"{\"deny\":\"zcrx\"}\n"
		"{\"limit\":\"dmabuf\",\"bytes\":5000000000}\n"
		"{\"port\":\"nm*\"}\n"), 0);
	assert_int_equal(pol->mode[NMA_RULE_BIND_02], NMA_MODE_ENFORCE);
	assert_int_equal(pol->mode[NMA_RULE_BIND_07], NMA_MODE_AUDIT);
	assert_int_equal(pol->allow_unknown[NMA_RULE_BIND_07], 1);
	assert_int_equal(pol->mode[NMA_RULE_PP_01], NMA_MODE_OFF);
	assert_int_equal(pol->token_count, 40960 / sysconf(_SC_PAGESIZE));
	assert_int_equal(pol->token_idle_ns, 5000000000ull);
	assert_int_equal(pol->restricted, 1 << NMA_WHO_BIND_RX | 1 << NMA_WHO_ZCRX);
	assert_int_equal(pol->nr_who, 1);
	assert_int_equal(pol->who[0].has, NMA_WHO_UID | NMA_WHO_EXE);
	assert_int_equal(pol->dmabuf_bytes, 5000000000ull);
	assert_string_equal(pol->port[0], "nm*");
	assert_int_equal(file.optional, 1ull << NMA_RULE_PP_01);
}

/* The line of what is mapped where this program's own code lies */
static void own_numbers(unsigned long *inode, unsigned int *dev)
{
	unsigned long start, end, at = (unsigned long)own_numbers;
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int major, minor;
	char line[512];

	assert_non_null(maps);
	*inode = 0;
	while (!*inode && fgets(line, sizeof(line), maps)) {
		assert_int_equal(sscanf(line, "%lx-%lx %*s %*x %x:%x %lu", &start, &end,
					&major, &minor, inode), 5);
		*dev = major << 20 | minor;
		if (at < start || at >= end)
			*inode = 0;
	}
	fclose(maps);
}

/* By the numbers that the kernel has of it, wherever it lies */
static void test_executable(void **state)
{
	const struct nma_who *who = &file.policy.who[0];
	unsigned long inode = 0;
	unsigned int dev = 0;

	(void)state;
	own_numbers(&inode, &dev);
	assert_int_equal(load(HEAD WHO
		"{\"allow\":\"zcrx\",\"executable\":\"/proc/self/exe\"}\n"), 0);
	assert_int_equal(who->has, NMA_WHO_EXE);
	assert_int_equal(who->inode, inode);
	assert_int_equal(who->dev, dev);
}

static void test_hash(void **state)
{
	__u64 hash;

	(void)state;
	assert_int_equal(load(HEAD), 0);
	hash = file.hash;
	assert_int_equal(load(HEAD "\n"), 0);
	assert_true(hash != file.hash);
	assert_int_equal(load(HEAD), 0);
	assert_true(hash == file.hash);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
		{ "", "empty" },
		{ "{\"schema\":1,\"type\":\"waivers\"}\n", ":1: type is \"waivers\"" },
		{ "{\"schema\":9,\"type\":\"policy\"}\n", ":1: schema 9" },
		{ HEAD "{\"rule\":\"NM-NO-1\",\"mode\":\"enforce\"}\n",
		  ":2: unknown rule \"NM-NO-1\"" },
		{ HEAD "{\"rule\":\"NM-BIND-02\"}\n", ":2: \"mode\" is missing" },
		{ HEAD "{\"rule\":\"NM-BIND-02\",\"mode\":\"on\"}\n",
		  ":2: \"mode\" is one of off, audit, enforce, not \"on\"" },
		{ HEAD "{\"rule\":\"NM-PP-01\",\"mode\":\"enforce\"}\n",
		  ":2: no program can refuse what breaks NM-PP-01" },
		{ HEAD "{\"rule\":\"NM-BIND-02\",\"mode\":\"off\",\"optional\":1}\n",
		  "\"optional\" must be true or false" },
		{ HEAD "{\"rule\":\"NM-BIND-02\",\"mode\":\"off\",\"unknown\":\"x\"}\n",
		  "\"unknown\" is one of refuse, allow" },
		{ HEAD "{\"rule\":\"NM-BIND-02\",\"mode\":\"off\"}\n"
		  "{\"rule\":\"NM-BIND-02\",\"mode\":\"off\"}\n", ":3: NM-BIND-02 is there twice" },
		{ HEAD "{\"rule\":\"NM-BIND-02\",\"moode\":\"off\"}\n", "unknown key \"moode\"" },
		{ HEAD "{\"x\":1}\n", ":2: neither \"rule\" nor" },
		{ HEAD WHO "{\"allow\":\"bind\",\"user\":\"0\"}\n",
		  ":3: \"allow\" is one of bind-rx, bind-tx, zcrx" },
		{ HEAD WHO "{\"allow\":\"bind-rx\"}\n", ":3: needs \"user\"" },
		{ HEAD WHO "{\"allow\":\"bind-rx\",\"user\":\"no one here\"}\n",
		  ":3: there is no user" },
		{ HEAD WHO "{\"allow\":\"bind-rx\",\"user\":\"-5\"}\n",
		  ":3: there is no user \"-5\"" },
		{ HEAD WHO "{\"allow\":\"bind-rx\",\"cgroup\":\"/no/such\"}\n",
		  ":3: there is no cgroup" },
		{ HEAD WHO "{\"allow\":\"bind-rx\",\"cgroup\":\"../..\"}\n",
		  ":3: \"cgroup\" is a path" },
		{ HEAD WHO "{\"allow\":\"bind-rx\",\"executable\":\"/no/such\"}\n",
		  ":3: there is no file" },
		{ HEAD WHO "{\"allow\":\"bind-rx\",\"executable\":\"sh\"}\n",
		  ":3: \"executable\" is an absolute path" },
		{ HEAD "{\"deny\":\"bind-tx\"}\n", ":2: has no effect without" },
		{ HEAD WHO, "NM-BIND-09 is of no effect without" },
		{ HEAD "{\"rule\":\"NM-TOK-01\",\"mode\":\"audit\"}\n",
		  "NM-TOK-01 is of no effect without" },
		{ HEAD "{\"limit\":\"tokens\",\"count\":5}\n", ":2: has no effect" },
		{ HEAD "{\"limit\":\"tokens\"}\n", ":2: needs \"count\"" },
		{ HEAD "{\"limit\":\"tokens\",\"bytes\":5}\n", "less than a page" },
		{ HEAD "{\"limit\":\"tokens\",\"count\":-5}\n", "out of range" },
		{ HEAD "{\"limit\":\"unread-sends\",\"count\":0}\n", "nothing could be sent" },
		{ HEAD "{\"limit\":\"other\",\"count\":0}\n", "\"limit\" is one of" },
		{ HEAD "{\"port\":\"a-name-that-is-too-long\"}\n", "is not the name of a port" },
		{ HEAD "{\"port\":\"n*m\"}\n", "is not the name of a port" },
		{ HEAD "{\"port\":7}\n", "\"port\" must be a string" },
		{ HEAD "{\"rule\":\"NM-BIND-02\",\"mode\":\"off\"\n", "cut off" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(bad[i].text), -EINVAL);
		expect_said(error, bad[i].says);
	}
}

static void test_of_others(void **state)
{
	(void)state;
	write_file(HEAD);
	chmod(path, 0666);
	assert_int_equal(nma_policy__load(path, &file, error, sizeof(error)), -EPERM);
	expect_said(error, "others may write to it: run chmod go-w");
	chmod(path, 0600);
	assert_int_equal(nma_policy__load("/tmp", &file, error, sizeof(error)), -EPERM);
	expect_said(error, "not a regular file");
	assert_int_equal(nma_policy__load("/no/such", &file, error, sizeof(error)), -ENOENT);
	if (!geteuid() && !chown(path, 65534, 65534)) {
		assert_int_equal(nma_policy__load(path, &file, error, sizeof(error)),
				 -EPERM);
		expect_said(error, "belongs to another user");
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

/* What is installed can be read, and enforces nothing that stops a machine. */
static void test_default(void **state)
{
	const char *installed = NMA_TOP "/tools/policy";
	struct stat st;

	(void)state;
	assert_int_equal(stat(installed, &st), 0);
	if (st.st_uid != geteuid() && st.st_uid)
		skip();
	assert_int_equal(nma_policy__load(installed, &file, error, sizeof(error)), 0);
	assert_int_equal(file.policy.mode[NMA_RULE_BIND_05], NMA_MODE_ENFORCE);
	assert_int_equal(file.policy.restricted, 0);
}

static void test_needs(void **state)
{
	struct nma_policy pol = { 0 };
	char hooks[96];

	(void)state;
	pol.mode[NMA_RULE_BIND_09] = NMA_MODE_ENFORCE;
	nma_needs_hooks(NMA_RULE_BIND_09, &pol, hooks, sizeof(hooks));
	assert_string_equal(hooks, "netlink_send, net_devmem_bind_dmabuf, "
				   "net_devmem_unbind_dmabuf");
	pol.restricted = 1 << NMA_WHO_ZCRX;
	nma_needs_hooks(NMA_RULE_BIND_09, &pol, hooks, sizeof(hooks));
	expect_said(hooks, "io_register_zcrx");
	nma_needs_hooks(NMA_RULE_TOK_04, &pol, hooks, sizeof(hooks));
	assert_string_equal(hooks, "");
}

/* ---- The command -----------------------------------------------------------------*/

static int command(const char *verb)
{
	char line[256];

	snprintf(line, sizeof(line), "enforce %s --policy %s", verb, path);
	return run(line);
}

static void test_check(void **state)
{
	(void)state;
	write_file(HEAD "{\"rule\":\"NM-TOK-04\",\"mode\":\"audit\",\"optional\":true}\n");
	assert_int_equal(command("check"), 0);
	expect_said(out, "a policy");
	expect_said(out, "NM-TOK-04  audit  yes");
	write_file(HEAD "{\"rule\":\"NM-TOK-99\",\"mode\":\"audit\"}\n");
	assert_int_equal(command("check"), 2);
	expect_said(err, ":2: unknown rule");
	assert_int_equal(run("enforce check --policy /no/such"), 3);
	assert_int_equal(run("enforce"), 2);
	assert_int_equal(run("enforce please"), 2);
	expect_said(err, "on, check, status or off");
}

static void test_on(void **state)
{
	(void)state;
	write_file(HEAD "{\"rule\":\"NM-TOK-04\",\"mode\":\"enforce\"}\n");
	assert_int_equal(command("on"), 0);
	expect_said(out, "in force");
	fake.enforce_err = -EOPNOTSUPP;
	assert_int_equal(command("on"), 5);
	fake.enforce_err = -EBUSY;
	assert_int_equal(command("on"), 3);
	expect_said(err, "as the fake kernel was told");
	fake.features.caps = 0;
	assert_int_equal(command("on"), 3);
	expect_said(err, "CAP_BPF and CAP_PERFMON and CAP_NET_ADMIN is missing");
}

static void test_status(void **state)
{
	(void)state;
	assert_int_equal(run("enforce status"), 0);
	expect_said(out, "NM-BIND-05  enforce        7            0  socket_bind");
	expect_said(out, "XSK");
	assert_int_equal(run("enforce status -j"), 0);
	assert_int_equal(num(first(parse(), "rules"), "refused"), 7);
	assert_int_equal(num(first(parse(), "last"), "errno"), 16);
	fake.enforce_err = -ENOENT;
	assert_int_equal(run("enforce status"), 3);
	assert_int_equal(run("enforce off"), 0);
	expect_said(out, "nothing was in force");
	fake.enforce_err = 0;
	assert_int_equal(run("enforce off"), 0);
	fake.enforce_err = -ENOTEMPTY;
	assert_int_equal(run("enforce off"), 3);
}

/* ---- what it would say beforehand ---- */

static enum nma_answer would(const struct nma_policy *pol, enum nma_act_kind act)
{
	const struct nma_identity self = { .uid = 1000, .nr_cgroups = 2, .cgroup = { 1, 77 } };
	struct nma_nic nic = { .r.ifname = "nm0", .rss = { .known = true, .bits = { 0x7 } } };
	enum nma_rule_id rule;

	return nma_would(pol, &self, act, &nic, 3, &rule);
}

static void test_would(void **state)
{
	const __u32 rx = 1u << NMA_WHO_BIND_RX;
	struct nma_policy pol = { .dmabuf_bytes = ~0ull };
	struct nma_who *who = pol.who;

	(void)state;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_YES);
	pol.mode[NMA_RULE_BIND_09] = NMA_MODE_ENFORCE;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_YES);
	pol.restricted = rx;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_NO);
	assert_int_equal(would(&pol, NMA_WHO_ZCRX), NMA_ANSWER_YES);
	pol.mode[NMA_RULE_BIND_09] = NMA_MODE_AUDIT;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_YES);
	pol.mode[NMA_RULE_BIND_09] = NMA_MODE_ENFORCE;

	pol.nr_who = 1;
	*who = (struct nma_who){ .acts = rx, .has = NMA_WHO_UID, .uid = 1001 };
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_NO);
	who->uid = 1000;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_YES);
	who->has |= NMA_WHO_CGROUP;
	who->cgroup_id = 77;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_NO);
	who->cgroup_level = 1;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_YES);
	pol.dmabuf_bytes = 4096;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_UNSURE);
	pol.dmabuf_bytes = ~0ull;
	who->has |= NMA_WHO_EXE;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_UNSURE);

	strcpy(pol.port[0], "eth*");
	pol.nr_ports = 1;
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_YES);
	strcpy(pol.port[0], "n*");
	assert_int_equal(would(&pol, NMA_WHO_BIND_RX), NMA_ANSWER_UNSURE);
}

static void test_would_by_rss(void **state)
{
	struct nma_policy pol = { .dmabuf_bytes = ~0ull };
	struct nma_nic nic = { .rss = { .known = true, .bits = { 0x7 } } };
	const struct nma_identity self = { .nr_cgroups = 0 };
	enum nma_rule_id rule;

	(void)state;
	pol.mode[NMA_RULE_BIND_07] = NMA_MODE_ENFORCE;
	assert_int_equal(nma_would(&pol, &self, NMA_WHO_BIND_RX, &nic, 3, &rule),
			 NMA_ANSWER_YES);
	assert_int_equal(nma_would(&pol, &self, NMA_WHO_BIND_RX, &nic, 2, &rule),
			 NMA_ANSWER_NO);
	assert_int_equal(rule, NMA_RULE_BIND_07);
	assert_int_equal(nma_would(&pol, &self, NMA_WHO_ZCRX, &nic, 2, &rule),
			 NMA_ANSWER_YES);
}

/* What cannot be refused is said where it can be broken. */
static void test_gaps(void **state)
{
	struct nma_features none = { 0 }, old = { .netmem = true },
			    new = { .netmem = true, .devmem_tx = true, .hds_cfg = true };
	const struct nma_gap *g;

	(void)state;
	for (g = nma_gaps; g < nma_gaps + nma_nr_gaps; g++) {
		assert_false(nma_gap_is_open(g, &none));
		assert_int_equal(nma_gap_is_open(g, &old), g->rule != NMA_RULE_TX_02);
		assert_int_equal(nma_gap_is_open(g, &new), !g->old_only);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_executable),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_of_others),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_would),
		cmocka_unit_test(test_would_by_rss),
		cmocka_unit_test_setup_teardown(test_check, command_setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_on, command_setup, command_teardown),
		cmocka_unit_test_setup_teardown(test_status, command_setup, command_teardown),
	};
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
