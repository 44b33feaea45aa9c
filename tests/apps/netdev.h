/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The netdev family: binding a dma-buf to receive queues or for sending, and the
 * kernel's own list of page pools, which the tests take as truth about leaks.
 */
#ifndef NMA_NETDEV_H
#define NMA_NETDEV_H

#include <stdint.h>

#include <json-c/json.h>

#include "opts.h"

struct nma_genl;

struct nma_binding {
	struct nma_genl *genl;	/* NULL: not bound */
	uint32_t id;		/* in SCM_DEVMEM_DMABUF messages */
};

/* Binds @dmabuf_fd to @queues of @ifname. Returns 0 or -errno (-ENOSYS: this
 * kernel cannot bind) with a message that has the kernel's words.
 */
int nma_binding_open(struct nma_binding *b, const char *ifname,
		     const struct nma_queues *queues, int dmabuf_fd);
/* The same for sending from it through @ifname. */
int nma_binding_open_tx(struct nma_binding *b, const char *ifname, int dmabuf_fd);
/* Unbinds; returns when the kernel has. */
void nma_binding_close(struct nma_binding *b);

/* Leases queue @queue of the device with index @from in the namespace @netns (an id
 * of ours for it) to @ifname; *@leased_as is its number there. Returns as above.
 */
int nma_lease(const char *ifname, uint32_t from, int32_t netns, uint32_t queue,
	      uint32_t *leased_as);

/* The page pools of this network namespace, of @ifname only if not NULL.
 * *@pools, an array, is the caller's. Returns 0 or -errno with a message.
 */
int nma_pools_get(const char *ifname, struct json_object **pools);

#endif /* NMA_NETDEV_H */
