/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hash table of objects that embed a node, iterated in order of insertion. Rows
 * keep their address for life, so others may point at them.
 */
#ifndef NMA_TABLE_H
#define NMA_TABLE_H

#include <linux/types.h>
#include <stddef.h>

struct nma_node {
	struct nma_node *chain;
	struct nma_node *prev;
	struct nma_node *next;
	__u64 key[2];
};

struct nma_table {
	struct nma_node **bucket;
	size_t nr_buckets;
	size_t nr;
	struct nma_node *first;
	struct nma_node *last;
};

/* The node must be the first member of its object. */
void *nma_table_find(const struct nma_table *t, __u64 k0, __u64 k1);
int nma_table_add(struct nma_table *t, struct nma_node *node, __u64 k0, __u64 k1);
void nma_table_del(struct nma_table *t, struct nma_node *node);
/* Frees every object with free() and the table itself. */
void nma_table_free(struct nma_table *t);

/* @node may be deleted inside the loop. */
#define nma_table_for_each(t, node) \
	for (struct nma_node *nma_next_, *node = (t)->first; \
	     node && (nma_next_ = node->next, 1); node = nma_next_)

#endif /* NMA_TABLE_H */
