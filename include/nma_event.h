/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Records that the BPF programs send to user space, and the only way state of
 * the kernel reaches the model:
 *
 *   kernel hooks -> records (here) -> model -> rules -> text or JSON
 *
 * Most records describe an object as it is now (NIC, queue, pool, binding,
 * socket) with the cause that made the program look at it; an operation record
 * tells what was asked for and what the kernel answered. The includer provides
 * __u8..__u64 and __s32 (linux/types.h or nma_types.bpf.h).
 *
 * Addresses of kernel objects are identities: compared, never followed, never
 * shown without -v.
 */
#ifndef NMA_EVENT_H
#define NMA_EVENT_H

#include "nma_acts.h"

#define NMA_IFNAME_LEN	16
#define NMA_COMM_LEN	16
#define NMA_NAME_LEN	32	/* driver, dma-buf exporter */
#define NMA_STACK_LEN	12	/* return addresses kept per pool creation */
#define NMA_WORDS_LEN	96	/* of the kernel, for a refusal */
#define NMA_NO_QUEUE	0xffffffffu

enum nma_rec_type {
	NMA_REC_NIC = 1,	/* struct nma_rec_nic */
	NMA_REC_QUEUE,		/* struct nma_rec_queue */
	NMA_REC_POOL,		/* struct nma_rec_pool */
	NMA_REC_BINDING,	/* struct nma_rec_binding */
	NMA_REC_SOCK,		/* struct nma_rec_sock */
	NMA_REC_OP,		/* struct nma_rec_op */
	NMA_REC_MARK,		/* struct nma_rec_mark */
	NMA_REC_ACT,		/* struct nma_rec_act */
	NMA_REC_USE,		/* struct nma_rec_use */
	NMA_REC_EDGE,		/* struct nma_rec_edge */
	NMA_REC_HELD,		/* struct nma_rec_held */
	NMA_REC_RECYCLE,	/* struct nma_rec_recycle */
	NMA_REC_CENSUS,		/* struct nma_rec_census */
	NMA_REC_HIST,		/* struct nma_rec_hist */
	NMA_REC_AGE,		/* struct nma_rec_age */
	NMA_REC_OWNER,		/* struct nma_rec_owner */
	NMA_REC_REFUSED,	/* struct nma_rec_refused */
};

/* Why an object record was sent. */
enum nma_cause {
	NMA_CAUSE_SNAPSHOT = 1,	/* found by walking kernel state */
	NMA_CAUSE_CREATE,	/* pool created, dma-buf bound, token row begun */
	NMA_CAUSE_CREATE_FAILED,/* refused by the kernel; see err */
	NMA_CAUSE_CREATE_ASKED,	/* the kernel does not survive it: no answer comes */
	NMA_CAUSE_CHANGE,	/* any other change of the object */
	NMA_CAUSE_DETACH,	/* pool destroyed by its owner, unbind */
	NMA_CAUSE_RELEASE,	/* pool: a release attempt of a detached pool */
	NMA_CAUSE_GONE,		/* freed; last sight */
	NMA_CAUSE_MISMATCH,	/* binding: unmapped otherwise than it was mapped */
};

struct nma_rec_hdr {
	__u16 type;		/* enum nma_rec_type */
	__u16 size;		/* of the whole record, bytes */
	__u16 cause;		/* enum nma_cause; 0 for OP, MARK and ACT */
	__u16 rsvd;
	__u64 time_ns;		/* CLOCK_MONOTONIC */
	__u32 pid;		/* tgid of the task that ran, 0 in softirq or unknown */
	__u32 netns;		/* inode number of the object's network namespace */
	char comm[NMA_COMM_LEN];
};

/* Memory provider of a queue or pool. */
enum nma_mp {
	NMA_MP_NONE,
	NMA_MP_DMABUF,
	NMA_MP_IO_URING,
	NMA_MP_OTHER,
};

/* ETHTOOL_TCP_DATA_SPLIT_*; UNKNOWN when the kernel core does not keep it
 * (before 6.14): user space then asks the driver through ethtool netlink.
 */
enum nma_hds {
	NMA_HDS_UNKNOWN,
	NMA_HDS_OFF,
	NMA_HDS_ON,
};

/* Who has the lock that protects the configuration of a queue */
enum nma_lock {
	NMA_LOCK_UNKNOWN,
	NMA_LOCK_OWN,		/* the task that ran */
	NMA_LOCK_OTHER,
	NMA_LOCK_FREE,
};

#define NMA_QOPS_PRESENT	0x01	/* netdev->queue_mgmt_ops set */
#define NMA_QOPS_MEM_ALLOC	0x02
#define NMA_QOPS_MEM_FREE	0x04
#define NMA_QOPS_START		0x08
#define NMA_QOPS_STOP		0x10
#define NMA_QOPS_ALL		0x1f

#define NMA_RINGS_GET		0x01	/* ethtool_ops->get_ringparam */
#define NMA_RINGS_SET		0x02	/* ethtool_ops->set_ringparam */
#define NMA_RINGS_HDS		0x04	/* advertises tcp-data-split */

/* What the driver offers, as netdev->xdp_features has it. */
#define NMA_XDP_FEATURE_LIST \
	NMA_XDP_FEATURE("basic") \
	NMA_XDP_FEATURE("redirect") \
	NMA_XDP_FEATURE("ndo-xmit") \
	NMA_XDP_FEATURE("xsk-zerocopy") \
	NMA_XDP_FEATURE("hw-offload") \
	NMA_XDP_FEATURE("rx-sg") \
	NMA_XDP_FEATURE("ndo-xmit-sg")

#define NMA_XDP_ZEROCOPY	0x08
#define NMA_XDP_KNOWN		0x80	/* else nothing was looked at */

#define NMA_NIC_UP		0x01
#define NMA_NIC_REGISTERED	0x02
#define NMA_NIC_HDS_VALID	0x04	/* hds and hds_thresh come from the core */
#define NMA_NIC_TX_VALID	0x08	/* so does netmem_tx */
#define NMA_NIC_DMA_DEV		0x10	/* the parent device can do DMA */
#define NMA_NIC_SYNC_SKIPPED	0x20	/* ... which needs no sync; nobody sees one */

/* Producers: snapshot walk, XDP install, ring change, register/up. */
struct nma_rec_nic {
	struct nma_rec_hdr hdr;
	__u64 netdev;
	__u64 device;		/* its own struct device */
	__u64 parent[2];	/* and those above it */
	__u64 open_fn;		/* netdev_ops->ndo_open: in whose module? */
	__u64 master;		/* netdev that it is a port of (bond, bridge), or 0 */
	__u32 ifindex;
	__u32 lower_ifindex;	/* first lower device (see nma_rec_edge), 0 none */
	__u32 num_rx_queues;
	__u32 real_num_rx_queues;
	__u32 real_num_tx_queues;
	__u32 mtu;
	__u32 hds_thresh;
	__u32 xdp_prog_id[3];	/* by mode: skb, driver, hardware; 0 none */
	__u32 pools;		/* pools on the netdev's list */
	__u8 flags;		/* NMA_NIC_* */
	__u8 hds;		/* enum nma_hds */
	__u8 qops;		/* NMA_QOPS_* */
	__u8 rings;		/* NMA_RINGS_* */
	__u8 netmem_tx;		/* netdev->netmem_tx, 0 before 6.16 */
	__u8 locked;		/* somebody holds the lock to change it */
	__u8 xdp_features;	/* NMA_XDP_* */
	__u8 rsvd[5];
	char ifname[NMA_IFNAME_LEN];
	char driver[NMA_NAME_LEN];
};

/* What one device receives goes on to another, stacked on it: a VLAN, the master
 * of a bond, team or bridge. GONE: no longer. Producers: snapshot walk (one for
 * each device right below another), NETDEV_CHANGEUPPER.
 */
struct nma_rec_edge {
	struct nma_rec_hdr hdr;
	__u64 upper;
	__u64 lower;
};

/* What AF_XDP does with a queue */
enum nma_xsk {
	NMA_XSK_NONE,
	NMA_XSK_ANY,		/* recordings of before it was looked at */
	NMA_XSK_COPY,
	NMA_XSK_ZEROCOPY,
};

/* Producers: snapshot walk (every real RX queue), bind, restart. */
struct nma_rec_queue {
	struct nma_rec_hdr hdr;
	__u64 netdev;
	__u64 mp_priv;		/* rxq->mp_params.mp_priv */
	__u32 ifindex;
	__u32 queue;
	__u32 binding_id;	/* dma-buf bindings, else 0 */
	__u32 napi_id;
	__u8 mp;		/* enum nma_mp */
	__u8 xsk;		/* enum nma_xsk */
	__u8 rsvd[6];
	__u64 lease_netdev;	/* leased to (from) a queue of that device, or 0 */
	__u32 lease_ifindex;	/* in its own namespace */
	__u32 lease_queue;
};

/* Does a pool hand out buffers in parts, to several slots of a ring? */
enum nma_parts {
	NMA_PARTS_UNKNOWN,	/* recordings of before it was looked at */
	NMA_PARTS_NONE,
	NMA_PARTS_SOME,
};

/* Producers: page_pool_list (create), page_pool_create_percpu (failed create),
 * page_pool_detached, page_pool_release, page_pool_unlist, snapshot walk.
 */
struct nma_rec_pool {
	struct nma_rec_hdr hdr;
	__u64 pool;
	__u64 netdev;		/* that it names; 0 none */
	__u64 napi_netdev;	/* that its NAPI instance is of */
	__u64 xdp_netdev;	/* that registered it as memory for XDP, if seen */
	__u64 mp_priv;
	__u64 dma_dev;		/* device that buffers are mapped for */
	__u64 create_ns;	/* 0: before the tool started */
	__u64 detach_ns;	/* CLOCK_MONOTONIC as good as the kernel keeps it */
	__u32 pool_id;		/* page_pool.user.id; 0 if creation failed */
	__u32 ifindex;
	__u32 queue;		/* slow.queue_idx */
	__u32 flags;		/* slow.flags, PP_FLAG_* */
	__u32 order;
	__u32 pool_size;
	__u32 max_len;
	__u32 dma_dir;
	__u32 binding_id;
	__u32 napi_id;
	__u32 xdp_queue;	/* of xdp_netdev */
	__u32 hold_cnt;		/* pages_state_hold_cnt, wraps */
	__u32 release_cnt;	/* pages_state_release_cnt, wraps */
	__s32 inflight;
	__s32 err;		/* CREATE_FAILED: -errno */
	__u8 mp;		/* enum nma_mp */
	__u8 hds;		/* of the netdev at this moment, enum nma_hds */
	__u8 detached;
	__u8 lock;		/* enum nma_lock; creation only */
	__u8 rehomed;		/* its device left hdr.netns: the kernel keeps it there
				 * at the loopback device
				 */
	__u8 parts;		/* enum nma_parts */
	__u8 rsvd[6];
	char ifname[NMA_IFNAME_LEN];
	__u64 stack[NMA_STACK_LEN];	/* creation only; 0 ends it */
};

/* More than the device's ring and the pool itself have room for */
#define NMA_POOL_OVER(r) ((r)->pool_size && (r)->inflight > 2 * (__s64)(r)->pool_size)

/* Has a task CAP_NET_ADMIN over the whole system? */
enum nma_admin {
	NMA_ADMIN_UNKNOWN,
	NMA_ADMIN_NO,
	NMA_ADMIN_YES,
};

/* Memory given to queues. Producers: net_devmem_bind_dmabuf,
 * net_devmem_unbind_dmabuf, __net_devmem_dmabuf_binding_free, snapshot walk
 * (bindings by id, those that pools still use, io_uring's through their queue).
 */
struct nma_rec_binding {
	struct nma_rec_hdr hdr;
	__u64 binding;
	__u64 netdev;
	__u64 dmabuf_ino;
	__u64 dma_dev;		/* device that the dma-buf is mapped for */
	__u64 size;		/* bytes */
	__u32 binding_id;	/* 0 if the bind failed */
	__u32 ifindex;
	__u32 dma_dir;		/* 1 to device (TX), 2 from device (RX) */
	__s32 err;		/* CREATE_FAILED: -errno */
	__u32 ragged;		/* pieces that are not a multiple of a page */
	__u32 unmap_dir;	/* MISMATCH */
	__u32 cpu_maps;		/* mmap() of the dma-buf, since it was first seen */
	__u32 cpu_syncs;	/* DMA_BUF_IOCTL_SYNC that began an access */
	__u32 cpu_sends;	/* sends from it */
	__u32 rsvd2;
	__u64 lent;		/* bytes out; GONE: never given back */
	__u64 refs;		/* dma-buf of which no buffer is free: references to
				 * its buffers, by whomever; snapshot walk only
				 */
	__u32 buffers;		/* that the memory is cut into */
	__u32 buffers_free;	/* with the provider: never taken, or given back */
	__u32 buffers_app;	/* io_uring: with the application, less returned ones */
	__u32 returned;		/* io_uring: taken out of its refill queue, modulo 2^32 */
	/* Who bound it: creation only */
	__u64 owner_cgroup;
	__u32 owner_pid;
	__u32 owner_uid;
	__u8 owner_admin;	/* enum nma_admin */
	__u8 listed;		/* can be found by its id: not yet unbound */
	__u8 mp;		/* enum nma_mp */
	__u8 tx_unused;		/* nobody has sent from it since we came */
	__u8 rsvd[4];
	char owner_comm[NMA_COMM_LEN];
	char exporter[NMA_NAME_LEN];
};

/* Token account of one socket. Producers: read of the token storage (snapshot),
 * iter over sockets for tokens older than the tool, inet_release (GONE).
 */
struct nma_rec_sock {
	struct nma_rec_hdr hdr;	/* pid, comm: the last task that read; none was
				 * seen: one that has the socket open; orphan: 0
				 */
	__u64 cookie;
	__u64 cgroup_id;
	__u64 taken;		/* tokens handed out since tracking began */
	__u64 returned;
	__u64 bytes;		/* of the outstanding tokens, page granularity */
	__u64 oldest_ns;	/* birth of the oldest outstanding token, 0 unknown */
	__u32 outstanding;	/* tokens */
	__u32 unaged;		/* of these, without a known birth */
	__u32 binding_id;
	__u32 tx_inflight;	/* MSG_ZEROCOPY: sends not completed */
	__u32 tx_unread;	/* completions that wait to be read */
	__u32 tx_done;		/* completed, modulo 2^32: changes with progress */
	__u32 tx_copied;	/* sends that the kernel copied after all */
	__u8 tx_dmabuf;		/* sends from a dma-buf */
	__u8 tx_zero_window;	/* the peer takes nothing now */
	__u8 tx_all_copied;	/* notifications read, if each was of sends that were
				 * copied; 255: or more
				 */
	__u8 orphan;		/* no process has it open any more */
	__u8 src[16];
	__u8 dst[16];
	__u16 family;		/* AF_INET, AF_INET6 */
	__u16 sport;		/* host order */
	__u16 dport;		/* host order */
	__u16 tx_ifindex;	/* its route leaves there; 0: not known, or too large */
};

/* What an application does with network memory and should not: each time. */
enum nma_use {
	NMA_USE_RETURN_UNKNOWN = 1,	/* value: tokens it did not have */
	NMA_USE_RETURN_MANY,	/* value: frags left over, and not asked for again */
	NMA_USE_RETURN_REFUSED,	/* SO_DEVMEM_DONTNEED; value: bytes of the list */
	NMA_USE_PEEK,		/* MSG_PEEK took tokens */
	NMA_USE_RECV_PLAIN,	/* without MSG_SOCK_DEVMEM */
	NMA_USE_RECV_SMALL,	/* control buffer too small for one frag */
	NMA_USE_SEND_REFUSED,	/* from a dma-buf; value: its id, why: below */
	NMA_USE_SEND_WRITTEN,	/* from bytes that the CPU may have written while an
				 * earlier send of them had not completed; value: id
				 */
	NMA_USE_RECV_HOST,	/* with MSG_SOCK_DEVMEM, and never a frag of a dma-buf;
				 * value: bytes so far, where they arrive: below
				 */
};

enum nma_send_why {
	NMA_SEND_NO_ZEROCOPY = 1,	/* the kernel did not come to look for it */
	NMA_SEND_NO_BINDING,
	NMA_SEND_OTHER_DEVICE,
	NMA_SEND_BAD_RANGE,
};

struct nma_rec_use {
	struct nma_rec_hdr hdr;
	__u64 cookie;		/* socket, 0 none */
	__u64 cgroup_id;
	__u64 value;
	__u32 use;		/* enum nma_use */
	__s32 ret;		/* of the call */
	__u32 binding_id;
	__u32 why;		/* enum nma_send_why */
	union {
		__u64 dmabuf_ino;
		struct {
			__u32 napi_id;	/* 0 unknown */
			__u32 rsvd2;
		};
	};
	__u8 src[16];
	__u8 dst[16];
	__u16 family;
	__u16 sport;		/* host order */
	__u16 dport;		/* host order */
	__u16 rsvd;
};

/* Control operations the rules need the answer of. */
enum nma_op {
	NMA_OP_BIND_QUEUE = 1,	/* value: binding id */
	NMA_OP_QUEUE_RESTART,
	NMA_OP_MP_CHECK,	/* kernel looked for the provider's pool */
	NMA_OP_XDP_INSTALL,	/* value: program id (0 detach), mode */
	NMA_OP_HDS_SET,		/* a change of rings. value: hds wanted, mode: was it
				 * given; hds: now in force
				 */
	NMA_OP_QUEUES_SET,	/* value: real_num_rx_queues now; stack */
	NMA_OP_RSS_SET,
	NMA_OP_UNBOUND,		/* value: binding id; no device */
	NMA_OP_DEVICE_GONE,	/* its driver has left it, or it goes itself; value:
				 * address of the struct device; no netdev
				 */
	NMA_OP_XSK_BOUND,	/* an AF_XDP socket; mode: enum nma_xsk */
};

struct nma_rec_op {
	struct nma_rec_hdr hdr;
	__u64 netdev;
	__u64 mp_priv;		/* of the queue, when one is named */
	__u64 value;
	__u32 op;		/* enum nma_op */
	__u32 ifindex;
	__u32 queue;		/* NMA_NO_QUEUE if none */
	__s32 ret;		/* 0 or -errno */
	__u32 mode;		/* XDP mode: 0 skb, 1 driver, 2 hardware; see op */
	__u32 bound_queues;	/* of the device at this moment */
	__u8 hds;
	__u8 rsvd[7];
	char ifname[NMA_IFNAME_LEN];
	__u64 stack[NMA_STACK_LEN];	/* of some; 0 ends it */
};

/* What a process has open. */
enum nma_owned {
	NMA_OWNED_BINDING = 1,	/* object: its address */
	NMA_OWNED_XSK,		/* a socket on the queue of the netdev */
};

/* Whose it is. Producers: a walk of open files, for what is older than the tool, and
 * the bind of an AF_XDP socket.
 */
struct nma_rec_owner {
	struct nma_rec_hdr hdr;
	__u64 object;
	__u64 netdev;
	__u64 cgroup_id;
	__u32 queue;
	__u32 owned;		/* enum nma_owned */
	__u32 pid;
	__u32 uid;
	char comm[NMA_COMM_LEN];
};

/* What can be refused. One row each: NMA_REQ(ID, "event", "what was asked for"). */
#define NMA_REQ_LIST \
	NMA_REQ(BIND_RX, "bind_refused", "to bind a dma-buf to receive into") \
	NMA_REQ(BIND_TX, "bind_tx_refused", "to bind a dma-buf to send from") \
	NMA_REQ(ZCRX, "zcrx_refused", "to register a queue for io_uring zero-copy receive") \
	NMA_REQ(XDP, "xdp_refused", "to change the XDP program") \
	NMA_REQ(CHANNELS, "channels_refused", "to change the number of channels") \
	NMA_REQ(RINGS, "rings_refused", "to change the rings") \
	NMA_REQ(XSK, "xsk_refused", "to bind an AF_XDP socket") \
	NMA_REQ(RSS, "rss_refused", "to spread flows otherwise") \
	NMA_REQ(RECV, "receive_refused", "to receive into device memory") \
	NMA_REQ(RETURN, "return_refused", "to return tokens") \
	NMA_REQ(SEND, "send_refused", "to send from a dma-buf") \
	NMA_REQ(NETLINK, "netlink_refused", "to send a request by netlink")

enum nma_req {
	NMA_REQ_NONE,
#define NMA_REQ(id, event, text) NMA_REQ_##id,
	NMA_REQ_LIST
#undef NMA_REQ
	NMA_REQ_MAX
};

#define NMA_XSK_ASK_COPY	0x2	/* XDP_COPY, XDP_ZEROCOPY */
#define NMA_XSK_ASK_ZEROCOPY	0x4

#define NMA_ZCRX_BAD_RING	0x1	/* set up without what it takes */
#define NMA_ZCRX_UNALIGNED	0x2	/* the area: to pages */
#define NMA_ZCRX_DMABUF		0x4	/* the area is one */

/* Who said no */
enum nma_refuser {
	NMA_BY_KERNEL,
	NMA_BY_POLICY,		/* words: "ID of the rule: why not" */
	NMA_BY_NOBODY,		/* a policy would, but only looks on; words as there */
};

/* Somebody said no; hdr.pid, comm: to whom. If it was the kernel, right before it come
 * records of what the device and the queue were like then, as far as there are such.
 * Producers: the functions that answer to user space; and the log of enforcement, which
 * is read (kernel/refusals.c).
 */
struct nma_rec_refused {
	struct nma_rec_hdr hdr;
	__u64 netdev;		/* 0: not known, or there is none */
	__u64 cgroup_id;
	__u64 value;		/* XDP: program id; CHANNELS: how many; RINGS: hds;
				 * ZCRX: bytes of a buffer, 0 the driver's choice
				 */
	__u64 memlock;		/* ZCRX: bytes that the process may lock, ~0 no limit */
	__u32 ask;		/* enum nma_req */
	__u32 ifindex;		/* that was asked for, 0 by name */
	__u32 queue;		/* NMA_NO_QUEUE none */
	__s32 err;		/* -errno */
	__u32 mode;		/* XDP: as in nma_rec_op; XSK: NMA_XSK_ASK_*; ZCRX:
				 * NMA_ZCRX_*; RINGS: was hds given
				 */
	__u32 uid;
	__u8 admin;		/* enum nma_admin */
	__u8 by;		/* enum nma_refuser */
	__u8 rsvd[2];
	__u32 more;		/* so many others like it, that are not told */
	char ifname[NMA_IFNAME_LEN];
	char words[NMA_WORDS_LEN];	/* of the kernel, "" none */
};

/* Not sent through the ring but counted where it happens, one row per act and
 * pool (or device); user space reads what was added. Header and stack are those
 * of the first occasion.
 */
struct nma_rec_act {
	struct nma_rec_hdr hdr;	/* pid, comm: 0 in softirq */
	__u64 netdev;
	__u64 pool;
	__u64 count;		/* in the kernel: of all; in a record: new ones */
	__s64 value[2];		/* of the last occasion, see enum nma_act */
	__u32 act;		/* enum nma_act */
	__u32 ifindex;
	__u32 queue;		/* NMA_NO_QUEUE if none */
	__u32 pool_id;
	__u32 flags;		/* of the pool, PP_FLAG_* */
	__u32 binding_id;
	__u8 mp;		/* of the pool, enum nma_mp */
	__u8 rsvd[7];
	char ifname[NMA_IFNAME_LEN];
	__u64 stack[NMA_STACK_LEN];
};

/* Who has a buffer of a pool. One row each: NMA_HOLDER(ID, "json_name"). */
#define NMA_HOLDER_LIST \
	NMA_HOLDER(UNKNOWN, "unknown")	/* it was not seen leaving */ \
	NMA_HOLDER(CACHE, "cache")	/* the pool itself */ \
	NMA_HOLDER(RING, "ring")	/* the pool itself */ \
	NMA_HOLDER(DRIVER, "driver")	/* taken, and not yet handed up */ \
	NMA_HOLDER(GRO, "gro") \
	NMA_HOLDER(BACKLOG, "backlog")	/* of a CPU */ \
	NMA_HOLDER(STACK, "stack")	/* in a packet, in no queue that we look into */ \
	NMA_HOLDER(SOCKET, "socket")	/* received */ \
	NMA_HOLDER(TX, "tx")		/* sent or forwarded */ \
	NMA_HOLDER(XDP, "xdp")		/* redirected */ \
	NMA_HOLDER(TOKEN, "token")	/* lent to an application by devmem TCP */ \
	NMA_HOLDER(ZCRX, "zcrx")	/* lent to an application by io_uring */ \
	NMA_HOLDER(DEFER, "defer")	/* freed, and waits on a CPU to be put back */

enum nma_holder {
#define NMA_HOLDER(id, name) NMA_HOLDER_##id,
	NMA_HOLDER_LIST
#undef NMA_HOLDER
	NMA_HOLDER_MAX
};

/* Which of the holder's queues. One row each: NMA_WHERE(ID, "in words"). */
#define NMA_WHERE_LIST \
	NMA_WHERE(ANY, "") \
	NMA_WHERE(RECEIVE, "receive queue") \
	NMA_WHERE(ORDER, "out-of-order queue") \
	NMA_WHERE(BACKLOG, "backlog") \
	NMA_WHERE(ERROR, "error queue") \
	NMA_WHERE(WRITE, "write queue") \
	NMA_WHERE(RETRANSMIT, "retransmit queue") \
	NMA_WHERE(REFILL, "refill queue")

enum nma_where {
#define NMA_WHERE(id, text) NMA_WHERE_##id,
	NMA_WHERE_LIST
#undef NMA_WHERE
	NMA_WHERE_MAX
};

#define NMA_NO_CPU	0xffffffffu

/* Buffers of one pool in one place, between two marks. Producer: the walk of
 * held.bpf.c, which looks at destroyed pools that have buffers out, or at all. A
 * buffer that is in several places counts in the first that is found.
 */
struct nma_rec_held {
	struct nma_rec_hdr hdr;	/* pid, comm: who has the socket open; 0: nobody */
	__u64 pool;
	__u64 object;		/* socket, NAPI, area: tells one holder from another */
	__u64 cookie;		/* of the socket, if it has one already */
	__u64 cgroup_id;
	__u32 pool_id;
	__u32 buffers;		/* distinct ones */
	__u32 holder;		/* enum nma_holder */
	__u32 where;		/* enum nma_where */
	__u32 cpu;		/* NMA_NO_CPU if of none */
	__u16 family;		/* sockets: AF_*, else 0 */
	__u16 protocol;
	__u16 sport;		/* host order */
	__u16 dport;		/* host order */
	__u8 state;		/* TCP_* */
	__u8 orphan;		/* no application has it any more */
	__u8 unaccepted;	/* or not yet */
	__u8 rsvd[5];
	__u8 src[16];
	__u8 dst[16];
	__u64 destructor;	/* of a packet in no queue, and its device */
	__u32 ifindex;
	__u32 map_id;		/* of a cpumap */
	char ifname[NMA_IFNAME_LEN];
};

/* How many buffers name a pool, counted in memory; between the same marks. */
struct nma_rec_census {
	struct nma_rec_hdr hdr;
	__u64 pool;
	__u32 pool_id;
	__u32 pages;
	__u32 niovs;
	__u32 rsvd;
};

/* When the buffers of one such place were taken, or those that were found nowhere
 * (DRIVER): of the ones that were seen being taken. Between the same marks.
 */
struct nma_rec_age {
	struct nma_rec_hdr hdr;
	__u64 object;		/* as in nma_rec_held */
	__u64 oldest_ns;
	__u32 pool_id;
	__u32 holder;
	__u32 where;
	__u32 aged;		/* buffers */
	__u64 stack[NMA_STACK_LEN];	/* that took the oldest; 0 ends it */
};

/* What a page_pool counts, under the names of page-pool-stats-get; ethtool has the
 * same as rx_pp_alloc_fast and so on. One row each: NMA_COUNTER(ID, "json_key").
 */
#define NMA_COUNTER_LIST \
	NMA_COUNTER(FAST, "alloc_fast")		/* out of the cache */ \
	NMA_COUNTER(SLOW, "alloc_slow")		/* by the page allocator */ \
	NMA_COUNTER(SLOW_HIGH_ORDER, "alloc_slow_high_order") \
	NMA_COUNTER(EMPTY, "alloc_empty")	/* nothing in the ring either */ \
	NMA_COUNTER(REFILL, "alloc_refill")	/* the cache was refilled from the ring */ \
	NMA_COUNTER(WAIVE, "alloc_waive")	/* let go, of another NUMA node */ \
	NMA_COUNTER(CACHED, "recycle_cached") \
	NMA_COUNTER(CACHE_FULL, "recycle_cache_full") \
	NMA_COUNTER(RING, "recycle_ring") \
	NMA_COUNTER(RING_FULL, "recycle_ring_full") \
	NMA_COUNTER(RELEASED_REFCNT, "recycle_released_refcnt")

enum nma_counter {
#define NMA_COUNTER(id, key) NMA_COUNTER_##id,
	NMA_COUNTER_LIST
#undef NMA_COUNTER
	NMA_COUNTER_MAX
};

/* Where the counters of a pool come from, cheapest first. */
#define NMA_COUNTS_LIST \
	NMA_COUNTS(NONE, "none") \
	NMA_COUNTS(KERNEL, "kernel")	/* CONFIG_PAGE_POOL_STATS: since it was created */ \
	NMA_COUNTS(SLOW, "slow")	/* hooks where cache and ring run out */ \
	NMA_COUNTS(DEEP, "deep")	/* and where each is put: in older recordings */ \
	NMA_COUNTS(EACH, "deep")	/* and where each is taken out */

enum nma_counts {
#define NMA_COUNTS(id, name) NMA_COUNTS_##id,
	NMA_COUNTS_LIST
#undef NMA_COUNTS
	NMA_COUNTS_MAX
};

/* How a page_pool has supplied its driver. What only hooks see counts from the
 * moment they were attached. Producers: snapshot walk, page_pool_unlist (GONE).
 */
struct nma_rec_recycle {
	struct nma_rec_hdr hdr;
	__u64 pool;
	__u64 count[NMA_COUNTER_MAX];	/* EACH: CACHE_FULL is how often it was seen full */
	__u64 starved;		/* allocations that the provider had nothing for */
	__u64 into_cache;	/* left in it by refills and the page allocator */
	__u64 off_cache;	/* thrown out of it */
	__u64 off_ring;		/* taken out of it */
	__u32 pool_id;
	__u32 in_cache;
	__u32 in_ring;
	__u32 hold_cnt;		/* as in nma_rec_pool, of the same moment */
	__u32 release_cnt;
	__u32 buffer_bytes;
	__u8 counts;		/* enum nma_counts */
	__u8 bulk_unseen;	/* DEEP: buffers that are put in bulk are not looked at */
	__u8 zcrx_unseen;	/* nor whether io_uring had any */
	__u8 rsvd[5];
};

/* Times in powers of two of a microsecond: slot N counts those from 2^N on, the first
 * those of less than two. One row each: NMA_HIST(ID, "json_name").
 */
#define NMA_HIST_SLOTS	40

#define NMA_HIST_LIST \
	NMA_HIST(TOKEN_AGE, "token_age_us")	/* when it is returned; by binding */ \
	NMA_HIST(CIRCULATION, "circulation_us")	/* from the pool and back; by pool */

enum nma_hist_kind {
#define NMA_HIST(id, name) NMA_HIST_##id,
	NMA_HIST_LIST
#undef NMA_HIST
	NMA_HIST_MAX
};

/* Counts since the tool was started. Producer: snapshot walk. */
struct nma_rec_hist {
	struct nma_rec_hdr hdr;
	__u32 kind;		/* enum nma_hist_kind */
	__u32 id;
	__u64 slot[NMA_HIST_SLOTS];
};

/* A look for holders is between two marks of its own; END says where it has looked
 * completely.
 */
enum nma_mark {
	NMA_MARK_SNAPSHOT_BEGIN = 1,
	NMA_MARK_SNAPSHOT_END,
	NMA_MARK_HELD_BEGIN,
	NMA_MARK_HELD_END,
};

struct nma_rec_mark {
	struct nma_rec_hdr hdr;
	__u32 mark;		/* enum nma_mark */
	__u32 generation;	/* counts snapshots from 1 */
	__u32 holders;		/* HELD_END: bits of enum nma_holder */
	__u32 rsvd;
};

/* Everything that can be lost is counted where it is lost. One row each:
 * NMA_LOSS(ID, "json_key", "what it means").
 */
#define NMA_LOSS_LIST \
	NMA_LOSS(RING, "ring_full", "records dropped because the ring buffer was full") \
	NMA_LOSS(MAP, "map_full", "objects not tracked because a map was full") \
	NMA_LOSS(WALK, "walk_cut", "snapshot walks cut short by a limit or by changing state") \
	NMA_LOSS(MISSED, "prog_missed", "program runs the kernel skipped") \
	NMA_LOSS(USER, "user_fault", "user memory that could not be read") \
	NMA_LOSS(SOCK, "sock_end", "sockets whose end was not seen")

enum nma_loss {
#define NMA_LOSS(id, key, text) NMA_LOSS_##id,
	NMA_LOSS_LIST
#undef NMA_LOSS
	NMA_LOSS_MAX
};

#define NMA_ASSERT_SIZE(type, n) \
	_Static_assert(sizeof(type) == (n), #type " changed size")

NMA_ASSERT_SIZE(struct nma_rec_hdr, 40);
NMA_ASSERT_SIZE(struct nma_rec_nic, 40 + 48 + 44 + 12 + 16 + 32);
NMA_ASSERT_SIZE(struct nma_rec_edge, 40 + 16);
NMA_ASSERT_SIZE(struct nma_rec_queue, 40 + 16 + 16 + 8 + 16);
NMA_ASSERT_SIZE(struct nma_rec_pool, 40 + 64 + 60 + 12 + 16 + 96);
NMA_ASSERT_SIZE(struct nma_rec_binding, 40 + 40 + 16 + 32 + 24 + 16 + 8 + 16 + 32);
NMA_ASSERT_SIZE(struct nma_rec_sock, 40 + 48 + 32 + 32 + 8);
NMA_ASSERT_SIZE(struct nma_rec_use, 40 + 24 + 24 + 32 + 8);
NMA_ASSERT_SIZE(struct nma_rec_op, 40 + 24 + 24 + 8 + 16 + 96);
NMA_ASSERT_SIZE(struct nma_rec_owner, 40 + 24 + 16 + 16);
NMA_ASSERT_SIZE(struct nma_rec_refused, 40 + 32 + 24 + 8 + 16 + 96);
NMA_ASSERT_SIZE(struct nma_rec_held, 40 + 32 + 20 + 8 + 8 + 4 + 32 + 32);
NMA_ASSERT_SIZE(struct nma_rec_recycle, 40 + 8 + 88 + 32 + 24 + 8);
NMA_ASSERT_SIZE(struct nma_rec_census, 40 + 24);
NMA_ASSERT_SIZE(struct nma_rec_hist, 40 + 8 + 320);
NMA_ASSERT_SIZE(struct nma_rec_age, 40 + 16 + 16 + 96);
NMA_ASSERT_SIZE(struct nma_rec_mark, 56);
NMA_ASSERT_SIZE(struct nma_rec_act, 40 + 40 + 24 + 8 + 16 + 96);

#endif /* NMA_EVENT_H */
