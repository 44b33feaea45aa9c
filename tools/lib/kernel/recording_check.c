// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What records of the kernel cannot have, and a file that somebody made can: numbers
 * outside of their enumeration, which are indices elsewhere. Everything else in a
 * record is compared or shown, whatever it is.
 */
#include <stddef.h>
#include <string.h>

#include "kernel/recording.h"

#define ORDER_MAX	31	/* of pages; a shift */
#define DMA_DIR_MAX	3	/* DMA_NONE */

static const struct limit {
	__u16 type;		/* enum nma_rec_type, 0: all */
	__u16 offset;
	__u16 size;
	__u16 max;
} limits[] = {
#define LIMIT(type, rec, member, max) \
	{ type, offsetof(struct rec, member), sizeof(((struct rec *)0)->member), max }
	LIMIT(0, nma_rec_hdr, cause, NMA_CAUSE_MISMATCH),
	LIMIT(NMA_REC_NIC, nma_rec_nic, hds, NMA_HDS_ON),
	LIMIT(NMA_REC_QUEUE, nma_rec_queue, mp, NMA_MP_OTHER),
	LIMIT(NMA_REC_POOL, nma_rec_pool, order, ORDER_MAX),
	LIMIT(NMA_REC_POOL, nma_rec_pool, dma_dir, DMA_DIR_MAX),
	LIMIT(NMA_REC_POOL, nma_rec_pool, mp, NMA_MP_OTHER),
	LIMIT(NMA_REC_POOL, nma_rec_pool, hds, NMA_HDS_ON),
	LIMIT(NMA_REC_POOL, nma_rec_pool, lock, NMA_LOCK_FREE),
	LIMIT(NMA_REC_BINDING, nma_rec_binding, dma_dir, DMA_DIR_MAX),
	LIMIT(NMA_REC_BINDING, nma_rec_binding, unmap_dir, DMA_DIR_MAX),
	LIMIT(NMA_REC_BINDING, nma_rec_binding, owner_admin, NMA_ADMIN_YES),
	LIMIT(NMA_REC_BINDING, nma_rec_binding, mp, NMA_MP_OTHER),
	LIMIT(NMA_REC_QUEUE, nma_rec_queue, xsk, NMA_XSK_ZEROCOPY),
	LIMIT(NMA_REC_OP, nma_rec_op, op, NMA_OP_XSK_BOUND),
	LIMIT(NMA_REC_OP, nma_rec_op, mode, NMA_XSK_ZEROCOPY),
	LIMIT(NMA_REC_OP, nma_rec_op, hds, NMA_HDS_ON),
	LIMIT(NMA_REC_MARK, nma_rec_mark, mark, NMA_MARK_HELD_END),
	LIMIT(NMA_REC_ACT, nma_rec_act, act, NMA_ACT_MAX - 1),
	LIMIT(NMA_REC_ACT, nma_rec_act, mp, NMA_MP_OTHER),
	LIMIT(NMA_REC_USE, nma_rec_use, use, NMA_USE_RECV_HOST),
	LIMIT(NMA_REC_USE, nma_rec_use, why, NMA_SEND_BAD_RANGE),
	LIMIT(NMA_REC_HELD, nma_rec_held, holder, NMA_HOLDER_MAX - 1),
	LIMIT(NMA_REC_HELD, nma_rec_held, where, NMA_WHERE_MAX - 1),
	LIMIT(NMA_REC_AGE, nma_rec_age, holder, NMA_HOLDER_MAX - 1),
	LIMIT(NMA_REC_AGE, nma_rec_age, where, NMA_WHERE_MAX - 1),
	LIMIT(NMA_REC_OWNER, nma_rec_owner, owned, NMA_OWNED_XSK),
	LIMIT(NMA_REC_REFUSED, nma_rec_refused, ask, NMA_REQ_MAX - 1),
	LIMIT(NMA_REC_REFUSED, nma_rec_refused, admin, NMA_ADMIN_YES),
	LIMIT(NMA_REC_REFUSED, nma_rec_refused, by, NMA_BY_NOBODY),
	LIMIT(NMA_REC_RECYCLE, nma_rec_recycle, counts, NMA_COUNTS_MAX - 1),
};

static __u64 number_at(const char *p, size_t size)
{
	__u16 u16;
	__u32 u32;
	__u64 u64;

	switch (size) {
	case 1:
		return (__u8)*p;
	case 2:
		memcpy(&u16, p, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, p, sizeof(u32));
		return u32;
	default:
		break;
	}
	memcpy(&u64, p, sizeof(u64));
	return u64;
}

bool nma_recording_sane(const struct nma_rec_hdr *hdr)
{
	const struct limit *l;

	for (l = limits; l < limits + sizeof(limits) / sizeof(*limits); l++) {
		if (l->type && l->type != hdr->type)
			continue;
		if (l->offset + l->size > hdr->size)
			return false;
		if (number_at((const char *)hdr + l->offset, l->size) > l->max)
			return false;
	}
	return true;
}
