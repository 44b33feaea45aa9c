/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Network namespaces by inode number, which is how records name them.
 */
#ifndef NMA_NETNS_H
#define NMA_NETNS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Moves this thread into @inode's namespace and back. -ENOENT if the namespace has
 * neither a name below /run/netns nor a process: it may live on in sockets alone.
 */
int nma_netns__enter(__u32 inode, int *back_fd);
int nma_netns__leave(int back_fd);

/* Calls @fn once for each namespace that has a name or a process. -ENOMEM: not for all */
typedef void (*nma_netns_fn)(void *ctx, __u32 inode);
int nma_netns__each(nma_netns_fn fn, void *ctx);

/* "blue" for /run/netns/blue; -ENOENT if the namespace has no name. */
int nma_netns__name(__u32 inode, char *dst, size_t size);

/* The namespace that @s means: a name below /run/netns, the number of a process in
 * it, or its inode number. -ENOENT if there is none, -EINVAL for what is neither.
 */
int nma_netns__find(const char *s, __u32 *inode);

/* Inode of the namespace that we run in, also while we are in another, 0 if it cannot be
 * told.
 */
__u32 nma_netns__own(void);

/* Between nma_netns__enter() and nma_netns__leave(): what is opened is of another one. */
bool nma_netns__away(void);

/* Of another host than this one, from a recording: from now on only what is learned is
 * known, and ours is @own. What was learned before is forgotten.
 */
void nma_netns__forget(__u32 own);
int nma_netns__learn(__u32 inode, const char *name);
/* And this host again. */
void nma_netns__remember(void);

#endif /* NMA_NETNS_H */
