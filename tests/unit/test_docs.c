// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Option tables, --help and manual pages say the same.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "fake.h"
#include "fields.h"

#define MAN	NMA_TOP "/docs/man/"

/* Runs of white space become one blank, so that line breaks do not matter. */
static char *squeeze(char *s)
{
	char *in = s, *out = s;

	for (; *in; in++) {
		if (!isspace((unsigned char)*in))
			*out++ = *in;
		else if (out > s && out[-1] != ' ')
			*out++ = ' ';
	}
	*out = '\0';
	return s;
}

static char *slurp(const char *name)
{
	char path[256], *text = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), MAN "%s", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is missing", path);
	if (getdelim(&text, &room, '\0', f) < 0)
		fail_msg("%s is empty", path);
	fclose(f);
	return squeeze(text);
}

static char *page(const struct nma_command *cmd)
{
	char name[64];

	snprintf(name, sizeof(name), "netmem-audit-%s.8.rst", cmd->name);
	return slurp(name);
}

static char *help(const struct nma_command *cmd)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	nma_cli_help(f, cmd);
	fclose(f);
	return squeeze(text);
}

static void expect(const char *where, const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("%s lacks '%s'", where, what);
}

/* @defaults: as of nma_optset.values */
static void expect_option(const char *where, const char *man, const struct nma_opt *opt,
			  const void *defaults)
{
	char term[1024], dflt[64];
	size_t len;

	if (opt->letter)
		snprintf(term, sizeof(term), "``-%c``, ``--%s``%s%s %s", opt->letter,
			 opt->name, opt->metavar ? " " : "",
			 opt->metavar ? opt->metavar : "", opt->help);
	else
		snprintf(term, sizeof(term), "``--%s``%s%s %s", opt->name,
			 opt->metavar ? " " : "", opt->metavar ? opt->metavar : "",
			 opt->help);
	nma_opt_default(opt, (const char *)defaults + opt->offset, dflt, sizeof(dflt));
	len = strlen(term);
	snprintf(term + len, sizeof(term) - len, "%s", dflt);
	expect(where, man, term);
}

static bool has_option(const struct nma_opt *opts, size_t nr, const char *name,
		       size_t len)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (strlen(opts[i].name) == len && !memcmp(opts[i].name, name, len))
			return true;
	return false;
}

/* No page tells of an option that is not there. */
static void expect_no_other(const char *where, const char *man,
			    const struct nma_opt *opts, size_t nr)
{
	const char *p;
	size_t len;

	for (p = strstr(man, "``--"); p; p = strstr(p + 1, "``--")) {
		len = strcspn(p + 4, "`");
		if (!has_option(opts, nr, p + 4, len))
			fail_msg("%s tells of --%.*s", where, (int)len, p + 4);
	}
}

static void test_commands(void **state)
{
	const struct nma_command *const *cmd;
	char *man, *text, usage[512];
	size_t i, len;

	(void)state;
	for (cmd = nma_commands; *cmd; cmd++) {
		man = page(*cmd);
		text = help(*cmd);
		expect((*cmd)->name, man, (*cmd)->summary);
		expect((*cmd)->name, text, (*cmd)->summary);
		/* from "Usage: " to the summary */
		len = strstr(text, (*cmd)->summary) - text - strlen("Usage: ");
		snprintf(usage, sizeof(usage), "**netmem-audit**%.*s",
			 (int)(len - strlen("netmem-audit ")),
			 text + strlen("Usage: netmem-audit"));
		expect((*cmd)->name, man, usage);
		for (i = 0; i < (*cmd)->nr_opts; i++) {
			expect_option((*cmd)->name, man, &(*cmd)->opts[i],
				      (*cmd)->defaults);
			expect((*cmd)->name, text, (*cmd)->opts[i].help);
		}
		expect_no_other((*cmd)->name, man, (*cmd)->opts, (*cmd)->nr_opts);
		expect((*cmd)->name, man, ".. include:: options.inc");
		expect((*cmd)->name, man, ".. include:: exit.inc");
		free(man);
		free(text);
	}
}

static void test_paragraphs(void **state)
{
	const struct nma_command *const *cmd;
	const char *const *about;
	char *man, *text, *para;

	(void)state;
	for (cmd = nma_commands; *cmd; cmd++) {
		text = help(*cmd);
		man = page(*cmd);
		for (about = (*cmd)->about; *about; about++) {
			para = squeeze(strdup(*about));
			expect((*cmd)->name, text, para);
			free(para);
		}
		free(man);
		free(text);
	}
}

static void test_overview(void **state)
{
	const struct nma_command *const *cmd;
	char *man = slurp("netmem-audit.8.rst"), term[256];

	(void)state;
	for (cmd = nma_commands; *cmd; cmd++) {
		snprintf(term, sizeof(term), "``%s`` %s", (*cmd)->name, (*cmd)->summary);
		expect("netmem-audit.8", man, term);
		snprintf(term, sizeof(term), "**netmem-audit-%s**", (*cmd)->name);
		expect("netmem-audit.8", man, term);
	}
	free(man);
}

static void test_globals(void **state)
{
	const struct nma_globals none = { 0 };
	char *man = slurp("options.inc");
	size_t i;

	(void)state;
	for (i = 0; i < nma_nr_global_opts; i++)
		expect_option("options.inc", man, &nma_global_opts[i], &none);
	expect_no_other("options.inc", man, nma_global_opts, nma_nr_global_opts);
	free(man);
}

static void test_exit_statuses(void **state)
{
	char *man = slurp("exit.inc"), term[128];

	(void)state;
#define NMA_EXIT(id, status, text) \
	snprintf(term, sizeof(term), "%d %s", status, text); \
	expect("exit.inc", man, term);
	NMA_EXIT_LIST
#undef NMA_EXIT
	free(man);
}

static void expect_keys(const char *name, const struct nma_fields *fields)
{
	char *man = slurp(name), term[64];
	size_t i;

	for (i = 0; i < fields->nr; i++) {
		if (fields->field[i].flags & NMA_FIELD_COLUMN)
			continue;
		snprintf(term, sizeof(term), "``%s``", fields->field[i].key);
		expect(name, man, term);
	}
	free(man);
}

static void test_keys(void **state)
{
	(void)state;
	expect_keys("netmem-audit-show.8.rst", &nma_fields_nics);
	expect_keys("netmem-audit-show.8.rst", &nma_fields_pools);
	expect_keys("netmem-audit-show.8.rst", &nma_fields_queues);
	expect_keys("netmem-audit-show.8.rst", &nma_fields_bindings);
	expect_keys("netmem-audit-show.8.rst", &nma_fields_tokens);
	expect_keys("netmem-audit-watch.8.rst", &nma_fields_event);
	expect_keys("netmem-audit-check.8.rst", &nma_fields_probe);
}

/* One table has all events, and says which of them need -v. */
static void test_events(void **state)
{
	char *man = slurp("netmem-audit-watch.8.rst"), row[64];
	const char *name;
	bool detail;
	size_t i;

	(void)state;
	for (i = 0; (name = nma_event_listed(i, &detail)); i++) {
		snprintf(row, sizeof(row), " %s %s", name, detail ? "(-v) " : "");
		expect("netmem-audit-watch.8.rst", man, row);
		if (!detail) {
			snprintf(row, sizeof(row), " %s (-v)", name);
			assert_null(strstr(man, row));
		}
	}
	free(man);
}

/* Letters and names are unique, also against the global ones, but for -q of a queue. */
static void test_option_rows(void **state)
{
	const struct nma_command *const *cmd;
	size_t i, j;

	(void)state;
	for (cmd = nma_commands; *cmd; cmd++) {
		for (i = 0; i < (*cmd)->nr_opts; i++) {
			const struct nma_opt *opt = &(*cmd)->opts[i];

			assert_true(opt->offset < (*cmd)->size);
			assert_true(!opt->metavar == (opt->type == NMA_OPT_FLAG));
			assert_false(has_option(nma_global_opts, nma_nr_global_opts,
						opt->name, strlen(opt->name)));
			for (j = 0; j < nma_nr_global_opts; j++)
				assert_true(!opt->letter || !strcmp(opt->name, "queue") ||
					    opt->letter != nma_global_opts[j].letter);
			for (j = 0; j < i; j++) {
				assert_string_not_equal(opt->name, (*cmd)->opts[j].name);
				assert_true(!opt->letter ||
					    opt->letter != (*cmd)->opts[j].letter);
			}
		}
	}
}

static void test_help_fits_80_columns(void **state)
{
	const struct nma_command *const *cmd;
	char *text, *line, *save;
	size_t size;
	FILE *f;

	(void)state;
	for (cmd = nma_commands; *cmd; cmd++) {
		f = open_memstream(&text, &size);
		nma_cli_help(f, *cmd);
		fclose(f);
		for (line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			if (strlen(line) > 80)
				fail_msg("%s: %s", (*cmd)->name, line);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_paragraphs),
		cmocka_unit_test(test_overview),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_exit_statuses),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_option_rows),
		cmocka_unit_test(test_help_fits_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
