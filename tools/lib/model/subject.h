/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kinds of objects that rules look at, one row each: what tells two of them
 * apart, which device they belong to, where a finding says they are, and whose
 * verdicts depend on them.
 */
#ifndef NMA_SUBJECT_H
#define NMA_SUBJECT_H

#include <linux/types.h>
#include <stdbool.h>

#include "nma_event.h"

struct nma_model;
struct nma_nic;
struct nma_queue;
struct nma_pool;
struct nma_binding;
struct nma_sock;

enum nma_subject {
	NMA_SUBJ_NIC,
	NMA_SUBJ_QUEUE,
	NMA_SUBJ_POOL,
	NMA_SUBJ_BINDING,
	NMA_SUBJ_SOCK,
	NMA_SUBJ_OP,
	NMA_SUBJ_ACT,
	NMA_SUBJ_USE,
	NMA_SUBJ_REFUSED,
	NMA_SUBJ_MAX
};

/* The object; the subject tells which member is valid. */
union nma_ref {
	const void *any;
	const struct nma_nic *nic;
	const struct nma_queue *queue;
	const struct nma_pool *pool;
	const struct nma_binding *binding;
	const struct nma_sock *sock;
	const struct nma_rec_op *op;
	const struct nma_rec_act *act;
	const struct nma_rec_use *use;
	const struct nma_rec_refused *refused;
};

/* Where it is, as far as it has such a place. */
struct nma_place {
	__u32 netns;
	__u32 ifindex;		/* 0 none */
	bool gone;		/* the device is no longer there */
	__u32 queue;		/* NMA_NO_QUEUE none */
	__u32 pool_id;		/* 0 none */
	__u32 binding_id;	/* 0 none */
	__u64 cookie;		/* 0 none */
	char ifname[NMA_IFNAME_LEN];
	char driver[NMA_NAME_LEN];	/* "" unknown */
};

/* Identity of an object among those of its subject. */
struct nma_ident {
	__u64 object;
	__u32 part;
};

typedef void (*nma_visit_fn)(void *ctx, enum nma_subject subject, union nma_ref ref);

struct nma_subject_type {
	const char *name;
	struct nma_ident (*ident)(union nma_ref ref);
	/* Address of its net_device, 0 if none is known. */
	__u64 (*netdev)(const struct nma_model *m, union nma_ref ref);
	void (*place)(const struct nma_model *m, union nma_ref ref,
		      struct nma_place *place);
	/* Calls @fn for other objects whose verdict depends on this one; NULL: none. */
	void (*dependants)(const struct nma_model *m, union nma_ref ref,
			   nma_visit_fn fn, void *ctx);
};

extern const struct nma_subject_type nma_subjects[NMA_SUBJ_MAX];

#endif /* NMA_SUBJECT_H */
