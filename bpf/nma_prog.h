/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the programs and their loader (tools/lib/kernel/session.c) share beside the
 * records of nma_event.h: settings made before load, and the argument of the
 * snapshot walk.
 */
#ifndef NMA_PROG_H
#define NMA_PROG_H

#include "nma_hooks.h"

/* Kernel symbols without a type in BTF; the loader looks them up. Those that are
 * hooks, two that tell what a pool's provider is, and what finds the variables of a
 * CPU and the page of an address.
 */
enum nma_sym {
#define NMA_SYMBOL(id, ...) NMA_SYM_##id,
#include "nma_hooks.def"
	NMA_SYM_DMABUF_OPS,
	NMA_SYM_ZCRX_OPS,
	NMA_SYM_HOTDATA,
	NMA_SYM_CPU_OFFSETS,
	NMA_SYM_NODES,
	NMA_SYM_VMEMMAP,
	NMA_SYM_PAGE_OFFSET,
	NMA_SYM_MAX
};

/* Read-only to the programs, in .rodata. */
struct nma_config {
	__u64 sym[NMA_SYM_MAX];	/* address, 0 if this kernel has it not */
	__u64 tick_ns;		/* of jiffies */
	__u32 page_size;
	__u32 cpus;		/* possible ones */
	__u32 counts;		/* enum nma_counts: of page_pools; NONE: not asked for */
	__u8 bulk_unseen;	/* see nma_rec_recycle */
	__u8 zcrx_unseen;
	__u8 rsvd[2];
};

/* Births of tokens are kept in blocks, taken from a common store when a socket
 * holds that many tokens at once.
 */
#define NMA_BIRTHS_PER_BLOCK	1024
#define NMA_BIRTH_BLOCKS	512	/* 4 KiB each */
#define NMA_BLOCKS_PER_SOCK	16

#define NMA_ACT_ROWS		1024	/* acts by pool or device, 240 bytes each */
#define NMA_ACTS_AT_ONCE	8	/* records for one call of nma_read_acts */
#define NMA_ACT_SKIP		2	/* frames of our own below a stack */
#define NMA_BUFS_DEFAULT	65536	/* buffers of pools, some 100 bytes each */

#define NMA_PUTS_RECENT		4096	/* puts of a pool that percentages are of */
#define NMA_PUTS_FEW		16	/* that say nothing yet */

/* Fragments of buffers of a pool prove, this often, that their buffers are seen
 * without them; then they are not looked at.
 */
#define NMA_FRAG_PROOFS		256

/* Functions that two programs look at: see nma_pair.bpf.h. */
enum nma_pair {
#define NMA_PAIR(id, text) NMA_PAIR_##id,
#include "nma_hooks.def"
	NMA_PAIR_MAX
};

enum nma_walk_what {
	NMA_WALK_NETDEVS,	/* and their queues, in all namespaces */
	NMA_WALK_POOLS,
	NMA_WALK_BINDINGS,
	NMA_WALK_MAX
};

enum nma_walk_end {
	NMA_WALK_DONE,
	NMA_WALK_FULL,		/* no room or long enough: empty the ring, go on */
	NMA_WALK_MOVED,		/* the namespace is gone: start anew */
};

/* In and out: zero but for what, then as the last call left it. */
struct nma_walk {
	__u32 what;		/* enum nma_walk_what */
	__u32 end;		/* enum nma_walk_end */
	__u32 queue;		/* of the netdev at next, not yet sent */
	__u32 rsvd;
	__u64 next;		/* lowest key not sent: ifindex, pool or binding id */
	__u64 net;		/* list node of the namespace that next belongs to */
	__u64 sent;		/* records */
};

#define NMA_HELD_POOLS		1024	/* that are looked for at once */
#define NMA_HELD_BUFS		(1 << 18)	/* of these, found */
#define NMA_HELD_GROUPS		16384	/* records of one look */
#define NMA_HELD_LIST_MOST	(1 << 18)	/* packets and frags of one list */
#define NMA_HELD_NODES		64	/* NUMA nodes whose lists are looked into */
#define NMA_HELD_RING_MOST	(1 << 16)	/* slots; the kernel allows 32768 */

enum nma_held_step {
	NMA_HELD_BEGIN,		/* forgets the last look */
	NMA_HELD_POOL,		/* looks for buffers of this pool, in its area, too */
	NMA_HELD_CPU,		/* what this CPU has */
	NMA_HELD_NETDEV,	/* what the NAPI instances of this device have */
	NMA_HELD_RING,		/* what is back in this pool */
	NMA_HELD_SEND,		/* what was found */
};

/* One call of nma_held. */
struct nma_held_call {
	__u32 step;		/* enum nma_held_step */
	__u32 id;		/* of the pool; of the CPU */
	__u64 addr;		/* of the pool; of the netdev */
	__u64 next;		/* out: call again with it, 0: done */
};

/* What nma_read_acts is asked, and how many records it left in nma_acts_out. */
struct nma_acts_read {
	__u64 ended;		/* pool id or netdev whose rows go, or 0 */
	__u32 nr;		/* NMA_ACTS_AT_ONCE: ask again */
	__u32 rsvd;
};

/* nma_read_pairs leaves its sums in nma_alone. */
struct nma_pairs_read {
	__u32 cpus;		/* possible ones */
	__u32 rsvd;
};

#endif /* NMA_PROG_H */
