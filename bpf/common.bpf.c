// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What all programs share once they are linked together.
 */
#include "nma_act.bpf.h"
#include "nma_dma.bpf.h"
#include "nma_ring.bpf.h"
#include "nma_sock.bpf.h"
#include "nma_taken.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct nma_config nma_cfg = {};

struct nma_ring_map nma_ring SEC(".maps");
__u64 nma_lost[NMA_LOSS_MAX] SEC(".bss.lost");

struct nma_act_map nma_acts SEC(".maps");
__u64 nma_act_total SEC(".bss.acts");
volatile __u32 nma_deep_armed SEC(".bss.acts");
volatile __u32 nma_allocs_seen SEC(".bss.acts");
volatile __u32 nma_dma_tx_known SEC(".bss.acts");

volatile __u32 nma_bound SEC(".bss.use");
volatile __u32 nma_plain_seen SEC(".bss.use");
volatile __u32 nma_marking SEC(".bss.use");
volatile __u32 nma_self SEC(".bss.use");
volatile __u32 nma_self_calls SEC(".bss.use");
volatile __u32 nma_self_closes SEC(".bss.use");

/* Defined here, for the linker wants a map defined before it is used. */
struct nma_dma_map nma_dma SEC(".maps");
struct nma_dma_tx_map nma_dma_tx SEC(".maps");
struct nma_taken_map nma_taken SEC(".maps");
struct nma_stacks_map nma_stacks SEC(".maps");

int nma_fill_hdr(struct nma_rec_hdr *hdr, __u16 type, __u16 size, __u16 cause)
{
	if (!hdr)
		return 0;
	hdr->type = type;
	hdr->size = size;
	hdr->cause = cause;
	hdr->time_ns = bpf_ktime_get_ns();
	hdr->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(hdr->comm, sizeof(hdr->comm));
	return 0;
}
