// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See child.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

#define STOP_MS		2000	/* between asking and killing */
#define STEP_MS		20

/* In the new process; the write end of @report closes when exec succeeds. */
static void run_child(char *const argv[], int stdout_fd, int report, pid_t parent)
{
	int err;

	/* whose parent is gone by now would not be told */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	if (stdout_fd == STDOUT_FILENO || dup2(stdout_fd, STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	err = -errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

int nma_child__start(struct nma_child *c, char *const argv[], int stdout_fd)
{
	pid_t pid, parent = getpid();
	int report[2], err = 0;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(report[0]);
		close(report[1]);
		return err;
	}
	if (!pid)
		run_child(argv, stdout_fd, report[1], parent);
	close(report[1]);
	while (read(report[0], &err, sizeof(err)) < 0 && errno == EINTR)
		;
	close(report[0]);
	if (err) {
		waitpid(pid, NULL, 0);
		return err;
	}
	*c = (struct nma_child){ .pid = pid };
	return 0;
}

bool nma_child__ended(struct nma_child *c)
{
	if (c->pid && !c->ended)
		c->ended = waitpid(c->pid, &c->status, WNOHANG) == c->pid;
	return c->ended;
}

void nma_child__stop(struct nma_child *c)
{
	int ms;

	if (!c->pid || nma_child__ended(c))
		return;
	c->stopped = true;
	kill(c->pid, SIGTERM);
	for (ms = 0; ms < STOP_MS && !nma_child__ended(c); ms += STEP_MS)
		usleep(STEP_MS * 1000);
	if (c->ended)
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
	c->ended = true;
}
