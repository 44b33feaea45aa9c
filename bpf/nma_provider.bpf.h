/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Memory providers, told apart by the address of their operations.
 */
#ifndef NMA_PROVIDER_BPF_H
#define NMA_PROVIDER_BPF_H

#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"

static __always_inline __u8 nma_provider(__u64 mp_ops)
{
	if (!mp_ops)
		return NMA_MP_NONE;
	if (mp_ops == nma_cfg.sym[NMA_SYM_DMABUF_OPS])
		return NMA_MP_DMABUF;
	if (mp_ops == nma_cfg.sym[NMA_SYM_ZCRX_OPS])
		return NMA_MP_IO_URING;
	return NMA_MP_OTHER;
}

static __always_inline __u32 nma_provider_binding_id(__u8 mp, __u64 mp_priv)
{
	if (mp != NMA_MP_DMABUF)
		return 0;
	return BPF_CORE_READ((struct net_devmem_dmabuf_binding *)mp_priv, id);
}

/* Provider of a queue; 0 when the queue does not exist. */
static __always_inline __u64 nma_rxq_provider(struct net_device *dev,
					      __u32 queue, __u8 *mp)
{
	struct netdev_rx_queue *rxq = netdev_rxq(dev, queue);

	if (queue >= BPF_CORE_READ(dev, num_rx_queues))
		return 0;
	*mp = nma_provider((__u64)BPF_CORE_READ(rxq, mp_params.mp_ops));
	return (__u64)BPF_CORE_READ(rxq, mp_params.mp_priv);
}

#endif /* NMA_PROVIDER_BPF_H */
