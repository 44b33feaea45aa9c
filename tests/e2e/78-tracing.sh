#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 300
#
# Each line of docs/TRACING.md does what is said there. With NMA_FULL only, for
# bpftrace takes its time to begin.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"

doc=$(dirname -- "$0")/../../docs/TRACING.md

# All of them that have an event fire in this: a stream, a fault, a new queue.
happen() {
	fault pp_flags 1
	reopen
	recv_devmem -b 4M
	send_to -b 4M "$V4"
	finish rx
}

# traced LINE: it has seen something
traced() {
	printf '%s\n' "$1"
	background trace bash -c "exec $1"
	wait_for 40 grep -qs Attach "$W/trace.out" "$W/trace.err" ||
		{ cat "$W/trace.err"; fail "it does not begin"; }
	happen
	kill -INT "${pid[trace]}"
	finish trace
	cat "$W/trace.out"
	grep -v Attach "$W/trace.out" | grep -q '[0-9]' || fail "it has seen nothing: $1"
}

test_each_line() {
	local line

	[ -n "${NMA_FULL:-}" ] || skip "with NMA_FULL=1"
	type bpftrace >/dev/null || skip "no bpftrace"
	defer fault pp_flags 0
	while IFS= read -r line; do
		traced "$line"
	done < <(sed -n 's/^    bpftrace/bpftrace/p' "$doc")
}

# Without bpftrace, and what the driver lost is what leaks says
test_as_text() {
	local tracing=/sys/kernel/tracing lost

	echo >"$tracing/trace"
	echo 1 >"$tracing/events/nmnic/fault_fired/enable"
	defer sh -c "echo 0 >$tracing/events/nmnic/fault_fired/enable"
	defer fault leak_netmem 0
	stream_begins
	fault leak_netmem 23
	wait_for 20 fault_is leak_netmem 0 23
	stop "${pid[tx]}"
	stop "${pid[rx]}"
	flush_deferred_skbs
	sleep 1.2
	lost=$(grep -c 'fault_fired: ifname=nm0 .*fault=leak_netmem rule=NM-PP-06' \
		"$tracing/trace")
	[ "$lost" = 23 ]
	expect 1 netmem-audit -j leaks -i nm0 >"$W/leaks.json"
	expect_json "$W/leaks.json" "[.pools[] | select(.detached) | .holders[] |
		select(.holder == \"driver\" and .leak).buffers] == [$lost]"
	fault leak_netmem 0
	expect_no_leak
}

nm_setup
run_tests test_as_text test_each_line
