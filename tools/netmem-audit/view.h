/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * How findings, events and counts look; check, watch and later commands share
 * it.
 */
#ifndef NMA_VIEW_H
#define NMA_VIEW_H

#include "audit.h"
#include "fields.h"
#include "standing.h"

/* Infos about a state and notes are there for those who ask (-v). */
bool nma_view_shown(const struct nma_out *out, const struct nma_finding *f);

/* One finding: a few lines of text, or an object to be added to an array. The
 * standing may be NULL.
 */
void nma_view_finding(const struct nma_out *out, const struct nma_finding *f,
		      const struct nma_standing *st);
struct json_object *nma_view_finding_json(const struct nma_out *out,
					  const struct nma_finding *f,
					  const struct nma_standing *st);

/* One document of a stream. */
int nma_view_emit_finding(const struct nma_out *out, const struct nma_finding *f);
int nma_view_emit_event(const struct nma_out *out, const struct nma_event_row *row);
/* One line; times count from @start_ns. */
void nma_view_event(const struct nma_out *out, const struct nma_event_row *row,
		    __u64 start_ns);

/* Why something is refused, and how to fix it. */
struct nma_reason;
void nma_view_reason(const struct nma_out *out, unsigned int indent,
		     const struct nma_reason *why);

/* "holds", "violation" or "incomplete". */
const char *nma_view_result(int status);

/* What was looked at, in numbers. */
void nma_view_looked_at(const struct nma_audit *a);
void nma_view_looked_at_json(const struct nma_audit *a, struct json_object *doc);

/* Which rules were judged, which had no occasion, and which could not be and why. */
void nma_view_coverage(const struct nma_audit *a);
void nma_view_coverage_json(const struct nma_audit *a, struct json_object *doc);

/* Host, kernel, program, and what time it is; of a recording: what it was. In text
 * that is said only of a recording.
 */
void nma_view_origin(const struct nma_audit *a);
void nma_view_origin_json(const struct nma_audit *a, struct json_object *doc);

#endif /* NMA_VIEW_H */
