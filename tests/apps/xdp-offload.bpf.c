/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Programs for the device: two that it can run, and one that it cannot.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("pass")
int take(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("drop")
int discard(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("long")
int discard_long(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data > 100 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
