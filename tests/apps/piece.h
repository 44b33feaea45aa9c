/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A piece of the stream as it lies in a dma-buf: cut into parts of about the same
 * length, the last part first. So a message needs one iovec for each part, and one
 * wrong offset or length is seen in the data. Pure functions: no I/O, no state.
 */
#ifndef NMA_PIECE_H
#define NMA_PIECE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct nma_piece {
	size_t base;		/* offset of its memory in the dma-buf */
	size_t len;		/* bytes in it */
	unsigned int parts;
};

/* Writes stream bytes @pos .. @pos + p->len - 1 into the dma-buf at @map. */
void nma_piece_fill(const struct nma_piece *p, uint8_t *map, uint64_t key,
		    uint64_t pos);

/* Where bytes @from and on of the piece lie, in their order, as sendmsg() wants
 * it: iov_base is an offset in the dma-buf. @iov has room for p->parts. Returns
 * the number of entries.
 */
unsigned int nma_piece_iov(const struct nma_piece *p, size_t from,
			   struct iovec *iov);

#endif /* NMA_PIECE_H */
