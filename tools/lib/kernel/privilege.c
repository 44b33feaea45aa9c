// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See privilege.h.
 */
#include "kernel/privilege.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has(__u64 caps, unsigned int cap)
{
	return caps & 1ull << cap;
}

__u64 nma_privilege__caps(void)
{
	unsigned long long caps = ~0ull;
	char line[128];
	FILE *file;

	file = fopen("/proc/self/status", "re");
	if (!file)
		return ~0ull;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	fclose(file);
	return caps;
}

int nma_privilege__kptr_restrict(void)
{
	int value = -1;
	FILE *file;

	file = fopen("/proc/sys/kernel/kptr_restrict", "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

const char *nma_privilege__to_load(__u64 caps, char *buf, size_t size)
{
	static const struct {
		unsigned int cap;
		bool within_admin;	/* CAP_SYS_ADMIN does as well */
		const char *name;
	} needed[] = {
		{ CAP_BPF, true, "CAP_BPF" },
		{ CAP_PERFMON, true, "CAP_PERFMON" },
		{ CAP_NET_ADMIN, false, "CAP_NET_ADMIN" },
	};
	size_t i, used = 0;

	buf[0] = '\0';
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (has(caps, needed[i].cap) ||
		    (needed[i].within_admin && has(caps, CAP_SYS_ADMIN)))
			continue;
		if (used < size)
			used += snprintf(buf + used, size - used, "%s%s",
					 used ? " and " : "", needed[i].name);
	}
	return buf;
}

const char *nma_privilege__to_see_symbols(__u64 caps, int kptr, char *buf,
					  size_t size)
{
	if (kptr >= 2)
		snprintf(buf, size,
			 "kernel.kptr_restrict is %d: run 'sysctl kernel.kptr_restrict=1'%s",
			 kptr, has(caps, CAP_SYSLOG) ? "" : ", and give it CAP_SYSLOG");
	else if (!has(caps, CAP_SYSLOG))
		snprintf(buf, size, "CAP_SYSLOG is missing: run as root, or give it that");
	else
		snprintf(buf, size, "the kernel does not say why");
	return buf;
}
