/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What commands that look at the kernel have in common: features, session,
 * model and judge wired together, in the one order that works. Functions report
 * their own failures and return an exit status.
 */
#ifndef NMA_AUDIT_H
#define NMA_AUDIT_H

#include "cli.h"
#include "util/clock.h"
#include "util/netns_set.h"
#include "kernel/features.h"
#include "judge/coverage.h"
#include "judge/judge.h"
#include "model/model.h"
#include "kernel/source.h"

struct nma_tape_size;

struct nma_audit_opts {
	bool events;			/* hooks, not snapshots alone */
	bool deep;			/* also hooks per packet and per buffer */
	bool recycle;			/* how page_pools supply their drivers */
	bool circulate;			/* and each buffer that they get back */
	bool holders;			/* of the buffers of all pools */
	bool over_at_rest;		/* of pools at rest that have far too many out */
	bool ages;			/* of these: when they were taken */
	bool stacks;			/* and by whom */
	bool hist;			/* histograms of times */
	bool history;			/* what is over is a finding as well */
	unsigned int max_bufs;		/* buffers to keep track of; 0: default */
	const struct nma_strs *ifnames;	/* NULL or empty: all devices */
	const struct nma_strs *netns;	/* NULL or empty: all namespaces */
	const char *from;		/* a recording in place of the kernel, or NULL */
	const char *to;			/* where to record all that comes, or NULL */
	bool anonymous;			/* without names of people's things */
	/* called for each record, after the model took it in */
	void (*event)(void *ctx, const struct nma_change *change);
	void *ctx;
};

struct nma_audit {
	struct nma_env *env;
	struct nma_audit_opts opts;
	struct nma_netns_set netns;	/* of opts.netns */
	struct nma_features features;
	struct nma_source *source;
	__u64 now_ns;			/* of the last step of the source */
	struct nma_model *model;
	struct nma_judge *judge;	/* NULL: nothing is judged */
	struct nma_lost lost;
	struct nma_coverage coverage;
	__u64 rules;			/* asked for and possible here */
	unsigned int bad_records;
	bool ends_early;		/* the recording: found by nma_audit__complete() */
	int unasked_err;		/* why the driver of this device was not */
	char unasked[NMA_IFNAME_LEN];
};

/* On failure too, nma_audit__close() must be called. */
int nma_audit__open(struct nma_audit *a, struct nma_env *env,
		    const struct nma_audit_opts *opts);
void nma_audit__close(struct nma_audit *a);

/* Chooses the rules (all if @ids is empty) and sets up the judge. With @storm,
 * what one rule finds is told one by one only as far as one can read it.
 */
int nma_audit__judge(struct nma_audit *a, const struct nma_strs *ids,
		     const struct nma_limits *limits, nma_report_fn report,
		     nma_storm_fn storm, void *ctx);

/* Walks the kernel, asks drivers what the core does not know, and reads the
 * loss counters. A recording: goes to its end, where the state is that of its last
 * snapshot and what came after it.
 */
int nma_audit__snapshot(struct nma_audit *a);

/* Snapshots also look for the buffers of page_pools with more out than they were made
 * for, or no longer.
 */
void nma_audit__seek_over(struct nma_audit *a, bool over);

/* After the first snapshot: do the devices of -i and namespaces of --netns exist? */
int nma_audit__check_names(struct nma_audit *a);

/* Waits up to @timeout_ms for records. NMA_EXIT_OK also when interrupted. A recording:
 * goes to its next step, which nma_audit__step() tells.
 */
int nma_audit__poll(struct nma_audit *a, int timeout_ms);

/* What has happened up to now was taken in: the time is now_ns. */
void nma_audit__turn(struct nma_audit *a);

static inline enum nma_step nma_audit__step(const struct nma_audit *a)
{
	return a->source->step;
}

/* With opts.to: the recording is complete. Says where it is and how large. */
int nma_audit__save(struct nma_audit *a, struct nma_tape_size *size);

/* By -i and --netns; @netns 0: not known. */
bool nma_audit__wanted(const struct nma_audit *a, __u32 netns, const char *ifname);

/* Nothing lost, no hook missing, everything could be looked at. Says on stderr what
 * was not; the coverage knows then.
 */
bool nma_audit__complete(struct nma_audit *a);

/* Options of every command that judges. */
enum nma_fail_on { NMA_FAIL_ON_ERROR, NMA_FAIL_ON_WARN };
extern const char *const nma_fail_on_names[];

struct nma_judge_args {
	int fail_on;		/* enum nma_fail_on */
	bool strict;
	__u64 stall_ns;
	__u64 token_age_ns;
};

#define NMA_JUDGE_ARGS_DEFAULT { \
	.fail_on = NMA_FAIL_ON_WARN, \
	.stall_ns = 60 * NMA_NSEC_PER_SEC, \
	.token_age_ns = 10 * NMA_NSEC_PER_SEC, \
}

#define NMA_JUDGE_OPTIONS(type, member) \
	{ "fail-on", 0, NMA_OPT_CHOICE, offsetof(type, member.fail_on), \
	  "error|warn", "lowest severity that makes the exit status 1", \
	  0, 0, nma_fail_on_names }, \
	{ "strict", 0, NMA_OPT_FLAG, offsetof(type, member.strict), NULL, \
	  "also warn of faults that do no harm until somebody binds, and of violations " \
	  "that the kernel allows on every driver", 0, 0, NULL }, \
	{ "stall", 0, NMA_OPT_TIME, offsetof(type, member.stall_ns), "SEC", \
	  "a destroyed page_pool may keep buffers for SEC seconds (NM-PP-06); so long may " \
	  "a dma-buf outlast its binding (NM-BIND-10), a send be on its way (NM-TX-02), " \
	  "and a binding to send from stay unused (NM-BIND-12)", \
	  0, 86400, NULL }, \
	{ "token-age", 0, NMA_OPT_TIME, offsetof(type, member.token_age_ns), "SEC", \
	  "an application may keep a token for SEC seconds (NM-TOK-01)", \
	  0, 86400, NULL }

#define NMA_IFNAME_OPTION(type, member) \
	{ "interface", 'i', NMA_OPT_STRS, offsetof(type, member), "IF", \
	  "only device IF, in any network namespace, and objects of no known device; " \
	  "may be repeated", 0, 0, NULL }

#define NMA_NETNS_OPTION(type, member) \
	{ "netns", 0, NMA_OPT_STRS, offsetof(type, member), "NETNS", \
	  "only this network namespace: its ip-netns(8) name, the PID of a process in it, " \
	  "or its inode number; may be repeated", 0, 0, NULL }

#define NMA_FROM_OPTION(type, member) \
	{ "from", 0, NMA_OPT_STR, offsetof(type, member), "FILE", \
	  "read FILE, saved by netmem-audit record, instead of this kernel", 0, 0, NULL }

struct nma_limits nma_limits_of(const struct nma_judge_args *args);
bool nma_severity_fails(enum nma_severity sev, int fail_on);

#endif /* NMA_AUDIT_H */
