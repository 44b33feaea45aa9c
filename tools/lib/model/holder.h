/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * In words: who holds buffers of a pool, and what makes it release them.
 */
#ifndef NMA_HOLDER_H
#define NMA_HOLDER_H

#include <linux/types.h>
#include <stddef.h>

#include "nma_event.h"

/* Of enum nma_holder and nma_where: "defer" (JSON), "deferred-free list", "receive
 * queue". NULL: there is none.
 */
const char *nma_holder_name(__u32 holder);
const char *nma_holder_text(__u32 holder);
const char *nma_where_text(__u32 where);

/* State of the socket, "ESTABLISHED"; NULL if it is none of TCP. */
const char *nma_holder_state(const struct nma_rec_held *r);

/* What the buffers do there: "wait unread in the receive queue of TCP
 * 192.0.2.1:7000, python3, pid 4711".
 */
void nma_holder_does(char *dst, size_t size, const struct nma_rec_held *r);

/* The same without the verb: "receive queue of TCP 192.0.2.1:7000, python3, pid 4711";
 * "" where the holder says it all.
 */
void nma_holder_place(char *dst, size_t size, const struct nma_rec_held *r);

/* Who frees what such a holder has; NULL: not known, or nobody needs to. */
const char *nma_holder_frees(__u32 holder);

#endif /* NMA_HOLDER_H */
