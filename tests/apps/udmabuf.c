// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * udmabuf: see udmabuf.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/udmabuf.h>

#include "err.h"
#include "udmabuf.h"

static int memfd_sealed(size_t size)
{
	int err;
	int fd;

	fd = memfd_create("nma-traffic", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (fd < 0)
		return nma_err(-errno, "cannot create a memfd");
	/* udmabuf takes only memory that cannot be cut short under it */
	if (ftruncate(fd, size) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		err = nma_err(-errno, "cannot size and seal a memfd of %zu bytes",
			      size);
		close(fd);
		return err;
	}
	return fd;
}

static int udmabuf_open(void)
{
	int fd = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return nma_missing("no /dev/udmabuf (CONFIG_UDMABUF)");
	return nma_err(-errno, "cannot open /dev/udmabuf");
}

/* The dma-buf; its memory is in *@memfd, which stays open. */
static int udmabuf_of(size_t size, int *memfd)
{
	struct udmabuf_create create = {
		.flags = UDMABUF_FLAGS_CLOEXEC, .size = size,
	};
	int dev;
	int fd;

	dev = udmabuf_open();
	if (dev < 0)
		return dev;
	fd = memfd_sealed(size);
	*memfd = fd;
	create.memfd = fd;
	if (fd >= 0)
		fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (fd < 0 && *memfd >= 0) {
		fd = nma_err(-errno, "no udmabuf of %zu bytes (limits: /sys/module/udmabuf/parameters)",
			     size);
		close(*memfd);
	}
	close(dev);
	return fd;
}

int nma_udmabuf_create_unmapped(struct nma_udmabuf *buf, size_t size)
{
	void *pages;
	int memfd;
	int fd;

	fd = udmabuf_of(size, &memfd);
	if (fd < 0)
		return fd;
	pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	close(memfd);
	if (pages == MAP_FAILED) {
		memfd = nma_err(-errno, "cannot map the memory of the udmabuf");
		close(fd);
		return memfd;
	}
	*buf = (struct nma_udmabuf){ .fd = fd, .size = size, .pages = pages };
	return 0;
}

int nma_udmabuf_create(struct nma_udmabuf *buf, size_t size)
{
	void *pages;
	void *map;
	int memfd;
	int err = 0;
	int fd;

	fd = udmabuf_of(size, &memfd);
	if (fd < 0)
		return fd;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		err = nma_err(-errno, "cannot map the udmabuf");
		goto out;
	}
	pages = mmap(NULL, size, PROT_READ, MAP_SHARED, memfd, 0);
	if (pages == MAP_FAILED) {
		err = nma_err(-errno, "cannot map the memory of the udmabuf");
		munmap(map, size);
		goto out;
	}
	*buf = (struct nma_udmabuf){
		.fd = fd, .size = size, .map = map, .pages = pages,
	};
out:
	if (err)
		close(fd);
	close(memfd);
	return err;
}

int nma_udmabuf_create_by(struct nma_udmabuf *buf, const char *exporter, size_t size)
{
	struct udmabuf_create create = {
		.memfd = -1,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = size,
	};
	int err = 0;
	int dev;
	int fd;

	dev = open(exporter, O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return nma_err(-errno, "cannot open %s", exporter);
	fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (fd < 0)
		err = nma_err(-errno, "no dma-buf of %zu bytes from %s", size, exporter);
	else
		*buf = (struct nma_udmabuf){ .fd = fd, .size = size };
	close(dev);
	return err;
}

void nma_udmabuf_destroy(struct nma_udmabuf *buf)
{
	if (buf->fd < 0)
		return;
	if (buf->map)
		munmap(buf->map, buf->size);
	if (buf->pages)
		munmap(buf->pages, buf->size);
	close(buf->fd);
	buf->fd = -1;
}

static int udmabuf_sync(const struct nma_udmabuf *buf, unsigned int flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	if (ioctl(buf->fd, DMA_BUF_IOCTL_SYNC, &sync))
		return nma_err(-errno, "DMA_BUF_IOCTL_SYNC");
	return 0;
}

int nma_udmabuf_begin_read(const struct nma_udmabuf *buf)
{
	return udmabuf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
}

int nma_udmabuf_end_read(const struct nma_udmabuf *buf)
{
	return udmabuf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

int nma_udmabuf_begin_write(const struct nma_udmabuf *buf)
{
	return udmabuf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
}

int nma_udmabuf_end_write(const struct nma_udmabuf *buf)
{
	return udmabuf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}
