/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * stat --self: what our own programs cost between two reports.
 */
#ifndef NMA_STAT_SELF_H
#define NMA_STAT_SELF_H

#include "kernel/session.h"
#include "stat_view.h"

struct json_object;

struct nma_stat_self {
	struct nma_self before;
	struct nma_self now;	/* runs since the last report; longest first */
	__u64 span_ns;
};

int nma_stat_self__update(struct nma_stat_self *self, const struct nma_session *s,
			  __u64 span_ns);
struct json_object *nma_stat_self__json(const struct nma_stat_self *self);
/* As many lines as the next prints */
size_t nma_stat_self__lines(const struct nma_stat_self *self);
void nma_stat_self__text(const struct nma_stat_self *self,
			 const struct nma_stat_view *view, const struct nma_lost *lost);
void nma_stat_self__free(struct nma_stat_self *self);

#endif /* NMA_STAT_SELF_H */
