// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See expr.h. The parser goes through the text once; what is wrong is told at the
 * character where it stands.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gate/expr.h"
#include "rules/rules.h"

const struct nma_metric nma_metrics[NMA_METRIC_ID_MAX] = {
#define NMA_METRIC(id, name, kind, labels, what, advice) \
	[NMA_METRIC_ID_##id] = { name, kind, labels, what, advice },
#include "gate/metrics.def"
#undef NMA_METRIC
};

static const char *const labels[] = {
	[NMA_LABEL_RULE] = "rule",
	[NMA_LABEL_SEVERITY] = "severity",
	[NMA_LABEL_IFNAME] = "ifname",
	[NMA_LABEL_QUEUE] = "queue",
	[NMA_LABEL_POOL_ID] = "pool_id",
};

static const char *const compares[] = {
	[NMA_EQ] = "==",
	[NMA_NE] = "!=",
	[NMA_LE] = "<=",
	[NMA_LT] = "<",
	[NMA_GE] = ">=",
	[NMA_GT] = ">",
};

#define NR(array)	(sizeof(array) / sizeof(*(array)))

struct unit {
	const char *name;
	enum nma_metric_kind kind;
	__u64 per;	/* of the metric's own */
};

static const struct unit units[] = {
	{ "", NMA_METRIC_COUNT, 1 },
	{ "", NMA_METRIC_BYTES, 1 },
	{ "", NMA_METRIC_RATIO, NMA_RATIO_ONE },
	{ "%", NMA_METRIC_RATIO, NMA_RATIO_ONE / 100 },
	{ "B", NMA_METRIC_BYTES, 1 },
	{ "kB", NMA_METRIC_BYTES, 1000 },
	{ "MB", NMA_METRIC_BYTES, 1000000 },
	{ "GB", NMA_METRIC_BYTES, 1000000000 },
	{ "KiB", NMA_METRIC_BYTES, 1 << 10 },
	{ "MiB", NMA_METRIC_BYTES, 1 << 20 },
	{ "GiB", NMA_METRIC_BYTES, 1 << 30 },
};

struct parser {
	const char *text;
	const char *at;
	struct nma_expr *e;
	struct nma_expr_error *error;
};

static int bad(struct parser *p, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int bad(struct parser *p, const char *at, const char *fmt, ...)
{
	va_list ap;

	p->error->column = at - p->text;
	va_start(ap, fmt);
	vsnprintf(p->error->what, sizeof(p->error->what), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

/* Length of the name that begins here. */
static size_t name_length(const char *s)
{
	size_t len = 0;

	while (islower((unsigned char)s[len]) || isdigit((unsigned char)s[len]) ||
	       s[len] == '_')
		len++;
	return len;
}

static bool is_name(const char *s, size_t len, const char *name)
{
	return strlen(name) == len && !strncmp(s, name, len);
}

static int parse_metric(struct parser *p)
{
	size_t len = name_length(p->at);
	int i;

	if (!len)
		return bad(p, p->at, "a metric is expected here, as 'findings'");
	for (i = 0; i < NMA_METRIC_ID_MAX; i++)
		if (is_name(p->at, len, nma_metrics[i].name))
			break;
	if (i == NMA_METRIC_ID_MAX)
		return bad(p, p->at, "there is no metric '%.*s' (netmem-audit gate --help lists them)",
			   (int)len, p->at);
	p->e->metric = i;
	p->at += len;
	return 0;
}

/* A number without sign that fits. */
static int parse_u32(struct parser *p, const char *s, size_t len, __u32 *u)
{
	__u64 value = 0;
	size_t i;

	for (i = 0; i < len && isdigit((unsigned char)s[i]) && value <= 0xffffffffull; i++)
		value = 10 * value + (s[i] - '0');
	if (!len || i < len || value > 0xffffffffull)
		return bad(p, s, "a whole number up to 4294967295 is expected, not '%.*s'",
			   (int)len, s);
	*u = value;
	return 0;
}

static int take_rule(struct parser *p, const char *s, size_t len)
{
	char id[32];

	snprintf(id, sizeof(id), "%.*s", (int)len, s);
	p->e->filter.rule = len < sizeof(id) ? nma_rule_find(id) : NMA_RULE_MAX;
	if (p->e->filter.rule == NMA_RULE_MAX)
		return bad(p, s, "there is no rule '%.*s' (netmem-audit rules lists them)",
			   (int)len, s);
	return 0;
}

static int take_severity(struct parser *p, const char *s, size_t len)
{
	int sev;

	for (sev = NMA_SEV_I; sev <= NMA_SEV_E; sev++)
		if (is_name(s, len, nma_severity_name(sev)))
			break;
	if (sev > NMA_SEV_E)
		return bad(p, s, "there is no severity '%.*s': it is error, warn or info",
			   (int)len, s);
	p->e->filter.severity = sev;
	return 0;
}

static int take_ifname(struct parser *p, const char *s, size_t len)
{
	if (!len || len >= NMA_IFNAME_LEN)
		return bad(p, s, "a name of a device has up to %d bytes",
			   NMA_IFNAME_LEN - 1);
	memcpy(p->e->filter.ifname, s, len);
	p->e->filter.ifname[len] = '\0';
	return 0;
}

static int take_value(struct parser *p, enum nma_label label, const char *s, size_t len)
{
	switch (label) {
	case NMA_LABEL_RULE:
		return take_rule(p, s, len);
	case NMA_LABEL_SEVERITY:
		return take_severity(p, s, len);
	case NMA_LABEL_IFNAME:
		return take_ifname(p, s, len);
	case NMA_LABEL_QUEUE:
		return parse_u32(p, s, len, &p->e->filter.queue);
	default:
		return parse_u32(p, s, len, &p->e->filter.pool_id);
	}
}

/* "rule severity": those that a metric has */
static void list_labels(unsigned int set, char *dst, size_t size)
{
	size_t len = 0, i;

	snprintf(dst, size, "none");
	for (i = 0; i < NMA_LABEL_MAX; i++)
		if (set & 1u << i)
			len += snprintf(dst + len, size - len, "%s%s", len ? " " : "",
					labels[i]);
}

static int parse_label_name(struct parser *p, enum nma_label *label)
{
	const struct nma_metric *m = &nma_metrics[p->e->metric];
	size_t len = name_length(p->at);
	char has[64];
	size_t i;

	if (!len)
		return bad(p, p->at, "a label is expected here, as ifname=\"eth0\"");
	for (i = 0; i < NMA_LABEL_MAX && !is_name(p->at, len, labels[i]); i++)
		;
	if (i == NMA_LABEL_MAX)
		return bad(p, p->at, "there is no label '%.*s'", (int)len, p->at);
	if (!(m->labels & 1u << i)) {
		list_labels(m->labels, has, sizeof(has));
		return bad(p, p->at, "%s has no label %s; its labels: %s", m->name,
			   labels[i], has);
	}
	if (p->e->filter.set & 1u << i)
		return bad(p, p->at, "label %s is there twice", labels[i]);
	p->e->filter.set |= 1u << i;
	*label = i;
	p->at += len;
	return 0;
}

static int parse_label(struct parser *p)
{
	enum nma_label label = NMA_LABEL_MAX;
	const char *end;
	int err;

	err = parse_label_name(p, &label);
	if (err)
		return err;
	skip_blanks(p);
	if (*p->at != '=')
		return bad(p, p->at, "'=' is expected here");
	p->at++;
	skip_blanks(p);
	if (*p->at != '"')
		return bad(p, p->at, "'\"' is expected here: values stand in quotes");
	end = strchr(++p->at, '"');
	if (!end)
		return bad(p, p->at - 1, "this quote is not closed");
	err = take_value(p, label, p->at, end - p->at);
	p->at = end + 1;
	return err;
}

static int parse_labels(struct parser *p)
{
	int err;

	skip_blanks(p);
	if (*p->at != '{')
		return 0;
	do {
		p->at++;
		skip_blanks(p);
		err = parse_label(p);
		if (err)
			return err;
		skip_blanks(p);
	} while (*p->at == ',');
	if (*p->at != '}')
		return bad(p, p->at, "',' or '}' is expected here");
	p->at++;
	return 0;
}

static int parse_compare(struct parser *p)
{
	size_t i, len;

	skip_blanks(p);
	for (i = 0; i < NR(compares); i++) {
		len = strlen(compares[i]);
		if (strncmp(p->at, compares[i], len))
			continue;
		p->e->op = i;
		p->at += len;
		return 0;
	}
	return bad(p, p->at, "one of == != < <= > >= is expected here");
}

/* Digits with a point among them: @number is what they are without it. */
struct decimal {
	__u64 number;
	__u64 per;	/* 10 for each digit behind the point */
};

static int parse_decimal(struct parser *p, struct decimal *d)
{
	const char *begin = p->at;
	bool point = false;

	*d = (struct decimal){ .per = 1 };
	for (; isdigit((unsigned char)*p->at) || (*p->at == '.' && !point); p->at++) {
		if (*p->at == '.') {
			point = true;
			continue;
		}
		if (d->number > 999999999999ull || d->per > 99999)
			return bad(p, begin, "this number has too many digits");
		d->number = 10 * d->number + (*p->at - '0');
		d->per *= point ? 10 : 1;
	}
	if (p->at == begin || *begin == '.' || p->at[-1] == '.')
		return bad(p, begin, "a number is expected here, as 0 or 98.5");
	return 0;
}

static const struct unit *find_unit(enum nma_metric_kind kind, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < NR(units); i++)
		if (units[i].kind == kind && is_name(s, len, units[i].name))
			return &units[i];
	return NULL;
}

static int parse_number(struct parser *p)
{
	const struct nma_metric *m = &nma_metrics[p->e->metric];
	const struct unit *unit;
	const char *begin;
	struct decimal d;
	size_t len = 0;
	int err;

	skip_blanks(p);
	begin = p->at;
	err = parse_decimal(p, &d);
	if (err)
		return err;
	while (isalpha((unsigned char)p->at[len]) || p->at[len] == '%')
		len++;
	unit = find_unit(m->kind, p->at, len);
	if (!unit)
		return bad(p, p->at, "%s has no unit '%.*s'", m->name, (int)len, p->at);
	if (d.number * unit->per % d.per)
		return bad(p, begin, m->kind == NMA_METRIC_RATIO ?
			   "four digits behind the point, or two of a percentage, are all that is measured" :
			   "this is not a whole number of what %s counts", m->name);
	p->e->number = d.number * unit->per / d.per;
	if (m->kind == NMA_METRIC_RATIO && p->e->number > NMA_RATIO_ONE)
		return bad(p, begin, "%s is at most 1, or 100%%", m->name);
	p->at += len;
	return 0;
}

/* A section of a gate file is about one device. */
static int take_section(struct parser *p, const char *ifname)
{
	const struct nma_metric *m = &nma_metrics[p->e->metric];

	if (!ifname || !ifname[0] || p->e->filter.set & NMA_L(IFNAME))
		return 0;
	if (!(m->labels & NMA_L(IFNAME)))
		return bad(p, p->text, "%s is not about a device: it belongs in front of the first section",
			   m->name);
	p->e->filter.set |= NMA_L(IFNAME);
	return take_ifname(p, ifname, strlen(ifname));
}

static void keep_text(struct parser *p)
{
	const char *begin = p->text;
	size_t len;

	begin += strspn(begin, " \t");
	len = strlen(begin);
	while (len && (begin[len - 1] == ' ' || begin[len - 1] == '\t'))
		len--;
	memcpy(p->e->text, begin, len);
	p->e->text[len] = '\0';
}

int nma_expr__parse(struct nma_expr *e, const char *text, const char *ifname,
		    struct nma_expr_error *error)
{
	struct parser p = { .text = text, .at = text, .e = e, .error = error };
	int err;

	*e = (struct nma_expr){ .filter.rule = NMA_RULE_MAX };
	if (strlen(text) >= NMA_EXPR_LEN)
		return bad(&p, text + NMA_EXPR_LEN - 1, "an expression has up to %d bytes",
			   NMA_EXPR_LEN - 1);
	skip_blanks(&p);
	err = parse_metric(&p);
	if (!err)
		err = parse_labels(&p);
	if (!err)
		err = parse_compare(&p);
	if (!err)
		err = parse_number(&p);
	if (err)
		return err;
	skip_blanks(&p);
	if (*p.at)
		return bad(&p, p.at, "nothing more is expected here");
	keep_text(&p);
	return take_section(&p, ifname);
}

bool nma_expr_holds(const struct nma_expr *e, __u64 value)
{
	switch (e->op) {
	case NMA_EQ:
		return value == e->number;
	case NMA_NE:
		return value != e->number;
	case NMA_LE:
		return value <= e->number;
	case NMA_LT:
		return value < e->number;
	case NMA_GE:
		return value >= e->number;
	default:
		return value > e->number;
	}
}

bool nma_expr_is_sure(const struct nma_expr *e, __u64 least)
{
	if (e->op == NMA_EQ || e->op == NMA_NE)
		return least > e->number;
	return nma_expr_holds(e, least) == nma_expr_holds(e, ~0ull);
}

const char *nma_compare_text(enum nma_compare op)
{
	return compares[op];
}

const char *nma_label_name(enum nma_label label)
{
	return labels[label];
}

static void bytes_text(__u64 value, char *dst, size_t size)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	__u64 per = 1;
	size_t i;

	for (i = 0; i + 1 < NR(names) && value / per >= 1024; i++)
		per <<= 10;
	if (value % per)
		snprintf(dst, size, "%.1f %s", (double)value / per, names[i]);
	else
		snprintf(dst, size, "%llu %s", value / per, names[i]);
}

void nma_metric_text(enum nma_metric_id metric, __u64 value, char *dst, size_t size)
{
	switch (nma_metrics[metric].kind) {
	case NMA_METRIC_RATIO:
		snprintf(dst, size, "%llu.%02llu%%", value / 100, value % 100);
		return;
	case NMA_METRIC_BYTES:
		bytes_text(value, dst, size);
		return;
	default:
		snprintf(dst, size, "%llu", value);
	}
}
