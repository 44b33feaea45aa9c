// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Life of a dma-buf binding: bound, unbound (it is no longer found by id, but
 * lives as long as buffers of it are out), freed.
 */
#include "nma_fill.bpf.h"
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_cpu.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_sock.bpf.h"

#define ERR_PTR_MAX	4095
/* These end what changes under us. */
#define CHUNKS_MAX	(1 << 20)
#define NIOVS_MAX	(1 << 22)

char LICENSE[] SEC("license") = "GPL";

/* How the dma-buf of a binding that is being freed was mapped, by attachment */
struct mapping {
	__u64 binding;
	__u32 id;
	__u32 dir;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct mapping);
} nma_mappings SEC(".maps");

struct nma_cpu_uses_map nma_cpu_uses SEC(".maps");
struct nma_tx_used_map nma_tx_used SEC(".maps");
__u32 nma_tx_used_full SEC(".bss.sends");

/* Devices that a dma-buf has been mapped for: the end of others is no news. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} nma_dma_devs SEC(".maps");

static __always_inline struct cpu_use *add_cpu_use(__u64 dmabuf)
{
	struct cpu_use *use = nma_cpu_use_of(dmabuf);
	struct cpu_use fresh = {};

	if (use)
		return use;
	fresh.ino = nma_dmabuf_ino(dmabuf);
	bpf_map_update_elem(&nma_cpu_uses, &dmabuf, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&nma_cpu_uses, &dmabuf);
}

/* dma_buf_mmap_internal(file, vma) */
void nma_on_CPU_MAP(struct nma_call *call, __u64 ret)
{
	struct file *file = (void *)call->arg[0];
	struct cpu_use *use;

	use = add_cpu_use((__u64)BPF_CORE_READ(file, private_data));
	if (use)
		__sync_fetch_and_add(&use->maps, 1);
}

/* dma_buf_begin_cpu_access(dmabuf, direction) */
void nma_on_CPU_SYNC(struct nma_call *call, __u64 ret)
{
	struct cpu_use *use = add_cpu_use(call->arg[0]);

	if (!use)
		return;
	__sync_fetch_and_add(&use->syncs, 1);
	if ((__u32)call->arg[1] != DMA_FROM_DEVICE)
		use->written_ns = bpf_ktime_get_ns();
}

static __always_inline void fill_cpu_use(struct nma_rec_binding *r, __u64 dmabuf)
{
	struct cpu_use *use = nma_cpu_use_of(dmabuf);

	if (!use)
		return;
	r->cpu_maps = use->maps;
	r->cpu_syncs = use->syncs;
	r->cpu_sends = use->sends;
}

/* A dma-buf in pieces of contiguous addresses */
struct chunk_walk {
	__u64 node;
	__u64 end;
	__u64 size;
	__u64 lent;
	__u64 refs;
	__u32 ragged;
	__u32 rsvd;
};

static long count_chunk(__u32 i, struct chunk_walk *w)
{
	struct gen_pool_chunk *chunk;
	__u64 size;

	if (!w->node || w->node == w->end)
		return 1;
	chunk = container_of(w->node, struct gen_pool_chunk, next_chunk);
	size = BPF_CORE_READ(chunk, end_addr) - BPF_CORE_READ(chunk, start_addr) + 1;
	if (size % NIOV_SIZE)
		w->ragged++;
	w->size += size;
	w->lent += size - BPF_CORE_READ(chunk, avail.counter);
	w->node = (__u64)BPF_CORE_READ(chunk, next_chunk.next);
	return 0;
}

struct niov_walk {
	__u64 niov;
	__u64 left;
	__u64 refs;
};

static long count_refs(__u32 i, struct niov_walk *w)
{
	if (!w->left)
		return 1;
	w->refs += niov_refs(w->niov);
	w->niov += bpf_core_type_size(struct net_iov);
	w->left--;
	return 0;
}

static long count_chunk_refs(__u32 i, struct chunk_walk *w)
{
	struct gen_pool_chunk *chunk;
	struct niov_array niovs;
	struct niov_walk n = {};

	if (!w->node || w->node == w->end)
		return 1;
	chunk = container_of(w->node, struct gen_pool_chunk, next_chunk);
	niovs = chunk_niovs((__u64)BPF_CORE_READ(chunk, owner));
	n.niov = niovs.first;
	n.left = niovs.nr;
	bpf_loop(NIOVS_MAX, count_refs, &n, 0);
	w->refs += n.refs;
	w->node = (__u64)BPF_CORE_READ(chunk, next_chunk.next);
	return 0;
}

static __always_inline void fill_chunks(struct nma_rec_binding *r,
					struct gen_pool *pool)
{
	struct chunk_walk w = {
		.node = (__u64)BPF_CORE_READ(pool, chunks.next),
		.end = (__u64)__builtin_preserve_access_index(&pool->chunks),
	};
	__u64 first = w.node;

	if (!pool)
		return;
	bpf_loop(CHUNKS_MAX, count_chunk, &w, 0);
	r->ragged = w.ragged;
	r->lent = w.lent;
	r->buffers = w.size / NIOV_SIZE;
	r->buffers_free = (w.size - w.lent) / NIOV_SIZE;
	if (r->hdr.cause != NMA_CAUSE_SNAPSHOT || r->buffers_free)
		return;
	w.node = first;
	bpf_loop(CHUNKS_MAX, count_chunk_refs, &w, 0);
	r->refs = w.refs;
}

/* The task that runs asked for the binding. */
static __always_inline void fill_owner(struct nma_rec_binding *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	bool admin;

	admin = !BPF_CORE_READ(cred, user_ns, level) &&
		BPF_CORE_READ(cred, cap_effective.val) & 1ull << CAP_NET_ADMIN;
	r->owner_admin = admin ? NMA_ADMIN_YES : NMA_ADMIN_NO;
	r->owner_pid = r->hdr.pid;
	r->owner_uid = bpf_get_current_uid_gid();
	r->owner_cgroup = bpf_get_current_cgroup_id();
	__builtin_memcpy(r->owner_comm, r->hdr.comm, sizeof(r->owner_comm));
}

static __always_inline void note_dma_dev(const struct nma_rec_binding *r)
{
	__u64 dev = r->dma_dev;
	__u32 one = 1;

	if (dev && !bpf_map_lookup_elem(&nma_dma_devs, &dev) &&
	    bpf_map_update_elem(&nma_dma_devs, &dev, &one, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
}

int nma_fill_binding(struct nma_rec_binding *r)
{
	struct net_devmem_dmabuf_binding *binding;
	struct net_device *dev;
	struct dma_buf *dmabuf;
	const char *exporter;

	if (!r || !r->binding)
		return -1;

	binding = (void *)r->binding;
	r->mp = NMA_MP_DMABUF;
	r->binding_id = BPF_CORE_READ(binding, id);
	r->dma_dir = binding_direction(r->binding);
	r->tx_unused = r->dma_dir == DMA_TO_DEVICE && !nma_tx_used_full &&
		       !bpf_map_lookup_elem(&nma_tx_used, &r->binding_id);
	r->dma_dev = (__u64)BPF_CORE_READ(binding, attachment, dev);
	note_dma_dev(r);
	dmabuf = BPF_CORE_READ(binding, dmabuf);
	r->size = BPF_CORE_READ(dmabuf, size);
	r->dmabuf_ino = nma_dmabuf_ino((__u64)dmabuf);
	fill_cpu_use(r, (__u64)dmabuf);
	exporter = BPF_CORE_READ(dmabuf, exp_name);
	if (exporter)
		bpf_probe_read_kernel_str(r->exporter, sizeof(r->exporter),
					  exporter);
	fill_chunks(r, BPF_CORE_READ(binding, chunk_pool));
	dev = BPF_CORE_READ(binding, dev);
	if (dev) {
		r->netdev = (__u64)dev;
		r->ifindex = BPF_CORE_READ(dev, ifindex);
		r->hdr.netns = netdev_netns(dev);
	}
	return 0;
}

struct user_walk {
	__u64 next;		/* address */
	__u64 left;
	__u32 held;
	__u32 rsvd;
};

/* One at a time: how many there are left must not become a size, or the verifier
 * follows every number of them.
 */
static long count_held(__u32 i, struct user_walk *w)
{
	__u32 refs = 0;

	if (!w->left)
		return 1;
	bpf_probe_read_kernel(&refs, sizeof(refs), (void *)w->next);
	w->held += (refs | -refs) >> 31;
	w->next += sizeof(refs);
	w->left--;
	return 0;
}

static __always_inline void fill_account(struct nma_rec_binding *r,
					 const struct zcrx_account *acc)
{
	struct user_walk w = { .next = acc->user_refs, .left = acc->buffers };

	if (!acc->user_refs)
		return;
	bpf_loop(NIOVS_MAX, count_held, &w, 0);
	r->buffers = acc->buffers;
	r->buffers_free = acc->free;
	r->buffers_app = w.held > acc->queued ? w.held - acc->queued : 0;
	r->returned = acc->taken_back;
}

static __always_inline void fill_zcrx_owner(struct nma_rec_binding *r)
{
	struct task_struct *task = zcrx_task(r->binding);

	if (!task)
		return;
	r->owner_pid = BPF_CORE_READ(task, tgid);
	r->owner_uid = BPF_CORE_READ(task, cred, uid.val);
	r->owner_cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&r->owner_comm, task, group_leader, comm);
}

/* An interface queue of io_uring: the memory is the application's, and the kernel
 * keeps no number for it. Its area may be a dma-buf, too.
 */
int nma_fill_zcrx(struct nma_rec_binding *r)
{
	struct zcrx_account acc;

	if (!r || !r->binding)
		return -1;
	r->mp = NMA_MP_IO_URING;
	r->listed = 1;
	r->dma_dir = DMA_FROM_DEVICE;
	acc = zcrx_account(r->binding);
	r->size = acc.size;
	if (acc.buffers)
		r->lent = acc.size - acc.free * (acc.size / acc.buffers);
	fill_account(r, &acc);
	fill_zcrx_owner(r);
	if (acc.dmabuf)
		r->dmabuf_ino = nma_dmabuf_ino((__u64)acc.dmabuf);
	return 0;
}

void nma_send_zcrx(const struct nma_call *call)
{
	struct net_device *dev = (void *)call->after.netdev[0];
	struct nma_rec_binding *r;

	r = nma_reserve(nma_rec_binding, NMA_REC_BINDING, NMA_CAUSE_CHANGE);
	if (!r)
		return;
	r->binding = call->after.zcrx;
	r->netdev = (__u64)dev;
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->hdr.netns = netdev_netns(dev);
	if (nma_fill_zcrx(r))
		bpf_ringbuf_discard(r, 0);
	else
		bpf_ringbuf_submit(r, 0);
}

void nma_send_binding(const struct nma_call *call)
{
	__u16 cause = call->after.binding_cause;
	struct nma_rec_binding *r;

	r = nma_reserve(nma_rec_binding, NMA_REC_BINDING, cause);
	if (!r)
		return;
	r->binding = call->after.binding;
	nma_fill_binding(r);
	r->listed = cause == NMA_CAUSE_CREATE;
	if (cause == NMA_CAUSE_CREATE)
		fill_owner(r);
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
void nma_on_BIND(struct nma_call *call, __u64 ret)
{
	if (ret >= -(__u64)ERR_PTR_MAX) {
		send_bind_failed((void *)call->arg[0], (int)ret);
		return;
	}
	nma_after_binding(call, ret, NMA_CAUSE_CREATE);
	if (binding_direction(ret) == DMA_FROM_DEVICE)
		nma_bound = 1;
}

/* net_devmem_unbind_dmabuf(binding); its id takes the place of the address, which
 * may be freed when it returns.
 */
void nma_enter_UNBIND(struct nma_call *call)
{
	struct net_devmem_dmabuf_binding *binding = (void *)call->arg[0];

	nma_after_binding(call, call->arg[0], NMA_CAUSE_DETACH);
	call->arg[0] = BPF_CORE_READ(binding, id);
}

/* The queues have been restarted without it. */
void nma_on_UNBIND(struct nma_call *call, __u64 ret)
{
	__u32 id = call->arg[0];

	bpf_map_delete_elem(&nma_tx_used, &id);
	nma_after_op(call, NMA_OP_UNBOUND, 0, NMA_NO_QUEUE)->value = id;
}

/* __net_devmem_dmabuf_binding_free(); on entry, while there is something to
 * read. The same task unmaps the dma-buf before it returns.
 */
void nma_on_BIND_FREE(struct nma_call *call, __u64 ret)
{
	struct net_devmem_dmabuf_binding *binding;
	struct mapping map = {};
	__u64 attachment;

	binding = (void *)binding_from_free_arg(call->arg[0]);
	attachment = (__u64)BPF_CORE_READ(binding, attachment);
	map.binding = (__u64)binding;
	map.dir = binding_direction((__u64)binding);
	map.id = BPF_CORE_READ(binding, id);
	if (bpf_map_update_elem(&nma_mappings, &attachment, &map, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	nma_after_binding(call, map.binding, NMA_CAUSE_GONE);
}

/* dma_buf_unmap_attachment(attachment, table, direction) */
void nma_on_UNMAP(struct nma_call *call, __u64 ret)
{
	struct nma_rec_binding *r;
	struct mapping *map;

	map = bpf_map_lookup_elem(&nma_mappings, &call->arg[0]);
	if (!map)
		return;
	if (map->dir != (__u32)call->arg[2]) {
		r = nma_reserve(nma_rec_binding, NMA_REC_BINDING, NMA_CAUSE_MISMATCH);
		if (r) {
			r->binding = map->binding;
			r->binding_id = map->id;
			r->dma_dir = map->dir;
			r->unmap_dir = call->arg[2];
			bpf_ringbuf_submit(r, 0);
		}
	}
	bpf_map_delete_elem(&nma_mappings, &call->arg[0]);
}

/* devres_release_all(device), after the driver has let go of it, or before the
 * device is freed.
 */
void nma_on_DEVICE_GONE(struct nma_call *call, __u64 ret)
{
	if (bpf_map_lookup_elem(&nma_dma_devs, &call->arg[0]))
		nma_after_op(call, NMA_OP_DEVICE_GONE, 0, NMA_NO_QUEUE)->value = call->arg[0];
}
