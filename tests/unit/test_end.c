// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * How a watch ends: with its command, on a signal, without a reader.
 */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "child.h"
#include "command.h"
#include "fake.h"
#include "world.h"

static void break_pool(unsigned int poll)
{
	static struct nma_rec_pool r;

	r = CAUSED(rec_payload(30, 0), CREATE);
	r.flags &= ~NMA_PP_DMA_SYNC_DEV;
	r.hdr.time_ns = fake.now_ns;
	if (poll == 3)
		fake_send(&r);
}

static bool ended(pid_t pid)
{
	char path[64], state = 'X';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state == 'Z' || state == 'X';
}

/* Real time for a real process. */
static void nap(unsigned int poll)
{
	(void)poll;
	usleep(20000);
}

static void test_watch_command(void **state)
{
	(void)state;
	fake.on_poll = nap;
	assert_int_equal(run("watch -q -- true"), NMA_EXIT_OK);
	expect_said(out, "the command ends it");
	expect_said(out, "result: holds; the command ended with status 0\n");
	assert_int_equal(run("watch -- false"), NMA_EXIT_VIOLATION);
	expect_said(out, "result: command_failed; the command ended with status 1\n");
	assert_int_equal(run("watch -- /no/such/program"), NMA_EXIT_ENV);
	expect_said(err, "/no/such/program");
	assert_int_equal(run("watch --duration 0.2 -- sleep 60"), NMA_EXIT_VIOLATION);
	expect_said(out, "result: timeout; the command was stopped: it had not ended after");
}

static void expect_end(const char *result, const char *verdict)
{
	parse_line(count_lines("\n") - 1);
	assert_string_equal(str(doc, "type"), "summary");
	assert_string_equal(str(doc, "result"), result);
	assert_string_equal(str(doc, "verdict"), verdict);
}

static void break_and_nap(unsigned int poll)
{
	break_pool(poll);
	nap(poll);
}

/* The status of the command and the verdict on the rules, apart. */
static void test_watch_command_status(void **state)
{
	(void)state;
	fake.on_poll = nap;
	assert_int_equal(run("-j watch -- true"), NMA_EXIT_OK);
	expect_end("holds", "holds");
	assert_int_equal(num(doc, "command_status"), 0);
	assert_int_equal(run("-j watch -- tests/unit/no-such 77"), NMA_EXIT_ENV);
	assert_int_equal(run("-j watch -- false"), NMA_EXIT_VIOLATION);
	expect_end("command_failed", "holds");
	assert_int_equal(num(doc, "command_status"), 1);
	assert_int_equal(num(doc, "errors"), 0);
	assert_int_equal(run("-j watch --duration 0.2 -- sleep 60"), NMA_EXIT_VIOLATION);
	expect_end("timeout", "holds");
	assert_int_equal(num(doc, "command_signal"), SIGTERM);
	assert_int_equal(run("-j watch --duration 1"), NMA_EXIT_OK);
	expect_end("holds", "holds");
	assert_false(json_object_object_get_ex(doc, "command_status", NULL));
	fake.on_poll = break_and_nap;
	fake.polls = 0;
	assert_int_equal(run("-j watch -- sleep 0.5"), NMA_EXIT_VIOLATION);
	expect_end("violation", "violation");
	assert_int_equal(num(doc, "command_status"), 0);
	fake.lost.count[NMA_LOSS_RING] = 1;
	fake.on_poll = nap;
	assert_int_equal(run("-j watch -- false"), NMA_EXIT_VIOLATION);
	expect_end("command_failed", "incomplete");
}

/* The command must not survive a watch that was killed. */
static void test_command_ends_with_us(void **state)
{
	struct nma_child child = { 0 };
	char *argv[] = { "sleep", "60", NULL };
	int fds[2], i;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (nma_child__start(&child, argv, STDOUT_FILENO) ||
		    write(fds[1], &child.pid, sizeof(child.pid)) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(fds[0], &child.pid, sizeof(child.pid)), sizeof(child.pid));
	assert_int_equal(kill(child.pid, 0), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* ours to wait for are only our own; a zombie of nobody's may stay */
	for (i = 0; i < 100 && !ended(child.pid); i++)
		usleep(20000);
	assert_true(ended(child.pid));
	close(fds[0]);
	close(fds[1]);
}

/* A reader that leaves is no cause for words, but ends a stream. */
static void test_reader_leaves(void **state)
{
	char *argv[] = { "netmem-audit", "watch", NULL };
	int fds[2];
	size_t size;
	FILE *o, *e;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	o = fdopen(fds[1], "w");
	e = open_memstream(&err, &size);
	assert_int_equal(nma_cli_run(2, argv, o, e), NMA_EXIT_ENV);
	fclose(o);
	fclose(e);
	assert_string_equal(err, "");
}

static void talk(unsigned int poll)
{
	unsigned int i;

	for (i = 0; i < 1000 && poll < 20; i++)
		break_pool(3);
}

/* Somebody asks for the end while we wait for a reader who takes his time. */
static void read_slowly(int fd)
{
	struct pollfd begun = { .fd = fd, .events = POLLIN };
	static char buf[1 << 16];

	/* before that nobody listens to the signal */
	poll(&begun, 1, -1);
	usleep(300000);
	kill(getppid(), SIGINT);
	usleep(300000);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	_exit(0);
}

static void test_slow_reader(void **state)
{
	char *argv[] = { "netmem-audit", "-j", "watch", "--fail-on", "error", NULL };
	int fds[2];
	size_t size;
	FILE *o, *e;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(fds[1]);
		read_slowly(fds[0]);
	}
	close(fds[0]);
	fake.on_poll = talk;
	o = fdopen(fds[1], "w");
	e = open_memstream(&err, &size);
	assert_int_equal(nma_cli_run(5, argv, o, e), NMA_EXIT_OK);
	fclose(o);
	fclose(e);
	waitpid(pid, NULL, 0);
	assert_string_equal(err, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_watch_command),
		T(test_watch_command_status),
		T(test_command_ends_with_us),
		T(test_reader_leaves),
		T(test_slow_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
