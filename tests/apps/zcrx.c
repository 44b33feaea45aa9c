// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role zcrx: the pattern through io_uring zero-copy receive. The kernel puts the
 * payload of one queue into an area of our memory, one completion for each piece,
 * and we return each piece through the refill ring.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <liburing.h>

#include "listener.h"
#include "pattern.h"
#include "roles.h"

#define SQ_ENTRIES	128
#define CQ_ENTRIES	8192
#define RQ_ENTRIES	32768u		/* the kernel's limit */
#define RQ_SIZE		(4096 + RQ_ENTRIES * sizeof(struct io_uring_zcrx_rqe))
#define ACCEPT		NMA_MAX_FLOWS	/* user data; below: a connection */

struct zconn {
	int fd;
	bool armed;		/* a receive request is under way */
	bool done;
	uint64_t key;
	uint64_t pos;
};

struct zcrx {
	const struct nma_opts *opts;
	struct nma_report *report;
	struct io_uring ring;
	bool ring_up;
	uint8_t *area;
	uint64_t area_token;
	uint32_t id;
	void *rq_mem;
	struct io_uring_zcrx_rq rq;
	struct io_uring_zcrx_rqe *kept;
	uint64_t n_kept;
	int listener;
	unsigned int n_conns;
	struct zconn conns[NMA_MAX_FLOWS];
	uint64_t first_ns;
	uint64_t last_ns;
};

static int ring_open(struct zcrx *z)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_CQE32 | IORING_SETUP_CQSIZE,
		.cq_entries = CQ_ENTRIES,
	};
	struct io_uring_probe *probe;
	bool supported;
	int err;

	err = io_uring_queue_init_params(SQ_ENTRIES, &z->ring, &params);
	if (err)
		return nma_err(err, "no io_uring (kernel.io_uring_disabled?)");
	z->ring_up = true;
	probe = io_uring_get_probe_ring(&z->ring);
	if (!probe)
		return nma_err(-ENOMEM, "io_uring probe");
	supported = io_uring_opcode_supported(probe, IORING_OP_RECV_ZC);
	io_uring_free_probe(probe);
	return supported ? 0 :
	       nma_missing("this kernel's io_uring has no zero-copy receive");
}

static void *map_anonymous(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

static void refill_open(struct zcrx *z, const struct io_uring_zcrx_ifq_reg *reg)
{
	uint8_t *mem = z->rq_mem;

	z->rq = (struct io_uring_zcrx_rq){
		.khead = (void *)(mem + reg->offsets.head),
		.ktail = (void *)(mem + reg->offsets.tail),
		.rqes = (void *)(mem + reg->offsets.rqes),
		.ring_entries = reg->rq_entries,
		.ring_ptr = mem,
	};
}

static int queue_register(struct zcrx *z)
{
	const struct nma_opts *o = z->opts;
	struct io_uring_zcrx_area_reg area = {
		.addr = (uintptr_t)z->area, .len = o->size,
	};
	struct io_uring_region_desc region = {
		.user_addr = (uintptr_t)z->rq_mem, .size = RQ_SIZE,
		.flags = IORING_MEM_REGION_TYPE_USER,
	};
	struct io_uring_zcrx_ifq_reg reg = {
		.if_idx = if_nametoindex(o->ifname), .if_rxq = o->queues.id[0],
		.rq_entries = RQ_ENTRIES, .area_ptr = (uintptr_t)&area,
		.region_ptr = (uintptr_t)&region,
	};
	int err;

	if (!reg.if_idx)
		return nma_err(-errno, "no interface %s", o->ifname);
	err = io_uring_register_ifq(&z->ring, &reg);
	if (err)
		return nma_err(err == -ENOSYS ? -EOPNOTSUPP : err,
			       "zcrx on queue %u of %s refused", o->queues.id[0],
			       o->ifname);
	z->id = reg.zcrx_id;
	z->area_token = area.rq_area_token;
	refill_open(z, &reg);
	return 0;
}

static int zcrx_open(struct zcrx *z)
{
	uint64_t keep = z->opts->misdeeds[NMA_MISDEED_KEEP_BUFFERS];
	int err;

	err = ring_open(z);
	if (err)
		return err;
	z->area = map_anonymous(z->opts->size);
	z->rq_mem = map_anonymous(RQ_SIZE);
	z->kept = calloc(keep + 1, sizeof(*z->kept));
	if (!z->area || !z->rq_mem || !z->kept)
		return nma_err(-ENOMEM, "area of %" PRIu64 " bytes", z->opts->size);
	err = queue_register(z);
	if (err)
		return err;
	z->listener = nma_listener_open(z->opts);
	if (z->listener < 0)
		return z->listener;
	/* io_uring does the waiting, if the socket would */
	if (fcntl(z->listener, F_SETFL, 0))
		return nma_err(-errno, "listener");
	return nma_ready(z->opts, "ready");
}

static void zcrx_close(struct zcrx *z)
{
	unsigned int i;

	for (i = 0; i < z->n_conns; i++)
		close(z->conns[i].fd);
	if (z->listener >= 0)
		close(z->listener);
	if (z->ring_up)
		io_uring_queue_exit(&z->ring);
	if (z->area)
		munmap(z->area, z->opts->size);
	if (z->rq_mem)
		munmap(z->rq_mem, RQ_SIZE);
	free(z->kept);
}

static int refill(struct zcrx *z, uint64_t off, uint32_t len)
{
	struct io_uring_zcrx_rq *rq = &z->rq;
	struct io_uring_zcrx_rqe *rqe;

	if (rq->rq_tail - io_uring_smp_load_acquire(rq->khead) >= rq->ring_entries)
		return nma_fail("the refill ring is full: %u entries",
				rq->ring_entries);
	rqe = &rq->rqes[rq->rq_tail & (rq->ring_entries - 1)];
	rqe->off = off | z->area_token;
	rqe->len = len;
	io_uring_smp_store_release(rq->ktail, ++rq->rq_tail);
	z->report->buffers_returned++;
	return 0;
}

/* @len bytes of the stream lie at @off of the area. */
static int take(struct zcrx *z, struct zconn *conn, uint64_t off, uint32_t len)
{
	struct nma_report *r = z->report;
	size_t first = 0;
	size_t wrong;

	off &= ~IORING_ZCRX_AREA_MASK;
	if (off > z->opts->size || len > z->opts->size - off)
		return nma_fail("buffer %" PRIu64 "+%u lies outside of the area of %" PRIu64 " bytes",
				off, len, z->opts->size);
	wrong = nma_pattern_check(z->area + off, len, conn->key, conn->pos, &first);
	nma_report_wrong(r, wrong, conn->pos + first);
	conn->pos += len;
	r->bytes += len;
	r->buffers++;
	z->last_ns = nma_report_now_ns();
	if (!z->first_ns)
		z->first_ns = z->last_ns;
	if (!nma_misdeed_due(z->opts, r, NMA_MISDEED_KEEP_BUFFERS))
		return refill(z, off, len);
	z->kept[z->n_kept++] = (struct io_uring_zcrx_rqe){ .off = off, .len = len };
	r->misdeeds[NMA_MISDEED_KEEP_BUFFERS]++;
	return 0;
}

static int stream_ended(struct zcrx *z, struct zconn *conn)
{
	uint64_t wanted = z->opts->bytes;

	conn->done = true;
	if (wanted && conn->pos != wanted)
		return nma_fail("the stream ended after %" PRIu64 " of %" PRIu64 " bytes",
				conn->pos, wanted);
	return 0;
}

static int accepted(struct zcrx *z, int fd)
{
	struct zconn *conn = &z->conns[z->n_conns];
	uint16_t port = 0;
	int err;

	if (fd < 0)
		return fd == -ECONNABORTED || fd == -EINTR ? 0 :
		       nma_err(fd, "accept");
	*conn = (struct zconn){ .fd = fd };
	z->n_conns++;
	err = nma_listener_peer_port(fd, &port);
	if (err)
		return err;
	conn->key = nma_pattern_key(z->opts->seed, port);
	z->report->connections++;
	return 0;
}

static int completed(struct zcrx *z, const struct io_uring_cqe *cqe, bool *accepting)
{
	const struct io_uring_zcrx_cqe *zcqe = (const void *)(cqe + 1);
	struct zconn *conn;

	if (cqe->user_data == ACCEPT) {
		*accepting = false;
		return accepted(z, cqe->res);
	}
	conn = &z->conns[cqe->user_data];
	if (!(cqe->flags & IORING_CQE_F_MORE))
		conn->armed = false;
	if (cqe->res > 0)
		return take(z, conn, zcqe->off, cqe->res);
	if (cqe->res == 0)
		return stream_ended(z, conn);
	if (cqe->res == -EINTR || cqe->res == -EAGAIN || cqe->res == -ENOSPC)
		return 0;	/* it is armed again */
	return nma_err(cqe->res, "receive after %" PRIu64 " bytes", conn->pos);
}

static int completions(struct zcrx *z, bool *accepting)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;
	unsigned int head;
	int err = 0;

	io_uring_for_each_cqe(&z->ring, head, cqe) {
		n++;
		err = completed(z, cqe, accepting);
		if (err)
			break;
	}
	io_uring_cq_advance(&z->ring, n);
	return err;
}

/* Requests for what is to come. False when nothing is. */
static bool arm(struct zcrx *z, bool *accepting)
{
	struct io_uring_sqe *sqe;
	struct zconn *conn;
	bool busy = false;

	for (conn = z->conns; conn < z->conns + z->n_conns; conn++) {
		busy |= !conn->done;
		if (conn->done || conn->armed)
			continue;
		sqe = io_uring_get_sqe(&z->ring);
		io_uring_prep_rw(IORING_OP_RECV_ZC, sqe, conn->fd, NULL, 0, 0);
		sqe->ioprio |= IORING_RECV_MULTISHOT;
		sqe->zcrx_ifq_idx = z->id;
		sqe->user_data = conn - z->conns;
		conn->armed = true;
	}
	if (z->n_conns == z->opts->flows)
		return busy;
	if (!*accepting) {
		sqe = io_uring_get_sqe(&z->ring);
		io_uring_prep_accept(sqe, z->listener, NULL, NULL, SOCK_CLOEXEC);
		sqe->user_data = ACCEPT;
		*accepting = true;
	}
	return true;
}

static int receive_all(struct zcrx *z)
{
	struct __kernel_timespec limit = { .tv_sec = z->opts->timeout };
	struct io_uring_cqe *cqe;
	bool accepting = false;
	int err;

	while (arm(z, &accepting)) {
		if (nma_wait_interrupted())
			return -EINTR;
		err = io_uring_submit_and_wait_timeout(&z->ring, &cqe, 1,
						       limit.tv_sec ? &limit : NULL,
						       (sigset_t *)nma_wait_mask());
		if (err == -ETIME)
			return nma_fail("nothing arrived for %u s",
					(unsigned int)z->opts->timeout);
		if (err < 0 && err != -EINTR)
			return nma_err(err, "io_uring wait");
		err = completions(z, &accepting);
		if (err)
			return err;
	}
	return 0;
}

/* Sits on the kept buffers, then returns them. */
static int hold_buffers(struct zcrx *z)
{
	int err;

	err = nma_ready(z->opts, "held");
	if (!err)
		err = nma_wait(NULL, 0, z->opts->hold * 1000);
	if (err < 0 && err != -EINTR)
		return err;
	for (err = 0; z->n_kept && !err; ) {
		z->n_kept--;
		err = refill(z, z->kept[z->n_kept].off, z->kept[z->n_kept].len);
	}
	return err;
}

enum nma_exit nma_zcrx_run(const struct nma_opts *o, struct nma_report *r)
{
	struct zcrx z = { .opts = o, .report = r, .listener = -1 };
	enum nma_exit status;
	int err;

	status = nma_err_setup_status(zcrx_open(&z));
	if (status)
		goto out;
	err = receive_all(&z);
	if (!err && z.n_kept)
		err = hold_buffers(&z);
	if (!err)
		err = nma_report_misdeeds_done(r, o);
	if ((err && err != -EINTR) || r->verify_errors)
		status = NMA_EXIT_FAIL;
	r->duration_ns = z.last_ns - z.first_ns;
out:
	zcrx_close(&z);
	return status;
}
