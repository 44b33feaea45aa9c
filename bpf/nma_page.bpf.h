/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * From an address to the page it is in.
 */
#ifndef NMA_PAGE_BPF_H
#define NMA_PAGE_BPF_H

#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"

/* The head page of an address in the direct map; 0 where we cannot tell. */
static __noinline __u64 nma_page_of(__u64 addr)
{
	__u64 page_offset, vmemmap;

	if (!nma_cfg.sym[NMA_SYM_VMEMMAP] || !nma_cfg.sym[NMA_SYM_PAGE_OFFSET])
		return 0;
	page_offset = nma_read_word(nma_cfg.sym[NMA_SYM_PAGE_OFFSET]);
	vmemmap = nma_read_word(nma_cfg.sym[NMA_SYM_VMEMMAP]);
	if (addr < page_offset || addr >= vmemmap)
		return 0;
	return page_head(vmemmap + ((addr - page_offset) >> 12) *
			 bpf_core_type_size(struct page));
}

/* Address of a frag of a packet, whose first member is its netmem_ref. */
static __always_inline __u64 nma_frag_of(__u64 shinfo, __u32 i)
{
	return shinfo + bpf_core_field_offset(struct skb_shared_info, frags) +
	       i * bpf_core_type_size(struct skb_frag);
}

#endif /* NMA_PAGE_BPF_H */
