// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Network devices: what they offer, how they are set, and the operations that
 * change it (up and down, names, queues, XDP, tcp-data-split).
 */
#include "nma_fill.bpf.h"
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_sock.bpf.h"

/* These end lists that change under us. */
#define POOLS_MAX	(1 << 16)
#define LOWERS_MAX	(1 << 12)

char LICENSE[] SEC("license") = "GPL";

struct pool_list {
	__u64 node;
	__u32 count;
};

static long count_pool(__u32 i, struct pool_list *l)
{
	struct hlist_node *node = (void *)l->node;

	if (!node)
		return 1;
	l->count++;
	l->node = (__u64)BPF_CORE_READ(node, next);
	return 0;
}

static __always_inline __u32 netdev_pools(struct net_device *dev)
{
	struct pool_list l = {
		.node = (__u64)BPF_CORE_READ(dev, page_pools.first),
	};

	bpf_loop(POOLS_MAX, count_pool, &l, 0);
	return l.count;
}

static __always_inline __u32 lower_ifindex(struct net_device *dev)
{
	void *head = __builtin_preserve_access_index(&dev->adj_list.lower);
	void *first = BPF_CORE_READ(dev, adj_list.lower.next);

	if (!first || first == head)
		return 0;
	return BPF_CORE_READ(container_of(first, struct netdev_adjacent, list),
			     dev, ifindex);
}

/* A device has one at most, and that is the first of its uppers. */
static __always_inline __u64 master(struct net_device *dev)
{
	void *head = __builtin_preserve_access_index(&dev->adj_list.upper);
	void *first = BPF_CORE_READ(dev, adj_list.upper.next);
	struct netdev_adjacent *adj;

	if (!first || first == head)
		return 0;
	adj = container_of(first, struct netdev_adjacent, list);
	return BPF_CORE_READ(adj, master) ? (__u64)BPF_CORE_READ(adj, dev) : 0;
}

static __noinline __u32 xdp_prog_id(struct bpf_xdp_entity *xdp)
{
	struct bpf_xdp_link *link = BPF_CORE_READ(xdp, link);

	if (link)
		return BPF_CORE_READ(link, link.prog, aux, id);
	return BPF_CORE_READ(xdp, prog, aux, id);
}

static __always_inline __u8 queue_ops(struct net_device *dev)
{
	const struct netdev_queue_mgmt_ops *ops;
	__u8 bits = NMA_QOPS_PRESENT;

	ops = BPF_CORE_READ(dev, queue_mgmt_ops);
	if (!ops)
		return 0;
	if (BPF_CORE_READ(ops, ndo_queue_mem_alloc))
		bits |= NMA_QOPS_MEM_ALLOC;
	if (BPF_CORE_READ(ops, ndo_queue_mem_free))
		bits |= NMA_QOPS_MEM_FREE;
	if (BPF_CORE_READ(ops, ndo_queue_start))
		bits |= NMA_QOPS_START;
	if (BPF_CORE_READ(ops, ndo_queue_stop))
		bits |= NMA_QOPS_STOP;
	return bits;
}

static __always_inline __u8 ring_ops(struct net_device *dev)
{
	const struct ethtool_ops *ops = BPF_CORE_READ(dev, ethtool_ops);
	__u8 bits = 0;

	if (BPF_CORE_READ(ops, get_ringparam))
		bits |= NMA_RINGS_GET;
	if (BPF_CORE_READ(ops, set_ringparam))
		bits |= NMA_RINGS_SET;
	if (BPF_CORE_READ(ops, supported_ring_params) &
	    ETHTOOL_RING_USE_TCP_DATA_SPLIT)
		bits |= NMA_RINGS_HDS;
	return bits;
}

/* Physical devices have a driver, virtual ones a kind ("veth"). */
static __always_inline void driver_name(struct nma_rec_nic *r,
					struct net_device *dev)
{
	const char *name = BPF_CORE_READ(dev, dev.parent, driver, name);

	if (!name)
		name = BPF_CORE_READ(dev, rtnl_link_ops, kind);
	if (name)
		bpf_probe_read_kernel_str(r->driver, sizeof(r->driver), name);
}

static __always_inline __u8 netdev_flags(struct net_device *dev)
{
	struct device *parent = BPF_CORE_READ(dev, dev.parent);
	__u8 flags = 0;

	if (BPF_CORE_READ(dev, flags) & IFF_UP)
		flags |= NMA_NIC_UP;
	if (BPF_CORE_READ(dev, reg_state) == NETREG_REGISTERED)
		flags |= NMA_NIC_REGISTERED;
	if (netdev_has_cfg())
		flags |= NMA_NIC_HDS_VALID;
	if (netdev_has_netmem_tx())
		flags |= NMA_NIC_TX_VALID;
	if (BPF_CORE_READ(parent, dma_mask))
		flags |= NMA_NIC_DMA_DEV;
	if (device_skips_sync(parent))
		flags |= NMA_NIC_SYNC_SKIPPED;
	return flags;
}

int nma_fill_nic(struct nma_rec_nic *r)
{
	__u64 rtnl = nma_cfg.sym[NMA_SYM_RTNL];
	struct net_device *dev;

	if (!r || !r->netdev)
		return -1;

	dev = (void *)r->netdev;
	r->hdr.netns = netdev_netns(dev);
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	r->lower_ifindex = lower_ifindex(dev);
	r->num_rx_queues = BPF_CORE_READ(dev, num_rx_queues);
	r->real_num_rx_queues = BPF_CORE_READ(dev, real_num_rx_queues);
	r->real_num_tx_queues = BPF_CORE_READ(dev, real_num_tx_queues);
	r->mtu = BPF_CORE_READ(dev, mtu);
	r->hds_thresh = netdev_hds_thresh(dev);
	r->xdp_prog_id[0] = xdp_prog_id(&dev->xdp_state[0]);
	r->xdp_prog_id[1] = xdp_prog_id(&dev->xdp_state[1]);
	r->xdp_prog_id[2] = xdp_prog_id(&dev->xdp_state[2]);
	r->pools = netdev_pools(dev);
	r->flags = netdev_flags(dev);
	r->hds = netdev_hds(dev);
	r->qops = queue_ops(dev);
	r->rings = ring_ops(dev);
	r->netmem_tx = netdev_netmem_tx(dev);
	r->xdp_features = BPF_CORE_READ(dev, xdp_features) | NMA_XDP_KNOWN;
	/* most changes are made with both of them held */
	r->locked = netdev_lock_owner(dev, rtnl) || mutex_owner(rtnl);
	r->device = (__u64)__builtin_preserve_access_index(&dev->dev);
	r->parent[0] = (__u64)BPF_CORE_READ(dev, dev.parent);
	r->parent[1] = (__u64)BPF_CORE_READ(dev, dev.parent, parent);
	r->master = master(dev);
	r->open_fn = (__u64)BPF_CORE_READ(dev, netdev_ops, ndo_open);
	BPF_CORE_READ_STR_INTO(&r->ifname, dev, name);
	driver_name(r, dev);
	return 0;
}

struct lower_walk {
	__u64 node;
	__u64 end;
	__u64 upper;
	__u16 cause;
	bool full;
};

static long send_lower(__u32 i, struct lower_walk *w)
{
	struct netdev_adjacent *adj;
	struct nma_rec_edge *r;

	if (!w->node || w->node == w->end)
		return 1;
	r = nma_try_reserve(nma_rec_edge, NMA_REC_EDGE, w->cause);
	if (!r) {
		w->full = true;
		return 1;
	}
	adj = container_of(w->node, struct netdev_adjacent, list);
	r->upper = w->upper;
	r->lower = (__u64)BPF_CORE_READ(adj, dev);
	w->node = (__u64)BPF_CORE_READ(adj, list.next);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

/* The devices right below one. A list that changes meanwhile is told by events,
 * or read again by the next walk.
 */
int nma_send_lowers(__u64 netdev, __u16 cause)
{
	struct net_device *dev = (void *)netdev;
	struct lower_walk w = {
		.node = (__u64)BPF_CORE_READ(dev, adj_list.lower.next),
		.end = (__u64)__builtin_preserve_access_index(&dev->adj_list.lower),
		.upper = netdev,
		.cause = cause,
	};

	bpf_loop(LOWERS_MAX, send_lower, &w, 0);
	return w.full ? -1 : 0;
}

/* The device's own note of a setting may follow later: its record says what will be
 * there.
 */
static __always_inline void apply_setting(struct nma_rec_nic *r,
					  const struct nma_setting_told *told)
{
	if (told->xdp_known && told->xdp_mode < 3)
		r->xdp_prog_id[told->xdp_mode] = told->xdp_prog_id;
	if (told->hds_known)
		r->hds = told->hds;
	if (told->hds_pending)
		r->hds_thresh = netdev_hds_thresh_pending((void *)r->netdev);
}

void nma_send_nics(const struct nma_call *call)
{
	const struct nma_after *after = &call->after;
	struct nma_rec_nic *r;
	__u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; i < 2 && after->netdev[i]; i++) {
		r = nma_reserve(nma_rec_nic, NMA_REC_NIC, after->netdev_cause);
		if (!r)
			continue;
		r->netdev = after->netdev[i];
		nma_fill_nic(r);
		if (!i)
			apply_setting(r, &after->setting);
		bpf_ringbuf_submit(r, 0);
	}
}

static __always_inline void send_edge(__u64 upper, __u64 lower, __u16 cause)
{
	struct nma_rec_edge *r = nma_reserve(nma_rec_edge, NMA_REC_EDGE, cause);

	if (!r)
		return;
	r->upper = upper;
	r->lower = lower;
	bpf_ringbuf_submit(r, 0);
}

/* page_pool_netdevice_event(nb, event, info): a notifier's callback, and as such
 * never inlined; sees every device event of every namespace. A move to another
 * namespace is UNREGISTER and REGISTER.
 */
void nma_on_NETDEV(struct nma_call *call, __u64 ret)
{
	struct netdev_notifier_info *info = (void *)call->arg[2];
	struct netdev_notifier_changeupper_info *upper = (void *)info;
	struct net_device *dev = BPF_CORE_READ(info, dev);
	__u64 upper_dev;

	switch (call->arg[1]) {
	case NETDEV_CHANGEUPPER:
		upper_dev = (__u64)BPF_CORE_READ(upper, upper_dev);
		send_edge(upper_dev, (__u64)dev,
			  BPF_CORE_READ(upper, linking) ? NMA_CAUSE_CHANGE :
							  NMA_CAUSE_GONE);
		call->after.netdev[1] = upper_dev;
		break;
	case NETDEV_REGISTER:
		call->after.lowers_of = (__u64)dev;
		break;
	case NETDEV_UNREGISTER:
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGENAME:
		break;
	default:
		return;
	}
	nma_after_nic(call, (__u64)dev);
	if (call->arg[1] == NETDEV_UNREGISTER)
		call->after.netdev_cause = NMA_CAUSE_GONE;
}

/* netif_set_real_num_rx_queues(dev, rxq): no event of the device tells it. First
 * who did it, then what came of it.
 */
void nma_on_QUEUES(struct nma_call *call, __u64 ret)
{
	struct net_device *dev = (void *)call->arg[0];

	if ((int)ret || BPF_CORE_READ(dev, reg_state) != NETREG_REGISTERED)
		return;
	nma_after_op(call, NMA_OP_QUEUES_SET, call->arg[0], NMA_NO_QUEUE)->value =
		call->arg[1];
	nma_after_nic(call, call->arg[0]);
}

/* Only the driver knows the table: user space asks it when it sees the device's
 * record.
 */
static __always_inline void on_set_rss(struct nma_call *call, __u64 netdev, __u64 ret)
{
	if ((int)ret < 0)
		return;
	nma_after_op(call, NMA_OP_RSS_SET, netdev, NMA_NO_QUEUE);
	nma_after_nic(call, netdev);
}

/* ethtool_set_rxfh(dev, ...) */
void nma_on_RSS_SET(struct nma_call *call, __u64 ret)
{
	on_set_rss(call, call->arg[0], ret);
}

/* ethtool_set_rxfh_indir(dev, ...) */
void nma_on_RSS_INDIR(struct nma_call *call, __u64 ret)
{
	if (bpf_get_current_pid_tgid() >> 32 == nma_self)
		nma_self_calls++;
	on_set_rss(call, call->arg[0], ret);
}

/* ethnl_rss_set(req, info) */
void nma_on_RSS_NL(struct nma_call *call, __u64 ret)
{
	struct ethnl_req_info *req = (void *)call->arg[0];

	on_set_rss(call, (__u64)BPF_CORE_READ(req, dev), ret);
}

/* dev_xdp_install(dev, mode, bpf_op, extack, flags, prog) */
void nma_on_XDP(struct nma_call *call, __u64 ret)
{
	struct nma_setting_told *set = &call->after.setting;
	struct bpf_prog *prog = (void *)call->arg[5];
	struct nma_op_told *op;

	op = nma_after_op(call, NMA_OP_XDP_INSTALL, call->arg[0], NMA_NO_QUEUE);
	op->value = BPF_CORE_READ(prog, aux, id);
	op->mode = call->arg[1];
	op->ret = ret;
	if ((int)ret)
		return;
	set->xdp_prog_id = op->value;
	set->xdp_mode = op->mode;
	set->xdp_known = 1;
	nma_after_nic(call, call->arg[0]);
}

/* Value of a netlink attribute; false if it was not given. */
static __always_inline bool attr_u8(struct genl_info *info, __u32 attr, __u8 *value)
{
	struct nlattr **attrs = BPF_CORE_READ(info, attrs);
	struct nlattr *nla = NULL;

	bpf_probe_read_kernel(&nla, sizeof(nla), &attrs[attr]);
	if (nla)
		bpf_probe_read_kernel(value, sizeof(*value), (void *)nla + 4);
	return nla;
}

/* ethnl_set_rings(req, info). Since v6.14 the core takes the pending setting
 * over right after this returned without an error; before, only the driver
 * knows.
 */
void nma_on_HDS_SET(struct nma_call *call, __u64 ret)
{
	struct nma_setting_told *set = &call->after.setting;
	struct ethnl_req_info *req = (void *)call->arg[0];
	struct net_device *dev = BPF_CORE_READ(req, dev);
	bool failed = (int)ret < 0;
	struct nma_op_told *op;
	__u8 wanted = 0;

	op = nma_after_op(call, NMA_OP_HDS_SET, (__u64)dev, NMA_NO_QUEUE);
	op->mode = attr_u8((void *)call->arg[1], ETHTOOL_A_RINGS_TCP_DATA_SPLIT, &wanted);
	op->value = wanted;
	op->ret = failed ? ret : 0;
	op->hds = failed ? netdev_hds(dev) : netdev_hds_pending(dev);
	op->hds_known = 1;
	set->hds = op->hds;
	set->hds_known = 1;
	set->hds_pending = !failed;
	nma_after_nic(call, (__u64)dev);
}
