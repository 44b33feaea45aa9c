// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See chart.h.
 */
#include <string.h>

#include "chart.h"
#include "util/clock.h"
#include "xml.h"

#define WIDTH	760
#define HEIGHT	200
#define LEFT	56
#define RIGHT	8
#define TOP	10
#define BOTTOM	24
#define TICK_HALF	20	/* of "12.5 s", more or less */

static double x_of(const struct nma_chart *c, __u64 time_ns)
{
	double span = c->end_ns > c->begin_ns ? c->end_ns - c->begin_ns : 1;
	double at = time_ns > c->begin_ns ? time_ns - c->begin_ns : 0;

	if (at > span)
		at = span;
	return LEFT + (WIDTH - LEFT - RIGHT) * at / span;
}

static double y_of(const struct nma_chart *c, __u64 value)
{
	double max = c->max ? c->max : 1;

	return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value > max ? max : value) / max;
}

/* The next of 1, 2, 5, 10, ... that makes at most @most steps of @max. */
static __u64 step_of(__u64 max, unsigned int most)
{
	static const unsigned int parts[] = { 1, 2, 5 };
	__u64 ten = 1;
	unsigned int i;

	for (;; ten *= 10)
		for (i = 0; i < 3; i++)
			if (max / (ten * parts[i]) <= most)
				return ten * parts[i];
}

static void rule_y(const struct nma_chart *c)
{
	__u64 step = step_of(c->max, 4), v;

	for (v = 0; v <= c->max; v += step)
		fprintf(c->f, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%llu</text>\n",
			LEFT, WIDTH - RIGHT, y_of(c, v), y_of(c, v), LEFT - 6, y_of(c, v) + 4, v);
}

/* Seconds, or tenths of a short run */
static void rule_x(const struct nma_chart *c)
{
	__u64 tenths = (c->end_ns - c->begin_ns) / (NMA_NSEC_PER_SEC / 10);
	__u64 step = step_of(tenths, 8), v;

	for (v = 0; v <= tenths; v += step) {
		double x = x_of(c, c->begin_ns + v * (NMA_NSEC_PER_SEC / 10));

		fprintf(c->f, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%llu.%llu s</text>\n",
			x, HEIGHT - 8, x > WIDTH - RIGHT - TICK_HALF ? "end" : "middle",
			v / 10, v % 10);
	}
}

static void put_title(FILE *f, const char *text)
{
	fputs("<title>", f);
	nma_xml_put(f, text);
	fputs("</title>", f);
}

void nma_chart_begin(const struct nma_chart *c)
{
	fputs("<figure tabindex=\"0\"><figcaption>", c->f);
	nma_xml_put(c->f, c->title);
	fprintf(c->f, " <small>(%s)</small></figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\">",
		c->unit, WIDTH, HEIGHT);
	put_title(c->f, c->title);
	fputc('\n', c->f);
	rule_y(c);
	rule_x(c);
}

void nma_chart_line(const struct nma_chart *c, const struct nma_curve *curve, unsigned int n,
		    const char *name)
{
	size_t i;

	if (!curve->nr)
		return;
	fprintf(c->f, "<path class=\"line s%u\" d=\"M%.1f %.1f", n,
		x_of(c, curve->v[0].time_ns), y_of(c, curve->v[0].value));
	for (i = 1; i < curve->nr; i++)
		fprintf(c->f, "H%.1fV%.1f", x_of(c, curve->v[i].time_ns),
			y_of(c, curve->v[i].value));
	fprintf(c->f, "H%.1f\">", x_of(c, c->end_ns));
	put_title(c->f, name);
	fputs("</path>\n", c->f);
}

void nma_chart_area(const struct nma_chart *c, const __u64 *time_ns, const __u64 *low,
		    const __u64 *high, size_t nr, unsigned int n, const char *name)
{
	size_t i;

	if (!nr)
		return;
	fprintf(c->f, "<path class=\"area s%u\" d=\"M%.1f %.1f", n, x_of(c, time_ns[0]),
		y_of(c, high[0]));
	for (i = 1; i < nr; i++)
		fprintf(c->f, "L%.1f %.1f", x_of(c, time_ns[i]), y_of(c, high[i]));
	for (i = nr; i; i--)
		fprintf(c->f, "L%.1f %.1f", x_of(c, time_ns[i - 1]), y_of(c, low[i - 1]));
	fputs("Z\">", c->f);
	put_title(c->f, name);
	fputs("</path>\n", c->f);
}

void nma_chart_end(const struct nma_chart *c)
{
	const struct nma_chart_mark *m;

	for (m = c->mark; m < c->mark + c->nr_marks; m++) {
		double x = x_of(c, m->time_ns);

		fprintf(c->f, "<g class=\"mark%s\"><line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
			"<path d=\"M%.1f %dl-5 -9h10z\"/>", m->bad ? " bad" : "", x, x, TOP,
			HEIGHT - BOTTOM, x, TOP);
		put_title(c->f, m->text);
		fputs("</g>\n", c->f);
	}
	fputs("</svg></figure>\n", c->f);
}

void nma_chart_key(FILE *f, unsigned int n, const char *name, const char *value)
{
	fprintf(f, "<li><svg viewBox=\"0 0 10 10\" width=\"10\" height=\"10\" aria-hidden=\"true\"><rect class=\"area s%u\" width=\"10\" height=\"10\"/></svg> ",
		n);
	nma_xml_put(f, name);
	fputs(" <small>", f);
	nma_xml_put(f, value);
	fputs("</small></li>\n", f);
}

void nma_chart_bars(FILE *f, const char *title, const __u64 *v, size_t nr,
		    void (*label)(size_t i, char *dst, size_t size))
{
	struct nma_chart c = { .f = f, .title = title, .unit = "tokens", .end_ns = 1 };
	double wide = nr ? (double)(WIDTH - LEFT - RIGHT) / nr : 1;
	char text[48], full[96];
	size_t i;

	for (i = 0; i < nr; i++)
		if (v[i] > c.max)
			c.max = v[i];
	fputs("<figure tabindex=\"0\"><figcaption>", f);
	nma_xml_put(f, title);
	fprintf(f, "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT);
	put_title(f, title);
	rule_y(&c);
	for (i = 0; i < nr; i++) {
		label(i, text, sizeof(text));
		fprintf(f, "<rect class=\"area s0\" x=\"%.1f\" width=\"%.1f\" y=\"%.1f\" height=\"%.1f\">",
			LEFT + i * wide + 1, wide > 3 ? wide - 2 : 1, y_of(&c, v[i]),
			HEIGHT - BOTTOM - y_of(&c, v[i]));
		snprintf(full, sizeof(full), "from %s: %llu", text, v[i]);
		put_title(f, full);
		fputs("</rect>\n", f);
		if (i % (nr / 10 + 1) == 0)
			fprintf(f, "<text class=\"tick\" x=\"%.1f\" y=\"%d\">%s</text>\n",
				LEFT + i * wide, HEIGHT - 8, text);
	}
	fputs("</svg></figure>\n", f);
}
