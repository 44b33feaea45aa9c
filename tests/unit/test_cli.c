// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Whole commands against a fake kernel: exit status, documents, sentences.
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

static void test_usage(void **state)
{
	static const char *const wrong[] = {
		"", "--nope", "frobnicate", "check --nope", "check extra", "rules A B",
		"rules NM-NO-99", "show", "show cows", "show pools queues",
		"watch extra", "watch --rule NM-NO-99", "stat 0", "stat x", "stat 1 0",
		"stat 1 2 3", "stat -r 0", "check --fail-on info", "check --settle -1",
		"check -i", "features extra", "che", "--settle 3 check",
		"watch --duration 0", "watch --duration 0.0", "watch --",
		"watch --buffers 64", "help nope", "help check watch",
	};
	char json[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(run(wrong[i]), NMA_EXIT_USAGE);
		assert_string_equal(out, "");
		expect_said(err, "netmem-audit: ");
		assert_int_equal(strcspn(err, "\n") + 1, strlen(err));
		/* the same as JSON, wherever the option stands */
		snprintf(json, sizeof(json), "-j %s", wrong[i]);
		assert_int_equal(run(json), NMA_EXIT_USAGE);
		assert_int_equal(num(get(parse(), "error"), "errno"), EINVAL);
		assert_string_equal(err, "");
	}
	assert_int_equal(run("check --nope -j"), NMA_EXIT_USAGE);
	parse();
	assert_int_equal(fake.snapshots, 0);
}

static void test_help_and_version(void **state)
{
	const struct nma_command *const *cmd;
	char line[64];

	(void)state;
	assert_int_equal(run("--help"), NMA_EXIT_OK);
	for (cmd = nma_commands; *cmd; cmd++) {
		assert_int_equal(run("-h"), NMA_EXIT_OK);
		expect_said(out, (*cmd)->name);
		snprintf(line, sizeof(line), "%s --help", (*cmd)->name);
		assert_int_equal(run(line), NMA_EXIT_OK);
		expect_said(out, "Usage: netmem-audit ");
		expect_said(out, "Exit status:");
		assert_string_equal(err, "");
	}
	assert_int_equal(run("help"), NMA_EXIT_OK);
	expect_said(out, "Commands:");
	assert_int_equal(run("help check"), NMA_EXIT_OK);
	expect_said(out, "Usage: netmem-audit check ");
	assert_int_equal(run("-V"), NMA_EXIT_OK);
	expect_said(out, "netmem-audit " NMA_VERSION);
	assert_int_equal(run("--version --json"), NMA_EXIT_OK);
	assert_string_equal(str(parse(), "version"), NMA_VERSION);
}

static struct json_object *rule_of(const char *id)
{
	struct json_object *rules = get(doc, "rules"), *rule;
	size_t i;

	for (i = 0; i < json_object_array_length(rules); i++) {
		rule = json_object_array_get_idx(rules, i);
		if (!strcmp(str(rule, "id"), id))
			return rule;
	}
	fail_msg("no rule %s", id);
	return NULL;
}

/* In the order in which one looks for them */
static void expect_sorted(struct json_object *rules)
{
	size_t i;

	for (i = 1; i < json_object_array_length(rules); i++)
		assert_true(strcmp(str(json_object_array_get_idx(rules, i - 1), "id"),
				   str(json_object_array_get_idx(rules, i), "id")) < 0);
}

static void test_rules(void **state)
{
	(void)state;
	assert_int_equal(run("rules"), NMA_EXIT_OK);
	expect_said(out, "NM-POOL-03  error     queue      the header pool stays readable\n");
	assert_int_equal(run("rules -j"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "rules"), NMA_RULE_MAX);
	expect_sorted(get(doc, "rules"));
	assert_int_equal(run("rules nm-pp-06"), NMA_EXIT_OK);
	expect_said(out, "stalled pool shutdown");
	expect_said(out, "kernel: refuses some forms\n");
	assert_int_equal(run("-j rules NM-PP-06"), NMA_EXIT_OK);
	assert_string_equal(str(first(parse(), "rules"), "id"), "NM-PP-06");
	assert_int_equal(fake.open, 0);
}

static void test_features(void **state)
{
	(void)state;
	assert_int_equal(run("-j features"), NMA_EXIT_OK);
	parse();
	assert_string_equal(str(doc, "kernel"), "7.2-fake");
	assert_int_equal(length(doc, "rules"), NMA_RULE_MAX);
	expect_sorted(get(doc, "rules"));
	assert_int_equal(length(doc, "hooks"), NMA_HOOK_MAX);
	assert_true(json_object_get_boolean(get(doc, "netmem")));
	assert_string_equal(str(rule_of("NM-BIND-02"), "status"), "enforced by this kernel");
	fake.features.hds_cfg = false;
	assert_int_equal(run("features"), NMA_EXIT_OK);
	expect_said(out, "NM-BIND-02  audited");
	fake.features.bpf_lsm = true;
	assert_int_equal(run("features"), NMA_EXIT_OK);
	expect_said(out, "NM-BIND-02  enforceable here");
	fake.features.hooks &= ~NMA_H(TOKEN_TAKE);
	assert_int_equal(run("-j features"), NMA_EXIT_OK);
	parse();
	assert_string_equal(str(rule_of("NM-TOK-01"), "status"), "unavailable");
	assert_string_equal(str(rule_of("NM-TOK-01"), "missing"),
			    "[ \"tcp_xa_pool_commit_locked\" ]");
}

static void test_old_kernel(void **state)
{
	(void)state;
	fake.features.netmem = false;
	fake.features.hooks = 0;
	fake.features.privileged = false;
	assert_int_equal(run("features"), NMA_EXIT_OK);
	expect_said(out, "no network memory");
	assert_int_equal(run("check"), NMA_EXIT_SKIP);
	expect_said(err, "no network memory");
	assert_int_equal(run("-j check"), NMA_EXIT_SKIP);
	assert_int_equal(num(get(parse(), "error"), "errno"), EOPNOTSUPP);
	fake.features.btf = false;
	fake.features.btf_err = -ENOENT;
	assert_int_equal(run("watch --duration 1"), NMA_EXIT_SKIP);
	/* what cannot be read may be there all the same */
	fake.features.btf_err = -ENOTDIR;
	assert_int_equal(run("watch --duration 1"), NMA_EXIT_ENV);
	expect_said(err, "/sys is not mounted");
	assert_int_equal(run("features"), NMA_EXIT_OK);
	expect_said(out, "What this kernel has is unknown");
	assert_null(strstr(out, "no network memory"));
}

static void test_environment(void **state)
{
	(void)state;
	fake.features.privileged = false;
	fake.features.caps = ~(1ull << CAP_BPF | 1ull << CAP_SYS_ADMIN);
	assert_int_equal(run("check"), NMA_EXIT_ENV);
	expect_said(err, "missing CAP_BPF:");
	assert_int_equal(run("-j show pools"), NMA_EXIT_ENV);
	assert_int_equal(num(get(parse(), "error"), "errno"), EPERM);
	fake_reset();
	fake.open_err = -EBUSY;
	assert_int_equal(run("check"), NMA_EXIT_ENV);
	expect_said(err, "the fake refused");
	fake.open_err = -EOPNOTSUPP;
	assert_int_equal(run("check"), NMA_EXIT_SKIP);
	fake_reset();
	fake.snapshot_err = -EIO;
	assert_int_equal(run("check"), NMA_EXIT_ENV);
	fake_reset();
	assert_int_equal(run("check -i nm0"), NMA_EXIT_ENV);
	expect_said(err, "no device 'nm0'");
	assert_int_equal(run("show pools -i nm0"), NMA_EXIT_ENV);
	assert_int_equal(run("stat -i nm0"), NMA_EXIT_ENV);
	assert_int_equal(run("watch -i nm0 --duration 1"), NMA_EXIT_ENV);
	/* symbols are hidden: nothing could be seen, so nothing may be said */
	fake.features.hooks &= ~NMA_H(NETS);
	assert_int_equal(run("check"), NMA_EXIT_SKIP);
	expect_said(err, "CONFIG_KALLSYMS_ALL");
	fake.features.syms_hidden = true;
	fake.features.kptr_restrict = 2;
	assert_int_equal(run("check"), NMA_EXIT_ENV);
	expect_said(err, "kptr_restrict is 2: run 'sysctl kernel.kptr_restrict=1'");
	fake.features.kptr_restrict = 0;
	fake.features.caps &= ~(1ull << CAP_SYSLOG);
	assert_int_equal(run("check"), NMA_EXIT_ENV);
	expect_said(err, "CAP_SYSLOG is missing");
	assert_null(strstr(err, "kptr_restrict"));
}

/* What could not be found out is neither yes nor no. */
static void test_unknown(void **state)
{
	(void)state;
	assert_int_equal(run("-j features"), NMA_EXIT_OK);
	assert_true(json_object_object_get_ex(parse(), "refuse_syscalls", NULL));
	fake.features.privileged = false;
	fake.features.lsm_unknown = true;
	assert_int_equal(run("-j features"), NMA_EXIT_OK);
	assert_false(json_object_object_get_ex(parse(), "refuse_syscalls", NULL));
	assert_false(json_object_object_get_ex(doc, "bpf_lsm", NULL));
	assert_true(json_object_object_get_ex(doc, "netmem", NULL));
	assert_int_equal(run("features"), NMA_EXIT_OK);
	expect_said(out, "system calls can be refused (7.2)    unknown");
}

static void test_blind(void **state)
{
	(void)state;
	assert_int_equal(run("watch --duration 1"), NMA_EXIT_OK);
	fake.blind = true;
	assert_int_equal(run("watch --duration 1"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "what happened since is not known");
}

static void test_check_holds(void **state)
{
	(void)state;
	assert_int_equal(run("check"), NMA_EXIT_OK);
	expect_said(out, "no violation");
	assert_int_equal(fake.snapshots, 1);	/* nothing to wait for */
	assert_false(fake.opts.events);
	assert_int_equal(run("check -j --settle 5"), NMA_EXIT_OK);
	assert_string_equal(str(parse(), "result"), "holds");
	assert_int_equal(length(doc, "findings"), 0);
	assert_true(fake.opts.events && fake.opts.tokens);
}

/* What could not be judged is said, to everybody. */
static void test_check_without_rss(void **state)
{
	(void)state;
	fake.rss_err = -EOPNOTSUPP;
	assert_int_equal(run("check"), NMA_EXIT_OK);
	expect_said(out, "NM-BIND-07 could not be judged on nm0 queue 1: the driver");
	assert_int_equal(run("check -jv"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "findings"), 0);
	assert_string_equal(str(first(doc, "notes"), "rule"), "NM-BIND-07");
}

static void test_check_violation(void **state)
{
	struct json_object *f;

	(void)state;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;	/* latent: W */
	assert_int_equal(run("check"), NMA_EXIT_VIOLATION);
	expect_said(out, "warn NM-POOL-01 nm0 queue 0 pool 11\n");
	expect_said(out, "flags: DMA_MAP|ALLOW_UNREADABLE");
	expect_said(out, "    -> A pool that accepts unreadable memory lacks ");
	expect_said(out, "(netmem-audit rules NM-POOL-01)\n");
	assert_null(strstr(out, "rules ID"));
	assert_int_equal(run("check --fail-on error"), NMA_EXIT_OK);
	assert_int_equal(run("check -j"), NMA_EXIT_VIOLATION);
	assert_string_equal(str(parse(), "result"), "violation");
	f = first(doc, "findings");
	assert_string_equal(str(f, "type"), "finding");
	assert_string_equal(str(f, "rule"), "NM-POOL-01");
	assert_string_equal(str(f, "severity"), "warn");
	assert_string_equal(str(f, "kind"), "violation");
	assert_string_equal(str(f, "ifname"), "nm0");
	assert_int_equal(num(f, "queue"), 0);
	assert_int_equal(num(f, "pool_id"), 11);
	assert_int_equal(num(f, "count"), 1);
	assert_true(json_object_get_int64(get(f, "time_ns")) > 0);
	assert_int_equal(json_object_array_length(get(get(f, "evidence"), "flags")), 2);
	assert_int_equal(run("check -i lo"), NMA_EXIT_ENV);
}

static void mend(unsigned int poll)
{
	if (poll == 3)
		fake.nr_state--;
}

/* What is legal for a moment is looked at again. */
static void test_check_waits_for_rebuilds(void **state)
{
	static struct nma_rec_pool second;

	(void)state;
	second = rec_provided(22, 1);
	fake_add(&second);
	fake.on_poll = mend;
	assert_int_equal(run("check"), NMA_EXIT_OK);
	assert_true(fake.snapshots > 1);
	fake_add(&second);
	fake.on_poll = NULL;
	assert_int_equal(run("check"), NMA_EXIT_VIOLATION);
	expect_said(out, "error NM-POOL-03 nm0 queue 1 pool 21");
}

static void test_check_settle(void **state)
{
	(void)state;
	pool[3].detached = 1;		/* buffers out, but not for long */
	pool[3].detach_ns = 99 * NMA_NSEC_PER_SEC;
	queue[1] = rec_queue(1);
	assert_int_equal(run("check"), NMA_EXIT_OK);
	assert_int_equal(run("check --stall 0.5"), NMA_EXIT_VIOLATION);
	assert_int_equal(run("check --settle 2"), NMA_EXIT_VIOLATION);
	expect_said(out, "error NM-PP-06 nm0 queue 1 pool 21");
	pool[3].inflight = 0;
	assert_int_equal(run("check --settle 2"), NMA_EXIT_OK);
}

static struct nma_rec_pool old_pool;

static void destroy(void)
{
	old_pool.detached = fake.looks++ > 0;
}

/* A page_pool is destroyed between the first two looks, as the last of its queue: the
 * second look is the only one at what is out of it.
 */
static void test_check_settles_what_ends(void **state)
{
	(void)state;
	old_pool = rec_provided(22, 1);
	old_pool.queue = NMA_NO_QUEUE;
	old_pool.detach_ns = fake.now_ns;
	fake_add(&old_pool);
	fake.on_look = destroy;
	assert_int_equal(run("check --settle 2"), NMA_EXIT_VIOLATION);
	expect_said(out, "pool 22");
	expect_said(out, "error NM-PP-06");
}

static void work(unsigned int poll)
{
	(void)poll;
	sock.taken++;
	sock.returned++;
}

static void test_check_tokens(void **state)
{
	(void)state;
	sock = rec_sock(1, 23);
	fake_add(&sock);
	assert_int_equal(run("check"), NMA_EXIT_OK);
	assert_int_equal(run("check --settle 1 -j"), NMA_EXIT_VIOLATION);
	assert_string_equal(str(first(parse(), "findings"), "rule"), "NM-TOK-01");
	fake.snapshots = 0;		/* the wait begins when there is something to wait for */
	fake.first_look_ns = 3 * NMA_NSEC_PER_SEC;
	assert_int_equal(run("check --settle 1"), NMA_EXIT_VIOLATION);
	fake.on_poll = work;
	assert_int_equal(run("check --settle 1"), NMA_EXIT_OK);
	fake.on_poll = NULL;
	sock.oldest_ns = fake.now_ns - 11 * NMA_NSEC_PER_SEC;
	assert_int_equal(run("check"), NMA_EXIT_VIOLATION);
	assert_int_equal(run("check --token-age 3600"), NMA_EXIT_OK);
}

static void test_check_incomplete(void **state)
{
	(void)state;
	fake.lost.count[NMA_LOSS_RING] = 17;
	assert_int_equal(run("check"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "17 records dropped");
	expect_said(out, "incomplete");
	assert_int_equal(run("check -j"), NMA_EXIT_INCOMPLETE);
	assert_string_equal(str(parse(), "result"), "incomplete");
	assert_int_equal(num(get(doc, "lost"), "ring_full"), 17);
	assert_int_equal(run("show pools"), NMA_EXIT_INCOMPLETE);
	assert_int_equal(run("stat"), NMA_EXIT_INCOMPLETE);
	fake.lost.count[NMA_LOSS_RING] = 0;
	fake.lost.count[NMA_LOSS_MISSED] = 3;
	assert_int_equal(run("check"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "3 program runs the kernel skipped: nma_control 3");
	fake.lost.count[NMA_LOSS_MISSED] = 0;
	fake.missing_hooks = NMA_H(POOL_DETACH);
	assert_int_equal(run("check"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "page_pool_detached");
	assert_int_equal(run("check -q"), NMA_EXIT_INCOMPLETE);
	assert_string_equal(err, "");
	pool[1].flags &= ~NMA_PP_DMA_MAP;	/* a violation is one all the same */
	assert_int_equal(run("check"), NMA_EXIT_VIOLATION);
}

static void test_check_walks_again(void **state)
{
	(void)state;
	fake.cut_walks = 2;
	assert_int_equal(run("check -j"), NMA_EXIT_OK);
	assert_int_equal(num(get(parse(), "lost"), "walk_cut"), 0);
	assert_int_equal(fake.snapshots, 3);
	fake.cut_walks = 100;
	assert_int_equal(run("check -j"), NMA_EXIT_INCOMPLETE);
	assert_int_not_equal(num(get(parse(), "lost"), "walk_cut"), 0);
}

static void test_check_unobservable(void **state)
{
	(void)state;
	fake.features.hooks &= ~NMA_H(TOKEN_TAKE);
	assert_int_equal(run("check"), NMA_EXIT_OK);
	expect_said(out, " 4 cannot be observed here, ");
	assert_int_equal(run("check -v"), NMA_EXIT_OK);
	expect_said(out, "NM-TOK-01 cannot be observed here: it needs tcp_xa_pool_commit_locked");
	assert_int_equal(run("watch --rule NM-TOK-01 --duration 1"), NMA_EXIT_SKIP);
	expect_said(err, "tcp_xa_pool_commit_locked");
	assert_int_equal(run("watch --rule NM-PP-02 --duration 1"), NMA_EXIT_USAGE);
	expect_said(err, "--deep");
}

static void test_check_asks_the_driver(void **state)
{
	(void)state;
	nic.flags &= ~NMA_NIC_HDS_VALID;
	nic.hds = NMA_HDS_UNKNOWN;
	assert_int_equal(run("check"), NMA_EXIT_OK);
	fake.rings.hds = NMA_HDS_OFF;
	assert_int_equal(run("check"), NMA_EXIT_VIOLATION);
	expect_said(out, "NM-BIND-02");
	expect_said(out, "NM-POOL-02");
	fake.rings_err = -EOPNOTSUPP;	/* no answer: no verdict, but said with -v */
	assert_int_equal(run("check"), NMA_EXIT_OK);
	assert_int_equal(run("check -v"), NMA_EXIT_OK);
	expect_said(out, "NM-BIND-02 could not be judged on nm0 queue 1: neither kernel nor driver");
	assert_int_equal(run("check -jv"), NMA_EXIT_OK);
	assert_int_equal(length(parse(), "findings"), 0);
	assert_int_equal(length(doc, "notes"), 1);
	/* in a namespace that we may not enter */
	fake.rings_err = -EPERM;
	fake.features.caps &= ~(1ull << CAP_SYS_ADMIN);
	assert_int_equal(run("check"), NMA_EXIT_INCOMPLETE);
	expect_said(err, "the driver of nm0 could not be asked for its settings: to enter its network namespace takes CAP_SYS_ADMIN");
}

static void break_pool(unsigned int poll)
{
	static struct nma_rec_pool r;

	r = CAUSED(rec_payload(30, 0), CREATE);
	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	r.hdr.netns = nic.hdr.netns;
	r.hdr.time_ns = fake.now_ns - 7;
	if (poll == 3)
		fake_send(&r);
	if (poll == 4)
		fake_send(({ r = CAUSED(r, GONE); &r; }));
}

static void test_watch(void **state)
{
	(void)state;
	fake.on_poll = break_pool;
	assert_int_equal(run("watch -j --duration 2"), NMA_EXIT_VIOLATION);
	assert_string_equal(str(parse_line(0), "type"), "start");
	assert_string_equal(str(parse_line(1), "event"), "pool_created");
	parse_line(2);
	assert_string_equal(str(doc, "type"), "finding");
	assert_string_equal(str(doc, "rule"), "NM-POOL-01");
	assert_int_equal(num(doc, "count"), 1);
	/* when it happened, not when we heard of it */
	assert_int_equal(json_object_get_uint64(get(doc, "time_ns")),
			 100 * SEC + 3 * SEC / 10 - 7);
	assert_false(json_object_object_get_ex(doc, "pre_existing", NULL));
	assert_string_equal(str(parse_line(3), "event"), "pool_freed");
	parse_line(4);
	assert_string_equal(str(doc, "type"), "summary");
	assert_string_equal(str(doc, "result"), "violation");
	assert_int_equal(num(doc, "warnings"), 1);
	assert_int_equal(count_lines("\n"), 5);
	assert_int_equal(count_lines("\"finding\""), 1);
}

static void test_watch_text(void **state)
{
	(void)state;
	fake.on_poll = break_pool;
	assert_int_equal(run("watch --duration 2"), NMA_EXIT_VIOLATION);
	expect_said(out, "Ctrl-C");
	expect_said(out, "pool_created      ifname=nm0 queue=0 pool_id=30\n");
	expect_said(out, "flags=DMA_MAP|ALLOW_UNREADABLE");
	expect_said(out, "warn NM-POOL-01 nm0 queue 0 pool 30\n");
	expect_said(out, "errors: 0, warnings: 1");
	assert_int_equal(run("watch --duration 2 --fail-on error"), NMA_EXIT_OK);
	assert_int_equal(run("watch --duration 2 --rule NM-PP-06"), NMA_EXIT_OK);
}

static void attach_xdp(unsigned int poll)
{
	static struct nma_rec_op r;

	r = rec_op(NMA_OP_XDP_INSTALL, NMA_NO_QUEUE, 0);
	r.value = poll == 3 ? 42 : 0;
	if (poll == 3 || poll == 4)
		fake_send(&r);
}

static void test_watch_xdp(void **state)
{
	(void)state;
	fake.on_poll = attach_xdp;
	assert_int_equal(run("watch -j --duration 1"), NMA_EXIT_OK);
	assert_string_equal(str(parse_line(1), "event"), "xdp_attached");
	assert_int_equal(num(doc, "xdp_prog_id"), 42);
	assert_string_equal(str(parse_line(2), "event"), "xdp_detached");
	assert_false(json_object_object_get_ex(doc, "xdp_prog_id", NULL));
}

static void plug(unsigned int poll)
{
	static struct nma_rec_nic r;

	r = CAUSED(rec_upper(), CHANGE);
	r.hdr.time_ns = fake.now_ns;
	if (poll == 5)
		r.hdr.cause = NMA_CAUSE_GONE;
	if (poll >= 3 && poll <= 5)
		fake_send(&r);
}

static void test_watch_devices(void **state)
{
	(void)state;
	fake.on_poll = plug;
	assert_int_equal(run("watch -j --duration 1"), NMA_EXIT_OK);
	assert_string_equal(str(parse_line(1), "event"), "device_appeared");
	assert_string_equal(str(doc, "ifname"), "nm0.7");
	assert_string_equal(str(parse_line(2), "event"), "device_gone");
}

static void test_watch_clean(void **state)
{
	(void)state;
	assert_int_equal(run("watch -j --duration 5"), NMA_EXIT_OK);
	assert_int_equal(count_lines("\n"), 2);
	assert_string_equal(str(parse_line(1), "result"), "holds");
}

static void test_watch_pre_existing(void **state)
{
	(void)state;
	pool[1].flags &= ~NMA_PP_DMA_SYNC_DEV;
	assert_int_equal(run("watch -j --duration 5"), NMA_EXIT_OK);
	assert_string_equal(str(parse_line(0), "type"), "finding");
	assert_true(json_object_get_boolean(get(doc, "pre_existing")));
	parse_line(2);
	assert_int_equal(num(doc, "pre_existing"), 1);
	assert_int_equal(num(doc, "warnings"), 0);
}

static void lose(unsigned int poll)
{
	fake.lost.count[NMA_LOSS_RING] = poll > 2;
}

static void test_watch_incomplete(void **state)
{
	(void)state;
	fake.on_poll = lose;
	assert_int_equal(run("watch -j --duration 1"), NMA_EXIT_INCOMPLETE);
	assert_int_equal(num(get(parse_line(1), "lost"), "ring_full"), 1);
	expect_said(err, "dropped");
}

static void lose_and_break_pool(unsigned int poll)
{
	lose(poll);
	break_pool(poll);
}

static void test_watch_lost_and_found(void **state)
{
	(void)state;
	fake.on_poll = lose_and_break_pool;
	assert_int_equal(run("watch -j --duration 2"), NMA_EXIT_VIOLATION);
	expect_said(err, "dropped");
}

static void interrupt(unsigned int poll)
{
	if (poll % 8 == 5)
		raise(SIGINT);
}

static void test_watch_interrupted(void **state)
{
	(void)state;
	fake.on_poll = interrupt;
	assert_int_equal(run("watch -j"), NMA_EXIT_OK);
	assert_int_equal(count_lines("\n"), 2);
	assert_string_equal(str(parse_line(1), "type"), "summary");
	assert_int_equal(run("stat -j 0.1"), NMA_EXIT_OK);
}

static void ask_then_interrupt(unsigned int poll)
{
	break_pool(poll);
	if (poll == 5)
		raise(SIGUSR1);
	else if (poll == 12)
		raise(SIGINT);
}

static void test_watch_asked(void **state)
{
	(void)state;
	fake.on_poll = ask_then_interrupt;
	assert_int_equal(run("watch -j"), NMA_EXIT_VIOLATION);
	assert_string_equal(str(parse_line(4), "type"), "so_far");
	assert_int_equal(num(doc, "warnings"), 1);
	assert_false(json_object_object_get_ex(doc, "result", NULL));
	assert_string_equal(str(parse_line(5), "type"), "summary");
	assert_int_equal(count_lines("\n"), 6);
}

static void move_pages(unsigned int poll)
{
	(void)poll;
	pool[3].hold_cnt += 5;		/* wraps on the way */
	pool[3].release_cnt += 2;
	pool[3].inflight += 3;
}

static void test_stat(void **state)
{
	struct json_object *p;

	(void)state;
	pool[3].hold_cnt = 0xfffffffeu;
	pool[3].release_cnt = 0xfffffff0u;
	fake.on_poll = move_pages;
	fake_add(&sock);
	sock.outstanding = 9;
	assert_int_equal(run("stat -j -r 1 1 2"), NMA_EXIT_OK);
	p = first(parse_line(0), "pools");
	assert_int_equal(length(doc, "pools"), 1);
	assert_int_equal(num(p, "id"), 21);
	assert_int_equal(num(p, "in_pages"), 5);
	assert_int_equal(num(p, "out_pages"), 2);
	assert_int_equal(num(p, "tokens_outstanding"), 9);
	assert_true(json_object_get_uint64(get(doc, "interval_ns")) >= SEC);
	parse_line(1);
	assert_int_equal(count_lines("\n"), 2);
	assert_int_equal(run("stat"), NMA_EXIT_OK);
	expect_said(out, "TOKENS");
}

/* What moved is told from the report on whose interval began with it being seen. */
static void see_takes(unsigned int poll)
{
	move_pages(poll);
	fake.takes_unseen = poll < 1;
}

static void test_stat_takes_unseen(void **state)
{
	struct json_object *p;

	(void)state;
	fake.takes_unseen = true;
	fake.on_poll = see_takes;
	fake_add(&sock);
	sock.outstanding = 9;
	assert_int_equal(run("stat -j -r 1 1 3"), NMA_EXIT_OK);
	p = first(parse_line(0), "pools");
	assert_int_equal(num(p, "tokens_outstanding"), 9);
	assert_false(json_object_object_get_ex(p, "tokens_taken", NULL));
	assert_false(json_object_object_get_ex(p, "tokens_returned_per_s", NULL));
	p = first(parse_line(2), "pools");
	assert_int_equal(num(p, "tokens_taken"), 0);
	assert_int_equal(num(p, "tokens_returned_per_s"), 0);
}

static void test_output_fails(void **state)
{
	static char *const lines[][4] = {
		{ "netmem-audit", "rules" }, { "netmem-audit", "rules", "-j" },
		{ "netmem-audit", "check", "-j" },
	};
	FILE *full, *e;
	size_t size;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		free(err);
		full = fopen("/dev/full", "w");
		e = open_memstream(&err, &size);
		assert_int_equal(nma_cli_run(2 + !!lines[i][2], (char **)lines[i],
					     full, e), NMA_EXIT_ENV);
		fclose(full);
		fclose(e);
		expect_said(err, "cannot write the output: No space left");
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_usage),
		T(test_help_and_version),
		T(test_rules),
		T(test_features),
		T(test_old_kernel),
		T(test_environment),
		T(test_unknown),
		T(test_blind),
		T(test_check_holds),
		T(test_check_without_rss),
		T(test_check_violation),
		T(test_check_waits_for_rebuilds),
		T(test_check_settle),
		T(test_check_settles_what_ends),
		T(test_check_tokens),
		T(test_check_incomplete),
		T(test_check_walks_again),
		T(test_check_unobservable),
		T(test_check_asks_the_driver),
		T(test_watch),
		T(test_watch_text),
		T(test_watch_xdp),
		T(test_watch_devices),
		T(test_watch_clean),
		T(test_watch_pre_existing),
		T(test_watch_incomplete),
		T(test_watch_lost_and_found),
		T(test_watch_asked),
		T(test_watch_interrupted),
		T(test_stat),
		T(test_stat_takes_unseen),
		T(test_output_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
