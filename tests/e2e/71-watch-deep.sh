#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 240
#
# watch --deep comes into the middle of traffic, and when there is more than it has
# room for it says so.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"

# Everything that there is, at a rate that leaves others their turn
all_flows() {
	recv_devmem -b 0
	background tx send_to -b 0 -r 1M "$V4"
	wait_for 20 connected
	recv_host -p $((PORT + 1)) -b 0
	background host_tx send_to -p $((PORT + 1)) -b 0 -r 1M "$V4"
	has_bind_tx || return 0
	start peer_rx peer nma-traffic recv --host -b 0
	background dmabuf_tx nma-traffic send -d -i nm0 -b 0 -r 1M "$V4_PEER"
}

# Buffers that were out and in when the hooks came are nobody's fault. Twice, as
# the second comes into another moment.
test_attach_in_the_middle() {
	all_flows
	for _ in 1 2; do
		watch_start --deep -i nm0
		sleep 2
		watch_end 0
		no_finding
	done
	for flow in tx host_tx ${pid[dmabuf_tx]:+dmabuf_tx}; do
		alive "${pid[$flow]}" || fail "$flow has given up"
		stop "${pid[$flow]}"
	done
	rx_right
	finish host
	expect_json "$W/host.json" '.bytes > 0 and .verify_errors == 0'
}

lost() { jq -s "map(.lost.$1? // 0) | max" "$W/watched"; }

# Nothing that happens while there is no room for it goes unmentioned: more pools
# misused than there are rows, and more told than the ring holds, while nobody
# reads.
test_storm() {
	local told map_full ring_full missed

	watch_start --deep -i nm0
	kill -STOP "${pid[watch]}"
	fault recycle_direct 1009
	fault alloc_dead 1009
	fault double_put 1009
	fault put_wrong_pool 1009
	devmem_stream 8M
	for fault in recycle_direct alloc_dead double_put put_wrong_pool; do
		fired "$fault"
	done
	kill -CONT "${pid[watch]}"
	watch_stop
	expect_found NM-PP-01 1009
	expect_found NM-PP-02 1009
	told=$(($(found NM-PP-03) + $(found NM-PP-04)))
	map_full=$(lost map_full)
	ring_full=$(lost ring_full)
	missed=$(missed)
	echo "told $told, map_full $map_full, ring_full $ring_full, missed $missed"
	told=$((told + map_full))
	[ "$told" -le 2018 ] && [ $((told + missed)) -ge 2018 ]
	expect_status 1
	expect_no_leak
}

# Nine rows, more than are read in one go (NMA_ACTS_AT_ONCE), of pools that stay:
# there is no end of one that makes watch read once more.
test_many_rows() {
	local fault port queue rule

	watch_start --deep -i nm0
	kill -STOP "${pid[watch]}"
	for queue in 0 1 2; do
		port=$((PORT + 10 + queue))
		steer "$port" "$queue"
		fault put_wrong_pool 23
		fault double_put 23
		fault hold_page 23
		recv_host -p "$port" -b 1M
		send_to -p "$port" -b 1M "$V4"
		finish host
		for fault in put_wrong_pool double_put hold_page; do
			fired "$fault"
		done
	done
	kill -CONT "${pid[watch]}"
	watch_look
	for rule in NM-PP-01 NM-PP-02 NM-PP-05; do
		expect_found "$rule" 69
	done
	watch_end 1
	expect_no_leak
}

# Tasks are put aside in the midst of one program of a pair, now and then of both:
# then neither sees what comes next, and that is said.
test_load() {
	local loop rule

	watch_start --deep -i nm0
	recv_devmem -b 0
	background tx send_to -b 0 "$V4"
	wait_for 20 connected
	for loop in loop1 loop2; do
		background "$loop" sh -c 'while :; do :; done'
	done
	fault recycle_direct 1009
	fault double_put 1009
	wait_for 60 has_fired recycle_direct
	wait_for 60 has_fired double_put
	for loop in loop1 loop2 tx; do
		stop "${pid[$loop]}"
	done
	watch_end 1
	expect_found NM-PP-02 1009
	expect_found NM-PP-03 1009
	jq -se 'all(.[]; .rule == "NM-PP-02" or .rule == "NM-PP-03")' "$W/findings"
}

# More records than the ring holds, while nobody reads
test_ring_full() {
	watch_start --deep -i nm0
	kill -STOP "${pid[watch]}"
	nma-traffic bind -i nm0 -q "$Q" -s 4M -n 200 >"$W/bind.json"
	expect_json "$W/bind.json" '.binds == 200'
	kill -CONT "${pid[watch]}"
	watch_stop
	expect_status 5
	no_finding
	[ "$(lost ring_full)" -gt 0 ] || fail "nothing was lost"
}

# Fewer rows than buffers
test_map_full() {
	watch_start --deep -i nm0 --buffers 100
	devmem_stream 1M
	watch_stop
	expect_status 5
	no_finding
	[ "$(lost map_full)" -gt 0 ] || fail "nothing was lost"
}

# What was lost is said beside what was found.
test_lost_and_found() {
	watch_start --deep -i nm0 --buffers 100
	fault use_page_api 1
	defer fault use_page_api 0
	host_stream 1M
	fired use_page_api
	watch_stop
	expect_status 1
	expect_text "$W/watch.err" 'warning: [0-9]+ objects not tracked'
}

nm_setup
run_tests test_attach_in_the_middle test_storm test_many_rows \
	test_load test_ring_full test_map_full test_lost_and_found
