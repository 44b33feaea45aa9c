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
struct nmnic_fill;
struct sk_buff;
struct nmnic_port;
struct nmnic_rxq;
struct nmnic_vec;
struct page_pool;
struct page_pool_params;

struct nmnic_fault {
	struct nmnic_port *port;
	enum nmnic_fault_id id;
	atomic_t armed;		/* occasions left, NMNIC_FAULT_ALWAYS */
	atomic_t fired;
	bool keyed;		/* holds nmnic_faults_key */
};

/* Occasions that wait for a task to misbehave */
struct nmnic_fault_work {
	struct work_struct work;
	struct nmnic_vec *vec;	/* of the latest */
	atomic_t recycle_direct;
	atomic_t alloc_dead;
	atomic_t live_napi;
};

struct nmnic_fault_panel {
	struct dentry *dir;
	struct mutex lock;	/* arming */
	struct nmnic_fault fault[NMNIC_FAULT_MAX];
	spinlock_t held_lock;	/* the two below; taken in BH and process context */
	struct list_head held;	/* netmems that were "leaked" */
	unsigned int num_held;
	struct nmnic_fault_work work;
	unsigned int num_kept;	/* the same lock */
	struct page_pool *kept[16];
	struct sk_buff_head held_skbs;
};

DECLARE_STATIC_KEY_FALSE(nmnic_faults_key);

bool nmnic_fault_fire(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue);

/* True if this occasion must misbehave. Any context. */
static inline bool nmnic_fault(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue)
{
	return static_branch_unlikely(&nmnic_faults_key) && nmnic_fault_fire(np, id, queue);
}

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

/* fault/buffer.c */
void nmnic_fault_work_init(struct nmnic_fault_work *fw);
void nmnic_fault_work_end(struct nmnic_fault_work *fw);
void nmnic_fault_buffer(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem);

/* A buffer that came back from the device and is still the driver's. NAPI. */
static inline void nmnic_fault_at_buffer(struct nmnic_rxq *rxq, struct nmnic_fill *fill,
					 netmem_ref netmem)
{
	if (static_branch_unlikely(&nmnic_faults_key))
		nmnic_fault_buffer(rxq, fill, netmem);
}

/* fault/skb.c */
void nmnic_fault_frame(struct nmnic_rxq *rxq, struct sk_buff *skb);
void nmnic_fault_tx(struct nmnic_vec *vec, dma_addr_t addr, u32 len);

/* A frame on its way to the stack. NAPI. */
static inline void nmnic_fault_at_frame(struct nmnic_rxq *rxq, struct sk_buff *skb)
{
	if (static_branch_unlikely(&nmnic_faults_key))
		nmnic_fault_frame(rxq, skb);
}

/* A fragment of a packet that can not be read, mapped to be sent. */
static inline void nmnic_fault_at_tx(struct nmnic_vec *vec, dma_addr_t addr, u32 len)
{
	if (static_branch_unlikely(&nmnic_faults_key))
		nmnic_fault_tx(vec, addr, len);
}

/* Creates a payload pool, wrongly if told to. Process context, under the lock of
 * the queue's configuration.
 */
struct page_pool *nmnic_fault_pool_create(struct nmnic_port *np, unsigned int queue,
					  struct page_pool_params *pp);

bool nmnic_fault_split_off(struct nmnic_port *np);
void nmnic_fault_open(struct nmnic_port *np);
bool nmnic_fault_keep_pool(struct nmnic_port *np, unsigned int queue, struct page_pool *pool);
void nmnic_fault_drop_pools(struct nmnic_fault_panel *panel);

/* True if @skb was taken over. BH. */
bool nmnic_fault_hold_skb(struct nmnic_port *np, unsigned int queue, struct sk_buff *skb);

static inline bool nmnic_fault_hold_tx(struct nmnic_port *np, unsigned int queue,
				       struct sk_buff *skb)
{
	return static_branch_unlikely(&nmnic_faults_key) && nmnic_fault_hold_skb(np, queue, skb);
}

/* fault/dmabuf.c */
int nmnic_fault_export(struct nmnic_port *np, const void __user *arg);

void nmnic_fault_init(void);
void nmnic_fault_exit(void);
void nmnic_fault_panel_init(struct nmnic_port *np);
void nmnic_fault_panel_add(struct nmnic_port *np);
void nmnic_fault_panel_rename(struct nmnic_port *np);
void nmnic_fault_panel_remove(struct nmnic_port *np);

#endif /* NMNIC_FAULT_H */
