// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit check with files (--save, --baseline, --waive) and
 * with --probe.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "world.h"

static const char base[] = "base", waive[] = "waive";
static char dir[64], back[4096];

static int setup(void **state)
{
	command_setup(state);
	strcpy(dir, "/tmp/nma-check-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_non_null(getcwd(back, sizeof(back)));
	assert_int_equal(chdir(dir), 0);
	return 0;
}

static int teardown(void **state)
{
	unlink(base);
	unlink(waive);
	assert_int_equal(chdir(back), 0);
	assert_int_equal(rmdir(dir), 0);	/* no temporary file is left */
	return command_teardown(state);
}

static int runf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int runf(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return run(line);
}

static void write_waiver(const char *expires)
{
	FILE *f = fopen(waive, "w");

	fprintf(f, "{\"schema\":1,\"type\":\"waivers\"}\n"
		"{\"rule\":\"NM-POOL-01\",\"driver\":\"nmnic\",\"expires\":\"%s\","
		"\"reason\":\"a reason\"}\n", expires);
	fclose(f);
}

static void test_baseline(void **state)
{
	(void)state;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	/* who keeps it has taken note of it */
	assert_int_equal(runf("check --save %s", base), NMA_EXIT_OK);
	expect_said(out, "warn NM-POOL-01 nm0 queue 0 pool 11");
	expect_said(out, "errors: 0, warnings: 1");
	expect_said(out, "baseline written to ");
	assert_int_equal(runf("check --baseline %s", base), NMA_EXIT_OK);
	expect_said(out, "warn NM-POOL-01 nm0 queue 0 pool 11 (known)\n");
	expect_said(out, "no new violation");
	pool[1].pool_id = 4711;		/* after a restart */
	assert_int_equal(runf("check -j --baseline %s", base), NMA_EXIT_OK);
	assert_string_equal(str(parse(), "result"), "holds");
	assert_int_equal(num(doc, "known"), 1);
	assert_int_equal(num(doc, "warnings"), 0);
	assert_true(json_object_get_boolean(get(first(doc, "findings"), "known")));
	pool[3].flags &= ~NMA_PP_DMA_SYNC_DEV;	/* one more */
	assert_int_equal(runf("check -j --baseline %s", base), NMA_EXIT_VIOLATION);
	assert_int_equal(num(parse(), "known"), 1);
	assert_int_equal(num(doc, "errors"), 1);
	pool[1].flags |= NMA_PP_DMA_SYNC_DEV;
	pool[3].flags |= NMA_PP_DMA_SYNC_DEV;
	assert_int_equal(runf("check -j --baseline %s", base), NMA_EXIT_OK);
	assert_int_equal(num(parse(), "mended"), 1);
	assert_string_equal(err, "");
	/* on another machine */
	strcpy(fake.features.release, "7.3-fake");
	assert_int_equal(runf("check --baseline %s", base), NMA_EXIT_OK);
	expect_said(err, "of kernel 7.2-fake, this is 7.3-fake");
}

/* What an expired waiver covers is not kept, so it fails now as it will later. */
static void test_save_leaves_out(void **state)
{
	(void)state;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	write_waiver("2026-11-19");
	assert_int_equal(runf("check --waive %s --save %s", waive, base),
			 NMA_EXIT_VIOLATION);
}

static void test_baseline_of_a_part(void **state)
{
	(void)state;
	fake.lost.count[NMA_LOSS_RING] = 1;
	assert_int_equal(runf("check --save %s", base), NMA_EXIT_INCOMPLETE);
	expect_said(err, "no baseline was written");
	assert_int_equal(access(base, F_OK), -1);
}

static void test_baseline_can_not_be_written(void **state)
{
	(void)state;
	assert_int_equal(run("check --save /no/such/dir/file"), NMA_EXIT_ENV);
	expect_said(err, "/no/such/dir/file: No such file or directory");
	assert_int_equal(run("check -j --save /dev/null"), NMA_EXIT_ENV);
	expect_said(str(get(parse(), "error"), "message"), "not a regular file");
}

/* Nothing is looked at before the files are known to be good. */
static void test_bad_files(void **state)
{
	FILE *f = fopen(base, "w");

	(void)state;
	fputs("nonsense\n", f);
	fclose(f);
	assert_int_equal(runf("check --baseline %s", base), NMA_EXIT_USAGE);
	expect_said(err, "base:1: column 2: not JSON");
	assert_int_equal(runf("check --waive %s -j", base), NMA_EXIT_USAGE);
	expect_said(str(get(parse(), "error"), "message"), "base:1: ");
	assert_int_equal(run("check --waive none"), NMA_EXIT_ENV);
	assert_int_equal(runf("check --save %s --waive %s", base, base), NMA_EXIT_USAGE);
	assert_int_equal(run("check --baseline="), NMA_EXIT_USAGE);
	assert_int_equal(fake.snapshots, 0);
}

static void test_waiver(void **state)
{
	struct json_object *f;

	(void)state;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	write_waiver("2026-11-20");
	assert_int_equal(runf("check --waive %s", waive), NMA_EXIT_OK);
	expect_said(out, "pool 11 (waived until 2026-11-20)\n");
	expect_said(out, "waiver waive:2 used: NM-POOL-01 driver nmnic, expires 2026-11-20: a reason");
	assert_int_equal(runf("check -j --waive %s", waive), NMA_EXIT_OK);
	assert_int_equal(num(parse(), "waived"), 1);
	f = first(doc, "findings");
	assert_string_equal(str(get(f, "waived"), "reason"), "a reason");
	assert_int_equal(num(first(doc, "waivers"), "used"), 1);
	/* another driver */
	strcpy(nic.driver, "other");
	assert_int_equal(runf("check --waive %s", waive), NMA_EXIT_VIOLATION);
	assert_int_equal(runf("check -v --waive %s", waive), NMA_EXIT_VIOLATION);
	expect_said(out, "not needed");
}

static void test_waiver_expires(void **state)
{
	(void)state;
	write_waiver("2026-11-19");
	assert_int_equal(runf("check --waive %s", waive), NMA_EXIT_OK);
	expect_said(out, "waiver waive:2 expired: NM-POOL-01 driver nmnic");
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	assert_int_equal(runf("check --waive %s", waive), NMA_EXIT_VIOLATION);
	expect_said(out, "(its waiver expired on 2026-11-19)");
	assert_int_equal(runf("check -j --waive %s", waive), NMA_EXIT_VIOLATION);
	assert_string_equal(str(get(first(parse(), "findings"), "waiver_expired"),
				"expires"), "2026-11-19");
	assert_true(json_object_get_boolean(get(first(doc, "waivers"), "expired")));
}

/* A baseline does not make a waiver last for ever. */
static void test_waived_is_not_saved(void **state)
{
	(void)state;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	write_waiver("2026-11-20");
	assert_int_equal(runf("check --waive %s --save %s", waive, base), NMA_EXIT_OK);
	assert_int_equal(runf("check --baseline %s", base), NMA_EXIT_VIOLATION);
}

/* The port of the fake is in our namespace as far as probes are concerned. */
static void here(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	nic.hdr.netns = st.st_ino;
	queue[1].hdr.netns = st.st_ino;
}

static void test_probe_refused(void **state)
{
	struct json_object *p;

	(void)state;
	here();
	fake.attempt = (struct nma_attempt){ NMA_REFUSED, -EBUSY, "busy, it said" };
	assert_int_equal(run("check -i nm0 --probe -j"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "probes"), 9);
	assert_int_equal(fake.attempts, 9);
	p = json_object_array_get_idx(get(doc, "probes"), 3);
	assert_string_equal(str(p, "probe"), "bind_again");
	assert_string_equal(str(p, "rule"), "NM-BIND-01");
	assert_string_equal(str(p, "outcome"), "refused");
	assert_string_equal(str(p, "reason"), "busy, it said");
	assert_int_equal(num(p, "errno"), EBUSY);
	assert_int_equal(num(p, "queue"), 1);
	assert_int_equal(run("check -i nm0 --probe"), NMA_EXIT_OK);
	expect_said(out, "xdp_driver ");
	expect_said(out, "no violation");
}

static void test_probe_allowed(void **state)
{
	(void)state;
	here();
	fake.attempt = (struct nma_attempt){ NMA_UNDONE, 0, "" };
	assert_int_equal(run("check -i nm0 --probe"), NMA_EXIT_VIOLATION);
	expect_said(out, "error NM-BIND-04 nm0\n    XDP on a port with a bound queue was allowed and undone at once\n");
	expect_said(out, "error NM-BIND-01 nm0 queue 1\n");
	fake.attempt = (struct nma_attempt){ NMA_STUCK, -EIO, "it is stuck" };
	assert_int_equal(run("check -i nm0 --probe -j"), NMA_EXIT_VIOLATION);
	expect_said(out, "could not be undone");
	expect_said(out, "\"not_undone\":\"it is stuck\"");
	/* known like any other finding */
	assert_int_equal(run("check -i nm0 --probe --save base"), NMA_EXIT_OK);
	run("check -i nm0 --probe --baseline base -j");
	assert_int_equal(num(parse(), "errors"), 0);
	assert_int_equal(num(doc, "known"), length(doc, "findings"));
}

/* What no driver can help is not held against it. */
static void test_probe_gap(void **state)
{
	(void)state;
	here();
	fake.attempt = (struct nma_attempt){ NMA_REFUSED, -EBUSY, "" };
	fake.allowed_xsk_copy = true;
	assert_int_equal(run("check -i nm0 --probe"), NMA_EXIT_OK);
	expect_said(out, "info NM-BIND-05 nm0 queue 1 (a gap of the kernel)\n");
	expect_said(out, "at once: no\n    kernel refuses it, on any driver\n");
	expect_said(out, "no violation\n");
	assert_int_equal(run("check -i nm0 --probe -j"), NMA_EXIT_OK);
	assert_string_equal(str(parse(), "result"), "holds");
	assert_true(json_object_get_boolean(get(first(doc, "findings"), "kernel_gap")));
	assert_int_equal(run("check -i nm0 --probe --strict"), NMA_EXIT_VIOLATION);
	expect_said(out, "warn NM-BIND-05 nm0 queue 1 (a gap of the kernel)\n");
	assert_int_equal(run("check -i nm0 --probe --strict --fail-on error"),
			 NMA_EXIT_OK);
}

static void test_probe_only_what_can_be(void **state)
{
	struct json_object *p;

	(void)state;
	assert_int_equal(run("check --probe"), NMA_EXIT_USAGE);
	expect_said(err, "-i");
	assert_int_equal(fake.snapshots, 0);
	/* its namespace is not to be found */
	nic.hdr.netns = 1;
	assert_int_equal(run("check -i nm0 --probe -j"), NMA_EXIT_INCOMPLETE);
	p = first(parse(), "probes");
	assert_string_equal(str(p, "outcome"), "not tried");
	expect_said(str(p, "reason"), "namespace");
	assert_string_equal(str(doc, "result"), "incomplete");
	p = first(get(doc, "coverage"), "blind");
	assert_true(json_object_get_boolean(get(p, "incomplete")));
	expect_said(str(p, "reason"), "its network namespace cannot be entered");
	assert_int_equal(fake.attempts, 0);
	here();
	queue[1] = rec_queue(1);
	assert_int_equal(run("check -i nm0 --probe"), NMA_EXIT_INCOMPLETE);
	expect_said(out, "no queue is bound");
	expect_said(err, "nothing could be tried: no queue is bound");
	assert_null(strstr(out, "no violation"));
	assert_int_equal(fake.attempts, 0);
	/* what must be refused on a port without a binding */
	nic.hds = NMA_HDS_OFF;
	pool[1].flags = pool[3].flags = 0;
	fake.attempt = (struct nma_attempt){ NMA_REFUSED, -EINVAL, "" };
	run("check -i nm0 --probe -j");
	assert_string_equal(str(first(parse(), "probes"), "probe"), "bind_unsplit");
	assert_int_equal(fake.attempt_queue, 3);
	assert_int_equal(fake.attempts, 1);
}

static void test_probe_with_xdp(void **state)
{
	struct json_object *p;

	(void)state;
	here();
	nic.xdp_prog_id[1] = 7;
	fake.attempt = (struct nma_attempt){ NMA_REFUSED, -EBUSY, "" };
	run("check -i nm0 --probe -j");
	p = first(parse(), "probes");
	assert_string_equal(str(p, "outcome"), "not tried");
	expect_said(str(p, "reason"), "already");
	assert_int_equal(fake.attempts, 6);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_baseline),
		T(test_save_leaves_out),
		T(test_baseline_of_a_part),
		T(test_baseline_can_not_be_written),
		T(test_bad_files),
		T(test_waiver),
		T(test_waiver_expires),
		T(test_waived_is_not_saved),
		T(test_probe_refused),
		T(test_probe_allowed),
		T(test_probe_gap),
		T(test_probe_only_what_can_be),
		T(test_probe_with_xdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
