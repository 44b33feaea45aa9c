// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Feature detection, loaded alone and first: which symbols the kernel has.
 * Reading all of /proc/kallsyms for some twenty names takes longer than
 * everything else at start together.
 */
#include "nma_types.bpf.h"

#define NAME_LEN 64

char LICENSE[] SEC("license") = "GPL";

/* Set by user space before each run; the answer is there after it. */
char name[NAME_LEN];
__u64 addr;

SEC("syscall")
int nma_probe_sym(void *ctx)
{
	__u64 found = 0;
	long err;

	err = bpf_kallsyms_lookup_name(name, sizeof(name), 0, &found);
	addr = found;
	return err;
}
