// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * How applications use what they were lent: one record for each call that breaks
 * the contract, none for the others. The programs here run in the task that
 * makes the call.
 */
#include "nma_control.bpf.h"
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

/* Tasks whose call was told of, until the second program has seen it, too. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} nma_told SEC(".maps");

/* Every receive call of every socket comes here: be quick. */
static __always_inline __u32 what_is_wrong(struct sock *sk, int ret, int flags)
{
	if (flags & MSG_SOCK_DEVMEM) {
		if (ret == -ETOOSMALL)
			return NMA_USE_RECV_SMALL;
		return ret > 0 && flags & MSG_PEEK ? NMA_USE_PEEK : 0;
	}
	/* which has other reasons, too */
	return ret == -EFAULT && nma_unreadable_head(sk) ? NMA_USE_RECV_PLAIN : 0;
}

static __noinline int judge_recv(struct sock *sk, int ret, __u32 what, bool second)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct sock_row *row;
	__u8 told = 1;

	if (second && !bpf_map_delete_elem(&nma_told, &task))
		return 0;
	row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	/* what the CPU can read is peeked at without tokens */
	if (what == NMA_USE_PEEK && !row)
		return 0;
	send_use(sk, row, what, ret, 0);
	if (!second)
		bpf_map_update_elem(&nma_told, &task, &told, BPF_ANY);
	return 0;
}

static __always_inline int on_recv(struct sock *sk, int ret, int flags,
				   enum nma_eye eye)
{
	__u32 what;

	nma_pair_second(NMA_PAIR_RECV, (__u64)sk, nma_who(), eye);
	what = what_is_wrong(sk, ret, flags);
	return what ? judge_recv(sk, ret, what, eye == NMA_EYE_RIGHT) : 0;
}

/* Since v7.0 a tracepoint may be preempted, and then its program is skipped for
 * whoever comes next. That one has a second.
 */
SEC("?tp_btf/sock_recv_length")
int BPF_PROG(nma_recv, struct sock *sk, int ret, int flags)
{
	return on_recv(sk, ret, flags, NMA_EYE_LEFT);
}

SEC("?tp_btf/sock_recv_length")
int BPF_PROG(nma_recv_too, struct sock *sk, int ret, int flags)
{
	return on_recv(sk, ret, flags, NMA_EYE_RIGHT);
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
	return 0;
}
