// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * nma-echo unix COUNT             one byte through a pair of unix sockets
 * nma-echo serve ADDRESS PORT     answers each request of the first caller
 * nma-echo ask ADDRESS PORT COUNT 64 bytes there and back, over TCP
 *
 * What has nothing to do with device memory and shall not pay for it: one send and
 * one receive call of the program itself for each of COUNT. One JSON document on
 * stdout; exit status 3 if it could not be done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "unix"))
		return through_unix(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3], argv[4]);
	fprintf(stderr, "usage: nma-echo unix COUNT | serve ADDRESS PORT | ask ADDRESS PORT COUNT\n");
	return 2;
}
