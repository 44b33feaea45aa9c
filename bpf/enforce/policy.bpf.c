// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The policy in force, and what became of a request: see nma_policy.bpf.h.
 */
#include "nma_policy.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct nma_policies_map nma_policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nma_enforce_state);
} nma_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NMA_ENFORCE_RULES);
	__type(key, __u32);
	__type(value, struct nma_enforce_count);
} nma_counts SEC(".maps");

/* The last ones of each rule in places of their own, so that one who asks without
 * end cannot push out what others were refused. Both are mapped by those who look, for
 * reading them by system call would keep the kprobes of that CPU from running.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NMA_ENFORCE_RULES * NMA_ENFORCE_LOG);
	__type(key, __u32);
	__type(value, struct nma_refusal);
} nma_log SEC(".maps");

static const __u32 errnos[NMA_REASON_MAX] = {
#define NMA_REASON(id, err, text) [NMA_REASON_##id] = err,
	NMA_REASON_LIST
#undef NMA_REASON
};

static __always_inline __u32 errno_of(__u32 reason)
{
	return reason < NMA_REASON_MAX ? errnos[reason] : EPERM;
}

static __noinline void log_refusal(const struct nma_breach *b, __u32 mode, __u64 nr,
				   __u32 err)
{
	struct net_device *dev = (void *)b->dev;
	struct nma_refusal *r;
	__u32 key;

	key = b->rule % NMA_ENFORCE_RULES * NMA_ENFORCE_LOG + nr % NMA_ENFORCE_LOG;
	r = bpf_map_lookup_elem(&nma_log, &key);
	if (!r)
		return;
	r->nr = 0;		/* being written */
	r->time_ns = bpf_ktime_get_boot_ns();
	r->cgroup_id = bpf_get_current_cgroup_id();
	r->netdev = b->dev;
	r->ask = b->ask;
	r->asked = b->asked;
	r->limit = b->limit;
	r->rule = b->rule;
	r->reason = b->reason;
	r->mode = mode;
	r->pid = bpf_get_current_pid_tgid() >> 32;
	r->uid = bpf_get_current_uid_gid();
	r->err = err;
	r->ifindex = dev ? BPF_CORE_READ(dev, ifindex) : 0;
	r->netns = dev ? netdev_netns(dev) : 0;
	__builtin_memset(r->ifname, 0, sizeof(r->ifname));
	if (dev)
		BPF_CORE_READ_INTO(&r->ifname, dev, name);
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	r->nr = nr;
}

__noinline int nma_judge(struct nma_policy *pol, const struct nma_breach *b)
{
	struct nma_enforce_count *count;
	__u32 rule, mode, err;
	__u64 nr;

	if (!pol || !b)
		return 0;
	rule = b->rule % NMA_ENFORCE_RULES;
	mode = pol->mode[rule];
	count = bpf_map_lookup_elem(&nma_counts, &rule);
	if (mode == NMA_MODE_OFF || !count)
		return 0;
	if (mode == NMA_MODE_ENFORCE)
		__sync_fetch_and_add(&count->refused, 1);
	else
		__sync_fetch_and_add(&count->audited, 1);
	nr = count->refused + count->audited;
	err = errno_of(b->reason);
	log_refusal(b, mode, nr, err);
	return mode == NMA_MODE_ENFORCE ? -(int)err : 0;
}

/* ---- Who ---------------------------------------------------------------------*/

struct super_block {
	__u32 s_dev;
} __attribute__((preserve_access_index));

struct inode___with_sb {
	struct super_block *i_sb;
} __attribute__((preserve_access_index));

struct mm_struct___with_exe {
	struct file *exe_file;
} __attribute__((preserve_access_index));

struct task_struct___with_mm {
	struct mm_struct___with_exe *mm;
} __attribute__((preserve_access_index));

static __noinline bool exe_is(const struct nma_who *who)
{
	struct task_struct___with_mm *task = (void *)bpf_get_current_task();
	struct inode___with_sb *inode;

	inode = (void *)BPF_CORE_READ(task, mm, exe_file, f_inode);
	if (!inode)
		return false;
	return BPF_CORE_READ((struct inode *)inode, i_ino) == who->inode &&
	       BPF_CORE_READ(inode, i_sb, s_dev) == who->dev;
}

static __always_inline bool fits(const struct nma_who *who)
{
	if (who->has & NMA_WHO_UID && who->uid != (__u32)bpf_get_current_uid_gid())
		return false;
	if (who->has & NMA_WHO_CGROUP &&
	    bpf_get_current_ancestor_cgroup_id(who->cgroup_level) != who->cgroup_id)
		return false;
	return !(who->has & NMA_WHO_EXE) || exe_is(who);
}

__noinline int nma_may(struct nma_policy *pol, __u32 act)
{
	__u32 i;

	if (!pol || !(pol->restricted >> (act & 31) & 1))
		return 1;
	for (i = 0; i < NMA_ENFORCE_ROWS; i++) {
		if (i >= pol->nr_who)
			break;
		if (pol->who[i].acts >> (act & 31) & 1 && fits(&pol->who[i]))
			return 1;
	}
	return 0;
}

/* ---- Where -------------------------------------------------------------------*/

/* "nm*" stands for all that begin so. */
static __noinline bool name_fits(const char *want, const char *name)
{
	__u32 i;

	for (i = 0; i < NMA_ENFORCE_IFNAME; i++) {
		if (want[i] == '*')
			return true;
		if (want[i] != name[i])
			return false;
		if (!want[i])
			return true;
	}
	return true;
}

__noinline int nma_covers(struct nma_policy *pol, __u64 dev)
{
	char name[NMA_ENFORCE_IFNAME] = {};
	__u32 i;

	if (!pol)
		return 0;
	if (!pol->nr_ports)
		return 1;
	BPF_CORE_READ_INTO(&name, (struct net_device *)dev, name);
	for (i = 0; i < NMA_ENFORCE_PORTS; i++) {
		if (i >= pol->nr_ports)
			break;
		if (name_fits(pol->port[i], name))
			return 1;
	}
	return 0;
}
