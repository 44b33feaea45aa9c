// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Who holds the buffers of destroyed pools, or of all (held.bpf.c). Looked for only
 * when a snapshot has met such a pool with buffers out; the programs are loaded then.
 *
 * What is in flight is read before and after: a buffer that came home meanwhile is
 * held by nobody and missed by nobody. The first time there are two looks, for
 * packets may have moved from a place that was not yet seen to one that was.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/session_priv.h"

#define REST_LOOKS	4		/* at a page_pool at rest, then it is known */
#define AGAIN_US	50000		/* between the first two looks */
#define GONE_TRIES	10		/* whether a namespace is gone */
#define GONE_US		20000
#define NAPIS_MOST	4096		/* of one device */
#define SENDS_MOST	(1 << 16)	/* slices of what was found, and full rings */

#define HOLDER(id)	(1u << NMA_HOLDER_##id)
#define HOLDERS_SOCK	(HOLDER(SOCKET) | HOLDER(TX) | HOLDER(TOKEN))
#define HOLDERS_CPU	(HOLDER(DEFER) | HOLDER(BACKLOG))

/* A page_pool with far more out than its ring has */
struct over {
	struct nma_node node;
	__u32 generation;	/* of the snapshot that saw it last */
	__u32 hold_cnt;		/* as of then */
	__u32 release_cnt;
	__u32 rested;		/* snapshots in a row that found the same */
};

static void forget_over(struct nma_session *s)
{
	nma_table_for_each(&s->held.over, n) {
		if (((struct over *)n)->generation + 1 >= s->generation)
			continue;
		nma_table_del(&s->held.over, n);
		free(n);
	}
}

void nma_session_held_begin(struct nma_session *s)
{
	forget_over(s);
	s->held.nr_targets = 0;
	s->held.inflight = 0;
	s->held.unmapped = 0;
	s->held.nr_netdevs = 0;
}

static void note_netdev(struct nma_session *s, __u64 addr)
{
	struct nma_held_look *h = &s->held;
	__u64 *more;

	more = reallocarray(h->netdev, h->nr_netdevs + 1, sizeof(*more));
	if (!more) {
		s->walk_cut++;
		return;
	}
	h->netdev = more;
	h->netdev[h->nr_netdevs++] = addr;
}

/* More than its ring has is out of the pool, or in its own cache. */
static bool is_over(const struct nma_rec_pool *pool)
{
	return pool->pool_size && pool->inflight > (__s64)pool->pool_size;
}

/* Nothing was taken or given back since the last snapshots, so that what is out can be
 * counted; when it has been, it is not looked for again.
 */
static bool rests(struct nma_session *s, const struct nma_rec_pool *pool)
{
	struct over *o = nma_table_find(&s->held.over, pool->pool_id, 0);

	if (!o) {
		o = calloc(1, sizeof(*o));
		if (!o || nma_table_add(&s->held.over, &o->node, pool->pool_id, 0)) {
			free(o);
			return false;
		}
	}
	if (o->hold_cnt != pool->hold_cnt || o->release_cnt != pool->release_cnt ||
	    o->generation + 1 != s->generation)
		o->rested = 0;
	else if (o->rested <= REST_LOOKS)
		o->rested++;
	o->hold_cnt = pool->hold_cnt;
	o->release_cnt = pool->release_cnt;
	o->generation = s->generation;
	return o->rested && o->rested <= REST_LOOKS;
}

static bool is_wanted(struct nma_session *s, const struct nma_rec_pool *pool)
{
	if (pool->detached || s->opts.holders)
		return true;
	if (s->opts.over && is_over(pool))
		return true;
	return s->opts.over_at_rest && NMA_POOL_OVER(pool) && rests(s, pool);
}

void nma_session_held_note(struct nma_session *s, const struct nma_rec_hdr *hdr)
{
	const struct nma_rec_pool *pool = (const void *)hdr;
	const struct nma_rec_nic *nic = (const void *)hdr;
	struct nma_held_look *h = &s->held;

	if (h->looking)
		return;
	if (hdr->type == NMA_REC_NIC)
		note_netdev(s, nic->netdev);
	if (hdr->type != NMA_REC_POOL || pool->inflight <= 0 || !is_wanted(s, pool))
		return;
	if (h->nr_targets == NMA_HELD_POOLS) {
		s->walk_cut++;
		return;
	}
	h->inflight += pool->inflight;
	if (pool->mp || !s->opts.features->sym[NMA_SYM_VMEMMAP])
		h->unmapped += pool->inflight;
	h->target[h->nr_targets].addr = pool->pool;
	h->target[h->nr_targets++].pool_id = pool->pool_id;
}

/* @btf: to be closed when the programs are loaded, -1 none */
static struct held_bpf *open_skeleton(int *btf)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct held_bpf *skel;
	char path[64];

	*btf = nma_kernel_btf__file(path, sizeof(path));
	if (*btf >= 0)
		opts.btf_custom_path = path;	/* read when they are loaded */
	skel = held_bpf__open_opts(&opts);
	if (!skel || *btf < 0 || !nma_kernel_btf__subset(bpf_object__btf(skel->obj), *btf))
		return skel;
	held_bpf__destroy(skel);
	close(*btf);
	*btf = -1;
	return held_bpf__open();	/* works all the same, but slower */
}

/* The number after that of the highest page, 0: unknown. Pages of memory that is plugged
 * in later have no bit.
 */
static __u64 pages_end(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	unsigned long long start, spanned = 0;
	__u64 end = 0;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " spanned %llu", &spanned) == 1)
			continue;
		if (sscanf(line, " start_pfn: %llu", &start) == 1 && spanned &&
		    start + spanned > end)
			end = start + spanned;
	}
	fclose(file);
	return end;
}

/* One bit for each page */
static void make_bits(struct held_bpf *skel)
{
	__u64 words = pages_end() / 64 + 1;

	if (words > NMA_HELD_WORDS_MOST)
		words = NMA_HELD_WORDS_MOST;
	bpf_map__set_max_entries(skel->maps.nma_held_pages, words);
}

/* @rows, with some to spare, for pools grow while they are looked at; false: it has all
 * that it can have.
 */
static bool widen(__u32 *room, __u64 rows)
{
	__u32 before = *room;

	rows += rows / 4;
	if (rows < NMA_HELD_ROOM)
		rows = NMA_HELD_ROOM;
	if (rows > NMA_HELD_ROOM_MOST)
		rows = NMA_HELD_ROOM_MOST;
	if (rows > *room)
		*room = rows;
	return *room > before;
}

static void make_room(struct nma_session *s, struct held_bpf *skel)
{
	struct nma_held_look *h = &s->held;

	widen(&h->room[NMA_HELD_BUFS], h->unmapped);
	widen(&h->room[NMA_HELD_GROUPS], h->inflight / NMA_HELD_PER_GROUP);
	widen(&h->room[NMA_HELD_PACKETS], 0);
	bpf_map__set_max_entries(skel->maps.nma_held_bufs, h->room[NMA_HELD_BUFS]);
	bpf_map__set_max_entries(skel->maps.nma_held_index, h->room[NMA_HELD_GROUPS]);
	bpf_map__set_max_entries(skel->maps.nma_held_groups, h->room[NMA_HELD_GROUPS]);
	bpf_map__set_max_entries(skel->maps.nma_held_ages,
				 s->opts.ages ? h->room[NMA_HELD_GROUPS] : 1);
	bpf_map__set_max_entries(skel->maps.nma_held_packets, h->room[NMA_HELD_PACKETS]);
}

/* Also only there can packets be told from freed ones. */
static bool has_memory_map(const struct nma_features *f)
{
	const __u64 *sym = f->sym;

	return f->page_btf && f->netmem_btf && sym[NMA_SYM_VMEMMAP] &&
	       sym[NMA_SYM_PAGE_OFFSET] && sym[NMA_SYM_MAX_PFN] && sym[NMA_SYM_HOTDATA] &&
	       sym[NMA_SYM_NAPI_CACHE] && sym[NMA_SYM_CPU_OFFSETS];
}

static void share(struct bpf_map *map, const struct bpf_map *with, bool there)
{
	bpf_map__set_autocreate(map, there);
	if (there)
		bpf_map__reuse_fd(map, bpf_map__fd(with));
}

static void choose(struct nma_session *s, struct held_bpf *skel)
{
	bpf_map__set_autocreate(skel->maps.nma_acts, false);
	bpf_map__set_autocreate(skel->maps.nma_dma, false);
	bpf_map__set_autocreate(skel->maps.nma_dma_tx, false);
	share(skel->maps.nma_ring, s->skel->maps.nma_ring, true);
	share(skel->maps.nma_taken, s->skel->maps.nma_taken, s->opts.ages);
	share(skel->maps.nma_stacks, s->skel->maps.nma_stacks, s->opts.stacks);
	nma_session_config(s, (struct nma_config *)&skel->rodata->nma_cfg);
	make_room(s, skel);
	make_bits(skel);
	bpf_program__set_autoload(skel->progs.nma_held, true);
	bpf_program__set_autoload(skel->progs.nma_held_memory,
				  has_memory_map(s->opts.features));
	bpf_program__set_autoload(skel->progs.nma_held_files, true);
	bpf_program__set_autoload(skel->progs.nma_held_tcp, true);
	bpf_program__set_autoload(skel->progs.nma_held_udp, true);
	bpf_program__set_autoload(skel->progs.nma_held_maps, true);
}

/* -ENODATA: they were refused before, which is said by what was not looked into */
static int load(struct nma_session *s)
{
	struct nma_held_look *h = &s->held;
	int btf, err = -ENOMEM;

	if (h->skel || h->refused)
		return h->skel ? 0 : -ENODATA;
	h->skel = open_skeleton(&btf);
	if (h->skel) {
		choose(s, h->skel);
		err = held_bpf__load(h->skel);
	}
	if (btf >= 0)
		close(btf);
	if (!err)
		return 0;
	held_bpf__destroy(h->skel);
	h->skel = NULL;
	h->refused = true;
	if (s->opts.only_holders)
		return nma_session_fail(s, err,
					"cannot load the programs that look for holders");
	return -ENODATA;
}

/* One slice. Where nothing is preempted by a kernel thread that wakes up, packets may
 * have been left to one: it comes before the next slice.
 */
static int run_prog(struct nma_session *s, struct bpf_program *prog,
		    struct nma_held_call *arg)
{
	LIBBPF_OPTS(bpf_test_run_opts, run,
		.ctx_in = arg,
		.ctx_size_in = sizeof(*arg),
	);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &run))
		return nma_session_fail(s, -errno, "cannot look for holders of buffers");
	sched_yield();
	return 0;
}

static int call(struct nma_session *s, struct nma_held_call *arg)
{
	return run_prog(s, s->held.skel->progs.nma_held, arg);
}

static int call_memory(struct nma_session *s, enum nma_held_step step, __u32 id)
{
	struct nma_held_call arg = { .step = step, .id = id };

	return run_prog(s, s->held.skel->progs.nma_held_memory, &arg);
}

static int begin(struct nma_session *s)
{
	struct nma_held_call arg = { .step = NMA_HELD_BEGIN };
	int err;

	do {
		arg.addr = arg.next;
		err = call(s, &arg);
	} while (!err && arg.next);
	return err;
}

static int for_each_target(struct nma_session *s, enum nma_held_step step)
{
	const struct nma_held_target *t = s->held.target;
	int err = 0;
	__u32 i;

	for (i = 0; i < s->held.nr_targets && !err; i++) {
		struct nma_held_call arg = {
			.step = step,
			.id = t[i].pool_id,
			.addr = t[i].addr,
		};

		err = call(s, &arg);
	}
	return err;
}

static int look_at_cpus(struct nma_session *s)
{
	int cpu, err = 0, cpus = libbpf_num_possible_cpus();

	for (cpu = 0; cpu < cpus && !err; cpu++) {
		struct nma_held_call arg = { .step = NMA_HELD_CPU, .id = cpu };

		err = call(s, &arg);
	}
	return err;
}

static int look_at_napis(struct nma_session *s)
{
	int i, err = 0;
	size_t n;

	for (n = 0; n < s->held.nr_netdevs && !err; n++) {
		struct nma_held_call arg = {
			.step = NMA_HELD_NETDEV,
			.addr = s->held.netdev[n],
		};

		i = 0;
		do
			err = call(s, &arg);
		while (!err && arg.next && ++i < NAPIS_MOST);
	}
	return err;
}

/* What XDP has redirected; true: all of it was met */
static bool look_at_cpumaps(struct nma_session *s)
{
	struct bpf_link *link;
	bool all;

	link = bpf_program__attach_iter(s->held.skel->progs.nma_held_maps, NULL);
	all = link && !nma_session_iterate(s, link);
	bpf_link__destroy(link);
	return all;
}

/* It was deleted meanwhile, and with it went its sockets. Nobody can enter it from the
 * first moment on; the last of its sockets are freed after an RCU grace period.
 */
static bool netns_is_gone(struct nma_session *s, __u32 netns, int tries)
{
	struct nma_held_call arg = { .step = NMA_HELD_NETNS, .id = netns };
	int i;

	for (i = 0; i < tries; i++) {
		if (i)
			usleep(GONE_US);
		if (call(s, &arg))
			return false;
		if (arg.next)
			return true;
	}
	return false;
}

/* true: all its sockets were met, or there are none any more */
static bool iterate_netns(struct nma_session *s, struct bpf_link *link, __u32 netns)
{
	int err = nma_session_iterate_in(s, link, netns);

	return !err || netns_is_gone(s, netns, err == -ENOENT ? GONE_TRIES : 1);
}

/* true: all of them were met */
static bool iterate_sockets(struct nma_session *s, struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	bool all = link;
	size_t i;

	for (i = 0; link && i < s->nr_netns; i++)
		all &= iterate_netns(s, link, s->netns[i]);
	bpf_link__destroy(link);
	return all;
}

static bool look_at_sockets(struct nma_session *s)
{
	struct held_bpf *skel = s->held.skel;
	struct bpf_link *link;
	bool all;

	link = bpf_program__attach_iter(skel->progs.nma_held_files, NULL);
	all = link && !nma_session_iterate(s, link);
	bpf_link__destroy(link);
	/* what was cut there, unlocked, is met again, locked */
	skel->bss_held->nma_held_cut = 0;
	all &= iterate_sockets(s, skel->progs.nma_held_tcp);
	all &= iterate_sockets(s, skel->progs.nma_held_udp);
	return all;
}

/* A value of the kernel's that is no pointer; 0: it cannot be read. */
static __u64 max_pfn(struct nma_session *s)
{
	struct nma_held_call arg = { .step = NMA_HELD_MAX_PFN };

	return run_prog(s, s->held.skel->progs.nma_held_memory, &arg) ? 0 : arg.next;
}

/* A section of the map of memory, and what is in its slabs */
static int look_at_section(struct nma_session *s, __u64 pfn)
{
	struct nma_held_call arg = { .step = NMA_HELD_PAGES, .addr = pfn };
	int err;

	do {
		err = run_prog(s, s->held.skel->progs.nma_held_memory, &arg);
		arg.step = NMA_HELD_OBJECTS;
	} while (!err && arg.next);
	return err;
}

static int look_at_noted(struct nma_session *s)
{
	struct nma_held_call arg = { .step = NMA_HELD_PACKETS_NOTED };
	int err;

	do
		err = run_prog(s, s->held.skel->progs.nma_held_memory, &arg);
	while (!err && arg.next);
	return err;
}

/* The map of memory, a section at a time: nobody waits for it. @packets: they were
 * looked for, too.
 */
static int look_at_memory(struct nma_session *s, bool *packets)
{
	struct nma_held_call begin = { .step = NMA_HELD_BEGIN };
	int cpu, err, cpus = libbpf_num_possible_cpus();
	__u64 pfn, end = max_pfn(s);
	__u32 node;

	err = run_prog(s, s->held.skel->progs.nma_held_memory, &begin);
	*packets = begin.next;
	for (pfn = 0; pfn < end && !err; pfn += NMA_HELD_SECTION)
		err = look_at_section(s, pfn);
	for (cpu = 0; cpu < cpus && !err; cpu++)
		err = call_memory(s, NMA_HELD_CPU, cpu);
	for (node = 0; node < NMA_HELD_NODES && !err; node++)
		err = call_memory(s, NMA_HELD_NODE, node);
	return err ? err : look_at_noted(s);
}

static int send_found(struct nma_session *s)
{
	struct nma_held_call arg = { .step = NMA_HELD_SEND };
	int i = 0, err;

	do {
		err = call(s, &arg);
		if (!err)
			err = nma_session_drain(s);
	} while (!err && arg.next && ++i < SENDS_MOST);
	if (arg.next)
		s->walk_cut++;
	return err;
}

/* Where everything was looked at, as bits of enum nma_holder. */
static int look_everywhere(struct nma_session *s, __u32 *where)
{
	struct nma_held_call ages = { .step = NMA_HELD_AGES };
	const __u64 *sym = s->opts.features->sym;
	bool packets = false, redirected;
	__u32 holders = 0;
	int err;

	err = begin(s);
	if (!err)
		err = for_each_target(s, NMA_HELD_POOL);
	if (!err && sym[NMA_SYM_CPU_OFFSETS] && sym[NMA_SYM_SOFTNET] &&
	    sym[NMA_SYM_HOTDATA]) {
		holders |= HOLDERS_CPU;
		err = look_at_cpus(s);
	}
	if (!err)
		err = look_at_napis(s);
	if (s->held.skel->bss_held->nma_held_cut)
		s->walk_cut++;
	if (!err && look_at_sockets(s))
		holders |= HOLDERS_SOCK;
	redirected = !err && look_at_cpumaps(s);
	if (!err)
		err = for_each_target(s, NMA_HELD_INSIDE);
	if (!err && has_memory_map(s->opts.features))
		err = look_at_memory(s, &packets);
	if (packets && redirected)
		holders |= HOLDER(STACK) | HOLDER(XDP);
	if (s->held.skel->bss_held->nma_held_cut)
		s->walk_cut++;
	s->held.skel->bss_held->nma_held_cut = 0;
	*where = holders | HOLDER(GRO) | HOLDER(ZCRX) | HOLDER(RING) |
		 HOLDER(CACHE);
	return err ? err : call(s, &ages);
}

/* Was all that was found kept? If not, the programs go, and have more room when they are
 * loaded again; what there can be no room for is lost, like what was lost before.
 */
static bool has_kept_all(struct nma_held_look *h)
{
	const __u32 *full = h->skel->bss_held->nma_held_full;
	__u64 rows, lost = 0;
	bool again = false;
	int i;

	for (i = 0; i < NMA_HELD_TABLES; i++) {
		rows = h->room[i];
		if (i == NMA_HELD_BUFS)		/* others are of earlier looks */
			rows = h->skel->bss_held->nma_held_found;
		if (full[i] && (widen(&h->room[i], rows + full[i]) || rows < h->room[i]))
			again = true;
		lost += full[i];
	}
	if (again) {
		for (i = 0; i < NMA_LOSS_MAX; i++)
			h->lost[i] += h->skel->bss_lost->nma_lost[i];
		held_bpf__destroy(h->skel);
		h->skel = NULL;
	} else {
		h->lost[NMA_LOSS_MAP] += lost;
	}
	return !again;
}

static int look(struct nma_session *s, __u32 *where)
{
	int err;

	do {
		err = load(s);
		if (!err)
			err = look_everywhere(s, where);
	} while (!err && !has_kept_all(&s->held));
	return err ? err : send_found(s);
}

static int look_once(struct nma_session *s)
{
	__u32 where = 0;
	int err;

	err = nma_session_mark(s, NMA_MARK_HELD_BEGIN, 0);
	if (!err)
		err = look(s, &where);
	if (err == -ENODATA)
		err = 0;
	if (!err)
		err = nma_session_walk(s, NMA_WALK_POOLS);
	return err ? err : nma_session_mark(s, NMA_MARK_HELD_END, where);
}

int nma_session_held(struct nma_session *s)
{
	struct nma_held_look *h = &s->held;
	int err;

	if (!h->nr_targets)
		return 0;
	h->looking = true;
	err = look_once(s);
	if (!err && (!h->seen || h->seen + 1 != s->generation)) {
		usleep(AGAIN_US);
		err = look_once(s);
	}
	h->seen = s->generation;
	h->looking = false;
	return err;
}

void nma_session_held_free(struct nma_session *s)
{
	held_bpf__destroy(s->held.skel);
	free(s->held.netdev);
	nma_table_free(&s->held.over);
}
