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
 * it is found in. What was found is kept in groups (pool, holder, queue), which are
 * sent last.
 *
 * Sockets that an application has open are met with their process, and unlocked;
 * then TCP and UDP ones of each namespace, locked. Nothing else is locked: a packet
 * may move from a place not yet seen to one seen before, so the loader looks twice.
 */
#include "nma_held.bpf.h"
#include "nma_page.bpf.h"
#include "nma_sock.bpf.h"
#include "nma_taken.bpf.h"
#include "nma_xarray.bpf.h"

#define NETS_MOST	(1 << 20)

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_HELD_ROOM);
	__type(key, __u64);		/* page or net_iov */
	__type(value, __u32);		/* the look that found it */
} nma_held_bufs SEC(".maps");

/* The same of pages, a bit each by their number: far cheaper. The loader says how many
 * words; what has no bit is in the map above.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} nma_held_pages SEC(".maps");

struct nma_look nma_look SEC(".bss.look");
static struct nma_xa tokens SEC(".bss.tokens");

/* When the look began, by both clocks, and its number; what is to be forgotten next */
struct begun {
	__u64 ns;
	__u64 ticks;
	__u32 look;
	__u32 word;
};

static struct begun begun SEC(".bss.begun");

static __u64 vmemmap SEC(".bss.vmemmap");	/* 0: pages have no bits */

#define NO_GROUP	(~0u)

/* The pool that was last asked for, and how many more of the last group were found */
struct run {
	__u64 pool;
	__u32 pool_id;
	__u32 buffers;
	struct nma_held_key key;
	__u32 group;		/* its number */
	__u32 rsvd;
};

static struct run run SEC(".bss.run");

/* Lists that were longer than we go; the loader sets it to 0. */
__u32 nma_held_cut SEC(".bss.held");
__u32 nma_held_full[NMA_HELD_TABLES] SEC(".bss.held");
__u32 nma_held_found SEC(".bss.held");	/* without a bit */

static __always_inline __u64 *word_of(__u64 addr, __u64 *bit)
{
	__u64 page = (addr - vmemmap) / bpf_core_type_size(struct page);
	__u32 word = page >> 6;

	if (!vmemmap || addr < vmemmap || page >> 6 >= NMA_HELD_WORDS_MOST)
		return NULL;
	*bit = 1ull << (page & 63);
	return bpf_map_lookup_elem(&nma_held_pages, &word);
}

static __always_inline bool was_found(__u64 addr)
{
	__u64 bit, *word = word_of(addr, &bit);
	__u32 *look;

	if (word)
		return *word & bit;
	look = bpf_map_lookup_elem(&nma_held_bufs, &addr);
	return look && *look == begun.look;
}

/* False if there is no room. Rows of earlier looks are there to be used again. */
static __always_inline bool note_found(__u64 addr)
{
	__u64 bit, *word = word_of(addr, &bit);
	long err;

	if (word) {
		*word |= bit;
		return true;
	}
	err = bpf_map_update_elem(&nma_held_bufs, &addr, &begun.look, BPF_ANY);
	if (err)
		nma_held_failed(NMA_HELD_BUFS, err);
	else
		nma_held_found++;
	return !err;
}

static __always_inline void fill_sock(struct nma_rec_held *r)
{
	struct sock *sk = (void *)nma_look.sk;
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

static __always_inline void fill_packet(struct nma_rec_held *r)
{
	struct net_device *dev = (void *)nma_look.netdev;

	r->destructor = nma_look.destructor;
	r->ifindex = BPF_CORE_READ(dev, ifindex);
	BPF_CORE_READ_STR_INTO(&r->ifname, dev, name);
}

/* The number of a new one, or NO_GROUP. */
static __noinline __u32 add_group(const struct nma_held_key *key, __u32 pool_id)
{
	__u32 nr = nma_groups.nr;
	struct nma_rec_held *r = bpf_map_lookup_elem(&nma_held_groups, &nr);
	struct nma_held_age *age = bpf_map_lookup_elem(&nma_held_ages, &nr);
	long err = r ? bpf_map_update_elem(&nma_held_index, key, &nr, BPF_NOEXIST) : -7;

	if (err || !r) {
		nma_held_failed(NMA_HELD_GROUPS, err);
		return NO_GROUP;
	}
	nma_groups.nr = nr + 1;
	if (age)
		age->aged = 0;
	__builtin_memset(r, 0, sizeof(*r));
	nma_fill_hdr(&r->hdr, NMA_REC_HELD, sizeof(*r), NMA_CAUSE_SNAPSHOT);
	r->hdr.pid = nma_look.pid;
	__builtin_memcpy(r->hdr.comm, nma_look.comm, sizeof(r->hdr.comm));
	r->cgroup_id = nma_look.cgroup_id;
	r->pool = key->pool;
	r->pool_id = pool_id;
	r->object = key->object;
	r->holder = key->holder;
	r->where = key->where;
	r->cpu = nma_look.cpu;
	r->map_id = nma_look.map_id;
	if (nma_look.sk)
		fill_sock(r);
	if (nma_look.netdev)
		fill_packet(r);
	return nr;
}

static __noinline int end_run(void)
{
	__u32 nr = run.group;
	struct nma_rec_held *group;

	if (!run.buffers)
		return 0;
	group = bpf_map_lookup_elem(&nma_held_groups, &nr);
	if (group)
		group->buffers += run.buffers;
	else if (!nma_held_full[NMA_HELD_GROUPS])
		nma_count_loss(NMA_LOSS_MAP, run.buffers);
	run.buffers = 0;
	return 0;
}

static __always_inline void begin_run(const struct nma_held_key *key, __u32 pool_id)
{
	__u32 *nr;

	end_run();
	run.key = *key;
	nr = bpf_map_lookup_elem(&nma_held_index, key);
	run.group = nr ? *nr : add_group(key, pool_id);
}

/* Of the last group */
static __noinline int add_age(__u64 addr)
{
	struct nma_taken *taken = bpf_map_lookup_elem(&nma_taken, &addr);
	__u32 nr = run.group;
	struct nma_held_age *age = bpf_map_lookup_elem(&nma_held_ages, &nr);
	__u64 ns;

	if (!taken || !taken->ticks || !age)
		return 0;
	ns = begun.ns - (begun.ticks - taken->ticks) * nma_cfg.tick_ns;
	if (!age->aged || ns < age->oldest_ns) {
		age->oldest_ns = ns;
		age->stack = taken->stack;
	}
	age->aged++;
	return 0;
}

/* Of those that were found nowhere: all that were taken, less the others. */
static long age_of_lost(struct bpf_map *map, const __u64 *addr,
			const struct nma_taken *taken, void *unused)
{
	struct nma_held_key key = { .holder = NMA_HOLDER_DRIVER };
	struct nma_held_pool *pool;

	if (!taken->ticks || was_found(*addr))
		return 0;
	key.pool = nma_read_word(*addr + bpf_core_field_offset(struct page, pp));
	pool = bpf_map_lookup_elem(&nma_held_pools, &key.pool);
	if (!pool)
		return 0;
	begin_run(&key, pool->id);
	add_age(*addr);
	return 0;
}

static __always_inline bool is_sought(__u64 addr)
{
	__u64 pool = nma_load_word(addr + bpf_core_field_offset(struct page, pp));
	struct nma_held_pool *held;

	if (!pool)
		return false;
	if (pool == run.pool)
		return true;
	held = bpf_map_lookup_elem(&nma_held_pools, &pool);
	if (!held)
		return false;
	run.pool = pool;
	run.pool_id = held->id;
	return true;
}

/* A netmem_ref that a packet or a token has */
__noinline int nma_held_netmem(__u64 netmem)
{
	__u64 addr = netmem & 1 ? netmem & ~1ull : nma_load_head(netmem);
	struct nma_held_key key = {};

	if (was_found(addr) || !is_sought(addr) || !note_found(addr))
		return 0;
	key.pool = run.pool;
	key.object = nma_look.object;
	key.holder = nma_look.holder;
	key.where = nma_look.where;
	if (key.object != run.key.object || key.pool != run.key.pool ||
	    key.holder != run.key.holder || key.where != run.key.where)
		begin_run(&key, run.pool_id);
	run.buffers++;
	if (nma_cfg.ages)
		add_age(addr);
	return 0;
}

__noinline bool nma_held_is_news(__u64 netmem)
{
	__u64 addr = netmem & 1 ? netmem & ~1ull : nma_load_head(netmem);

	return !was_found(addr) && is_sought(addr);
}

static __noinline int begin_skb(__u64 addr)
{
	struct sk_buff *skb = (void *)addr;
	__u64 head = (__u64)BPF_CORE_READ(skb, head);
	__u64 page = nma_page_of(head);
	struct skb_shared_info *si;
	__u32 nr;

	nma_look.skb = addr;
	nma_look.frag = 0;
	nma_look.nr_frags = 0;
	nma_look.shinfo = 0;
	if (!head)
		return 0;
	si = (void *)head + BPF_CORE_READ(skb, end);
	nma_look.shinfo = (__u64)si;
	nr = BPF_CORE_READ(si, nr_frags);
	if (nr <= MAX_SKB_FRAGS_MOST)
		nma_look.nr_frags = nr;
	if (page)
		nma_held_netmem(page);
	return 0;
}

static __always_inline long end_list(void)
{
	nma_look.done = 1;
	return 1;
}

static __always_inline long next_of_chain(void)
{
	struct sk_buff *skb = (void *)nma_look.skb;
	__u64 next = (__u64)BPF_CORE_READ(skb, next);

	if (!next || next == nma_look.end)
		return end_list();
	begin_skb(next);
	return 0;
}

/* One step through a tree, by the pointers to the parents: a node counts when we
 * come down to it.
 */
static __always_inline long next_of_tree(void)
{
	struct rb_node *node = (void *)nma_look.skb;
	__u64 parent = BPF_CORE_READ(node, __rb_parent_color) & ~3ull;
	__u64 left = (__u64)BPF_CORE_READ(node, rb_left);
	__u64 right = (__u64)BPF_CORE_READ(node, rb_right);
	__u64 from = nma_look.from, down = 0;

	nma_look.from = nma_look.skb;
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
	nma_look.skb = parent;
	nma_look.frag = nma_look.nr_frags;
	nma_look.shinfo = 0;
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
	__u64 inner = frag_list_of(nma_look.shinfo), outer = nma_look.skb;

	if (!inner)
		return false;
	begin_skb(inner);
	nma_look.outer = outer;
	return true;
}

/* To the next of these, or back out of them. */
static __always_inline long next_inner(void)
{
	struct sk_buff *skb = (void *)nma_look.skb;
	__u64 next = (__u64)BPF_CORE_READ(skb, next);

	if (next) {
		begin_skb(next);
		return 0;
	}
	nma_look.skb = nma_look.outer;
	nma_look.outer = 0;
	nma_look.shinfo = 0;		/* it is done */
	nma_look.nr_frags = 0;
	nma_look.frag = 0;
	return 0;
}

static long step(__u32 i, void *unused)
{
	if (nma_look.frag < nma_look.nr_frags) {
		nma_held_netmem(nma_load_word(nma_frag_of(nma_look.shinfo, nma_look.frag)));
		nma_look.frag++;
		return 0;
	}
	if (nma_look.outer)
		return next_inner();
	if (enter_frag_list())
		return 0;
	if (nma_look.shape == NMA_LOOK_ONE)
		return end_list();
	return nma_look.shape == NMA_LOOK_TREE ? next_of_tree() : next_of_chain();
}

/* Packets from @first to @end: a chain, a list with a head, or a tree. */
__noinline int nma_held_list(__u64 first, __u64 end, __u32 where, __u32 shape)
{
	if (!first || first == end)
		return 0;
	nma_look.where = where;
	nma_look.end = end;
	nma_look.shape = shape;
	nma_look.from = 0;
	nma_look.outer = 0;
	nma_look.done = 0;
	begin_skb(first);
	bpf_loop(NMA_HELD_LIST_MOST, step, NULL, 0);
	if (!nma_look.done)
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
	switch (nma_xa_step(&tokens)) {
	case NMA_XA_AGAIN:
		return 0;
	case NMA_XA_END:
		return end_list();
	case NMA_XA_FOUND:
		break;
	}
	nma_held_netmem(tokens.entry);
	nma_xa_advance(&tokens);
	return 0;
}

static __always_inline void look_at_tokens(struct sock *sk)
{
	tokens.xarray = FIELD(sk, sk_user_frags);
	tokens.index = 0;
	tokens.node = 0;
	if (!nma_read_word(tokens.xarray + bpf_core_field_offset(struct xarray, xa_head)))
		return;
	nma_look.holder = NMA_HOLDER_TOKEN;
	nma_look.where = NMA_WHERE_ANY;
	nma_look.done = 0;
	bpf_loop(NMA_HELD_TOKENS_MOST, step_token, NULL, 0);
	if (!nma_look.done)
		__sync_fetch_and_add(&nma_held_cut, 1);
}

static __always_inline void look_at_tcp(struct sock *sk)
{
	struct tcp_sock *tp = (void *)sk;

	nma_look.holder = NMA_HOLDER_SOCKET;
	nma_held_list((__u64)BPF_CORE_READ(tp, out_of_order_queue.rb_node), 0,
		      NMA_WHERE_ORDER, NMA_LOOK_TREE);
	nma_look.holder = NMA_HOLDER_TX;
	nma_held_list((__u64)BPF_CORE_READ(sk, tcp_rtx_queue.rb_node), 0,
		      NMA_WHERE_RETRANSMIT, NMA_LOOK_TREE);
	look_at_tokens(sk);
}

/* nma_look.sk */
__noinline int nma_held_sock(void)
{
	struct sock *sk = (void *)nma_look.sk;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	nma_look.object = nma_look.sk;
	nma_look.cpu = NMA_NO_CPU;
	nma_look.holder = NMA_HOLDER_SOCKET;
	HELD_QUEUE(FIELD(sk, sk_receive_queue), NMA_WHERE_RECEIVE);
	HELD_QUEUE(FIELD(sk, sk_error_queue), NMA_WHERE_ERROR);
	nma_held_list((__u64)BPF_CORE_READ(sk, sk_backlog.head), 0,
		      NMA_WHERE_BACKLOG, NMA_LOOK_CHAIN);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if (protocol == IPPROTO_UDP)
		HELD_QUEUE(FIELD((struct udp_sock *)sk, reader_queue), NMA_WHERE_RECEIVE);
	nma_look.holder = NMA_HOLDER_TX;
	HELD_QUEUE(FIELD(sk, sk_write_queue), NMA_WHERE_WRITE);
	if (protocol == IPPROTO_TCP)
		look_at_tcp(sk);
	return 0;
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
	if (!sock->sk)
		return 0;
	nma_begin_place(NMA_HOLDER_SOCKET, 0);
	nma_look.sk = (__u64)sock->sk;
	nma_look.pid = task->tgid;
	nma_look.cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&nma_look.comm, task, group_leader, comm);
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
	nma_begin_place(NMA_HOLDER_SOCKET, 0);
	nma_look.sk = (__u64)tp;
	nma_held_sock();
	return 0;
}

SEC("?iter/udp")
int nma_held_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *up = ctx->udp_sk;

	if (!up)
		return 0;
	nma_begin_place(NMA_HOLDER_SOCKET, 0);
	nma_look.sk = (__u64)up;
	nma_held_sock();
	return 0;
}

/* What others have freed for it, what it is about to deliver, and to free. */
static __always_inline void look_at_cpu(__u32 cpu)
{
	__u64 off = nma_read_word(nma_cfg.sym[NMA_SYM_CPU_OFFSETS] + 8 * (__u64)cpu);
	struct softnet_data *sd = (void *)(nma_cfg.sym[NMA_SYM_SOFTNET] + off);
	__u32 node, nodes = defers_by_node() ? nma_nr_nodes() : 1;

	nma_begin_place(NMA_HOLDER_DEFER, cpu);
	nma_look.cpu = cpu;
	for (node = 0; node < NMA_HELD_NODES && node < nodes; node++)
		nma_held_list(deferred_skbs((__u64)sd, nma_cfg.sym[NMA_SYM_HOTDATA],
					    off, node), 0, NMA_WHERE_ANY, NMA_LOOK_CHAIN);
	nma_held_list((__u64)BPF_CORE_READ(sd, completion_queue), 0, NMA_WHERE_ANY,
		      NMA_LOOK_CHAIN);
	nma_look.holder = NMA_HOLDER_BACKLOG;
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
	nma_begin_place(NMA_HOLDER_GRO, napi);
	for (i = 0; i < GRO_LISTS; i++)
		HELD_QUEUE(napi_skb_list(napi, i), NMA_WHERE_ANY);
	node = nma_read_word(node);
	return node == head ? 0 : node;
}

struct net_search {
	__u64 node;
	__u32 inode;
	__u32 gone;
};

static long step_net(__u32 i, struct net_search *s)
{
	struct net *net;

	s->node = nma_read_word(s->node);
	s->gone = s->node == nma_cfg.sym[NMA_SYM_NETS];
	if (s->gone || !s->node)
		return 1;
	net = container_of(s->node, struct net, list);
	if (BPF_CORE_READ(net, ns.inum) != s->inode)
		return 0;
	s->gone = !net_refs(net);
	return 1;
}

/* Every socket of an application is a reference, and the last of these is gone. */
static __noinline __u32 netns_is_gone(__u32 inode)
{
	struct net_search s = { .node = nma_cfg.sym[NMA_SYM_NETS], .inode = inode };

	bpf_loop(NETS_MOST, step_net, &s, 0);
	return s.gone;
}

static long forget(struct bpf_map *map, const void *key, void *value, void *unused)
{
	bpf_map_delete_elem(map, key);
	return 0;
}

static long clear_word(__u32 i, void *unused)
{
	__u32 nr = begun.word;
	__u64 *word = bpf_map_lookup_elem(&nma_held_pages, &nr);

	if (!word)
		return 1;
	*word = 0;
	begun.word = nr + 1;
	return 0;
}

/* A slice of the bits; returns where the next begins, 0: none is left. */
static __always_inline __u32 clear_bits(void)
{
	__u32 nr;

	bpf_loop(NMA_HELD_SLICE_WORDS, clear_word, NULL, 0);
	nr = begun.word;
	return bpf_map_lookup_elem(&nma_held_pages, &nr) ? nr : 0;
}

static __always_inline void begin(void)
{
	__u64 at = nma_cfg.sym[NMA_SYM_VMEMMAP];

	vmemmap = at ? nma_read_word(at) : 0;
	nma_held_forget_groups();
	__builtin_memset(&run, 0, sizeof(run));
	__builtin_memset(nma_held_full, 0, sizeof(nma_held_full));
	nma_held_found = 0;
	bpf_for_each_map_elem(&nma_held_pools, forget, NULL, 0);
	begun.ns = bpf_ktime_get_ns();
	begun.ticks = bpf_jiffies64();
	begun.look++;
	begun.word = 0;
}

SEC("?syscall")
int nma_held(struct nma_held_call *call)
{
	__u64 addr = call->addr;
	__u32 id = call->id;
	struct nma_held_pool pool = { .id = id };

	switch (call->step) {
	case NMA_HELD_BEGIN:
		if (!addr)
			begin();
		call->next = clear_bits();
		break;
	case NMA_HELD_POOL:
		if (bpf_map_update_elem(&nma_held_pools, &addr, &pool, BPF_ANY))
			nma_count_loss(NMA_LOSS_MAP, 1);
		nma_held_area(addr);
		break;
	case NMA_HELD_CPU:
		look_at_cpu(id);
		break;
	case NMA_HELD_NETDEV:
		call->next = look_at_napi(addr, call->next);
		break;
	case NMA_HELD_NETNS:
		call->next = netns_is_gone(id);
		break;
	case NMA_HELD_INSIDE:
		nma_held_inside(addr);
		break;
	case NMA_HELD_AGES:
		if (nma_cfg.ages)
			bpf_for_each_map_elem(&nma_taken, age_of_lost, NULL, 0);
		break;
	case NMA_HELD_SEND:
		end_run();
		__builtin_memset(&run, 0, sizeof(run));
		call->next = nma_held_send();
		break;
	}
	return 0;
}
