// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit gate against the fake kernel: each assertion by default with what breaks
 * it and without, each result with its exit status, and the command with all that it
 * starts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "util/text.h"
#include "world.h"

static char dir[] = "/tmp/nma-gate-XXXXXX", back[4096];

/* Real time for a real process. */
static void nap(unsigned int poll)
{
	(void)poll;
	usleep(20000);
}

static int setup(void **state)
{
	/* these tests may run there */
	unsetenv("GITHUB_ACTIONS");
	unsetenv("GITHUB_STEP_SUMMARY");
	command_setup(state);
	fake.on_poll = nap;
	return 0;
}

static void test_holds(void **state)
{
	(void)state;
	assert_int_equal(run("gate -- true"), NMA_EXIT_OK);
	assert_string_equal(out, "");	/* that is the command's */
	expect_said(err, "holds    leaked_netmems == 0: it is 0\n");
	expect_said(err, "result: holds; the command ended with status 0\n");
	assert_int_equal(run("-j gate -- true"), NMA_EXIT_OK);
	assert_string_equal(str(parse(), "type"), "gate");
	assert_string_equal(str(doc, "result"), "holds");
	assert_int_equal(num(doc, "command_status"), 0);
	assert_int_equal(length(doc, "assertions"), 5);
	assert_string_equal(err, "");
}

/* The flag of a pool that is created while the command runs */
static void bad_pool(unsigned int poll)
{
	static struct nma_rec_pool r;

	nap(poll);
	if (poll != 2)
		return;
	r = CAUSED(pool[1], CREATE);
	r.pool_id = 77;
	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	r.hdr.time_ns = fake.now_ns;
	r.pool = 0xffff888000077000ull;
	r.create_ns = fake.now_ns;
	fake_send(&r);
}

static struct nma_rec_pool dying;

/* Destroyed while the command runs, with 3 buffers out that do not come back. */
static void leak(unsigned int poll)
{
	nap(poll);
	if (poll != 2)
		return;
	pool[3].detached = 1;
	pool[3].inflight = 3;
	pool[3].detach_ns = fake.now_ns;
	queue[1] = rec_queue(1);	/* nobody is bound any more */
	queue[1].hdr.netns = nic.hdr.netns;
	dying = CAUSED(pool[3], DETACH);
	dying.hdr.time_ns = fake.now_ns;
	fake_send(&dying);
}

static void test_leak(void **state)
{
	struct json_object *a;

	(void)state;
	fake.on_poll = leak;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_VIOLATION);
	assert_string_equal(str(parse(), "result"), "violation");
	a = assertion("leaked_netmems == 0");
	assert_string_equal(str(a, "outcome"), "violated");
	assert_int_equal(num(a, "value"), 3);
	assert_true(length(a, "findings") == 1 && length(a, "about") == 1);
	a = assertion("pools_stalled == 0");
	assert_int_equal(num(a, "value"), 1);
	a = assertion("events_lost == 0");
	assert_string_equal(str(a, "outcome"), "holds");
}

static void test_leak_in_text(void **state)
{
	(void)state;
	fake.on_poll = leak;
	assert_int_equal(run("gate -- sleep 0.3"), NMA_EXIT_VIOLATION);
	expect_said(err, "VIOLATED leaked_netmems == 0: it is 3\n"
			 "    nm0 queue 1 page_pool 21: 3 buffers not back, it was destroyed ");
	expect_said(err, "NM-PP-06 nm0 queue 1 pool 21");
	expect_said(err, "see NM-PP-06 above");
	expect_said(err, "-> return them: netmem-audit leaks");
	expect_said(err, "result: violation, 3 of 5 assertions; the command ended with status 0");
}

/* The same, but it was destroyed before: not the command's doing. */
static void test_old_leak(void **state)
{
	(void)state;
	pool[3].detached = 1;
	pool[3].inflight = 3;
	pool[3].detach_ns = 1;
	queue[1] = rec_queue(1);
	queue[1].hdr.netns = nic.hdr.netns;
	assert_int_equal(run("-j gate -- true"), NMA_EXIT_OK);
	assert_int_equal(num(assertion((parse(), "leaked_netmems == 0")), "value"), 0);
}

static unsigned int came_back;

/* And comes back a second after the command has ended */
static void late(unsigned int poll)
{
	leak(poll);
	if (poll != 30)
		return;
	dying = CAUSED(pool[3], GONE);
	dying.hdr.time_ns = fake.now_ns;
	fake_send(&dying);
	fake.nr_state--;	/* the binding is last, and goes with it */
	memmove(&fake.state[6], &fake.state[7],
		(fake.nr_state - 6) * sizeof(*fake.state));
	came_back = poll;
}

static void test_settle(void **state)
{
	(void)state;
	fake.on_poll = late;
	came_back = 0;
	assert_int_equal(run("-j gate --settle 60 -- sleep 0.3"), NMA_EXIT_OK);
	assert_int_equal(came_back, 30);
	assert_true(fake.polls < 40);	/* not the whole minute */
}

static void test_does_not_settle_in_time(void **state)
{
	(void)state;
	fake.on_poll = late;
	came_back = 0;
	assert_int_equal(run("-j gate --settle 0.2 -- sleep 0.1"), NMA_EXIT_VIOLATION);
	assert_int_equal(came_back, 0);
}

static void take_tokens(unsigned int poll)
{
	static struct nma_rec_sock r;

	nap(poll);
	if (poll != 2)
		return;
	sock = rec_sock(1, 23);
	sock.hdr.netns = nic.hdr.netns;
	sock.oldest_ns = fake.now_ns;
	sock.taken = 100;
	sock.returned = 77;
	r = CAUSED(sock, CHANGE);
	r.hdr.time_ns = fake.now_ns;
	fake_add(&sock);
	fake_send(&r);
}

static void test_tokens(void **state)
{
	struct json_object *a;

	(void)state;
	fake.on_poll = take_tokens;
	assert_int_equal(run("-j gate --assert tokens_returned==77 --assert tokens_taken==100 "
			     "--assert tokens_outstanding{ifname=\"nm0\"}==0 -- sleep 0.3"),
			 NMA_EXIT_VIOLATION);
	only_violated((parse(), "tokens_outstanding"), 23);
	a = assertion("tokens_outstanding{ifname=\"nm0\"}==0");
	assert_string_equal(str(get(a, "labels"), "ifname"), "nm0");
	assert_int_equal(length(a, "about"), 1);
}

static void test_finding(void **state)
{
	(void)state;
	fake.on_poll = bad_pool;
	assert_int_equal(run("-j gate --strict --assert findings{rule=\"NM-POOL-01\"}==0 "
			     "-- sleep 0.3"), NMA_EXIT_VIOLATION);
	only_violated((parse(), "findings"), 1);
	assert_int_equal(length(doc, "findings"), 1);
}

/* What is not seen may be wrong: nobody knows. */
static void test_lost(void **state)
{
	(void)state;
	fake.lost.count[NMA_LOSS_RING] = 7;
	assert_int_equal(run("-j gate -- true"), NMA_EXIT_INCOMPLETE);
	assert_string_equal(str(parse(), "result"), "incomplete");
	only_violated("events_lost", 7);
	/* without that assertion as well */
	assert_int_equal(run("gate -q --assert findings==0 -- true"), NMA_EXIT_INCOMPLETE);
	/* but a leak is a leak */
	fake.polls = 0;
	fake.on_poll = leak;
	assert_int_equal(run("gate -q -- sleep 0.3"), NMA_EXIT_VIOLATION);
}

static __u64 dropped;	/* records */

/* A binding that ends while the command runs; whether it is freed, a record would say. */
static void bind_and_unbind(unsigned int poll)
{
	static struct nma_rec_binding r;

	nap(poll);
	if (poll != 2 && poll != 3)
		return;
	r = poll == 2 ? CAUSED(rec_binding(), CREATE) : CAUSED(rec_binding(), DETACH);
	r.binding += 0x1000;
	r.binding_id = 9;
	r.lent = 4096;
	r.hdr.netns = nic.hdr.netns;
	r.hdr.time_ns = fake.now_ns;
	fake_send(&r);
	if (poll == 3)
		fake.lost.count[NMA_LOSS_RING] = dropped;
}

/* Where records are lost, its end may be among them. */
static void test_lost_end(void **state)
{
	(void)state;
	fake.on_poll = bind_and_unbind;
	dropped = 0;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_VIOLATION);
	only_violated((parse(), "findings"), 1);
	fake.polls = 0;
	dropped = 1;
	assert_int_equal(run("-j gate -- sleep 0.3"), NMA_EXIT_INCOMPLETE);
	only_violated((parse(), "events_lost"), 1);
}

static void expect_unknown(const char *line, const char *why)
{
	fake.polls = 0;
	assert_int_equal(run(line), NMA_EXIT_INCOMPLETE);
	assert_string_equal(str(parse(), "result"), "incomplete");
	assert_string_equal(str(first(doc, "assertions"), "outcome"), "unknown");
	if (!strstr(str(first(doc, "assertions"), "why"), why))
		fail_msg("%s: %s", line, str(first(doc, "assertions"), "why"));
}

static void test_unknown(void **state)
{
	(void)state;
	expect_unknown("-j gate --assert findings{ifname=\"nm9\"}==0 -- true",
		       "no device 'nm9' was seen");
	expect_unknown("-j gate --assert leaked_netmems{queue=\"9\"}==0 -- true",
		       "no such queue was seen");
	expect_unknown("-j gate --assert findings{pool_id=\"4711\"}==0 -- true",
		       "no such page_pool was seen");
	expect_unknown("-j gate --assert findings{rule=\"NM-PP-02\"}==0 -- true",
		       "NM-PP-02 needs --deep");
	expect_unknown("-j gate --assert recycle_ratio>=0.5 -- true", "not counted here");
	assert_int_equal(run("gate --assert findings{rule=\"NM-PP-02\"}==0 --deep -- true"),
			 NMA_EXIT_OK);
	assert_int_equal(run("gate --assert findings{queue=\"1\"}==0 -- true"), NMA_EXIT_OK);
}

static void expect_result(const char *line, int status, const char *result,
			  const char *verdict)
{
	fake.polls = 0;
	assert_int_equal(run(line), status);
	assert_string_equal(str(parse(), "result"), result);
	assert_string_equal(str(doc, "verdict"), verdict);
}

static void test_command(void **state)
{
	(void)state;
	expect_result("-j gate -- false", NMA_EXIT_VIOLATION, "command_failed", "holds");
	assert_int_equal(num(doc, "command_status"), 1);
	expect_result("-j gate --timeout 0.2 -- sleep 60", NMA_EXIT_VIOLATION, "timeout",
		      "holds");
	assert_int_equal(num(doc, "command_signal"), SIGTERM);
	assert_int_equal(run("gate --timeout 0.2 -- sleep 60"), NMA_EXIT_VIOLATION);
	expect_said(err, "result: timeout; the command was stopped: it had not ended after --timeout");
	/* what is wrong goes first */
	fake.on_poll = leak;
	expect_result("-j gate --timeout 0.5 -- sleep 60", NMA_EXIT_VIOLATION, "violation",
		      "violation");
	/* and the command before what is not known */
	fake.on_poll = nap;
	pool[3].detached = 0;
	fake.lost.count[NMA_LOSS_RING] = 1;
	expect_result("-j gate -q -- false", NMA_EXIT_VIOLATION, "command_failed",
		      "incomplete");
}

static void test_no_such_command(void **state)
{
	(void)state;
	assert_int_equal(run("gate -- /no/such/program"), NMA_EXIT_ENV);
	expect_said(err, "cannot run '/no/such/program': No such file or directory");
	assert_int_equal(run("gate -- /etc/passwd"), NMA_EXIT_ENV);
	expect_said(err, "Permission denied");
}

static void script(const char *text)
{
	FILE *f = fopen("run", "w");

	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod("run", 0755), 0);
}

static bool lives(const char *file)
{
	FILE *f = fopen(file, "r");
	int pid = 0;

	if (!f)
		return false;
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid && !kill(pid, 0);
}

/* Daemons in sessions of their own, one of which does not want to go. */
static void test_daemons(void **state)
{
	(void)state;
	script("#!/bin/sh\n"
	       "setsid sh -c 'echo $$ >one; exec sleep 4711' &\n"
	       "setsid sh -c 'trap \"\" TERM HUP; echo $$ >two; while :; do sleep 1; done' &\n"
	       "while [ ! -s one ] || [ ! -s two ]; do sleep 0.05; done\n");
	assert_int_equal(run("-j gate -- ./run"), NMA_EXIT_OK);
	assert_true(num(parse(), "processes_left") >= 2);
	assert_int_equal(num(doc, "command_status"), 0);
	assert_false(lives("one"));
	assert_false(lives("two"));
	unlink("one");
	unlink("two");
	unlink("run");
}

static void test_killed_command(void **state)
{
	(void)state;
	script("#!/bin/sh\nkill -SEGV $$\n");
	expect_result("-j gate -- ./run", NMA_EXIT_VIOLATION, "command_failed", "holds");
	assert_int_equal(num(doc, "command_signal"), SIGSEGV);
	script("#!/bin/sh\nkill -STOP $$\n");
	expect_result("-j gate --timeout 0.3 -- ./run", NMA_EXIT_VIOLATION, "timeout", "holds");
	/* whoever keeps it is killed */
	script("#!/bin/sh\nsleep 4712 & echo $! >one\nkill -KILL $PPID\nsleep 4713\n");
	assert_int_equal(run("gate -- ./run"), NMA_EXIT_VIOLATION);
	assert_false(lives("one"));
	unlink("one");
	unlink("run");
}

static void test_usage(void **state)
{
	static const char *const wrong[] = {
		"gate", "gate --", "gate true", "gate --timeout 0 -- true",
		"gate --from x -- true", "gate --from x --deep", "gate --from x --timeout 1",
		"gate --from x --kmsg", "watch --from x --kmsg",
		"gate --assert findings=0 -- touch ran", "gate --assert nothing==0 -- touch ran",
		"gate --assert findings{rule=\"NM\"}==0 -- touch ran",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (run(wrong[i]) != NMA_EXIT_USAGE)
			fail_msg("%s: %s", wrong[i], err);
		assert_string_equal(out, "");
	}
	assert_int_equal(access("ran", F_OK), -1);
	assert_int_equal(run("gate --assert findings=0 -- touch ran"), NMA_EXIT_USAGE);
	assert_string_equal(err,
			    "netmem-audit: one of == != < <= > >= is expected here (column 9)\n"
			    "  findings=0\n"
			    "          ^\n");
	assert_int_equal(run("-j gate --assert findings=0 -- touch ran"), NMA_EXIT_USAGE);
	expect_said(str(get(parse(), "error"), "message"), "column 9");
	assert_int_equal(run("gate --gate /no/such/file -- touch ran"), NMA_EXIT_ENV);
	assert_int_equal(run("gate --baseline /no/such/file -- touch ran"), NMA_EXIT_ENV);
	assert_int_equal(access("ran", F_OK), -1);
}

static void test_gate_file(void **state)
{
	FILE *f = fopen("gate", "w");

	(void)state;
	fputs("findings == 0\n[nm0]\npools_created == 7\n", f);
	fclose(f);
	assert_int_equal(run("gate --gate gate -- true"), NMA_EXIT_VIOLATION);
	expect_said(err, "VIOLATED pools_created == 7 (gate:3): it is 0\n");
	expect_said(err, "holds    findings == 0 (gate:1): it is 0\n");
	unlink("gate");
}

/* A leak that somebody lives with is none of its assertions' business either. */
static void test_waiver(void **state)
{
	FILE *f = fopen("waive", "w");

	(void)state;
	fputs("{\"schema\":1,\"type\":\"waivers\"}\n"
	      "{\"rule\":\"NM-PP-06\",\"ifname\":\"nm0\",\"reason\":\"known\",\"expires\":\"2999-01-01\"}\n",
	      f);
	fclose(f);
	fake.on_poll = leak;
	assert_int_equal(run("gate --waive waive -- sleep 0.3"), NMA_EXIT_OK);
	expect_said(err, "waiver waive:2 used");
	unlink("waive");
}

static void test_recording(void **state)
{
	(void)state;
	fake.on_poll = leak;
	assert_int_equal(run("gate --record a.nmr -- sleep 0.3"), NMA_EXIT_VIOLATION);
	fake.on_poll = nap;
	pool[3].detached = 0;
	assert_int_equal(run("gate --from a.nmr"), NMA_EXIT_VIOLATION);
	expect_said(out, "VIOLATED leaked_netmems == 0: it is 3\n");
	expect_said(out, "result: violation, 3 of 5 assertions\n");
	assert_int_equal(run("gate --from a.nmr --assert leaked_netmems<=3"), NMA_EXIT_OK);
	unlink("a.nmr");
	fake.polls = 0;
	assert_int_equal(run("gate --record b.nmr -- true"), NMA_EXIT_OK);
	assert_int_equal(run("-j gate --from b.nmr"), NMA_EXIT_OK);
	assert_string_equal(str(parse(), "result"), "holds");
	assert_int_equal(truncate("b.nmr", 3000), 0);
	assert_true(run("gate --from b.nmr") != NMA_EXIT_OK);
	unlink("b.nmr");
}

/* Whoever made it did not wait until all was back. */
static void test_recording_without_a_wait(void **state)
{
	(void)state;
	fake.on_poll = leak;
	assert_int_equal(run("record -o c.nmr -- sleep 0.3"), NMA_EXIT_OK);
	assert_int_equal(run("-j gate --from c.nmr"), NMA_EXIT_INCOMPLETE);
	parse();
	assert_string_equal(str(assertion("leaked_netmems == 0"), "outcome"), "unknown");
	expect_said(str(assertion("leaked_netmems == 0"), "why"),
		    "page_pool 21 lost some: it was destroyed just before the end");
	assert_string_equal(str(assertion("pools_stalled == 0"), "outcome"), "unknown");
	assert_int_equal(run("-j gate --settle 0 --from c.nmr"), NMA_EXIT_VIOLATION);
	assert_int_equal(num(assertion((parse(), "leaked_netmems == 0")), "value"), 3);
	unlink("c.nmr");
	fake.polls = 0;
	pool[3].detached = 0;
	assert_int_equal(run("record -o c.nmr --duration 9"), NMA_EXIT_OK);
	assert_int_equal(run("-j gate --from c.nmr"), NMA_EXIT_VIOLATION);
	assert_int_equal(num(assertion((parse(), "leaked_netmems == 0")), "value"), 3);
	unlink("c.nmr");
	fake.polls = 0;
	fake.on_poll = take_tokens;
	pool[3].detached = 0;
	assert_int_equal(run("record -o c.nmr -- sleep 0.3"), NMA_EXIT_OK);
	assert_int_equal(run("-j gate --from c.nmr"), NMA_EXIT_INCOMPLETE);
	parse();
	expect_said(str(assertion("tokens_outstanding == 0"), "why"),
		    "pid 4711 has taken tokens just before the end");
	unlink("c.nmr");
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	assert_non_null(f);
	if (getdelim(&text, &room, '\0', f) < 0)
		fail_msg("%s is empty", path);
	fclose(f);
	assert_int_equal(unlink(path), 0);
	return text;
}

static void expect_in(const char *path, const char *const *words)
{
	char *text = slurp(path);

	for (; *words; words++)
		expect_said(text, *words);
	free(text);
}

static void test_reports(void **state)
{
	static const char *const ktap[] = {
		"KTAP version 1\n1..7\n",
		"not ok 1 findings{severity=\"error\"} == 0\n# violated: it is 1\n# error NM-PP-06",
		"not ok 2 leaked_netmems == 0\n# violated: it is 3\n#     nm0 queue 1 page_pool 21",
		"\nok 3 tokens_outstanding == 0\n", "\nok 6 everything was seen\n",
		"\nok 7 the command succeeded\n# the command ended with status 0\n", NULL,
	}, *const junit[] = {
		"name=\"gate\" tests=\"7\" failures=\"3\" errors=\"0\" skipped=\"0\"",
		"name=\"findings{severity=&quot;error&quot;} == 0\"",
		"<failure type=\"violated\" message=\"it is 3\">", "</testsuites>\n", NULL,
	}, *const json[] = { "{\"schema\":1,\"type\":\"gate\"", "\"result\":\"violation\"", NULL },
	*const html[] = {
		"<h1>violation</h1>", "<code>sleep 0.3</code>", "NM-PP-06", "</html>\n",
		"Buffers in flight, by page_pool", "<td class=\"n violated\">3</td>", NULL,
	};

	(void)state;
	fake.on_poll = leak;
	assert_int_equal(run("gate --ktap k --junit j --json-report r --html h -- sleep 0.3"),
			 NMA_EXIT_VIOLATION);
	expect_in("k", ktap);
	expect_in("j", junit);
	expect_in("r", json);
	expect_in("h", html);
}

#define MANY	2000

static void many(unsigned int poll)
{
	static struct nma_rec_pool r[MANY];
	unsigned int i;

	nap(poll);
	for (i = 0; poll == 2 && i < MANY; i++) {
		r[i] = CAUSED(pool[1], CREATE);
		r[i].pool_id = 1000 + i;
		r[i].hdr.time_ns = fake.now_ns;
		r[i].pool = 0xffff888100000000ull + i * 4096;
		r[i].create_ns = fake.now_ns;
		fake_send(&r[i]);
	}
}

/* For a browser, where somebody asks for it: NMA_REPORTS is a directory. */
static void keep_report(const char *name, const char *text)
{
	const char *dir = getenv("NMA_REPORTS");
	char path[4096];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s.html", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && !fclose(f));
}

/* Closed at first, and no more lines in a picture than one can tell apart. */
static void test_many_pools(void **state)
{
	char *text;

	(void)state;
	fake.on_poll = many;
	run("gate --html h -- sleep 0.3");
	text = slurp("h");
	expect_said(text, "<details><summary>2004 that were there</summary>");
	expect_said(text, "<td class=\"n\">2999</td>");
	assert_null(strstr(text, "line s8"));
	keep_report("many", text);
	free(text);
}

static void test_one_pool(void **state)
{
	char *text;

	(void)state;
	fake_reset();
	fake.on_poll = nap;
	fake_add(&nic);
	fake_add(&queue[0]);
	fake_add(&pool[1]);
	assert_int_equal(run("gate --html h -- sleep 0.3"), NMA_EXIT_OK);
	text = slurp("h");
	expect_said(text, "1 that was there</summary>");
	expect_said(text, "<td class=\"n\">11</td>");
	assert_null(strstr(text, "<td class=\"n\">10</td>"));
	keep_report("one", text);
	free(text);
}

/* Whatever others call their things */
static void test_hostile_reports(void **state)
{
	static const char name[NMA_IFNAME_LEN] = "<b>\"&'\x1b\n#\xff]]>";
	static const char *const reports[] = { "k", "j", "r", "h" };
	char *text, *p;
	size_t i;

	(void)state;
	memcpy(nic.ifname, name, sizeof(name));
	memcpy(pool[3].ifname, name, sizeof(name));
	fake.on_poll = leak;
	assert_int_equal(run("gate --ktap k --junit j --json-report r --html h -- sleep 0.3"),
			 NMA_EXIT_VIOLATION);
	for (i = 0; i < sizeof(reports) / sizeof(*reports); i++) {
		text = slurp(reports[i]);
		for (p = text; *p; p++)
			assert_true(*p == '\n' || (unsigned char)*p >= ' ');
		assert_true(nma_text_is_utf8(text));
		/* two are no XML */
		if (i % 2)
			assert_null(strstr(text, "<b>\"&'"));
		free(text);
	}
}

static void test_unwritable_reports(void **state)
{
	(void)state;
	assert_int_equal(run("gate --ktap /no/such/dir/file -- touch ran"), NMA_EXIT_ENV);
	expect_said(err, "cannot write /no/such/dir/file: No such file or directory");
	assert_int_equal(run("gate --html / -- touch ran"), NMA_EXIT_ENV);
	assert_int_equal(access("ran", F_OK), -1);
	/* that shows at the end only */
	assert_int_equal(run("gate --junit /dev/full -- true"), NMA_EXIT_ENV);
	expect_said(err, "cannot write /dev/full: No space left on device");
	fake.on_poll = leak;
	fake.polls = 0;
	assert_int_equal(run("gate --junit /dev/full -- sleep 0.3"), NMA_EXIT_VIOLATION);
}

static void test_github(void **state)
{
	static const char *const summary[] = {
		"### netmem-audit gate: violation", "<code>leaked_netmems == 0</code></td><td><b>violated</b>",
		NULL,
	};

	(void)state;
	setenv("GITHUB_ACTIONS", "true", 1);
	setenv("GITHUB_STEP_SUMMARY", "summary", 1);
	fake.on_poll = leak;
	assert_int_equal(run("gate -- sleep 0.3"), NMA_EXIT_VIOLATION);
	expect_said(err, "::error title=leaked_netmems == 0::violated: it is 3%0A");
	expect_in("summary", summary);
}

static int go(void **state)
{
	(void)state;
	return !mkdtemp(dir) || !getcwd(back, sizeof(back)) || chdir(dir);
}

static int leave(void **state)
{
	(void)state;
	return chdir(back) || rmdir(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_holds),
		TEST(test_leak),
		TEST(test_leak_in_text),
		TEST(test_old_leak),
		TEST(test_settle),
		TEST(test_does_not_settle_in_time),
		TEST(test_tokens),
		TEST(test_finding),
		TEST(test_lost),
		TEST(test_lost_end),
		TEST(test_unknown),
		TEST(test_command),
		TEST(test_no_such_command),
		TEST(test_daemons),
		TEST(test_killed_command),
		TEST(test_usage),
		TEST(test_gate_file),
		TEST(test_waiver),
		TEST(test_recording),
		TEST(test_recording_without_a_wait),
		TEST(test_reports),
		TEST(test_many_pools),
		TEST(test_one_pool),
		TEST(test_hostile_reports),
		TEST(test_unwritable_reports),
		TEST(test_github),
	};

	return cmocka_run_group_tests(tests, go, leave);
}
