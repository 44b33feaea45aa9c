# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash
#
# What the tests of single rules share: sourced after lib.sh.

watching() { jq -e 'select(.type == "start")' "$W/watch.out"; }

# watch_start [OPTION]...: from here on everything is seen
watch_start() {
	background watch netmem-audit -j watch "$@"
	wait_for 20 watching && return
	cat "$W/watch.err"
	fail "watch: no start"
}

# watch_end STATUS: what it found is in $W/findings, one on each line
watch_end() {
	local status=0

	# shellcheck disable=SC2154 # lib.sh has it
	kill -INT "${pid[watch]}"
	wait "${pid[watch]}" || status=$?
	jq -c 'select(.type == "finding")' "$W/watch.out" >"$W/findings"
	[ "$status" = "$1" ] && return
	cat "$W/watch.out" "$W/watch.err"
	fail "watch: exit status $status, not $1"
}

# found_in RULE FILE: one by one, or told by number only
found_in() {
	jq -s "map(select(.rule == \"$1\") | .count // 1) | add // 0" "$2"
}

# watch_counts RULE N: ended, and this rule alone was broken, N times
watch_counts() {
	watch_end 1
	[ "$(found_in "$1" "$W/watch.out")" = "$2" ] ||
		{ cat "$W/findings"; fail "not $2 findings of $1"; }
	jq -s -e "all(.[]; .rule == \"$1\" or .severity == \"info\")" \
		"$W/findings" >/dev/null && return
	cat "$W/findings"
	fail "findings of other rules than $1"
}

# watch_says FILTER: of at least one finding
watch_says() {
	jq -s -e "any(.[]; $1)" "$W/findings" >/dev/null && return
	cat "$W/findings"
	fail "no finding is: $1"
}

# watch_holds: ended, nothing found
watch_holds() {
	watch_end 0
	jq -s -e 'all(.[]; .severity == "info")' "$W/findings" >/dev/null &&
		return
	cat "$W/findings"
	fail "findings where nothing is wrong"
}

# check_finds RULE FILTER: check finds this and nothing else
check_finds() {
	expect 1 netmem-audit -j check -i nm0 --settle 1 >"$W/check.json"
	expect_json "$W/check.json" "[.findings[] | select(.rule == \"$1\")] |
		any(.[]; $2)"
	expect_json "$W/check.json" "[.findings[].rule] | unique == [\"$1\"]"
}

check_holds() {
	expect 0 netmem-audit -j check -i nm0 --settle 1 >"$W/check.json"
	expect_json "$W/check.json" '.findings == []'
}
