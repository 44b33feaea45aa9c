/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The pattern that a sender writes and a receiver verifies. Every byte depends on
 * its position in the stream and on the flow's key, so that lost, doubled,
 * misplaced and foreign data are all seen. Pure functions: no I/O, no state.
 */
#ifndef NMA_PATTERN_H
#define NMA_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Key of the flow that the sender's @port began, for a user-chosen @seed. */
uint64_t nma_pattern_key(uint64_t seed, uint16_t port);

/* Writes bytes @pos .. @pos + @len - 1 of the stream @key to @buf. */
void nma_pattern_fill(void *buf, size_t len, uint64_t key, uint64_t pos);

/* How many of those bytes differ in @buf; *@first (if any do, and not NULL) is
 * the index in @buf of the first one that does.
 */
size_t nma_pattern_check(const void *buf, size_t len, uint64_t key,
			 uint64_t pos, size_t *first);

/* Byte @pos of the stream @key. */
uint8_t nma_pattern_byte(uint64_t key, uint64_t pos);

#endif /* NMA_PATTERN_H */
