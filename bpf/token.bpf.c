// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Tokens: frags of a dma-buf that an application was lent and has to return.
 *
 * How many a socket has out is not counted here but read where the kernel
 * itself keeps them, in sk_user_frags: exact whatever happened before, in
 * between or in parallel. What the kernel does not keep is added: who took
 * them and when. A birth is written for each token as it is handed out and
 * never erased; it means something only while the kernel has the token.
 *
 * Nothing of this runs for sockets that never used device memory, and
 * nma_token_take is the only program here on a path of packets: once per skb
 * that a reader takes frags from.
 */
#include "nma_use.bpf.h"
#include "nma_xarray.bpf.h"

#include <bpf/bpf_tracing.h>

#define BLOCK_SHIFT	10
#define BLOCK_MASK	(NMA_BIRTHS_PER_BLOCK - 1)
#define TOKENS_MAX	64	/* above MAX_SKB_FRAGS, and a mask the verifier sees */
#define STEPS_MAX	(1 << 22)	/* of a walk through one socket's tokens */

_Static_assert((NMA_BLOCKS_PER_SOCK & (NMA_BLOCKS_PER_SOCK - 1)) == 0, "masked");
_Static_assert(NMA_BIRTHS_PER_BLOCK == 1 << BLOCK_SHIFT, "blocks are indexed by bits");

char LICENSE[] SEC("license") = "GPL";

struct nma_socks_map nma_socks SEC(".maps");

__u64 nma_rows_begun;
__u64 nma_rows_ended;
__u64 nma_rows_alive;		/* seen by the iterator; the loader sets it to 0 */

/* In jiffies, by token modulo the size of a block. Entry 0 stays zero. */
struct birth_block {
	__u32 at[NMA_BIRTHS_PER_BLOCK];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 + NMA_BIRTH_BLOCKS);
	__type(key, __u32);
	__type(value, struct birth_block);
} nma_births SEC(".maps");

/* Blocks that were used and are free again. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, NMA_BIRTH_BLOCKS);
	__type(value, __u32);
} nma_free_blocks SEC(".maps");

/* Blocks handed out for the first time. */
static __u32 fresh_blocks SEC(".bss.blocks");

/* One walk through the tokens of a socket. */
struct token_walk {
	struct nma_xa xa;
	__u64 netmem;			/* the first token's */
	__u32 now;			/* jiffies */
	__u32 count;
	__u32 unaged;
	__u32 max_age;			/* jiffies */
	__u32 done;
	__u32 block[NMA_BLOCKS_PER_SOCK];
};

enum scratch {
	SCRATCH_HOOK,			/* bottom halves off: not preempted */
	SCRATCH_ITER,			/* one iterator at a time */
	SCRATCH_MAX
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_MAX);
	__type(key, __u32);
	__type(value, struct token_walk);
} nma_scratch SEC(".maps");

static __u32 block_of(const __u32 *block, __u64 token)
{
	__u64 i = token >> BLOCK_SHIFT;

	if (i >= NMA_BLOCKS_PER_SOCK)
		return 0;
	barrier_var(i);		/* or the mask is gone, and the verifier lost */
	return block[i & (NMA_BLOCKS_PER_SOCK - 1)];
}

static __u32 birth_of(const struct token_walk *w, __u64 token)
{
	__u32 b = block_of(w->block, token);
	struct birth_block *births = bpf_map_lookup_elem(&nma_births, &b);

	return births ? births->at[token & BLOCK_MASK] : 0;
}

/* The context of bpf_loop() has to be on the stack, so it points to the walk. */
static long count_token(__u32 i, struct token_walk **ctx)
{
	struct token_walk *w = *ctx;
	__s32 age;
	__u32 birth;

	switch (nma_xa_step(&w->xa)) {
	case NMA_XA_AGAIN:
		return 0;
	case NMA_XA_END:
		w->done = 1;
		return 1;
	case NMA_XA_FOUND:
		break;
	}

	w->count++;
	if (!w->netmem)
		w->netmem = w->xa.entry;
	birth = birth_of(w, w->xa.index);
	if (!birth)
		w->unaged++;
	age = w->now - birth;
	if (birth && age > (__s32)w->max_age)
		w->max_age = age;
	nma_xa_advance(&w->xa);
	return 0;
}

static __always_inline struct token_walk *
walk_tokens(struct sock *sk, const struct sock_row *row, __u32 scratch)
{
	struct token_walk *w = bpf_map_lookup_elem(&nma_scratch, &scratch);

	if (!w)
		return NULL;

	__builtin_memset(w, 0, sizeof(*w));
	w->xa.xarray = (__u64)&sk->sk_user_frags;
	w->now = bpf_jiffies64();
	if (row)
		__builtin_memcpy(w->block, row->block, sizeof(w->block));

	bpf_loop(STEPS_MAX, count_token, &w, 0);
	if (!w->done)
		nma_count_loss(NMA_LOSS_WALK, 1);
	return w;
}

static __always_inline void fill_row(struct nma_rec_sock *r,
				     const struct sock_row *row)
{
	r->hdr.pid = 0;
	__builtin_memset(r->hdr.comm, 0, sizeof(r->hdr.comm));
	if (!row)
		return;
	r->hdr.pid = row->pid;
	__builtin_memcpy(r->hdr.comm, row->comm, sizeof(r->hdr.comm));
	r->cgroup_id = row->cgroup_id;
	r->taken = row->taken;
	r->returned = row->returned;
	r->tx_copied = row->tx_copied;
	r->tx_all_copied = row->tx_spared ? 0 : row->tx_told;
	r->tx_dmabuf = row->tx_used > 1;
}

static __always_inline __u16 route_ifindex(struct sock *sk)
{
	__u32 ifindex = BPF_CORE_READ(sk, sk_dst_cache, dev, ifindex);

	return ifindex <= 0xffff ? ifindex : 0;
}

static __always_inline void fill_sends(struct nma_rec_sock *r, struct sock *sk,
				       const struct sock_row *row)
{
	__u32 done, begun;

	if (!row || !row->tx_used)
		return;
	begun = BPF_CORE_READ(sk, sk_zckey.counter);
	done = nma_later(nma_completion_waiting(sk, row->tx_reaped), row->tx_reaped);
	r->tx_done = done;
	r->tx_inflight = (__s32)(begun - done) > 0 ? begun - done : 0;
	r->tx_unread = done - row->tx_reaped;
	r->tx_zero_window = !BPF_CORE_READ((struct tcp_sock *)sk, snd_wnd);
	r->tx_ifindex = route_ifindex(sk);
}

static __always_inline void fill_tokens(struct nma_rec_sock *r,
					const struct sock_row *row,
					const struct token_walk *w)
{
	struct net_devmem_dmabuf_binding *binding;

	r->outstanding = w->count;
	r->unaged = w->unaged;
	r->bytes = (__u64)w->count * NIOV_SIZE;
	if (w->count > w->unaged)
		r->oldest_ns = r->hdr.time_ns - w->max_age * nma_cfg.tick_ns;
	if (row)
		r->binding_id = row->binding_id;
	if (w->netmem) {
		binding = (void *)netmem_binding(w->netmem);
		r->binding_id = BPF_CORE_READ(binding, id);
	}
}

/* All of a socket but its tokens. */
static __always_inline void fill_sock(struct nma_rec_sock *r, struct sock *sk,
				      const struct sock_row *row)
{
	r->cookie = bpf_get_socket_cookie(sk);
	r->orphan = BPF_CORE_READ(sk, __sk_common.skc_flags) >> SOCK_DEAD & 1;
	nma_fill_ends(r, sk);
	fill_row(r, row);
	fill_sends(r, sk, row);
}

static void set_reader(struct sock_row *row, __u32 pid)
{
	row->pid = pid;
	row->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(row->comm, sizeof(row->comm));
}

/* A zeroed block for the socket's tokens from @i * NMA_BIRTHS_PER_BLOCK on, or 0. */
static __noinline __u32 add_block(struct sock_row *row, __u32 i)
{
	__u32 none = 0, b = 0;
	void *zero = bpf_map_lookup_elem(&nma_births, &none);

	if (!zero || i >= NMA_BLOCKS_PER_SOCK)
		return 0;
	if (bpf_map_pop_elem(&nma_free_blocks, &b)) {
		b = 1 + __sync_fetch_and_add(&fresh_blocks, 1);
		if (b > NMA_BIRTH_BLOCKS) {
			__sync_fetch_and_add(&fresh_blocks, -1);
			if (!row->starved)
				nma_count_loss(NMA_LOSS_MAP, 1);
			row->starved = 1;
			return 0;
		}
	}
	if (bpf_map_update_elem(&nma_births, &b, zero, BPF_ANY))
		return 0;
	row->block[i] = b;
	return b;
}

/* Global, so that the verifier goes through it once and not for each token. */
__noinline int nma_give_birth(struct sock_row *row, __u32 token, __u32 now)
{
	struct birth_block *births;
	__u32 b;

	if (!row)
		return 0;
	b = block_of(row->block, token);
	if (!b)
		b = add_block(row, token >> BLOCK_SHIFT);
	births = bpf_map_lookup_elem(&nma_births, &b);
	if (b && births)
		births->at[token & BLOCK_MASK] = now;
	return 0;
}

int nma_token_age(struct sock_row *row, __u32 token)
{
	struct birth_block *births;
	__u32 b, birth;
	__s32 age;

	if (!row)
		return -1;
	b = block_of(row->block, token);
	births = bpf_map_lookup_elem(&nma_births, &b);
	birth = births ? births->at[token & BLOCK_MASK] : 0;
	age = (__u32)bpf_jiffies64() - birth;
	return birth && age >= 0 ? age : -1;
}

static __noinline void send_begin(struct sock *sk, struct sock_row *row)
{
	struct nma_rec_sock *r;

	r = nma_reserve(nma_rec_sock, NMA_REC_SOCK, NMA_CAUSE_CREATE);
	if (!r)
		return;
	fill_sock(r, sk, row);
	r->outstanding = row->taken;
	r->bytes = row->taken * NIOV_SIZE;
	r->oldest_ns = r->hdr.time_ns;
	bpf_ringbuf_submit(r, 0);
}

static __always_inline __u32 first_binding(struct tcp_xa_pool *p)
{
	struct net_devmem_dmabuf_binding *binding;
	__u64 netmem = 0;

	bpf_core_read(&netmem, sizeof(netmem), &p->netmems);
	binding = (void *)netmem_binding(netmem);
	return BPF_CORE_READ(binding, id);
}

/* Runs with the socket and its xarray locked, in the reader. The call that only
 * takes empty slots back has idx 0.
 */
SEC("?fentry/tcp_xa_pool_commit_locked")
int BPF_PROG(nma_token_take, struct sock *sk, struct tcp_xa_pool *p)
{
	__u32 pid, now, i, n = p->idx & (TOKENS_MAX - 1);
	__u32 tokens[TOKENS_MAX];
	struct sock_row *row;

	if (!n)
		return 0;
	row = nma_row_of(sk, n);
	if (!row)
		return 0;
	if (bpf_core_read(tokens, n * sizeof(tokens[0]), &p->tokens))
		return 0;
	if (!row->binding_id)
		row->binding_id = first_binding(p);

	now = bpf_jiffies64() ?: 1;
	for (i = 0; i < TOKENS_MAX && i < n; i++)
		nma_give_birth(row, tokens[i], now);

	row->taken += n;
	pid = bpf_get_current_pid_tgid() >> 32;
	if (row->pid != pid) {
		set_reader(row, pid);
		if (row->taken == n)
			send_begin(sk, row);
	}
	return 0;
}

static __always_inline void free_blocks(struct sock_row *row)
{
	__u32 i, b;

	for (i = 0; i < NMA_BLOCKS_PER_SOCK; i++) {
		b = row->block[i];
		row->block[i] = 0;
		if (b)
			bpf_map_push_elem(&nma_free_blocks, &b, BPF_ANY);
	}
}

/* What was peeked at last and never read: nothing else would tell. */
static __always_inline void tell_unread_peek(struct sock *sk,
					     const struct sock_row *row)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct nma_rec_use *r;

	if (!nma_handed_out(row, BPF_CORE_READ(tp, copied_seq)))
		return;
	r = nma_begin_use(sk, row, NMA_USE_PEEK, 0);
	if (r)
		bpf_ringbuf_submit(r, 0);
}

/* The last file descriptor is gone: nobody can return a token any more, and the
 * kernel takes them back when it destroys the socket. Not hooked there, for that
 * happens in softirq as well as in tasks, and a program that interrupts itself
 * is skipped. A socket that was read from is reported even without tokens out,
 * for the sums of what it took.
 */
SEC("?fentry/inet_release")
int BPF_PROG(nma_sock_close, struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct sock_row *row = NULL;
	struct token_walk *w;
	struct nma_rec_sock *r;

	if (!sk)
		return 0;
	if (bpf_get_current_pid_tgid() >> 32 == nma_self)
		nma_self_closes++;
	if (sk->sk_bpf_storage)
		row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	if (nma_plain_unknown(sk, row))
		nma_count_loss(NMA_LOSS_MISSED, 1);
	if (!row && !sk->sk_user_frags.xa_head)
		return 0;

	if (row) {
		tell_unread_peek(sk, row);
		row->closed = 1;	/* before the reservation: see nma_sock_iter */
		if (row->sum == NMA_ROW_COUNTED)
			__sync_fetch_and_add(&nma_rows_ended, 1);
	}
	w = walk_tokens(sk, row, SCRATCH_HOOK);
	r = nma_reserve(nma_rec_sock, NMA_REC_SOCK, NMA_CAUSE_GONE);
	if (r) {
		fill_sock(r, sk, row);
		if (w)
			fill_tokens(r, row, w);
		bpf_ringbuf_submit(r, 0);
	}
	if (row) {
		free_blocks(row);
		bpf_sk_storage_delete(&nma_socks, sk);
	}
	return 0;
}

/* Sockets of this namespace with tokens older than the tool get a row, so that
 * nma_sock_iter finds them; orphans, too. While nma_marking is set, those that have
 * something to read in a dma-buf, too.
 */
SEC("?iter/tcp")
int nma_tcp_iter(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct sock_row *row;
	struct tcp_sock *tp;
	struct sock *sk;
	bool unread;

	if (!skc)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp)
		return 0;
	sk = (struct sock *)tp;
	unread = nma_marking && nma_unreadable_head(sk);
	if (!sk->sk_user_frags.xa_head && !unread)
		return 0;
	row = bpf_sk_storage_get(&nma_socks, skc, NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!row) {
		nma_count_loss(NMA_LOSS_MAP, 1);
		return 0;
	}
	if (BPF_CORE_READ(sk, sk_socket))
		nma_row_begin(row);
	else if (row->sum == NMA_ROW_NEW)
		row->sum = NMA_ROW_ORPHAN;
	if (unread)
		row->rx_unseen = 1;
	return 0;
}

/* Every row, in whatever namespace. 1: ring full, show the same again. */
SEC("?iter/bpf_sk_storage_map")
int nma_sock_iter(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sock_row *row = ctx->value;
	struct sock *sk = ctx->sk;
	struct nma_rec_sock *r;
	struct token_walk *w;

	if (!sk || !row)
		return 0;
	r = nma_try_reserve(nma_rec_sock, NMA_REC_SOCK, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return 1;
	if (!row->closed && row->sum == NMA_ROW_COUNTED)
		nma_rows_alive++;
	if (row->closed) {
		/* What this would say is out of date, and may come last. */
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return 0;
	}
	w = walk_tokens(sk, row, SCRATCH_ITER);
	fill_sock(r, sk, row);
	if (w)
		fill_tokens(r, row, w);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}
