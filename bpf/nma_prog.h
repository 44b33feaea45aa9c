/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the programs and their loader (tools/lib/kernel/session.c) share beside the
 * records of nma_event.h: settings made before load, and the argument of the
 * snapshot walk.
 */
#ifndef NMA_PROG_H
#define NMA_PROG_H

#include "nma_event.h"
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
	NMA_SYM_MAX_PFN,
	NMA_SYM_NAPI_CACHE,
	NMA_SYM_MAX
};

/* Read-only to the programs, in .rodata. */
struct nma_config {
	__u64 sym[NMA_SYM_MAX];	/* address, 0 if this kernel has it not */
	__u64 tick_ns;		/* of jiffies */
	__u32 page_size;
	__u32 cpus;		/* possible ones */
	__u32 counts;		/* enum nma_counts: of page_pools; NONE: not asked for */
	__u8 zcrx_unseen;	/* see nma_rec_recycle */
	__u8 hist;		/* times are asked for */
	__u8 times;		/* those of buffers that go round, too */
	__u8 bufs_bounded;	/* no more than the user said */
	__u8 ages;		/* when buffers were taken is known */
	__u8 stacks;		/* and by whom */
	__u8 rsvd[6];
	__u32 page_btf;		/* numbers of types, see features.h */
	__u32 netmem_btf;
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

/* Received in host memory by who asks for device memory, before anybody is told */
#define NMA_HOST_BYTES_FEW	65536

#define NMA_STACKS		16384	/* that took buffers, 150 bytes each */

#define NMA_CPUS_MAX		8192	/* loops over CPUs end at the last there is */
#define NMA_PUTS_RECENT		4096	/* puts of a pool that percentages are of */
#define NMA_PUTS_FEW		16	/* that say nothing yet */

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
	NMA_WALK_MOVED,		/* the namespace is gone: start again */
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
#define NMA_HELD_ROOM		(1 << 12)	/* rows of a table, before more are needed */
#define NMA_HELD_ROOM_MOST	(1 << 24)
#define NMA_HELD_WORDS_MOST	(1 << 23)	/* bits of 2 TiB of pages, a loop's longest */
#define NMA_HELD_PER_GROUP	16	/* buffers for each record of a look, as a rule */
#define NMA_HELD_TOKENS_MOST	(1 << 23)	/* of one socket */
#define NMA_HELD_LIST_MOST	(1 << 18)	/* packets and frags of one list */
#define NMA_HELD_NODES		64	/* NUMA nodes whose lists are looked into */
#define NMA_HELD_AREA_MOST	(1 << 22)	/* net_iovs of one array */
#define NMA_HELD_CACHE_MOST	1024	/* entries of a pool's cache; the kernel has 128 */
#define NMA_HELD_SECTION	4096	/* pages whose map is there or not as a whole */
#define NMA_HELD_SLICE		512	/* groups, objects or packets */
#define NMA_HELD_SLICE_WORDS	(1 << 14)
#define NMA_HELD_RING_MOST	(1 << 16)	/* slots; the kernel allows 32768 */

/* While a program runs, a kernel that is not preemptible hands on packets only from
 * interrupts, and may leave them to a thread, which waits for the program: up to the
 * next tick. So each step is a fraction of a millisecond, and comes again for the next
 * slice, and no table is large before it needs to be: what is found full is counted,
 * and the loader has everything looked at again, with more room.
 */
enum nma_held_table {
	NMA_HELD_BUFS,		/* that have no bit in nma_held_pages */
	NMA_HELD_GROUPS,	/* and their ages */
	NMA_HELD_PACKETS,	/* that are in no queue that we know */
	NMA_HELD_TABLES
};

enum nma_held_step {
	NMA_HELD_BEGIN,		/* forgets the last look; bits from this word on */
	NMA_HELD_POOL,		/* looks for buffers of this pool, in its area, too */
	NMA_HELD_CPU,		/* what this CPU has */
	NMA_HELD_NETDEV,	/* what the NAPI instances of this device have */
	NMA_HELD_NETNS,		/* is this network namespace at its end? */
	NMA_HELD_INSIDE,	/* what is in this pool; counts its net_iovs */
	NMA_HELD_MAX_PFN,	/* how many pages the map of memory has */
	NMA_HELD_NODE,		/* what the allocator has at hand for this NUMA node */
	NMA_HELD_PAGES,		/* a section of the map of memory, from this page on */
	NMA_HELD_OBJECTS,	/* in the slabs that were met there */
	NMA_HELD_PACKETS_NOTED,	/* those that were met there */
	NMA_HELD_AGES,		/* when what was found nowhere was taken */
	NMA_HELD_SEND,		/* what was found */
};

/* One call of nma_held. */
struct nma_held_call {
	__u32 step;		/* enum nma_held_step */
	__u32 id;		/* of the pool, the CPU, the node; inode of the namespace */
	__u64 addr;		/* of the pool, the netdev; number of the page, the word */
	__u64 next;		/* out: call again with it, 0: done; MAX_PFN: the number;
				 * BEGIN of memory: can packets be told from freed ones?
				 * NETNS: the answer
				 */
};

/* The place that is looked at, and how far. One look at a time: see nma_walk. Here
 * only because the skeleton knows all that programs share.
 */
struct nma_look {
	__u64 object;
	__u64 sk;		/* the same, if it is a socket */
	__u32 holder;
	__u32 where;
	__u32 cpu;
	__u32 pid;
	__u64 cgroup_id;
	char comm[NMA_COMM_LEN];
	__u64 netdev;		/* of a packet in no queue */
	__u64 destructor;

	__u64 skb;
	__u64 outer;		/* whose frag_list skb is on, or 0 */
	__u64 end;		/* head of a list, 0 of a chain */
	__u64 from;		/* node of a tree that we came from */
	__u64 shinfo;
	__u32 frag;
	__u32 nr_frags;
	__u32 shape;		/* enum nma_look_shape */
	__u32 done;
	__u32 map_id;		/* of a cpumap */
	__u32 rsvd;

	__u64 refs;		/* array of netmem_refs */
};

/* Groups of buffers that a look has found */
struct nma_groups {
	__u32 nr;
	__u32 sent;		/* of them */
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
