/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hooks of the control path: what control.bpf.c calls, and what it passes on.
 * Arguments are plain numbers, as registers have them.
 */
#ifndef NMA_CONTROL_BPF_H
#define NMA_CONTROL_BPF_H

#include "nma_types.bpf.h"

/* A call that has not returned yet, as it was entered. */
struct nma_call {
	__u64 arg[6];
	__u64 stack[NMA_STACK_LEN];	/* of those that want one */
};

/* On entry */
__u32 nma_on_unbind(__u64 binding);	/* its id */
int nma_on_bind_free(__u64 arg);
int nma_on_netdev_event(__u64 event, __u64 info);
int nma_on_napi_off(const struct nma_call *call);
int nma_on_cpu_map(__u64 file);
int nma_on_cpu_sync(__u64 dmabuf, __u64 dir);
int nma_on_unmap(__u64 attachment, __u64 dir);
int nma_on_pool_napi(__u64 pool);
int nma_on_pool_ask(const struct nma_call *call);

/* On return */
int nma_on_pool_create(const struct nma_call *call, __u64 ret);
int nma_on_pool_fail(const struct nma_call *call, __u64 ret);
int nma_on_pool_detach(const struct nma_call *call);
int nma_on_pool_gone(const struct nma_call *call);
int nma_on_bind(const struct nma_call *call, __u64 ret);
int nma_on_unbound(__u32 id);
int nma_on_bind_queue(const struct nma_call *call, __u64 ret);
int nma_on_queue_restart(const struct nma_call *call, __u64 ret);
int nma_on_mp_check(const struct nma_call *call, __u64 ret);
int nma_on_xdp_install(const struct nma_call *call, __u64 ret);
int nma_on_set_rings(const struct nma_call *call, __u64 ret);
int nma_on_set_queues(const struct nma_call *call, __u64 ret);
int nma_on_send_cmsg(const struct nma_call *call);
int nma_on_get_binding(const struct nma_call *call, __u64 ret);
int nma_on_queue_napi(const struct nma_call *call);
int nma_on_xsk(const struct nma_call *call, __u64 queue);
int nma_on_set_rss(const struct nma_call *call, __u64 netdev, __u64 ret);
int nma_on_set_rss_nl(const struct nma_call *call, __u64 ret);

#endif /* NMA_CONTROL_BPF_H */
