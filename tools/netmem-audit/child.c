// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See child.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "keeper.h"

#define STOP_MS		2000	/* between asking and killing */
#define STEP_MS		20

/* In the new process; the write end of @report closes when exec succeeds. */
void nma_child_exec(char *const argv[], int stdout_fd, int report, pid_t parent)
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

/* What the new process had to say before it became the command; 0: nothing */
static int read_report(int fd)
{
	int err = 0;

	while (read(fd, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	close(fd);
	return err;
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
		nma_child_exec(argv, stdout_fd, report[1], parent);
	close(report[1]);
	err = read_report(report[0]);
	if (err) {
		waitpid(pid, NULL, 0);
		return err;
	}
	*c = (struct nma_child){ .pid = pid };
	return 0;
}

int nma_child__start_kept(struct nma_child *c, char *const argv[], int stdout_fd)
{
	pid_t pid, parent = getpid();
	int report[2], news[2], err;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	if (pipe2(news, O_CLOEXEC)) {
		err = -errno;
		goto err_report;
	}
	/* if the keeper is killed its orphans are ours */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid < 0) {
		err = -errno;
		goto err_news;
	}
	if (!pid)
		nma_keeper_run(argv, stdout_fd, report[1], news[1], parent);
	close(report[1]);
	close(news[1]);
	err = read_report(report[0]);
	if (err) {
		close(news[0]);
		waitpid(pid, NULL, 0);
		return err;
	}
	fcntl(news[0], F_SETFL, O_NONBLOCK);
	*c = (struct nma_child){ .pid = pid, .keeper = pid, .news_fd = news[0] };
	return 0;

err_news:
	close(news[0]);
	close(news[1]);
err_report:
	close(report[0]);
	close(report[1]);
	return err;
}

static void take_news(struct nma_child *c, const struct nma_keeper_news *n)
{
	switch (n->what) {
	case NMA_KEEPER_BEGUN:
		c->pid = n->value;
		break;
	case NMA_KEEPER_ENDED:
		c->status = n->value;
		c->told = true;
		break;
	case NMA_KEEPER_STRAY:
		c->strays++;
		memcpy(c->stray, n->comm, sizeof(c->stray));
		break;
	case NMA_KEEPER_STUCK:
		c->stuck = n->value;
		break;
	default:
		break;
	}
}

/* It tells all that it knows before it ends. If it was killed we do its work. */
static bool kept_ended(struct nma_child *c)
{
	struct nma_keeper_news n;
	ssize_t len;
	int status;

	while ((len = read(c->news_fd, &n, sizeof(n))) == sizeof(n))
		take_news(c, &n);
	if (len < 0)
		return false;
	close(c->news_fd);
	waitpid(c->keeper, &status, 0);
	if (!c->told)
		c->status = status;
	c->stuck += nma_keeper_end_all(-1);
	return true;
}

bool nma_child__ended(struct nma_child *c)
{
	if (!c->pid || c->ended)
		return c->ended;
	if (c->keeper)
		c->ended = kept_ended(c);
	else
		c->ended = waitpid(c->pid, &c->status, WNOHANG) == c->pid;
	return c->ended;
}

void nma_child__signal(struct nma_child *c, int sig)
{
	if (c->pid && !nma_child__ended(c))
		kill(c->keeper ? c->keeper : c->pid, sig);
}

void nma_child__ask(struct nma_child *c)
{
	c->stopped = true;
	kill(c->keeper, NMA_KEEPER_STOP);
}

void nma_child__stop(struct nma_child *c)
{
	int ms;

	if (!c->pid || nma_child__ended(c))
		return;
	if (c->keeper) {
		nma_child__ask(c);
		while (!nma_child__ended(c))
			usleep(STEP_MS * 1000);
		return;
	}
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
