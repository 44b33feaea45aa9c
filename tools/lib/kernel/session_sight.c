// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Do our programs run at all? With kernel.ftrace_enabled at 0 the kernel takes
 * attachments to functions and calls none of them, and it can be switched off at any
 * time. So we do what they must see: a request that the loopback device refuses, for
 * the program of the control path, and a socket that is closed, for those with a
 * trampoline. Tracepoints and iterators do not depend on it.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/session_priv.h"

/* Not even the number of queues is asked for: it has no such table. */
static void refused_request(int fd)
{
	struct ethtool_rxfh_indir table = { .cmd = ETHTOOL_SRXFHINDIR };
	struct ifreq req = { .ifr_name = "lo" };

	req.ifr_data = (char *)&table;
	ioctl(fd, SIOCETHTOOL, &req);
}

static bool attached(const struct nma_session *s, enum nma_hook hook)
{
	return s->wanted & ~s->missing & NMA_HOOK_BIT(hook);
}

static bool is_off(void)
{
	int value = 1;
	FILE *file;

	file = fopen("/proc/sys/kernel/ftrace_enabled", "re");
	if (!file)
		return false;
	if (fscanf(file, "%d", &value) != 1)
		value = 1;
	fclose(file);
	return !value;
}

static bool sees(struct nma_session *s)
{
	volatile __u32 *closes = &s->skel->bss_use->nma_self_closes;
	volatile __u32 *calls = &s->skel->bss_use->nma_self_calls;
	bool seen = true;
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return !is_off();
	*calls = 0;
	*closes = 0;
	s->skel->bss_use->nma_self = getpid();
	refused_request(fd);
	close(fd);
	s->skel->bss_use->nma_self = 0;
	if (attached(s, NMA_HOOK_RSS_INDIR))
		seen &= *calls != 0;
	if (attached(s, NMA_HOOK_SOCK_CLOSE))
		seen &= *closes != 0;
	return seen;
}

static int fail_blind(struct nma_session *s)
{
	s->blind = true;
	snprintf(s->error, sizeof(s->error), "the kernel does not run what is attached to its functions%s",
		 is_off() ? " (kernel.ftrace_enabled is 0; run 'sysctl kernel.ftrace_enabled=1')" : "");
	return -ENXIO;
}

int nma_session_check_tracing(struct nma_session *s)
{
	return nma_session_hooked(s) && is_off() ? fail_blind(s) : 0;
}

int nma_session_check_sight(struct nma_session *s)
{
	return !nma_session_hooked(s) || s->blind || sees(s) ? 0 : fail_blind(s);
}

bool nma_session__blind(struct nma_session *s)
{
	if (s->skel)
		nma_session_check_sight(s);
	return s->blind;
}
