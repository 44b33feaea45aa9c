/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Why the kernel refused something, or would: preconditions.def judged on the model.
 * No I/O; what is known of the one who asks comes in struct nma_asker.
 */
#ifndef NMA_PRECONDITION_H
#define NMA_PRECONDITION_H

#include "model/model.h"

enum nma_pre_id {
#define NMA_PRE(id, ...) NMA_PRE_##id,
#include "explain/preconditions.def"
	NMA_PRE_MAX
};

enum nma_state {
	NMA_MET,
	NMA_BROKEN,
	NMA_UNSURE,		/* cannot be known beforehand */
};

struct nma_asker {
	bool known;		/* else nothing is said of the one who asks */
	bool net_admin;
	bool ipc_lock;
	enum nma_state policy;	/* what ours, if there is one in force, would say */
	const char *rule;	/* by which rule of it */
	__u64 memlock;		/* bytes, ~0 no limit */
};

/* A request, made or not. */
struct nma_request {
	const struct nma_model *model;
	enum nma_req ask;
	const struct nma_nic *nic;	/* NULL: there is none */
	__u32 queue;			/* NMA_NO_QUEUE none */
	struct nma_asker asker;
	const struct nma_rec_refused *refused;	/* NULL: it was not made */
	__u32 page_size;
};

/* Why, in one sentence, with how to fix it. */
struct nma_reason {
	enum nma_pre_id id;	/* NMA_PRE_MAX: none that we know */
	bool by_words;		/* the kernel says so; else that is how things are */
	const char *key;
	char text[256];
	char fix[160];		/* "" none */
	__u32 holder_pid;	/* who has what was asked for; 0: nobody, or not known */
	__u64 holder_cgroup;
	char holder_comm[NMA_COMM_LEN];
};

struct nma_request nma_request_of(const struct nma_model *m,
				  const struct nma_rec_refused *r);

enum nma_state nma_precondition__test(enum nma_pre_id id, const struct nma_request *req);
bool nma_precondition__matters(enum nma_pre_id id, enum nma_req ask);
const char *nma_precondition_key(enum nma_pre_id id);

/* Fills @why for a precondition that is broken. */
void nma_reason__of(enum nma_pre_id id, const struct nma_request *req,
		    struct nma_reason *why);

/* "NM-BIND-09" of what a policy refuses, "" of what the kernel does */
void nma_refused_rule(const struct nma_rec_refused *r, char *buf, size_t size);

/* The reason of a refusal. */
void nma_reason__refused(const struct nma_model *m, const struct nma_rec_refused *r,
			 struct nma_reason *why);

#endif /* NMA_PRECONDITION_H */
