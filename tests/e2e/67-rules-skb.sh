#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 120
#
# Rules about packets with payload that no CPU can read.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"

# A tap that gets the headers, and a filter that reads them only
test_clean() {
	watch_start
	background dump tcpdump -i nm0 -w "$W/dump"
	nft -f - <<-EOF
	table inet nma {
		chain in {
			type filter hook input priority 0;
			tcp dport $PORT counter accept
		}
	}
	EOF
	defer nft delete table inet nma
	devmem_stream 1M
	host_stream 1M
	watch_end 0
	no_finding
}

# RULE, fault, stream that gives it occasions, its bytes
FAULTS="
NM-SKB-01	raw_frag	devmem	2M
NM-SKB-02	mix_frags	devmem	2M
NM-SKB-03	no_mark_recycle	devmem	2M
NM-SKB-04	read_payload	devmem	2M
NM-SKB-05	forward	devmem	2M
"

MERGE="NM-SKB-02	copybreak"

# Who merges is GRO, whoever handed it such packets.
test_merged() {
	watch_start
	break_rule NM-SKB-02 copybreak 23 devmem 2M
	blamed NM-SKB-02 gro_receive
	expect_no_leak
}

test_exact() {
	local rule fault rest n

	watch_start
	for n in 1 1009; do
		while read -r rule fault rest; do
			[ -z "$rule" ] || fault "$fault" "$n"
		done <<<"$FAULTS$MERGE"
		devmem_stream $((n == 1 ? 1 : 16))M
	done
	watch_look
	while read -r rule fault rest; do
		[ -n "$rule" ] || continue
		fired "$fault"
		n=$((1010 * $(grep -c "^$rule" <<<"$FAULTS$MERGE")))
		expect_found "$rule" "$n"
	done <<<"$FAULTS$MERGE"
	expect_no_leak
}

# generic_xdp PROGRAM: on nm0, and long frames
generic_xdp() {
	rm -rf "/sys/fs/bpf/$ns"
	mkdir -p "/sys/fs/bpf/$ns"
	bpftool prog loadall "$BIN/xdp.bpf.o" "/sys/fs/bpf/$ns"
	ip link set nm0 xdpgeneric pinned "/sys/fs/bpf/$ns/$1"
}

mtu() {
	ip link set nm0 mtu "$1"
	peer ip link set nm1 mtu "$1"
}

end_generic_xdp() {
	ip link set nm0 xdpgeneric off
	rm -rf "/sys/fs/bpf/$ns"
	mtu 1500
}

# short_after_long SIZE: the head of the short packet comes behind what is left of the
# long one in the page_pool of the processor
short_after_long() {
	local i

	for ((i = 0; i < 11; i++)); do
		taskset -c 0 nsenter --net="/run/netns/$peer_ns" ping -q -c 1 -s "$1" "$V4"
		taskset -c 0 nsenter --net="/run/netns/$peer_ns" ping -q -c 1 -s 56 "$V4"
	done
}

# Of a frame of 42 bytes more than these, 3,520 are in the head: multiples of 8 are left
# of the ones, not of the others.
EVEN=3598
ODD=3601

skewed() {
	local prog

	prog=$(ip -j link show nm0 | jq '.[0].xdp.prog.id')
	watch_look
	watch_says ".rule == \"NM-PP-12\" and .severity == \"warn\" and .ifname == \"nm0\" and
		has(\"pool_id\") and .evidence.flags == [\"SYSTEM_POOL\"] and
		.evidence.xdp_prog_id == $prog and .evidence.offset_in_line % 8 > 0 and
		(.evidence.called_by | length) > 0"
	watch_counts NM-PP-12 "$(found NM-PP-12)"
	rule_seen NM-PP-12 caught
}

test_skewed_heads() {
	split off
	defer split on
	defer end_generic_xdp
	mtu 9000
	generic_xdp pass_frags
	know_neighbours
	short_after_long "$EVEN"	# what others left in the last page is used up
	watch_start
	short_after_long "$EVEN"
	watch_holds
	watch_start
	short_after_long "$ODD"
	case $(uname -r) in
	6.*)
		watch_holds
		rule_seen NM-PP-12 unobservable "fragments are whole lines of a cache"
		;;
	*) skewed ;;
	esac
	ip link set nm0 xdpgeneric off
	xdp_attach nm0 xdpgeneric	# one that wants no fragments
	watch_start
	short_after_long "$ODD"
	watch_holds
}

nm_setup
watch_open --deep -i nm0
define_each
run_tests test_clean "${each[@]}" test_merged test_exact \
	test_skewed_heads
