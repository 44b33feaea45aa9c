// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Messages: see err.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

static char first_message[512];
static int first_errno;

static void say(int err, const char *fmt, va_list ap)
{
	char text[512];
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (err && n >= 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - n, ": %s", strerror(err));
	fprintf(stderr, "nma-traffic: %s\n", text);

	if (first_message[0])
		return;
	memcpy(first_message, text, sizeof(text));
	first_errno = err;
}

int nma_err(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(-err, fmt, ap);
	va_end(ap);
	return err;
}

int nma_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
	return -EPROTO;
}

int nma_missing(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
	return -ENOSYS;
}

const char *nma_err_message(void)
{
	return first_message;
}

int nma_err_errno(void)
{
	return first_errno;
}

enum nma_exit nma_err_setup_status(int err)
{
	if (err == -ENOSYS)
		return NMA_EXIT_CAP;
	return err ? NMA_EXIT_ENV : NMA_EXIT_OK;
}
