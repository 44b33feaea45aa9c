#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# iperf3 as it comes, between the two ports in their namespaces.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

MIB=1048576

# An application that knows nothing of us, from either end and back (-R).
iperf() {
	background server "$1" iperf3 -s -1 -p 5201
	wait_for 5 "$1" sh -c 'ss -tlnH sport = :5201 | grep -q .'
	shift
	"$@" -n 4M -J >"$W/iperf.json"
	expect_json "$W/iperf.json" ".end.sum_received.bytes > 3 * $MIB and
		.end.sum_sent.bytes > 3 * $MIB"
	wait "${pid[server]}"
}

here() { ${EXEC:-} "$@"; }

test_to_the_peer() { iperf peer iperf3 -c "$V4_PEER"; }
test_from_the_peer() { iperf peer iperf3 -c "$V6_PEER" -R; }
test_peer_to_us() { iperf here peer iperf3 -c "$V6"; }
test_peer_from_us() { iperf here peer iperf3 -c "$V4" -R; }

nm_setup
ethtool -X nm0 default
run_tests test_to_the_peer test_from_the_peer test_peer_to_us \
	test_peer_from_us
