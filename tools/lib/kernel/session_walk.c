// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Snapshots: the walks of snapshot.bpf.c and the iterators of token.bpf.c, run
 * so that a full ring buffer delays but does not lose.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kernel/netns.h"
#include "kernel/session_priv.h"
#include "util/clock.h"

#define DMA_TO_DEVICE		1	/* enum dma_data_direction */
#define WALK_STALLS_MAX		8	/* calls of a walk without progress */
#define DRAIN_WAIT_NS		(5 * NMA_NSEC_PER_SEC)

static void note_netns(struct nma_session *s, __u32 inode)
{
	__u32 *netns;

	if (s->nr_netns && s->netns[s->nr_netns - 1] == inode)
		return;		/* walks go namespace by namespace */
	netns = realloc(s->netns, (s->nr_netns + 1) * sizeof(*netns));
	if (!netns) {
		s->walk_cut++;
		return;
	}
	s->netns = netns;
	s->netns[s->nr_netns++] = inode;
}

/* What the snapshot itself needs of its records: the namespaces, whether tokens can be
 * out at all, for then their buffers are out of a pool, and whether something belongs
 * to somebody who is not known.
 */
static void note_snapshot(struct nma_session *s, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_binding *binding = (const void *)hdr;
	const struct nma_rec_queue *queue = (const void *)hdr;
	const struct nma_rec_pool *pool = (const void *)hdr;

	nma_session_held_note(s, hdr);
	if (hdr->type == NMA_REC_NIC && s->opts.tokens)
		note_netns(s, hdr->netns);
	if (hdr->type == NMA_REC_BINDING && !binding->owner_pid && binding->listed)
		s->owned_seen = true;
	if (hdr->type == NMA_REC_QUEUE && queue->xsk)
		s->owned_seen = true;
	if (hdr->type == NMA_REC_POOL && pool->mp == NMA_MP_DMABUF &&
	    pool->inflight)
		s->devmem_seen = true;
}

/* A dma-buf to receive into, or a pool of whatever provider. */
static bool tells_of_bound(const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_binding *binding = (const void *)hdr;
	const struct nma_rec_pool *pool = (const void *)hdr;

	if (hdr->cause == NMA_CAUSE_GONE)
		return false;
	return (hdr->type == NMA_REC_BINDING && binding->dma_dir != DMA_TO_DEVICE) ||
	       (hdr->type == NMA_REC_POOL && pool->mp);
}

int nma_session_note(struct nma_session *s, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_pool *pool = (const void *)hdr;
	const struct nma_rec_nic *nic = (const void *)hdr;

	if (!s->bound && tells_of_bound(hdr)) {
		nma_session_attach_bound(s);
		/* what came before the tool is nobody's business */
		s->mark_due = s->bound && s->opts.events && hdr->cause != NMA_CAUSE_SNAPSHOT;
	}
	if (hdr->cause == NMA_CAUSE_SNAPSHOT)
		note_snapshot(s, hdr);
	if (hdr->cause != NMA_CAUSE_GONE)
		return 0;
	if (hdr->type == NMA_REC_POOL)
		return nma_session_acts_end(s, pool->pool_id);
	if (hdr->type == NMA_REC_NIC)
		return nma_session_acts_end(s, nic->netdev);
	return 0;
}

int nma_session_mark(struct nma_session *s, enum nma_mark mark, __u32 holders)
{
	struct nma_rec_mark rec = {
		.hdr.type = NMA_REC_MARK,
		.hdr.size = sizeof(rec),
		.mark = mark,
		.generation = s->generation,
		.holders = holders,
	};

	rec.hdr.time_ns = nma_clock_ns();
	return s->opts.fn(s->opts.ctx, &rec.hdr);
}

/* A record that a program has reserved and not yet sent keeps back all that came after
 * it, a whole walk perhaps, whose objects would count as gone: until that program goes
 * on, which was preempted, or whose processor has an interrupt to serve.
 */
int nma_session_drain(struct nma_session *s)
{
	const struct timespec nap = { .tv_nsec = 100 * 1000L };
	struct ring *ring = ring_buffer__ring(s->ring, 0);
	unsigned long end = ring__producer_pos(ring);
	__u64 until = nma_clock_ns() + DRAIN_WAIT_NS;
	int n;

	for (;;) {
		n = ring_buffer__consume(s->ring);
		if (n < 0)
			return n;
		if ((long)(end - ring__consumer_pos(ring)) <= 0)
			return 0;
		if (nma_clock_ns() > until)
			break;
		nanosleep(&nap, NULL);
	}
	s->walk_cut++;
	return 0;
}

static int run_walk(struct nma_session *s, struct nma_walk *walk)
{
	LIBBPF_OPTS(bpf_test_run_opts, run,
		.ctx_in = walk,
		.ctx_size_in = sizeof(*walk),
	);

	if (bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.nma_walk),
				   &run))
		return nma_session_fail(s, -errno, "cannot walk the kernel's state");
	return 0;
}

/* Calls the walk until it is done, and empties the ring between the calls. */
int nma_session_walk(struct nma_session *s, enum nma_walk_what what)
{
	struct nma_walk walk = { .what = what };
	unsigned int stalls = 0;
	__u64 sent;
	int err;

	do {
		sent = walk.sent;
		err = run_walk(s, &walk);
		if (!err)
			err = nma_session_drain(s);
		if (err)
			return err;
		if (walk.end == NMA_WALK_MOVED) {
			walk.next = 0;
			walk.net = 0;
			walk.queue = 0;
		}
		if (walk.end == NMA_WALK_MOVED || walk.sent == sent)
			stalls++;
	} while (walk.end != NMA_WALK_DONE && stalls < WALK_STALLS_MAX);

	if (walk.end != NMA_WALK_DONE)
		s->walk_cut++;
	return 0;
}

/* Runs the program of an open iterator over all its objects, with room in the ring. */
static int read_iterator(struct nma_session *s, int fd)
{
	char none[1];
	int err = 0;
	ssize_t n;

	do {
		n = read(fd, none, sizeof(none));
		if (n < 0 && errno != EAGAIN)
			err = -errno;
		if (n < 0 && !err)
			err = nma_session_drain(s);	/* the program asks for room */
	} while (n < 0 && !err);
	close(fd);
	return err ? err : nma_session_drain(s);
}

int nma_session_iterate(struct nma_session *s, struct bpf_link *link)
{
	int fd = bpf_iter_create(bpf_link__fd(link));

	return fd < 0 ? -errno : read_iterator(s, fd);
}

/* An iterator keeps the namespace that it was opened in. Nothing is told while we are
 * there: who then asks for a device would ask there, and take its names for ours.
 */
int nma_session_iterate_in(struct nma_session *s, struct bpf_link *link, __u32 netns)
{
	int back, fd, err;

	err = nma_netns__enter(netns, &back);
	if (err && err != -ENOENT) {
		s->denied_err = err;
		s->denied_netns = netns;
	}
	if (err)
		return err;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? -errno : 0;
	if (nma_netns__leave(back) && !err) {
		close(fd);
		err = -EIO;
	}
	if (!err)
		err = read_iterator(s, fd);
	if (err)
		s->walk_cut++;
	return err;
}

/* Gives every open socket that holds tokens a row, with a task to charge, and tells
 * whose bindings and AF_XDP sockets there are.
 */
static int walk_open_files(struct nma_session *s)
{
	struct bpf_link *link;
	int err;

	link = bpf_program__attach_iter(nma_session_prog_named(s, nma_owner_iter), NULL);
	if (!link)
		return nma_session_fail(s, -errno, "cannot iterate over open files");
	err = nma_session_iterate(s, link);
	bpf_link__destroy(link);
	return err;
}

/* Gives the sockets of each namespace that hold tokens a row. One that no task is in
 * any more cannot be entered; what is open there was found by walk_open_files(), and
 * the orphans left in it are about to end.
 */
static int find_old_tokens(struct nma_session *s)
{
	struct bpf_link *link;
	size_t i;

	link = bpf_program__attach_iter(nma_session_prog_named(s, nma_tcp_iter), NULL);
	if (!link)
		return nma_session_fail(s, -errno, "cannot iterate over TCP sockets");
	for (i = 0; i < s->nr_netns; i++)
		nma_session_iterate_in(s, link, s->netns[i]);
	bpf_link__destroy(link);
	return 0;
}

int nma_session_mark_unread(struct nma_session *s)
{
	volatile __u32 *marking = &s->skel->bss_use->nma_marking;
	struct bpf_link *link;
	size_t i;

	s->mark_due = false;
	if (!bpf_program__autoload(s->skel->progs.nma_tcp_iter))
		return 0;
	link = bpf_program__attach_iter(s->skel->progs.nma_tcp_iter, NULL);
	if (!link)
		return nma_session_fail(s, -errno, "cannot iterate over TCP sockets");
	*marking = 1;
	for (i = 0; i < s->nr_netns; i++)
		nma_session_iterate_in(s, link, s->netns[i]);
	*marking = 0;
	bpf_link__destroy(link);
	return 0;
}

/* A row ends in nma_sock_close(), which the kernel skips when it is preempted by
 * itself, or it vanishes with its socket and nobody was told. Rows that begin or
 * end while the iterator runs are counted in our favour: what is missing then is
 * missing for good, and the rest shows at the next snapshot.
 */
static int count_lost_socks(struct nma_session *s, struct bpf_link *link)
{
	const volatile __u64 *begun = &s->skel->bss->nma_rows_begun;
	const volatile __u64 *ended = &s->skel->bss->nma_rows_ended;
	__u64 before = *begun;
	__s64 lost;
	int err;

	s->skel->bss->nma_rows_alive = 0;
	err = nma_session_iterate(s, link);
	if (err)
		return err;
	lost = before - *ended - s->skel->bss->nma_rows_alive;
	if (lost > (__s64)s->socks_lost)
		s->socks_lost = lost;
	return 0;
}

/* What hooks see begin has to be found once; without hooks, each time. */
static int find_what_is_old(struct nma_session *s, bool tokens, bool owners)
{
	int err = 0;

	if (tokens || owners)
		err = walk_open_files(s);
	return err || !tokens ? err : find_old_tokens(s);
}

/* Every socket that has a row. */
static int walk_rows(struct nma_session *s)
{
	union bpf_iter_link_info info = {
		.map.map_fd = bpf_map__fd(s->skel->maps.nma_socks),
	};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts,
		.link_info = &info,
		.link_info_len = sizeof(info),
	);
	struct bpf_link *link;
	int err;

	link = bpf_program__attach_iter(nma_session_prog_named(s, nma_sock_iter), &opts);
	if (!link)
		return nma_session_fail(s, -errno, "cannot iterate over socket storage");
	err = count_lost_socks(s, link);
	bpf_link__destroy(link);
	return err;
}

/* Did one of our programs give a socket a row? */
static bool rows_begun(const struct nma_session *s)
{
	return *(const volatile __u64 *)&s->skel->bss->nma_rows_begun;
}

/* Every socket that took tokens. Those from before the tool have to be found
 * once; without hooks, each time.
 */
static int walk_sockets(struct nma_session *s)
{
	bool tokens = s->devmem_seen && !s->old_tokens_known;
	bool owners = s->owned_seen && !s->old_owners_known;
	int err = 0;

	if (!s->opts.tokens)
		return 0;
	if (tokens || owners || rows_begun(s))
		nma_session_load_later(s, NMA_LATER_SOCKETS);
	if (bpf_program__autoload(nma_session_prog_named(s, nma_sock_iter))) {
		err = find_what_is_old(s, tokens, owners);
		if (!err)
			err = walk_rows(s);
	}
	if (err)
		return err;
	s->old_tokens_known = s->wanted & NMA_H(TOKEN_TAKE);
	s->old_owners_known = s->wanted & NMA_H(XSK_BIND);
	return 0;
}

int nma_session__snapshot(struct nma_session *s)
{
	int err, what;

	err = nma_session_drain(s);
	if (err)
		return err;

	nma_session_check_sight(s);
	s->generation++;
	s->nr_netns = 0;
	s->devmem_seen = false;
	s->owned_seen = false;
	nma_session_held_begin(s);
	err = nma_session_mark(s, NMA_MARK_SNAPSHOT_BEGIN, 0);
	if (err)
		return err;
	for (what = 0; what < NMA_WALK_MAX; what++) {
		err = nma_session_walk(s, what);
		if (err)
			return err;
	}
	err = walk_sockets(s);
	if (!err)
		err = nma_session_held(s);
	if (err)
		return err;
	return nma_session_mark(s, NMA_MARK_SNAPSHOT_END, 0);
}
