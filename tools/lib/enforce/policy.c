// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See policy.h. Names of users, cgroups and executables become the kernel's numbers
 * here: what is not there now is an error, not a row that never fits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enforce/policy.h"
#include "rules/rules.h"
#include "util/jsonl.h"
#include "util/hash.h"

#define TYPE		"policy"
#define CGROUPS		"/sys/fs/cgroup"
#define NO_LIMIT	(~0ull)
#define MINOR_BITS	20	/* of the kernel's numbers of devices */

_Static_assert((int)NMA_RULE_MAX <= NMA_ENFORCE_RULES, "rules have no room");

/* Lines where things were first said, for errors that show only at the end. */
struct said {
	unsigned int who;
	unsigned int dmabuf;
	unsigned int tokens;
	unsigned int unread;
	__u64 rules;
};

struct reader {
	struct nma_jsonl f;
	struct nma_policy_file *out;
	struct said said;
};

const char *nma_mode_name(__u32 mode)
{
	static const char *const names[] = {
		[NMA_MODE_OFF] = "off",
		[NMA_MODE_AUDIT] = "audit",
		[NMA_MODE_ENFORCE] = "enforce",
	};

	return mode <= NMA_MODE_ENFORCE ? names[mode] : "?";
}

/* @names ends with NULL; its index or -EINVAL */
static int choice(struct nma_jsonl *f, const char *key, const char *s,
		  const char *const *names)
{
	char list[128] = "";
	size_t used = 0;
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], s))
			return i;
		if (used < sizeof(list))
			used += snprintf(list + used, sizeof(list) - used, "%s%s",
					 i ? ", " : "", names[i]);
	}
	return nma_jsonl__bad(f, "\"%s\" is one of %s, not \"%.64s\"", key, list, s);
}

static const char *const acts[] = {
	[NMA_WHO_BIND_RX] = "bind-rx",
	[NMA_WHO_BIND_TX] = "bind-tx",
	[NMA_WHO_ZCRX] = "zcrx",
	NULL
};

/* ---- {"rule":...} --------------------------------------------------------------*/

static int set_unknown(struct reader *r, enum nma_rule_id rule)
{
	static const char *const names[] = { "refuse", "allow", NULL };
	const char *s = names[0];
	int err = nma_jsonl__str(&r->f, "unknown", false, &s);
	int n;

	if (err)
		return err;
	n = choice(&r->f, "unknown", s, names);
	if (n < 0)
		return n;
	r->out->policy.allow_unknown[rule] = n;
	return 0;
}

static int set_mode(struct reader *r, enum nma_rule_id rule, bool optional)
{
	static const char *const names[] = { "off", "audit", "enforce", NULL };
	const char *s = NULL;
	int err = nma_jsonl__str(&r->f, "mode", true, &s);
	int mode;

	if (err)
		return err;
	mode = choice(&r->f, "mode", s, names);
	if (mode < 0)
		return mode;
	if (mode && nma_rules[rule].enforce == NMA_ENFORCE_NO) {
		if (!optional)
			return nma_jsonl__bad(&r->f,
					      "no program can refuse what breaks %s: check and watch audit it",
					      nma_rules[rule].id);
		mode = NMA_MODE_OFF;
	}
	r->out->policy.mode[rule] = mode;
	return 0;
}

static int read_rule(struct reader *r)
{
	static const char *const keys[] = { "rule", "mode", "optional", "unknown", NULL };
	enum nma_rule_id rule;
	bool optional = false;
	const char *s = NULL;
	int err;

	err = nma_jsonl__only(&r->f, keys);
	if (!err)
		err = nma_jsonl__str(&r->f, "rule", true, &s);
	if (!err)
		err = nma_jsonl__bool(&r->f, "optional", false, &optional);
	if (err)
		return err;
	rule = nma_rule_find(s);
	if (rule == NMA_RULE_MAX)
		return nma_jsonl__bad(&r->f, "unknown rule \"%.64s\"", s);
	if (r->said.rules & 1ull << rule)
		return nma_jsonl__bad(&r->f, "%s is there twice", nma_rules[rule].id);
	r->said.rules |= 1ull << rule;
	if (optional)
		r->out->optional |= 1ull << rule;
	err = set_mode(r, rule, optional);
	return err ? err : set_unknown(r, rule);
}

/* ---- {"allow":...} and {"deny":...} ----------------------------------------------*/

static int set_user(struct reader *r, struct nma_who *who)
{
	const char *s = NULL;
	struct passwd *pw;
	char *end;
	int err = nma_jsonl__str(&r->f, "user", false, &s);

	if (err || !s)
		return err;
	who->has |= NMA_WHO_UID;
	errno = 0;
	who->uid = strtoul(s, &end, 10);
	if (!*end && !errno && s[0] != '-')
		return 0;
	pw = getpwnam(s);
	if (!pw)
		return nma_jsonl__bad(&r->f, "there is no user \"%.64s\"", s);
	who->uid = pw->pw_uid;
	return 0;
}

/* The root of the hierarchy is level 0. */
static __u32 level_of(const char *path)
{
	__u32 level = 0;
	const char *p;

	for (p = path; *p; p++)
		if (*p != '/' && (p == path || p[-1] == '/'))
			level++;
	return level;
}

static int set_cgroup(struct reader *r, __u64 *id, __u32 *level, bool *given)
{
	char path[512];
	const char *s = NULL;
	struct stat st;
	int err = nma_jsonl__str(&r->f, "cgroup", false, &s);

	*given = s;
	if (err || !s)
		return err;
	if (s[0] != '/' || strstr(s, ".."))
		return nma_jsonl__bad(&r->f, "\"cgroup\" is a path below %s, such as \"/system.slice\"",
				      CGROUPS);
	snprintf(path, sizeof(path), "%s%s", CGROUPS, s);
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return nma_jsonl__bad(&r->f, "there is no cgroup \"%.128s\"", s);
	*id = st.st_ino;
	*level = level_of(s);
	return 0;
}

/* The file that is mapped there, by the kernel's numbers */
static int mapped_file(unsigned long addr, struct nma_who *who)
{
	unsigned long start, end, inode;
	unsigned int major, minor;
	int err = -ENOENT;
	char *line = NULL;
	size_t size = 0;
	FILE *maps;

	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return -errno;
	while (err && getline(&line, &size, maps) > 0) {
		if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu", &start, &end, &major,
			   &minor, &inode) != 5 || addr < start || addr >= end)
			continue;
		who->inode = inode;
		who->dev = major << MINOR_BITS | minor;
		err = 0;
	}
	free(line);
	fclose(maps);
	return err;
}

/* Of a file on overlayfs or btrfs, stat() tells other numbers than those that the kernel
 * has of a process's executable; what is mapped has the same.
 */
static int find_exe(const char *path, struct nma_who *who)
{
	size_t size = sysconf(_SC_PAGESIZE);
	void *mem;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	mem = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	err = mem == MAP_FAILED ? -errno : mapped_file((unsigned long)mem, who);
	if (mem != MAP_FAILED)
		munmap(mem, size);
	close(fd);
	return err;
}

static int set_exe(struct reader *r, struct nma_who *who)
{
	const char *s = NULL;
	struct stat st;
	int err = nma_jsonl__str(&r->f, "executable", false, &s);

	if (err || !s)
		return err;
	if (s[0] != '/')
		return nma_jsonl__bad(&r->f, "\"executable\" is an absolute path");
	if (stat(s, &st) || !S_ISREG(st.st_mode))
		return nma_jsonl__bad(&r->f, "there is no file \"%.128s\"", s);
	who->has |= NMA_WHO_EXE;
	err = find_exe(s, who);
	if (err)
		return nma_jsonl__bad(&r->f, "\"%.128s\" cannot be looked at: %s", s,
				      strerror(-err));
	return 0;
}

static int read_act(struct reader *r, const char *key, int *act)
{
	const char *s = NULL;
	int err = nma_jsonl__str(&r->f, key, true, &s);

	if (err)
		return err;
	*act = choice(&r->f, key, s, acts);
	if (*act < 0)
		return *act;
	r->out->policy.restricted |= 1u << *act;
	r->said.who = r->f.line;
	return 0;
}

static int read_allow(struct reader *r)
{
	static const char *const keys[] = {
		"allow", "user", "cgroup", "executable", NULL
	};
	struct nma_policy *pol = &r->out->policy;
	struct nma_who who = { 0 };
	bool given = false;
	int err, act = 0;

	err = nma_jsonl__only(&r->f, keys);
	if (!err)
		err = read_act(r, "allow", &act);
	if (!err)
		err = set_user(r, &who);
	if (!err)
		err = set_cgroup(r, &who.cgroup_id, &who.cgroup_level, &given);
	if (!err)
		err = set_exe(r, &who);
	if (err)
		return err;
	who.acts = 1u << act;
	who.has |= given ? NMA_WHO_CGROUP : 0;
	if (!who.has)
		return nma_jsonl__bad(&r->f, "needs \"user\", \"cgroup\" or \"executable\"");
	if (pol->nr_who == NMA_ENFORCE_ROWS)
		return nma_jsonl__bad(&r->f, "more than %d lines of \"allow\"",
				      NMA_ENFORCE_ROWS);
	pol->who[pol->nr_who++] = who;
	return 0;
}

static int read_deny(struct reader *r)
{
	static const char *const keys[] = { "deny", NULL };
	int err = nma_jsonl__only(&r->f, keys);
	int act;

	return err ? err : read_act(r, "deny", &act);
}

/* ---- {"limit":...} and {"port":...} ----------------------------------------------*/

static int limit_dmabuf(struct reader *r)
{
	static const char *const keys[] = { "limit", "cgroup", "bytes", NULL };
	struct nma_policy *pol = &r->out->policy;
	struct nma_cgroup_limit limit = { 0 };
	bool given = false;
	int err;

	r->said.dmabuf = r->f.line;
	err = nma_jsonl__only(&r->f, keys);
	if (!err)
		err = nma_jsonl__u64(&r->f, "bytes", true, &limit.bytes);
	if (!err)
		err = set_cgroup(r, &limit.cgroup_id, &limit.level, &given);
	if (err)
		return err;
	if (!given) {
		pol->dmabuf_bytes = limit.bytes;
		return 0;
	}
	if (pol->nr_limits == NMA_ENFORCE_CGROUPS)
		return nma_jsonl__bad(&r->f, "more than %d cgroups with a limit of their own",
				      NMA_ENFORCE_CGROUPS);
	pol->limit[pol->nr_limits++] = limit;
	return 0;
}

/* A token stands for a page of the dma-buf. */
static int limit_tokens(struct reader *r)
{
	static const char *const keys[] = {
		"limit", "count", "bytes", "idle_seconds", NULL
	};
	struct nma_policy *pol = &r->out->policy;
	__u32 count = 0, seconds = 0;
	__u64 bytes = 0, pages;
	int err;

	r->said.tokens = r->f.line;
	err = nma_jsonl__only(&r->f, keys);
	if (!err)
		err = nma_jsonl__u32(&r->f, "count", false, &count);
	if (!err)
		err = nma_jsonl__u64(&r->f, "bytes", false, &bytes);
	if (!err)
		err = nma_jsonl__u32(&r->f, "idle_seconds", false, &seconds);
	if (err)
		return err;
	if (!count && !bytes && !seconds)
		return nma_jsonl__bad(&r->f, "needs \"count\", \"bytes\" or \"idle_seconds\", and not 0");
	pages = bytes / sysconf(_SC_PAGESIZE);
	if (bytes && !pages)
		return nma_jsonl__bad(&r->f, "\"bytes\" is less than a page");
	if (pages && (!count || pages < count))
		count = pages > 0xffffffff ? 0 : pages;
	pol->token_count = count;
	pol->token_idle_ns = seconds * 1000000000ull;
	return 0;
}

static int limit_unread(struct reader *r)
{
	static const char *const keys[] = { "limit", "count", NULL };
	int err = nma_jsonl__only(&r->f, keys);

	r->said.unread = r->f.line;
	if (!err)
		err = nma_jsonl__u32(&r->f, "count", true, &r->out->policy.unread_sends);
	if (!err && !r->out->policy.unread_sends)
		err = nma_jsonl__bad(&r->f, "\"count\" is 0: nothing could be sent");
	return err;
}

static int read_limit(struct reader *r)
{
	static const char *const names[] = { "dmabuf", "tokens", "unread-sends", NULL };
	static int (*const fns[])(struct reader *r) = {
		limit_dmabuf, limit_tokens, limit_unread,
	};
	const char *s = NULL;
	int err = nma_jsonl__str(&r->f, "limit", true, &s);
	int n;

	if (err)
		return err;
	n = choice(&r->f, "limit", s, names);
	return n < 0 ? n : fns[n](r);
}

static int read_port(struct reader *r)
{
	static const char *const keys[] = { "port", NULL };
	struct nma_policy *pol = &r->out->policy;
	const char *s = NULL, *star;
	int err = nma_jsonl__only(&r->f, keys);

	if (!err)
		err = nma_jsonl__str(&r->f, "port", true, &s);
	if (err)
		return err;
	star = strchr(s, '*');
	if (strlen(s) >= NMA_ENFORCE_IFNAME || strpbrk(s, "/ \t") || (star && star[1]))
		return nma_jsonl__bad(&r->f, "\"%.32s\" is not the name of a port, nor the beginning of one with a * behind it",
				      s);
	if (pol->nr_ports == NMA_ENFORCE_PORTS)
		return nma_jsonl__bad(&r->f, "more than %d ports", NMA_ENFORCE_PORTS);
	snprintf(pol->port[pol->nr_ports++], NMA_ENFORCE_IFNAME, "%s", s);
	return 0;
}

/* ---- The file ------------------------------------------------------------------*/

static int read_line(struct reader *r)
{
	static const struct {
		const char *key;
		int (*fn)(struct reader *r);
	} kinds[] = {
		{ "rule", read_rule },
		{ "allow", read_allow },
		{ "deny", read_deny },
		{ "limit", read_limit },
		{ "port", read_port },
	};
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		s = NULL;
		if (nma_jsonl__str(&r->f, kinds[i].key, false, &s))
			return -EINVAL;
		if (s)
			return kinds[i].fn(r);
	}
	return nma_jsonl__bad(&r->f, "neither \"rule\" nor \"allow\", \"deny\", \"limit\" or \"port\"");
}

/* What has no effect is a mistake. */
static int needs_rule(struct reader *r, unsigned int line, enum nma_rule_id rule)
{
	if (!line || r->out->policy.mode[rule] || r->out->optional & 1ull << rule)
		return 0;
	r->f.line = line;
	return nma_jsonl__bad(&r->f, "has no effect without {\"rule\":\"%s\",\"mode\":\"enforce\"}",
			      nma_rules[rule].id);
}

static int needs_line(struct reader *r, unsigned int line, enum nma_rule_id rule,
		      const char *what)
{
	if (line || !r->out->policy.mode[rule])
		return 0;
	return nma_jsonl__bad(&r->f, "%s is of no effect without %s", nma_rules[rule].id,
			      what);
}

static int check_whole(struct reader *r)
{
	const struct said *s = &r->said;
	int err;

	err = needs_rule(r, s->who, NMA_RULE_BIND_09);
	if (!err)
		err = needs_rule(r, s->dmabuf, NMA_RULE_BIND_09);
	if (!err)
		err = needs_rule(r, s->tokens, NMA_RULE_TOK_01);
	if (!err)
		err = needs_rule(r, s->unread, NMA_RULE_TX_02);
	if (!err)
		err = needs_line(r, s->who | s->dmabuf, NMA_RULE_BIND_09,
				 "a line of \"allow\", \"deny\" or {\"limit\":\"dmabuf\"}");
	if (!err)
		err = needs_line(r, s->tokens, NMA_RULE_TOK_01, "{\"limit\":\"tokens\"}");
	if (!err)
		err = needs_line(r, s->unread, NMA_RULE_TX_02,
				 "{\"limit\":\"unread-sends\"}");
	return err;
}

/* Whoever may write to it decides what is enforced. */
static int check_file(struct reader *r, const struct stat *st, const char *path)
{
	const char *why = NULL;

	if (!S_ISREG(st->st_mode))
		why = "not a regular file";
	else if (st->st_uid && st->st_uid != geteuid())
		why = "it belongs to another user: run chown root on it";
	else if (st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid))
		why = "others may write to it: run chmod go-w on it";
	if (!why)
		return 0;
	snprintf(r->f.error, sizeof(r->f.error), "%.255s: %s", path, why);
	return -EPERM;
}

static __u64 hash_file(FILE *file)
{
	__u64 hash = NMA_HASH_BEGIN;
	int c;

	if (fseek(file, 0, SEEK_SET))
		return 0;
	while ((c = getc(file)) != EOF)
		hash = nma_hash_byte(hash, c);
	return hash;
}

static int load(struct reader *r, const char *path)
{
	struct stat st;
	int ret;

	/* not to wait for the writer of a FIFO */
	if (!stat(path, &st)) {
		ret = check_file(r, &st, path);
		if (ret)
			return ret;
	}
	ret = nma_jsonl__open(&r->f, path, TYPE);
	if (!ret && !fstat(fileno(r->f.file), &st))
		ret = check_file(r, &st, path);
	while (!ret && (ret = nma_jsonl__next(&r->f)) > 0)
		ret = read_line(r);
	if (!ret)
		ret = check_whole(r);
	if (!ret)
		r->out->hash = hash_file(r->f.file);
	return ret;
}

int nma_policy__load(const char *path, struct nma_policy_file *f, char *error,
		     size_t size)
{
	struct reader *r = calloc(1, sizeof(*r));
	char *real;
	int err;

	memset(f, 0, sizeof(*f));
	if (!r) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	f->policy.schema = NMA_ENFORCE_SCHEMA;
	f->policy.dmabuf_bytes = NO_LIMIT;
	real = realpath(path, NULL);
	snprintf(f->path, sizeof(f->path), "%s", real ? real : path);
	free(real);
	r->out = f;
	err = load(r, path);
	if (err)
		snprintf(error, size, "%s", r->f.error);
	nma_jsonl__close(&r->f);
	free(r);
	return err;
}
