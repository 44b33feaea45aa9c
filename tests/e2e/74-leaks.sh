#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 240
#
# Every buffer is accounted for: who holds it is named, with the right number, and the
# sum is the kernel's own count.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# The audit is on the first processor, so what waits on the second stays there.
leaks() { taskset -c 0 netmem-audit -j leaks "$@" >"$W/leaks.json"; }

# expect_held HOLDER BUFFERS [FILTER]: so many of nm0, in one group that FILTER lets pass
expect_held() {
	expect_json "$W/leaks.json" "[.pools[] | select(.ifname == \"nm0\") | .holders[] |
		select(.holder == \"$1\" and (${3:-true}))] |
		length == 1 and .[0].buffers == $2"
}

balanced() {
	jq -e '.pools | length > 0 and all(.exist == .inflight and
		([.holders[].buffers] | add) == .inflight and
		all(.holders[]; .holder != "unknown" and .holder != "moving"))' "$W/leaks.json"
}

settled() { leaks "$@" && balanced; }

test_quiet() {
	wait_for 10 settled --all
	expect_json "$W/leaks.json" '[.pools[].ifname] | unique == ["nm0", "nm1"]'
	expect_json "$W/leaks.json" 'all(.pools[]; has("leak") | not)'
	expect 0 netmem-audit leaks -i nm0 >"$W/leaks.txt"
	expect_text "$W/leaks.txt" '  driver  posted, or lost'
	[ "$(awk '{ if (length > n) n = length } END { print n }' "$W/leaks.txt")" -le 80 ]
}

# The driver's, in a pool that is destroyed and in one that is not
test_driver() {
	local inflight

	defer fault leak_netmem 0
	recv_devmem -b 0
	background tx send_to -b 0 -r "$RATE" "$V4"
	wait_for 10 devmem_flows
	fault leak_netmem 23
	wait_for 20 fault_is leak_netmem 0 23
	stop "${pid[tx]}"
	stop "${pid[rx]}"
	flush_deferred_skbs
	sleep 1.2
	expect 1 leaks -i nm0
	expect_held driver 23 '.leak'
	balanced
	inflight=$(jq '[.pools[] | select(.detached)][0].inflight' "$W/leaks.json")
	[ "$inflight" = 23 ]
	expect 1 netmem-audit leaks -i nm0 >"$W/leaks.txt"
	expect_text "$W/leaks.txt" '  23  driver  LEAK  lost'
	fault leak_netmem 0
	expect_no_leak
	expect 0 leaks
}

# What applications and queues have is not the driver's. The tool comes afterwards.
test_tokens() {
	recv_devmem --keep-tokens 20 --hold 0 -b 1M
	send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	wait_for 10 settled -i nm0
	expect_held token 20 ".holder_pid == ${pid[rx]} and .holder_comm == \"nma-traffic\" and
		.local == \"192.0.2.1:9000\""
	kill -INT "${pid[rx]}"
	finish rx
	expect_no_leak
	expect 0 leaks
	expect_json "$W/leaks.json" 'all(.pools[].holders[]; .holder != "token")'
}

test_zcrx() {
	need_zcrx
	start rx nma-traffic zcrx -i nm0 -q "$Q" -b 1M --keep-buffers 23 --hold 0
	send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	wait_for 10 settled -i nm0
	expect_held zcrx 23 'has("holder_queue") | not'
	kill -INT "${pid[rx]}"
	finish rx
	expect_no_leak
	expect 0 leaks
}

# 40 packets from nm1, two in a page, wait in the slow queue of another device; nm0 goes
# down and up.
test_queueing_discipline() {
	local inflight

	ip netns add "$ns-lan"
	defer ip netns del "$ns-lan"
	ip link add w0 type veth peer name w1 netns "$ns-lan"
	defer ip link del w0
	ip addr add 198.51.100.1/24 dev w0
	ip link set w0 up
	ip -n "$ns-lan" addr add 198.51.100.2/24 dev w1
	ip -n "$ns-lan" link set w1 up
	sysctl -qw net.ipv4.ip_forward=1
	peer ip route add 198.51.100.0/24 via 192.0.2.1
	defer peer ip route del 198.51.100.0/24
	ping -q -c 1 -W 5 198.51.100.2
	modprobe sch_netem
	tc qdisc add dev w0 root netem delay 600s limit 2000
	peer ping -q -c 40 -i 0.01 -s 1200 -W 1 198.51.100.2 || true
	reopen
	flush_deferred_skbs
	sleep 1.2
	expect 1 leaks -i nm0
	expect_json "$W/leaks.json" '[.pools[] | select(.detached)] | length == 1 and
		(.[0] | (.inflight == 20 or .inflight == 21) and
		.holders == [.holders[] | select(.holder == "stack" and .leak and
		.packet_ifname == "w0")])'
	balanced
	inflight=$(jq '.pools[] | select(.detached).inflight' "$W/leaks.json")
	expect 1 netmem-audit -j check --settle 1 >"$W/check.json"
	expect_json "$W/check.json" '[.findings[] | select(.severity != "info")] |
		length == 1 and (.[0] | .rule == "NM-PP-06" and .severity == "warn" and
		.evidence.holder == "stack" and (.message | test("packets of w0")))'
	expect_json "$W/check.json" "all(.findings[]; .evidence.buffers == $inflight)"
	tc qdisc del dev w0 root
	sleep 1.2
	expect 0 leaks -i nm0
}

test_bad_input() {
	expect 3 netmem-audit leaks --pool 999999 2>"$W/err"
	expect_text "$W/err" 'no page_pool 999999'
	expect 2 netmem-audit leaks --pool x 2>"$W/err"
	expect_text "$W/err" "needs the id of a page_pool, not 'x'"
	expect 2 netmem-audit leaks 0 2>"$W/err"
	expect 2 netmem-audit leaks 1 x 2>"$W/err"
	expect 3 netmem-audit leaks -i nm99 2>"$W/err"
}

nm_setup
run_tests test_quiet test_driver test_tokens test_zcrx test_queueing_discipline \
	test_bad_input
