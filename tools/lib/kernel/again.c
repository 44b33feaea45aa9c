// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See again.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/again.h"

struct said {
	struct nma_node node;
	__u32 number;
	__u32 look;		/* that mentioned it last */
	struct nma_rec_hdr hdr;	/* the record begins here */
};

struct heard {
	struct nma_node node;
	__u32 look;
	struct nma_rec_hdr hdr;	/* the record begins here */
};

/* Only what is found by looking comes again and again. */
static bool counts(const struct nma_rec_hdr *hdr)
{
	return hdr->cause == NMA_CAUSE_SNAPSHOT;
}

/* Of which object it is. Two with one key only take each other's place. */
static bool key_of(const struct nma_rec_hdr *hdr, __u64 key[2])
{
	const union {
		struct nma_rec_hdr hdr;
		struct nma_rec_nic nic;
		struct nma_rec_queue queue;
		struct nma_rec_pool pool;
		struct nma_rec_binding binding;
		struct nma_rec_sock sock;
		struct nma_rec_edge edge;
		struct nma_rec_held held;
		struct nma_rec_recycle recycle;
		struct nma_rec_census census;
	} *r = (const void *)hdr;

#define KEY(k0, k1) ((key[0] = (k0)), (key[1] = (k1)), true)
	switch (hdr->type) {
	case NMA_REC_NIC:
		return KEY(r->nic.netdev, 0);
	case NMA_REC_QUEUE:
		return KEY(r->queue.netdev, r->queue.queue);
	case NMA_REC_POOL:
		return KEY(r->pool.pool_id, 0);
	case NMA_REC_BINDING:
		return KEY(r->binding.binding, r->binding.binding_id);
	case NMA_REC_SOCK:
		return KEY(r->sock.cookie, 0);
	case NMA_REC_EDGE:
		return KEY(r->edge.upper, r->edge.lower);
	case NMA_REC_HELD:
		return KEY(r->held.object, (__u64)r->held.pool_id << 32 |
			   r->held.holder << 8 | r->held.where);
	case NMA_REC_RECYCLE:
		return KEY(r->recycle.pool_id, 0);
	case NMA_REC_CENSUS:
		return KEY(r->census.pool_id, 0);
	default:
		break;
	}
#undef KEY
	return false;
}

static bool is_same(const struct nma_rec_hdr *a, const struct nma_rec_hdr *b)
{
	const size_t time = offsetof(struct nma_rec_hdr, time_ns);
	const size_t rest = time + sizeof(a->time_ns);

	return a->size == b->size && !memcmp(a, b, time) &&
	       !memcmp((const char *)a + rest, (const char *)b + rest, a->size - rest);
}

/* Without memory it is not remembered, and will be written again. */
static void remember(struct nma_said *s, const struct nma_rec_hdr *hdr,
		     const __u64 key[2], struct said *old)
{
	struct nma_table *t = &s->t[hdr->type];
	struct said *said = old;

	if (!said)
		said = malloc(offsetof(struct said, hdr) + hdr->size);
	if (!said)
		return;
	said->number = s->next - 1;
	said->look = s->look;
	memcpy(&said->hdr, hdr, hdr->size);
	if (!old && nma_table_add(t, &said->node, key[0], key[1]))
		free(said);
}

bool nma_said__before(struct nma_said *s, const struct nma_rec_hdr *hdr, __u32 *number)
{
	struct said *said;
	__u64 key[2];

	if (!counts(hdr))
		return false;
	if (!key_of(hdr, key)) {
		s->next++;
		return false;
	}
	said = nma_table_find(&s->t[hdr->type], key[0], key[1]);
	if (said && is_same(&said->hdr, hdr)) {
		said->look = s->look;
		*number = said->number;
		return true;
	}
	if (said && said->hdr.size != hdr->size) {
		nma_table_del(&s->t[hdr->type], &said->node);
		free(said);
		said = NULL;
	}
	s->next++;
	remember(s, hdr, key, said);
	return false;
}

void nma_said__end_look(struct nma_said *s)
{
	size_t i;

	for (i = 0; i < sizeof(s->t) / sizeof(*s->t); i++)
		nma_table_for_each(&s->t[i], n) {
			if (((struct said *)n)->look == s->look)
				continue;
			nma_table_del(&s->t[i], n);
			free(n);
		}
	s->look++;
}

void nma_said__free(struct nma_said *s)
{
	size_t i;

	for (i = 0; i < sizeof(s->t) / sizeof(*s->t); i++)
		nma_table_free(&s->t[i]);
}

int nma_heard__note(struct nma_heard *h, const struct nma_rec_hdr *hdr)
{
	struct heard *heard;

	if (!counts(hdr))
		return 0;
	heard = malloc(offsetof(struct heard, hdr) + hdr->size);
	if (!heard || nma_table_add(&h->t, &heard->node, h->next, 0)) {
		free(heard);
		return -ENOMEM;
	}
	h->next++;
	heard->look = h->look;
	memcpy(&heard->hdr, hdr, hdr->size);
	return 0;
}

const struct nma_rec_hdr *nma_heard__again(struct nma_heard *h, __u32 number,
					   __u64 time_ns)
{
	struct heard *heard = nma_table_find(&h->t, number, 0);

	if (!heard)
		return NULL;
	heard->look = h->look;
	heard->hdr.time_ns = time_ns;
	return &heard->hdr;
}

void nma_heard__end_look(struct nma_heard *h)
{
	nma_table_for_each(&h->t, n) {
		if (((struct heard *)n)->look == h->look)
			continue;
		nma_table_del(&h->t, n);
		free(n);
	}
	h->look++;
}

void nma_heard__free(struct nma_heard *h)
{
	nma_table_free(&h->t);
}
