// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * How applications use what they were lent: one record for each call that breaks
 * the contract, none for the others. The programs here run in the task that
 * makes the call.
 */
#include "nma_control.bpf.h"
#include "nma_hist.bpf.h"
#include "nma_pair.bpf.h"
#include "nma_use.bpf.h"

#include <bpf/bpf_tracing.h>

#define MAX_DONTNEED_TOKENS	128
#define MAX_DONTNEED_FRAGS	1024
#define EBADF			9
#define EFAULT			14
#define EINVAL			22

char LICENSE[] SEC("license") = "GPL";

static __always_inline void send_use(struct sock *sk, const struct sock_row *row,
				     __u32 use, int ret, __u64 value)
{
	struct nma_rec_use *r = nma_begin_use(sk, row, use, ret);

	if (!r)
		return;
	r->value = value;
	bpf_ringbuf_submit(r, 0);
}

/* ---- Receive ----------------------------------------------------------------*/

/* Frags of this call were taken before there was no room for more: then it has
 * received something, and all is well.
 */
static __always_inline bool goes_on(const struct sock_row *row, struct msghdr *msg)
{
	return row->rx_taken && row->rx_control == (__u64)BPF_CORE_READ(msg, msg_control) &&
	       row->rx_room == (__u32)BPF_CORE_READ(msg, msg_controllen);
}

static __always_inline void take_frags(struct sock *sk, struct sock_row *row,
				       const struct sk_buff *skb, __u32 offset,
				       struct msghdr *msg, int bytes)
{
	struct tcp_skb_cb *cb = (void *)__builtin_preserve_access_index(&skb->cb);
	__u32 seq = BPF_CORE_READ(cb, seq) + offset;

	if (nma_handed_out(row, seq))
		send_use(sk, row, NMA_USE_PEEK, bytes, 0);
	row->rx_end = seq + bytes;
	row->rx_control = (__u64)BPF_CORE_READ(msg, msg_control);
	row->rx_room = BPF_CORE_READ(msg, msg_controllen);
	row->rx_taken = 1;
}

static __always_inline int on_recv(struct sock *sk, const struct sk_buff *skb,
				   __u32 offset, struct msghdr *msg, int ret,
				   enum nma_eye eye)
{
	struct sock_row *row = nma_row_of(sk, 1);

	if (!row || nma_pair_second_locked(NMA_PAIR_RECV, &row->rx_seen, eye))
		return 0;
	if (ret > 0)
		take_frags(sk, row, skb, offset, msg, ret);
	else if (ret == -ETOOSMALL && !goes_on(row, msg))
		send_use(sk, row, NMA_USE_RECV_SMALL, ret, 0);
	return 0;
}

/* tcp_recvmsg_dmabuf(sk, skb, offset, msg, len): only what cannot be read comes
 * here, and only with MSG_SOCK_DEVMEM.
 */
SEC("?fexit/tcp_recvmsg_dmabuf")
int BPF_PROG(nma_recv, struct sock *sk, const struct sk_buff *skb,
	     unsigned int offset, struct msghdr *msg, int len, int ret)
{
	return on_recv(sk, skb, offset, msg, ret, NMA_EYE_LEFT);
}

SEC("?fexit/tcp_recvmsg_dmabuf")
int BPF_PROG(nma_recv_too, struct sock *sk, const struct sk_buff *skb,
	     unsigned int offset, struct msghdr *msg, int len, int ret)
{
	return on_recv(sk, skb, offset, msg, ret, NMA_EYE_RIGHT);
}

/* ---- Receive without MSG_SOCK_DEVMEM ----------------------------------------*/

/* Tasks whose call was reported, until the second program has seen it, too. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} nma_told SEC(".maps");

static __noinline int tell_plain(struct sock *sk, int ret, bool second)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u8 told = 1;

	if (second && !bpf_map_delete_elem(&nma_told, &task))
		return 0;
	send_use(sk, bpf_sk_storage_get(&nma_socks, sk, NULL, 0),
		 NMA_USE_RECV_PLAIN, ret, 0);
	if (!second)
		bpf_map_update_elem(&nma_told, &task, &told, BPF_ANY);
	return 0;
}

/* Bytes that sockets got in host memory, though they asked for device memory. Who is
 * forgotten for others begins again.
 */
struct host_bytes {
	__u64 bytes;
	bool told;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);		/* socket cookie */
	__type(value, struct host_bytes);
} nma_host_bytes SEC(".maps");

static __noinline int tell_host(struct sock *sk, __u64 bytes)
{
	struct nma_rec_use *r = nma_begin_use(sk, NULL, NMA_USE_RECV_HOST, 0);

	if (!r)
		return 0;
	r->value = bytes;
	if (bpf_core_field_exists(sk->sk_napi_id))	/* kernels that poll busily */
		r->napi_id = BPF_CORE_READ(sk, sk_napi_id);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* What is short comes beside the headers, and legally so: one frag of a dma-buf, and
 * a socket is left alone.
 */
static __noinline int count_host(struct sock *sk, int bytes)
{
	struct sock_row *row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	struct host_bytes *sum, first = {};
	__u64 cookie;

	if (row && (row->rx_taken || row->taken))
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	sum = bpf_map_lookup_elem(&nma_host_bytes, &cookie);
	if (!sum) {
		first.bytes = bytes;
		bpf_map_update_elem(&nma_host_bytes, &cookie, &first, BPF_ANY);
		return 0;
	}
	sum->bytes += bytes;
	if (sum->told || sum->bytes < NMA_HOST_BYTES_FEW)
		return 0;
	sum->told = true;
	return tell_host(sk, sum->bytes);
}

/* Every receive call of every socket comes here, once a dma-buf is bound. EFAULT
 * has other reasons, too.
 */
static __always_inline int on_plain(struct sock *sk, int ret, int flags,
				    enum nma_eye eye)
{
	nma_pair_second(NMA_PAIR_PLAIN, (__u64)sk, nma_who(), eye);
	if (ret > 0 && flags & MSG_SOCK_DEVMEM && eye == NMA_EYE_LEFT)
		return count_host(sk, ret);
	if (ret != -EFAULT || flags & MSG_SOCK_DEVMEM || !nma_unreadable_head(sk))
		return 0;
	return tell_plain(sk, ret, eye == NMA_EYE_RIGHT);
}

/* Since v7.0 a tracepoint may be preempted, and then its program is skipped for
 * whoever comes next. That one has a second.
 */
SEC("?tp_btf/sock_recv_length")
int BPF_PROG(nma_plain, struct sock *sk, int ret, int flags)
{
	return on_plain(sk, ret, flags, NMA_EYE_LEFT);
}

SEC("?tp_btf/sock_recv_length")
int BPF_PROG(nma_plain_too, struct sock *sk, int ret, int flags)
{
	return on_plain(sk, ret, flags, NMA_EYE_RIGHT);
}

/* ---- Return of tokens -------------------------------------------------------*/

struct dmabuf_token {
	__u32 token_start;
	__u32 token_count;
};

/* What a caller asked for */
struct asked {
	__u64 frags;
	__u32 first;		/* token */
	__u32 left;		/* token that the kernel does not come to, if any */
	struct dmabuf_token token[MAX_DONTNEED_TOKENS];
};

/* The program is skipped rather than entered twice on a processor. Not on the
 * stack, where the verifier would follow every value through every step.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct asked);
} nma_asked SEC(".maps");

/* The context of bpf_loop() has to be on the stack, so it points to the list. */
static long add_token(__u32 i, struct asked **ctx)
{
	struct asked *a = *ctx;
	struct dmabuf_token *t;

	if (i >= MAX_DONTNEED_TOKENS)
		return 1;
	t = &a->token[i];
	if (a->frags <= MAX_DONTNEED_FRAGS &&
	    a->frags + t->token_count > MAX_DONTNEED_FRAGS)
		a->left = t->token_start + MAX_DONTNEED_FRAGS - a->frags;
	a->frags += t->token_count;
	return 0;
}

/* What the kernel reads once more was just there. */
static __always_inline struct asked *read_list(__u64 user, __u32 bytes)
{
	__u32 n = bytes / sizeof(struct dmabuf_token), zero = 0;
	struct asked *a = bpf_map_lookup_elem(&nma_asked, &zero);

	/* whole tokens only, and the bound on the very value that is used: the
	 * verifier does not follow one from there to here
	 */
	bytes = n * sizeof(struct dmabuf_token);
	barrier_var(bytes);
	if (!a || !n || bytes > sizeof(a->token))
		return NULL;
	if (bpf_probe_read_user(a->token, bytes, (void *)user)) {
		nma_count_loss(NMA_LOSS_USER, 1);
		return NULL;
	}
	a->frags = 0;
	a->left = 0;
	a->first = a->token[0].token_start;
	bpf_loop(n, add_token, &a, 0);
	return a;
}

/* A list that was cut short is right as long as the next goes on where the
 * kernel stopped.
 */
static __always_inline void settle_debt(struct sock *sk, struct sock_row *row,
					__u32 first)
{
	if (!row->owed)
		return;
	if (row->owed_token != first)
		send_use(sk, row, NMA_USE_RETURN_MANY, 0, row->owed);
	row->owed = 0;
}

static __always_inline void judge_list(struct sock *sk, struct sock_row *row,
				       const struct asked *a, int ret)
{
	__u64 tried = a->frags;

	settle_debt(sk, row, a->first);
	if (tried > MAX_DONTNEED_FRAGS)
		tried = MAX_DONTNEED_FRAGS;
	if (tried > (__u32)ret) {
		send_use(sk, row, NMA_USE_RETURN_UNKNOWN, ret, tried - (__u32)ret);
	} else if (a->frags > tried) {	/* one record for a call */
		row->owed = a->frags - tried;
		row->owed_token = a->left;
	}
}

/* Tokens that were taken together have one age, and are counted together. */
struct ages {
	struct sock_row *row;
	__u32 token;
	__u32 binding_id;
	__s32 age;		/* jiffies, -1: unknown */
	__u32 same;		/* how many had it */
};

static __always_inline void count_ages(const struct ages *a)
{
	if (a->same && a->age >= 0)
		nma_hist_add(NMA_HIST_TOKEN_AGE, a->binding_id, a->age * nma_cfg.tick_ns,
			     a->same);
}

static __always_inline void note_age(struct ages *a, __u32 token)
{
	__s32 age = nma_token_age(a->row, token);

	if (age != a->age) {
		count_ages(a);
		a->age = age;
		a->same = 0;
	}
	a->same++;
}

/* The first of them is noted. */
static long add_age(__u32 i, struct ages *a)
{
	note_age(a, a->token + 1 + i);
	return 0;
}

static long add_ages(__u32 i, struct ages *a)
{
	struct asked *asked;
	__u32 zero = 0, nr;

	asked = bpf_map_lookup_elem(&nma_asked, &zero);
	if (!asked || i >= MAX_DONTNEED_TOKENS)
		return 1;
	a->token = asked->token[i].token_start;
	nr = asked->token[i].token_count;
	if (nr > MAX_DONTNEED_FRAGS)
		return 1;
	if (nr)
		note_age(a, a->token);
	if (nr > 1)
		bpf_loop(nr - 1, add_age, a, 0);
	return 0;
}

/* How old the tokens of the list have become. */
static __always_inline void note_ages(struct sock_row *row, __u32 bytes)
{
	struct ages a = { .row = row, .binding_id = row->binding_id };

	if (!nma_cfg.hist)
		return;
	bpf_loop(bytes / sizeof(struct dmabuf_token), add_ages, &a, 0);
	count_ages(&a);
}

/* The second argument is a structure of two slots, and so are its arguments
 * counted.
 */
SEC("?fexit/sock_devmem_dontneed")
int nma_token_return(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	struct asked *asked = NULL;
	struct sock_row *row;
	__u64 result = 0;
	int ret;

	bpf_get_func_ret(ctx, &result);
	ret = (int)result;
	row = nma_row_of(sk, 1);
	if (!row)
		return 0;
	if (ret == -EINVAL || ret == -EBADF) {
		send_use(sk, row, NMA_USE_RETURN_REFUSED, ret, (__u32)ctx[3]);
		return 0;
	}
	if (ret < 0)
		return 0;
	if (ret)
		__sync_fetch_and_add(&row->returned, ret);
	if (!(__u8)ctx[2])
		asked = read_list(ctx[1], ctx[3]);
	if (asked)
		judge_list(sk, row, asked, ret);
	if (asked)
		note_ages(row, ctx[3]);
	return 0;
}
