// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * How long buffers go round: from where a pool gives one out to where it is put back
 * (stat --hist --deep). A put that was missed leaves a buffer's time as it is, until
 * it is given out again; of more buffers than the map has room for the oldest are
 * forgotten. So what is shown is a sample, but a true one. What is put back stays in
 * the map, for it is soon given out again, and that costs far less than a new entry.
 */
#include "nma_hist.bpf.h"
#include "nma_ring.bpf.h"

#include <bpf/bpf_tracing.h>

#define NSEC_PER_USEC	1000

char LICENSE[] SEC("license") = "GPL";

struct hist_key {
	__u32 kind;		/* enum nma_hist_kind */
	__u32 id;		/* of the binding, or pool */
};

struct hist {
	__u64 slot[NMA_HIST_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct hist_key);
	__type(value, struct hist);
} nma_hists SEC(".maps");

/* Those of how long buffers go round, by the lowest bits of the pool's id. */
#define NEAR_HISTS	256	/* a power of two */

struct near_hist {
	struct hist hist;
	__u32 id;		/* whose it is, 0: nobody's, and zeroes */
	__u32 rsvd;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NEAR_HISTS);
	__type(key, __u32);
	__type(value, struct near_hist);
} nma_hists_near SEC(".maps");

struct nma_given_near_map nma_given_near SEC(".maps");
struct nma_given_out_map nma_given_out SEC(".maps");

static __noinline struct hist *add_hist(const struct hist_key *key)
{
	struct hist fresh = {}, *hist;

	bpf_map_update_elem(&nma_hists, key, &fresh, BPF_NOEXIST);
	hist = bpf_map_lookup_elem(&nma_hists, key);
	if (!hist)
		nma_count_loss(NMA_LOSS_MAP, 1);
	return hist;
}

static __always_inline __u32 log2_of(__u64 n)
{
	__u32 bits = 0, i;

	for (i = 32; i; i >>= 1) {
		if (n >> i) {
			n >>= i;
			bits += i;
		}
	}
	return bits;
}

static __always_inline int add_times(struct hist *hist, __u64 ns, __u32 nr)
{
	__u32 slot = log2_of(ns / NSEC_PER_USEC);

	if (slot >= NMA_HIST_SLOTS)
		slot = NMA_HIST_SLOTS - 1;
	barrier_var(slot);
	if (slot < NMA_HIST_SLOTS)
		__sync_fetch_and_add(&hist->slot[slot], nr);
	return 0;
}

int nma_hist_add(__u32 kind, __u32 id, __u64 ns, __u32 nr)
{
	struct hist_key key = { .kind = kind, .id = id };
	struct hist *hist = bpf_map_lookup_elem(&nma_hists, &key);

	if (!hist)
		hist = add_hist(&key);
	return hist ? add_times(hist, ns, nr) : 0;
}

static __always_inline struct near_hist *near_hist_of(__u32 id)
{
	__u32 slot = id & (NEAR_HISTS - 1);

	return bpf_map_lookup_elem(&nma_hists_near, &slot);
}

/* A place that another pool has it keeps until that one has ended. */
static __always_inline int add_circulation(__u32 id, __u64 ns)
{
	struct near_hist *near = near_hist_of(id);

	if (near && near->id != id && !near->id)
		__sync_val_compare_and_swap(&near->id, 0, id);
	if (near && near->id == id)
		return add_times(&near->hist, ns, 1);
	return nma_hist_add(NMA_HIST_CIRCULATION, id, ns, 1);
}

/* Times of one pool may be in both, if its place became free. */
static __always_inline bool fill_near(struct nma_rec_hist *r)
{
	struct near_hist *near;
	__u32 i;

	if (!nma_cfg.hist || r->kind != NMA_HIST_CIRCULATION)
		return false;
	near = near_hist_of(r->id);
	if (!near || near->id != r->id)
		return false;
	for (i = 0; i < NMA_HIST_SLOTS; i++)
		r->slot[i] += near->hist.slot[i];
	return true;
}

int nma_hist_end(__u32 id)
{
	struct near_hist *near;

	if (!nma_cfg.hist)
		return 0;
	near = near_hist_of(id);
	if (!near || near->id != id)
		return 0;
	__builtin_memset(&near->hist, 0, sizeof(near->hist));
	barrier();
	near->id = 0;
	return 0;
}

int nma_fill_hist(struct nma_rec_hist *r)
{
	struct hist_key key;
	struct hist *hist;

	if (!r)
		return -1;
	key.kind = r->kind;
	key.id = r->id;
	hist = bpf_map_lookup_elem(&nma_hists, &key);
	if (hist)
		__builtin_memcpy(r->slot, hist->slot, sizeof(r->slot));
	return fill_near(r) || hist ? 0 : -1;
}

/* The first fragment takes a buffer out. All others are seen where they leave the
 * pool's cache, and where what has run out is made up for (recycle.bpf.c).
 */
SEC("?fexit/page_pool_alloc_frag_netmem")
int BPF_PROG(nma_give_frag, struct page_pool *pool)
{
	__u64 netmem;

	if (pool->frag_users != 1 || bpf_get_func_ret(ctx, &netmem) || !netmem)
		return 0;
	nma_give_out(netmem);
	return 0;
}

SEC("?fentry/page_pool_put_unrefed_netmem")
int BPF_PROG(nma_come_back, struct page_pool *pool, unsigned long ref)
{
	struct nma_given *near = nma_given_near_of(ref);
	__u64 netmem = ref, *since, then;

	if (near && near->netmem == netmem)
		since = &near->since;
	else
		since = bpf_map_lookup_elem(&nma_given_out, &netmem);
	if (!since || !*since)
		return 0;
	then = *since;
	*since = 0;
	return add_circulation(pool->user.id, bpf_ktime_get_ns() - then);
}
