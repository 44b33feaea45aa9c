/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * One accepted connection: takes what has arrived, verifies it where it lies, and
 * accounts for it.
 */
#ifndef NMA_CONN_H
#define NMA_CONN_H

#include <stdbool.h>

#include "netdev.h"
#include "report.h"
#include "tokens.h"
#include "udmabuf.h"

/* What all connections of a run share. */
struct nma_conn_env {
	const struct nma_opts *opts;
	const struct nma_udmabuf *dmabuf;	/* none with --host */
	const struct nma_binding *binding;
	struct nma_report *report;
	uint64_t first_ns;			/* time of the first byte */
	uint64_t last_ns;
};

struct nma_conn {
	struct nma_conn_env *env;
	int fd;
	size_t chunk;		/* bytes to ask for at once */
	bool done;		/* nothing more will come or be taken */
	uint64_t key;		/* of the pattern */
	uint64_t pos;		/* in the stream */
	struct nma_tokens tokens;
};

/* Takes over @fd, a non-blocking accepted socket, also on failure. */
int nma_conn_open(struct nma_conn *conn, struct nma_conn_env *env, int fd);
/* Takes all that is there. Returns 0 (then look at conn->done), or -errno with
 * a message.
 */
int nma_conn_receive(struct nma_conn *conn);
/* Adds the tokens to the report and closes the socket. */
void nma_conn_close(struct nma_conn *conn);

#endif /* NMA_CONN_H */
