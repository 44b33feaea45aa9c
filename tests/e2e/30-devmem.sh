#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# Device-memory TCP: a stream sixteen times the size of the dma-buf, while
# other traffic uses the other queues.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

MIB=$(amount 3 16)	# size of the dma-buf

# As many bytes as said, all in the dma-buf, all right, every token returned.
expect_clean() {
	expect_json "$1" ".bytes == $2 and .dmabuf_bytes == $2 and
		.linear_bytes == 0 and .plain_bytes == 0 and
		.verify_errors == 0 and .tokens_returned == .frags and
		.tokens_outstanding == 0"
}

# stream ADDRESS PEER_ADDRESS
stream() {
	recv_devmem -b $((16 * MIB))M -s "${MIB}M"
	recv_host -p 9001 -b $((2 * MIB))M
	background ping ping -i 0.02 "$2"
	background other send_to -p 9001 -b $((2 * MIB))M "$1"
	send_to -b $((16 * MIB))M "$1"
	finish rx
	finish host
	kill -INT "${pid[ping]}"
	finish_ping
	expect_clean "$W/rx.json" $((16 * MIB << 20))
	expect_json "$W/host.json" ".bytes == $((2 * MIB << 20)) and
		.verify_errors == 0"
	expect_no_leak
}

# Each of them is answered; but the last one may be on its way as ping is interrupted.
finish_ping() {
	wait "${pid[ping]}" || true
	awk -F '[= ]' '/ bytes from .* icmp_seq=/ {
			for (i = 1; $i != "icmp_seq"; i++)
				;
			lost += $(i + 1) != ++n
		}
		/ packets transmitted, / { sent = $1 }
		END { exit n == 0 || lost || n < sent - 1 }' "$W/ping.out" && return
	cat "$W/ping.out"
	fail "pings are lost"
}

test_sixteen_times_ipv4() { stream "$V4" "$V4_PEER"; }
test_sixteen_times_ipv6() { stream "$V6" "$V6_PEER"; }

test_eight_flows() {
	recv_devmem -b 4M -f 8
	send_to -b 4M -f 8 "$V4"
	finish rx
	expect_clean "$W/rx.json" $((32 << 20))
	expect_json "$W/rx.json" '.connections == 8'
}

test_two_queues_bound() {
	ethtool -X nm0 equal 2
	defer ethtool -X nm0 equal "$Q"
	steer 9002 2
	wait_for 10 no_pool_left	# of those that were here before
	start rx nma-traffic recv -i nm0 -q 2,3 -p 9002 -b 4M
	pools_are '[.pools[] | select(has("dmabuf_id"))] | length == 2'
	send_to -p 9002 -b 4M "$V4"
	finish rx
	expect_clean "$W/rx.json" $((4 << 20))
}

# A prime number of bytes, so that no piece ends on a page or a word.
test_odd_length() {
	recv_devmem -b 1000003
	send_to -b 1000003 "$V4"
	finish rx
	expect_clean "$W/rx.json" 1000003
}

# The receiver expects another pattern: it must not find this one right.
test_wrong_data_is_seen() {
	recv_devmem -b 1M --seed 1
	send_to -b 1M --seed 2 "$V4"
	finish rx 1
	expect_json "$W/rx.json" '.dmabuf_bytes == 1048576 and
		.verify_errors > 1000000 and .first_error < 8'
	expect_no_leak
}

test_unsteered_flow_stays_out_of_the_dma_buf() {
	start rx nma-traffic recv -i nm0 -q "$Q" -p 9003 -b 1M
	send_to -p 9003 -b 1M "$V4"
	finish rx
	expect_json "$W/rx.json" '.dmabuf_bytes == 0 and
		.plain_bytes == .bytes and .verify_errors == 0'
}

nm_setup
run_tests test_sixteen_times_ipv4 test_sixteen_times_ipv6 test_eight_flows \
	test_two_queues_bound test_odd_length test_wrong_data_is_seen \
	test_unsteered_flow_stays_out_of_the_dma_buf
