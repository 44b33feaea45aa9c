// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which programs of the skeleton are loaded and attached is one table, from
 * hook to program. A program that this kernel's verifier refuses is left out
 * and its hook reported missing, rather than failing the whole audit.
 */
#include "session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "features.h"
#include "netns.h"
#include "nma_prog.h"

#include "nma.skel.h"	/* needs nma_prog.h */

#define RING_BYTES_DEFAULT	(1u << 20)
#define MAX_POOLS_DEFAULT	16384
#define WALK_STALLS_MAX		8	/* calls of a walk without progress */

enum group {
	GROUP_EVENTS,
	GROUP_TOKENS,
};

struct hook {
	enum nma_hook id;
	enum group group;
	size_t prog;		/* offset of the program in struct nma_bpf */
	size_t link;
};

#define HOOK(id, group, name) {				\
	NMA_HOOK_##id, GROUP_##group,				\
	offsetof(struct nma_bpf, progs.name),			\
	offsetof(struct nma_bpf, links.name),			\
}

static const struct hook hooks[] = {
	HOOK(POOL_CREATE, EVENTS, nma_pool_create),
	HOOK(POOL_FAIL, EVENTS, nma_pool_fail),
	HOOK(POOL_DETACH, EVENTS, nma_pool_detach),
	HOOK(POOL_RELEASE, EVENTS, nma_pool_release),
	HOOK(POOL_GONE, EVENTS, nma_pool_gone),
	HOOK(BIND, EVENTS, nma_bind),
	HOOK(UNBIND, EVENTS, nma_unbind),
	HOOK(BIND_FREE, EVENTS, nma_bind_free),
	HOOK(BIND_QUEUE, EVENTS, nma_bind_queue),
	HOOK(QUEUE_RESTART, EVENTS, nma_queue_restart),
	HOOK(MP_CHECK, EVENTS, nma_mp_check),
	HOOK(XDP, EVENTS, nma_xdp_install),
	HOOK(HDS_SET, EVENTS, nma_hds_set),
	HOOK(NETDEV, EVENTS, nma_netdev_event),
	HOOK(QUEUES, EVENTS, nma_netdev_queues),
	HOOK(TOKEN_TAKE, TOKENS, nma_token_take),
	HOOK(TOKEN_RETURN, TOKENS, nma_token_return),
	HOOK(SOCK_CLOSE, TOKENS, nma_sock_close),
};

#define NR_HOOKS	(sizeof(hooks) / sizeof(hooks[0]))

struct nma_session {
	struct nma_session_opts opts;
	struct nma_bpf *skel;
	struct ring_buffer *ring;
	__u64 wanted;		/* hooks, NMA_H() bits */
	__u64 missing;
	__u64 walk_cut;
	__u32 generation;
	bool devmem_seen;	/* a pool with buffers of a dma-buf out */
	bool old_tokens_known;
	__u32 *netns;		/* inodes seen by this snapshot */
	size_t nr_netns;
	char refused[64];	/* program that failed to load, from the log */
	char error[512];
	char log[512];		/* last message of libbpf worth repeating */
};

/* libbpf has one print callback per process and no context for it. */
static struct nma_session *logging;

__attribute__((format(printf, 3, 4)))
static int fail(struct nma_session *s, int err, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, args);
	va_end(args);

	len = strlen(s->error);
	if (s->log[0])
		snprintf(s->error + len, sizeof(s->error) - len, ": %s", s->log);
	else
		snprintf(s->error + len, sizeof(s->error) - len, ": %s",
			 strerror(-err));
	return err;
}

/* The verifier's last word: the line before its statistics. */
static const char *verdict_line(char *msg)
{
	char *end = strstr(msg, "\nprocessed ");
	char *line;

	if (!end)
		return NULL;
	*end = '\0';
	line = strrchr(msg, '\n');
	return line ? line + 1 : msg;
}

static void capture_line(struct nma_session *s, char *msg)
{
	char *name = strstr(msg, "prog '");
	char *end = name ? strchr(name + 6, '\'') : NULL;
	const char *line;

	if (end && strstr(end, "failed to load"))
		snprintf(s->refused, sizeof(s->refused), "%.*s",
			 (int)(end - name - 6), name + 6);

	line = verdict_line(msg);
	if (!line && s->log[0])
		return;
	if (!line)
		line = strncmp(msg, "libbpf: ", 8) ? msg : msg + 8;
	snprintf(s->log, sizeof(s->log), "%.*s", (int)strcspn(line, "\n"), line);
}

/* libbpf's first warning, or better the verifier's verdict, goes into the
 * error text; the name of a program that the kernel refused is kept as well.
 */
static int capture(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char *msg;

	if (level != LIBBPF_WARN || !logging)
		return 0;
	if (vasprintf(&msg, fmt, args) < 0)
		return 0;
	capture_line(logging, msg);
	if (getenv("NMA_DEBUG_LIBBPF"))
		fputs(msg, stderr);
	free(msg);
	return 0;
}

static struct bpf_program *hook_prog(const struct nma_session *s,
				     const struct hook *h)
{
	return *(struct bpf_program **)((char *)s->skel + h->prog);
}

static struct bpf_link **hook_link(const struct nma_session *s,
				   const struct hook *h)
{
	return (struct bpf_link **)((char *)s->skel + h->link);
}

static bool group_wanted(const struct nma_session *s, enum group group)
{
	return s->opts.events && (group == GROUP_EVENTS || s->opts.tokens);
}

static __u64 tick_ns(void)
{
	struct timespec ts;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &ts))
		return 0;
	return ts.tv_nsec;
}

static void configure(struct nma_session *s)
{
	const struct nma_session_opts *o = &s->opts;
	struct nma_config *cfg = (struct nma_config *)&s->skel->rodata->nma_cfg;
	int i;

	for (i = 0; i < NMA_SYM_MAX; i++)
		cfg->sym[i] = o->features->sym[i];
	cfg->tick_ns = tick_ns();

	bpf_map__set_max_entries(s->skel->maps.nma_ring,
				 o->ring_bytes ? o->ring_bytes :
						 RING_BYTES_DEFAULT);
	bpf_map__set_max_entries(s->skel->maps.nma_pools,
				 o->max_pools ? o->max_pools :
						MAX_POOLS_DEFAULT);
	bpf_program__set_autoload(s->skel->progs.nma_walk, true);
	if (o->features->queue_reconfig)
		bpf_program__set_attach_target(s->skel->progs.nma_queue_restart,
					       0, "netdev_rx_queue_reconfig");
}

static void choose_iterators(struct nma_session *s)
{
	const struct nma_bpf *skel = s->skel;
	bool wanted = s->opts.tokens &&
		      (s->opts.features->hooks & NMA_H(TCP_ITER));

	bpf_program__set_autoload(skel->progs.nma_tcp_iter, wanted);
	bpf_program__set_autoload(skel->progs.nma_sock_iter, wanted);
}

/* Hooks to load: wanted, there, and not refused at an earlier try. */
static void choose_hooks(struct nma_session *s)
{
	size_t i;

	s->wanted = 0;
	for (i = 0; i < NR_HOOKS; i++) {
		if (!group_wanted(s, hooks[i].group))
			continue;
		if (!(s->opts.features->hooks & 1ull << hooks[i].id) ||
		    s->missing & 1ull << hooks[i].id)
			continue;
		s->wanted |= 1ull << hooks[i].id;
		bpf_program__set_autoload(hook_prog(s, &hooks[i]), true);
	}
}

/* The hook whose program the kernel refused becomes missing. */
static bool drop_refused(struct nma_session *s)
{
	const char *name;
	size_t i;

	for (i = 0; s->refused[0] && i < NR_HOOKS; i++) {
		name = bpf_program__name(hook_prog(s, &hooks[i]));
		if (strcmp(name, s->refused))
			continue;
		s->missing |= 1ull << hooks[i].id;
		return true;
	}
	return false;
}

static int load(struct nma_session *s)
{
	int err;

	do {
		nma_bpf__destroy(s->skel);
		s->refused[0] = '\0';
		s->log[0] = '\0';
		s->skel = nma_bpf__open();
		if (!s->skel)
			return fail(s, -errno, "can not open the BPF programs");
		configure(s);
		choose_hooks(s);
		choose_iterators(s);
		err = nma_bpf__load(s->skel);
	} while (err && err != -EPERM && drop_refused(s));

	if (err)
		return fail(s, err, "can not load the BPF programs");
	return 0;
}

static void attach(struct nma_session *s)
{
	struct bpf_link *link;
	size_t i;

	for (i = 0; i < NR_HOOKS; i++) {
		if (!(s->wanted & 1ull << hooks[i].id))
			continue;
		link = bpf_program__attach(hook_prog(s, &hooks[i]));
		if (link)
			*hook_link(s, &hooks[i]) = link;
		else
			s->missing |= 1ull << hooks[i].id;
	}
}

static void note_netns(struct nma_session *s, __u32 inode)
{
	__u32 *netns;

	if (s->nr_netns && s->netns[s->nr_netns - 1] == inode)
		return;		/* walks go namespace by namespace */
	netns = realloc(s->netns, (s->nr_netns + 1) * sizeof(*netns));
	if (!netns) {
		s->walk_cut++;
		return;
	}
	s->netns = netns;
	s->netns[s->nr_netns++] = inode;
}

/* What the snapshot itself needs of its records: the namespaces, and whether
 * tokens can be out at all, for then their buffers are out of a pool.
 */
static void note(struct nma_session *s, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_pool *pool = (const void *)hdr;

	if (hdr->cause != NMA_CAUSE_SNAPSHOT)
		return;
	if (hdr->type == NMA_REC_NIC && s->opts.tokens)
		note_netns(s, hdr->netns);
	if (hdr->type == NMA_REC_POOL && pool->mp == NMA_MP_DMABUF &&
	    pool->inflight)
		s->devmem_seen = true;
}

static int deliver(void *ctx, void *data, size_t size)
{
	const struct nma_rec_hdr *hdr = data;
	struct nma_session *s = ctx;

	if (size < sizeof(*hdr) || hdr->size > size)
		return 0;
	note(s, hdr);
	return s->opts.fn(s->opts.ctx, hdr);
}

static int start(struct nma_session *s)
{
	int err;

	err = load(s);
	if (err)
		return err;

	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.nma_ring),
				   deliver, s, NULL);
	if (!s->ring)
		return fail(s, -errno, "can not map the ring buffer");
	attach(s);
	return 0;
}

static int check_kernel(struct nma_session *s)
{
	const struct nma_features *f = s->opts.features;

	if (!f->btf)
		return fail(s, -EOPNOTSUPP, "no /sys/kernel/btf/vmlinux");
	if (!f->netmem)
		return fail(s, -EOPNOTSUPP, "kernel %s has no netmem", f->release);
	if (!f->privileged)
		return fail(s, -EPERM, "loading BPF programs needs CAP_BPF and CAP_PERFMON");
	return 0;
}

int nma_session__open(const struct nma_session_opts *opts,
		      struct nma_session **out)
{
	libbpf_print_fn_t print;
	struct nma_session *s;
	int err;

	*out = NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->opts = *opts;
	*out = s;

	err = check_kernel(s);
	if (err)
		return err;

	logging = s;
	print = libbpf_set_print(capture);
	err = start(s);
	libbpf_set_print(print);
	logging = NULL;
	return err;
}

static int send_mark(struct nma_session *s, enum nma_mark mark)
{
	struct nma_rec_mark rec = {
		.hdr.type = NMA_REC_MARK,
		.hdr.size = sizeof(rec),
		.mark = mark,
		.generation = s->generation,
	};
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	rec.hdr.time_ns = ts.tv_sec * 1000000000ull + ts.tv_nsec;
	return s->opts.fn(s->opts.ctx, &rec.hdr);
}

static int drain(struct nma_session *s)
{
	int n = ring_buffer__consume(s->ring);

	return n < 0 ? n : 0;
}

static int run_walk(struct nma_session *s, struct nma_walk *walk)
{
	LIBBPF_OPTS(bpf_test_run_opts, run,
		.ctx_in = walk,
		.ctx_size_in = sizeof(*walk),
	);

	if (bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.nma_walk),
				   &run))
		return fail(s, -errno, "can not walk the kernel's state");
	return 0;
}

/* Calls the walk until it is done, and empties the ring between the calls. */
static int walk_all(struct nma_session *s, enum nma_walk_what what)
{
	struct nma_walk walk = { .what = what };
	unsigned int stalls = 0;
	__u64 sent;
	int err;

	do {
		sent = walk.sent;
		err = run_walk(s, &walk);
		if (!err)
			err = drain(s);
		if (err)
			return err;
		if (walk.end == NMA_WALK_MOVED) {
			walk.next = 0;
			walk.net = 0;
			walk.queue = 0;
		}
		if (walk.end == NMA_WALK_MOVED || walk.sent == sent)
			stalls++;
	} while (walk.end != NMA_WALK_DONE && stalls < WALK_STALLS_MAX);

	if (walk.end != NMA_WALK_DONE)
		s->walk_cut++;
	return 0;
}

/* Runs an iterator's program over all its objects, with room in the ring. */
static int iterate(struct nma_session *s, struct bpf_link *link)
{
	int fd, err = 0;
	char none[1];
	ssize_t n;

	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, none, sizeof(none));
		if (n < 0 && errno != EAGAIN)
			err = -errno;
		if (n < 0 && !err)
			err = drain(s);	/* the program asks for room */
	} while (n < 0 && !err);
	close(fd);
	return err ? err : drain(s);
}

/* Gives the sockets of one namespace that hold tokens a row. A namespace that
 * can not be entered counts as not looked at.
 */
static void find_tokens_in(struct nma_session *s, struct bpf_link *link,
			   __u32 netns)
{
	int back;

	if (nma_netns__enter(netns, &back)) {
		s->walk_cut++;
		return;
	}
	if (iterate(s, link))
		s->walk_cut++;
	if (nma_netns__leave(back))
		s->walk_cut++;
}

static int find_old_tokens(struct nma_session *s)
{
	struct bpf_link *link;
	size_t i;

	link = bpf_program__attach_iter(s->skel->progs.nma_tcp_iter, NULL);
	if (!link)
		return fail(s, -errno, "can not iterate over TCP sockets");
	for (i = 0; i < s->nr_netns; i++)
		find_tokens_in(s, link, s->netns[i]);
	bpf_link__destroy(link);
	return 0;
}

/* Every socket that took tokens. Those from before the tool have to be found
 * once; without hooks, each time.
 */
static int walk_sockets(struct nma_session *s)
{
	union bpf_iter_link_info info = {
		.map.map_fd = bpf_map__fd(s->skel->maps.nma_socks),
	};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts,
		.link_info = &info,
		.link_info_len = sizeof(info),
	);
	struct bpf_link *link;
	int err = 0;

	if (!bpf_program__autoload(s->skel->progs.nma_sock_iter))
		return 0;
	if (s->devmem_seen && !s->old_tokens_known)
		err = find_old_tokens(s);
	if (err)
		return err;
	s->old_tokens_known = group_wanted(s, GROUP_TOKENS);

	link = bpf_program__attach_iter(s->skel->progs.nma_sock_iter, &opts);
	if (!link)
		return fail(s, -errno, "can not iterate over socket storage");
	err = iterate(s, link);
	bpf_link__destroy(link);
	return err;
}

int nma_session__snapshot(struct nma_session *s)
{
	int err, what;

	err = drain(s);
	if (err)
		return err;

	s->generation++;
	s->nr_netns = 0;
	s->devmem_seen = false;
	err = send_mark(s, NMA_MARK_SNAPSHOT_BEGIN);
	if (err)
		return err;
	for (what = 0; what < NMA_WALK_MAX; what++) {
		err = walk_all(s, what);
		if (err)
			return err;
	}
	err = walk_sockets(s);
	if (err)
		return err;
	return send_mark(s, NMA_MARK_SNAPSHOT_END);
}

int nma_session__poll(struct nma_session *s, int timeout_ms)
{
	return ring_buffer__poll(s->ring, timeout_ms);
}

int nma_session__fd(const struct nma_session *s)
{
	return ring_buffer__epoll_fd(s->ring);
}

/* Runs that were skipped because the program was already running on that CPU. */
static __u64 missed_runs(const struct nma_session *s)
{
	struct bpf_prog_info info;
	__u64 missed = 0;
	__u32 len;
	size_t i;

	for (i = 0; i < NR_HOOKS; i++) {
		if (!*hook_link(s, &hooks[i]))
			continue;
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (!bpf_prog_get_info_by_fd(bpf_program__fd(hook_prog(s, &hooks[i])),
					     &info, &len))
			missed += info.recursion_misses;
	}
	return missed;
}

int nma_session__lost(struct nma_session *s, struct nma_lost *lost)
{
	int cpu, cpus = libbpf_num_possible_cpus();
	__u64 *counts;
	__u32 kind;
	int err = 0;

	if (cpus < 0)
		return cpus;
	counts = calloc(cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;

	memset(lost, 0, sizeof(*lost));
	for (kind = 0; kind < NMA_LOSS_MAX; kind++) {
		err = bpf_map__lookup_elem(s->skel->maps.nma_lost,
					   &kind, sizeof(kind), counts,
					   cpus * sizeof(*counts), 0);
		if (err)
			break;
		for (cpu = 0; cpu < cpus; cpu++)
			lost->count[kind] += counts[cpu];
	}
	lost->count[NMA_LOSS_WALK] += s->walk_cut;
	lost->count[NMA_LOSS_MISSED] += missed_runs(s);
	free(counts);
	return err;
}

__u64 nma_session__missing_hooks(const struct nma_session *s)
{
	return s->missing;
}

const char *nma_session__error(const struct nma_session *s)
{
	return s ? s->error : "out of memory";
}

void nma_session__close(struct nma_session *s)
{
	if (!s)
		return;
	ring_buffer__free(s->ring);
	nma_bpf__destroy(s->skel);
	free(s->netns);
	free(s);
}
