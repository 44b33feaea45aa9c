// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See code.h.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/code.h"

size_t nma_code__size(const char *symbol)
{
	const char *at = strstr(symbol, "+0x0/0x");

	return at ? strtoul(at + strlen("+0x0/"), NULL, 16) : 0;
}

bool nma_code__calls(const __u8 *code, size_t len, __u64 addr, __u64 target)
{
	size_t end;
	__s32 rel;

	for (end = 1 + sizeof(rel); end <= len; end++) {
		memcpy(&rel, code + end - sizeof(rel), sizeof(rel));
		if (addr + end + rel == target)
			return true;
	}
	return false;
}
