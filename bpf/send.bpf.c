// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Sending with MSG_ZEROCOPY, from a dma-buf above all: calls that are refused,
 * memory that is sent again before its first send completed, completions that are
 * read. The programs here run in the task that makes the call.
 */
#include "nma_control.bpf.h"
#include "nma_cpu.bpf.h"
#include "nma_pair.bpf.h"
#include "nma_use.bpf.h"

#include <bpf/bpf_tracing.h>

#define EXTENTS		4	/* iovecs of a send that are looked at */
#define SENDS_KEPT	64	/* of a socket; a power of two */
#define EFAULT		14
#define ENODEV		19
#define EINVAL		22
#define EHOSTUNREACH	113
#define ERR_PTR_MAX	4095

char LICENSE[] SEC("license") = "GPL";

/* Bytes of a dma-buf: offsets, the end not included */
struct extent {
	__u64 start;
	__u64 end;
};

/* A send from a dma-buf, by task; the last one, if it has returned. */
struct send {
	__u64 sk;
	__u64 dmabuf;		/* address, once the binding was found */
	__u32 dmabuf_id;
	__u32 looked;		/* the kernel looked for the binding ... */
	__s32 err;		/* ... and this came of it */
	__u32 waiting;		/* completions that were unread, up to here; 0: none */
	__u32 seq;		/* of its first byte in the stream */
	__u32 seen;		/* see nma_pair_second_locked() */
	struct extent extent[EXTENTS];	/* unused ones are empty */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct send);
} nma_sends SEC(".maps");

/* One that has returned, and may not have completed */
struct sent {
	__u64 dmabuf;
	__u64 time_ns;
	struct extent extent;
	__u32 id;		/* of its completion */
	__u32 rsvd;
};

struct sent_ring {
	__u32 nr;		/* that ever went in */
	__u32 last_id;		/* of the last send's completion */
	__u64 last_ns;		/* when it began */
	struct send last;	/* not yet among these */
	struct sent at[SENDS_KEPT];
};

/* The last sends from dma-bufs of a socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sent_ring);
} nma_sent_rings SEC(".maps");

/* Nobody pays for looking before the first such send. */
static __u32 sends_seen SEC(".bss.sends");

/* ---- The call ---------------------------------------------------------------*/

/* The kernel takes the addresses of a sender's iovecs for offsets. */
static __always_inline void read_extents(struct send *send, __u64 msg)
{
	struct iov_iter *iter = __builtin_preserve_access_index(&((struct msghdr *)msg)->msg_iter);
	const struct iovec *iov = BPF_CORE_READ(iter, __iov);
	__u64 start, n = 1;
	__u32 i;

	if (BPF_CORE_READ(iter, iter_type) == ITER_UBUF)
		iov = __builtin_preserve_access_index(&iter->__ubuf_iovec);
	else if (BPF_CORE_READ(iter, iter_type) == ITER_IOVEC)
		n = BPF_CORE_READ(iter, nr_segs);
	else
		return;
	for (i = 0; i < EXTENTS && i < n; i++) {
		start = (__u64)BPF_CORE_READ(&iov[i], iov_base);
		send->extent[i].start = start;
		send->extent[i].end = start + BPF_CORE_READ(&iov[i], iov_len);
	}
}

/* sock_cmsg_send(sk, msg, cookie), on return */
void nma_on_SEND_CMSG(struct nma_call *call, __u64 ret)
{
	struct send send = {};
	__u64 task = bpf_get_current_pid_tgid();
	struct tcp_sock *tp;

	send.dmabuf_id = sockcm_dmabuf_id(call->arg[2]);
	if (!send.dmabuf_id)
		return;
	send.sk = call->arg[0];
	tp = (void *)call->arg[0];
	send.seq = BPF_CORE_READ(tp, write_seq);
	/* when it returns this one may have completed, and all before it */
	send.waiting = nma_completion_waiting((void *)call->arg[0], 0);
	read_extents(&send, call->arg[1]);
	sends_seen = 1;
	bpf_map_update_elem(&nma_sends, &task, &send, BPF_ANY);
}

/* ---- Refused ----------------------------------------------------------------*/

static __always_inline __u32 why_refused(const struct send *send)
{
	if (!send->looked)
		return NMA_SEND_NO_ZEROCOPY;
	if (!send->err)
		return NMA_SEND_BAD_RANGE;
	return send->err == -EINVAL ? NMA_SEND_NO_BINDING : NMA_SEND_OTHER_DEVICE;
}

static __noinline void tell_of_send(struct sock *sk, const struct send *send,
				    __u32 use, int ret, __u32 why)
{
	struct nma_rec_use *r = nma_begin_use(sk, NULL, use, ret);

	if (!r)
		return;
	r->value = send->dmabuf_id;
	r->binding_id = send->dmabuf_id;
	r->why = why;
	bpf_ringbuf_submit(r, 0);
}

/* ---- Sent again before it completed -----------------------------------------*/

/* What bpf_loop() passes on; on the stack, so that pointers keep their types. */
struct look {
	struct send *send;
	struct sent_ring *ring;
	__u64 written_ns;	/* when the CPU last began to write there */
	__u32 done;		/* completions up to here have come */
	__u32 found;
};

/* An empty one overlaps nothing, wherever it lies. */
static __always_inline bool overlap(const struct extent *a, const struct extent *b)
{
	__u64 start = a->start > b->start ? a->start : b->start;
	__u64 end = a->end < b->end ? a->end : b->end;

	return start < end;
}

static long compare_sent(__u32 i, struct look *look)
{
	const struct sent *sent = &look->ring->at[i & (SENDS_KEPT - 1)];
	__u32 j;

	if (sent->dmabuf != look->send->dmabuf || sent->time_ns > look->written_ns ||
	    (__s32)(sent->id - look->done) < 0)
		return 0;
	for (j = 0; j < EXTENTS; j++) {
		if (!overlap(&sent->extent, &look->send->extent[j]))
			continue;
		look->found = 1;
		return 1;
	}
	return 0;
}

static __always_inline __u32 bytes_of(const struct send *send)
{
	__u64 bytes = 0;
	__u32 i;

	for (i = 0; i < EXTENTS; i++)
		bytes += send->extent[i].end - send->extent[i].start;
	return bytes;
}

/* The socket took the first @bytes only. */
static __always_inline void clip(struct send *send, __u64 bytes)
{
	struct extent *e;
	__u32 i;

	for (i = 0; i < EXTENTS; i++) {
		e = &send->extent[i];
		if (e->end - e->start > bytes)
			e->end = e->start + bytes;
		bytes -= e->end - e->start;
	}
}

/* What became of the last send: the stream went on by what the socket took of it. */
static __always_inline void keep_last(struct sock *sk, struct sent_ring *ring)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct send *send = &ring->last;
	struct sent *sent;
	__u32 i;

	clip(send, BPF_CORE_READ(tp, write_seq) - send->seq);
	for (i = 0; i < EXTENTS; i++) {
		if (send->extent[i].start == send->extent[i].end)
			continue;
		sent = &ring->at[ring->nr++ & (SENDS_KEPT - 1)];
		sent->dmabuf = send->dmabuf;
		sent->extent = send->extent[i];
		sent->time_ns = ring->last_ns;
		sent->id = ring->last_id;
	}
}

/* The CPU may write to one part of a dma-buf while another is on its way. Whoever
 * sends bytes again has written them, if it began to write since, and the socket
 * has no completion of the send before. A socket without a row began to send
 * before all hooks were there.
 */
static __noinline int compare_range(struct sock *sk, struct send *send)
{
	struct sock_row *row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	struct cpu_use *use = nma_cpu_use_of(send->dmabuf);
	struct look look = {
		.send = send,
	};

	if (use)
		__sync_fetch_and_add(&use->sends, 1);
	if (!row)
		return 0;
	look.ring = bpf_sk_storage_get(&nma_sent_rings, sk, NULL,
				       BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!look.ring) {
		nma_count_loss(NMA_LOSS_MAP, 1);
		return 0;
	}
	keep_last(sk, look.ring);
	if (use && use->written_ns) {
		look.written_ns = use->written_ns;
		look.done = row->tx_reaped;
		if (send->waiting)
			look.done = nma_later(send->waiting, row->tx_reaped);
		bpf_loop(SENDS_KEPT, compare_sent, &look, 0);
	}
	if (look.found)
		tell_of_send(sk, send, NMA_USE_SEND_WRITTEN, bytes_of(send), 0);
	look.ring->last = *send;
	look.ring->last_id = BPF_CORE_READ(sk, sk_zckey.counter) - 1;
	look.ring->last_ns = bpf_ktime_get_ns();
	return 0;
}

/* ---- The binding ------------------------------------------------------------*/

/* Global, so that the verifier goes through it once. */
__noinline int nma_note_used(__u64 binding)
{
	__u32 id = BPF_CORE_READ((struct net_devmem_dmabuf_binding *)binding, id);

	if (bpf_map_lookup_elem(&nma_tx_used, &id) || nma_tx_used_full)
		return 0;
	if (!bpf_map_update_elem(&nma_tx_used, &id, &id, BPF_ANY))
		return 0;
	nma_tx_used_full = 1;
	nma_count_loss(NMA_LOSS_MAP, 1);
	return 0;
}

static __always_inline int on_tx_binding(void *ctx, struct sock *sk, enum nma_eye eye)
{
	__u64 task = bpf_get_current_pid_tgid(), binding;
	struct send *send = bpf_map_lookup_elem(&nma_sends, &task);

	if (bpf_get_func_ret(ctx, &binding))
		return 0;
	if (send && nma_pair_second_locked(NMA_PAIR_SEND, &send->seen, eye))
		return 0;
	if (binding < -(__u64)ERR_PTR_MAX)
		nma_note_used(binding);
	if (!send)
		return 0;
	send->looked = 1;
	send->err = binding >= -(__u64)ERR_PTR_MAX ? (__s32)binding : 0;
	if (send->err)
		return 0;
	send->dmabuf = (__u64)BPF_CORE_READ(
		(struct net_devmem_dmabuf_binding *)binding, dmabuf);
	return compare_range(sk, send);
}

/* net_devmem_get_binding(sk, id), with MSG_ZEROCOPY only */
SEC("?fexit/net_devmem_get_binding")
int BPF_PROG(nma_tx_binding, struct sock *sk)
{
	return on_tx_binding(ctx, sk, NMA_EYE_LEFT);
}

SEC("?fexit/net_devmem_get_binding")
int BPF_PROG(nma_tx_binding_too, struct sock *sk)
{
	return on_tx_binding(ctx, sk, NMA_EYE_RIGHT);
}

/* ---- Refused, on return -----------------------------------------------------*/

/* sk_stream_error(sk, flags, err): a TCP send of which nothing was taken; the task
 * may have sent from a dma-buf before, and then the stream went on since. Its note goes
 * to the program that comes first.
 */
static __always_inline int on_send_failed(struct sock *sk, int err, enum nma_eye eye)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct cpu_use *use;
	struct send *send;
	__u64 task;

	nma_pair_second(NMA_PAIR_SEND_FAILED, (__u64)sk, nma_who(), eye);
	if (!sends_seen)
		return 0;
	task = bpf_get_current_pid_tgid();
	send = bpf_map_lookup_elem(&nma_sends, &task);
	if (!send)
		return 0;
	if (send->sk == (__u64)sk && send->seq == BPF_CORE_READ(tp, write_seq)) {
		use = nma_cpu_use_of(send->dmabuf);
		if (use)
			__sync_fetch_and_add(&use->sends, -1);
		if (err == -EINVAL || err == -EFAULT || err == -ENODEV ||
		    err == -EHOSTUNREACH)
			tell_of_send(sk, send, NMA_USE_SEND_REFUSED, err,
				     why_refused(send));
	}
	bpf_map_delete_elem(&nma_sends, &task);
	return 0;
}

SEC("?fentry/sk_stream_error")
int BPF_PROG(nma_send, struct sock *sk, int flags, int err)
{
	return on_send_failed(sk, err, NMA_EYE_LEFT);
}

SEC("?fentry/sk_stream_error")
int BPF_PROG(nma_send_too, struct sock *sk, int flags, int err)
{
	return on_send_failed(sk, err, NMA_EYE_RIGHT);
}

/* ---- Completions ------------------------------------------------------------*/

/* msg_zerocopy_realloc(sk, size, uarg), and since dma-bufs can be sent from
 * whether it is one. Counted is what the socket itself keeps: see fill_sends().
 */
SEC("?fentry/msg_zerocopy_realloc")
int nma_zc_send(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	__u32 used = 1;
	__u64 dmabuf = 0;
	struct sock_row *row;

	if (bpf_get_func_arg_cnt(ctx) > 3 && !bpf_get_func_arg(ctx, 3, &dmabuf) &&
	    (__u8)dmabuf)
		used = 2;
	row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	if (row && row->tx_used >= used)
		return 0;
	row = nma_row_of(sk, 1);
	if (!row)
		return 0;
	if (!row->tx_used)	/* what came before is not ours to judge */
		row->tx_reaped = BPF_CORE_READ(sk, sk_zckey.counter);
	row->tx_used = used;
	if (row->pid)
		return 0;
	row->pid = bpf_get_current_pid_tgid() >> 32;
	row->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(row->comm, sizeof(row->comm));
	return 0;
}

/* sock_dequeue_err_skb(sk): the application reads its completions, in ranges */
SEC("?fexit/sock_dequeue_err_skb")
int BPF_PROG(nma_zc_reap, struct sock *sk, struct sk_buff *skb)
{
	struct sock_exterr_skb *serr = nma_completion(skb);
	struct sock_row *row;
	__u32 lo, hi;

	if (!serr)
		return 0;
	row = bpf_sk_storage_get(&nma_socks, sk, NULL, 0);
	if (!row)
		return 0;
	lo = BPF_CORE_READ(serr, ee.ee_info);
	hi = BPF_CORE_READ(serr, ee.ee_data);
	row->tx_reaped = nma_later(hi + 1, row->tx_reaped);
	/* The code is that of the range's first send: one range is no proof of all. */
	if (!(BPF_CORE_READ(serr, ee.ee_code) & SO_EE_CODE_ZEROCOPY_COPIED)) {
		row->tx_spared = 1;
		return 0;
	}
	row->tx_copied += hi - lo + 1;
	if (row->tx_told < 255)
		row->tx_told++;
	return 0;
}
