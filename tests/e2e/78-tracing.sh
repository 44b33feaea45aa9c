#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# Each line of docs/TRACING.md does what is said there. With NMA_FULL only, for
# bpftrace takes its time to begin.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"

doc=$(dirname -- "$0")/../../docs/TRACING.md
tracing=/sys/kernel/tracing

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

driver_lost() {
	netmem-audit -j leaks -i nm0 >"$W/leaks.json" || true
	jq -e "[.pools[] | select(.detached) | .holders[] | select(.holder == \"driver\" and
		.leak).buffers] == [$1]" "$W/leaks.json"
}

# Without bpftrace, and what the driver lost is what leaks says
test_as_text() {
	local lost

	echo >"$tracing/trace"
	echo 1 >"$tracing/events/nmnic/fault_fired/enable"
	defer sh -c "echo 0 >$tracing/events/nmnic/fault_fired/enable"
	defer fault leak_netmem 0
	recv_devmem -b 0
	lose_netmems 23
	stop "${pid[rx]}"
	flush_deferred_skbs
	lost=$(grep -c 'fault_fired: ifname=nm0 .*fault=leak_netmem rule=NM-PP-06' \
		"$tracing/trace")
	[ "$lost" = 23 ]
	wait_for 10 driver_lost "$lost" || { cat "$W/leaks.json"; fail "not $lost"; }
	expect 1 netmem-audit leaks -i nm0
	fault leak_netmem 0
	expect_no_leak
}

tracing_of_buffers() { # 0|1
	local event

	for event in netmem_alloc netmem_put netmem_recycle netmem_release frame_rx; do
		echo "$1" >"$tracing/events/nmnic/$event/enable"
	done
}

# What the events say of buffers of dma-bufs: taken, put, kept, released, gone up in
# packets, and how many different ones and places there are
count_events() {
	awk '
		function value(key) {
			match($0, " " key "=[^ ]*")
			return substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 2)
		}
		/netmem_alloc: ifname=nm0 .* iov=1 / {
			n["taken"]++
			n["netmems"] += !netmem[value("netmem")]++
			n["offsets"] += !offset[value("offset")]++
			n["bindings"] += !binding[value("binding")]++
			n["odd"] += value("refs") != 1 || value("offset") !~ /000$|0x0/
			pool[value("pool_id")]
		}
		/netmem_put: ifname=nm0 .* iov=1 / { n["put"]++ }
		/netmem_recycle: ifname=nm0 / && value("pool_id") in pool { n["kept"]++ }
		/netmem_release: ifname=nm0 / && value("pool_id") in pool { n["released"]++ }
		/frame_rx: ifname=nm0 .* readable=0/ { n["up"] += value("frags") }
		END {
			printf "{"
			split("taken put kept released up netmems offsets bindings odd", key)
			for (i = 1; i <= 9; i++)
				printf "%s\"%s\":%d", (i > 1 ? "," : ""), key[i], n[key[i]]
			print "}"
		}' "$tracing/trace"
}

# Buffer for buffer: what the driver took, less what went up in packets, it has.
test_each_buffer() {
	echo 16384 >"$tracing/buffer_size_kb"
	echo >"$tracing/trace"
	tracing_of_buffers 1
	defer tracing_of_buffers 0
	recv_devmem --keep-tokens 23 --hold 0 -b 1M
	send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	expect 0 netmem-audit -j leaks -i nm0 >"$W/leaks.json"
	count_events >"$W/events.json"
	jq -s '.[0] as $e | .[1].pools[] | select(has("binding_id")) |
		{events: $e, exist, tokens: [.holders[] | select(.holder == "token").buffers],
		 driver: [.holders[] | select(.holder == "driver").buffers]}' \
		"$W/events.json" "$W/leaks.json" >"$W/both.json"
	expect_json "$W/both.json" '.driver == [.events | .taken - .put - .up] and
		.exist <= .events.netmems and .tokens == [23] and
		(.events | .netmems == .offsets and .bindings == 1 and .odd == 0 and .up > 100)'
	kill -INT "${pid[rx]}"
	finish rx
	wait_for 10 bound_pools 0
	tracing_of_buffers 0
	count_events >"$W/events.json"
	expect_json "$W/events.json" ".put == $(jq '.driver[0] + .events.put' "$W/both.json") and
		.kept + .released == .put"
	expect_no_leak
}

nm_setup
run_tests test_as_text test_each_buffer test_each_line
