/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * From an address to the page it is in, and words of it that are read without a call.
 * The loader has the numbers of the types: CO-RE would take them from the part of the
 * kernel's BTF that it is given. 0 where it does not know them.
 */
#ifndef NMA_PAGE_BPF_H
#define NMA_PAGE_BPF_H

#include "nma_core.bpf.h"
#include "nma_ksym.h"
#include "nma_ring.bpf.h"

struct netmem_desc {
	unsigned long pp_magic;
} __attribute__((preserve_access_index));

struct net_iov___before_v6_17 {
	unsigned long pp_magic;
} __attribute__((preserve_access_index));

/* What lies at an address, to be read as the type with that number */
static __always_inline void *nma_at(__u64 addr, __u32 btf_id)
{
	void *(*const cast)(const void *obj, __u32 btf_id) = nma_ksym_func(RDONLY_CAST);

	return cast((void *)addr, btf_id);
}

/* The head page of an address in the direct map; 0 where we cannot tell. */
static __noinline __attribute__((unused)) __u64 nma_page_of(__u64 addr)
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

/* In struct page itself that word may be a pointer, says the verifier. A page of a
 * pool is laid out like a net_iov, since f3d85c9ee510 ("netmem: introduce struct
 * netmem_desc"), v6.17, like a netmem_desc.
 */
static __always_inline unsigned long nma_page_magic(__u64 addr)
{
	struct netmem_desc *desc = nma_at(addr, nma_cfg.netmem_btf);
	struct net_iov___before_v6_17 *niov = (void *)desc;

	if (bpf_core_type_exists(struct netmem_desc))
		return desc->pp_magic;
	return niov->pp_magic;
}

/* As nma_read_word(), of what is no pointer to the verifier. */
static __always_inline __u64 nma_word_at(__u64 addr)
{
	if (!nma_cfg.netmem_btf)
		return nma_read_word(addr);
	return nma_page_magic(addr - bpf_core_field_offset(struct page, pp_magic));
}

static __always_inline int nma_page_refs(__u64 addr)
{
	struct page *page = nma_at(addr, nma_cfg.page_btf);

	return page->_refcount.counter;
}

#endif /* NMA_PAGE_BPF_H */
