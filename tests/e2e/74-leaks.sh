#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 320
#
# Every buffer is accounted for: who holds it is named, with the right number, and the
# sum is the kernel's own count.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"

# The audit is on the first processor, so what waits on the second stays there.
leaks() { taskset -c 0 netmem-audit -j leaks "$@" >"$W/leaks.json"; }

# expect_held HOLDER BUFFERS [FILTER]: so many of nm0, in one group that FILTER lets pass
expect_held() {
	expect_json "$W/leaks.json" "[.pools[] | select(.ifname == \"nm0\") | .holders[] |
		select(.holder == \"$1\" and (${3:-true}))] |
		length == 1 and .[0].buffers == $2"
}

balanced() {
	jq -e '.pools | length > 0 and all(.exist == .inflight and
		([.holders[].buffers] | add) == .inflight and
		all(.holders[]; .holder != "unknown" and .holder != "moving"))' "$W/leaks.json"
}

settled() { leaks "$@" && balanced; }

# One destroyed page_pool is left of nm0, and who has its buffers is known
one_destroyed() {
	leaks -i nm0 || true
	balanced && jq -e '[.pools[] | select(.detached)] | length == 1' "$W/leaks.json"
}

wait_for_one_destroyed() {
	flush_deferred_skbs
	wait_for 10 one_destroyed && return
	cat "$W/leaks.json"
	fail "not one destroyed pool"
}

# What does not depend on when one looks
accounts() {
	jq -c '.pools | map({id, ifname, inflight, exist, in_pool, detached,
		holders: [.holders[] | {holder, buffers, leak, holder_pid, local, where}]})' \
		"$W/leaks.json"
}

# The kernel now, in between as recorded, and the kernel again. Whoever reads the file
# needs no privilege.
same_from_a_recording() {
	rm -f "$W"/leaks.nmr*
	leaks -i nm0 || true
	accounts >"$W/live"
	taskset -c 0 netmem-audit -q record -o "$W/leaks.nmr" --duration 0.1 || true
	leaks -i nm0 || true
	accounts >"$W/live.after"
	chmod 644 "$W/leaks.nmr"
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		netmem-audit -j leaks -i nm0 --from "$W/leaks.nmr" >"$W/leaks.json" || true
	accounts >"$W/recorded"
	diff "$W/live" "$W/live.after" && diff "$W/live" "$W/recorded"
}

expect_same_from_a_recording() {
	wait_for 20 same_from_a_recording && return
	diff "$W/live" "$W/live.after" || diff "$W/live" "$W/recorded" || true
	fail "not the same from a recording"
}

test_quiet() {
	wait_for 10 settled --all
	# But for the kernel's own page_pools, one for each processor from the start on, which
	# are no device's.
	expect_json "$W/leaks.json" "[.pools[] | select(.ifname or .detached or
		.id > $(getconf _NPROCESSORS_CONF)) | .ifname] | unique == [\"nm0\", \"nm1\"]"
	expect_json "$W/leaks.json" 'all(.pools[]; has("leak") | not)'
	expect 0 netmem-audit leaks -i nm0 >"$W/leaks.txt"
	expect_text "$W/leaks.txt" '  driver  posted, or lost'
	[ "$(awk '{ if (length > n) n = length } END { print n }' "$W/leaks.txt")" -le 80 ]
}

# The driver's, in a pool that is destroyed and in one that is not
test_driver() {
	local inflight

	defer fault leak_netmem 0
	recv_devmem -b 0
	lose_netmems 23
	stop "${pid[rx]}"
	wait_for_one_destroyed
	expect 1 leaks -i nm0
	expect_held driver 23 '.leak'
	balanced
	expect_same_from_a_recording
	expect 1 netmem-audit leaks --from "$W/leaks.nmr" >"$W/leaks.txt"
	expect_text "$W/leaks.txt" '  23  driver  LEAK  lost'
	inflight=$(jq '[.pools[] | select(.detached)][0].inflight' "$W/leaks.json")
	[ "$inflight" = 23 ]
	expect 1 netmem-audit leaks -i nm0 >"$W/leaks.txt"
	expect_text "$W/leaks.txt" '  23  driver  LEAK  lost'
	fault leak_netmem 0
	expect_no_leak
	expect 0 leaks
}

know_peer() {
	ip neigh replace "$V4_PEER" dev nm0 nud permanent \
		lladdr "$(peer ip -br link show nm1 | awk '{ print $3 }')"
}

# One for each packet, which nobody sends again; then its page_pool is destroyed.
driver_loses() {
	know_peer	# forgotten each time that the port goes down
	fault leak_netmem "$1"
	background pings peer ping -q -i 0.005 "$V4"
	wait_for 20 grep -q armed=0 "$PANEL/leak_netmem"
	stop "${pid[pings]}"
	reopen
	wait_for_one_destroyed
	expect 1 leaks -i nm0
	expect_held driver "$1" .leak
	expect_json "$W/leaks.json" "[.pools[] | select(.detached)] |
		length == 1 and .[0].inflight == $1"
	balanced
	fault leak_netmem 0
	expect_no_leak
	expect 0 leaks -i nm0
}

# What IPv6 sends by itself would come to another queue, and its buffers be lost there.
test_driver_counts() {
	local number

	split off
	defer split on
	defer fault leak_netmem 0
	defer peer ip addr add "$V6_PEER/64" dev nm1 nodad
	defer peer sysctl -qw net.ipv6.conf.nm1.disable_ipv6=0
	know_neighbours
	peer sysctl -qw net.ipv6.conf.nm1.disable_ipv6=1
	for number in 1 23 $(amount '' 1009); do
		driver_loses "$number"
	done
}

growth_told() {
	jq -se 'any(.[].pools[]; any(.holders[]; .holder == "driver" and .growing and
		.leak))' "$W/slow.out"
}

# One after the other, of a pool in use. Packets that nobody sends again: a lost
# retransmission would stop the stream. The pool is the payload's: nothing is split off.
test_slow_leak() {
	split off
	defer split on
	background slow netmem-audit -j leaks -i nm0 0.3
	background pings peer ping -q -i 0.3 "$V4"
	defer fault leak_netmem 0
	wait_for 20 grep -q pools "$W/slow.out"
	expect_json "$W/slow.out" 'all(.pools[].holders[]; has("growing") | not)'
	fault leak_netmem -1
	wait_for 60 growth_told || { tail -n 1 "$W/slow.out"; fail "it is not seen to grow"; }
	stop "${pid[pings]}"
	kill -INT "${pid[slow]}"
	finish slow 1
	expect_json <(jq -s . "$W/slow.out") 'all(.[].pools[].holders[];
		.holder == "driver" or (has("leak") | not))'
	fault leak_netmem 0
	expect 0 leaks -i nm0
}

# Since when, and by whom: those that were posted before the audit, and those after it
test_ages() {
	background deep taskset -c 0 netmem-audit -j leaks -i nm0 --stacks 1
	wait_for 20 grep -q holders "$W/deep.out"
	recv_devmem --keep-tokens 20 --hold 0 -b 1M
	send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	rm -f "$W/leaks.json"
	wait_for 20 aged || { cat "$W/leaks.json"; fail "no ages"; }
	kill -INT "${pid[deep]}"
	finish deep 0
	expect 0 leaks -i nm0 --age 2
	expect_held token 20 '.buffers_unaged == 20'
	expect_json "$W/leaks.json" 'all(.pools[].holders[]; .holder != "ring")'
	kill -INT "${pid[rx]}"
	finish rx
	expect_no_leak
	background few netmem-audit -j leaks -i nm0 --deep --buffers 16 1
	wait_for 20 grep -q pools "$W/few.out"
	peer ping -q -c 200 -i 0.002 "$V4"
	wait_for 10 map_is_full || { tail -n 1 "$W/few.out"; fail "there is room"; }
	kill -INT "${pid[few]}"
	finish few 5
}

# What was lost after the last report counts, too.
test_full_after_the_last_report() {
	background late netmem-audit -j leaks -i nm0 --deep --buffers 16 600
	wait_for 20 grep -q pools "$W/late.out"
	peer ping -q -c 200 -i 0.002 "$V4"
	kill -INT "${pid[late]}"
	finish late 5
	expect_json <(jq -s . "$W/late.out") 'length == 1 and .[0].lost.map_full == 0'
}

map_is_full() { tail -n 1 "$W/few.out" | jq -e '.lost.map_full > 0'; }

aged() {
	tail -n 1 "$W/deep.out" >"$W/leaks.json"
	jq -e '.time_ns as $now | any(.pools[].holders[]; .holder == "token" and
		.buffers == 20 and .buffers_unaged == 0 and $now > .oldest_time_ns and
		(.taken_by | test("nmnic")))' "$W/leaks.json"
}

# What applications and queues have is not the driver's. The tool comes afterwards.
test_tokens() {
	recv_devmem --keep-tokens 20 --hold 0 -b 1M
	send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	wait_for 10 settled -i nm0
	expect_held token 20 ".holder_pid == ${pid[rx]} and .holder_comm == \"nma-traffic\" and
		.local == \"192.0.2.1:9000\""
	expect_same_from_a_recording
	kill -INT "${pid[rx]}"
	finish rx
	expect_no_leak
	expect 0 leaks
	expect_json "$W/leaks.json" 'all(.pools[].holders[]; .holder != "token")'
}

test_zcrx() {
	need_zcrx
	start rx nma-traffic zcrx -i nm0 -q "$Q" -b 1M --keep-buffers 23 --hold 0
	send_to -b 1M "$V4"
	held rx
	flush_deferred_skbs
	wait_for 10 settled -i nm0
	expect_held zcrx 23 'has("holder_queue") | not'
	kill -INT "${pid[rx]}"
	finish rx
	expect_no_leak
	expect 0 leaks
}

# It reads nothing more, and its receive queue fills up.
stopped_holds() {
	leaks -i nm0 && jq -e "any(.pools[].holders[]; .holder == \"socket\" and
		.buffers > 20 and .holder_pid == ${pid[rx]})" "$W/leaks.json" && balanced
}

test_stopped_process() {
	stream_begins
	kill -STOP "${pid[rx]}"
	wait_for 20 stopped_holds
	kill -CONT "${pid[rx]}"
	stream_ends
	expect 0 leaks -i nm0
	expect_json "$W/leaks.json" 'all(.pools[].holders[]; .holder != "socket")'
}

# 46 refusals, two in a page, wait to be read, or fewer: ICMP has limits of its own.
refused() {
	python3 - "$W/refused.ready" <<-'P'
	import socket, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IP, 11, 1)		# IP_RECVERR
	s.bind(("192.0.2.1", 7400))
	for i in range(46):
	    sent = 0
	    while not sent:
	        try:
	            sent = s.sendto(b"x" * 400, ("192.0.2.2", 7401))
	        except ConnectionRefusedError:
	            pass
	open(sys.argv[1], "w").write("ready\n")
	time.sleep(1000)
	P
}

errors_held() {
	leaks -i nm0 || true
	jq -e '[.pools[] | select(.detached)] | length == 1 and (.[0] |
		.inflight > 4 and (.inflight as $all | .holders | length == 1 and
		all(.leak and .holder_queue == "error queue" and .local == "192.0.2.1:7400" and
		.holder_comm == "python3" and .buffers == $all)))' "$W/leaks.json"
}

test_unread_error_queue() {
	peer sysctl -qw net.ipv4.icmp_ratelimit=0
	peer sysctl -qw net.ipv4.icmp_msgs_per_sec=100000
	rm -f "$W/refused.ready"
	refused &
	defer pkill -P $! python3
	wait_for 20 grep -qsx ready "$W/refused.ready"
	reopen
	flush_deferred_skbs
	wait_for 20 errors_held || { cat "$W/leaks.json"; fail "nobody has them"; }
	pkill -f refused.ready
	expect_no_leak
	expect 0 leaks -i nm0
}

# slow_queue LIMIT: packets from nm1 wait in that of another device
slow_queue() {
	ip netns add "$ns-lan"
	defer ip netns del "$ns-lan"
	ip link add w0 type veth peer name w1 netns "$ns-lan"
	defer ip link del w0
	ip addr add 198.51.100.1/24 dev w0
	ip link set w0 up
	ip -n "$ns-lan" addr add 198.51.100.2/24 dev w1
	ip -n "$ns-lan" link set w1 up
	sysctl -qw net.ipv4.ip_forward=1
	peer ip route add 198.51.100.0/24 via 192.0.2.1
	defer peer ip route del 198.51.100.0/24
	ping -q -c 1 -W 5 198.51.100.2
	modprobe sch_netem
	tc qdisc add dev w0 root netem delay 600s limit "$1"
}

# 40 packets, two in a page; nm0 goes down and up.
test_queueing_discipline() {
	local inflight

	slow_queue 2000
	peer ping -q -c 40 -i 0.01 -s 1200 -W 1 198.51.100.2 || true
	reopen
	wait_for_one_destroyed
	expect 1 leaks -i nm0
	expect_json "$W/leaks.json" '[.pools[] | select(.detached)] | length == 1 and
		(.[0] | (.inflight == 20 or .inflight == 21) and
		.holders == [.holders[] | select(.holder == "stack" and .leak and
		.packet_ifname == "w0")])'
	balanced
	inflight=$(jq '.pools[] | select(.detached).inflight' "$W/leaks.json")
	expect 1 netmem-audit -j check --settle 1 >"$W/check.json"
	expect_json "$W/check.json" '[.findings[] | select(.severity != "info")] |
		length == 1 and (.[0] | .rule == "NM-PP-06" and .severity == "warn" and
		.evidence.holder == "stack" and (.message | test("packets of w0")))'
	expect_json "$W/check.json" "all(.findings[]; .evidence.buffers == $inflight)"
	tc qdisc del dev w0 root
	expect_no_leak
	expect 0 leaks -i nm0
}

queued() { [ "$(tc -s -j qdisc show dev w0 | jq '.[0].qlen')" -ge "$1" ]; }

# More than the audit first has room for: it looks again, with more.
test_full_queue() {
	slow_queue 6000
	peer python3 - <<-'P'
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for i in range(5003):
	    s.sendto(b"x" * 600, ("198.51.100.2", 7400))
	P
	wait_for 20 queued 5003
	reopen
	wait_for_one_destroyed
	expect 1 leaks -i nm0
	expect_json "$W/leaks.json" '[.pools[] | select(.detached)] | length == 1 and
		(.[0] | .inflight > 2500 and
		.holders == [.holders[] | select(.holder == "stack" and .leak and
		.packet_ifname == "w0")])'
	expect_json "$W/leaks.json" '(.lost | add) == 0'
	balanced
	tc qdisc del dev w0 root
	expect_no_leak
	expect 0 leaks -i nm0
}

waits_in_cpumap() {
	tail -n 1 "$W/cpumap.out" >"$W/leaks.json"
	jq -e "[.pools[].holders[] | select(.holder == \"xdp\")] | length == 1 and
		(.[0] | .map_id == $1 and .holder_cpu == 1 and .buffers >= 24 and
			.buffers <= 40)" "$W/leaks.json" && balanced
}

none_in_cpumap() {
	tail -n 1 "$W/cpumap.out" >"$W/leaks.json"
	jq -e 'all(.pools[].holders[]; .holder != "xdp")' "$W/leaks.json"
}

# For the thread of a CPU, which a program keeps busy. It takes up to eight of forty
# packets at once, and may have come to the next eight. Nobody else gets that CPU.
test_cpumap() {
	local id pins=/sys/fs/bpf/$ns

	taskset -pc 0 "$BASHPID"
	split off
	defer split on
	mkdir -p "$pins"
	defer rm -rf "$pins"
	bpftool prog loadall "$BIN/xdp-cpumap.bpf.o" "$pins/prog" pinmaps "$pins/map"
	python3 "$(dirname -- "$0")/cpumap.py" "$pins/map/cpus" 1 256 "$pins/prog/hold"
	id=$(bpftool -j map show pinned "$pins/map/cpus" | jq .id)
	peer ping -q -c 1 "$V4"
	ip link set nm0 xdpdrv pinned "$pins/prog/to_cpu"
	defer ip link set nm0 xdpdrv off
	background cpumap taskset -c 0 netmem-audit -j leaks -i nm0 --all 0.2
	wait_for 20 grep -q pools "$W/cpumap.out"
	taskset -c 0 nsenter --net="/run/netns/$peer_ns" ping -q -c 40 -i 0.002 -W 1 "$V4" || true
	wait_for 3 waits_in_cpumap "$id" || { cat "$W/leaks.json"; fail "not in the cpumap"; }
	bpftool map update pinned "$pins/map/until" key 0 0 0 0 value 1 0 0 0 0 0 0 0
	wait_for 20 none_in_cpumap
	# it is not kept busy again: they all come through
	peer ping -q -c 40 -i 0.002 -W 5 "$V4"
	wait_for 5 none_in_cpumap
	kill -INT "${pid[cpumap]}"
	finish cpumap 0
}

# Sockets with something unread are closed, and their namespace is deleted.
short_life() {
	ip netns add "$ns-short"
	ip -n "$ns-short" link set lo up
	ip -n "$ns-short" link add s0 type veth peer name s1
	nsenter --net="/run/netns/$ns-short" python3 -c 'import socket
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(64)]
for i in range(64):
    s[i].bind(("127.0.0.1", 7000 + i))
    s[i].sendto(b"x" * 600, ("127.0.0.1", 7000 + i))'
	ip netns del "$ns-short"
}

an_end_seen() { jq -se 'any(.[].pools[]; .ended)' "$W/ends.out"; }

much_ends() {
	short_life
	reopen
	an_end_seen
}

# Pools that end while they are looked at, with everything back: no end is a leak, and
# nothing was out of reach. Nobody sends, for packets may outlive their pool.
test_all_that_ends() {
	local status=0

	peer sysctl -qw net.ipv6.conf.nm1.disable_ipv6=1
	defer peer ip addr add "$V6_PEER/64" dev nm1 nodad
	defer peer sysctl -qw net.ipv6.conf.nm1.disable_ipv6=0
	background ends netmem-audit -j leaks -i nm0 --all 0.1
	wait_for 20 grep -q pools "$W/ends.out"
	wait_for 60 much_ends || { tail -n 3 "$W/ends.out"; fail "no pool ended in a look"; }
	kill -INT "${pid[ends]}"
	wait "${pid[ends]}" || status=$?
	cat "$W/ends.err"
	jq -s '[.[].pools[] | select(any(.holders[]; .holder == "unknown" or has("leak")) or
		(has("ended") and (.holders != [] or .inflight != 0)))]' \
		"$W/ends.out" >"$W/wrong.json"
	expect_json "$W/wrong.json" '. == []'
	[ "$status" = 0 ] || fail "exit status $status, not 0"
}

last_end_seen() { jq -se "any(.[].pools[]; .id == $1 and .ended)" "$W/last.out"; }

# A destroyed one, when the last socket that had something of it is closed.
destroyed_ends() {
	local id

	rm -f "$W/refused.ready"
	refused &
	wait_for 20 grep -qsx ready "$W/refused.ready"
	reopen
	flush_deferred_skbs
	wait_for 20 errors_held || fail "nobody has them"
	id=$(jq '.pools[] | select(.detached).id' "$W/leaks.json")
	background last netmem-audit -j leaks --pool "$id" 0.05
	wait_for 20 grep -q leak "$W/last.out"
	pkill -f refused.ready
	expect_no_leak
	kill -INT "${pid[last]}"
	finish last 1
	expect_json <(jq -s . "$W/last.out") 'all(.[].pools[].holders[]; .holder != "unknown")'
	last_end_seen "$id"
}

test_a_destroyed_pool_ends() {
	local i

	peer sysctl -qw net.ipv4.icmp_ratelimit=0
	peer sysctl -qw net.ipv4.icmp_msgs_per_sec=100000
	defer pkill -f refused.ready
	for ((i = 0; i < 10; i++)); do
		! destroyed_ends || break
	done
	[ "$i" -lt 10 ] || fail "its end was not seen in ten times"
	deferred=()
}

test_bad_input() {
	expect 3 netmem-audit leaks --pool 999999 2>"$W/err"
	expect_text "$W/err" 'no page_pool 999999'
	expect 2 netmem-audit leaks --pool x 2>"$W/err"
	expect_text "$W/err" "needs the id of a page_pool, not 'x'"
	expect 2 netmem-audit leaks 0 2>"$W/err"
	expect 2 netmem-audit leaks 1 x 2>"$W/err"
	expect 3 netmem-audit leaks -i nm99 2>"$W/err"
}

nm_setup
run_tests test_quiet test_driver test_driver_counts test_slow_leak test_tokens test_zcrx test_ages \
	test_full_after_the_last_report test_stopped_process test_unread_error_queue \
	test_queueing_discipline test_full_queue test_cpumap test_all_that_ends \
	test_a_destroyed_pool_ends test_bad_input
