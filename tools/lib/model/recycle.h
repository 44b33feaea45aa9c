/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What page_pools have done so far: totals that only ever grow, of which the
 * difference of two looks is what happened between them. What the source of a pool's
 * counters cannot know is not known, rather than 0.
 */
#ifndef NMA_MODEL_RECYCLE_H
#define NMA_MODEL_RECYCLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/attribution.h"
#include "nma_event.h"
#include "util/table.h"

struct nma_model;

/* The kernel's counters, under their own numbers, and what follows from them. */
enum nma_flow {
	NMA_FLOW_PROVIDER = NMA_COUNTER_MAX,	/* buffers that the provider gave */
	NMA_FLOW_STARVED,	/* allocations that it had none for */
	NMA_FLOW_ALLOC,		/* all buffers that the driver got */
	NMA_FLOW_IN,		/* taken in by the pool, and given back by it */
	NMA_FLOW_OUT,
	NMA_FLOW_FAST_LESS_CACHED,	/* may shrink */
	NMA_FLOW_SEEN_FULL,	/* how often the cache was; known to nobody, see recycle.c */
	NMA_FLOW_MAX
};

#define NMA_FLOW_BIT(flow)	(1u << (flow))

struct nma_flows {
	__s64 nr[NMA_FLOW_MAX];
	__u32 known;		/* NMA_FLOW_BIT */
};

struct nma_recycle {
	struct nma_node node;	/* by pool id */
	struct {
		__u32 generation;	/* snapshot that saw it last */
		bool ended;
	} seen;
	struct nma_rec_recycle r;
	struct nma_flows total;
	/* as of the last snapshot that found the pool */
	struct nma_owner owner;
	__u32 binding_id;
	__u8 mp;		/* enum nma_mp */
	bool detached;
	bool system;		/* of a CPU: they count recycling together */
};

/* Tokens of one binding, of open and closed sockets. */
struct nma_token_flows {
	__u64 held;
	__u64 taken;
	__u64 returned;
};

/* What sockets of a binding have done that are closed; also after its end. */
struct nma_closed {
	struct nma_node node;	/* by binding id */
	__u32 generation;	/* snapshot after which the last was closed */
	__u64 taken;
	__u64 returned;
};

int nma_recycle_closed(struct nma_model *m, const struct nma_rec_sock *r);
int nma_recycle_apply(struct nma_model *m, const struct nma_rec_hdr *hdr);

/* A snapshot has ended: whose pools they are, and which are gone. */
int nma_recycle_settle(struct nma_model *m);

/* @to less @from; NULL: nothing before. */
void nma_flows_between(const struct nma_flows *from, const struct nma_flows *to,
		       struct nma_flows *flows);
/* Adds; what one of them does not know the sum does not. */
void nma_flows_add(struct nma_flows *sum, const struct nma_flows *flows);

static inline bool nma_flow_known(const struct nma_flows *f, unsigned int flow)
{
	return f->known & NMA_FLOW_BIT(flow);
}

/* Of the buffers that came back the share that the pool kept, in 1/10000; false: not
 * known, or none came.
 */
bool nma_recycle_ratio(const struct nma_flows *f, __u32 *ratio);

/* "alloc_fast" of enum nma_counter; "kernel" of enum nma_counts */
const char *nma_counter_name(unsigned int counter);
const char *nma_counts_name(unsigned int counts);

void nma_binding_tokens(const struct nma_model *m, __u32 binding_id,
			struct nma_token_flows *t);

#endif /* NMA_MODEL_RECYCLE_H */
