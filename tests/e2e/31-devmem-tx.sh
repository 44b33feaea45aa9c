#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# Sending from a dma-buf, to an ordinary receiver that verifies every byte.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# Every message completed, none was copied on the way.
expect_sent() {
	expect_json "$1" ".bytes == $2 and .sends > 0 and
		.completions == .sends and .copied == 0"
}

# transmit ADDRESS BYTES FLOWS [OPTION]...: from nm0 to the peer
transmit() {
	local address=$1 bytes=$2 flows=$3

	shift 3
	need_bind_tx
	start rx peer nma-traffic recv --host -b "$bytes" -f "$flows"
	nma-traffic send -d -i nm0 -b "$bytes" -f "$flows" "$@" "$address" \
		>"$W/tx.json"
	finish rx
	expect_sent "$W/tx.json" $((bytes * flows))
	expect_json "$W/rx.json" ".bytes == $((bytes * flows)) and
		.verify_errors == 0 and .connections == $flows"
	expect_no_leak
}

# Several times the size of the dma-buf, so that all of it is used again.
many=$(($(amount 4 16) << 20))
test_ipv4() { transmit "$V4_PEER" "$many" 1 -s 1M; }
test_ipv6() { transmit "$V6_PEER" "$many" 1 -s 1M; }
test_eight_flows() { transmit "$V4_PEER" $((1 << 20)) 8 -s 512K; }
test_one_iovec() { transmit "$V4_PEER" $((1 << 20)) 1 --iovecs 1; }
test_many_iovecs() { transmit "$V6_PEER" $((1 << 20)) 1 --iovecs 16; }
test_one_page_for_each_flow() { transmit "$V4_PEER" 100003 4 -s 16K; }
# Fewer bytes than iovecs, and a prime number of them
test_few_bytes() { transmit "$V4_PEER" 13 1 --iovecs 16; }
test_odd_length() { transmit "$V6_PEER" 1000003 1; }

test_wrong_data_is_seen() {
	need_bind_tx
	start rx peer nma-traffic recv --host -b 1M --seed 1
	nma-traffic send -d -i nm0 -b 1M --seed 2 "$V4_PEER" >"$W/tx.json"
	finish rx 1
	expect_json "$W/rx.json" '.verify_errors > 1000000'
}

# The receiver goes with much on its way: an error, and nothing stays behind.
test_receiver_goes() {
	need_bind_tx
	start rx peer nma-traffic recv --host -b 0
	start tx nma-traffic send -d -i nm0 -b 1G "$V4_PEER"
	wait_for 10 flow_moves
	kill -9 "${pid[rx]}"
	finish tx 1
	expect_text "$W/tx.err" 'send after|connection lost'
	expect_no_leak
}

test_interrupted_with_sends_on_their_way() {
	need_bind_tx
	start rx peer nma-traffic recv --host -b 0
	start tx nma-traffic send -d -i nm0 -b 0 "$V4_PEER"
	wait_for 10 flow_moves
	kill -INT "${pid[tx]}"
	finish tx
	expect_json "$W/tx.json" '.interrupted and .sends > 0'
	finish rx
	expect_json "$W/rx.json" '.verify_errors == 0'
	expect_no_leak
	nm_unload
	nm_setup
}

flow_moves() {
	ss -tinH state established dport = ":$PORT" | grep -Eq 'bytes_acked:[0-9]{7}'
}

test_device_without_netmem_tx() {
	ip link add veth0 type veth peer name veth1
	defer ip link del veth0
	need_bind_tx
	expect 3 nma-traffic send -d -i veth0 "$V4_PEER" >"$W/tx.json" 2>"$W/tx.err"
	expect_text "$W/tx.err" 'bind-tx of veth0 refused: "Driver does not support'
}

test_kernel_without_bind_tx() {
	local status=0

	nma-traffic send -d -i nm0 -b 1 "$V4_PEER" >"$W/tx.json" 2>"$W/tx.err" ||
		status=$?
	[ "$status" = 4 ] || skip "bind-tx is there"
	expect_text "$W/tx.err" "netdev family has no bind-tx"
	expect_json "$W/tx.json" '.status == 4 and .error.message != ""'
}

test_no_such_interface() {
	need_bind_tx
	expect 3 nma-traffic send -d -i nm9 "$V4_PEER" >"$W/tx.json" 2>"$W/tx.err"
	expect_text "$W/tx.err" 'no interface nm9'
}

nm_setup
run_tests test_ipv4 test_ipv6 test_eight_flows test_one_iovec \
	test_many_iovecs test_one_page_for_each_flow test_few_bytes \
	test_odd_length test_wrong_data_is_seen test_receiver_goes \
	test_interrupted_with_sends_on_their_way \
	test_device_without_netmem_tx test_kernel_without_bind_tx \
	test_no_such_interface
