#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# A system without nmnic: the audit is of use on any driver. veth has page pools
# while it runs native XDP; they name no device.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

shown_pools() { netmem-audit -j show pools | jq '.pools | length'; }

veth_setup() {
	ip link add veth0 type veth peer name veth1 netns "$peer_ns"
	ip addr add "$V4/24" dev veth0
	ip link set veth0 up
	peer ip addr add "$V4_PEER/24" dev veth1
	peer ip link set veth1 up
	wait_for 5 carrier_up veth0
}

test_healthy() {
	netmem-audit -j check >"$W/check.json"
	expect_json "$W/check.json" "all(.findings[]; $AT_REST)"
	netmem-audit -j show nics >"$W/show.json"
	expect_json "$W/show.json" '[.nics[] | select(.ifname == "veth0")] |
		length == 1'
}

test_pools_without_a_device() {
	local before

	before=$(shown_pools)
	xdp_attach veth0 xdp
	[ "$(shown_pools)" -gt "$before" ]
	netmem-audit -j show pools -i veth0 >"$W/show.json"
	expect_json "$W/show.json" '.pools | length > 0 and
		all(.ifname == "veth0" and .netns > 0)'
	recv_host -b 4M
	send_to -b 4M "$V4"
	finish host
	expect_json "$W/host.json" '.verify_errors == 0'
	netmem-audit -j check >"$W/check.json"
	expect_json "$W/check.json" "all(.findings[]; $AT_REST)"
	ip link set veth0 xdp off
	wait_for 10 pools_shown "$before"
}

# Every hook that features tells of is attached on whatever kernel this is, and
# finds nothing.
test_watch_deep() {
	watch_status=0

	netmem-audit -j features >"$W/features.json"
	xdp_attach veth0 xdp
	recv_host -b 4M
	netmem-audit -j watch --deep -- nsenter --net="/run/netns/$peer_ns" \
		nma-traffic send -b 4M "$V4" >"$W/watch.out" 2>"$W/watch.err" ||
		watch_status=$?
	ip link set veth0 xdp off
	finish host
	cat "$W/watch.out" "$W/watch.err"
	sort_out
	expect_status 0
	jq -se 'all(.[]; .type != "finding")' "$W/watch.out"
}

pools_shown() { [ "$(shown_pools)" = "$1" ]; }

[ ! -e /sys/module/nmnic ] || bail_out "nmnic is loaded"
veth_setup
run_tests test_healthy test_pools_without_a_device test_watch_deep
