// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The pattern is a sequence of little-endian 64-bit words. Word i is a product of
 * i, so no two words of a stream are the same; the high half is folded into the
 * low half, so that also the low bytes of words a page apart differ.
 */
#include <endian.h>
#include <string.h>

#include "pattern.h"

#define WORD		sizeof(uint64_t)
#define MULTIPLIER	0x9e3779b97f4a7c15ULL	/* 2^64 / golden ratio, odd */

static uint64_t pattern_word(uint64_t key, uint64_t index)
{
	uint64_t word = index * MULTIPLIER + key;

	return htole64(word ^ (word >> 32));
}

uint64_t nma_pattern_key(uint64_t seed, uint16_t port)
{
	uint64_t key = (seed << 16 ^ port) * 0xd6e8feb86659fd93ULL;

	return key ^ (key >> 32);
}

uint8_t nma_pattern_byte(uint64_t key, uint64_t pos)
{
	uint64_t word = pattern_word(key, pos / WORD);
	uint8_t bytes[WORD];

	memcpy(bytes, &word, WORD);
	return bytes[pos % WORD];
}

void nma_pattern_fill(void *buf, size_t len, uint64_t key, uint64_t pos)
{
	uint8_t *p = buf;
	uint64_t word;

	for (; len && pos % WORD; len--, pos++)
		*p++ = nma_pattern_byte(key, pos);
	for (; len >= WORD; len -= WORD, pos += WORD, p += WORD) {
		word = pattern_word(key, pos / WORD);
		memcpy(p, &word, WORD);
	}
	for (; len; len--, pos++)
		*p++ = nma_pattern_byte(key, pos);
}

/* The slow half of the check: counts single bytes. */
static size_t check_bytes(const uint8_t *p, size_t len, uint64_t key,
			  uint64_t pos, size_t *first)
{
	size_t wrong = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == nma_pattern_byte(key, pos + i))
			continue;
		if (!wrong && first)
			*first = i;
		wrong++;
	}
	return wrong;
}

size_t nma_pattern_check(const void *buf, size_t len, uint64_t key,
			 uint64_t pos, size_t *first)
{
	size_t head = -pos % WORD < len ? -pos % WORD : len;
	const uint8_t *p = buf;
	uint64_t expected;
	size_t done = head;
	uint64_t word;

	if (check_bytes(p, head, key, pos, NULL))
		return check_bytes(p, len, key, pos, first);
	for (; len - done >= WORD; done += WORD) {
		expected = pattern_word(key, (pos + done) / WORD);
		memcpy(&word, p + done, WORD);
		if (word != expected)
			return check_bytes(p, len, key, pos, first);
	}
	if (check_bytes(p + done, len - done, key, pos + done, NULL))
		return check_bytes(p, len, key, pos, first);
	return 0;
}
