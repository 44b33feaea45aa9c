/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What watch and record do with the kernel for a time, until interrupted, or while a
 * command runs: when to look at the whole state, when to judge, and when to end.
 * A recording is followed by the steps that are in it.
 */
#ifndef NMA_FOLLOW_H
#define NMA_FOLLOW_H

#include "audit.h"
#include "child.h"

struct nma_follow {
	struct nma_audit audit;
	__u64 duration_ns;	/* 0: no limit */
	/* after each turn; @settled: no condition waits for the next look. Non-zero
	 * ends it.
	 */
	int (*turned)(void *ctx, bool settled);
	bool (*hurry)(void *ctx);	/* somebody waits for that; may be NULL */
	/* All is back, so that there is no need to wait for @settle_ns after the end of
	 * the command; NULL: nobody waits.
	 */
	bool (*quiet)(void *ctx);
	__u64 settle_ns;
	unsigned int least_looks;	/* after that end, however long they take, unless
					 * all is back
					 */
	__u64 look_ns;		/* between two looks, if they take no time; 0: default */
	bool kept;		/* the command's whole tree is, and answers to signals */
	const char *limit;	/* the option that set @duration_ns, if not --duration */
	void *ctx;

	struct nma_child child;
	__u64 start_ns;
	__u64 snapshot_ns;	/* when the last one ended */
	__u64 period_ns;	/* between two */
	__u64 cost_ns;		/* of the last look */
	bool ready;		/* the first snapshot is over */
	bool timed_out;		/* before the command had ended */
	bool cut;		/* interrupted while it waited for @quiet */
	__u64 command_ns;	/* when that was started */
	__u64 ended_ns;		/* and had ended, with all that it left; 0: not yet */
	unsigned int end_looks;	/* since then */
	__u64 asked_ns;		/* since when somebody wants it to end */
	unsigned int interruptions;	/* up to its end */
};

/* The first look, with hooks attached: what it finds was there before. The judge must
 * have been set up.
 */
int nma_follow__begin(struct nma_follow *f);
int nma_follow__command(struct nma_follow *f, char **argv);	/* NULL: none */
int nma_follow__loop(struct nma_follow *f);

/* What came of the command: "the command ended with status 1", "" without one. */
void nma_follow_text(const struct nma_follow *f, char *dst, size_t size);
void nma_follow_json(const struct nma_follow *f, struct json_object *doc);
/* NULL: it did well, or there was none; else "timeout" or "command_failed". */
const char *nma_follow_failure(const struct nma_follow *f);

#endif /* NMA_FOLLOW_H */
