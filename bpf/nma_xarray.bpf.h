/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Walk of a kernel xarray by probe reads, one small step per call so that
 * bpf_loop() can drive it, and resumable by index. Nothing is locked: the
 * caller checks with nma_xa_holds() that an entry is still there once it has
 * read what the entry points to.
 */
#ifndef NMA_XARRAY_BPF_H
#define NMA_XARRAY_BPF_H

#include "nma_types.bpf.h"

#define XA_SLOTS	64
#define XA_SLOT_MASK	(XA_SLOTS - 1)
#define XA_SHIFT_MAX	60
#define XA_SPECIAL_MAX	4096	/* internal entries up to here are no nodes */

enum nma_xa_step {
	NMA_XA_AGAIN,		/* nothing yet */
	NMA_XA_FOUND,		/* entry and index are set */
	NMA_XA_END,
};

struct nma_xa {
	__u64 xarray;		/* address */
	__u64 index;		/* next to look at; of entry when found */
	__u64 node;		/* where index is, 0: start at the head */
	__u64 entry;
	__u64 slot;		/* address of the slot that held entry */
};

static __always_inline bool xa_is_internal(__u64 entry)
{
	return (entry & 3) == 2;
}

static __always_inline __u64 nma_xa_read(__u64 addr)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)addr);
	return value;
}

/* Is what was found still in its place? */
static __always_inline bool nma_xa_holds(const struct nma_xa *x)
{
	return nma_xa_read(x->slot) == x->entry;
}

static __always_inline __u8 xa_shift(__u64 node)
{
	return BPF_CORE_READ((struct xa_node *)node, shift);
}

static __always_inline enum nma_xa_step xa_from_head(struct nma_xa *x)
{
	struct xarray *xa = (void *)x->xarray;
	__u8 shift;

	x->slot = (__u64)__builtin_preserve_access_index(&xa->xa_head);
	x->entry = nma_xa_read(x->slot);
	if (!x->entry)
		return NMA_XA_END;
	if (!xa_is_internal(x->entry))
		return x->index ? NMA_XA_END : NMA_XA_FOUND;
	if (x->entry <= XA_SPECIAL_MAX)
		return NMA_XA_END;

	shift = xa_shift(x->entry - 2);
	if (shift > XA_SHIFT_MAX || (x->index >> shift) >= XA_SLOTS)
		return NMA_XA_END;
	x->node = x->entry - 2;
	return NMA_XA_AGAIN;
}

/* To the first index behind the slot; out of the node if that was its last. */
static __always_inline void xa_next_slot(struct nma_xa *x, __u8 shift)
{
	__u64 next = (x->index >> shift) + 1;

	x->index = next << shift;
	if (!(next & XA_SLOT_MASK))
		x->node = 0;
}

static __always_inline enum nma_xa_step nma_xa_step(struct nma_xa *x)
{
	struct xa_node *node;
	__u8 shift;

	if (!x->node)
		return xa_from_head(x);

	node = (void *)x->node;
	shift = xa_shift(x->node);
	if (shift > XA_SHIFT_MAX) {
		x->node = 0;	/* freed under us */
		return NMA_XA_AGAIN;
	}

	x->slot = (__u64)__builtin_preserve_access_index(&node->slots[0]) +
		  8 * ((x->index >> shift) & XA_SLOT_MASK);
	x->entry = nma_xa_read(x->slot);
	if (x->entry && !xa_is_internal(x->entry))
		return NMA_XA_FOUND;
	if (shift && x->entry > XA_SPECIAL_MAX)
		x->node = x->entry - 2;
	else
		xa_next_slot(x, shift);
	return NMA_XA_AGAIN;
}

/* After NMA_XA_FOUND, go on behind it. */
static __always_inline void nma_xa_advance(struct nma_xa *x)
{
	x->index++;
	if (!x->node || !(x->index & XA_SLOT_MASK))
		x->node = 0;
}

/* What is stored under @index, 0 nothing. Global, so that the verifier follows all of
 * the ways down once.
 */
__noinline __u64 nma_xa_load(__u64 xarray, __u64 index);

/* The device with that number in a namespace, 0 none */
static __always_inline __u64 nma_device_by_index(__u64 net, __u32 ifindex)
{
	struct net *n = (void *)net;

	if (!net || !ifindex)
		return 0;
	return nma_xa_load((__u64)__builtin_preserve_access_index(&n->dev_by_index), ifindex);
}

#endif /* NMA_XARRAY_BPF_H */
