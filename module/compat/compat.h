/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Force-included before every file of the module. The driver is written against
 * the newest kernel; what an older one lacks is added here and nowhere else.
 *
 * detect.sh decides (NMA_HAVE_*), this file implements and tests only that.
 * Every shim names the change it makes up for and the first kernel that has it
 * (v6.12.y: its later stable releases, too), and goes when no older one is
 * supported. The oldest supported one is 6.12.
 */
#ifndef NMA_COMPAT_H
#define NMA_COMPAT_H

/* Kernel headers follow here, before the file's own. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/version.h>

/* Oldest: "net: netdev rx queue management", "devmem TCP" in a usable form. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "nmnic needs Linux 6.12 or newer"
#endif

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/netdev_queues.h>
#include <net/netdev_rx_queue.h>
#include <net/page_pool/helpers.h>

/* "slab: Introduce kmalloc_obj() and family", v7.0, v6.12.y: allocation by
 * type. Ours are all GFP_KERNEL, the default.
 */
#ifndef NMA_HAVE_ALLOC_OBJS
#define kzalloc_obj(obj)		kzalloc(sizeof(obj), GFP_KERNEL)
#define kzalloc_objs(obj, num)		kcalloc(num, sizeof(obj), GFP_KERNEL)
#define kvzalloc_objs(obj, num)		kvcalloc(num, sizeof(obj), GFP_KERNEL)
#endif

/* "hrtimers: Introduce hrtimer_setup() to replace hrtimer_init()", v6.13 */
#ifndef NMA_HAVE_HRTIMER_SETUP
#include <linux/hrtimer.h>
#define hrtimer_setup(timer, func, clock, mode) do {	\
	hrtimer_init(timer, clock, mode);		\
	(timer)->function = (func);			\
} while (0)
#endif

/* "module: Convert symbol namespace to string literal", v6.13 */
#ifdef NMA_HAVE_IMPORT_NS_STRING
#define NMA_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define NMA_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* "net: protect NAPI enablement with netdev_lock()", v6.14, and "net: hold netdev
 * instance lock during queue operations", v6.15: ndo_open, ndo_stop and the queue
 * operations run under the netdev instance lock. Before, rtnl_lock() is all there
 * is, and the plain functions do what the _locked ones do now.
 */
#ifndef NMA_HAVE_NETDEV_INSTANCE_LOCK
#define napi_enable_locked(napi)	napi_enable(napi)
#define napi_disable_locked(napi)	napi_disable(napi)
#endif

/* What lockdep is to find held: since "net: ethtool: optionally skip rtnl_lock",
 * v7.2, that is the instance lock. Before, rtnl_lock() always is, too.
 */
#ifdef NMA_HAVE_OPS_LOCK_DEREFERENCE
#include <net/netdev_lock.h>
#else
#define netdev_ops_lock_dereference(p, dev)	rtnl_dereference(p)
#endif

/* "net: napi: Add napi_config", v6.13: settings of a NAPI that survive it.
 * Before, they do not.
 */
#ifndef NMA_HAVE_NAPI_CONFIG
static inline void netif_napi_add_config(struct net_device *dev, struct napi_struct *napi,
					 int (*poll)(struct napi_struct *, int), int index)
{
	netif_napi_add(dev, napi, poll);
}
#endif

/* "net: introduce ndo_set_rx_mode_async", v7.1 or v7.2: the address lists arrive as
 * snapshots in process context. Before, the callback takes the device only and
 * must not sleep; ours does neither look at the lists nor sleep.
 *
 * NMA_SET_RX_MODE(fn) after the definition of fn, .NMA_NDO_SET_RX_MODE =
 * NMA_SET_RX_MODE_OP(fn) in the table.
 */
#ifdef NMA_HAVE_SET_RX_MODE_ASYNC
#define NMA_SET_RX_MODE(fn)
#define NMA_SET_RX_MODE_OP(fn)		fn
#define NMA_NDO_SET_RX_MODE		ndo_set_rx_mode_async
#else
#define NMA_SET_RX_MODE(fn)						\
static void fn##_compat(struct net_device *dev)				\
{									\
	fn(dev, NULL, NULL);						\
}
#define NMA_SET_RX_MODE_OP(fn)		fn##_compat
#define NMA_NDO_SET_RX_MODE		ndo_set_rx_mode
#endif

/* efcb9a4d32d3 ("net: add bare bone queue configs") and "net: let pp memory provider
 * to specify rx buf len", v7.0: the configuration of a queue is an argument of two
 * queue operations, and says how large the provider wants its buffers. Before,
 * they are pages.
 *
 * NMA_QUEUE_OP(fn) after the definition of fn, = NMA_QUEUE_OP_PTR(fn) in the
 * table, and NMA_QUEUE_CONFIG(default, validate).
 */
#ifdef NMA_HAVE_QUEUE_CONFIG
#define NMA_QUEUE_OP(fn)
#define NMA_QUEUE_OP_PTR(fn)		fn
#define NMA_QUEUE_CONFIG(default_fn, validate_fn)			\
	.ndo_default_qcfg = default_fn,					\
	.ndo_validate_qcfg = validate_fn,				\
	.supported_params = QCFG_RX_PAGE_SIZE,
#else
struct netdev_queue_config {
	u32 rx_page_size;
};

static inline void netdev_queue_config(struct net_device *dev, int idx,
				       struct netdev_queue_config *qcfg)
{
	qcfg->rx_page_size = PAGE_SIZE;
}

#define NMA_QUEUE_OP(fn)						\
static int fn##_compat(struct net_device *dev, void *qmem, int idx)	\
{									\
	struct netdev_queue_config qcfg;				\
									\
	netdev_queue_config(dev, idx, &qcfg);				\
	return fn(dev, &qcfg, qmem, idx);				\
}
#define NMA_QUEUE_OP_PTR(fn)		fn##_compat
#define NMA_QUEUE_CONFIG(default_fn, validate_fn)
#endif

/* 3e7efc3f4f03 ("net: devmem: don't call queue stop / start when the interface
 * is down"), v6.16. Before, the core stops and starts queues of a closed
 * device, and expects the driver to refuse with -ENETDOWN. No declaration changed.
 */
#define NMA_QUEUE_MEM_WHILE_CLOSED	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0))

/* a08a5c948401 ("net: devmem: add ring parameter filtering"), v6.14: the core
 * refuses a provider while tcp-data-split is off, with extack text. It keeps
 * the setting in the struct that came with it.
 */
#ifdef NMA_HAVE_HDS_CONFIG
#define NMA_CORE_CHECKS_HDS		1
#else
#define NMA_CORE_CHECKS_HDS		0
#endif

/* eec8359f0797 ("net: ethtool: add support for configuring hds-thresh"), v6.14.
 * Before, there is no threshold but 0.
 */
#ifdef NMA_HAVE_HDS_THRESH
#define NMA_RING_USE_HDS_THRESH		ETHTOOL_RING_USE_HDS_THRS
static inline u32 nma_ring_hds_thresh(const struct kernel_ethtool_ringparam *kring)
{
	return kring->hds_thresh;
}

static inline void nma_ring_set_hds_thresh(struct kernel_ethtool_ringparam *kring, u32 thresh,
					   u32 max)
{
	kring->hds_thresh = thresh;
	kring->hds_thresh_max = max;
}
#else
#define NMA_RING_USE_HDS_THRESH		0
static inline u32 nma_ring_hds_thresh(const struct kernel_ethtool_ringparam *kring)
{
	return 0;
}

static inline void nma_ring_set_hds_thresh(struct kernel_ethtool_ringparam *kring, u32 thresh,
					   u32 max)
{
}
#endif

/* With the first drivers that have unreadable memory on request only, v6.18 */
#ifndef NMA_HAVE_RXQ_HAS_UNREADABLE_MP
static inline bool netif_rxq_has_unreadable_mp(struct net_device *dev, unsigned int rxq_idx)
{
	if (rxq_idx >= dev->real_num_rx_queues)
		return false;
	return __netif_get_rx_queue(dev, rxq_idx)->mp_params.mp_ops;
}
#endif

/* 64fdaa94bfe0 ("net: page_pool: allow enabling recycling late, fix false
 * positive warning"), v6.17. Before, netlink shows a copy of the NAPI id which
 * is taken at creation.
 */
#ifndef NMA_HAVE_PP_ENABLE_DIRECT_RECYCLING
static inline void page_pool_enable_direct_recycling(struct page_pool *pool,
						     struct napi_struct *napi)
{
#ifdef NMA_HAVE_PP_USER_NAPI_ID
	WRITE_ONCE(pool->user.napi_id, napi->napi_id);
#endif
	WRITE_ONCE(pool->p.napi, napi);
}
#endif

/* "net: page_pool: rename page_pool_alloc_netmem to *_netmems", v6.14, v6.12.y */
#ifndef NMA_HAVE_PP_ALLOC_NETMEMS
#define page_pool_alloc_netmems(pool, gfp)	page_pool_alloc_netmem(pool, gfp)
#endif

/* "page_pool: disable sync for cpu for dmabuf memory provider", v6.14, v6.12.y: the pool
 * knows whether its memory is the CPU's to sync. Before, everything that is not a page
 * is not.
 */
#ifndef NMA_HAVE_PP_DMA_SYNC_NETMEM
static inline void page_pool_dma_sync_netmem_for_cpu(const struct page_pool *pool,
						     const netmem_ref netmem, u32 offset,
						     u32 dma_sync_size)
{
	if (netmem_is_net_iov(netmem))
		return;
	dma_sync_single_range_for_cpu(pool->p.dev, page_pool_get_dma_addr_netmem(netmem),
				      offset + pool->p.offset, dma_sync_size,
				      page_pool_get_dma_dir(pool));
}
#endif

/* "net: enable driver support for netmem TX", v6.16: memory of a
 * dma-buf is mapped once, at binding, and not the driver's to unmap. Before,
 * no such memory is transmitted.
 */
#ifndef NMA_HAVE_NETMEM_DMA_UNMAP
#define netmem_dma_unmap_addr_set(netmem, ptr, name, val)	\
	dma_unmap_addr_set(ptr, name, val)
static inline void netmem_dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size,
					       enum dma_data_direction dir, unsigned long attrs)
{
	if (addr)
		dma_unmap_page_attrs(dev, addr, size, dir, attrs);
}
#endif

/* "net: devmem: Implement TX path", v6.16: a device says that it transmits such
 * memory; since "net: devmem: convert netmem_tx flag to enum", v7.2 also that it
 * does DMA to it. Before, nobody can bind memory to send from.
 */
#if defined(NMA_HAVE_NETMEM_TX_MODE)
#define NMA_NETMEM_TX_SET(netdev)	((netdev)->netmem_tx = NETMEM_TX_DMA)
#define NMA_NETMEM_TX_LIE(netdev)	((netdev)->netmem_tx = NETMEM_TX_NO_DMA)
#elif defined(NMA_HAVE_NETMEM_TX)
#define NMA_NETMEM_TX_SET(netdev)	((netdev)->netmem_tx = true)
#else
#define NMA_NETMEM_TX_SET(netdev)	do { } while (0)
#endif
#ifndef NMA_NETMEM_TX_LIE
#define NMA_NETMEM_TX_LIE(netdev)	do { } while (0)
#endif

/* "xdp: add generic xdp_buff_add_frag()", v6.14 */
#ifndef NMA_HAVE_XDP_ADD_FRAG
static inline bool xdp_buff_add_frag(struct xdp_buff *xdp, netmem_ref netmem, u32 offset,
				     u32 size, u32 truesize)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);

	if (!xdp_buff_has_frags(xdp)) {
		xdp_buff_set_frags_flag(xdp);
		info->nr_frags = 0;
		info->xdp_frags_size = 0;
	}
	if (unlikely(info->nr_frags == MAX_SKB_FRAGS))
		return false;
	__skb_fill_netmem_desc_noacc(info, info->nr_frags++, netmem, offset, size);
	info->xdp_frags_size += size;
	if (unlikely(netmem_is_pfmemalloc(netmem)))
		xdp_buff_set_frag_pfmemalloc(xdp);
	return true;
}
#endif

/* "net: xdp: pass full flags to xdp_update_skb_shared_info()", v6.18. Before, one
 * truth value, and unreadable memory was not thought of.
 */
#ifndef NMA_HAVE_XDP_SKB_FRAGS_INFO
#define xdp_buff_get_skb_flags(xdp)	xdp_buff_is_frag_pfmemalloc(xdp)
#define xdp_update_skb_frags_info(skb, nr_frags, size, truesize, flags) \
	xdp_update_skb_shared_info(skb, nr_frags, size, truesize, flags)
#endif

/* 84eaf4359c36 ("net: ethtool: add get_rx_ring_count callback to optimize RX
 * ring queries"), v6.19. Before, the number is asked for with ETHTOOL_GRXRINGS
 * through get_rxnfc().
 */
#ifdef NMA_HAVE_ETHTOOL_RX_RING_COUNT
#define NMA_ETHTOOL_RX_RING_COUNT(fn)	.get_rx_ring_count = fn,
#else
#define NMA_ETHTOOL_RX_RING_COUNT(fn)
#endif

/* "net: ethtool: optionally skip rtnl_lock", v7.2: with an instance lock, ethtool
 * holds rtnl_lock() only for operations that ask for it. Before, always.
 */
#ifdef NMA_HAVE_ETHTOOL_NEEDS_RTNL
#define NMA_ETHTOOL_NEEDS_RTNL(what)	.op_needs_rtnl = ETHTOOL_OP_NEEDS_RTNL_##what,
#else
#define NMA_ETHTOOL_NEEDS_RTNL(what)
#endif

/* "net: ethtool: add dedicated callbacks for getting and setting rxfh fields",
 * v6.17, v6.12.y. Before, "ethtool -n DEV rx-flow-hash" is not
 * answered.
 */
#ifdef NMA_HAVE_ETHTOOL_RXFH_FIELDS
#define NMA_ETHTOOL_RXFH_FIELDS(fn)	.get_rxfh_fields = fn,
#else
struct ethtool_rxfh_fields {
	u32 data;
	u32 flow_type;
	u32 rss_context;
};
#define NMA_ETHTOOL_RXFH_FIELDS(fn)
#endif

/* "saner replacement for debugfs_rename()", v6.15 */
#ifndef NMA_HAVE_DEBUGFS_CHANGE_NAME
static inline int debugfs_change_name(struct dentry *dentry, const char *fmt, const char *name)
{
	struct dentry *parent = dget_parent(dentry);
	struct dentry *renamed;

	renamed = debugfs_rename(parent, dentry, parent, name);
	dput(parent);
	return PTR_ERR_OR_ZERO(renamed);
}
#endif

#endif /* NMA_COMPAT_H */
