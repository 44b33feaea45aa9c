// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which function calls which, from code as compilers make it, and which has a newer name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/code.h"
#include "kernel/hooks.h"

#define AT	0xffffffff81a91990ull
#define TARGET	0xffffffff81a91710ull

/* endbr64; call __fentry__; sub $16, %rsp; then the call and the rest */
static const __u8 calls[] = {
	0xf3, 0x0f, 0x1e, 0xfa, 0xe8, 0x07, 0xeb, 0x5f, 0xff, 0x48, 0x83, 0xec, 0x10,
	0xe8, 0x6e, 0xfd, 0xff, 0xff, 0xa8, 0x01, 0x75, 0x05,
};

/* the same with a conditional jump, of two bytes and the distance */
static const __u8 jumps[] = {
	0xf3, 0x0f, 0x1e, 0xfa, 0x0f, 0x84, 0x76, 0xfd, 0xff, 0xff,
};

static void test_calls(void **state)
{
	(void)state;
	assert_true(nma_code__calls(calls, sizeof(calls), AT, TARGET));
	assert_true(nma_code__calls(jumps, sizeof(jumps), AT, TARGET));
	assert_false(nma_code__calls(calls, sizeof(calls), AT, TARGET + 1));
	assert_false(nma_code__calls(calls, sizeof(calls), AT + 16, TARGET));
	/* what is behind the function is not its own */
	assert_false(nma_code__calls(calls, 17, AT, TARGET));
	assert_true(nma_code__calls(calls, 18, AT, TARGET));
	assert_false(nma_code__calls(calls, 3, AT, TARGET));
	assert_false(nma_code__calls(calls, 0, AT, TARGET));
}

static void test_size(void **state)
{
	(void)state;
	assert_int_equal(nma_code__size("page_pool_alloc_pages+0x0/0x7d"), 0x7d);
	assert_int_equal(nma_code__size("foo+0x0/0x1a0 [nic]"), 0x1a0);
	assert_int_equal(nma_code__size("foo+0x10/0x1a0"), 0);
	assert_int_equal(nma_code__size("0xffffffff81a91990"), 0);
	assert_int_equal(nma_code__size(""), 0);
}

static void test_newer(void **state)
{
	const struct nma_hook_desc *hook;
	unsigned int nr = 0;

	(void)state;
	for (hook = nma_hook_table; hook < nma_hook_table + NMA_HOOK_MAX; hook++) {
		if (!hook->newer)
			continue;
		assert_string_equal(nma_hook_newer(hook->name), hook->newer);
		nr++;
	}
	assert_int_not_equal(nr, 0);
	assert_null(nma_hook_newer("no_such_function"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
