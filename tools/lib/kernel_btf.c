// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See kernel_btf.h. A subset keeps what relocation looks at: structures with all
 * members, the types embedded in them, sizes and names. Pointers lead nowhere.
 */
#define _GNU_SOURCE
#include "kernel_btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAMES_MAX	256
#define FILTER_BITS	65536

struct subset {
	const struct btf *src;
	struct btf *dst;
	__u32 *copy;		/* id in dst by id in src, 0: not yet */
	int pointer;		/* void *, for all pointers */
	const char *names[NAMES_MAX];
	size_t name_len[NAMES_MAX];
	unsigned int nr_names;
	unsigned char filter[FILTER_BITS / 8];	/* first two letters */
};

const struct btf *nma_kernel_btf(void)
{
	static struct btf *btf;

	if (!btf)
		btf = btf__load_vmlinux_btf();
	return btf;
}

static const char *type_name(const struct btf *btf, const struct btf_type *t)
{
	return btf__name_by_offset(btf, t->name_off);
}

static bool has_body(const struct btf_type *t)
{
	return btf_is_composite(t) || btf_is_any_enum(t);
}

static __u16 two_letters(const char *name)
{
	return (unsigned char)name[0] << 8 | (unsigned char)name[1];
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
		name = type_name(progs, t);
		if (!has_body(t) || !name[0] || s->nr_names == NAMES_MAX)
			continue;
		s->names[s->nr_names] = name;
		s->name_len[s->nr_names++] = essential_len(name);
		s->filter[two_letters(name) / 8] |= 1 << two_letters(name) % 8;
	}
}

static bool is_named(const struct subset *s, const char *name)
{
	unsigned int i;
	size_t len;

	if (!(s->filter[two_letters(name) / 8] & 1 << two_letters(name) % 8))
		return false;
	len = strlen(name);
	for (i = 0; i < s->nr_names; i++)
		if (s->name_len[i] == len && !memcmp(s->names[i], name, len))
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
				     btf__name_by_offset(s->src, m[i].name_off),
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
	if (s->copy[id])
		return s->copy[id];
	copy = copy_body(s, btf__type_by_id(s->src, id));
	if (copy > 0)
		s->copy[id] = copy;
	return copy;
}

static int fill_subset(struct subset *s)
{
	const struct btf_type *t;
	__u32 id, nr;
	int err;

	s->pointer = btf__add_ptr(s->dst, 0);
	if (s->pointer < 0)
		return s->pointer;

	nr = btf__type_cnt(s->src);
	for (id = 1; id < nr; id++) {
		t = btf__type_by_id(s->src, id);
		if (!has_body(t) || !is_named(s, type_name(s->src, t)))
			continue;
		err = copy_type(s, id);
		if (err < 0)
			return err;
	}
	return 0;
}

static int write_file(const struct btf *btf)
{
	const void *data;
	__u32 size;
	int fd;

	data = btf__raw_data(btf, &size);
	if (!data)
		return -ENOMEM;
	fd = memfd_create("nma-btf", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, data, size) != (ssize_t)size) {
		close(fd);
		return -ENOSPC;
	}
	return fd;
}

int nma_kernel_btf__subset(const struct btf *progs)
{
	struct subset *s = NULL;
	int err = -ENOMEM;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->src = nma_kernel_btf();
	s->dst = btf__new_empty();
	s->copy = s->src ? calloc(btf__type_cnt(s->src), sizeof(*s->copy)) : NULL;
	if (!s->dst || !s->copy)
		goto out;

	collect_names(s, progs);
	err = fill_subset(s);
	if (!err)
		err = write_file(s->dst);
out:
	btf__free(s->dst);
	free(s->copy);
	free(s);
	return err;
}
