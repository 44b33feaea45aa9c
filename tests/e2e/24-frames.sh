#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# Frames of every length and kind, truncated and damaged, to a port in each of its
# configurations: each byte that is shown of one must be right, none may vanish
# without a counter, and a stream beside them must not suffer.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

# Of the two ports of the wire: what one sent; what became of it at the other
sent() { peer ip -s -j link show nm1 | jq '.[0].stats64.tx.packets'; }

rx_packets() { ip -s -j link show nm0 | jq '.[0].stats64.rx.packets'; }

# dropped: by the two devices and the driver, each with a counter
dropped() {
	{
		ip -s -s -j link show nm0 | jq '.[0].stats64.rx | .errors,
			.missed_errors // .over_errors // 0'
		ethtool -S nm0 | sed -n 's/.*rx[0-9]*_drop_[a-z]*: //p'
		peer ethtool -S nm1 |
			sed -n 's/.*tx[0-9]*_drop_\(link\|filter\): //p'
	} | awk '{ n += $1 } END { print n }'
}

# Frames and the stream's packets that found no buffer
overruns() {
	ip -s -s -j link show nm0 |
		jq '.[0].stats64.rx | .missed_errors // .over_errors // 0'
}

balance() { echo $(($(sent) - $(rx_packets) - $(dropped))); }
# What is on its way is counted as sent and not as received.
counters_rest() {
	local was=${before:-}

	before=$(balance)
	[ "$before" = "$was" ]
}

is_balanced() { [ "$(balance)" = "$1" ]; }

# Every third frame, or all of them, or fewer where each takes long; coprime to the
# number of kinds
stride=$(($(amount 3 1) * ${NMA_SLOW:-1}))

# frames SHARE: all of them, see nma-frames, of which so many must be seen, and
# each of the others be counted as dropped; but the stack frees what ends in a tag
# without a counter. The document is in $W/frames.json.
frames() {
	local before overran left missing extra freed=.tag_cut

	wait_for 10 link_stands
	left=$(sent)
	before=$(dropped)
	overran=$(overruns)
	nma-frames nm0 nm1 "/run/netns/$peer_ns" "$stride" >"$W/frames.json"
	cat "$W/frames.json"
	# up to 9518 bytes go, all to 70000 are tried
	expect_json "$W/frames.json" ".sent * $stride > 20000 and .refused * $stride > 60000 and
		.wrong == 0 and .lost == 0"
	expect_json "$W/frames.json" ".received > .sent * $1"
	ethtool -k nm0 | grep -q '^rx-vlan-offload: on' ||
		freed='(.tag_cut + .tag_bare)'
	missing=$(jq ".sent - .received - $freed" "$W/frames.json")
	extra=$(($(dropped) - before - missing))
	# the stream may have lost packets, but to full rings only
	if [ "$extra" -lt 0 ] || [ "$extra" -gt $(($(overruns) - overran)) ]; then
		fail "$missing frames not seen, $((missing + extra)) dropped;" \
			"$(($(sent) - left)) left the sender"
	fi
}

# How many did not show all of themselves
shortened() { jq .shortened "$W/frames.json"; }

# A stream into the dma-buf on the queue that the frames are steered to, too
test_split_and_bound() {
	# pskb_expand_head() takes references on pages that are none
	if [[ $(uname -r) == 6.12.* ]]; then
		skip "a packet socket that sees a dma-buf's frames crashes 6.12"
	fi
	recv_devmem -b 0
	background tx send_to -b 0 -r 1M "$V4"
	wait_for 20 connected
	# what has no right checksum, nobody could verify, and is dropped
	frames 0.75
	[ "$(shortened)" -gt $((1000 / stride)) ] || fail "nothing was split"
	stop "${pid[tx]}"
	finish rx
	expect_json "$W/rx.json" '.bytes > 0 and .dmabuf_bytes == .bytes and
		.verify_errors == 0 and .tokens_outstanding == 0'
	expect_no_leak
}

# host_memory MAX: at most so many are shortened
host_memory() {
	recv_host -b 0
	background tx send_to -b 0 -r 1M "$V6"
	wait_for 20 connected
	frames 0.9
	[ "$(shortened)" -le "$1" ] || fail "$(shortened) were shortened"
	stop "${pid[tx]}"
	finish host
	expect_json "$W/host.json" '.bytes > 0 and .verify_errors == 0'
	expect_no_leak
}

# Padding behind a packet that is split goes: damaged lengths.
test_split() { host_memory 100; }

# ... nor anything else done to frames; nothing else is on the wire, so that the
# counters must add up
test_no_offloads() {
	local before

	split off
	defer split on
	ethtool -K nm0 rx off rxvlan off rxhash off
	defer ethtool -K nm0 rx on rxvlan on rxhash on
	wait_for 10 counters_rest
	frames 0.9
	[ "$(shortened)" = 0 ]
	wait_for 10 is_balanced "$before" ||
		fail "frames without account: $before, $(balance)"
}

nm_setup
ip link set nm0 mtu 9500
peer ip link set nm1 mtu 9500
# One frame on the wire for each that the stack counts
peer ethtool -K nm1 tso off gso off
# What waits for buffers of the receiver, fq_codel drops after a tenth of a second, and
# the sender is not told.
peer tc qdisc replace dev nm1 root pfifo limit 100000
run_tests test_split_and_bound test_split test_no_offloads
