#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 140
#
# netmem-audit watch: findings as they happen, none where nothing is wrong, and
# nothing left in the kernel however it ends.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

progs() { bpftool -j prog list | jq length; }
progs_are() { [ "$(progs)" = "$1" ]; }
before=$(progs)		# ours: those of an audit that has ended may go a little later

# Runs until unwatch, output in $W/watch.out
watch() {
	background watch netmem-audit -j watch --strict -i nm0
	wait_for 20 watching || { cat "$W/watch.err"; fail "watch: no start"; }
	[ "$(progs)" -gt "$before" ]
}

watching() { jq -e 'select(.type == "start")' "$W/watch.out"; }

# unwatch [SIGNAL]: ends it; every line must be a document
unwatch() {
	local status=0

	kill -"${1:-INT}" "${pid[watch]}"
	wait "${pid[watch]}" || status=$?
	wait_for 5 progs_are "$before" || fail "BPF programs are left"
	[ "${1:-INT}" = KILL ] && return
	# one object on each line, and the losses in the last
	cat "$W/watch.out" "$W/watch.err"
	jq -c . "$W/watch.out" >"$W/lines"
	[ "$(wc -l <"$W/lines")" = "$(wc -l <"$W/watch.out")" ]
	tail -n 1 "$W/watch.out" >"$W/last"
	expect_json "$W/last" 'has("lost")'
	printf '%s\n' "$status" >"$W/status"
}

findings() {
	jq -c 'select(.type == "finding")' "$W/watch.out" >"$W/findings"
}

expect_findings() {
	findings
	[ "$(jq -s "map(select(.rule == \"$1\") | .count // 1) | add // 0" \
		"$W/findings")" = "$2" ] && return
	cat "$W/watch.out"
	fail "not $2 findings of $1"
}

test_clean_stream_has_no_finding() {
	watch
	recv_devmem -b 16M
	send_to -b 16M "$V4"
	finish rx
	expect_no_leak
	unwatch
	[ "$(cat "$W/status")" = 0 ]
	findings
	[ "$(jq -s 'map(select(.severity == "error" or .severity == "warn")) |
		length' "$W/findings")" = 0 ]
}

test_fault_armed_once_is_found_once() {
	watch
	fault pp_flags 1
	defer reopen
	reopen
	reopen
	wait_for 5 found NM-POOL-01
	unwatch
	[ "$(cat "$W/status")" = 1 ]
	expect_findings NM-POOL-01 1
}

found() { grep -q "\"$1\"" "$W/watch.out"; }

test_interrupt_leaves_nothing() {
	watch
	unwatch INT
	watch
	unwatch TERM
	watch
	unwatch KILL
}

# watch_command OPTION... -- CMD...: the summary is in $W/end
watch_command() {
	local status=0

	netmem-audit -j watch -i nm0 "$@" >"$W/out" 2>"$W/err" || status=$?
	tail -n 1 "$W/out" >"$W/end"
	return "$status"
}

test_command_and_verdict() {
	expect 0 watch_command -- true
	expect_json "$W/end" '.result == "holds" and .command_status == 0'
	expect 1 watch_command -- sh -c 'exit 77'
	expect_json "$W/end" '.result == "command_failed" and .errors == 0 and
		.verdict == "holds" and .command_status == 77'
	expect 1 watch_command --duration 2 -- sleep 33
	expect_json "$W/end" '.result == "timeout" and .verdict == "holds" and
		.command_signal == 15'
}

commands() { pgrep -f 'sleep 4711'; }
no_commands() { ! commands; }

test_command_ends_with_a_killed_watch() {
	background watch netmem-audit watch -i nm0 -- sleep 4711
	wait_for 30 commands
	kill -KILL "${pid[watch]}"
	wait_for 5 no_commands
}

tracing() { sysctl -qw kernel.ftrace_enabled="$1"; }
audits() { grep -qs '"type":"start"' "$W/blind.out"; }
looked() { grep -qs '"so_far"' "$W/blind.out"; }

# The kernel takes each attachment to a function then, and calls none.
test_without_ftrace() {
	local options

	defer tracing 1
	tracing 0
	for options in '' --deep; do
		# shellcheck disable=SC2086 # none, or one
		expect 3 netmem-audit -j watch $options --duration 1 >"$W/watch.out" \
			2>"$W/watch.err"
		expect_json "$W/watch.out" '.error.message | test("ftrace_enabled is 0")'
	done
	# those walk through the kernel's lists
	expect 0 netmem-audit -j check -i nm0 >"$W/check.json"
}

# What was seen before and after it is not all that there was. It is on again before
# the programs are taken away: that it is not, the kernel does not take well.
test_ftrace_is_switched_off_for_a_while() {
	local status=0

	defer tracing 1
	background blind netmem-audit -j watch -i nm0
	wait_for 30 audits
	tracing 0
	kill -USR1 "${pid[blind]}"
	wait_for 10 looked
	tracing 1
	kill -INT "${pid[blind]}"
	wait "${pid[blind]}" || status=$?
	cat "$W/blind.err"
	[ "$status" = 5 ] || fail "exit status $status"
	expect_text "$W/blind.err" 'ftrace_enabled.*what happened since is not known'
	jq -se '.[-1].result == "incomplete"' "$W/blind.out"
}

test_kept_tokens() {
	watch
	recv_devmem --keep-tokens 23 -b 1M
	send_to -b 1M "$V4"
	held rx
	expect 1 netmem-audit -j check -i nm0 --settle 1 >"$W/check.json"
	expect_json "$W/check.json" '[.findings[].rule] == ["NM-TOK-01"]'
	stop "${pid[rx]}"
	expect_json "$W/rx.json" '.tokens_outstanding == 0'
	unwatch
	expect_no_leak
	rule_seen NM-TOK-01 caught
}

test_tokens_left_at_exit() {
	watch
	recv_devmem --exit-with-tokens 23 -b 1M
	send_to -b 1M "$V4"
	finish rx
	expect_json "$W/rx.json" '.tokens_outstanding == 23'
	wait_for 5 found NM-TOK-03
	unwatch
	expect_findings NM-TOK-03 1
	expect_no_leak
	rule_seen NM-TOK-03 caught
}

test_plain_recv_gets_efault() {
	recv_devmem --plain-recv
	background tx send_to -b 1M "$V4"
	finish rx
	expect_json "$W/rx.json" '.efaults == 1 and .bytes == 0'
	expect_no_leak
}

nm_setup
run_tests test_clean_stream_has_no_finding test_fault_armed_once_is_found_once \
	test_interrupt_leaves_nothing test_command_and_verdict \
	test_command_ends_with_a_killed_watch test_without_ftrace \
	test_ftrace_is_switched_off_for_a_while test_kept_tokens \
	test_tokens_left_at_exit test_plain_recv_gets_efault
