// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a verdict rests on: where it was made, what was looked at, and which rules
 * were judged (judge/coverage.h). See view.h.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kernel/features.h"
#include "kernel/recording.h"
#include "util/clock.h"
#include "view.h"

static void add_u64(struct json_object *obj, const char *key, __u64 u)
{
	json_object_object_add(obj, key, json_object_new_uint64(u));
}

/* "2026-11-30 01:02:03 UTC" */
static void day_and_time(__u64 wall_ns, char *dst, size_t size)
{
	time_t seconds = wall_ns / NMA_NSEC_PER_SEC;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(dst, size, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(dst, size, "an unknown day");
}

void nma_view_origin(const struct nma_audit *a)
{
	const struct nma_origin *o = &a->source->origin;
	char when[64], length[64] = "";
	__u64 ns = a->now_ns - o->time_ns;

	if (!a->opts.from)
		return;
	day_and_time(o->wall_ns, when, sizeof(when));
	if (nma_audit__step(a) == NMA_STEP_END)
		snprintf(length, sizeof(length), " for %llu.%llu s", ns / NMA_NSEC_PER_SEC,
			 ns % NMA_NSEC_PER_SEC / (NMA_NSEC_PER_SEC / 10));
	nma_out_text(&a->env->out, 0,
		     "recorded on %s, kernel %s (%s), by version %s, from %s%s",
		     o->host, o->release, o->machine,
		     nma_recording__info(a->source)->version, when, length);
}

/* Both clocks, so that times of findings can be told in those of other logs. */
void nma_view_origin_json(const struct nma_audit *a, struct json_object *doc)
{
	const struct nma_origin *o = &a->source->origin;

	nma_json_add_str(doc, "host", o->host);
	nma_json_add_str(doc, "kernel", o->release);
	nma_json_add_str(doc, "architecture", o->machine);
	nma_json_add_str(doc, "version", NMA_VERSION);
	if (a->opts.from) {
		nma_json_add_str(doc, "recording", a->opts.from);
		nma_json_add_str(doc, "recorded_by",
				 nma_recording__info(a->source)->version);
		add_u64(doc, "wall_time_ns", o->wall_ns + (a->now_ns - o->time_ns));
		add_u64(doc, "time_ns", a->now_ns);
		return;
	}
	add_u64(doc, "wall_time_ns", nma_clock_wall_ns());
	add_u64(doc, "time_ns", nma_clock_ns());
}

static unsigned int count_wanted(const struct nma_audit *a, const struct nma_table *t,
				 enum nma_subject subject)
{
	unsigned int nr = 0;

	nma_table_for_each(t, n) {
		struct nma_place place = { 0 };

		nma_subjects[subject].place(a->model, (union nma_ref){ .any = n }, &place);
		nr += nma_audit__wanted(a, place.netns, place.ifname);
	}
	return nr;
}

struct looked_at {
	unsigned int nics;
	unsigned int queues;
	unsigned int pools;
	unsigned int bindings;
};

static struct looked_at count_all(const struct nma_audit *a)
{
	const struct nma_model *m = a->model;

	return (struct looked_at){
		.nics = count_wanted(a, &m->nics, NMA_SUBJ_NIC),
		.queues = count_wanted(a, &m->queues, NMA_SUBJ_QUEUE),
		.pools = count_wanted(a, &m->pools, NMA_SUBJ_POOL),
		.bindings = count_wanted(a, &m->bindings, NMA_SUBJ_BINDING),
	};
}

void nma_view_looked_at(const struct nma_audit *a)
{
	struct looked_at n = count_all(a);

	nma_out_text(&a->env->out, 0,
		     "looked at devices: %u, RX queues: %u, page_pools: %u, bindings: %u",
		     n.nics, n.queues, n.pools, n.bindings);
}

void nma_view_looked_at_json(const struct nma_audit *a, struct json_object *doc)
{
	struct json_object *obj = json_object_new_object();
	struct looked_at n = count_all(a);

	add_u64(obj, "nics", n.nics);
	add_u64(obj, "queues", n.queues);
	add_u64(obj, "pools", n.pools);
	add_u64(obj, "bindings", n.bindings);
	json_object_object_add(doc, "looked_at", obj);
}

/* ", 9 had no occasion", with ":" instead of "," in front of the first. */
static size_t share(const struct nma_audit *a, enum nma_cover cover, const char *text,
		    char *dst, size_t size, size_t len)
{
	unsigned int nr = nma_coverage__count(&a->coverage, cover);
	bool begun = strchr(dst, ':');

	if (!nr || len >= size)
		return len;
	return len + snprintf(dst + len, size - len, "%s %u %s", begun ? "," : ":", nr,
			      text);
}

static void missing_text(nma_hook_set missing, char *dst, size_t size)
{
	size_t len = 0;
	int i;

	snprintf(dst, size, "network memory");
	for (i = 0; i < NMA_HOOK_MAX && len < size; i++)
		if (missing & NMA_HOOK_BIT(i))
			len += snprintf(dst + len, size - len, "%s%s", len ? ", " : "",
					nma_hook_name(i));
}

static void show_rule(const struct nma_audit *a, enum nma_rule_id rule)
{
	const struct nma_out *out = &a->env->out;
	const char *id = nma_rules[rule].id;
	char names[256];

	switch (a->coverage.cover[rule]) {
	case NMA_COVER_NO_OCCASION:
		nma_out_text(out, 2, "%s had no occasion: there was not %s", id,
			     nma_coverage_occasion(rule));
		return;
	case NMA_COVER_NO_HOOK:
		missing_text(a->coverage.missing[rule], names, sizeof(names));
		nma_out_text(out, 2, "%s cannot be observed here: it needs %s", id,
			     names);
		return;
	case NMA_COVER_NEEDS_WATCH:
		nma_out_text(out, 2, "%s needs watch", id);
		return;
	case NMA_COVER_NEEDS_DEEP:
		nma_out_text(out, 2, "%s needs watch --deep", id);
		return;
	default:
		return;
	}
}

static const char *rule_name(enum nma_rule_id rule)
{
	return rule < NMA_RULE_MAX ? nma_rules[rule].id : "all rules";
}

static void show_blind(const struct nma_audit *a)
{
	const struct nma_coverage *c = &a->coverage;
	const struct nma_out *out = &a->env->out;
	const struct nma_blind *b;
	char place[64];

	for (b = c->blind; b < c->blind + c->nr_blind; b++) {
		snprintf(place, sizeof(place), "%.*s", NMA_IFNAME_LEN,
			 b->ifname[0] ? b->ifname : "any device");
		if (b->queue != NMA_NO_QUEUE)
			snprintf(place + strlen(place), sizeof(place) - strlen(place),
				 " queue %u", b->queue);
		nma_out_text(out, 0, "%s could not be judged on %s: %s",
			     rule_name(b->rule), place, b->reason);
	}
	if (c->more_blind)
		nma_out_text(out, 0, "and %u more could not be judged", c->more_blind);
}

void nma_view_coverage(const struct nma_audit *a)
{
	const struct nma_out *out = &a->env->out;
	char text[256];
	size_t len;
	int i;

	len = snprintf(text, sizeof(text), "judged %u of %u rules",
		       nma_coverage__count(&a->coverage, NMA_COVER_JUDGED), NMA_RULE_MAX);
	len = share(a, NMA_COVER_NO_OCCASION, "had no occasion", text, sizeof(text), len);
	len = share(a, NMA_COVER_NO_HOOK, "cannot be observed here", text, sizeof(text),
		    len);
	len = share(a, NMA_COVER_NEEDS_WATCH, "need watch", text, sizeof(text), len);
	len = share(a, NMA_COVER_NEEDS_DEEP, "need watch --deep", text, sizeof(text),
		    len);
	share(a, NMA_COVER_NOT_ASKED, "were not asked for", text, sizeof(text), len);
	nma_out_text(out, 0, "%s%s", text,
		     out->verbose || !strchr(text, ':') ? "" : " (-v lists them)");
	for (i = 0; out->verbose && i < NMA_RULE_MAX; i++)
		show_rule(a, i);
	show_blind(a);
}

static struct json_object *hooks_json(nma_hook_set missing)
{
	struct json_object *arr = json_object_new_array();
	int i;

	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (missing & NMA_HOOK_BIT(i))
			json_object_array_add(arr,
					      json_object_new_string(nma_hook_name(i)));
	return arr;
}

static struct json_object *rule_json(const struct nma_audit *a, enum nma_rule_id rule)
{
	enum nma_cover cover = a->coverage.cover[rule];
	struct json_object *obj;

	if (cover == NMA_COVER_JUDGED || cover == NMA_COVER_NOT_ASKED)
		return json_object_new_string(nma_rules[rule].id);
	obj = json_object_new_object();
	nma_json_add_str(obj, "rule", nma_rules[rule].id);
	if (cover == NMA_COVER_NO_OCCASION) {
		nma_json_add_str(obj, "needs", nma_coverage_occasion(rule));
		return obj;
	}
	nma_json_add_str(obj, "why", nma_cover_name(cover));
	if (cover == NMA_COVER_NO_HOOK)
		json_object_object_add(obj, "missing",
				       hooks_json(a->coverage.missing[rule]));
	return obj;
}

static struct json_object *blind_json(const struct nma_blind *b)
{
	struct json_object *obj = json_object_new_object();
	char ifname[NMA_IFNAME_LEN + 1];

	if (b->rule < NMA_RULE_MAX)
		nma_json_add_str(obj, "rule", nma_rules[b->rule].id);
	snprintf(ifname, sizeof(ifname), "%.*s", NMA_IFNAME_LEN, b->ifname);
	nma_json_add_str(obj, "ifname", ifname);
	if (b->ifindex)
		add_u64(obj, "ifindex", b->ifindex);
	if (b->netns)
		add_u64(obj, "netns", b->netns);
	if (b->queue != NMA_NO_QUEUE)
		add_u64(obj, "queue", b->queue);
	json_object_object_add(obj, "incomplete",
			       json_object_new_boolean(b->incomplete));
	nma_json_add_str(obj, "reason", b->reason);
	return obj;
}

void nma_view_coverage_json(const struct nma_audit *a, struct json_object *doc)
{
	static const char *const keys[NMA_COVER_MAX] = {
		[NMA_COVER_JUDGED] = "judged",
		[NMA_COVER_NO_OCCASION] = "no_occasion",
		[NMA_COVER_NOT_ASKED] = "not_asked",
		[NMA_COVER_NO_HOOK] = "unavailable",
		[NMA_COVER_NEEDS_WATCH] = "unavailable",
		[NMA_COVER_NEEDS_DEEP] = "unavailable",
	};
	struct json_object *obj = json_object_new_object(), *arr;
	const struct nma_coverage *c = &a->coverage;
	unsigned int i;

	add_u64(obj, "rules", NMA_RULE_MAX);
	for (i = 0; i < NMA_COVER_MAX; i++)
		json_object_object_add(obj, keys[i], json_object_new_array());
	for (i = 0; i < NMA_RULE_MAX; i++)
		json_object_array_add(json_object_object_get(obj, keys[c->cover[i]]),
				      rule_json(a, i));
	arr = json_object_new_array();
	for (i = 0; i < c->nr_blind; i++)
		json_object_array_add(arr, blind_json(&c->blind[i]));
	json_object_object_add(obj, "blind", arr);
	json_object_object_add(doc, "coverage", obj);
}
