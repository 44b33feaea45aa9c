/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What the headers of Debian 13 (6.12) lack or cannot offer next to glibc's.
 * Everything else comes from <linux/netdev.h>, <linux/uio.h> and <sys/socket.h>.
 */
#ifndef NMA_COMPAT_H
#define NMA_COMPAT_H

#include <sys/socket.h>
#include <sys/uio.h>

/* <linux/uio.h> has struct dmabuf_cmsg and dmabuf_token, but also a second
 * definition of struct iovec: it gets another name here.
 */
#define iovec nma_kernel_iovec
#include <linux/uio.h>
#undef iovec

#include <linux/netdev.h>

/* include/linux/socket.h has had it since 6.12, glibc since 2.41 */
#ifndef MSG_SOCK_DEVMEM
#define MSG_SOCK_DEVMEM 0x2000000
#endif

/* NETDEV_A_PAGE_POOL_IO_URING: enumerated since 6.15 */
#define NMA_PAGE_POOL_IO_URING 8

/* NETDEV_CMD_BIND_TX: enumerated since 6.16 */
#define NMA_CMD_BIND_TX 15

/* NETDEV_CMD_QUEUE_CREATE and what it takes: enumerated since 7.2 */
#define NMA_CMD_QUEUE_CREATE 16
#define NMA_QUEUE_LEASE 8
#define NMA_LEASE_IFINDEX 1
#define NMA_LEASE_QUEUE 2
#define NMA_LEASE_NETNS_ID 3

/* The kernel's limit of entries in one SO_DEVMEM_DONTNEED, see devmem.rst */
#define NMA_DONTNEED_MAX 128

#endif /* NMA_COMPAT_H */
