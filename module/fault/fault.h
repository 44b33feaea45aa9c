/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * The fault panel: what makes the driver break a rule on purpose. Faults are
 * listed in nmnic_faults.def; how to use them is told in nmnic_uapi.h.
 *
 * A place that can misbehave asks nmnic_fault(), which costs one patched-out
 * branch as long as no fault was armed since the module was loaded.
 */
#ifndef NMNIC_FAULT_H
#define NMNIC_FAULT_H

#include <linux/atomic.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/netmem.h>

#include "nmnic_uapi.h"

struct dentry;
struct nmnic_fault_panel;
struct nmnic_fill;
struct nmnic_port;
struct nmnic_rxq;
struct nmnic_vec;
struct page_pool;
struct page_pool_params;
struct sk_buff;

/* What a fault does beside being asked for; each may be missing. Process
 * context.
 */
struct nmnic_fault_ops {
	/* Waits until what has fired is done, where that takes a task. */
	void (*settle)(struct nmnic_fault_panel *panel);
	/* Gives back what the fault has taken away. */
	void (*disarm)(struct nmnic_fault_panel *panel);
	/* Of the fault's file */
	long (*ioctl)(struct nmnic_port *np, unsigned int cmd, unsigned long arg);
};

struct nmnic_fault {
	struct nmnic_port *port;
	enum nmnic_fault_id id;
	const struct nmnic_fault_ops *ops;	/* or NULL */
	atomic_t armed;		/* occasions left, NMNIC_FAULT_ALWAYS */
	atomic_t fired;
	bool keyed;		/* holds nmnic_faults_key */
};

/* Netmems that were "leaked" */
struct nmnic_fault_held {
	spinlock_t lock;	/* taken in BH and process context */
	struct list_head pages;
	unsigned int num;
};

/* Pools that should have been destroyed */
struct nmnic_fault_kept {
	spinlock_t lock;
	unsigned int num;
	struct page_pool *pool[16];
};

/* Occasions that wait for a task to misbehave */
struct nmnic_fault_work {
	struct work_struct work;
	struct nmnic_vec *vec;	/* of the latest */
	atomic_t recycle_direct;
	atomic_t alloc_dead;
	atomic_t live_napi;
	atomic_t take_together;
};

struct nmnic_fault_panel {
	struct dentry *dir;
	struct mutex lock;	/* arming */
	struct nmnic_fault fault[NMNIC_FAULT_MAX];
	struct nmnic_fault_held held;
	struct nmnic_fault_work work;
	struct nmnic_fault_kept kept;
	struct sk_buff_head held_skbs;
};

DECLARE_STATIC_KEY_FALSE(nmnic_faults_key);

bool nmnic_fault_fire(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue);

/* True if this occasion must misbehave. Any context. */
static inline bool nmnic_fault(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue)
{
	return static_branch_unlikely(&nmnic_faults_key) && nmnic_fault_fire(np, id, queue);
}

/* buffer.c */
void nmnic_fault_buffer_init(struct nmnic_fault_panel *panel);
void nmnic_fault_buffer_end(struct nmnic_fault_panel *panel);
void nmnic_fault_buffer(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem);

/* True if @netmem was taken over: the caller forgets it. BH or process context. */
bool nmnic_fault_hold_back(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue,
			   struct page_pool *pool, netmem_ref netmem);

static inline bool nmnic_fault_leak(struct nmnic_port *np, enum nmnic_fault_id id,
				    unsigned int queue, struct page_pool *pool,
				    netmem_ref netmem)
{
	return static_branch_unlikely(&nmnic_faults_key) &&
	       nmnic_fault_hold_back(np, id, queue, pool, netmem);
}

/* A buffer that came back from the device and is still the driver's. NAPI. */
static inline void nmnic_fault_at_buffer(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
					 netmem_ref netmem)
{
	if (static_branch_unlikely(&nmnic_faults_key))
		nmnic_fault_buffer(rxq, fill, netmem);
}

/* skb.c */
void nmnic_fault_skb_init(struct nmnic_fault_panel *panel);
void nmnic_fault_frame(struct nmnic_rxq *rxq, struct sk_buff *skb);
void nmnic_fault_tx(struct nmnic_vec *vec, dma_addr_t addr, u32 len);
/* True if @skb was taken over. BH. */
bool nmnic_fault_hold_skb(struct nmnic_port *np, unsigned int queue, struct sk_buff *skb);

/* A frame on its way to the stack. NAPI. */
static inline void nmnic_fault_at_frame(struct nmnic_rxq *rxq, struct sk_buff *skb)
{
	if (static_branch_unlikely(&nmnic_faults_key))
		nmnic_fault_frame(rxq, skb);
}

/* A fragment of a packet that cannot be read, mapped to be sent. */
static inline void nmnic_fault_at_tx(struct nmnic_vec *vec, dma_addr_t addr, u32 len)
{
	if (static_branch_unlikely(&nmnic_faults_key))
		nmnic_fault_tx(vec, addr, len);
}

static inline bool nmnic_fault_hold_tx(struct nmnic_port *np, unsigned int queue,
				       struct sk_buff *skb)
{
	return static_branch_unlikely(&nmnic_faults_key) && nmnic_fault_hold_skb(np, queue, skb);
}

/* pool.c */
void nmnic_fault_pool_init(struct nmnic_fault_panel *panel);
bool nmnic_fault_split_off(struct nmnic_port *np);
void nmnic_fault_open(struct nmnic_port *np);
bool nmnic_fault_keep_pool(struct nmnic_port *np, unsigned int queue, struct page_pool *pool);
/* Creates a payload pool, wrongly if told to. Process context, under the lock of
 * the queue's configuration.
 */
struct page_pool *nmnic_fault_pool_create(struct nmnic_port *np, unsigned int queue,
					  struct page_pool_params *pp);

/* dmabuf.c */
void nmnic_fault_dmabuf_init(struct nmnic_fault_panel *panel);

/* panel.c */
void nmnic_fault_init(void);
void nmnic_fault_exit(void);
void nmnic_fault_panel_init(struct nmnic_port *np);
void nmnic_fault_panel_add(struct nmnic_port *np);
void nmnic_fault_panel_rename(struct nmnic_port *np);
void nmnic_fault_panel_remove(struct nmnic_port *np);

#endif /* NMNIC_FAULT_H */
