/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The format of recordings (.nmr): a header, then items, each with its type, its
 * size and a checksum over itself and all before it. An item carries a record of
 * nma_event.h as it came from the kernel, or what was found out beside.
 *
 * A reader skips items of types it does not know. Whatever may not be skipped, a
 * change of a record or of an enumeration included, raises NMA_NMR_SCHEMA, and
 * older readers refuse the file. Hooks and losses go by name, for they come and go.
 *
 * Written in the byte order of the machine. Only tape.c and recording.c include
 * this, and tests that damage files.
 */
#ifndef NMA_NMR_H
#define NMA_NMR_H

#include <linux/types.h>

#include "nma_event.h"
#include "util/queue_set.h"

#define NMA_NMR_SCHEMA		2
#define NMA_NMR_OLDEST		1	/* records are as they were then */
#define NMA_NMR_MAGIC		"\x89NMR\r\n\x1a\n"	/* text mode spoils it */
#define NMA_NMR_BYTE_ORDER	0x01020304u

#define NMA_NMR_ITEM_MAX	65528	/* bytes, a multiple of 8 */
#define NMA_NMR_TEXT_MAX	512

enum nma_nmr_flag {
	NMA_NMR_EVENTS = 1 << 0,	/* settings */
	NMA_NMR_DEEP = 1 << 1,
	NMA_NMR_ANONYMOUS = 1 << 2,
	NMA_NMR_HOLDERS = 1 << 3,
	NMA_NMR_NETMEM = 1 << 8,	/* features */
	NMA_NMR_HDS_CFG = 1 << 9,
	NMA_NMR_DEVMEM_TX = 1 << 10,
	NMA_NMR_ZCRX = 1 << 11,
	NMA_NMR_BPF_LSM = 1 << 12,
	NMA_NMR_FMOD_RET = 1 << 13,
};

struct nma_nmr_header {
	char magic[8];
	__u32 byte_order;
	__u32 schema;
	__u32 size;		/* of the header */
	__u32 crc;		/* of the header, with 0 in this place */
	__u64 wall_ns;		/* both clocks when it began */
	__u64 time_ns;
	__u64 caps;		/* of who recorded */
	__u32 flags;		/* enum nma_nmr_flag */
	__u32 page_size;
	__u32 netns;		/* inode of who recorded */
	__u32 buffers;		/* watched with --deep, 0: default */
	char host[64];		/* of uname(2), each ends with NUL */
	char release[64];
	char machine[32];
	char version[32];	/* of the program */
};

/* Types of kernel records are below NMA_NMR_SIDE. */
enum nma_nmr_type {
	NMA_NMR_SIDE = 0x100,
	NMA_NMR_STEP,		/* struct nma_nmr_step */
	NMA_NMR_LOST,		/* struct nma_nmr_named: counter, text is its key */
	NMA_NMR_ANSWER,		/* struct nma_nmr_answer */
	NMA_NMR_SYMBOL,		/* named: address, function */
	NMA_NMR_NETNS,		/* named: inode, name */
	NMA_NMR_HOOK,		/* named: enum nma_nmr_hook, identifier */
	NMA_NMR_IFNAME,		/* named: 0, of -i */
	NMA_NMR_BEGIN,		/* nothing: what it was made with stands before it */
	NMA_NMR_MISSED_BY,	/* named: 0, program runs that the kernel skipped */
	NMA_NMR_BLIND,		/* named: 0, why */
	NMA_NMR_DENIED,		/* named: inode of a namespace, errno */
	NMA_NMR_END,		/* struct nma_nmr_step; nothing comes after it */
	NMA_NMR_AGAIN,		/* struct nma_nmr_again; from schema 2 on */
};

struct nma_nmr_item {
	__u16 type;
	__u16 size;		/* with what follows, a multiple of 8 */
	__u32 crc;		/* begins with that of the item before */
};

struct nma_nmr_step {
	__u64 time_ns;
	__u32 step;		/* enum nma_step */
	__u32 rsvd;
};

/* The text fills what is left of the item, and ends with NUL. */
struct nma_nmr_named {
	__u64 value;
	char text[];
};

/* Records that say nothing new, in order; see again.h. */
struct nma_nmr_again {
	__u64 time_ns;
	struct nma_nmr_same {
		__u32 number;
		__u32 later_ns;	/* than time_ns */
	} same[];
};

#define NMA_NMR_SAME_MAX	1024

enum nma_nmr_hook {
	NMA_NMR_HOOK_FOUND,
	NMA_NMR_HOOK_MISSING,	/* could not be attached */
};

enum nma_nmr_question {
	NMA_NMR_RINGS = 1,
	NMA_NMR_RSS,
	NMA_NMR_MODULE,
};

/* What a driver or the kernel said of a device; before the record that made us ask. */
struct nma_nmr_answer {
	__u64 netdev;
	__u32 question;		/* enum nma_nmr_question */
	__s32 err;		/* 0 or -errno: no answer */
	__u32 thresh;
	__u8 hds;		/* enum nma_hds */
	__u8 known;		/* thresh, or the queues */
	__u8 rsvd[2];
	__u64 queues[NMA_QUEUE_SET / 64];
	char module[NMA_NAME_LEN];
};

NMA_ASSERT_SIZE(struct nma_nmr_header, 64 + 192);
NMA_ASSERT_SIZE(struct nma_nmr_item, 8);
NMA_ASSERT_SIZE(struct nma_nmr_step, 16);
NMA_ASSERT_SIZE(struct nma_nmr_answer, 24 + NMA_QUEUE_SET / 8 + NMA_NAME_LEN);

#endif /* NMA_NMR_H */
