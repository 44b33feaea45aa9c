// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * For 78-gate.sh: a record of nma-traffic that was reserved in a ring buffer is sent a
 * second later, as if the program that writes it, and asks for the cgroup, had been
 * preempted.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define LATE_NS		1000000000ull
#define LOOPS_MAX	(1 << 23)	/* the kernel's limit */

int held;	/* records */
const char wanted[] = "nma-traffic";

static long is_late(__u32 i, __u64 *until)
{
	return bpf_ktime_get_ns() > *until;
}

static long still(__u32 i, __u64 *until)
{
	bpf_loop(LOOPS_MAX, is_late, until, 0);
	return bpf_ktime_get_ns() > *until;
}

SEC("fentry/bpf_get_current_cgroup_id")
int late(void *ctx)
{
	char comm[16];
	__u64 until = bpf_ktime_get_ns() + LATE_NS;

	if (bpf_get_current_comm(comm, sizeof(comm)) ||
	    bpf_strncmp(comm, sizeof(comm), wanted))
		return 0;
	__sync_fetch_and_add(&held, 1);
	bpf_loop(LOOPS_MAX, still, &until, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
