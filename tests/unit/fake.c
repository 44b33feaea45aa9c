// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See fake.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/enforce.h"
#include "util/clock.h"
#include "fake.h"

struct fake fake;

/* session.h leaves the type open */
struct nma_session {
	int unused;
};

struct nma_ethtool {
	int unused;
};

/* For the program as such, which has no test to do it */
__attribute__((constructor)) void fake_reset(void)
{
	fake = (struct fake){
		.features = {
			.release = "7.2-fake", .privileged = true, .btf = true,
			.caps = ~0ull, .kptr_restrict = 1,
			.netmem = true, .hds_cfg = true,
			.hooks = NMA_HOOKS_ALL,
			.nr_config = 1,
			.config = { { "CONFIG_NET_DEVMEM", 'y', "dma-bufs" } },
		},
		.rings = { .hds = NMA_HDS_ON },
		.now_ns = 100 * NMA_NSEC_PER_SEC,
		.today = "2026-11-20",
	};
}

void fake_add(const void *rec)
{
	fake.state[fake.nr_state++] = rec;
}

void fake_send(const void *rec)
{
	fake.opts.fn(fake.opts.ctx, rec);
}

__u64 nma_clock_ns(void)
{
	return fake.now_ns;
}

__u64 nma_clock_wall_ns(void)
{
	return 1795996800 * NMA_NSEC_PER_SEC + fake.now_ns;
}

void nma_clock_today(char day[NMA_DAY_LEN])
{
	memcpy(day, fake.today, NMA_DAY_LEN);
}

int nma_features__probe(struct nma_features *f)
{
	*f = fake.features;
	return fake.features_err;
}

/* It has been read: see fake_reset(). */
void nma_features__read_config(struct nma_features *f)
{
	(void)f;
}

int nma_session__open(const struct nma_session_opts *opts, struct nma_session **out)
{
	*out = calloc(1, sizeof(**out));
	fake.open++;
	fake.opts = *opts;
	return fake.open_err;
}

static void mark(enum nma_mark what)
{
	struct nma_rec_mark r = {
		.hdr = { .type = NMA_REC_MARK, .size = sizeof(r) },
		.mark = what, .generation = fake.snapshots, .holders = ~0u,
	};

	fake_send(&r);
}

/* Who holds what, or everything else */
static void send_state(bool held)
{
	unsigned int i;

	for (i = 0; i < fake.nr_state; i++) {
		__u16 type = fake.state[i]->type;

		if (held == (type == NMA_REC_HELD || type == NMA_REC_CENSUS ||
			     type == NMA_REC_AGE))
			fake_send(fake.state[i]);
	}
}

/* As they are after a look */
static void send_pools(void)
{
	unsigned int i;

	for (i = 0; i < fake.nr_state; i++)
		if (fake.state[i]->type == NMA_REC_POOL)
			fake_send(fake.state[i]);
}

int nma_session__snapshot(struct nma_session *s)
{
	unsigned int i;

	(void)s;
	if (fake.snapshot_err)
		return fake.snapshot_err;
	fake.snapshots++;
	if (fake.snapshots <= fake.cut_walks)
		fake.lost.count[NMA_LOSS_WALK]++;
	mark(NMA_MARK_SNAPSHOT_BEGIN);
	if (fake.snapshots == 1)
		fake.now_ns += fake.first_look_ns;
	send_state(false);
	for (i = 0; i < 2; i++) {
		mark(NMA_MARK_HELD_BEGIN);
		send_state(true);
		if (fake.on_look)
			fake.on_look();
		if (!fake.ended_at || ++fake.looks < fake.ended_at)
			send_pools();
		mark(NMA_MARK_HELD_END);
	}
	mark(NMA_MARK_SNAPSHOT_END);
	return 0;
}

int nma_session__poll(struct nma_session *s, int timeout_ms)
{
	(void)s;
	if (fake.on_poll)
		fake.on_poll(fake.polls);
	fake.polls++;
	fake.now_ns += timeout_ms * NMA_NSEC_PER_MSEC;
	return 0;
}

void nma_session__seek_over(struct nma_session *s, bool over)
{
	(void)s;
	fake.opts.over = over;
}

int nma_session__lost(struct nma_session *s, struct nma_lost *lost)
{
	(void)s;
	*lost = fake.lost;
	return 0;
}

void nma_session__missed_by(const struct nma_session *s, char *buf, size_t size)
{
	(void)s;
	snprintf(buf, size, "nma_control %llu", fake.lost.count[NMA_LOSS_MISSED]);
}

bool nma_session__takes_seen(const struct nma_session *s)
{
	(void)s;
	return !fake.takes_unseen;
}

int nma_session__self(const struct nma_session *s, struct nma_self *self)
{
	(void)s;
	*self = (struct nma_self){ .nr = 2, .map_bytes = 3 << 20, .timed = fake.timed };
	self->prog = calloc(2, sizeof(*self->prog));
	strcpy(self->prog[0].name, "nma_token_take");
	strcpy(self->prog[1].name, "nma_refill");
	self->prog[1].runs = fake.timed ? fake.runs : 0;
	self->prog[1].run_ns = self->prog[1].runs * 250;
	return 0;
}

bool nma_session__blind(struct nma_session *s)
{
	(void)s;
	return fake.blind;
}

nma_hook_set nma_session__missing_hooks(const struct nma_session *s)
{
	(void)s;
	return fake.missing_hooks;
}

int nma_session__denied(const struct nma_session *s, __u32 *netns)
{
	(void)s;
	*netns = fake.denied_netns;
	return fake.denied_netns ? -EPERM : 0;
}

const char *nma_session__error(const struct nma_session *s)
{
	(void)s;
	return "the fake refused";
}

void nma_session__close(struct nma_session *s)
{
	if (s)
		fake.open--;
	free(s);
}

struct nma_ethtool *nma_ethtool__new(void)
{
	return calloc(1, sizeof(struct nma_ethtool));
}

void nma_ethtool__free(struct nma_ethtool *e)
{
	free(e);
}

int nma_ethtool__rss(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		     struct nma_queue_set *set)
{
	(void)e;
	(void)netns;
	(void)ifindex;
	if (fake.rss_err)
		return fake.rss_err;
	*set = (struct nma_queue_set){ .known = true };
	nma_queue_set_add(set, 0);
	return 0;
}

int nma_ethtool__rings(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		       struct nma_rings *rings)
{
	(void)e;
	(void)netns;
	(void)ifindex;
	if (!fake.rings_err)
		*rings = fake.rings;
	return fake.rings_err;
}

#define ATTEMPT(name) \
	struct nma_attempt nma_attempt__##name(const struct nma_attempt_at *at) \
	{ \
		fake.attempts++; \
		fake.attempt_queue = at->queue; \
		return fake.attempt; \
	}

ATTEMPT(xdp_driver)
ATTEMPT(xdp_driver_frags)
ATTEMPT(xdp_generic)
ATTEMPT(bind)
ATTEMPT(split_off)
ATTEMPT(hds_thresh)
ATTEMPT(channels)
struct nma_attempt nma_attempt__xsk_copy(const struct nma_attempt_at *at)
{
	const struct nma_attempt allowed = { NMA_UNDONE, 0, "" };

	fake.attempts++;
	fake.attempt_queue = at->queue;
	return fake.allowed_xsk_copy ? allowed : fake.attempt;
}

ATTEMPT(xsk_zerocopy)

/* ---- enforce.h: a kernel that can do all of it, with one refusal ----*/

int nma_enforce__on(const struct nma_policy_file *f, const struct nma_features *features,
		    struct nma_enforce_report *rep)
{
	unsigned int rule;

	(void)features;
	memset(rep, 0, sizeof(*rep));
	for (rule = 0; rule < NMA_RULE_MAX; rule++) {
		rep->rule[rule].mode = f->policy.mode[rule];
		if (rep->rule[rule].mode)
			rep->rule[rule].way = NMA_WAY_PROGRAM;
	}
	snprintf(rep->error, sizeof(rep->error), "as the fake kernel was told");
	return fake.enforce_err;
}

int nma_enforce__off(char *error, size_t size)
{
	snprintf(error, size, "as the fake kernel was told");
	return fake.enforce_err;
}

int nma_enforce__status(struct nma_enforce_status *st)
{
	memset(st, 0, sizeof(*st));
	snprintf(st->error, sizeof(st->error), "nothing is enforced");
	snprintf(st->state.path, sizeof(st->state.path), "/etc/netmem-audit/policy");
	st->rule[NMA_RULE_BIND_05].mode = NMA_MODE_ENFORCE;
	snprintf(st->rule[NMA_RULE_BIND_05].hooks, sizeof(st->rule[0].hooks),
		 "socket_bind");
	st->count[NMA_RULE_BIND_05].refused = 7;
	st->last[0] = (struct nma_refusal){
		.nr = 7, .rule = NMA_RULE_BIND_05, .reason = NMA_REASON_XSK,
		.mode = NMA_MODE_ENFORCE, .err = 16, .pid = 4711, .ifname = "nm0",
		.comm = "xdpsock",
	};
	st->nr_last = 1;
	return fake.enforce_err;
}
