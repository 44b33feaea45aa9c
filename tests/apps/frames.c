// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * nma-frames IF PEER-IF PEER-NETNS [STRIDE]: every frame that might confuse a
 * receiver; with STRIDE every STRIDE-th of them.
 *
 * Sends frames of every length, truncated and damaged headers from PEER-IF, which
 * lives in the network namespace at the path PEER-NETNS, and looks with a packet
 * socket at what IF makes of them. Each carries its number in the source address,
 * from which the receiving side builds it again, to compare every byte.
 *
 * What may be seen of a frame: all of it; a TCP packet without the padding behind
 * it; the headers of a TCP packet, if its payload lies where nobody can read it.
 * One JSON document on stdout. Exit status 0 if that is so, 1 if not, 3 if it
 * could not be tried.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"

#define MAX_LEN		70000
#define MAX_HEADERS	640
#define VLAN_LEN	4
#define WINDOW		256	/* bytes that the device looks at */
#define PORT		9000	/* the tests steer it */
#define MARK		0x46f2	/* begin of our source addresses, and of nobody else's */
#define RCVBUF		(64 << 20)
#define MAX_MTU		10000	/* longer frames are refused, whatever is in them */

/* Ethernet, then one letter per header, see the table of layers */
static const char * const kinds[] = {
	"4t", "4u", "6t", "6u", "v4t", "v6t", "v4u", "qv4t", "vv4t", "4T", "Ot",
	"OT", "vOT", "6T", "6ht", "6hdT", "6rt", "6sT", "6Lt", "6LLt", "6hu",
	"4mt", "4nt", "6ft", "6fu", "4i", "6i", "x", "v", "4", "6",
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct frame {
	uint8_t p[MAX_LEN + MAX_HEADERS];
	unsigned int len;
	unsigned int headers;	/* bytes of them if it is whole */
	bool splits;		/* TCP that the device can part */
	bool damaged;
};

struct counts {
	unsigned long sent, refused, received, whole, shortened, wrong, lost;
	/* The stack frees a frame that ends within what it needs to take a VLAN tag
	 * out, before a packet socket could see it; unless a device took it out,
	 * which needs the tag only.
	 */
	unsigned long tag_cut;		/* end within the tag */
	unsigned long tag_bare;		/* 802.1Q: with it, or a byte behind it */
};

static uint8_t dst_mac[ETH_ALEN];

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static unsigned int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t sum(const uint8_t *p, unsigned int len, uint32_t acc)
{
	unsigned int i;

	for (i = 0; i + 1 < len; i += 2)
		acc += get16(p + i);
	if (len & 1)
		acc += p[len - 1] << 8;
	return acc;
}

static unsigned int fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return ~acc & 0xffff;
}

/* ---- layers: each returns its length, and leaves to the next one to say what it
 * is in the byte or two at *type
 */

struct build {
	uint8_t *p;		/* the next header */
	uint8_t *type;
	bool ether;		/* *type is an EtherType */
	uint8_t *ip;
	uint8_t *l4;
	unsigned int proto;
	bool fragment;
	bool unverifiable;	/* nothing or something else to verify */
};

static void next_is(struct build *b, unsigned int ether_type, unsigned int proto)
{
	if (b->ether)
		put16(b->type, ether_type);
	else
		*b->type = proto;
}

static void add_ipv4(struct build *b, unsigned int type, unsigned int len)
{
	static const uint8_t addrs[] = { 192, 0, 2, 2, 192, 0, 2, 1 };

	next_is(b, type, IPPROTO_IPIP);
	b->ip = b->p;
	memset(b->p, 1, len);	/* options: no operation */
	memset(b->p, 0, 20);
	b->p[0] = 0x40 | len / 4;
	b->p[8] = 64;
	memcpy(b->p + 12, addrs, sizeof(addrs));
	b->type = b->p + 9;
	b->ether = false;
	b->p += len;
}

static void add_ipv6(struct build *b, unsigned int type, unsigned int len)
{
	static const uint8_t net[] = { 0x20, 0x01, 0x0d, 0xb8 };

	next_is(b, type, IPPROTO_IPV6);
	b->ip = b->p;
	memset(b->p, 0, len);
	b->p[0] = 0x60;
	b->p[7] = 64;
	memcpy(b->p + 8, net, sizeof(net));
	memcpy(b->p + 24, net, sizeof(net));
	b->p[23] = 2;
	b->p[39] = 1;
	b->type = b->p + 6;
	b->ether = false;
	b->p += len;
}

static void add_vlan(struct build *b, unsigned int ether_type, unsigned int len)
{
	next_is(b, ether_type, 0);
	put16(b->p, 5);
	b->type = b->p + 2;
	b->p += len;
}

/* One option pads the whole of it. */
static void add_extension(struct build *b, unsigned int proto, unsigned int len)
{
	next_is(b, 0, proto);
	memset(b->p, 0, len);
	b->p[1] = len / 8 - 1;
	if (proto != IPPROTO_ROUTING) {
		b->p[2] = 1;
		b->p[3] = len - 4;
	}
	b->type = b->p;
	b->p += len;
}

static void add_fragment(struct build *b, unsigned int proto, unsigned int len)
{
	next_is(b, 0, proto);
	memset(b->p, 0, len);
	b->p[3] = 1;		/* more of them */
	b->type = b->p;
	b->fragment = true;
	b->p += len;
}

static void add_l4(struct build *b, unsigned int proto, unsigned int len)
{
	next_is(b, 0, proto);
	b->l4 = b->p;
	b->proto = proto;
	memset(b->p, proto == IPPROTO_TCP, len);
	memset(b->p, 0, len < 20 ? len : 20);
	put16(b->p, 40000);
	put16(b->p + 2, PORT);
	if (proto == IPPROTO_TCP) {
		b->p[12] = len / 4 << 4;
		b->p[13] = 0x10;
	}
	b->p += len;
}

static void add_unknown(struct build *b, unsigned int type, unsigned int len)
{
	(void)len;
	next_is(b, type, 0);
}

/* Segments left: the address is not the last one. */
static void add_detour(struct build *b, unsigned int proto, unsigned int len)
{
	add_extension(b, proto, len);
	b->type[3] = 1;
	b->unverifiable = true;
}

/* Turns the IPv4 header into that of a fragment. */
static void set_fragment(struct build *b, unsigned int field, unsigned int len)
{
	(void)len;
	put16(b->ip + 6, field);
	b->fragment = true;
}

static const struct {
	char letter;
	void (*add)(struct build *b, unsigned int what, unsigned int len);
	unsigned int what;
	unsigned int len;
} layers[] = {
	{ 'v', add_vlan, ETH_P_8021Q, 4 },
	{ 'q', add_vlan, ETH_P_8021AD, 4 },
	{ 'x', add_unknown, 0x88b5, 0 },
	{ '4', add_ipv4, ETH_P_IP, 20 },
	{ 'O', add_ipv4, ETH_P_IP, 60 },
	{ '6', add_ipv6, ETH_P_IPV6, 40 },
	{ 'h', add_extension, IPPROTO_HOPOPTS, 8 },
	{ 'd', add_extension, IPPROTO_DSTOPTS, 16 },
	{ 'L', add_extension, IPPROTO_DSTOPTS, 200 },
	{ 'r', add_extension, IPPROTO_ROUTING, 24 },
	{ 's', add_detour, IPPROTO_ROUTING, 24 },
	{ 'f', add_fragment, IPPROTO_FRAGMENT, 8 },
	{ 'm', set_fragment, 0x2000, 0 },
	{ 'n', set_fragment, 0x2010, 0 },
	{ 't', add_l4, IPPROTO_TCP, 20 },
	{ 'T', add_l4, IPPROTO_TCP, 60 },
	{ 'u', add_l4, IPPROTO_UDP, 8 },
	{ 'i', add_l4, IPPROTO_ESP, 8 },
};

static void add_layer(struct build *b, char letter)
{
	unsigned int i;

	for (i = 0; layers[i].letter != letter; i++)
		;
	layers[i].add(b, layers[i].what, layers[i].len);
}

static void set_checksum(struct frame *f, const struct build *b, uint32_t id)
{
	unsigned int l4_len = f->p + f->len - b->l4;
	unsigned int at = b->proto == IPPROTO_TCP ? 16 : 6;
	bool v6 = b->ip[0] >> 4 == 6;
	uint32_t acc;

	acc = sum(b->ip + (v6 ? 8 : 12), v6 ? 32 : 8, b->proto + l4_len);
	put16(b->l4 + at, fold(sum(b->l4, l4_len, acc)) ^ (id % 8 == 7));
}

/* Lengths, as if the frame had as many bytes as it says or, if it is too short for
 * its headers, eight more than those.
 */
static void set_lengths(struct frame *f, const struct build *b)
{
	unsigned int len = f->len < f->headers ? f->headers + 8 : f->len;

	if (!b->ip)
		return;
	len -= b->ip - f->p;
	if (len > 0xffff)
		len = 0xffff;
	if (b->ip[0] >> 4 == 6) {
		put16(b->ip + 4, len - 40);
	} else {
		put16(b->ip + 2, len);
		put16(b->ip + 10, fold(sum(b->ip, (b->ip[0] & 15) * 4, 0)));
	}
	if (b->l4 && b->proto == IPPROTO_UDP)
		put16(b->l4 + 4, len - (b->l4 - b->ip));
}

/* ---- frames by number: three parts, in this order ---------------------------*/

#define PER_KIND	(MAX_HEADERS + 64)
#define DAMAGES		4
#define CUT_FRAMES	(KINDS * PER_KIND)
#define BAD_FRAMES	(KINDS * PER_KIND * DAMAGES)

static void build(struct frame *f, const char *kind, unsigned int len, uint32_t id)
{
	struct build b = { .p = f->p + ETH_HLEN, .type = f->p + 12, .ether = true };
	unsigned int i;

	memset(f->p, 0, MAX_HEADERS);
	memcpy(f->p, dst_mac, ETH_ALEN);
	put16(f->p + 6, MARK);
	put16(f->p + 8, id >> 16);
	put16(f->p + 10, id);
	put16(f->p + 12, ETH_P_IP);
	while (*kind)
		add_layer(&b, *kind++);
	f->headers = b.p - f->p;
	f->len = len;
	for (i = f->headers; (i < len && i < MAX_MTU) || i < f->headers + 64; i++)
		f->p[i] = id + i + i / 251;
	set_lengths(f, &b);
	if (b.l4 && !b.fragment && len >= f->headers && len <= MAX_MTU &&
	    (b.proto == IPPROTO_TCP || b.proto == IPPROTO_UDP))
		set_checksum(f, &b, id);
	f->damaged = len < f->headers;
	/* One tag may be taken out, another one looked behind. */
	f->splits = b.l4 && b.proto == IPPROTO_TCP && !b.fragment && !b.unverifiable &&
		    f->headers <= WINDOW && len > f->headers &&
		    get16(f->p + 12) != ETH_P_8021AD;
}

static uint8_t damage(uint8_t byte, unsigned int how)
{
	static const uint8_t flips[] = { 0x01, 0x10, 0xf0 };

	return how == 3 ? 0xff : byte ^ flips[how];
}

/* Bytes of the headers of a kind, damaged or not */
static unsigned int header_len(unsigned int kind)
{
	static unsigned int known[KINDS];
	static struct frame f;

	if (!known[kind]) {
		build(&f, kinds[kind], 0, 0);
		known[kind] = f.headers;
	}
	return known[kind];
}

/* False if there is no frame of this number. */
static bool make(struct frame *f, uint32_t number)
{
	uint32_t id = number;
	unsigned int at, kind;

	if (id < CUT_FRAMES) {
		kind = id / PER_KIND;
		at = id % PER_KIND;
		if (at < ETH_HLEN || at >= header_len(kind) + 64)
			return false;
		build(f, kinds[kind], at, number);
		return true;
	}
	id -= CUT_FRAMES;
	if (id < BAD_FRAMES) {
		at = id / DAMAGES % PER_KIND;
		kind = id / DAMAGES / PER_KIND;
		if (at < 12 || at >= header_len(kind))
			return false;
		build(f, kinds[kind], header_len(kind) + 23, number);
		f->p[at] = damage(f->p[at], id % DAMAGES);
		f->damaged = true;
		return true;
	}
	id -= BAD_FRAMES;
	if (id > MAX_LEN)
		return false;
	build(f, kinds[id % KINDS], id, number);
	return true;
}

/* ---- receiving --------------------------------------------------------------*/

/* What a frame shows of itself must be right: see the top of this file. */
static bool seen_as_it_should(const struct frame *f, const uint8_t *p, unsigned int len,
			      struct counts *c)
{
	if (len > f->len || memcmp(p, f->p, len))
		return false;
	c->whole += len == f->len;
	c->shortened += len < f->len;
	if (len == f->len || f->damaged)
		return true;
	return f->splits && len == f->headers;
}

static void say_wrong(const struct frame *f, uint32_t id, const uint8_t *p, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len && i < f->len && p[i] == f->p[i]; i++)
		;
	fprintf(stderr, "frame %u of %u bytes, %u of headers: seen %u, differs at %u\n",
		id, f->len, f->headers, len, i);
}

/* The tag that the device took out goes back to where it was. */
static unsigned int untag(const struct msghdr *msg, uint8_t *p, unsigned int len)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	struct tpacket_auxdata aux;

	if (!cmsg || cmsg->cmsg_type != PACKET_AUXDATA)
		return len;
	memcpy(&aux, CMSG_DATA(cmsg), sizeof(aux));
	if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
		return len;
	memmove(p + 16, p + 12, len - 12);
	put16(p + 12, aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid :
								   ETH_P_8021Q);
	put16(p + 14, aux.tp_vlan_tci);
	return len + 4;
}

/* Returns 0 when there is none left. */
static int receive(int fd, struct frame *f, struct counts *c)
{
	static uint8_t p[MAX_LEN + 4];
	uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = { p, MAX_LEN };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	uint32_t id;
	ssize_t len;

	len = recvmsg(fd, &msg, MSG_DONTWAIT);
	if (len < 0)
		return errno == EAGAIN ? 0 : nma_err(-errno, "receiving");
	if (len < ETH_HLEN || get16(p + 6) != MARK)
		return 1;
	len = untag(&msg, p, len);
	id = (uint32_t)get16(p + 8) << 16 | get16(p + 10);
	c->received++;
	if (make(f, id) && seen_as_it_should(f, p, len, c))
		return 1;
	if (c->wrong++ < 10)
		say_wrong(f, id, p, len);
	return 1;
}

static int drain(int fd, struct counts *c)
{
	static struct frame f;
	int ret;

	do
		ret = receive(fd, &f, c);
	while (ret > 0);
	return ret;
}

static void count_sent(const struct frame *f, struct counts *c)
{
	unsigned int type = get16(f->p + 12);

	c->sent++;
	if (f->len < ETH_HLEN || f->len >= ETH_HLEN + VLAN_LEN + 2)
		return;
	if (type == ETH_P_8021Q && f->len >= ETH_HLEN + VLAN_LEN)
		c->tag_bare++;
	else if (type == ETH_P_8021Q || type == ETH_P_8021AD)
		c->tag_cut++;
}

/* Bytes that the sender still has: they wait where the stream beside us is slow to give
 * buffers back.
 */
static int waiting(int tx)
{
	int bytes = 0;

	return ioctl(tx, SIOCOUTQ, &bytes) ? -1 : bytes;
}

/* Until all has left the sender, and nothing of it has come for a while. */
static int drain_rest(int tx, int rx, struct counts *c)
{
	unsigned int quiet = 0, all = 0;
	unsigned long before;
	int err = 0;

	while (!err && quiet++ < 10 && all++ < 300) {
		before = c->received;
		usleep(100000);
		err = drain(rx, c);
		if (c->received != before || waiting(tx))
			quiet = 0;
	}
	return err;
}

static int send_all(int tx, int rx, unsigned int stride, struct counts *c)
{
	static struct frame f;
	uint32_t id;
	int err;

	for (id = 0; id <= CUT_FRAMES + BAD_FRAMES + MAX_LEN; id += stride) {
		if (!make(&f, id))
			continue;
		if (send(tx, f.p, f.len, 0) == (ssize_t)f.len)
			count_sent(&f, c);
		else if (errno == EMSGSIZE || errno == EINVAL)
			c->refused++;
		else
			return nma_err(-errno, "sending frame %u of %u bytes", id, f.len);
		if (c->sent % 16)
			continue;
		err = drain(rx, c);
		if (err)
			return err;
	}
	return drain_rest(tx, rx, c);
}

/* ---- set-up -----------------------------------------------------------------*/

/* @protocol 0: hears nothing */
static int packet_socket(const char *ifname, unsigned int protocol)
{
	int size = RCVBUF, on = 1, fd;
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(ifname),
	};

	if (!addr.sll_ifindex)
		return nma_err(-ENODEV, "%s", ifname);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return nma_err(-errno, "packet socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return nma_err(-errno, "packet socket on %s", ifname);
	return fd;
}

static int own_address(int fd)
{
	struct sockaddr_ll addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		return nma_err(-errno, "address of the interface");
	memcpy(dst_mac, addr.sll_addr, ETH_ALEN);
	return 0;
}

static int enter_netns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return nma_err(-errno, "network namespace %s", path);
	close(fd);
	return 0;
}

static unsigned long lost(int fd)
{
	struct tpacket_stats st = {};
	socklen_t len = sizeof(st);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	return st.tp_drops;
}

int main(int argc, char **argv)
{
	unsigned int stride = argc > 4 ? strtoul(argv[4], NULL, 10) : 1;
	struct counts c = {};
	int rx, tx;

	if (argc < 4 || argc > 5 || !stride) {
		fprintf(stderr, "Usage: nma-frames IF PEER-IF PEER-NETNS [STRIDE]\n");
		return NMA_EXIT_USAGE;
	}
	rx = packet_socket(argv[1], ETH_P_ALL);
	if (rx < 0 || own_address(rx) || enter_netns(argv[3]))
		return NMA_EXIT_ENV;
	tx = packet_socket(argv[2], 0);
	if (tx < 0 || send_all(tx, rx, stride, &c))
		return NMA_EXIT_ENV;
	c.lost = lost(rx);
	printf("{\"schema\":1,\"sent\":%lu,\"refused\":%lu,\"received\":%lu,\"whole\":%lu,"
	       "\"shortened\":%lu,\"wrong\":%lu,\"lost\":%lu,\"tag_cut\":%lu,"
	       "\"tag_bare\":%lu}\n",
	       c.sent, c.refused, c.received, c.whole, c.shortened, c.wrong, c.lost,
	       c.tag_cut, c.tag_bare);
	return c.wrong ? NMA_EXIT_FAIL : NMA_EXIT_OK;
}
