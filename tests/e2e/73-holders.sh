#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 100
#
# Buffers of a destroyed page_pool that are not back: who has them is told, and a
# driver is accused of none that somebody else has.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

held_by() { # HOLDER
	taskset -c 0 netmem-audit -j show pools -i nm0 >"$W/show.json"
	jq -e "[.pools[].held.$1 // 0] | add > 0" "$W/show.json"
}

# Others may be of an earlier test
at_rest='[.findings[] | select(.rule == "NM-PP-06" and .ifname == "nm0")] | length > 0 and
	all(.severity == "info" and .evidence.holder == "defer" and
	    .evidence.holder_cpu == 1)'

# Freed by the receiver's processor for the sender's, which then receives nothing
# more. Not each time: the last packets may come home with others, or meanwhile.
test_freed_for_another_cpu() {
	local i

	for ((i = 0; i < 10; i++)); do
		start rx taskset -c 0 nma-traffic recv -i nm0 -q "$Q" -p "$PORT" \
			-t "$TRAFFIC_S" -b 4M
		taskset -c 1 nsenter --net="/run/netns/$peer_ns" \
			nma-traffic send -t "$TRAFFIC_S" -b 4M "$V4"
		finish rx
		expect 0 taskset -c 0 netmem-audit -j -v check --settle 1 >"$W/check.json"
		! jq -e "$at_rest" "$W/check.json" || break
	done
	expect_json "$W/check.json" "$at_rest"
	flush_deferred_skbs
	expect_no_leak
	expect 0 netmem-audit -j -v check --settle 1 >"$W/check.json"
	expect_json "$W/check.json" 'all(.findings[]; .ifname != "nm0")'
}

unread() {
	python3 - "$W/unread.ready" <<-'P'
	import socket, sys, time
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(("192.0.2.1", 7000))
	s.listen(1)
	open(sys.argv[1], "w").write("ready\n")
	c, _ = s.accept()
	open(sys.argv[1], "a").write("accepted\n")
	time.sleep(1000)
	P
}

# All of it waits there, behind it the end
unread_is() { ss -tnH sport = :7000 | awk -v n="$1" '$2 > n { n = 0 } END { exit n > 0 }'; }

test_unread_socket() {
	rm -f "$W/unread.ready"
	unread &
	defer pkill -P $! python3
	wait_for 20 grep -qsx ready "$W/unread.ready"
	peer python3 -c 'import socket
s = socket.create_connection(("192.0.2.1", 7000)); s.sendall(b"x" * 60000)'
	wait_for 20 grep -qsx accepted "$W/unread.ready"
	wait_for 20 unread_is 60000
	reopen
	expect 1 netmem-audit -j check --settle 1 >"$W/check.json"
	expect_json "$W/check.json" '[.findings[] | select(.severity != "info")] |
		length > 0 and all(.rule == "NM-PP-06" and .severity == "warn" and
		.evidence.holder == "socket" and .evidence.local == "192.0.2.1:7000" and
		.evidence.holder_comm == "python3" and .evidence.holder_pid > 0)'
	pkill -f unread.ready
	flush_deferred_skbs
	expect_no_leak
	expect 0 netmem-audit check --settle 1
}

# No process any more, and the peer does not answer
test_orphaned_socket() {
	recv_devmem --keep-tokens 20 --hold 600 -b 1M
	background tx send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	peer ip link set nm1 down
	defer peer ip link set nm1 up
	kill -KILL "${pid[rx]}"
	wait "${pid[rx]}" || true
	wait_for 10 held_by token
	netmem-audit -j check --settle 1 >"$W/check.json" || true
	expect_json "$W/check.json" '[.findings[] | select(.rule == "NM-PP-06")] |
		length == 1 and all(.severity == "warn" and .evidence.holder == "token" and
		.evidence.buffers == 20 and (.evidence | has("holder_pid") | not) and
		(.message | test("orphaned TCP")))'
	expect_json "$W/check.json" 'any(.findings[]; .rule == "NM-TOK-01" and
		(.message | test("^orphaned socket keeps 20")))'
	stop "${pid[tx]}"
	peer ip link set nm1 up
	wait_for 60 no_pool_left
	expect 0 netmem-audit check --settle 1
}

# References of splice() are the application's
test_splice() {
	local status=0

	split off
	defer split on
	python3 - "$W/splice.ready" "$W/spliced" <<-'P' &
	import os, socket, sys
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(("192.0.2.1", 7300))
	s.listen(1)
	open(sys.argv[1], "w").write("ready\n")
	c, _ = s.accept()
	r, w = os.pipe()
	out = os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY)
	while k := os.splice(c.fileno(), w, 65536):
	    os.splice(r, out, k)
	P
	wait_for 20 grep -qsx ready "$W/splice.ready"
	netmem-audit -j watch --deep -- nsenter --net="/run/netns/$peer_ns" python3 -c '
import socket
s = socket.create_connection(("192.0.2.1", 7300)); s.sendall(b"q" * 4000000)' \
		>"$W/watch.out" 2>"$W/watch.err" || status=$?
	cat "$W/watch.out" "$W/watch.err"
	jq -se '[.[] | select(.type == "finding")] | length > 0 and
		all(.severity == "info") and
		any(.rule == "NM-PP-05" and .evidence.comm == "python3" and
		    (.message | test("spliced")))' "$W/watch.out"
	[ "$status" = 0 ] || [ "$status" = 5 ]
}

nm_setup
run_tests test_splice test_freed_for_another_cpu test_unread_socket test_orphaned_socket
