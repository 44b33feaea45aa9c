// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kernel's BTF: kinds that are newer than we are, and what is cut off.
 */
#include <linux/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/btf.h"

#define NEW_KIND	100
#define KINDS		(NEW_KIND + 1)

/* A header with a layout section, an int, a type of a kind that nobody knows with
 * three elements, a struct without members, "\0s\0".
 */
struct blob {
	struct {
		__u16 magic;
		__u8 version;
		__u8 flags;
		__u32 hdr_len;
		__u32 type_off, type_len;
		__u32 str_off, str_len;
		__u32 layout_off, layout_len;
	} header;
	struct {
		struct btf_type integer;
		__u32 bits;
		struct btf_type new_one;
		__u32 info;
		__u64 element[3] __attribute__((packed));
		struct btf_type structure;
	} __attribute__((packed)) types;
	char strings[4];
	struct nma_btf_layout layout[KINDS];
} __attribute__((packed));

static void make(struct blob *b)
{
	memset(b, 0, sizeof(*b));
	b->header.magic = 0xeb9f;
	b->header.version = 1;
	b->header.hdr_len = sizeof(b->header);
	b->header.type_len = sizeof(b->types);
	b->header.str_off = offsetof(struct blob, strings) - sizeof(b->header);
	b->header.str_len = 3;
	b->header.layout_off = offsetof(struct blob, layout) - sizeof(b->header);
	b->header.layout_len = sizeof(b->layout);
	b->types.integer.info = BTF_KIND_INT << 24;
	b->types.new_one.info = NEW_KIND << 24 | 3;
	b->types.structure.info = BTF_KIND_STRUCT << 24;
	b->types.structure.name_off = 1;
	b->strings[1] = 's';
	b->layout[NEW_KIND].info_size = sizeof(b->types.info);
	b->layout[NEW_KIND].elem_size = sizeof(b->types.element[0]);
}

static bool parses(const struct blob *b, size_t size, struct nma_kernel_btf *btf)
{
	bool good;

	memset(btf, 0, sizeof(*btf));
	good = nma_kernel_btf__parse(btf, (const char *)b, size);
	free(btf->offset);
	return good;
}

static void test_newer_kinds(void **state)
{
	struct nma_kernel_btf btf = { 0 };
	struct blob b;

	(void)state;
	make(&b);
	assert_true(nma_kernel_btf__parse(&btf, (const char *)&b, sizeof(b)));
	assert_int_equal(btf.nr, 3);
	assert_string_equal(nma_kernel_btf__string(&btf,
			    nma_kernel_btf__type(&btf, 3)->name_off), "s");
	free(btf.offset);
	/* a kernel that does not tell how long it is */
	b.header.layout_len = sizeof(b.layout[0]) * NEW_KIND;
	assert_false(parses(&b, sizeof(b), &btf));
	make(&b);
	b.types.new_one.info = BTF_KIND_FWD << 24;
	b.header.type_len = offsetof(struct blob, types.info) -
			    offsetof(struct blob, types);
	assert_true(parses(&b, sizeof(b), &btf));
	assert_int_equal(btf.nr, 2);
}

static void test_cut_off(void **state)
{
	struct nma_kernel_btf btf;
	struct blob b;

	(void)state;
	make(&b);
	assert_false(parses(&b, sizeof(b) - 1, &btf));		/* the layout */
	assert_false(parses(&b, sizeof(b.header), &btf));	/* all of it */
	b.header.type_len--;					/* the last type */
	assert_false(parses(&b, sizeof(b), &btf));
	make(&b);
	b.types.new_one.info++;					/* one element more */
	assert_false(parses(&b, sizeof(b), &btf));
	make(&b);
	b.header.str_len = 2;					/* no end of a string */
	assert_false(parses(&b, sizeof(b), &btf));
	make(&b);
	b.header.hdr_len = 8;
	assert_false(parses(&b, sizeof(b), &btf));
	make(&b);
	b.header.magic++;
	assert_false(parses(&b, sizeof(b), &btf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newer_kinds),
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
