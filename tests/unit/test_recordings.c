// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Recordings of real kernels (tests/recordings) are judged as they were when they
 * were made: NAME.expected has the exit status of check --strict and a line for each
 * error and warning.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command.h"
#include "fake.h"
#include "world.h"

#define DIR_NAME	NMA_TOP "/tests/recordings"

static const char *str_or(struct json_object *obj, const char *key, const char *none)
{
	struct json_object *val;

	return json_object_object_get_ex(obj, key, &val) ? json_object_get_string(val) :
							   none;
}

/* "NM-POOL-01 warn nm0 queue 0 times 1" */
static char *verdict_of(const char *path)
{
	struct json_object *findings, *f;
	char line[600], *text = NULL;
	size_t text_size, i;
	FILE *out_file;
	int ret;

	snprintf(line, sizeof(line), "check -j --strict --from %s", path);
	ret = run(line);
	parse();
	out_file = open_memstream(&text, &text_size);
	fprintf(out_file, "status %d\n", ret);
	findings = get(doc, "findings");
	for (i = 0; i < json_object_array_length(findings); i++) {
		f = json_object_array_get_idx(findings, i);
		if (strcmp(str(f, "severity"), "info"))
			fprintf(out_file, "%s %s %s queue %s times %d\n", str(f, "rule"),
				str(f, "severity"), str_or(f, "ifname", "-"),
				str_or(f, "queue", "-"), num(f, "count"));
	}
	fclose(out_file);
	return text;
}

static void expect_as_then(const char *path)
{
	char expected[512], *then = NULL, *now;
	size_t room = 0;
	FILE *f;

	snprintf(expected, sizeof(expected), "%.*s.expected", (int)strlen(path) - 4, path);
	now = verdict_of(path);
	f = fopen(expected, "r");
	if (!f)
		fail_msg("%s is missing:\n%s", expected, now);
	assert_true(getdelim(&then, &room, '\0', f) > 0);
	fclose(f);
	if (strcmp(then, now))
		fail_msg("%s was judged\n%s, and is now\n%s%s", path, then, now, err);
	free(then);
	free(now);
}

static void test_all(void **state)
{
	char path[512];
	struct dirent *d;
	unsigned int nr = 0;
	DIR *dir;

	(void)state;
	dir = opendir(DIR_NAME);
	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (!strstr(d->d_name, ".nmr"))
			continue;
		snprintf(path, sizeof(path), DIR_NAME "/%s", d->d_name);
		expect_as_then(path);
		nr++;
	}
	closedir(dir);
	assert_true(nr >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, command_setup, command_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
