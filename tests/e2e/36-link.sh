#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
# cpus: 2
#
# Link state follows the other end, whatever happens to it, and transmit queues
# stop and go on one by one.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name
. "$(dirname -- "$0")/lib.sh"

carrier_down() { ip link show "$1" | grep -q NO-CARRIER; }
peer_is_off() { peer ip link show nm1 | grep -q NO-CARRIER; }

# link_is up|down: at our end, and ethtool says the same
link_is() {
	wait_for 5 "carrier_$1" nm0 || fail "the link is not $1"
	case $1 in
	up)
		ethtool nm0 | grep -q 'Link detected: yes'
		ethtool nm0 | grep -q 'Speed: 100000Mb/s'
		# an address that was asked for while it was down may be given up
		# just now, and with it what waits for it
		ip neigh flush dev nm0
		ping -q -c 2 -i 0.02 "$V4_PEER"
		;;
	down) ethtool nm0 | grep -q 'Link detected: no' ;;
	esac
}

peer_again() {
	peer ip addr replace "$V4_PEER/24" dev nm1
	nm_up
}

test_both_ends_up_or_no_link() {
	link_is up
	peer ip link set nm1 down
	link_is down
	ip link set nm0 down
	peer ip link set nm1 up
	wait_for 5 peer_is_off
	ip link set nm0 up
	link_is up
}

# A port that moves is closed for it.
test_peer_moves() {
	local other=$ns-other

	ip netns add "$other"
	defer ip netns del "$other"
	peer ip link set nm1 netns "$other"
	link_is down
	ip -n "$other" link set nm1 up
	wait_for 5 carrier_up nm0
	ip -n "$other" link set nm1 netns "$peer_ns"
	link_is down
	peer_again
	link_is up
}

# Its port falls back to where namespaces begin, under traffic in both directions.
test_peer_namespace_is_deleted() {
	local other=$ns-other

	ip netns add "$other"
	peer ip link set nm1 netns "$other"
	ip -n "$other" addr add "$V4_PEER/24" dev nm1
	ip -n "$other" link set nm1 up
	wait_for 5 carrier_up nm0
	recv_devmem -b 0
	background tx ip netns exec "$other" nma-traffic send -b 0 "$V4"
	wait_for 10 connected
	background ping ping -q -f "$V4_PEER"
	ip netns pids "$other" | xargs -r kill -9
	ip netns del "$other"
	link_is down
	stop "${pid[rx]}"
	expect_no_leak
	wait_for 10 has_link nm1
	root_ns ip link set nm1 netns "$peer_ns"
	peer_again
	link_is up
}

test_link_flaps_under_load() {
	local i

	stream_begins
	for ((i = 0; i < $(amount 3 7); i++)); do
		peer ip link set nm1 down
		wait_for 5 carrier_down nm0
		peer ip link set nm1 up
		wait_for 5 carrier_up nm0
	done
	stream_ends
}

# in_sys FILE: of nm1's transmit queues, which the mounted /sys does not show
in_sys() {
	peer unshare --mount sh -c "mount -t sysfs none /sys &&
		cat /sys/class/net/nm1/queues/tx-*/byte_queue_limits/$1"
}

all_zero() { [ "$(in_sys inflight | sort -u)" = 0 ]; }

# What the byte queue limit counts in is counted out again.
test_byte_queue_limits() {
	recv_devmem -b "$(amount 4M 16M)" -f 4
	send_to -b "$(amount 4M 16M)" -f 4 "$V4"
	finish rx
	wait_for 5 all_zero || { in_sys inflight; fail "bytes in flight for ever"; }
	[ "$(in_sys limit | sort -n | tail -n 1)" -gt 0 ]
}

starved() {
	pools_are '[.pools[] | select(has("dmabuf_id")) | .inflight] | add >= 250'
}

# A receiver that starves its queue stops one transmit queue of the sender's, for
# as long as the device is patient. Others do not notice.
test_a_starved_queue_stops_no_other() {
	start rx nma-traffic recv -i nm0 -q "$Q" -p "$PORT" -s 1M -b 8M \
		--keep-tokens 1000000
	background tx send_to -b 8M "$V4"
	wait_for 20 starved
	ping -q -c 20 -i 0.02 "$V4_PEER" >"$W/ping"
	expect_text "$W/ping" ' 0% packet loss'
	recv_host -p 9001 -b 8M
	send_to -p 9001 -b 8M "$V4"
	finish host
	stop "${pid[rx]}"
	stop "${pid[tx]}"
	expect_no_leak
}

nm_setup
run_tests test_both_ends_up_or_no_link test_peer_moves \
	test_peer_namespace_is_deleted test_link_flaps_under_load \
	test_byte_queue_limits test_a_starved_queue_stops_no_other
