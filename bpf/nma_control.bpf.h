/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hooks of the control path: what control.bpf.c calls, and what it passes on.
 * Arguments are plain numbers, as registers have them.
 */
#ifndef NMA_CONTROL_BPF_H
#define NMA_CONTROL_BPF_H

#include "nma_types.bpf.h"
#include "nma_hooks.h"

/* An operation on a device or one of its queues: see struct nma_rec_op, which has
 * more that is read from the device.
 */
struct nma_op_told {
	__u64 netdev;
	__u64 mp_priv;		/* 0: what the queue has */
	__u64 value;
	__u32 op;		/* enum nma_op, 0 none */
	__u32 queue;
	__s32 ret;
	__u32 mode;
	__u8 hds;
	__u8 hds_known;		/* else what the device has */
	__u8 rsvd[6];
};

/* A setting that the device's own record does not have yet */
struct nma_setting_told {
	__u32 xdp_prog_id;
	__u8 xdp_mode;
	__u8 xdp_known;
	__u8 hds;
	__u8 hds_known;
	__u8 hds_pending;	/* the threshold, too, is the one to come */
	__u8 rsvd[3];
};

/* A request that was refused */
struct nma_refusal {
	__u64 net;		/* namespace that devices are numbered in */
	__u64 netdev;
	__u64 words;		/* address, 0 none */
	__u64 value;
	__u64 memlock;
	__u64 name;		/* address of the name it was asked by, 0 none */
	__u32 ask;		/* enum nma_req, 0 none */
	__u32 ifindex;
	__u32 queue;
	__u32 mode;
	__s32 err;
	__u32 rsvd;
};

/* What is told when a handler is done, in this order; 0: nothing of the kind.
 * Handlers name the objects, and control.bpf.c has the records sent, each kind in one
 * place: the verifier of newer kernels goes through a function once for every way
 * that leads to it, and those that fill records are the largest.
 */
struct nma_after {
	struct nma_op_told op;
	__u64 netdev[2];
	__u64 lowers_of;	/* the devices right below this one */
	__u64 queue_of;		/* netdev of a queue; also what lends it its hardware */
	__u64 zcrx;		/* interface queue of io_uring, of netdev[0] */
	__u64 binding;
	__u64 pool;
	__u64 xsk;		/* socket that was bound */
	struct nma_refusal refusal;
	struct nma_setting_told setting;	/* of netdev[0] */
	__u32 queue;
	__u16 netdev_cause;
	__u16 binding_cause;
	__u16 pool_cause;
	__u16 rsvd[3];
};

/* A call that has not returned yet, as it was entered. */
struct nma_call {
	__u64 arg[6];
	__u64 stack[NMA_STACK_LEN];	/* of those that want one */
	struct nma_after after;
};

/* nma_on_<hook>() and nma_enter_<hook>(), as nma_hooks.def has them. Hidden, and so no
 * functions of their own to the verifier, which goes through those twice.
 */
#define NMA_ENTER_ENTRY(id)
#define NMA_ENTER_RETURN(id)
#define NMA_ENTER_BOTH(id)	__hidden void nma_enter_##id(struct nma_call *call);

#define NMA_CONTROL(id, when, ...) \
	__hidden void nma_on_##id(struct nma_call *call, __u64 ret); \
	NMA_ENTER_##when(id)
#include "nma_hooks.def"

/* The device, as it is now. */
static __always_inline void nma_after_nic(struct nma_call *call, __u64 netdev)
{
	call->after.netdev[0] = netdev;
	call->after.netdev_cause = NMA_CAUSE_CHANGE;
}

static __always_inline void nma_after_queue(struct nma_call *call, __u64 netdev,
					    __u32 queue)
{
	call->after.queue_of = netdev;
	call->after.queue = queue;
}

static __always_inline void nma_after_pool(struct nma_call *call, __u64 pool, __u16 cause)
{
	call->after.pool = pool;
	call->after.pool_cause = cause;
}

static __always_inline void nma_after_binding(struct nma_call *call, __u64 binding,
					      __u16 cause)
{
	call->after.binding = binding;
	call->after.binding_cause = cause;
}

/* @queue: NMA_NO_QUEUE for the device as a whole */
static __always_inline struct nma_op_told *nma_after_op(struct nma_call *call, __u32 op,
							__u64 netdev, __u32 queue)
{
	call->after.op.op = op;
	call->after.op.netdev = netdev;
	call->after.op.queue = queue;
	return &call->after.op;
}

/* Their senders, in the file of each kind of record */
__hidden void nma_send_op(const struct nma_call *call);
__hidden void nma_send_nics(const struct nma_call *call);
__hidden void nma_send_queues(const struct nma_call *call);
__hidden void nma_send_zcrx(const struct nma_call *call);
__hidden void nma_send_binding(const struct nma_call *call);
__hidden void nma_send_pool(const struct nma_call *call);
__hidden void nma_send_xsk(struct nma_call *call);
__hidden void nma_send_refusal(const struct nma_call *call);

/* Has what a refused request was about told first. */
__hidden void nma_look_at_refused(struct nma_call *call);

/* A pool is taken from its NAPI: could that still run? */
__hidden void nma_pool_napi_off(const struct nma_call *call);

#endif /* NMA_CONTROL_BPF_H */
