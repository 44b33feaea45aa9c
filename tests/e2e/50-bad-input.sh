#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# What must be refused is refused with words, and leaves nothing behind.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# bind_refused QUEUE REGEX: with the kernel's or the driver's words. The queue
# operations of 6.12 have no way to pass them on: there they are in the log.
bind_refused() {
	local lines

	lines=$(log_lines)
	expect 3 nma-traffic bind -i nm0 -q "$1" --hold 1 \
		>"$W/bind.json" 2>"$W/bind.err"
	log_since "$lines" >>"$W/bind.err"
	expect_text "$W/bind.err" "$2"
	expect_no_leak
	pools_are 'all(.pools[]; has("dmabuf_id") | not)'
}

bind_works() {
	nma-traffic bind -i nm0 -q "$Q" -n 1 >"$W/bind.json"
	expect_no_leak
}

test_bind_without_data_split() {
	defer split on
	split off
	bind_refused "$Q" 'tcp-data-split'
	split on
	bind_works
}

test_bind_to_queue_out_of_range() {
	# 7.2 points at the attribute, without words
	bind_refused 4 'refused: ("rx queue index out of range"|Invalid)'
	bind_refused 4294967295 'refused: ("rx queue index out of range"|Invalid)'
	bind_works
}

test_bind_to_a_bound_queue() {
	start first nma-traffic bind -i nm0 -q "$Q"
	expect 3 nma-traffic bind -i nm0 -q "$Q" --hold 1 2>"$W/bind.err"
	expect_text "$W/bind.err" 'refused: "designated queue already'
	stop "${pid[first]}"
	expect_no_leak
	bind_works
}

# Core takes it on some kernels and applies it on the way up, or refuses:
# either way the port comes up and the next binding works.
test_bind_while_down() {
	local status=0

	defer nm_up
	ip link set nm0 down
	nma-traffic bind -i nm0 -q "$Q" -n 1 >"$W/bind.json" 2>"$W/bind.err" ||
		status=$?
	case $status in
	0) ;;
	3) expect_text "$W/bind.err" 'refused: .*(down|up)' ;;
	*) fail "exit status $status" ;;
	esac
	nm_up
	bind_works
}

test_data_split_off_while_bound() {
	start first nma-traffic bind -i nm0 -q "$Q"
	refuse split off 2>"$W/split.err"
	expect_text "$W/split.err" 'netlink error: [a-z]'
	stop "${pid[first]}"
	split off
	split on
}

test_unknown_fault() {
	[ -d "$PANEL" ]
	refuse fault no_such_fault 1
}

test_fault_value() {
	local value

	for value in '' x 1x -2 9999999999999999999 '1 2'; do
		refuse fault leak_netmem "$value"
		fault_is leak_netmem 0 0
	done
	for value in 23 -1 0; do
		fault leak_netmem "$value"
		fault_is leak_netmem "$value" 0
	done
}

test_fault_list() {
	local name rule text n=0

	while read -r name rule text; do
		[ -e "$PANEL/$name" ]
		[[ $rule == NM-*-[0-9][0-9] ]]
		[ -n "$text" ]
		n=$((n + 1))
	done </sys/kernel/debug/nmnic/faults
	[ "$n" -ge 5 ]
	[ "$n" = "$(find "$PANEL" -type f | wc -l)" ]
}

test_steering_to_a_queue_that_does_not_exist() {
	refuse ethtool -N nm0 flow-type tcp4 dst-port 99 action 4
	[ "$(ethtool -n nm0 | grep -c '^Filter')" = 2 ]
	refuse ethtool -X nm0 equal 5
}

# The other end is a port like ours, but nobody has brought it up: packets have
# nowhere to go and nothing waits for ever.
test_peer_down() {
	peer ip link set nm1 down
	defer nm_up
	wait_for 5 carrier_down nm0
	expect 1 ping -q -c 1 -W 1 "$V4_PEER"
	ip link set nm0 down
	ip link set nm0 up
}

carrier_down() { ip link show "$1" | grep -q NO-CARRIER; }

# What stands on the far end of a veth has no nmnic: an ordinary receiver.
test_bind_on_a_device_without_netmem() {
	ip link add veth0 type veth peer name veth1
	defer ip link del veth0
	ip link set veth0 up
	# without a parent device 6.12 itself warns before it refuses
	if [[ $(uname -r) == 6.12.* ]]; then
		skip "bind-rx of veth makes 6.12 WARN"
	fi
	expect 3 nma-traffic bind -i veth0 -q 0 2>"$W/bind.err"
	expect_text "$W/bind.err" 'refused'
}

# The far port's device loses its driver: no link here, no packet waits for
# ever, and with the driver back a new port takes its place on the wire.
test_peer_without_driver() {
	local driver=/sys/bus/platform/drivers/nmnic

	recv_devmem -b 0
	echo nmnic.1 >"$driver/unbind"
	wait_for 5 carrier_down nm0
	expect 1 ping -q -c 1 -W 1 "$V4_PEER"
	stop "${pid[rx]}"
	expect_no_leak
	echo nmnic.1 >"$driver/bind"
	wait_for 5 has_link nm1
	root_ns ip link set nm1 netns "$peer_ns"
	peer ip addr add "$V4_PEER/24" dev nm1
	nm_up
	recv_devmem -b 1M
	send_to -b 1M "$V4"
	finish rx
	expect_json "$W/rx.json" '.dmabuf_bytes == 1048576 and .verify_errors == 0'
}

nm_setup
run_tests test_bind_without_data_split test_bind_to_queue_out_of_range \
	test_bind_to_a_bound_queue test_bind_while_down \
	test_data_split_off_while_bound test_unknown_fault test_fault_value \
	test_fault_list test_steering_to_a_queue_that_does_not_exist \
	test_peer_down test_bind_on_a_device_without_netmem \
	test_peer_without_driver
