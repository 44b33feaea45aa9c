/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the enforcing programs and those who attach them (tools/lib/enforce) share. It
 * lies in pinned maps, which may be older than the tool that looks at them: whatever
 * changes here gets another NMA_ENFORCE_SCHEMA.
 */
#ifndef NMA_ENFORCE_H
#define NMA_ENFORCE_H

#include <linux/types.h>

#include "nma_event.h"
#include "nma_rules.h"

#define NMA_ENFORCE_SCHEMA	3

/* Where it is pinned */
#define NMA_PINS_DIR		"/sys/fs/bpf/netmem-audit"

#define NMA_ENFORCE_RULES	64	/* above NMA_RULE_MAX */
#define NMA_ENFORCE_ROWS	64	/* who may */
#define NMA_ENFORCE_PORTS	16
#define NMA_ENFORCE_CGROUPS	16	/* with a limit of their own */
#define NMA_ENFORCE_LOG		16	/* last ones of each rule */
#define NMA_ENFORCE_IFNAME	16

enum nma_mode {
	NMA_MODE_OFF,
	NMA_MODE_AUDIT,		/* is let through, counted and told */
	NMA_MODE_ENFORCE,
};

enum nma_act_kind {
	NMA_WHO_BIND_RX,
	NMA_WHO_BIND_TX,
	NMA_WHO_ZCRX,
	NMA_WHO_MAX
};

/* NMA_REASON(ID, errno that the caller sees, "why not") */
#define NMA_REASON_LIST \
	NMA_REASON(NONE, 0, "") \
	NMA_REASON(SPLIT_OFF, 22, "tcp-data-split of the port is not on") \
	NMA_REASON(SPLIT_UNKNOWN, 22, "the setting of tcp-data-split is not known: ask once with ethtool -g") \
	NMA_REASON(SPLIT_NEEDED, 22, "tcp-data-split stays on while a queue has a memory provider") \
	NMA_REASON(XSK, 16, "the queue has a memory provider, which AF_XDP cannot share") \
	NMA_REASON(RSS_QUEUE, 16, "RSS spreads other flows to the queue") \
	NMA_REASON(RSS_UNKNOWN, 16, "it is not known which queues RSS uses: ask once with ethtool -x") \
	NMA_REASON(RSS_TABLE, 16, "the table names a queue with a memory provider") \
	NMA_REASON(RAGGED, 22, "the size of the dma-buf is no multiple of a page") \
	NMA_REASON(WHO, 1, "the policy does not let this process do it") \
	NMA_REASON(BYTES, 122, "the cgroup would have more of dma-bufs bound than the policy lets it") \
	NMA_REASON(TOKENS, 105, "the socket has as many tokens out as the policy lets it") \
	NMA_REASON(TOKENS_IDLE, 105, "the socket has returned no token for longer than the policy lets it") \
	NMA_REASON(LIST_LENGTH, 22, "more than 128 ranges of tokens, or half of one") \
	NMA_REASON(LIST_FRAGS, 22, "more than 1024 tokens at once, of which the kernel leaves the rest") \
	NMA_REASON(LIST_UNKNOWN, 22, "a token that the socket does not have") \
	NMA_REASON(LIST_COMPAT, 95, "tokens of a 32-bit call, which no program can look at") \
	NMA_REASON(PEEK, 95, "MSG_PEEK takes new tokens each time") \
	NMA_REASON(UNREAD, 105, "more sends are in flight or not reaped than the policy lets the socket have") \
	NMA_REASON(HOSTILE, 1, "the request cannot be looked at as a whole") \
	NMA_REASON(RSS_IOCTL, 1, "the table, set by ioctl, names a queue with a memory provider")

enum nma_refusal_reason {
#define NMA_REASON(id, err, text) NMA_REASON_##id,
	NMA_REASON_LIST
#undef NMA_REASON
	NMA_REASON_MAX
};

#define NMA_WHO_UID	0x1
#define NMA_WHO_CGROUP	0x2
#define NMA_WHO_EXE	0x4

/* Whom a row lets do what: all that it names must be so. */
struct nma_who {
	__u32 acts;		/* bits of enum nma_act_kind */
	__u32 has;		/* NMA_WHO_* */
	__u32 uid;
	__u32 cgroup_level;
	__u64 cgroup_id;
	__u64 inode;		/* of the executable */
	__u32 dev;		/* the kernel's number of it: major << 20 | minor */
	__u32 rsvd;
};

struct nma_cgroup_limit {
	__u64 cgroup_id;
	__u64 bytes;
	__u32 level;
	__u32 rsvd;
};

struct nma_policy {
	__u32 schema;
	__u32 restricted;	/* acts that only those in who may do */
	__u32 nr_who;
	__u32 nr_ports;		/* 0: all */
	__u32 nr_limits;
	__u32 token_count;	/* 0: no limit, as the rest */
	__u32 unread_sends;
	__u32 page_size;
	__u64 token_idle_ns;
	__u64 dmabuf_bytes;	/* of a cgroup without a limit of its own; ~0: no limit */
	__u16 netdev_family;
	__u16 ethtool_family;
	__u32 rsvd;
	__u8 mode[NMA_ENFORCE_RULES];		/* enum nma_mode */
	__u8 allow_unknown[NMA_ENFORCE_RULES];	/* what cannot be told is let through */
	char port[NMA_ENFORCE_PORTS][NMA_ENFORCE_IFNAME];
	struct nma_who who[NMA_ENFORCE_ROWS];
	struct nma_cgroup_limit limit[NMA_ENFORCE_CGROUPS];
};

/* Of one rule, since enforcement is on. */
struct nma_enforce_count {
	__u64 refused;
	__u64 audited;
};

struct nma_refusal {
	__u64 nr;		/* of the rule, from 1; 0: none yet */
	__u64 time_ns;
	__u64 cgroup_id;
	__u64 netdev;		/* 0: none */
	__u64 asked;		/* what the reason is about: bytes, tokens, a queue */
	__u64 limit;
	__u32 rule;
	__u32 reason;		/* enum nma_refusal_reason */
	__u32 mode;
	__u32 pid;
	__u32 uid;
	__u32 ifindex;
	__u32 netns;
	__u32 err;
	__u32 ask;		/* enum nma_req */
	__u32 rsvd;
	char ifname[NMA_ENFORCE_IFNAME];
	char comm[16];
};

#define NMA_ENFORCE_TEXT	64

/* Written last by "enforce on": whose pins they are. */
struct nma_enforce_state {
	__u32 schema;
	__u32 generation;	/* policies so far */
	__u64 since_ns;		/* CLOCK_REALTIME, of this policy */
	__u64 hash;		/* of the policy file */
	__u64 programs;		/* hash of the object that they are from */
	__u64 rsvd;
	char path[256];		/* of the policy file */
};

#endif /* NMA_ENFORCE_H */
