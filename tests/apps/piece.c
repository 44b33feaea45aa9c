// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Layout of a piece in a dma-buf: see piece.h.
 */
#include "pattern.h"
#include "piece.h"

/* Part @i is bytes part_start(i) .. part_start(i + 1) - 1 of the piece. */
static size_t part_start(const struct nma_piece *p, unsigned int i)
{
	return p->len * i / p->parts;
}

/* Byte @start of the piece, in a part that ends before @end, in the dma-buf */
static size_t place(const struct nma_piece *p, size_t start, size_t part, size_t end)
{
	return p->base + p->len - end + (start - part);
}

void nma_piece_fill(const struct nma_piece *p, uint8_t *map, uint64_t key,
		    uint64_t pos)
{
	unsigned int i;
	size_t start;
	size_t end;

	for (i = 0; i < p->parts; i++) {
		start = part_start(p, i);
		end = part_start(p, i + 1);
		nma_pattern_fill(map + place(p, start, start, end), end - start,
				 key, pos + start);
	}
}

unsigned int nma_piece_iov(const struct nma_piece *p, size_t from,
			   struct iovec *iov)
{
	unsigned int n = 0;
	unsigned int i;
	size_t start;
	size_t part;
	size_t end;

	for (i = 0; i < p->parts; i++) {
		part = part_start(p, i);
		end = part_start(p, i + 1);
		start = part > from ? part : from;
		if (start >= end)
			continue;
		/* the kernel takes the address for an offset */
		iov[n].iov_base = (void *)place(p, start, part, end);
		iov[n++].iov_len = end - start;
	}
	return n;
}
