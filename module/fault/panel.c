// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The fault panel in debugfs. Each file is one fault of nmnic_faults.def; the
 * places that misbehave ask nmnic_fault(). Whatever a fault took away is kept
 * here and given back when it is switched off or the port goes.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/udmabuf.h>
#include <net/page_pool/helpers.h>

#include "nmnic.h"
#include "nmnic_trace.h"

/* Netmems that a port can hold back: 64 MiB of pages, more than any ring */
#define MAX_HELD	16384

static const struct {
	const char *name;
	const char *rule;
	const char *text;
} fault_info[] = {
#define NMNIC_FAULT(id, name, rule, text) [NMNIC_FAULT_##id] = { name, rule, text },
#include "nmnic_faults.def"
#undef NMNIC_FAULT
};
static_assert(ARRAY_SIZE(fault_info) == NMNIC_FAULT_MAX);

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

DEFINE_STATIC_KEY_FALSE(nmnic_faults_key);

static struct dentry *debugfs_root;

bool nmnic_fault_fire(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue)
{
	struct nmnic_fault *fault = &np->faults.fault[id];
	int armed = atomic_read(&fault->armed);

	if (armed != NMNIC_FAULT_ALWAYS && atomic_dec_if_positive(&fault->armed) < 0)
		return false;
	atomic_inc(&fault->fired);
	trace_fault_fired(np->netdev, queue, fault_info[id].name, fault_info[id].rule);
	return true;
}

/* Under held_lock */
static bool hold(struct nmnic_fault_panel *panel, struct page_pool *pool, netmem_ref netmem)
{
	struct held_page *page;

	page = list_first_entry_or_null(&panel->held, struct held_page, list);
	if (!page || page->num == HELD_PER_PAGE) {
		page = (struct held_page *)get_zeroed_page(GFP_ATOMIC | __GFP_NOWARN);
		if (!page)
			return false;
		list_add(&page->list, &panel->held);
	}
	page->entry[page->num].pool = pool;
	page->entry[page->num].netmem = netmem;
	page->num++;
	panel->num_held++;
	return true;
}

bool nmnic_fault_hold_back(struct nmnic_port *np, enum nmnic_fault_id id, unsigned int queue,
			   struct page_pool *pool, netmem_ref netmem)
{
	struct nmnic_fault_panel *panel = &np->faults;
	bool held = false;

	if (!atomic_read(&panel->fault[id].armed))
		return false;
	spin_lock_bh(&panel->held_lock);
	if (panel->num_held < MAX_HELD && hold(panel, pool, netmem)) {
		held = nmnic_fault_fire(np, id, queue);
		if (!held) {
			/* Switched off in between */
			list_first_entry(&panel->held, struct held_page, list)->num--;
			panel->num_held--;
		}
	}
	spin_unlock_bh(&panel->held_lock);
	return held;
}

/* Without its owner, whom the socket's send buffer would stop. */
bool nmnic_fault_hold_skb(struct nmnic_port *np, unsigned int queue, struct sk_buff *skb)
{
	struct nmnic_fault_panel *panel = &np->faults;

	if (!skb_zcopy(skb) || skb_queue_len(&panel->held_skbs) >= MAX_HELD ||
	    !nmnic_fault_fire(np, NMNIC_FAULT_HOLD_TX, queue))
		return false;
	skb_orphan(skb);
	skb_queue_tail(&panel->held_skbs, skb);
	return true;
}

/* Process context, so never straight into a pool's cache */
static void give_back(struct nmnic_fault_panel *panel)
{
	struct held_page *page, *next;
	unsigned int i;
	LIST_HEAD(held);

	spin_lock_bh(&panel->held_lock);
	list_splice_init(&panel->held, &held);
	panel->num_held = 0;
	spin_unlock_bh(&panel->held_lock);

	list_for_each_entry_safe(page, next, &held, list) {
		for (i = 0; i < page->num; i++)
			page_pool_put_full_netmem(page->entry[i].pool, page->entry[i].netmem,
						  false);
		free_page((unsigned long)page);
	}
}

/* Under the panel's lock. A fault that has fired as often as it was armed for
 * keeps the key until it is written again.
 */
static void fault_arm(struct nmnic_fault *fault, int n)
{
	struct nmnic_fault_panel *panel = &fault->port->faults;

	atomic_set(&fault->armed, n);
	if (n && !fault->keyed)
		static_branch_inc(&nmnic_faults_key);
	else if (!n && fault->keyed)
		static_branch_dec(&nmnic_faults_key);
	fault->keyed = n;
	if (!n && (fault->id == NMNIC_FAULT_LEAK_NETMEM ||
		   fault->id == NMNIC_FAULT_LEAK_ON_STOP))
		give_back(panel);
	if (!n && fault->id == NMNIC_FAULT_KEEP_POOL)
		nmnic_fault_drop_pools(panel);
	if (!n && fault->id == NMNIC_FAULT_HOLD_TX)
		skb_queue_purge(&panel->held_skbs);
}

static ssize_t fault_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct nmnic_fault *fault = file->private_data;
	int n, err;

	err = kstrtoint_from_user(buf, count, 10, &n);
	if (err)
		return err;
	if (n < NMNIC_FAULT_ALWAYS)
		return -ERANGE;

	mutex_lock(&fault->port->faults.lock);
	fault_arm(fault, n);
	mutex_unlock(&fault->port->faults.lock);
	return count;
}

static ssize_t fault_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct nmnic_fault *fault = file->private_data;
	char text[48];
	int len;

	len = scnprintf(text, sizeof(text), "armed=%d fired=%d\n", atomic_read(&fault->armed),
			atomic_read(&fault->fired));
	return simple_read_from_buffer(buf, count, pos, text, len);
}

/* One of the faults is in what the driver exports. */
static long fault_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct nmnic_fault *fault = file->private_data;

	if (fault->id != NMNIC_FAULT_RAGGED_DMABUF || cmd != UDMABUF_CREATE)
		return -ENOTTY;
	return nmnic_fault_export(fault->port, (const void __user *)arg);
}

static const struct file_operations fault_fops = {
	.owner		= THIS_MODULE,
	.open		= simple_open,
	.read		= fault_read,
	.write		= fault_write,
	.unlocked_ioctl	= fault_ioctl,
	.llseek		= default_llseek,
};

static int faults_show(struct seq_file *seq, void *unused)
{
	unsigned int id;

	for (id = 0; id < NMNIC_FAULT_MAX; id++)
		seq_printf(seq, "%s %s %s\n", fault_info[id].name, fault_info[id].rule,
			   fault_info[id].text);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(faults);

/* Before the port is visible */
void nmnic_fault_panel_init(struct nmnic_port *np)
{
	struct nmnic_fault_panel *panel = &np->faults;
	unsigned int id;

	mutex_init(&panel->lock);
	spin_lock_init(&panel->held_lock);
	INIT_LIST_HEAD(&panel->held);
	nmnic_fault_work_init(&panel->work);
	skb_queue_head_init(&panel->held_skbs);
	for (id = 0; id < NMNIC_FAULT_MAX; id++) {
		panel->fault[id].port = np;
		panel->fault[id].id = id;
	}
}

void nmnic_fault_panel_add(struct nmnic_port *np)
{
	struct nmnic_fault_panel *panel = &np->faults;
	struct dentry *sub, *dir;
	unsigned int id;

	dir = debugfs_create_dir(np->netdev->name, debugfs_root);
	sub = debugfs_create_dir(NMNIC_DEBUGFS_FAULT_DIR, dir);
	for (id = 0; id < NMNIC_FAULT_MAX; id++)
		debugfs_create_file(fault_info[id].name, 0600, sub, &panel->fault[id],
				    &fault_fops);
	panel->dir = dir;
}

/* Names are unique in a network namespace, the panel's directory is not in one. */
void nmnic_fault_panel_rename(struct nmnic_port *np)
{
	struct dentry *dir = np->faults.dir;

	if (IS_ERR_OR_NULL(dir) || !strcmp(dir->d_name.name, np->netdev->name))
		return;
	if (debugfs_change_name(dir, "%s", np->netdev->name))
		netdev_warn(np->netdev, "the fault panel keeps its name %pd\n", dir);
}

void nmnic_fault_panel_remove(struct nmnic_port *np)
{
	struct nmnic_fault_panel *panel = &np->faults;
	unsigned int id;

	debugfs_remove_recursive(panel->dir);
	mutex_lock(&panel->lock);
	for (id = 0; id < NMNIC_FAULT_MAX; id++)
		fault_arm(&panel->fault[id], 0);
	mutex_unlock(&panel->lock);
}

void nmnic_fault_init(void)
{
	debugfs_root = debugfs_create_dir(NMNIC_DEBUGFS_DIR, NULL);
	debugfs_create_file(NMNIC_DEBUGFS_FAULTS, 0444, debugfs_root, NULL, &faults_fops);
}

void nmnic_fault_exit(void)
{
	debugfs_remove_recursive(debugfs_root);
}
