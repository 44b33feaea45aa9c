#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 600
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

nm_setup
watch_open --deep -i nm0
define_each
run_tests test_clean "${each[@]}" test_merged test_exact
