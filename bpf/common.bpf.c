// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What all programs share once they are linked together.
 */
#include "nma_ring.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct nma_config nma_cfg = {};

struct nma_ring_map nma_ring SEC(".maps");
struct nma_lost_map nma_lost SEC(".maps");
