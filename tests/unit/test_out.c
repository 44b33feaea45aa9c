// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Tables, blocks and JSON from one table of fields.
 */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/ksyms.h"
#include "out/out.h"
#include "kernel/session.h"
#include "util/text.h"

struct row {
	const char *name;
	__u64 number;
	bool has_number;
	const char *words;
};

#define ROW(row) ((const struct row *)(row))

static void get_name(const void *row, struct nma_value *v)
{
	nma_value_str(v, ROW(row)->name);
}

static void get_number(const void *row, struct nma_value *v)
{
	if (ROW(row)->has_number)
		nma_value_u64(v, ROW(row)->number);
}

static void get_addr(const void *row, struct nma_value *v)
{
	(void)row;
	nma_value_addr(v, 0xffff888000001000ull);
}

static void get_words(const void *row, struct nma_value *v)
{
	char words[256], *save = NULL, *w;

	snprintf(words, sizeof(words), "%s", ROW(row)->words);
	for (w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		nma_value_set_add(v, w);
}

static const struct nma_field columns[] = {
	{ "ifname", "IF", 0, get_name },
	{ "number", "NUMBER", 0, get_number },
	{ "address", "", NMA_FIELD_VERBOSE, get_addr },
	{ "flags", "FLAGS", 0, get_words },
};

static const struct nma_fields fields = { "rows", columns, 4 };

static char *text;
static size_t size;
static struct nma_out out;

static void start(bool json)
{
	free(text);
	out = (struct nma_out){ .width = 80, .json = json };
	out.file = open_memstream(&text, &size);
}

static void finish(void)
{
	fclose(out.file);
}

static void expect_lines_within(size_t width)
{
	char *copy = strdup(text), *save = NULL, *line;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (nma_text_width(line) > width)
			fail_msg("longer than %zu: %s", width, line);
	free(copy);
}

static const struct row plain = { "nm0", 7, true, "DMA_MAP DMA_SYNC_DEV" };
static const struct row absent = { "nm10", 0, false, "DMA_MAP" };

static void test_table(void **state)
{
	const void *rows[] = { &plain, &absent };

	(void)state;
	start(false);
	assert_int_equal(nma_out_table(&out, &fields, rows, 2), 0);
	finish();
	assert_string_equal(text,
		"IF    NUMBER  FLAGS\n"
		"nm0        7  DMA_MAP|DMA_SYNC_DEV\n"
		"nm10       -  DMA_MAP\n");
}

static void test_table_stays_within_80(void **state)
{
	struct row hostile = {
		"\x1b[2J\x1b[2J\x1b[2J", 18446744073709551615ull, true,
		"DMA_MAP DMA_SYNC_DEV SYSTEM_POOL ALLOW_UNREADABLE 0x12340 AND_MORE AND_MORE",
	};
	const void *rows[] = { &plain, &hostile };

	(void)state;
	start(false);
	nma_out_table(&out, &fields, rows, 2);
	finish();
	expect_lines_within(80);
	assert_null(strchr(text, '\x1b'));
}

static void test_empty_table_has_a_header(void **state)
{
	(void)state;
	start(false);
	nma_out_table(&out, &fields, NULL, 0);
	finish();
	assert_string_equal(text, "IF  NUMBER  FLAGS\n");
}

static void test_block(void **state)
{
	(void)state;
	start(false);
	nma_out_block(&out, &fields, &plain, 2);
	finish();
	assert_string_equal(text,
		"  ifname: nm0\n  number: 7\n  flags: DMA_MAP|DMA_SYNC_DEV\n");
	start(false);
	out.verbose = true;
	nma_out_block(&out, &fields, &plain, 0);
	finish();
	assert_non_null(strstr(text, "address: 0xffff888000001000\n"));
}

static void test_people_read_seconds(void **state)
{
	struct nma_value v = { 0 };

	(void)state;
	nma_value_u64(&v, 61500000000);
	start(false);
	nma_out_label(&out, "detached_for_ns", &v, 4);
	nma_out_label(&out, "_ns", &v, 4);
	finish();
	assert_string_equal(text, "    detached_for: 61.500 s\n    _ns: 61500000000\n");
}

static void emit(const struct row *row, bool verbose)
{
	struct nma_lost lost = { .count = { 1, 2, 3 } };
	struct json_object *doc = nma_json_doc("test");
	const void *rows[] = { row };

	start(true);
	out.verbose = verbose;
	out.lost = &lost;
	json_object_object_add(doc, "rows", nma_out_array(&out, &fields, rows, 1));
	assert_int_equal(nma_out_emit(&out, doc), 0);
	finish();
}

static void test_json(void **state)
{
	(void)state;
	emit(&plain, false);
	assert_string_equal(text,
		"{\"schema\":1,\"type\":\"test\",\"rows\":[{\"ifname\":\"nm0\","
		"\"number\":7,\"flags\":[\"DMA_MAP\",\"DMA_SYNC_DEV\"]}],"
		"\"lost\":{\"ring_full\":1,\"map_full\":2,\"walk_cut\":3,"
		"\"prog_missed\":0,\"user_fault\":0,\"sock_end\":0}}\n");
	emit(&absent, false);
	assert_null(strstr(text, "number"));	/* absent, not 0 */
	emit(&plain, true);
	assert_non_null(strstr(text, "\"address\":\"0xffff888000001000\""));
}

static void test_json_hostile_names(void **state)
{
	static const char *const names[] = {
		"\"", "\\", "\n", "\x1b[31m", "\xff\xfe", "\xc3", "\xed\xa0\x80",
		"a\"b'c\\d\te", "\x01\x02\x7f", "\xe2\x80\xae",
	};
	struct json_object *doc, *rows, *name;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct row row = { names[i], 1, true, "A" };
		char safe[64];

		emit(&row, false);
		assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
		doc = json_tokener_parse(text);
		assert_non_null(doc);
		assert_true(json_object_object_get_ex(doc, "rows", &rows));
		assert_true(json_object_object_get_ex(json_object_array_get_idx(rows, 0),
						      "ifname", &name));
		nma_text_safe(safe, sizeof(safe), names[i], 60, NMA_TEXT_JSON);
		assert_string_equal(json_object_get_string(name), safe);
		json_object_put(doc);
	}
}

static void test_error_document(void **state)
{
	struct json_object *doc, *error, *field;

	(void)state;
	start(true);
	assert_int_equal(nma_out_error(&out, -19, "no device 'a\"\xff'"), 0);
	finish();
	doc = json_tokener_parse(text);
	assert_non_null(doc);
	assert_true(json_object_object_get_ex(doc, "schema", &field));
	assert_true(json_object_object_get_ex(doc, "lost", &field));
	assert_true(json_object_object_get_ex(doc, "error", &error));
	assert_true(json_object_object_get_ex(error, "errno", &field));
	assert_int_equal(json_object_get_int(field), 19);
	assert_true(json_object_object_get_ex(error, "message", &field));
	assert_string_equal(json_object_get_string(field), "no device 'a\"\\xff'");
	json_object_put(doc);
}

static void test_write_error(void **state)
{
	(void)state;
	out = (struct nma_out){ .width = 80, .file = fopen("/dev/full", "w") };
	nma_out_text(&out, 0, "hello");
	assert_int_not_equal(nma_out_finish(&out), 0);
	fclose(out.file);
}

static void test_creator(void **state)
{
	static const __u64 stack[] = { 0x1010, 0x2010, 0x3000, 0x4010, 0 };
	char path[] = "/tmp/nma-ksyms-XXXXXX", name[64];
	struct nma_ksyms *k;
	FILE *f;

	(void)state;
	f = fdopen(mkstemp(path), "w");
	fputs("0000000000004000 t probe_one\t[nmnic]\n"
	      "0000000000001000 T page_pool_list\n"
	      "0000000000002000 T page_pool_create\n"
	      "0000000000002f00 t nmnic_rxq_pools_create\t[nmnic]\n"
	      "0000000000003000 t next_function\t[nmnic]\n"
	      "0000000000002008 d some_data\n", f);
	fclose(f);
	k = nma_ksyms__new(path);
	assert_int_equal(nma_ksyms__creator(k, stack, 5, name, sizeof(name)), 0);
	assert_string_equal(name, "nmnic_rxq_pools_create [nmnic]");
	assert_int_not_equal(nma_ksyms__creator(k, stack, 2, name, sizeof(name)), 0);
	assert_int_not_equal(nma_ksyms__creator(k, stack + 4, 1, name, sizeof(name)), 0);
	assert_int_not_equal(nma_ksyms__creator(NULL, stack, 5, name, sizeof(name)), 0);
	nma_ksyms__free(k);
	unlink(path);
	k = nma_ksyms__new(path);
	assert_int_not_equal(nma_ksyms__creator(k, stack, 5, name, sizeof(name)), 0);
	nma_ksyms__free(k);
}

static int cleanup(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_stays_within_80),
		cmocka_unit_test(test_empty_table_has_a_header),
		cmocka_unit_test(test_block),
		cmocka_unit_test(test_people_read_seconds),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_hostile_names),
		cmocka_unit_test(test_error_document),
		cmocka_unit_test(test_write_error),
		cmocka_unit_test(test_creator),
	};

	return cmocka_run_group_tests(tests, NULL, cleanup);
}
