/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a socket's error queue has.
 */
#ifndef NMA_ERRQUEUE_BPF_H
#define NMA_ERRQUEUE_BPF_H

#include "nma_types.bpf.h"

#include <bpf/bpf_core_read.h>

/* What @skb says of zero-copy sends that have completed; NULL if it is of something
 * else, or @skb is NULL. To be read with BPF_CORE_READ().
 */
static __always_inline struct sock_exterr_skb *nma_completion(const struct sk_buff *skb)
{
	struct sock_exterr_skb *serr;

	if (!skb)
		return NULL;
	serr = (void *)__builtin_preserve_access_index(&skb->cb);
	if (BPF_CORE_READ(serr, ee.ee_origin) != SO_EE_ORIGIN_ZEROCOPY)
		return NULL;
	return serr;
}

#endif /* NMA_ERRQUEUE_BPF_H */
