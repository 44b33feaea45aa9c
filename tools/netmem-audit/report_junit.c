// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A gate as JUnit XML, as Jenkins and GitLab take it: each assertion is a test case;
 * what is violated is a failure, what is not known an error. Nobody owns the format:
 * elements and attributes are those that the schema of Ant's reports demands and that of
 * Jenkins' xUnit plugin allows, so the document is valid by both.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report.h"
#include "util/text.h"
#include "xml.h"

static void open_case(FILE *f, const char *name, double seconds)
{
	fputs("    <testcase classname=\"netmem-audit.gate\" name=\"", f);
	nma_xml_put(f, name);
	fprintf(f, "\" time=\"%.3f\"", seconds);
}

/* @what: failure or error; NULL: neither */
static void put_case(FILE *f, const char *name, double seconds, const char *what,
		     const char *type, const char *message, const char *details)
{
	open_case(f, name, seconds);
	if (!what) {
		fputs("/>\n", f);
		return;
	}
	fprintf(f, ">\n      <%s type=\"%s\" message=\"", what, type);
	nma_xml_put(f, message);
	fputs("\">", f);
	nma_xml_put(f, details ? details : "");
	fprintf(f, "</%s>\n    </testcase>\n", what);
}

static void put_assertion(const struct nma_gate *g, FILE *f, const struct nma_checked *c)
{
	char outcome[192], *details = NULL;

	nma_gate__outcome(c, outcome, sizeof(outcome));
	if (c->outcome == NMA_VIOLATED)
		details = nma_gate__details(g, c, NMA_REPORT_WIDTH, true);
	put_case(f, c->a->expr.text, 0, c->outcome == NMA_VIOLATED ? "failure" :
		 c->outcome == NMA_UNKNOWN ? "error" : NULL,
		 nma_outcome_name(c->outcome), outcome, details);
	free(details);
}

static void put_property(FILE *f, const char *name, const char *value)
{
	fprintf(f, "      <property name=\"%s\" value=\"", name);
	nma_xml_put(f, value);
	fputs("\"/>\n", f);
}

static void put_properties(const struct nma_gate *g, FILE *f)
{
	const struct nma_origin *o = &g->follow.audit.source->origin;
	char command[1024], number[32];

	nma_gate__command(g, command, sizeof(command));
	fputs("    <properties>\n", f);
	put_property(f, "kernel", o->release);
	put_property(f, "architecture", o->machine);
	put_property(f, "version", NMA_VERSION);
	put_property(f, "result", g->result);
	snprintf(number, sizeof(number), "%llu", o->time_ns);
	put_property(f, "time_ns", number);
	if (g->argv)
		put_property(f, "command", command);
	fputs("    </properties>\n", f);
}

static void put_command(const struct nma_gate *g, FILE *f)
{
	const char *failure = nma_follow_failure(&g->follow);
	double seconds = 0;
	char text[128];

	if (!g->argv)
		return;
	if (g->follow.ended_ns > g->follow.command_ns)
		seconds = (g->follow.ended_ns - g->follow.command_ns) / 1e9;
	nma_follow_text(&g->follow, text, sizeof(text));
	put_case(f, "the command succeeded", seconds, failure ? "failure" : NULL, failure,
		 text, NULL);
}

/* "2026-11-30T01:02:03" */
static void start_time(const struct nma_gate *g, char *dst, size_t size)
{
	time_t seconds = g->follow.audit.source->origin.wall_ns / NMA_NSEC_PER_SEC;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(dst, size, "%Y-%m-%dT%H:%M:%S", &tm))
		snprintf(dst, size, "1970-01-01T00:00:00");
}

void nma_report_junit(const struct nma_gate *g, FILE *f)
{
	unsigned int failures = nma_gate__count(g, NMA_VIOLATED) +
				!!nma_follow_failure(&g->follow);
	bool seen = g->complete && !g->follow.cut;
	unsigned int errors = nma_gate__count(g, NMA_UNKNOWN) + !seen;
	size_t i, tests = g->assertions.nr + 1 + !!g->argv;
	double seconds = (g->end_ns - g->follow.start_ns) / 1e9;
	char when[32];

	start_time(g, when, sizeof(when));
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites>\n"
		"  <testsuite id=\"0\" package=\"netmem-audit\" name=\"gate\" tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"0\" time=\"%.3f\" timestamp=\"%s\" hostname=\"",
		tests, failures, errors, seconds, when);
	nma_xml_put(f, g->follow.audit.source->origin.host);
	fputs("\">\n", f);
	put_properties(g, f);
	for (i = 0; i < g->assertions.nr; i++)
		put_assertion(g, f, &g->checked[i]);
	put_case(f, "everything was seen", 0, seen ? NULL : "error", "incomplete",
		 "something was lost or could not be looked at", NULL);
	put_command(g, f);
	fputs("    <system-out/>\n    <system-err/>\n  </testsuite>\n</testsuites>\n", f);
}
