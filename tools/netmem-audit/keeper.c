// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See keeper.h. Orphans become children of the next ancestor that said it takes them
 * (PR_SET_CHILD_SUBREAPER), whatever session or group they are in.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "keeper.h"

#define ASK_MS		2000	/* between asking and killing */
#define KILL_MS		5000	/* what is not gone then waits for a device */
#define STEP_MS		20

struct process {
	pid_t pid;
	pid_t parent;
	bool ours;
	char comm[16];
};

struct processes {
	struct process *v;
	size_t nr;
};

static void tell(int fd, enum nma_keeper_what what, int value, const char *comm)
{
	struct nma_keeper_news news = { .what = what, .value = value };

	if (fd < 0)
		return;
	if (comm)
		snprintf(news.comm, sizeof(news.comm), "%s", comm);
	/* whoever listened may be gone */
	if (write(fd, &news, sizeof(news)) != sizeof(news))
		return;
}

/* The name may have blanks and parentheses: it ends at the last one. */
static bool read_process(const char *name, struct process *p)
{
	char path[64], text[512], *begin, *end;
	char state;
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
	f = fopen(path, "re");
	if (!f)
		return false;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end || sscanf(end + 1, " %c %d", &state, &p->parent) != 2)
		return false;
	*end = '\0';
	snprintf(p->comm, sizeof(p->comm), "%s", begin + 1);
	p->pid = strtol(name, NULL, 10);
	return state != 'Z';
}

static void list(struct processes *ps)
{
	DIR *dir = opendir("/proc");
	struct process p, *grown;
	struct dirent *e;

	*ps = (struct processes){ 0 };
	while (dir && (e = readdir(dir))) {
		memset(&p, 0, sizeof(p));
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !read_process(e->d_name, &p))
			continue;
		grown = realloc(ps->v, (ps->nr + 1) * sizeof(*grown));
		if (!grown)
			break;
		ps->v = grown;
		ps->v[ps->nr++] = p;
	}
	if (dir)
		closedir(dir);
}

/* Below @root: until no more are found, for children may stand before parents. */
static void mark_descendants(struct processes *ps, pid_t root)
{
	bool more = true;
	size_t i, k;

	while (more) {
		more = false;
		for (i = 0; i < ps->nr; i++) {
			struct process *p = &ps->v[i];

			if (p->ours)
				continue;
			p->ours = p->parent == root;
			for (k = 0; k < ps->nr && !p->ours; k++)
				p->ours = ps->v[k].ours && ps->v[k].pid == p->parent;
			more |= p->ours;
		}
	}
}

/* Sends to all of them, and returns how many there were. */
static int signal_all(int sig, int news_fd)
{
	struct processes ps;
	int nr = 0;
	size_t i;

	list(&ps);
	mark_descendants(&ps, getpid());
	for (i = 0; i < ps.nr; i++) {
		if (!ps.v[i].ours)
			continue;
		nr++;
		tell(news_fd, NMA_KEEPER_STRAY, ps.v[i].pid, ps.v[i].comm);
		kill(ps.v[i].pid, sig);
		kill(ps.v[i].pid, SIGCONT);	/* it may have been stopped */
	}
	free(ps.v);
	return nr;
}

/* true: no child is left */
static bool reap(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0;
}

static void nap(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	nanosleep(&step, NULL);
}

int nma_keeper_end_all(int news_fd)
{
	int ms, left;

	if (reap())
		return 0;
	left = signal_all(SIGTERM, news_fd);
	for (ms = 0; ms < ASK_MS; ms += STEP_MS) {
		if (reap())
			return 0;
		nap();
	}
	/* some may be born meanwhile */
	for (ms = 0; ms < KILL_MS; ms += STEP_MS) {
		left = signal_all(SIGKILL, -1);
		nap();
		if (reap())
			return 0;
	}
	return left;
}

/* BPF programs stay attached as long as anybody has their links open. */
static void close_others(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if (low > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

static pid_t start(char *const argv[], int stdout_fd, int exec_fd, const sigset_t *mask)
{
	pid_t pid, parent = getpid();

	pid = fork();
	if (pid)
		return pid;
	sigprocmask(SIG_SETMASK, mask, NULL);
	nma_child_exec(argv, stdout_fd, exec_fd, parent);
}

/* Until the command has ended (true), or nobody wants it any more. */
static bool keep(pid_t command, int news_fd, const sigset_t *signals, pid_t parent)
{
	int status, sig;
	siginfo_t info;
	pid_t pid;

	for (;;) {
		sig = sigwaitinfo(signals, &info);
		if (sig == NMA_KEEPER_STOP || getppid() != parent)
			return false;
		if (sig > 0 && sig != SIGCHLD) {
			/* those of the terminal come to all of us */
			if (info.si_code != SI_KERNEL)
				kill(command, sig);
			continue;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid != command)
				continue;
			tell(news_fd, NMA_KEEPER_ENDED, status, NULL);
			return true;
		}
	}
}

/* After NMA_KEEPER_STOP the command is one of those that are ended. */
static void end_command(pid_t command, int news_fd)
{
	int ms, status;
	pid_t pid = 0;

	kill(command, SIGTERM);
	kill(command, SIGCONT);
	for (ms = 0; ms < ASK_MS && !pid; ms += STEP_MS) {
		pid = waitpid(command, &status, WNOHANG);
		if (!pid)
			nap();
	}
	if (!pid) {
		kill(command, SIGKILL);
		pid = waitpid(command, &status, 0);
	}
	if (pid == command)
		tell(news_fd, NMA_KEEPER_ENDED, status, NULL);
}

void nma_keeper_run(char *const argv[], int stdout_fd, int exec_fd, int news_fd,
		    pid_t parent)
{
	sigset_t signals, before;
	pid_t command;
	int err, left;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, NMA_KEEPER_STOP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	prctl(PR_SET_NAME, "netmem-keeper");
	if (prctl(PR_SET_PDEATHSIG, NMA_KEEPER_STOP) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) || getppid() != parent)
		_exit(127);
	close_others(exec_fd, news_fd);
	command = start(argv, stdout_fd, exec_fd, &before);
	err = command < 0 ? -errno : 0;
	if (err && write(exec_fd, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	close(exec_fd);
	if (err)
		_exit(127);
	tell(news_fd, NMA_KEEPER_BEGUN, command, NULL);
	if (!keep(command, news_fd, &signals, parent))
		end_command(command, news_fd);
	left = nma_keeper_end_all(news_fd);
	if (left)
		tell(news_fd, NMA_KEEPER_STUCK, left, NULL);
	_exit(0);
}
