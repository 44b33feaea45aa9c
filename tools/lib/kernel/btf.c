// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See kernel_btf.h. A subset keeps what relocation looks at: structures with all
 * members, the types embedded in them, sizes and names. Pointers lead nowhere.
 */
#define _GNU_SOURCE
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The whole ---------------------------------------------------------------*/

static const char *read_all(int fd, size_t size)
{
	char *data = malloc(size);
	size_t done = 0;
	ssize_t n;

	while (data && done < size) {
		n = read(fd, data + done, size - done);
		if (n <= 0) {
			free(data);
			return NULL;
		}
		done += n;
	}
	return data;
}

/* Newer kernels let us map it. */
static const char *map_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *data = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0) {
		*size = st.st_size;
		data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			data = read_all(fd, *size);
	}
	close(fd);
	return data;
}

/* Wider than libbpf's btf_kind() and btf_vlen(): newer kernels use more bits, which
 * are 0 in older ones.
 */
static unsigned int kind_of(const struct btf_type *t)
{
	return t->info >> 24 & 0x7f;
}

static size_t vlen_of(const struct btf_type *t)
{
	return t->info & 0xffffff;
}

static long tail_by_layout(const struct nma_kernel_btf *btf, const struct btf_type *t)
{
	const struct nma_btf_layout *l = btf->layout + kind_of(t);

	if (kind_of(t) >= btf->nr_layouts)
		return -1;
	return l->info_size + vlen_of(t) * l->elem_size;
}

/* What follows a type; -1 for a kind that is not known. */
static long tail_size(const struct nma_kernel_btf *btf, const struct btf_type *t)
{
	size_t n = vlen_of(t);

	switch (kind_of(t)) {
	case BTF_KIND_INT:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	default:
		return tail_by_layout(btf, t);
	}
}

/* Where each type begins. false: not as we know it. */
static bool index_types(struct nma_kernel_btf *btf)
{
	const struct btf_type *t;
	size_t off = 0, room = btf->types_len / sizeof(*t);
	long tail;

	btf->offset = calloc(room + 1, sizeof(*btf->offset));
	if (!btf->offset)
		return false;
	while (off < btf->types_len) {
		t = (const struct btf_type *)(btf->types + off);
		if (btf->types_len - off < sizeof(*t))
			return false;
		tail = tail_size(btf, t);
		if (tail < 0 || btf->types_len - off - sizeof(*t) < (size_t)tail)
			return false;
		btf->offset[++btf->nr] = off;
		off += sizeof(*t) + tail;
	}
	return true;
}

/* The layout section is what the header of newer kernels has beyond the rest. */
static bool find_layout(struct nma_kernel_btf *btf, const char *data, size_t size)
{
	const struct btf_header *h = (const void *)data;
	__u32 at[2];			/* offset and length */

	if (h->hdr_len < sizeof(*h) + sizeof(at))
		return true;
	memcpy(at, h + 1, sizeof(at));
	if ((__u64)at[0] + at[1] > size)
		return false;
	btf->layout = (const void *)(data + h->hdr_len + at[0]);
	btf->nr_layouts = at[1] / sizeof(*btf->layout);
	return true;
}

static bool find_sections(struct nma_kernel_btf *btf, const char *data, size_t size)
{
	const struct btf_header *h = (const void *)data;

	if (size < sizeof(*h) || h->magic != BTF_MAGIC || h->hdr_len < sizeof(*h) ||
	    h->hdr_len > size)
		return false;
	size -= h->hdr_len;
	if ((__u64)h->type_off + h->type_len > size || !h->str_len ||
	    (__u64)h->str_off + h->str_len > size)
		return false;
	btf->types = data + h->hdr_len + h->type_off;
	btf->types_len = h->type_len;
	btf->strings = data + h->hdr_len + h->str_off;
	btf->strings_len = h->str_len;
	return !btf->strings[btf->strings_len - 1] && find_layout(btf, data, size);
}

bool nma_kernel_btf__parse(struct nma_kernel_btf *btf, const char *data, size_t size)
{
	return find_sections(btf, data, size) && index_types(btf);
}

const struct nma_kernel_btf *nma_kernel_btf(void)
{
	static struct nma_kernel_btf btf;
	static bool tried, good;
	const char *data;
	size_t size;

	if (!tried) {
		tried = true;
		data = map_file("/sys/kernel/btf/vmlinux", &size);
		good = data && nma_kernel_btf__parse(&btf, data, size);
	}
	return good ? &btf : NULL;
}

static struct {
	const char *name;
	__u32 kind;
	__u32 id;
} noted[NMA_NAMES_MAX];

static unsigned int nr_noted;

void nma_kernel_btf__note(const char *name, __u32 kind, __u32 id)
{
	if (nr_noted == NMA_NAMES_MAX)
		return;
	noted[nr_noted].name = name;
	noted[nr_noted].kind = kind;
	noted[nr_noted++].id = id;
}

__u32 nma_kernel_btf__find(const char *name, __u32 kind)
{
	const struct nma_kernel_btf *btf = nma_kernel_btf();
	const struct btf_type *t;
	const char *found;
	unsigned int i;
	__u32 id;

	for (i = 0; i < nr_noted; i++)
		if (noted[i].kind == kind && !strcmp(noted[i].name, name))
			return noted[i].id;
	for (id = 1; btf && id <= btf->nr; id++) {
		t = nma_kernel_btf__type(btf, id);
		if (btf_kind(t) != kind)
			continue;
		found = nma_kernel_btf__string(btf, t->name_off);
		if (found[0] == name[0] && !strcmp(found, name))
			return id;
	}
	return 0;
}

/* ---- A subset ----------------------------------------------------------------*/

struct subset {
	const struct nma_kernel_btf *src;
	struct btf *dst;
	__u32 *copy;		/* id in dst by id in src, 0: not yet */
	int pointer;		/* void *, for all pointers */
	const char *names[NMA_NAMES_MAX];
	size_t name_len[NMA_NAMES_MAX];
	unsigned int nr_names;
	struct nma_name_index index;
};

static const char *type_name(const struct nma_kernel_btf *btf,
			     const struct btf_type *t)
{
	return nma_kernel_btf__string(btf, t->name_off);
}

static bool has_body(const struct btf_type *t)
{
	return btf_is_composite(t) || btf_is_any_enum(t);
}

/* "net_device" of "net_device___since_v6_14" */
static size_t essential_len(const char *name)
{
	const char *flavour = strstr(name, "___");

	return flavour && flavour != name ? (size_t)(flavour - name) : strlen(name);
}

static void collect_names(struct subset *s, const struct btf *progs)
{
	const struct btf_type *t;
	const char *name;
	__u32 id;

	for (id = 1; id < btf__type_cnt(progs); id++) {
		t = btf__type_by_id(progs, id);
		name = btf__name_by_offset(progs, t->name_off);
		if (!has_body(t) || !name[0] || s->nr_names == NMA_NAMES_MAX)
			continue;
		s->names[s->nr_names] = name;
		s->name_len[s->nr_names] = essential_len(name);
		nma_name_index__add(&s->index, name, s->nr_names++);
	}
}

static bool is_named(struct subset *s, const char *name)
{
	if (!name[0])
		return false;
	nma_name_index__for_each(&s->index, name, i)
		if (!strncmp(s->names[i], name, s->name_len[i]) && !name[s->name_len[i]])
			return true;
	return false;
}

static int copy_type(struct subset *s, __u32 id);

/* Members' types first: a type of BTF is complete once the next is begun. */
static int copy_composite(struct subset *s, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);
	int i, id, err = 0;

	for (i = 0; i < btf_vlen(t); i++) {
		id = copy_type(s, m[i].type);
		if (id < 0)
			return id;
	}

	if (btf_is_struct(t))
		id = btf__add_struct(s->dst, type_name(s->src, t), t->size);
	else
		id = btf__add_union(s->dst, type_name(s->src, t), t->size);
	for (i = 0; id > 0 && !err && i < btf_vlen(t); i++)
		err = btf__add_field(s->dst,
				     nma_kernel_btf__string(s->src, m[i].name_off),
				     s->copy[m[i].type],
				     btf_member_bit_offset(t, i),
				     btf_member_bitfield_size(t, i));
	return err ? err : id;
}

static int copy_array(struct subset *s, const struct btf_type *t)
{
	const struct btf_array *a = btf_array(t);
	int elem, index;

	elem = copy_type(s, a->type);
	index = copy_type(s, a->index_type);
	if (elem < 0 || index < 0)
		return elem < 0 ? elem : index;
	return btf__add_array(s->dst, index, elem, a->nelems);
}

static int copy_body(struct subset *s, const struct btf_type *t)
{
	const char *name = type_name(s->src, t);
	int id;

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		return btf__add_int(s->dst, name, t->size, btf_int_encoding(t));
	case BTF_KIND_FLOAT:
		return btf__add_float(s->dst, name, t->size);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return btf__add_enum(s->dst, name, t->size);
	case BTF_KIND_TYPEDEF:
		id = copy_type(s, t->type);
		return id < 0 ? id : btf__add_typedef(s->dst, name, id);
	case BTF_KIND_ARRAY:
		return copy_array(s, t);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return copy_composite(s, t);
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return copy_type(s, t->type);
	default:
		return s->pointer;
	}
}

/* Its id in the subset, or -errno. Ends, for without pointers nothing contains
 * itself.
 */
static int copy_type(struct subset *s, __u32 id)
{
	int copy;

	if (!id)
		return 0;
	if (id > s->src->nr)
		return -EINVAL;
	if (s->copy[id])
		return s->copy[id];
	copy = copy_body(s, nma_kernel_btf__type(s->src, id));
	if (copy > 0)
		s->copy[id] = copy;
	return copy;
}

static int fill_subset(struct subset *s)
{
	const struct btf_type *t;
	__u32 id;
	int err;

	s->pointer = btf__add_ptr(s->dst, 0);
	if (s->pointer < 0)
		return s->pointer;

	for (id = 1; id <= s->src->nr; id++) {
		t = nma_kernel_btf__type(s->src, id);
		if (!has_body(t) || !is_named(s, type_name(s->src, t)))
			continue;
		err = copy_type(s, id);
		if (err < 0)
			return err;
	}
	return 0;
}

static int write_file(const struct btf *btf, int fd)
{
	const void *data;
	__u32 size;

	data = btf__raw_data(btf, &size);
	if (!data)
		return -ENOMEM;
	return write(fd, data, size) == (ssize_t)size ? 0 : -ENOSPC;
}

int nma_kernel_btf__file(char *path, size_t size)
{
	int fd = memfd_create("nma-btf", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

int nma_kernel_btf__subset(const struct btf *progs, int fd)
{
	struct subset *s = NULL;
	int err = -ENOMEM;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->src = nma_kernel_btf();
	s->dst = btf__new_empty();
	s->copy = s->src ? calloc(s->src->nr + 1, sizeof(*s->copy)) : NULL;
	if (!s->dst || !s->copy)
		goto out;

	collect_names(s, progs);
	err = fill_subset(s);
	if (!err)
		err = write_file(s->dst, fd);
out:
	btf__free(s->dst);
	free(s->copy);
	free(s);
	return err;
}
