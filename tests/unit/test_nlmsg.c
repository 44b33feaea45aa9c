// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The parser of netlink sends that the enforcing programs use, in user space: what it
 * understands is what a parser of its own, in the manner of the kernel, finds in
 * the same bytes; whole sends and 100,000 that were damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include <cmocka.h>

/* Out of bounds is a bug of the parser, not of the send. */
static void nma_nlmsg_copy(void *dst, size_t len, __u64 data, __u32 all, __u32 off)
{
	assert_true(off <= all && len <= all - off);
	memcpy(dst, (const char *)(uintptr_t)data + off, len);
}

#define nma_nlmsg_read(dst, n, p, off) \
	nma_nlmsg_copy(dst, n, (p)->data, (p)->len, off)

#include "enforce/nma_nlmsg.h"

#define NETDEV		0x1d
#define ETHTOOL		0x15
#define ASKS		16
#define SEND		2048
#define MUTATIONS	100000

struct send {
	unsigned char *bytes;
	__u32 len;
};

static unsigned char room[SEND];

/* ---- Building --------------------------------------------------------------------*/

static __u32 put(__u32 at, const void *data, __u32 len)
{
	assert_true(at + ((len + 3) & ~3u) <= SEND);
	memset(room + at, 0, (len + 3) & ~3u);
	memcpy(room + at, data, len);
	return at + ((len + 3) & ~3u);
}

static __u32 begin_msg(__u32 at, __u16 type, __u8 cmd)
{
	struct nma_nl_msghdr h = { .type = type, .flags = 5, .cmd = cmd, .version = 1 };

	return put(at, &h, NMA_NL_GENL_HDRLEN);
}

static void end_msg(__u32 start, __u32 end)
{
	__u32 len = end - start;

	memcpy(room + start, &len, sizeof(len));
}

static __u32 attr(__u32 at, __u16 type, const void *data, __u16 len)
{
	struct nma_nl_attr a = { .len = sizeof(a) + len, .type = type };

	at = put(at, &a, sizeof(a));
	return put(at, data, len);
}

static __u32 attr_u32(__u32 at, __u16 type, __u32 value)
{
	return attr(at, type, &value, sizeof(value));
}

static __u32 begin_nest(__u32 at, __u16 type)
{
	struct nma_nl_attr a = { .type = type | 0x8000 };

	return put(at, &a, sizeof(a));
}

static void end_nest(__u32 start, __u32 end)
{
	__u16 len = end - start;

	memcpy(room + start, &len, sizeof(len));
}

static __u32 queue(__u32 at, __u32 id, __u32 type)
{
	__u32 start = at;

	at = begin_nest(at, NMA_NL_DMABUF_QUEUES);
	at = attr_u32(at, NMA_NL_QUEUE_TYPE, type);
	at = attr_u32(at, NMA_NL_QUEUE_ID, id);
	end_nest(start, at);
	return at;
}

static __u32 bind_rx(__u32 at, __u32 ifindex, __u32 fd, __u32 id)
{
	__u32 start = at;

	at = begin_msg(at, NETDEV, NMA_NL_BIND_RX);
	at = attr_u32(at, NMA_NL_DMABUF_FD, fd);
	at = queue(at, id, 0);
	at = attr_u32(at, NMA_NL_DMABUF_IFINDEX, ifindex);
	end_msg(start, at);
	return at;
}

static __u32 header(__u32 at, __u32 ifindex, const char *name)
{
	__u32 start = at;

	at = begin_nest(at, NMA_NL_HEADER);
	if (ifindex)
		at = attr_u32(at, NMA_NL_HEADER_INDEX, ifindex);
	if (name)
		at = attr(at, NMA_NL_HEADER_NAME, name, strlen(name) + 1);
	end_nest(start, at);
	return at;
}

static __u32 rings_set(__u32 at, __u32 ifindex, const char *name, __u8 split)
{
	__u32 start = at;

	at = begin_msg(at, ETHTOOL, NMA_NL_RINGS_SET);
	at = attr(at, NMA_NL_RINGS_SPLIT, &split, 1);
	at = header(at, ifindex, name);
	end_msg(start, at);
	return at;
}

/* ---- Parsing ---------------------------------------------------------------------*/

/* The bytes are copied to a heap of their own length, so that the sanitizer sees what
 * goes beyond them.
 */
static unsigned int parse(const void *bytes, __u32 len, struct nma_ask *asks)
{
	unsigned char *copy = malloc(len ? len : 1);
	enum nma_nlmsg_step step = NMA_NLMSG_AGAIN;
	struct nma_nlmsg p;
	unsigned int n = 0;
	__u32 i;

	memcpy(copy, bytes, len);
	nma_nlmsg_begin(&p, (uintptr_t)copy, len, NETDEV, ETHTOOL);
	for (i = 0; step != NMA_NLMSG_END; i++) {
		/* what the programs allow is enough for any send */
		assert_true(i < nma_nlmsg_steps(len));
		step = nma_nlmsg_step(&p);
		if (step == NMA_NLMSG_ASK && n < ASKS)
			asks[n++] = p.ask;
	}
	free(copy);
	return n;
}

/* ---- The same, as netlink_rcv_skb() and nla_parse() do it --------------------------*/

struct table {
	const unsigned char *attr[64];	/* payload of the last of each type */
	__u32 len[64];
};

static __u32 load32(const unsigned char *p)
{
	__u32 u;

	memcpy(&u, p, sizeof(u));
	return u;
}

static __u16 load16(const unsigned char *p)
{
	__u16 u;

	memcpy(&u, p, sizeof(u));
	return u;
}

typedef void (*attr_fn)(void *ctx, __u32 type, const unsigned char *p, __u32 len);

static void each_attr(const unsigned char *p, __u32 rem, attr_fn fn, void *ctx)
{
	__u32 len, step;

	while (rem >= 4 && load16(p) >= 4 && load16(p) <= rem) {
		len = load16(p);
		fn(ctx, load16(p + 2) & NMA_NL_TYPE_MASK, p + 4, len - 4);
		step = (len + 3) & ~3u;
		if (step > rem)
			break;
		p += step;
		rem -= step;
	}
}

static void note_attr(void *ctx, __u32 type, const unsigned char *p, __u32 len)
{
	struct table *t = ctx;

	if (type < 64) {
		t->attr[type] = p;
		t->len[type] = len;
	}
}

static __u32 value_of(const struct table *t, __u32 type, __u32 none)
{
	if (!t->attr[type])
		return none;
	return t->len[type] >= 4 ? load32(t->attr[type]) : 0;
}

static void note_queue(void *ctx, __u32 type, const unsigned char *p, __u32 len)
{
	struct nma_ask *ask = ctx;
	struct table t = { 0 };
	__u32 id;

	if (type != NMA_NL_DMABUF_QUEUES || ask->what != NMA_ASK_BIND_RX)
		return;
	each_attr(p, len, note_attr, &t);
	id = value_of(&t, NMA_NL_QUEUE_ID, ~0u);
	if (value_of(&t, NMA_NL_QUEUE_TYPE, ~0u))
		return;
	if (id < NMA_ASK_QUEUES)
		ask->queues[id / 64] |= 1ull << id % 64;
	else
		ask->queues_beyond = 1;
}

static void model_ethtool(struct nma_ask *ask, const struct table *t,
			  const unsigned char *send)
{
	struct table h = { 0 };

	if (t->attr[NMA_NL_HEADER]) {
		each_attr(t->attr[NMA_NL_HEADER], t->len[NMA_NL_HEADER], note_attr, &h);
		ask->ifindex = value_of(&h, NMA_NL_HEADER_INDEX, 0);
		if (h.attr[NMA_NL_HEADER_NAME]) {
			ask->name = h.attr[NMA_NL_HEADER_NAME] - send;
			ask->name_len = h.len[NMA_NL_HEADER_NAME];
		}
	}
	if (ask->what == NMA_ASK_RSS_SET) {
		if (t->attr[NMA_NL_RSS_INDIR]) {
			ask->indir = t->attr[NMA_NL_RSS_INDIR] - send;
			ask->indir_len = t->len[NMA_NL_RSS_INDIR];
		}
		ask->rss_context = value_of(t, NMA_NL_RSS_CONTEXT, 0);
	}
}

static void note_split(void *ctx, __u32 type, const unsigned char *p, __u32 len)
{
	struct nma_ask *ask = ctx;

	if (type != NMA_NL_RINGS_SPLIT || !len || ask->what != NMA_ASK_RINGS_SET)
		return;
	ask->split_given = 1;
	ask->split = p[0];
}

static void model_ask(struct nma_ask *ask, const unsigned char *send,
		      const unsigned char *attrs, __u32 len)
{
	struct table t = { 0 };

	each_attr(attrs, len, note_attr, &t);
	if (ask->what == NMA_ASK_BIND_RX || ask->what == NMA_ASK_BIND_TX) {
		ask->ifindex = value_of(&t, NMA_NL_DMABUF_IFINDEX, 0);
		ask->fd_given = t.attr[NMA_NL_DMABUF_FD] != NULL;
		ask->fd = value_of(&t, NMA_NL_DMABUF_FD, 0);
		each_attr(attrs, len, note_queue, ask);
		return;
	}
	model_ethtool(ask, &t, send);
	each_attr(attrs, len, note_split, ask);
}

static __u32 model_what(__u16 type, __u8 cmd)
{
	if (type == NETDEV && cmd == NMA_NL_BIND_RX)
		return NMA_ASK_BIND_RX;
	if (type == NETDEV && cmd == NMA_NL_BIND_TX)
		return NMA_ASK_BIND_TX;
	if (type == ETHTOOL && cmd == NMA_NL_RINGS_SET)
		return NMA_ASK_RINGS_SET;
	if (type == ETHTOOL && cmd == NMA_NL_RSS_SET)
		return NMA_ASK_RSS_SET;
	return NMA_ASK_NONE;
}

static unsigned int model(const unsigned char *send, __u32 all, struct nma_ask *asks)
{
	const unsigned char *p = send;
	unsigned int n = 0;
	__u32 left = all, len, what;

	while (left >= 16) {
		len = load32(p);
		if (len < 16 || len > left)
			break;
		if (load16(p + 6) & NMA_NL_REQUEST && load16(p + 4) >= NMA_NL_MIN_TYPE &&
		    len >= NMA_NL_GENL_HDRLEN) {
			what = model_what(load16(p + 4), p[16]);
			if (what != NMA_ASK_NONE && n < ASKS) {
				memset(&asks[n], 0, sizeof(asks[n]));
				asks[n].what = what;
				model_ask(&asks[n++], send, p + 20, len - 20);
			}
		}
		len = (len + 3) & ~3u;
		if (len > left)
			len = left;
		p += len;
		left -= len;
	}
	return n;
}

/* Without a name its length says nothing. */
static void expect_same(const struct nma_ask *a, const struct nma_ask *b)
{
	assert_int_equal(a->what, b->what);
	assert_int_equal(a->ifindex, b->ifindex);
	assert_int_equal(a->fd, b->fd);
	assert_int_equal(a->fd_given, b->fd_given);
	assert_int_equal(a->name, b->name);
	if (a->name)
		assert_int_equal(a->name_len, b->name_len);
	assert_int_equal(a->split_given, b->split_given);
	assert_int_equal(a->split, b->split);
	assert_int_equal(a->indir, b->indir);
	assert_int_equal(a->indir_len, b->indir_len);
	assert_int_equal(a->rss_context, b->rss_context);
	assert_int_equal(a->queues_beyond, b->queues_beyond);
	assert_memory_equal(a->queues, b->queues, sizeof(a->queues));
}

static unsigned int compare(const void *bytes, __u32 len, struct nma_ask *asks)
{
	struct nma_ask want[ASKS];
	unsigned int n = parse(bytes, len, asks), i;

	assert_int_equal(n, model(bytes, len, want));
	for (i = 0; i < n; i++)
		expect_same(&asks[i], &want[i]);
	return n;
}

/* ---- Tests -----------------------------------------------------------------------*/

static void test_bind(void **state)
{
	struct nma_ask asks[ASKS];
	__u32 end = bind_rx(0, 7, 5, 3);

	(void)state;
	assert_int_equal(compare(room, end, asks), 1);
	assert_int_equal(asks[0].what, NMA_ASK_BIND_RX);
	assert_int_equal(asks[0].ifindex, 7);
	assert_int_equal(asks[0].fd, 5);
	assert_int_equal(asks[0].queues[0], 1 << 3);
}

static void test_second_message(void **state)
{
	struct nma_ask asks[ASKS];
	__u32 end;

	(void)state;
	end = begin_msg(0, NETDEV, 1);
	end_msg(0, end);
	end = rings_set(end, 0, "nm0", 1);
	end = bind_rx(end, 9, 1, 255);
	end = bind_rx(end, 9, 1, 256);
	assert_int_equal(compare(room, end, asks), 3);
	assert_int_equal(asks[0].what, NMA_ASK_RINGS_SET);
	assert_string_equal((char *)room + asks[0].name, "nm0");
	assert_int_equal(asks[0].split, 1);
	assert_int_equal(asks[1].queues[3], 1ull << 63);
	assert_int_equal(asks[2].queues_beyond, 1);
}

/* The kernel takes the last one. */
static void test_twice_the_same(void **state)
{
	struct nma_ask asks[ASKS];
	__u32 at;

	(void)state;
	at = begin_msg(0, NETDEV, NMA_NL_BIND_TX);
	at = attr_u32(at, NMA_NL_DMABUF_IFINDEX, 1);
	at = attr_u32(at, NMA_NL_DMABUF_IFINDEX, 2);
	end_msg(0, at);
	assert_int_equal(compare(room, at, asks), 1);
	assert_int_equal(asks[0].ifindex, 2);

	at = begin_msg(0, ETHTOOL, NMA_NL_RINGS_SET);
	at = header(at, 4, NULL);
	at = header(at, 0, "altname-of-a-port");
	end_msg(0, at);
	assert_int_equal(compare(room, at, asks), 1);
	assert_int_equal(asks[0].ifindex, 0);
	assert_string_equal((char *)room + asks[0].name, "altname-of-a-port");
}

static void test_not_a_request(void **state)
{
	struct nma_ask asks[ASKS];
	__u32 end = bind_rx(0, 7, 5, 3);

	(void)state;
	room[6] = 4;	/* flags without NLM_F_REQUEST */
	assert_int_equal(compare(room, end, asks), 0);
	end = bind_rx(0, 7, 5, 3);
	room[4] = 3;	/* NLMSG_DONE */
	assert_int_equal(compare(room, end, asks), 0);
}

static void test_truncated(void **state)
{
	struct nma_ask asks[ASKS];
	__u32 end, len;

	(void)state;
	end = rings_set(0, 3, NULL, 0);
	end = bind_rx(end, 7, 5, 3);
	for (len = 0; len <= end; len++)
		compare(room, len, asks);
}

static __u32 seed = 4711;

static __u32 next(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static __u32 example(void)
{
	__u32 at = 0;
	int n = 1 + next() % 3;

	while (n--) {
		switch (next() % 4) {
		case 0:
			at = bind_rx(at, next() % 16, next() % 8, next() % 300);
			break;
		case 1:
			at = rings_set(at, next() % 2, next() % 2 ? "nm0" : NULL,
				       next() % 3);
			break;
		case 2: {
			__u32 start = at;

			at = begin_msg(at, ETHTOOL, NMA_NL_RSS_SET);
			at = attr(at, NMA_NL_RSS_INDIR, "\1\0\0\0\2\0\0\0", 8);
			at = header(at, next() % 16, NULL);
			at = attr_u32(at, NMA_NL_RSS_CONTEXT, next() % 2);
			end_msg(start, at);
			break;
		}
		default: {
			__u32 start = at;

			at = begin_msg(at, NETDEV, NMA_NL_BIND_TX);
			at = queue(at, next() % 8, next() % 2);
			at = attr_u32(at, NMA_NL_DMABUF_IFINDEX, next() % 16);
			end_msg(start, at);
		}
		}
	}
	return at;
}

/* A byte, a length, a piece that is there twice, a piece that is missing */
static __u32 damage(__u32 len)
{
	__u32 at = next() % len, n;

	switch (next() % 5) {
	case 0:
		room[at] = next();
		return len;
	case 1:
		room[at & ~3u] += (next() % 9) - 4;
		return len;
	case 2:
		return at;
	case 3:
		n = next() % (len - at) & ~3u;
		memmove(room + at, room + at + n, len - at - n);
		return len - n;
	default:
		n = next() % (len - at) & ~3u;
		if (len + n > SEND)
			return len;
		memmove(room + at + n, room + at, len - at);
		return len + n;
	}
}

static void test_damaged(void **state)
{
	struct nma_ask asks[ASKS];
	unsigned long found = 0;
	__u32 len, n;
	int i;

	(void)state;
	for (i = 0; i < MUTATIONS; i++) {
		len = example();
		for (n = next() % 4; n && len; n--)
			len = damage(len);
		found += compare(room, len, asks);
	}
	assert_true(found > MUTATIONS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_second_message),
		cmocka_unit_test(test_twice_the_same),
		cmocka_unit_test(test_not_a_request),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
