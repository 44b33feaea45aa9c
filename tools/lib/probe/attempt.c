// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See attempt.h. XDP programs hang on a link, AF_XDP and bindings on a socket:
 * they go with the file, also if this process is killed.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <linux/netdev.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/attempt.h"
#include "kernel/genl.h"

#ifndef AF_XDP
#define AF_XDP		44
#endif
#ifndef SOL_XDP
#define SOL_XDP		283
#endif

#define DMABUF_SIZE	(256UL * 4096)
#define UMEM_FRAMES	16UL
#define UMEM_FRAME	4096
#define UMEM_RING	16

static struct nma_attempt attempt(enum nma_outcome outcome, int err,
				  const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static struct nma_attempt attempt(enum nma_outcome outcome, int err,
				  const char *fmt, ...)
{
	struct nma_attempt a = { .outcome = outcome, .err = err };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a.text, sizeof(a.text), fmt, ap);
	va_end(ap);
	return a;
}

/* Not the answer to our question: no privilege, no memory, no such thing. */
static bool no_answer(int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
	case -ENOMEM:
	case -ENOBUFS:
	case -EMFILE:
	case -ENFILE:
	case -ENODEV:
	case -EAFNOSUPPORT:
	case -ENOSYS:
	case -EINTR:
		return true;
	default:
		return false;
	}
}

static struct nma_attempt refused(int err, const char *words)
{
	if (no_answer(err))
		return attempt(NMA_UNTRIED, err, "%s", words[0] ? words : strerror(-err));
	return attempt(NMA_REFUSED, err, "%s", words[0] ? words : strerror(-err));
}

/* ---- XDP -------------------------------------------------------------------- */

static int load_pass(bool frags)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.prog_flags = frags ? BPF_F_XDP_HAS_FRAGS : 0,
		.expected_attach_type = BPF_XDP,
	);
	int fd;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "nma_probe_pass", "GPL", insns,
			   sizeof(insns) / sizeof(insns[0]), &opts);
	return fd < 0 ? -errno : fd;
}

static struct nma_attempt try_xdp(const struct nma_attempt_at *at, __u32 flags, bool frags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	struct nma_attempt a;
	int prog, link;

	prog = load_pass(frags);
	if (prog < 0)
		return attempt(NMA_UNTRIED, prog, "the program cannot be loaded: %s",
			       strerror(-prog));
	link = bpf_link_create(prog, at->ifindex, BPF_XDP, &opts);
	if (link < 0)
		a = refused(-errno, "");
	else if (bpf_link_detach(link))
		a = attempt(NMA_STUCK, -errno, "the program cannot be detached: %s",
			    strerror(errno));
	else
		a = attempt(NMA_UNDONE, 0, "%s", "");
	if (link >= 0)
		close(link);
	close(prog);
	return a;
}

struct nma_attempt nma_attempt__xdp_driver(const struct nma_attempt_at *at)
{
	return try_xdp(at, XDP_FLAGS_DRV_MODE, false);
}

struct nma_attempt nma_attempt__xdp_driver_frags(const struct nma_attempt_at *at)
{
	return try_xdp(at, XDP_FLAGS_DRV_MODE, true);
}

struct nma_attempt nma_attempt__xdp_generic(const struct nma_attempt_at *at)
{
	return try_xdp(at, XDP_FLAGS_SKB_MODE, false);
}

/* ---- a second provider ------------------------------------------------------ */

/* A dma-buf of ordinary memory, or -errno. */
static int make_dmabuf(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = DMABUF_SIZE };
	int dev = -1, mem = -1, fd;

	dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (dev < 0) {
		fd = -errno;
		goto out;
	}
	mem = memfd_create("nma-probe", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (mem < 0 || ftruncate(mem, DMABUF_SIZE) ||
	    fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK) < 0) {
		fd = -errno;
		goto out;
	}
	create.memfd = mem;
	fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (fd < 0)
		fd = -errno;
out:
	if (mem >= 0)
		close(mem);
	if (dev >= 0)
		close(dev);
	return fd;
}

static int bind_rx(struct nma_genl *g, const struct nma_attempt_at *at, int dmabuf)
{
	char buf[NMA_GENL_BUF];
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	nlh = nma_genl__request(g, buf, NETDEV_CMD_BIND_RX);
	mnl_attr_put_u32(nlh, NETDEV_A_DMABUF_IFINDEX, at->ifindex);
	mnl_attr_put_u32(nlh, NETDEV_A_DMABUF_FD, dmabuf);
	nest = mnl_attr_nest_start(nlh, NETDEV_A_DMABUF_QUEUES);
	mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_ID, at->queue);
	mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	mnl_attr_nest_end(nlh, nest);
	return nma_genl__talk(g, nlh, NULL, NULL);
}

struct nma_attempt nma_attempt__bind(const struct nma_attempt_at *at)
{
	struct nma_genl g = { 0 };
	struct nma_attempt a;
	int dmabuf, err;

	dmabuf = make_dmabuf();
	if (dmabuf < 0)
		return attempt(NMA_UNTRIED, dmabuf, "no dma-buf to try it with (/dev/udmabuf): %s",
			       strerror(-dmabuf));
	err = nma_genl__open(&g, NETDEV_FAMILY_NAME, NETDEV_FAMILY_VERSION);
	if (err) {
		a = attempt(NMA_UNTRIED, err, "no netdev netlink: %s", strerror(-err));
	} else {
		err = bind_rx(&g, at, dmabuf);
		a = err ? refused(err, g.text) : attempt(NMA_UNDONE, 0, "%s", "");
	}
	nma_genl__close(&g);	/* and with it the binding */
	close(dmabuf);
	return a;
}

/* ---- AF_XDP ----------------------------------------------------------------- */

static int set_up_umem(int fd, void *area)
{
	struct xdp_umem_reg reg = {
		.addr = (__u64)(unsigned long)area, .len = UMEM_FRAMES * UMEM_FRAME,
		.chunk_size = UMEM_FRAME,
	};
	int size = UMEM_RING;

	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_RX_RING, &size, sizeof(size)))
		return -errno;
	return 0;
}

static struct nma_attempt try_xsk(const struct nma_attempt_at *at, __u16 flags)
{
	struct sockaddr_xdp sxdp = {
		.sxdp_family = AF_XDP, .sxdp_flags = flags,
		.sxdp_ifindex = at->ifindex, .sxdp_queue_id = at->queue,
	};
	struct nma_attempt a;
	int fd = -1, err;
	void *area;

	area = mmap(NULL, UMEM_FRAMES * UMEM_FRAME, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return attempt(NMA_UNTRIED, -errno, "%s", strerror(errno));
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	err = fd < 0 ? -errno : set_up_umem(fd, area);
	if (err)
		a = attempt(NMA_UNTRIED, err, "no AF_XDP socket: %s", strerror(-err));
	else if (bind(fd, (struct sockaddr *)&sxdp, sizeof(sxdp)))
		a = refused(-errno, "");
	else
		a = attempt(NMA_UNDONE, 0, "%s", "");
	if (fd >= 0)
		close(fd);
	munmap(area, UMEM_FRAMES * UMEM_FRAME);
	return a;
}

struct nma_attempt nma_attempt__xsk_copy(const struct nma_attempt_at *at)
{
	return try_xsk(at, XDP_COPY);
}

struct nma_attempt nma_attempt__xsk_zerocopy(const struct nma_attempt_at *at)
{
	return try_xsk(at, XDP_ZEROCOPY);
}
