// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Unit tests of what can be wrong in nma-traffic without a kernel noticing: a
 * check that sees no error proves nothing if it can not see one. "make check".
 */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "opts.h"
#include "pattern.h"

#define LEN 4099	/* a page, and a prime */

static uint8_t data[2 * LEN];

static void fill_is_the_pattern(void **state)
{
	uint64_t key = nma_pattern_key(0, 40000);
	size_t i;

	(void)state;
	nma_pattern_fill(data, LEN, key, 5);
	for (i = 0; i < LEN; i++)
		assert_int_equal(data[i], nma_pattern_byte(key, 5 + i));
}

static void pieces_make_the_whole(void **state)
{
	uint64_t key = nma_pattern_key(1, 2);
	size_t len;
	size_t pos;

	(void)state;
	for (pos = 0; pos < LEN; pos += len) {
		len = pos % 23 + 1;
		nma_pattern_fill(data + pos, len, key, pos);
	}
	assert_int_equal(nma_pattern_check(data, LEN, key, 0, NULL), 0);
	for (pos = 0; pos < LEN; pos += 101)
		assert_int_equal(nma_pattern_check(data + pos, LEN - pos, key,
						   pos, NULL), 0);
}

static void every_single_wrong_byte_is_seen(void **state)
{
	uint64_t key = nma_pattern_key(0, 1);
	size_t first;
	size_t i;

	(void)state;
	nma_pattern_fill(data, 67, key, 3);
	for (i = 0; i < 67; i++) {
		first = LEN;
		data[i] ^= 1;
		assert_int_equal(nma_pattern_check(data, 67, key, 3, &first), 1);
		assert_int_equal(first, i);
		data[i] ^= 1;
	}
	assert_int_equal(nma_pattern_check(data, 67, key, 3, &first), 0);
}

/* What a misplaced buffer looks like: right words, wrong place. */
static void shifted_data_is_wrong(void **state)
{
	static const uint64_t shifts[] = { 1, 8, 1448, 4096, 1 << 16, 1ULL << 32 };
	uint64_t key = nma_pattern_key(0, 1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		nma_pattern_fill(data, LEN, key, shifts[i]);
		assert_true(nma_pattern_check(data, LEN, key, 0, NULL) >
			    LEN / 2);
	}
}

static void flows_differ(void **state)
{
	(void)state;
	nma_pattern_fill(data, LEN, nma_pattern_key(0, 40000), 0);
	assert_true(nma_pattern_check(data, LEN, nma_pattern_key(0, 40001), 0,
				      NULL) > LEN / 2);
	assert_true(nma_pattern_check(data, LEN, nma_pattern_key(1, 40000), 0,
				      NULL) > LEN / 2);
}

static const struct nma_role_info recv_role = {
	"recv", NMA_ROLE_RECV, "[ADDRESS]", "text"
};

static const struct nma_role_info send_role = {
	"send", NMA_ROLE_SEND, "ADDRESS", "text"
};

/* Splits @line at spaces; returns what the parser does. */
static int parse(const struct nma_role_info *role, const char *line,
		 struct nma_opts *o)
{
	static char copy[256];
	char *argv[16];
	int argc = 0;
	char *word;

	strncpy(copy, line, sizeof(copy) - 1);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	optind = 0;
	return nma_opts_parse(o, role, argc, argv);
}

static void options_reach_their_fields(void **state)
{
	struct nma_opts o;

	(void)state;
	assert_int_equal(parse(&recv_role, "recv -i nm0 -q 1,3 -s 1M --bytes 3G "
			       "--keep-tokens 0x10 2001:db8::1", &o), 0);
	assert_string_equal(o.ifname, "nm0");
	assert_int_equal(o.queues.n, 2);
	assert_int_equal(o.queues.id[1], 3);
	assert_int_equal(o.size, 1 << 20);
	assert_int_equal(o.bytes, 3ULL << 30);
	assert_int_equal(o.keep_tokens, 16);
	assert_int_equal(o.port, 9000);
	assert_string_equal(o.address, "2001:db8::1");
	assert_int_equal(o.addr.s6_addr[15], 1);
	assert_int_equal(parse(&send_role, "send 192.0.2.7", &o), 0);
	assert_true(IN6_IS_ADDR_V4MAPPED(&o.addr));
	assert_int_equal(o.addr.s6_addr[15], 7);
	assert_false(o.host);
}

static void wrong_options_are_refused(void **state)
{
	static const char *const recv_lines[] = {
		"recv", "recv -i nm0", "recv -q 1", "recv -i nm0 -q",
		"recv -i nm0 -q ,", "recv -i nm0 -q 1,", "recv -i nm0 -q -1",
		"recv -i nm0 -q 4294967296", "recv -H -p 65536", "recv -H -p 1K2",
		"recv -H -b 99999999999999999999", "recv -H -b 99999999999G",
		"recv -H -s 4097", "recv -H -b +1", "recv -H --plain-recv",
		"recv -H a b", "recv -H --nothing", "recv -H --batch 129",
		"recv -H -n 1",
	};
	struct nma_opts o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(recv_lines) / sizeof(recv_lines[0]); i++)
		assert_true(parse(&recv_role, recv_lines[i], &o) < 0);
	assert_true(parse(&send_role, "send", &o) < 0);
	assert_true(parse(&send_role, "send 1.2.3", &o) < 0);
	assert_true(parse(&send_role, "send 300.1.1.1", &o) < 0);
	assert_true(parse(&send_role, "send nm0", &o) < 0);
	assert_true(parse(&send_role, "send -i nm0 1.2.3.4", &o) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill_is_the_pattern),
		cmocka_unit_test(pieces_make_the_whole),
		cmocka_unit_test(every_single_wrong_byte_is_seen),
		cmocka_unit_test(shifted_data_is_wrong),
		cmocka_unit_test(flows_differ),
		cmocka_unit_test(options_reach_their_fields),
		cmocka_unit_test(wrong_options_are_refused),
	};

	return cmocka_run_group_tests_name("apps", tests, NULL, NULL);
}
