/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A dma-buf made of this process's own memory (udmabuf), with a CPU mapping: what
 * stands in for a device's memory.
 */
#ifndef NMA_UDMABUF_H
#define NMA_UDMABUF_H

#include <stddef.h>
#include <stdint.h>

struct nma_udmabuf {
	int fd;			/* of the dma-buf; -1: none */
	size_t size;
	uint8_t *map;
	uint8_t *pages;		/* the same memory, as this process has it */
};

#define NMA_UDMABUF_NONE { .fd = -1 }

/* @size is a multiple of the page size. Returns 0 or -errno (-ENOSYS: this
 * kernel has no udmabuf) with a message.
 */
int nma_udmabuf_create(struct nma_udmabuf *buf, size_t size);

/* The same, but the CPU has nothing to do with the dma-buf: pages can be written. */
int nma_udmabuf_create_unmapped(struct nma_udmabuf *buf, size_t size);

/* The same of another exporter's memory, without the CPU mapping. */
int nma_udmabuf_create_by(struct nma_udmabuf *buf, const char *exporter, size_t size);
void nma_udmabuf_destroy(struct nma_udmabuf *buf);

/* Bracket every CPU access to map with these: nobody else synchronises it.
 * Return 0, or -errno with a message.
 */
int nma_udmabuf_begin_read(const struct nma_udmabuf *buf);
int nma_udmabuf_end_read(const struct nma_udmabuf *buf);
int nma_udmabuf_begin_write(const struct nma_udmabuf *buf);
int nma_udmabuf_end_write(const struct nma_udmabuf *buf);

#endif /* NMA_UDMABUF_H */
