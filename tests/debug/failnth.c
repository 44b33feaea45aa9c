// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Preloaded into a tool (ip, ethtool, modprobe, nma-traffic), this makes the
 * N-th allocation fail that the kernel does for the request the tool is run for,
 * and no other: /proc/thread-self/fail-nth is set only during the system calls
 * that carry it, netlink messages that ask for an acknowledgement, a rule's ioctl,
 * or the loading of a module. Allocations of exec, of libraries and of queries do not count.
 *
 * Environment: FAIL_NTH=N, FAIL_REPORT=FILE. At exit FILE says "failed" if there
 * was such an allocation, "none M" if there were only M.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char fail_nth[] = "/proc/thread-self/fail-nth";

/* Allocations still to be let through, and 1; 0: done or switched off */
static long left, first;

static void die(const char *what)
{
	fprintf(stderr, "failnth: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void report(void)
{
	const char *path = getenv("FAIL_REPORT");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f)
		die(path);
	if (left)
		fprintf(f, "none %ld\n", first - left);
	else
		fputs("failed\n", f);
	if (fclose(f))
		die(path);
}

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("FAIL_NTH");

	left = n ? strtol(n, NULL, 10) : 0;
	first = left;
	if (left > 0)
		atexit(report);
}

/* Open before the first request: opening would itself be an allocation to fail. */
static int nth_fd = -1;

static void nth_write(long n)
{
	char text[24];
	int len;

	if (nth_fd < 0)
		nth_fd = open(fail_nth, O_RDWR | O_CLOEXEC);
	len = snprintf(text, sizeof(text), "%ld", n);
	if (nth_fd < 0 || pwrite(nth_fd, text, len, 0) != len)
		die(fail_nth);
}

static long nth_read(void)
{
	char text[24] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		die(fail_nth);
	return strtol(text, NULL, 10);
}

static bool arm(bool wanted)
{
	if (!wanted || left <= 0)
		return false;
	nth_write(left);
	return true;
}

/* What is left counts in the tool's next request. */
static long disarm(bool armed, long ret)
{
	int saved = errno;

	if (armed) {
		left = nth_read();
		nth_write(0);
		/* ethtool waits for the answer to what it could not send */
		if (ret < 0 && !left)
			exit(1);
	}
	errno = saved;
	return ret;
}

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

static bool is_request(int fd, const struct iovec *iov)
{
	const struct nlmsghdr *nlh = iov->iov_base;

	if (socket_option(fd, SO_DOMAIN) != AF_NETLINK || iov->iov_len < sizeof(*nlh))
		return false;
	/* asks for the number of a family */
	if (nlh->nlmsg_type == GENL_ID_CTRL &&
	    socket_option(fd, SO_PROTOCOL) == NETLINK_GENERIC)
		return false;
	return nlh->nlmsg_flags & NLM_F_ACK;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	bool armed = arm(msg->msg_iovlen && is_request(fd, msg->msg_iov));

	return disarm(armed, syscall(SYS_sendmsg, fd, msg, flags));
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	const struct iovec iov = { (void *)buf, len };
	bool armed = arm(is_request(fd, &iov));

	return disarm(armed, syscall(SYS_sendto, fd, buf, len, flags, to, to_len));
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

/* ethtool's rules go this way. */
int ioctl(int fd, unsigned long request, ...)
{
	const struct ifreq *ifr;
	__u32 cmd = 0;
	va_list ap;
	bool armed;

	va_start(ap, request);
	ifr = va_arg(ap, const struct ifreq *);
	va_end(ap);

	if (request == SIOCETHTOOL)
		memcpy(&cmd, ifr->ifr_data, sizeof(cmd));
	armed = arm(cmd == ETHTOOL_SRXCLSRLINS);
	return disarm(armed, syscall(SYS_ioctl, fd, request, ifr));
}

/* libkmod calls finit_module() this way. */
long syscall(long number, ...)
{
	static long (*next)(long number, ...);
	long a[6];
	bool armed;
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);

	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	armed = arm(number == SYS_finit_module || number == SYS_init_module);
	return disarm(armed, next(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}
