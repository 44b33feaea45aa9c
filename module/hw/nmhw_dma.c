// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The device's bus master: the only place that turns a DMA address into memory
 * the CPU can touch, and the only one that moves payload.
 *
 * Without an IOMMU a DMA address is a physical address, and on a 64-bit kernel
 * all RAM is mapped, whoever owns it: page pool pages, udmabuf, dma-buf heaps.
 */
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "nmhw_priv.h"

static_assert(!IS_ENABLED(CONFIG_HIGHMEM));

/* NULL if there is no memory from @addr to @addr + @len. */
void *nmhw_dma_ptr(struct device *dev, dma_addr_t addr, size_t len)
{
	phys_addr_t first = dma_to_phys(dev, addr);
	phys_addr_t last = first + len - 1;

	if (!len || last < first || !pfn_valid(PHYS_PFN(first)))
		return NULL;
	if (PHYS_PFN(last) != PHYS_PFN(first) && !pfn_valid(PHYS_PFN(last)))
		return NULL;
	return phys_to_virt(first);
}

/* Bytes in one piece at the cursor. There must be at least one. */
static u32 cursor_run(struct nmhw_cursor *c)
{
	while (c->off == c->seg->len) {
		c->seg++;
		c->off = 0;
	}
	return c->seg->len - c->off;
}

void nmhw_seek(struct nmhw_cursor *c, u32 n)
{
	u32 run;

	while (n) {
		run = min(n, cursor_run(c));
		c->off += run;
		n -= run;
	}
}

/* Copies @len bytes and returns their checksum. To sum while copying costs
 * next to nothing, and the sum is of the bytes as delivered, also when the
 * sender's memory changes in flight.
 */
__wsum nmhw_copy(struct nmhw_cursor *dst, struct nmhw_cursor *src, u32 len)
{
	__wsum sum = 0, part;
	u32 done = 0, n;

	while (done < len) {
		n = min3(len - done, cursor_run(dst), cursor_run(src));
		part = csum_partial_copy_nocheck(src->seg->p + src->off,
						 dst->seg->p + dst->off, n);
		src->off += n;
		dst->off += n;
		if (n == len)
			return part;
		sum = csum_block_add(sum, part, done);
		done += n;
	}
	return sum;
}
