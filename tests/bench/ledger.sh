# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash disable=SC2154 # what bench has
#
# A million buffers out of their pools, unread in ten thousand sockets; part of
# tests/bench/bench, which needs a VM of 9 GiB for it. First with leaks --deep from
# the beginning, whose ledger grows with them; then for a leaks that has seen nothing.

LEDGER_STEPS=${BENCH_LEDGER:-"10 990 9000"}	# sockets, a hundred buffers each
LEDGER_BYTES=275000		# of each: frames of 8,948 bytes, three buffers each
LEDGER_PORT=9100
LEDGER_BUFS=1048576
LEDGER_S=3600			# until leaks looks again by itself
PACED_RATE=32mbit		# datagrams of 777 bytes: one in 0.2 ms, by a timer's softirq
PACED=40000

# out_of_pools: buffers, of all page_pools of nm0
out_of_pools() { pools -i nm0 | jq '[.pools[].inflight] | add'; }

ledger_set_up() {
	root_ns sysctl -qw net.ipv4.tcp_mem="8000000 8000000 8000000"
	sysctl -qw net.ipv4.tcp_rmem="4096 2097152 4194304" net.core.somaxconn=4096
	ip link set nm0 mtu 9000
	peer ip link set nm1 mtu 9000
	know_neighbours
	background hold "$here/unread.py" hold "$V4" $LEDGER_PORT
	wait_for 20 grep -q ready "$W/hold.out" || fail "$(cat "$W/hold.err")"
}

# fill_begins: a step for each line that fd 5 gets
fill_begins() {
	local steps=() count

	for count in $LEDGER_STEPS; do
		steps+=("$count" "$LEDGER_BYTES")
	done
	mkfifo "$W/steps"
	EXEC="exec" peer "$here/unread.py" fill "$V4" $LEDGER_PORT "${steps[@]}" \
		<"$W/steps" >"$W/fill.out" 2>"$W/fill.err" &
	pid[fill]=$!
	defer stop "${pid[fill]}"
	exec 5>"$W/steps"
}

filled() { [ "$(tail -n 1 "$W/fill.out")" = "$1" ] || ! alive "${pid[fill]}"; }

# fill_to SOCKETS
fill_to() {
	echo >&5
	wait_for 2000 filled "$1"
	[ "$(tail -n 1 "$W/fill.out")" = "$1" ] || fail "fill: $(cat "$W/fill.err")"
	sleep 1
}

# What the programs of the ledger ran so far, of all of them
ledger_runs() {
	bpftool -j prog list | jq -c '[.[] | select(.name | IN("nma_take_netmem",
		"nma_bring_back", "nma_let_go"))] |
		{runs: (map(.run_cnt) | add), ns: (map(.run_time_ns) | add)}'
}

# ledger_at BUFFERS: the cost of an event while there are so many
ledger_at() {
	local before after

	before=$(ledger_runs)
	into_dmabuf ledger "$BYTES"
	after=$(ledger_runs)
	jq -nc --argjson a "$before" --argjson b "$after" --argjson out "$(out_of_pools)" \
		'{out: $out, runs: ($b.runs - $a.runs), ns: ($b.ns - $a.ns)}' >>"$W/events"
}

# One socket is locked while it is looked at, and packets for it wait; a kernel that is not
# preemptible may leave all others to a thread that waits for a program of leaks to end.
# Nothing is said of what waits while those packets are being made.
# shellcheck disable=SC2016 # variables of bpftrace
HELD_UP_BT='BEGIN { printf("ready\n"); }
tracepoint:net:napi_gro_receive_entry /args.len == 805/ {
	if (@last && comm != "python3") { @gap = max(nsecs - @last); }
	@last = nsecs;
	@packets = count();
}
fentry:bpf_iter_tcp_seq_show { @since[tid] = nsecs; }
fexit:bpf_iter_tcp_seq_show /@since[tid]/ {
	@locked = max(nsecs - @since[tid]);
	delete(@since, tid);
}
fentry:bpf_prog_test_run_syscall { @begun[tid] = nsecs; }
fexit:bpf_prog_test_run_syscall /@begun[tid]/ {
	@ran = max(nsecs - @begun[tid]);
	delete(@begun, tid);
}
END { clear(@last); clear(@since); clear(@begun); }'

# held_up NAME COMMAND...: how long packets that come at equal times wait meanwhile
held_up() {
	local name=$1

	shift
	tool_on "$name" bpftrace -f json -B line -e "$HELD_UP_BT"
	peer "$here/unread.py" burst "$V4" $LEDGER_PORT $PACED
	"$@"
	wait_for 100 paced_through
	tool_off "$name"
	record "$name" "$(jq -Rs '[split("\n")[] | fromjson? |
		select(.type == "map" or .type == "stats") | .data] | add |
		with_entries(.key |= ltrimstr("@"))' "$W/$name.tool")"
}

paced_through() {
	peer tc -s -j qdisc show dev nm1 | jq -e 'all(.[]; .backlog == 0)'
}

look() { used "$1" netmem-audit -j leaks -i nm0; }

# Its memory, and whether it has lost anything: then it ends with 5
ledger_ends() {
	bpftool -j map list | jq -c '[.[] | select(.name == "nma_taken")][0] |
		{bytes: .bytes_memlock, max_entries}' >"$W/map"
	kill -INT "${pid[tool]}"
	wait "${pid[tool]}" || fail "leaks --deep: exit status $?: $(cat "$W/deep.err")"
}

test_ledger() {
	local sockets=0 count

	into_dmabuf warm 4M
	ledger_set_up
	fill_begins
	root_ns sysctl -qw kernel.bpf_stats_enabled=1
	tool_on deep netmem-audit -j leaks -i nm0 --deep --buffers $LEDGER_BUFS $LEDGER_S
	for count in $LEDGER_STEPS; do
		sockets=$((sockets + count))
		echo "# ledger: $sockets sockets" >&4
		fill_to $sockets
		ledger_at
	done
	ledger_ends
	root_ns sysctl -qw kernel.bpf_stats_enabled=0
	record events_at "$(jq -sc . "$W/events")"
	record ledger_map "$(cat "$W/map")"
	echo "# leaks" >&4
	look warm
	look leaks
	# each of them has headers and payload, of two pools
	record leaks_found "$(jq -c '{lost: (.lost | add),
		sockets: ([.pools[].holders[] | select(.holder == "socket") |
			[.local, .remote]] | unique | length),
		pools: [.pools[] | {inflight, exist, buffers: ([.holders[].buffers] | add)}]}' \
		"$W/used.out")"
	record leaks_ns "$(jq -sc . "$W/leaks.used")"
	peer tc qdisc add dev nm1 root netem rate $PACED_RATE limit 1000000
	held_up held_up_none sleep 3
	held_up held_up_leaks look leaks
}
