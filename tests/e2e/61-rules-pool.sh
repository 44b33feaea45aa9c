#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 180
#
# How page_pools for payload are made: queue, geometry, lock. Each fault is seen
# as often as it happened and no more, and nothing is seen without it.
# FULL=1 does it 1,009 times.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

times=$(amount 23 1009)

# count_fault FAULT RULE N: armed for N pools, four of which are made each time
# that the port opens
count_fault() {
	defer disarm "$1"
	watch_start
	fault "$1" "$3"
	while ! spent "$1"; do reopen; done
	reopen			# the clean twin
	watch_counts "$2" "$3"
	fault "$1" 0
}

spent() { grep -q '^armed=0 ' "$PANEL/$1"; }

disarm() {
	fault "$1" 0
	reopen
}

bound() { start bound nma-traffic bind -i nm0 -q "$Q" -s 16M; }

test_queue_index() {
	count_fault bad_queue_idx NM-POOL-04 1
	count_fault bad_queue_idx NM-POOL-04 "$times"
	fault bad_queue_idx 1
	reopen
	check_finds NM-POOL-04 '.queue == 1 and .evidence.napi_queue == 0 and
		.severity == "warn"'
	reopen
	check_holds
	rule_seen NM-POOL-04 caught
}

# Queue 2's pool gets the dma-buf that is bound to queue 3.
test_queue_index_of_a_bound_queue() {
	bound
	defer disarm bad_queue_idx
	fault bad_queue_idx 3
	reopen
	expect 1 netmem-audit -j check -i nm0 --settle 1 >"$W/check.json"
	expect_json "$W/check.json" "[.findings[] |
		select(.rule == \"NM-POOL-04\" and .severity == \"error\" and
		.queue == $Q and .evidence.napi_queue == 2)] | length == 1"
	reopen
	check_holds
}

test_order() {
	count_fault pp_order NM-POOL-05 1
	count_fault pp_order NM-POOL-05 "$times"
	fault pp_order 1
	refuse nma-traffic bind -i nm0 -q "$Q" -n 1
	fault pp_order 0
	check_holds
	watch_start
	fault pp_order 1
	refuse nma-traffic bind -i nm0 -q "$Q" -n 1
	nma-traffic bind -i nm0 -q "$Q" -n 1
	watch_counts NM-POOL-05 1
	watch_says '.evidence.errno == 7 and .queue == 3'
	rule_seen NM-POOL-05 caught
}

test_direction() {
	defer disarm pp_bidir
	bound
	watch_start
	fault pp_bidir -1
	reopen
	reopen
	reopen
	watch_counts NM-POOL-05 3
	check_finds NM-POOL-05 ".severity == \"error\" and .queue == $Q"
	disarm pp_bidir
	check_holds
}

test_device() {
	defer disarm pp_dev
	bound
	fault pp_dev -1
	reopen
	check_finds NM-POOL-05 ".severity == \"error\" and .queue == $Q"
	disarm pp_dev
	check_holds
}

test_lock() {
	count_fault pool_unlocked NM-POOL-06 1
	count_fault pool_unlocked NM-POOL-06 "$times"
	watch_says '.evidence.lock == "held by another task" and
		.severity == "error" and (.evidence.created_by | length) > 0'
	rule_seen NM-POOL-06 caught
}

# Not marked for recycling: the stack frees pages that are the pool's. Seen without
# --deep, and the pool misses them for as long.
test_freed_past_the_pool() {
	expect_log 'BUG: Bad page state'
	defer disarm no_mark_page
	watch_start
	fault no_mark_page 7
	recv_host -p $((PORT + 1)) -b 1M
	send_to -p $((PORT + 1)) -b 1M "$V4"
	finish host
	fault_is no_mark_page 0 7
	watch_counts NM-PP-08 7
	watch_says '.ifname == "nm0" and has("queue") and has("pool_id") and
		.evidence.inflight >= 7 and (.evidence.called_by | length) > 0'
	disarm no_mark_page
	expect_no_leak
	watch_start
	recv_host -p $((PORT + 1)) -b 1M
	send_to -p $((PORT + 1)) -b 1M "$V4"
	finish host
	watch_holds
	rule_seen NM-PP-08 caught
}

# Its ring is for 512, and filled up 32 at a time, so that it may lack as many.
test_driver_keeps() {
	split off
	defer split on
	defer disarm leak_netmem
	know_neighbours
	watch_start
	fault leak_netmem 600
	background pings peer ping -q -i 0.002 "$V4"
	wait_for 20 spent leak_netmem || fail "$(cat "$PANEL/leak_netmem")"
	stop "${pid[pings]}"
	wait_for 20 told NM-PP-10 || fail "watch does not see it"
	watch_counts NM-PP-10 1
	watch_says '.ifname == "nm0" and .severity == "warn" and .kind == "leak" and
		has("queue") and .evidence.buffers >= 568 and .evidence.buffers <= 600 and
		.evidence.holder == "driver"'
	check_finds NM-PP-10 '.severity == "warn" and .kind == "leak" and has("queue") and
		.evidence.buffers >= 568 and .evidence.buffers <= 600 and
		.evidence.holder == "driver"' 10
	keep_finding NM-PP-10
	disarm leak_netmem
	expect_no_leak
	watch_start
	peer ping -q -c 64 -i 0.005 "$V4"
	check_holds 10
	watch_holds
	rule_seen NM-PP-10 caught
}

nm_setup
watch_open
run_tests test_queue_index test_queue_index_of_a_bound_queue test_order \
	test_direction test_device test_lock \
	test_freed_past_the_pool test_driver_keeps
