#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# io_uring zero-copy receive: a stream four times the size of the area.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

recv_zcrx() { start rx nma-traffic zcrx -i nm0 -q "$Q" "$@"; }

# As many bytes as said, all right, every buffer returned.
expect_clean() {
	expect_json "$W/rx.json" ".bytes == $1 and .verify_errors == 0 and
		.buffers > 0 and .buffers_returned == .buffers"
}

# stream ADDRESS BYTES FLOWS
stream() {
	need_zcrx
	recv_zcrx -b "$2" -f "$3" -s 4M
	pools_are '[.pools[] | select(.io_uring)] | length == 1'
	send_to -b "$2" -f "$3" "$1" >"$W/tx.json"
	finish rx
	expect_clean $(($2 * $3))
	expect_no_leak
}

test_ipv4() { stream "$V4" $((16 << 20)) 1; }
test_ipv6() { stream "$V6" $((16 << 20)) 1; }
test_eight_flows() { stream "$V4" $((1 << 20)) 8; }
test_odd_length() { stream "$V6" 1000003 1; }

test_wrong_data_is_seen() {
	need_zcrx
	recv_zcrx -b 1M --seed 1
	send_to -b 1M --seed 2 "$V4"
	finish rx 1
	expect_json "$W/rx.json" '.verify_errors > 1000000 and .first_error < 8'
}

# Another queue's flow comes in copies, which are right as well.
test_unsteered_flow() {
	need_zcrx
	ethtool -X nm0 equal 2
	defer ethtool -X nm0 equal "$Q"
	recv_zcrx -p 9003 -b 1M
	send_to -p 9003 -b 1M "$V4"
	finish rx
	expect_clean $((1 << 20))
}

test_buffers_are_kept() {
	need_zcrx
	recv_zcrx -b 1M --keep-buffers 23 --hold 0
	send_to -b 1M "$V4"
	held rx
	pools_are '[.pools[] | select(.io_uring) | .inflight] | add > 23'
	kill -INT "${pid[rx]}"
	finish rx
	expect_json "$W/rx.json" '.misbehaved == {"keep_buffers": 23} and
		.buffers_returned == .buffers'
	expect_no_leak
}

test_buffers_are_never_returned() {
	need_zcrx
	recv_zcrx -b 64M -s 4M --keep-buffers 1000000 -t 5
	background tx send_to -b 64M "$V4"
	finish rx 1
	expect_text "$W/rx.err" 'nothing arrived for 5 s'
	expect_json "$W/rx.json" '.buffers_returned == 0 and .bytes > 1000000 and
		.verify_errors == 0'
	stop "${pid[tx]}"
	expect_no_leak
}

check_nm0() { netmem-audit -j check -i nm0 >"$W/check.json"; }
all_kept() {
	netmem-audit -j show bindings >"$W/show.json"
	jq -e '.bindings | length == 1 and (.[0] | .provider == "io-uring" and
		.buffers == 256 and .buffers_app == .buffers)' "$W/show.json"
}

# The stream stands still; the audit starts afterwards. Before, with the same small
# area, it goes on whatever it finds empty in between.
test_starved() {
	need_zcrx
	recv_zcrx -s 1M -b 0
	background tx send_to -b 0 -r "$RATE" "$V4"
	wait_for 20 connected
	check_nm0
	expect_json "$W/check.json" '.findings == []'
	stop "${pid[tx]}"
	stop "${pid[rx]}"
	expect_no_leak
	recv_zcrx -b 64M -s 1M --keep-buffers 1000000 -t 0
	check_nm0
	background tx send_to -b 64M "$V4"
	wait_for 20 all_kept
	expect_json "$W/show.json" ".bindings[0] | .owner_pid == ${pid[rx]} and
		.owner_comm == \"nma-traffic\" and .queues == [$Q]"
	expect 1 netmem-audit -j check -i nm0 >"$W/check.json"
	expect_json "$W/check.json" "[.findings[].rule] == [\"NM-PP-09\"] and
		(.findings[0] | .queue == $Q and .evidence.owner_pid == ${pid[rx]} and
		.evidence.buffers == 256 and (.message | startswith(\"256 of 256 \")))"
	stop "${pid[tx]}"
	stop "${pid[rx]}"
	expect_no_leak
	rule_seen NM-PP-09 caught
}

test_interrupted() {
	need_zcrx
	recv_zcrx -b 0
	background tx send_to -b 0 "$V4"
	wait_for 20 connected
	kill -INT "${pid[rx]}"
	finish rx
	expect_json "$W/rx.json" '.interrupted and .verify_errors == 0'
	stop "${pid[tx]}"
	expect_no_leak
}

test_without_data_split() {
	need_zcrx
	defer split on
	split off
	expect 3 nma-traffic zcrx -i nm0 -q "$Q" >"$W/rx.json" 2>"$W/rx.err"
	expect_text "$W/rx.err" 'zcrx on queue 3 of nm0 refused: '
}

test_queue_out_of_range() {
	need_zcrx
	expect 3 nma-traffic zcrx -i nm0 -q 4 >"$W/rx.json" 2>"$W/rx.err"
	expect_text "$W/rx.err" 'zcrx on queue 4 of nm0 refused: '
}

test_two_queues_in_one_call() {
	expect 2 nma-traffic zcrx -i nm0 -q 2,3 2>"$W/rx.err"
	expect_text "$W/rx.err" 'this role uses one queue only'
}

test_kernel_without_zcrx() {
	local status=0

	nma-traffic zcrx -i no-such-if -q 0 >"$W/rx.json" 2>"$W/rx.err" || status=$?
	[ "$status" = 4 ] || skip "zcrx is there"
	expect_text "$W/rx.err" 'no zero-copy receive|built without'
}

nm_setup
run_tests test_ipv4 test_ipv6 test_eight_flows test_odd_length \
	test_wrong_data_is_seen test_unsteered_flow test_buffers_are_kept \
	test_buffers_are_never_returned test_starved test_interrupted \
	test_without_data_split test_queue_out_of_range \
	test_two_queues_in_one_call test_kernel_without_zcrx
