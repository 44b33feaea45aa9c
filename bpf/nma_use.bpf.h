/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The record of a call that breaks the contract.
 */
#ifndef NMA_USE_BPF_H
#define NMA_USE_BPF_H

#include "nma_sock.bpf.h"

/* The binding of the frame that is next to be read: 0 if the CPU can read it. */
static __always_inline __u32 nma_unreadable_head(struct sock *sk)
{
	struct sk_buff_head *queue = __builtin_preserve_access_index(&sk->sk_receive_queue);
	struct sk_buff *skb = BPF_CORE_READ(queue, next);
	struct net_devmem_dmabuf_binding *binding;
	struct skb_shared_info *info;
	__u64 netmem;

	if (!skb || (void *)skb == (void *)queue ||
	    !BPF_CORE_READ_BITFIELD_PROBED(skb, unreadable))
		return 0;
	info = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	netmem = BPF_CORE_READ(info, frags[0].netmem);
	binding = (void *)netmem_binding(netmem);
	return BPF_CORE_READ(binding, id);
}

static __noinline struct nma_rec_use *nma_begin_use(struct sock *sk,
						    const struct sock_row *row,
						    __u32 use, int ret)
{
	struct nma_rec_use *r = nma_reserve(nma_rec_use, NMA_REC_USE, 0);

	if (!r)
		return NULL;
	r->use = use;
	r->ret = ret;
	r->cgroup_id = bpf_get_current_cgroup_id();
	r->cookie = bpf_get_socket_cookie(sk);
	nma_fill_ends(r, sk);
	if (row)
		r->binding_id = row->binding_id;
	if (!r->binding_id)	/* nothing was taken yet */
		r->binding_id = nma_unreadable_head(sk);
	return r;
}

/* Does the socket have tokens for this byte of its stream already? MSG_PEEK does not
 * show where tokens are given out, but that nothing was consumed does.
 */
static __always_inline bool nma_handed_out(const struct sock_row *row, __u32 seq)
{
	return row->rx_taken && (__s32)(seq - row->rx_end) < 0;
}

/* Nobody read what lies in a dma-buf, or we may have come too late to see it. */
static __always_inline bool nma_plain_unknown(struct sock *sk,
					      const struct sock_row *row)
{
	if (!nma_bound || (row && row->taken))
		return false;
	if (nma_plain_seen && !(row && row->rx_unseen))
		return false;
	return nma_unreadable_head(sk);
}

#endif /* NMA_USE_BPF_H */
