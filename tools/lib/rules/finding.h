/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a rule has to say about one object. Rules fill the upper part; the
 * judge keeps the lower part.
 */
#ifndef NMA_FINDING_H
#define NMA_FINDING_H

#include <linux/types.h>
#include <stdbool.h>

#include "util/value.h"
#include "nma_event.h"
#include "nma_rules.h"
#include "util/table.h"

#define NMA_EVIDENCE_MAX	14
#define NMA_MESSAGE_LEN		256
#define NMA_DETAIL_MAX		4

enum nma_kind {
	NMA_KIND_VIOLATION,
	NMA_KIND_LEAK,
	NMA_KIND_POLICY,
	NMA_KIND_NOTE,		/* a verdict was not possible; message says why */
};

/* How long a condition must hold before it is believed. */
enum nma_patience {
	NMA_NOW,		/* the record itself is the proof */
	NMA_SETTLE,		/* legal for a moment, while a queue is rebuilt */
	NMA_AGE,		/* legal until it is too old */
};

struct nma_evidence {
	const char *key;	/* snake_case, static */
	struct nma_value value;
};

struct nma_finding {
	struct nma_node node;
	enum nma_rule_id rule;
	unsigned int detail;	/* which of the rule's conditions */
	enum nma_severity severity;
	enum nma_kind kind;
	enum nma_patience patience;
	bool event;		/* happened, as opposed to: is so */
	bool latent;		/* does harm only when somebody binds */
	bool kernel_gap;	/* the kernel lets it through on every driver */
	__u64 occasions;	/* that the record stands for; 0: one */
	__u64 hold_ns;		/* with SETTLE and AGE */
	__u64 since_ns;		/* when the condition began, 0 unknown */
	__u64 group;		/* objects of one are one case; 0: each is its own */
	__u64 state;		/* AGE: a change of it starts the wait again */
	__u32 netns;
	__u32 ifindex;		/* 0 none */
	__u32 queue;		/* NMA_NO_QUEUE none */
	__u32 pool_id;		/* 0 none */
	__u32 binding_id;	/* 0 none */
	__u64 cookie;		/* 0 none */
	bool device_gone;	/* ifname is what it was called, if known */
	char ifname[NMA_IFNAME_LEN];
	char driver[NMA_NAME_LEN];	/* "" unknown */
	char message[NMA_MESSAGE_LEN];
	struct nma_evidence evidence[NMA_EVIDENCE_MAX];
	unsigned int nr_evidence;

	enum { NMA_PENDING, NMA_ACTIVE, NMA_CLEARED } status;
	bool pre_existing;
	__u32 stamp;		/* full pass that confirmed it last */
	__u64 begin_ns;		/* of the wait */
	__u64 steady_ns;	/* last change of state */
	__u64 count;
	__u64 reported;		/* count when last reported */
	__u64 folded;		/* in the report that is being made, else 0 */
	__u64 reported_ns;
	__u64 first_ns;
	__u64 last_ns;
};

#endif /* NMA_FINDING_H */
