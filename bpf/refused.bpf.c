// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the kernel refuses: who asked for what, the errno, and the words of the
 * kernel, which many a program throws away. Looked at where the kernel answers to
 * user space, so that each refusal is told once, whatever it failed at. What was
 * allowed is told by others.
 */
#include "nma_fill.bpf.h"
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_provider.bpf.h"
#include "nma_refused.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_xarray.bpf.h"

#define NESTED_MAX		4	/* attributes of one queue, or of a header */
#define NLA_HDRLEN		4
#define NLA_TYPE_MASK		0x3fff

/* Attributes and commands of netdev and ethtool netlink, commands of its ioctl */
#define A_DMABUF_IFINDEX	1
#define A_DMABUF_QUEUES		2
#define A_QUEUE_ID		1
#define A_HEADER		1
#define A_HEADER_INDEX		1
#define A_HEADER_NAME		2
#define A_CHANNELS_RX		6
#define A_CHANNELS_COMBINED	9
#define MSG_RINGS_SET		16
#define MSG_CHANNELS_SET	18
#define ETHTOOL_SRINGPARAM	0x11
#define ETHTOOL_SCHANNELS	0x3d

#define IORING_SETUP_CQE32		(1u << 11)
#define IORING_SETUP_DEFER_TASKRUN	(1u << 13)
#define IORING_SETUP_CQE_MIXED		(1u << 18)
#define ZCRX_AREA_DMABUF	1
#define RLIMIT_MEMLOCK		8

#define XDP_FLAGS_SKB_MODE	0x2
#define XDP_FLAGS_DRV_MODE	0x4
#define XDP_FLAGS_HW_MODE	0x8

char LICENSE[] SEC("license") = "GPL";

/* At which queue a task's request failed, until it is answered */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} nma_failed_at SEC(".maps");

void nma_refused_queue(__u64 queue)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u32 at = queue;

	bpf_map_update_elem(&nma_failed_at, &task, &at, BPF_ANY);
}

/* What the device and its queue are like now, so that the reason can be seen. */
void nma_look_at_refused(struct nma_call *call)
{
	struct nma_refusal *f = &call->after.refusal;
	__u8 mp = NMA_MP_NONE;
	__u64 priv;

	if (!f->netdev)
		f->netdev = nma_device_by_index(f->net, f->ifindex);
	if (!f->netdev)
		return;
	nma_after_nic(call, f->netdev);
	if (f->queue == NMA_NO_QUEUE)
		return;
	nma_after_queue(call, f->netdev, f->queue);
	priv = nma_rxq_provider((void *)f->netdev, f->queue, &mp);
	if (mp == NMA_MP_IO_URING)
		call->after.zcrx = priv;
}

static __always_inline __u8 is_admin(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);

	if (BPF_CORE_READ(cred, user_ns, level))
		return NMA_ADMIN_NO;
	return BPF_CORE_READ(cred, cap_effective.val) & 1ull << CAP_NET_ADMIN ?
	       NMA_ADMIN_YES : NMA_ADMIN_NO;
}

/* Names of our own structures stay out of reads of the kernel's, which would have them
 * looked up there.
 */
static __always_inline __u32 net_inode(__u64 addr)
{
	struct net *net = (void *)addr;

	return BPF_CORE_READ(net, ns.inum);
}

static __always_inline __u64 name_of(__u64 netdev)
{
	struct net_device *dev = (void *)netdev;

	return (__u64)__builtin_preserve_access_index(&dev->name);
}

void nma_send_refusal(const struct nma_call *call)
{
	const struct nma_refusal *f = &call->after.refusal;
	__u64 name = f->netdev ? name_of(f->netdev) : f->name;
	struct nma_rec_refused *r;

	r = nma_reserve(nma_rec_refused, NMA_REC_REFUSED, 0);
	if (!r)
		return;
	r->ask = f->ask;
	r->err = f->err;
	r->netdev = f->netdev;
	r->ifindex = f->ifindex;
	r->queue = f->queue;
	r->mode = f->mode;
	r->value = f->value;
	r->memlock = f->memlock;
	r->hdr.netns = net_inode(f->net);
	r->cgroup_id = bpf_get_current_cgroup_id();
	r->uid = bpf_get_current_uid_gid();
	r->admin = is_admin();
	if (name)
		bpf_probe_read_kernel_str(r->ifname, sizeof(r->ifname), (void *)name);
	if (f->words)
		bpf_probe_read_kernel_str(r->words, sizeof(r->words), (void *)f->words);
	bpf_ringbuf_submit(r, 0);
}

/* For each that fills it in: of the device as a whole */
static __always_inline struct nma_refusal *begin(struct nma_call *call, __u32 ask,
						 __u64 ret)
{
	struct nma_refusal *f = &call->after.refusal;

	f->ask = ask;
	f->err = ret;
	f->queue = NMA_NO_QUEUE;
	return f;
}

/* ---- netlink ---------------------------------------------------------------- */

static __noinline __u64 attr_at(__u64 addr, __u32 attr)
{
	struct genl_info *info = (void *)addr;

	return nma_read_word((__u64)BPF_CORE_READ(info, attrs) + 8ull * attr);
}

static __always_inline __u32 u32_of(__u64 nla)
{
	__u32 value = 0;

	if (nla)
		bpf_probe_read_kernel(&value, sizeof(value), (void *)nla + NLA_HDRLEN);
	return value;
}

/* Address of an attribute among those nested in another, 0 none */
static __noinline __u64 nested(__u64 nla, __u32 type)
{
	__u32 head = 0, len, i;
	__u64 end, at;

	if (!nla || bpf_probe_read_kernel(&head, sizeof(head), (void *)nla))
		return 0;
	end = nla + (head & 0xffff);
	at = nla + NLA_HDRLEN;
	for (i = 0; i < NESTED_MAX; i++) {
		if (at + NLA_HDRLEN > end ||
		    bpf_probe_read_kernel(&head, sizeof(head), (void *)at))
			return 0;
		if ((head >> 16 & NLA_TYPE_MASK) == type)
			return at;
		len = head & 0xffff;
		at += (len + 3) & ~3u;
	}
	return 0;
}

static __always_inline struct nma_refusal *begin_netlink(struct nma_call *call, __u32 ask,
							 __u64 ret)
{
	struct genl_info *info = (void *)call->arg[1];
	struct nma_refusal *f = begin(call, ask, ret);

	f->net = (__u64)BPF_CORE_READ(info, _net.net);
	f->words = (__u64)BPF_CORE_READ(info, extack, _msg);
	return f;
}

/* netdev_nl_bind_rx_doit(skb, info). Of several queues, the one it failed at; if it
 * was none of them, any.
 */
void nma_on_BIND_RX(struct nma_call *call, __u64 ret)
{
	__u64 task = bpf_get_current_pid_tgid(), nla;
	struct nma_refusal *f;
	__u32 *at;

	if ((int)ret >= 0)
		return;
	f = begin_netlink(call, NMA_REQ_BIND_RX, ret);
	f->ifindex = u32_of(attr_at(call->arg[1], A_DMABUF_IFINDEX));
	nla = nested(attr_at(call->arg[1], A_DMABUF_QUEUES), A_QUEUE_ID);
	if (nla)
		f->queue = u32_of(nla);
	at = bpf_map_lookup_elem(&nma_failed_at, &task);
	if (at) {
		f->queue = *at;
		bpf_map_delete_elem(&nma_failed_at, &task);
	}
}

/* netdev_nl_bind_tx_doit(skb, info) */
void nma_on_BIND_TX(struct nma_call *call, __u64 ret)
{
	struct nma_refusal *f;

	if ((int)ret >= 0)
		return;
	f = begin_netlink(call, NMA_REQ_BIND_TX, ret);
	f->ifindex = u32_of(attr_at(call->arg[1], A_DMABUF_IFINDEX));
}

static __always_inline void fill_setting(struct nma_refusal *f, __u64 info)
{
	__u64 nla;
	__u8 hds = 0;

	if (f->ask == NMA_REQ_CHANNELS) {
		nla = attr_at(info, A_CHANNELS_COMBINED);
		f->value = u32_of(nla ? nla : attr_at(info, A_CHANNELS_RX));
		return;
	}
	nla = attr_at(info, ETHTOOL_A_RINGS_TCP_DATA_SPLIT);
	if (!nla)
		return;
	bpf_probe_read_kernel(&hds, sizeof(hds), (void *)nla + NLA_HDRLEN);
	f->value = hds;
	f->mode = 1;
}

/* ethnl_default_set_doit(skb, info) answers to all that change a setting. */
void nma_on_ETHTOOL_NL(struct nma_call *call, __u64 ret)
{
	struct genl_info *info = (void *)call->arg[1];
	struct nma_refusal *f;
	__u64 header;
	__u8 cmd;

	if ((int)ret >= 0)
		return;
	cmd = BPF_CORE_READ(info, genlhdr, cmd);
	if (cmd != MSG_RINGS_SET && cmd != MSG_CHANNELS_SET)
		return;
	f = begin_netlink(call, cmd == MSG_RINGS_SET ? NMA_REQ_RINGS : NMA_REQ_CHANNELS,
			  ret);
	header = attr_at(call->arg[1], A_HEADER);
	f->ifindex = u32_of(nested(header, A_HEADER_INDEX));
	f->name = nested(header, A_HEADER_NAME);
	if (f->name)
		f->name += NLA_HDRLEN;
	fill_setting(f, call->arg[1]);
}

/* ---- others ----------------------------------------------------------------- */

/* dev_ethtool(net, ifr, user): what is asked for is a number where user points to. It
 * has no words of the kernel.
 */
void nma_on_ETHTOOL_IOCTL(struct nma_call *call, __u64 ret)
{
	struct nma_refusal *f;
	__u32 cmd = 0;

	if ((int)ret >= 0)
		return;
	if (bpf_probe_read_user(&cmd, sizeof(cmd), (void *)call->arg[2]))
		return;
	if (cmd != ETHTOOL_SRINGPARAM && cmd != ETHTOOL_SCHANNELS)
		return;
	f = begin(call, cmd == ETHTOOL_SRINGPARAM ? NMA_REQ_RINGS : NMA_REQ_CHANNELS, ret);
	f->net = call->arg[0];
	f->name = call->arg[1];
}

static __always_inline __u32 xdp_mode(struct net_device *dev, __u32 flags)
{
	if (flags & XDP_FLAGS_HW_MODE)
		return 2;
	if (flags & XDP_FLAGS_DRV_MODE)
		return 1;
	if (flags & XDP_FLAGS_SKB_MODE)
		return 0;
	return !!BPF_CORE_READ(dev, netdev_ops, ndo_bpf);
}

/* dev_xdp_attach(dev, extack, link, new_prog, old_prog, flags) */
void nma_on_XDP_ATTACH(struct nma_call *call, __u64 ret)
{
	struct net_device *dev = (void *)call->arg[0];
	struct netlink_ext_ack *extack = (void *)call->arg[1];
	struct bpf_link *link = (void *)call->arg[2];
	struct bpf_prog *prog;
	struct nma_refusal *f;

	if ((int)ret >= 0)
		return;
	prog = link ? BPF_CORE_READ(link, prog) : (void *)call->arg[3];
	f = begin(call, NMA_REQ_XDP, ret);
	f->net = (__u64)BPF_CORE_READ(dev, nd_net.net);
	f->netdev = (__u64)dev;
	f->mode = xdp_mode(dev, call->arg[5]);
	f->value = BPF_CORE_READ(prog, aux, id);
	f->words = (__u64)BPF_CORE_READ(extack, _msg);
}

static __always_inline __u64 own_net(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return (__u64)BPF_CORE_READ(task, nsproxy, net_ns);
}

/* struct io_uring_zcrx_ifq_reg and _area_reg, as far as we want to know */
struct zcrx_reg {
	__u32 ifindex;
	__u32 queue;
	__u32 entries;
	__u32 flags;
	__u64 area;
	__u64 region;
	__u64 offsets[4];
	__u32 id;
	__u32 buf_len;
};

struct zcrx_area {
	__u64 addr;
	__u64 len;
	__u64 token;
	__u32 flags;
	__u32 dmabuf_fd;
};

static __always_inline __u32 zcrx_doubts(__u64 addr, __u64 user)
{
	struct io_ring_ctx *ctx = (void *)addr;
	__u32 ring = BPF_CORE_READ(ctx, flags), doubts = 0;
	struct zcrx_area area = {};

	if (!(ring & IORING_SETUP_DEFER_TASKRUN) ||
	    !(ring & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED)))
		doubts |= NMA_ZCRX_BAD_RING;
	if (!user || bpf_probe_read_user(&area, sizeof(area), (void *)user))
		return doubts;
	if (area.flags & ZCRX_AREA_DMABUF)
		doubts |= NMA_ZCRX_DMABUF;
	if ((area.addr | area.len) & (nma_cfg.page_size - 1))
		doubts |= NMA_ZCRX_UNALIGNED;
	return doubts;
}

static __always_inline __u64 memlock_limit(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, signal, rlim[RLIMIT_MEMLOCK].rlim_cur);
}

/* io_register_zcrx(ctx, user). What the kernel has to say about the queue it keeps to
 * itself.
 */
void nma_on_ZCRX(struct nma_call *call, __u64 ret)
{
	struct zcrx_reg reg = {};
	struct nma_refusal *f;

	if ((int)ret >= 0)
		return;
	f = begin(call, NMA_REQ_ZCRX, ret);
	f->net = own_net();
	f->memlock = memlock_limit();
	if (!bpf_probe_read_user(&reg, sizeof(reg), (void *)call->arg[1])) {
		f->ifindex = reg.ifindex;
		f->queue = reg.queue;
		f->value = reg.buf_len;
	}
	f->mode = zcrx_doubts(call->arg[0], reg.area);
}

struct asked_xsk {
	__u16 family;
	__u16 flags;
	__u32 ifindex;
	__u32 queue;
};

/* xsk_bind(sock, address, length) */
void nma_on_XSK_BIND(struct nma_call *call, __u64 ret)
{
	struct socket *sock = (void *)call->arg[0];
	struct sock *sk = BPF_CORE_READ(sock, sk);
	struct xdp_sock *xs = (void *)sk;
	struct asked_xsk asked = {};
	struct nma_refusal *f;

	if (!(int)ret) {
		call->after.xsk = (__u64)xs;
		nma_after_queue(call, (__u64)BPF_CORE_READ(xs, dev),
				BPF_CORE_READ(xs, queue_id));
		return;
	}
	f = begin(call, NMA_REQ_XSK, ret);
	f->net = (__u64)BPF_CORE_READ(sk, __sk_common.skc_net.net);
	if ((__u32)call->arg[2] >= sizeof(asked) &&
	    !bpf_probe_read_kernel(&asked, sizeof(asked), (void *)call->arg[1])) {
		f->ifindex = asked.ifindex;
		f->queue = asked.queue;
		f->mode = asked.flags;
	}
}
