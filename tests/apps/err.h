/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Exit status, and messages for people: one line on stderr each. The first one is
 * kept, so that the report can carry it as well.
 */
#ifndef NMA_ERR_H
#define NMA_ERR_H

enum nma_exit {
	NMA_EXIT_OK,
	NMA_EXIT_FAIL,	/* a byte, token or call was not as it had to be */
	NMA_EXIT_USAGE,
	NMA_EXIT_ENV,	/* no such device, permission, refused */
	NMA_EXIT_CAP,	/* this kernel cannot do it */
};

/* Says what failed and strerror(-@err). Returns @err, a negative errno. */
int nma_err(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for what breaks our own contract, where errno says nothing.
 * Returns -EPROTO.
 */
int nma_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a capability that this kernel lacks. Returns -ENOSYS, which no
 * set-up step returns for any other reason.
 */
int nma_missing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The first message and its errno (0: none); "" when there was none. */
const char *nma_err_message(void);
int nma_err_errno(void);

/* Status that a set-up step's result stands for. */
enum nma_exit nma_err_setup_status(int err);

#endif /* NMA_ERR_H */
