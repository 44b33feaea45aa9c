// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Text tables and blocks. JSON is in out_json.c.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/clock.h"
#include "kernel/ksyms.h"
#include "out/out.h"
#include "util/text.h"

#define WIDTH_MIN	80
#define LAST_MIN	24	/* room for the last column, which wraps */
#define CELL_MIN	8	/* no column is clipped to less */
#define TEXT_MIN	10	/* nor one that may have an inode number */
#define GAP		2
#define COLUMNS_MAX	32
#define SAFE_STR	(4 * NMA_STR_LEN + 1)	/* \xNN for each byte */
#define BREAKS		" |,"

size_t nma_out_width(FILE *file)
{
	struct winsize ws;
	int fd = fileno(file);

	if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &ws))
		return WIDTH_MIN;
	return ws.ws_col > WIDTH_MIN ? ws.ws_col : WIDTH_MIN;
}

static void list_text(char *dst, size_t size, const struct nma_value *v)
{
	size_t len = 0;
	unsigned int i;

	dst[0] = '\0';
	for (i = 0; i < v->nr && len < size; i++)
		len += snprintf(dst + len, size - len, "%s%llu", i ? "," : "",
				v->list[i]);
	if (v->more && len < size)
		snprintf(dst + len, size - len, ",...");
}

/* Text of @v, safe for a terminal; false if there is nothing to show. */
static bool value_text(const struct nma_out *out, const struct nma_value *v,
		       char *dst, size_t size)
{
	char name[NMA_STR_LEN];

	switch (v->type) {
	case NMA_VALUE_NONE:
		return false;
	case NMA_VALUE_U64:
		snprintf(dst, size, "%llu", v->u);
		return true;
	case NMA_VALUE_S64:
		snprintf(dst, size, "%lld", v->s);
		return true;
	case NMA_VALUE_RATIO:
		snprintf(dst, size, "%llu.%llu%%", v->u / 100, v->u % 100 / 10);
		return true;
	case NMA_VALUE_BOOL:
		snprintf(dst, size, "%s", v->b ? "yes" : "no");
		return true;
	case NMA_VALUE_STR:
		nma_text_safe(dst, size, v->str, sizeof(v->str), NMA_TEXT_TERMINAL);
		return true;
	case NMA_VALUE_SET:
	case NMA_VALUE_COUNTS:
		snprintf(dst, size, "%s", v->str[0] ? v->str : "none");
		return true;
	case NMA_VALUE_ADDR:
		snprintf(dst, size, "0x%llx", v->u);
		return out->verbose;
	case NMA_VALUE_LIST_U64:
		list_text(dst, size, v);
		return true;
	case NMA_VALUE_STACK:
		if (nma_ksyms__creator(out->ksyms, v->stack, v->nr, name, sizeof(name)))
			return false;
		nma_text_safe(dst, size, name, sizeof(name), NMA_TEXT_TERMINAL);
		return true;
	}
	return false;
}

struct column {
	size_t width;
	bool right;
};

struct grid {
	const struct nma_field *col[COLUMNS_MAX];
	struct column fmt[COLUMNS_MAX];
	size_t cols;
	size_t rows;
	char **cell;	/* rows * cols, each its own allocation */
};

static void clip(char *s, size_t width)
{
	size_t n;

	if (nma_text_width(s) <= width)
		return;
	n = nma_text_fit(s, width - 1, "");
	s[n] = '~';
	s[n + 1] = '\0';
}

static int grid_fill_cell(const struct nma_out *out, struct grid *g,
			  const void *row, size_t r, size_t c)
{
	struct nma_value v = { 0 };
	char text[SAFE_STR];
	size_t width;

	g->col[c]->get(row, &v);
	if (!value_text(out, &v, text, sizeof(text)))
		snprintf(text, sizeof(text), "-");
	width = nma_text_width(text);
	if (width > g->fmt[c].width)
		g->fmt[c].width = width;
	if (v.type == NMA_VALUE_U64 || v.type == NMA_VALUE_S64 || v.type == NMA_VALUE_RATIO)
		g->fmt[c].right = true;
	g->cell[r * g->cols + c] = strdup(text);
	return g->cell[r * g->cols + c] ? 0 : -ENOMEM;
}

static bool may_shrink(const struct grid *g, size_t c)
{
	return g->fmt[c].width >
	       (g->col[c]->flags & NMA_FIELD_TEXT ? TEXT_MIN : CELL_MIN);
}

/* Takes room from the widest columns until the last one has some. */
static void grid_fit(const struct nma_out *out, struct grid *g)
{
	size_t c, widest = 0, width, room, sum;

	for (;;) {
		sum = 0;
		width = 0;
		for (c = 0; c + 1 < g->cols; c++) {
			sum += g->fmt[c].width + GAP;
			if (g->fmt[c].width <= width || !may_shrink(g, c))
				continue;
			width = g->fmt[c].width;
			widest = c;
		}
		room = g->fmt[g->cols - 1].width;
		if (room > LAST_MIN)
			room = LAST_MIN;
		if (sum + room <= out->width || !width)
			return;
		g->fmt[widest].width--;
	}
}

/* Says some row something in this field? */
static bool column_needed(const struct grid *g, const struct nma_field *field,
			  const void *const *rows)
{
	size_t r;

	if (!(field->flags & NMA_FIELD_TEXT))
		return true;
	for (r = 0; r < g->rows; r++) {
		struct nma_value v = { 0 };

		field->get(rows[r], &v);
		if (v.type != NMA_VALUE_NONE)
			return true;
	}
	return false;
}

static void grid_columns(struct grid *g, const struct nma_fields *fields,
			 const void *const *rows)
{
	size_t i;

	for (i = 0; i < fields->nr && g->cols < COLUMNS_MAX; i++) {
		if (fields->field[i].flags & (NMA_FIELD_JSON | NMA_FIELD_VERBOSE) ||
		    !column_needed(g, &fields->field[i], rows))
			continue;
		g->fmt[g->cols].width = strlen(fields->field[i].head);
		g->col[g->cols++] = &fields->field[i];
	}
}

static int grid_fill(const struct nma_out *out, struct grid *g,
		     const void *const *rows)
{
	size_t i, r;
	int err;

	g->cell = calloc(g->rows * g->cols + 1, sizeof(*g->cell));
	if (!g->cell)
		return -ENOMEM;
	for (r = 0; r < g->rows; r++) {
		for (i = 0; i < g->cols; i++) {
			err = grid_fill_cell(out, g, rows[r], r, i);
			if (err)
				return err;
		}
	}
	grid_fit(out, g);
	for (i = 0; i < g->rows * g->cols; i++)
		if ((i + 1) % g->cols)
			clip(g->cell[i], g->fmt[i % g->cols].width);
	return 0;
}

static void grid_line(const struct nma_out *out, const struct grid *g, size_t r,
		      bool header)
{
	size_t c, pad, column = 0;
	const char *s;

	for (c = 0; c < g->cols; c++) {
		s = header ? g->col[c]->head : g->cell[r * g->cols + c];
		pad = nma_text_width(s);
		pad = pad < g->fmt[c].width ? g->fmt[c].width - pad : 0;
		if (c + 1 == g->cols) {
			if (g->fmt[c].right && column + g->fmt[c].width <= out->width)
				fprintf(out->file, "%*s", (int)pad, "");
			nma_text_wrap(out->file, s, column, column, out->width, BREAKS);
			break;
		}
		if (g->fmt[c].right)
			fprintf(out->file, "%*s%s%*s", (int)pad, "", s, GAP, "");
		else
			fprintf(out->file, "%s%*s", s, (int)(pad + GAP), "");
		column += g->fmt[c].width + GAP;
	}
	fputc('\n', out->file);
}

int nma_out_table(const struct nma_out *out, const struct nma_fields *fields,
		  const void *const *rows, size_t nr)
{
	struct grid g = { .rows = nr };
	size_t i;
	int err;

	grid_columns(&g, fields, rows);
	err = grid_fill(out, &g, rows);
	if (err)
		goto out;
	grid_line(out, &g, 0, true);
	for (i = 0; i < nr; i++)
		grid_line(out, &g, i, false);
out:
	for (i = 0; g.cell && i < g.rows * g.cols; i++)
		free(g.cell[i]);
	free(g.cell);
	return err;
}

/* People read seconds: "age_ns: 1500000000" becomes "age: 1.500 s". */
static size_t cut_ns(const char *label, const struct nma_value *v, char *text,
		     size_t size)
{
	size_t len = strlen(label);

	if (v->type != NMA_VALUE_U64 || len < 4 || strcmp(label + len - 3, "_ns"))
		return len;
	snprintf(text, size, "%llu.%03llu s", v->u / NMA_NSEC_PER_SEC,
		 v->u % NMA_NSEC_PER_SEC / NMA_NSEC_PER_MSEC);
	return len - 3;
}

void nma_out_label(const struct nma_out *out, const char *label,
		   const struct nma_value *v, size_t indent)
{
	char text[SAFE_STR];
	size_t column, len;

	if (!value_text(out, v, text, sizeof(text)))
		return;
	len = cut_ns(label, v, text, sizeof(text));
	column = indent + len + 2;
	fprintf(out->file, "%*s%.*s: ", (int)indent, "", (int)len, label);
	nma_text_wrap(out->file, text, column, indent + 4, out->width, BREAKS);
	fputc('\n', out->file);
}

size_t nma_out_pair(const struct nma_out *out, const char *key,
		    const struct nma_value *v, size_t column, size_t indent)
{
	char text[SAFE_STR];
	size_t width;

	if (!value_text(out, v, text, sizeof(text)))
		return column;
	width = 2 + strlen(key) + nma_text_width(text);
	if (column + width > out->width) {
		fprintf(out->file, "\n%*s", (int)indent, "");
		column = indent;
	}
	fprintf(out->file, " %s=%s", key, text);
	return column + width;
}

void nma_out_block(const struct nma_out *out, const struct nma_fields *fields,
		   const void *row, size_t indent)
{
	size_t i;

	for (i = 0; i < fields->nr; i++) {
		struct nma_value v = { 0 };

		if (fields->field[i].flags & (NMA_FIELD_TEXT | NMA_FIELD_COLUMN) ||
		    (fields->field[i].flags & NMA_FIELD_VERBOSE && !out->verbose))
			continue;
		fields->field[i].get(row, &v);
		nma_out_label(out, fields->field[i].key, &v, indent);
	}
}

void nma_out_text(const struct nma_out *out, size_t indent, const char *fmt, ...)
{
	char raw[1024], text[4 * sizeof(raw) + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	nma_text_safe(text, sizeof(text), raw, sizeof(raw), NMA_TEXT_TERMINAL);
	fprintf(out->file, "%*s", (int)indent, "");
	nma_text_wrap(out->file, text, indent, indent, out->width, " ");
	fputc('\n', out->file);
}

bool nma_out_gone(const struct nma_out *out)
{
	struct pollfd p = { .fd = fileno(out->file) };

	return p.fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLNVAL);
}

/* stdio remembers that a write failed, not why: the next one tells. */
static int why_failed(FILE *file)
{
	clearerr(file);
	errno = 0;
	if (fputc('\n', file) == EOF || fflush(file))
		return errno ? -errno : -EIO;
	return -EIO;
}

int nma_out_finish(const struct nma_out *out)
{
	bool failed = ferror(out->file);
	int err = 0;

	errno = 0;
	if (fflush(out->file))
		err = errno ? -errno : -EIO;
	if (failed)
		err = why_failed(out->file);
	if (!out->error)
		return err;
	if (!*out->error)
		*out->error = err;
	return *out->error;
}
