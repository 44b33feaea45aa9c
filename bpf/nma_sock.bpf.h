/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What we know of a socket that uses network memory: its row, in socket storage.
 * The map is defined in token.bpf.c.
 */
#ifndef NMA_SOCK_BPF_H
#define NMA_SOCK_BPF_H

#include "nma_core.bpf.h"
#include "nma_errqueue.bpf.h"
#include "nma_ring.bpf.h"

#include <bpf/bpf_endian.h>

#define NMA_ERRQUEUE_LOOK	8	/* other notifications may wait behind */

/* Is a row part of the sum that tells whether the end of a socket was missed? */
enum nma_row_sum {
	NMA_ROW_NEW,
	NMA_ROW_COUNTED,
	NMA_ROW_ORPHAN,		/* its end was before the tool */
};

/* taken changes under the socket lock only, returned does not. */
struct sock_row {
	__u64 taken;
	__u64 returned;
	__u64 cgroup_id;
	__u32 pid;			/* last reader, or who has it open */
	__u16 starved;			/* a block was refused */
	__u16 closed;			/* its last record is on its way */
	__u32 sum;			/* enum nma_row_sum */
	__u32 binding_id;		/* of the tokens */
	__u32 owed;			/* frags that SO_DEVMEM_DONTNEED left */
	__u32 owed_token;		/* the first of them */
	__u32 tx_reaped;		/* completions read, modulo 2^32 */
	__u32 tx_copied;		/* of these, sends that were copied */
	__u16 tx_told;			/* notifications of those; 255: or more */
	__u16 tx_spared;		/* was there one of a send that was not? */
	__u32 tx_used;			/* MSG_ZEROCOPY; 2: from a dma-buf, too */
	__u32 rx_end;			/* sequence number behind the last tokens */
	__u16 rx_taken;			/* is there one? */
	__u16 rx_unseen;		/* had something to read when we came */
	__u32 rx_seen;			/* see nma_pair_second_locked() */
	__u32 rx_room;			/* of the control buffer after these tokens */
	__u64 rx_control;		/* and where they ended in it */
	char comm[NMA_COMM_LEN];
	__u32 block[NMA_BLOCKS_PER_SOCK];	/* of nma_births, 0: none */
};

struct nma_socks_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sock_row);
};

extern struct nma_socks_map nma_socks SEC(".maps");

/* Set when calls without MSG_SOCK_DEVMEM are looked at: not before there is device
 * memory to receive into.
 */
extern volatile __u32 nma_plain_seen SEC(".bss.use");

/* Is there? */
extern volatile __u32 nma_bound SEC(".bss.use");

/* The loader, and what it did that our programs have seen: see session_sight.c. */
extern volatile __u32 nma_self SEC(".bss.use");
extern volatile __u32 nma_self_calls SEC(".bss.use");
extern volatile __u32 nma_self_closes SEC(".bss.use");

/* While the iterator is to note who has something to read there. */
extern volatile __u32 nma_marking SEC(".bss.use");

/* Jiffies since a token was handed out, -1 if that was not seen: see token.bpf.c. */
__noinline int nma_token_age(struct sock_row *row, __u32 token);

/* Rows begun and ended since the start; read by the loader. */
extern __u64 nma_rows_begun;
extern __u64 nma_rows_ended;

static __always_inline void nma_row_begin(struct sock_row *row)
{
	if (row->sum == NMA_ROW_NEW &&
	    !__sync_val_compare_and_swap(&row->sum, NMA_ROW_NEW, NMA_ROW_COUNTED))
		__sync_fetch_and_add(&nma_rows_begun, 1);
}

/* The row of a socket that uses network memory, begun; NULL if there is no room,
 * and then @lost is counted.
 */
static __always_inline struct sock_row *nma_row_of(struct sock *sk, __u32 lost)
{
	struct sock_row *row;

	row = bpf_sk_storage_get(&nma_socks, sk, NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (row)
		nma_row_begin(row);
	else
		nma_count_loss(NMA_LOSS_MAP, lost);
	return row;
}

/* The last completion that waits in the error queue, plus one; @none without */
static __always_inline __u32 nma_completion_waiting(struct sock *sk, __u32 none)
{
	struct sk_buff_head *queue = __builtin_preserve_access_index(&sk->sk_error_queue);
	struct sk_buff *skb = BPF_CORE_READ(queue, prev);
	struct sock_exterr_skb *serr;
	__u32 i;

	for (i = 0; i < NMA_ERRQUEUE_LOOK; i++) {
		if (!skb || (void *)skb == (void *)queue)
			break;
		serr = nma_completion(skb);
		if (serr)
			return BPF_CORE_READ(serr, ee.ee_data) + 1;
		skb = BPF_CORE_READ(skb, prev);
	}
	return none;
}

/* Of two numbers of completions, which wrap, the later. */
static __always_inline __u32 nma_later(__u32 a, __u32 b)
{
	return (__s32)(a - b) > 0 ? a : b;
}

/* The source port as inet_sock has it, for an orphan has given its own number
 * back already. A kernel without IPv6 has no such addresses.
 */
#define nma_fill_ends(r, sk) do {					\
	struct sock_common *skc_ = &(sk)->__sk_common;			\
	struct inet_sock *inet_ = (void *)(sk);				\
	__u16 sport_ = BPF_CORE_READ(inet_, inet_sport);		\
	__u16 dport_ = BPF_CORE_READ(skc_, skc_dport);			\
									\
	(r)->hdr.netns = BPF_CORE_READ(skc_, skc_net.net, ns.inum);	\
	(r)->family = BPF_CORE_READ(skc_, skc_family);			\
	(r)->sport = bpf_ntohs(sport_);					\
	(r)->dport = bpf_ntohs(dport_);					\
	if ((r)->family == AF_INET6 &&					\
	    bpf_core_field_exists(skc_->skc_v6_daddr)) {		\
		BPF_CORE_READ_INTO(&(r)->src, skc_, skc_v6_rcv_saddr);	\
		BPF_CORE_READ_INTO(&(r)->dst, skc_, skc_v6_daddr);	\
	} else {							\
		bpf_core_read((r)->src, 4, &skc_->skc_rcv_saddr);	\
		bpf_core_read((r)->dst, 4, &skc_->skc_daddr);		\
	}								\
} while (0)

#endif /* NMA_SOCK_BPF_H */
