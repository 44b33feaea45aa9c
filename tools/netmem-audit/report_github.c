// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Workflow commands and job summaries of GitHub Actions.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "xml.h"

/* Of a command's message, or with @property of its title */
static void put_message(FILE *f, const char *s, bool property)
{
	for (; *s; s++) {
		if (*s == '%' || *s == '\n' || *s == '\r' ||
		    (property && (*s == ':' || *s == ',')))
			fprintf(f, "%%%02X", (unsigned char)*s);
		else
			fputc(*s, f);
	}
}

static void annotate(const struct nma_gate *g, FILE *f, const struct nma_checked *c)
{
	char *details;

	if (c->outcome == NMA_HOLDS)
		return;
	details = nma_gate__details(g, c, NMA_REPORT_WIDTH, true);
	fprintf(f, "::%s title=", c->outcome == NMA_VIOLATED ? "error" : "warning");
	put_message(f, c->a->expr.text, true);
	fputs("::", f);
	put_message(f, details ? details : "", false);
	fputc('\n', f);
	free(details);
}

static void put_row(FILE *f, const struct nma_checked *c)
{
	char outcome[192];

	nma_gate__outcome(c, outcome, sizeof(outcome));
	fputs("<tr><td><code>", f);
	nma_xml_put(f, c->a->expr.text);
	fprintf(f, "</code></td><td>%s</td><td>",
		c->outcome == NMA_HOLDS ? "holds" :
		c->outcome == NMA_VIOLATED ? "<b>violated</b>" : "<i>unknown</i>");
	nma_xml_put(f, outcome);
	fputs("</td></tr>\n", f);
}

/* HTML in Markdown: what stands in it is taken as it is. */
static void summarise(const struct nma_gate *g, FILE *f)
{
	const struct nma_origin *o = &g->follow.audit.source->origin;
	char command[1024], *details;
	size_t i;

	nma_gate__command(g, command, sizeof(command));
	fprintf(f, "### netmem-audit gate: %s\n\n<p>", g->result);
	if (command[0]) {
		fputs("<code>", f);
		nma_xml_put(f, command);
		fputs("</code> on ", f);
	}
	nma_xml_put(f, o->host);
	fputs(", kernel ", f);
	nma_xml_put(f, o->release);
	fprintf(f, " (%s), version %s</p>\n<table>\n", o->machine, NMA_VERSION);
	for (i = 0; i < g->assertions.nr; i++)
		put_row(f, &g->checked[i]);
	fputs("</table>\n", f);
	for (i = 0; i < g->assertions.nr; i++) {
		if (g->checked[i].outcome != NMA_VIOLATED)
			continue;
		details = nma_gate__details(g, &g->checked[i], NMA_REPORT_WIDTH, true);
		fputs("<details><summary><code>", f);
		nma_xml_put(f, g->checked[i].a->expr.text);
		fputs("</code></summary><pre>", f);
		nma_xml_put(f, details ? details : "");
		fputs("</pre></details>\n", f);
		free(details);
	}
	fputc('\n', f);
}

void nma_report_github(const struct nma_gate *g, FILE *f)
{
	const char *actions = getenv("GITHUB_ACTIONS");
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *summary;
	size_t i;

	if (actions && !strcmp(actions, "true"))
		for (i = 0; i < g->assertions.nr; i++)
			annotate(g, f, &g->checked[i]);
	summary = path && *path ? fopen(path, "ae") : NULL;
	if (!summary)
		return;
	summarise(g, summary);
	fclose(summary);
}
