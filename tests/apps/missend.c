// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A sender's misbehaviours: see missend.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compat.h"
#include "dmasend.h"
#include "missend.h"
#include "netdev.h"
#include "pattern.h"

#define WRONG_ID	0xfffffff0u	/* the kernel counts from 1 */
#define BYTES		100
#define BOUND_MAX	64u
#define BOUND_SIZE	65536

/* A message; most must be refused */
struct attempt {
	int fd;
	uint32_t id;
	size_t offset;
	int flags;
	int want;		/* errno */
};

static bool due(const struct nma_flow *flow, enum nma_misdeed misdeed)
{
	return nma_misdeed_due(flow->env->opts, flow->env->report, misdeed);
}

static int try(const struct attempt *a, const char *what)
{
	struct iovec iov = {
		.iov_base = (void *)a->offset, .iov_len = BYTES,
	};
	ssize_t n;

	n = nma_dmasend_message(a->fd, a->id, &iov, 1, a->flags);
	if (n < 0 && errno == a->want)
		return 0;
	if (n < 0)
		return nma_fail("%s: refused with errno %d, not %d (%s)", what,
				errno, a->want, strerror(a->want));
	return nma_fail("%s: the kernel took %zd bytes", what, n);
}

static int no_zerocopy(struct nma_flow *flow, struct attempt *a)
{
	(void)flow;
	a->flags = 0;
	return try(a, "send without MSG_ZEROCOPY");
}

static int set_zerocopy(int fd, int on)
{
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		return nma_err(-errno, "SO_ZEROCOPY %d", on);
	return 0;
}

static int no_so_zerocopy(struct nma_flow *flow, struct attempt *a)
{
	int err;

	err = set_zerocopy(flow->fd, 0);
	if (!err)
		err = try(a, "send without SO_ZEROCOPY");
	return err ? err : set_zerocopy(flow->fd, 1);
}

static int wrong_id(struct nma_flow *flow, struct attempt *a)
{
	(void)flow;
	a->id = WRONG_ID;
	return try(a, "send with the id of no binding");
}

static int rx_id(struct nma_flow *flow, struct attempt *a)
{
	a->id = flow->env->rx_binding->id;
	return try(a, "send with the id of a binding to receive");
}

/* In turn the first byte behind the end, and the last ones before it */
static int bad_offset(struct nma_flow *flow, struct attempt *a)
{
	const uint64_t *done = flow->env->report->misdeeds;

	a->offset = flow->env->dmabuf->size;
	if (done[NMA_MISDEED_BAD_OFFSET] % 2)
		a->offset -= BYTES / 2;
	a->want = EFAULT;
	return try(a, "send from behind the end of the dma-buf");
}

/* A connection to ourselves goes through lo. */
static int connect_lo(int *fd)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	socklen_t len = sizeof(addr);
	int err = 0;
	int lo;

	lo = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (lo < 0 || *fd < 0 ||
	    bind(lo, (struct sockaddr *)&addr, len) || listen(lo, 1) ||
	    getsockname(lo, (struct sockaddr *)&addr, &len) ||
	    connect(*fd, (struct sockaddr *)&addr, len))
		err = nma_err(-errno, "no connection through lo");
	if (lo >= 0)
		close(lo);
	return err;
}

static int other_device(struct nma_flow *flow, struct attempt *a)
{
	int err;

	(void)flow;
	err = connect_lo(&a->fd);
	if (!err)
		err = set_zerocopy(a->fd, 1);
	a->want = ENODEV;
	if (!err)
		err = try(a, "send through lo");
	if (a->fd >= 0)
		close(a->fd);
	return err;
}

/* Another dma-buf, which the CPU does not touch and which stays until the process ends;
 * its memory is at *@pages.
 */
static int bind_another(const struct nma_flow *flow, uint32_t *id, uint8_t **pages)
{
	static struct nma_binding bound[BOUND_MAX];
	static struct nma_udmabuf buf[BOUND_MAX];
	static unsigned int nr;
	int err;

	if (nr == BOUND_MAX)
		return nma_fail("no more than %u dma-bufs are bound", BOUND_MAX);
	err = nma_udmabuf_create_unmapped(&buf[nr], BOUND_SIZE);
	if (err)
		return err;
	err = nma_binding_open_tx(&bound[nr], flow->env->opts->ifname, buf[nr].fd);
	*id = bound[nr].id;
	*pages = buf[nr].pages;
	nr++;
	return err;
}

static int bind_unused(struct nma_flow *flow, struct attempt *a)
{
	uint8_t *pages;

	usleep(200 * 1000);	/* as connections come one after the other */
	return bind_another(flow, &a->id, &pages);
}

/* What is next in the stream comes from there. */
static int bind_each(struct nma_flow *flow, struct attempt *a)
{
	struct iovec iov = { .iov_len = BYTES };
	uint8_t *pages;
	ssize_t n;
	int err;

	err = bind_another(flow, &a->id, &pages);
	if (err)
		return err;
	nma_pattern_fill(pages, BYTES, flow->key, flow->pos);
	while ((n = nma_dmasend_message(a->fd, a->id, &iov, 1, a->flags)) < 0 &&
	       errno == EAGAIN)
		usleep(1000);
	if (n != BYTES)
		return nma_err(-errno, "cannot send from another dma-buf");
	nma_zerocopy_sent(&flow->zc, flow->cur);
	flow->pos += BYTES;
	return 0;
}

static const struct {
	enum nma_misdeed misdeed;
	int (*act)(struct nma_flow *flow, struct attempt *a);
} acts[] = {
	{ NMA_MISDEED_NO_ZEROCOPY, no_zerocopy },
	{ NMA_MISDEED_NO_SO_ZEROCOPY, no_so_zerocopy },
	{ NMA_MISDEED_WRONG_ID, wrong_id },
	{ NMA_MISDEED_RX_ID, rx_id },
	{ NMA_MISDEED_BAD_OFFSET, bad_offset },
	{ NMA_MISDEED_OTHER_DEVICE, other_device },
	{ NMA_MISDEED_BIND_EACH, bind_each },
	{ NMA_MISDEED_BIND_UNUSED, bind_unused },
};

int nma_missend(struct nma_flow *flow)
{
	struct nma_report *r = flow->env->report;
	struct attempt a;
	size_t i;
	int err;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		while (due(flow, acts[i].misdeed)) {
			a = (struct attempt){
				.fd = flow->fd,
				.id = flow->env->binding->id,
				.flags = MSG_ZEROCOPY,
				.want = EINVAL,
			};
			err = acts[i].act(flow, &a);
			if (err)
				return err;
			r->misdeeds[acts[i].misdeed]++;
		}
	}
	return 0;
}

/* There must be that much left to send from the same place. */
static bool resend_due(const struct nma_flow *flow)
{
	uint64_t total = flow->env->opts->bytes;

	return due(flow, NMA_MISDEED_RESEND_EARLY) &&
	       (!total || total - flow->pos >= 2ull * NMA_MISSEND_EARLY);
}

bool nma_missend_early_due(const struct nma_flow *flow)
{
	return due(flow, NMA_MISDEED_REUSE_EARLY) ||
	       due(flow, NMA_MISDEED_SYNC_EARLY) || resend_due(flow);
}

/* What the CPU does to the current piece meanwhile */
static enum nma_misdeed write_early(struct nma_flow *flow)
{
	uint8_t *map = flow->env->dmabuf->map;

	if (due(flow, NMA_MISDEED_REUSE_EARLY)) {
		map[flow->piece.base] ^= 0xff;
		return NMA_MISDEED_REUSE_EARLY;
	}
	if (due(flow, NMA_MISDEED_SYNC_EARLY))
		return NMA_MISDEED_SYNC_EARLY;
	nma_piece_fill(&flow->piece, map, flow->key, flow->pos);
	flow->off = 0;
	return NMA_MISDEED_RESEND_EARLY;
}

int nma_missend_early(struct nma_flow *flow)
{
	const struct nma_udmabuf *dmabuf = flow->env->dmabuf;
	int on = 1;
	int err;

	err = nma_udmabuf_begin_write(dmabuf);
	if (err)
		return err;
	flow->env->report->misdeeds[write_early(flow)]++;
	err = nma_udmabuf_end_write(dmabuf);
	if (err || !flow->off)
		return err;
	/* pushes what MSG_MORE has held back */
	if (setsockopt(flow->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return nma_err(-errno, "TCP_NODELAY");
	return 0;
}
