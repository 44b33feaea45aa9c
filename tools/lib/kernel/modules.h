/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Whose code is at an address.
 */
#ifndef NMA_MODULES_H
#define NMA_MODULES_H

#include <linux/types.h>
#include <stddef.h>

/* Name of the module that has @addr; -ENOENT: none, or it is not told to us. */
int nma_module__at(__u64 addr, char *name, size_t size);

#endif /* NMA_MODULES_H */
