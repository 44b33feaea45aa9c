#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 260
# cpus: 4
#
# Where nothing is wrong nothing is found, however often one looks, on two processors
# and on four. Sender and receiver are on different ones: what the one has received
# the other frees, and it waits on a list of the first until that next receives.
#
#   NMA_DEV=IF NMA_DEV_PEER=IF   a pair of ports that are there already, IF here and
#                                its peer in the other namespace; nmnic if not set

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

ROUNDS=$(amount 2 20)
ALL_CPUS=$(nproc)

# on_cpus N: as a machine with that many. What waits for a processor that goes offline
# waits until it is back.
on_cpus() {
	local cpu

	flush_deferred_skbs
	for ((cpu = 1; cpu < ALL_CPUS; cpu++)); do
		echo $((cpu < $1)) >"/sys/devices/system/cpu/cpu$cpu/online"
	done
	[ "$(nproc)" = "$1" ] || skip "not $1 processors"
}

# apart COMMAND...: on the first processor; the sender has the others
apart() { taskset -c 0 "$@"; }
sends() { taskset -c "1-$(($(nproc) - 1))" nsenter --net="/run/netns/$peer_ns" \
	nma-traffic send -t "$TRAFFIC_S" "$@"; }

# The first processor looks, so the others stay as they are.
nothing_found() {
	local status=0

	apart netmem-audit -j -v check --settle 2 >"$W/check.json" || status=$?
	expect_json "$W/check.json" 'all(.findings[]; .severity == "info")'
	[ "$status" = 0 ] || fail "check: exit status $status"
}

devmem_round() {
	start rx apart nma-traffic recv -i nm0 -q "$Q" -p "$PORT" -t "$TRAFFIC_S" -b 4M
	sends -b 4M "$V4"
	finish rx
	nothing_found
}

zcrx_round() {
	start rx apart nma-traffic zcrx -i nm0 -q "$Q" -p "$PORT" -t "$TRAFFIC_S" -b 4M
	sends -b 4M "$V4"
	finish rx
	nothing_found
}

# plain_round ADDRESS
plain_round() {
	start host apart nma-traffic recv --host -t "$TRAFFIC_S" -b 4M
	sends -b 4M "$1"
	finish host
	nothing_found
}

# rounds CPUS COMMAND...: with an audit beside, which is silent
rounds() {
	local i status=0

	on_cpus "$1"
	shift
	background watch netmem-audit -j watch ${DEEP:+"$DEEP"}
	wait_for 30 grep -q '"type":"start"' "$W/watch.out"
	for ((i = 0; i < ROUNDS; i++)); do
		"$@"
	done
	kill -INT "${pid[watch]}"
	wait "${pid[watch]}" || status=$?
	cat "$W/watch.err"
	jq -se 'all(.[]; .type != "finding" or .severity == "info")' "$W/watch.out" ||
		fail "watch found something"
	[ "$status" = 0 ] || [ "$status" = 5 ] || fail "watch: exit status $status"
}

test_devmem_on_two() { rounds 2 devmem_round; }
test_devmem_on_four() { rounds 4 devmem_round; }
test_devmem_deep() { DEEP=--deep rounds 2 devmem_round; }
test_plain_on_two() { rounds 2 plain_round "$V4"; }
test_plain_on_four() { rounds 4 plain_round "$V4"; }
test_plain_deep() { DEEP=--deep rounds 2 plain_round "$V4"; }

test_zcrx() {
	need_zcrx
	rounds 2 zcrx_round
}

test_zcrx_deep() { DEEP=--deep test_zcrx; }

veth_round() {
	xdp_attach veth0 xdp
	plain_round 198.51.100.1
	ip link set veth0 xdp off
	nothing_found
}

test_veth_xdp() {
	ip link add veth0 type veth peer name veth1 netns "$peer_ns"
	defer ip link del veth0
	ip addr add 198.51.100.1/24 dev veth0
	peer ip addr add 198.51.100.2/24 dev veth1
	ip link set veth0 up
	peer ip link set veth1 up
	wait_for 5 carrier_up veth0
	rounds 2 veth_round
}

test_veth_xdp_deep() { DEEP=--deep test_veth_xdp; }

if [ -n "${NMA_DEV:-}" ]; then
	root_ns ip link set "$NMA_DEV" netns "$ns"
	root_ns ip link set "$NMA_DEV_PEER" netns "$peer_ns"
	ip addr add "$V4/24" dev "$NMA_DEV"
	peer ip addr add "$V4_PEER/24" dev "$NMA_DEV_PEER"
	ip link set "$NMA_DEV" up
	peer ip link set "$NMA_DEV_PEER" up
	run_tests test_plain_on_two test_plain_on_four test_plain_deep
fi
nm_setup
full_tests=()
[ -z "${NMA_FULL:-}" ] || full_tests=(test_plain_deep test_zcrx_deep test_veth_xdp_deep)
run_tests test_devmem_on_two test_devmem_on_four test_devmem_deep test_plain_on_two \
	test_plain_on_four test_zcrx test_veth_xdp "${full_tests[@]}"
