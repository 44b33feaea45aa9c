// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The fault panel in debugfs. Each file is one fault of nmnic_faults.def; the
 * places that misbehave ask nmnic_fault(). It knows no fault by name: what one
 * took away its own file keeps, and gives back when it is switched off or the
 * port goes.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "nmnic.h"
#include "nmnic_trace.h"

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

/* Under the panel's lock. A fault that has fired as often as it was armed for
 * keeps the key until it is written again.
 */
static void fault_arm(struct nmnic_fault *fault, int n)
{
	atomic_set(&fault->armed, n);
	if (n && !fault->keyed)
		static_branch_inc(&nmnic_faults_key);
	else if (!n && fault->keyed)
		static_branch_dec(&nmnic_faults_key);
	fault->keyed = n;
	if (!n && fault->ops && fault->ops->disarm)
		fault->ops->disarm(&fault->port->faults);
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

	if (fault->ops && fault->ops->settle)
		fault->ops->settle(&fault->port->faults);
	len = scnprintf(text, sizeof(text), "armed=%d fired=%d\n", atomic_read(&fault->armed),
			atomic_read(&fault->fired));
	return simple_read_from_buffer(buf, count, pos, text, len);
}

static long fault_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct nmnic_fault *fault = file->private_data;

	if (!fault->ops || !fault->ops->ioctl)
		return -ENOTTY;
	return fault->ops->ioctl(fault->port, cmd, arg);
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
	for (id = 0; id < NMNIC_FAULT_MAX; id++) {
		panel->fault[id].port = np;
		panel->fault[id].id = id;
	}
	nmnic_fault_pool_init(panel);
	nmnic_fault_buffer_init(panel);
	nmnic_fault_skb_init(panel);
	nmnic_fault_dmabuf_init(panel);
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
