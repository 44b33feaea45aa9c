/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Counts acts (enum nma_act) where they happen. A thousand a second cost a
 * thousand increments and no room in the ring; the first of a kind on a pool or
 * device also leaves who and where. act.bpf.c hands the rows to user space.
 */
#ifndef NMA_ACT_BPF_H
#define NMA_ACT_BPF_H

#include "nma_core.bpf.h"
#include "nma_provider.bpf.h"
#include "nma_ring.bpf.h"

struct nma_act_key {
	__u64 object;		/* pool id, or address of the netdev */
	__u64 act;
};

struct nma_act_row {
	struct nma_rec_act rec;
	__u64 told;		/* of rec.count */
};

struct nma_act_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_ACT_ROWS);
	__type(key, struct nma_act_key);
	__type(value, struct nma_act_row);
};

extern struct nma_act_map nma_acts SEC(".maps");

/* Changes with every act, so that user space knows when to read the rows. */
extern __u64 nma_act_total SEC(".bss.acts");

/* Set when all hooks are attached: before, one would see a buffer being put and
 * not have seen it being taken.
 */
extern volatile __u32 nma_deep_armed SEC(".bss.acts");

/* Set when buffers are seen leaving their pools, too: else none is put twice. */
extern volatile __u32 nma_allocs_seen SEC(".bss.acts");

static __always_inline bool nma_act_count(const struct nma_act_key *key,
					  __s64 v0, __s64 v1)
{
	struct nma_act_row *row = bpf_map_lookup_elem(&nma_acts, key);

	if (!row)
		return false;
	row->rec.value[0] = v0;
	row->rec.value[1] = v1;
	__sync_fetch_and_add(&row->rec.count, 1);
	__sync_fetch_and_add(&nma_act_total, 1);
	return true;
}

/* Who reads the ring reads the rows, too. The machine may not last until it would have
 * looked by itself.
 */
static __always_inline void nma_act_wake(void)
{
	void *nothing = bpf_ringbuf_reserve(&nma_ring, sizeof(__u64), 0);

	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void nma_act_add(const struct nma_act_key *key,
					struct nma_act_row *row)
{
	row->rec.count = 1;
	if (!bpf_map_update_elem(&nma_acts, key, row, BPF_NOEXIST)) {
		__sync_fetch_and_add(&nma_act_total, 1);
		nma_act_wake();
	} else if (!nma_act_count(key, row->rec.value[0], row->rec.value[1])) {
		nma_count_loss(NMA_LOSS_MAP, 1);
	}
}

static __always_inline void nma_act_begin(struct nma_rec_act *r,
					  const struct nma_act_key *key,
					  __s64 v0, __s64 v1)
{
	nma_fill_hdr(&r->hdr, NMA_REC_ACT, sizeof(*r), 0);
	if (in_softirq()) {
		r->hdr.pid = 0;
		__builtin_memset(r->hdr.comm, 0, sizeof(r->hdr.comm));
	}
	r->act = key->act;
	r->value[0] = v0;
	r->value[1] = v1;
}

static __always_inline void nma_act_netdev(struct nma_rec_act *r,
					   struct net_device *dev)
{
	if (!dev)
		return;
	r->netdev = (__u64)dev;
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->hdr.netns = netdev_netns(dev);
	BPF_CORE_READ_STR_INTO(&r->ifname, dev, name);
}

static __always_inline void nma_act_of_pool(struct nma_rec_act *r,
					    struct page_pool *pool)
{
	nma_act_netdev(r, pool_netdev(pool));
	r->pool = (__u64)pool;
	r->pool_id = BPF_CORE_READ(pool, user.id);
	r->queue = BPF_CORE_READ(pool, slow.queue_idx);
	r->flags = BPF_CORE_READ(pool, slow.flags);
	r->mp = nma_provider((__u64)BPF_CORE_READ(pool, mp_ops));
	r->binding_id = nma_provider_binding_id(
		r->mp, (__u64)BPF_CORE_READ(pool, mp_priv));
}

static __noinline int nma_act_pool_first(void *ctx, enum nma_act act,
					 struct page_pool *pool, __s64 v0,
					 __s64 v1)
{
	struct nma_act_key key = { .object = pool->user.id, .act = act };
	struct nma_act_row row = {};

	nma_act_begin(&row.rec, &key, v0, v1);
	nma_act_of_pool(&row.rec, pool);
	bpf_get_stack(ctx, row.rec.stack, sizeof(row.rec.stack), NMA_ACT_SKIP);
	nma_act_add(&key, &row);
	return 0;
}

/* @pool: typed, as the kernel passed it */
static __always_inline void nma_act_pool(void *ctx, enum nma_act act,
					 struct page_pool *pool, __s64 v0,
					 __s64 v1)
{
	struct nma_act_key key = { .object = pool->user.id, .act = act };

	if (!nma_act_count(&key, v0, v1))
		nma_act_pool_first(ctx, act, pool, v0, v1);
}

static __noinline int nma_act_dev_first(void *ctx, const struct nma_act_key *key,
					__u32 queue, __s64 v0, __s64 v1)
{
	struct nma_act_row row = {};

	nma_act_begin(&row.rec, key, v0, v1);
	nma_act_netdev(&row.rec, (void *)key->object);
	row.rec.queue = queue;
	bpf_get_stack(ctx, row.rec.stack, sizeof(row.rec.stack), NMA_ACT_SKIP);
	nma_act_add(key, &row);
	return 0;
}

static __always_inline void nma_act_dev(void *ctx, enum nma_act act,
					__u64 netdev, __u32 queue, __s64 v0,
					__s64 v1)
{
	struct nma_act_key key = { .object = netdev, .act = act };

	if (!nma_act_count(&key, v0, v1))
		nma_act_dev_first(ctx, &key, queue, v0, v1);
}

#endif /* NMA_ACT_BPF_H */
