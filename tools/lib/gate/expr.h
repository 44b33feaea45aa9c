/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Assertions of a gate: METRIC[{label="value",...}] OP NUMBER[unit]. Numbers are whole
 * in the metric's own unit (a count, a byte, a 10000th), so that comparing them is
 * exact.
 */
#ifndef NMA_GATE_EXPR_H
#define NMA_GATE_EXPR_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "nma_event.h"
#include "nma_rules.h"

#define NMA_EXPR_LEN	256	/* of the text, with its NUL */
#define NMA_RATIO_ONE	10000

enum nma_label {
	NMA_LABEL_RULE,
	NMA_LABEL_SEVERITY,
	NMA_LABEL_IFNAME,
	NMA_LABEL_QUEUE,
	NMA_LABEL_POOL_ID,
	NMA_LABEL_MAX
};

#define NMA_L(id)	(1u << NMA_LABEL_##id)

enum nma_metric_kind {
	NMA_METRIC_COUNT,
	NMA_METRIC_BYTES,
	NMA_METRIC_RATIO,
};

enum nma_metric_id {
#define NMA_METRIC(id, name, kind, labels, what, advice) NMA_METRIC_ID_##id,
#include "gate/metrics.def"
#undef NMA_METRIC
	NMA_METRIC_ID_MAX
};

struct nma_metric {
	const char *name;
	enum nma_metric_kind kind;
	unsigned int labels;	/* NMA_L() */
	const char *what;
	const char *advice;
};

extern const struct nma_metric nma_metrics[NMA_METRIC_ID_MAX];

enum nma_compare {
	NMA_EQ,
	NMA_NE,
	NMA_LE,
	NMA_LT,
	NMA_GE,
	NMA_GT,
};

/* What of all there is; only labels that are in @set count. */
struct nma_filter {
	unsigned int set;	/* NMA_L() */
	enum nma_rule_id rule;
	int severity;		/* enum nma_severity, of errors the lower one */
	char ifname[NMA_IFNAME_LEN];
	__u32 queue;
	__u32 pool_id;
};

struct nma_expr {
	enum nma_metric_id metric;
	struct nma_filter filter;
	enum nma_compare op;
	__u64 number;
	char text[NMA_EXPR_LEN];	/* as it was written, without blanks around */
};

struct nma_expr_error {
	unsigned int column;	/* of the text, from 0 */
	char what[200];
};

/* @ifname: what the expression is about if it does not name a device itself; NULL or
 * "": all. -EINVAL: @error says what, and where.
 */
int nma_expr__parse(struct nma_expr *e, const char *text, const char *ifname,
		    struct nma_expr_error *error);

bool nma_expr_holds(const struct nma_expr *e, __u64 value);
/* Is that the same for every larger value? */
bool nma_expr_is_sure(const struct nma_expr *e, __u64 least);

/* "==" */
const char *nma_compare_text(enum nma_compare op);
const char *nma_label_name(enum nma_label label);

/* In the metric's unit: "23", "1.5 MiB", "98.2%". */
void nma_metric_text(enum nma_metric_id metric, __u64 value, char *dst, size_t size);

#endif /* NMA_GATE_EXPR_H */
