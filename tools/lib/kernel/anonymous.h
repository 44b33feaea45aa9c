/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Other names in place of those that tell who it was: addresses of hosts, names of
 * processes, interfaces and network namespaces. The same name becomes the same one
 * everywhere, so that the verdict stays. Names of drivers, modules and functions are
 * what a verdict is about, and stay.
 */
#ifndef NMA_ANONYMOUS_H
#define NMA_ANONYMOUS_H

#include <linux/types.h>
#include <stddef.h>

#include "nma_event.h"

struct nma_anonymous;

struct nma_anonymous *nma_anonymous__new(void);
void nma_anonymous__free(struct nma_anonymous *a);

/* All names in a record. -ENOMEM, or -EPROTO if its type is not known: who can tell
 * what is in it?
 */
int nma_anonymous__record(struct nma_anonymous *a, struct nma_rec_hdr *hdr);

/* "if3"; "lo" stays. */
int nma_anonymous__ifname(struct nma_anonymous *a, const char *name,
			  char dst[NMA_IFNAME_LEN]);

#endif /* NMA_ANONYMOUS_H */
