/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What stat reports: a row for each page_pool, and one for all of a device, of what
 * happened since the last report.
 */
#ifndef NMA_STAT_ROWS_H
#define NMA_STAT_ROWS_H

#include "audit.h"
#include "model/recycle.h"
#include "out/field.h"

struct nma_stat_row {
	const struct nma_recycle *rc;	/* NULL: of a device */
	struct nma_owner owner;
	struct nma_flows flows;
	struct nma_token_flows tokens;	/* held now; taken and returned meanwhile */
	__u64 span_ns;
	__u64 bytes;			/* of the buffers that the driver got */
	__s64 inflight;
	__u64 in_cache;
	__u64 in_ring;
	__u64 buffers;			/* of the dma-buf; 0: none */
	__u64 buffers_free;
	__u32 pools;
	__u32 binding_id;
	__u8 mp;
	__u8 counts;			/* enum nma_counts; NONE: of several kinds */
	bool takes_seen;		/* is it known what of tokens moved? */
};

struct nma_stat_rows {
	struct nma_stat_row *row;	/* devices first, then pools */
	size_t nr_devices, nr;
	const void **device;		/* both sorted */
	const void **pool;
	size_t nr_pools;
	struct nma_table marks;		/* of the last report, by pool */
	struct nma_table token_marks;	/* and by binding */
	__u32 report;
	bool takes_seen;		/* since then; the caller says it */
};

/* Reads the model. The first call sets what the next is compared with. */
int nma_stat_rows__update(struct nma_stat_rows *rows, const struct nma_audit *a,
			  __u64 span_ns);
/* Busy ones first; among these, and the others, by @by, largest first; names from
 * the first on. NULL: by how busy.
 */
void nma_stat_rows__sort(struct nma_stat_rows *rows, const struct nma_field *by);
void nma_stat_rows__free(struct nma_stat_rows *rows);

/* @n of this row's interval, in a second */
__u64 nma_stat_per_s(const struct nma_stat_row *row, __u64 n);

extern const struct nma_fields nma_fields_stat_pools;
extern const struct nma_fields nma_fields_stat_devices;

/* By key or head, in either case; NULL: no such field. */
const struct nma_field *nma_stat_field(const char *name);
/* By the head of its column, which there is. */
const struct nma_field *nma_stat_column(const char *head);

#endif /* NMA_STAT_ROWS_H */
