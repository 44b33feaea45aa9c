/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kernel's types as far as we read them: this file is the list of what we
 * depend on. Offsets come from the running kernel (CO-RE), so order, gaps and
 * sizes here mean nothing. Fields that moved between kernels are not here but
 * in nma_core.bpf.h.
 */
#ifndef NMA_TYPES_BPF_H
#define NMA_TYPES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "nma_event.h"

/* Pages of 4 KiB, names of system calls, where the preempt count is: all of x86-64. */
#ifndef __TARGET_ARCH_x86
#error "netmem-audit knows x86-64 kernels only: this architecture is not supported yet"
#endif

typedef _Bool bool;

#define NULL	((void *)0)
#define true	1
#define false	0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Library */

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic_long_t;

typedef struct {
	__s64 counter;
} atomic64_t;

struct mutex {
	atomic_long_t owner;
};

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct xarray {
	void *xa_head;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct nlattr {
	__u16 nla_len;
};

struct netlink_ext_ack {
	const char *_msg;
};

struct genlmsghdr {
	__u8 cmd;
};

/* Devices and namespaces */

typedef struct {
	atomic_t refs;
} refcount_t;

struct ns_common {
	refcount_t __ns_ref;
	unsigned int inum;
};

struct net {
	struct list_head list;
	struct ns_common ns;
	struct xarray dev_by_index;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct genl_info {
	struct genlmsghdr *genlhdr;
	struct nlattr **attrs;
	possible_net_t _net;
	struct netlink_ext_ack *extack;
};

/* Of each netlink socket with bindings, by its address */
struct genl_family {
	struct xarray *sock_privs;
};

struct device_driver {
	const char *name;
};

struct device {
	struct device *parent;
	struct device_driver *driver;
	__u64 *dma_mask;
};

struct net_device_ops {
	void *ndo_open;
	void *ndo_bpf;
};

struct rtnl_link_ops {
	const char *kind;
};

struct ethtool_ops {
	__u32 supported_ring_params;
	void *get_ringparam;
	void *set_ringparam;
};

struct netdev_queue_mgmt_ops {
	void *ndo_queue_mem_alloc;
	void *ndo_queue_mem_free;
	void *ndo_queue_start;
	void *ndo_queue_stop;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_link {
	struct bpf_prog *prog;
};

struct bpf_xdp_link {
	struct bpf_link link;
};

struct bpf_xdp_entity {
	struct bpf_prog *prog;
	struct bpf_xdp_link *link;
};

struct napi_struct {
	struct net_device *dev;
	struct list_head poll_list;
	unsigned long state;
	int list_owner;
	unsigned int napi_id;
	struct list_head dev_list;
};

struct pp_memory_provider_params {
	void *mp_priv;
	void *mp_ops;
};

struct xdp_umem {
	bool zc;
};

struct xsk_buff_pool {
	struct xdp_umem *umem;
};

struct netdev_rx_queue {
	struct net_device *dev;
	struct xsk_buff_pool *pool;
	struct napi_struct *napi;
	struct pp_memory_provider_params mp_params;
};

struct net_device {
	char name[NMA_IFNAME_LEN];
	int ifindex;
	unsigned int flags;
	__u32 xdp_features;
	unsigned int mtu;
	unsigned int num_rx_queues;
	unsigned int real_num_rx_queues;
	unsigned int real_num_tx_queues;
	__u8 reg_state;
	possible_net_t nd_net;
	struct list_head napi_list;
	struct netdev_rx_queue *_rx;
	struct device dev;
	struct {
		struct list_head upper;
		struct list_head lower;
	} adj_list;
	const struct net_device_ops *netdev_ops;
	const struct ethtool_ops *ethtool_ops;
	const struct rtnl_link_ops *rtnl_link_ops;
	const struct netdev_queue_mgmt_ops *queue_mgmt_ops;
	struct bpf_xdp_entity xdp_state[3];
	struct hlist_head page_pools;
};

struct netdev_adjacent {
	struct net_device *dev;
	bool master;
	struct list_head list;
};

struct netdev_notifier_info {
	struct net_device *dev;
};

struct netdev_notifier_changeupper_info {
	struct net_device *upper_dev;
	bool linking;
};

struct ethnl_req_info {
	struct net_device *dev;
};

/* Packets */

struct sk_buff {
	struct sk_buff *next;
	struct sk_buff *prev;
	struct net_device *dev;
	struct sock *sk;
	char cb[48];
	void (*destructor)(struct sk_buff *skb);
	unsigned int len;
	unsigned int data_len;
	__u16 queue_mapping;
	__u8 pp_recycle : 1;
	__u8 unreadable : 1;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
};

typedef struct skb_frag {
	unsigned long netmem;
} skb_frag_t;

struct skb_shared_info {
	__u8 nr_frags;
	struct sk_buff *frag_list;
	skb_frag_t frags[1];
};

struct sk_buff_head {
	struct sk_buff *next;
	struct sk_buff *prev;
};

/* What a CPU has received and not yet delivered, or freed and not yet dropped */
struct softnet_data {
	struct sk_buff_head process_queue;
	struct sk_buff_head input_pkt_queue;
	struct sk_buff *completion_queue;
};

/* Page pools and dma-bufs */

enum dma_data_direction {
	DMA_TO_DEVICE = 1,
	DMA_FROM_DEVICE = 2,
};

struct xdp_rxq_info {
	struct net_device *dev;
	__u32 queue_index;
};

struct page_pool_params_fast {
	unsigned int order;
	unsigned int pool_size;
	struct device *dev;
	struct napi_struct *napi;
	enum dma_data_direction dma_dir;
	unsigned int max_len;
};

struct page_pool_params_slow {
	struct net_device *netdev;
	unsigned int queue_idx;
	unsigned int flags;
};

struct page_pool_params {
	struct page_pool_params_fast fast;
	struct page_pool_params_slow slow;
};

struct pp_alloc_cache {
	__u32 count;
	unsigned long cache[128];
};

struct ptr_ring {
	int producer;
	int consumer_head;
	int consumer_tail;
	int size;
	void **queue;
};

struct page_pool {
	struct page_pool_params_fast p;
	__u32 pages_state_hold_cnt;
	long frag_users;
	unsigned long frag_page;
	unsigned int frag_offset;
	struct pp_alloc_cache alloc;
	struct ptr_ring ring;
	refcount_t user_cnt;
	void *mp_priv;
	void *mp_ops;
	int cpuid;
	atomic_t pages_state_release_cnt;
	__u64 destroy_cnt;
	struct page_pool_params_slow slow;
	struct {
		__u64 detach_time;
		__u32 id;
	} user;
};

/* What a page of a pool has in common with a net_iov; also of the same layout. */
struct page {
	unsigned long pp_magic;
	struct page_pool *pp;
	unsigned long dma_addr;
	struct {
		__s64 counter;
	} pp_ref_count;
	unsigned int page_type;
	atomic_t _refcount;
};

struct inode {
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct dma_buf {
	unsigned long size;
	struct file *file;
	const char *exp_name;
};

struct dma_buf_attachment {
	struct device *dev;
};

struct gen_pool {
	struct list_head chunks;
};

struct gen_pool_chunk {
	struct list_head next_chunk;
	void *owner;
	atomic_long_t avail;
	unsigned long start_addr;
	unsigned long end_addr;	/* inclusive */
};

struct net_devmem_dmabuf_binding {
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct net_device *dev;
	struct gen_pool *chunk_pool;
	struct list_head list;	/* of those of a netlink socket */
	__u32 id;
};

/* Sockets */

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	unsigned short skc_family;
	unsigned char skc_state;
	unsigned long skc_flags;
	atomic64_t skc_cookie;
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	possible_net_t skc_net;
};

struct sock_extended_err {
	__u8 ee_origin;
	__u8 ee_code;
	__u32 ee_info;
	__u32 ee_data;
};

struct sock_exterr_skb {
	struct sock_extended_err ee;
};

struct dst_entry {
	struct net_device *dev;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	struct sk_buff_head sk_error_queue;
	struct sk_buff_head sk_write_queue;
	struct rb_root tcp_rtx_queue;
	struct {
		struct sk_buff *head;
	} sk_backlog;
	struct dst_entry *sk_dst_cache;
	__u16 sk_type;
	__u16 sk_protocol;
	unsigned int sk_napi_id;
	struct socket *sk_socket;
	atomic_t sk_zckey;
	struct xarray sk_user_frags;
	void *sk_bpf_storage;
};

struct inet_sock {
	__u16 inet_sport;
};

struct socket {
	struct sock *sk;
};

struct xdp_sock {
	struct net_device *dev;
	struct xdp_umem *umem;
	__u16 queue_id;
};

enum iter_type {
	ITER_UBUF = 0,
	ITER_IOVEC = 1,
};

struct iovec {
	void *iov_base;
	__u64 iov_len;
};

struct iov_iter {
	__u8 iter_type;
	union {
		struct iovec __ubuf_iovec;
		const struct iovec *__iov;
	};
	unsigned long nr_segs;
};

struct msghdr {
	struct iov_iter msg_iter;
	void *msg_control;
	unsigned int msg_flags;
	unsigned long msg_controllen;
};

struct tcp_sock {
	__u32 snd_wnd;
	__u32 write_seq;
	__u32 copied_seq;
	struct rb_root out_of_order_queue;
};

struct udp_sock {
	struct sk_buff_head reader_queue;
};

struct tcp_skb_cb {
	__u32 seq;
};

struct tcp_xa_pool {
	__u8 idx;
	__u32 tokens[1];
	unsigned long netmems[1];
};

/* Tasks */

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct user_namespace {
	int level;		/* 0: of the whole system */
};

typedef struct {
	__u64 val;
} kernel_cap_t;

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

struct nsproxy {
	struct net *net_ns;
};

struct rlimit {
	unsigned long rlim_cur;
};

struct signal_struct {
	struct rlimit rlim[16];
};

struct task_struct {
	const struct cred *cred;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	int tgid;
	struct task_struct *group_leader;
	char comm[NMA_COMM_LEN];
	struct css_set *cgroups;
};

/* Iterators */

struct bpf_iter_meta {
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__udp {
	struct bpf_iter_meta *meta;
	struct udp_sock *udp_sk;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};

#pragma clang attribute pop

/* Constants of the kernel that its BTF does not carry or that never change */

#define ETOOSMALL			525
#define MSG_PEEK			0x2
#define MSG_SOCK_DEVMEM			0x2000000
#define SO_EE_ORIGIN_ZEROCOPY		5
#define SO_EE_CODE_ZEROCOPY_COPIED	1
#define IFF_UP				0x1
#define NAPI_STATE_SCHED		0x1
#define SOFTIRQ_MASK			0xff00
#define PP_FLAG_SYSTEM_POOL		0x4
#define PP_MAGIC_PFMEMALLOC		0x2
#define PP_MAGIC_MASK			0x7c	/* of PP_SIGNATURE, without what */
#define PP_MAGIC_POOL			0x40	/* the architecture puts before it */
#define PP_FLAG_ALLOW_UNREADABLE	0x8
#define CAP_NET_ADMIN			12
#define NETREG_REGISTERED		1
#define NETDEV_QUEUE_TYPE_RX		0
#define AF_INET				2
#define AF_NETLINK			16
#define AF_XDP				44
#define NETLINK_GENERIC			16
#define SOCK_DEAD			0	/* bit of skc_flags */
#define IPPROTO_TCP			6
#define IPPROTO_UDP			17
#define MAX_SKB_FRAGS_MOST		45	/* that a kernel can be built with */
#define AF_INET6			10
#define MUTEX_OWNER_FLAGS		7ull
#define NIOV_SIZE			4096
#define NET_PTR_POISON			0xdead000000000801ul
#define MEM_TYPE_PAGE_POOL		2
#define LOOPBACK_IFINDEX		1
#define ETHTOOL_RING_USE_TCP_DATA_SPLIT	0x20
#define ETHTOOL_A_RINGS_TCP_DATA_SPLIT	11

enum netdev_cmd {
	NETDEV_UP = 1,
	NETDEV_DOWN = 2,
	NETDEV_REGISTER = 5,
	NETDEV_UNREGISTER = 6,
	NETDEV_CHANGEMTU = 7,
	NETDEV_CHANGENAME = 11,
	NETDEV_CHANGEUPPER = 22,
};

#endif /* NMA_TYPES_BPF_H */
