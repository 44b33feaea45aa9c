/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a receiver does wrong on request, see misdeeds.def. The kernel has to
 * answer as its documents say; if it does not, that is an error of the run.
 */
#ifndef NMA_MISREAD_H
#define NMA_MISREAD_H

#include "conn.h"

/* Data is waiting: does all that is due before it is received. Both return 0, or
 * -errno with a message.
 */
int nma_misread(struct nma_conn *conn);

/* Returns a token wrongly and then, once, rightly if that is due; *@returned says
 * if it was.
 */
int nma_misread_token(struct nma_conn *conn, uint32_t token, bool *returned);

#endif /* NMA_MISREAD_H */
