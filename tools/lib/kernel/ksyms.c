// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Symbols are kept sorted by address; names point into one buffer that holds
 * what was read.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "util/table.h"

/* One that was learned. */
struct known {
	struct nma_node node;	/* by address */
	char name[];
};

struct sym {
	__u64 addr;
	size_t name;	/* offset into text: "name" or "name [module]" */
};

struct nma_ksyms {
	char *path;
	int err;	/* of loading; 1: not tried yet */
	struct sym *sym;
	size_t nr;
	char *text;
	bool forgot;	/* see nma_ksyms__forget() */
	struct nma_table known;
};

/* Frames that say nothing about who wanted it: what our hooks are in, and what
 * the kernel itself calls that by.
 */
static const char *const api_prefixes[] = {
	"page_pool_",
	"__page_pool_",
	"mp_dmabuf_devmem_",
	"napi_gro_",
	"gro_receive_skb",
	"netif_receive_skb",
	"skb_copy_",
	"__pskb_pull_tail",
	"skb_ensure_writable",
	"skb_checksum_help",
	"validate_xmit_skb",
	"__dev_queue_xmit",
	"dma_unmap_",
	"bad_page",
	"free_page_is_bad",
	"free_unref_",
	"free_frozen_page",
	"__free_frozen_page",
	"__folio_put",
	"folio_put",
	"__put_page",
	"put_page",
	"put_netmem",
	"__free_page",
	"__dma_sync_",
	"bpf_",
	"__bpf_",
};

static int sym_cmp(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int add_sym(struct nma_ksyms *k, size_t *room, __u64 addr, size_t name)
{
	struct sym *more;

	if (k->nr == *room) {
		*room = *room ? *room * 2 : 1 << 16;
		more = reallocarray(k->sym, *room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		k->sym = more;
	}
	k->sym[k->nr].addr = addr;
	k->sym[k->nr++].name = name;
	return 0;
}

/* One line is "address type name[\t[module]]". Data symbols are skipped. */
static int parse_line(struct nma_ksyms *k, char *line, size_t *room, FILE *text)
{
	unsigned long long addr;
	char type, name[256];
	int n = 0;

	if (sscanf(line, "%llx %c %255s%n", &addr, &type, name, &n) != 3)
		return 0;
	if (!strchr("tTwW", type) || !addr)
		return 0;
	n += strspn(line + n, " \t");
	line[n + strcspn(line + n, "\n")] = '\0';
	if (add_sym(k, room, addr, ftell(text)))
		return -ENOMEM;
	fprintf(text, "%s%s%s%c", name, line[n] ? " " : "", line + n, '\0');
	return ferror(text) ? -ENOMEM : 0;
}

static int load(struct nma_ksyms *k)
{
	size_t room = 0, len = 0, size;
	FILE *in = NULL, *text = NULL;
	char *line = NULL;
	int err;

	in = fopen(k->path, "r");
	text = open_memstream(&k->text, &size);
	if (!in || !text) {
		err = -errno;
		goto out;
	}
	err = 0;
	while (!err && getline(&line, &len, in) > 0)
		err = parse_line(k, line, &room, text);
	if (!err && !k->nr)
		err = -ENOENT;	/* addresses are hidden (kptr_restrict) */
	if (!err)
		qsort(k->sym, k->nr, sizeof(*k->sym), sym_cmp);
out:
	free(line);
	if (in)
		fclose(in);
	if (text && fclose(text) && !err)
		err = -ENOMEM;
	return err;
}

struct nma_ksyms *nma_ksyms__new(const char *path)
{
	struct nma_ksyms *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->err = 1;
	k->path = strdup(path);
	if (!k->path) {
		free(k);
		return NULL;
	}
	return k;
}

void nma_ksyms__free(struct nma_ksyms *k)
{
	if (!k)
		return;
	free(k->path);
	free(k->sym);
	free(k->text);
	nma_table_free(&k->known);
	free(k);
}

void nma_ksyms__forget(struct nma_ksyms *k)
{
	k->forgot = true;
}

int nma_ksyms__learn(struct nma_ksyms *k, __u64 addr, const char *name)
{
	size_t size = strlen(name) + 1;
	struct known *known;

	if (nma_table_find(&k->known, addr, 0))
		return 0;
	known = malloc(sizeof(*known) + size);
	if (!known || nma_table_add(&k->known, &known->node, addr, 0)) {
		free(known);
		return -ENOMEM;
	}
	memcpy(known->name, name, size);
	return 0;
}

static int find_known(const struct nma_ksyms *k, __u64 addr, char *dst, size_t size)
{
	const struct known *known = nma_table_find(&k->known, addr, 0);

	if (!known)
		return -ENOENT;
	snprintf(dst, size, "%s", known->name);
	return 0;
}

int nma_ksyms__name(struct nma_ksyms *k, __u64 addr, char *dst, size_t size)
{
	size_t lo = 0, hi, mid;

	if (!k)
		return -ENOENT;
	if (k->forgot)
		return find_known(k, addr, dst, size);
	if (k->err > 0)
		k->err = load(k);
	if (k->err)
		return k->err;
	hi = k->nr;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (k->sym[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return -ENOENT;
	snprintf(dst, size, "%s", k->text + k->sym[lo - 1].name);
	return 0;
}

static int is_api(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(api_prefixes) / sizeof(*api_prefixes); i++)
		if (!strncmp(name, api_prefixes[i], strlen(api_prefixes[i])))
			return 1;
	return 0;
}

int nma_ksyms__creator(struct nma_ksyms *k, const __u64 *stack, size_t nr,
		       char *dst, size_t size)
{
	size_t i;
	int err;

	for (i = 0; i < nr && stack[i]; i++) {
		/* a return address may be the first byte after its function */
		err = nma_ksyms__name(k, stack[i] - 1, dst, size);
		if (err)
			return err;
		if (!is_api(dst))
			return 0;
	}
	return -ENOENT;
}
