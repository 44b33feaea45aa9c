/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What one send asks generic netlink for: several messages, attributes in any order.
 * It is read as the kernel reads it, netlink_rcv_skb() and nla_parse(): what those
 * skip is skipped, where those end this ends, and of an attribute that is there twice
 * the last one counts.
 *
 * One small step per call, so that bpf_loop() can drive it. Also compiled for user
 * space (tests/unit): whoever includes it defines nma_nlmsg_read(dst, len, p, off),
 * which reads @len bytes at offset @off of the send that @p parses.
 */
#ifndef NMA_NLMSG_H
#define NMA_NLMSG_H

enum nma_ask_what {
	NMA_ASK_NONE,
	NMA_ASK_BIND_RX,
	NMA_ASK_BIND_TX,
	NMA_ASK_RINGS_SET,
	NMA_ASK_RSS_SET,
};

enum nma_nlmsg_step {
	NMA_NLMSG_AGAIN,	/* nothing yet */
	NMA_NLMSG_ASK,		/* ask is complete */
	NMA_NLMSG_END,
};

#define NMA_ASK_QUEUES	256	/* that are told apart */
#define NMA_ASK_WORDS	(NMA_ASK_QUEUES / 64)

/* From the uapi headers, which older kernels' lack in part. */
enum {
	NMA_NL_BIND_RX = 13,		/* NETDEV_CMD_BIND_RX */
	NMA_NL_BIND_TX = 15,
	NMA_NL_RINGS_SET = 16,		/* ETHTOOL_MSG_RINGS_SET */
	NMA_NL_RSS_SET = 48,
	NMA_NL_DMABUF_IFINDEX = 1,	/* NETDEV_A_DMABUF_* */
	NMA_NL_DMABUF_QUEUES = 2,
	NMA_NL_DMABUF_FD = 3,
	NMA_NL_QUEUE_ID = 1,		/* NETDEV_A_QUEUE_* */
	NMA_NL_QUEUE_TYPE = 3,
	NMA_NL_HEADER = 1,		/* ETHTOOL_A_RINGS_HEADER, ETHTOOL_A_RSS_HEADER */
	NMA_NL_HEADER_INDEX = 1,	/* ETHTOOL_A_HEADER_* */
	NMA_NL_HEADER_NAME = 2,
	NMA_NL_RINGS_SPLIT = 11,	/* ETHTOOL_A_RINGS_TCP_DATA_SPLIT */
	NMA_NL_RSS_CONTEXT = 2,		/* ETHTOOL_A_RSS_* */
	NMA_NL_RSS_INDIR = 4,
	NMA_NL_TYPE_MASK = 0x3fff,
	NMA_NL_REQUEST = 1,		/* NLM_F_REQUEST */
	NMA_NL_MIN_TYPE = 0x10,
	NMA_NL_HDRLEN = 16,
	NMA_NL_GENL_HDRLEN = 20,	/* with the header of generic netlink */
};

/* Offsets are those in the send; 0: not given. */
struct nma_ask {
	__u32 what;			/* enum nma_ask_what */
	__u32 ifindex;
	__u32 fd;			/* of the dma-buf */
	__u32 name;			/* of the device, without a NUL perhaps */
	__u32 name_len;
	__u32 indir;			/* table of __u32 */
	__u32 indir_len;
	__u32 rss_context;
	__u8 split_given;
	__u8 split;			/* ETHTOOL_TCP_DATA_SPLIT_* */
	__u8 queues_beyond;		/* one that is not in queues */
	__u8 fd_given;
	__u64 queues[NMA_ASK_WORDS];	/* RX ones */
};

struct nma_nlmsg {
	__u64 data;			/* for nma_nlmsg_read() */
	__u32 len;
	__u32 next;			/* message */
	__u32 at;			/* attribute; 0: between messages */
	__u32 end;			/* of the attributes at this level */
	__u32 outer_at;			/* where to go on after a nest; 0: in none */
	__u32 outer_end;
	__u32 queue_id;			/* in a nest */
	__u32 queue_type;
	__u16 netdev_family;
	__u16 ethtool_family;
	struct nma_ask ask;
};

struct nma_nl_msghdr {
	__u32 len;
	__u16 type;
	__u16 flags;
	__u32 seq;
	__u32 pid;
	__u8 cmd;			/* of generic netlink */
	__u8 version;
	__u16 rsvd;
};

struct nma_nl_attr {
	__u16 len;
	__u16 type;
};

/* The sum cannot overflow: no send is nearly that long. */
static inline __u32 nma_nl_align(__u32 len)
{
	return (len + 3) & ~3u;
}

static inline __u32 nma_nl_u32(struct nma_nlmsg *p, __u32 off, __u32 len)
{
	__u32 value = 0;

	if (len >= sizeof(value))
		nma_nlmsg_read(&value, sizeof(value), p, off);
	return value;
}

static inline __u32 nma_nl_what(const struct nma_nlmsg *p, __u16 type, __u8 cmd)
{
	if (type == p->netdev_family)
		return cmd == NMA_NL_BIND_RX ? NMA_ASK_BIND_RX :
		       cmd == NMA_NL_BIND_TX ? NMA_ASK_BIND_TX : NMA_ASK_NONE;
	if (type == p->ethtool_family)
		return cmd == NMA_NL_RINGS_SET ? NMA_ASK_RINGS_SET :
		       cmd == NMA_NL_RSS_SET ? NMA_ASK_RSS_SET : NMA_ASK_NONE;
	return NMA_ASK_NONE;
}

static inline void nma_ask_clear(struct nma_ask *ask)
{
	int i;

	ask->what = NMA_ASK_NONE;
	ask->ifindex = 0;
	ask->fd = 0;
	ask->name = 0;
	ask->name_len = 0;
	ask->indir = 0;
	ask->indir_len = 0;
	ask->rss_context = 0;
	ask->split_given = 0;
	ask->split = 0;
	ask->queues_beyond = 0;
	ask->fd_given = 0;
	for (i = 0; i < NMA_ASK_WORDS; i++)
		ask->queues[i] = 0;
}

/* The next message's header */
static inline enum nma_nlmsg_step nma_nlmsg_message(struct nma_nlmsg *p)
{
	struct nma_nl_msghdr h = {};
	__u32 off = p->next, left = p->len - off, what;

	if (off > p->len || left < NMA_NL_HDRLEN)
		return NMA_NLMSG_END;
	nma_nlmsg_read(&h, NMA_NL_HDRLEN, p, off);
	if (h.len < NMA_NL_HDRLEN || h.len > left)
		return NMA_NLMSG_END;
	p->next = off + nma_nl_align(h.len);
	if (!(h.flags & NMA_NL_REQUEST) || h.type < NMA_NL_MIN_TYPE ||
	    h.len < NMA_NL_GENL_HDRLEN)
		return NMA_NLMSG_AGAIN;
	nma_nlmsg_read(&h, NMA_NL_GENL_HDRLEN, p, off);
	what = nma_nl_what(p, h.type, h.cmd);
	if (what == NMA_ASK_NONE)
		return NMA_NLMSG_AGAIN;
	nma_ask_clear(&p->ask);
	p->ask.what = what;
	p->at = off + NMA_NL_GENL_HDRLEN;
	p->end = off + h.len;
	p->outer_at = 0;
	return NMA_NLMSG_AGAIN;
}

static inline void nma_nlmsg_enter(struct nma_nlmsg *p, __u32 off, __u32 len)
{
	p->outer_at = p->at;
	p->outer_end = p->end;
	p->at = off;
	p->end = off + len;
	p->queue_id = ~0u;
	p->queue_type = ~0u;
}

/* A nest is over: what it was about is known now. */
static inline void nma_nlmsg_leave(struct nma_nlmsg *p)
{
	struct nma_ask *ask = &p->ask;

	p->at = p->outer_at;
	p->end = p->outer_end;
	p->outer_at = 0;
	if (ask->what != NMA_ASK_BIND_RX || p->queue_type != 0)
		return;
	if (p->queue_id < NMA_ASK_QUEUES)
		ask->queues[(p->queue_id / 64) % NMA_ASK_WORDS] |= 1ull << p->queue_id % 64;
	else
		ask->queues_beyond = 1;
}

static inline void nma_nlmsg_bind_attr(struct nma_nlmsg *p, __u32 type, __u32 off,
				       __u32 len)
{
	struct nma_ask *ask = &p->ask;

	switch (type) {
	case NMA_NL_DMABUF_IFINDEX:
		ask->ifindex = nma_nl_u32(p, off, len);
		break;
	case NMA_NL_DMABUF_FD:
		ask->fd = nma_nl_u32(p, off, len);
		ask->fd_given = 1;
		break;
	case NMA_NL_DMABUF_QUEUES:
		nma_nlmsg_enter(p, off, len);
		break;
	}
}

static inline void nma_nlmsg_header(struct nma_nlmsg *p, __u32 off, __u32 len)
{
	p->ask.ifindex = 0;
	p->ask.name = 0;
	nma_nlmsg_enter(p, off, len);
}

static inline void nma_nlmsg_ethtool_attr(struct nma_nlmsg *p, __u32 type, __u32 off,
					  __u32 len)
{
	struct nma_ask *ask = &p->ask;

	if (type == NMA_NL_HEADER) {
		nma_nlmsg_header(p, off, len);
	} else if (ask->what == NMA_ASK_RINGS_SET) {
		if (type != NMA_NL_RINGS_SPLIT || !len)
			return;
		nma_nlmsg_read(&ask->split, 1, p, off);
		ask->split_given = 1;
	} else if (type == NMA_NL_RSS_INDIR) {
		ask->indir = off;
		ask->indir_len = len;
	} else if (type == NMA_NL_RSS_CONTEXT) {
		ask->rss_context = nma_nl_u32(p, off, len);
	}
}

static inline void nma_nlmsg_nested_attr(struct nma_nlmsg *p, __u32 type, __u32 off,
					 __u32 len)
{
	struct nma_ask *ask = &p->ask;

	if (ask->what == NMA_ASK_BIND_RX || ask->what == NMA_ASK_BIND_TX) {
		if (type == NMA_NL_QUEUE_ID)
			p->queue_id = nma_nl_u32(p, off, len);
		else if (type == NMA_NL_QUEUE_TYPE)
			p->queue_type = nma_nl_u32(p, off, len);
	} else if (type == NMA_NL_HEADER_INDEX) {
		ask->ifindex = nma_nl_u32(p, off, len);
	} else if (type == NMA_NL_HEADER_NAME) {
		ask->name = off;
		ask->name_len = len;
	}
}

static inline enum nma_nlmsg_step nma_nlmsg_level_end(struct nma_nlmsg *p)
{
	if (p->outer_at) {
		nma_nlmsg_leave(p);
		return NMA_NLMSG_AGAIN;
	}
	p->at = 0;
	return NMA_NLMSG_ASK;
}

static inline enum nma_nlmsg_step nma_nlmsg_attr(struct nma_nlmsg *p)
{
	struct nma_nl_attr a = {};
	__u32 off = p->at, left = p->end - off, step;

	if (off > p->end || left < sizeof(a))
		return nma_nlmsg_level_end(p);
	nma_nlmsg_read(&a, sizeof(a), p, off);
	if (a.len < sizeof(a) || a.len > left)
		return nma_nlmsg_level_end(p);
	step = nma_nl_align(a.len);
	p->at = off + (step > left ? left : step);
	off += sizeof(a);
	a.len -= sizeof(a);
	a.type &= NMA_NL_TYPE_MASK;
	if (p->outer_at)
		nma_nlmsg_nested_attr(p, a.type, off, a.len);
	else if (p->ask.what == NMA_ASK_BIND_RX || p->ask.what == NMA_ASK_BIND_TX)
		nma_nlmsg_bind_attr(p, a.type, off, a.len);
	else
		nma_nlmsg_ethtool_attr(p, a.type, off, a.len);
	return NMA_NLMSG_AGAIN;
}

/* @data and @len of the send. */
static inline void nma_nlmsg_begin(struct nma_nlmsg *p, __u64 data, __u32 len,
				   __u16 netdev_family, __u16 ethtool_family)
{
	p->data = data;
	p->len = len;
	p->next = 0;
	p->at = 0;
	p->end = 0;
	p->outer_at = 0;
	p->outer_end = 0;
	p->netdev_family = netdev_family;
	p->ethtool_family = ethtool_family;
	nma_ask_clear(&p->ask);
}

/* No send takes more of them. */
static inline __u32 nma_nlmsg_steps(__u32 len)
{
	return len + 4;
}

static inline enum nma_nlmsg_step nma_nlmsg_step(struct nma_nlmsg *p)
{
	return p->at ? nma_nlmsg_attr(p) : nma_nlmsg_message(p);
}

#endif /* NMA_NLMSG_H */
