// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * All hooks of the control path, in one program with one attachment: it runs on
 * entry and on return of some twenty-five functions, told apart by cookie
 * (enum nma_hook). A trampoline for each would be closer to the compiler's
 * types, but attaching and, on older kernels, detaching one costs the machine
 * a pass through all its traceable functions and a grace period: seconds where
 * this takes milliseconds. None of these functions is on a path of packets.
 *
 * What a function was called with is kept until it returns, by task.
 */
#include "nma_control.bpf.h"
#include "nma_core.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_rules.h"

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

static __always_inline bool wants_stack(__u32 hook)
{
	return hook == NMA_HOOK_POOL_CREATE || hook == NMA_HOOK_POOL_FAIL ||
	       hook == NMA_HOOK_PP_DISABLE || hook == NMA_HOOK_QUEUES;
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

enum session {
	RETURN_WANTED,
	RETURN_SKIPPED,
};

static __always_inline enum session await_return(struct pt_regs *ctx, __u32 hook)
{
	struct nma_call *call = remember(ctx, hook);

	if (!call)
		return RETURN_SKIPPED;
	if (hook == NMA_HOOK_POOL_FAIL)
		nma_on_pool_ask(call);
	if (hook == NMA_HOOK_UNBIND)	/* in place of the address: it may be freed */
		call->arg[0] = nma_on_unbind(call->arg[0]);
	if (hook == NMA_HOOK_PP_DISABLE) {
		nma_on_pool_napi(call->arg[0]);
		nma_on_napi_off(call);
	}
	return RETURN_WANTED;
}

static __always_inline enum session entered(struct pt_regs *ctx, __u32 hook)
{
	switch (hook) {
	case NMA_HOOK_BIND_FREE:
		nma_on_bind_free(PT_REGS_PARM1(ctx));
		break;
	case NMA_HOOK_CPU_MAP:
		nma_on_cpu_map(PT_REGS_PARM1(ctx));
		break;
	case NMA_HOOK_CPU_SYNC:
		nma_on_cpu_sync(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx));
		break;
	case NMA_HOOK_UNMAP:
		nma_on_unmap(PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx));
		break;
	case NMA_HOOK_NETDEV:
		nma_on_netdev_event(PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx));
		break;
	default:
		return await_return(ctx, hook);
	}
	return RETURN_SKIPPED;
}

static __always_inline int returned(__u32 hook, const struct nma_call *call,
				    __u64 ret)
{
	switch (hook) {
	case NMA_HOOK_POOL_CREATE:
		return nma_on_pool_create(call, ret);
	case NMA_HOOK_POOL_FAIL:
		return nma_on_pool_fail(call, ret);
	case NMA_HOOK_POOL_DETACH:
		return nma_on_pool_detach(call);
	case NMA_HOOK_POOL_GONE:
		return nma_on_pool_gone(call);
	case NMA_HOOK_BIND:
		return nma_on_bind(call, ret);
	case NMA_HOOK_UNBIND:
		return nma_on_unbound(call->arg[0]);
	case NMA_HOOK_BIND_QUEUE:
		return nma_on_bind_queue(call, ret);
	case NMA_HOOK_QUEUE_RESTART:
		return nma_on_queue_restart(call, ret);
	case NMA_HOOK_MP_CHECK:
		return nma_on_mp_check(call, ret);
	case NMA_HOOK_XDP:
		return nma_on_xdp_install(call, ret);
	case NMA_HOOK_HDS_SET:
		return nma_on_set_rings(call, ret);
	case NMA_HOOK_QUEUES:
		return nma_on_set_queues(call, ret);
	case NMA_HOOK_SEND_CMSG:
		return nma_on_send_cmsg(call);
	case NMA_HOOK_TX_BINDING:
		return nma_on_get_binding(call, ret);
	case NMA_HOOK_QUEUE_NAPI:
		return nma_on_queue_napi(call);
	case NMA_HOOK_XSK_SET:
		return nma_on_xsk(call, call->arg[2]);
	case NMA_HOOK_XSK_CLEAR:
		return nma_on_xsk(call, call->arg[1]);
	case NMA_HOOK_RSS_SET:
	case NMA_HOOK_RSS_INDIR:
		return nma_on_set_rss(call, call->arg[0], ret);
	case NMA_HOOK_RSS_NL:
		return nma_on_set_rss_nl(call, ret);
	}
	return 0;
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
	returned(hook, call, PT_REGS_RC(ctx));
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
