#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 100
#
# Sending from a dma-buf: calls that are refused, completions that do not come
# or are not read, and what the driver says of its transmit path.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

times=$(amount 23 1009)

# transmit N OPTION...: from a dma-buf of nm0 to the peer; arrives=1 if not what
# was to be sent
transmit() {
	local bytes=$(($1 * 16384))

	start rx peer nma-traffic recv --host -b "$bytes"
	nma-traffic send -d -i nm0 -b "$bytes" --chunk 4K "${@:2}" "$V4_PEER" \
		>"$W/tx.json"
	finish rx "${arrives:-0}"
}

need_tx() {
	[ -n "${can_tx:-}" ] && return
	rule_seen "$1" unobservable "no devmem TX in $(uname -r)"

	return 1
}

test_clean() {
	watch_start
	recv_host -b 1M
	send_to -b 1M "$V4" >"$W/tx.json"
	finish host
	[ -z "${can_tx:-}" ] || transmit "$times"
	watch_holds
	expect_no_leak
}

misdeed() {
	local n

	for n in 1 "$times"; do
		watch_start
		transmit "$n" "--$1=$n" "${@:2}"
		watch_counts NM-TX-01 "$n"
		watch_says '.evidence.comm == "nma-traffic"'
	done
}

test_no_zerocopy() {
	need_tx NM-TX-01 || return 0
	misdeed no-zerocopy
	rule_seen NM-TX-01 caught
}

test_wrong_id() { need_tx NM-TX-01 || return 0; misdeed wrong-id; }
test_rx_id() { need_tx NM-TX-01 || return 0; misdeed rx-id -q "$Q"; }
test_bad_offset() { need_tx NM-TX-01 || return 0; misdeed bad-offset; }
test_other_device() { need_tx NM-TX-01 || return 0; misdeed other-device; }

# Frames that the driver does not give back. Shorter patience than 60 s.
test_no_completion() {
	need_tx NM-TX-02 || return 0
	defer fault hold_tx 0
	fault hold_tx 1
	watch_start --stall 2
	start rx peer nma-traffic recv --host -b 64K
	start tx nma-traffic send -d -i nm0 -b 64K --timeout 60 "$V4_PEER"
	wait_for 15 told NM-TX-02
	fault hold_tx 0
	finish tx
	finish rx
	watch_counts NM-TX-02 1
	watch_says '.evidence.sends_in_flight > 0 and
		.evidence.comm == "nma-traffic" and .severity == "error"'
	rule_seen NM-TX-02 caught
}

test_unread_completions() {
	need_tx NM-TX-02 || return 0
	watch_start --token-age 2
	start rx peer nma-traffic recv --host -b 0
	start tx nma-traffic send -d -i nm0 -b $((times * 16384)) --chunk 4K \
		"--ignore-completions=$times" --hold 0 "$V4_PEER"
	wait_for 15 told NM-TX-02
	kill -INT "${pid[tx]}"
	finish tx
	finish rx
	watch_counts NM-TX-02 1
	watch_says '.evidence.completions_unread > 0 and .severity == "warn"'
}

test_transmit_mode() {
	need_tx NM-TX-03 || return 0
	defer reopen
	defer fault tx_mode 0
	fault tx_mode 1
	reopen
	fault_is tx_mode 0 1
	check_finds NM-TX-03 '.severity == "error"'
	keep_finding NM-TX-03
	reopen
	check_holds
	rule_seen NM-TX-03 caught
}

test_sent_anew() {
	local n

	[ -n "${can_tx:-}" ] || return 0
	for n in 1 "$times"; do
		watch_start
		arrives=1 transmit "$n" "--resend-early=$n"
		watch_counts NM-APP-01 "$n"
		watch_says '.evidence.comm == "nma-traffic" and .ifname == "nm0"
			and .evidence.bytes > 0 and (.message | test("sent bytes again"))'
	done
}

# Its legal twin: another part of the dma-buf may be written to meanwhile.
test_written_meanwhile() {
	[ -n "${can_tx:-}" ] || return 0
	watch_start
	transmit "$times" "--sync-early=$times"
	watch_holds
}

# More often than there is occasion for: not one write is synced.
test_no_sync() {
	[ -n "${can_tx:-}" ] || return 0
	watch_start
	start rx peer nma-traffic recv --host -b 64K
	expect 1 nma-traffic send -d -i nm0 -b 64K --no-sync 100000 "$V4_PEER" \
		>"$W/tx.json" 2>"$W/tx.err"
	expect_text "$W/tx.err" 'there was occasion for'
	finish rx
	watch_counts NM-APP-01 1
	watch_says '.evidence.owner_comm == "nma-traffic" and .evidence.sends > 0'
}

sink_waits() { "$@" ss -Hltn | grep -q ":9007 "; }

# zerocopy ADDRESS [WHEN [WHERE]]: 32 sends with MSG_ZEROCOPY to a sink there; how many
# of them the sender reads to have been copied is in $copied.
zerocopy() {
	local py

	py=$(dirname -- "$0")/zerocopy.py
	background sink "${@:3}" "$py" sink 9007
	wait_for 20 sink_waits "${@:3}"
	copied=$("$py" "$1" 9007 32 ${2:+"$2"})
	finish sink
}

# What stays on the machine is copied, always; what a device sends is not. A completion
# that is read for all sends together speaks of the first only.
test_copied() {
	watch_start
	zerocopy 127.0.0.1
	[ "$copied" = 32 ] || fail "$copied of 32 sends are copied on their way through lo"
	watch_end 0
	[ "$(found NM-TX-04)" = 1 ] || { cat "$W/findings"; fail "NM-TX-04 is not told once"; }
	watch_says '.rule == "NM-TX-04" and .severity == "info" and
		.evidence.sends_copied == 32 and (.evidence.comm | test("python|zerocopy")) and
		(.message | test("through lo$"))'
	keep_finding NM-TX-04
	watch_start
	zerocopy 127.0.0.1 late
	zerocopy "$V4_PEER" "" peer
	[ "$copied" -lt 32 ] || fail "all is copied on its way through nm0"
	watch_holds
	[ "$(found NM-TX-04)" = 0 ] || { cat "$W/findings"; fail "NM-TX-04 without proof"; }
	rule_seen NM-TX-04 caught
}

# One for each connection, say, and none of them is ever unbound. That is told as soon
# as there are more of them than of those that were sent from: 17, and the stream's own,
# which is among the unused ones until the stream begins.
test_bindings_pile_up() {
	need_tx NM-BIND-12 || return 0
	watch_start --stall 2
	start rx peer nma-traffic recv --host -b 0
	background tx nma-traffic send -d -i nm0 -b 0 -r "$RATE" --bind-each 17 \
		--bind-unused 32 "$V4_PEER"
	wait_for 30 told NM-BIND-12 || { cat "$W/tx.err"; fail "NM-BIND-12 is not told"; }
	stop "${pid[tx]}"
	stop "${pid[rx]}"
	watch_end 1
	[ "$(found NM-BIND-12)" = 1 ] || { cat "$W/findings"; fail "NM-BIND-12 is not told once"; }
	keep_finding NM-BIND-12
	watch_says '.rule == "NM-BIND-12" and .severity == "warn" and .ifname == "nm0" and
		.evidence.bindings_used >= 17 and
		.evidence.bindings > .evidence.bindings_used and .evidence.owner_comm == "nma-traffic"'
	rule_seen NM-BIND-12 caught
}

nm_setup
watch_open
if has_bind_tx; then can_tx=1; fi
run_tests test_clean test_no_zerocopy test_wrong_id test_rx_id \
	test_bad_offset test_other_device test_no_completion \
	test_unread_completions test_transmit_mode test_sent_anew \
	test_written_meanwhile test_no_sync test_copied test_bindings_pile_up
