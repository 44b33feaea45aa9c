// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See coverage.h. nma_rules.def says of each rule what must be there so that it has
 * something to judge.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge/coverage.h"

/* There only if it was made while we watched */
#define MADE_ANEW	(NMA_ON(NEW_PAYLOAD) | NMA_ON(NEW_BINDING))

static unsigned int by_subject(enum nma_subject subject)
{
	static const enum nma_occasion subjects[] = {
		[NMA_SUBJ_NIC] = NMA_OCCASION_NIC,
		[NMA_SUBJ_QUEUE] = NMA_OCCASION_QUEUE,
		[NMA_SUBJ_POOL] = NMA_OCCASION_POOL,
		[NMA_SUBJ_BINDING] = NMA_OCCASION_BINDING,
		[NMA_SUBJ_SOCK] = NMA_OCCASION_SOCKET,
		[NMA_SUBJ_OP] = NMA_OCCASION_CHANGE,
		[NMA_SUBJ_ACT] = NMA_OCCASION_ACT,
		[NMA_SUBJ_USE] = NMA_OCCASION_CALL,
	};

	/* what was refused has changed nothing */
	return subject == NMA_SUBJ_REFUSED ? 0 : 1u << subjects[subject];
}

static unsigned int needed(enum nma_rule_id rule)
{
	unsigned int occasion = nma_rules[rule].occasion & ~NMA_ON_WATCHED;

	return occasion ? occasion : by_subject(nma_rules[rule].subject);
}

/* Objects of the others are there to be looked at. */
bool nma_coverage_needs_events(enum nma_rule_id rule)
{
	enum nma_subject subject = nma_rules[rule].subject;

	return nma_rules[rule].occasion & (NMA_ON_WATCHED | MADE_ANEW) ||
	       subject == NMA_SUBJ_OP || subject == NMA_SUBJ_ACT ||
	       subject == NMA_SUBJ_USE;
}

const char *nma_coverage_occasion(enum nma_rule_id rule)
{
	static const char *const names[NMA_OCCASION_MAX] = {
#define NMA_OCCASION(id, name) [NMA_OCCASION_##id] = name,
#include "nma_rules.def"
	};

	return names[__builtin_ctz(needed(rule))];
}

static unsigned int nic_things(const struct nma_nic *nic)
{
	unsigned int what = NMA_ON(NIC);

	if (nic->r.qops & NMA_QOPS_ALL & ~NMA_QOPS_PRESENT)
		what |= NMA_ON(RESTARTS);
	if (nic->r.flags & NMA_NIC_TX_VALID)
		what |= NMA_ON(TELLS_TX);
	if (nic->r.xdp_prog_id[0] || nic->r.xdp_prog_id[1])
		what |= NMA_ON(XDP);
	return what;
}

static unsigned int pool_things(const struct nma_pool *pool)
{
	unsigned int what = NMA_ON(POOL);

	if (pool->r.detached && pool->r.inflight)
		what |= NMA_ON(DESTROYED);
	if (pool->sought.still >= NMA_STILL_LOOKS && !pool->r.detached)
		what |= NMA_ON(OVER);
	if (!(pool->r.flags & NMA_PP_ALLOW_UNREADABLE))
		return what;
	what |= NMA_ON(PAYLOAD);
	if (pool->r.hdr.cause == NMA_CAUSE_CREATE)
		what |= NMA_ON(NEW_PAYLOAD);
	return what;
}

static unsigned int binding_things(const struct nma_binding *binding)
{
	unsigned int what = NMA_ON(BINDING);

	if (binding->r.dma_dir == NMA_DMA_TO_DEVICE)
		what |= NMA_ON(TX_BINDING);
	if (binding->r.hdr.cause == NMA_CAUSE_CREATE)
		what |= NMA_ON(NEW_BINDING);
	if (binding->unbound_ns || binding->seen.gone)
		what |= NMA_ON(UNBOUND);
	return what;
}

static unsigned int sock_things(const struct nma_rec_sock *r)
{
	unsigned int what = 0;

	if (r->taken || r->outstanding)
		what |= NMA_ON(SOCKET);
	if (r->tx_inflight || r->tx_unread || r->tx_done || r->tx_copied)
		what |= NMA_ON(ZC_SOCKET);
	return what;
}

static unsigned int things(enum nma_subject subject, union nma_ref ref)
{
	switch (subject) {
	case NMA_SUBJ_NIC:
		return nic_things(ref.nic);
	case NMA_SUBJ_QUEUE:
		return NMA_ON(QUEUE) | (nma_queue_bound(ref.queue) ? NMA_ON(BOUND) : 0);
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
		see(c, NMA_ON(BOUND_SYNC));
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
