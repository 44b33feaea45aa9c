// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What has to be known when a request comes, and is nowhere to be read then: what
 * drivers said of their rings and of RSS, and how much each cgroup has bound.
 */
#include "nma_track.bpf.h"

struct nma_split_map nma_split SEC(".maps");
struct nma_rss_map nma_rss SEC(".maps");
struct nma_charged_map nma_charged SEC(".maps");

/* Whom a binding is charged to. */
struct nma_bound {
	__u64 cgroup_id;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);		/* struct net_devmem_dmabuf_binding */
	__type(value, struct nma_bound);
} nma_bound SEC(".maps");

struct ethnl_reply_data {
	struct net_device *dev;
} __attribute__((preserve_access_index));

struct kernel_ethtool_ringparam {
	__u8 tcp_data_split;
} __attribute__((preserve_access_index));

struct rings_reply_data {
	struct kernel_ethtool_ringparam kernel_ringparam;
} __attribute__((preserve_access_index));

struct rss_req_info {
	__u32 rss_context;
} __attribute__((preserve_access_index));

struct rss_reply_data {
	__u32 indir_size;
	__u32 *indir_table;
} __attribute__((preserve_access_index));

/* rings_prepare_data(): somebody asks for the rings, or they were changed and those
 * who listen are told, by ioctl, too.
 */
SEC("?fexit/rings_prepare_data")
int BPF_PROG(nma_rings_known, void *req, struct ethnl_reply_data *reply, void *info,
	     int ret)
{
	struct rings_reply_data *rings = (void *)reply;
	struct nma_split split = {};
	__u64 dev;

	if (ret)
		return 0;
	dev = (__u64)BPF_CORE_READ(reply, dev);
	split.split = BPF_CORE_READ(rings, kernel_ringparam.tcp_data_split);
	split.ifindex = BPF_CORE_READ((struct net_device *)dev, ifindex);
	bpf_map_update_elem(&nma_split, &dev, &split, BPF_ANY);
	return 0;
}

/* Charged to those whose limit it is, else to the cgroup that asks. */
__noinline int nma_charge_to(struct nma_policy *pol, struct nma_charge *c)
{
	__u32 i;

	if (!pol || !c)
		return 0;
	c->cgroup_id = bpf_get_current_cgroup_id();
	c->limit = pol->dmabuf_bytes;
	for (i = 0; i < NMA_ENFORCE_CGROUPS; i++) {
		if (i >= pol->nr_limits)
			break;
		if (bpf_get_current_ancestor_cgroup_id(pol->limit[i].level) !=
		    pol->limit[i].cgroup_id)
			continue;
		c->cgroup_id = pol->limit[i].cgroup_id;
		c->limit = pol->limit[i].bytes;
		break;
	}
	return 0;
}

/* The descriptor that was looked at when it was asked can be another one by the time
 * the kernel looks: what must not be is undone by the end of who did it, for a
 * binding ends with its socket.
 */
static __always_inline void check_again(struct nma_policy *pol, __u64 dev, __u64 size,
					const struct nma_charge *c, __u64 bytes, bool rx)
{
	struct nma_breach b = { .dev = dev, .rule = NMA_RULE_BIND_09,
				.reason = NMA_REASON_BYTES, .asked = bytes,
				.limit = c->limit,
				.ask = rx ? NMA_REQ_BIND_RX : NMA_REQ_BIND_TX };

	if (!nma_covers(pol, dev))
		return;
	if (bytes > c->limit && nma_judge(pol, &b))
		bpf_send_signal(SIGKILL);
	if (!(size % pol->page_size))
		return;
	b.rule = NMA_RULE_BIND_08;
	b.reason = NMA_REASON_RAGGED;
	b.asked = size;
	if (nma_judge(pol, &b))
		bpf_send_signal(SIGKILL);
}

static __noinline int charge(__u64 addr)
{
	struct net_devmem_dmabuf_binding *binding = (void *)addr;
	struct nma_policy *pol = nma_policy();
	struct nma_charge c = {};
	struct nma_bound bound;
	__u64 *sum, zero = 0;

	if (!pol)
		return 0;
	nma_charge_to(pol, &c);
	bound.cgroup_id = c.cgroup_id;
	bound.bytes = BPF_CORE_READ(binding, dmabuf, size);
	bpf_map_update_elem(&nma_charged, &c.cgroup_id, &zero, BPF_NOEXIST);
	sum = bpf_map_lookup_elem(&nma_charged, &c.cgroup_id);
	if (!sum || bpf_map_update_elem(&nma_bound, &addr, &bound, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(sum, bound.bytes);
	check_again(pol, (__u64)BPF_CORE_READ(binding, dev), bound.bytes, &c, *sum,
		    binding_direction(addr) != DMA_TO_DEVICE);
	return 0;
}

/* It has 3 arguments, 7 or 8. */
SEC("?fexit/net_devmem_bind_dmabuf")
int nma_bind_charge(void *ctx)
{
	__u64 ret = 0;

	if (bpf_get_func_ret(ctx, &ret) || !ret || ret >= (__u64)-4095)
		return 0;
	return charge(ret);
}

SEC("?fentry/net_devmem_unbind_dmabuf")
int BPF_PROG(nma_bind_uncharge, void *binding)
{
	__u64 *sum, addr = (__u64)binding;
	struct nma_bound *bound;

	bound = bpf_map_lookup_elem(&nma_bound, &addr);
	if (!bound)
		return 0;
	sum = bpf_map_lookup_elem(&nma_charged, &bound->cgroup_id);
	if (sum)
		__sync_fetch_and_sub(sum, bound->bytes);
	bpf_map_delete_elem(&nma_bound, &addr);
	return 0;
}

/* ---- RSS ---------------------------------------------------------------------*/

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);		/* task */
	__type(value, struct nma_rss);
} nma_rss_scratch SEC(".maps");

struct table_walk {
	__u64 table;
	struct nma_rss *rss;
	__u32 from_user;
	__u32 size;
	__u32 failed;
};

static long take_entry(__u32 i, struct table_walk *w)
{
	struct nma_rss *rss = w->rss;
	__u32 queue = 0;
	long err;

	if (w->from_user)
		err = bpf_probe_read_user(&queue, 4, (void *)(w->table + 4ull * i));
	else
		err = bpf_probe_read_kernel(&queue, 4, (void *)(w->table + 4ull * i));
	if (err) {
		w->failed = 1;
		return 1;
	}
	if (queue >= NMA_RSS_QUEUES)
		rss->beyond = 1;
	else
		rss->queues[queue / 64 % NMA_RSS_WORDS] |= 1ull << queue % 64;
	return 0;
}

/* Takes the table in; what cannot be read is unknown. */
static __noinline int learn_table(__u64 dev, __u64 table, __u32 size, __u32 from_user)
{
	__u64 task = bpf_get_current_task();
	struct table_walk w = { .table = table, .from_user = from_user, .size = size };
	struct nma_rss none = {};

	bpf_map_update_elem(&nma_rss_scratch, &task, &none, BPF_ANY);
	w.rss = bpf_map_lookup_elem(&nma_rss_scratch, &task);
	if (!w.rss)
		return 0;
	w.rss->ifindex = BPF_CORE_READ((struct net_device *)dev, ifindex);
	bpf_loop(size, take_entry, &w, 0);
	if (w.failed)
		bpf_map_delete_elem(&nma_rss, &dev);
	else
		bpf_map_update_elem(&nma_rss, &dev, w.rss, BPF_ANY);
	bpf_map_delete_elem(&nma_rss_scratch, &task);
	return 0;
}

/* rss_prepare_data(): as rings_prepare_data() */
SEC("?fexit/rss_prepare_data")
int BPF_PROG(nma_rss_known, struct rss_req_info *req, struct ethnl_reply_data *reply,
	     void *info, int ret)
{
	struct rss_reply_data *rss = (void *)reply;

	if (ret || BPF_CORE_READ(req, rss_context))
		return 0;
	return learn_table((__u64)BPF_CORE_READ(reply, dev),
			   (__u64)BPF_CORE_READ(rss, indir_table),
			   BPF_CORE_READ(rss, indir_size), 0);
}

/* ioctls: struct ethtool_rxfh_indir and struct ethtool_rxfh are the caller's own,
 * which the kernel has just read.
 */
SEC("?fexit/ethtool_set_rxfh_indir")
int BPF_PROG(nma_rss_set_indir, struct net_device *dev, void *useraddr, int ret)
{
	__u32 h[2] = {};		/* cmd, size */
	__u64 key = (__u64)dev;

	if (ret)
		return 0;
	if (bpf_probe_read_user(h, sizeof(h), useraddr) || !h[1]) {
		bpf_map_delete_elem(&nma_rss, &key);
		return 0;
	}
	return learn_table(key, (__u64)useraddr + sizeof(h), h[1], 1);
}

#define INDIR_NO_CHANGE	0xffffffff
#define RXFH_HEADER	24

SEC("?fexit/ethtool_set_rxfh")
int BPF_PROG(nma_rss_set, struct net_device *dev, void *useraddr, int ret)
{
	__u32 h[3] = {};		/* cmd, rss_context, indir_size */
	__u64 key = (__u64)dev;

	if (ret)
		return 0;
	if (bpf_probe_read_user(h, sizeof(h), useraddr) || (!h[1] && !h[2])) {
		bpf_map_delete_elem(&nma_rss, &key);
		return 0;
	}
	if (h[1] || h[2] == INDIR_NO_CHANGE)
		return 0;
	return learn_table(key, (__u64)useraddr + RXFH_HEADER, h[2], 1);
}

/* Drivers then spread over other queues, unless they were told not to. */
SEC("?fentry/netif_set_real_num_rx_queues")
int BPF_PROG(nma_queues_change, struct net_device *dev, __u32 queues)
{
	__u64 key = (__u64)dev;

	if (queues != BPF_CORE_READ(dev, real_num_rx_queues))
		bpf_map_delete_elem(&nma_rss, &key);
	return 0;
}
