// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * AF_XDP socket: see xsk.h. Each ring has one producer and one consumer, the
 * kernel and us: entries are written before the producer's index moves, and read
 * before the consumer's does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "report.h"
#include "xsk.h"

#define MASK (NMA_XSK_FRAMES - 1)

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void advance(uint32_t *index)
{
	__atomic_store_n(index, *index + 1, __ATOMIC_RELEASE);
}

uint32_t nma_xsk_pending(const struct nma_xsk_ring *ring)
{
	return load(ring->producer) - load(ring->consumer);
}

bool nma_xsk_full(const struct nma_xsk_ring *ring)
{
	return nma_xsk_pending(ring) == NMA_XSK_FRAMES;
}

bool nma_xsk_need_wakeup(const struct nma_xsk_ring *ring)
{
	return load(ring->flags) & XDP_RING_NEED_WAKEUP;
}

struct xdp_desc nma_xsk_next_rx(struct nma_xsk *x)
{
	const struct xdp_desc *entries = x->rx.entries;
	struct xdp_desc desc = entries[*x->rx.consumer & MASK];

	advance(x->rx.consumer);
	return desc;
}

void nma_xsk_fill(struct nma_xsk *x, uint64_t addr)
{
	uint64_t *entries = x->fill.entries;

	entries[*x->fill.producer & MASK] = addr;
	advance(x->fill.producer);
}

void nma_xsk_send(struct nma_xsk *x, uint64_t addr, uint32_t len)
{
	struct xdp_desc *entries = x->tx.entries;

	entries[*x->tx.producer & MASK] = (struct xdp_desc){
		.addr = addr, .len = len,
	};
	advance(x->tx.producer);
}

uint64_t nma_xsk_next_done(struct nma_xsk *x)
{
	const uint64_t *entries = x->done.entries;
	uint64_t addr = entries[*x->done.consumer & MASK];

	advance(x->done.consumer);
	return addr;
}

static int ring_open(struct nma_xsk *x, struct nma_xsk_ring *ring, int option,
		     uint64_t page, const struct xdp_ring_offset *off, size_t entry)
{
	int entries = NMA_XSK_FRAMES;
	uint8_t *map;

	if (setsockopt(x->fd, SOL_XDP, option, &entries, sizeof(entries)))
		return nma_err(-errno, "AF_XDP ring of %d entries", entries);
	ring->len = off->desc + entries * entry;
	map = mmap(NULL, ring->len, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, x->fd, page);
	if (map == MAP_FAILED)
		return nma_err(-errno, "cannot map an AF_XDP ring");
	ring->map = map;
	ring->producer = (uint32_t *)(map + off->producer);
	ring->consumer = (uint32_t *)(map + off->consumer);
	ring->flags = (uint32_t *)(map + off->flags);
	ring->entries = map + off->desc;
	return 0;
}

static int rings_open(struct nma_xsk *x)
{
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	int err;

	if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		return nma_err(-errno, "XDP_MMAP_OFFSETS");
	err = ring_open(x, &x->fill, XDP_UMEM_FILL_RING,
			XDP_UMEM_PGOFF_FILL_RING, &off.fr, sizeof(uint64_t));
	if (!err)
		err = ring_open(x, &x->done, XDP_UMEM_COMPLETION_RING,
				XDP_UMEM_PGOFF_COMPLETION_RING, &off.cr,
				sizeof(uint64_t));
	if (!err)
		err = ring_open(x, &x->rx, XDP_RX_RING, XDP_PGOFF_RX_RING,
				&off.rx, sizeof(struct xdp_desc));
	if (!err)
		err = ring_open(x, &x->tx, XDP_TX_RING, XDP_PGOFF_TX_RING,
				&off.tx, sizeof(struct xdp_desc));
	return err;
}

static int memory_open(struct nma_xsk *x)
{
	struct xdp_umem_reg reg = {
		.len = NMA_XSK_MEMORY,
		.chunk_size = NMA_XSK_FRAME,
	};

	x->memory = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
			 MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
	if (x->memory == MAP_FAILED) {
		x->memory = NULL;
		return nma_err(-errno, "memory for AF_XDP");
	}
	reg.addr = (uintptr_t)x->memory;
	if (setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		return nma_err(-errno, "XDP_UMEM_REG");
	return 0;
}

/* The kernel lets a queue go some time after the end of the socket that had it. */
static int bind_patiently(int fd, const struct sockaddr_xdp *addr, uint64_t seconds)
{
	uint64_t end_ns = nma_report_now_ns() + seconds * 1000000000;

	while (bind(fd, (const struct sockaddr *)addr, sizeof(*addr))) {
		if (errno != EBUSY || nma_report_now_ns() >= end_ns)
			return -errno;
		usleep(10000);
	}
	return 0;
}

int nma_xsk_open(struct nma_xsk *x, unsigned int ifindex, const char *ifname,
		 uint32_t queue, bool zerocopy, uint64_t wait)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = (zerocopy ? XDP_ZEROCOPY : XDP_COPY) |
			      XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
	};
	int err;

	*x = (struct nma_xsk){ .fd = -1 };
	x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (x->fd < 0 && errno == EAFNOSUPPORT)
		return nma_missing("this kernel has no AF_XDP sockets");
	if (x->fd < 0)
		return nma_err(-errno, "AF_XDP socket");
	err = memory_open(x);
	if (!err)
		err = rings_open(x);
	if (err)
		return err;
	err = bind_patiently(x->fd, &addr, wait);
	if (err)
		return nma_err(err, "AF_XDP%s on queue %u of %s refused",
			       zerocopy ? " zero-copy" : "", queue, ifname);
	return 0;
}

static void ring_close(struct nma_xsk_ring *ring)
{
	if (ring->map)
		munmap(ring->map, ring->len);
}

void nma_xsk_close(struct nma_xsk *x)
{
	if (x->fd < 0)
		return;
	ring_close(&x->fill);
	ring_close(&x->done);
	ring_close(&x->rx);
	ring_close(&x->tx);
	close(x->fd);
	if (x->memory)
		munmap(x->memory, NMA_XSK_MEMORY);
	*x = (struct nma_xsk){ .fd = -1 };
}
