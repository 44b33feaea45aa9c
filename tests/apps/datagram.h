/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A packet that may be lost or overtaken: its position in the stream as 8
 * little-endian bytes, and the pattern from there on.
 */
#ifndef NMA_DATAGRAM_H
#define NMA_DATAGRAM_H

#include "pattern.h"
#include "report.h"

#define NMA_DATAGRAM_HEAD 8

/* Makes a packet of @len bytes; the stream is at @pos. */
void nma_datagram_fill(uint8_t *data, size_t len, uint64_t key, uint64_t pos);
/* Counts the packet in @r, and its wrong bytes. */
void nma_datagram_check(const uint8_t *data, size_t len, uint64_t key,
			struct nma_report *r);

#endif /* NMA_DATAGRAM_H */
