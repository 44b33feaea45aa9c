/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Hand-made records: a healthy device nm0 with queues that have a header and a
 * payload pool each, of which a test breaks one thing at a time.
 */
#ifndef NMA_WORLD_H
#define NMA_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/judge.h"
#include "model/model.h"
#include "rules/rules.h"

#define SEC		1000000000ull
#define NETDEV		0xffff888000001000ull
#define UPPER		0xffff888000002000ull
#define PROVIDER	0xffff888000003000ull
#define NETNS		4026531840u

#define GOOD_FLAGS	(NMA_PP_DMA_MAP | NMA_PP_DMA_SYNC_DEV)
#define PAYLOAD_FLAGS	(GOOD_FLAGS | NMA_PP_ALLOW_UNREADABLE)

struct nma_rec_nic rec_nic(void);
struct nma_rec_nic rec_upper(void);		/* nm0.7, a vlan on nm0 */
struct nma_rec_edge rec_edge(__u64 upper, __u64 lower);
struct nma_rec_queue rec_queue(__u32 queue);
struct nma_rec_queue rec_bound(__u32 queue);	/* to binding 5 */
struct nma_rec_pool rec_header(__u32 id, __u32 queue);
struct nma_rec_pool rec_payload(__u32 id, __u32 queue);
struct nma_rec_pool rec_provided(__u32 id, __u32 queue);
struct nma_rec_binding rec_binding(void);	/* id 5, 16 MiB */
struct nma_rec_sock rec_sock(__u64 cookie, __u32 tokens);
struct nma_rec_op rec_op(enum nma_op op, __u32 queue, __s32 ret);
struct nma_rec_act rec_act(enum nma_act act);	/* on pool 21 of queue 1 */
struct nma_rec_mark rec_mark(enum nma_mark mark, __u32 generation);
/* Of pool 21, held by TCP 192.0.2.1:7000 of python3, or by CPU 1. */
struct nma_rec_held rec_held(enum nma_holder holder, __u32 buffers);

/* Gives a record to the model and returns what changed. */
struct nma_change feed(struct nma_model *m, const void *rec);
#define FEED(m, rec) ({ __auto_type rec_ = (rec); feed(m, &rec_); })

/* One look for who holds buffers of destroyed pools; @held ends with 0 buffers. */
#define ALL_HOLDERS	(~0u)
void look(struct nma_model *m, __u32 holders, const struct nma_rec_held *held);
/* Two looks that find nothing. */
void look_twice(struct nma_model *m);

/* Sets the cause of a record. */
#define CAUSED(rec, why) ({ __auto_type rec_ = (rec); \
	rec_.hdr.cause = NMA_CAUSE_##why; rec_; })
#define AT(rec, ns) ({ __auto_type rec_ = (rec); rec_.hdr.time_ns = (ns); rec_; })

/* Runs @rule on @ref at @now_ns. */
struct nma_verdict *verdict(const struct nma_model *m, enum nma_rule_id rule,
			    union nma_ref ref, __u64 now_ns,
			    const struct nma_rec_hdr *trigger);

/* Exactly one item, of this severity. */
const struct nma_finding *expect_one(const struct nma_verdict *v,
				     enum nma_severity sev);
void expect_none(const struct nma_verdict *v);
const struct nma_value *evidence(const struct nma_finding *f, const char *key);

#endif /* NMA_WORLD_H */
