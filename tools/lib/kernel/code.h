/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Whether one function of the kernel calls another, or has it inlined: the compiler's
 * choice, and programs that look at both would look twice, or not at all. x86-64.
 */
#ifndef NMA_CODE_H
#define NMA_CODE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Size of a function that "%pS" prints as "name+0x0/0x7d", 0: it does not say. */
size_t nma_code__size(const char *symbol);

/* Is there a call of @target in @code, or a jump to it? @code is at @addr. Both, and
 * nothing else in functions of some hundred bytes, have the distance from where they
 * end in their last four bytes.
 */
bool nma_code__calls(const __u8 *code, size_t len, __u64 addr, __u64 target);

#endif /* NMA_CODE_H */
