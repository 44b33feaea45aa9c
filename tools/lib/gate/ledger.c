// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See ledger.h.
 */
#include <stdlib.h>
#include <string.h>

#include "gate/ledger.h"

/* The row of that key, a new one of @size bytes if there is none. */
static void *row(struct nma_ledger *l, struct nma_table *t, size_t size, __u64 k0,
		 __u64 k1)
{
	void *found = nma_table_find(t, k0, k1);

	if (found)
		return found;
	found = calloc(1, size);
	if (found && !nma_table_add(t, found, k0, k1))
		return found;
	free(found);
	l->no_memory = true;
	return NULL;
}

static void name_key(const char *ifname, __u64 key[2])
{
	char padded[NMA_IFNAME_LEN] = "";

	memcpy(padded, ifname, strnlen(ifname, NMA_IFNAME_LEN));
	memcpy(key, padded, sizeof(padded));
}

static void note_name(struct nma_ledger *l, const char *ifname)
{
	__u64 key[2];

	if (!ifname[0])
		return;
	name_key(ifname, key);
	row(l, &l->names, sizeof(struct nma_entry_name), key[0], key[1]);
}

bool nma_ledger__knows(const struct nma_ledger *l, const char *ifname)
{
	__u64 key[2];

	name_key(ifname, key);
	return nma_table_find(&l->names, key[0], key[1]);
}

/* A pool that is seen first when it is destroyed, or later, tells nothing of its
 * owner any more: what was known stays.
 */
static void note_owner(struct nma_entry_pool *p, const struct nma_owner *owner)
{
	if (owner->ifname[0] || !p->owner.ifname[0])
		p->owner = *owner;
}

static void note_place(struct nma_ledger *l, struct nma_entry_pool *p,
		       const struct nma_pool *pool)
{
	note_owner(p, &pool->owner);
	p->foreign = l->wanted &&
		     !l->wanted(l->ctx, p->owner.netns, p->owner.ifname);
}

static void take_pool(struct nma_ledger *l, const struct nma_pool *pool,
		      const struct nma_rec_hdr *hdr)
{
	struct nma_entry_pool *p;

	if (!pool->r.pool_id)
		return;
	p = row(l, &l->pools, sizeof(*p), pool->r.pool_id, 0);
	if (!p)
		return;
	if (!p->pool_id) {
		p->pool_id = pool->r.pool_id;
		p->owner.queue = NMA_NO_QUEUE;
		p->before = !l->open;
		p->created_ns = l->open ? pool->r.create_ns : 0;
	}
	note_place(l, p, pool);
	note_name(l, pool->owner.ifname);
	p->order = pool->r.order;
	p->mp = pool->r.mp;
	p->binding_id = pool->r.binding_id ? pool->r.binding_id : p->binding_id;
	p->inflight = pool->r.inflight;
	p->destroyed |= pool->r.detached;
	if (pool->r.detached && !p->destroyed_ns && !p->dead_before)
		p->destroyed_ns = pool->r.detach_ns ? pool->r.detach_ns : hdr->time_ns;
	if (hdr->cause != NMA_CAUSE_GONE)
		return;
	p->gone = true;
	p->destroyed = true;
	p->gone_ns = hdr->time_ns;
	p->inflight = 0;
}

static void take_flows(struct nma_ledger *l, const struct nma_model *m, __u32 pool_id)
{
	struct nma_entry_pool *p = nma_table_find(&l->pools, pool_id, 0);
	const struct nma_recycle *rc = nma_table_find(&m->recycles, pool_id, 0);

	if (!p || !rc)
		return;
	note_owner(p, &rc->owner);
	if (!l->open)
		p->begin = rc->total;
	p->flows = rc->total;
}

static void sock_ifname(const struct nma_model *m, const struct nma_rec_sock *r,
			char *ifname)
{
	const struct nma_binding *b = nma_model__binding(m, r->binding_id);
	const struct nma_nic *nic = b ? nma_model__nic(m, b->r.netdev) : NULL;

	if (nic)
		memcpy(ifname, nic->r.ifname, NMA_IFNAME_LEN);
	else if (b)
		memcpy(ifname, b->was_ifname, NMA_IFNAME_LEN);
}

static void take_sock(struct nma_ledger *l, const struct nma_model *m,
		      const struct nma_rec_sock *r)
{
	struct nma_entry_sock *s = row(l, &l->socks, sizeof(*s), r->cookie, 0);

	if (!s)
		return;
	sock_ifname(m, r, s->ifname);
	s->r = *r;
	s->foreign = l->wanted && !l->wanted(l->ctx, r->hdr.netns, s->ifname);
	s->gone = r->hdr.cause == NMA_CAUSE_GONE;
	if (l->open)
		return;
	s->before = r->outstanding;
	s->taken_before = r->taken;
	s->returned_before = r->returned;
}

static void take_op(struct nma_ledger *l, const struct nma_rec_op *op)
{
	struct nma_entry_refusal *r;

	if (op->op != NMA_OP_XDP_INSTALL || op->ret >= 0 || !l->open)
		return;
	r = row(l, &l->refusals, sizeof(*r), l->refusals.nr, 0);
	if (!r)
		return;
	memcpy(r->ifname, op->ifname, NMA_IFNAME_LEN);
	note_name(l, r->ifname);
	r->mode = op->mode;
	r->err = op->ret;
	r->time_ns = op->hdr.time_ns;
}

void nma_ledger__take(struct nma_ledger *l, const struct nma_model *m,
		      const struct nma_change *change)
{
	const struct nma_rec_hdr *hdr = change->hdr;

	switch (hdr->type) {
	case NMA_REC_NIC:
		note_name(l, ((const struct nma_rec_nic *)hdr)->ifname);
		break;
	case NMA_REC_POOL:
		if (hdr->cause != NMA_CAUSE_CREATE_FAILED && change->ref.pool)
			take_pool(l, change->ref.pool, hdr);
		break;
	case NMA_REC_RECYCLE:
		take_flows(l, m, ((const struct nma_rec_recycle *)hdr)->pool_id);
		break;
	case NMA_REC_SOCK:
		take_sock(l, m, (const struct nma_rec_sock *)hdr);
		break;
	case NMA_REC_OP:
		take_op(l, (const struct nma_rec_op *)hdr);
		break;
	default:
		break;
	}
}

void nma_ledger__open(struct nma_ledger *l, const struct nma_model *m)
{
	nma_ledger__look(l, m);
	nma_table_for_each(&l->pools, n) {
		struct nma_entry_pool *p = (struct nma_entry_pool *)n;

		p->dead_before = p->destroyed;
		p->destroyed_ns = 0;
		p->begin = p->flows;
	}
	l->open = true;
}

/* The pool itself looks after what is in its ring once a second. What a CPU has freed and
 * not yet put back comes back when it next receives, like all that it has yet to deliver.
 */
#define AT_REST	(1u << NMA_HOLDER_CACHE | 1u << NMA_HOLDER_RING | 1u << NMA_HOLDER_GRO | \
		 1u << NMA_HOLDER_BACKLOG | 1u << NMA_HOLDER_DEFER)

static __s64 at_rest(const struct nma_model *m, const struct nma_pool *pool)
{
	__s64 nr = 0;

	if (!pool->sought.looks || pool->sought.look != m->looks)
		return 0;
	nma_held_for_each(m, held)
		if (held->r.pool_id == pool->r.pool_id &&
		    AT_REST & 1u << held->r.holder)
			nr += held->r.buffers;
	return nr < pool->r.inflight ? nr : pool->r.inflight;
}

void nma_ledger__look(struct nma_ledger *l, const struct nma_model *m)
{
	bool looked = l->looks != m->looks;
	const struct nma_pool *pool;

	l->looks = m->looks;
	nma_table_for_each(&l->pools, n) {
		struct nma_entry_pool *p = (struct nma_entry_pool *)n;

		take_flows(l, m, p->pool_id);
		pool = nma_model__pool(m, p->pool_id);
		/* a walk that did not meet it any more */
		if (!pool || pool->seen.gone) {
			p->gone = p->destroyed = true;
			p->inflight = 0;
			continue;
		}
		note_place(l, p, pool);
		p->inflight = pool->r.inflight;
		p->at_rest = pool->r.detached ? at_rest(m, pool) : 0;
		if (looked && !pool->r.detached)
			nma_excess__look(&p->excess, m, pool, l->open, l->over);
	}
	nma_table_for_each(&l->socks, n) {
		struct nma_entry_sock *s = (struct nma_entry_sock *)n;
		const struct nma_sock *sock = nma_model__sock(m, n->key[0]);

		s->gone |= !sock || sock->seen.gone;
	}
}

void nma_ledger__end(struct nma_ledger *l, __u64 now_ns, __u64 age_ns)
{
	nma_table_for_each(&l->pools, n) {
		struct nma_entry_pool *p = (struct nma_entry_pool *)n;

		p->young = p->destroyed_ns && p->destroyed_ns + age_ns > now_ns;
	}
	nma_table_for_each(&l->socks, n) {
		struct nma_entry_sock *s = (struct nma_entry_sock *)n;

		s->young = age_ns && (!s->r.oldest_ns || s->r.oldest_ns + age_ns > now_ns);
	}
}

void nma_ledger__free(struct nma_ledger *l)
{
	nma_table_free(&l->pools);
	nma_table_free(&l->socks);
	nma_table_free(&l->names);
	nma_table_free(&l->refusals);
}

/* Whatever comes of it */
static __s64 out_of(const struct nma_entry_pool *p)
{
	if (p->dead_before || !p->destroyed || p->gone || p->foreign ||
	    p->inflight <= p->at_rest)
		return 0;
	return p->inflight - p->at_rest;
}

__u64 nma_entry_leaked(const struct nma_entry_pool *p)
{
	return p->excused || p->young ? 0 : out_of(p);
}

__u64 nma_entry_lost(const struct nma_entry_pool *p)
{
	return p->destroyed || p->foreign ? 0 : nma_excess_lost(&p->excess);
}

const char *nma_entry_doubt(const struct nma_entry_pool *p)
{
	if (p->excused || p->foreign)
		return NULL;
	if (p->destroyed)
		return p->young && out_of(p) ? "it was destroyed just before the end" : NULL;
	return nma_excess_doubt(&p->excess);
}

static bool keeps_tokens(const struct nma_entry_sock *s)
{
	return !s->before && !s->gone && !s->excused && !s->foreign && s->r.outstanding;
}

__u64 nma_entry_outstanding(const struct nma_entry_sock *s)
{
	return keeps_tokens(s) && !s->young ? s->r.outstanding : 0;
}

bool nma_entry_may_return(const struct nma_entry_sock *s)
{
	return keeps_tokens(s) && s->young;
}

bool nma_ledger__is_quiet(const struct nma_ledger *l, const struct nma_model *m)
{
	nma_ledger_for_each_pool(l, p)
		if (out_of(p) || (!p->destroyed && !p->foreign &&
				  nma_excess_is_open(&p->excess)))
			return false;
	nma_ledger_for_each_sock(l, s)
		if (keeps_tokens(s))
			return false;
	nma_model_for_each(struct nma_binding, &m->bindings, b)
		if (b->unbound_ns && !b->seen.gone && !b->seen.pre_existing)
			return false;
	return true;
}
