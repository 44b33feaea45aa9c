// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See stat_self.h.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "stat_self.h"

#define SHOWN_MOST	8	/* programs, in text */

static int longest_first(const void *a, const void *b)
{
	const struct nma_prog_cost *x = a, *y = b;

	if (x->run_ns != y->run_ns)
		return x->run_ns < y->run_ns ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* In order of loading, which stays the same; a walk may load more at the end. */
static struct nma_prog_cost *difference(const struct nma_self *from,
					const struct nma_self *to)
{
	struct nma_prog_cost *cost = calloc(to->nr + 1, sizeof(*cost));
	size_t i;

	if (!cost)
		return NULL;
	for (i = 0; i < to->nr; i++) {
		cost[i] = to->prog[i];
		if (i >= from->nr)
			continue;
		cost[i].runs -= from->prog[i].runs;
		cost[i].run_ns -= from->prog[i].run_ns;
	}
	qsort(cost, to->nr, sizeof(*cost), longest_first);
	return cost;
}

int nma_stat_self__update(struct nma_stat_self *self, const struct nma_session *s,
			  __u64 span_ns)
{
	struct nma_self now;
	int err;

	err = nma_session__self(s, &now);
	if (err) {
		free(now.prog);
		return err;
	}
	free(self->now.prog);
	self->now = now;
	self->now.prog = difference(&self->before, &now);
	self->span_ns = span_ns;
	free(self->before.prog);
	self->before = now;
	return self->now.prog ? 0 : -ENOMEM;
}

struct json_object *nma_stat_self__json(const struct nma_stat_self *self)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *progs = json_object_new_array(), *p;
	const struct nma_prog_cost *cost;

	json_object_object_add(obj, "bpf_stats_enabled",
			       json_object_new_boolean(self->now.timed));
	json_object_object_add(obj, "maps_bytes",
			       json_object_new_uint64(self->now.map_bytes));
	for (cost = self->now.prog; cost < self->now.prog + self->now.nr; cost++) {
		p = json_object_new_object();
		json_object_object_add(p, "name", nma_json_str(cost->name));
		if (self->now.timed) {
			json_object_object_add(p, "runs", json_object_new_uint64(cost->runs));
			json_object_object_add(p, "run_time_ns",
					       json_object_new_uint64(cost->run_ns));
		}
		json_object_array_add(progs, p);
	}
	json_object_object_add(obj, "programs", progs);
	return obj;
}

static size_t shown(const struct nma_stat_self *self)
{
	size_t i;

	for (i = 0; i < self->now.nr && i < SHOWN_MOST; i++)
		if (!self->now.prog[i].runs)
			break;
	return self->now.timed ? i : 0;
}

size_t nma_stat_self__lines(const struct nma_stat_self *self)
{
	return 2 + (self->now.timed ? 1 + shown(self) : 1);
}

static void put_programs(const struct nma_stat_self *self, const struct nma_stat_view *view)
{
	const struct nma_prog_cost *cost = self->now.prog;
	__u64 span_ns = self->span_ns ? self->span_ns : 1, share;
	FILE *f = view->out->file;
	char runs[16];
	size_t i;

	fprintf(f, "%-32s %6s %6s %6s", "PROGRAM", "RUN/S", "NS/RUN", "CPU%");
	nma_stat_view__end_line(view);
	for (i = 0; i < shown(self); i++, cost++) {
		nma_stat_scaled(runs, sizeof(runs),
				(unsigned __int128)cost->runs * NMA_NSEC_PER_SEC / span_ns);
		share = (unsigned __int128)cost->run_ns * 10000 / span_ns;
		fprintf(f, "%-32.32s %6s %6llu %3llu.%02llu", cost->name, runs,
			cost->run_ns / cost->runs, share / 100, share % 100);
		nma_stat_view__end_line(view);
	}
}

void nma_stat_self__text(const struct nma_stat_self *self,
			 const struct nma_stat_view *view, const struct nma_lost *lost)
{
	FILE *f = view->out->file;
	__u64 nr_lost = 0;
	int i;

	for (i = 0; i < NMA_LOSS_MAX; i++)
		nr_lost += lost->count[i];
	nma_stat_view__end_line(view);
	fprintf(f, "the audit itself: %zu programs, %llu KiB of maps, %llu lost", self->now.nr,
		self->now.map_bytes >> 10, nr_lost);
	nma_stat_view__end_line(view);
	if (self->now.timed) {
		put_programs(self, view);
		return;
	}
	fputs("runs are not counted: sysctl -w kernel.bpf_stats_enabled=1", f);
	nma_stat_view__end_line(view);
}

void nma_stat_self__free(struct nma_stat_self *self)
{
	free(self->before.prog);
	free(self->now.prog);
}
