// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What XDP has redirected: frames and packets that wait in a cpumap for the thread of
 * a CPU. Those of a devmap wait in lists of a CPU while its NAPI instance polls, and no
 * longer; AF_XDP has copied what it holds, or it has memory of its own.
 */
#include "nma_held.bpf.h"
#include "nma_page.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define SLOTS_MOST	(1 << 16)	/* the kernel allows 16384 */
#define STEPS_MOST	(1 << 22)	/* of one map */
#define XDP_HAS_FRAGS	1		/* XDP_FLAGS_HAS_FRAGS */
#define IS_SKB		1		/* in a pointer that the ring has */
#define CACHE_LINE	64		/* SMP_CACHE_BYTES */

struct bpf_map {
	enum bpf_map_type map_type;
	__u32 max_entries;
	__u32 id;
} __attribute__((preserve_access_index));

struct bpf_cpu_map_entry {
	__u32 cpu;
	struct ptr_ring *queue;
} __attribute__((preserve_access_index));

struct bpf_cpu_map {
	struct bpf_map map;
	struct bpf_cpu_map_entry **cpu_map;
} __attribute__((preserve_access_index));

struct xdp_frame {
	__u32 frame_sz;
	__u32 flags;
} __attribute__((preserve_access_index));

/* The map that is looked at, and how far */
struct cpumap {
	__u64 entries;
	__u64 slots;
	struct nma_stale stale;
	__u32 nr_entries;
	__u32 entry;		/* the next */
	__u32 nr_slots;
	__u32 slot;		/* the next */
	__u32 id;
	__u32 done;
};

static struct cpumap cpumap SEC(".bss.cpumap");

static long step_frag(__u32 i, const __u64 *shinfo)
{
	nma_held_netmem(nma_read_word(nma_frag_of(*shinfo, i)));
	return 0;
}

/* It is at the beginning of its first buffer, whose end lists the others. */
static __always_inline void look_at_frame(__u64 addr)
{
	struct xdp_frame *frame = (void *)addr;
	__u32 room = (bpf_core_type_size(struct skb_shared_info) + CACHE_LINE - 1) &
		     ~(CACHE_LINE - 1);
	__u64 page = nma_page_of(addr), shinfo;
	__u32 nr;

	if (page)
		nma_held_netmem(page);
	if (!(BPF_CORE_READ(frame, flags) & XDP_HAS_FRAGS))
		return;
	shinfo = addr + BPF_CORE_READ(frame, frame_sz) - room;
	nr = BPF_CORE_READ((struct skb_shared_info *)shinfo, nr_frags);
	if (nr <= MAX_SKB_FRAGS_MOST)
		bpf_loop(nr, step_frag, &shinfo, 0);
}

static __always_inline void look_at_slot(__u32 slot)
{
	__u64 addr = nma_read_word(cpumap.slots + 8 * (__u64)slot);

	if (!addr || nma_is_stale(&cpumap.stale, slot))
		return;
	if (addr & IS_SKB)
		nma_held_list(addr & ~(__u64)IS_SKB, 0, NMA_WHERE_ANY, NMA_LOOK_ONE);
	else
		look_at_frame(addr);
}

static __always_inline void begin_entry(__u64 addr)
{
	struct bpf_cpu_map_entry *entry = (void *)addr;
	struct ptr_ring *ring = BPF_CORE_READ(entry, queue);

	nma_begin_place(NMA_HOLDER_XDP, addr);
	nma_look.where = NMA_WHERE_ANY;
	nma_look.cpu = BPF_CORE_READ(entry, cpu);
	nma_look.map_id = cpumap.id;
	cpumap.slots = (__u64)BPF_CORE_READ(ring, queue);
	cpumap.nr_slots = BPF_CORE_READ(ring, size);
	cpumap.stale = nma_stale_of(ring);
	cpumap.slot = 0;
	if (cpumap.nr_slots > SLOTS_MOST)
		cpumap.nr_slots = 0;		/* it is none */
}

static long step_cpumap(__u32 i, void *unused)
{
	__u64 entry;

	if (cpumap.slot < cpumap.nr_slots) {
		look_at_slot(cpumap.slot);
		cpumap.slot++;
		return 0;
	}
	if (cpumap.entry >= cpumap.nr_entries) {
		cpumap.done = 1;
		return 1;
	}
	entry = nma_read_word(cpumap.entries + 8 * (__u64)cpumap.entry);
	cpumap.entry++;
	if (entry)
		begin_entry(entry);
	return 0;
}

SEC("?iter/bpf_map")
int nma_held_maps(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_cpu_map *map = (void *)ctx->map;

	if (!map || BPF_CORE_READ(map, map.map_type) != BPF_MAP_TYPE_CPUMAP)
		return 0;
	__builtin_memset(&cpumap, 0, sizeof(cpumap));
	cpumap.entries = (__u64)BPF_CORE_READ(map, cpu_map);
	cpumap.nr_entries = BPF_CORE_READ(map, map.max_entries);
	cpumap.id = BPF_CORE_READ(map, map.id);
	bpf_loop(STEPS_MOST, step_cpumap, NULL, 0);
	if (!cpumap.done)
		__sync_fetch_and_add(&nma_held_cut, 1);
	return 0;
}
