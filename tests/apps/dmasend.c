// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Sending from a dma-buf: see dmasend.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include "compat.h"
#include "dmasend.h"
#include "missend.h"

#define PAGE		4096UL

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
	flow->piece_size = o->chunk ? o->chunk : NMA_FLOW_CHUNK;
	if (flow->piece_size > size)
		flow->piece_size = size;
	flow->n_pieces = size / flow->piece_size;
	if (flow->n_pieces > NMA_ZC_PIECES)
		flow->n_pieces = NMA_ZC_PIECES;
	return prepare_socket(flow);
}

static int write_piece(struct nma_flow *flow)
{
	const struct nma_udmabuf *dmabuf = flow->env->dmabuf;
	struct nma_report *r = flow->env->report;
	bool sync = true;
	int err = 0;

	if (nma_misdeed_due(flow->env->opts, r, NMA_MISDEED_NO_SYNC)) {
		r->misdeeds[NMA_MISDEED_NO_SYNC]++;
		sync = false;
	}
	if (sync)
		err = nma_udmabuf_begin_write(dmabuf);
	if (err)
		return err;
	nma_piece_fill(&flow->piece, dmabuf->map, flow->key, flow->pos);
	return sync ? nma_udmabuf_end_write(dmabuf) : 0;
}

/* Fills the next piece. Returns 1 if there is something to send, 0 at the end of
 * the stream, -EAGAIN if all pieces are on their way, or another -errno.
 */
static int refill(struct nma_flow *flow)
{
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
	if (nma_missend_early_due(flow) && p->len > NMA_MISSEND_EARLY)
		p->len = NMA_MISSEND_EARLY;
	p->parts = flow->env->opts->iovecs;
	err = write_piece(flow);
	return err ? err : 1;
}

ssize_t nma_dmasend_message(int fd, uint32_t id, const struct iovec *iov,
			    unsigned int n, int flags)
{
	uint8_t control[CMSG_SPACE(sizeof(id))] __attribute__((aligned(8))) = {};
	struct msghdr msg = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = n,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&msg);

	if (!id)
		msg.msg_controllen = 0;
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_DEVMEM_DMABUF;
	cm->cmsg_len = CMSG_LEN(sizeof(id));
	memcpy(CMSG_DATA(cm), &id, sizeof(id));
	return sendmsg(fd, &msg, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What is left of the current piece, as one message. Returns 0 when it has gone
 * as far as it could, or -errno without a message.
 */
static int send_piece(struct nma_flow *flow, int flags)
{
	const struct nma_flow_env *env = flow->env;
	uint32_t id = env->binding->id;
	struct iovec iov[NMA_MAX_IOVECS];
	unsigned int parts, i;
	ssize_t n;

	parts = nma_piece_iov(&flow->piece, flow->off, iov);
	if (env->opts->pages && flow->zc.sent % 2) {
		id = 0;
		for (i = 0; i < parts; i++)
			iov[i].iov_base = env->dmabuf->pages + (size_t)iov[i].iov_base;
	}
	n = nma_dmasend_message(flow->fd, id, iov, parts, MSG_ZEROCOPY | flags);
	if (n < 0)
		return -errno;
	nma_zerocopy_sent(&flow->zc, flow->cur);
	flow->off += n;
	flow->pos += n;
	if (flow->env->ignore)
		flow->env->report->misdeeds[NMA_MISDEED_IGNORE_COMPLETIONS]++;
	return 0;
}

/* A piece that is written while it is on its way: the kernel has to hold it back
 * so long, so it is shorter than a segment, and the peer has acknowledged all before
 * it: an acknowledgement would push it out.
 */
static int send_early(struct nma_flow *flow)
{
	int unacked = 0;
	int err;

	if (ioctl(flow->fd, SIOCOUTQ, &unacked))
		return nma_err(-errno, "SIOCOUTQ");
	if (unacked) {
		flow->paused = true;
		return 0;
	}
	err = send_piece(flow, MSG_MORE);
	if (!err)
		err = nma_missend_early(flow);
	return err || flow->off ? err : send_piece(flow, 0);
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

/* All pieces are on their way: one must complete. */
static int wait_for_memory(struct nma_flow *flow)
{
	if (flow->env->ignore)
		return nma_fail("--ignore-completions: no memory is left after %u sends (--size, --chunk)",
				flow->zc.sent);
	flow->starved = true;
	return 0;
}

/* Sends one piece, or part of it. */
static int send_one(struct nma_flow *flow)
{
	const struct nma_flow_env *env = flow->env;

	if (env->ignore && !nma_misdeed_due(env->opts, env->report,
					    NMA_MISDEED_IGNORE_COMPLETIONS)) {
		flow->paused = true;
		return 0;
	}
	if (flow->off == 0 && nma_missend_early_due(flow))
		return send_early(flow);
	return send_piece(flow, 0);
}

int nma_dmasend(struct nma_flow *flow)
{
	int ret;

	ret = nma_missend(flow);
	flow->paused = false;
	while (!ret && !flow->paused) {
		ret = refill(flow);
		if (ret == -EAGAIN || (ret == 1 && nma_zerocopy_full(&flow->zc)))
			return wait_for_memory(flow);
		if (ret <= 0)
			return ret ? ret : 1;
		ret = send_one(flow);
	}
	return ret ? wait_for_room(flow, ret) : 0;
}
