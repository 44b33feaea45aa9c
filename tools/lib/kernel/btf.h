/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kernel's BTF: some 125,000 types, read once per process. Not by libbpf,
 * which looks at every member of every type before it gives one out.
 */
#ifndef NMA_KERNEL_BTF_H
#define NMA_KERNEL_BTF_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct btf;
struct btf_type;

/* How long a type of some kind is, from kernels that say so (7.2 and newer): struct
 * btf_layout, which older headers lack.
 */
struct nma_btf_layout {
	__u8 info_size;		/* what follows struct btf_type */
	__u8 elem_size;		/* and each of its elements */
	__u16 flags;
};

struct nma_kernel_btf {
	const char *types;
	const char *strings;
	__u32 types_len;
	__u32 strings_len;
	const struct nma_btf_layout *layout;	/* by kind; NULL: the kernel tells none */
	__u32 nr_layouts;
	__u32 nr;		/* types; ids are 1 to nr */
	__u32 *offset;		/* of a type in types, by id */
};

/* Names by their first two letters: few of the kernel's have both. Numbered from 0. */
#define NMA_NAMES_MAX	256

struct nma_name_index {
	__u16 first[1 << 16];	/* one more than the number, 0: none */
	__u16 next[NMA_NAMES_MAX];
};

static inline __u16 *nma_name_index__slot(struct nma_name_index *index, const char *name)
{
	return &index->first[(unsigned char)name[0] << 8 | (unsigned char)name[1]];
}

/* @nr is below NMA_NAMES_MAX, @name not empty. */
static inline void nma_name_index__add(struct nma_name_index *index, const char *name,
				       unsigned int nr)
{
	__u16 *first = nma_name_index__slot(index, name);

	index->next[nr] = *first;
	*first = nr + 1;
}

/* Each @i (int) of those that may be @name */
#define nma_name_index__for_each(index, name, i) \
	for (int i = *nma_name_index__slot(index, name) - 1; i >= 0; \
	     i = (index)->next[i] - 1)

/* Indexes what is in @data, which must stay. Kinds that are newer than this tool are
 * stepped over if the kernel tells how long they are. False: nothing that we can read.
 */
bool nma_kernel_btf__parse(struct nma_kernel_btf *btf, const char *data, size_t size);

/* NULL if the kernel has none that we can read. Owned by this module. */
const struct nma_kernel_btf *nma_kernel_btf(void);

/* What libbpf's btf_*() look into; @id of 1 to nr. */
static inline const struct btf_type *
nma_kernel_btf__type(const struct nma_kernel_btf *btf, __u32 id)
{
	return (const struct btf_type *)(btf->types + btf->offset[id]);
}

/* "" for what has no name */
static inline const char *nma_kernel_btf__string(const struct nma_kernel_btf *btf,
						 __u32 off)
{
	return off < btf->strings_len ? btf->strings + off : "";
}

/* Id of the first of that kind (BTF_KIND_*) and name, 0 if there is none: a search
 * through all, unless it was noted.
 */
__u32 nma_kernel_btf__find(const char *name, __u32 kind);

/* What somebody who went through all types has found; @name must stay. */
void nma_kernel_btf__note(const char *name, __u32 kind, __u32 id);

/* An empty file in memory that can be opened by @path. A descriptor or -errno. */
int nma_kernel_btf__file(char *path, size_t size);

/* Writes there the few types of the kernel that have the name of a type in @progs:
 * what libbpf needs to relocate programs with these types, without searching the
 * whole for each. 0 or -errno.
 */
int nma_kernel_btf__subset(const struct btf *progs, int fd);

#endif /* NMA_KERNEL_BTF_H */
