/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The catalogue (nma_rules.def) as a table, and the verdicts. A verdict is a
 * pure function of the model and one object: nma_rule_<ID>() in the file of its
 * family, so that NM-PP-06 is in pp.c. It may be called at any time and as often
 * as one likes.
 */
#ifndef NMA_RULES_TABLE_H
#define NMA_RULES_TABLE_H

#include "rules/finding.h"
#include "model/model.h"
#include "nma_rules.h"

struct nma_features;

struct nma_limits {
	__u64 settle_ns;	/* NMA_SETTLE */
	__u64 stall_ns;		/* a destroyed pool may keep buffers that long */
	__u64 token_age_ns;	/* an application may keep a token that long */
	__u32 token_share;	/* percent of a dma-buf one socket may hold */
	bool strict;		/* faults that cannot do harm yet are warnings */
};

#define NMA_LIMITS_DEFAULT { \
	.settle_ns = 1000000000ull, \
	.stall_ns = 60000000000ull, \
	.token_age_ns = 10000000000ull, \
	.token_share = 50, \
}

struct nma_rule_ctx {
	const struct nma_model *model;
	const struct nma_limits *limits;
	__u64 now_ns;
	const struct nma_rec_hdr *trigger;	/* record that made us look, or NULL */
};

struct nma_verdict {
	struct nma_finding base;	/* rule and subject, filled in advance */
	struct nma_finding item[NMA_DETAIL_MAX];
	unsigned int nr;
};

typedef void (*nma_rule_fn)(const struct nma_rule_ctx *ctx, union nma_ref ref,
			    struct nma_verdict *v);

struct nma_rule {
	const char *id;
	enum nma_severity severity;
	enum nma_cost cost;
	enum nma_subject subject;
	unsigned int occasion;	/* NMA_ON() bits */
	nma_hook_set hooks;
	enum nma_kernel_check kernel;
	enum nma_enforce enforce;
	const char *title;
	const char *source;
	const char *advice;
	nma_rule_fn fn;
};

extern const struct nma_rule nma_rules[NMA_RULE_MAX];

/* NMA_RULE_MAX if there is none. Letter case does not matter. */
enum nma_rule_id nma_rule_find(const char *id);
/* All rules as people look for them: by identifier. */
void nma_rules_sorted(int order[NMA_RULE_MAX]);
const char *nma_severity_name(enum nma_severity sev);	/* "error" */
char nma_severity_letter(enum nma_severity sev);	/* 'F' */
const char *nma_kind_name(enum nma_kind kind);
const char *nma_cost_name(enum nma_cost cost);
const char *nma_kernel_check_name(enum nma_kernel_check check);

enum nma_rule_state {
	NMA_RULE_AUDITED,
	NMA_RULE_AUDITED_PARTLY,	/* the kernel checks a part itself */
	NMA_RULE_ENFORCEABLE,		/* a program could refuse it here */
	NMA_RULE_ENFORCED,		/* the kernel refuses it */
	NMA_RULE_UNAVAILABLE,
};

/* @missing: hooks that the rule lacks here. */
enum nma_rule_state nma_rule_state(enum nma_rule_id rule,
				   const struct nma_features *f, nma_hook_set *missing);
/* Costs per packet or buffer: only with watch --deep. */
bool nma_rule_is_deep(enum nma_rule_id rule);
const char *nma_rule_state_name(enum nma_rule_state state);

/* Runs one rule on one object of its subject. */
void nma_rule_run(const struct nma_rule_ctx *ctx, enum nma_rule_id rule,
		  union nma_ref ref, struct nma_verdict *v);

/* For the rules: adds an item. @severity must not exceed the rule's. */
struct nma_finding *nma_verdict_add(struct nma_verdict *v, unsigned int detail,
				    enum nma_severity severity,
				    const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds that the rule could not be judged on the object, and why: "the driver does not
 * tell its RSS table". Not a finding; it is told with the notes and the coverage.
 */
struct nma_finding *nma_verdict_blind(struct nma_verdict *v, unsigned int detail,
				      const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The driver's fault does harm only once somebody binds: information on a device where
 * nobody has tried to, else a warning.
 */
void nma_finding_latent(struct nma_finding *f, const struct nma_rule_ctx *ctx,
			__u64 netdev);
void nma_finding_hold(struct nma_finding *f, enum nma_patience patience,
		      __u64 hold_ns);
/* Value of a new piece of evidence, to be set by the caller. */
struct nma_value *nma_finding_ev(struct nma_finding *f, const char *key);

/* Evidence, see evidence.c. One vocabulary for all rules:
 *   pid, comm, cgroup_id		who acted
 *   owner_pid, owner_comm, ...		who bound the dma-buf
 *   holder_pid, holder_comm		who holds buffers that should be back
 *   local, remote			ends of the socket it is about
 */
void nma_task_evidence(struct nma_finding *f, const struct nma_rec_hdr *hdr,
		       __u64 cgroup_id);
void nma_owner_evidence(struct nma_finding *f, const struct nma_binding *binding);
void nma_pool_evidence(struct nma_finding *f, const struct nma_pool *pool);
/* Whose pool it was, and who did it. */
void nma_act_evidence(struct nma_finding *f, const struct nma_rec_act *act);
/* Who made the call; the finding is an event. */
void nma_use_evidence(struct nma_finding *f, const struct nma_rec_use *use);

/* NM-PP-06, see held.c: what is still out of a destroyed pool, by who has it. */
void nma_held_verdict(const struct nma_rule_ctx *ctx, const struct nma_pool *pool,
		      struct nma_verdict *v);

/* Sockets with tokens of a binding. */
struct nma_token_holder {
	const struct nma_sock *sock;	/* with the most of them; NULL: none */
	__u64 tokens;			/* of all */
};
struct nma_token_holder nma_holder_of(const struct nma_model *m, __u32 binding_id);
/* There must be one; the finding is about its socket, too. */
void nma_holder_evidence(struct nma_finding *f, const struct nma_token_holder *h);
/* Whose socket it is, and its ends. */
void nma_sock_evidence(struct nma_finding *f, const struct nma_sock *sock);
/* "192.0.2.1:9000"; absent without a port. */

static inline bool nma_is_act(union nma_ref ref, enum nma_act act)
{
	return ref.act->act == act;
}

void nma_pp_flags(struct nma_value *v, __u32 flags);
const char *nma_mp_name(enum nma_mp mp);
const char *nma_hds_name(enum nma_hds hds);

#define NMA_RULE(id, ...) \
	void nma_rule_##id(const struct nma_rule_ctx *ctx, union nma_ref ref, \
			   struct nma_verdict *v);
#include "nma_rules.def"

#endif /* NMA_RULES_TABLE_H */
