/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The kernel's netmem objects as we know them, built from records alone: no
 * I/O, no clock, no verdicts. Objects are keyed by what the kernel never gives
 * to two of them at once: netdev address, (netdev, queue), page_pool id,
 * binding id, socket cookie.
 */
#ifndef NMA_MODEL_H
#define NMA_MODEL_H

#include <linux/types.h>
#include <stdbool.h>

#include "model/attribution.h"
#include "model/held.h"
#include "model/hist.h"
#include "model/recycle.h"
#include "model/subject.h"
#include "nma_event.h"
#include "util/queue_set.h"
#include "util/table.h"

/* enum dma_data_direction */
#define NMA_DMA_TO_DEVICE	1
#define NMA_DMA_FROM_DEVICE	2

/* How an object came to be known and when it was last seen. */
struct nma_seen {
	bool pre_existing;	/* found by the first snapshot */
	bool gone;		/* last record said so; freed by the next apply */
	__u32 generation;	/* snapshot that saw it last */
	__u64 first_ns;
	__u64 last_ns;
};

/* PP_FLAG_* by name. */
#define NMA_PP_DMA_MAP		0x1
#define NMA_PP_DMA_SYNC_DEV	0x2
#define NMA_PP_SYSTEM_POOL	0x4
#define NMA_PP_ALLOW_UNREADABLE	0x8

struct nma_nic {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_nic r;
	struct nma_rec_op resized;	/* last change of the number of queues */
	struct nma_queue_set rss;	/* queues that flows are spread over */
	char module[NMA_NAME_LEN];	/* that drives what has no driver's name */
	__u8 asked_hds;		/* enum nma_hds: the driver's answer (ethtool) */
	bool asked_thresh_known;
	bool bind_tried;	/* a queue has or had a provider, or one was refused */
	__u32 asked_thresh;
	__u32 slots_asked;	/* generation; 0: never */
	__u32 slots;		/* to receive into, of each queue; 0: not known */
};

/* Key: upper, lower */
struct nma_edge {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_edge r;
};

struct nma_queue {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_queue r;
	__u32 last_napi_id;	/* as in r, or of before it was stopped */
	__u64 stopped_ns;	/* since when nobody serves it */
	struct nma_rec_owner xsk;	/* whose AF_XDP socket it has; pid 0: not known */
};

struct nma_pool {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_pool r;	/* create_ns, stack and XDP outlive later records */
	struct nma_owner owner;
	struct nma_sought sought;	/* once it is destroyed */
};

struct nma_binding {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_binding r;	/* the owner outlives later records */
	__u32 listed;		/* snapshot that found it by its id last */
	__u64 consumed;		/* tokens returned by sockets that are closed */
	__u64 unbound_ns;	/* gone from the list, but not freed; 0: in use */
	bool let_go;		/* and the queues have been restarted without it */
	char was_ifname[NMA_IFNAME_LEN];	/* of its last known device */
	__u64 dma_gone_ns;	/* the device it is mapped for went; 0: not seen */
};

struct nma_sock {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_sock r;
};

struct nma_model {
	struct nma_table nics;
	struct nma_table queues;
	struct nma_table pools;
	struct nma_table bindings;
	struct nma_table socks;
	struct nma_table edges;
	struct nma_table held;	/* struct nma_held */
	struct nma_table ages;	/* struct nma_age */
	struct nma_table recycles;	/* struct nma_recycle */
	struct nma_table closed;	/* struct nma_closed */
	struct nma_table hists;		/* struct nma_hist */
	__u32 looks;		/* for who holds buffers, up to now */
	__u32 looked;		/* generation of the last */
	__u32 looked_at;	/* and where: bits of enum nma_holder */
	__u32 generation;	/* of the snapshot that runs or ran last */
	bool in_snapshot;
	bool has_gone;		/* some object waits to be freed */
	bool sees_ends;		/* a record tells when a binding is freed */
	__u32 page_size;
	struct nma_pool failed_pool;	/* last refused creation; not an object */
	struct nma_binding failed_binding;
};

/* What one record changed. Valid until the next apply. */
struct nma_change {
	const struct nma_rec_hdr *hdr;
	enum nma_subject subject;
	union nma_ref ref;	/* any == NULL: a mark */
};

struct nma_model *nma_model__new(void);
void nma_model__free(struct nma_model *m);

/* Upserts. -EINVAL for a record of unknown type or wrong size. */
int nma_model__apply(struct nma_model *m, const struct nma_rec_hdr *hdr,
		     struct nma_change *change);

/* What the driver answered where the core keeps no tcp-data-split. */
void nma_model__set_hds(struct nma_model *m, __u64 netdev, enum nma_hds hds,
			const __u32 *thresh);

/* How many buffers the driver may post for each queue. @slots: 0: it does not tell */
void nma_model__set_slots(struct nma_model *m, __u64 netdev, __u32 slots);

/* Whose code it is, where the kernel has no name of a driver. */
void nma_model__set_module(struct nma_model *m, __u64 netdev, const char *module);

/* The driver's indirection table; NULL: it does not tell. */
void nma_model__set_rss(struct nma_model *m, __u64 netdev,
			const struct nma_queue_set *rss);

const struct nma_nic *nma_model__nic(const struct nma_model *m, __u64 netdev);

const struct nma_queue *nma_model__queue(const struct nma_model *m, __u64 netdev,
					 __u32 queue);
/* That a NAPI instance serves; NULL if @napi_id is 0, or that is not known. */
const struct nma_queue *nma_model__queue_of_napi(const struct nma_model *m,
						 __u32 napi_id);
const struct nma_pool *nma_model__pool(const struct nma_model *m, __u32 pool_id);
const struct nma_binding *nma_model__binding(const struct nma_model *m, __u32 id);
/* What @queue has for memory; NULL: nothing, or nothing that we know. */
const struct nma_binding *nma_model__provider(const struct nma_model *m,
					      const struct nma_queue *queue);
const struct nma_sock *nma_model__sock(const struct nma_model *m, __u64 cookie);
const struct nma_nic *nma_model__nic_by_index(const struct nma_model *m,
					      __u32 netns, __u32 ifindex);
/* What @lower receives may go on to @upper, through others if need be. */
bool nma_model__is_above(const struct nma_model *m, __u64 upper, __u64 lower);
/* A device with a memory provider below @nic, NULL if there is none. */
const struct nma_nic *nma_model__bound_below(const struct nma_model *m,
					     const struct nma_nic *nic);
/* Does an XDP program run on the device of @pool, or can nobody tell? What it sends
 * elsewhere is in no packet, and not lost either.
 */
bool nma_model__may_redirect(const struct nma_model *m, const struct nma_pool *pool);
unsigned int nma_model__bound_queues(const struct nma_model *m, __u64 netdev);
/* A memory provider is or was on the device, as far as we saw, or was to be. */
bool nma_model__bind_tried(const struct nma_model *m, __u64 netdev);

/* tcp-data-split as best known; UNKNOWN if neither core nor driver told. */
enum nma_hds nma_nic_hds(const struct nma_nic *nic);
/* false when unknown. */
bool nma_nic_hds_thresh(const struct nma_nic *nic, __u32 *thresh);

/* A memory provider is installed. */
static inline bool nma_queue_bound(const struct nma_queue *queue)
{
	return queue->r.mp != NMA_MP_NONE && !queue->seen.gone;
}

/* In use: neither destroyed by its owner nor gone. */
static inline bool nma_pool_live(const struct nma_pool *pool)
{
	return !pool->r.detached && !pool->seen.gone;
}

/* Or of a CPU, for what has no device */
static inline bool nma_pool_may_be_of_nic(const struct nma_pool *pool)
{
	return !(pool->r.flags & NMA_PP_SYSTEM_POOL);
}

#define nma_model_for_each(type, table, obj) \
	for (const type *obj = (const type *)(table)->first; obj; \
	     obj = (const type *)obj->node.next)

#endif /* NMA_MODEL_H */
