// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Packets that carry the pattern: see datagram.h.
 */
#include <endian.h>
#include <string.h>

#include "datagram.h"

void nma_datagram_fill(uint8_t *data, size_t len, uint64_t key, uint64_t pos)
{
	uint64_t head = htole64(pos);
	size_t n = len < NMA_DATAGRAM_HEAD ? len : NMA_DATAGRAM_HEAD;

	memcpy(data, &head, n);
	nma_pattern_fill(data + n, len - n, key, pos);
}

void nma_datagram_check(const uint8_t *data, size_t len, uint64_t key,
			struct nma_report *r)
{
	size_t first = 0;
	size_t wrong;
	uint64_t pos;

	r->datagrams++;
	r->bytes += len;
	if (len <= NMA_DATAGRAM_HEAD)
		return;
	memcpy(&pos, data, sizeof(pos));
	pos = le64toh(pos);
	wrong = nma_pattern_check(data + NMA_DATAGRAM_HEAD, len - NMA_DATAGRAM_HEAD,
				  key, pos, &first);
	nma_report_wrong(r, wrong, pos + first);
}
