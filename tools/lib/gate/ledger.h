/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What is measured while a gate is open: it outlives the objects of the model, and
 * what was there before is known as such. Built from records and the model alone.
 */
#ifndef NMA_GATE_LEDGER_H
#define NMA_GATE_LEDGER_H

#include "gate/excess.h"
#include "model/model.h"
#include "util/table.h"

/* A page_pool, also after its end. */
struct nma_entry_pool {
	struct nma_node node;	/* by pool id */
	__u32 pool_id;
	struct nma_owner owner;
	__u32 binding_id;
	__u32 order;
	__u8 mp;		/* enum nma_mp */
	bool before;		/* there when the gate was opened */
	bool dead_before;	/* and destroyed by then */
	bool destroyed;
	bool gone;		/* with all of its buffers */
	bool excused;		/* its leak is known or waived */
	bool foreign;		/* of a device that the gate is not about */
	bool young;		/* it ended so late that nobody knows what comes back */
	struct nma_excess excess;	/* while it is in use */
	__s64 inflight;
	__s64 at_rest;		/* of these, freed: the pool or a CPU has yet to see to it */
	__u64 created_ns;	/* 0: before */
	__u64 destroyed_ns;	/* 0: not, or before */
	__u64 gone_ns;
	struct nma_flows begin;
	struct nma_flows flows;	/* so far; known is 0 until something was told */
};

/* A socket that took tokens, also after its end. */
struct nma_entry_sock {
	struct nma_node node;	/* by cookie */
	bool before;		/* had tokens when the gate was opened */
	bool gone;
	bool excused;
	bool foreign;
	bool young;		/* its tokens are: they may be returned yet */
	char ifname[NMA_IFNAME_LEN];
	__u64 taken_before;
	__u64 returned_before;
	struct nma_rec_sock r;	/* last */
};

struct nma_entry_name {
	struct nma_node node;	/* by the 16 bytes of the name */
};

/* A refused XDP program */
struct nma_entry_refusal {
	struct nma_node node;	/* by number */
	char ifname[NMA_IFNAME_LEN];
	__u32 mode;
	__s32 err;
	__u64 time_ns;
};

struct nma_ledger {
	struct nma_table pools;
	struct nma_table socks;
	struct nma_table names;
	struct nma_table refusals;
	__u32 looks;		/* of the model, at the last look */
	bool open;		/* what was there before is known */
	bool over;		/* nothing is taken any more */
	bool no_memory;		/* something could not be kept */
	/* Is it about that device? NULL: about all; @netns 0, "": not known. */
	bool (*wanted)(void *ctx, __u32 netns, const char *ifname);
	void *ctx;
};

/* After each record that the model took in. */
void nma_ledger__take(struct nma_ledger *l, const struct nma_model *m,
		      const struct nma_change *change);
/* After the first look: what is there now was there before. */
void nma_ledger__open(struct nma_ledger *l, const struct nma_model *m);
/* After any look: what is so now. */
void nma_ledger__look(struct nma_ledger *l, const struct nma_model *m);
/* It is over; what is out for less than @age_ns may come back. */
void nma_ledger__end(struct nma_ledger *l, __u64 now_ns, __u64 age_ns);
void nma_ledger__free(struct nma_ledger *l);

bool nma_ledger__knows(const struct nma_ledger *l, const char *ifname);

/* Buffers that should be back and are not: of a pool that was destroyed. */
__u64 nma_entry_leaked(const struct nma_entry_pool *p);
/* That the driver has lost: of one that is in use. */
__u64 nma_entry_lost(const struct nma_entry_pool *p);
/* Why that is not known; NULL: it is. */
const char *nma_entry_doubt(const struct nma_entry_pool *p);
/* Tokens that should have been returned, and whether that is known. */
__u64 nma_entry_outstanding(const struct nma_entry_sock *s);
bool nma_entry_may_return(const struct nma_entry_sock *s);

/* All is back that was taken since it is open. */
bool nma_ledger__is_quiet(const struct nma_ledger *l, const struct nma_model *m);

#define nma_ledger_for_each_pool(l, p) \
	for (const struct nma_entry_pool *p = (const void *)(l)->pools.first; p; \
	     p = (const void *)p->node.next)
#define nma_ledger_for_each_sock(l, s) \
	for (const struct nma_entry_sock *s = (const void *)(l)->socks.first; s; \
	     s = (const void *)s->node.next)

#endif /* NMA_GATE_LEDGER_H */
