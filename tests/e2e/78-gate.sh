#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 480
#
# netmem-audit gate: holds where nothing is wrong, names what is, and leaves nothing,
# neither of the command nor of its own, however either of them ends.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

progs() { bpftool -j prog list | jq length; }
progs_are() { [ "$(progs)" = "$1" ]; }
before=$(progs)		# those of a gate that has ended may go a little later

# gate STATUS [OPTION]... -- CMD...: the document is in $W/gate.json
gate() {
	local want=$1 status=0

	shift
	netmem-audit -j gate -i nm0 "$@" >"$W/gate.json" 2>"$W/gate.err" || status=$?
	[ "$status" = "$want" ] && return
	cat "$W/gate.err" "$W/gate.json"
	fail "exit status $status, not $want: gate $*"
}

# A stream of $1 bytes into the dma-buf, from the first byte to the unbinding. What
# follows is options of the receiver.
stream() {
	local bytes=$1

	shift
	rm -f "$W/ready"
	nma-traffic recv -i nm0 -q "$Q" -p "$PORT" -t "$TRAFFIC_S" -b "$bytes" \
		--ready "$W/ready" "$@" >"$W/rx.json" &
	wait_for 20 grep -qsx ready "$W/ready"
	send_to -b "$bytes" "$V4" >"$W/tx.json"
	wait $!
}

# While it flows the driver loses a netmem, and TCP sends again what was in it.
losing_stream() {
	rm -f "$W/ready"
	nma-traffic recv -i nm0 -q "$Q" -p "$PORT" -t "$TRAFFIC_S" -b 0 \
		--ready "$W/ready" >"$W/rx.json" &
	wait_for 20 grep -qsx ready "$W/ready"
	EXEC="exec" send_to -b 0 -r "$RATE" "$V4" >"$W/tx.json" &
	wait_for 20 app_reads
	fault leak_netmem 1
	wait_for 20 fault_is leak_netmem 0 1
	kill $!
	wait %1
}
export -f stream losing_stream app_reads fault fault_is wait_for send_to peer
export W Q PORT TRAFFIC_S V4 PATIENCE RATE PANEL peer_ns NMA_SLOW

violated='[.assertions[] | select(.outcome == "violated") | .metric]'

test_clean_stream_holds() {
	gate 0 -- bash -c 'stream 4M'
	expect_json "$W/gate.json" '.result == "holds" and .complete and
		.command_status == 0 and (.assertions | length == 5) and
		all(.assertions[]; .outcome == "holds" and .value == 0) and
		any(.pools[]; .destroyed and (.pre_existing | not))'
	expect_no_leak
}

# What a walk sends stands in the ring behind a record that another processor has reserved
# and is slow to send: none of it may count as gone.
test_a_record_is_late() {
	local late=/sys/fs/bpf/nma-late

	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	bpftool prog loadall "$BIN/late.bpf.o" "$late" autoattach
	defer rm -r "$late"
	rm -f "$W/go"
	(
		wait_for 20 test -e "$W/go"
		refuse taskset -c 0 nma-traffic bind -i nm0 -q 99 -n 1 2>"$W/err"
	) &
	# shellcheck disable=SC2016 # not this shell's
	gate 0 -- taskset -c 1 bash -c 'touch "$W/go"; sleep 0.5'
	wait $!
	expect_json "$W/gate.json" '.complete and (.pools | length > 0) and
		all(.pools[]; .freed | not)'
	bpftool -j map dump name late.bss >"$W/late.bss"
	expect_json "$W/late.bss" '[.. | .held? // empty] | add > 0'
}

test_the_commands_output_is_its_own() {
	netmem-audit gate -i nm0 -- bash -c 'echo it; echo said >&2' >"$W/out" 2>"$W/err"
	[ "$(cat "$W/out")" = it ]
	expect_text "$W/err" '^said$'
	expect_text "$W/err" '^result: holds; the command ended with status 0$'
}

test_leak_is_named() {
	local mark

	fault leak_on_stop 1
	mark=$(log_lines)
	gate 1 --settle 1 --kmsg --ktap "$W/ktap" --junit "$W/junit.xml" \
		--json-report "$W/report.json" --html "$W/page.html" -- bash -c 'stream 1M'
	log_since "$mark" >"$W/log.since"
	expect_text "$W/log.since" 'netmem-audit: error NM-PP-06 nm0 queue 3 pool'
	expect_text "$W/ktap" '^not ok 2 leaked_netmems == 0$'
	expect_text "$W/junit.xml" '<failure type="violated" message="it is 1">'
	python3 "$(dirname -- "$0")/junit.py" "$W/junit.xml"
	expect_json "$W/report.json" '.result == "violation"'
	expect_text "$W/page.html" '<td class="n violated">1</td>'
	expect_json "$W/gate.json" "$violated | sort ==
		[\"findings\", \"leaked_netmems\", \"pools_stalled\"]"
	expect_json "$W/gate.json" '.assertions[] | select(.metric == "leaked_netmems") |
		.value == 1 and (.about | length == 1) and (.advice | length > 0)'
	# shellcheck disable=SC2016 # jq's
	expect_json "$W/gate.json" '.findings as $all | .assertions[] |
		select(.metric == "leaked_netmems") | [.findings[] | $all[.]] |
		length == 1 and all(.[]; .rule == "NM-PP-06" and .ifname == "nm0" and
			.severity == "error")'
	fault leak_on_stop 0	# gives it back
	expect_no_leak
	# what is in it now, another gate does not blame
	gate 0 -- true
}

# Of a bound page_pool while it is received into: the twin of a clean stream, which goes
# on and ends as well.
test_leak_while_it_flows_is_named() {
	local pool

	defer fault leak_netmem 0
	gate 1 --settle 1 -- bash -c losing_stream
	expect_json "$W/rx.json" '.bytes > 0 and .dmabuf_bytes == .bytes and
		.verify_errors == 0'
	expect_json "$W/gate.json" "$violated | sort ==
		[\"findings\", \"leaked_netmems\", \"pools_stalled\"]"
	expect_json "$W/gate.json" '[.pools[] | select(.leaked > 0)] | length == 1 and
		(.[0] | .leaked == 1 and .destroyed and .binding_id)'
	pool=$(jq '.pools[] | select(.leaked > 0).id' "$W/gate.json")
	expect_json "$W/gate.json" ".assertions[] | select(.metric == \"leaked_netmems\") |
		.value == 1 and (.advice | length > 0) and (.about | length == 1 and
		(.[0] | startswith(\"nm0 queue $Q page_pool $pool: 1 buffer not back\")))"
	expect_json "$W/gate.json" "[.findings[] | select(.severity == \"error\")] |
		length == 1 and (.[0] | .rule == \"NM-PP-06\" and .pool_id == $pool and
		.queue == $Q and .evidence.holder == \"driver\" and
		.evidence.buffers == 1 and (.advice | length > 0))"
	fault leak_netmem 0
	expect_no_leak
}

# Of a page_pool that stays in use: there are more than its ring holds. The port at the
# other end has one ring for all frames, which it fills up 32 at a time.
test_leak_in_use_is_named() {
	local panel=/sys/kernel/debug/nmnic/nm1/fault/leak_netmem

	defer fault_of_peer 0
	echo 40 >"$panel"
	expect 1 netmem-audit -j gate -i nm1 -- \
		ping -q -c 45 -i 0.01 -s 1000 "$V4_PEER" >"$W/gate.json" 2>"$W/gate.err"
	expect_text "$panel" 'armed=0 fired=40'
	expect_json "$W/gate.json" "$violated == [\"leaked_netmems\"]"
	expect_json "$W/gate.json" '.assertions[] | select(.metric == "leaked_netmems") |
		.value > 8 and .value <= 40 and (.about[0] | test(
		"^nm1 queue [0-3] page_pool .* more than the 512 that it was made for"))'
	# nobody blames what was lost before, nor what is of another device
	expect 0 netmem-audit -j gate -i nm1 -- true >"$W/gate.json"
}

fault_of_peer() { echo "$1" >/sys/kernel/debug/nmnic/nm1/fault/leak_netmem; }

test_broken_rule_is_named() {
	fault pp_flags 1
	defer reopen
	gate 1 --strict --assert 'findings{rule="NM-POOL-01", ifname="nm0"} == 0' -- \
		bash -c 'ip link set nm0 down; ip link set nm0 up'
	expect_json "$W/gate.json" "$violated == [\"findings\"]"
	expect_json "$W/gate.json" 'any(.findings[]; .rule == "NM-POOL-01")'
}

# They are with somebody who was started before, and stays.
test_tokens_are_named() {
	recv_devmem --keep-tokens 23 -b 1M
	# shellcheck disable=SC2016 # not this shell's
	gate 1 --settle 1 -- bash -c 'send_to -b 1M "$V4"'
	expect_json "$W/gate.json" "$violated == [\"tokens_outstanding\"]"
	expect_json "$W/gate.json" '.assertions[] |
		select(.metric == "tokens_outstanding") | .value == 23 and
		(.about[0] | test("nma-traffic"))'
	stop "${pid[rx]}"
	expect_no_leak
}

test_not_known_is_not_right() {
	gate 5 --assert 'findings{ifname="nm7"} == 0' -- true
	expect_json "$W/gate.json" '.result == "incomplete" and
		.assertions[0].outcome == "unknown"'
}

# More than the ring holds, while the gate does not read
test_lost_events_are_counted() {
	# shellcheck disable=SC2016 # not this shell's
	gate 5 -- bash -c 'pkill -STOP -x netmem-audit
		nma-traffic bind -i nm0 -q "$Q" -s 4M -n 400 >"$W/bind.json"
		pkill -CONT -x netmem-audit'
	expect_json "$W/bind.json" '.binds == 400'
	expect_json "$W/gate.json" "$violated == [\"events_lost\"]"
	expect_json "$W/gate.json" '.assertions[] | select(.metric == "events_lost").value > 0'
}

test_command_fails_or_does_not_end() {
	gate 1 -- sh -c 'exit 77'
	expect_json "$W/gate.json" '.result == "command_failed" and
		.verdict == "holds" and .command_status == 77'
	# shellcheck disable=SC2016 # not this shell's
	gate 1 -- sh -c 'kill -SEGV $$'
	expect_json "$W/gate.json" '.result == "command_failed" and .command_signal == 11'
	gate 1 --timeout 2 -- sleep 4711
	expect_json "$W/gate.json" '.result == "timeout" and .command_signal == 15'
	# shellcheck disable=SC2016 # not this shell's
	gate 1 --timeout 2 -- sh -c 'kill -STOP $$'
	expect_json "$W/gate.json" '.result == "timeout" and .processes_left == null'
	gate 3 -- /no/such/program
	gate 3 --junit /no/such/dir/junit.xml -- touch "$W/ran"
	gate 3 --record /no/such/dir/run.nmr -- touch "$W/ran"
	gate 2 --assert 'findings = 0' -- touch "$W/ran"
	[ ! -e "$W/ran" ]
}

# All that it writes comes through, at the speed of a pipe; and it need not write.
test_the_command_writes() {
	local bytes

	bytes=$(amount $((64 << 20)) $((1 << 30)))
	netmem-audit gate -i nm0 -- head -c "$bytes" /dev/zero 2>"$W/err" | wc -c >"$W/out"
	[ "$(cat "$W/out")" = "$bytes" ]
	expect_text "$W/err" '^result: holds'
	gate 0 -- sh -c 'exec >&- 2>&-; sleep 0.1'
	# who reads no longer is the command's business
	netmem-audit gate -i nm0 -- yes 2>"$W/err" | head -n 1 >"$W/out" || true
	expect_text "$W/err" '^result: command_failed; the command was ended by signal 13'
}

# A device of the time in between is known by its name, and one that goes is no error.
test_a_device_comes_and_goes() {
	ip link add goes0 type veth peer name goes1
	netmem-audit -j gate -i goes0 -i lo --assert 'findings{ifname="comes0"} == 0' \
		--assert 'findings{ifname="goes0"} == 0' -- \
		sh -c 'ip link add comes0 type veth peer name comes1
			ip link set comes0 up; ip link set comes1 up
			ip link del comes0; ip link del goes0' >"$W/gate.json"
	expect_json "$W/gate.json" '.result == "holds" and
		all(.assertions[]; .outcome == "holds")'
}

daemons() { pgrep -f '^sleep 471[23]'; }
no_daemons() { ! daemons; }

test_daemons_end_with_it() {
	gate 0 -- sh -c 'setsid sleep 4712 & setsid sleep 4713 & sleep 0.2'
	expect_json "$W/gate.json" '.processes_left == 2'
	no_daemons
}

test_killed_gate_leaves_nothing() {
	background gate netmem-audit gate -i nm0 -- \
		sh -c 'setsid sleep 4712 & exec sleep 4713'
	wait_for 30 daemons
	kill -KILL "${pid[gate]}"
	wait_for 10 no_daemons
	wait_for 10 progs_are "$before"
}

# The command answers, and the gate judges what it did.
test_signals_are_the_commands() {
	background gate netmem-audit -j gate -i nm0 -- sh -c \
		'trap "kill %1; exit 7" TERM; sleep 4712 & wait'
	wait_for 30 daemons
	kill -TERM "${pid[gate]}"
	finish gate 1
	expect_json "$W/gate.out" '.result == "command_failed" and .command_status == 7'
	no_daemons
}

test_recording_is_judged_elsewhere() {
	gate 0 --record "$W/run.nmr" -- bash -c 'stream 1M'
	chmod 644 "$W/run.nmr"
	expect 0 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		netmem-audit -j gate --from "$W/run.nmr" >"$W/from.json"
	expect_json "$W/from.json" '.result == "holds" and .recording'
	expect 0 netmem-audit gate --from "$W/run.nmr" \
		--assert 'tokens_returned{ifname="nm0"} > 100' --assert 'pools_created >= 2'
	# of a part nobody knows
	truncate -s -4096 "$W/run.nmr"
	expect 5 netmem-audit gate --from "$W/run.nmr"
}

# make gate COMMAND: of a driver's own Makefile, as docs/ci has it
test_makefile_of_a_driver() {
	local ci

	ci=$(realpath -- "$(dirname -- "$0")/../../docs/ci")
	printf 'include %s/driver.mk\n' "$ci" >"$W/Makefile"
	printf '#!/bin/bash\nstream 1M\n' >"$W/my-test"
	chmod +x "$W/my-test"
	cd "$W"
	make -s gate-baseline GATE_IF=nm0
	expect_text gate-results/baseline '"type":"baseline"'
	fault leak_on_stop 1
	expect 2 make -s gate GATE_IF=nm0 GATE_TEST=./my-test GATE_OPTS='--settle 1' 2>"$W/err"
	fault leak_on_stop 0
	expect_text "$W/err" '^result: violation'
	expect_text gate-results/junit.xml 'failures="3"'
	expect_text gate-results/ktap '^not ok 2 leaked_netmems == 0'
	expect_text gate-results/report.html '<h1>violation</h1>'
	[ -s gate-results/run.nmr ]
}

# verdicts N: the same gate N times on what is right, and N times on a leak of one netmem
verdicts() {
	local n

	for ((n = 1; n <= $1; n++)); do
		gate 0 -- bash -c 'stream 64K'
		fault leak_on_stop 1
		gate 1 --settle 1 -- bash -c 'stream 64K'
		expect_json "$W/gate.json" '.assertions[] |
			select(.metric == "leaked_netmems") | .value == 1'
		fault leak_on_stop 0
		expect_no_leak
		echo "# $n times, $SECONDS s" >>"$W/verdicts"
	done
}

busy() { while :; do :; done; }
export -f busy

# NMA_GATES: how many
test_always_the_same_verdict() { verdicts "${NMA_GATES:-200}"; }

test_always_the_same_verdict_under_load() {
	local n

	for n in 1 2 3; do
		background "busy$n" bash -c busy
	done
	verdicts "${NMA_GATES:-200}"
}

# an hour on two emulated processors
[ -z "${NMA_FULL:-}${NMA_GATES:-}" ] ||
	last_tests+=(test_leak_in_use_is_named test_lost_events_are_counted
		test_always_the_same_verdict
		test_always_the_same_verdict_under_load)
nm_setup
run_tests test_clean_stream_holds test_a_record_is_late \
	test_the_commands_output_is_its_own test_leak_is_named \
	test_leak_while_it_flows_is_named \
	test_broken_rule_is_named test_tokens_are_named test_not_known_is_not_right \
	test_command_fails_or_does_not_end test_the_command_writes \
	test_a_device_comes_and_goes test_daemons_end_with_it \
	test_killed_gate_leaves_nothing test_signals_are_the_commands \
	test_recording_is_judged_elsewhere test_makefile_of_a_driver
