// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See baseline.h. The file ends with a line that counts the others, so that a
 * truncated one is noticed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "judge/baseline.h"
#include "util/jsonl.h"
#include "kernel/netns.h"

#include "util/json.h"
#include "rules/rules.h"
#include "util/text.h"

#define TYPE		"baseline"
#define NAME_LEN	(4 * NMA_IFNAME_LEN + 1)	/* \xNN for each byte */
#define NETNS_LEN	256
#define MESSAGE_LEN	(4 * NMA_MESSAGE_LEN + 1)

struct entry {
	struct entry *next;
	enum nma_rule_id rule;
	__u32 condition;
	__u32 queue;			/* NMA_NO_QUEUE none */
	enum nma_severity severity;	/* the worst of them */
	char ifname[NAME_LEN];
	char netns[NETNS_LEN];		/* "" has no name */
	char message[MESSAGE_LEN];	/* for readers */
	__u32 count;
	__u32 left;
};

struct nma_baseline {
	struct entry *first, **last;
	char kernel[64];		/* "" not known */
};

static int fail(char *error, size_t size, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(char *error, size_t size, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, size, fmt, ap);
	va_end(ap);
	return err;
}

struct nma_baseline *nma_baseline__new(void)
{
	struct nma_baseline *b = calloc(1, sizeof(*b));

	if (b)
		b->last = &b->first;
	return b;
}

void nma_baseline__free(struct nma_baseline *b)
{
	struct entry *e, *next;

	for (e = b ? b->first : NULL; e; e = next) {
		next = e->next;
		free(e);
	}
	free(b);
}

static void identify(const struct nma_finding *f, struct entry *e)
{
	*e = (struct entry){
		.rule = f->rule, .condition = f->detail, .queue = f->queue,
		.severity = f->severity,
	};
	nma_text_safe(e->ifname, sizeof(e->ifname), f->ifname, NMA_IFNAME_LEN,
		      NMA_TEXT_JSON);
	if (f->netns)
		nma_netns__name(f->netns, e->netns, sizeof(e->netns));
	nma_text_safe(e->message, sizeof(e->message), f->message,
		      NMA_MESSAGE_LEN, NMA_TEXT_JSON);
}

static bool same(const struct entry *a, const struct entry *b)
{
	return a->rule == b->rule && a->condition == b->condition &&
	       a->queue == b->queue && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->netns, b->netns);
}

static struct entry *find(const struct nma_baseline *b, const struct entry *key)
{
	struct entry *e;

	for (e = b->first; e; e = e->next)
		if (same(e, key))
			return e;
	return NULL;
}

static int append(struct nma_baseline *b, const struct entry *key)
{
	struct entry *e = malloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = *key;
	e->next = NULL;
	*b->last = e;
	b->last = &e->next;
	return 0;
}

const char *nma_baseline_kernel(const struct nma_baseline *b)
{
	return b->kernel;
}

int nma_baseline__add(struct nma_baseline *b, const struct nma_finding *f)
{
	struct entry key, *e;

	identify(f, &key);
	e = find(b, &key);
	if (!e) {
		key.count = 1;
		key.left = 1;
		return append(b, &key);
	}
	e->count++;
	e->left++;
	if (f->severity > e->severity)
		e->severity = f->severity;
	return 0;
}

bool nma_baseline__take(struct nma_baseline *b, const struct nma_finding *f)
{
	struct entry key, *e;

	identify(f, &key);
	e = find(b, &key);
	if (!e || !e->left || f->severity > e->severity)
		return false;
	e->left--;
	return true;
}

/* Is the namespace that @e names one of @set? Of one without a name nobody can say. */
static bool in_netns(const struct entry *e, const struct nma_netns_set *set)
{
	char name[NETNS_LEN];
	size_t i;

	if (!set || !set->nr)
		return true;
	for (i = 0; e->netns[0] && i < set->nr; i++)
		if (!nma_netns__name(set->inode[i], name, sizeof(name)) &&
		    !strcmp(name, e->netns))
			return true;
	return false;
}

unsigned int nma_baseline__left(const struct nma_baseline *b, __u64 rules,
				const struct nma_strs *ifnames,
				const struct nma_netns_set *netns)
{
	const struct entry *e;
	unsigned int left = 0;

	for (e = b->first; e; e = e->next)
		if (rules & 1ull << e->rule && in_netns(e, netns) &&
		    (!e->ifname[0] || nma_strs_match(ifnames, e->ifname, NMA_IFNAME_LEN)))
			left += e->left;
	return left;
}

/* ---- reading -------------------------------------------------------------- */

static int read_severity(struct nma_jsonl *f, struct entry *e)
{
	const char *name = NULL;
	int sev, err;

	err = nma_jsonl__str(f, "class", true, &name);
	if (err)
		return err;
	for (sev = NMA_SEV_I; sev <= NMA_SEV_F; sev++) {
		if (name[0] != nma_severity_letter(sev) || name[1])
			continue;
		e->severity = sev;
		return 0;
	}
	return nma_jsonl__bad(f, "\"class\" must be I, W, E or F");
}

static int read_names(struct nma_jsonl *f, struct entry *e)
{
	static const struct {
		const char *key;
		size_t offset;
		size_t size;
	} names[] = {
		{ "ifname", offsetof(struct entry, ifname), sizeof(e->ifname) },
		{ "netns_name", offsetof(struct entry, netns), sizeof(e->netns) },
		{ "message", offsetof(struct entry, message), sizeof(e->message) },
	};
	const char *s;
	size_t i;
	int err;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		s = "";
		err = nma_jsonl__str(f, names[i].key, false, &s);
		if (err)
			return err;
		if (strlen(s) >= names[i].size)
			return nma_jsonl__bad(f, "\"%s\" is too long", names[i].key);
		memcpy((char *)e + names[i].offset, s, strlen(s) + 1);
	}
	return 0;
}

static int read_entry(struct nma_jsonl *f, struct entry *e)
{
	static const char *const keys[] = {
		"rule", "condition", "class", "ifname", "netns_name", "queue",
		"count", "message", NULL
	};
	const char *id = NULL;
	int err;

	*e = (struct entry){ .queue = NMA_NO_QUEUE };
	err = nma_jsonl__only(f, keys);
	if (!err)
		err = nma_jsonl__str(f, "rule", true, &id);
	if (err)
		return err;
	e->rule = nma_rule_find(id);
	if (e->rule == NMA_RULE_MAX)
		return nma_jsonl__bad(f, "unknown rule \"%.64s\"", id);
	err = nma_jsonl__u32(f, "condition", true, &e->condition);
	if (!err)
		err = nma_jsonl__u32(f, "queue", false, &e->queue);
	if (!err)
		err = nma_jsonl__u32(f, "count", true, &e->count);
	if (!err)
		err = read_severity(f, e);
	if (!err)
		err = read_names(f, e);
	e->left = e->count;
	return err;
}

static bool is_end(const struct nma_jsonl *f)
{
	struct json_object *val;

	return json_object_object_get_ex(f->doc, "end", &val);
}

static int read_end(struct nma_jsonl *f, __u32 lines)
{
	static const char *const keys[] = { "end", NULL };
	__u32 told = 0;
	int err;

	err = nma_jsonl__only(f, keys);
	if (!err)
		err = nma_jsonl__u32(f, "end", true, &told);
	if (!err && told != lines)
		err = nma_jsonl__bad(f, "%u findings expected, %u are there: lines are missing or were added",
				     told, lines);
	return err;
}

static int read_entries(struct nma_jsonl *f, struct nma_baseline *b)
{
	struct entry e;
	__u32 lines = 0;
	int ret;

	while ((ret = nma_jsonl__next(f)) > 0) {
		if (is_end(f)) {
			ret = read_end(f, lines);
			if (ret)
				return ret;
			ret = nma_jsonl__next(f);
			return ret > 0 ? nma_jsonl__bad(f, "more behind the end") : ret;
		}
		ret = read_entry(f, &e);
		if (!ret && find(b, &e))
			ret = nma_jsonl__bad(f, "the same finding as on a line before");
		if (!ret)
			ret = append(b, &e);
		if (ret)
			return ret;
		lines++;
	}
	if (!ret)
		ret = nma_jsonl__bad(f, "the file is truncated: its last line, {\"end\":%u}, is missing",
				     lines);
	return ret;
}

int nma_baseline__load(const char *path, struct nma_baseline **out, char *error,
		       size_t size)
{
	struct nma_baseline *b = nma_baseline__new();
	struct nma_jsonl *f = calloc(1, sizeof(*f));
	const char *kernel = "";
	int err = -ENOMEM;

	if (!b || !f) {
		snprintf(error, size, "out of memory");
		goto out;
	}
	err = nma_jsonl__open(f, path, TYPE);
	if (!err)
		err = nma_jsonl__str(f, "kernel", false, &kernel);
	if (!err)
		snprintf(b->kernel, sizeof(b->kernel), "%s", kernel);
	if (!err)
		err = read_entries(f, b);
	if (err)
		snprintf(error, size, "%s", f->error);
	nma_jsonl__close(f);
out:
	free(f);
	if (err)
		nma_baseline__free(b);
	else
		*out = b;
	return err;
}

/* ---- writing -------------------------------------------------------------- */

static int put_line(FILE *file, struct json_object *doc)
{
	const char *text;
	int ret = EOF;

	text = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		ret = fprintf(file, "%s\n", text);
	json_object_put(doc);
	return ret < 0 ? -EIO : 0;
}

static void add_u32(struct json_object *obj, const char *key, __u32 u)
{
	json_object_object_add(obj, key, json_object_new_int64(u));
}

static struct json_object *entry_json(const struct entry *e)
{
	struct json_object *obj = json_object_new_object();
	const char class[] = { nma_severity_letter(e->severity), '\0' };

	nma_json_add_str(obj, "rule", nma_rules[e->rule].id);
	add_u32(obj, "condition", e->condition);
	nma_json_add_str(obj, "class", class);
	nma_json_add_str(obj, "ifname", e->ifname);
	nma_json_add_str(obj, "netns_name", e->netns);
	if (e->queue != NMA_NO_QUEUE)
		add_u32(obj, "queue", e->queue);
	add_u32(obj, "count", e->count);
	nma_json_add_str(obj, "message", e->message);
	return obj;
}

static int write_all(const struct nma_baseline *b, FILE *file, const char *kernel)
{
	struct json_object *doc = nma_json_doc(TYPE);
	const struct entry *e;
	__u32 lines = 0;
	int err;

	nma_json_add_str(doc, "kernel", kernel);
	err = put_line(file, doc);
	for (e = b->first; e && !err; e = e->next, lines++)
		err = put_line(file, entry_json(e));
	if (err)
		return err;
	doc = json_object_new_object();
	add_u32(doc, "end", lines);
	return put_line(file, doc);
}

/* Writes and closes; what is on disk is whole when this returns 0. */
static int write_file(const struct nma_baseline *b, int fd, const char *kernel)
{
	FILE *file = fdopen(fd, "w");
	int err;

	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	errno = 0;
	err = write_all(b, file, kernel);
	if (err ? errno : fflush(file) || fsync(fd))
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

/* The file itself if @path is a link to it; what is no file is left alone. */
static int resolve(const char *path, char *target)
{
	struct stat st;

	if (!realpath(path, target)) {
		if (errno != ENOENT)
			return -errno;
		if (strlen(path) >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(target, path, strlen(path) + 1);
		return 0;
	}
	if (stat(target, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

int nma_baseline__save(const struct nma_baseline *b, const char *path,
		       const char *kernel, char *error, size_t size)
{
	char target[PATH_MAX], temp[PATH_MAX + 8];
	mode_t mask;
	int fd, err;

	err = resolve(path, target);
	if (err == -EINVAL)
		return fail(error, size, -EINVAL, "%s: not a regular file", path);
	if (err)
		return fail(error, size, err, "%s: %s", path, strerror(-err));
	snprintf(temp, sizeof(temp), "%s.XXXXXX", target);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return fail(error, size, err, "%s: %s", path, strerror(-err));
	}
	mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	err = write_file(b, fd, kernel);
	if (!err && rename(temp, target))
		err = -errno;
	if (err) {
		unlink(temp);
		return fail(error, size, err, "%s: %s", path, strerror(-err));
	}
	return 0;
}
