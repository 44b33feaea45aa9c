// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Unit tests of what can be wrong in nma-traffic without a kernel noticing: a
 * check that sees no error proves nothing if it cannot see one. "make check".
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "opts.h"
#include "pattern.h"
#include "piece.h"
#include "report.h"
#include "roles.h"
#include "zerocopy.h"

#define LEN 4099	/* a page, and a prime */

static uint8_t data[2 * LEN];

static void fill_is_the_pattern(void **state)
{
	uint64_t key = nma_pattern_key(0, 40000);
	size_t i;

	(void)state;
	nma_pattern_fill(data, LEN, key, 5);
	for (i = 0; i < LEN; i++)
		assert_int_equal(data[i], nma_pattern_byte(key, 5 + i));
}

static void pieces_make_the_whole(void **state)
{
	uint64_t key = nma_pattern_key(1, 2);
	size_t len;
	size_t pos;

	(void)state;
	for (pos = 0; pos < LEN; pos += len) {
		len = pos % 23 + 1;
		nma_pattern_fill(data + pos, len, key, pos);
	}
	assert_int_equal(nma_pattern_check(data, LEN, key, 0, NULL), 0);
	for (pos = 0; pos < LEN; pos += 101)
		assert_int_equal(nma_pattern_check(data + pos, LEN - pos, key,
						   pos, NULL), 0);
}

static void every_single_wrong_byte_is_seen(void **state)
{
	uint64_t key = nma_pattern_key(0, 1);
	size_t first;
	size_t i;

	(void)state;
	nma_pattern_fill(data, 67, key, 3);
	for (i = 0; i < 67; i++) {
		first = LEN;
		data[i] ^= 1;
		assert_int_equal(nma_pattern_check(data, 67, key, 3, &first), 1);
		assert_int_equal(first, i);
		data[i] ^= 1;
	}
	assert_int_equal(nma_pattern_check(data, 67, key, 3, &first), 0);
}

/* What a misplaced buffer looks like: right words, wrong place. */
static void shifted_data_is_wrong(void **state)
{
	static const uint64_t shifts[] = { 1, 8, 1448, 4096, 1 << 16, 1ULL << 32 };
	uint64_t key = nma_pattern_key(0, 1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		nma_pattern_fill(data, LEN, key, shifts[i]);
		assert_true(nma_pattern_check(data, LEN, key, 0, NULL) >
			    LEN / 2);
	}
}

static void flows_differ(void **state)
{
	(void)state;
	nma_pattern_fill(data, LEN, nma_pattern_key(0, 40000), 0);
	assert_true(nma_pattern_check(data, LEN, nma_pattern_key(0, 40001), 0,
				      NULL) > LEN / 2);
	assert_true(nma_pattern_check(data, LEN, nma_pattern_key(1, 40000), 0,
				      NULL) > LEN / 2);
}

/* Reads @p back from the dma-buf as the kernel does, from byte @from on. */
static size_t gather(const struct nma_piece *p, size_t from, uint8_t *to)
{
	struct iovec iov[NMA_MAX_IOVECS];
	unsigned int n = nma_piece_iov(p, from, iov);
	size_t len = 0;
	unsigned int i;

	assert_true(n <= p->parts);
	for (i = 0; i < n; i++) {
		assert_true((size_t)iov[i].iov_base >= p->base);
		assert_true((size_t)iov[i].iov_base + iov[i].iov_len <=
			    p->base + p->len);
		memcpy(to + len, data + (size_t)iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	return len;
}

static void parts_of_a_piece_are_the_stream(void **state)
{
	static const size_t lengths[] = { 1, 2, 13, 1448, LEN };
	uint64_t key = nma_pattern_key(0, 1);
	struct nma_piece p = { .base = 101 };
	static uint8_t got[LEN];
	size_t from;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		p.len = lengths[i];
		for (p.parts = 1; p.parts <= NMA_MAX_IOVECS; p.parts++) {
			nma_piece_fill(&p, data, key, 7);
			for (from = 0; from < p.len; from += p.len / 5 + 1) {
				assert_int_equal(gather(&p, from, got), p.len - from);
				assert_int_equal(nma_pattern_check(got, p.len - from, key,
								   7 + from, NULL), 0);
			}
		}
	}
}

/* Else a wrong offset would show the right data by chance. */
static void parts_are_not_in_order(void **state)
{
	struct nma_piece p = { .len = 1000, .parts = 3 };
	struct iovec iov[NMA_MAX_IOVECS];

	(void)state;
	assert_int_equal(nma_piece_iov(&p, 0, iov), 3);
	assert_true(iov[0].iov_base > iov[1].iov_base);
	assert_true(iov[1].iov_base > iov[2].iov_base);
}

static void completions_free_their_pieces(void **state)
{
	static struct nma_zerocopy zc;
	unsigned int i;

	(void)state;
	memset(&zc, 0, sizeof(zc));
	zc.sent = UINT32_MAX - 1;	/* numbers wrap around */
	for (i = 0; i < 4; i++)
		nma_zerocopy_sent(&zc, i / 2);
	assert_int_equal(nma_zerocopy_done(&zc, UINT32_MAX, 0, false), 0);
	assert_int_equal(zc.pending[0], 1);
	assert_int_equal(zc.pending[1], 1);
	assert_int_equal(nma_zerocopy_done(&zc, UINT32_MAX - 1, UINT32_MAX - 1,
					   true), 0);
	assert_int_equal(zc.pending[0], 0);
	assert_int_equal(zc.completed, 3);
	assert_int_equal(zc.copied, 1);
}

static void false_completions_are_seen(void **state)
{
	static struct nma_zerocopy zc;

	(void)state;
	memset(&zc, 0, sizeof(zc));
	nma_zerocopy_sent(&zc, 0);
	nma_zerocopy_sent(&zc, 0);
	assert_int_equal(nma_zerocopy_done(&zc, 2, 2, false), -EPROTO);
	assert_int_equal(nma_zerocopy_done(&zc, 1, 0, false), -EPROTO);
	assert_int_equal(nma_zerocopy_done(&zc, 0, 0, false), 0);
	assert_int_equal(nma_zerocopy_done(&zc, 0, 0, false), -EPROTO);
	assert_int_equal(zc.pending[0], 1);
}

static void messages_on_their_way_are_limited(void **state)
{
	static struct nma_zerocopy zc;
	unsigned int i;

	(void)state;
	memset(&zc, 0, sizeof(zc));
	for (i = 0; i < NMA_ZC_MESSAGES; i++) {
		assert_false(nma_zerocopy_full(&zc));
		nma_zerocopy_sent(&zc, i % NMA_ZC_PIECES);
	}
	assert_true(nma_zerocopy_full(&zc));
	/* the oldest is not done: its place cannot be used again */
	assert_int_equal(nma_zerocopy_done(&zc, 1, 1, false), 0);
	assert_true(nma_zerocopy_full(&zc));
	assert_int_equal(nma_zerocopy_done(&zc, 0, 0, false), 0);
	assert_false(nma_zerocopy_full(&zc));
}

static const struct nma_role_info recv_role = {
	"recv", NMA_ROLE_RECV, "[ADDRESS]", "text"
};

static const struct nma_role_info send_role = {
	"send", NMA_ROLE_SEND, "ADDRESS", "text"
};

/* Splits @line at spaces; returns what the parser does. */
static int parse(const struct nma_role_info *role, const char *line,
		 struct nma_opts *o)
{
	static char copy[256];
	char *argv[16];
	int argc = 0;
	char *word;

	strncpy(copy, line, sizeof(copy) - 1);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	optind = 0;
	return nma_opts_parse(o, role, argc, argv);
}

static void options_reach_their_fields(void **state)
{
	struct nma_opts o;

	(void)state;
	assert_int_equal(parse(&recv_role, "recv -i nm0 -q 1,3 -s 1M --bytes 3G "
			       "--keep-tokens 0x10 2001:db8::1", &o), 0);
	assert_string_equal(o.ifname, "nm0");
	assert_int_equal(o.queues.n, 2);
	assert_int_equal(o.queues.id[1], 3);
	assert_int_equal(o.size, 1 << 20);
	assert_int_equal(o.bytes, 3ULL << 30);
	assert_int_equal(o.keep_tokens, 16);
	assert_int_equal(o.port, 9000);
	assert_string_equal(o.address, "2001:db8::1");
	assert_int_equal(o.addr.s6_addr[15], 1);
	assert_int_equal(parse(&send_role, "send 192.0.2.7", &o), 0);
	assert_true(IN6_IS_ADDR_V4MAPPED(&o.addr));
	assert_int_equal(o.addr.s6_addr[15], 7);
	assert_false(o.host);
	assert_int_equal(parse(&send_role, "send -d -i nm0 --iovecs 16 2001:db8::1",
			       &o), 0);
	assert_true(o.dmabuf);
	assert_int_equal(o.iovecs, 16);
	assert_int_equal(parse(&recv_role, "recv -i nm0 -q 1 --peek 23", &o), 0);
	assert_int_equal(o.misdeeds[NMA_MISDEED_PEEK], 23);
}

static void misdeeds_are_counted(void **state)
{
	struct nma_report r = {};
	struct nma_opts o = {};

	(void)state;
	o.misdeeds[NMA_MISDEED_PEEK] = 2;
	for (; nma_misdeed_due(&o, &r, NMA_MISDEED_PEEK);
	     r.misdeeds[NMA_MISDEED_PEEK]++)
		assert_int_equal(nma_report_misdeeds_done(&r, &o), -EPROTO);
	assert_int_equal(r.misdeeds[NMA_MISDEED_PEEK], 2);
	assert_int_equal(nma_report_misdeeds_done(&r, &o), 0);
}

static void wrong_options_are_refused(void **state)
{
	static const char *const recv_lines[] = {
		"recv", "recv -i nm0", "recv -q 1", "recv -i nm0 -q",
		"recv -i nm0 -q ,", "recv -i nm0 -q 1,", "recv -i nm0 -q -1",
		"recv -i nm0 -q 4294967296", "recv -H -p 65536", "recv -H -p 1K2",
		"recv -H -b 99999999999999999999", "recv -H -b 99999999999G",
		"recv -H -s 4097", "recv -H -b +1", "recv -H --plain-recv",
		"recv -H a b", "recv -H --nothing", "recv -H --batch 129",
		"recv -H -n 1", "recv -H --peek 1", "recv -H --keep-tokens 1",
		"recv -i nm0 -q 1 --peek -1", "recv -i nm0 -q 1 --wrong-id 1",
	};
	static const char *const send_lines[] = {
		"send", "send 1.2.3", "send 300.1.1.1", "send nm0",
		"send -i nm0 1.2.3.4", "send -d 1.2.3.4",
		"send -d -i nm0 --iovecs 0 1.2.3.4",
		"send -d -i nm0 --iovecs 17 1.2.3.4",
		"send -d -i nm0 -s 4095 1.2.3.4", "send -q 1 1.2.3.4",
		"send -d -i nm0 -s 4K -f 2 1.2.3.4",
		"send --wrong-id 1 1.2.3.4", "send -d -i nm0 --rx-id 1 1.2.3.4",
		"send -d -i nm0 --peek 1 1.2.3.4",
	};
	struct nma_opts o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(recv_lines) / sizeof(recv_lines[0]); i++)
		assert_true(parse(&recv_role, recv_lines[i], &o) < 0);
	for (i = 0; i < sizeof(send_lines) / sizeof(send_lines[0]); i++)
		assert_true(parse(&send_role, send_lines[i], &o) < 0);
}

/* Who always has something to do does not wait, but must end. The last test: it
 * stays interrupted.
 */
static void a_signal_ends_the_busy(void **state)
{
	struct pollfd fd = { .events = POLLOUT };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fd.fd = ends[1];
	nma_wait_setup();
	assert_int_equal(nma_wait(&fd, 1, 0), 1);
	raise(SIGTERM);
	assert_int_equal(nma_wait(&fd, 1, 0), -EINTR);
	assert_true(nma_wait_interrupted());
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill_is_the_pattern),
		cmocka_unit_test(pieces_make_the_whole),
		cmocka_unit_test(every_single_wrong_byte_is_seen),
		cmocka_unit_test(shifted_data_is_wrong),
		cmocka_unit_test(flows_differ),
		cmocka_unit_test(parts_of_a_piece_are_the_stream),
		cmocka_unit_test(parts_are_not_in_order),
		cmocka_unit_test(completions_free_their_pieces),
		cmocka_unit_test(false_completions_are_seen),
		cmocka_unit_test(messages_on_their_way_are_limited),
		cmocka_unit_test(options_reach_their_fields),
		cmocka_unit_test(misdeeds_are_counted),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(a_signal_ends_the_busy),
	};

	return cmocka_run_group_tests_name("apps", tests, NULL, NULL);
}
