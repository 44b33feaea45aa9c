/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Pictures for the HTML report, as SVG that stands in the page: no script, nothing to
 * load, colours by the page's style sheet.
 */
#ifndef NMA_CHART_H
#define NMA_CHART_H

#include <linux/types.h>
#include <stdio.h>

#include "gate/history.h"

#define NMA_CHART_SERIES	8	/* that can be told apart */

/* A moment that the picture marks */
struct nma_chart_mark {
	__u64 time_ns;
	const char *text;
	bool bad;
};

struct nma_chart {
	FILE *f;
	const char *title;
	const char *unit;	/* of the values */
	__u64 begin_ns;
	__u64 end_ns;
	__u64 max;
	const struct nma_chart_mark *mark;
	size_t nr_marks;
};

void nma_chart_begin(const struct nma_chart *c);
/* @n: which colour, below NMA_CHART_SERIES */
void nma_chart_line(const struct nma_chart *c, const struct nma_curve *curve, unsigned int n,
		    const char *name);
/* Between two heights at each of @nr times */
void nma_chart_area(const struct nma_chart *c, const __u64 *time_ns, const __u64 *low,
		    const __u64 *high, size_t nr, unsigned int n, const char *name);
void nma_chart_end(const struct nma_chart *c);

/* Below the picture: what the colours mean */
void nma_chart_key(FILE *f, unsigned int n, const char *name, const char *value);

/* A histogram; labels stand below every other bar. */
void nma_chart_bars(FILE *f, const char *title, const __u64 *v, size_t nr,
		    void (*label)(size_t i, char *dst, size_t size));

#endif /* NMA_CHART_H */
