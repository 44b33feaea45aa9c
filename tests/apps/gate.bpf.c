// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Stands in nmnic's gates (module/nmnic_gate.c), for 79-enforce.sh: each answers with
 * the errno that "refuse" has for it, 0 lets all pass, and counts who asks.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum gate { POOL, QUEUE, XDP, RINGS, GATES };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATES);
	__type(key, __u32);
	__type(value, __u32);
} refuse SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATES);
	__type(key, __u32);
	__type(value, __u32);
} asked SEC(".maps");

static __always_inline int answer(__u32 gate)
{
	__u32 *err = bpf_map_lookup_elem(&refuse, &gate);
	__u32 *count = bpf_map_lookup_elem(&asked, &gate);

	if (count)
		__sync_fetch_and_add(count, 1);
	return err ? -(int)*err : 0;
}

SEC("fmod_ret/nmnic_gate_pool")
int gate_pool(void *ctx)
{
	return answer(POOL);
}

SEC("fmod_ret/nmnic_gate_queue")
int gate_queue(void *ctx)
{
	return answer(QUEUE);
}

SEC("fmod_ret/nmnic_gate_xdp")
int gate_xdp(void *ctx)
{
	return answer(XDP);
}

SEC("fmod_ret/nmnic_gate_rings")
int gate_rings(void *ctx)
{
	return answer(RINGS);
}

char LICENSE[] SEC("license") = "GPL";
