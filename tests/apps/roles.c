// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Signals, waiting, and the ready file: see roles.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>

#include "err.h"
#include "roles.h"

static volatile sig_atomic_t interrupted;
static sigset_t wait_mask;	/* what is blocked while waiting */

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

void nma_wait_setup(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &wait_mask);
	/* a background job of a shell has SIGINT ignored: not this one */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigdelset(&wait_mask, SIGINT);
	sigdelset(&wait_mask, SIGTERM);
}

/* ppoll() does not deliver a signal if it need not wait. */
bool nma_wait_interrupted(void)
{
	sigset_t pending;

	if (!interrupted && !sigpending(&pending) &&
	    (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM)))
		interrupted = 1;
	return interrupted;
}

const sigset_t *nma_wait_mask(void)
{
	return &wait_mask;
}

int nma_wait(struct pollfd *fds, unsigned int n, unsigned int ms)
{
	struct timespec limit = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};
	int ret;

	if (nma_wait_interrupted())
		return -EINTR;
	ret = ppoll(fds, n, ms ? &limit : NULL, &wait_mask);
	if (ret >= 0)
		return ret;
	return interrupted ? -EINTR : -errno;
}

int nma_ready(const struct nma_opts *o, const char *word)
{
	FILE *file;
	int err = 0;

	if (!o->ready)
		return 0;
	file = fopen(o->ready, "ae");
	if (!file)
		return nma_err(-errno, "cannot write %s", o->ready);
	if (fprintf(file, "%s\n", word) < 0)
		err = -errno;
	if (fclose(file))
		err = -errno;
	return err ? nma_err(err, "cannot write %s", o->ready) : 0;
}
