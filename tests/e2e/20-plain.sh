#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
# cpus: 2
#
# nmnic as an ordinary network card: nothing is bound here.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

MIB=1048576
many=$(amount 4 16)	# MiB

test_ping() {
	ping -q -c 23 -i 0.01 -W 5 "$V4_PEER"
	ping -q -c 23 -i 0.01 -W 5 "$V6_PEER"
	ping -q -c 23 -i 0.01 -W 5 -s 1400 "$V4_PEER"
}

# transfer ADDRESS [WHERE]: to nm0; with "peer" the other way
transfer() {
	recv_host -b "${many}M" "$1"
	send_to -b "${many}M" "$1"
	finish host
	expect_json "$W/host.json" ".bytes == $((many * MIB)) and
		.verify_errors == 0"
}

transfer_back() {
	start back peer nma-traffic recv --host -b "${many}M" "$1"
	nma-traffic send -b "${many}M" "$1"
	finish back
	expect_json "$W/back.json" ".bytes == $((many * MIB)) and
		.verify_errors == 0"
}

both_directions() {
	split "$1"
	transfer "$V4"
	transfer "$V6"
	transfer_back "$V4_PEER"
	transfer_back "$V6_PEER"
}

test_tcp_with_data_split() { both_directions on; }
test_tcp_without_data_split() { both_directions off; }

test_many_flows() {
	recv_host -b 1M -f 23 -p 9001
	send_to -b 1M -f 23 -p 9001 "$V4"
	finish host
	expect_json "$W/host.json" ".connections == 23 and
		.bytes == $((23 * MIB)) and .verify_errors == 0"
}

statistic() { ethtool -S nm0 | awk -v name="$1:" '$1 == name { print $2 }'; }

# Of the pools that the port has: none while it is down
test_statistics_of_page_pools() {
	local before after

	[ -z "$(ethtool -S nm0 | awk 'NF == 2 { print $1 }' | sort | uniq -d)" ]
	if ! grep -qw page_pool_ethtool_stats_get /proc/kallsyms; then
		[ -z "$(statistic rx_pp_alloc_fast)" ]
		return
	fi
	before=$(statistic rx_pp_alloc_fast)
	transfer "$V4"
	after=$(statistic rx_pp_alloc_fast)
	[ "$after" -gt "$before" ]
	[ $(($(statistic rx_pp_recycle_cached) + $(statistic rx_pp_recycle_ring))) -gt 0 ]
	ip link set nm0 down
	[ "$(statistic rx_pp_alloc_fast)" = 0 ]
	ip link set nm0 up
	wait_for 5 carrier_up nm0
}

test_down_and_up_with_traffic() {
	local i

	recv_host -b 0
	background tx send_to -b 0 -r "$RATE" "$V4"
	wait_for 20 connected
	for ((i = 0; i < 5; i++)); do
		ip link set nm0 down
		ip link set nm0 up
		peer ip link set nm1 down
		peer ip link set nm1 up
		wait_for 5 carrier_up nm0
	done
	alive "${pid[tx]}" || fail "the sender has given up"
	stop "${pid[tx]}"
	finish host
	expect_json "$W/host.json" '.bytes > 0 and .verify_errors == 0'
}

# Nobody lives in the namespace any more, but packets still come to it.
test_namespace_goes_with_traffic_running() {
	local address

	address=$(peer ip -j link show nm1 | jq -r '.[0].address')
	ip neigh replace "$V4_PEER" lladdr "$address" dev nm0
	background blast socat -u -b 1400 OPEN:/dev/zero "UDP4-SENDTO:$V4_PEER:9"
	start back peer nma-traffic recv --host -b 0 "$V4_PEER"
	background tx nma-traffic send -b 0 "$V4_PEER"
	wait_for 5 traffic_flows
	kill -9 "${pid[back]}"
	ip netns del "$peer_ns"
	wait_for 10 has_link nm1
	alive "${pid[blast]}"
}

traffic_flows() {
	[ "$(ss -tnH state established dport = ":$PORT" | wc -l)" -ge 1 ]
}

nm_setup
ethtool -X nm0 default
run_tests test_ping test_tcp_with_data_split test_tcp_without_data_split \
	test_many_flows test_statistics_of_page_pools \
	test_down_and_up_with_traffic \
	test_namespace_goes_with_traffic_running
