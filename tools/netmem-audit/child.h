/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The command that a stream runs and ends with; with a keeper (keeper.h) all that it
 * starts ends with it.
 */
#ifndef NMA_CHILD_H
#define NMA_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct nma_child {
	pid_t pid;	/* 0: none was started */
	bool ended;	/* with a keeper: and all that it left behind */
	bool stopped;	/* by us */
	int status;	/* as wait() tells */

	pid_t keeper;	/* 0: none */
	int news_fd;	/* what it tells */
	bool told;	/* status is the command's */
	unsigned int strays;	/* processes that it left behind */
	unsigned int stuck;	/* of these, could not be ended */
	char stray[16];		/* one of them */
};

/* @stdout_fd: what the command gets as its stdout. -errno if it cannot be
 * executed. It is ended, too, if this process is killed.
 */
int nma_child__start(struct nma_child *c, char *const argv[], int stdout_fd);
int nma_child__start_kept(struct nma_child *c, char *const argv[], int stdout_fd);

/* Has it ended? */
bool nma_child__ended(struct nma_child *c);

/* A signal that is meant for it */
void nma_child__signal(struct nma_child *c, int sig);

/* With a keeper: has everything end, without waiting for it. */
void nma_child__ask(struct nma_child *c);

/* Asks it to end, waits a little, then kills it. */
void nma_child__stop(struct nma_child *c);

/* In a new process: becomes the command, or writes to @report why not. */
void nma_child_exec(char *const argv[], int stdout_fd, int report, pid_t parent)
	__attribute__((noreturn));

#endif /* NMA_CHILD_H */
