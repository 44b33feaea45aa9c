/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The process between a gate and its command. Whatever the command starts stays below
 * it, daemons included, and is ended with the command; and, as it outlives the gate,
 * when that is killed.
 */
#ifndef NMA_KEEPER_H
#define NMA_KEEPER_H

#include <sys/types.h>

enum nma_keeper_what {
	NMA_KEEPER_BEGUN,	/* value: pid of the command */
	NMA_KEEPER_ENDED,	/* value: its status as wait() tells */
	NMA_KEEPER_STRAY,	/* value: pid of what it left behind */
	NMA_KEEPER_STUCK,	/* value: processes that could not be ended */
};

/* What it tells, one by one, until it ends. */
struct nma_keeper_news {
	int what;		/* enum nma_keeper_what */
	int value;
	char comm[16];		/* STRAY */
};

/* Begins to end everything. */
#define NMA_KEEPER_STOP		SIGRTMIN

/* In the new process; does not return. @exec_fd gets why the command could not be
 * executed and closes when it is; @news_fd gets the news. Signals that @parent sends
 * are the command's.
 */
void nma_keeper_run(char *const argv[], int stdout_fd, int exec_fd, int news_fd,
		    pid_t parent) __attribute__((noreturn));

/* Ends all descendants of this process, of which orphans must be its children: asks,
 * then kills. How many could not be ended. @news_fd -1: nobody wants to know.
 */
int nma_keeper_end_all(int news_fd);

#endif /* NMA_KEEPER_H */
