/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kernel's BTF: some 200,000 types, read and parsed once per process.
 */
#ifndef NMA_KERNEL_BTF_H
#define NMA_KERNEL_BTF_H

struct btf;

/* NULL if the kernel has none. Owned by this module. */
const struct btf *nma_kernel_btf(void);

/* The few types of the kernel that have the name of a type in @progs, in a file
 * in memory: what libbpf needs to relocate programs with these types, without
 * searching the whole for each. A file descriptor or -errno.
 */
int nma_kernel_btf__subset(const struct btf *progs);

#endif /* NMA_KERNEL_BTF_H */
