#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 200
# cpus: 2
#
# Every change of the port's configuration while a dma-buf is bound and a stream
# runs into it: applied without losing the binding or a byte, or refused with
# words. And changes that make no sense, which change nothing.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name
. "$(dirname -- "$0")/lib.sh"

rx_bytes() { awk '$1 == "nm0:" { print $2 }' /proc/net/dev; }
more_than() { [ "$(rx_bytes)" -gt "$1" ]; }

# The stream goes on, into the dma-buf.
stream_moves() {
	alive "${pid[rx]}" || finish rx
	wait_for 20 more_than $(($(rx_bytes) + 500000)) ||
		fail "the stream stands still after: $*"
	wait_for 5 bound_pools 1 || fail "no binding any more after: $*"
}

# apply COMMAND...: while the stream runs
apply() {
	"$@" || fail "refused: $*"
	stream_moves "$@"
}

# refuse_with REGEX COMMAND...: with words, and the stream goes on
refuse_with() {
	local words=$1

	shift
	refuse "$@" 2>"$W/refused.err"
	expect_text "$W/refused.err" "$words"
	[ -z "${pid[rx]:-}" ] || ! alive "${pid[rx]}" || stream_moves "$@"
}

ring_is() {
	ethtool --json -g nm0 >"$W/rings.json"
	expect_json "$W/rings.json" ".[0].rx == $1 and .[0].tx == $2"
}

channels_are() {
	[ "$(ethtool -l nm0 | awk '/^Combined/ { n = $2 } END { print n }')" = "$1" ]
}

test_ring_sizes() {
	stream_begins
	apply ethtool -G nm0 rx 64
	ring_is 64 512
	apply ethtool -G nm0 tx 64
	ring_is 64 64
	apply ethtool -G nm0 rx 2048 tx 8192
	ring_is 2048 8192
	apply ethtool -G nm0 rx 512 tx 512
	apply peer ethtool -G nm1 tx 64
	apply peer ethtool -G nm1 rx 64
	apply peer ethtool -G nm1 rx 512 tx 512
	stream_ends
}

test_mtu() {
	stream_begins
	apply ip link set nm0 mtu 1280
	apply ip link set nm0 mtu 1500
	apply peer ip link set nm1 mtu 600
	apply peer ip link set nm1 mtu 1500
	stream_ends
	peer ip addr replace "$V6_PEER/64" dev nm1 nodad
}

# A queue that is bound, or that a rule or the user's table points at, stays.
test_what_is_refused_while_bound() {
	stream_begins
	refuse_with 'too low|in use' ethtool -L nm0 combined 3
	refuse_with 'too low|in use' ethtool -L nm0 combined 1
	channels_are 4
	refuse_with 'data.split|devmem|memory provider|queue' split off
	refuse_with 'powers of two' ethtool -G nm0 rx 100
	refuse_with 'memory provider|tcp-data-split' xdp_attach nm0 xdp
	refuse_with 'memory provider|tcp-data-split' xdp_attach nm0 xdpgeneric
	stream_ends
}

# The steered flow does not care about the table; others do.
test_hash_table_rules_and_features() {
	stream_begins
	apply ethtool -X nm0 equal 1
	apply ethtool -X nm0 weight 1 2 3 0
	apply ethtool -X nm0 hkey "$(printf '%02x:' {41..80} | sed 's/:$//')"
	apply ethtool -X nm0 equal "$Q"
	apply ping -q -c 3 -i 0.02 "$V4_PEER"
	apply ethtool -N nm0 flow-type tcp4 dst-port 99 action 1 loc 41
	apply ethtool -N nm0 flow-type tcp4 dst-port 99 action -1 loc 41
	apply ethtool -N nm0 delete 41
	apply ethtool -K nm0 rx off
	apply ethtool -K nm0 rx on
	apply ethtool -K nm0 rx-gro-hw off
	apply ethtool -K nm0 rx-gro-hw on
	apply peer ethtool -K nm1 tso off
	apply peer ethtool -K nm1 tso on
	stream_ends
}

# Queue 0 is bound, the others come and go. The core keeps one more than needed.
test_channels_beside_a_bound_queue() {
	local n

	ethtool -K nm0 ntuple off	# all rules gone
	ethtool -K nm0 ntuple on
	ethtool -X nm0 start 1 equal 1
	steer "$PORT" 0
	Q=0 stream_begins
	for n in 2 4 3 4; do
		apply ethtool -L nm0 combined "$n"
		channels_are "$n"
		apply ping -q -c 3 -i 0.02 "$V4_PEER"
	done
	for n in 1 4; do
		apply peer ethtool -L nm1 combined "$n"
	done
	refuse_with 'too low|in use' ethtool -L nm0 combined 1
	stream_ends
	ethtool -K nm0 ntuple off
	ethtool -K nm0 ntuple on
	steer "$PORT" "$Q"
	ethtool -X nm0 equal "$Q"
}

# A table that nobody gave follows the number of queues.
table_max() {
	ethtool -x nm0 | awk '/^ +[0-9]+:/ {
		for (i = 2; i <= NF; i++) if ($i > max) max = $i }
		END { print max + 0 }'
}

test_channels_without_a_binding() {
	ethtool -K nm0 ntuple off
	ethtool -K nm0 ntuple on
	ethtool -X nm0 default
	ethtool -L nm0 combined 2
	[ "$(table_max)" = 1 ]
	ethtool -L nm0 combined 4
	[ "$(table_max)" = 3 ]
	ethtool -X nm0 equal 2
	refuse_with 'indirection table' ethtool -L nm0 combined 1
	ethtool -L nm0 combined 2
	refuse ethtool -X nm0 equal 3
	refuse ethtool -N nm0 flow-type tcp4 dst-port 99 action 2
	ethtool -N nm0 flow-type tcp4 dst-port 99 action 1 loc 41
	ip link set nm0 down
	ethtool -L nm0 combined 3
	ip link set nm0 up
	wait_for 5 carrier_up nm0
	ethtool -X nm0 equal 1
	refuse_with 'ntuple' ethtool -L nm0 combined 1
	ethtool -N nm0 delete 41
	ethtool -L nm0 combined 1
	ping -q -c 3 -i 0.02 "$V4_PEER"
	ethtool -L nm0 combined 4
	ethtool -X nm0 equal "$Q"
	steer "$PORT" "$Q"
	recv_devmem -b 1M
	send_to -b 1M "$V4"
	finish rx
	expect_json "$W/rx.json" '.dmabuf_bytes == 1048576 and .verify_errors == 0'
}

test_bad_ring_sizes() {
	local n

	for n in 0 1 63 100 511; do
		refuse_with 'powers of two' ethtool -G nm0 rx "$n"
		refuse_with 'powers of two' ethtool -G nm0 tx "$n"
	done
	for n in 16384 4294967295; do
		refuse_with 'exceeds maximum|Invalid' ethtool -G nm0 rx "$n"
		refuse_with 'exceeds maximum|Invalid' ethtool -G nm0 tx "$n"
	done
	ring_is 512 512
}

test_bad_channel_counts() {
	local n

	refuse_with 'no RX or TX channel' ethtool -L nm0 combined 0
	for n in 5 17 4294967295; do
		refuse_with 'exceeds maximum' ethtool -L nm0 combined "$n"
	done
	refuse ethtool -L nm0 rx 1
	refuse ethtool -L nm0 tx 1
	channels_are 4
}

# Both ends at once: each has its own lock, and the wire both of them.
shake() {
	local i ns_cmd=$1 dev=$2

	for ((i = 0; i < 11; i++)); do
		$ns_cmd ethtool -G "$dev" rx $((64 << (i % 3)))
		$ns_cmd ethtool -L "$dev" combined $((1 + i % 4))
		$ns_cmd ethtool -G "$dev" tx $((64 << (i % 3)))
		$ns_cmd ip link set "$dev" down
		$ns_cmd ip link set "$dev" up
	done
	$ns_cmd ethtool -L "$dev" combined 4
	$ns_cmd ethtool -G "$dev" rx 512 tx 512
}

test_both_ends_at_once() {
	local other

	ethtool -K nm0 ntuple off
	ethtool -K nm0 ntuple on
	ethtool -X nm0 default
	shake peer nm1 &
	other=$!
	shake '' nm0
	wait "$other"
	wait_for 5 carrier_up nm0
	peer ip addr replace "$V6_PEER/64" dev nm1 nodad
	ip addr replace "$V6/64" dev nm0 nodad
	ethtool -X nm0 equal "$Q"
	steer "$PORT" "$Q"
	ping -q -c 3 -i 0.02 "$V4_PEER"
	recv_devmem -b 1M
	send_to -b 1M "$V6"
	finish rx
	expect_json "$W/rx.json" '.dmabuf_bytes == 1048576 and .verify_errors == 0'
	expect_no_leak
}

nm_setup
run_tests test_ring_sizes test_mtu test_what_is_refused_while_bound \
	test_hash_table_rules_and_features test_channels_beside_a_bound_queue \
	test_channels_without_a_binding test_bad_ring_sizes \
	test_bad_channel_counts test_both_ends_at_once
