// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See healthy.h.
 */
#include "healthy.h"

int healthy_setup(void **state)
{
	struct nma_model *m = nma_model__new();

	assert_non_null(m);
	FEED(m, rec_nic());
	FEED(m, rec_queue(0));
	FEED(m, rec_header(10, 0));
	FEED(m, rec_payload(11, 0));
	FEED(m, rec_bound(1));
	FEED(m, rec_header(20, 1));
	FEED(m, rec_provided(21, 1));
	FEED(m, rec_binding());
	*state = m;
	return 0;
}

int healthy_teardown(void **state)
{
	nma_model__free(*state);
	return 0;
}
