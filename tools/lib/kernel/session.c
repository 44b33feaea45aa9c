// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Life of a session: see session.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/session_priv.h"

/* libbpf has one print callback per process and no context for it. */
static struct nma_session *logging;

int nma_session_fail(struct nma_session *s, int err, const char *fmt, ...)
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
	free(msg);
	return 0;
}

libbpf_print_fn_t nma_session_listen(struct nma_session *s)
{
	logging = s;
	return libbpf_set_print(capture);
}

void nma_session_listen_end(libbpf_print_fn_t print)
{
	libbpf_set_print(print);
	logging = NULL;
}

static int deliver(void *ctx, void *data, size_t size)
{
	const struct nma_rec_hdr *hdr = data;
	struct nma_session *s = ctx;
	int err;

	if (size < sizeof(*hdr) || hdr->size > size)
		return 0;
	err = nma_session_note(s, hdr);
	return err < 0 ? err : s->opts.fn(s->opts.ctx, hdr);
}

static int start(struct nma_session *s)
{
	int err;

	err = nma_session_check_tracing(s);
	if (!err)
		err = nma_session_load(s);
	if (err)
		return err;

	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.nma_ring),
				   deliver, s, NULL);
	if (!s->ring)
		return nma_session_fail(s, -errno, "cannot map the ring buffer");
	nma_session_attach(s);
	return nma_session_check_sight(s);
}

static int check_kernel(struct nma_session *s)
{
	const struct nma_features *f = s->opts.features;

	if (!f->btf)
		return nma_session_fail(s, -EOPNOTSUPP, "no /sys/kernel/btf/vmlinux");
	if (!f->netmem)
		return nma_session_fail(s, -EOPNOTSUPP, "kernel %s has no netmem", f->release);
	if (!f->privileged)
		return nma_session_fail(s, -EPERM, "loading BPF programs needs CAP_BPF and CAP_PERFMON");
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

	print = nma_session_listen(s);
	err = start(s);
	nma_session_listen_end(print);
	return err;
}

int nma_session__poll(struct nma_session *s, int timeout_ms)
{
	int nr, acts, err = 0;

	nr = ring_buffer__poll(s->ring, timeout_ms);
	if (nr >= 0 && s->mark_due)
		err = nma_session_mark_unread(s);
	if (nr < 0 || err)
		return nr < 0 ? nr : err;
	acts = nma_session_acts(s);
	return acts < 0 ? acts : nr + acts;
}

void nma_session__seek_over(struct nma_session *s, bool over)
{
	s->opts.over = over;
}

int nma_session__lost(struct nma_session *s, struct nma_lost *lost)
{
	const volatile __u64 *counts = s->skel->bss_lost->nma_lost;
	int kind;

	for (kind = 0; kind < NMA_LOSS_MAX; kind++)
		lost->count[kind] = counts[kind];
	for (kind = 0; kind < NMA_LOSS_MAX; kind++)
		lost->count[kind] += s->held.lost[kind] +
			(s->held.skel ? s->held.skel->bss_lost->nma_lost[kind] : 0);
	lost->count[NMA_LOSS_WALK] += s->walk_cut;
	lost->count[NMA_LOSS_MISSED] += nma_session_missed(s);
	return 0;
}

nma_hook_set nma_session__missing_hooks(const struct nma_session *s)
{
	return s->missing;
}

int nma_session__denied(const struct nma_session *s, __u32 *netns)
{
	*netns = s->denied_netns;
	return s->denied_err;
}

const char *nma_session__error(const struct nma_session *s)
{
	return s ? s->error : "out of memory";
}

void nma_session__close(struct nma_session *s)
{
	int i;

	if (!s)
		return;
	while (s->nr_links)
		bpf_link__destroy(s->links[--s->nr_links]);
	nma_session_held_free(s);
	ring_buffer__free(s->ring);
	for (i = 0; i < NMA_LATER_MAX; i++)
		nma_bpf__destroy(s->later[i]);
	nma_bpf__destroy(s->skel);
	if (s->core_btf >= 0)
		close(s->core_btf);
	free(s->netns);
	free(s);
}
