// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * /proc/modules: name, size, references, users, state and address, which is that of
 * the code; 0 without the privilege to know.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/modules.h"

#define LINE_MAX_LEN	4096
#define NAME_LEN	64

int nma_module__at(__u64 addr, char *name, size_t size)
{
	char line[LINE_MAX_LEN], module[NAME_LEN];
	unsigned long long start;
	unsigned long len;
	int err = -ENOENT;
	FILE *f;

	f = fopen("/proc/modules", "re");
	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %lu %*s %*s %*s %llx", module, &len, &start) != 3 ||
		    !start || addr < start || addr - start >= len)
			continue;
		snprintf(name, size, "%s", module);
		err = 0;
	}
	fclose(f);
	return err;
}
