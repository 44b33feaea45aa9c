// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Life of a dma-buf binding: bound, unbound (it is no longer found by id, but
 * lives as long as buffers of it are out), freed.
 */
#include "nma_fill.bpf.h"
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"

#define ERR_PTR_MAX	4095

char LICENSE[] SEC("license") = "GPL";

int nma_fill_binding(struct nma_rec_binding *r)
{
	struct net_devmem_dmabuf_binding *binding;
	struct net_device *dev;
	struct dma_buf *dmabuf;
	const char *exporter;

	if (!r || !r->binding)
		return -1;

	binding = (void *)r->binding;
	r->binding_id = BPF_CORE_READ(binding, id);
	r->dma_dir = binding_direction(r->binding);
	r->dma_dev = (__u64)BPF_CORE_READ(binding, attachment, dev);
	dmabuf = BPF_CORE_READ(binding, dmabuf);
	r->size = BPF_CORE_READ(dmabuf, size);
	r->dmabuf_ino = BPF_CORE_READ(dmabuf, file, f_inode, i_ino);
	exporter = BPF_CORE_READ(dmabuf, exp_name);
	if (exporter)
		bpf_probe_read_kernel_str(r->exporter, sizeof(r->exporter),
					  exporter);
	dev = BPF_CORE_READ(binding, dev);
	if (dev) {
		r->netdev = (__u64)dev;
		r->ifindex = BPF_CORE_READ(dev, ifindex);
		r->hdr.netns = netdev_netns(dev);
	}
	return 0;
}

static __always_inline void send_binding(__u64 binding, __u16 cause)
{
	struct nma_rec_binding *r;

	r = nma_reserve(nma_rec_binding, NMA_REC_BINDING, cause);
	if (!r)
		return;
	r->binding = binding;
	nma_fill_binding(r);
	if (cause == NMA_CAUSE_GONE) {
		/* A binding may outlive its netdev and not know it. */
		r->netdev = 0;
		r->ifindex = 0;
		r->hdr.netns = 0;
	}
	bpf_ringbuf_submit(r, 0);
}

static __always_inline void send_bind_failed(struct net_device *dev, int err)
{
	struct nma_rec_binding *r;

	r = nma_reserve(nma_rec_binding, NMA_REC_BINDING,
			NMA_CAUSE_CREATE_FAILED);
	if (!r)
		return;
	r->err = err;
	r->netdev = (__u64)dev;
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->hdr.netns = netdev_netns(dev);
	bpf_ringbuf_submit(r, 0);
}

/* net_devmem_bind_dmabuf(dev, ...): the device comes first in all versions, the
 * rest of the arguments grew from two (6.12) to six (7.2).
 */
int nma_on_bind(const struct nma_call *call, __u64 ret)
{
	if (!call)
		return 0;
	if (ret >= -(__u64)ERR_PTR_MAX)
		send_bind_failed((void *)call->arg[0], (int)ret);
	else
		send_binding(ret, NMA_CAUSE_CREATE);
	return 0;
}

/* net_devmem_unbind_dmabuf(binding) */
int nma_on_unbind(__u64 binding)
{
	send_binding(binding, NMA_CAUSE_DETACH);
	return 0;
}

/* __net_devmem_dmabuf_binding_free(); on entry, while there is something to
 * read.
 */
int nma_on_bind_free(__u64 arg)
{
	send_binding(binding_from_free_arg(arg), NMA_CAUSE_GONE);
	return 0;
}
