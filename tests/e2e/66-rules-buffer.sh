#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 140
#
# Rules about buffers and their page_pools: each is broken by a fault as often
# as it is armed, counted that often and not once more.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"
# shellcheck source=tests/e2e/probes.sh
. "$(dirname -- "$0")/probes.sh"

# What is legal and looks alike: buffers that a tap holds, too, pools that are
# emptied and destroyed between streams.
test_clean() {
	watch_start
	devmem_stream 2M
	background dump tcpdump -i nm0 -w "$W/dump"
	host_stream 1M
	stop "${pid[dump]}"
	reopen
	devmem_stream 1M
	ethtool -G nm0 rx 256
	defer ethtool -G nm0 rx 512
	host_stream 1M
	watch_end 0
	no_finding
}

# RULE, fault, stream that gives it occasions, its bytes, who is blamed
FAULTS="
NM-PP-01	put_wrong_pool	devmem	1M	nmnic_fault_buffer
NM-PP-02	double_put	devmem	1M	nmnic_fault_buffer
NM-PP-03	recycle_direct	devmem	1M	fault_work
NM-PP-04	alloc_dead	devmem	1M	fault_work
NM-PP-05	hold_page	devmem	1M	nmnic_fault_buffer
NM-DRV-02	use_page_api	host	1M	nmnic_fault_buffer
"

# Each of them is worth a WARN to the kernel.
test_live_napi() {
	expect_log 'WARNING: .*page_pool_disable_direct_recycling'
	watch_start
	break_rule NM-PP-04 live_napi 1 devmem 1M
	break_rule NM-PP-04 live_napi 23 devmem 1M
	watch_says '.message | test("while that can run")'
	blamed NM-PP-04 "fault_work [nmnic]"
}

# A task and a softirq take from one page_pool, first in turn, which is legal, then at
# once. How often they meet is chance; each of the two that do is told.
test_take_together() {
	local i

	watch_start
	defer fault take_together 0
	for ((i = 0; i < 10; i++)); do
		fault take_together 23
		devmem_stream 1M
		fired take_together
		watch_look
		creator_known && break
	done
	both_takers '.count >= 1 and has("queue") and has("pool_id") and
		(.evidence.called_by | startswith("take_at_once"))'
	creator_known || fail "of no page_pool is said who created it: $(cat "$W/findings")"
	broken+=" NM-PP-11 "
	jq -r "select($of_others | not).rule" "$W/findings" | sort -u >"$W/rules_found"
	all_broken || { cat "$W/findings"; fail "take_together breaks other rules, too"; }
	rule_seen NM-PP-11 caught
	expect_no_leak
}

# The fault creates page_pools of its own, and soon destroys them: of one that is gone
# when it is looked at nobody knows any more.
creator_known() {
	jq -se 'any(.rule == "NM-PP-11" and (.evidence.created_by | length) > 0)' \
		"$W/findings" >/dev/null
}

# both_takers FILTER: a finding for each, and all are so
both_takers() {
	jq -se "map(select(.rule == \"NM-PP-11\")) |
		(map(.evidence | has(\"pid\")) | unique | length) == 2 and all(.[]; $1)" \
		"$W/findings" && return
	cat "$W/findings"
	fail "not both takers are told, and so: $1"
}

in_threads() {
	unshare -m sh -c "mount -t sysfs none /sys && echo $1 >/sys/class/net/nm0/threaded"
}

# What moves from processor to processor and is one taker all the same: queues that are
# refilled by tasks when they start, NAPI in threads, NAPI of readers that poll.
test_takers_that_move() {
	local i

	in_threads 1
	defer in_threads 0
	root_ns sysctl -q net.core.busy_read=50 net.core.busy_poll=50
	defer root_ns sysctl -q net.core.busy_read=0 net.core.busy_poll=0
	watch_start
	for i in 0 1 2; do
		host_stream 2M
		reopen
		devmem_stream 2M
		in_threads $((i % 2))
	done
	watch_end 0
	no_finding
}

# A buffer of host memory is a page, not a net_iov.
test_double_put_of_pages() {
	watch_start
	break_rule NM-PP-02 double_put 23 host 1M
}

# The machine may not last until acts are read again: the first of a kind wakes the audit,
# those that follow do not.
test_first_act_wakes() {
	local woken

	trace_open
	grep -qx bpf_ringbuf_discard "$TRACE/available_filter_functions" ||
		skip "the kernel lets nobody probe its ring buffer"
	# BPF_RB_FORCE_WAKEUP
	probe wake 'p:wake bpf_ringbuf_discard flags=%si:u64' 'flags == 2'
	reopen
	watch_start
	devmem_stream 1M
	woken=$(hits kprobes/wake)
	[ "$woken" = 0 ] || fail "woken $woken times, with nothing to tell"
	break_rule NM-PP-02 double_put 23 devmem 1M
	woken=$(hits kprobes/wake)
	((woken >= 1 && woken < 23)) || fail "woken $woken times"
}

# The page API on a pool that can only have pages is legal.
test_page_api_without_netmems() {
	split off
	defer split on
	watch_start
	fault use_page_api 23
	defer fault use_page_api 0
	host_stream 1M
	fired use_page_api
	watch_end 0
	no_finding
}

# Together, once and 1009 times
test_exact() {
	local rule fault rest n

	watch_start
	for n in 1 1009; do
		arm_all "$n"
		devmem_stream 8M
		host_stream 8M
	done
	watch_look
	while read -r rule fault rest; do
		[ -n "$rule" ] || continue
		fired "$fault"
		expect_found "$rule" 1010
	done <<<"$FAULTS"
	expect_no_leak
}

arm_all() {
	local rule fault rest

	while read -r rule fault rest; do
		[ -z "$rule" ] || fault "$fault" "$1"
	done <<<"$FAULTS"
}

# A dma-buf smaller than the ring is used up by its first fill, and nobody has to
# be told off. Then the application keeps what it got.
test_starved() {
	watch_start
	nma-traffic bind -i nm0 -q "$Q" -s 1M -n 1
	sleep 1
	watch_look
	jq -se 'all(.[]; .rule == "NM-PP-07" and .severity == "info")' \
		"$W/findings" || fail "a small dma-buf is blamed"
	recv_devmem -s 4M --keep-tokens 4000 -b 16M
	background tx send_to -b 16M "$V4"
	wait_for 30 starved || { cat "$W/rx.err"; fail "the dma-buf lasts"; }
	rule_seen NM-PP-07 caught
	wait_for 30 all_kept || { cat "$W/check.json"; fail "the driver has buffers left"; }
	expect_json "$W/check.json" "any(.findings[]; .rule == \"NM-PP-09\" and
		.queue == $Q and .evidence.holder_pid == ${pid[rx]})"
	rule_seen NM-PP-09 caught
	stop "${pid[tx]}"
	stop "${pid[rx]}"
}

all_kept() {
	netmem-audit -j check -i nm0 >"$W/check.json" ||
		jq -e 'any(.findings[]; .rule == "NM-PP-09")' "$W/check.json"
}

starved() {
	watched | jq -se 'any(.[]; .rule == "NM-PP-07" and .severity == "warn")'
}

nm_setup
watch_open --deep -i nm0
define_each
run_tests test_clean "${each[@]}" test_live_napi test_take_together \
	test_takers_that_move test_double_put_of_pages test_first_act_wakes \
	test_page_api_without_netmems test_exact test_starved
