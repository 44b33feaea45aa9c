/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Diagnostics. Commands speak, tools/lib does not. Messages are lower case and
 * say what failed, on which object, and what to do.
 */
#ifndef NMA_LOG_H
#define NMA_LOG_H

#include "cli.h"

/* A JSON document on stdout with -j, else a line on stderr. @err is a negative
 * errno or 0 if there is none; it is not turned into words.
 */
void nma_err(const struct nma_env *env, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Always on stderr; not with -q. */
void nma_warn(const struct nma_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* NMA_LOG_H */
