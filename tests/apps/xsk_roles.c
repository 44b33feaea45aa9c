// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Roles xsk-send and xsk-recv: the pattern in Ethernet frames of their own type,
 * through AF_XDP sockets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "datagram.h"
#include "roles.h"
#include "xsk.h"
#include "xsk_prog.h"

#define MIN_CHUNK	46	/* shorter ones are padded on the way */
#define DEFAULT_CHUNK	1400
#define MAX_CHUNK	3000	/* a frame, with what the kernel puts before it */
#define TX_POLL_MS	5

struct xsk_run {
	const struct nma_opts *opts;
	struct nma_report *report;
	unsigned int ifindex;
	struct nma_xsk xsk;
	struct nma_xsk_prog prog;
	uint64_t key;
	size_t chunk;
	uint64_t start_ns;
	unsigned int n_free;
	uint64_t free[NMA_XSK_FRAMES];	/* frames of the sender */
};

static int run_open(struct xsk_run *run)
{
	const struct nma_opts *o = run->opts;

	run->key = nma_pattern_key(o->seed, 0);
	run->chunk = o->chunk ? o->chunk : DEFAULT_CHUNK;
	run->start_ns = nma_report_now_ns();
	if (run->chunk < MIN_CHUNK || run->chunk > MAX_CHUNK)
		return nma_err(-EINVAL, "--chunk: a frame has %d to %d bytes",
			       MIN_CHUNK, MAX_CHUNK);
	run->ifindex = if_nametoindex(o->ifname);
	if (!run->ifindex)
		return nma_err(-errno, "no interface %s", o->ifname);
	return nma_xsk_open(&run->xsk, run->ifindex, o->ifname, o->queues.id[0],
			    o->zerocopy, o->wait);
}

static enum nma_exit run_close(struct xsk_run *run, int err)
{
	struct nma_report *r = run->report;

	nma_xsk_prog_close(&run->prog);
	nma_xsk_close(&run->xsk);
	r->duration_ns = nma_report_now_ns() - run->start_ns;
	return (err && err != -EINTR) || r->verify_errors ? NMA_EXIT_FAIL :
							    NMA_EXIT_OK;
}

static bool more(const struct xsk_run *run)
{
	return !run->opts->bytes || run->report->bytes < run->opts->bytes;
}

static void take_frames(struct xsk_run *run)
{
	struct nma_xsk *x = &run->xsk;
	struct xdp_desc desc;

	while (nma_xsk_pending(&x->rx)) {
		desc = nma_xsk_next_rx(x);
		if (desc.len > ETH_HLEN)
			nma_datagram_check(x->memory + desc.addr + ETH_HLEN,
					   desc.len - ETH_HLEN, run->key,
					   run->report);
		/* the kernel wants it as it was given */
		nma_xsk_fill(x, desc.addr & ~(uint64_t)(NMA_XSK_FRAME - 1));
	}
}

static int receive_all(struct xsk_run *run)
{
	struct pollfd poll = { run->xsk.fd, POLLIN, 0 };
	int err;

	while (more(run)) {
		err = nma_wait(&poll, 1, run->opts->timeout * 1000);
		if (err < 0)
			return err;
		if (!err)
			return nma_fail("nothing arrived for %u s",
					(unsigned int)run->opts->timeout);
		take_frames(run);
	}
	return 0;
}

enum nma_exit nma_xsk_recv_run(const struct nma_opts *o, struct nma_report *r)
{
	struct xsk_run run = {
		.opts = o, .report = r, .xsk.fd = -1, .prog = NMA_XSK_PROG_NONE,
	};
	unsigned int i;
	int err;

	err = run_open(&run);
	if (!err)
		err = nma_xsk_prog_open(&run.prog, run.ifindex, o->ifname,
					o->queues.id[0], run.xsk.fd, o->generic);
	if (!err)
		err = nma_ready(o, "ready");
	if (err) {
		run_close(&run, err);
		return nma_err_setup_status(err);
	}
	for (i = 0; i < NMA_XSK_FRAMES; i++)
		nma_xsk_fill(&run.xsk, (uint64_t)i * NMA_XSK_FRAME);
	return run_close(&run, receive_all(&run));
}

/* To everybody, from nobody in particular */
static void send_frame(struct xsk_run *run)
{
	struct ether_header head = {
		.ether_dhost = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		.ether_shost = { 0x02, 0, 0, 0, 0, 0x01 },
		.ether_type = htons(NMA_XSK_TYPE),
	};
	uint64_t addr = run->free[--run->n_free];
	uint8_t *frame = run->xsk.memory + addr;

	memcpy(frame, &head, sizeof(head));
	nma_datagram_fill(frame + sizeof(head), run->chunk, run->key,
			  run->report->bytes);
	nma_xsk_send(&run->xsk, addr, sizeof(head) + run->chunk);
	run->report->datagrams++;
	run->report->bytes += run->chunk;
}

/* The kernel sends when it is told to, if it has said that it has to be. */
static int kick(struct xsk_run *run)
{
	struct nma_xsk *x = &run->xsk;

	if (nma_xsk_pending(&x->tx) && nma_xsk_need_wakeup(&x->tx) &&
	    sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 &&
	    errno != EAGAIN && errno != EBUSY && errno != ENOBUFS &&
	    errno != ENETDOWN)
		return nma_err(-errno, "AF_XDP send on %s", run->opts->ifname);
	while (nma_xsk_pending(&x->done))
		run->free[run->n_free++] = nma_xsk_next_done(x);
	return 0;
}

static bool within_rate(const struct xsk_run *run)
{
	uint64_t ms = (nma_report_now_ns() - run->start_ns) / 1000000;

	return !run->opts->rate ||
	       run->report->bytes * 1000 <= run->opts->rate * ms;
}

static int send_all(struct xsk_run *run)
{
	uint64_t limit_ns = run->opts->timeout * 1000000000;
	uint64_t moved_ns = nma_report_now_ns();
	unsigned int free;
	int err;

	while (more(run) || run->n_free < NMA_XSK_FRAMES) {
		while (more(run) && run->n_free && within_rate(run))
			send_frame(run);
		free = run->n_free;
		err = kick(run);
		if (err)
			return err;
		if (free != run->n_free || free == NMA_XSK_FRAMES)
			moved_ns = nma_report_now_ns();
		if (limit_ns && nma_report_now_ns() - moved_ns >= limit_ns)
			return nma_fail("nothing was sent for %u s",
					(unsigned int)run->opts->timeout);
		err = free == run->n_free ? nma_wait(NULL, 0, TX_POLL_MS) : 0;
		if (err < 0)
			return err;
		if (nma_wait_interrupted())
			return -EINTR;
	}
	return 0;
}

enum nma_exit nma_xsk_send_run(const struct nma_opts *o, struct nma_report *r)
{
	struct xsk_run run = {
		.opts = o, .report = r, .xsk.fd = -1, .prog = NMA_XSK_PROG_NONE,
	};
	int err;

	err = run_open(&run);
	if (err) {
		run_close(&run, err);
		return nma_err_setup_status(err);
	}
	while (run.n_free < NMA_XSK_FRAMES) {
		run.free[run.n_free] = (uint64_t)run.n_free * NMA_XSK_FRAME;
		run.n_free++;
	}
	return run_close(&run, send_all(&run));
}
