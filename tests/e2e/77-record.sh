#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 140
#
# netmem-audit record and --from: who has the file gets the verdict that there was,
# without privilege, and never another one.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# Small ones of real runs, for tests/recordings
keep_recording() {
	local dir

	dir=$(dirname -- "$0")/../../build/recordings/$(uname -r)
	mkdir -p "$dir"
	cp "$W/$1.nmr" "$dir/$2.nmr"
	[ "$(stat -c %s "$W/$1.nmr")" -lt 102400 ] || fail "$1 is large"
}

# recording NAME COMMAND...: in the background, until it is ready
recording() {
	local name=$1

	shift
	background "$name" "$@"
	wait_for 30 grep -qE 'recording to|"start"' "$W/$name.out" ||
		{ cat "$W/$name.err"; fail "$name: no start"; }
}

# ended NAME STATUS: interrupted, it ends with that
ended() {
	kill -INT "${pid[$1]}"
	finish "$1" "$2"
	[ ! -e "$W/$1.nmr.part" ] || fail "$1 left its part"
}

# from NAME COMMAND...: on $W/NAME.nmr, by somebody who may nothing else
from() {
	local name=$1

	shift
	chmod 644 "$W/$name.nmr"
	nobody netmem-audit -j "$@" --from "$W/$name.nmr" >"$W/from.json" 2>"$W/from.err"
}

# Findings and events, each a line as it was printed
told() { grep -E '"type":"(finding|event|suppressed)"' "$1"; }

# The same without what differs from one process to the next
judged() {
	jq -c 'select(.type == "finding" and (.rule | test("POOL-01|TOK-03"))) |
		[.rule, .severity, .ifname, .queue, .pool_id, .message, .count]' "$1" | sort
}

test_same_findings() {
	recording all netmem-audit -j watch --deep --strict -i nm0 --record "$W/all.nmr"
	recording beside netmem-audit record -o "$W/beside.nmr" -i nm0
	fault pp_flags 1
	defer reopen
	reopen
	recv_devmem --exit-with-tokens 23 -b 1M
	send_to -b 1M "$V4"
	finish rx
	wait_for 10 grep -q NM-TOK-03 "$W/all.out"
	ended beside 0
	ended all 1
	told "$W/all.out" >"$W/live"
	[ "$(grep -c NM-POOL-01 "$W/live")" = 1 ]

	expect 1 from all watch --strict
	told "$W/from.json" >"$W/replay"
	diff "$W/live" "$W/replay" || fail "the recording tells it otherwise"

	# another process, other hooks, the same faults
	judged "$W/all.out" >"$W/live"
	expect 1 from beside watch --strict
	judged "$W/from.json" >"$W/replay"
	diff "$W/live" "$W/replay" || fail "record saw something else than watch"
	expect 1 from beside check --strict
	expect_json "$W/from.json" '.result == "violation" and .recording != null and
		([.findings[].rule] | contains(["NM-POOL-01", "NM-TOK-03"]))'
	keep_recording beside faults
	expect_no_leak
}

test_clean_twin() {
	recording clean netmem-audit record -o "$W/clean.nmr" -i nm0
	recv_devmem -b 4M
	send_to -b 4M "$V4"
	finish rx
	expect_no_leak
	ended clean 0
	expect 0 from clean check
	expect_json "$W/from.json" '.result == "holds" and
		(.coverage.judged | length > 15)'
	expect 0 from clean watch
	expect_json <(tail -n 1 "$W/from.json") '.events > 0 and .errors + .warnings == 0'
	expect 0 from clean show pools -i nm0
	expect_json "$W/from.json" '.pools | length > 0 and all(.ifname == "nm0")'
	expect 0 from clean stat
	expect_json "$W/from.json" '.interval_ns > 0 and
		any(.pools[]; .alloc_buffers > 0 or .in_pages > 0 or (.source | length > 0))'
	keep_recording clean clean
}

# A driver that names no queue, and has no page_pool before there is a program
test_veth() {
	ip link add veth0 type veth peer name veth1
	defer ip link del veth0
	ip link set veth0 up
	ip link set veth1 up
	recording veth netmem-audit record -o "$W/veth.nmr" -i veth0
	xdp_attach veth0 xdp
	wait_for 5 carrier_up veth0
	ended veth 0
	expect 0 from veth check
	expect 0 from veth show pools -i veth0
	expect_json "$W/from.json" '.pools | length > 0'
	keep_recording veth veth
}

test_no_name_is_left() {
	recording secret netmem-audit record --anonymize -o "$W/secret.nmr" -i nm0
	recv_devmem -b 1M
	send_to -b 1M "$V4"
	finish rx
	ended secret 0
	for name in nm0 nm1 nma-traffic "$(uname -n)" "$ns"; do
		! grep -qaF "$name" "$W/secret.nmr" || fail "$name is in the file"
	done
	expect 0 from secret check
	expect_json "$W/from.json" '.host == "host" and .looked_at.pools > 0'
	expect_no_leak
}

# What is there of one that was killed, cut off or damaged
test_part_is_incomplete() {
	recording killed netmem-audit record -o "$W/killed.nmr" -i nm0
	reopen
	ln -s killed.nmr.part "$W/so-far.nmr"
	wait_for 10 judged_so_far || { cat "$W/from.err"; fail "nothing is written"; }
	kill -KILL "${pid[killed]}"
	rm "$W/so-far.nmr"
	[ ! -e "$W/killed.nmr" ]
	expect 3 netmem-audit record -o "$W/killed.nmr" -i nm0 -- true 2>"$W/err"
	expect_text "$W/err" 'killed.nmr.part is there'
	mv "$W/killed.nmr.part" "$W/killed.nmr"
	expect 5 from killed check
	expect_json "$W/from.json" '.result == "incomplete" and .looked_at.nics > 0'
	expect_text "$W/from.err" 'only a part'
	head -c -1001 "$W/killed.nmr" >"$W/short.nmr"
	expect 5 from short check
	truncate -s 1G "$W/short.nmr"
	expect 5 from short check
	expect_text "$W/from.err" 'only a part'
	: >"$W/empty.nmr"
	truncate -s 1G "$W/empty.nmr"
	expect 2 from empty check
	expect_json "$W/from.json" '.error.message | contains("is not a recording")'
	: >"$W/empty.nmr"
	expect 2 from empty check
	expect_json "$W/from.json" '.error.message | contains("is empty")'
}

judged_so_far() {
	local status=0

	from so-far check || status=$?
	[ "$status" = 5 ] && jq -e '.result == "incomplete" and .looked_at.nics > 0' "$W/from.json"
}

# What is there so far is judged, and said to be no more than that.
test_while_it_is_written() {
	recording open netmem-audit record -o "$W/open.nmr" -i nm0
	ln -s open.nmr.part "$W/so-far.nmr"
	wait_for 10 judged_so_far || { cat "$W/from.err"; fail "not judged so far"; }
	expect_text "$W/from.err" 'only a part'
	ended open 0
	expect 0 from open check
}

test_full_disk() {
	mkdir "$W/small"
	mount -t tmpfs -o size=16k none "$W/small"
	defer umount "$W/small"
	expect 3 netmem-audit record -o "$W/small/a.nmr" --duration 20 2>"$W/err"
	expect_text "$W/err" 'cannot write .*a.nmr: No space left on device'
	[ -z "$(ls "$W/small")" ]
}

nm_setup
run_tests test_same_findings test_clean_twin test_veth test_no_name_is_left \
	test_part_is_incomplete test_while_it_is_written test_full_disk
