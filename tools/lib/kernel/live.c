// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See live.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/live.h"
#include "kernel/features.h"
#include "kernel/modules.h"
#include "kernel/refusals.h"
#include "util/clock.h"

#define WALK_TRIES	3

struct live {
	struct nma_source base;
	struct nma_session *session;
	struct nma_ethtool *ethtool;
	__u64 walks_redone;	/* cut short, then done again in full */
	struct nma_refusals refusals;
	bool events;
	nma_rec_fn fn;
	void *ctx;
};

static struct live *live_of(const struct nma_source *s)
{
	return (struct live *)s;
}

static int lost(struct nma_source *s, struct nma_lost *lost)
{
	int err = nma_session__lost(live_of(s)->session, lost);

	if (!err)
		lost->count[NMA_LOSS_WALK] -= live_of(s)->walks_redone;
	return err;
}

/* A walk over changing state may be cut short, and what it missed would look
 * gone: it is done again.
 */
static int walk(struct live *live)
{
	struct nma_lost first, before, after;
	int tries, err;

	err = lost(&live->base, &first);
	after = first;
	for (tries = 0; !err && tries < WALK_TRIES; tries++) {
		before = after;
		err = nma_session__snapshot(live->session);
		if (err == -EINTR)
			err = 0;
		if (!err)
			err = lost(&live->base, &after);
		if (!err && after.count[NMA_LOSS_WALK] == before.count[NMA_LOSS_WALK])
			break;
	}
	if (!err && tries < WALK_TRIES)
		live->walks_redone += after.count[NMA_LOSS_WALK] -
				      first.count[NMA_LOSS_WALK];
	return err;
}

static int snapshot(struct nma_source *s)
{
	int err = walk(live_of(s));

	s->step = NMA_STEP_LOOK;
	s->now_ns = nma_clock_ns();
	return err;
}

static int poll(struct nma_source *s, int timeout_ms)
{
	struct live *live = live_of(s);
	int nr, err;

	nr = nma_session__poll(live->session, timeout_ms);
	if (nr >= 0 && live->events) {
		err = nma_refusals__tell(&live->refusals, !timeout_ms, live->fn, live->ctx);
		nr = err < 0 ? err : nr;
	}
	s->step = NMA_STEP_TURN;
	s->now_ns = nma_clock_ns();
	return nr;
}

static void seek_over(struct nma_source *s, bool over)
{
	nma_session__seek_over(live_of(s)->session, over);
}

static __u64 now(struct nma_source *s)
{
	s->now_ns = nma_clock_ns();
	return s->now_ns;
}

static int rings(struct nma_source *s, const struct nma_rec_nic *nic,
		 struct nma_rings *rings)
{
	return nma_ethtool__rings(live_of(s)->ethtool, nic->hdr.netns, nic->ifindex,
				  rings);
}

static int rss(struct nma_source *s, const struct nma_rec_nic *nic,
	       struct nma_queue_set *set)
{
	return nma_ethtool__rss(live_of(s)->ethtool, nic->hdr.netns, nic->ifindex, set);
}

static int module(struct nma_source *s, const struct nma_rec_nic *nic, char *name,
		  size_t size)
{
	(void)s;
	return nma_module__at(nic->open_fn, name, size);
}

static void shortfall(struct nma_source *s, struct nma_shortfall *fall)
{
	struct nma_session *session = live_of(s)->session;

	*fall = (struct nma_shortfall){
		.missing = nma_session__missing_hooks(session),
	};
	fall->unread_err = live_of(s)->refusals.err;
	fall->denied_err = nma_session__denied(session, &fall->denied_netns);
	nma_session__missed_by(session, fall->missed_by, sizeof(fall->missed_by));
	if (nma_session__blind(session))
		snprintf(fall->blind, sizeof(fall->blind), "%s",
			 nma_session__error(session));
}

static const char *error(const struct nma_source *s)
{
	return nma_session__error(live_of(s)->session);
}

static void live_close(struct nma_source *s)
{
	struct live *live = live_of(s);

	nma_session__close(live->session);
	nma_refusals__close(&live->refusals);
	nma_ethtool__free(live->ethtool);
	free(live);
}

static const struct nma_source_ops ops = {
	.snapshot = snapshot,
	.poll = poll,
	.seek_over = seek_over,
	.now = now,
	.rings = rings,
	.rss = rss,
	.module = module,
	.lost = lost,
	.shortfall = shortfall,
	.error = error,
	.close = live_close,
};

static void find_origin(struct nma_source *s)
{
	struct nma_origin *o = &s->origin;
	struct utsname host;

	s->now_ns = nma_clock_ns();
	o->time_ns = s->now_ns;
	o->wall_ns = nma_clock_wall_ns();
	o->page_size = getpagesize();
	if (uname(&host))
		return;
	snprintf(o->host, sizeof(o->host), "%.63s", host.nodename);
	snprintf(o->release, sizeof(o->release), "%.63s", host.release);
	snprintf(o->machine, sizeof(o->machine), "%.31s", host.machine);
}

/* What is refused by our doing, by us or by the kernel, says so. */
static int pass_on(void *ctx, const struct nma_rec_hdr *hdr)
{
	struct live *live = ctx;
	struct nma_rec_refused rec;
	int err;

	if (hdr->type != NMA_REC_REFUSED || hdr->size != sizeof(rec))
		return live->fn(live->ctx, hdr);
	memcpy(&rec, hdr, sizeof(rec));
	/* it may be of a policy that came after our last look */
	err = nma_refusals__tell(&live->refusals, false, live->fn, live->ctx);
	if (err < 0)
		return err;
	nma_refusals__claim(&live->refusals, &rec);
	return live->fn(live->ctx, &rec.hdr);
}

static int open_session(struct live *live, const struct nma_session_opts *opts)
{
	struct nma_session_opts own = *opts;
	bool zcrx_told;
	int err;

	live->fn = opts->fn;
	live->ctx = opts->ctx;
	live->events = opts->events;
	own.fn = pass_on;
	own.ctx = live;
	err = nma_session__open(&own, &live->session);
	if (err || !opts->events)
		return err;
	zcrx_told = opts->features->hooks & NMA_H(ZCRX) &&
		    !(nma_session__missing_hooks(live->session) & NMA_H(ZCRX));
	nma_refusals__open(&live->refusals, zcrx_told);
	return 0;
}

int nma_live__open(const struct nma_session_opts *opts, struct nma_source **out)
{
	struct live *live = calloc(1, sizeof(*live));

	*out = NULL;
	if (!live)
		return -ENOMEM;
	live->base.ops = &ops;
	find_origin(&live->base);
	*out = &live->base;
	live->ethtool = nma_ethtool__new();
	if (!live->ethtool)
		return -ENOMEM;
	return open_session(live, opts);
}

const struct nma_session *nma_live__session(const struct nma_source *s)
{
	return live_of(s)->session;
}
