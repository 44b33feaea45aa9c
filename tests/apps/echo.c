// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * nma-echo unix COUNT             one byte through a pair of unix sockets
 * nma-echo serve ADDRESS PORT     answers each request of the first caller
 * nma-echo ask ADDRESS PORT COUNT 64 bytes there and back, over TCP
 * nma-echo call KIND COUNT        netlink (a request and its answer), setsockopt, bind
 *                                 (with socket and close) or ioctl
 *
 * What has nothing to do with device memory and shall not pay for it: one send and
 * one receive call of the program itself for each of COUNT. One JSON document on
 * stdout; exit status 3 if it could not be done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE		64
#define WARM_UP		100	/* of the caches of both */

static int failed(const char *what)
{
	fprintf(stderr, "nma-echo: cannot %s: %s\n", what, strerror(errno));
	return 3;
}

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* One message out through @out, and one of that size in through @in */
static int exchange(int out, int in, size_t size, unsigned long count)
{
	char buf[MESSAGE] = "";

	while (count--)
		if (send(out, buf, size, 0) != (ssize_t)size ||
		    recv(in, buf, size, MSG_WAITALL) != (ssize_t)size)
			return failed("exchange messages");
	return 0;
}

static int measure(int out, int in, size_t size, const char *count)
{
	unsigned long nr = strtoul(count, NULL, 0);
	unsigned long long begin;
	int err;

	err = exchange(out, in, size, WARM_UP);
	if (err)
		return err;
	begin = now_ns();
	err = exchange(out, in, size, nr);
	if (!err)
		printf("{\"count\":%lu,\"duration_ns\":%llu}\n", nr, now_ns() - begin);
	return err;
}

static int through_unix(const char *count)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return failed("make a pair of sockets");
	return measure(fd[0], fd[1], 1, count);
}

static int tcp_socket(const char *address, const char *port, struct sockaddr_in *sin)
{
	int one = 1, fd;

	*sin = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(strtoul(port, NULL, 0)),
	};
	if (inet_pton(AF_INET, address, &sin->sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int ask(const char *address, const char *port, const char *count)
{
	struct sockaddr_in sin;
	int fd = tcp_socket(address, port, &sin);

	if (fd < 0 || connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		return failed("connect");
	return measure(fd, fd, MESSAGE, count);
}

static int serve(const char *address, const char *port)
{
	struct sockaddr_in sin;
	int fd = tcp_socket(address, port, &sin), one = 1, conn;
	char buf[MESSAGE];
	ssize_t n;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 1))
		return failed("listen");
	puts("ready");
	fflush(stdout);
	conn = accept(fd, NULL, NULL);
	if (conn < 0 || setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		return failed("accept");
	while ((n = recv(conn, buf, sizeof(buf), MSG_WAITALL)) > 0)
		if (send(conn, buf, n, 0) != n)
			return failed("answer");
	return 0;
}

/* ---- single calls --------------------------------------------------------------*/

static int call_netlink(int fd)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[8];
	} ask = {
		.nlh = { sizeof(ask), GENL_ID_CTRL, NLM_F_REQUEST, 1, 0 },
		.genl = { CTRL_CMD_GETFAMILY, 1, 0 },
		.attr = { sizeof(ask.attr) + 7, CTRL_ATTR_FAMILY_NAME },
		.name = "nlctrl",
	};
	char answer[4096];

	return send(fd, &ask, sizeof(ask), 0) == sizeof(ask) &&
	       recv(fd, answer, sizeof(answer), 0) > 0 ? 0 : -1;
}

static int call_setsockopt(int fd)
{
	int one = 1;

	return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

static int call_bind(int fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int err;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&sin, sizeof(sin));
	if (fd >= 0)
		close(fd);
	return err;
}

static int call_ioctl(int fd)
{
	int waiting;

	return ioctl(fd, FIONREAD, &waiting);
}

static const struct kind {
	const char *name;
	int (*call)(int fd);
	int family;
	int type;
	int protocol;
} kinds[] = {
	{ "netlink", call_netlink, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC },
	{ "setsockopt", call_setsockopt, AF_INET, SOCK_DGRAM, 0 },
	{ "bind", call_bind, AF_INET, SOCK_DGRAM, 0 },
	{ "ioctl", call_ioctl, AF_INET, SOCK_DGRAM, 0 },
};

static int repeat(const struct kind *kind, int fd, unsigned long count)
{
	while (count--)
		if (kind->call(fd))
			return failed(kind->name);
	return 0;
}

static int call(const char *name, const char *count)
{
	unsigned long nr = strtoul(count, NULL, 0);
	unsigned long long begin;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(name, kinds[i].name))
			continue;
		fd = socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC, kinds[i].protocol);
		if (fd < 0 || repeat(&kinds[i], fd, WARM_UP))
			return failed(name);
		begin = now_ns();
		if (repeat(&kinds[i], fd, nr))
			return 3;
		printf("{\"count\":%lu,\"duration_ns\":%llu}\n", nr, now_ns() - begin);
		return 0;
	}
	errno = EINVAL;
	return failed(name);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "unix"))
		return through_unix(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "call"))
		return call(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3], argv[4]);
	fprintf(stderr, "usage: nma-echo unix COUNT | serve ADDRESS PORT | ask ADDRESS PORT COUNT | call KIND COUNT\n");
	return 2;
}
