// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See log.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include "log.h"
#include "util/text.h"

#define LINE	1024

static void put_line(const struct nma_env *env, const char *what, const char *raw)
{
	char text[4 * LINE + 1];

	nma_text_safe(text, sizeof(text), raw, LINE, NMA_TEXT_TERMINAL);
	fprintf(env->err, "netmem-audit: %s%s\n", what, text);
}

void nma_err(const struct nma_env *env, int err, const char *fmt, ...)
{
	char raw[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (!env->out.json || nma_out_error(&env->out, err, raw))
		put_line(env, "", raw);
}

void nma_warn(const struct nma_env *env, const char *fmt, ...)
{
	char raw[LINE];
	va_list ap;

	if (env->opt.quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	put_line(env, "warning: ", raw);
}
