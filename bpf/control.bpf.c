// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * All hooks of the control path, in one program with one attachment: it runs on
 * entry and on return of some twenty-five functions, told apart by cookie
 * (enum nma_hook), and calls what the rows of nma_hooks.def name. A trampoline for
 * each would be closer to the compiler's types, but attaching and, on older
 * kernels, detaching one costs the machine a pass through all its traceable
 * functions and a grace period: seconds where this takes milliseconds. None of
 * these functions is on a path of packets.
 *
 * What a function was called with is kept until it returns, by task.
 */
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"

#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct call_key {
	__u64 task;		/* as bpf_get_current_pid_tgid() has it */
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

/* Nothing to wait for. */
static __noinline int on_entry(struct pt_regs *ctx, __u32 hook)
{
	struct nma_call call = as_entered(ctx, hook);

	switch (hook) {
#define ON_ENTRY_ENTRY(id)	case NMA_HOOK_##id: return nma_on_##id(&call, 0);
#define ON_ENTRY_RETURN(id)
#define ON_ENTRY_BOTH(id)
#define NMA_CONTROL(id, when, ...) ON_ENTRY_##when(id)
#include "nma_hooks.def"
	}
	return 0;
}

/* The call as it is kept until it returns, or NULL. */
static __noinline struct nma_call *remember(struct pt_regs *ctx, __u32 hook)
{
	struct call_key key = {
		.task = bpf_get_current_pid_tgid(),
		.hook = hook,
	};
	struct nma_call call = as_entered(ctx, hook);

	if (bpf_map_update_elem(&nma_calls, &key, &call, BPF_ANY))
		nma_count_loss(NMA_LOSS_MAP, 1);
	return bpf_map_lookup_elem(&nma_calls, &key);
}

static __always_inline int on_both(struct nma_call *call, __u32 hook)
{
	switch (hook) {
#define ON_BOTH_ENTRY(id)
#define ON_BOTH_RETURN(id)
#define ON_BOTH_BOTH(id)	case NMA_HOOK_##id: return nma_enter_##id(call);
#define NMA_CONTROL(id, when, ...) ON_BOTH_##when(id)
#include "nma_hooks.def"
	}
	return 0;
}

static __always_inline int on_return(const struct nma_call *call, __u32 hook,
				     __u64 ret)
{
	switch (hook) {
#define ON_RETURN_ENTRY(id)
#define ON_RETURN_RETURN(id)	case NMA_HOOK_##id: return nma_on_##id(call, ret);
#define ON_RETURN_BOTH(id)	ON_RETURN_RETURN(id)
#define NMA_CONTROL(id, when, ...) ON_RETURN_##when(id)
#include "nma_hooks.def"
	}
	return 0;
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

enum session {
	RETURN_WANTED,
	RETURN_SKIPPED,
};

static __always_inline enum session entered(struct pt_regs *ctx, __u32 hook)
{
	struct nma_call *call;

	if (ends_on_entry(hook)) {
		on_entry(ctx, hook);
		return RETURN_SKIPPED;
	}
	call = remember(ctx, hook);
	if (!call)
		return RETURN_SKIPPED;
	on_both(call, hook);
	return RETURN_WANTED;
}

/* A call that began before the tool is not in the map, and nothing is said. */
static __always_inline void left(struct pt_regs *ctx, __u32 hook)
{
	struct call_key key = {
		.task = bpf_get_current_pid_tgid(),
		.hook = hook,
	};
	struct nma_call *call;

	call = bpf_map_lookup_elem(&nma_calls, &key);
	if (!call)
		return;
	on_return(call, hook, PT_REGS_RC(ctx));
	bpf_map_delete_elem(&nma_calls, &key);
}

SEC("?kprobe.session")
int nma_control(struct pt_regs *ctx)
{
	__u32 hook = bpf_get_attach_cookie(ctx);

	if (!session_is_return(ctx))
		return entered(ctx, hook);
	left(ctx, hook);
	return 0;
}
