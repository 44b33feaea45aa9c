// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What armed faults do to buffers. Each breaks its rule and puts right at once
 * what the stack or a page_pool would stumble over, so that traffic goes on and
 * the module can go: a buffer that is in a pool twice is taken out twice before
 * anybody else can.
 */
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"

/* Netmems that a port can hold back: 64 MiB of pages, more than any ring */
#define MAX_HELD	16384

/* A page of netmems that were withheld, with the pools that miss them. A pool
 * that is destroyed meanwhile lives on until its last buffer is back.
 */
struct held_page {
	struct list_head list;
	unsigned int num;
	struct {
		struct page_pool *pool;
		netmem_ref netmem;
	} entry[];
};

#define HELD_PER_PAGE	\
	((PAGE_SIZE - sizeof(struct held_page)) / sizeof_field(struct held_page, entry[0]))

/* ---- Buffers that are withheld -------------------------------------------------*/

/* Under the lock */
static bool hold(struct nmnic_fault_held *held, struct page_pool *pool, netmem_ref netmem)
{
	struct held_page *page;

	page = list_first_entry_or_null(&held->pages, struct held_page, list);
	if (!page || page->num == HELD_PER_PAGE) {
		page = (struct held_page *)get_zeroed_page(GFP_ATOMIC | __GFP_NOWARN);
		if (!page)
			return false;
		list_add(&page->list, &held->pages);
	}
	page->entry[page->num].pool = pool;
	page->entry[page->num].netmem = netmem;
	page->num++;
	held->num++;
	return true;
}

bool nmnic_fault_hold_back(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue,
			   struct page_pool *pool, netmem_ref netmem)
{
	struct nmnic_fault_panel *panel = &np->faults;
	struct nmnic_fault_held *held = &panel->held;
	bool taken = false;

	if (!atomic_read(&panel->fault[id].armed))
		return false;
	spin_lock_bh(&held->lock);
	if (held->num < MAX_HELD && hold(held, pool, netmem)) {
		taken = nmnic_fault_fire(np, id, queue);
		if (!taken) {
			/* Switched off in between */
			list_first_entry(&held->pages, struct held_page, list)->num--;
			held->num--;
		}
	}
	spin_unlock_bh(&held->lock);
	return taken;
}

/* False if the kernel took the page, which then is no longer the pool's. One that it
 * refused when it was freed has no reference left, and nobody else will ask for it.
 */
static bool revive(const struct page_pool *pool, netmem_ref netmem)
{
	struct page *page;

	if (netmem_is_net_iov(netmem))
		return true;
	page = netmem_to_page(netmem);
	if (page_ref_count(page))
		return true;
	if (netmem_get_pp(netmem) != pool)
		return false;
	init_page_count(page);
	return true;
}

/* Process context, so never straight into a pool's cache */
static void give_back(struct nmnic_fault_panel *panel)
{
	struct nmnic_fault_held *held = &panel->held;
	struct held_page *page, *next;
	unsigned int i;
	LIST_HEAD(pages);

	spin_lock_bh(&held->lock);
	list_splice_init(&held->pages, &pages);
	held->num = 0;
	spin_unlock_bh(&held->lock);

	list_for_each_entry_safe(page, next, &pages, list) {
		for (i = 0; i < page->num; i++)
			if (revive(page->entry[i].pool, page->entry[i].netmem))
				page_pool_put_full_netmem(page->entry[i].pool,
							  page->entry[i].netmem, false);
		free_page((unsigned long)page);
	}
}

static const struct nmnic_fault_ops leak_ops = {
	.disarm	= give_back,
};

/* Not while strays with such pages are on their way. */
static void give_back_freed(struct nmnic_fault_panel *panel)
{
	synchronize_net();
	give_back(panel);
}

static const struct nmnic_fault_ops no_mark_page_ops = {
	.disarm	= give_back_freed,
};

/* ---- Buffers that are misused in NAPI ------------------------------------------*/

/* What goes into the pool's cache now is what comes out next. */
static bool cache_has_room(const struct page_pool *pool, unsigned int n)
{
	return pool->alloc.count + n <= PP_ALLOC_CACHE_SIZE;
}

/* Nothing was written that a device would have to see: no sync. */
static void put_in_cache(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_netmem(pool, netmem, 0, true);
}

static void take_back(struct page_pool *pool, netmem_ref netmem)
{
	WARN_ON_ONCE(page_pool_alloc_netmems(pool, GFP_ATOMIC | __GFP_NOWARN) != netmem);
}

static void double_put(struct nmnic_rxq *rxq, struct page_pool *pool, netmem_ref netmem)
{
	struct nmnic_vec *vec = rxq->vec;

	if (!cache_has_room(pool, 2) || !nmnic_fault(vec->port, NMNIC_FAULT_DOUBLE_PUT, vec->idx))
		return;
	put_in_cache(pool, netmem);
	put_in_cache(pool, netmem);
	take_back(pool, netmem);
	take_back(pool, netmem);
}

static void put_wrong_pool(struct nmnic_rxq *rxq, netmem_ref netmem)
{
	struct nmnic_fill *hdr = &rxq->fill[NMHW_RX_RING_HDR];
	struct nmnic_vec *vec = rxq->vec;

	if (!hdr->size || !cache_has_room(hdr->pool, 1) ||
	    !nmnic_fault(vec->port, NMNIC_FAULT_PUT_WRONG_POOL, vec->idx))
		return;
	put_in_cache(hdr->pool, netmem);
	take_back(hdr->pool, netmem);
}

/* With a provider the buffer would be lost for good. */
static void use_page_api(struct nmnic_rxq *rxq, struct page_pool *pool, netmem_ref netmem)
{
	struct nmnic_vec *vec = rxq->vec;
	struct page *page;

	if (!netmem_address(netmem) || !nmnic_fault(vec->port, NMNIC_FAULT_USE_PAGE_API, vec->idx))
		return;
	page = page_pool_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN);
	if (page)
		page_pool_put_full_page(pool, page, true);
}

/* The pool gives such a page up, and the last reference frees it. */
static void hold_page(struct nmnic_rxq *rxq)
{
	struct nmnic_fill *hdr = &rxq->fill[NMHW_RX_RING_HDR];
	struct nmnic_vec *vec = rxq->vec;
	netmem_ref netmem;
	struct page *page;

	if (!hdr->size || !nmnic_fault(vec->port, NMNIC_FAULT_HOLD_PAGE, vec->idx))
		return;
	netmem = page_pool_alloc_netmems(hdr->pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!netmem)
		return;
	page = virt_to_page(netmem_address(netmem));
	get_page(page);
	page_pool_put_full_netmem(hdr->pool, netmem, true);
	put_page(page);
}

/* As drivers did it before they had page_pools do it: without effect where the
 * device needs no sync, and then nobody sees it either.
 */
static void sync_netmem(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem)
{
	struct nmnic_vec *vec = rxq->vec;
	dma_addr_t addr;

	if (netmem_address(netmem))
		return;
	addr = page_pool_get_dma_addr_netmem(netmem) + fill->headroom;
	if (nmnic_fault(vec->port, NMNIC_FAULT_SYNC_NETMEM, vec->idx))
		dma_sync_single_for_cpu(vec->port->dev, addr, fill->len, DMA_FROM_DEVICE);
	if (nmnic_fault(vec->port, NMNIC_FAULT_SYNC_NETMEM_DEV, vec->idx))
		dma_sync_single_for_device(vec->port->dev, addr, fill->len, DMA_FROM_DEVICE);
}

/* ---- What needs a pool that nobody else uses, and a task ---------------------*/

static struct page_pool *private_pool(struct nmnic_vec *vec, struct napi_struct *napi)
{
	struct page_pool_params pp = {
		.pool_size	= 64,
		/* One at a time, so that a destroyed pool keeps none */
		.order		= 1,
		.nid		= NUMA_NO_NODE,
		.dev		= vec->port->dev,
		.dma_dir	= DMA_FROM_DEVICE,
		.napi		= napi,
		.netdev		= vec->port->netdev,
		.queue_idx	= vec->idx,
	};
	struct page_pool *pool = page_pool_create(&pp);

	return IS_ERR(pool) ? NULL : pool;
}

static void recycle_direct(struct nmnic_vec *vec, int n)
{
	struct page_pool *pool = private_pool(vec, &vec->napi);
	netmem_ref netmem;

	if (!pool)
		return;
	while (n--) {
		netmem = page_pool_alloc_netmems(pool, GFP_KERNEL);
		if (netmem)
			page_pool_put_full_netmem(pool, netmem, true);
	}
	/* Its end is no fault */
	WRITE_ONCE(pool->p.napi, NULL);
	page_pool_destroy(pool);
}

/* The pool is freed a second after its first buffer came back. */
static void alloc_dead(struct nmnic_vec *vec, int n)
{
	struct page_pool *pool = private_pool(vec, NULL);
	netmem_ref first, netmem;

	if (!pool)
		return;
	first = page_pool_alloc_netmems(pool, GFP_KERNEL);
	page_pool_destroy(pool);
	if (!first)
		return;
	while (n--) {
		netmem = page_pool_alloc_netmems(pool, GFP_KERNEL);
		if (netmem)
			page_pool_put_full_netmem(pool, netmem, false);
	}
	page_pool_put_full_netmem(pool, first, false);
}

static int nothing_to_poll(struct napi_struct *napi, int budget)
{
	napi_complete_done(napi, 0);
	return 0;
}

/* One of its own, that is enabled all the time: a queue's is not while the queue
 * restarts. Device drivers without a network device have their NAPIs like this.
 */
static void live_napi(struct nmnic_vec *vec, int n)
{
	struct net_device *dummy = alloc_netdev_dummy(sizeof(struct napi_struct));
	struct napi_struct *napi;
	struct page_pool *pool;

	if (!dummy)
		return;
	napi = netdev_priv(dummy);
	netif_napi_add(dummy, napi, nothing_to_poll);
	napi_enable(napi);
	while (n--) {
		pool = private_pool(vec, napi);
		if (pool)
			page_pool_destroy(pool);
	}
	napi_disable(napi);
	netif_napi_del(napi);
	free_netdev(dummy);
}

/* ---- Two that take from one pool ------------------------------------------------*/

#define TAKES		256
#define TAKE_EVERY_NS	(50 * NSEC_PER_USEC)

/* A task and, as NAPI is one, a softirq */
struct two_takers {
	struct page_pool *pool;
	struct hrtimer timer;
	spinlock_t lock;
	bool in_turn;
	unsigned int most;
	struct takes {
		unsigned int num;
		netmem_ref netmem[4 * TAKES];
	} task, softirq;
};

static void take(struct page_pool *pool, struct takes *takes)
{
	netmem_ref netmem = page_pool_alloc_netmems(pool, GFP_ATOMIC | __GFP_NOWARN);

	if (netmem)
		takes->netmem[takes->num++] = netmem;
}

/* As it should be */
static noinline void take_in_turn(struct two_takers *two, struct takes *takes)
{
	spin_lock_bh(&two->lock);
	take(two->pool, takes);
	spin_unlock_bh(&two->lock);
}

static noinline void take_at_once(struct two_takers *two, struct takes *takes)
{
	take(two->pool, takes);
}

static void take_one(struct two_takers *two, struct takes *takes)
{
	if (two->in_turn)
		take_in_turn(two, takes);
	else
		take_at_once(two, takes);
}

static enum hrtimer_restart take_in_softirq(struct hrtimer *timer)
{
	struct two_takers *two = container_of(timer, struct two_takers, timer);

	take_one(two, &two->softirq);
	if (two->softirq.num == two->most)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(TAKE_EVERY_NS));
	return HRTIMER_RESTART;
}

static void start_softirq(void *two_takers)
{
	struct two_takers *two = two_takers;

	hrtimer_start(&two->timer, ns_to_ktime(TAKE_EVERY_NS), HRTIMER_MODE_REL_PINNED_SOFT);
}

/* The softirq is one of @cpu. */
static void take_both(struct two_takers *two, unsigned int cpu, bool in_turn)
{
	unsigned int i;

	two->in_turn = in_turn;
	two->most += TAKES;
	smp_call_function_single(cpu, start_softirq, two, true);
	for (i = 0; i < TAKES; i++)
		take_one(two, &two->task);
	hrtimer_cancel(&two->timer);
}

/* What was taken at once was counted at once, so that the count may be too small. */
static void give_all_back(struct two_takers *two)
{
	struct page_pool *pool = two->pool;
	unsigned int i;

	pool->pages_state_hold_cnt = atomic_read(&pool->pages_state_release_cnt) +
				     two->task.num + two->softirq.num;
	for (i = 0; i < two->task.num; i++)
		page_pool_put_full_netmem(pool, two->task.netmem[i], false);
	for (i = 0; i < two->softirq.num; i++)
		page_pool_put_full_netmem(pool, two->softirq.netmem[i], false);
}

/* From a pool that has nothing, as long as nobody gives anything back: then each take
 * is one from the page allocator, and a wrong count is the worst that happens.
 */
static void take_together(struct nmnic_vec *vec)
{
	unsigned int here = raw_smp_processor_id();
	unsigned int other = cpumask_any_but(cpu_online_mask, here);
	struct two_takers *two = kzalloc_obj(*two);

	if (!two)
		return;
	two->pool = private_pool(vec, NULL);
	if (!two->pool)
		goto out_free_two;
	spin_lock_init(&two->lock);
	hrtimer_setup(&two->timer, take_in_softirq, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_SOFT);
	take_both(two, here, true);
	take_both(two, here, false);
	if (other < nr_cpu_ids) {
		take_both(two, other, true);
		take_both(two, other, false);
	}
	give_all_back(two);
	page_pool_destroy(two->pool);
out_free_two:
	kfree(two);
}

static void fault_work(struct work_struct *work)
{
	struct nmnic_fault_work *fw = container_of(work, struct nmnic_fault_work, work);
	struct nmnic_vec *vec = READ_ONCE(fw->vec);
	int n;

	n = atomic_xchg(&fw->recycle_direct, 0);
	if (n)
		recycle_direct(vec, n);
	n = atomic_xchg(&fw->alloc_dead, 0);
	if (n)
		alloc_dead(vec, n);
	n = atomic_xchg(&fw->live_napi, 0);
	if (n)
		live_napi(vec, n);
	for (n = atomic_xchg(&fw->take_together, 0); n; n--)
		take_together(vec);
}

static void wait_for_task(struct nmnic_fault_panel *panel)
{
	flush_work(&panel->work.work);
}

static const struct nmnic_fault_ops task_ops = {
	.settle	= wait_for_task,
};

static void leave_to_task(struct nmnic_vec *vec, enum nmnic_fault_id id, atomic_t *count)
{
	struct nmnic_fault_work *fw = &vec->port->faults.work;

	if (!nmnic_fault(vec->port, id, vec->idx))
		return;
	WRITE_ONCE(fw->vec, vec);
	atomic_inc(count);
	schedule_work(&fw->work);
}

void nmnic_fault_buffer(struct nmnic_rxq *rxq, struct nmnic_fill *fill, netmem_ref netmem)
{
	struct nmnic_fault_work *fw = &rxq->vec->port->faults.work;

	/* Not of buffers that share a page with others */
	if (fill->ring != NMHW_RX_RING_PAY || fill->truesize < PAGE_SIZE)
		return;
	use_page_api(rxq, fill->pool, netmem);
	put_wrong_pool(rxq, netmem);
	double_put(rxq, fill->pool, netmem);
	hold_page(rxq);
	sync_netmem(rxq, fill, netmem);
	leave_to_task(rxq->vec, NMNIC_FAULT_RECYCLE_DIRECT, &fw->recycle_direct);
	leave_to_task(rxq->vec, NMNIC_FAULT_ALLOC_DEAD, &fw->alloc_dead);
	leave_to_task(rxq->vec, NMNIC_FAULT_LIVE_NAPI, &fw->live_napi);
	leave_to_task(rxq->vec, NMNIC_FAULT_TAKE_TOGETHER, &fw->take_together);
}

/* NAPI is disabled: nobody asks any more. The port is still there, and takes its
 * destroyed pools with it when it goes.
 */
void nmnic_fault_buffer_end(struct nmnic_fault_panel *panel)
{
	cancel_work_sync(&panel->work.work);
}

void nmnic_fault_buffer_init(struct nmnic_fault_panel *panel)
{
	spin_lock_init(&panel->held.lock);
	INIT_LIST_HEAD(&panel->held.pages);
	INIT_WORK(&panel->work.work, fault_work);
	panel->fault[NMNIC_FAULT_LEAK_NETMEM].ops = &leak_ops;
	panel->fault[NMNIC_FAULT_LEAK_ON_STOP].ops = &leak_ops;
	panel->fault[NMNIC_FAULT_RECYCLE_DIRECT].ops = &task_ops;
	panel->fault[NMNIC_FAULT_ALLOC_DEAD].ops = &task_ops;
	panel->fault[NMNIC_FAULT_LIVE_NAPI].ops = &task_ops;
	panel->fault[NMNIC_FAULT_TAKE_TOGETHER].ops = &task_ops;
	panel->fault[NMNIC_FAULT_NO_MARK_PAGE].ops = &no_mark_page_ops;
}
