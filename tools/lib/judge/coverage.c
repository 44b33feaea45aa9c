// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See coverage.h. The table below says of each rule what must be there so that it
 * has something to judge; a rule without a row has its occasion with its subject.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge/coverage.h"

/* What rules are about. */
enum thing {
	NIC,			/* any device */
	RESTARTS,		/* a device whose driver claims to restart queues */
	TELLS_TX,		/* a device that says how it sends netmem */
	QUEUE,
	BOUND,			/* a queue with a memory provider */
	BOUND_SYNC,		/* ... whose device needs DMA sync */
	POOL,
	PAYLOAD,		/* a pool that accepts unreadable memory */
	NEW_PAYLOAD,		/* ... made while we watched */
	DESTROYED,		/* a pool that its driver has destroyed */
	BINDING,
	NEW_BINDING,		/* made while we watched */
	UNBOUND,
	TX_BINDING,
	SOCKET,			/* with tokens, or one that sends without copying */
	ZC_SOCKET,
	CHANGE,			/* somebody changed a setting */
	CALL,
	ACT,
	THINGS
};

static const char *const names[THINGS] = {
	[NIC] = "a device",
	[RESTARTS] = "a driver that restarts queues",
	[TELLS_TX] = "a device that tells how it sends netmem",
	[QUEUE] = "a queue",
	[BOUND] = "a queue with a memory provider",
	[BOUND_SYNC] = "a queue with a memory provider, of a device that needs DMA sync",
	[POOL] = "a page_pool",
	[PAYLOAD] = "a page_pool that accepts unreadable memory",
	[NEW_PAYLOAD] = "a new page_pool that accepts unreadable memory",
	[DESTROYED] = "a destroyed page_pool with buffers out",
	[BINDING] = "a bound dma-buf",
	[NEW_BINDING] = "a bind of a dma-buf",
	[UNBOUND] = "an unbound dma-buf",
	[TX_BINDING] = "a dma-buf to send from",
	[SOCKET] = "a socket with tokens",
	[ZC_SOCKET] = "a zero-copy send",
	[CHANGE] = "a change of settings",
	[CALL] = "a call of an application",
	[ACT] = "a buffer in use",
};

#define B(thing)	(1u << (thing))

struct need {
	unsigned int any_of;	/* bits of enum thing; the first one names it */
	bool events;		/* beyond what the subject implies */
};

static const struct need needs[NMA_RULE_MAX] = {
	[NMA_RULE_DRV_01] = { B(RESTARTS) },
	[NMA_RULE_DRV_02] = { B(PAYLOAD) },
	[NMA_RULE_POOL_01] = { B(PAYLOAD) },
	[NMA_RULE_POOL_02] = { B(PAYLOAD) | B(RESTARTS) },
	[NMA_RULE_POOL_03] = { B(PAYLOAD) },
	[NMA_RULE_POOL_04] = { B(PAYLOAD) },
	[NMA_RULE_POOL_05] = { B(PAYLOAD) },
	[NMA_RULE_POOL_06] = { B(NEW_PAYLOAD), true },
	[NMA_RULE_BIND_01] = { B(BOUND) },
	[NMA_RULE_BIND_02] = { B(BOUND) },
	[NMA_RULE_BIND_03] = { B(BOUND) },
	[NMA_RULE_BIND_04] = { B(BOUND) },
	[NMA_RULE_BIND_05] = { B(BOUND) },
	[NMA_RULE_BIND_06] = { B(BOUND) },
	[NMA_RULE_BIND_07] = { B(BOUND) },
	[NMA_RULE_BIND_08] = { B(BINDING) },
	[NMA_RULE_BIND_09] = { B(NEW_BINDING), true },
	[NMA_RULE_BIND_10] = { B(UNBOUND) },
	[NMA_RULE_BIND_11] = { B(BINDING) },
	[NMA_RULE_PP_06] = { B(DESTROYED) },
	[NMA_RULE_PP_01] = { B(POOL) },
	[NMA_RULE_PP_02] = { B(POOL) },
	[NMA_RULE_PP_03] = { B(POOL) },
	[NMA_RULE_PP_04] = { B(POOL) },
	[NMA_RULE_PP_05] = { B(POOL) },
	[NMA_RULE_PP_07] = { B(BOUND) },
	[NMA_RULE_PP_08] = { B(POOL) },
	[NMA_RULE_PP_09] = { B(BOUND) },
	[NMA_RULE_SKB_01] = { B(BOUND) },
	[NMA_RULE_SKB_02] = { B(BOUND) },
	[NMA_RULE_SKB_03] = { B(BOUND) },
	[NMA_RULE_SKB_04] = { B(BOUND) | B(TX_BINDING) },
	[NMA_RULE_SKB_05] = { B(BOUND) | B(TX_BINDING) },
	[NMA_RULE_DMA_01] = { B(BOUND_SYNC) },
	[NMA_RULE_DMA_02] = { B(TX_BINDING) },
	[NMA_RULE_TOK_01] = { B(SOCKET) },
	[NMA_RULE_TOK_02] = { B(SOCKET) },
	[NMA_RULE_TOK_03] = { B(SOCKET), true },
	[NMA_RULE_TOK_04] = { B(BOUND) },
	[NMA_RULE_TOK_05] = { B(BOUND) },
	[NMA_RULE_TOK_06] = { B(BOUND) },
	[NMA_RULE_APP_01] = { B(BINDING), true },
	[NMA_RULE_TX_01] = { B(TX_BINDING) },
	[NMA_RULE_TX_02] = { B(ZC_SOCKET), true },
	[NMA_RULE_TX_03] = { B(TELLS_TX) },
};

static unsigned int by_subject(enum nma_subject subject)
{
	static const enum thing things[] = {
		[NMA_SUBJ_NIC] = NIC,
		[NMA_SUBJ_QUEUE] = QUEUE,
		[NMA_SUBJ_POOL] = POOL,
		[NMA_SUBJ_BINDING] = BINDING,
		[NMA_SUBJ_SOCK] = SOCKET,
		[NMA_SUBJ_OP] = CHANGE,
		[NMA_SUBJ_ACT] = ACT,
		[NMA_SUBJ_USE] = CALL,
	};

	/* what was refused has changed nothing */
	return subject == NMA_SUBJ_REFUSED ? 0 : B(things[subject]);
}

static unsigned int needed(enum nma_rule_id rule)
{
	return needs[rule].any_of ? needs[rule].any_of :
				    by_subject(nma_rules[rule].subject);
}

/* Objects of the others are there to be looked at. */
bool nma_coverage_needs_events(enum nma_rule_id rule)
{
	enum nma_subject subject = nma_rules[rule].subject;

	return needs[rule].events || subject == NMA_SUBJ_OP ||
	       subject == NMA_SUBJ_ACT || subject == NMA_SUBJ_USE;
}

const char *nma_coverage_occasion(enum nma_rule_id rule)
{
	return names[__builtin_ctz(needed(rule))];
}

static unsigned int nic_things(const struct nma_nic *nic)
{
	unsigned int what = B(NIC);

	if (nic->r.qops & NMA_QOPS_ALL & ~NMA_QOPS_PRESENT)
		what |= B(RESTARTS);
	if (nic->r.flags & NMA_NIC_TX_VALID)
		what |= B(TELLS_TX);
	return what;
}

static unsigned int pool_things(const struct nma_pool *pool)
{
	unsigned int what = B(POOL);

	if (pool->r.detached && pool->r.inflight)
		what |= B(DESTROYED);
	if (!(pool->r.flags & NMA_PP_ALLOW_UNREADABLE))
		return what;
	what |= B(PAYLOAD);
	if (pool->r.hdr.cause == NMA_CAUSE_CREATE)
		what |= B(NEW_PAYLOAD);
	return what;
}

static unsigned int binding_things(const struct nma_binding *binding)
{
	unsigned int what = B(BINDING);

	if (binding->r.dma_dir == NMA_DMA_TO_DEVICE)
		what |= B(TX_BINDING);
	if (binding->r.hdr.cause == NMA_CAUSE_CREATE)
		what |= B(NEW_BINDING);
	if (binding->unbound_ns || binding->seen.gone)
		what |= B(UNBOUND);
	return what;
}

static unsigned int sock_things(const struct nma_rec_sock *r)
{
	unsigned int what = 0;

	if (r->taken || r->outstanding)
		what |= B(SOCKET);
	if (r->tx_inflight || r->tx_unread || r->tx_done || r->tx_copied)
		what |= B(ZC_SOCKET);
	return what;
}

static unsigned int things(enum nma_subject subject, union nma_ref ref)
{
	switch (subject) {
	case NMA_SUBJ_NIC:
		return nic_things(ref.nic);
	case NMA_SUBJ_QUEUE:
		return B(QUEUE) | (nma_queue_bound(ref.queue) ? B(BOUND) : 0);
	case NMA_SUBJ_POOL:
		return pool_things(ref.pool);
	case NMA_SUBJ_BINDING:
		return binding_things(ref.binding);
	case NMA_SUBJ_SOCK:
		return sock_things(&ref.sock->r);
	default:
		return by_subject(subject);
	}
}

static void see(struct nma_coverage *c, unsigned int what)
{
	int i;

	if (!(what & ~c->seen))
		return;
	c->seen |= what;
	for (i = 0; i < NMA_RULE_MAX; i++)
		if (c->cover[i] == NMA_COVER_NO_OCCASION && c->seen & needed(i))
			c->cover[i] = NMA_COVER_JUDGED;
}

void nma_coverage__object(struct nma_coverage *c, enum nma_subject subject,
			  union nma_ref ref)
{
	see(c, things(subject, ref));
}

/* Asked again at each look, told once. */
static void add_blind(struct nma_coverage *c, const struct nma_blind *b)
{
	const struct nma_blind *old;

	c->incomplete |= b->incomplete;
	for (old = c->blind; old < c->blind + c->nr_blind; old++)
		if (old->rule == b->rule && old->netns == b->netns &&
		    old->ifindex == b->ifindex && old->queue == b->queue &&
		    !strcmp(old->reason, b->reason))
			return;
	if (c->nr_blind == NMA_BLIND_MAX)
		c->more_blind++;
	else
		c->blind[c->nr_blind++] = *b;
}

void nma_coverage__blind(struct nma_coverage *c, enum nma_rule_id rule,
			 const struct nma_nic *nic, bool incomplete,
			 const char *fmt, ...)
{
	struct nma_blind b = {
		.rule = rule, .queue = NMA_NO_QUEUE, .incomplete = incomplete,
	};
	va_list ap;

	if (nic) {
		b.netns = nic->r.hdr.netns;
		b.ifindex = nic->r.ifindex;
		memcpy(b.ifname, nic->r.ifname, sizeof(b.ifname));
	}
	va_start(ap, fmt);
	vsnprintf(b.reason, sizeof(b.reason), fmt, ap);
	va_end(ap);
	add_blind(c, &b);
}

void nma_coverage__bound(struct nma_coverage *c, const struct nma_nic *nic)
{
	enum nma_cover cover = c->cover[NMA_RULE_DMA_01];

	if (!(nic->r.flags & NMA_NIC_SYNC_SKIPPED))
		see(c, B(BOUND_SYNC));
	else if (cover == NMA_COVER_NO_OCCASION || cover == NMA_COVER_JUDGED)
		nma_coverage__blind(c, NMA_RULE_DMA_01, nic, false,
				    "its device needs no DMA sync: not observable and without effect");
}

void nma_coverage__note(struct nma_coverage *c, const struct nma_finding *f)
{
	struct nma_blind b = {
		.rule = f->rule, .netns = f->netns, .ifindex = f->ifindex,
		.queue = f->queue,
	};

	memcpy(b.ifname, f->ifname, sizeof(b.ifname));
	memcpy(b.reason, f->message, sizeof(b.reason));
	add_blind(c, &b);
}

const char *nma_cover_name(enum nma_cover cover)
{
	static const char *const cover_names[NMA_COVER_MAX] = {
		[NMA_COVER_NO_OCCASION] = "no_occasion",
		[NMA_COVER_JUDGED] = "judged",
		[NMA_COVER_NOT_ASKED] = "not_asked",
		[NMA_COVER_NO_HOOK] = "no_hook",
		[NMA_COVER_NEEDS_WATCH] = "needs_watch",
		[NMA_COVER_NEEDS_DEEP] = "needs_deep",
	};

	return cover_names[cover];
}

unsigned int nma_coverage__count(const struct nma_coverage *c, enum nma_cover cover)
{
	unsigned int nr = 0;
	int i;

	for (i = 0; i < NMA_RULE_MAX; i++)
		nr += c->cover[i] == cover;
	return nr;
}
