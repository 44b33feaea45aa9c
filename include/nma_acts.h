/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What struct nma_rec_act tells of. Numbers are in recordings: new ones come last.
 */
#ifndef NMA_ACTS_H
#define NMA_ACTS_H

/* What somebody did with a buffer or an skb that a rule has something to say
 * about. Comment: value[0], value[1].
 */
enum nma_act {
	NMA_ACT_PAGE_API = 1,	/* page API on a pool of netmems */
	NMA_ACT_PUT_FOREIGN,	/* put into a pool it is not of: that pool's id */
	NMA_ACT_PUT_TWICE,	/* put while in the pool */
	NMA_ACT_PUT_REFD,	/* put with pool references left: how many */
	NMA_ACT_INFLIGHT,	/* more came back than went out: how many */
	NMA_ACT_PUT_DIRECT,	/* into the lockless cache: CPU of the NAPI (-1
				 * idle), in softirq
				 */
	NMA_ACT_PUT_DIRECT_ANY,	/* the same without a NAPI, outside softirq */
	NMA_ACT_PUT_HELD,	/* page still referenced: references, percent of
				 * the pool's recent puts
				 */
	NMA_ACT_PUT_SPLICED,	/* the same, by splice: pid, comm are who spliced */
	NMA_ACT_ALLOC_DEAD,	/* from a destroyed pool */
	NMA_ACT_NAPI_LIVE,	/* pool taken off a NAPI that can run: its CPU (-1) */
	NMA_ACT_STARVED,	/* the provider had nothing: age of the pool in ns, -1
				 * if older than the tool
				 */
	NMA_ACT_PAGE_FREED,	/* page of the pool freed past it: pages in flight */
	/* per packet, on a device; of net_iovs: number of them, of all frags */
	NMA_ACT_SKB_BIT,	/* unreadable and net_iovs do not agree */
	NMA_ACT_SKB_MIXED,	/* net_iovs and pages in one skb */
	NMA_ACT_SKB_KEPT,	/* net_iovs of a pool, not marked for recycling */
	NMA_ACT_SKB_MERGED,	/* into another skb: unreadable of each */
	NMA_ACT_SKB_READ,	/* payload wanted: enum nma_read, bytes */
	NMA_ACT_SKB_REFUSED,	/* sent to a device that cannot: its index */
	NMA_ACT_SKB_SENT,	/* ... and reached its driver: its index */
	NMA_ACT_DMA_SYNC,	/* address of a net_iov synced: bytes, direction */
	NMA_ACT_DMA_UNMAP,	/* address of a net_iov unmapped: bytes, direction */
	NMA_ACT_TAKE_FIRST,	/* buffer taken while another takes one, who came
				 * later: CPU, CPU of the other
				 */
	NMA_ACT_TAKE_SECOND,	/* the same, the other was first */
	NMA_ACT_SKB_SKEWED,	/* head not aligned: its offset in a line of 64 bytes */
	NMA_ACT_MAX
};

enum nma_read {
	NMA_READ_COPY = 1,	/* skb_copy_bits() */
	NMA_READ_PULL,		/* __pskb_pull_tail() */
	NMA_READ_CSUM,		/* skb_checksum_help() */
	NMA_READ_UBUFS,		/* skb_copy_ubufs() */
};

#endif /* NMA_ACTS_H */
