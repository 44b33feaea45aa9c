// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Receiving: see conn.h. In devmem mode a message's payload is where its control
 * messages say, in their order: SCM_DEVMEM_DMABUF in the dma-buf, SCM_DEVMEM_LINEAR
 * in the ordinary buffer. No control message at all means ordinary data.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conn.h"
#include "listener.h"
#include "misread.h"
#include "pattern.h"

/* Then signals and other connections have their turn. */
#define READS_AT_ONCE	64

/* Shared by all connections: one is served at a time. */
static uint8_t chunk[NMA_MAX_CHUNK];
static uint8_t control[NMA_MAX_FRAGS * CMSG_SPACE(sizeof(struct dmabuf_cmsg))]
	__attribute__((aligned(8)));

int nma_conn_open(struct nma_conn *conn, struct nma_conn_env *env, int fd)
{
	const struct nma_opts *o = env->opts;
	uint16_t port = 0;
	int err;

	*conn = (struct nma_conn){
		.env = env,
		.fd = fd,
		.chunk = o->chunk ? o->chunk : NMA_MAX_CHUNK,
	};
	err = nma_listener_peer_port(fd, &port);
	if (err)
		goto out;
	conn->key = nma_pattern_key(o->seed, port);
	err = nma_tokens_init(&conn->tokens, fd, o->batch,
			      o->keep_tokens + o->exit_with_tokens);
	if (err) {
		nma_err(err, "tokens");
		goto out;
	}
	env->report->connections++;
	return 0;
out:
	close(fd);
	conn->fd = -1;
	return err;
}

void nma_conn_close(struct nma_conn *conn)
{
	struct nma_report *r = conn->env->report;

	if (conn->fd < 0)
		return;
	r->tokens_returned += conn->tokens.returned;
	r->tokens_outstanding += nma_tokens_outstanding(&conn->tokens);
	nma_tokens_destroy(&conn->tokens);
	close(conn->fd);
	conn->fd = -1;
}

/* The next @len bytes of the stream are at @data. */
static void verify(struct nma_conn *conn, const void *data, size_t len)
{
	struct nma_report *r = conn->env->report;
	size_t first = 0;
	size_t wrong;

	wrong = nma_pattern_check(data, len, conn->key, conn->pos, &first);
	nma_report_wrong(r, wrong, conn->pos + first);
	conn->pos += len;
	r->bytes += len;
}

static int take_frag(struct nma_conn *conn, const struct dmabuf_cmsg *frag)
{
	const struct nma_udmabuf *dmabuf = conn->env->dmabuf;
	struct nma_report *r = conn->env->report;
	bool returned;
	int err;

	if (frag->dmabuf_id != conn->env->binding->id)
		return nma_fail("frag in dma-buf %u, bound is %u",
				frag->dmabuf_id, conn->env->binding->id);
	if (frag->frag_offset > dmabuf->size ||
	    frag->frag_size > dmabuf->size - frag->frag_offset)
		return nma_fail("frag %" PRIu64 "+%u lies outside of the dma-buf of %zu bytes",
				(uint64_t)frag->frag_offset, frag->frag_size,
				dmabuf->size);
	verify(conn, dmabuf->map + frag->frag_offset, frag->frag_size);
	r->frags++;
	r->dmabuf_bytes += frag->frag_size;
	err = nma_misread_token(conn, frag->frag_token, &returned);
	if (err || returned)
		return err;
	return nma_tokens_add(&conn->tokens, frag->frag_token);
}

static int take_linear(struct nma_conn *conn, size_t size, size_t *used,
		       size_t len)
{
	if (size > len - *used)
		return nma_fail("more linear data announced than received");
	verify(conn, chunk + *used, size);
	*used += size;
	conn->env->report->linear_bytes += size;
	return 0;
}

/* Walks the control messages of a message of @len bytes. */
static int take_messages(struct nma_conn *conn, struct msghdr *msg, size_t len)
{
	uint64_t start = conn->pos;
	struct dmabuf_cmsg frag;
	struct cmsghdr *cm;
	size_t linear = 0;
	bool any = false;
	int err = 0;

	for (cm = CMSG_FIRSTHDR(msg); cm && !err; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET)
			continue;
		memcpy(&frag, CMSG_DATA(cm), sizeof(frag));
		any = true;
		if (cm->cmsg_type == SCM_DEVMEM_DMABUF)
			err = take_frag(conn, &frag);
		else if (cm->cmsg_type == SCM_DEVMEM_LINEAR)
			err = take_linear(conn, frag.frag_size, &linear, len);
	}
	if (err)
		return err;
	if (msg->msg_flags & MSG_CTRUNC)
		return nma_fail("control messages were cut short");
	if (!any) {
		verify(conn, chunk, len);
		conn->env->report->plain_bytes += len;
	}
	if (conn->pos - start != len)
		return nma_fail("control messages announce %" PRIu64 " of %zu bytes",
				conn->pos - start, len);
	return 0;
}

/* The message is there: reads the payload where it lies. */
static int read_payload(struct nma_conn *conn, struct msghdr *msg, size_t len)
{
	struct nma_conn_env *env = conn->env;
	int err;
	int ret;

	if (nma_misdeed_due(env->opts, env->report, NMA_MISDEED_NO_SYNC)) {
		env->report->misdeeds[NMA_MISDEED_NO_SYNC]++;
		return take_messages(conn, msg, len);
	}
	err = nma_udmabuf_begin_read(env->dmabuf);
	if (err)
		return err;
	err = take_messages(conn, msg, len);
	ret = nma_udmabuf_end_read(env->dmabuf);
	return err ? err : ret;
}

static int receive_devmem(struct nma_conn *conn, ssize_t *len)
{
	struct iovec iov = { .iov_base = chunk, .iov_len = conn->chunk };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = conn->env->opts->control *
				  CMSG_SPACE(sizeof(struct dmabuf_cmsg)),
	};
	int err;

	err = nma_misread(conn);
	if (err)
		return err;
	*len = recvmsg(conn->fd, &msg, MSG_SOCK_DEVMEM);
	return *len <= 0 ? 0 : read_payload(conn, &msg, *len);
}

static int receive_host(struct nma_conn *conn, ssize_t *len)
{
	*len = recv(conn->fd, chunk, conn->chunk, 0);
	if (*len > 0)
		verify(conn, chunk, *len);
	return 0;
}

/* A reader that does not know of devmem must be told EFAULT. */
static int receive_plain(struct nma_conn *conn, ssize_t *len)
{
	*len = recv(conn->fd, chunk, conn->chunk, 0);
	if (*len > 0)
		return nma_fail("recv() read %zd bytes of a flow that should be in the dma-buf",
				*len);
	if (*len == 0)
		return nma_fail("the flow ended before recv() saw EFAULT");
	if (errno != EFAULT)
		return 0;
	conn->env->report->efaults++;
	conn->done = true;
	return 0;
}

static int receive_once(struct nma_conn *conn, ssize_t *len)
{
	if (conn->env->opts->host)
		return receive_host(conn, len);
	if (conn->env->opts->plain_recv)
		return receive_plain(conn, len);
	return receive_devmem(conn, len);
}

static int stream_ended(struct nma_conn *conn)
{
	uint64_t wanted = conn->env->opts->bytes;

	conn->done = true;
	if (wanted && conn->pos != wanted)
		return nma_fail("the stream ended after %" PRIu64 " of %" PRIu64 " bytes",
				conn->pos, wanted);
	return 0;
}

int nma_conn_receive(struct nma_conn *conn)
{
	struct nma_conn_env *env = conn->env;
	unsigned int turns = READS_AT_ONCE;
	ssize_t len;
	int err;

	do {
		errno = 0;
		err = receive_once(conn, &len);
		if (err || conn->done)
			return err;
		if (len <= 0)
			break;
		env->last_ns = nma_report_now_ns();
		if (!env->first_ns)
			env->first_ns = env->last_ns;
		if (!--turns)
			return 0;
	} while ((size_t)len >= conn->chunk / 2);
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		return nma_err(-errno, "receive after %" PRIu64 " bytes",
			       conn->pos);
	/* quiet for now: let the kernel have its memory back */
	err = nma_tokens_flush(&conn->tokens);
	if (err)
		return err;
	return len == 0 ? stream_ended(conn) : 0;
}
