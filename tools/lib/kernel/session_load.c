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
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "kernel/session_priv.h"

#define RING_BYTES_DEFAULT	(1u << 20)
#define MAX_POOLS_DEFAULT	16384

/* Hooks that a build for tests/blind says it has and does not look at. */
#ifndef NMA_BLIND
#define NMA_BLIND		0ull
#endif

/* Hooks of the control path: all share one program, see control.bpf.c. */
static const enum nma_hook controls[] = {
	NMA_HOOK_POOL_CREATE,
	NMA_HOOK_POOL_FAIL,
	NMA_HOOK_POOL_DETACH,
	NMA_HOOK_POOL_GONE,
	NMA_HOOK_BIND,
	NMA_HOOK_UNBIND,
	NMA_HOOK_BIND_FREE,
	NMA_HOOK_BIND_QUEUE,
	NMA_HOOK_QUEUE_RESTART,
	NMA_HOOK_MP_CHECK,
	NMA_HOOK_XDP,
	NMA_HOOK_HDS_SET,
	NMA_HOOK_NETDEV,
	NMA_HOOK_QUEUES,
	NMA_HOOK_PP_DISABLE,
	NMA_HOOK_QUEUE_NAPI,
	NMA_HOOK_CPU_MAP,
	NMA_HOOK_CPU_SYNC,
	NMA_HOOK_UNMAP,
	NMA_HOOK_SEND_CMSG,
	NMA_HOOK_TX_BINDING,
	NMA_HOOK_XSK_SET,
	NMA_HOOK_XSK_CLEAR,
	NMA_HOOK_RSS_SET,
	NMA_HOOK_RSS_INDIR,
	NMA_HOOK_RSS_NL,
};

#define NR_CONTROLS	(sizeof(controls) / sizeof(controls[0]))

/* A hook with a program and an attachment of its own. */
struct hook {
	enum nma_hook id;
	enum { ALWAYS, TOKENS, DEEP } when;	/* is it asked for */
	size_t prog;		/* offset of the program in struct nma_bpf */
};

#define HOOK(id, when, name) \
	{ NMA_HOOK_##id, when, offsetof(struct nma_bpf, progs.name) }

static const struct hook hooks[] = {
	HOOK(POOL_RELEASE, ALWAYS, nma_pool_release),
	HOOK(MP_ALLOC, ALWAYS, nma_starved),
	HOOK(TOKEN_TAKE, TOKENS, nma_token_take),
	HOOK(TOKEN_RETURN, TOKENS, nma_token_return),
	HOOK(SOCK_CLOSE, TOKENS, nma_sock_close),
	HOOK(RECV, TOKENS, nma_recv),
	HOOK(RECV, TOKENS, nma_recv_too),
	HOOK(SEND, TOKENS, nma_send),
	HOOK(SEND, TOKENS, nma_send_too),
	HOOK(ZC_SEND, TOKENS, nma_zc_send),
	HOOK(ZC_REAP, TOKENS, nma_zc_reap),
	HOOK(PP_ALLOC, DEEP, nma_left_page_pool_alloc_netmems),
	HOOK(PP_ALLOC, DEEP, nma_right_page_pool_alloc_netmems),
	HOOK(PP_ALLOC, DEEP, nma_left_page_pool_alloc_pages),
	HOOK(PP_ALLOC, DEEP, nma_right_page_pool_alloc_pages),
	HOOK(PP_ALLOC, DEEP, nma_left_page_pool_alloc_frag_netmem),
	HOOK(PP_ALLOC, DEEP, nma_right_page_pool_alloc_frag_netmem),
	HOOK(PP_ALLOC, DEEP, nma_left_page_pool_alloc_frag),
	HOOK(PP_ALLOC, DEEP, nma_right_page_pool_alloc_frag),
	HOOK(PP_ALLOC, DEEP, nma_buf_gone),
	HOOK(PP_PUT, DEEP, nma_put_left),
	HOOK(PP_PUT, DEEP, nma_put_right),
	HOOK(PAGE_API, DEEP, nma_page_api),
	HOOK(PAGE_API, DEEP, nma_frag_api),
	HOOK(SKB_RX, DEEP, nma_rx_gro),
	HOOK(SKB_RX, DEEP, nma_rx_frags),
	HOOK(SKB_RX, DEEP, nma_rx_plain),
	HOOK(SKB_GRO, DEEP, nma_gro_merge),
	HOOK(SKB_READ, DEEP, nma_read_bits),
	HOOK(SKB_READ, DEEP, nma_read_pull),
	HOOK(SKB_READ, DEEP, nma_read_csum),
	HOOK(SKB_READ, DEEP, nma_read_ubufs),
	HOOK(SKB_CHECK, DEEP, nma_validate),
	HOOK(SKB_CHECK, DEEP, nma_validated),
	HOOK(SKB_XMIT, DEEP, nma_sent),
	HOOK(DMA_SYNC, DEEP, nma_sync_cpu),
	HOOK(DMA_SYNC, DEEP, nma_sync_device),
	HOOK(DMA_UNMAP, DEEP, nma_map),
	HOOK(DMA_UNMAP, DEEP, nma_unmap),
};

#define NR_HOOKS	(sizeof(hooks) / sizeof(hooks[0]))

_Static_assert(NR_HOOKS + NR_CONTROLS <= NMA_LINKS_MAX, "room for each on its own");

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

/* Not even created where nobody looks at single buffers. */
static void configure_deep(struct nma_session *s)
{
	struct bpf_map *maps[] = {
		s->skel->maps.nma_bufs,
		s->skel->maps.nma_dma,
		s->skel->maps.nma_dma_tx,
	};
	size_t i;

	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		bpf_map__set_autocreate(maps[i], s->opts.deep);
		if (s->opts.max_bufs)
			bpf_map__set_max_entries(maps[i], s->opts.max_bufs);
	}
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
	configure_deep(s);
	bpf_program__set_autoload(s->skel->progs.nma_walk, true);
}

static void choose_iterators(struct nma_session *s)
{
	const struct nma_bpf *skel = s->skel;
	bool wanted = s->opts.tokens &&
		      (s->opts.features->hooks & NMA_H(TCP_ITER));

	bpf_program__set_autoload(skel->progs.nma_tcp_iter, wanted);
	bpf_program__set_autoload(skel->progs.nma_owner_iter, wanted);
	bpf_program__set_autoload(skel->progs.nma_sock_iter, wanted);
}

/* There, and not refused at an earlier try. */
static bool hook_usable(const struct nma_session *s, enum nma_hook id)
{
	__u64 have = s->opts.features->hooks & ~s->missing & ~(NMA_BLIND);

	/* asks what was sent from a dma-buf */
	if (id == NMA_HOOK_DMA_UNMAP && !(have & NMA_H(TX_BINDING)))
		return false;
	return have & 1ull << id;
}

static bool hook_asked(const struct nma_session *s, const struct hook *h)
{
	switch (h->when) {
	case TOKENS:
		return s->opts.tokens;
	case DEEP:
		return s->opts.deep;
	default:
		return true;
	}
}

static void choose_hooks(struct nma_session *s)
{
	size_t i;

	s->wanted = 0;
	if (!s->opts.events)
		return;
	for (i = 0; i < NR_CONTROLS; i++)
		if (hook_usable(s, controls[i]))
			s->wanted |= 1ull << controls[i];
	bpf_program__set_autoload(s->skel->progs.nma_control, s->wanted);
	bpf_program__set_autoload(s->skel->progs.nma_read_acts, true);
	bpf_program__set_autoload(s->skel->progs.nma_read_pairs, true);

	for (i = 0; i < NR_HOOKS; i++) {
		if (!hook_usable(s, hooks[i].id) || !hook_asked(s, &hooks[i]))
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
		all |= 1ull << controls[i];
	return all;
}

/* The hooks whose program the kernel refused become missing. */
static bool drop_refused(struct nma_session *s)
{
	const char *name = s->refused;
	size_t i;

	if (!strcmp(name, "nma_control")) {
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

int nma_session_load(struct nma_session *s)
{
	int err;

	err = nma_session_set_targets();
	if (err)
		return nma_session_fail(s, err, "can not prepare the BPF programs");
	do {
		nma_bpf__destroy(s->skel);
		s->refused[0] = '\0';
		s->log[0] = '\0';
		s->skel = open_skeleton(s);
		if (!s->skel)
			return nma_session_fail(s, -errno, "can not open the BPF programs");
		configure(s);
		choose_hooks(s);
		choose_iterators(s);
		err = nma_bpf__load(s->skel);
	} while (err && err != -EPERM && drop_refused(s));

	if (err)
		return nma_session_fail(s, err, "can not load the BPF programs");
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
static int attach_control(struct nma_session *s, __u64 which)
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
		if (!(which & 1ull << id))
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
	return keep_link(s, bpf_program__attach_kprobe_multi_opts(
				    s->skel->progs.nma_control, NULL, &opts));
}

/* All together; if this kernel will not have one of them, one by one. */
static void attach_controls(struct nma_session *s)
{
	__u64 which = s->wanted & all_controls(), bit;
	size_t i;

	if (!attach_control(s, which))
		return;
	for (i = 0; i < NR_CONTROLS; i++) {
		bit = 1ull << controls[i];
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

void nma_session_attach(struct nma_session *s)
{
	size_t i;

	attach_controls(s);
	for (i = 0; i < NR_HOOKS; i++)
		if (s->wanted & 1ull << hooks[i].id &&
		    keep_link(s, bpf_program__attach(hook_prog(s, &hooks[i]))))
			s->missing |= 1ull << hooks[i].id;
	if (s->opts.deep)
		arm_deep(s);
	nma_session_missed_begin(s);
}
