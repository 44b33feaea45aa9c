// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Program runs that the kernel skipped: a program does not interrupt itself, and
 * none behind a kprobe runs while a system call on a map does, on the same CPU.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kernel/session_priv.h"

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

/* The programs of a pair by function: of those that the compiler inlined or this
 * kernel has not, none is loaded.
 */
struct twins {
	enum nma_pair pair;
	size_t left, right;	/* offsets in struct nma_bpf */
};

#define TWINS(pair, left, right) { \
	NMA_PAIR_##pair, offsetof(struct nma_bpf, progs.left), \
	offsetof(struct nma_bpf, progs.right) \
}

static const struct twins all_twins[] = {
	TWINS(PUT, nma_put_left, nma_put_right),
	TWINS(ALLOC, nma_left_page_pool_alloc_netmems,
	      nma_right_page_pool_alloc_netmems),
	TWINS(ALLOC, nma_left_page_pool_alloc_pages,
	      nma_right_page_pool_alloc_pages),
	TWINS(FRAG, nma_left_page_pool_alloc_frag_netmem,
	      nma_right_page_pool_alloc_frag_netmem),
	TWINS(FRAG, nma_left_page_pool_alloc_frag, nma_right_page_pool_alloc_frag),
	TWINS(RECV, nma_recv, nma_recv_too),
	TWINS(SEND, nma_send, nma_send_too),
};

static const char *const pair_names[NMA_PAIR_MAX] = {
	[NMA_PAIR_PUT] = "nma_put_left and _right",
	[NMA_PAIR_ALLOC] = "nma_left and nma_right of page_pool_alloc_*",
	[NMA_PAIR_FRAG] = "nma_left and nma_right of page_pool_alloc_frag*",
	[NMA_PAIR_RECV] = "nma_recv and _too",
	[NMA_PAIR_SEND] = "nma_send and _too",
};

#define NR_TWINS	(sizeof(all_twins) / sizeof(all_twins[0]))

/* They look for what has been sent from a dma-buf: offsets in struct nma_bpf. */
static const size_t dma_progs[NMA_DMA_PROGS] = {
	offsetof(struct nma_bpf, progs.nma_map),
	offsetof(struct nma_bpf, progs.nma_unmap),
};

static const struct bpf_program *prog_at(const struct nma_session *s, size_t offset)
{
	return *(struct bpf_program **)((char *)s->skel + offset);
}

static bool is_twin(const struct nma_session *s, const struct bpf_program *prog)
{
	size_t i;

	for (i = 0; i < NR_TWINS; i++)
		if (prog == prog_at(s, all_twins[i].left) ||
		    prog == prog_at(s, all_twins[i].right))
			return true;
	return false;
}

/* Until something has been, there is nothing that they could miss; all buffers of
 * a ring are mapped at once, and interrupted meanwhile.
 */
static void update_dma(struct nma_session *s)
{
	const volatile __u32 *known = &s->skel->bss_acts->nma_dma_tx_known;
	__u64 missed[NMA_DMA_PROGS];
	size_t i;

	for (i = 0; i < NMA_DMA_PROGS; i++)
		missed[i] = missed_runs(prog_at(s, dma_progs[i]));
	if (!*known)	/* nor was it when they were read */
		memcpy(s->dma_idle, missed, sizeof(missed));
	for (i = 0; i < NMA_DMA_PROGS; i++)
		s->dma_lost[i] = missed[i] - s->dma_idle[i];
}

static const __u64 *dma_lost(const struct nma_session *s,
			     const struct bpf_program *prog)
{
	size_t i;

	for (i = 0; i < NMA_DMA_PROGS; i++)
		if (prog == prog_at(s, dma_progs[i]))
			return &s->dma_lost[i];
	return NULL;
}

static void missed_by_left(const struct nma_session *s, __u64 missed[NMA_PAIR_MAX])
{
	size_t i;

	memset(missed, 0, NMA_PAIR_MAX * sizeof(*missed));
	for (i = 0; i < NR_TWINS; i++)
		missed[all_twins[i].pair] += missed_runs(prog_at(s, all_twins[i].left));
}

static void seen_by_right_alone(const struct nma_session *s,
				__u64 seen[NMA_PAIR_MAX])
{
	struct nma_pairs_read arg = { .cpus = libbpf_num_possible_cpus() };
	LIBBPF_OPTS(bpf_test_run_opts, run,
		.ctx_in = &arg,
		.ctx_size_in = sizeof(arg),
	);
	size_t i;

	if (s->wanted)
		bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.nma_read_pairs),
				       &run);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		seen[i] = *(volatile __u64 *)&s->skel->bss_pairs->nma_alone[i];
}

/* While we read calls are made, and missed. Here those are read last that count
 * for more, in update_pairs() those that count for less: nobody is told of a loss
 * that was none.
 */
void nma_session_missed_begin(struct nma_session *s)
{
	__u64 missed[NMA_PAIR_MAX], seen[NMA_PAIR_MAX];
	size_t i;

	seen_by_right_alone(s, seen);
	missed_by_left(s, missed);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		s->unpaired[i] = missed[i] - seen[i];
}

/* What one of a pair misses is no loss. What both have missed is what the left one
 * has, less what the right one has seen alone; a call that is being made may be
 * taken for one of these until it ends, so that never less is told than before.
 */
static void update_pairs(struct nma_session *s)
{
	const volatile __s32 *proofs = &s->skel->bss_pairs->nma_frag_proofs;
	__u64 missed[NMA_PAIR_MAX], seen[NMA_PAIR_MAX];
	__s64 lost;
	size_t i;

	missed_by_left(s, missed);
	seen_by_right_alone(s, seen);
	for (i = 0; i < NMA_PAIR_MAX; i++) {
		if (i == NMA_PAIR_FRAG && *proofs >= NMA_FRAG_PROOFS)
			continue;	/* nobody looks at them any more */
		lost = missed[i] - seen[i] - s->unpaired[i];
		if (lost > (__s64)s->pairs_lost[i])
			s->pairs_lost[i] = lost;
	}
}

__u64 nma_session_excused(struct nma_session *s, __u64 puts)
{
	__u64 excused;

	update_pairs(s);
	excused = s->pairs_lost[NMA_PAIR_ALLOC] + s->pairs_lost[NMA_PAIR_FRAG] -
		  s->excused;
	if (excused > puts)
		excused = puts;
	s->excused += excused;
	return excused;
}

/* A socket whose end nma_sock_close did not see is missed by the sum of rows; a
 * buffer whose end nma_buf_gone did not see is forgotten when its page is put
 * into a pool again.
 */
static __u64 lost_runs(const struct nma_session *s, const struct bpf_program *prog)
{
	const __u64 *dma;

	if (prog == s->skel->progs.nma_sock_close ||
	    prog == s->skel->progs.nma_buf_gone || is_twin(s, prog))
		return 0;
	dma = dma_lost(s, prog);
	return dma ? *dma : missed_runs(prog);
}

__u64 nma_session_missed(struct nma_session *s)
{
	struct bpf_program *prog;
	__u64 n = 0;
	size_t i;

	update_dma(s);
	for (i = 0; i < s->nr_links; i++)
		n += missed_calls(s->links[i]);
	bpf_object__for_each_program(prog, s->skel->obj)
		n += lost_runs(s, prog);
	update_pairs(s);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		n += s->pairs_lost[i];
	return n;
}

struct names {
	char *buf;
	size_t size, used;
};

static void add_name(struct names *names, const char *name, __u64 nr)
{
	if (nr && names->used < names->size)
		names->used += snprintf(names->buf + names->used,
					names->size - names->used, "%s%s %llu",
					names->used ? ", " : "", name, nr);
}

void nma_session__missed_by(const struct nma_session *s, char *buf, size_t size)
{
	struct names names = { .buf = buf, .size = size };
	struct bpf_program *prog;
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < s->nr_links; i++)
		add_name(&names, "calls of nma_control", missed_calls(s->links[i]));
	bpf_object__for_each_program(prog, s->skel->obj)
		add_name(&names, bpf_program__name(prog), lost_runs(s, prog));
	for (i = 0; i < NMA_PAIR_MAX; i++)
		add_name(&names, pair_names[i], s->pairs_lost[i]);
}
