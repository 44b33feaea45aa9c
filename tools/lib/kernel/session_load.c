// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which programs are loaded and what they are attached to. A program that this
 * kernel's verifier refuses is left out and its hooks are reported missing,
 * rather than the whole audit failing.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <linux/membarrier.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/session_priv.h"

#define RING_BYTES_DEFAULT	(1u << 20)
#define MAX_POOLS_DEFAULT	16384

/* Hooks that a build for tests/blind says it has and does not look at. */
#ifndef NMA_BLIND
#define NMA_BLIND		0
#endif

/* Hooks of the control path: all share one program, see control.bpf.c. */
static const enum nma_hook controls[] = {
#define NMA_CONTROL(id, ...) NMA_HOOK_##id,
#include "nma_hooks.def"
};

#define NR_CONTROLS	(sizeof(controls) / sizeof(controls[0]))

/* Programs of their own, as nma_hooks.def has them. */
static const struct {
	enum nma_hook hook;
	size_t prog;		/* offset in struct nma_bpf */
} progs[] = {
#define NMA_PROG(id, program, missed) \
	{ NMA_HOOK_##id, offsetof(struct nma_bpf, progs.program) },
#include "nma_hooks.def"
};

#define NR_PROGS	(sizeof(progs) / sizeof(progs[0]))

/* Whose function may call another one that is looked at, and so be seen there. */
static const struct {
	size_t prog;		/* offset in struct nma_bpf */
	size_t calls;		/* in struct nma_features: what is known of it */
} nested[] = {
#define NMA_NESTED(program, caller) \
	{ offsetof(struct nma_bpf, progs.program), \
	  offsetof(struct nma_features, caller##_calls) },
#include "nma_hooks.def"
};

_Static_assert(NR_PROGS + NR_CONTROLS <= NMA_LINKS_MAX, "room for each on its own");

/* The function that stands behind a hook on this kernel. */
static const char *function_of(const struct nma_session *s, enum nma_hook id)
{
	if (s->opts.features->newer & NMA_HOOK_BIT(id))
		return nma_hook_table[id].newer;
	return nma_hook_table[id].name;
}

/* There, and not refused at an earlier try. */
static bool hook_usable(const struct nma_session *s, enum nma_hook id)
{
	nma_hook_set have = s->opts.features->hooks & ~s->missing;

	if (nma_hook_table[id].kind != NMA_AT_ITERATOR)
		have &= ~(nma_hook_set)(NMA_BLIND);
	return have & NMA_HOOK_BIT(id) && !(nma_hook_table[id].needs & ~have);
}

static bool seen_elsewhere(const struct nma_session *s, size_t prog)
{
	const char *features = (const char *)s->opts.features;
	size_t i;

	for (i = 0; i < sizeof(nested) / sizeof(nested[0]); i++)
		if (nested[i].prog == prog)
			return *(const enum nma_calls *)(features + nested[i].calls) ==
			       NMA_CALLS;
	return false;
}

static __u64 tick_ns(void)
{
	struct timespec ts;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &ts))
		return 0;
	return ts.tv_nsec;
}

/* Not even created where nobody looks at single buffers. */
static void configure_deep(const struct nma_session *s, struct nma_bpf *skel)
{
	struct bpf_map *maps[] = {
		skel->maps.nma_bufs,
		skel->maps.nma_dma,
		skel->maps.nma_dma_tx,
		skel->maps.nma_spliced,
	};
	size_t i;

	bpf_map__set_autocreate(skel->maps.nma_bufs_near, s->opts.deep);
	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		bpf_map__set_autocreate(maps[i], s->opts.deep);
		if (s->opts.max_bufs)
			bpf_map__set_max_entries(maps[i], s->opts.max_bufs);
	}
}

/* Can each buffer that leaves a cache be counted? */
static bool each_seen(const struct nma_session *s)
{
	return hook_usable(s, NMA_HOOK_FAST) &&
	       s->opts.features->page_calls != NMA_CALLS_UNKNOWN &&
	       s->opts.features->frag_calls == NMA_CALLS;
}

/* Where what pools count comes from. */
static enum nma_counts counts_from(const struct nma_session *s)
{
	if (!s->opts.recycle)
		return NMA_COUNTS_NONE;
	if (s->opts.features->pool_stats)
		return NMA_COUNTS_KERNEL;
	return s->opts.circulate && each_seen(s) ? NMA_COUNTS_EACH : NMA_COUNTS_SLOW;
}

void nma_session_config(const struct nma_session *s, struct nma_config *cfg)
{
	int i;

	for (i = 0; i < NMA_SYM_MAX; i++)
		cfg->sym[i] = s->opts.features->sym[i];
	cfg->tick_ns = tick_ns();
	cfg->page_size = sysconf(_SC_PAGESIZE);
	cfg->cpus = libbpf_num_possible_cpus();
	cfg->counts = counts_from(s);
	cfg->hist = s->opts.hist;
	cfg->times = s->opts.hist && s->opts.circulate;
	cfg->bufs_bounded = s->opts.max_bufs > 0;
	cfg->ages = s->opts.ages;
	cfg->stacks = s->opts.stacks;
	cfg->zcrx_unseen = !hook_usable(s, NMA_HOOK_ZCRX_EMPTY);
	cfg->page_btf = s->opts.features->page_btf;
	cfg->netmem_btf = s->opts.features->netmem_btf;
}

static void configure(const struct nma_session *s, struct nma_bpf *skel)
{
	const struct nma_session_opts *o = &s->opts;

	nma_session_config(s, (struct nma_config *)&skel->rodata->nma_cfg);
	bpf_map__set_max_entries(skel->maps.nma_ring,
				 o->ring_bytes ? o->ring_bytes :
						 RING_BYTES_DEFAULT);
	bpf_map__set_max_entries(skel->maps.nma_pools,
				 o->max_pools ? o->max_pools :
						MAX_POOLS_DEFAULT);
	configure_deep(s, skel);
	bpf_map__set_autocreate(skel->maps.nma_hists_near, o->hist);
	bpf_map__set_autocreate(skel->maps.nma_given_near, o->hist && o->circulate);
	bpf_map__set_autocreate(skel->maps.nma_given_out, o->hist && o->circulate);
	bpf_map__set_autocreate(skel->maps.nma_taken, o->ages);
	bpf_map__set_autocreate(skel->maps.nma_stacks, o->stacks);
	if (o->max_bufs)
		bpf_map__set_max_entries(skel->maps.nma_taken, o->max_bufs);
}

static nma_hook_set all_controls(void)
{
	nma_hook_set all = 0;
	size_t i;

	for (i = 0; i < NR_CONTROLS; i++)
		all |= NMA_HOOK_BIT(controls[i]);
	return all;
}

/* Of those that see what happens. */
static unsigned int groups_asked(const struct nma_session *s)
{
	const struct nma_session_opts *o = &s->opts;
	unsigned int groups = 0;

	if (o->events)
		groups |= NMA_GROUP_CONTROL;
	if (o->events && o->tokens)
		groups |= NMA_GROUP_TOKENS | NMA_GROUP_BOUND;
	if (o->events && o->deep)
		groups |= NMA_GROUP_DEEP;
	if (o->recycle && o->tokens)
		groups |= NMA_GROUP_RATES | NMA_GROUP_LENT;
	if (counts_from(s) >= NMA_COUNTS_SLOW)
		groups |= NMA_GROUP_RECYCLE;
	if (counts_from(s) == NMA_COUNTS_EACH)
		groups |= NMA_GROUP_CIRCULATE;
	if (o->hist && o->circulate)
		groups |= NMA_GROUP_HIST;
	if (o->ages)
		groups |= NMA_GROUP_AGES;
	return groups;
}

/* Iterators are for snapshots as well. */
static bool hook_asked(const struct nma_session *s, enum nma_hook id)
{
	const struct nma_hook_desc *hook = &nma_hook_table[id];

	if (hook->kind == NMA_AT_ITERATOR)
		return s->opts.tokens || hook->groups & ~NMA_GROUP_TOKENS;
	return hook->groups & groups_asked(s);
}

/* What was taken before programs see it cannot be made up for, nor can its age: with
 * events they are loaded at once. Iterators look at what there is; only who has
 * something to read as a dma-buf comes is looked for there and then.
 */
static enum nma_later later_of(const struct nma_session *s, size_t i)
{
	const struct nma_hook_desc *hook = &nma_hook_table[progs[i].hook];
	bool marks = progs[i].prog == offsetof(struct nma_bpf, progs.nma_tcp_iter);

	if (hook->kind == NMA_AT_ITERATOR)
		return s->opts.events && marks ? NMA_LATER_MAX : NMA_LATER_SOCKETS;
	if (s->opts.events)
		return NMA_LATER_MAX;
	return hook->groups & NMA_GROUP_LENT && !s->opts.hist ? NMA_LATER_LENT :
								NMA_LATER_MAX;
}

/* Does the hook have a program of these? Those of the control path share one. */
static bool hook_has(const struct nma_session *s, enum nma_hook id, enum nma_later which)
{
	bool own = false;
	size_t i;

	for (i = 0; i < NR_PROGS; i++) {
		if (progs[i].hook != id)
			continue;
		own = true;
		if (later_of(s, i) == which)
			return true;
	}
	return !own && which == NMA_LATER_MAX;
}

static nma_hook_set hooks_of(const struct nma_session *s, enum nma_later which)
{
	nma_hook_set hooks = 0;
	size_t i;

	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (nma_hook_table[i].kind != NMA_AT_SYMBOL && hook_usable(s, i) &&
		    hook_asked(s, i) && hook_has(s, i, which))
			hooks |= NMA_HOOK_BIT(i);
	return hooks;
}

static void choose_progs(const struct nma_session *s, struct nma_bpf *skel,
			 nma_hook_set hooks, enum nma_later which)
{
	size_t i;

	for (i = 0; i < NR_PROGS; i++)
		if (hooks & NMA_HOOK_BIT(progs[i].hook) && later_of(s, i) == which &&
		    !seen_elsewhere(s, progs[i].prog))
			bpf_program__set_autoload(nma_prog_at(skel, progs[i].prog), true);
	if (which != NMA_LATER_MAX)
		return;
	bpf_program__set_autoload(skel->progs.nma_walk, true);
	bpf_program__set_autoload(skel->progs.nma_control, hooks & all_controls());
	bpf_program__set_autoload(skel->progs.nma_read_acts, s->opts.events);
	bpf_program__set_autoload(skel->progs.nma_read_pairs, nma_session_hooked(s));
}

/* Of @hooks those whose program the kernel refused become missing. */
static bool drop_refused(struct nma_session *s, struct nma_bpf *skel, nma_hook_set hooks)
{
	const char *name = s->refused;
	size_t i;

	if (!strcmp(name, "nma_control")) {
		s->missing |= hooks & all_controls();
		return true;
	}
	for (i = 0; i < NR_PROGS; i++) {
		if (strcmp(bpf_program__name(nma_prog_at(skel, progs[i].prog)), name))
			continue;
		s->missing |= NMA_HOOK_BIT(progs[i].hook);
		return true;
	}
	return false;
}

static int share(struct bpf_map *map, const struct nma_bpf *skel)
{
	struct bpf_map *with = skel ? bpf_object__find_map_by_name(skel->obj,
								   bpf_map__name(map)) :
				      NULL;

	if (!with || !bpf_map__autocreate(with))
		return 0;
	return bpf_map__reuse_fd(map, bpf_map__fd(with));
}

/* With all that are loaded already */
static int share_maps(const struct nma_session *s, struct nma_bpf *skel)
{
	struct bpf_map *map;
	int i, err = 0;

	bpf_object__for_each_map(map, skel->obj) {
		err = share(map, s->skel);
		for (i = 0; !err && i < NMA_LATER_MAX; i++)
			if (s->later[i] != skel)
				err = share(map, s->later[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Which types the programs need is known once they are open, and the file with them
 * is read when they are loaded.
 */
static struct nma_bpf *open_skeleton(struct nma_session *s)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	bool first = s->core_btf == -1;
	struct nma_bpf *skel;
	char path[64];

	if (first)
		s->core_btf = nma_kernel_btf__file(path, sizeof(path));
	else
		snprintf(path, sizeof(path), "/proc/self/fd/%d", s->core_btf);
	if (s->core_btf >= 0)
		opts.btf_custom_path = path;
	skel = nma_bpf__open_opts(&opts);
	if (!skel || s->core_btf < 0 || !first ||
	    !nma_kernel_btf__subset(bpf_object__btf(skel->obj), s->core_btf))
		return skel;
	nma_bpf__destroy(skel);
	close(s->core_btf);
	s->core_btf = -ENOENT;	/* works all the same, but slower */
	return nma_bpf__open();
}

/* Each program, map and link is a descriptor: shells give 1,024, some services fewer,
 * and the hard limit is ours to take.
 */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Instead of a library's words for it. */
static int load_failed(struct nma_session *s, int err, const char *what)
{
	struct rlimit limit = { 0 };

	if (err != -EMFILE && access("/proc/self/fd", F_OK) == 0)
		return nma_session_fail(s, err, "cannot %s the BPF programs", what);
	s->log[0] = '\0';
	if (err != -EMFILE)
		return nma_session_fail(s, err, "cannot %s the BPF programs, /proc is not mounted",
					what);
	getrlimit(RLIMIT_NOFILE, &limit);
	return nma_session_fail(s, err, "cannot %s the BPF programs: they take more than the %llu files that a process may have open here (ulimit -Hn)",
				what, (unsigned long long)limit.rlim_cur);
}

/* Those of @which that this kernel takes, to @skel */
static int load(struct nma_session *s, struct nma_bpf **skel, enum nma_later which)
{
	nma_hook_set hooks;
	int err;

	do {
		nma_bpf__destroy(*skel);
		s->refused[0] = '\0';
		s->log[0] = '\0';
		*skel = open_skeleton(s);
		if (!*skel)
			return load_failed(s, -errno, "open");
		configure(s, *skel);
		hooks = hooks_of(s, which);
		choose_progs(s, *skel, hooks, which);
		err = which == NMA_LATER_MAX ? 0 : share_maps(s, *skel);
		if (!err)
			err = nma_bpf__load(*skel);
	} while (err && err != -EPERM && err != -EMFILE && drop_refused(s, *skel, hooks));

	if (err)
		return load_failed(s, err, "load");
	s->wanted |= hooks;
	return 0;
}

int nma_session_load(struct nma_session *s)
{
	int err;

	raise_limit();
	err = nma_session_set_targets();
	if (err)
		return nma_session_fail(s, err, "cannot prepare the BPF programs");
	return load(s, &s->skel, NMA_LATER_MAX);
}

void nma_session_load_later(struct nma_session *s, enum nma_later which)
{
	libbpf_print_fn_t print;

	if (s->later[which] || s->refused_later[which] || !hooks_of(s, which))
		return;
	print = nma_session_listen(s);
	if (load(s, &s->later[which], which)) {
		s->missing |= hooks_of(s, which);
		s->refused_later[which] = true;
		nma_bpf__destroy(s->later[which]);
		s->later[which] = NULL;
	}
	nma_session_listen_end(print);
}

static int keep_link(struct nma_session *s, struct bpf_link *link)
{
	if (!link)
		return -errno;
	s->links[s->nr_links++] = link;
	return 0;
}

/* One attachment to many functions. By address if we have them: a search by
 * name goes through all of the kernel's symbols.
 */
static int attach_control(struct nma_session *s, nma_hook_set which)
{
	const char *names[NR_CONTROLS];
	unsigned long addrs[NR_CONTROLS];
	__u64 cookies[NR_CONTROLS];
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts,
		.cookies = cookies,
		.session = true,
	);
	bool have_addrs = true;
	enum nma_hook id;
	size_t i;

	for (i = 0; i < NR_CONTROLS; i++) {
		id = controls[i];
		if (!(which & NMA_HOOK_BIT(id)))
			continue;
		cookies[opts.cnt] = id;
		addrs[opts.cnt] = s->opts.features->addr[id];
		names[opts.cnt] = function_of(s, id);
		have_addrs &= addrs[opts.cnt] != 0;
		opts.cnt++;
	}
	if (!opts.cnt)
		return 0;
	if (have_addrs)
		opts.addrs = addrs;
	else
		opts.syms = names;
	return keep_link(s, bpf_program__attach_kprobe_multi_opts(
				    s->skel->progs.nma_control, NULL, &opts));
}

/* All together; if this kernel will not have one of them, one by one. */
static void attach_controls(struct nma_session *s)
{
	nma_hook_set which = s->wanted & all_controls(), bit;
	size_t i;

	if (!attach_control(s, which))
		return;
	for (i = 0; i < NR_CONTROLS; i++) {
		bit = NMA_HOOK_BIT(controls[i]);
		if ((which & bit) && attach_control(s, bit))
			s->missing |= bit;
	}
}

/* Nothing that began before may still be running when the hooks begin to count:
 * a grace period.
 */
static void arm_deep(struct nma_session *s)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	s->skel->bss_acts->nma_allocs_seen = !(s->missing & NMA_H(PP_ALLOC));
	s->skel->bss_acts->nma_deep_armed = 1;
}

static void attach_progs(struct nma_session *s, unsigned int groups)
{
	enum nma_hook hook;
	size_t i;

	for (i = 0; i < NR_PROGS; i++) {
		hook = progs[i].hook;
		if (!(s->wanted & NMA_HOOK_BIT(hook)) ||
		    !(nma_hook_table[hook].groups & groups) ||
		    nma_hook_table[hook].kind == NMA_AT_ITERATOR ||
		    seen_elsewhere(s, progs[i].prog))
			continue;
		if (keep_link(s, bpf_program__attach_trace(nma_session_prog(s, progs[i].prog))))
			s->missing |= NMA_HOOK_BIT(hook);
	}
}

void nma_session_attach(struct nma_session *s)
{
	attach_controls(s);
	attach_progs(s, ~NMA_GROUP_BOUND);
	if (s->opts.deep)
		arm_deep(s);
	nma_session_missed_begin(s);
}

/* Who receives without MSG_SOCK_DEVMEM */
static void attach_plain(struct nma_session *s)
{
	attach_progs(s, NMA_GROUP_BOUND);
	nma_session_missed_begin_pair(s, NMA_PAIR_PLAIN);
	s->skel->bss_use->nma_plain_seen = 1;
}

void nma_session_attach_bound(struct nma_session *s)
{
	if (s->bound || !s->opts.tokens || (!s->opts.events && !s->opts.recycle))
		return;
	s->bound = true;
	if (s->opts.events) {
		attach_plain(s);
		return;
	}
	nma_session_load_later(s, NMA_LATER_LENT);
	if (s->later[NMA_LATER_LENT])
		attach_progs(s, NMA_GROUP_LENT);
}

bool nma_session__takes_seen(const struct nma_session *s)
{
	const nma_hook_set hooks = NMA_H(TOKEN_TAKE) | NMA_H(TOKEN_RETURN);

	return (s->wanted & ~s->missing & hooks) == hooks;
}
