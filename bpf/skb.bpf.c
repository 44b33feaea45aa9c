// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Packets with payload that no CPU can read: what drivers hand to the stack,
 * what the stack makes of it, and where it goes (--deep).
 *
 * Each program looks at one bit or one length first; most packets go no further.
 */
#include "nma_act.bpf.h"
#include "nma_dma.bpf.h"
#include "nma_page.bpf.h"

#include <bpf/bpf_tracing.h>

#define FRAGS_MAX	17	/* MAX_SKB_FRAGS as configured everywhere */

char LICENSE[] SEC("license") = "GPL";

static __always_inline bool unreadable(struct sk_buff *skb)
{
	return BPF_CORE_READ_BITFIELD(skb, unreadable);
}

static __always_inline void act_skb(void *ctx, enum nma_act act,
				    struct sk_buff *skb, struct net_device *dev,
				    __s64 v0, __s64 v1)
{
	__u32 queue = skb->queue_mapping;

	nma_act_dev(ctx, act, (__u64)dev, queue ? queue - 1 : NMA_NO_QUEUE,
		    v0, v1);
}

/* Where an unreadable packet came from, whoever has it now: the device of the
 * pool that its first fragment is of. @dev if that is of none (to be sent).
 */
static __noinline __u64 source(struct sk_buff *skb, struct net_device *dev)
{
	struct skb_shared_info *si = (void *)skb->head + skb->end;
	__u64 pool, netmem = BPF_CORE_READ(si, frags[0].netmem);

	if (!(netmem & 1))
		return (__u64)dev;
	pool = (__u64)BPF_CORE_READ((struct page *)(netmem & ~1ull), pp);
	if (!pool)
		return (__u64)dev;
	return (__u64)pool_netdev((void *)pool);
}

struct frags {
	__u64 netmem[2 * FRAGS_MAX];	/* and length and offset of each */
};

/* How many of the frags are net_iovs, or -1. */
static __noinline int count_iovs(__u64 shinfo, __u32 nr)
{
	struct skb_shared_info *si = (void *)shinfo;
	struct frags frags;
	__u32 i;
	int iovs = 0;

	if (!nr || nr > FRAGS_MAX ||
	    bpf_core_read(&frags, nr * 2 * sizeof(__u64), &si->frags))
		return -1;
	for (i = 0; i < FRAGS_MAX && i < nr; i++)
		iovs += frags.netmem[2 * i] & 1;
	return iovs;
}

static __always_inline int frags_of(__u64 shinfo)
{
	__u64 nr = bpf_core_field_offset(struct skb_shared_info, nr_frags);

	return nma_word_at(shinfo + nr) & 0xff;
}

/* Most packets have one. */
static __always_inline int iovs_of(__u64 shinfo, int nr)
{
	return nr == 1 ? nma_word_at(nma_frag_of(shinfo, 0)) & 1 : count_iovs(shinfo, nr);
}

static __always_inline int on_rx(void *ctx, struct sk_buff *skb)
{
	struct net_device *dev;
	__u64 shinfo;
	int nr, iovs;

	if (!skb->data_len || !nma_deep_armed)
		return 0;
	shinfo = (__u64)(void *)skb->head + skb->end;
	nr = frags_of(shinfo);
	iovs = iovs_of(shinfo, nr);
	if (!nr || iovs < 0)
		return 0;
	dev = skb->dev;
	if (unreadable(skb) != !!iovs)
		act_skb(ctx, NMA_ACT_SKB_BIT, skb, dev, iovs, nr);
	if (!iovs)
		return 0;
	if (iovs != nr)
		act_skb(ctx, NMA_ACT_SKB_MIXED, skb, dev, iovs, nr);
	if (!BPF_CORE_READ_BITFIELD(skb, pp_recycle))
		act_skb(ctx, NMA_ACT_SKB_KEPT, skb, dev, iovs, nr);
	return 0;
}

/* A driver calls one of these three. */
SEC("?tp_btf/napi_gro_receive_entry")
int BPF_PROG(nma_rx_gro, struct sk_buff *skb)
{
	return on_rx(ctx, skb);
}

SEC("?tp_btf/napi_gro_frags_entry")
int BPF_PROG(nma_rx_frags, struct sk_buff *skb)
{
	return on_rx(ctx, skb);
}

SEC("?tp_btf/netif_receive_skb_entry")
int BPF_PROG(nma_rx_plain, struct sk_buff *skb)
{
	return on_rx(ctx, skb);
}

/* GRO does not look whether both are readable. */
SEC("?fexit/skb_gro_receive")
int BPF_PROG(nma_gro_merge, struct sk_buff *p, struct sk_buff *skb, int ret)
{
	if (!ret && unreadable(p) != unreadable(skb))
		act_skb(ctx, NMA_ACT_SKB_MERGED, p, p->dev, unreadable(p),
			unreadable(skb));
	return 0;
}

/* The kernel refuses all of these; the packet is lost. */
static __always_inline int on_read(void *ctx, struct sk_buff *skb,
				   enum nma_read how, int bytes)
{
	if (nma_deep_armed)
		nma_act_dev(ctx, NMA_ACT_SKB_READ, source(skb, skb->dev),
			    NMA_NO_QUEUE, how, bytes);
	return 0;
}

SEC("?fentry/skb_copy_bits")
int BPF_PROG(nma_read_bits, struct sk_buff *skb, int offset, void *to, int len)
{
	if (unreadable(skb) &&
	    offset + len > (int)(skb->len - skb->data_len))
		return on_read(ctx, skb, NMA_READ_COPY, len);
	return 0;
}

SEC("?fentry/__pskb_pull_tail")
int BPF_PROG(nma_read_pull, struct sk_buff *skb, int delta)
{
	if (unreadable(skb) && delta > 0)
		return on_read(ctx, skb, NMA_READ_PULL, delta);
	return 0;
}

SEC("?fentry/skb_checksum_help")
int BPF_PROG(nma_read_csum, struct sk_buff *skb)
{
	return unreadable(skb) ? on_read(ctx, skb, NMA_READ_CSUM, skb->len) : 0;
}

SEC("?fentry/skb_copy_ubufs")
int BPF_PROG(nma_read_ubufs, struct sk_buff *skb)
{
	return unreadable(skb) ? on_read(ctx, skb, NMA_READ_UBUFS, skb->len) : 0;
}

/* The unreadable packet that is being checked on this CPU. Bottom halves are off
 * between the two programs.
 */
struct validating {
	__u64 skb;
	__u64 source;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct validating);
} nma_validating SEC(".maps");

static __always_inline struct validating *validating(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&nma_validating, &zero);
}

SEC("?fentry/validate_xmit_skb")
int BPF_PROG(nma_validate, struct sk_buff *skb, struct net_device *dev)
{
	struct validating *v;

	if (!unreadable(skb) || !nma_deep_armed)
		return 0;
	v = validating();
	if (!v)
		return 0;
	v->skb = (__u64)skb;
	v->source = source(skb, dev);
	return 0;
}

/* The packet may be freed now. What passed and is readable was so before. */
SEC("?fexit/validate_xmit_skb")
int BPF_PROG(nma_validated, struct sk_buff *skb, struct net_device *dev,
	     bool *again, struct sk_buff *ret)
{
	struct validating *v;

	if (ret && !unreadable(ret))
		return 0;
	v = validating();
	if (!v || v->skb != (__u64)skb)
		return 0;
	v->skb = 0;
	if (!ret)
		nma_act_dev(ctx, NMA_ACT_SKB_REFUSED, v->source, NMA_NO_QUEUE,
			    dev->ifindex, 0);
	return 0;
}

/* What stands above a physical device maps nothing. */
static __noinline int learn_dma(struct net_device *dev, __u64 niov)
{
	__u64 page = nma_niov_addr(niov) >> NMA_DMA_SHIFT;
	struct nma_dma_row *old = bpf_map_lookup_elem(&nma_dma_tx, &page);
	struct nma_dma_row row = {
		.niov = niov,
		.dev = (__u64)BPF_CORE_READ(dev, dev.parent),
		.netdev = (__u64)dev,
		.queue = NMA_NO_QUEUE,
	};

	if (!row.dev || (old && old->niov == niov && old->netdev == row.netdev))
		return 0;
	bpf_map_update_elem(&nma_dma_tx, &page, &row, BPF_ANY);
	nma_dma_tx_known = 1;
	return 0;
}

static __noinline int learn_frags(struct sk_buff *skb, struct net_device *dev)
{
	struct skb_shared_info *si = (void *)skb->head + skb->end;
	__u32 i, nr = BPF_CORE_READ(si, nr_frags);
	struct frags frags;

	if (!nr || nr > FRAGS_MAX ||
	    bpf_core_read(&frags, nr * 2 * sizeof(__u64), &si->frags))
		return 0;
	for (i = 0; i < FRAGS_MAX && i < nr; i++)
		if (frags.netmem[2 * i] & 1)
			learn_dma(dev, frags.netmem[2 * i] & ~1ull);
	return 0;
}

SEC("?tp_btf/net_dev_start_xmit")
int BPF_PROG(nma_sent, struct sk_buff *skb, struct net_device *dev)
{
	if (!unreadable(skb) || !nma_deep_armed)
		return 0;
	if (!netdev_netmem_tx(dev))
		nma_act_dev(ctx, NMA_ACT_SKB_SENT, source(skb, dev),
			    NMA_NO_QUEUE, dev->ifindex, 0);
	learn_frags(skb, dev);
	return 0;
}

/* ---- Packets that are copied for XDP --------------------------------------------*/

#define HEAD_ALIGN	8	/* of struct skb_shared_info, which is at its end */
#define CACHE_LINE	64

static __noinline int act_skewed(void *ctx, struct sk_buff *skb, __u64 head)
{
	struct nma_act_key key = { .act = NMA_ACT_SKB_SKEWED };
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	__u32 queue = BPF_CORE_READ(skb, queue_mapping);
	__u64 skew = head % CACHE_LINE, page;
	struct nma_act_row row = {};

	key.object = (__u64)dev;
	if (nma_act_count(&key, skew, 0))
		return 0;
	nma_act_begin(&row.rec, &key, skew, 0);
	page = nma_page_of(head);
	if (page)
		nma_act_of_pool(&row.rec, BPF_CORE_READ((struct page *)page, pp));
	nma_act_netdev(&row.rec, dev);
	row.rec.queue = queue ? queue - 1 : NMA_NO_QUEUE;
	bpf_get_stack(ctx, row.rec.stack, sizeof(row.rec.stack), NMA_ACT_SKIP);
	nma_act_add(&key, &row);
	return 0;
}

/* skb_pp_cow_data(pool, &skb, headroom): a packet that generic XDP, or veth's, can write
 * to. Its head is a fragment of a page, behind those of the packet before, whose last
 * may have had any length.
 */
SEC("?fexit/skb_pp_cow_data")
int nma_copied(void *ctx)
{
	struct sk_buff *skb;
	__u64 ret, pskb, head;

	if (bpf_get_func_ret(ctx, &ret) || (int)ret || bpf_get_func_arg(ctx, 1, &pskb))
		return 0;
	skb = (void *)nma_read_word(pskb);
	head = (__u64)BPF_CORE_READ(skb, head);
	if (nma_deep_armed && head % HEAD_ALIGN)
		act_skewed(ctx, skb, head);
	return 0;
}
