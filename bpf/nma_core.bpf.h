/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What moved between the kernels we support (6.12 and later): the flavours and
 * one accessor for each moved thing (nma_core_slab.bpf.h has the allocator's).
 * Programs never name a flavour. Each entry says which commit made the move; it can
 * go when the last kernel before that is no longer supported.
 *
 * Addresses are __u64 and every read is a probe read, so that a hook and a walk
 * through kernel memory can share one function; a wrong address reads as zero.
 */
#ifndef NMA_CORE_BPF_H
#define NMA_CORE_BPF_H

#include "nma_ksym.h"
#include "nma_types.bpf.h"

/* 3c836451ca90 ("net: move HDS config from ethtool state"), v6.14: before, the
 * core kept nothing and only the driver knew.
 */
struct netdev_config {
	__u32 hds_thresh;
	__u8 hds_config;
} __attribute__((preserve_access_index));

struct net_device___since_v6_14 {
	struct netdev_config *cfg;
	struct netdev_config *cfg_pending;
} __attribute__((preserve_access_index));

static __always_inline bool netdev_has_cfg(void)
{
	return bpf_core_field_exists(struct net_device___since_v6_14, cfg);
}

static __always_inline __u8 netdev_hds(struct net_device *dev)
{
	if (!netdev_has_cfg())
		return NMA_HDS_UNKNOWN;
	return BPF_CORE_READ((struct net_device___since_v6_14 *)dev, cfg,
			     hds_config);
}

static __always_inline __u32 netdev_hds_thresh(struct net_device *dev)
{
	if (!netdev_has_cfg())
		return 0;
	return BPF_CORE_READ((struct net_device___since_v6_14 *)dev, cfg,
			     hds_thresh);
}

/* While ethtool changes a setting, the wanted one; otherwise the same. */
static __always_inline __u8 netdev_hds_pending(struct net_device *dev)
{
	if (!netdev_has_cfg())
		return NMA_HDS_UNKNOWN;
	return BPF_CORE_READ((struct net_device___since_v6_14 *)dev,
			     cfg_pending, hds_config);
}

static __always_inline __u32 netdev_hds_thresh_pending(struct net_device *dev)
{
	if (!netdev_has_cfg())
		return 0;
	return BPF_CORE_READ((struct net_device___since_v6_14 *)dev,
			     cfg_pending, hds_thresh);
}

/* 383faec0fd64 ("net: enable driver support for netmem TX"), v6.16 */
struct net_device___since_v6_16 {
	unsigned long netmem_tx : 2;
} __attribute__((preserve_access_index));

static __always_inline bool netdev_has_netmem_tx(void)
{
	return bpf_core_field_exists(struct net_device___since_v6_16, netmem_tx);
}

static __always_inline __u8 netdev_netmem_tx(struct net_device *dev)
{
	struct net_device___since_v6_16 *d = (void *)dev;

	if (!netdev_has_netmem_tx())
		return 0;
	return BPF_CORE_READ_BITFIELD_PROBED(d, netmem_tx);
}

/* f406c8e4b770 ("dma: avoid redundant calls for sync operations"), v6.10: syncing
 * is skipped for a device that needs none. "driver core: Replace dev->dma_skip_sync
 * with DEV_FLAG_DMA_SKIP_SYNC", some time before v7.2; BTF may lack that enum, of
 * which only numbers are used, and then the number is that of v7.2.
 */
struct device___with_skip_sync {
	bool dma_skip_sync : 1;
} __attribute__((preserve_access_index));

enum struct_device_flags {
	DEV_FLAG_DMA_SKIP_SYNC = 3,
};

struct device___with_flags {
	unsigned long flags[1];
} __attribute__((preserve_access_index));

static __always_inline bool device_skips_sync(struct device *device)
{
	struct device___with_skip_sync *bit = (void *)device;
	struct device___with_flags *bits = (void *)device;
	__u64 bit_nr = DEV_FLAG_DMA_SKIP_SYNC;

	if (bpf_core_field_exists(bit->dma_skip_sync))
		return BPF_CORE_READ_BITFIELD_PROBED(bit, dma_skip_sync);
	if (!bpf_core_field_exists(bits->flags))
		return false;
	if (bpf_core_enum_value_exists(enum struct_device_flags, DEV_FLAG_DMA_SKIP_SYNC))
		bit_nr = bpf_core_enum_value(enum struct_device_flags, DEV_FLAG_DMA_SKIP_SYNC);
	return BPF_CORE_READ(bits, flags[0]) >> bit_nr & 1;
}

/* Since v6.15 (request_ops_lock) queues are configured under a lock of their
 * device, before under rtnl_lock().
 */
struct net_device___since_v6_15 {
	struct mutex lock;
	bool request_ops_lock;
} __attribute__((preserve_access_index));

/* The task that holds it, 0 if none does. */
static __always_inline __u64 mutex_owner(__u64 mutex)
{
	return BPF_CORE_READ((struct mutex *)mutex, owner.counter) & ~MUTEX_OWNER_FLAGS;
}

/* The same for that lock. */
static __always_inline __u64 netdev_lock_owner(struct net_device *dev,
					       __u64 rtnl_mutex)
{
	struct net_device___since_v6_15 *d = (void *)dev;

	if (bpf_core_field_exists(d->request_ops_lock))
		return mutex_owner((__u64)__builtin_preserve_access_index(&d->lock));
	return mutex_owner(rtnl_mutex);
}

/* 28b225282d44, v7.0 and stable: seconds became nanoseconds, in the same place
 * and under the same name; a ktime_t has a sign and the old u64 had none.
 */
static __always_inline __u64 pool_detach_boottime(struct page_pool *pool)
{
	__u64 t = BPF_CORE_READ(pool, user.detach_time);

	if (__CORE_RELO(pool, user.detach_time, SIGNED))
		return t;
	return t * 1000000000;
}

/* 8802087d20c0 ("net: devmem: TCP tx netlink api"), v6.16: bindings to send
 * from. bd61848900bf ("net: devmem: Implement TX path"), v6.16: freed by work.
 */
struct net_devmem_dmabuf_binding___since_v6_16 {
	enum dma_data_direction direction;
	struct {
		int dummy;
	} unbind_w;
} __attribute__((preserve_access_index));

static __always_inline __u32 binding_direction(__u64 binding)
{
	struct net_devmem_dmabuf_binding___since_v6_16 *b = (void *)binding;

	if (!bpf_core_field_exists(b->direction))
		return DMA_FROM_DEVICE;
	return BPF_CORE_READ(b, direction);
}

/* Some time before v7.2: what a netlink socket keeps of its bindings became a
 * structure; before, it was their list alone.
 */
struct netdev_nl_sock {
	struct list_head bindings;
} __attribute__((preserve_access_index));

/* Address of the head of that list */
static __always_inline __u64 nl_sock_bindings(__u64 priv)
{
	if (!bpf_core_type_exists(struct netdev_nl_sock))
		return priv;
	return priv + bpf_core_field_offset(struct netdev_nl_sock, bindings);
}

/* From the argument of __net_devmem_dmabuf_binding_free(). */
static __always_inline __u64 binding_from_free_arg(__u64 arg)
{
	if (!bpf_core_field_exists(
		    struct net_devmem_dmabuf_binding___since_v6_16, unbind_w))
		return arg;
	return arg - bpf_core_field_offset(
		struct net_devmem_dmabuf_binding___since_v6_16, unbind_w);
}

/* 7d60fa9e1ab1 ("net: generalise net_iov chunk owners"), v6.15: the owner
 * became an area that other providers have too, first member of the chunk's.
 */
struct net_iov;

struct net_iov_area {
	struct net_iov *niovs;
	unsigned long num_niovs;
} __attribute__((preserve_access_index));

struct net_iov {
	void *owner;
} __attribute__((preserve_access_index));

struct dmabuf_genpool_chunk_owner {
	struct net_devmem_dmabuf_binding *binding;
} __attribute__((preserve_access_index));

struct dmabuf_genpool_chunk_owner___before_v6_15 {
	struct net_iov *niovs;
	unsigned long num_niovs;
} __attribute__((preserve_access_index));

struct dmabuf_genpool_chunk_owner___since_v6_15 {
	struct net_iov_area area;
} __attribute__((preserve_access_index));

/* Dma-buf binding that a netmem_ref of a devmem socket belongs to. */
static __always_inline __u64 netmem_binding(__u64 netmem)
{
	struct net_iov *niov = (void *)(netmem & ~1ull);
	__u64 owner = (__u64)BPF_CORE_READ(niov, owner);

	if (bpf_core_field_exists(
		    struct dmabuf_genpool_chunk_owner___since_v6_15, area))
		owner -= bpf_core_field_offset(
			struct dmabuf_genpool_chunk_owner___since_v6_15, area);
	return (__u64)BPF_CORE_READ((struct dmabuf_genpool_chunk_owner *)owner,
				    binding);
}

struct niov_array {
	__u64 first;
	__u64 nr;
};

/* The net_iovs of one piece of a dma-buf */
static __always_inline struct niov_array chunk_niovs(__u64 owner)
{
	struct dmabuf_genpool_chunk_owner___since_v6_15 *o = (void *)owner;
	struct dmabuf_genpool_chunk_owner___before_v6_15 *old = (void *)owner;
	struct niov_array a = {};

	if (bpf_core_field_exists(o->area)) {
		a.first = (__u64)BPF_CORE_READ(o, area.niovs);
		a.nr = BPF_CORE_READ(o, area.num_niovs);
	} else if (bpf_core_field_exists(old->niovs)) {
		a.first = (__u64)BPF_CORE_READ(old, niovs);
		a.nr = BPF_CORE_READ(old, num_niovs);
	}
	return a;
}

/* A net_iov is laid out like a page up to the reference count. */
static __always_inline __s64 niov_refs(__u64 niov)
{
	__s64 refs = 0;

	bpf_probe_read_kernel(&refs, sizeof(refs),
			      (void *)niov + bpf_core_field_offset(struct page,
								   pp_ref_count));
	return refs;
}

/* 46e8fff6d45f ("x86/preempt: Move preempt count to percpu hot section"), v6.15:
 * before, it was a member of a structure of hot things. Other architectures keep
 * it elsewhere and are taken to be in softirq, which accuses nobody.
 */
struct pcpu_hot {
	int preempt_count;
} __attribute__((preserve_access_index));

static __always_inline bool in_softirq(void)
{
	const void *count = nma_ksym_var(PREEMPT_COUNT);
	const void *hot = nma_ksym_var(PCPU_HOT);

	if (count)
		return *(int *)bpf_this_cpu_ptr(count) & SOFTIRQ_MASK;
	if (hot)
		return ((struct pcpu_hot *)bpf_this_cpu_ptr(hot))->preempt_count &
		       SOFTIRQ_MASK;
	return true;
}

/* Some time before v7.2: a queue of a virtual device (netkit) that stands for one
 * of a physical device points to it, and the reverse.
 */
struct netdev_rx_queue___with_lease {
	struct netdev_rx_queue *lease;
} __attribute__((preserve_access_index));

static __always_inline struct netdev_rx_queue *
rxq_lease(struct netdev_rx_queue *rxq)
{
	struct netdev_rx_queue___with_lease *r = (void *)rxq;

	if (!bpf_core_field_exists(r->lease))
		return NULL;
	return BPF_CORE_READ(r, lease);
}

/* bd61848900bf ("net: devmem: Implement TX path"), v6.16: the dma-buf that a send
 * names, 0 if none.
 */
struct sockcm_cookie___since_v6_16 {
	__u32 dmabuf_id;
} __attribute__((preserve_access_index));

static __always_inline __u32 sockcm_dmabuf_id(__u64 cookie)
{
	struct sockcm_cookie___since_v6_16 *c = (void *)cookie;

	if (!bpf_core_field_exists(c->dmabuf_id))
		return 0;
	return BPF_CORE_READ(c, dmabuf_id);
}

/* io_uring's zero-copy receive, v6.15. Sizes in its own units: buffers of
 * 1 << niov_shift bytes, pages before that field came. What comes back through the
 * refill queue was kept in the interface queue itself, before that became a structure
 * of its own; the ring that registered it was "ctx" before others could join.
 */
struct io_uring {
	__u32 head;
	__u32 tail;
} __attribute__((preserve_access_index));

struct io_ring_ctx {
	unsigned int flags;
	struct task_struct *submitter_task;
} __attribute__((preserve_access_index));

struct io_zcrx_area___since_v6_15 {
	struct net_iov_area nia;
	atomic_t *user_refs;
	__u32 free_count;
} __attribute__((preserve_access_index));

struct io_zcrx_ifq___since_v6_15 {
	struct io_zcrx_area___since_v6_15 *area;
	struct device *dev;
	struct io_uring *rq_ring;
	void *rqes;
	__u32 rq_entries;
	__u32 cached_rq_head;
	struct io_ring_ctx *ctx;
} __attribute__((preserve_access_index));

struct zcrx_rq {
	struct io_uring *ring;
	void *rqes;
	__u32 cached_head;
	__u32 nr_entries;
} __attribute__((preserve_access_index));

struct io_zcrx_ifq___with_rq {
	struct zcrx_rq rq;
} __attribute__((preserve_access_index));

struct io_zcrx_ifq___with_master {
	struct io_ring_ctx *master_ctx;
} __attribute__((preserve_access_index));

struct mm_struct {
	struct task_struct *owner;
} __attribute__((preserve_access_index));

struct io_zcrx_ifq___with_mm {
	struct mm_struct *mm_account;
} __attribute__((preserve_access_index));

struct io_zcrx_ifq___with_shift {
	unsigned int niov_shift;
} __attribute__((preserve_access_index));

struct io_zcrx_mem___with_dmabuf {
	struct dma_buf *dmabuf;
} __attribute__((preserve_access_index));

struct io_zcrx_area___with_mem {
	struct io_zcrx_mem___with_dmabuf mem;
} __attribute__((preserve_access_index));

struct zcrx_account {
	__u64 buffers;
	__u64 size;
	__u64 free;
	__u64 user_refs;	/* address of an array of ints, by buffer */
	__u32 queued;		/* given back, and not yet looked at */
	__u32 taken_back;	/* so far, modulo 2^32 */
	__u64 entries;		/* address of what was given back, a ring */
	__u32 nr_entries;	/* a power of two */
	__u32 shift;		/* of the size of a buffer */
	struct dma_buf *dmabuf;
};

static __always_inline void zcrx_refill_queue(__u64 addr, struct zcrx_account *acc)
{
	struct io_zcrx_ifq___with_rq *ifq = (void *)addr;
	struct io_zcrx_ifq___since_v6_15 *old = (void *)addr;
	struct io_uring *ring = NULL;

	if (bpf_core_field_exists(ifq->rq)) {
		ring = BPF_CORE_READ(ifq, rq.ring);
		acc->taken_back = BPF_CORE_READ(ifq, rq.cached_head);
		acc->entries = (__u64)BPF_CORE_READ(ifq, rq.rqes);
		acc->nr_entries = BPF_CORE_READ(ifq, rq.nr_entries);
	} else if (bpf_core_field_exists(old->rq_ring)) {
		ring = BPF_CORE_READ(old, rq_ring);
		acc->taken_back = BPF_CORE_READ(old, cached_rq_head);
		acc->entries = (__u64)BPF_CORE_READ(old, rqes);
		acc->nr_entries = BPF_CORE_READ(old, rq_entries);
	}
	if (ring)
		acc->queued = BPF_CORE_READ(ring, tail) - acc->taken_back;
}

static __always_inline struct zcrx_account zcrx_account(__u64 addr)
{
	struct io_zcrx_ifq___since_v6_15 *ifq = (void *)addr;
	struct io_zcrx_ifq___with_shift *shifted = (void *)addr;
	struct io_zcrx_area___since_v6_15 *area;
	struct zcrx_account acc = {};
	__u32 shift = 12;

	if (!bpf_core_field_exists(ifq->area))
		return acc;
	area = BPF_CORE_READ(ifq, area);
	if (bpf_core_field_exists(shifted->niov_shift))
		shift = BPF_CORE_READ(shifted, niov_shift) & 31;
	acc.shift = shift;
	acc.buffers = BPF_CORE_READ(area, nia.num_niovs);
	acc.size = acc.buffers << shift;
	acc.free = BPF_CORE_READ(area, free_count);
	acc.user_refs = (__u64)BPF_CORE_READ(area, user_refs);
	if (bpf_core_field_exists(struct io_zcrx_mem___with_dmabuf, dmabuf))
		acc.dmabuf = BPF_CORE_READ((struct io_zcrx_area___with_mem *)area,
					   mem.dmabuf);
	zcrx_refill_queue(addr, &acc);
	return acc;
}

/* First net_iov of its area */
static __always_inline __u64 zcrx_niovs(__u64 addr)
{
	struct io_zcrx_ifq___since_v6_15 *ifq = (void *)addr;

	if (!bpf_core_field_exists(ifq->area))
		return 0;
	return (__u64)BPF_CORE_READ(ifq, area, nia.niovs);
}

/* A task of the process that registered it; 0 not known. Its ring has one task only
 * (IORING_SETUP_SINGLE_ISSUER), but is known only while notifications are asked for;
 * then there is the process whose memory it is.
 */
static __always_inline struct task_struct *zcrx_task(__u64 addr)
{
	struct io_zcrx_ifq___with_master *ifq = (void *)addr;
	struct io_zcrx_ifq___since_v6_15 *old = (void *)addr;
	struct io_zcrx_ifq___with_mm *mm = (void *)addr;
	struct task_struct *task = NULL;

	if (bpf_core_field_exists(ifq->master_ctx))
		task = BPF_CORE_READ(ifq, master_ctx, submitter_task);
	else if (bpf_core_field_exists(old->ctx))
		task = BPF_CORE_READ(old, ctx, submitter_task);
	if (!task && bpf_core_field_exists(mm->mm_account) &&
	    bpf_core_field_exists(struct mm_struct, owner))
		task = BPF_CORE_READ(mm, mm_account, owner);
	return task;
}

/* Does a program of a kprobe session run at the end of the function? Some time before
 * v7.2 bpf_session_is_return() got an argument; it does not matter to the older one.
 */
static __always_inline bool session_is_return(void *ctx)
{
	bool (*const is_return)(void *ctx) = nma_ksym_func(SESSION_IS_RETURN);

	return is_return(ctx);
}

/* Packets that were freed for another CPU. Some time before v7.2 each pair of a CPU
 * and a node got a list of its own; before, it was one per CPU.
 */
struct softnet_data___with_defer {
	struct sk_buff *defer_list;
} __attribute__((preserve_access_index));

struct llist_node {
	struct llist_node *next;
} __attribute__((preserve_access_index));

struct llist_head {
	struct llist_node *first;
} __attribute__((preserve_access_index));

struct skb_defer_node {
	struct llist_head defer_list;
} __attribute__((preserve_access_index));

struct net_hotdata {
	struct kmem_cache *skbuff_cache;
	struct skb_defer_node *skb_defer_nodes;
} __attribute__((preserve_access_index));

static __always_inline bool defers_by_node(void)
{
	return bpf_core_field_exists(struct net_hotdata, skb_defer_nodes);
}

/* Functions, as below: the compiler would read both. */
static __noinline __u64 deferred_of_cpu(__u64 softnet)
{
	struct softnet_data___with_defer *sd = (void *)softnet;

	return (__u64)BPF_CORE_READ(sd, defer_list);
}

static __noinline __u64 deferred_of_node(__u64 hotdata, __u64 cpu_off, __u32 node)
{
	struct net_hotdata *hot = (void *)hotdata;
	__u64 nodes = (__u64)BPF_CORE_READ(hot, skb_defer_nodes);
	struct skb_defer_node *n;

	if (!nodes)
		return 0;
	n = (void *)(nodes + cpu_off + node * bpf_core_type_size(struct skb_defer_node));
	return (__u64)BPF_CORE_READ(n, defer_list.first);
}

/* First packet of such a list. @cpu_off: of that CPU's variables */
static __always_inline __u64 deferred_skbs(__u64 softnet, __u64 hotdata,
					   __u64 cpu_off, __u32 node)
{
	if (defers_by_node())
		return deferred_of_node(hotdata, cpu_off, node);
	return deferred_of_cpu(softnet);
}

/* Some time before v7.2: the lists of GRO became a structure of their own. */
struct gro_list {
	struct list_head list;
} __attribute__((preserve_access_index));

struct gro_node {
	struct gro_list hash[8];
	struct list_head rx_list;
} __attribute__((preserve_access_index));

struct napi_struct___with_gro {
	struct gro_node gro;
} __attribute__((preserve_access_index));

struct napi_struct___with_lists {
	struct gro_list gro_hash[8];
	struct list_head rx_list;
} __attribute__((preserve_access_index));

#define GRO_LISTS	9	/* and the one of what is to be delivered */

/* Address of the head of one of a NAPI's lists of packets. Functions, because the
 * compiler would take both offsets at once, and one of them does not exist.
 */
static __noinline __u64 gro_list_of_node(__u64 napi, __u32 i)
{
	struct napi_struct___with_gro *n = (void *)napi;

	if (i == GRO_LISTS - 1)
		return napi + bpf_core_field_offset(n->gro) +
		       bpf_core_field_offset(struct gro_node, rx_list);
	return napi + bpf_core_field_offset(n->gro) +
	       bpf_core_field_offset(struct gro_node, hash) +
	       i * bpf_core_type_size(struct gro_list);
}

static __noinline __u64 gro_list_of_napi(__u64 napi, __u32 i)
{
	struct napi_struct___with_lists *n = (void *)napi;

	if (i == GRO_LISTS - 1)
		return napi + bpf_core_field_offset(n->rx_list);
	return napi + bpf_core_field_offset(n->gro_hash) +
	       i * bpf_core_type_size(struct gro_list);
}

static __always_inline __u64 napi_skb_list(__u64 napi, __u32 i)
{
	struct napi_struct___with_gro *n = (void *)napi;

	if (bpf_core_field_exists(n->gro))
		return gro_list_of_node(napi, i);
	return gro_list_of_napi(napi, i);
}

/* Some time before v7.2: in the tail pages of a compound page, a mask that makes
 * the head's address of their own, or as before that address, with bit 0 set.
 */
struct page___with_head {
	unsigned long compound_head;
} __attribute__((preserve_access_index));

struct page___with_info {
	unsigned long compound_info;
} __attribute__((preserve_access_index));

static __noinline __u64 page_info(__u64 page)
{
	return BPF_CORE_READ((struct page___with_info *)page, compound_info);
}

static __noinline __u64 page_info_old(__u64 page)
{
	return BPF_CORE_READ((struct page___with_head *)page, compound_head);
}

static __always_inline __u64 page_head_of(__u64 page, __u64 info)
{
	if (!(info & 1))
		return page;
	return info >> 32 == 0xffffffff ? page & info : info - 1;
}

static __always_inline __u64 page_head(__u64 page)
{
	if (bpf_core_field_exists(struct page___with_info, compound_info))
		return page_head_of(page, page_info(page));
	return page_head_of(page, page_info_old(page));
}

/* CONFIG_PAGE_POOL_STATS, v5.18: a kernel that is built without it has neither. */
struct page_pool_alloc_stats {
	__u64 fast;
	__u64 slow;
	__u64 slow_high_order;
	__u64 empty;
	__u64 refill;
	__u64 waive;
} __attribute__((preserve_access_index));

struct page_pool_recycle_stats {
	__u64 cached;
	__u64 cache_full;
	__u64 ring;
	__u64 ring_full;
	__u64 released_refcnt;
} __attribute__((preserve_access_index));

struct page_pool___with_stats {
	struct page_pool_alloc_stats alloc_stats;
	struct page_pool_recycle_stats *recycle_stats;	/* of each CPU */
} __attribute__((preserve_access_index));

static __always_inline bool pools_have_stats(void)
{
	return bpf_core_field_exists(struct page_pool___with_stats, alloc_stats);
}

/* Both add to @count, by enum nma_counter. */
static __always_inline void pool_alloc_stats(__u64 pool, __u64 *count)
{
	struct page_pool___with_stats *p = (void *)pool;

	count[NMA_COUNTER_FAST] = BPF_CORE_READ(p, alloc_stats.fast);
	count[NMA_COUNTER_SLOW] = BPF_CORE_READ(p, alloc_stats.slow);
	count[NMA_COUNTER_SLOW_HIGH_ORDER] =
		BPF_CORE_READ(p, alloc_stats.slow_high_order);
	count[NMA_COUNTER_EMPTY] = BPF_CORE_READ(p, alloc_stats.empty);
	count[NMA_COUNTER_REFILL] = BPF_CORE_READ(p, alloc_stats.refill);
	count[NMA_COUNTER_WAIVE] = BPF_CORE_READ(p, alloc_stats.waive);
}

static __always_inline void pool_recycle_stats(__u64 pool, __u64 cpu_off,
					       __u64 *count)
{
	struct page_pool___with_stats *p = (void *)pool;
	struct page_pool_recycle_stats *s;

	s = (void *)BPF_CORE_READ(p, recycle_stats) + cpu_off;
	count[NMA_COUNTER_CACHED] += BPF_CORE_READ(s, cached);
	count[NMA_COUNTER_CACHE_FULL] += BPF_CORE_READ(s, cache_full);
	count[NMA_COUNTER_RING] += BPF_CORE_READ(s, ring);
	count[NMA_COUNTER_RING_FULL] += BPF_CORE_READ(s, ring_full);
	count[NMA_COUNTER_RELEASED_REFCNT] += BPF_CORE_READ(s, released_refcnt);
}

/* 024596a4e280 ("ns: rename to __ns_ref"), v6.18 */
struct ns_common___before_v6_18 {
	refcount_t count;
} __attribute__((preserve_access_index));

static __always_inline __u32 net_refs(struct net *net)
{
	struct ns_common *ns = __builtin_preserve_access_index(&net->ns);

	if (bpf_core_field_exists(ns->__ns_ref))
		return BPF_CORE_READ(ns, __ns_ref.refs.counter);
	return BPF_CORE_READ((struct ns_common___before_v6_18 *)ns, count.refs.counter);
}

/* Not moved, but read by several programs. */

static __always_inline __u64 nma_read_word(__u64 addr)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)addr);
	return value;
}

static __always_inline __u32 netdev_netns(struct net_device *dev)
{
	return BPF_CORE_READ(dev, nd_net.net, ns.inum);
}

/* When a device is unregistered, or moved, the kernel puts its pools in the charge
 * of that namespace's loopback device, which has none of its own.
 */
static __always_inline struct net_device *pool_keeper(struct page_pool *pool)
{
	struct net_device *dev = BPF_CORE_READ(pool, slow.netdev);

	return (__u64)dev == NET_PTR_POISON ? NULL : dev;
}

static __always_inline bool is_loopback(struct net_device *dev)
{
	return BPF_CORE_READ(dev, ifindex) == LOOPBACK_IFINDEX;
}

static __always_inline struct net_device *pool_netdev(struct page_pool *pool)
{
	struct net_device *dev = pool_keeper(pool);

	return is_loopback(dev) ? NULL : dev;
}

/* Counted up by page_pool_destroy(); the detach time alone can be 0 on a young
 * machine.
 */
static __always_inline bool pool_detached(struct page_pool *pool)
{
	return BPF_CORE_READ(pool, destroy_cnt) ||
	       BPF_CORE_READ(pool, user.detach_time);
}

static __always_inline struct netdev_rx_queue *
netdev_rxq(struct net_device *dev, __u32 queue)
{
	return (void *)BPF_CORE_READ(dev, _rx) +
	       (__u64)queue * bpf_core_type_size(struct netdev_rx_queue);
}

static __always_inline __u32 rxq_index(__u64 addr)
{
	struct netdev_rx_queue *rxq = (void *)addr;
	__u64 first = (__u64)BPF_CORE_READ(rxq, dev, _rx);

	return (addr - first) / bpf_core_type_size(struct netdev_rx_queue);
}

#endif /* NMA_CORE_BPF_H */
