/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Tracepoints, system "nmnic": what a tool that watches drivers from outside is
 * measured against. One key per concept in all events; netmem= is the same
 * opaque identity as in the events of page_pool.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nmnic

#if !defined(NMNIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NMNIC_TRACE_H

#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <net/page_pool/types.h>
#include <net/xdp.h>

#include "compat/netmem_trace.h"
#include "hw/nmhw.h"

TRACE_DEFINE_ENUM(NMHW_RX_RING_HDR);
TRACE_DEFINE_ENUM(NMHW_RX_RING_PAY);

#define nmnic_show_ring(ring)			\
	__print_symbolic(ring,			\
		{ NMHW_RX_RING_HDR, "header" },	\
		{ NMHW_RX_RING_PAY, "payload" })

TRACE_EVENT(pool_create,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, int ring),

	TP_ARGS(netdev, queue, pool, ring),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		pool_id)
		__field(int,		ring)
		__field(u32,		flags)
		__field(bool,		provider)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->pool_id	= pool->user.id;
		__entry->ring		= ring;
		__entry->flags		= pool->slow.flags;
		__entry->provider	= pool->mp_ops;
	),

	TP_printk("ifname=%s queue=%u pool_id=%u ring=%s flags=0x%x provider=%d",
		  __get_str(ifname), __entry->queue, __entry->pool_id,
		  nmnic_show_ring(__entry->ring), __entry->flags, __entry->provider)
);

/* The driver lets go of it; it ends with the last buffer. */
TRACE_EVENT(pool_destroy,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool),

	TP_ARGS(netdev, queue, pool),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		pool_id)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->pool_id	= pool->user.id;
	),

	TP_printk("ifname=%s queue=%u pool_id=%u",
		  __get_str(ifname), __entry->queue, __entry->pool_id)
);

/* Payload buffers between pool and driver. iov=1: of the provider's memory, at offset=
 * in it; binding= is the provider's own name for that memory.
 */
DECLARE_EVENT_CLASS(nmnic_netmem,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem),

	TP_ARGS(netdev, queue, pool, netmem),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		pool_id)
		__field(unsigned long,	netmem)
		__field(unsigned long,	binding)
		__field(u64,		dma)
		__field(u64,		offset)
		__field(long,		refs)
		__field(bool,		iov)
	),

	TP_fast_assign(
		struct nma_netmem_traits t = nma_netmem_traits(netmem);

		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->pool_id	= pool->user.id;
		__entry->netmem		= (__force unsigned long)netmem;
		__entry->binding	= (unsigned long)pool->mp_priv;
		__entry->dma		= t.dma;
		__entry->offset		= t.offset;
		__entry->refs		= t.refs;
		__entry->iov		= t.net_iov;
	),

	TP_printk("ifname=%s queue=%u pool_id=%u netmem=%p iov=%d binding=%p dma=0x%llx offset=0x%llx refs=%ld",
		  __get_str(ifname), __entry->queue, __entry->pool_id,
		  (void *)__entry->netmem, __entry->iov, (void *)__entry->binding,
		  __entry->dma, __entry->offset, __entry->refs)
);

DEFINE_EVENT(nmnic_netmem, netmem_alloc,
	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem),
	TP_ARGS(netdev, queue, pool, netmem)
);

DEFINE_EVENT(nmnic_netmem, netmem_put,
	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem),
	TP_ARGS(netdev, queue, pool, netmem)
);

/* What became of one that the driver put: the pool keeps it, or its memory is the page
 * allocator's or the provider's again.
 */
DECLARE_EVENT_CLASS(nmnic_netmem_end,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem),

	TP_ARGS(netdev, queue, pool, netmem),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		pool_id)
		__field(unsigned long,	netmem)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->pool_id	= pool->user.id;
		__entry->netmem		= (__force unsigned long)netmem;
	),

	TP_printk("ifname=%s queue=%u pool_id=%u netmem=%p",
		  __get_str(ifname), __entry->queue, __entry->pool_id,
		  (void *)__entry->netmem)
);

DEFINE_EVENT(nmnic_netmem_end, netmem_recycle,
	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem),
	TP_ARGS(netdev, queue, pool, netmem)
);

DEFINE_EVENT(nmnic_netmem_end, netmem_release,
	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem),
	TP_ARGS(netdev, queue, pool, netmem)
);

/* Asked of the pool before a received buffer is used */
TRACE_EVENT(netmem_sync,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct page_pool *pool, netmem_ref netmem, u32 len),

	TP_ARGS(netdev, queue, pool, netmem, len),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		pool_id)
		__field(unsigned long,	netmem)
		__field(u32,		len)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->pool_id	= pool->user.id;
		__entry->netmem		= (__force unsigned long)netmem;
		__entry->len		= len;
	),

	TP_printk("ifname=%s queue=%u pool_id=%u netmem=%p len=%u",
		  __get_str(ifname), __entry->queue, __entry->pool_id,
		  (void *)__entry->netmem, __entry->len)
);

/* A frame on its way to the stack; linear= bytes are the CPU's to read */
TRACE_EVENT(frame_rx,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct sk_buff *skb),

	TP_ARGS(netdev, queue, skb),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		len)
		__field(u32,		linear)
		__field(u8,		frags)
		__field(bool,		readable)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->len		= skb->len;
		__entry->linear		= skb_headlen(skb);
		__entry->frags		= skb_shinfo(skb)->nr_frags;
		__entry->readable	= skb_frags_readable(skb);
	),

	TP_printk("ifname=%s queue=%u len=%u linear=%u frags=%u readable=%d",
		  __get_str(ifname), __entry->queue, __entry->len, __entry->linear,
		  __entry->frags, __entry->readable)
);

/* The device has parted headers and payload. */
TRACE_EVENT(frame_split,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct sk_buff *skb),

	TP_ARGS(netdev, queue, skb),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		header)
		__field(u32,		payload)
		__field(u32,		frags)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->header		= skb_headlen(skb);
		__entry->payload	= skb->data_len;
		__entry->frags		= skb_shinfo(skb)->nr_frags;
	),

	TP_printk("ifname=%s queue=%u header=%u payload=%u frags=%u",
		  __get_str(ifname), __entry->queue, __entry->header, __entry->payload,
		  __entry->frags)
);

#define nmnic_show_act(act)			\
	__print_symbolic(act,			\
		{ XDP_ABORTED, "aborted" },	\
		{ XDP_DROP, "drop" },		\
		{ XDP_PASS, "pass" },		\
		{ XDP_TX, "tx" },		\
		{ XDP_REDIRECT, "redirect" })

/* As the program has left the frame */
TRACE_EVENT(xdp_verdict,

	TP_PROTO(const struct net_device *netdev, unsigned int queue,
		 const struct bpf_prog *prog, const struct xdp_buff *xdp, u32 act),

	TP_ARGS(netdev, queue, prog, xdp, act),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(u32,		prog_id)
		__field(u32,		act)
		__field(u32,		len)
		__field(u32,		linear)
		__field(u32,		frags)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->prog_id	= prog->aux->id;
		__entry->act		= act;
		__entry->len		= xdp_get_buff_len(xdp);
		__entry->linear		= xdp->data_end - xdp->data;
		__entry->frags		= xdp_buff_has_frags(xdp) ?
					  xdp_get_shared_info_from_buff(xdp)->nr_frags : 0;
	),

	TP_printk("ifname=%s queue=%u prog_id=%u act=%s len=%u linear=%u frags=%u",
		  __get_str(ifname), __entry->queue, __entry->prog_id,
		  nmnic_show_act(__entry->act), __entry->len, __entry->linear,
		  __entry->frags)
);

TRACE_EVENT(queue_start,

	TP_PROTO(const struct net_device *netdev, unsigned int queue, bool split,
		 bool provider),

	TP_ARGS(netdev, queue, split, provider),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__field(bool,		split)
		__field(bool,		provider)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__entry->split		= split;
		__entry->provider	= provider;
	),

	TP_printk("ifname=%s queue=%u split=%d provider=%d",
		  __get_str(ifname), __entry->queue, __entry->split, __entry->provider)
);

TRACE_EVENT(queue_stop,

	TP_PROTO(const struct net_device *netdev, unsigned int queue),

	TP_ARGS(netdev, queue),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
	),

	TP_printk("ifname=%s queue=%u", __get_str(ifname), __entry->queue)
);

TRACE_EVENT(fault_fired,

	TP_PROTO(const struct net_device *netdev, unsigned int queue, const char *fault,
		 const char *rule),

	TP_ARGS(netdev, queue, fault, rule),

	TP_STRUCT__entry(
		__string(ifname,	netdev->name)
		__field(u32,		queue)
		__string(fault,		fault)
		__string(rule,		rule)
	),

	TP_fast_assign(
		__assign_str(ifname);
		__entry->queue		= queue;
		__assign_str(fault);
		__assign_str(rule);
	),

	TP_printk("ifname=%s queue=%u fault=%s rule=%s",
		  __get_str(ifname), __entry->queue, __get_str(fault), __get_str(rule))
);

#endif /* NMNIC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE nmnic_trace
#include <trace/define_trace.h>
