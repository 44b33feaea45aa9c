/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What no policy refuses on a kernel, as it is shown.
 */
#ifndef NMA_VIEW_GAPS_H
#define NMA_VIEW_GAPS_H

#include "out/out.h"

struct nma_features;

void nma_view_gaps(const struct nma_out *out, const struct nma_features *f);
void nma_view_gaps_json(const struct nma_features *f, struct json_object *doc);	/* "open" */

#endif /* NMA_VIEW_GAPS_H */
