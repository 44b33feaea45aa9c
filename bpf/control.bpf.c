// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * All hooks of the control path, in one program with one attachment: it runs on
 * entry and on return of some twenty-five functions, told apart by cookie
 * (enum nma_hook), calls what the rows of nma_hooks.def name, and sends the records
 * of the objects that those leave (struct nma_after). A trampoline for each would be
 * closer to the compiler's types, but attaching and, on older kernels, detaching one
 * costs the machine a pass through all its traceable functions and a grace period:
 * seconds where this takes milliseconds. None of these functions is on a path of
 * packets.
 *
 * What a function was called with is kept until it returns, by task.
 */
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_fill.bpf.h"
#include "nma_ring.bpf.h"

#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct call_key {
	__u64 task;		/* address: idle tasks have no number of their own */
	__u32 hook;
	__u32 rsvd;
};

/* Functions that are running now. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct call_key);
	__type(value, struct nma_call);
} nma_calls SEC(".maps");

#define WANTS_STACK		true
#define WANTS_NO_STACK		false

static __always_inline bool wants_stack(__u32 hook)
{
	switch (hook) {
#define NMA_CONTROL(id, when, stack, ...) case NMA_HOOK_##id: return WANTS_##stack;
#include "nma_hooks.def"
	}
	return false;
}

static __always_inline struct nma_call as_entered(struct pt_regs *ctx, __u32 hook)
{
	struct nma_call call = {
		.arg[0] = PT_REGS_PARM1(ctx),
		.arg[1] = PT_REGS_PARM2(ctx),
		.arg[2] = PT_REGS_PARM3(ctx),
		.arg[3] = PT_REGS_PARM4(ctx),
		.arg[4] = PT_REGS_PARM5(ctx),
		.arg[5] = PT_REGS_PARM6(ctx),
	};

	if (wants_stack(hook))
		bpf_get_stack(ctx, call.stack, sizeof(call.stack), 0);
	return call;
}

static __always_inline struct call_key call_key(__u32 hook)
{
	return (struct call_key){ .task = bpf_get_current_task(), .hook = hook };
}

static __always_inline struct nma_call *recall(__u32 hook)
{
	struct call_key key = call_key(hook);

	return bpf_map_lookup_elem(&nma_calls, &key);
}

/* The call as it is kept until it ends, or NULL. */
static __noinline struct nma_call *remember(struct pt_regs *ctx, __u32 hook)
{
	struct call_key key = call_key(hook);
	struct nma_call call = as_entered(ctx, hook);

	if (bpf_map_update_elem(&nma_calls, &key, &call, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	return bpf_map_lookup_elem(&nma_calls, &key);
}

static __always_inline void on_entry(struct nma_call *call, __u32 hook)
{
	switch (hook) {
#define ON_ENTRY_ENTRY(id)	case NMA_HOOK_##id: nma_on_##id(call, 0); break;
#define ON_ENTRY_RETURN(id)
#define ON_ENTRY_BOTH(id)	case NMA_HOOK_##id: nma_enter_##id(call); break;
#define NMA_CONTROL(id, when, ...) ON_ENTRY_##when(id)
#include "nma_hooks.def"
	}
}

static __always_inline void on_return(struct nma_call *call, __u32 hook, __u64 ret)
{
	switch (hook) {
#define ON_RETURN_ENTRY(id)
#define ON_RETURN_RETURN(id)	case NMA_HOOK_##id: nma_on_##id(call, ret); break;
#define ON_RETURN_BOTH(id)	ON_RETURN_RETURN(id)
#define NMA_CONTROL(id, when, ...) ON_RETURN_##when(id)
#include "nma_hooks.def"
	}
}

static __always_inline bool ends_on_entry(__u32 hook)
{
	switch (hook) {
#define ENDS_ENTRY	true
#define ENDS_RETURN	false
#define ENDS_BOTH	false
#define NMA_CONTROL(id, when, ...) case NMA_HOOK_##id: return ENDS_##when;
#include "nma_hooks.def"
	}
	return true;
}

/* What the handler left, see struct nma_after */
static __always_inline void tell(struct nma_call *call)
{
	struct nma_after *after = &call->after;

	if (after->refusal.ask)
		nma_look_at_refused(call);
	if (after->op.op)
		nma_send_op(call);
	if (after->netdev[0])
		nma_send_nics(call);
	if (after->lowers_of && nma_send_lowers(after->lowers_of, NMA_CAUSE_CHANGE))
		nma_count_loss(NMA_LOSS_RING, 1);
	if (after->queue_of)
		nma_send_queues(call);
	if (after->zcrx)
		nma_send_zcrx(call);
	if (after->binding)
		nma_send_binding(call);
	if (after->pool)
		nma_send_pool(call);
	if (after->xsk)
		nma_send_xsk(call);
	if (after->refusal.ask)
		nma_send_refusal(call);
	__builtin_memset(after, 0, sizeof(*after));
}

enum session {
	RETURN_WANTED,
	RETURN_SKIPPED,
};

static __always_inline void forget(__u32 hook)
{
	struct call_key key = call_key(hook);

	bpf_map_delete_elem(&nma_calls, &key);
}

/* A call that began before the tool is not in the map, and nothing is said. */
SEC("?kprobe.session")
int nma_control(struct pt_regs *ctx)
{
	__u32 hook = bpf_get_attach_cookie(ctx);
	bool returns = session_is_return(ctx), ends = ends_on_entry(hook);
	struct nma_call *call = returns ? recall(hook) : remember(ctx, hook);

	if (!call)
		return RETURN_SKIPPED;
	if (returns)
		on_return(call, hook, PT_REGS_RC(ctx));
	else
		on_entry(call, hook);
	tell(call);
	if (returns || ends)
		forget(hook);
	return ends ? RETURN_SKIPPED : RETURN_WANTED;
}
