// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A receiver's misbehaviours: see misread.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "compat.h"
#include "misread.h"

#define PEEK_BYTES	4096
#define NO_TOKEN	0x80000000u	/* the kernel's have 31 bits */
#define ETOOSMALL	525		/* of the kernel, not in <errno.h> */

static bool due(const struct nma_conn *conn, enum nma_misdeed misdeed)
{
	return nma_misdeed_due(conn->env->opts, conn->env->report, misdeed);
}

static void count(struct nma_conn *conn, enum nma_misdeed misdeed)
{
	conn->env->report->misdeeds[misdeed]++;
}

static ssize_t dontneed(struct nma_conn *conn, const void *tokens, size_t len)
{
	int ret;

	ret = setsockopt(conn->fd, SOL_SOCKET, SO_DEVMEM_DONTNEED, tokens, len);
	return ret < 0 ? -errno : ret;
}

/* The kernel's answer @ret has to be @want. */
static int check(const char *what, ssize_t ret, ssize_t want)
{
	if (ret == want)
		return 0;
	return nma_fail("%s: the kernel answered %zd, not %zd", what, ret, want);
}

/* The tokens of a message that stays in the queue */
static int return_peeked(struct nma_conn *conn, struct msghdr *msg)
{
	struct dmabuf_token token = { .token_count = 1 };
	struct dmabuf_cmsg frag;
	struct cmsghdr *cm;
	int err = 0;

	for (cm = CMSG_FIRSTHDR(msg); cm && !err; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_DEVMEM_DMABUF)
			continue;
		memcpy(&frag, CMSG_DATA(cm), sizeof(frag));
		token.token_start = frag.frag_token;
		err = check("return of a peeked token",
			    dontneed(conn, &token, sizeof(token)), 1);
	}
	return err;
}

/* Returns 1 when it has peeked, 0 if nothing is there, or -errno. */
static int peek(struct nma_conn *conn)
{
	uint8_t control[64 * CMSG_SPACE(sizeof(struct dmabuf_cmsg))]
		__attribute__((aligned(8)));
	uint8_t data[PEEK_BYTES];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int err;

	n = recvmsg(conn->fd, &msg, MSG_SOCK_DEVMEM | MSG_PEEK);
	if (n == 0 || (n < 0 && errno == EAGAIN))
		return 0;
	if (n < 0)
		return nma_err(-errno, "receive with MSG_PEEK");
	err = return_peeked(conn, &msg);
	return err ? err : 1;
}

static int receive_wrongly(struct nma_conn *conn, const char *what,
			   size_t controllen, int flags, int want)
{
	uint8_t control[CMSG_LEN(sizeof(struct dmabuf_cmsg))]
		__attribute__((aligned(8)));
	uint8_t data[PEEK_BYTES];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = controllen,
	};
	ssize_t n;
	int err;

	n = recvmsg(conn->fd, &msg, flags);
	if (n == 0 || (n < 0 && errno == EAGAIN))
		return 0;
	err = check(what, n < 0 ? -errno : n, want);
	return err ? err : 1;
}

static int read_plainly(struct nma_conn *conn)
{
	return receive_wrongly(conn, "receive without MSG_SOCK_DEVMEM", 0, 0,
			       -EFAULT);
}

/* One byte less than the smallest message needs */
static int read_without_room(struct nma_conn *conn)
{
	return receive_wrongly(conn, "receive without room for a control message",
			       CMSG_LEN(sizeof(struct dmabuf_cmsg)) - 1,
			       MSG_SOCK_DEVMEM, -ETOOSMALL);
}

static int return_unknown(struct nma_conn *conn)
{
	struct dmabuf_token token = { NO_TOKEN, 1 };
	int err;

	err = check("return of an unknown token",
		    dontneed(conn, &token, sizeof(token)), 0);
	return err ? err : 1;
}

static int return_too_many(struct nma_conn *conn)
{
	struct dmabuf_token tokens[NMA_DONTNEED_MAX + 1] = {};
	int err;

	err = check("return of 129 tokens",
		    dontneed(conn, tokens, sizeof(tokens)), -EINVAL);
	return err ? err : 1;
}

static int return_odd_length(struct nma_conn *conn)
{
	struct dmabuf_token tokens[2] = { { NO_TOKEN, 1 }, { NO_TOKEN, 1 } };
	int err;

	err = check("return of a token and a half",
		    dontneed(conn, tokens, sizeof(tokens) * 3 / 4), -EINVAL);
	return err ? err : 1;
}

static const struct {
	enum nma_misdeed misdeed;
	int (*act)(struct nma_conn *conn);	/* as peek() */
} acts[] = {
	{ NMA_MISDEED_PEEK, peek },
	{ NMA_MISDEED_PLAIN_READ, read_plainly },
	{ NMA_MISDEED_SMALL_CONTROL, read_without_room },
	{ NMA_MISDEED_UNKNOWN_TOKEN, return_unknown },
	{ NMA_MISDEED_TOO_MANY_TOKENS, return_too_many },
	{ NMA_MISDEED_ODD_LENGTH, return_odd_length },
};

int nma_misread(struct nma_conn *conn)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		while (due(conn, acts[i].misdeed)) {
			ret = acts[i].act(conn);
			if (ret < 0)
				return ret;
			if (!ret)
				break;
			count(conn, acts[i].misdeed);
		}
	}
	return 0;
}

static int return_once(struct nma_conn *conn, uint32_t token)
{
	struct dmabuf_token entry = { token, 1 };
	int err;

	err = check("return of a token", dontneed(conn, &entry, sizeof(entry)), 1);
	conn->tokens.returned += !err;
	return err;
}

/* The kernel stops before the last of them, which is the one we have. */
static int return_1025(struct nma_conn *conn, uint32_t token)
{
	struct dmabuf_token tokens[2] = { { NO_TOKEN, 1024 }, { token, 1 } };

	return check("return of 1025 frags",
		     dontneed(conn, tokens, sizeof(tokens)), 0);
}

int nma_misread_token(struct nma_conn *conn, uint32_t token, bool *returned)
{
	struct dmabuf_token entry = { token, 1 };
	int err;

	*returned = false;
	if (due(conn, NMA_MISDEED_TOO_MANY_FRAGS)) {
		err = return_1025(conn, token);
		count(conn, NMA_MISDEED_TOO_MANY_FRAGS);
		if (err)
			return err;
	}
	if (!due(conn, NMA_MISDEED_RETURN_TWICE))
		return 0;
	*returned = true;
	err = return_once(conn, token);
	if (err)
		return err;
	count(conn, NMA_MISDEED_RETURN_TWICE);
	return check("second return of a token",
		     dontneed(conn, &entry, sizeof(entry)), 0);
}
