// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What applications do with sockets: AF_XDP on a bound queue, tokens, sends from
 * dma-bufs; and the registration of io_uring's zero-copy receive.
 */
#include "nma_track.bpf.h"
#include "../nma_errqueue.bpf.h"
#include "../nma_xarray.bpf.h"

#define SOL_SOCKET		1
#define SO_DEVMEM_DONTNEED	80
#define MSG_ZEROCOPY		0x4000000
#define SCM_DEVMEM_DMABUF	79
#define TS_COMPAT		2
#define LIST_RANGES		128	/* of one call, that the kernel takes */
#define LIST_FRAGS		1024
#define STEPS_MAX		(1 << 22)	/* of a walk through one socket's tokens */

/* Of a socket that uses device memory. */
struct sock_row {
	__u64 sk;
	__u64 moved_ns;		/* since when tokens are out and none came back */
	__u32 reaped;		/* zero-copy sends whose completion was read, modulo 2^32 */
	__u32 sends;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sock_row);
} nma_socks SEC(".maps");

static __always_inline struct sock_row *row_of(struct sock *sk)
{
	return bpf_sk_storage_get(&nma_socks, sk, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* ---- Tokens ------------------------------------------------------------------*/

struct count_walk {
	struct nma_xa xa;
	__u32 count;
	__u32 enough;
};

/* Not on the stack: the verifier would follow every count. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct count_walk);
} nma_counting SEC(".maps");

/* The context of bpf_loop() has to be on the stack, so it points to the walk. */
static long count_token(__u32 i, struct count_walk **ctx)
{
	struct count_walk *w = *ctx;

	switch (nma_xa_step(&w->xa)) {
	case NMA_XA_AGAIN:
		return 0;
	case NMA_XA_END:
		return 1;
	case NMA_XA_FOUND:
		break;
	}
	w->count++;
	nma_xa_advance(&w->xa);
	return w->count >= w->enough;
}

/* Those that the kernel has for the socket, not more than @enough */
__noinline __u32 nma_tokens_out(__u64 sk, __u32 enough)
{
	struct count_walk *w;

	w = bpf_task_storage_get(&nma_counting, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!w)
		return 0;
	__builtin_memset(w, 0, sizeof(*w));
	w->enough = enough;
	w->xa.xarray = sk + bpf_core_field_offset(struct sock, sk_user_frags);
	bpf_loop(STEPS_MAX, count_token, &w, 0);
	return w->count;
}

static __always_inline bool any_token(struct sock *sk)
{
	return sk->sk_user_frags.xa_head;
}

static __noinline int judge_quota(struct nma_policy *pol, __u64 sk)
{
	struct nma_breach b = { .rule = NMA_RULE_TOK_01, .reason = NMA_REASON_TOKENS,
				.ask = NMA_REQ_RECV };

	if (!pol->token_count)
		return 0;
	b.limit = pol->token_count;
	b.asked = nma_tokens_out(sk, pol->token_count);
	return b.asked < b.limit ? 0 : nma_judge(pol, &b);
}

static __noinline int judge_idle(struct nma_policy *pol, struct sock_row *row)
{
	struct nma_breach b = { .rule = NMA_RULE_TOK_01,
				.reason = NMA_REASON_TOKENS_IDLE,
				.ask = NMA_REQ_RECV };
	__u64 now = bpf_ktime_get_ns();

	if (!row->moved_ns)
		row->moved_ns = now;
	b.asked = now - row->moved_ns;
	b.limit = pol->token_idle_ns;
	return !b.limit || b.asked <= b.limit ? 0 : nma_judge(pol, &b);
}

static __noinline int judge_peek(struct nma_policy *pol)
{
	struct nma_breach b = { .rule = NMA_RULE_TOK_04, .reason = NMA_REASON_PEEK,
				.ask = NMA_REQ_RECV };

	return nma_judge(pol, &b);
}

SEC("?lsm.s/socket_recvmsg")
int BPF_PROG(nma_recvmsg, struct socket *sock, struct msghdr *msg, int size, int flags,
	     int ret)
{
	struct nma_policy *pol;
	struct sock_row *row;
	struct sock *sk;
	int err;

	if (ret || !(flags & MSG_SOCK_DEVMEM))
		return nma_answer(ret);
	pol = nma_policy();
	sk = sock->sk;
	if (!pol || !sk)
		return 0;
	if (flags & MSG_PEEK) {
		err = judge_peek(pol);
		if (err)
			return nma_answer(err);
	}
	if (!nma_looks_at(pol, NMA_RULE_TOK_01))
		return 0;
	row = row_of(sk);
	if (!row)
		return 0;
	if (!any_token(sk)) {
		row->moved_ns = 0;
		return 0;
	}
	err = judge_quota(pol, (__u64)BPF_CORE_READ(sock, sk));
	return nma_answer(err ? err : judge_idle(pol, row));
}

SEC("?fexit/sock_devmem_dontneed")
int nma_returned(__u64 *ctx)
{
	struct sock_row *row;
	__u64 ret = 0;

	if (bpf_get_func_ret(ctx, &ret) || (int)ret <= 0)
		return 0;
	row = bpf_sk_storage_get(&nma_socks, (struct sock *)ctx[0], NULL, 0);
	if (row)
		row->moved_ns = bpf_ktime_get_ns();
	return 0;
}

/* ---- Lists of tokens ---------------------------------------------------------*/

struct thread_info___with_status {
	__u32 status;
} __attribute__((preserve_access_index));

struct task_struct___with_info {
	struct thread_info___with_status thread_info;
} __attribute__((preserve_access_index));

static __always_inline bool is_compat(void)
{
	struct task_struct___with_info *task = (void *)bpf_get_current_task();

	return bpf_core_field_exists(task->thread_info.status) &&
	       BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
}

/* Comes before the program of the cgroup, which is not asked of 32-bit calls, and
 * cannot read the socket but through what this leaves.
 */
SEC("?lsm/socket_setsockopt")
int BPF_PROG(nma_setsockopt, struct socket *sock, int level, int optname, int ret)
{
	struct nma_breach b = { .rule = NMA_RULE_TOK_02,
				.reason = NMA_REASON_LIST_COMPAT,
				.ask = NMA_REQ_RETURN };
	struct nma_policy *pol;
	struct sock_row *row;
	struct sock *sk;

	if (ret || level != SOL_SOCKET || optname != SO_DEVMEM_DONTNEED)
		return nma_answer(ret);
	pol = nma_policy();
	sk = sock->sk;
	if (!pol || !nma_looks_at(pol, NMA_RULE_TOK_02) || !sk)
		return 0;
	if (is_compat())
		return nma_answer(nma_judge(pol, &b));
	row = row_of(sk);
	if (row)
		row->sk = (__u64)sk;
	return 0;
}

struct token_range {
	__u32 start;
	__u32 count;
};

struct range_walk {
	struct nma_xa xa;
	__u64 xarray;
	__u32 start;
	__u32 missing;
};

/* To the token itself: a walk that begins there finds it or a later one. Global, as
 * nma_all_there(), so that the verifier goes through it once.
 */
__noinline int nma_has_token(__u64 xarray, __u32 token)
{
	struct nma_xa xa = { .xarray = xarray, .index = token };
	__u32 i;

	for (i = 0; i < 8; i++) {
		switch (nma_xa_step(&xa)) {
		case NMA_XA_AGAIN:
			break;
		case NMA_XA_FOUND:
			return xa.index == token;
		case NMA_XA_END:
			return 0;
		}
	}
	return 0;
}

static long look_for_token(__u32 i, struct range_walk *w)
{
	if (nma_has_token(w->xarray, w->start + i))
		return 0;
	w->missing = 1;
	return 1;
}

__noinline int nma_all_there(__u64 sk, __u32 start, __u32 count)
{
	struct range_walk w = { .start = start };

	w.xarray = sk + bpf_core_field_offset(struct sock, sk_user_frags);
	bpf_loop(count, look_for_token, &w, 0);
	return !w.missing;
}

static __always_inline int judge_list(struct nma_policy *pol, __u32 reason, __u64 asked)
{
	struct nma_breach b = { .rule = NMA_RULE_TOK_02, .reason = reason,
				.asked = asked, .ask = NMA_REQ_RETURN };

	return nma_judge(pol, &b);
}

/* Of ranges that overlap, the second takes what is not there any more. */
static __always_inline int judge_ranges(struct nma_policy *pol, struct bpf_sockopt *ctx,
					__u64 sk)
{
	struct token_range *range = ctx->optval, *end = ctx->optval_end;
	__u32 i, sum = 0;

	for (i = 0; i < LIST_RANGES; i++, range++) {
		if ((void *)(range + 1) > (void *)end || (i + 1) * sizeof(*range) >
		    (__u32)ctx->optlen)
			break;
		if (range->count > LIST_FRAGS || sum + range->count > LIST_FRAGS)
			return judge_list(pol, NMA_REASON_LIST_FRAGS, range->count);
		sum += range->count;
		if (!nma_all_there(sk, range->start, range->count))
			return judge_list(pol, NMA_REASON_LIST_UNKNOWN, range->start);
	}
	return 0;
}

/* With an argument of 64 bits, whose range the verifier sees. */
static long (*const set_retval)(long err) = (void *)BPF_FUNC_set_retval;

static __always_inline int refuse_call(int err)
{
	long answer = err;

	barrier_var(answer);
	if (answer < -4095 || answer >= 0)
		answer = -EPERM;
	set_retval(answer);
	return 0;
}

SEC("?cgroup/setsockopt")
int nma_token_list(struct bpf_sockopt *ctx)
{
	struct nma_policy *pol;
	struct sock_row *row;
	int err;

	if (ctx->level != SOL_SOCKET || ctx->optname != SO_DEVMEM_DONTNEED) {
		/* what is longer than a page is not here as a whole: the caller's own */
		if (ctx->optlen > ctx->optval_end - ctx->optval)
			ctx->optlen = 0;
		return 1;
	}
	pol = nma_policy();
	if (!pol || !nma_looks_at(pol, NMA_RULE_TOK_02) || !ctx->sk)
		return 1;
	row = bpf_sk_storage_get(&nma_socks, ctx->sk, NULL, 0);
	if (!row || !row->sk)
		return 1;
	if (ctx->optlen % sizeof(struct token_range) ||
	    ctx->optlen > (int)(LIST_RANGES * sizeof(struct token_range)))
		err = judge_list(pol, NMA_REASON_LIST_LENGTH, ctx->optlen);
	else
		err = judge_ranges(pol, ctx, row->sk);
	if (ctx->optlen > ctx->optval_end - ctx->optval)
		ctx->optlen = 0;
	return err ? refuse_call(err) : 1;
}

/* ---- AF_XDP ------------------------------------------------------------------*/

struct sockaddr {
	__u16 sa_family;
};

struct sockaddr_xdp {
	__u16 sxdp_family;
	__u16 sxdp_flags;
	__u32 sxdp_ifindex;
	__u32 sxdp_queue_id;
};

__noinline __u64 nma_device_at(__u64 net, __u32 ifindex)
{
	return nma_device_by_index(net, ifindex);
}

static __noinline int judge_xsk(struct nma_policy *pol, struct sockaddr_xdp *addr,
				__u64 net)
{
	struct nma_breach b = { .rule = NMA_RULE_BIND_05, .reason = NMA_REASON_XSK,
				.ask = NMA_REQ_XSK };

	b.dev = nma_device_at(net, addr->sxdp_ifindex);
	if (!b.dev || !nma_covers(pol, b.dev) ||
	    !rxq_is_bound((void *)b.dev, addr->sxdp_queue_id))
		return 0;
	b.asked = addr->sxdp_queue_id;
	return nma_judge(pol, &b);
}

SEC("?lsm.s/socket_bind")
int BPF_PROG(nma_socket_bind, struct socket *sock, struct sockaddr *address, int addrlen,
	     int ret)
{
	struct sockaddr_xdp addr = {};
	struct nma_policy *pol;
	struct sock *sk;

	if (ret)
		return nma_answer(ret);
	sk = sock->sk;
	if (!sk || sk->__sk_common.skc_family != AF_XDP ||
	    addrlen < (int)sizeof(addr))
		return 0;
	pol = nma_policy();
	if (!pol || !nma_looks_at(pol, NMA_RULE_BIND_05) ||
	    bpf_probe_read_kernel(&addr, sizeof(addr), address))
		return 0;
	return nma_answer(judge_xsk(pol, &addr,
				    (__u64)BPF_CORE_READ(sk, __sk_common.skc_net.net)));
}

/* ---- Sends from dma-bufs -----------------------------------------------------*/

struct cmsg {
	__u64 len;
	__u32 level;
	__u32 type;
};

#define CMSGS_MOST	16

/* The kernel's copy; of a 32-bit call it is laid out again, too. */
__noinline int nma_from_dmabuf(__u64 at, __u64 left)
{
	struct cmsg c;
	__u64 step;
	__u32 i;

	for (i = 0; i < CMSGS_MOST; i++) {
		if (left < sizeof(c) || bpf_probe_read_kernel(&c, sizeof(c), (void *)at))
			return 0;
		if (c.level == SOL_SOCKET && c.type == SCM_DEVMEM_DMABUF)
			return 1;
		step = (c.len + 7) & ~7ull;
		if (step < sizeof(c) || step > left)
			return 0;
		at += step;
		left -= step;
	}
	return 0;
}

SEC("?lsm.s/socket_sendmsg")
int BPF_PROG(nma_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	struct nma_breach b = { .rule = NMA_RULE_TX_02, .reason = NMA_REASON_UNREAD,
				.ask = NMA_REQ_SEND };
	struct nma_policy *pol;
	struct sock_row *row;
	struct sock *sk;
	__u32 begun;

	if (ret || !(BPF_CORE_READ(msg, msg_flags) & MSG_ZEROCOPY))
		return nma_answer(ret);
	pol = nma_policy();
	sk = sock->sk;
	if (!pol || !pol->unread_sends || !sk || !nma_looks_at(pol, NMA_RULE_TX_02) ||
	    !nma_from_dmabuf((__u64)BPF_CORE_READ(msg, msg_control),
			     BPF_CORE_READ(msg, msg_controllen)))
		return 0;
	row = row_of(sk);
	if (!row)
		return 0;
	begun = BPF_CORE_READ(sk, sk_zckey.counter);
	if (!row->sends++)
		row->reaped = begun;	/* older ones are nobody's fault */
	b.asked = (__u32)(begun - row->reaped);
	b.limit = pol->unread_sends;
	return nma_answer(b.asked < b.limit ? 0 : nma_judge(pol, &b));
}

SEC("?fexit/sock_dequeue_err_skb")
int BPF_PROG(nma_reaped, struct sock *sk, struct sk_buff *skb)
{
	struct sock_exterr_skb *serr = nma_completion(skb);
	struct sock_row *row;
	__u32 behind;

	if (!serr)
		return 0;
	row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	if (!row)
		return 0;
	behind = BPF_CORE_READ(serr, ee.ee_data) + 1;
	if ((__s32)(behind - row->reaped) > 0)
		row->reaped = behind;
	return 0;
}

/* ---- io_uring ----------------------------------------------------------------*/

/* io_register_zcrx() asks whether the task is an administrator: no sooner. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} nma_registering SEC(".maps");

static __always_inline void set_registering(__u32 on)
{
	__u32 *flag;

	flag = bpf_task_storage_get(&nma_registering, bpf_get_current_task_btf(), NULL,
				    on ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	if (flag)
		*flag = on;
}

SEC("?fentry/io_register_zcrx")
int BPF_PROG(nma_zcrx_begin)
{
	set_registering(1);
	return 0;
}

SEC("?fexit/io_register_zcrx")
int BPF_PROG(nma_zcrx_end)
{
	set_registering(0);
	return 0;
}

SEC("?lsm/capable")
int BPF_PROG(nma_capable, const struct cred *cred, void *ns, int cap, unsigned int opts,
	     int ret)
{
	struct nma_breach b = { .rule = NMA_RULE_BIND_09, .reason = NMA_REASON_WHO,
				.ask = NMA_REQ_ZCRX };
	struct nma_policy *pol;
	__u32 *flag;

	if (ret || cap != CAP_NET_ADMIN)
		return nma_answer(ret);
	flag = bpf_task_storage_get(&nma_registering, bpf_get_current_task_btf(), NULL, 0);
	if (!flag || !*flag)
		return 0;
	*flag = 0;
	pol = nma_policy();
	if (!pol || nma_may(pol, NMA_WHO_ZCRX))
		return 0;
	return nma_answer(nma_judge(pol, &b));
}
