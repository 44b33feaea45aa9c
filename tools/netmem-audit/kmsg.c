// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See kmsg.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"
#include "log.h"
#include "rules/rules.h"
#include "util/text.h"

int nma_kmsg__open(const struct nma_env *env, int *fd)
{
	*fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (*fd >= 0)
		return NMA_EXIT_OK;
	nma_err(env, -errno, "cannot write to /dev/kmsg: %s (--kmsg needs root)",
		strerror(errno));
	return NMA_EXIT_ENV;
}

void nma_kmsg__finding(int fd, const struct nma_finding *f)
{
	char where[64] = "", text[512], safe[900], line[1000];
	size_t len = 0;

	if (fd < 0 || f->kind == NMA_KIND_NOTE || f->severity < NMA_SEV_W ||
	    f->pre_existing || f->folded < f->count)
		return;
	if (f->ifname[0])
		len += snprintf(where, sizeof(where), " %.*s", NMA_IFNAME_LEN, f->ifname);
	if (f->queue != NMA_NO_QUEUE)
		len += snprintf(where + len, sizeof(where) - len, " queue %u", f->queue);
	if (f->pool_id)
		snprintf(where + len, sizeof(where) - len, " pool %u", f->pool_id);
	snprintf(text, sizeof(text), "%s %s%s: %s", nma_severity_name(f->severity),
		 nma_rules[f->rule].id, where, f->message);
	nma_text_safe(safe, sizeof(safe), text, sizeof(text), NMA_TEXT_TERMINAL);
	/* of facility "user": the kernel keeps <3> to itself */
	len = snprintf(line, sizeof(line), "<%d>netmem-audit: %s\n",
		       8 + (f->severity >= NMA_SEV_E ? 3 : 4), safe);
	/* a full log, or one that is held back, is no reason to end */
	if (write(fd, line, len) != (ssize_t)len)
		return;
}
