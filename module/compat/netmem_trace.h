/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a netmem is, for tracepoints alone: a driver has no business asking. It is
 * read without a reference, so also of one that is back in its pool.
 */
#ifndef NMA_NETMEM_TRACE_H
#define NMA_NETMEM_TRACE_H

#include <net/netmem.h>
#include <net/page_pool/helpers.h>

struct nma_netmem_traits {
	u64 dma;
	u64 offset;		/* in the memory of the provider; 0 for a page */
	long refs;
	bool net_iov;
};

#ifndef NMA_HAVE_NET_IOV_AREA
/* net/core/devmem.h up to v6.14; then "net: page_pool: create hooks for custom memory
 * providers" and the commits beside it moved it to net/netmem.h as net_iov_area. Can go
 * when v6.12 does.
 */
struct nma_chunk_owner {
	unsigned long base_virtual;
	dma_addr_t base_dma_addr;
	struct net_iov *niovs;
};
#else
#define nma_chunk_owner net_iov_area
#endif

static inline u64 nma_net_iov_offset(const struct net_iov *niov)
{
	const struct nma_chunk_owner *owner = (const void *)niov->owner;

	return owner ? owner->base_virtual + ((u64)(niov - owner->niovs) << PAGE_SHIFT) : 0;
}

static inline struct nma_netmem_traits nma_netmem_traits(netmem_ref netmem)
{
	struct nma_netmem_traits t = {
		.dma = page_pool_get_dma_addr_netmem(netmem),
		.refs = atomic_long_read(netmem_get_pp_ref_count_ref(netmem)),
		.net_iov = netmem_is_net_iov(netmem),
	};

	if (t.net_iov)
		t.offset = nma_net_iov_offset(netmem_to_net_iov(netmem));
	return t;
}

/* Has the pool still got it, after a put? Else it is the page allocator's or the
 * provider's again.
 */
static inline bool nma_netmem_is_kept(const struct page_pool *pool, netmem_ref netmem)
{
	return netmem_get_pp(netmem) == pool;
}

#endif /* NMA_NETMEM_TRACE_H */
