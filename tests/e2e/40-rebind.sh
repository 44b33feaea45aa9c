#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 80
# cpus: 2
#
# A binding that outlives what happens to its port and to other queues, and one
# that goes while packets are on their way, with the receiver or the module.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name
. "$(dirname -- "$0")/lib.sh"

test_down_and_up_while_bound() {
	local i

	stream_begins
	for ((i = 0; i < $(amount 3 7); i++)); do
		ip link set nm0 down
		ip link set nm0 up
		wait_for 5 carrier_up nm0
		wait_for 5 bound_pools 1
	done
	stream_ends
}

test_peer_down_and_up_while_bound() {
	local i

	stream_begins
	for ((i = 0; i < $(amount 2 5); i++)); do
		peer ip link set nm1 down
		peer ip link set nm1 up
		wait_for 5 carrier_up nm0
	done
	stream_ends
}

# Binding and unbinding restarts a queue: the neighbours must not notice.
test_other_queue_restarts_while_bound() {
	local many

	many=$(amount 23 101)
	stream_begins
	nma-traffic bind -i nm0 -q 2 -n "$many" >"$W/bind.json"
	expect_json "$W/bind.json" ".binds == $many"
	stream_ends
}

# The kernel still has the dead receiver's packets when its binding goes.
test_receiver_killed_with_traffic_running() {
	local i

	for ((i = 0; i < $(amount 2 5); i++)); do
		recv_devmem -b 0
		background tx send_to -b 0 "$V4"
		wait_for 10 devmem_flows
		kill -9 "${pid[rx]}"
		wait "${pid[rx]}" || true
		wait "${pid[tx]}" || true
		expect_no_leak
	done
	recv_devmem -b 1M
	send_to -b 1M "$V4"
	rx_right
	expect_json "$W/rx.json" '.bytes == 1048576'
}

test_unload_while_bound() {
	recv_devmem -b 0
	background tx send_to -b 0 "$V4"
	wait_for 10 devmem_flows
	nm_unload
	stop "${pid[rx]}"
	expect_no_leak
}

nm_setup
run_tests test_down_and_up_while_bound test_peer_down_and_up_while_bound \
	test_other_queue_restarts_while_bound \
	test_receiver_killed_with_traffic_running test_unload_while_bound
