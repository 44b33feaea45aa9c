/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A generic netlink socket for one family, with the kernel's own words (extended
 * ACK) about the last failure. Closing the socket ends what was bound through it.
 */
#ifndef NMA_GENL_H
#define NMA_GENL_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

struct nma_genl;

/* Returns 0 or -errno without a message; -ENOENT: no such family. */
int nma_genl_open(struct nma_genl **genl, const char *family);
void nma_genl_close(struct nma_genl *genl);

/* Does the kernel's family know this command? */
bool nma_genl_has_cmd(const struct nma_genl *genl, uint8_t cmd);

/* The next request, to which the caller adds attributes. One at a time. */
struct nlmsghdr *nma_genl_request(struct nma_genl *genl, uint8_t cmd,
				  uint16_t flags);

/* Sends that request and hands each answer to @cb (may be NULL). Returns 0 or
 * -errno without a message; then nma_genl_extack() has the kernel's, or "".
 */
int nma_genl_talk(struct nma_genl *genl, mnl_cb_t cb, void *data);
const char *nma_genl_extack(const struct nma_genl *genl);

#endif /* NMA_GENL_H */
