// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role zcrx where it could not be built: see zcrx.c.
 */
#include "roles.h"

enum nma_exit nma_zcrx_run(const struct nma_opts *o, struct nma_report *r)
{
	(void)o;
	(void)r;
	return nma_err_setup_status(nma_missing("built without io_uring zcrx (liburing 2.12)"));
}
