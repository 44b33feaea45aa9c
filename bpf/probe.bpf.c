// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Feature detection, loaded alone and first: which symbols the kernel has, and what
 * some functions are made of.
 * Reading all of /proc/kallsyms for some twenty names takes longer than
 * everything else at start together.
 */
#include "nma_types.bpf.h"

#define NAME_LEN 64
#define CODE_LEN 1024

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

/* Of the function at addr: what it is called and how long it is, and what it does. */
char symbol[NAME_LEN];
__u8 code[CODE_LEN];

SEC("syscall")
int nma_probe_code(void *ctx)
{
	BPF_SNPRINTF(symbol, sizeof(symbol), "%pS", addr);
	return bpf_probe_read_kernel(code, sizeof(code), (void *)addr);
}
