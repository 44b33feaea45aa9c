// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit. Read cli.c next, then one command (cmd_*.c).
 */
#include <signal.h>
#include <stdio.h>

#include "cli.h"

int main(int argc, char **argv)
{
	/* a reader that leaves ends us with a status, not with a signal */
	signal(SIGPIPE, SIG_IGN);
	return nma_cli_run(argc, argv, stdout, stderr);
}
