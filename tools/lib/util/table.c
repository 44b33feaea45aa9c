// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Chained hash table that doubles; see table.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "util/table.h"

#define BUCKETS_MIN	64

static size_t slot(const struct nma_table *t, __u64 k0, __u64 k1)
{
	/* multiplicative hashing; the constant is 2^64 / golden ratio */
	__u64 h = (k0 ^ (k1 << 32 | k1 >> 32)) * 0x9e3779b97f4a7c15ull;

	return (h >> 32) & (t->nr_buckets - 1);
}

void *nma_table_find(const struct nma_table *t, __u64 k0, __u64 k1)
{
	struct nma_node *n;

	if (!t->nr)
		return NULL;
	for (n = t->bucket[slot(t, k0, k1)]; n; n = n->chain)
		if (n->key[0] == k0 && n->key[1] == k1)
			return n;
	return NULL;
}

static void hash_in(struct nma_table *t, struct nma_node *n)
{
	struct nma_node **head = &t->bucket[slot(t, n->key[0], n->key[1])];

	n->chain = *head;
	*head = n;
}

static int grow(struct nma_table *t)
{
	size_t nr = t->nr_buckets ? t->nr_buckets * 2 : BUCKETS_MIN;
	struct nma_node **bucket = calloc(nr, sizeof(*bucket));

	if (!bucket)
		return -ENOMEM;
	free(t->bucket);
	t->bucket = bucket;
	t->nr_buckets = nr;
	nma_table_for_each(t, n)
		hash_in(t, n);
	return 0;
}

int nma_table_add(struct nma_table *t, struct nma_node *node, __u64 k0, __u64 k1)
{
	if (t->nr >= t->nr_buckets && grow(t))
		return -ENOMEM;
	node->key[0] = k0;
	node->key[1] = k1;
	node->next = NULL;
	node->prev = t->last;
	if (t->last)
		t->last->next = node;
	else
		t->first = node;
	t->last = node;
	hash_in(t, node);
	t->nr++;
	return 0;
}

void nma_table_del(struct nma_table *t, struct nma_node *node)
{
	struct nma_node **p = &t->bucket[slot(t, node->key[0], node->key[1])];

	while (*p != node)
		p = &(*p)->chain;
	*p = node->chain;
	if (node->prev)
		node->prev->next = node->next;
	else
		t->first = node->next;
	if (node->next)
		node->next->prev = node->prev;
	else
		t->last = node->prev;
	t->nr--;
}

void nma_table_free(struct nma_table *t)
{
	nma_table_for_each(t, n)
		free(n);
	free(t->bucket);
	*t = (struct nma_table){ 0 };
}
