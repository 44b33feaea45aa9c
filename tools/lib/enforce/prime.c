// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Asks the drivers of all devices, in all network namespaces that have a name or a
 * process: the answers pass by programs that are attached already.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "enforce/enforce.h"
#include "kernel/ethtool.h"
#include "kernel/netns.h"

#define NAMESPACES_MOST	4096

struct places {
	__u32 inode[NAMESPACES_MOST];
	unsigned int nr;
};

static void note(struct places *p, const char *path)
{
	struct stat st;
	unsigned int i;

	if (stat(path, &st) || p->nr == NAMESPACES_MOST)
		return;
	for (i = 0; i < p->nr; i++)
		if (p->inode[i] == st.st_ino)
			return;
	p->inode[p->nr++] = st.st_ino;
}

static void note_all(struct places *p, const char *dir_path, const char *format)
{
	DIR *dir = opendir(dir_path);
	struct dirent *e;
	char path[512];

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir_path, e->d_name, format);
		note(p, path);
	}
	closedir(dir);
}

static void ask(struct nma_ethtool *e, __u32 netns)
{
	struct if_nameindex *list, *i;
	struct nma_queue_set set;
	struct nma_rings rings;
	int back;

	if (nma_netns__enter(netns, &back))
		return;
	list = if_nameindex();
	if (nma_netns__leave(back) || !list)
		return;
	for (i = list; i->if_index; i++) {
		nma_ethtool__rings(e, netns, i->if_index, &rings);
		nma_ethtool__rss(e, netns, i->if_index, &set);
	}
	if_freenameindex(list);
}

void nma_enforce__prime(void)
{
	struct places *p = calloc(1, sizeof(*p));
	struct nma_ethtool *e = nma_ethtool__new();
	unsigned int i;

	if (p && e) {
		note(p, "/proc/self/ns/net");
		note_all(p, "/run/netns", "");
		note_all(p, "/proc", "/ns/net");
		for (i = 0; i < p->nr; i++)
			ask(e, p->inode[i]);
	}
	nma_ethtool__free(e);
	free(p);
}
