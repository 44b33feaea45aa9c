// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See view_gaps.h.
 */
#include <json-c/json.h>

#include "enforce/needs.h"
#include "kernel/features.h"
#include "rules/rules.h"
#include "util/json.h"
#include "view_gaps.h"

void nma_view_gaps(const struct nma_out *out, const struct nma_features *f)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < nma_nr_gaps; i++) {
		if (!nma_gap_is_open(&nma_gaps[i], f))
			continue;
		if (!any)
			nma_out_text(out, 0, "what stays open here, whatever a policy says:");
		any = true;
		nma_out_text(out, 2, "%s: %s", nma_rules[nma_gaps[i].rule].id,
			     nma_gaps[i].text);
	}
}

void nma_view_gaps_json(const struct nma_features *f, struct json_object *doc)
{
	struct json_object *list = json_object_new_array(), *gap;
	unsigned int i;

	for (i = 0; i < nma_nr_gaps; i++) {
		if (!nma_gap_is_open(&nma_gaps[i], f))
			continue;
		gap = json_object_new_object();
		nma_json_add_str(gap, "rule", nma_rules[nma_gaps[i].rule].id);
		nma_json_add_str(gap, "what", nma_gaps[i].text);
		json_object_array_add(list, gap);
	}
	json_object_object_add(doc, "open", list);
}
