// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Sending from a dma-buf: see dmasend.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "compat.h"
#include "dmasend.h"

#define PAGE 4096UL

static int prepare_socket(struct nma_flow *flow)
{
	const struct nma_opts *o = flow->env->opts;
	int one = 1;

	/* only the device that the dma-buf is bound to can reach it */
	if (setsockopt(flow->fd, SOL_SOCKET, SO_BINDTODEVICE, o->ifname,
		       strlen(o->ifname) + 1))
		return nma_err(-errno, "SO_BINDTODEVICE %s", o->ifname);
	if (setsockopt(flow->fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return nma_err(-errno, "SO_ZEROCOPY");
	return 0;
}

int nma_dmasend_setup(struct nma_flow *flow, unsigned int i)
{
	const struct nma_opts *o = flow->env->opts;
	size_t size = o->size / o->flows / PAGE * PAGE;

	flow->share = i * size;
	flow->piece_size = size < NMA_FLOW_CHUNK ? size : NMA_FLOW_CHUNK;
	flow->n_pieces = size / flow->piece_size;
	if (flow->n_pieces > NMA_ZC_PIECES)
		flow->n_pieces = NMA_ZC_PIECES;
	return prepare_socket(flow);
}

/* Fills the next piece. Returns 1 if there is something to send, 0 at the end of
 * the stream, -EAGAIN if all pieces are on their way, or another -errno.
 */
static int refill(struct nma_flow *flow)
{
	const struct nma_udmabuf *dmabuf = flow->env->dmabuf;
	uint64_t total = flow->env->opts->bytes;
	uint64_t left = total - flow->pos;
	struct nma_piece *p = &flow->piece;
	unsigned int next;
	int err;

	if (flow->off < p->len)
		return 1;
	if (total && !left)
		return 0;
	next = (flow->cur + 1) % flow->n_pieces;
	if (flow->zc.pending[next])
		return -EAGAIN;
	flow->cur = next;
	flow->off = 0;
	p->base = flow->share + next * flow->piece_size;
	p->len = !total || left > flow->piece_size ? flow->piece_size : left;
	p->parts = flow->env->opts->iovecs;
	err = nma_udmabuf_begin_write(dmabuf);
	if (err)
		return err;
	nma_piece_fill(p, dmabuf->map, flow->key, flow->pos);
	err = nma_udmabuf_end_write(dmabuf);
	return err ? err : 1;
}

/* What is left of the current piece, as one message. Returns as sendmsg(). */
static ssize_t send_piece(struct nma_flow *flow)
{
	uint8_t control[CMSG_SPACE(sizeof(uint32_t))] __attribute__((aligned(8)));
	struct iovec iov[NMA_MAX_IOVECS];
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);

	memset(control, 0, sizeof(control));
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_DEVMEM_DMABUF;
	cm->cmsg_len = CMSG_LEN(sizeof(uint32_t));
	memcpy(CMSG_DATA(cm), &flow->env->binding->id, sizeof(uint32_t));
	msg.msg_iovlen = nma_piece_iov(&flow->piece, flow->off, iov);
	return sendmsg(flow->fd, &msg, MSG_ZEROCOPY | MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Nothing can be sent: is it a completion that must come first? */
static int wait_for_room(struct nma_flow *flow, int err)
{
	if (err == -EINTR)
		return 0;
	if (err == -ENOBUFS && flow->zc.completed == flow->zc.sent)
		return err;	/* net.core.optmem_max, and none would ever come */
	flow->starved = err == -ENOBUFS;
	return err == -ENOBUFS || err == -EAGAIN ? 0 : err;
}

int nma_dmasend(struct nma_flow *flow)
{
	ssize_t n;
	int ret;

	for (;;) {
		ret = refill(flow);
		if (ret == -EAGAIN || (ret == 1 && nma_zerocopy_full(&flow->zc))) {
			flow->starved = true;
			return 0;
		}
		if (ret <= 0)
			return ret ? ret : 1;
		n = send_piece(flow);
		if (n < 0)
			return wait_for_room(flow, -errno);
		nma_zerocopy_sent(&flow->zc, flow->cur);
		flow->off += n;
		flow->pos += n;
	}
}
