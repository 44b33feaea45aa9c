// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A gate as KTAP (Documentation/dev-tools/ktap.rst): each assertion is a test, and so
 * are the command and that everything was seen.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "view.h"

/* A '#' would begin a directive. */
static void put_name(FILE *f, const char *name)
{
	for (; *name; name++)
		fputc(*name == '#' ? '_' : *name, f);
	fputc('\n', f);
}

static void put_result(FILE *f, bool ok, size_t number, const char *name)
{
	fprintf(f, "%s %zu ", ok ? "ok" : "not ok", number);
	put_name(f, name);
}

static void put_comment(FILE *f, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line)
			fprintf(f, "# %s\n", line);
}

static void put_assertion(const struct nma_gate *g, FILE *f, size_t number,
			  const struct nma_checked *c)
{
	char *details;

	put_result(f, c->outcome == NMA_HOLDS, number, c->a->expr.text);
	if (c->outcome == NMA_HOLDS)
		return;
	details = nma_gate__details(g, c, NMA_REPORT_WIDTH, true);
	if (details)
		put_comment(f, details);
	free(details);
}

void nma_report_ktap(const struct nma_gate *g, FILE *f)
{
	const struct nma_origin *o = &g->follow.audit.source->origin;
	char command[1024], text[1100];
	size_t i, nr = g->assertions.nr;

	fprintf(f, "KTAP version 1\n1..%zu\n", nr + 1 + !!g->argv);
	fprintf(f, "# netmem-audit %s on %s, kernel %s (%s)\n", NMA_VERSION, o->host,
		o->release, o->machine);
	nma_gate__command(g, command, sizeof(command));
	snprintf(text, sizeof(text), "command: %s", command);
	if (g->argv)
		put_comment(f, text);
	for (i = 0; i < nr; i++)
		put_assertion(g, f, i + 1, &g->checked[i]);
	put_result(f, g->complete && !g->follow.cut, nr + 1, "everything was seen");
	if (!g->argv)
		return;
	put_result(f, !nma_follow_failure(&g->follow), nr + 2, "the command succeeded");
	nma_follow_text(&g->follow, text, sizeof(text));
	put_comment(f, text);
}
