#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 180
#
# What must not change, or not be, while a queue has a memory provider; and the
# life of the binding itself. FULL=1 does 1,009 times what can be done often.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

times=$(amount 23 1009)
few=$(amount 3 1009)		# of what takes seconds each time

bound() { start bound nma-traffic bind -i nm0 -q "$Q" -s 16M; }

# Where the core keeps the setting, it refuses; else only the driver can.
test_data_split_off() {
	bound
	watch_start
	if refuse ethtool -G nm0 tcp-data-split off &&
	   [ "$(uname -r | cut -d. -f1)" -gt 6 ]; then
		watch_holds
		rule_seen NM-BIND-03 enforced
		return
	fi
	fault split_off_bound 1
	split off
	split on
	ethtool -G nm0 rx 256		# other rings are welcome to change
	watch_end 1
	[ "$(found NM-BIND-03)" = 1 ]
	watch_says '.rule == "NM-BIND-03" and .evidence.comm == "ethtool"'
	fault split_off_bound 0
	rule_seen NM-BIND-03 caught
}

# af_xdp_open QUEUE [TIMES]: a socket in copy mode, until af_xdp_close
af_xdp_open() {
	coproc python3 "$(dirname -- "$0")/af-xdp.py" nm0 "$@"
	read -r _ <&"${COPROC[0]}"
}

af_xdp_close() {
	local stdin=${COPROC[1]} process=$COPROC_PID

	exec {stdin}>&-
	wait "$process"
}

test_af_xdp() {
	command -v python3 >/dev/null || skip "no python3"
	bound
	watch_start
	af_xdp_open 0
	af_xdp_close
	af_xdp_open "$Q"
	check_finds NM-BIND-05 ".queue == $Q"
	af_xdp_close
	af_xdp_open "$Q" "$times"
	af_xdp_close
	watch_counts NM-BIND-05 $((times + 1))
	watch_says ".queue == $Q and .evidence.provider == \"dmabuf\" and
		(.evidence.comm | startswith(\"python3\"))"
	wait_for 10 no_xsk
	check_holds
	rule_seen NM-BIND-05 caught
}

# Each time that the port opens it goes down to one queue for a moment.
test_fewer_queues() {
	defer fault shrink_queues 0
	bound
	watch_start
	fault shrink_queues "$few"
	for _ in $(seq "$((few + 1))"); do reopen; done
	watch_counts NM-BIND-06 "$few"
	watch_says ".queue == $Q and .evidence.real_num_rx_queues == 1 and
		(.evidence.set_by | length) > 1"
	rule_seen NM-BIND-06 caught
}

test_fewer_queues_unbound() {
	defer fault shrink_queues 0
	watch_start
	fault shrink_queues 1
	reopen
	watch_holds
}

test_rss() {
	defer ethtool -X nm0 equal "$Q"
	bound
	check_holds
	watch_start
	ethtool -X nm0 equal 4
	wait_for 10 told NM-BIND-07
	check_finds NM-BIND-07 ".queue == $Q and .severity == \"error\""
	ethtool -X nm0 equal "$Q"
	watch_counts NM-BIND-07 1
	check_holds
	rule_seen NM-BIND-07 caught
}

unsteer() {
	local rule

	for rule in $(ethtool -n nm0 | awk '/^Filter:/ { print $2 }'); do
		ethtool -N nm0 delete "$rule"
	done
	ethtool -X nm0 default
}

many_queues() {
	ethtool -L nm0 combined 4
	ethtool -X nm0 equal "$Q"
	steer "$PORT" "$Q"
}

# There is no other queue for what is not steered: said, and no violation.
test_only_queue() {
	defer many_queues
	unsteer
	ethtool -L nm0 combined 1
	start only nma-traffic bind -i nm0 -q 0 -s 4M
	expect 0 netmem-audit -jv check -i nm0 --settle 1 >"$W/check.json"
	expect_json "$W/check.json" '.findings == [] and any(.notes[];
		.rule == "NM-BIND-07" and .queue == 0)'
	netmem-audit check -i nm0 >"$W/check.txt"
	expect_text "$W/check.txt" 'NM-BIND-07 could not be judged on nm0 queue 0: the only'
	stop "${pid[only]}"
}

# A pool that the driver keeps still takes buffers of what was unbound.
test_kept_pool() {
	defer fault keep_pool 0
	watch_start
	fault keep_pool 1
	bound
	stop "${pid[bound]}"
	wait_for 10 told NM-BIND-10
	check_finds NM-BIND-10 ".queue == $Q and has(\"pool_id\")"
	netmem-audit -j show bindings >"$W/show.json"
	expect_json "$W/show.json" '.bindings | length == 1 and .[0].unbound'
	fault keep_pool 0
	watch_counts NM-BIND-10 1
	watch_says '.evidence.owner_comm == "nma-traffic" and
		(.evidence.created_by | length) > 0'
	expect_no_leak
	check_holds
	rule_seen NM-BIND-10 caught
}

test_clean_life() {
	watch_start
	nma-traffic bind -i nm0 -q "$Q" -n 5 >"$W/bind.json"
	watch_holds
	jq -s -e '[.[] | select(.event == "binding_freed")] | length == 5' \
		"$W/watched" >/dev/null
}

unprivileged() {
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		--bounding-set=-all --inh-caps=-all "$@"
}

# Bound to receive only by the privileged; to send from by anybody, once a
# kernel can.
test_who_binds() {
	watch_start
	nma-traffic bind -i nm0 -q "$Q" -n 1 >"$W/bind.json"
	chmod 666 /dev/udmabuf
	refuse unprivileged nma-traffic bind -i nm0 -q "$Q" -n 1
	if has_bind_tx; then
		start rx peer nma-traffic recv --host -b 4K
		unprivileged nma-traffic send -d -i nm0 -b 4K "$V4_PEER"
		watch_counts NM-BIND-09 1
		watch_says '.evidence.owner_uid == 65534 and .kind == "policy"'
		rule_seen NM-BIND-09 caught
	else
		watch_holds
		rule_seen NM-BIND-09 enforced
	fi
}

# exported OPTION...: a dma-buf of nmnic's own
exported() {
	${EXEC:-} nma-traffic bind -i nm0 -q "$Q" -s 16M \
		--exporter "$PANEL/ragged_dmabuf" "$@"
}

# No exporter of the kernel makes pieces of half a page; nmnic's does if told to.
# Since 4eb82ba54342 ("net: devmem: reject dma-buf bind with non-page-aligned size
# or SG length") they are refused.
test_mapping() {
	defer fault ragged_dmabuf 0
	watch_start
	exported -n 1 >"$W/bind.json"
	fault ragged_dmabuf 1
	if ! exported -n 1 2>"$W/bind.err"; then
		watch_holds
		fault_is ragged_dmabuf 0 1
		rule_seen NM-BIND-08 enforced
		return
	fi
	fault ragged_dmabuf 1
	exported -n "$times" >"$W/bind.json"
	exported -n 5 >"$W/bind.json"
	watch_counts NM-BIND-08 $((times + 1))
	watch_says '.evidence.owner_comm == "nma-traffic" and .severity == "error" and
		.evidence.exporter == "nmnic" and .evidence.size_bytes == 16777216'
	fault ragged_dmabuf 1
	start ragged exported
	check_finds NM-BIND-08 '.evidence.exporter == "nmnic"'
	stop "${pid[ragged]}"
	start whole exported
	check_holds
	rule_seen NM-BIND-08 caught
}

# io_uring's memory is a binding like any other.
test_zcrx() {
	need_zcrx
	defer ethtool -X nm0 equal "$Q"
	start rx nma-traffic zcrx -i nm0 -q "$Q" -b 1M -s 4M
	check_holds
	netmem-audit -j show queues >"$W/queues.json"
	expect_json "$W/queues.json" "[.queues[] | select(.provider != null)] |
		length == 1 and .[0].queue == $Q and .[0].provider == \"io-uring\""
	netmem-audit -j show bindings >"$W/show.json"
	expect_json "$W/show.json" ".bindings | length == 1 and
		.[0].provider == \"io-uring\" and .[0].queues == [$Q] and
		.[0].ifname == \"nm0\""
	ethtool -X nm0 equal 4
	check_finds NM-BIND-07 ".queue == $Q and .evidence.provider == \"io-uring\""
	ethtool -X nm0 equal "$Q"
	check_holds
	send_to -b 1M "$V4" >"$W/tx.json"
	finish rx
}

nm_setup
watch_open
run_tests test_data_split_off test_af_xdp test_fewer_queues \
	test_fewer_queues_unbound test_rss test_only_queue test_kept_pool \
	test_clean_life test_who_binds test_mapping test_zcrx
