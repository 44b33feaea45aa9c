// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * IPv4 to the second CPU, whose thread takes its time: what comes meanwhile waits.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define HOLD_NS	16000000000ull	/* the kernel complains after twenty seconds */

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

/* Nanoseconds; 0: no frame has come. Who writes 1 lets them go. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} until SEC(".maps");

SEC("xdp")
int to_cpu(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end ||
	    eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	return bpf_redirect_map(&cpus, 1, XDP_PASS);
}

static __always_inline __u64 *held_until(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&until, &key);
}

static long is_time(__u32 i, void *unused)
{
	const volatile __u64 *end_ns = held_until();

	return !end_ns || bpf_ktime_get_ns() > *end_ns;
}

/* Once only: until that long after its first frame */
SEC("xdp/cpumap")
int hold(struct xdp_md *ctx)
{
	__u64 *end_ns = held_until();

	if (end_ns && !*end_ns)
		*end_ns = bpf_ktime_get_ns() + HOLD_NS;
	bpf_loop(1 << 23, is_time, NULL, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
