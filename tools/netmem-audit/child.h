/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The command that a stream runs and ends with.
 */
#ifndef NMA_CHILD_H
#define NMA_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct nma_child {
	pid_t pid;	/* 0: none was started */
	bool ended;
	bool stopped;	/* by us */
	int status;	/* as wait() tells */
};

/* @stdout_fd: what the command gets as its stdout. -errno if it can not be
 * executed. It is ended, too, if this process is killed.
 */
int nma_child__start(struct nma_child *c, char *const argv[], int stdout_fd);

/* Has it ended? */
bool nma_child__ended(struct nma_child *c);

/* Asks it to end, waits a little, then kills it. */
void nma_child__stop(struct nma_child *c);

#endif /* NMA_CHILD_H */
