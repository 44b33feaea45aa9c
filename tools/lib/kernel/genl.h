/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Generic netlink, one request at a time. The socket belongs to the network
 * namespace it was opened in and keeps that alive.
 */
#ifndef NMA_GENL_H
#define NMA_GENL_H

#include <libmnl/libmnl.h>
#include <linux/types.h>

#define NMA_GENL_BUF	8192

struct nma_genl {
	struct mnl_socket *nl;
	__u16 family;
	__u8 version;
	__u32 seq;
	char text[128];		/* what the kernel said to the last refusal, or "" */
};

/* @family: "ethtool", "netdev", ... -errno; -ENOENT if this kernel has it not. */
int nma_genl__open(struct nma_genl *g, const char *family, __u8 version);
void nma_genl__close(struct nma_genl *g);	/* also after a failed open */

/* Begins a request in @buf of NMA_GENL_BUF bytes. */
struct nlmsghdr *nma_genl__request(const struct nma_genl *g, char *buf, __u8 cmd);
/* Sends it and hands answers to @cb, which may be NULL. 0 or the kernel's -errno. */
int nma_genl__talk(struct nma_genl *g, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);

#endif /* NMA_GENL_H */
