#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# From a dma-buf of the one port into a dma-buf of the other, on all queues at
# once: 1 GiB in each test with FULL=1.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

bytes=$(numfmt --from=iec "$(amount 2M 1G)")
source_port=20000	# of the first flow of the next test

# The two low bits of a flow's source port are its queue.
spread() {
	local queue type

	for queue in 0 1 2 3; do
		for type in tcp4 tcp6; do
			ethtool -N nm0 flow-type $type dst-port 9001 \
				src-port $queue m 0xfffc action $queue >/dev/null
		done
	done
}

mtu() {
	ip link set nm0 mtu "$1"
	peer ip link set nm1 mtu "$1"
}

split_frames() { ethtool -S nm0 | awk '/rx._split_frames/ { print $2 }'; }

# stream ADDRESS MTU FLOWS
stream() {
	local each=$((bytes / $3)) total before after

	need_bind_tx
	total=$((each * $3))
	defer mtu 1500
	mtu "$2"
	mapfile -t before < <(split_frames)
	start rx nma-traffic recv -i nm0 -q 0,1,2,3 -s 32M -p 9001 -b "$each" -f "$3"
	send_to -d -i nm1 -s 4M -p 9001 -b "$each" -f "$3" \
		--source-port "$source_port" "$1" >"$W/tx.json"
	finish rx
	mapfile -t after < <(split_frames)
	expect_json "$W/tx.json" ".bytes == $total and .copied == 0 and
		.sends > 0 and .completions == .sends"
	expect_json "$W/rx.json" ".dmabuf_bytes == $total and
		.bytes == $total and .verify_errors == 0 and
		.connections == $3 and .tokens_returned == .frags"
	queues_used "$(($3 < 4 ? $3 : 4))"
	expect_no_leak
	jq -r '"# \(.bytes) bytes, \(.bytes * 8 / .duration_ns * 1000 | round) Mb/s, " +
		"\(.frags) frags of \(.bytes / .frags | round) bytes"' "$W/rx.json" >&3
}

# queues_used NUMBER: so many got something, as the device counts
queues_used() {
	local i used=0

	for i in 0 1 2 3; do
		[ "${after[i]}" = "${before[i]}" ] || used=$((used + 1))
	done
	[ "$used" = "$1" ] || fail "$used queues were used: ${before[*]} to ${after[*]}"
}

test_ipv4() { stream "$V4" 1500 1; }
test_ipv6() { source_port=20020 && stream "$V6" 1500 1; }
test_ipv4_8_flows() { source_port=20040 && stream "$V4" 1500 8; }
test_ipv6_8_flows() { source_port=20060 && stream "$V6" 1500 8; }
test_ipv4_jumbo() { source_port=20080 && stream "$V4" 9000 1; }
test_ipv6_jumbo() { source_port=20100 && stream "$V6" 9000 1; }
test_ipv4_jumbo_8_flows() { source_port=20120 && stream "$V4" 9000 8; }
test_ipv6_jumbo_8_flows() { source_port=20140 && stream "$V6" 9000 8; }

exec 3>&1
nm_setup
ethtool -X nm0 default
spread
run_tests test_ipv4 test_ipv6 test_ipv4_8_flows test_ipv6_8_flows \
	test_ipv4_jumbo test_ipv6_jumbo test_ipv4_jumbo_8_flows \
	test_ipv6_jumbo_8_flows
