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
#include "kernel_btf.h"
#include "netns.h"
#include "nma_prog.h"

#include "nma.skel.h"	/* needs nma_prog.h */

#define RING_BYTES_DEFAULT	(1u << 20)
#define MAX_POOLS_DEFAULT	16384
#define WALK_STALLS_MAX		8	/* calls of a walk without progress */

/* Where a hook of the control path is looked at; all share two programs. */
struct control {
	enum nma_hook id;
	bool on_return;		/* else on entry only */
};

static const struct control controls[] = {
	{ NMA_HOOK_POOL_CREATE, true },
	{ NMA_HOOK_POOL_FAIL, true },
	{ NMA_HOOK_POOL_DETACH, true },
	{ NMA_HOOK_POOL_GONE, true },
	{ NMA_HOOK_BIND, true },
	{ NMA_HOOK_UNBIND, false },
	{ NMA_HOOK_BIND_FREE, false },
	{ NMA_HOOK_BIND_QUEUE, true },
	{ NMA_HOOK_QUEUE_RESTART, true },
	{ NMA_HOOK_MP_CHECK, true },
	{ NMA_HOOK_XDP, true },
	{ NMA_HOOK_HDS_SET, true },
	{ NMA_HOOK_NETDEV, false },
	{ NMA_HOOK_QUEUES, true },
};

#define NR_CONTROLS	(sizeof(controls) / sizeof(controls[0]))

/* A hook with a program and an attachment of its own. */
struct hook {
	enum nma_hook id;
	bool tokens;		/* only when these are asked for */
	size_t prog;		/* offset of the program in struct nma_bpf */
};

#define HOOK(id, tokens, name) \
	{ NMA_HOOK_##id, tokens, offsetof(struct nma_bpf, progs.name) }

static const struct hook hooks[] = {
	HOOK(POOL_RELEASE, false, nma_pool_release),
	HOOK(TOKEN_TAKE, true, nma_token_take),
	HOOK(TOKEN_RETURN, true, nma_token_return),
	HOOK(SOCK_CLOSE, true, nma_sock_close),
};

#define NR_HOOKS	(sizeof(hooks) / sizeof(hooks[0]))
#define LINKS_MAX	(NR_HOOKS + 2 * NR_CONTROLS)

struct nma_session {
	struct nma_session_opts opts;
	struct nma_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *links[LINKS_MAX];
	size_t nr_links;
	int core_btf;		/* see nma_kernel_btf__subset() */
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

/* The function that stands behind a hook on this kernel. */
static const char *control_name(const struct nma_session *s, enum nma_hook id)
{
	if (id == NMA_HOOK_QUEUE_RESTART && s->opts.features->queue_reconfig)
		return "netdev_rx_queue_reconfig";
	return nma_hook_name(id);
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
}

static void choose_iterators(struct nma_session *s)
{
	const struct nma_bpf *skel = s->skel;
	bool wanted = s->opts.tokens &&
		      (s->opts.features->hooks & NMA_H(TCP_ITER));

	bpf_program__set_autoload(skel->progs.nma_tcp_iter, wanted);
	bpf_program__set_autoload(skel->progs.nma_sock_iter, wanted);
}

/* There, and not refused at an earlier try. */
static bool hook_usable(const struct nma_session *s, enum nma_hook id)
{
	return s->opts.features->hooks & ~s->missing & 1ull << id;
}

static void choose_hooks(struct nma_session *s)
{
	size_t i;

	s->wanted = 0;
	if (!s->opts.events)
		return;
	for (i = 0; i < NR_CONTROLS; i++)
		if (hook_usable(s, controls[i].id))
			s->wanted |= 1ull << controls[i].id;
	bpf_program__set_autoload(s->skel->progs.nma_enter, s->wanted);
	bpf_program__set_autoload(s->skel->progs.nma_return, s->wanted);

	for (i = 0; i < NR_HOOKS; i++) {
		if (!hook_usable(s, hooks[i].id) ||
		    (hooks[i].tokens && !s->opts.tokens))
			continue;
		s->wanted |= 1ull << hooks[i].id;
		bpf_program__set_autoload(hook_prog(s, &hooks[i]), true);
	}
}

static __u64 all_controls(void)
{
	__u64 all = 0;
	size_t i;

	for (i = 0; i < NR_CONTROLS; i++)
		all |= 1ull << controls[i].id;
	return all;
}

/* The hooks whose program the kernel refused become missing. */
static bool drop_refused(struct nma_session *s)
{
	const char *name = s->refused;
	size_t i;

	if (!strcmp(name, "nma_enter") || !strcmp(name, "nma_return")) {
		s->missing |= s->wanted & all_controls();
		return true;
	}
	for (i = 0; i < NR_HOOKS; i++) {
		if (strcmp(bpf_program__name(hook_prog(s, &hooks[i])), name))
			continue;
		s->missing |= 1ull << hooks[i].id;
		return true;
	}
	return false;
}

static struct nma_bpf *open_skeleton(struct nma_session *s)
{
	char path[64];
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct nma_bpf *skel;

	if (s->core_btf >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", s->core_btf);
		opts.btf_custom_path = path;
	}
	skel = nma_bpf__open_opts(&opts);
	if (!skel || s->core_btf >= 0)
		return skel;

	/* Only now it is known which types the programs need. */
	s->core_btf = nma_kernel_btf__subset(bpf_object__btf(skel->obj));
	if (s->core_btf < 0)
		return skel;	/* works all the same, but slower */
	nma_bpf__destroy(skel);
	return open_skeleton(s);
}

static int load(struct nma_session *s)
{
	int err;

	do {
		nma_bpf__destroy(s->skel);
		s->refused[0] = '\0';
		s->log[0] = '\0';
		s->skel = open_skeleton(s);
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
static int attach_multi(struct nma_session *s, struct bpf_program *prog,
			bool on_return, __u64 which)
{
	const char *names[NR_CONTROLS];
	unsigned long addrs[NR_CONTROLS];
	__u64 cookies[NR_CONTROLS];
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts,
		.cookies = cookies,
		.retprobe = on_return,
	);
	bool have_addrs = true;
	enum nma_hook id;
	size_t i;

	for (i = 0; i < NR_CONTROLS; i++) {
		id = controls[i].id;
		if (!(which & 1ull << id) || (on_return && !controls[i].on_return))
			continue;
		cookies[opts.cnt] = id;
		addrs[opts.cnt] = s->opts.features->addr[id];
		names[opts.cnt] = control_name(s, id);
		have_addrs &= addrs[opts.cnt] != 0;
		opts.cnt++;
	}
	if (!opts.cnt)
		return 0;
	if (have_addrs)
		opts.addrs = addrs;
	else
		opts.syms = names;
	return keep_link(s, bpf_program__attach_kprobe_multi_opts(prog, NULL,
								  &opts));
}

static int attach_control(struct nma_session *s, __u64 which)
{
	int err;

	err = attach_multi(s, s->skel->progs.nma_enter, false, which);
	if (!err)
		err = attach_multi(s, s->skel->progs.nma_return, true, which);
	return err;
}

/* All together; if this kernel will not have one of them, one by one. */
static void attach_controls(struct nma_session *s)
{
	__u64 which = s->wanted & all_controls(), bit;
	size_t i;

	if (!attach_control(s, which))
		return;
	while (s->nr_links)
		bpf_link__destroy(s->links[--s->nr_links]);
	for (i = 0; i < NR_CONTROLS; i++) {
		bit = 1ull << controls[i].id;
		if ((which & bit) && attach_control(s, bit))
			s->missing |= bit;
	}
}

static void attach(struct nma_session *s)
{
	size_t i;

	attach_controls(s);
	for (i = 0; i < NR_HOOKS; i++)
		if (s->wanted & 1ull << hooks[i].id &&
		    keep_link(s, bpf_program__attach(hook_prog(s, &hooks[i]))))
			s->missing |= 1ull << hooks[i].id;
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
	s->core_btf = -1;
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
	s->old_tokens_known = s->wanted & NMA_H(TOKEN_TAKE);

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

/* Runs that were skipped because a program was already running on that CPU. */
static __u64 missed_runs(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

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

static __u64 missed(const struct nma_session *s)
{
	struct bpf_program *prog;
	__u64 n = 0;
	size_t i;

	bpf_object__for_each_program(prog, s->skel->obj)
		n += missed_runs(bpf_program__fd(prog));
	for (i = 0; i < s->nr_links; i++)
		n += missed_calls(s->links[i]);
	return n;
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
	lost->count[NMA_LOSS_MISSED] += missed(s);
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
	while (s->nr_links)
		bpf_link__destroy(s->links[--s->nr_links]);
	ring_buffer__free(s->ring);
	nma_bpf__destroy(s->skel);
	if (s->core_btf >= 0)
		close(s->core_btf);
	free(s->netns);
	free(s);
}
