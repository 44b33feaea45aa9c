// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See cgroup.h. The number is the handle by which the file system opens the
 * directory, without a search.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/cgroup.h"

#define FILEID_KERNFS	0xfe

struct handle {
	struct file_handle h;
	__u64 id;
};

static bool forgot;

void nma_cgroup__forget(bool forget)
{
	forgot = forget;
}

/* Where version 2 is mounted, alone or beside version 1. */
static const char *mount_point(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!statfs(places[i], &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	return NULL;
}

static int path_of(int fd, const char *root, char *dst, size_t size)
{
	char link[64], path[4096];
	size_t skip = strlen(root);
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	if (strncmp(path, root, skip))
		return -ENOENT;
	snprintf(dst, size, "%s", path[skip] ? path + skip : "/");
	return 0;
}

int nma_cgroup__path(__u64 id, char *dst, size_t size)
{
	struct handle handle = {
		.h.handle_bytes = sizeof(__u64),
		.h.handle_type = FILEID_KERNFS,
	};
	const char *root;
	int mnt, fd, err;

	root = forgot || !id ? NULL : mount_point();
	if (!root)
		return -ENOENT;
	mnt = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mnt < 0)
		return -errno;
	memcpy(handle.h.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mnt, &handle.h, O_PATH | O_CLOEXEC);
	err = fd < 0 ? -ENOENT : path_of(fd, root, dst, size);
	if (fd >= 0)
		close(fd);
	close(mnt);
	return err;
}
