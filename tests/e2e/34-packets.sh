#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# What is not TCP: datagrams, alone and beside a stream into a dma-buf.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# Every datagram came, and every byte of it is right: nothing here loses any.
expect_all() {
	expect_json "$W/rx.json" ".bytes == $1 and .verify_errors == 0 and
		.datagrams == $(jq .datagrams "$W/tx.json")"
}

# datagrams ADDRESS CHUNK
datagrams() {
	local n=503

	start rx nma-traffic udp-recv -b $((n * $2))
	peer nma-traffic udp-send -b $((n * $2)) --chunk "$2" -r 2M "$1" \
		>"$W/tx.json"
	finish rx
	expect_all $((n * $2))
}

test_udp_ipv4() { datagrams "$V4" 1400; }
test_udp_ipv6() { datagrams "$V6" 1400; }
test_udp_in_ip_fragments() { datagrams "$V4" 8009; }
test_udp_one_byte() { datagrams "$V4" 1; }

test_udp_wrong_data_is_seen() {
	start rx nma-traffic udp-recv -b 14000 --seed 1
	peer nma-traffic udp-send -b 14000 --seed 2 "$V4" >"$W/tx.json"
	finish rx 1
	expect_json "$W/rx.json" '.verify_errors > 13000'
}

test_udp_beside_a_dma_buf() {
	recv_devmem -b 4M
	start udp nma-traffic udp-recv -b 0
	background tx peer nma-traffic udp-send -b 0 -r 200K "$V4"
	send_to -b 4M "$V4" >"$W/send.json"
	finish rx
	expect_json "$W/rx.json" '.dmabuf_bytes == 4194304 and .verify_errors == 0'
	stop "${pid[tx]}"
	kill -INT "${pid[udp]}"
	finish udp
	expect_json "$W/udp.json" '.datagrams > 0 and .verify_errors == 0'
	expect_no_leak
}

test_options_that_do_not_fit() {
	expect 2 nma-traffic udp-send 2>"$W/err"
	expect_text "$W/err" 'no ADDRESS'
	expect 2 nma-traffic udp-recv --peek 1 2>"$W/err"
	expect_text "$W/err" 'no such option: --peek'
}

nm_setup
run_tests test_udp_ipv4 test_udp_ipv6 test_udp_in_ip_fragments \
	test_udp_one_byte test_udp_wrong_data_is_seen \
	test_udp_beside_a_dma_buf test_options_that_do_not_fit
