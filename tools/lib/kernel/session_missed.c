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

/* What becomes of a run that was skipped: the third column of NMA_PROG. */
enum miss {
	MISS_LOST,
	MISS_TOLD,	/* it shows in another way */
	MISS_IDLE,	/* lost once something was sent from a dma-buf */
	MISS_COUNT,	/* lost where the kernel does not count the same */
	MISS_PAIRED,	/* the other program has seen it, as a rule */
};

static const struct {
	enum miss miss;
	size_t prog;		/* offset in struct nma_bpf */
} progs[] = {
#define NMA_PROG(id, program, missed) \
	{ MISS_##missed, offsetof(struct nma_bpf, progs.program) },
#include "nma_hooks.def"
};

#define NR_PROGS	(sizeof(progs) / sizeof(progs[0]))

/* Of functions that this kernel has not, neither program is loaded. */
static const struct {
	enum nma_pair pair;
	size_t left;
} twins[] = {
#define NMA_TWINS(id, left, right, pair) \
	{ NMA_PAIR_##pair, offsetof(struct nma_bpf, progs.left) },
#include "nma_hooks.def"
};

#define NR_TWINS	(sizeof(twins) / sizeof(twins[0]))

static const char *const pair_names[NMA_PAIR_MAX] = {
#define NMA_PAIR(id, text) [NMA_PAIR_##id] = text,
#include "nma_hooks.def"
};

static __u64 missed_of_kind(const struct nma_session *s, enum miss miss)
{
	__u64 n = 0;
	size_t i;

	for (i = 0; i < NR_PROGS; i++)
		if (progs[i].miss == miss)
			n += missed_runs(nma_session_prog(s, progs[i].prog));
	return n;
}

static bool is_lost(const struct nma_session *s, enum miss miss)
{
	return miss == MISS_LOST || (miss == MISS_COUNT && !s->opts.features->pool_stats);
}

/* Until something has been sent from a dma-buf, programs that look for it have
 * nothing to miss; all buffers of a ring are mapped at once, and interrupted
 * meanwhile.
 */
static void update_sending(struct nma_session *s)
{
	const volatile __u32 *known = &s->skel->bss_acts->nma_dma_tx_known;
	__u64 missed = missed_of_kind(s, MISS_IDLE);

	if (!*known)	/* nor was it when they were read */
		s->missed.idle = missed;
	s->missed.sending = missed - s->missed.idle;
}

static void missed_by_left(const struct nma_session *s, __u64 missed[NMA_PAIR_MAX])
{
	size_t i;

	memset(missed, 0, NMA_PAIR_MAX * sizeof(*missed));
	for (i = 0; i < NR_TWINS; i++)
		missed[twins[i].pair] += missed_runs(nma_session_prog(s, twins[i].left));
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

	if (nma_session_hooked(s))
		bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.nma_read_pairs),
				       &run);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		seen[i] = *(volatile __u64 *)&s->skel->bss_pairs->nma_alone[i];
}

/* Calls that neither has seen so far. The left one is attached first, so whatever
 * the right one has seen alone the left one has missed: what is more than that are
 * calls between their two programs.
 */
static __u64 missed_by_both(__u64 missed, __u64 seen)
{
	return missed > seen ? missed - seen : 0;
}

/* While we read calls are made, and missed. Here those are read last that count
 * for more, in update_pairs() those that count for less: nobody hears of a loss
 * that was none.
 */
void nma_session_missed_begin_pair(struct nma_session *s, enum nma_pair pair)
{
	__u64 missed[NMA_PAIR_MAX], seen[NMA_PAIR_MAX];

	seen_by_right_alone(s, seen);
	missed_by_left(s, missed);
	s->missed.unpaired[pair] = missed_by_both(missed[pair], seen[pair]);
}

void nma_session_missed_begin(struct nma_session *s)
{
	__u64 missed[NMA_PAIR_MAX], seen[NMA_PAIR_MAX];
	size_t i;

	seen_by_right_alone(s, seen);
	missed_by_left(s, missed);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		s->missed.unpaired[i] = missed_by_both(missed[i], seen[i]);
}

/* A call that one of a pair misses is no loss. Both have missed what the left one
 * has, less what the right one has seen alone. A call that is being made may be
 * taken for one of these until it ends, so the total never decreases.
 */
static void update_pairs(struct nma_session *s)
{
	__u64 missed[NMA_PAIR_MAX], seen[NMA_PAIR_MAX];
	__s64 lost;
	size_t i;

	missed_by_left(s, missed);
	seen_by_right_alone(s, seen);
	for (i = 0; i < NMA_PAIR_MAX; i++) {
		lost = missed[i] - seen[i] - s->missed.unpaired[i];
		if (lost > (__s64)s->missed.pairs[i])
			s->missed.pairs[i] = lost;
	}
}

__u64 nma_session_excused(struct nma_session *s, __u64 puts)
{
	__u64 excused;

	update_pairs(s);
	excused = s->missed.pairs[NMA_PAIR_ALLOC] + s->missed.pairs[NMA_PAIR_FRAG] -
		  s->missed.excused;
	if (excused > puts)
		excused = puts;
	s->missed.excused += excused;
	return excused;
}

__u64 nma_session_missed(struct nma_session *s)
{
	__u64 n = missed_of_kind(s, MISS_LOST);
	size_t i;

	if (is_lost(s, MISS_COUNT))
		n += missed_of_kind(s, MISS_COUNT);
	for (i = 0; i < s->nr_links; i++)
		n += missed_calls(s->links[i]);
	update_sending(s);
	n += s->missed.sending;
	update_pairs(s);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		n += s->missed.pairs[i];
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
	const struct bpf_program *prog;
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < s->nr_links; i++)
		add_name(&names, "calls of nma_control", missed_calls(s->links[i]));
	for (i = 0; i < NR_PROGS; i++) {
		prog = nma_session_prog(s, progs[i].prog);
		if (is_lost(s, progs[i].miss))
			add_name(&names, bpf_program__name(prog), missed_runs(prog));
	}
	add_name(&names, "nma_map and nma_unmap", s->missed.sending);
	add_name(&names, "nma_plain, attached too late to tell,",
		 s->skel->bss_lost->nma_lost[NMA_LOSS_MISSED]);
	for (i = 0; i < NMA_PAIR_MAX; i++)
		add_name(&names, pair_names[i], s->missed.pairs[i]);
}
