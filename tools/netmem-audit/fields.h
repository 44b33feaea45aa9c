/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The field tables: what is shown of each kind of object, once for text and
 * JSON. Key names are ynltool's where it has one.
 */
#ifndef NMA_FIELDS_H
#define NMA_FIELDS_H

#include "out/field.h"
#include "rules/finding.h"
#include "model/model.h"

/* A row of an object table. */
struct nma_row {
	const struct nma_model *model;
	union nma_ref ref;
};

extern const struct nma_fields nma_fields_nics;
extern const struct nma_fields nma_fields_queues;
extern const struct nma_fields nma_fields_pools;
extern const struct nma_fields nma_fields_pool_identity;
extern const struct nma_fields nma_fields_bindings;
extern const struct nma_fields nma_fields_tokens;

/* Rows: struct nma_finding. */
extern const struct nma_fields nma_fields_finding;
extern const struct nma_fields nma_fields_probe;	/* struct nma_probed */

/* A record as a life-cycle event. */
struct nma_event_row {
	const struct nma_model *model;
	const struct nma_change *change;
};

/* Rows: struct nma_event_row. */
extern const struct nma_fields nma_fields_event;

/* Name of the life-cycle event, NULL if the record is none; @detail: only of
 * interest with -v.
 */
const char *nma_event_name(const struct nma_change *change, bool *detail);
/* All names, one by one; NULL after the last. */
const char *nma_event_listed(size_t i, bool *detail);
/* The device it is about, "" if it cannot be told. */
/* Of a pool, for people: its device, or which one it was. */
void nma_owner_value(struct nma_value *v, const struct nma_owner *owner);

const char *nma_event_ifname(const struct nma_event_row *row);
__u32 nma_event_netns(const struct nma_event_row *row);

#endif /* NMA_FIELDS_H */
