// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See pins.h.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "enforce/pins.h"

#define BPFFS		"/sys/fs/bpf"
#define LOCK_TRIES	600		/* of 50 ms */
#define LOCK_WAIT_US	50000

static const char *const prefix[] = {
	[NMA_PIN_PROG] = "prog-",
	[NMA_PIN_LINK] = "link-",
	[NMA_PIN_MAP] = "map-",
};

static int fail(struct nma_pins *p, int err, const char *text)
{
	snprintf(p->error, sizeof(p->error), "%s: %s", NMA_PINS_DIR, text);
	return err;
}

static int check_fs(struct nma_pins *p)
{
	struct statfs fs;

	if (!statfs(BPFFS, &fs) && (__u32)fs.f_type == (__u32)BPF_FS_MAGIC)
		return 0;
	snprintf(p->error, sizeof(p->error),
		 "there is no BPF file system at " BPFFS ": run mount -t bpf bpf " BPFFS);
	return -ENOTSUP;
}

/* Nobody but root may have made it, and nobody else can enter it. */
static int check_dir(struct nma_pins *p)
{
	struct stat st;

	if (fstat(p->dir, &st))
		return fail(p, -errno, strerror(errno));
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fail(p, -EPERM, "belongs to another user");
	if (st.st_mode & 077)
		return fail(p, -EPERM, "others than root can enter it: run chmod 700 on it");
	return 0;
}

static int lock(struct nma_pins *p)
{
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (!flock(p->dir, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(p, -errno, strerror(errno));
		usleep(LOCK_WAIT_US);
	}
	return fail(p, -EBUSY, "another netmem-audit enforce is at work there");
}

/* Was it removed and made again while we waited? */
static bool still_there(const struct nma_pins *p)
{
	struct stat ours, now;

	return !fstat(p->dir, &ours) && !stat(NMA_PINS_DIR, &now) &&
	       ours.st_ino == now.st_ino && ours.st_dev == now.st_dev;
}

static int open_once(struct nma_pins *p, bool make)
{
	int err;

	if (make && mkdir(NMA_PINS_DIR, 0700) && errno != EEXIST)
		return fail(p, -errno, strerror(errno));
	p->dir = open(NMA_PINS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->dir < 0)
		return fail(p, -errno, errno == ENOENT ? "nothing is enforced" :
							 strerror(errno));
	err = check_dir(p);
	return err ? err : lock(p);
}

int nma_pins__open(struct nma_pins *p, bool make)
{
	int err;

	p->dir = -1;
	p->error[0] = '\0';
	err = check_fs(p);
	while (!err) {
		err = open_once(p, make);
		if (err || still_there(p))
			break;
		nma_pins__close(p);
	}
	if (err)
		nma_pins__close(p);
	return err;
}

void nma_pins__close(struct nma_pins *p)
{
	if (p->dir >= 0)
		close(p->dir);
	p->dir = -1;
}

static void path_of(char *path, size_t size, enum nma_pin kind, const char *name)
{
	snprintf(path, size, "%s/%s%.48s", NMA_PINS_DIR, prefix[kind], name);
}

int nma_pins__get(const struct nma_pins *p, enum nma_pin kind, const char *name)
{
	char path[128];
	int fd;

	if (p->dir < 0)
		return -ENOENT;
	path_of(path, sizeof(path), kind, name);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

bool nma_pins__has(const struct nma_pins *p, enum nma_pin kind, const char *name)
{
	char path[128];

	path_of(path, sizeof(path), kind, name);
	return p->dir >= 0 && !access(path, F_OK);
}

int nma_pins__put(struct nma_pins *p, enum nma_pin kind, const char *name, int fd)
{
	char path[128];
	int err;

	path_of(path, sizeof(path), kind, name);
	if (!bpf_obj_pin(fd, path))
		return 0;
	err = -errno;
	snprintf(p->error, sizeof(p->error), "cannot pin %s: %s", path, strerror(-err));
	return err;
}

int nma_pins__remove(struct nma_pins *p, enum nma_pin kind, const char *name)
{
	char path[128];

	(void)p;
	path_of(path, sizeof(path), kind, name);
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

/* What it is by its name, -1: nothing of ours */
static int kind_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (!strncmp(name, prefix[i], strlen(prefix[i])) &&
		    !strncmp(name + strlen(prefix[i]), "nma_", 4))
			return i;
	return -1;
}

typedef void (*entry_fn)(struct nma_pins *p, const char *name, int kind, void *ctx);

static int each_entry(struct nma_pins *p, entry_fn fn, void *ctx)
{
	DIR *dir = opendir(NMA_PINS_DIR);
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			fn(p, e->d_name, kind_of(e->d_name), ctx);
	closedir(dir);
	return 0;
}

static void remove_kind(struct nma_pins *p, const char *name, int kind, void *ctx)
{
	if (kind == *(int *)ctx)
		unlinkat(p->dir, name, 0);
}

static void note_foreign(struct nma_pins *p, const char *name, int kind, void *ctx)
{
	if (kind >= 0 || *(int *)ctx)
		return;
	*(int *)ctx = 1;
	snprintf(p->error, sizeof(p->error),
		 "%s: \"%.64s\" is not of netmem-audit: see what it is, and remove it",
		 NMA_PINS_DIR, name);
}

int nma_pins__check(struct nma_pins *p)
{
	int foreign = 0;
	int err = each_entry(p, note_foreign, &foreign);

	return err ? err : foreign ? -EEXIST : 0;
}

int nma_pins__clear(struct nma_pins *p)
{
	static const enum nma_pin order[] = { NMA_PIN_LINK, NMA_PIN_MAP, NMA_PIN_PROG };
	int kind, err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(order) / sizeof(order[0]); i++) {
		kind = order[i];
		err = each_entry(p, remove_kind, &kind);
	}
	if (err)
		return fail(p, err, strerror(-err));
	err = nma_pins__check(p);
	if (err)
		return err == -EEXIST ? -ENOTEMPTY : err;
	if (rmdir(NMA_PINS_DIR))
		return fail(p, -errno, strerror(errno));
	return 0;
}
