// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What NM-PP-06 says of a destroyed pool whose buffers are still out, by who has
 * them. The driver is accused of none but those that are nowhere: looked for twice,
 * in every place that we know. What an application sits on is the application's;
 * what waits on a CPU comes back when that next receives.
 */
#include <stdio.h>
#include <string.h>

#include "model/holder.h"
#include "rules/rules.h"

enum { LOST, KEPT, AT_REST };	/* details of the rule */

#define HOLDER(id)	(1u << NMA_HOLDER_##id)
#define APPLICATIONS	(HOLDER(SOCKET) | HOLDER(TX) | HOLDER(TOKEN) | HOLDER(ZCRX))
#define PACKETS		(HOLDER(STACK) | HOLDER(XDP))
#define IN_TIME		(HOLDER(CACHE) | HOLDER(RING) | HOLDER(GRO) | HOLDER(BACKLOG) | \
			 HOLDER(DEFER))

/* Frames that the thread of a cpumap takes at once; nobody else knows them then. */
#define CPUMAP_BATCH	8

/* Buffers of a pool that some kinds of holders have */
struct share {
	__u64 buffers;
	unsigned int places;
	const struct nma_held *most;
};

static struct share share_of(const struct nma_model *m, __u32 pool_id, __u32 holders)
{
	struct share s = { 0 };

	nma_held_for_each(m, held) {
		if (held->r.pool_id != pool_id || !(holders & 1u << held->r.holder))
			continue;
		s.buffers += held->r.buffers;
		s.places++;
		if (!s.most || held->r.buffers > s.most->r.buffers)
			s.most = held;
	}
	return s;
}

static void socket_evidence(struct nma_finding *f, const struct nma_rec_held *r)
{
	f->cookie = r->cookie;
	if (r->hdr.pid) {
		nma_value_u64(nma_finding_ev(f, "holder_pid"), r->hdr.pid);
		nma_value_strn(nma_finding_ev(f, "holder_comm"), r->hdr.comm, NMA_COMM_LEN);
	}
	if (r->sport)
		nma_value_endpoint(nma_finding_ev(f, "local"), r->family, r->src, r->sport);
	if (r->dport)
		nma_value_endpoint(nma_finding_ev(f, "remote"), r->family, r->dst, r->dport);
	if (nma_holder_state(r))
		nma_value_str(nma_finding_ev(f, "state"), nma_holder_state(r));
}

static void share_evidence(struct nma_finding *f, const struct share *s)
{
	const struct nma_rec_held *r = &s->most->r;

	nma_value_u64(nma_finding_ev(f, "buffers"), s->buffers);
	nma_value_str(nma_finding_ev(f, "holder"), nma_holder_name(r->holder));
	if (r->where)
		nma_value_str(nma_finding_ev(f, "holder_queue"), nma_where_text(r->where));
	if (r->cpu != NMA_NO_CPU)
		nma_value_u64(nma_finding_ev(f, "holder_cpu"), r->cpu);
	if (r->map_id)
		nma_value_u64(nma_finding_ev(f, "map_id"), r->map_id);
	if (r->family)
		socket_evidence(f, r);
}

static void pool_evidence(const struct nma_rule_ctx *ctx, struct nma_finding *f,
			  const struct nma_pool *pool)
{
	const struct nma_rec_pool *r = &pool->r;

	f->kind = NMA_KIND_LEAK;
	f->since_ns = r->detach_ns;
	nma_finding_hold(f, NMA_AGE, ctx->limits->stall_ns);
	nma_value_s64(nma_finding_ev(f, "inflight"), r->inflight);
	if (r->detach_ns && r->detach_ns < ctx->now_ns)
		nma_value_u64(nma_finding_ev(f, "detached_for_ns"),
			      ctx->now_ns - r->detach_ns);
	nma_pool_evidence(f, pool);
}

static void say_held(const struct nma_rule_ctx *ctx, const struct nma_pool *pool,
		     struct nma_verdict *v, unsigned int detail, __u32 holders)
{
	struct share s = share_of(ctx->model, pool->r.pool_id, holders);
	struct nma_finding *f;
	char more[64] = "";
	char where[192];

	if (!s.buffers)
		return;
	nma_holder_does(where, sizeof(where), &s.most->r);
	if (s.places > 1)
		snprintf(more, sizeof(more), ", %llu more in %u other places",
			 s.buffers - s.most->r.buffers, s.places - 1);
	f = nma_verdict_add(v, detail, detail == KEPT ? NMA_SEV_W : NMA_SEV_I,
			    "%u buffers of a destroyed page_pool %s%s",
			    s.most->r.buffers, where, more);
	share_evidence(f, &s);
	pool_evidence(ctx, f, pool);
}

/* "socket, token table or GRO list" */
static void list_places(char *dst, size_t size, __u32 holders)
{
	size_t len = 0;
	__u32 i;

	dst[0] = '\0';
	for (i = 0; i < NMA_HOLDER_MAX; i++)
		if (!nma_holder_text(i))
			holders &= ~(1u << i);
	for (i = 0; holders; i++) {
		if (!(holders & 1u << i))
			continue;
		holders &= ~(1u << i);
		snprintf(dst + len, size - len, "%s%s",
			 !len ? "" : holders ? ", " : " or ", nma_holder_text(i));
		len = strlen(dst);
	}
}

static void say_lost(const struct nma_rule_ctx *ctx, const struct nma_pool *pool,
		     struct nma_verdict *v)
{
	/* where cpumaps could not be looked into, packets could not */
	__u32 all = APPLICATIONS | HOLDER(STACK) | IN_TIME, unseen = all & ~ctx->model->looked_at;
	__s32 lost = pool->sought.lost;
	struct nma_finding *f;
	char places[192];

	if (lost > pool->r.inflight)
		lost = pool->r.inflight;
	lost -= CPUMAP_BATCH * share_of(ctx->model, pool->r.pool_id, HOLDER(XDP)).places;
	if (pool->sought.looks < 2 || lost <= 0)
		return;
	list_places(places, sizeof(places), unseen ? unseen : all);
	f = nma_verdict_add(v, LOST, unseen ? NMA_SEV_W : NMA_SEV_E,
			    "%d buffer%s of a destroyed page_pool %s not come back%s %s%s",
			    lost, lost == 1 ? "" : "s", lost == 1 ? "has" : "have",
			    unseen ? "; not every" : lost == 1 ? " and is in no" : " and are in no",
			    places, unseen ? " could be looked into" : "");
	nma_value_s64(nma_finding_ev(f, "buffers"), lost);
	if (!unseen)	/* so that it is with whoever took it: as in leaks */
		nma_value_str(nma_finding_ev(f, "holder"),
			      nma_holder_name(NMA_HOLDER_DRIVER));
	pool_evidence(ctx, f, pool);
}

void nma_held_verdict(const struct nma_rule_ctx *ctx, const struct nma_pool *pool,
		      struct nma_verdict *v)
{
	say_lost(ctx, pool, v);
	say_held(ctx, pool, v, KEPT, APPLICATIONS | PACKETS);
	say_held(ctx, pool, v, AT_REST, IN_TIME);
}
