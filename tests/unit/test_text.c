// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hostile names: control characters, bytes that are not UTF-8, cut characters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/text.h"

struct sample {
	const char *raw;
	const char *terminal;
	const char *json;
};

static const struct sample samples[] = {
	{ "nm0", "nm0", "nm0" },
	{ "", "", "" },
	{ "a\x1b[31mb", "a\\x1b[31mb", "a\x1b[31mb" },
	{ "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd", "a\nb\tc\rd" },
	{ "del\x7f", "del\\x7f", "del\x7f" },
	{ "back\\slash", "back\\\\slash", "back\\slash" },
	{ "quote\"'", "quote\"'", "quote\"'" },
	{ "\xc3\xa4ther", "\xc3\xa4ther", "\xc3\xa4ther" },
	{ "\xe2\x82\xac", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
	/* not UTF-8: lone, overlong, surrogate, too large, cut */
	{ "\xff", "\\xff", "\\xff" },
	{ "a\x80z", "a\\x80z", "a\\x80z" },
	{ "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf" },
	{ "\xe0\x80\x80", "\\xe0\\x80\\x80", "\\xe0\\x80\\x80" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80" },
	{ "x\xe2\x82", "x\\xe2\\x82", "x\\xe2\\x82" },
	{ "\xc3(", "\\xc3(", "\\xc3(" },
	/* UTF-8 that a terminal must not see: C1, bidi override, zero width */
	{ "\xc2\x9b" "31m", "\\xc2\\x9b31m", "\xc2\x9b" "31m" },
	{ "\xe2\x80\xaegnp", "\\xe2\\x80\\xaegnp", "\xe2\x80\xaegnp" },
	{ "\xe2\x80\x8b", "\\xe2\\x80\\x8b", "\xe2\x80\x8b" },
	{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf", "\xef\xbb\xbf" },
};

static void test_safe(void **state)
{
	char out[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		nma_text_safe(out, sizeof(out), samples[i].raw, 100, NMA_TEXT_TERMINAL);
		assert_string_equal(out, samples[i].terminal);
		nma_text_safe(out, sizeof(out), samples[i].raw, 100, NMA_TEXT_JSON);
		assert_string_equal(out, samples[i].json);
	}
}

/* Names fill their array: no NUL, and a character may be cut by its end. */
static void test_length(void **state)
{
	char out[128];

	(void)state;
	assert_int_equal(nma_text_safe(out, sizeof(out), "abcdef", 3,
				       NMA_TEXT_TERMINAL), 3);
	assert_string_equal(out, "abc");
	nma_text_safe(out, sizeof(out), "ab\xe2\x82\xac", 4, NMA_TEXT_JSON);
	assert_string_equal(out, "ab\\xe2\\x82");
}

static void test_room(void **state)
{
	char out[8];

	(void)state;
	nma_text_safe(out, sizeof(out), "abc\x01\x02", 100, NMA_TEXT_TERMINAL);
	assert_string_equal(out, "abc\\x01");	/* no half escape */
	nma_text_safe(out, 5, "abc\xe2\x82\xac", 100, NMA_TEXT_TERMINAL);
	assert_string_equal(out, "abc");	/* no half character */
	nma_text_safe(out, 1, "abc", 100, NMA_TEXT_TERMINAL);
	assert_string_equal(out, "");
	assert_int_equal(nma_text_safe(NULL, 0, "abc", 100, NMA_TEXT_TERMINAL), 0);
}

static void test_every_byte_pair(void **state)
{
	char raw[3] = { 0 }, out[32];
	int a, b, i;

	(void)state;
	for (a = 1; a < 256; a++) {
		for (b = 1; b < 256; b++) {
			raw[0] = a;
			raw[1] = b;
			nma_text_safe(out, sizeof(out), raw, 2, NMA_TEXT_TERMINAL);
			for (i = 0; out[i]; i++)
				assert_false((unsigned char)out[i] < 0x20 || out[i] == 0x7f);
		}
	}
}

static void test_fit(void **state)
{
	(void)state;
	assert_int_equal(nma_text_fit("short", 10, " "), 5);
	assert_int_equal(nma_text_fit("two words", 5, " "), 3);
	assert_int_equal(nma_text_fit("two words", 3, " "), 3);
	assert_int_equal(nma_text_fit("unbreakable", 4, " "), 4);
	assert_int_equal(nma_text_fit("A|BB|CCC", 5, "|"), 5);
	assert_int_equal(nma_text_fit("A|BB|CCC", 4, "|"), 2);
	assert_int_equal(nma_text_fit("\xe2\x82\xac\xe2\x82\xac", 1, " "), 3);
	assert_int_equal(nma_text_fit("\xe2\x82\xac", 0, " "), 3);
	assert_int_equal(nma_text_width("\xe2\x82\xac" "a"), 2);
}

static void test_wrap(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	(void)state;
	f = open_memstream(&text, &size);
	nma_text_wrap(f, "the quick brown fox jumps", 4, 2, 14, " ");
	fclose(f);
	assert_string_equal(text, "the quick\n  brown fox\n  jumps");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_every_byte_pair),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
