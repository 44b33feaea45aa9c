/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The directory of what outlives us: programs, links and maps, each under its name in
 * a directory of the BPF file system that only root can enter. It is locked while
 * somebody changes it. What is pinned there by others is not touched.
 */
#ifndef NMA_PINS_H
#define NMA_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "nma_enforce.h"

enum nma_pin {
	NMA_PIN_PROG,
	NMA_PIN_LINK,
	NMA_PIN_MAP,
};

struct nma_pins {
	int dir;		/* locked; -1: there is none */
	char error[512];
};

/* -ENOENT: there is no directory, and it was not asked to @make it; -EBUSY: another
 * one holds the lock, and went on to; -ENOTSUP: no BPF file system; -EPERM: the
 * directory is not ours. @p->error says it.
 */
int nma_pins__open(struct nma_pins *p, bool make);
void nma_pins__close(struct nma_pins *p);

/* A file descriptor of what is pinned, or -errno. */
int nma_pins__get(const struct nma_pins *p, enum nma_pin kind, const char *name);
bool nma_pins__has(const struct nma_pins *p, enum nma_pin kind, const char *name);
int nma_pins__put(struct nma_pins *p, enum nma_pin kind, const char *name, int fd);
int nma_pins__remove(struct nma_pins *p, enum nma_pin kind, const char *name);

/* Removes all that can be ours, the links first, and then the directory. -ENOTEMPTY:
 * there is something else in it, which @p->error names; all of ours is gone.
 */
int nma_pins__clear(struct nma_pins *p);

/* -EEXIST, and @p->error, if there is something that cannot be ours. */
int nma_pins__check(struct nma_pins *p);

#endif /* NMA_PINS_H */
