/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A session is everything of ours that lives in the kernel: loaded programs,
 * their links, maps and the ring buffer. It ends with the process at the
 * latest; nothing is pinned. It turns kernel state into records and knows
 * nothing of rules.
 *
 * Not thread-safe. Functions return 0 or -errno and never print; the reason of
 * a failure in words is nma_session__error().
 */
#ifndef NMA_SESSION_H
#define NMA_SESSION_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel/source.h"
#include "nma_event.h"
#include "nma_hooks.h"
#include "util/lost.h"

struct nma_session;
struct nma_features;

struct nma_session_opts {
	const struct nma_features *features;	/* of this kernel, not NULL */
	nma_rec_fn fn;
	void *ctx;
	bool events;		/* attach hooks; false: snapshots only */
	bool tokens;		/* sockets in snapshots, and the token hooks */
	bool deep;		/* per-packet and per-buffer hooks too */
	bool recycle;		/* how pools supply their drivers, and tokens handed
				 * out: what that takes is attached without events,
				 * for tokens once a snapshot has found some use
				 */
	bool circulate;		/* and each buffer that pools get back, where the
				 * kernel does not count it
				 */
	bool holders;		/* who has the buffers of all pools, not of dying ones */
	bool only_holders;	/* nothing is of use without them */
	bool over;		/* also of those with more out than they were made for */
	bool over_at_rest;	/* of those with far more, while nothing moves */
	bool ages;		/* of these: when they were taken */
	bool stacks;		/* and by whom */
	bool hist;		/* histograms: of tokens; and of buffers, if circulate */
	size_t ring_bytes;	/* power of two; 0: default */
	unsigned int max_pools;	/* capacity of tracking maps; 0: default */
	unsigned int max_bufs;	/* the same, deep */
};

/* Opens, loads and attaches. -EPERM without privilege, -EOPNOTSUPP when the
 * kernel lacks what every audit needs. On failure *@out is NULL, or a session
 * that is only good for nma_session__error() and close.
 */
int nma_session__open(const struct nma_session_opts *opts, struct nma_session **out);

/* Walks NICs, queues, pools, bindings (all network namespaces) and sockets with
 * tokens; the records arrive through fn between two MARK records before this
 * returns. Objects that were there in the last snapshot and are not in this one
 * are gone.
 */
int nma_session__snapshot(struct nma_session *s);

/* From the next snapshot on: opts.over */
void nma_session__seek_over(struct nma_session *s, bool over);

/* Delivers records for at most @timeout_ms. Number delivered or -errno;
 * -EINTR when a signal came.
 */
int nma_session__poll(struct nma_session *s, int timeout_ms);

/* Totals since open; monotonic. */
int nma_session__lost(struct nma_session *s, struct nma_lost *lost);

/* Whose runs the kernel skipped, and how many of each, as of nma_session__lost();
 * cut off at @size.
 */
void nma_session__missed_by(const struct nma_session *s, char *buf, size_t size);

/* Hooks that could not be attached although features had found them. */
nma_hook_set nma_session__missing_hooks(const struct nma_session *s);

/* A network namespace whose sockets could not be looked at, and why (-errno); 0: none. */
int nma_session__denied(const struct nma_session *s, __u32 *netns);

/* Looks whether programs at functions run, or were ever found not to: then nobody knows
 * what happened meanwhile. nma_session__error() has the reason.
 */
bool nma_session__blind(struct nma_session *s);

/* Is it seen who takes tokens and returns them? Without events only from when a
 * snapshot has found device memory.
 */
bool nma_session__takes_seen(const struct nma_session *s);

/* What our programs cost so far. */
struct nma_prog_cost {
	char name[64];
	__u64 runs;
	__u64 run_ns;
};

struct nma_self {
	struct nma_prog_cost *prog;	/* each that is loaded; the caller frees it */
	size_t nr;
	__u64 map_bytes;
	bool timed;		/* kernel.bpf_stats_enabled: else all runs are 0 */
};

int nma_session__self(const struct nma_session *s, struct nma_self *self);

const char *nma_session__error(const struct nma_session *s);
void nma_session__close(struct nma_session *s);

#endif /* NMA_SESSION_H */
