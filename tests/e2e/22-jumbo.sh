#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# Jumbo frames: payload over several netmems, frames that are not split over
# several header buffers, and what is too long for the other end.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name
. "$(dirname -- "$0")/lib.sh"

MIB=1048576
many=$(amount 7 23)	# MiB

mtu() {
	ip link set nm0 mtu "$1"
	peer ip link set nm1 mtu "${2:-$1}"
}

expect_clean() {
	expect_json "$W/rx.json" ".bytes == $1 and .dmabuf_bytes == $1 and
		.linear_bytes == 0 and .plain_bytes == 0 and
		.verify_errors == 0 and .tokens_returned == .frags and
		.tokens_outstanding == 0"
}

devmem() {
	recv_devmem -b "${many}M"
	send_to -b "${many}M" "$1"
	finish rx
	expect_clean $((many * MIB))
	expect_no_leak
}

test_devmem_mtu_9000() {
	mtu 9000
	devmem "$V4"
	devmem "$V6"
	# a frame's payload is more than two buffers
	expect_json "$W/rx.json" '.bytes / .frags > 2500'
}

test_devmem_mtu_9500() {
	mtu 9500
	devmem "$V4"
}

test_mtu_changes_under_a_stream() {
	local i size

	rate=$(amount "$RATE" 0) stream_begins	# at full speed it takes minutes
	for ((i = 0; i < 3; i++)); do
		for size in 9500 1500 4000 1280; do
			mtu "$size"
			sleep 0.1
		done
	done
	stream_ends
}

host() {
	recv_host -b "${many}M" "$1"
	send_to -b "${many}M" "$1"
	finish host
	expect_json "$W/host.json" ".bytes == $((many * MIB)) and
		.verify_errors == 0"
}

# Datagrams that are not TCP and longer than any one buffer
pings() {
	local size

	for size in 1400 1472 3650 3700 3800 8972 9472; do
		peer ping -q -c 3 -i 0.01 -W 5 -M 'do' -s "$size" "$V4"
		peer ping -q -c 3 -i 0.01 -W 5 -s $((size - 20)) "$V6"
	done
	peer ping -q -c 3 -i 0.01 -W 5 -s 60000 "$V4"
}

test_host_memory_with_data_split() {
	mtu 9500
	host "$V4"
	pings
}

test_host_memory_without_data_split() {
	mtu 9500
	split off
	defer split on
	host "$V6"
	pings
}

# What we take is longer than what we send.
test_longer_than_our_own() {
	mtu 1500 9000
	peer ping -q -c 5 -i 0.01 -W 5 -s 8000 "$V4"
	host "$V4"
}

test_limits() {
	refuse ip link set nm0 mtu 9501
	refuse ip link set nm0 mtu 67
	ip link set nm0 mtu 9500
}

nm_setup
run_tests test_devmem_mtu_9000 test_devmem_mtu_9500 \
	test_mtu_changes_under_a_stream test_host_memory_with_data_split \
	test_host_memory_without_data_split test_longer_than_our_own test_limits
