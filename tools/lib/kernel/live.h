/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kernel that runs as a source of records: a session, and whom to ask beside.
 */
#ifndef NMA_LIVE_H
#define NMA_LIVE_H

#include "kernel/session.h"
#include "kernel/source.h"

/* As nma_session__open(); *@out is NULL only without memory. */
int nma_live__open(const struct nma_session_opts *opts, struct nma_source **out);

/* Of what nma_live__open() made. */
const struct nma_session *nma_live__session(const struct nma_source *s);

#endif /* NMA_LIVE_H */
