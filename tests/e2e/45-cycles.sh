#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 120
#
# A hundred bindings (a thousand with FULL=1) of a queue that has traffic, next to
# one that has more.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# The verified stream has queue 0; all the rest, here pings, comes to the queue
# that is being restarted: not TCP, so it stays in the header buffers.
test_cycles_with_traffic() {
	local before many

	many=$(amount 100 1000)

	before=$(pools -i nm0 | jq '.pools | length')
	ethtool -X nm0 weight 0 0 0 1
	defer ethtool -X nm0 equal "$Q"
	steer 9001 0
	background ping peer ping -q -i 0.005 "$V4"
	recv_host -p 9001 -b 0
	background tx send_to -p 9001 -b 0 -r "$RATE" "$V4"
	nma-traffic bind -i nm0 -q "$Q" -s 1M -n "$many" >"$W/bind.json"
	expect_json "$W/bind.json" ".binds == $many"
	alive "${pid[ping]}"
	stop "${pid[tx]}"
	finish host
	expect_json "$W/host.json" '.bytes > 100000 and .verify_errors == 0'
	expect_no_leak
	[ "$(pools -i nm0 | jq '.pools | length')" = "$before" ]
}

nm_setup
run_tests test_cycles_with_traffic
