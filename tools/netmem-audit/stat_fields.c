// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The fields of stat's rows.
 */
#include <string.h>
#include <strings.h>

#include "fields.h"
#include "getter.h"
#include "rules/rules.h"
#include "stat_rows.h"

#define ROW(row)	((const struct nma_stat_row *)(row))
#define OWNER(row)	(&ROW(row)->owner)
#define RC(row)		(ROW(row)->rc)

static void flow(struct nma_value *v, const void *row, unsigned int which)
{
	if (nma_flow_known(&ROW(row)->flows, which))
		nma_value_u64(v, ROW(row)->flows.nr[which]);
}

static void per_s(struct nma_value *v, const void *row, bool known, __s64 n)
{
	if (known)
		nma_value_u64(v, nma_stat_per_s(ROW(row), n));
}

static void token(struct nma_value *v, const void *row, __u64 n)
{
	if (ROW(row)->binding_id)
		nma_value_u64(v, n);
}

/* What moved of them, where that was seen */
static void moved(struct nma_value *v, const void *row, __u64 n)
{
	if (ROW(row)->takes_seen)
		token(v, row, n);
}

static void buffers(struct nma_value *v, const void *row, __u64 n)
{
	if (ROW(row)->buffers)
		nma_value_u64(v, n);
}

/* Where nobody told what is in a pool, it is not 0. */
static void inside(struct nma_value *v, const void *row, __u64 n)
{
	if (!RC(row) || RC(row)->r.counts)
		nma_value_u64(v, n);
}

GET_NONZERO(get_id, RC(row) ? RC(row)->r.pool_id : 0)
GET(get_device, nma_owner_value(v, OWNER(row)))
GET(get_ifname, nma_value_strn(v, OWNER(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(get_ifindex, OWNER(row)->ifindex)
NETNS(get, OWNER(row)->netns)
GET(get_provider, nma_value_str(v, nma_mp_name(ROW(row)->mp)))
GET(get_detached, nma_value_bool(v, RC(row) && (RC(row)->detached || RC(row)->seen.ended)))
GET(get_pools, nma_value_u64(v, ROW(row)->pools))
GET(get_inflight, nma_value_s64(v, ROW(row)->inflight))
GET(get_in_cache, inside(v, row, ROW(row)->in_cache))
GET(get_in_ring, inside(v, row, ROW(row)->in_ring))
GET_NONZERO(get_buffer_bytes, RC(row) ? RC(row)->r.buffer_bytes : 0)

GET(get_in, flow(v, row, NMA_FLOW_IN))
GET(get_out, flow(v, row, NMA_FLOW_OUT))
GET(get_allocs, flow(v, row, NMA_FLOW_ALLOC))
GET(get_provided, flow(v, row, NMA_FLOW_PROVIDER))
GET(get_starved, flow(v, row, NMA_FLOW_STARVED))
#define FLOWS(row)	(&ROW(row)->flows)
#define NR(row, flow)	(FLOWS(row)->nr[NMA_##flow])
#define KNOWN(row, flow) nma_flow_known(FLOWS(row), NMA_##flow)

GET(get_alloc_rate, per_s(v, row, KNOWN(row, FLOW_ALLOC), NR(row, FLOW_ALLOC)))
GET(get_starved_rate, per_s(v, row, KNOWN(row, FLOW_STARVED), NR(row, FLOW_STARVED)))
GET(get_slow_rate, per_s(v, row, KNOWN(row, COUNTER_SLOW),
			 NR(row, COUNTER_SLOW) + NR(row, COUNTER_SLOW_HIGH_ORDER)))
GET(get_freed_rate, per_s(v, row, KNOWN(row, COUNTER_RING_FULL),
			  NR(row, COUNTER_RING_FULL) + NR(row, COUNTER_RELEASED_REFCNT)))
#define NMA_COUNTER(id, key) GET(get_##id, flow(v, row, NMA_COUNTER_##id))
NMA_COUNTER_LIST
#undef NMA_COUNTER

GET(get_tokens, token(v, row, ROW(row)->tokens.held))
GET(get_taken, moved(v, row, ROW(row)->tokens.taken))
GET(get_returned, moved(v, row, ROW(row)->tokens.returned))
GET(get_taken_rate, moved(v, row, nma_stat_per_s(ROW(row), ROW(row)->tokens.taken)))
GET(get_returned_rate,
    moved(v, row, nma_stat_per_s(ROW(row), ROW(row)->tokens.returned)))
GET(get_buffers, buffers(v, row, ROW(row)->buffers))
GET(get_buffers_free, buffers(v, row, ROW(row)->buffers_free))

static void get_queue(const void *row, struct nma_value *v)
{
	if (OWNER(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, OWNER(row)->queue);
}

static void get_source(const void *row, struct nma_value *v)
{
	if (ROW(row)->counts)
		nma_value_str(v, nma_counts_name(ROW(row)->counts));
}

static void get_byte_rate(const void *row, struct nma_value *v)
{
	if (nma_flow_known(&ROW(row)->flows, NMA_FLOW_ALLOC))
		nma_value_u64(v, nma_stat_per_s(ROW(row), ROW(row)->bytes));
}

static void get_ratio(const void *row, struct nma_value *v)
{
	__u32 ratio;

	if (nma_recycle_ratio(&ROW(row)->flows, &ratio))
		nma_value_ratio(v, ratio);
}

static void get_fast_less_cached(const void *row, struct nma_value *v)
{
	const struct nma_flows *f = &ROW(row)->flows;

	if (nma_flow_known(f, NMA_FLOW_FAST_LESS_CACHED))
		nma_value_s64(v, f->nr[NMA_FLOW_FAST_LESS_CACHED]);
}

static void get_used(const void *row, struct nma_value *v)
{
	const struct nma_stat_row *r = row;

	if (r->buffers)
		nma_value_ratio(v, (r->buffers - r->buffers_free) * 10000 / r->buffers);
}

#define ALL_FIELDS \
	{ "source", "SOURCE", 0, get_source }, \
	{ "in_pages", "", NMA_FIELD_JSON, get_in }, \
	{ "out_pages", "", NMA_FIELD_JSON, get_out }, \
	{ "inflight", "INFL", 0, get_inflight }, \
	{ "in_cache", "CACHE", 0, get_in_cache }, \
	{ "in_ring", "RING", 0, get_in_ring }, \
	{ "allocs", "", NMA_FIELD_JSON, get_allocs }, \
	{ "allocs_per_s", "BUF/S", 0, get_alloc_rate }, \
	{ "bytes_per_s", "BYTE/S", 0, get_byte_rate }, \
	{ "slow_per_s", "SLOW/S", NMA_FIELD_COLUMN, get_slow_rate }, \
	{ "freed_per_s", "FREE/S", NMA_FIELD_COLUMN, get_freed_rate }, \
	{ "starved_per_s", "DRY/S", NMA_FIELD_COLUMN, get_starved_rate }, \
	{ "recycle_ratio", "KEPT", 0, get_ratio }, \
	NMA_COUNTER_LIST \
	{ "alloc_provider", "", NMA_FIELD_JSON, get_provided }, \
	{ "alloc_provider_empty", "", NMA_FIELD_JSON, get_starved }, \
	{ "alloc_fast_less_recycle_cached", "", NMA_FIELD_JSON, get_fast_less_cached }, \
	{ "tokens_outstanding", "TOKENS", 0, get_tokens }, \
	{ "tokens_taken", "", NMA_FIELD_JSON, get_taken }, \
	{ "tokens_returned", "", NMA_FIELD_JSON, get_returned }, \
	{ "tokens_taken_per_s", "TOK/S", 0, get_taken_rate }, \
	{ "tokens_returned_per_s", "RET/S", 0, get_returned_rate }, \
	{ "dmabuf_buffers", "", NMA_FIELD_JSON, get_buffers }, \
	{ "dmabuf_buffers_free", "", NMA_FIELD_JSON, get_buffers_free }, \
	{ "dmabuf_used_ratio", "USED", 0, get_used },

#define NMA_COUNTER(id, key) { key, "", NMA_FIELD_JSON, get_##id },

static const struct nma_field pool_fields[] = {
	{ "id", "ID", 0, get_id },
	{ "device", "IF", NMA_FIELD_COLUMN, get_device },
	{ "ifname", "", NMA_FIELD_JSON, get_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, get_ifindex },
	NETNS_FIELDS(get),
	{ "queue", "Q", 0, get_queue },
	{ "provider", "PROVIDER", 0, get_provider },
	{ "detached", "DYING", 0, get_detached },
	{ "buffer_bytes", "", NMA_FIELD_JSON, get_buffer_bytes },
	ALL_FIELDS
};

static const struct nma_field device_fields[] = {
	{ "device", "IF", NMA_FIELD_COLUMN, get_device },
	{ "ifname", "", NMA_FIELD_JSON, get_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, get_ifindex },
	NETNS_FIELDS(get),
	{ "pools", "POOLS", 0, get_pools },
	ALL_FIELDS
};

#undef NMA_COUNTER

const struct nma_fields nma_fields_stat_pools = {
	.name = "pools",
	.field = pool_fields,
	.nr = sizeof(pool_fields) / sizeof(*pool_fields),
};

const struct nma_fields nma_fields_stat_devices = {
	.name = "nics",
	.field = device_fields,
	.nr = sizeof(device_fields) / sizeof(*device_fields),
};

const struct nma_field *nma_stat_field(const char *name)
{
	const struct nma_field *f = pool_fields;

	for (; f < pool_fields + nma_fields_stat_pools.nr; f++)
		if (!strcasecmp(f->key, name) || (f->head[0] && !strcasecmp(f->head, name)))
			return f;
	return NULL;
}

const struct nma_field *nma_stat_column(const char *head)
{
	const struct nma_field *f = pool_fields;

	for (; f < pool_fields + nma_fields_stat_pools.nr; f++)
		if (!strcmp(f->head, head))
			return f;
	return NULL;
}
