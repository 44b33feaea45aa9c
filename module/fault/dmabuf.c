// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * An exporter of dma-bufs, of which some end in half a page: none of the kernel's
 * own makes such ones, and drivers with memory of their own may. The file of the
 * fault takes UDMABUF_CREATE, of which only the size counts: one that is no multiple
 * of a page gives such a dma-buf that says so; the fault, one whose last piece is
 * shorter than it says. The CPU has no way to these bytes. A dma-buf holds a reference
 * to the module.
 */
#include <linux/dma-buf.h>
#include <linux/uaccess.h>
#include <linux/udmabuf.h>

#include "nmnic.h"

#define MAX_BYTES	(64u << 20)

struct nmnic_export {
	unsigned int num_pages;
	unsigned int last_len;	/* bytes used of the last page */
	struct page *pages[] __counted_by(num_pages);
};

static struct sg_table *export_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction dir)
{
	struct nmnic_export *export = attachment->dmabuf->priv;
	struct scatterlist *sg;
	struct sg_table *table;
	unsigned int i;
	int err;

	table = kzalloc_obj(*table);
	if (!table)
		return ERR_PTR(-ENOMEM);
	err = sg_alloc_table(table, export->num_pages, GFP_KERNEL);
	if (err)
		goto err_free;
	for_each_sgtable_sg(table, sg, i)
		sg_set_page(sg, export->pages[i],
			    i + 1 < export->num_pages ? PAGE_SIZE : export->last_len, 0);
	err = dma_map_sgtable(attachment->dev, table, dir, 0);
	if (err)
		goto err_free_table;
	return table;

err_free_table:
	sg_free_table(table);
err_free:
	kfree(table);
	return ERR_PTR(err);
}

static void export_unmap(struct dma_buf_attachment *attachment, struct sg_table *table,
			 enum dma_data_direction dir)
{
	dma_unmap_sgtable(attachment->dev, table, dir, 0);
	sg_free_table(table);
	kfree(table);
}

static void export_free(struct nmnic_export *export)
{
	unsigned int i;

	for (i = 0; i < export->num_pages && export->pages[i]; i++)
		__free_page(export->pages[i]);
	kvfree(export);
}

static void export_release(struct dma_buf *dmabuf)
{
	export_free(dmabuf->priv);
}

static const struct dma_buf_ops export_ops = {
	.map_dma_buf	= export_map,
	.unmap_dma_buf	= export_unmap,
	.release	= export_release,
};

static struct nmnic_export *export_alloc(unsigned int num_pages)
{
	struct nmnic_export *export;
	unsigned int i;

	export = kvzalloc(struct_size(export, pages, num_pages), GFP_KERNEL);
	if (!export)
		return NULL;
	export->num_pages = num_pages;
	export->last_len = PAGE_SIZE;
	for (i = 0; i < num_pages; i++) {
		export->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!export->pages[i]) {
			export_free(export);
			return NULL;
		}
	}
	return export;
}

/* Returns a file descriptor or -errno. */
static int export_create(struct nmnic_port *np, const void __user *arg)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct udmabuf_create create;
	struct nmnic_export *export;
	struct dma_buf *dmabuf;
	int fd;

	if (copy_from_user(&create, arg, sizeof(create)))
		return -EFAULT;
	if (!create.size || create.size > MAX_BYTES)
		return -EINVAL;
	export = export_alloc(DIV_ROUND_UP_ULL(create.size, PAGE_SIZE));
	if (!export)
		return -ENOMEM;
	if (!PAGE_ALIGNED(create.size))
		export->last_len = create.size & ~PAGE_MASK;
	else if (nmnic_fault(np, NMNIC_FAULT_RAGGED_DMABUF, 0))
		export->last_len = PAGE_SIZE / 2;

	info.ops = &export_ops;
	info.size = create.size;
	info.flags = O_RDWR;
	info.priv = export;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		export_free(export);
		return PTR_ERR(dmabuf);
	}
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

static long export_ioctl(struct nmnic_port *np, unsigned int cmd, unsigned long arg)
{
	if (cmd != UDMABUF_CREATE)
		return -ENOTTY;
	return export_create(np, (const void __user *)arg);
}

static const struct nmnic_fault_ops ragged_dmabuf_ops = {
	.ioctl	= export_ioctl,
};

void nmnic_fault_dmabuf_init(struct nmnic_fault_panel *panel)
{
	panel->fault[NMNIC_FAULT_RAGGED_DMABUF].ops = &ragged_dmabuf_ops;
}

NMA_IMPORT_NS(DMA_BUF);
