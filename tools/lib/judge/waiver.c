// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See waiver.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/jsonl.h"
#include "rules/rules.h"
#include "util/text.h"
#include "judge/waiver.h"

#define TYPE	"waivers"

struct nma_waivers {
	struct nma_waiver *first, **last;
};

void nma_waivers__free(struct nma_waivers *w)
{
	struct nma_waiver *v, *next;

	for (v = w ? w->first : NULL; v; v = next) {
		next = v->next;
		free(v->ifname);
		free(v->driver);
		free(v->reason);
		free(v);
	}
	free(w);
}

const struct nma_waiver *nma_waivers__first(const struct nma_waivers *w)
{
	return w->first;
}

/* A day of the calendar as YYYY-MM-DD, so that days compare as strings. */
static bool is_date(const char *s)
{
	static const unsigned int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	unsigned int year, month, day, i;
	bool leap;

	for (i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return false;
	if (s[10] || sscanf(s, "%4u-%2u-%2u", &year, &month, &day) != 3)
		return false;
	if (month < 1 || month > 12 || day < 1)
		return false;
	leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
	return day <= days[month - 1] + (month == 2 && leap);
}

static int copy_str(struct nma_jsonl *f, const char *key, bool must, char **dst)
{
	const char *s = NULL;
	int err;

	err = nma_jsonl__str(f, key, must, &s);
	if (err || !s)
		return err;
	*dst = strdup(s);
	if (*dst)
		return 0;
	snprintf(f->error, sizeof(f->error), "out of memory");
	return -ENOMEM;
}

static int read_rule(struct nma_jsonl *f, struct nma_waiver *v)
{
	const char *id = NULL;
	int err;

	err = nma_jsonl__str(f, "rule", true, &id);
	if (err)
		return err;
	v->rule = nma_rule_find(id);
	if (v->rule == NMA_RULE_MAX)
		return nma_jsonl__bad(f, "unknown rule \"%.64s\" (netmem-audit rules lists them)",
				      id);
	return 0;
}

static int read_expiry(struct nma_jsonl *f, struct nma_waiver *v, const char *today)
{
	const char *s = NULL;
	int err;

	err = nma_jsonl__str(f, "expires", true, &s);
	if (err)
		return err;
	if (!is_date(s))
		return nma_jsonl__bad(f, "\"expires\" must be a day, YYYY-MM-DD, not \"%.64s\"",
				      s);
	memcpy(v->expires, s, sizeof(v->expires));
	v->expired = strcmp(today, s) > 0;
	return 0;
}

static int read_waiver(struct nma_jsonl *f, struct nma_waiver *v, const char *today)
{
	static const char *const keys[] = {
		"rule", "ifname", "driver", "queue", "reason", "expires", NULL
	};
	int err;

	v->line = f->line;
	v->queue = NMA_NO_QUEUE;
	err = nma_jsonl__only(f, keys);
	if (!err)
		err = read_rule(f, v);
	if (!err)
		err = copy_str(f, "ifname", false, &v->ifname);
	if (!err)
		err = copy_str(f, "driver", false, &v->driver);
	if (!err)
		err = nma_jsonl__u32(f, "queue", false, &v->queue);
	if (!err)
		err = copy_str(f, "reason", true, &v->reason);
	if (!err)
		err = read_expiry(f, v, today);
	if (!err && !v->ifname && !v->driver)
		err = nma_jsonl__bad(f, "needs \"ifname\" or \"driver\": a rule is not waived everywhere");
	return err;
}

static int read_waivers(struct nma_jsonl *f, struct nma_waivers *w, const char *today)
{
	struct nma_waiver *v;
	int ret;

	while ((ret = nma_jsonl__next(f)) > 0) {
		v = calloc(1, sizeof(*v));
		if (!v) {
			snprintf(f->error, sizeof(f->error), "out of memory");
			return -ENOMEM;
		}
		*w->last = v;
		w->last = &v->next;
		ret = read_waiver(f, v, today);
		if (ret)
			return ret;
	}
	return ret;
}

int nma_waivers__load(const char *path, const char *today,
		      struct nma_waivers **out, char *error, size_t size)
{
	struct nma_waivers *w = calloc(1, sizeof(*w));
	struct nma_jsonl *f = calloc(1, sizeof(*f));
	int err = -ENOMEM;

	if (!w || !f) {
		snprintf(error, size, "out of memory");
		goto out;
	}
	w->last = &w->first;
	err = nma_jsonl__open(f, path, TYPE);
	if (!err)
		err = read_waivers(f, w, today);
	if (err)
		snprintf(error, size, "%s", f->error);
	nma_jsonl__close(f);
out:
	free(f);
	if (err)
		nma_waivers__free(w);
	else
		*out = w;
	return err;
}

/* Names are compared as they are shown in JSON, which is how one copies them; one may
 * be a pattern of the shell.
 */
static bool named(const char *want, const char *raw, size_t len)
{
	char name[4 * NMA_STR_LEN + 1];

	if (!want)
		return true;
	nma_text_safe(name, sizeof(name), raw, len, NMA_TEXT_JSON);
	return !strcmp(want, name) || !fnmatch(want, name, 0);
}

static bool fits(const struct nma_waiver *v, const struct nma_finding *f,
		 const char *driver)
{
	return v->rule == f->rule &&
	       (v->queue == NMA_NO_QUEUE || v->queue == f->queue) &&
	       named(v->ifname, f->ifname, NMA_IFNAME_LEN) &&
	       named(v->driver, driver, NMA_STR_LEN);
}

const struct nma_waiver *nma_waivers__find(struct nma_waivers *w,
					   const struct nma_finding *f,
					   const char *driver)
{
	struct nma_waiver *v, *best = NULL;

	for (v = w->first; v; v = v->next)
		if (fits(v, f, driver) && (!best || (best->expired && !v->expired)))
			best = v;
	if (best)
		best->used++;
	return best;
}
