// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See command.h.
 */
#define _GNU_SOURCE
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "world.h"

char *out, *err;
struct json_object *doc;

struct nma_rec_nic nic;
struct nma_rec_queue queue[2];
struct nma_rec_pool pool[4];
struct nma_rec_binding binding;
struct nma_rec_sock sock;

/* All is in the namespace that the test runs in. */
static void be_here(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	nic.hdr.netns = st.st_ino;
	queue[0].hdr.netns = st.st_ino;
	queue[1].hdr.netns = st.st_ino;
	pool[0].hdr.netns = st.st_ino;
	pool[1].hdr.netns = st.st_ino;
	pool[2].hdr.netns = st.st_ino;
	pool[3].hdr.netns = st.st_ino;
	binding.hdr.netns = st.st_ino;
	sock.hdr.netns = st.st_ino;
}

int command_setup(void **state)
{
	(void)state;
	fake_reset();
	nic = rec_nic();
	queue[0] = rec_queue(0);
	queue[1] = rec_bound(1);
	pool[0] = rec_header(10, 0);
	pool[1] = rec_payload(11, 0);
	pool[2] = rec_header(20, 1);
	pool[3] = rec_provided(21, 1);
	binding = rec_binding();
	sock = rec_sock(1, 0);
	be_here();
	fake_add(&nic);
	fake_add(&queue[0]);
	fake_add(&queue[1]);
	fake_add(&pool[0]);
	fake_add(&pool[1]);
	fake_add(&pool[2]);
	fake_add(&pool[3]);
	fake_add(&binding);
	return 0;
}

int command_teardown(void **state)
{
	(void)state;
	free(out);
	free(err);
	out = NULL;
	err = NULL;
	json_object_put(doc);
	doc = NULL;
	assert_int_equal(fake.open, 0);	/* every session was closed */
	return 0;
}

int run(const char *line)
{
	char *copy = strdup(line), *save = NULL, *argv[32] = { "netmem-audit" };
	size_t out_size, err_size;
	FILE *o, *e;
	int argc = 1, ret;

	free(out);
	free(err);
	o = open_memstream(&out, &out_size);
	e = open_memstream(&err, &err_size);
	for (argv[1] = strtok_r(copy, " ", &save); argv[argc];
	     argv[argc] = strtok_r(NULL, " ", &save))
		argc++;
	ret = nma_cli_run(argc, argv, o, e);
	fclose(o);
	fclose(e);
	free(copy);
	return ret;
}

struct json_object *parse_line(unsigned int n)
{
	char *line = out;

	while (n--)
		line = strchr(line, '\n') + 1;
	json_object_put(doc);
	doc = json_tokener_parse(line);
	assert_non_null(doc);
	assert_true(json_object_object_get_ex(doc, "schema", NULL));
	assert_true(json_object_object_get_ex(doc, "lost", NULL));
	return doc;
}

struct json_object *parse(void)
{
	return parse_line(0);
}

struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *val;

	if (!json_object_object_get_ex(obj, key, &val))
		fail_msg("no key %s in %s", key, json_object_to_json_string(obj));
	return val;
}

const char *str(struct json_object *obj, const char *key)
{
	return json_object_get_string(get(obj, key));
}

int num(struct json_object *obj, const char *key)
{
	return json_object_get_int(get(obj, key));
}

struct json_object *first(struct json_object *obj, const char *key)
{
	struct json_object *arr = get(obj, key);

	assert_true(json_object_array_length(arr) > 0);
	return json_object_array_get_idx(arr, 0);
}

size_t length(struct json_object *obj, const char *key)
{
	return json_object_array_length(get(obj, key));
}

void expect_said(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' does not say '%s'", text, words);
}

unsigned int count_lines(const char *what)
{
	unsigned int nr = 0;
	const char *p;

	for (p = strstr(out, what); p; p = strstr(p + 1, what))
		nr++;
	return nr;
}

struct json_object *assertion(const char *text)
{
	struct json_object *arr = get(doc, "assertions"), *a;
	size_t i;

	for (i = 0; i < json_object_array_length(arr); i++) {
		a = json_object_array_get_idx(arr, i);
		if (!strcmp(str(a, "assertion"), text))
			return a;
	}
	fail_msg("no assertion %s", text);
	return NULL;
}

/* Of the last document: that one alone is not so. */
void only_violated(const char *metric, int value)
{
	struct json_object *arr = get(doc, "assertions"), *a;
	size_t i;
	bool is;

	for (i = 0; i < json_object_array_length(arr); i++) {
		a = json_object_array_get_idx(arr, i);
		is = !strcmp(str(a, "metric"), metric);
		assert_string_equal(str(a, "outcome"), is ? "violated" : "holds");
		if (is)
			assert_int_equal(num(a, "value"), value);
	}
}
