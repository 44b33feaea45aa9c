#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 160
# cpus: 2
#
# XDP in the driver: verdicts, frames in several buffers, room at both ends,
# redirection between ports, and what is refused.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

MIB=1048576
many=$(amount 2 16)	# MiB
PINS=/sys/fs/bpf/$ns

load_programs() {
	rm -rf "$PINS"
	mkdir -p "$PINS"
	bpftool prog loadall "$BIN/xdp.bpf.o" "$PINS/prog" pinmaps "$PINS/map"
}

# attach NAME [IF [WHERE]]: to nm0 unless said otherwise, instead of what is there
attach() {
	${3:-} ip -force link set "${2:-nm0}" xdpdrv pinned "$PINS/prog/$1" ||
		return
	defer detach "${2:-nm0}" "${3:-}"
}

# detach IF [WHERE]
detach() { ${2:-} ip link set "$1" xdpdrv off; }

# refused_with REGEX COMMAND...
refused_with() {
	local text=$1

	shift
	refuse "$@" 2>"$W/refused"
	expect_text "$W/refused" "$text"
}

mtu() {
	ip link set nm0 mtu "$1"
	peer ip link set nm1 mtu "$1"
}

# counter NAME [IF [WHERE]]: over all queues
counter() {
	${3:-} ethtool -S "${2:-nm0}" |
		awk -v name="_$1:" '$1 ~ name "$" { n += $2 } END { print n + 0 }'
}

# pings SIZE [COUNT]: every byte of the answer is checked
pings() {
	peer ping -c "${2:-11}" -i 0.01 -W 5 -M 'do' -s "$1" "$V4" >"$W/ping"
	cat "$W/ping"
	refuse grep -q 'wrong data' "$W/ping"
}

stream() {
	recv_host -b "${many}M" "$1"
	send_to -b "${many}M" "$1"
	finish host
	expect_json "$W/host.json" ".bytes == $((many * MIB)) and
		.verify_errors == 0"
}

both_ways() {
	stream "$V4"
	start back peer nma-traffic recv --host -b "${many}M" "$V6_PEER"
	nma-traffic send -b "${many}M" "$V6_PEER"
	finish back
	expect_json "$W/back.json" ".bytes == $((many * MIB)) and
		.verify_errors == 0"
}

test_pass_one_buffer() {
	local before

	mtu 1500
	attach pass
	before=$(counter xdp_pass)
	pings 1472
	both_ways
	[ $(($(counter xdp_pass) - before)) -gt $((many * 60)) ]
}

test_pass_frags() {
	mtu 9000
	defer mtu 1500
	attach pass_frags
	pings 8972
	stream "$V4"
	split on
	defer split off
	pings 8972
	both_ways
}

# verdict PROGRAM COUNTER SIZE: pings go, and nothing else does
verdict() {
	local before rx

	attach "$1"
	before=$(counter "$2")
	rx=$(rx_packets)
	expect 1 peer ping -q -c 7 -i 0.01 -W 1 -s "$3" "$V4"
	[ $(($(counter "$2") - before)) = 7 ] || fail "$2: $before, $(counter "$2")"
	[ $(($(rx_packets) - rx)) -ge 7 ]
	stream "$V4"
}

rx_packets() { awk '$1 == "nm0:" { print $3 }' /proc/net/dev; }

test_drop() {
	mtu 9000
	defer mtu 1500
	verdict drop xdp_drop 56
	verdict drop xdp_drop 8000
}

test_aborted() { verdict aborted xdp_aborted 1000; }
test_unknown_verdict() { verdict unknown xdp_aborted 1000; }

tx_packets() { awk '$1 == "nm0:" { print $11 }' /proc/net/dev; }

test_tx() {
	local before tx size

	mtu 9000
	defer mtu 1500
	attach echo
	for size in 8 56 1472 3478 3479 3520 8972; do
		before=$(counter xdp_tx)
		tx=$(tx_packets)
		pings "$size" 11
		[ $(($(counter xdp_tx) - before)) = 11 ]
		[ $(($(tx_packets) - tx)) -ge 11 ]
	done
	background flood peer ping -q -f -s 8000 "$V4"
	both_ways
	stop "${pid[flood]}"
	[ "$(counter xdp_tx_error)" = 0 ]
}

test_tx_with_data_split() {
	split on
	defer split off
	test_tx
}

# nm1 <-> nm0 -> nm2 <-> nm3: what one of nm0 and nm2 receives the other sends.
# nm3, in a namespace of its own, plays nm0's part.
test_redirect() {
	mtu 9000
	defer mtu 1500
	third_namespace
	bridge_ports nm0 nm2
	start host third nma-traffic recv --host -b "${many}M" "$V4"
	send_to -b "${many}M" "$V4"
	finish host
	expect_json "$W/host.json" ".bytes == $((many * MIB)) and
		.verify_errors == 0"
	peer ping -q -c 11 -i 0.01 -W 5 -M 'do' -s 8972 "$V4"
	[ "$(counter xdp_redirect)" -gt $((many * 60)) ]
	[ "$(counter xdp_redirect_error)" = 0 ]
	# nobody at home
	ip link set nm2 down
	expect 1 peer ping -q -c 3 -i 0.01 -W 1 "$V4"
}

third() { ${EXEC:-} nsenter --net="/run/netns/$ns-third" "$@"; }

third_namespace() {
	local mac

	mac=$(ip -j link show nm0 | jq -r '.[0].address')
	ip netns add "$ns-third"
	defer ip netns del "$ns-third"
	root_ns ip link set nm2 netns "$ns"
	defer ip link set nm2 netns 1
	root_ns ip link set nm3 netns "$ns-third"
	third ip link set nm3 mtu 9000 address "$mac" up
	third ip addr add "$V4/24" dev nm3
	ip link set nm2 mtu 9000 up
	wait_for 5 carrier_up nm2
}

# A port has one devmap of its own, so the programs are loaded twice.
bridge_ports() {
	local name other=$2

	# shellcheck disable=SC2046 # words
	for name; do
		bpftool prog loadall "$BIN/xdp.bpf.o" "$PINS/$name" \
			pinmaps "$PINS/map-$name"
		bpftool map update pinned "$PINS/map-$name/ports" key 0 0 0 0 \
			value hex $(le32 "$(ifindex "$other")")
		ip link set "$name" promisc on
		ip link set "$name" xdpdrv pinned "$PINS/$name/redirect"
		defer detach "$name"
		other=$1
	done
}

ifindex() { ip -j link show "$1" | jq '.[0].ifindex'; }

# Sixteen bits are enough.
le32() { printf '%02x %02x 00 00' $(($1 & 255)) $(($1 >> 8)); }

# Frames get a VLAN tag on the way in here and lose it at the peer's.
test_head() {
	local before

	mtu 9000
	defer mtu 1500
	before=$(counter xdp_aborted)
	ip link add nm0.5 link nm0 type vlan id 5
	defer ip link del nm0.5
	ip addr flush dev nm0
	defer readdress
	ip link set nm0.5 up
	ip addr add "$V4/24" dev nm0.5
	ip addr add "$V6/64" dev nm0.5 nodad
	peer ethtool -K nm1 rxvlan off
	defer peer ethtool -K nm1 rxvlan on
	attach push
	attach pop nm1 peer
	pings 8972
	both_ways
	[ "$(counter xdp_aborted)" = "$before" ]
	[ "$(counter xdp_aborted nm1 peer)" = 0 ]
}

readdress() {
	ip addr add "$V4/24" dev nm0
	ip addr add "$V6/64" dev nm0 nodad
}

test_tail() {
	local size

	mtu 9000
	defer mtu 1500
	attach tail
	for size in 56 1000 3400 3478 7000 8972; do
		pings "$size"
	done
	both_ways
}

test_metadata() {
	attach note
	tc qdisc add dev nm0 clsact
	defer tc qdisc del dev nm0 clsact
	tc filter add dev nm0 ingress bpf direct-action \
		pinned "$PINS/prog/note_is_there"
	mtu 9000
	defer mtu 1500
	pings 8972
	both_ways
	# and it is not there by itself
	detach nm0
	expect 1 peer ping -q -c 2 -i 0.01 -W 1 "$V4"
}

# Programs come and go under a stream of which every byte is checked.
test_changes_under_a_stream() {
	local i

	recv_host -b 0
	background tx send_to -b 0 -r "$RATE" "$V4"
	wait_for 20 connected
	for ((i = 0; i < 2; i++)); do
		attach pass
		attach pass_frags
		detach nm0
		attach tail
		split on
		detach nm0
		split off
	done
	alive "${pid[tx]}" || fail "the sender has given up"
	stop "${pid[tx]}"
	finish host
	expect_json "$W/host.json" '.bytes > 0 and .verify_errors == 0'
}

test_closed_port() {
	ip link set nm0 down
	defer nm_up
	attach pass_frags
	nm_up
	pings 100
	ip link set nm0 down
	detach nm0
	nm_up
	pings 100
}

test_refused_one_buffer_with_data_split() {
	split on
	defer split off
	refused_with 'tcp-data-split' attach pass
	attach pass_frags
	detach nm0
	split off
	attach pass
	refused_with '[a-z]' split on
}

test_refused_one_buffer_with_jumbo_frames() {
	mtu 9000
	defer mtu 1500
	refused_with 'MTU over 3[0-9]* needs' attach pass
	attach pass_frags
	refused_with 'MTU over 3[0-9]* needs' attach pass
	mtu 1500
	attach pass
	refuse ip link set nm0 mtu 9000
	ip link set nm0 mtu 3000
}

# The peer may send them all the same.
test_too_long_for_the_program() {
	local before

	peer ip link set nm1 mtu 9000
	defer mtu 1500
	attach pass
	before=$(length_errors)
	peer ping -q -c 3 -i 0.01 -W 5 -s 3000 "$V4"
	expect 1 peer ping -q -c 5 -i 0.01 -W 1 -s 8000 "$V4"
	[ $(($(length_errors) - before)) = 5 ]
	attach pass_frags
	peer ping -q -c 3 -i 0.01 -W 5 -s 8000 "$V4"
}

length_errors() {
	ip -s -s -j link show nm0 | jq '.[0].stats64.rx.length_errors'
}

test_refused_on_a_bound_port() {
	split on
	defer split off
	start bound nma-traffic bind -i nm0 -q "$Q"
	refused_with '[Mm]emory provider|dmabuf' attach pass_frags
	stop "${pid[bound]}"
	attach pass_frags
	expect 3 nma-traffic bind -i nm0 -q "$Q" --hold 1 2>"$W/bind.err"
	expect_text "$W/bind.err" 'refused'
	detach nm0
	nma-traffic bind -i nm0 -q "$Q" -n 1 >"$W/bind.json"
}

# Merged frames are not shown to programs.
test_hardware_gro_is_off_meanwhile() {
	split on
	defer split off
	ethtool -K nm0 rx-gro-hw on
	defer ethtool -K nm0 rx-gro-hw off
	attach pass_frags
	ethtool -k nm0 | grep -q 'rx-gro-hw: off'
	stream "$V4"
	detach nm0
	ethtool -k nm0 | grep -q 'rx-gro-hw: on'
	stream "$V4"
}

offload() { ip -force link set nm0 xdpoffload obj "$BIN/xdp-offload.bpf.o" sec "$1"; }

# The device runs a program that says the same of every frame, and no other.
test_run_by_the_device() {
	defer ip link set nm0 xdpoffload off
	offload pass
	pings 500
	offload drop
	refuse peer ping -c 2 -i 0.2 -W 1 "$V4"
	refuse offload long 2>"$W/refused"
	expect_text "$W/refused" 'nmnic runs programs that only return'
	refuse peer ping -c 1 -W 1 "$V4"
	ip link set nm0 xdpoffload off
	pings 500
}

need_nmnic
(
	set -e
	NM_PARAMS="pairs=2" nm_load
	nm_address
	nm_up
	load_programs
) >"$W/setup" 2>&1 || {
	sed 's/^/# /' "$W/setup"
	bail_out "set-up failed"
}
defer rm -rf "$PINS"
run_tests test_pass_one_buffer test_pass_frags test_drop test_aborted \
	test_unknown_verdict test_tx test_tx_with_data_split test_redirect \
	test_head test_tail test_metadata test_changes_under_a_stream \
	test_closed_port test_refused_one_buffer_with_data_split \
	test_refused_one_buffer_with_jumbo_frames \
	test_too_long_for_the_program \
	test_refused_on_a_bound_port test_hardware_gro_is_off_meanwhile \
	test_run_by_the_device
expect_no_leak
