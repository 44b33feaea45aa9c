// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See stat_view.h. On a terminal each line overwrites the one before from its
 * beginning and clears only what is left of it: nothing flickers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "stat_view.h"
#include "util/text.h"

#define HOME		"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"
#define LINES_BESIDE	3	/* title, heads, and the one that the cursor is on */

struct column {
	const char *head;	/* of the field */
	unsigned int width;
	bool left;
	bool optional;		/* left out where no row has it */
};

/* As many of the first as there is room for: those up to USED fit into 80 characters. */
static const struct column columns[] = {
	{ "ID", 4, false, false },
	{ "IF", 7, true, false },
	{ "NETNS", 10, true, true },
	{ "Q", 3, false, false },
	{ "SOURCE", 6, true, false },
	{ "BUF/S", 6, false, true },
	{ "BYTE/S", 6, false, true },
	{ "SLOW/S", 6, false, false },
	{ "FREE/S", 6, false, false },
	{ "DRY/S", 5, false, false },
	{ "KEPT", 5, false, false },
	{ "INFL", 5, false, false },
	{ "TOK/S", 5, false, false },
	{ "USED", 4, false, false },
	{ "TOKENS", 6, false, false },
	{ "RET/S", 5, false, false },
	{ "CACHE", 5, false, false },
	{ "RING", 5, false, false },
	{ "PROVIDER", 8, true, false },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(*columns))

struct screen {
	size_t width;
	size_t lines;		/* 0: no limit */
	size_t nr;		/* columns that fit */
	const struct column *column[NR_COLUMNS];
	const struct nma_field *field[NR_COLUMNS];
};

static bool terminal(const struct nma_out *out, struct winsize *ws)
{
	int fd = fileno(out->file);

	return fd >= 0 && isatty(fd) && !ioctl(fd, TIOCGWINSZ, ws);
}

bool nma_stat_view__can_draw(const struct nma_out *out)
{
	const char *term = getenv("TERM");
	struct winsize ws;

	return term && term[0] && strcmp(term, "dumb") && terminal(out, &ws);
}

static bool some_row_has(const struct nma_stat_rows *rows, const struct nma_field *field)
{
	size_t i;

	for (i = 0; i < rows->nr_pools; i++) {
		struct nma_value v = { 0 };

		field->get(rows->pool[i], &v);
		if (v.type != NMA_VALUE_NONE)
			return true;
	}
	return false;
}

static void choose_columns(struct screen *screen, const struct nma_stat_rows *rows)
{
	const struct nma_field *field;
	const struct column *col;
	size_t used = 0;

	screen->nr = 0;
	for (col = columns; col < columns + NR_COLUMNS; col++) {
		field = nma_stat_column(col->head);
		if (col->optional && !some_row_has(rows, field))
			continue;
		used += col->width + (screen->nr > 0);
		if (used > screen->width && screen->nr)
			return;
		screen->column[screen->nr] = col;
		screen->field[screen->nr++] = field;
	}
}

/* Asked for each time: it may change. */
static void measure(const struct nma_stat_view *view, struct screen *screen)
{
	struct winsize ws = { 0 };

	screen->width = view->out->width;
	screen->lines = 0;
	if (view->live && terminal(view->out, &ws) && ws.ws_col && ws.ws_row) {
		screen->width = ws.ws_col;
		screen->lines = ws.ws_row;
	}
}

void nma_stat_scaled(char *dst, size_t size, __u64 n)
{
	static const char units[] = "KMGTPE";
	const char *unit = units;

	if (n < 100000) {
		snprintf(dst, size, "%llu", n);
		return;
	}
	for (; n >= 1000000 && unit[1]; unit++)
		n /= 1000;
	if (n < 100000)
		snprintf(dst, size, "%llu.%llu%c", n / 1000, n % 1000 / 100, *unit);
	else
		snprintf(dst, size, "%llu%c", n / 1000, *unit);
}

static void cell_text(char *dst, size_t size, const struct nma_value *v)
{
	switch (v->type) {
	case NMA_VALUE_U64:
		nma_stat_scaled(dst, size, v->u);
		return;
	case NMA_VALUE_S64:
		if (v->s < 0)
			snprintf(dst, size, "%lld", v->s);
		else
			nma_stat_scaled(dst, size, v->s);
		return;
	case NMA_VALUE_RATIO:
		if (v->u == 10000 || !v->u)
			snprintf(dst, size, "%llu%%", v->u / 100);
		else
			snprintf(dst, size, "%llu.%llu", v->u / 100, v->u % 100 / 10);
		return;
	case NMA_VALUE_STR:
		nma_text_safe(dst, size, v->str, sizeof(v->str), NMA_TEXT_TERMINAL);
		return;
	default:
		snprintf(dst, size, "-");
	}
}

static void clip(char *s, size_t width)
{
	size_t n;

	if (nma_text_width(s) <= width)
		return;
	n = nma_text_fit(s, width - 1, "");
	s[n] = '~';
	s[n + 1] = '\0';
}

void nma_stat_view__end_line(const struct nma_stat_view *view)
{
	fputs(view->live ? CLEAR_LINE "\n" : "\n", view->out->file);
}

static void put_cell(FILE *f, char *text, const struct column *col, bool last)
{
	int pad;

	clip(text, col->width);
	pad = col->width - nma_text_width(text);
	if (!col->left)
		fprintf(f, "%*s%s", pad, "", text);
	else
		fprintf(f, "%s%*s", text, last ? 0 : pad, "");
}

/* @row NULL: the heads */
static void put_line(const struct nma_stat_view *view, const struct screen *screen,
		     const struct nma_stat_row *row)
{
	char text[4 * NMA_STR_LEN + 1];
	size_t c;

	for (c = 0; c < screen->nr; c++) {
		struct nma_value v = { 0 };

		if (!row) {
			snprintf(text, sizeof(text), "%s", screen->column[c]->head);
		} else if (!row->rc && !c) {
			snprintf(text, sizeof(text), "all");
		} else {
			screen->field[c]->get(row, &v);
			cell_text(text, sizeof(text), &v);
		}
		if (c)
			fputc(' ', view->out->file);
		put_cell(view->out->file, text, screen->column[c], c + 1 == screen->nr);
	}
	nma_stat_view__end_line(view);
}

static void put_title(const struct nma_stat_view *view, const struct screen *screen)
{
	time_t now = nma_clock_wall_ns() / NMA_NSEC_PER_SEC;
	char clock[16] = "", text[96];
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "netmem-audit stat  %s  every %g s", clock,
		 (double)view->interval_ns / NMA_NSEC_PER_SEC);
	clip(text, screen->width);
	fputs(text, view->out->file);
	nma_stat_view__end_line(view);
}

/* A device with one pool is that pool. */
static bool says_more(const struct nma_stat_row *device)
{
	return device->pools > 1;
}

static size_t room_left(const struct nma_stat_view *view, const struct screen *screen,
			size_t wanted)
{
	size_t beside = LINES_BESIDE + view->lines_after;
	size_t room = screen->lines > beside ? screen->lines - beside : 0;

	return view->live && screen->lines && wanted > room ? room : wanted;
}

void nma_stat_view__table(const struct nma_stat_view *view,
			  const struct nma_stat_rows *rows)
{
	size_t i, devices = 0, pools = rows->nr_pools, left;
	struct screen screen;

	measure(view, &screen);
	choose_columns(&screen, rows);
	if (view->live) {
		fputs(HOME, view->out->file);
		put_title(view, &screen);
	}
	put_line(view, &screen, NULL);
	if (view->max_pools && pools > view->max_pools)
		pools = view->max_pools;
	for (i = 0; i < rows->nr_devices; i++)
		devices += says_more(rows->device[i]);
	left = room_left(view, &screen, devices + pools);
	for (i = 0; i < rows->nr_devices && left; i++) {
		if (!says_more(rows->device[i]))
			continue;
		put_line(view, &screen, rows->device[i]);
		left--;
	}
	for (i = 0; i < pools && left; i++, left--)
		put_line(view, &screen, rows->pool[i]);
}

void nma_stat_view__end(const struct nma_stat_view *view)
{
	if (view->live)
		fputs(CLEAR_REST, view->out->file);
}

static void put_block(const struct nma_stat_view *view, const struct nma_fields *fields,
		      const struct nma_stat_row *row)
{
	char ifname[NMA_IFNAME_LEN + 1] = "";

	memcpy(ifname, row->owner.ifname, NMA_IFNAME_LEN);
	if (row->rc)
		nma_out_text(view->out, 0, "page_pool %u:", row->rc->r.pool_id);
	else
		nma_out_text(view->out, 0, "%s:", ifname[0] ? ifname : "device");
	nma_out_block(view->out, fields, row, 2);
}

void nma_stat_view__blocks(const struct nma_stat_view *view,
			   const struct nma_stat_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr_devices; i++)
		if (says_more(rows->device[i]))
			put_block(view, &nma_fields_stat_devices, rows->device[i]);
	for (i = 0; i < rows->nr_pools && (!view->max_pools || i < view->max_pools); i++)
		put_block(view, &nma_fields_stat_pools, rows->pool[i]);
}
