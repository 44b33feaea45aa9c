// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Binds and ethtool settings, which come by generic netlink: one request of a send
 * that may not be refuses the whole send. And the settings of RSS, which come by ioctl,
 * too.
 */
#include "nma_track.bpf.h"
#include "../nma_xarray.bpf.h"

#define SPLIT_ON		2	/* ETHTOOL_TCP_DATA_SPLIT_ENABLED */
#define ALTNAME_LEN		128	/* ALTIFNAMSIZ */
#define ALTNAME_WORDS		(ALTNAME_LEN / 8)
#define ALTNAMES_MOST		32
#define DEVICES_STEPS		(1 << 22)	/* of a walk through those of a namespace */
#define STEPS_MOST		(1 << 23)	/* that bpf_loop() takes */

#define SIOCETHTOOL		0x8946
#define ETHTOOL_SRXFHINDIR	0x39
#define ETHTOOL_SRSSH		0x47
#define INDIR_NO_CHANGE		0xffffffff
#define INDIR_MAX		(1 << 16)	/* entries that are walked; beyond, any queue */
#define NR_IOCTL		16
#define NR_IOCTL_32		54

struct netdev_name_node {
	struct list_head list;
	const char *name;
} __attribute__((preserve_access_index));

struct net_device___with_names {
	struct netdev_name_node *name_node;
} __attribute__((preserve_access_index));

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} __attribute__((preserve_access_index));

struct files_struct {
	struct fdtable *fdt;
} __attribute__((preserve_access_index));

struct task_struct___with_files {
	struct files_struct *files;
} __attribute__((preserve_access_index));

/* What is at hand while a send is looked at: too much for the stack. */
struct sending {
	struct nma_nlmsg p;
	struct nma_xa xa;
	struct net *net;
	__u64 dev;		/* that the request is about */
	__u32 unknown;		/* the search for it was not finished */
	__u32 done;
	int err;
	__u64 want[ALTNAME_WORDS];
	__u64 name[ALTNAME_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sending);
} nma_sending SEC(".maps");

/* ---- The device --------------------------------------------------------------*/

/* Word by word: what is behind their ends is zero. */
static __always_inline bool same_name(const struct sending *s)
{
	__u64 diff = 0;
	__u32 i;

	for (i = 0; i < ALTNAME_WORDS; i++) {
		diff |= s->want[i] ^ s->name[i];
		barrier_var(diff);	/* or it becomes a branch for each */
	}
	return !diff;
}

__noinline int nma_name_is(struct sending *s __arg_nonnull, __u64 name)
{
	__builtin_memset(s->name, 0, sizeof(s->name));
	if (bpf_probe_read_kernel_str(s->name, sizeof(s->name), (void *)name) < 0)
		return 0;
	return same_name(s);
}

static __noinline bool has_altname(struct sending *s, __u64 dev)
{
	struct netdev_name_node *first, *node;
	struct list_head *head, *at;
	__u32 i;

	first = BPF_CORE_READ((struct net_device___with_names *)dev, name_node);
	if (!first)
		return false;
	head = __builtin_preserve_access_index(&first->list);
	at = BPF_CORE_READ(head, next);
	for (i = 0; i < ALTNAMES_MOST; i++) {
		if (!at || at == head)
			return false;
		node = (void *)at - bpf_core_field_offset(struct netdev_name_node, list);
		if (nma_name_is(s, (__u64)BPF_CORE_READ(node, name)))
			return true;
		at = BPF_CORE_READ(at, next);
	}
	s->unknown = 1;
	return false;
}

static long match_device(__u32 i, struct sending **ctx)
{
	struct sending *s = *ctx;
	struct net_device *dev;

	switch (nma_xa_step(&s->xa)) {
	case NMA_XA_AGAIN:
		return 0;
	case NMA_XA_END:
		s->done = 1;
		return 1;
	case NMA_XA_FOUND:
		break;
	}
	dev = (void *)s->xa.entry;
	if (nma_name_is(s, (__u64)__builtin_preserve_access_index(&dev->name)) ||
	    has_altname(s, s->xa.entry)) {
		s->dev = s->xa.entry;
		s->done = 1;
		return 1;
	}
	nma_xa_advance(&s->xa);
	return 0;
}

/* The one that is called as s->want says */
static __always_inline void find_by_name(struct sending *s)
{
	struct net *net = s->net;

	__builtin_memset(&s->xa, 0, sizeof(s->xa));
	s->xa.xarray = (__u64)__builtin_preserve_access_index(&net->dev_by_index);
	s->done = 0;
	bpf_loop(DEVICES_STEPS, match_device, &s, 0);
	if (!s->done)
		s->unknown = 1;
}

/* As the kernel does: by number if there is one, else by name or altname. Global, as
 * is what follows, so that the verifier goes through it once.
 */
__noinline int nma_find_device(struct sending *s __arg_nonnull)
{
	__u32 len = s->p.ask.name_len;

	s->dev = 0;
	s->unknown = 0;
	if (s->p.ask.ifindex) {
		s->dev = nma_device_by_index((__u64)s->net, s->p.ask.ifindex);
		return 0;
	}
	if (!s->p.ask.name)
		return 0;
	if (len > ALTNAME_LEN)
		len = ALTNAME_LEN;
	__builtin_memset(s->want, 0, sizeof(s->want));
	bpf_probe_read_kernel_str(s->want, len, (void *)(s->p.data + s->p.ask.name));
	find_by_name(s);
	return 0;
}

/* ---- Its queues --------------------------------------------------------------*/

struct queue_walk {
	__u64 dev;
	__u64 table;		/* of RSS; 0: any queue */
	struct nma_nlmsg *p;	/* the send that has it, NULL: the caller's memory */
	__u32 found;
	__u32 queue;
	__u32 unseen;		/* an entry is in a page that is not there */
	__u32 rsvd;
};

static long find_bound(__u32 i, struct queue_walk *w)
{
	__u32 queue = i;

	if (w->table && w->p)
		nma_nlmsg_read(&queue, 4, w->p, w->table + 4ull * i);
	else if (w->table && bpf_probe_read_user(&queue, 4, (void *)(w->table + 4ull * i)))
		w->unseen = 1;
	if (!w->unseen && !rxq_is_bound((void *)w->dev, queue))
		return 0;
	w->found = !w->unseen;
	w->queue = queue;
	return 1;
}

static __noinline bool any_bound(__u64 dev)
{
	struct queue_walk w = { .dev = dev };

	bpf_loop(BPF_CORE_READ((struct net_device *)dev, num_rx_queues), find_bound, &w, 0);
	return w.found;
}

/* ---- Verdicts: 0, or what the sender gets --------------------------------------*/

static __always_inline __u32 req_of(__u32 what)
{
	switch (what) {
	case NMA_ASK_BIND_RX:
		return NMA_REQ_BIND_RX;
	case NMA_ASK_BIND_TX:
		return NMA_REQ_BIND_TX;
	case NMA_ASK_RINGS_SET:
		return NMA_REQ_RINGS;
	case NMA_ASK_RSS_SET:
		return NMA_REQ_RSS;
	default:
		return NMA_REQ_NETLINK;
	}
}

static __always_inline int breach(struct nma_policy *pol, const struct sending *s,
				  __u32 rule, __u32 reason, __u64 asked, __u64 limit)
{
	struct nma_breach b = {
		.asked = asked,
		.limit = limit,
		.dev = s->dev,
		.rule = rule,
		.reason = reason,
		.ask = req_of(s->p.ask.what),
	};

	return nma_judge(pol, &b);
}

static __always_inline __u32 ifindex_of(__u64 dev)
{
	return BPF_CORE_READ((struct net_device *)dev, ifindex);
}

/* NM-BIND-02: where the core keeps the setting, it refuses itself. */
__noinline int nma_judge_split(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	const __u32 rule = NMA_RULE_BIND_02;
	struct nma_split *split;
	__u64 dev = s->dev;

	if (!nma_looks_at(pol, rule) || netdev_has_cfg())
		return 0;
	split = bpf_map_lookup_elem(&nma_split, &dev);
	if (split && split->ifindex == ifindex_of(dev)) {
		if (split->split == SPLIT_ON)
			return 0;
		return breach(pol, s, rule, NMA_REASON_SPLIT_OFF, split->split, 0);
	}
	if (pol->allow_unknown[rule])
		return 0;
	return breach(pol, s, rule, NMA_REASON_SPLIT_UNKNOWN, 0, 0);
}

static __always_inline struct dma_buf *dmabuf_of(__u32 fd)
{
	struct task_struct___with_files *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	struct dma_buf *dmabuf;

	if (!fdt || fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	if (!file)
		return NULL;
	dmabuf = BPF_CORE_READ(file, private_data);
	return dmabuf && BPF_CORE_READ(dmabuf, file) == file ? dmabuf : NULL;
}

/* NM-BIND-08 as far as it is about the size, and the bytes of NM-BIND-09 */
__noinline int nma_judge_dmabuf(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	struct dma_buf *dmabuf = dmabuf_of(s->p.ask.fd);
	struct nma_charge c = {};
	__u64 size, *sum;
	int err;

	if (!dmabuf)
		return 0;	/* the kernel says what it thinks of it */
	size = BPF_CORE_READ(dmabuf, size);
	if (size % pol->page_size) {
		err = breach(pol, s, NMA_RULE_BIND_08, NMA_REASON_RAGGED, size,
			     pol->page_size);
		if (err)
			return err;
	}
	nma_charge_to(pol, &c);
	sum = bpf_map_lookup_elem(&nma_charged, &c.cgroup_id);
	if (sum)
		size += *sum;
	if (size <= c.limit)
		return 0;
	return breach(pol, s, NMA_RULE_BIND_09, NMA_REASON_BYTES, size, c.limit);
}

/* NM-BIND-07: a queue that other flows come to */
__noinline int nma_judge_rss(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	const __u32 rule = NMA_RULE_BIND_07;
	__u64 dev = s->dev, both;
	struct nma_rss *rss;
	__u32 i;

	if (!nma_looks_at(pol, rule))
		return 0;
	rss = bpf_map_lookup_elem(&nma_rss, &dev);
	if (!rss || rss->ifindex != ifindex_of(dev) ||
	    s->p.ask.queues_beyond) {
		if (pol->allow_unknown[rule])
			return 0;
		return breach(pol, s, rule, NMA_REASON_RSS_UNKNOWN, 0, 0);
	}
	for (i = 0; i < NMA_RSS_WORDS; i++) {
		both = rss->queues[i] & s->p.ask.queues[i];
		if (both)
			return breach(pol, s, rule, NMA_REASON_RSS_QUEUE, both, i);
	}
	return 0;
}

__noinline int nma_judge_bind(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	bool rx = s->p.ask.what == NMA_ASK_BIND_RX;
	int err = 0;

	if (!nma_may(pol, rx ? NMA_WHO_BIND_RX : NMA_WHO_BIND_TX))
		err = breach(pol, s, NMA_RULE_BIND_09, NMA_REASON_WHO, 0, 0);
	if (!err)
		err = nma_judge_dmabuf(pol, s);
	if (err || !rx)
		return err;
	err = nma_judge_split(pol, s);
	return err ? err : nma_judge_rss(pol, s);
}

/* NM-BIND-03 */
__noinline int nma_judge_rings(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	const struct nma_ask *ask = &s->p.ask;

	if (netdev_has_cfg() || !ask->split_given || ask->split == SPLIT_ON ||
	    !any_bound(s->dev))
		return 0;
	return breach(pol, s, NMA_RULE_BIND_03, NMA_REASON_SPLIT_NEEDED, ask->split, 0);
}

/* NM-BIND-07 the other way round */
__noinline int nma_judge_rss_set(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	const struct nma_ask *ask = &s->p.ask;
	struct queue_walk w = { .dev = s->dev, .p = &s->p, .table = ask->indir };

	if (!ask->indir || ask->rss_context || !nma_looks_at(pol, NMA_RULE_BIND_07))
		return 0;
	bpf_loop(ask->indir_len / 4, find_bound, &w, 0);
	/* an empty table is the default one, of all queues */
	if (ask->indir_len < 4 && any_bound(s->dev))
		w.found = 1;
	if (!w.found)
		return 0;
	return breach(pol, s, NMA_RULE_BIND_07, NMA_REASON_RSS_TABLE, w.queue, 0);
}

/* The rule that a request of that kind is most about: what is not known of it is
 * treated as that says.
 */
static __always_inline __u32 rule_of(__u32 what)
{
	switch (what) {
	case NMA_ASK_RINGS_SET:
		return NMA_RULE_BIND_03;
	case NMA_ASK_RSS_SET:
		return NMA_RULE_BIND_07;
	default:
		return NMA_RULE_BIND_09;
	}
}

__noinline int nma_judge_ask(struct nma_policy *pol __arg_nonnull,
				struct sending *s __arg_nonnull)
{
	__u32 what = s->p.ask.what;

	nma_find_device(s);
	if (!s->dev) {
		__u32 rule = rule_of(what);

		if (!s->unknown || pol->allow_unknown[rule % NMA_ENFORCE_RULES])
			return 0;	/* there is none, says the kernel */
		return breach(pol, s, rule, NMA_REASON_HOSTILE, 0, 0);
	}
	if (!nma_covers(pol, s->dev))
		return 0;
	switch (what) {
	case NMA_ASK_BIND_RX:
	case NMA_ASK_BIND_TX:
		return nma_judge_bind(pol, s);
	case NMA_ASK_RINGS_SET:
		return nma_judge_rings(pol, s);
	case NMA_ASK_RSS_SET:
		return nma_judge_rss_set(pol, s);
	}
	return 0;
}

/* ---- The send ----------------------------------------------------------------*/

/* True as soon as a request is complete, or at the end. */
static long parse_step(__u32 i, struct sending **ctx)
{
	struct sending *s = *ctx;
	struct nma_policy *pol;

	switch (nma_nlmsg_step(&s->p)) {
	case NMA_NLMSG_AGAIN:
		return 0;
	case NMA_NLMSG_END:
		s->done = 2;
		return 1;
	case NMA_NLMSG_ASK:
		break;
	}
	pol = nma_policy();
	if (pol)
		s->err = nma_judge_ask(pol, s);
	return s->err != 0;
}

static __always_inline int judge_send(struct nma_policy *pol, struct sending *s,
				 struct sk_buff *skb)
{
	__u32 steps = nma_nlmsg_steps(skb->len);

	nma_nlmsg_begin(&s->p, (__u64)skb->data, skb->len, pol->netdev_family,
			pol->ethtool_family);
	s->done = 0;
	s->err = 0;
	s->dev = 0;
	if (steps > STEPS_MOST)
		steps = STEPS_MOST;
	bpf_loop(steps, parse_step, &s, 0);
	if (s->err || s->done == 2 || pol->allow_unknown[NMA_RULE_BIND_09])
		return s->err;
	return breach(pol, s, NMA_RULE_BIND_09, NMA_REASON_HOSTILE, skb->len, STEPS_MOST);
}

SEC("?lsm.s/netlink_send")
int BPF_PROG(nma_netlink_send, struct sock *sk, struct sk_buff *skb, int ret)
{
	struct nma_policy *pol;
	struct sending *s;

	if (ret || sk->sk_protocol != NETLINK_GENERIC)
		return nma_answer(ret);
	pol = nma_policy();
	if (!pol || !skb->data)
		return 0;
	s = bpf_task_storage_get(&nma_sending, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s) {
		struct nma_breach b = { .rule = NMA_RULE_BIND_09,
					.reason = NMA_REASON_HOSTILE,
					.ask = NMA_REQ_NETLINK };

		return nma_answer(pol->allow_unknown[NMA_RULE_BIND_09] ? 0 : nma_judge(pol, &b));
	}
	s->net = sk->__sk_common.skc_net.net;
	return nma_answer(judge_send(pol, s, skb));
}

/* ---- RSS by ioctl --------------------------------------------------------------*/

/* struct ethtool_rxfh_indir or ethtool_rxfh, where the caller has it */
struct table_at {
	__u64 addr;		/* 0: the default table is asked for */
	__u32 entries;
};

enum seen {
	NO_TABLE,
	TABLE,
	UNSEEN,			/* may be one */
};

/* The kernel has just read the first word; what is behind it may be in a page that
 * nobody has touched, which only the kernel can get.
 */
static __always_inline enum seen asks_for_table(__u64 data, struct table_at *t)
{
	__u32 h[3] = {};	/* cmd, size; or cmd, context, size */

	if (bpf_probe_read_user(&h[0], 4, (void *)data))
		return UNSEEN;
	if (h[0] == ETHTOOL_SRXFHINDIR) {
		if (bpf_probe_read_user(&h[1], 4, (void *)(data + 4)))
			return UNSEEN;
		t->entries = h[1];
		t->addr = data + 8;
		return TABLE;
	}
	if (h[0] != ETHTOOL_SRSSH)
		return NO_TABLE;
	if (bpf_probe_read_user(&h[1], 8, (void *)(data + 4)))
		return UNSEEN;
	if (h[1] || h[2] == INDIR_NO_CHANGE)
		return NO_TABLE;
	t->entries = h[2];
	t->addr = data + 24;
	return TABLE;
}

/* A request that cannot be looked at as a whole */
static __noinline int judge_unseen(struct nma_policy *pol, __u64 dev)
{
	struct nma_breach b = { .rule = NMA_RULE_BIND_07, .reason = NMA_REASON_HOSTILE,
				.ask = NMA_REQ_RSS, .dev = dev };

	return pol->allow_unknown[NMA_RULE_BIND_07] ? 0 : nma_judge(pol, &b);
}

static __noinline int judge_table(struct nma_policy *pol, struct sending *s,
				  const struct table_at *t)
{
	struct queue_walk w = { .dev = s->dev, .table = t->addr };
	struct nma_breach b = { .rule = NMA_RULE_BIND_07, .reason = NMA_REASON_RSS_IOCTL,
				.ask = NMA_REQ_RSS, .dev = s->dev };

	if (t->entries && t->entries <= INDIR_MAX)
		bpf_loop(t->entries, find_bound, &w, 0);
	else
		w.found = any_bound(s->dev);
	if (w.unseen)
		return judge_unseen(pol, s->dev);
	b.asked = w.queue;
	return w.found ? nma_judge(pol, &b) : 0;
}

/* The request of a task that is in dev_ethtool(), which only those ioctls come to that
 * are ethtool's: nobody else's call costs anything.
 */
struct ethtool_call {
	__u64 net;
	__u64 ifreq;		/* the kernel's copy */
	__u64 data;		/* the caller's; 0: it has been looked at */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ethtool_call);
} nma_ethtool SEC(".maps");

/* There was no memory to note a call, once. */
__u32 nma_unnoted;

static __noinline int judge_call(struct nma_policy *pol, const struct ethtool_call *call)
{
	struct table_at t = {};
	struct sending *s;
	enum seen seen;

	seen = asks_for_table(call->data, &t);
	if (seen == NO_TABLE)
		return 0;
	s = bpf_task_storage_get(&nma_sending, bpf_get_current_task_btf(), NULL,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s)
		return judge_unseen(pol, 0);
	s->net = (struct net *)call->net;
	s->dev = 0;
	s->unknown = 0;
	__builtin_memset(s->want, 0, sizeof(s->want));
	/* to its end: the kernel has cut off what names an alias, "eth0:1" */
	bpf_probe_read_kernel_str(s->want, NMA_ENFORCE_IFNAME, (void *)call->ifreq);
	find_by_name(s);
	if (!s->dev)
		return s->unknown ? judge_unseen(pol, 0) : 0;
	if (!nma_covers(pol, s->dev) || !any_bound(s->dev))
		return 0;
	return seen == TABLE ? judge_table(pol, s, &t) : judge_unseen(pol, s->dev);
}

SEC("?fentry/dev_ethtool")
int BPF_PROG(nma_ethtool_begin, struct net *net, void *ifr, void *useraddr)
{
	struct ethtool_call *call;

	call = bpf_task_storage_get(&nma_ethtool, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call) {
		nma_unnoted = 1;
		return 0;
	}
	call->net = (__u64)net;
	call->ifreq = (__u64)ifr;
	call->data = (__u64)useraddr;
	return 0;
}

SEC("?fexit/dev_ethtool")
int BPF_PROG(nma_ethtool_end)
{
	bpf_task_storage_delete(&nma_ethtool, bpf_get_current_task_btf());
	return 0;
}

struct pt_regs___kernel {
	unsigned long cx;
	unsigned long si;
	unsigned long orig_ax;
} __attribute__((preserve_access_index));

/* Where there was no memory to note the call: is the task in one? By either table of
 * system calls. Not all that it asks for then is ethtool's: it may load a module for a
 * port that is not there, so this is not enough where calls are noted.
 */
static __always_inline bool in_ethtool_ioctl(void)
{
	struct pt_regs___kernel *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u64 nr = BPF_CORE_READ(regs, orig_ax);

	return (nr == NR_IOCTL && (__u32)BPF_CORE_READ(regs, si) == SIOCETHTOOL) ||
	       (nr == NR_IOCTL_32 && (__u32)BPF_CORE_READ(regs, cx) == SIOCETHTOOL);
}

/* The kernel asks this of whoever wants to change something. */
SEC("?lsm/capable")
int BPF_PROG(nma_ethtool_may, const struct cred *cred, void *ns, int cap, unsigned int opts,
	     int ret)
{
	struct ethtool_call *call, copy;
	struct nma_policy *pol;

	if (ret || cap != CAP_NET_ADMIN)
		return nma_answer(ret);
	call = bpf_task_storage_get(&nma_ethtool, bpf_get_current_task_btf(), NULL, 0);
	if (call ? !call->data : !nma_unnoted || !in_ethtool_ioctl())
		return 0;
	pol = nma_policy();
	if (!pol || !nma_looks_at(pol, NMA_RULE_BIND_07))
		return 0;
	if (!call)
		return nma_answer(judge_unseen(pol, 0));
	copy = *call;
	call->data = 0;
	return nma_answer(judge_call(pol, &copy));
}
