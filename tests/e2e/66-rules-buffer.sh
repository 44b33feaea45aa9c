#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 900
#
# Rules about buffers and their page_pools: each is broken by a fault as often
# as it is armed, counted that often and not once more.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"

# What is legal and looks alike: buffers that a tap holds, too, pools that are
# emptied and destroyed between streams.
test_clean() {
	watch_deep
	devmem_stream 2M
	background dump tcpdump -i nm0 -w "$W/dump"
	host_stream 1M
	stop "${pid[dump]}"
	reopen
	devmem_stream 1M
	ethtool -G nm0 rx 256
	defer ethtool -G nm0 rx 512
	host_stream 1M
	unwatch
	expect_status 0
	no_finding
}

# Everything that there is, at a rate that leaves others their turn
all_flows() {
	recv_devmem -b 0
	background tx send_to -b 0 -r 1M "$V4"
	wait_for 20 connected
	recv_host -p $((PORT + 1)) -b 0
	background host_tx send_to -p $((PORT + 1)) -b 0 -r 1M "$V4"
	has_bind_tx || return 0
	start peer_rx peer nma-traffic recv --host -b 0
	background dmabuf_tx nma-traffic send -d -i nm0 -b 0 -r 1M "$V4_PEER"
}

# Buffers that were out and in when the hooks came are nobody's fault. Twice, as
# the second comes into another moment.
test_attach_in_the_middle() {
	all_flows
	for _ in 1 2; do
		watch_deep
		sleep 2
		unwatch
		expect_status 0
		no_finding
	done
	for flow in tx host_tx ${pid[dmabuf_tx]:+dmabuf_tx}; do
		alive "${pid[$flow]}" || fail "$flow has given up"
		stop "${pid[$flow]}"
	done
	rx_right
	finish host
	expect_json "$W/host.json" '.bytes > 0 and .verify_errors == 0'
}

# RULE, fault, stream that gives it occasions, who is blamed
FAULTS="
NM-PP-01	put_wrong_pool	devmem	nmnic_misuse_buffer
NM-PP-02	double_put	devmem	nmnic_misuse_buffer
NM-PP-03	recycle_direct	devmem	misuse_work
NM-PP-04	alloc_dead	devmem	misuse_work
NM-PP-05	hold_page	devmem	nmnic_misuse_buffer
NM-DRV-02	use_page_api	host	nmnic_misuse_buffer
"

# One after the other: each adds its own rule and nothing else.
test_each() {
	local rule fault stream who

	watch_deep
	while read -r rule fault stream who; do
		[ -n "$rule" ] || continue
		break_rule "$rule" "$fault" 23 "$stream" 1M
		blamed "$rule" "$who [nmnic]"
	done <<<"$FAULTS"
	unwatch
	expect_status 1
	expect_no_leak
}

# A buffer of host memory is a page, not a net_iov.
test_double_put_of_pages() {
	watch_deep
	break_rule NM-PP-02 double_put 23 host 1M
	unwatch
}

# The page API on a pool that can only have pages is legal.
test_page_api_without_netmems() {
	split off
	defer split on
	watch_deep
	fault use_page_api 23
	defer fault use_page_api 0
	host_stream 1M
	fired use_page_api
	unwatch
	expect_status 0
	no_finding
}

# Together, once and 1009 times
test_exact() {
	local rule fault stream who n

	watch_deep
	for n in 1 1009; do
		arm_all "$n"
		devmem_stream 8M
		host_stream 8M
	done
	while read -r rule fault stream who; do
		[ -n "$rule" ] || continue
		fired "$fault"
		wait_for 20 counted "$rule" 1010 || fail "$rule: $(found "$rule")"
	done <<<"$FAULTS"
	unwatch
	expect_no_leak
}

arm_all() {
	local rule fault rest

	while read -r rule fault rest; do
		[ -z "$rule" ] || fault "$fault" "$1"
	done <<<"$FAULTS"
}

lost() { jq -s "map(.lost.$1? // 0) | max" "$W/watch.out"; }

# Nothing that happens while there is no room for it goes unmentioned: more pools
# misused than there are rows, and more told than the ring holds, while nobody
# reads.
test_storm() {
	local told map_full ring_full

	watch_deep
	kill -STOP "${pid[watch]}"
	fault recycle_direct 1009
	fault alloc_dead 1009
	fault double_put 1009
	fault put_wrong_pool 1009
	devmem_stream 8M
	for fault in recycle_direct alloc_dead double_put put_wrong_pool; do
		fired "$fault"
	done
	kill -CONT "${pid[watch]}"
	wait_for 20 counted NM-PP-01 1009 || fail "NM-PP-01: $(found NM-PP-01)"
	wait_for 20 counted NM-PP-02 1009 || fail "NM-PP-02: $(found NM-PP-02)"
	unwatch
	told=$(($(found NM-PP-03) + $(found NM-PP-04)))
	map_full=$(lost map_full)
	ring_full=$(lost ring_full)
	echo "told $told, map_full $map_full, ring_full $ring_full"
	[ $((told + map_full)) = 2018 ]
	[ $((map_full + ring_full)) = 0 ] || expect_status 5
	expect_no_leak
}

# More records than the ring holds, while nobody reads
test_ring_full() {
	local i

	watch_deep
	kill -STOP "${pid[watch]}"
	defer ethtool -G nm0 rx 512
	for ((i = 0; i < 200; i++)); do
		ethtool -G nm0 rx $((256 << i % 2))
	done
	kill -CONT "${pid[watch]}"
	unwatch
	expect_status 5
	no_finding
	[ "$(lost ring_full)" -gt 0 ] || fail "nothing was lost"
}

# Fewer rows than buffers
test_map_full() {
	watch_options=(--buffers 100)
	watch_deep
	devmem_stream 1M
	unwatch
	expect_status 5
	no_finding
	[ "$(lost map_full)" -gt 0 ] || fail "nothing was lost"
}

# A dma-buf smaller than the ring is used up by its first fill, and nobody has to
# be told off. Then the application keeps what it got.
test_starved() {
	watch_deep
	nma-traffic bind -i nm0 -q "$Q" -s 1M -n 1
	sleep 1
	take_findings
	jq -se 'all(.[]; .rule == "NM-PP-07" and .severity == "info")' \
		"$W/findings" || fail "a small dma-buf is blamed"
	recv_devmem -s 4M --keep-tokens 4000 -b 16M
	background tx send_to -b 16M "$V4"
	wait_for 30 starved || { cat "$W/rx.err"; fail "the dma-buf lasts"; }
	stop "${pid[tx]}"
	stop "${pid[rx]}"
	unwatch
	rule_seen NM-PP-07 caught
}

starved() {
	take_findings
	jq -se 'any(.[]; .rule == "NM-PP-07" and .severity == "warn")' "$W/findings"
}

nm_setup
run_tests test_clean test_attach_in_the_middle test_each \
	test_double_put_of_pages test_page_api_without_netmems test_exact \
	test_storm test_ring_full test_map_full test_starved
