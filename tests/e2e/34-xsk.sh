#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# Frames through AF_XDP sockets, copied and not.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# Every frame came, and every byte of it is right: nothing here loses any.
expect_all() {
	expect_json "$W/rx.json" ".bytes == $1 and .verify_errors == 0 and
		.datagrams == $(jq .datagrams "$W/tx.json")"
}

# The core takes no XDP program under data split.
for_xdp() {
	defer wait_for 10 split on	# the kernel detaches the program a little later
	split off
	defer ethtool -X nm0 equal "$Q"
	ethtool -X nm0 equal 1
}

# A socket leaves its queue some time after its end, for the next one.
xsk_recv() { start rx nma-traffic xsk-recv -i nm0 -q 0 --wait 40 "$@"; }
xsk_send() {
	wait_for 10 link_stands
	peer nma-traffic xsk-send -i nm1 -q 0 --wait 40 "$@" >"$W/tx.json"
}

# frames "SENDER_OPTION..." RECEIVER_OPTION...: the peer's arrive at queue 0
frames() {
	local options

	read -ra options <<<"$1"
	shift
	xsk_recv -b $((1009 * 1400)) "$@"
	xsk_send -b $((1009 * 1400)) -r 2M "${options[@]}"
	finish rx
	expect_all $((1009 * 1400))
	wait_for 5 no_program
}

no_program() { ip -j link show nm0 | jq -e '.[0] | has("xdp") | not'; }

test_xsk_generic() {
	for_xdp
	frames '' --generic
}

test_xsk_in_the_driver() {
	for_xdp
	frames ''
}

test_xsk_zero_copy() {
	for_xdp
	frames '' --zerocopy
}

test_xsk_zero_copy_at_both_ends() {
	for_xdp
	frames --zerocopy --zerocopy
}

# What is on its way arrives before a ping does.
all_arrived() { ping -q -c 1 -W 5 "$V4_PEER"; }

# zero_copy_survives COMMAND...: frames arrive before and after it
zero_copy_survives() {
	for_xdp
	xsk_recv -b 0 --zerocopy
	xsk_send -b 14000
	all_arrived
	"$@"
	wait_for 5 carrier_up nm0
	xsk_send -b 14000
	all_arrived
	kill -INT "${pid[rx]}"
	finish rx
	expect_json "$W/rx.json" '.datagrams == 20 and .verify_errors == 0'
}

down_up() {
	ip link set nm0 down
	ip link set nm0 up
}

test_xsk_ring_change() { zero_copy_survives ethtool -G nm0 rx 256; }
test_xsk_down_up() { zero_copy_survives down_up; }

test_xsk_under_data_split() {
	expect 3 nma-traffic xsk-recv -i nm0 -q 0 --zerocopy >"$W/rx.json" \
		2>"$W/rx.err"
	expect_text "$W/rx.err" 'AF_XDP zero-copy on queue 0 of nm0 refused|cannot attach'
}

test_xsk_lets_others_pass() {
	for_xdp
	xsk_recv -b 0 --generic
	ping -q -c 23 -i 0.01 -W 5 "$V4_PEER"
	kill -INT "${pid[rx]}"
	finish rx
	expect_json "$W/rx.json" '.datagrams == 0'
}

test_xsk_queue_out_of_range() {
	expect 3 nma-traffic xsk-recv -i nm0 -q 4 >"$W/rx.json" 2>"$W/rx.err"
	expect_text "$W/rx.err" 'AF_XDP on queue 4 of nm0 refused'
}

test_options_that_do_not_fit() {
	expect 2 nma-traffic xsk-send -i nm0 2>"$W/err"
	expect_text "$W/err" 'no queue'
	expect 3 nma-traffic xsk-send -i nm0 -q 0 --chunk 45 2>"$W/err" >"$W/out"
	expect_text "$W/err" '46 to 3000 bytes'
}

nm_setup
run_tests test_xsk_generic test_xsk_in_the_driver test_xsk_zero_copy \
	test_xsk_zero_copy_at_both_ends test_xsk_ring_change \
	test_xsk_down_up test_xsk_under_data_split \
	test_xsk_lets_others_pass test_xsk_queue_out_of_range \
	test_options_that_do_not_fit
