// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Whose it is: files that somebody has open, in whatever namespace. A socket that
 * holds tokens gets a row with a task to charge; what is bound through a netlink or
 * an AF_XDP socket is told with its owner. The kernel itself keeps no note of either.
 */
#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_sock.bpf.h"
#include "nma_xarray.bpf.h"

#define BINDINGS_MAX	(1 << 16)	/* ends what changes under us */

char LICENSE[] SEC("license") = "GPL";

struct binding_walk {
	struct task_struct *task;
	__u64 node;
	__u64 end;
	bool full;
};

static __always_inline void fill_task(struct nma_rec_owner *r, struct task_struct *task)
{
	r->pid = BPF_CORE_READ(task, tgid);
	r->uid = BPF_CORE_READ(task, cred, uid.val);
	r->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&r->comm, task, group_leader, comm);
}

static long tell_binding(__u32 i, struct binding_walk *w)
{
	struct net_devmem_dmabuf_binding *binding;
	struct nma_rec_owner *r;

	if (!w->node || w->node == w->end)
		return 1;
	r = nma_try_reserve(nma_rec_owner, NMA_REC_OWNER, NMA_CAUSE_SNAPSHOT);
	if (!r) {
		w->full = true;
		return 1;
	}
	binding = container_of(w->node, struct net_devmem_dmabuf_binding, list);
	r->owned = NMA_OWNED_BINDING;
	r->object = (__u64)binding;
	r->queue = NMA_NO_QUEUE;
	fill_task(r, w->task);
	w->node = (__u64)BPF_CORE_READ(binding, list.next);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Netlink sockets that bound something have a list of it with the family. */
static __noinline int tell_bindings(__u64 sk, struct task_struct *task)
{
	struct genl_family *family = (void *)nma_cfg.sym[NMA_SYM_NL_FAMILY];
	struct binding_walk w = { .task = task };
	__u64 privs, priv;

	if (!family)
		return 0;
	privs = (__u64)BPF_CORE_READ(family, sock_privs);
	priv = privs ? nma_xa_load(privs, sk) : 0;
	if (!priv)
		return 0;
	w.end = nl_sock_bindings(priv);
	w.node = nma_read_word(w.end);
	bpf_loop(BINDINGS_MAX, tell_binding, &w, 0);
	return w.full;
}

static __noinline int tell_xsk(struct sock *sk, struct task_struct *task)
{
	struct xdp_sock *xs = (void *)sk;
	struct net_device *dev = BPF_CORE_READ(xs, dev);
	struct nma_rec_owner *r;

	if (!dev)
		return 0;
	r = nma_try_reserve(nma_rec_owner, NMA_REC_OWNER, NMA_CAUSE_SNAPSHOT);
	if (!r)
		return 1;
	r->owned = NMA_OWNED_XSK;
	r->netdev = (__u64)dev;
	r->queue = BPF_CORE_READ(xs, queue_id);
	fill_task(r, task);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Nobody was seen reading from a socket that holds tokens: the first to be found with
 * it is charged.
 */
static __noinline int charge(struct sock *sk, struct task_struct *task)
{
	struct sock_row *row = nma_row_of(sk, 1);

	if (!row || row->pid)
		return 0;
	row->pid = task->tgid;
	row->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&row->comm, task, group_leader, comm);
	return 0;
}

/* 1: ring full, show the same again. */
SEC("?iter/task_file")
int nma_owner_iter(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *sock;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock)
		return 0;
	sk = sock->sk;
	if (!sk)
		return 0;
	/* a pointer is no number to the verifier, what was read is */
	if (sk->__sk_common.skc_family == AF_NETLINK &&
	    sk->sk_protocol == NETLINK_GENERIC)
		return tell_bindings((__u64)BPF_CORE_READ(sock, sk), task);
	if (sk->__sk_common.skc_family == AF_XDP)
		return tell_xsk(sk, task);
	return sk->sk_user_frags.xa_head ? charge(sk, task) : 0;
}
