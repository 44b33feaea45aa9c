/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the parts of a session share: session.c (life), session_load.c (programs
 * and attachments), session_walk.c (snapshots). Nobody else includes this.
 */
#ifndef NMA_SESSION_PRIV_H
#define NMA_SESSION_PRIV_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/features.h"
#include "kernel/session.h"
#include "util/table.h"

#include "nma_prog.h"	/* before the skeleton, which has its types */
#include "nma.skel.h"
#include "held.skel.h"

#define NMA_LINKS_MAX	160

/* What the kernel skipped, see session_missed.c. */
struct nma_missed {
	__u64 unpaired[NMA_PAIR_MAX];	/* by pair, before anything counted */
	__u64 pairs[NMA_PAIR_MAX];	/* calls that both programs have missed */
	__u64 excused;			/* of these, used to excuse a put */
	__u64 idle;			/* runs with nothing to see yet */
	__u64 sending;			/* and since there was something */
};

/* Who holds buffers of destroyed pools: see session_held.c. */
struct nma_held_target {
	__u64 addr;
	__u32 pool_id;
};

struct nma_held_look {
	struct held_bpf *skel;	/* NULL until it is needed */
	bool refused;		/* it could not be loaded */
	bool looking;		/* targets stay as they are */
	__u32 seen;		/* generation of the last look */
	struct nma_held_target target[NMA_HELD_POOLS];
	__u32 nr_targets;
	__u64 inflight;		/* of all targets */
	__u64 unmapped;		/* of these, those that may be no pages */
	__u32 room[NMA_HELD_TABLES];	/* rows */
	__u64 lost[NMA_LOSS_MAX];	/* by programs that were loaded before */
	__u64 *netdev;		/* addresses, of this snapshot */
	size_t nr_netdevs;
	struct nma_table over;	/* see over_at_rest */
};

/* Programs that are not loaded before there is something for them, each of these
 * together: the same objects once more, with the same maps.
 */
enum nma_later {
	NMA_LATER_SOCKETS,	/* iterators over them */
	NMA_LATER_LENT,		/* who takes and returns, without events: NMA_GROUP_LENT */
	NMA_LATER_MAX		/* the others: at once */
};

struct nma_session {
	struct nma_session_opts opts;
	struct nma_bpf *skel;
	struct nma_bpf *later[NMA_LATER_MAX];	/* NULL: not loaded */
	bool refused_later[NMA_LATER_MAX];
	struct ring_buffer *ring;
	struct bpf_link *links[NMA_LINKS_MAX];
	size_t nr_links;
	int core_btf;		/* see nma_kernel_btf__subset() */
	nma_hook_set wanted;
	nma_hook_set missing;
	__u64 walk_cut;
	int denied_err;		/* of a namespace that must not be entered */
	__u32 denied_netns;
	__u64 acts_read;	/* value of nma_act_total when the rows were read */
	__u64 socks_lost;	/* see count_lost_socks() */
	struct nma_missed missed;
	__u32 generation;
	bool blind;		/* see session_sight.c */
	bool bound;		/* see nma_session_attach_bound() */
	bool mark_due;		/* sockets that had something to read then */
	bool devmem_seen;	/* a pool with buffers of a dma-buf out */
	bool old_tokens_known;
	bool owned_seen;	/* something that the kernel knows no owner of */
	bool old_owners_known;
	__u32 *netns;		/* inodes seen by this snapshot */
	size_t nr_netns;
	struct nma_held_look held;
	char refused[64];	/* program that failed to load, from the log */
	char error[512];
	char log[512];		/* last message of libbpf worth repeating */
};

/* Are there hooks that see what happens? */
static inline bool nma_session_hooked(const struct nma_session *s)
{
	return s->opts.events || s->opts.recycle || s->opts.ages;
}

static inline struct bpf_program *nma_prog_at(const struct nma_bpf *skel, size_t offset)
{
	return *(struct bpf_program **)((char *)skel + offset);
}

/* A program by its offset in struct nma_bpf, from where it is loaded. */
static inline struct bpf_program *nma_session_prog(const struct nma_session *s,
						   size_t offset)
{
	int i;

	for (i = 0; i < NMA_LATER_MAX; i++)
		if (s->later[i] && bpf_program__autoload(nma_prog_at(s->later[i], offset)))
			return nma_prog_at(s->later[i], offset);
	return nma_prog_at(s->skel, offset);
}

#define nma_session_prog_named(s, name) \
	nma_session_prog(s, offsetof(struct nma_bpf, progs.name))

/* Sets the error text, with libbpf's reason if it gave one; returns @err. */
__attribute__((format(printf, 3, 4)))
int nma_session_fail(struct nma_session *s, int err, const char *fmt, ...);

/* What libbpf says meanwhile is for the error text; the result is for the end. */
libbpf_print_fn_t nma_session_listen(struct nma_session *s);
void nma_session_listen_end(libbpf_print_fn_t print);

int nma_session_load(struct nma_session *s);

/* Loads what was left for later. What does not load is missing from then on. */
void nma_session_load_later(struct nma_session *s, enum nma_later which);
/* Makes @cfg what the programs read: symbols, length of a tick. */
void nma_session_config(const struct nma_session *s, struct nma_config *cfg);
int nma_session_set_targets(void);	/* once, before programs are opened */
void nma_session_attach(struct nma_session *s);

/* -ENXIO if nothing is run that is attached to functions. Asked before anything is: what
 * is taken away while that is so leaves the kernel with records that it WARNs about
 * later, and then it traces nothing until it is booted (6.12).
 */
int nma_session_check_tracing(struct nma_session *s);

/* -ENXIO if what we attached is not run. */
int nma_session_check_sight(struct nma_session *s);

/* There is device memory to receive into: the hooks of NMA_GROUP_BOUND, or without
 * events those of NMA_GROUP_LENT.
 */
void nma_session_attach_bound(struct nma_session *s);

/* Sockets that have something to read there, and may have tried it before the hooks
 * were attached.
 */
int nma_session_mark_unread(struct nma_session *s);

/* Delivers what was added to the rows of nma_acts. Number of records or -errno. */
int nma_session_acts(struct nma_session *s);

/* The same for one pool (its id) or device (its address) that is gone. */
int nma_session_acts_end(struct nma_session *s, __u64 object);

/* What is skipped from now on counts: all programs are attached. */
void nma_session_missed_begin(struct nma_session *s);
void nma_session_missed_begin_pair(struct nma_session *s, enum nma_pair pair);

/* Program runs that the kernel skipped, and no other program has seen instead. */
__u64 nma_session_missed(struct nma_session *s);

/* Of @puts buffers that are in their pool already, as many may have been taken out
 * of it as such calls were lost: those are not reported.
 */
__u64 nma_session_excused(struct nma_session *s, __u64 puts);

/* Hands on all that was put into the ring before the call, and waits for what is not yet
 * sent (NMA_LOSS_WALK if in vain); runs a walk, or an iterator, to its end. 0 or -errno
 */
int nma_session_drain(struct nma_session *s);
int nma_session_walk(struct nma_session *s, enum nma_walk_what what);
int nma_session_iterate(struct nma_session *s, struct bpf_link *link);
/* The same in one network namespace; -ENOENT: it cannot be entered. */
int nma_session_iterate_in(struct nma_session *s, struct bpf_link *link, __u32 netns);
int nma_session_mark(struct nma_session *s, enum nma_mark mark, __u32 holders);

/* A snapshot begins; what it found; look for what holds buffers of dying pools. */
void nma_session_held_begin(struct nma_session *s);
void nma_session_held_note(struct nma_session *s, const struct nma_rec_hdr *hdr);
int nma_session_held(struct nma_session *s);
void nma_session_held_free(struct nma_session *s);

/* Sees each record before the caller does. 0, or what the caller returned. */
int nma_session_note(struct nma_session *s, const struct nma_rec_hdr *hdr);

#endif /* NMA_SESSION_PRIV_H */
