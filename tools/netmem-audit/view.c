// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See view.h.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "explain/precondition.h"
#include "getter.h"
#include "view.h"

/* "nm0 queue 1 pool 12", as far as there is a place. */
static void place(const struct nma_finding *f, char *dst, size_t size)
{
	struct nma_value netns = { 0 };
	size_t len = 0;

	dst[0] = '\0';
	if (f->ifname[0])
		len += snprintf(dst + len, size - len, " %.*s%s", NMA_IFNAME_LEN, f->ifname,
				f->device_gone ? " (gone)" : "");
	else if (f->device_gone)
		len += snprintf(dst + len, size - len, " a device that is gone");
	nma_netns_text_value(&netns, f->netns);
	if (netns.type != NMA_VALUE_NONE)
		len += snprintf(dst + len, size - len, " netns %.64s", netns.str);
	if (f->queue != NMA_NO_QUEUE)
		len += snprintf(dst + len, size - len, " queue %u", f->queue);
	if (f->pool_id)
		len += snprintf(dst + len, size - len, " pool %u", f->pool_id);
	if (f->cookie)
		len += snprintf(dst + len, size - len, " socket %llu", f->cookie);
	if (f->folded > 1)
		snprintf(dst + len, size - len, " (%llu more times)", f->folded);
}

bool nma_view_shown(const struct nma_out *out, const struct nma_finding *f)
{
	if (out->verbose)
		return true;
	return f->kind != NMA_KIND_NOTE && (f->severity > NMA_SEV_I || f->event);
}

/* " (waived until 2027-03-31)" */
static void excuse(const struct nma_finding *f, const struct nma_standing *st,
		   char *dst, size_t size)
{
	dst[0] = '\0';
	if (f->pre_existing)
		snprintf(dst, size, " (pre-existing)");
	else if (!st || st->kind == NMA_COUNTS)
		return;
	else if (st->kind == NMA_KNOWN)
		snprintf(dst, size, " (known)");
	else
		snprintf(dst, size, " (%s %s)", st->kind == NMA_WAIVED ?
			 "waived until" : "its waiver expired on", st->waiver->expires);
}

/* What to do, once for each finding: not again for more of the same. */
static void advise(const struct nma_out *out, const struct nma_finding *f)
{
	const struct nma_rule *rule = &nma_rules[f->rule];

	if (f->kind == NMA_KIND_NOTE || (f->folded && f->folded < f->count))
		return;
	nma_out_text(out, 4, "-> %s (netmem-audit rules %s)", rule->advice, rule->id);
}

void nma_view_finding(const struct nma_out *out, const struct nma_finding *f,
		      const struct nma_standing *st)
{
	char where[256], but[64];
	unsigned int i;

	place(f, where, sizeof(where));
	excuse(f, st, but, sizeof(but));
	nma_out_text(out, 0, "%s %s%s%s%s",
		     f->kind == NMA_KIND_NOTE ? "note" : nma_severity_name(f->severity),
		     nma_rules[f->rule].id, where,
		     f->kernel_gap ? " (a gap of the kernel)" :
		     f->latent && f->severity == NMA_SEV_I ? " (latent)" : "", but);
	nma_out_text(out, 4, "%s", f->message);
	for (i = 0; i < f->nr_evidence; i++)
		nma_out_label(out, f->evidence[i].key, &f->evidence[i].value, 4);
	advise(out, f);
}

void nma_view_reason(const struct nma_out *out, unsigned int indent,
		     const struct nma_reason *why)
{
	struct nma_value cgroup = { 0 };

	nma_cgroup_value(&cgroup, why->holder_cgroup);
	if (cgroup.type == NMA_VALUE_NONE)
		nma_out_text(out, indent, "%s", why->text);
	else
		nma_out_text(out, indent, "%s (cgroup %s)", why->text, cgroup.str);
	if (why->fix[0])
		nma_out_text(out, indent, "-> %s", why->fix);
}

static void fill_finding(const struct nma_out *out, struct json_object *obj,
			 const struct nma_finding *f)
{
	struct json_object *evidence = json_object_new_object();
	unsigned int i;

	nma_out_fill(out, obj, &nma_fields_finding, f);
	for (i = 0; i < f->nr_evidence; i++)
		nma_out_add(out, evidence, f->evidence[i].key, &f->evidence[i].value);
	json_object_object_add(obj, "evidence", evidence);
	if (f->kind != NMA_KIND_NOTE)
		nma_json_add_str(obj, "advice", nma_rules[f->rule].advice);
}

static void fill_standing(struct json_object *obj, const struct nma_standing *st)
{
	struct json_object *waiver;

	if (st->kind == NMA_KNOWN)
		json_object_object_add(obj, "known", json_object_new_boolean(true));
	if (st->kind != NMA_WAIVED && st->kind != NMA_LAPSED)
		return;
	waiver = json_object_new_object();
	json_object_object_add(waiver, "line", json_object_new_int64(st->waiver->line));
	nma_json_add_str(waiver, "reason", st->waiver->reason);
	nma_json_add_str(waiver, "expires", st->waiver->expires);
	json_object_object_add(obj, st->kind == NMA_WAIVED ? "waived" : "waiver_expired",
			       waiver);
}

struct json_object *nma_view_finding_json(const struct nma_out *out,
					  const struct nma_finding *f,
					  const struct nma_standing *st)
{
	struct json_object *obj = json_object_new_object();

	nma_json_add_str(obj, "type", "finding");
	fill_finding(out, obj, f);
	if (st)
		fill_standing(obj, st);
	return obj;
}

int nma_view_emit_finding(const struct nma_out *out, const struct nma_finding *f)
{
	struct json_object *doc = nma_json_doc("finding");

	fill_finding(out, doc, f);
	return nma_out_emit(out, doc);
}

int nma_view_emit_event(const struct nma_out *out, const struct nma_event_row *row)
{
	struct json_object *doc = nma_json_doc("event");

	nma_out_fill(out, doc, &nma_fields_event, row);
	return nma_out_emit(out, doc);
}

/* In which words the kernel said no, and what that means */
static void refusal(const struct nma_out *out, const struct nma_event_row *row)
{
	const struct nma_rec_refused *r = row->change->ref.refused;
	struct nma_reason why;

	if (row->change->subject != NMA_SUBJ_REFUSED)
		return;
	nma_reason__refused(row->model, r, &why);
	if (r->words[0] && !r->by)
		nma_out_text(out, 11, "the kernel says: %.*s", NMA_WORDS_LEN, r->words);
	if (why.id < NMA_PRE_MAX || !r->words[0])
		nma_view_reason(out, 11, &why);
}

void nma_view_event(const struct nma_out *out, const struct nma_event_row *row,
		    __u64 start_ns)
{
	const struct nma_fields *fields = &nma_fields_event;
	const struct nma_change *change = row->change;
	__u64 ns = change->hdr->time_ns - start_ns;
	size_t column, i;
	bool detail;

	if (change->hdr->time_ns < start_ns)
		ns = 0;
	column = fprintf(out->file, "%5llu.%03llu %-17s", ns / NMA_NSEC_PER_SEC,
			 ns % NMA_NSEC_PER_SEC / NMA_NSEC_PER_MSEC,
			 nma_event_name(change, &detail));
	for (i = 0; i < fields->nr; i++) {
		struct nma_value v = { 0 };

		if (fields->field[i].flags & NMA_FIELD_JSON ||
		    (fields->field[i].flags & NMA_FIELD_VERBOSE && !out->verbose))
			continue;
		fields->field[i].get(row, &v);
		column = nma_out_pair(out, fields->field[i].key, &v, column, 10);
	}
	fputc('\n', out->file);
	refusal(out, row);
}

const char *nma_view_result(int status)
{
	switch (status) {
	case NMA_EXIT_OK:
		return "holds";
	case NMA_EXIT_VIOLATION:
		return "violation";
	default:
		return "incomplete";
	}
}
