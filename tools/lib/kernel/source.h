/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Where records come from: the kernel that runs (live.h) or a file of what one
 * sent earlier (recording.h). Whoever judges asks nothing else, so that a
 * recording gives the verdict that was or would have been given then.
 *
 * Functions return 0 or -errno and never print.
 */
#ifndef NMA_SOURCE_H
#define NMA_SOURCE_H

#include <linux/types.h>
#include <stddef.h>

#include "kernel/ethtool.h"
#include "kernel/hooks.h"
#include "nma_event.h"
#include "util/lost.h"
#include "util/queue_set.h"

/* Called for each record, in the order the kernel sent them. @hdr is valid
 * until return. A negative return stops what delivered it.
 */
typedef int (*nma_rec_fn)(void *ctx, const struct nma_rec_hdr *hdr);

/* When state is to be judged. */
enum nma_step {
	NMA_STEP_LOOK = 1,	/* a snapshot is complete */
	NMA_STEP_TURN,		/* what has happened up to now was delivered */
	NMA_STEP_END,		/* and there is no more */
};

/* What was not seen, beside what is counted as lost. */
struct nma_shortfall {
	nma_hook_set missing;	/* hooks that could not be attached */
	int denied_err;		/* -errno, of a namespace that cannot be entered */
	__u32 denied_netns;
	int unread_err;		/* -errno, of the log of the policy in force */
	char missed_by[256];	/* whose runs the kernel skipped, "" nobody's */
	char blind[512];	/* why programs were not run, "" they were */
	char cut[256];		/* recording: why it ends too early, "" it does not */
};

/* Which machine it is, and the time when it began on both clocks. */
struct nma_origin {
	char host[64];
	char release[64];
	char machine[32];
	__u32 page_size;
	__u64 wall_ns;
	__u64 time_ns;
};

struct nma_source {
	const struct nma_source_ops *ops;
	struct nma_origin origin;
	__u64 now_ns;		/* time of the last step */
	enum nma_step step;
};

struct nma_source_ops {
	/* Delivers all objects between two marks. A recording: all that it has, so
	 * that the last snapshot is the one that counts.
	 */
	int (*snapshot)(struct nma_source *s);
	/* Delivers what happens within @timeout_ms. A recording: up to its next step,
	 * at once. Number of records or -errno.
	 */
	int (*poll)(struct nma_source *s, int timeout_ms);
	/* Do snapshots also look for the buffers of page_pools that have more out than
	 * they were made for? NULL: they do, or it is too late to ask.
	 */
	void (*seek_over)(struct nma_source *s, bool over);
	__u64 (*now)(struct nma_source *s);

	/* What is asked beside records; errors as in ethtool.h and modules.h. */
	int (*rings)(struct nma_source *s, const struct nma_rec_nic *nic,
		     struct nma_rings *rings);
	int (*rss)(struct nma_source *s, const struct nma_rec_nic *nic,
		   struct nma_queue_set *rss);
	int (*module)(struct nma_source *s, const struct nma_rec_nic *nic, char *name,
		      size_t size);

	int (*lost)(struct nma_source *s, struct nma_lost *lost);
	void (*shortfall)(struct nma_source *s, struct nma_shortfall *fall);
	/* Why the last call failed, in words; "" if only errno tells. */
	const char *(*error)(const struct nma_source *s);
	void (*close)(struct nma_source *s);
};

#endif /* NMA_SOURCE_H */
