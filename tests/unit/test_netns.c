// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Namespaces: while we are in another one, ours is still ours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/netns.h"

/* Who lives in another one, and its inode; 0: we may have none. */
struct elsewhere {
	pid_t pid;
	__u32 inode;
};

static __u32 inode_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return stat(path, &st) ? 0 : st.st_ino;
}

static void live_elsewhere(int ready)
{
	char failed = unshare(CLONE_NEWNET) != 0;

	if (write(ready, &failed, 1) == 1)
		pause();
	_exit(0);
}

static int setup(void **state)
{
	struct elsewhere *e = test_calloc(1, sizeof(*e));
	char failed = 1;
	int pipes[2];

	*state = e;
	if (pipe(pipes))
		return -1;
	e->pid = fork();
	if (!e->pid)
		live_elsewhere(pipes[1]);
	if (read(pipes[0], &failed, 1) == 1 && !failed)
		e->inode = inode_of(e->pid);
	close(pipes[0]);
	close(pipes[1]);
	return 0;
}

static int teardown(void **state)
{
	struct elsewhere *e = *state;

	kill(e->pid, SIGKILL);
	waitpid(e->pid, NULL, 0);
	test_free(e);
	return 0;
}

static void own_stays_own(void **state)
{
	__u32 home = inode_of(getpid());
	struct elsewhere *e = *state;
	int back, again;

	if (!e->inode)
		skip();
	assert_int_not_equal(e->inode, home);
	assert_int_equal(nma_netns__own(), home);
	assert_false(nma_netns__away());

	assert_int_equal(nma_netns__enter(e->inode, &back), 0);
	assert_int_equal(inode_of(getpid()), e->inode);
	assert_int_equal(nma_netns__own(), home);
	assert_true(nma_netns__away());

	assert_int_equal(nma_netns__enter(home, &again), 0);
	assert_int_equal(nma_netns__own(), home);
	assert_int_equal(nma_netns__leave(again), 0);
	assert_int_equal(inode_of(getpid()), e->inode);
	assert_true(nma_netns__away());

	assert_int_equal(nma_netns__leave(back), 0);
	assert_int_equal(inode_of(getpid()), home);
	assert_int_equal(nma_netns__own(), home);
	assert_false(nma_netns__away());
}

static void none_of_that_number(void **state)
{
	int back;

	(void)state;
	assert_int_equal(nma_netns__enter(1, &back), -ENOENT);
	assert_false(nma_netns__away());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(own_stays_own, setup, teardown),
		cmocka_unit_test(none_of_that_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
