#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# A driver that goes while a dma-buf is bound through it. It is taken off its device
# by hand, so that the device itself stays and the kernel can unmap the dma-buf
# later: what it survives only then.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

DRIVER=/sys/bus/platform/drivers/nmnic
DEVICE=nmnic.0			# of nm0

no_link() { ! ip link show nm0; }

# As nm_setup left it, under the same name
back_again() {
	echo "$DEVICE" >"$DRIVER/bind"
	wait_for 5 has_link nm0
	root_ns ip link set nm0 netns "$ns"
	nm_address_here
	ip link set nm0 up
	wait_for 5 carrier_up nm0
	split on
	ethtool -X nm0 equal "$Q"
	steer "$PORT" "$Q"
}

nm_address_here() {
	ip addr add "$V4/24" dev nm0
	ip addr add "$V6/64" dev nm0 nodad
}

test_unbound_first() {
	watch_start
	start bound nma-traffic bind -i nm0 -q "$Q" -s 4M
	stop "${pid[bound]}"
	echo "$DEVICE" >"$DRIVER/unbind"
	wait_for 5 no_link
	watch_holds
	back_again
}

test_still_bound() {
	watch_start
	start bound nma-traffic bind -i nm0 -q "$Q" -s 4M
	echo "$DEVICE" >"$DRIVER/unbind"
	wait_for 5 told NM-BIND-11
	expect 1 netmem-audit -j check >"$W/check.json"
	expect_json "$W/check.json" '[.findings[] | select(.rule == "NM-BIND-11" and
		.severity == "warn")] | length == 1'
	stop "${pid[bound]}"
	watch_counts NM-BIND-11 1
	watch_says ".evidence.owner_pid == ${pid[bound]} and .evidence.was_ifname == \"nm0\" and
		.evidence.owner_comm == \"nma-traffic\" and .severity == \"error\""
	expect 0 netmem-audit -j check >"$W/check.json"
	back_again
	rule_seen NM-BIND-11 caught
}

nm_setup
watch_open
run_tests test_unbound_first test_still_bound
