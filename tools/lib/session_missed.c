// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Program runs that the kernel skipped: a program does not interrupt itself, and
 * none behind a kprobe runs while a system call on a map does, on the same CPU.
 */
#include <stdio.h>

#include "session_priv.h"

/* Skipped because the program was already running on that CPU. */
static __u64 missed_runs(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_program__fd(prog);

	if (fd < 0 || bpf_prog_get_info_by_fd(fd, &info, &len))
		return 0;
	return info.recursion_misses;
}

/* Calls and returns the kernel could not hand to us. */
static __u64 missed_calls(const struct bpf_link *link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (bpf_link_get_info_by_fd(bpf_link__fd(link), &info, &len) ||
	    info.type != BPF_LINK_TYPE_KPROBE_MULTI)
		return 0;
	return info.kprobe_multi.missed;
}

/* What one of a pair misses is no loss. For both to miss a call, one task must have
 * been preempted in the first and another one on the same CPU in the second, and
 * the misses of the two do not tell: every busy machine has some of each. A socket
 * whose end nma_sock_close did not see is missed by the sum of rows.
 */
static __u64 lost_runs(const struct nma_session *s, const struct bpf_program *prog)
{
	if (prog == s->skel->progs.nma_sock_close || nma_session_has_twin(s, prog))
		return 0;
	return missed_runs(prog);
}

__u64 nma_session_missed(const struct nma_session *s)
{
	struct bpf_program *prog;
	__u64 n = 0;
	size_t i;

	bpf_object__for_each_program(prog, s->skel->obj)
		n += lost_runs(s, prog);
	for (i = 0; i < s->nr_links; i++)
		n += missed_calls(s->links[i]);
	return n;
}

void nma_session__missed_by(const struct nma_session *s, char *buf, size_t size)
{
	struct bpf_program *prog;
	size_t used = 0;
	__u64 n;

	buf[0] = '\0';
	bpf_object__for_each_program(prog, s->skel->obj) {
		n = lost_runs(s, prog);
		if (n && used < size)
			used += snprintf(buf + used, size - used, "%s%s %llu",
					 used ? ", " : "", bpf_program__name(prog), n);
	}
}
