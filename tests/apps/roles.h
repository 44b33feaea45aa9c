/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the roles share: signals, waiting, the ready file. One entry point each.
 */
#ifndef NMA_ROLES_H
#define NMA_ROLES_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#include "opts.h"
#include "report.h"

/* Each fills @r and returns the exit status; messages are out by then. */
enum nma_exit nma_recv_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_send_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_bind_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_pools_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_lease_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_zcrx_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_udp_send_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_udp_recv_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_xsk_send_run(const struct nma_opts *o, struct nma_report *r);
enum nma_exit nma_xsk_recv_run(const struct nma_opts *o, struct nma_report *r);

/* SIGINT and SIGTERM are blocked except within nma_wait(). */
void nma_wait_setup(void);
bool nma_wait_interrupted(void);
const sigset_t *nma_wait_mask(void);	/* what is blocked while waiting */

/* poll() for @ms milliseconds (0: no limit). Returns the number of ready descriptors,
 * 0 when the time is up, -EINTR after a signal that ends the run.
 */
int nma_wait(struct pollfd *fds, unsigned int n, unsigned int ms);

/* Appends @word as a line to o->ready, if given. */
int nma_ready(const struct nma_opts *o, const char *word);

#endif /* NMA_ROLES_H */
