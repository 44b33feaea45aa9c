/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Messages of one socket that the kernel sends without copying: it numbers those
 * it accepts 0, 1, 2, ..., and says in the socket's error queue which numbers it
 * is done with. Their memory may not be written before.
 */
#ifndef NMA_ZEROCOPY_H
#define NMA_ZEROCOPY_H

#include <stdbool.h>
#include <stdint.h>

#define NMA_ZC_MESSAGES	4096	/* on their way at once */
#define NMA_ZC_PIECES	4096	/* of memory, each sent by some messages */

struct nma_zerocopy {
	uint32_t sent;			/* also the number of the next message */
	uint32_t completed;
	uint32_t copied;		/* of them, in spite of MSG_ZEROCOPY */
	uint16_t piece[NMA_ZC_MESSAGES];	/* of message number % size, + 1 */
	uint32_t pending[NMA_ZC_PIECES];	/* messages of each piece */
};

/* May one more be sent, or must completions come first? */
bool nma_zerocopy_full(const struct nma_zerocopy *zc);
/* The kernel has accepted a message with memory of @piece. */
void nma_zerocopy_sent(struct nma_zerocopy *zc, unsigned int piece);
/* It is done with messages @lo .. @hi. Returns 0, or -EPROTO with a message if it
 * has said so before or they were never sent.
 */
int nma_zerocopy_done(struct nma_zerocopy *zc, uint32_t lo, uint32_t hi,
		      bool copied);

/* Takes all that is in the error queue of socket @fd. Returns 0, or -errno with
 * a message.
 */
int nma_zerocopy_reap(struct nma_zerocopy *zc, int fd);

#endif /* NMA_ZEROCOPY_H */
