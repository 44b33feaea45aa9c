/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Findings in the kernel's log, beside what the kernel says itself: they outlive a
 * panic on the console, in pstore, or at whoever listens to the machine.
 */
#ifndef NMA_KMSG_H
#define NMA_KMSG_H

#include "cli.h"
#include "rules/finding.h"

/* @fd: -1 if it failed, which is told; returns an exit status. */
int nma_kmsg__open(const struct nma_env *env, int *fd);
/* Warnings and errors, when they are first reported; @fd -1: nothing */
void nma_kmsg__finding(int fd, const struct nma_finding *f);

#endif /* NMA_KMSG_H */
