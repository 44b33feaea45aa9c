/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * An AF_XDP socket with its memory and four rings, after
 * Documentation/networking/af_xdp.rst.
 */
#ifndef NMA_XSK_H
#define NMA_XSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/if_xdp.h>

#define NMA_XSK_FRAMES	1024u	/* also the size of each ring */
#define NMA_XSK_FRAME	4096u
#define NMA_XSK_MEMORY	((size_t)NMA_XSK_FRAMES * NMA_XSK_FRAME)

struct nma_xsk_ring {
	uint32_t *producer;
	uint32_t *consumer;
	uint32_t *flags;
	void *entries;		/* struct xdp_desc, or u64 addresses */
	void *map;
	size_t len;
};

struct nma_xsk {
	int fd;			/* -1: none */
	uint8_t *memory;
	struct nma_xsk_ring fill;
	struct nma_xsk_ring done;	/* frames that have been sent */
	struct nma_xsk_ring rx;
	struct nma_xsk_ring tx;
};

/* Binds to @queue of @ifindex (@ifname in messages), which another socket may have
 * for @wait seconds. Returns 0, or -errno with a message. To be closed in either case.
 */
int nma_xsk_open(struct nma_xsk *x, unsigned int ifindex, const char *ifname,
		 uint32_t queue, bool zerocopy, uint64_t wait);
void nma_xsk_close(struct nma_xsk *x);

/* Entries that wait to be consumed by us, and those that wait for the kernel */
uint32_t nma_xsk_pending(const struct nma_xsk_ring *ring);
bool nma_xsk_full(const struct nma_xsk_ring *ring);
/* Does the kernel sleep until it is told of new entries? poll() tells it, too. */
bool nma_xsk_need_wakeup(const struct nma_xsk_ring *ring);

/* A frame that was received; it is the kernel's again after nma_xsk_fill(). */
struct xdp_desc nma_xsk_next_rx(struct nma_xsk *x);
void nma_xsk_fill(struct nma_xsk *x, uint64_t addr);
/* A frame to send, and one that was sent. */
void nma_xsk_send(struct nma_xsk *x, uint64_t addr, uint32_t len);
uint64_t nma_xsk_next_done(struct nma_xsk *x);

#endif /* NMA_XSK_H */
