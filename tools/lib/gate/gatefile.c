// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See gatefile.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/gatefile.h"

#define LINE_MOST	512

static const char *const defaults[] = {
	"findings{severity=\"error\"} == 0",
	"leaked_netmems == 0",
	"tokens_outstanding == 0",
	"pools_stalled == 0",
	"events_lost == 0",
};

/* Where a line comes from, and which device its section is about. */
struct place {
	const char *path;
	unsigned int line;
	char ifname[NMA_IFNAME_LEN];
};

/* Three lines: what is wrong, the text, and a mark where. */
static int point_at(const struct place *at, const char *text,
		    const struct nma_expr_error *e, char *error, size_t size)
{
	char where[128] = "", shown[LINE_MOST];
	char *tab;

	if (at->path)
		snprintf(where, sizeof(where), "%.100s:%u: ", at->path, at->line);
	/* else the mark stands elsewhere */
	snprintf(shown, sizeof(shown), "%s", text);
	while ((tab = strchr(shown, '\t')))
		*tab = ' ';
	snprintf(error, size, "%s%s (column %u)\n  %s\n  %*s^", where, e->what, e->column + 1,
		 shown, (int)e->column, "");
	return -EINVAL;
}

static int add(struct nma_assertions *a, const struct place *at, const char *text,
	       char *error, size_t size)
{
	struct nma_assertion *grown;
	struct nma_expr_error e;
	struct nma_expr expr;
	int err;

	err = nma_expr__parse(&expr, text, at->ifname, &e);
	if (err)
		return point_at(at, text, &e, error, size);
	grown = realloc(a->v, (a->nr + 1) * sizeof(*grown));
	if (!grown) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	a->v = grown;
	a->v[a->nr++] = (struct nma_assertion){ expr, at->path, at->line };
	return 0;
}

int nma_assertions__add(struct nma_assertions *a, const char *text, char *error,
			size_t size)
{
	const struct place nowhere = { 0 };

	return add(a, &nowhere, text, error, size);
}

/* "[nm0]" */
static int begin_section(struct place *at, const char *text, char *error, size_t size)
{
	struct nma_expr_error e = { .what = "a section is [IF], a device in brackets" };
	size_t begin = strspn(text, " \t") + 1;
	size_t len = strcspn(text + begin, "]");

	e.column = begin - 1;
	if (!len || len >= NMA_IFNAME_LEN || text[begin + len] != ']' ||
	    text[begin + len + 1 + strspn(text + begin + len + 1, " \t")])
		return point_at(at, text, &e, error, size);
	memcpy(at->ifname, text + begin, len);
	at->ifname[len] = '\0';
	return 0;
}

static int take_line(struct nma_assertions *a, struct place *at, char *text,
		     char *error, size_t size)
{
	const char *begin;

	text[strcspn(text, "#\r\n")] = '\0';
	begin = text + strspn(text, " \t");
	if (!*begin)
		return 0;
	if (*begin == '[')
		return begin_section(at, text, error, size);
	return add(a, at, text, error, size);
}

static int read_lines(struct nma_assertions *a, FILE *f, const char *path, char *error,
		      size_t size)
{
	struct place at = { .path = path };
	char text[LINE_MOST];
	int err = 0;

	while (!err && fgets(text, sizeof(text), f)) {
		at.line++;
		if (!strchr(text, '\n') && !feof(f)) {
			snprintf(error, size, "%s:%u: this line has more than %d bytes", path,
				 at.line, LINE_MOST - 2);
			return -EINVAL;
		}
		err = take_line(a, &at, text, error, size);
	}
	if (err || !ferror(f))
		return err;
	err = -errno;
	snprintf(error, size, "cannot read %s: %s", path, strerror(-err));
	return err == -EINVAL ? -EIO : err;
}

int nma_assertions__load(struct nma_assertions *a, const char *path, char *error,
			 size_t size)
{
	size_t before = a->nr;
	FILE *f = fopen(path, "re");
	int err;

	if (!f) {
		err = -errno;
		snprintf(error, size, "cannot read %s: %s", path, strerror(-err));
		return err == -EINVAL ? -EIO : err;
	}
	err = read_lines(a, f, path, error, size);
	fclose(f);
	if (!err && a->nr == before) {
		/* who asserts nothing would always be right */
		snprintf(error, size, "%s has no assertion", path);
		return -EINVAL;
	}
	return err;
}

int nma_assertions__defaults(struct nma_assertions *a)
{
	char error[256];
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(defaults) / sizeof(*defaults) && !err; i++)
		err = nma_assertions__add(a, defaults[i], error, sizeof(error));
	return err;
}

void nma_assertions__free(struct nma_assertions *a)
{
	free(a->v);
	*a = (struct nma_assertions){ 0 };
}

bool nma_assertions__use(const struct nma_assertions *a, enum nma_metric_id metric)
{
	size_t i;

	for (i = 0; i < a->nr; i++)
		if (a->v[i].expr.metric == metric)
			return true;
	return false;
}
