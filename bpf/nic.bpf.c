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

static __always_inline struct nma_rec_nic *begin_nic(struct net_device *dev,
						     __u16 cause)
{
	struct nma_rec_nic *r;

	r = nma_reserve(nma_rec_nic, NMA_REC_NIC, cause);
	if (!r)
		return NULL;
	r->netdev = (__u64)dev;
	nma_fill_nic(r);
	return r;
}

static __noinline void send_nic(struct net_device *dev, __u16 cause)
{
	struct nma_rec_nic *r = begin_nic(dev, cause);

	if (r)
		bpf_ringbuf_submit(r, 0);
}

int nma_send_nic(__u64 netdev)
{
	send_nic((void *)netdev, NMA_CAUSE_CHANGE);
	return 0;
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
int nma_on_NETDEV(const struct nma_call *call, __u64 ret)
{
	struct netdev_notifier_changeupper_info *upper;
	struct netdev_notifier_info *info;
	struct net_device *upper_dev, *dev;
	__u16 cause = NMA_CAUSE_CHANGE;

	if (!call)
		return 0;
	info = (void *)call->arg[2];
	upper = (void *)info;
	dev = BPF_CORE_READ(info, dev);
	switch (call->arg[1]) {
	case NETDEV_UNREGISTER:
		cause = NMA_CAUSE_GONE;
		break;
	case NETDEV_CHANGEUPPER:
		upper_dev = BPF_CORE_READ(upper, upper_dev);
		send_edge((__u64)upper_dev, (__u64)dev,
			  BPF_CORE_READ(upper, linking) ? NMA_CAUSE_CHANGE :
							  NMA_CAUSE_GONE);
		send_nic(dev, cause);
		dev = upper_dev;
		break;
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_REGISTER:
	case NETDEV_CHANGEMTU:
	case NETDEV_CHANGENAME:
		break;
	default:
		return 0;
	}
	send_nic(dev, cause);
	if (call->arg[1] == NETDEV_REGISTER &&
	    nma_send_lowers((__u64)dev, NMA_CAUSE_CHANGE))
		nma_count_loss(NMA_LOSS_RING, 1);
	return 0;
}

/* A record of what was asked of the device as a whole, or NULL */
static __always_inline struct nma_rec_op *begin_op(struct net_device *dev, __u32 op)
{
	struct nma_rec_op *r;

	r = nma_reserve(nma_rec_op, NMA_REC_OP, 0);
	if (!r)
		return NULL;
	r->netdev = (__u64)dev;
	r->queue = NMA_NO_QUEUE;
	nma_fill_op(r);
	r->op = op;
	return r;
}

/* netif_set_real_num_rx_queues(dev, rxq): no event of the device tells it. First
 * who did it, then what came of it.
 */
int nma_on_QUEUES(const struct nma_call *call, __u64 ret)
{
	struct net_device *dev;
	struct nma_rec_op *r;

	if (!call || (int)ret)
		return 0;
	dev = (void *)call->arg[0];
	if (BPF_CORE_READ(dev, reg_state) != NETREG_REGISTERED)
		return 0;
	r = begin_op(dev, NMA_OP_QUEUES_SET);
	if (r) {
		r->value = call->arg[1];
		__builtin_memcpy(r->stack, call->stack, sizeof(r->stack));
		bpf_ringbuf_submit(r, 0);
	}
	send_nic(dev, NMA_CAUSE_CHANGE);
	return 0;
}

/* Only the driver knows the table: user space asks it when it sees the device's
 * record.
 */
static __noinline int on_set_rss(struct net_device *dev, int ret)
{
	struct nma_rec_op *r;

	if (ret < 0)
		return 0;
	r = begin_op(dev, NMA_OP_RSS_SET);
	if (r)
		bpf_ringbuf_submit(r, 0);
	send_nic(dev, NMA_CAUSE_CHANGE);
	return 0;
}

/* ethtool_set_rxfh(dev, ...) */
int nma_on_RSS_SET(const struct nma_call *call, __u64 ret)
{
	return call ? on_set_rss((void *)call->arg[0], ret) : 0;
}

/* ethtool_set_rxfh_indir(dev, ...) */
int nma_on_RSS_INDIR(const struct nma_call *call, __u64 ret)
{
	if (bpf_get_current_pid_tgid() >> 32 == nma_self)
		nma_self_calls++;
	return call ? on_set_rss((void *)call->arg[0], ret) : 0;
}

/* ethnl_rss_set(req, info) */
int nma_on_RSS_NL(const struct nma_call *call, __u64 ret)
{
	struct ethnl_req_info *req;

	if (!call)
		return 0;
	req = (void *)call->arg[0];
	return on_set_rss(BPF_CORE_READ(req, dev), ret);
}

static __always_inline void send_xdp_op(struct net_device *dev, __u32 mode,
					__u32 id, int ret)
{
	struct nma_rec_op *r = begin_op(dev, NMA_OP_XDP_INSTALL);

	if (!r)
		return;
	r->value = id;
	r->mode = mode;
	r->ret = ret;
	bpf_ringbuf_submit(r, 0);
}

/* dev_xdp_install(dev, mode, bpf_op, extack, flags, prog). The device's own note
 * of the program follows later: the record says what will be there.
 */
int nma_on_XDP(const struct nma_call *call, __u64 ret)
{
	struct bpf_prog *prog;
	struct net_device *dev;
	struct nma_rec_nic *r;
	__u32 mode, id;

	if (!call)
		return 0;
	dev = (void *)call->arg[0];
	mode = call->arg[1];
	prog = (void *)call->arg[5];
	id = BPF_CORE_READ(prog, aux, id);

	send_xdp_op(dev, mode, id, ret);
	if ((int)ret)
		return 0;

	r = begin_nic(dev, NMA_CAUSE_CHANGE);
	if (!r)
		return 0;
	if (mode < 3)
		r->xdp_prog_id[mode] = id;
	bpf_ringbuf_submit(r, 0);
	return 0;
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

static __always_inline void send_hds_op(struct net_device *dev,
					struct genl_info *info, __u8 hds, int ret)
{
	struct nma_rec_op *r = begin_op(dev, NMA_OP_HDS_SET);
	__u8 wanted = 0;

	if (!r)
		return;
	r->mode = attr_u8(info, ETHTOOL_A_RINGS_TCP_DATA_SPLIT, &wanted);
	r->value = wanted;
	r->ret = ret < 0 ? ret : 0;
	r->hds = hds;
	bpf_ringbuf_submit(r, 0);
}

/* ethnl_set_rings(req, info). Since v6.14 the core takes the pending setting
 * over right after this returned without an error; before, only the driver
 * knows.
 */
int nma_on_HDS_SET(const struct nma_call *call, __u64 ret)
{
	struct ethnl_req_info *req;
	struct net_device *dev;
	struct nma_rec_nic *r;
	__u8 hds;

	if (!call)
		return 0;
	req = (void *)call->arg[0];
	dev = BPF_CORE_READ(req, dev);
	hds = (int)ret < 0 ? netdev_hds(dev) : netdev_hds_pending(dev);
	send_hds_op(dev, (void *)call->arg[1], hds, ret);

	r = begin_nic(dev, NMA_CAUSE_CHANGE);
	if (!r)
		return 0;
	r->hds = hds;
	if ((int)ret >= 0)
		r->hds_thresh = netdev_hds_thresh_pending(dev);
	bpf_ringbuf_submit(r, 0);
	return 0;
}
