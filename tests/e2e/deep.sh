# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash
#
# What the tests of rules under watch --deep share; sourced after lib.sh.

# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/rules.sh"

# What is left of a device that is gone, and was there before, is of other scripts.
of_others='.pre_existing and .device_gone'
no_finding() {
	[ ! -s "$W/findings" ] && return
	jq -c "select($of_others | not)" "$W/findings" >"$W/new"
	[ ! -s "$W/new" ] && return
	cat "$W/new"
	fail "findings where nothing is wrong"
}

# break_rule RULE FAULT N STREAM BYTES: STREAM_stream() meets it N times, and
# nothing else is found than has been since watch_start
broken=
break_rule() {
	local before missed

	watch_look
	before=$(found "$1")
	missed=$(missed)
	fault "$2" "$3"
	defer fault "$2" 0
	"$4_stream" "$5"
	fired "$2"
	watch_look
	found_often "$1" $((before + $3)) "$missed" ||
		fail "$1 found $(found "$1") times, not $((before + $3))"
	fault "$2" 0
	broken+=" $1 "
	jq -r "select($of_others | not).rule" "$W/findings" | sort -u >"$W/rules_found"
	if ! all_broken; then
		cat "$W/findings"
		fail "$2 breaks other rules, too"
	fi
	rule_seen "$1" caught
}

# breaks_alone RULE FAULT STREAM BYTES [WHO]: and that function of the driver is
# blamed, or any, for what it does to buffers that are all given back
# shellcheck disable=SC2119 # no arguments
breaks_alone() {
	watch_start
	break_rule "$1" "$2" 23 "$3" "$4"
	blamed "$1" "${5:-} [nmnic]"
	watch_end 1
	expect_no_leak
}

# A sub-test for each line of $FAULTS (what breaks_alone takes), named after its
# fault; all of them in $each
each=()
define_each() {
	local rule fault rest

	while read -r rule fault rest; do
		[ -n "$rule" ] || continue
		eval "test_$fault() { breaks_alone $rule $fault $rest; }"
		each+=("test_$fault")
	done <<<"$FAULTS"
}

# expect_found RULE N: since watch_start, as of watch_look
expect_found() {
	found_often "$1" "$2" && return
	grep -F "\"$1\"" "$W/watched"
	grep '"so_far"' "$W/watched"
	fail "$1 found $(found "$1") times, not $2"
}

all_broken() {
	local rule

	while read -r rule; do
		case $broken in
		*" $rule "*) ;;
		*) return 1 ;;
		esac
	done <"$W/rules_found"
}

# blamed RULE FUNCTION: or the end of its name
blamed() {
	jq -se --arg who "$2" "all(.[] | select(.rule == \"$1\");
		.evidence.called_by | endswith(\$who))" "$W/findings" && return
	cat "$W/findings"
	fail "$1: somebody else is blamed, not $2"
}

devmem_stream() {
	recv_devmem -b "$1"
	send_to -b "$1" "$V4"
	finish rx
}

# To a port that no rule steers: the other queues, host memory
host_stream() {
	recv_host -p $((PORT + 1)) -b "$1"
	send_to -p $((PORT + 1)) -b "$1" "$V4"
	finish host
}

# fired FAULT: every occasion that it was armed for
has_fired() { grep -q '^armed=0 ' "$PANEL/$1"; }
fired() { has_fired "$1" || fail "$1: $(cat "$PANEL/$1")"; }
