// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See netns.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/netns.h"
#include "util/table.h"

#define RUN_NETNS	"/run/netns"
#define PID_MOST	(1u << 22)	/* PID_MAX_LIMIT; inodes of nsfs are above */

/* One that was learned. */
struct known {
	struct nma_node node;	/* by inode */
	char name[256];
};

/* What is known of another host: names are asked for by values in tables, which know
 * nothing but the inode.
 */
static struct {
	bool forgot;
	__u32 own;
	struct nma_table names;
} other;

/* Where we are at home, while we are elsewhere */
static struct {
	unsigned int depth;
	__u32 home;
} away;

static int open_if(const char *path, __u32 inode)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ENOENT;
	if (!fstat(fd, &st) && st.st_ino == inode)
		return fd;
	close(fd);
	return -ENOENT;
}

/* A file of a namespace, and the entry that it was found by; not 0 ends the walk. */
typedef int (*file_fn)(void *ctx, const char *path, const char *entry);

/* Through "@dir/<entry>@tail" for each entry; with a tail they are processes. */
static int walk(const char *dir, const char *tail, file_fn fn, void *ctx)
{
	char path[512];
	struct dirent *d;
	int ret = 0;
	DIR *dp;

	dp = opendir(dir);
	if (!dp)
		return 0;
	while (!ret && (d = readdir(dp))) {
		if (d->d_name[0] == '.' || (*tail && (d->d_name[0] < '0' || d->d_name[0] > '9')))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, d->d_name, tail);
		ret = fn(ctx, path, d->d_name);
	}
	closedir(dp);
	return ret;
}

struct sought {
	__u32 inode;
	int fd;
	char *name;		/* of the entry, @size bytes; or NULL */
	size_t size;
};

static int open_sought(void *ctx, const char *path, const char *entry)
{
	struct sought *s = ctx;

	s->fd = open_if(path, s->inode);
	if (s->fd < 0)
		return 0;
	if (s->name)
		snprintf(s->name, s->size, "%s", entry);
	return 1;
}

static int search(const char *dir, const char *tail, __u32 inode, char *name,
		  size_t size)
{
	struct sought s = { .inode = inode, .fd = -ENOENT, .name = name, .size = size };

	walk(dir, tail, open_sought, &s);
	return s.fd;
}

static int open_netns(__u32 inode)
{
	int fd;

	fd = open_if("/proc/self/ns/net", inode);
	if (fd < 0)
		fd = search(RUN_NETNS, "", inode, NULL, 0);
	if (fd < 0)
		fd = search("/proc", "/ns/net", inode, NULL, 0);
	return fd;
}

int nma_netns__enter(__u32 inode, int *back_fd)
{
	__u32 own = nma_netns__own();
	int back = -1, fd = -1, err;

	fd = open_netns(inode);
	if (fd < 0)
		return fd;
	back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (back < 0 || setns(fd, CLONE_NEWNET)) {
		err = -errno;
		goto out;
	}
	if (!away.depth++)
		away.home = own;
	*back_fd = back;
	back = -1;
	err = 0;
out:
	if (back >= 0)
		close(back);
	close(fd);
	return err;
}

int nma_netns__leave(int back_fd)
{
	int err = setns(back_fd, CLONE_NEWNET) ? -errno : 0;

	if (!err)
		away.depth--;
	close(back_fd);
	return err;
}

static bool is_named(const char *name, __u32 inode)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), RUN_NETNS "/%s", name);
	return !stat(path, &st) && st.st_ino == inode;
}

/* Asked once per object and event: the last answer is tried first. */
int nma_netns__name(__u32 inode, char *dst, size_t size)
{
	static char last[256];
	const struct known *known;
	int fd;

	if (other.forgot) {
		known = nma_table_find(&other.names, inode, 0);
		if (known)
			snprintf(dst, size, "%s", known->name);
		return known ? 0 : -ENOENT;
	}
	if (!last[0] || !is_named(last, inode)) {
		fd = search(RUN_NETNS, "", inode, last, sizeof(last));
		if (fd < 0)
			return fd;
		close(fd);
	}
	snprintf(dst, size, "%s", last);
	return 0;
}

static int inode_of(const char *path, __u32 *inode)
{
	struct stat st;

	if (stat(path, &st))
		return -ENOENT;
	*inode = st.st_ino;
	return 0;
}

static int find_known(const char *s, __u32 *inode)
{
	char *end;

	nma_table_for_each(&other.names, n) {
		if (strcmp(((const struct known *)n)->name, s))
			continue;
		*inode = n->key[0];
		return 0;
	}
	if (!s[0] || s[strspn(s, "0123456789")])
		return strchr(s, '/') ? -EINVAL : -ENOENT;
	*inode = strtoul(s, &end, 10);
	return *inode > PID_MOST ? 0 : -ENOENT;	/* nothing is known of processes */
}

int nma_netns__find(const char *s, __u32 *inode)
{
	unsigned long number;
	char path[512], *end;

	if (other.forgot)
		return find_known(s, inode);
	if (!strchr(s, '/') && s[0] != '.') {
		snprintf(path, sizeof(path), RUN_NETNS "/%s", s);
		if (!inode_of(path, inode))
			return 0;
	}
	if (!s[0] || s[strspn(s, "0123456789")])
		return strchr(s, '/') ? -EINVAL : -ENOENT;
	number = strtoul(s, &end, 10);
	if (number > UINT32_MAX)
		return -EINVAL;
	if (number > PID_MOST) {
		*inode = number;
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%lu/ns/net", number);
	return inode_of(path, inode);
}

struct visit {
	struct nma_table seen;	/* nodes by inode */
	nma_netns_fn fn;
	void *ctx;
};

static int visit_once(void *ctx, const char *path, const char *entry)
{
	struct visit *v = ctx;
	struct nma_node *n;
	__u32 inode;

	(void)entry;
	if (inode_of(path, &inode) || nma_table_find(&v->seen, inode, 0))
		return 0;	/* the process has ended */
	n = calloc(1, sizeof(*n));
	if (!n || nma_table_add(&v->seen, n, inode, 0)) {
		free(n);
		return -ENOMEM;
	}
	v->fn(v->ctx, inode);
	return 0;
}

int nma_netns__each(nma_netns_fn fn, void *ctx)
{
	struct visit v = { .fn = fn, .ctx = ctx };
	int err;

	err = visit_once(&v, "/proc/self/ns/net", "self");
	if (!err)
		err = walk(RUN_NETNS, "", visit_once, &v);
	if (!err)
		err = walk("/proc", "/ns/net", visit_once, &v);
	nma_table_free(&v.seen);
	return err;
}

__u32 nma_netns__own(void)
{
	struct stat st;

	if (other.forgot)
		return other.own;
	if (away.depth)
		return away.home;
	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

bool nma_netns__away(void)
{
	return away.depth;
}

void nma_netns__forget(__u32 own)
{
	nma_netns__remember();
	other.forgot = true;
	other.own = own;
}

int nma_netns__learn(__u32 inode, const char *name)
{
	struct known *known = nma_table_find(&other.names, inode, 0);

	if (!known) {
		known = calloc(1, sizeof(*known));
		if (!known || nma_table_add(&other.names, &known->node, inode, 0)) {
			free(known);
			return -ENOMEM;
		}
	}
	snprintf(known->name, sizeof(known->name), "%s", name);
	return 0;
}

void nma_netns__remember(void)
{
	nma_table_free(&other.names);
	other.forgot = false;
}
