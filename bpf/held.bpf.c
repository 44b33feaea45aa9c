// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Who has the buffers of a destroyed pool: a look into every place where packets
 * wait. An object of its own, which is loaded when such a pool is first met: nobody
 * else pays for it.
 *
 * The loader empties the maps, names the pools, and then has every CPU, device and
 * socket looked at, and the rings of the pools last, where all that is freed ends. A
 * buffer is told by the pool that it names, and counts once, in the first place that
 * it is found in. What was found is kept in groups (pool,
 * holder, queue), which are sent last.
 *
 * Sockets that an application has open are met with their process, and unlocked;
 * then TCP and UDP ones of each namespace, locked. Nothing else is locked: a packet
 * may move from a place not yet seen to one seen before, so the loader looks twice.
 */
#include "nma_page.bpf.h"
#include "nma_sock.bpf.h"
#include "nma_xarray.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NMA_HELD_POOLS);
	__type(key, __u64);		/* address of the pool */
	__type(value, __u32);		/* its id */
} nma_held_pools SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NMA_HELD_BUFS);
	__type(key, __u64);		/* page or net_iov */
	__type(value, __u32);
} nma_held_bufs SEC(".maps");

struct group_key {
	__u64 pool;
	__u64 object;
	__u32 holder;
	__u32 where;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NMA_HELD_GROUPS);
	__type(key, struct group_key);
	__type(value, struct nma_rec_held);
} nma_held_groups SEC(".maps");

/* The place that is looked at, and how far. One look at a time: see nma_walk. */
struct look {
	__u64 object;
	__u64 sk;		/* the same, if it is a socket */
	__u32 holder;
	__u32 where;
	__u32 cpu;
	__u32 pid;
	__u64 cgroup_id;
	char comm[NMA_COMM_LEN];

	__u64 skb;
	__u64 outer;		/* whose frag_list skb is on, or 0 */
	__u64 end;		/* head of a list, 0 of a chain */
	__u64 from;		/* node of a tree that we came from */
	__u64 shinfo;
	__u32 frag;
	__u32 nr_frags;
	__u32 tree;
	__u32 done;

	struct nma_xa xa;
	__u64 area;
	__u64 refs;
};

static struct look look SEC(".bss.look");
static struct nma_rec_held fresh SEC(".bss.fresh");

/* Lists that were longer than we go; the loader sets it to 0. */
__u32 nma_held_cut SEC(".bss.held");

static __always_inline void fill_sock(struct nma_rec_held *r)
{
	struct sock *sk = (void *)look.sk;
	struct sock_common *skc = &sk->__sk_common;

	nma_fill_ends(r, sk);
	r->protocol = BPF_CORE_READ(sk, sk_protocol);
	r->state = BPF_CORE_READ(skc, skc_state);
	r->cookie = BPF_CORE_READ(skc, skc_cookie.counter);
	if (BPF_CORE_READ(skc, skc_flags) & 1ul << SOCK_DEAD)
		r->orphan = 1;
	else if (!BPF_CORE_READ(sk, sk_socket))
		r->unaccepted = 1;
}

static __noinline int add_group(const struct group_key *key, __u32 pool_id)
{
	struct nma_rec_held *r = &fresh;

	__builtin_memset(r, 0, sizeof(*r));
	nma_fill_hdr(&r->hdr, NMA_REC_HELD, sizeof(*r), NMA_CAUSE_SNAPSHOT);
	r->hdr.pid = look.pid;
	__builtin_memcpy(r->hdr.comm, look.comm, sizeof(r->hdr.comm));
	r->cgroup_id = look.cgroup_id;
	r->pool = key->pool;
	r->pool_id = pool_id;
	r->object = key->object;
	r->holder = key->holder;
	r->where = key->where;
	r->cpu = look.cpu;
	r->buffers = 1;
	if (look.sk)
		fill_sock(r);
	if (bpf_map_update_elem(&nma_held_groups, key, r, BPF_NOEXIST))
		nma_count_loss(NMA_LOSS_MAP, 1);
	return 0;
}

/* A netmem_ref that a packet or a token has */
__noinline int nma_held_netmem(__u64 netmem)
{
	__u64 addr = netmem & 1 ? netmem & ~1ull : page_head(netmem);
	struct group_key key = {};
	struct nma_rec_held *group;
	__u32 *pool_id, one = 1;
	long err;

	key.pool = nma_read_word(addr + bpf_core_field_offset(struct page, pp));
	if (!key.pool)
		return 0;
	pool_id = bpf_map_lookup_elem(&nma_held_pools, &key.pool);
	if (!pool_id)
		return 0;
	err = bpf_map_update_elem(&nma_held_bufs, &addr, &one, BPF_NOEXIST);
	if (err) {
		if (err != -17)		/* EEXIST: found before */
			nma_count_loss(NMA_LOSS_MAP, 1);
		return 0;
	}
	key.object = look.object;
	key.holder = look.holder;
	key.where = look.where;
	group = bpf_map_lookup_elem(&nma_held_groups, &key);
	if (group)
		group->buffers++;
	else
		add_group(&key, *pool_id);
	return 0;
}

static __noinline int begin_skb(__u64 addr)
{
	struct sk_buff *skb = (void *)addr;
	__u64 head = (__u64)BPF_CORE_READ(skb, head);
	__u64 page = nma_page_of(head);
	struct skb_shared_info *si;
	__u32 nr;

	look.skb = addr;
	look.frag = 0;
	look.nr_frags = 0;
	look.shinfo = 0;
	if (!head)
		return 0;
	si = (void *)head + BPF_CORE_READ(skb, end);
	look.shinfo = (__u64)si;
	nr = BPF_CORE_READ(si, nr_frags);
	if (nr <= MAX_SKB_FRAGS_MOST)
		look.nr_frags = nr;
	if (page)
		nma_held_netmem(page);
	return 0;
}

static __always_inline long end_list(void)
{
	look.done = 1;
	return 1;
}

static __always_inline long next_of_chain(void)
{
	struct sk_buff *skb = (void *)look.skb;
	__u64 next = (__u64)BPF_CORE_READ(skb, next);

	if (!next || next == look.end)
		return end_list();
	begin_skb(next);
	return 0;
}

/* One step through a tree, by the pointers to the parents: a node counts when we
 * come down to it.
 */
static __always_inline long next_of_tree(void)
{
	struct rb_node *node = (void *)look.skb;
	__u64 parent = BPF_CORE_READ(node, __rb_parent_color) & ~3ull;
	__u64 left = (__u64)BPF_CORE_READ(node, rb_left);
	__u64 right = (__u64)BPF_CORE_READ(node, rb_right);
	__u64 from = look.from, down = 0;

	look.from = look.skb;
	if (from == parent)
		down = left ? left : right;
	else if (from == left)
		down = right;
	if (down) {
		begin_skb(down);
		return 0;
	}
	if (!parent)
		return end_list();
	look.skb = parent;
	look.frag = look.nr_frags;
	look.shinfo = 0;
	return 0;
}

static __always_inline __u64 frag_list_of(__u64 shinfo)
{
	if (!shinfo)
		return 0;
	return (__u64)BPF_CORE_READ((struct skb_shared_info *)shinfo, frag_list);
}

/* To the packets that this one is made of, if it is not itself one of those. */
static __always_inline bool enter_frag_list(void)
{
	__u64 inner = frag_list_of(look.shinfo), outer = look.skb;

	if (!inner)
		return false;
	begin_skb(inner);
	look.outer = outer;
	return true;
}

/* To the next of these, or back out of them. */
static __always_inline long next_inner(void)
{
	struct sk_buff *skb = (void *)look.skb;
	__u64 next = (__u64)BPF_CORE_READ(skb, next);

	if (next) {
		begin_skb(next);
		return 0;
	}
	look.skb = look.outer;
	look.outer = 0;
	look.shinfo = 0;		/* it is done */
	look.nr_frags = 0;
	look.frag = 0;
	return 0;
}

static long step(__u32 i, void *unused)
{
	if (look.frag < look.nr_frags) {
		nma_held_netmem(nma_read_word(nma_frag_of(look.shinfo, look.frag)));
		look.frag++;
		return 0;
	}
	if (look.outer)
		return next_inner();
	if (enter_frag_list())
		return 0;
	return look.tree ? next_of_tree() : next_of_chain();
}

/* Packets from @first to @end: a chain, a list with a head, or a tree. */
__noinline int nma_held_list(__u64 first, __u64 end, __u32 where, __u32 tree)
{
	if (!first || first == end)
		return 0;
	look.where = where;
	look.end = end;
	look.tree = tree;
	look.from = 0;
	look.outer = 0;
	look.done = 0;
	begin_skb(first);
	bpf_loop(NMA_HELD_LIST_MOST, step, NULL, 0);
	if (!look.done)
		__sync_fetch_and_add(&nma_held_cut, 1);
	return 0;
}

#define HELD_QUEUE(addr, where) do {					\
	__u64 head_ = (__u64)(addr);					\
									\
	nma_held_list(nma_read_word(head_), head_, where, 0);		\
} while (0)

#define FIELD(object, member)						\
	((__u64)__builtin_preserve_access_index(&(object)->member))

static long step_token(__u32 i, void *unused)
{
	switch (nma_xa_step(&look.xa)) {
	case NMA_XA_AGAIN:
		return 0;
	case NMA_XA_END:
		return end_list();
	case NMA_XA_FOUND:
		break;
	}
	nma_held_netmem(look.xa.entry);
	nma_xa_advance(&look.xa);
	return 0;
}

static __always_inline void look_at_tokens(struct sock *sk)
{
	look.xa.xarray = FIELD(sk, sk_user_frags);
	look.xa.index = 0;
	look.xa.node = 0;
	if (!nma_read_word(look.xa.xarray + bpf_core_field_offset(struct xarray, xa_head)))
		return;
	look.holder = NMA_HOLDER_TOKEN;
	look.where = NMA_WHERE_ANY;
	look.done = 0;
	bpf_loop(NMA_HELD_BUFS, step_token, NULL, 0);
	if (!look.done)
		__sync_fetch_and_add(&nma_held_cut, 1);
}

static __always_inline void look_at_tcp(struct sock *sk)
{
	struct tcp_sock *tp = (void *)sk;

	look.holder = NMA_HOLDER_SOCKET;
	nma_held_list((__u64)BPF_CORE_READ(tp, out_of_order_queue.rb_node), 0,
		      NMA_WHERE_ORDER, 1);
	look.holder = NMA_HOLDER_TX;
	nma_held_list((__u64)BPF_CORE_READ(sk, tcp_rtx_queue.rb_node), 0,
		      NMA_WHERE_RETRANSMIT, 1);
	look_at_tokens(sk);
}

/* look.sk */
__noinline int nma_held_sock(void)
{
	struct sock *sk = (void *)look.sk;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	look.object = look.sk;
	look.cpu = NMA_NO_CPU;
	look.holder = NMA_HOLDER_SOCKET;
	HELD_QUEUE(FIELD(sk, sk_receive_queue), NMA_WHERE_RECEIVE);
	HELD_QUEUE(FIELD(sk, sk_error_queue), NMA_WHERE_ERROR);
	nma_held_list((__u64)BPF_CORE_READ(sk, sk_backlog.head), 0,
		      NMA_WHERE_BACKLOG, 0);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if (protocol == IPPROTO_UDP)
		HELD_QUEUE(FIELD((struct udp_sock *)sk, reader_queue), NMA_WHERE_RECEIVE);
	look.holder = NMA_HOLDER_TX;
	HELD_QUEUE(FIELD(sk, sk_write_queue), NMA_WHERE_WRITE);
	if (protocol == IPPROTO_TCP)
		look_at_tcp(sk);
	return 0;
}

static __always_inline void nobody(void)
{
	look.pid = 0;
	look.cgroup_id = 0;
	__builtin_memset(look.comm, 0, sizeof(look.comm));
}

SEC("?iter/task_file")
int nma_held_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *sock;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock)
		return 0;
	look.sk = (__u64)sock->sk;
	if (!look.sk)
		return 0;
	look.pid = task->tgid;
	look.cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&look.comm, task, group_leader, comm);
	nma_held_sock();
	return 0;
}

SEC("?iter/tcp")
int nma_held_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;

	if (!skc)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp)
		return 0;
	look.sk = (__u64)tp;
	nobody();
	nma_held_sock();
	return 0;
}

SEC("?iter/udp")
int nma_held_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *up = ctx->udp_sk;

	if (!up)
		return 0;
	look.sk = (__u64)up;
	nobody();
	nma_held_sock();
	return 0;
}

static __always_inline void begin_place(__u32 holder, __u64 object)
{
	nobody();
	look.sk = 0;
	look.holder = holder;
	look.object = object;
	look.cpu = NMA_NO_CPU;
}

static __always_inline __u32 nr_nodes(void)
{
	__u64 addr = nma_cfg.sym[NMA_SYM_NODES];

	if (!addr || !defers_by_node())
		return 1;
	return (__u32)nma_read_word(addr);
}

/* What others have freed for it, what it is about to deliver, and to free. */
static __always_inline void look_at_cpu(__u32 cpu)
{
	__u64 off = nma_read_word(nma_cfg.sym[NMA_SYM_CPU_OFFSETS] + 8 * (__u64)cpu);
	struct softnet_data *sd = (void *)(nma_cfg.sym[NMA_SYM_SOFTNET] + off);
	__u32 node, nodes = nr_nodes();

	begin_place(NMA_HOLDER_DEFER, cpu);
	look.cpu = cpu;
	for (node = 0; node < NMA_HELD_NODES && node < nodes; node++)
		nma_held_list(deferred_skbs((__u64)sd, nma_cfg.sym[NMA_SYM_HOTDATA],
					    off, node), 0, NMA_WHERE_ANY, 0);
	nma_held_list((__u64)BPF_CORE_READ(sd, completion_queue), 0, NMA_WHERE_ANY, 0);
	look.holder = NMA_HOLDER_BACKLOG;
	HELD_QUEUE(FIELD(sd, input_pkt_queue), NMA_WHERE_ANY);
	HELD_QUEUE(FIELD(sd, process_queue), NMA_WHERE_ANY);
}

/* One NAPI of the device; returns the list node of the next, 0 for none. */
static __always_inline __u64 look_at_napi(__u64 netdev, __u64 node)
{
	struct net_device *dev = (void *)netdev;
	__u64 head = FIELD(dev, napi_list), napi;
	__u32 i;

	if (!node)
		node = nma_read_word(head);
	if (!node || node == head)
		return 0;
	napi = node - bpf_core_field_offset(struct napi_struct, dev_list);
	begin_place(NMA_HOLDER_GRO, napi);
	for (i = 0; i < GRO_LISTS; i++)
		HELD_QUEUE(napi_skb_list(napi, i), NMA_WHERE_ANY);
	node = nma_read_word(node);
	return node == head ? 0 : node;
}

/* Those that io_uring has lent to an application */
static long step_area(__u32 i, void *unused)
{
	__u32 refs = 0;

	bpf_probe_read_kernel(&refs, sizeof(refs), (void *)(look.refs + 4 * (__u64)i));
	if (refs)
		nma_held_netmem((look.area + (__u64)i *
				 bpf_core_type_size(struct net_iov)) | 1);
	return 0;
}

static __always_inline void look_at_area(__u64 pool)
{
	struct page_pool *pp = (void *)pool;
	struct io_zcrx_area___since_v6_15 *area;
	struct io_zcrx_ifq___since_v6_15 *ifq = BPF_CORE_READ(pp, mp_priv);
	__u64 nr;

	if (!bpf_core_field_exists(ifq->area) || !nma_cfg.sym[NMA_SYM_ZCRX_OPS] ||
	    (__u64)BPF_CORE_READ(pp, mp_ops) != nma_cfg.sym[NMA_SYM_ZCRX_OPS])
		return;
	area = BPF_CORE_READ(ifq, area);
	look.refs = (__u64)BPF_CORE_READ(area, user_refs);
	look.area = (__u64)BPF_CORE_READ(area, nia.niovs);
	nr = BPF_CORE_READ(area, nia.num_niovs);
	if (!look.refs || !look.area || nr > NMA_HELD_BUFS)
		return;
	begin_place(NMA_HOLDER_ZCRX, (__u64)area);
	look.where = NMA_WHERE_ANY;
	bpf_loop(nr, step_area, NULL, 0);
}

static long step_ring(__u32 i, void *unused)
{
	__u64 netmem = nma_read_word(look.refs + 8 * (__u64)i);

	if (netmem)
		nma_held_netmem(netmem);
	return 0;
}

/* Put back, and not yet given back: a destroyed pool does that once a second. */
static __always_inline void look_at_ring(__u64 addr)
{
	struct page_pool *pool = (void *)addr;
	__u32 size = BPF_CORE_READ(pool, ring.size);

	look.refs = (__u64)BPF_CORE_READ(pool, ring.queue);
	if (!look.refs)
		return;
	if (size > NMA_HELD_RING_MOST) {
		__sync_fetch_and_add(&nma_held_cut, 1);
		size = NMA_HELD_RING_MOST;
	}
	begin_place(NMA_HOLDER_RING, addr);
	look.where = NMA_WHERE_ANY;
	bpf_loop(size, step_ring, NULL, 0);
}

static long forget(struct bpf_map *map, const void *key, void *value, void *unused)
{
	bpf_map_delete_elem(map, key);
	return 0;
}

static __always_inline void begin(void)
{
	bpf_for_each_map_elem(&nma_held_pools, forget, NULL, 0);
	bpf_for_each_map_elem(&nma_held_bufs, forget, NULL, 0);
	bpf_for_each_map_elem(&nma_held_groups, forget, NULL, 0);
}

/* 1: the ring is full, the rest is for the next call */
static long send_group(struct bpf_map *map, const struct group_key *key,
		       const struct nma_rec_held *group, __u64 *full)
{
	struct nma_rec_held *r;

	r = bpf_ringbuf_reserve(&nma_ring, sizeof(*r), 0);
	if (!r) {
		*full = 1;
		return 1;
	}
	__builtin_memcpy(r, group, sizeof(*r));
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	bpf_map_delete_elem(map, key);
	return 0;
}

SEC("?syscall")
int nma_held(struct nma_held_call *call)
{
	__u64 addr = call->addr, full = 0;
	__u32 id = call->id;

	switch (call->step) {
	case NMA_HELD_BEGIN:
		begin();
		break;
	case NMA_HELD_POOL:
		if (bpf_map_update_elem(&nma_held_pools, &addr, &id, BPF_ANY))
			nma_count_loss(NMA_LOSS_MAP, 1);
		look_at_area(addr);
		break;
	case NMA_HELD_CPU:
		look_at_cpu(id);
		break;
	case NMA_HELD_NETDEV:
		call->next = look_at_napi(addr, call->next);
		break;
	case NMA_HELD_RING:
		look_at_ring(addr);
		break;
	case NMA_HELD_SEND:
		bpf_for_each_map_elem(&nma_held_groups, send_group, &full, 0);
		call->next = full;
		break;
	}
	return 0;
}
