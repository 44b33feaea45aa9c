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

union nma_ref nic(const struct nma_model *m)
{
	return (union nma_ref){ .nic = nma_model__nic(m, NETDEV) };
}

union nma_ref queue(const struct nma_model *m, __u32 q)
{
	return (union nma_ref){ .queue = nma_model__queue(m, NETDEV, q) };
}

union nma_ref pool(const struct nma_model *m, __u32 id)
{
	return (union nma_ref){ .pool = nma_model__pool(m, id) };
}

union nma_ref sock(const struct nma_model *m, __u64 cookie)
{
	return (union nma_ref){ .sock = nma_model__sock(m, cookie) };
}
