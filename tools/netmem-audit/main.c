// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit. Read cli.c next, then one command (cmd_*.c).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"

/* Numbers 0 to 2 are the caller's even if they are closed: a ring buffer or a file
 * that got one of them would be written into. What stands there instead can be
 * neither read nor written, so that a closed stdout is noticed.
 */
static void occupy_standard_fds(void)
{
	int fd;

	do {
		fd = open("/", O_PATH | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	occupy_standard_fds();
	/* a reader that leaves ends us with a status, not with a signal */
	signal(SIGPIPE, SIG_IGN);
	return nma_cli_run(argc, argv, stdout, stderr);
}
