/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A kernel of our own making, behind the interfaces of session.h, features.h,
 * clock.h and nl_ethtool.h. Time passes only when somebody waits.
 */
#ifndef NMA_FAKE_H
#define NMA_FAKE_H

#include <signal.h>

#include "probe/attempt.h"
#include "kernel/features.h"
#include "kernel/ethtool.h"
#include "kernel/session.h"

#define FAKE_RECORDS	64

struct fake {
	struct nma_features features;
	int features_err;
	int open_err;
	int snapshot_err;
	struct nma_lost lost;
	nma_hook_set missing_hooks;
	__u32 denied_netns;		/* it cannot be entered */
	bool blind;		/* programs do not run */
	bool timed;		/* and what their runs took is counted */
	__u64 runs;		/* of each of two programs */
	struct nma_rings rings;		/* what drivers answer */
	int rings_err;
	int rss_err;			/* else queue 0 alone */
	struct nma_attempt attempt;	/* how each one ends */
	int enforce_err;		/* of all that enforce does */
	bool allowed_xsk_copy;		/* but for this one, which is let through */
	unsigned int attempts;
	__u32 attempt_queue;		/* of the last one */

	/* what a snapshot finds; sizes from the records' headers */
	const struct nma_rec_hdr *state[FAKE_RECORDS];
	unsigned int nr_state;

	/* called at each poll, before time moves on; may change all of this */
	void (*on_poll)(unsigned int poll);
	unsigned int polls;
	unsigned int snapshots;
	unsigned int cut_walks;		/* so many snapshots are cut short */
	__u64 first_look_ns;		/* what the first of them takes */
	void (*on_look)(void);		/* each time that holders were looked for */
	unsigned int ended_at;		/* pools end in the look of this number */
	unsigned int looks;
	bool takes_unseen;		/* of tokens: see session.h */
	unsigned int open;		/* sessions */
	__u64 now_ns;
	char today[11];
	struct nma_session_opts opts;	/* of the last session */
};

extern struct fake fake;

/* A capable kernel that nothing is wrong with and that has no device. */
void fake_reset(void);
void fake_add(const void *rec);
/* Sends an event, from on_poll(). */
void fake_send(const void *rec);

#endif /* NMA_FAKE_H */
