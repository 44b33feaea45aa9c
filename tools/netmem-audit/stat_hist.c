// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See stat_hist.h. Text as bpftrace shows its own.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "stat_hist.h"
#include "util/json.h"
#include "util/text.h"

#define BAR	52

static struct nma_stat_hist *mark_of(struct nma_stat_hists *hists, __u32 kind, __u32 id)
{
	struct nma_stat_hist *h = nma_table_find(&hists->marks, kind, id);

	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h || nma_table_add(&hists->marks, &h->node, kind, id)) {
		free(h);
		return NULL;
	}
	return h;
}

/* Several pools may be on one binding: the first has its tokens. */
static int take(struct nma_stat_hists *hists, const struct nma_model *m,
		enum nma_hist_kind kind, __u32 id, const struct nma_stat_row *row)
{
	const struct nma_hist *hist = nma_model__hist(m, kind, id);
	struct nma_stat_hist *h;
	int i;

	if (!hist)
		return 0;
	h = mark_of(hists, kind, id);
	if (!h)
		return -ENOMEM;
	if (h->row)
		return 0;
	h->row = row;
	for (i = 0; i < NMA_HIST_SLOTS; i++) {
		h->slot[i] = hist->r.slot[i] - h->total[i];
		h->total[i] = hist->r.slot[i];
	}
	return 0;
}

int nma_stat_hists__update(struct nma_stat_hists *hists, const struct nma_model *m,
			   const struct nma_stat_rows *rows)
{
	const struct nma_stat_row *row;
	size_t i;
	int err = 0;

	nma_table_for_each(&hists->marks, n)
		((struct nma_stat_hist *)n)->row = NULL;
	for (i = 0; i < rows->nr_pools && !err; i++) {
		row = rows->pool[i];
		if (row->binding_id)
			err = take(hists, m, NMA_HIST_TOKEN_AGE, row->binding_id, row);
		if (!err)
			err = take(hists, m, NMA_HIST_CIRCULATION, row->rc->r.pool_id, row);
	}
	return err;
}

/* From the first slot with something in it up to the last, excluded; false: none */
static bool range(const struct nma_stat_hist *h, int *first, int *end)
{
	int i;

	*end = 0;
	for (i = NMA_HIST_SLOTS - 1; i >= 0; i--) {
		if (!h->slot[i])
			continue;
		*first = i;
		if (!*end)
			*end = i + 1;
	}
	return h->row && *end;
}

static struct json_object *buckets(const struct nma_stat_hist *h, int first, int end)
{
	struct json_object *arr = json_object_new_array(), *obj;
	int i;

	for (i = first; i < end; i++) {
		obj = json_object_new_object();
		json_object_object_add(obj, "min",
				       json_object_new_uint64(i ? 1ull << i : 0));
		if (i < NMA_HIST_SLOTS - 1)
			json_object_object_add(obj, "max",
					       json_object_new_uint64((2ull << i) - 1));
		json_object_object_add(obj, "count", json_object_new_uint64(h->slot[i]));
		json_object_array_add(arr, obj);
	}
	return arr;
}

static void ifname_of(const struct nma_stat_hist *h, char ifname[NMA_IFNAME_LEN + 1])
{
	memcpy(ifname, h->row->owner.ifname, NMA_IFNAME_LEN);
	ifname[NMA_IFNAME_LEN] = '\0';
}

static struct json_object *json_of(const struct nma_stat_hist *h, int first, int end)
{
	struct json_object *obj = json_object_new_object();
	const struct nma_owner *owner = &h->row->owner;
	char ifname[NMA_IFNAME_LEN + 1];

	ifname_of(h, ifname);
	nma_json_add_str(obj, "name", nma_hist_name(h->node.key[0]));
	nma_json_add_str(obj, "ifname", ifname);
	if (owner->queue != NMA_NO_QUEUE)
		json_object_object_add(obj, "queue", json_object_new_uint64(owner->queue));
	json_object_object_add(obj, "pool_id",
			       json_object_new_uint64(h->row->rc->r.pool_id));
	json_object_object_add(obj, "buckets", buckets(h, first, end));
	return obj;
}

struct json_object *nma_stat_hists__json(const struct nma_stat_hists *hists)
{
	struct json_object *arr = json_object_new_array();
	int first, end;

	nma_table_for_each(&hists->marks, n) {
		const struct nma_stat_hist *h = (const struct nma_stat_hist *)n;

		if (range(h, &first, &end))
			json_object_array_add(arr, json_of(h, first, end));
	}
	return arr;
}

/* "1K" is 1024, as bpftrace has it */
static void bound(char *dst, size_t size, int power)
{
	static const char units[] = { '\0', 'K', 'M', 'G', 'T' };

	if (power < 0)
		snprintf(dst, size, "0");
	else
		snprintf(dst, size, "%u%.1s", 1u << power % 10, &units[power / 10]);
}

static void put_slot(FILE *f, const struct nma_stat_hist *h, int i, __u64 most)
{
	char from[8], to[8], label[24], bar[BAR + 1];
	size_t len = h->slot[i] * BAR / most;

	bound(from, sizeof(from), i ? i : -1);
	bound(to, sizeof(to), i + 1);
	snprintf(label, sizeof(label), "[%s, %s)", from, to);
	memset(bar, '@', len);
	bar[len] = '\0';
	fprintf(f, "%-14s %10llu |%-*s|\n", label, h->slot[i], BAR, bar);
}

static void put_hist(FILE *f, const struct nma_stat_hist *h, int first, int end)
{
	char ifname[NMA_IFNAME_LEN + 1], safe[4 * NMA_IFNAME_LEN + 1];
	const struct nma_owner *owner = &h->row->owner;
	__u64 most = 1;
	int i;

	ifname_of(h, ifname);
	nma_text_safe(safe, sizeof(safe), ifname, NMA_IFNAME_LEN, NMA_TEXT_TERMINAL);
	fprintf(f, "\n@%s[%s", nma_hist_name(h->node.key[0]), safe[0] ? safe : "-");
	if (owner->queue != NMA_NO_QUEUE)
		fprintf(f, ", queue %u", owner->queue);
	fprintf(f, ", page_pool %u]:\n", h->row->rc->r.pool_id);
	for (i = first; i < end; i++)
		if (h->slot[i] > most)
			most = h->slot[i];
	for (i = first; i < end; i++)
		put_slot(f, h, i, most);
}

void nma_stat_hists__text(const struct nma_stat_hists *hists, FILE *f)
{
	int first, end;

	nma_table_for_each(&hists->marks, n) {
		const struct nma_stat_hist *h = (const struct nma_stat_hist *)n;

		if (range(h, &first, &end))
			put_hist(f, h, first, end);
	}
}

void nma_stat_hists__free(struct nma_stat_hists *hists)
{
	nma_table_free(&hists->marks);
}
