#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 120
#
# What a receiving application does wrong is counted as often as it does it.
# FULL=1 does it 1,009 times.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

times=$(amount 23 1009)

# receive N OPTION...: nma-traffic recv with N occasions
receive() {
	local bytes=$(($1 * 16384))

	recv_devmem -b "$bytes" --chunk 4K "${@:2}"
	send_to -b "$bytes" "$V4" >"$W/tx.json"
	finish rx
	expect_json "$W/rx.json" '.verify_errors == 0 and .tokens_outstanding == 0'
}

# misdeed RULE NAME [FACTOR]: once and many times
misdeed() {
	local n

	for n in 1 "$times"; do
		watch_start
		receive "$n" "--$2=$n"
		watch_counts "$1" $((n * ${3:-1}))
		watch_says ".evidence.comm == \"nma-traffic\" and .ifname == \"nm0\"
			and .evidence.pid == ${pid[rx]}"
	done
}

test_clean() {
	watch_start
	receive "$times"
	receive "$times" --batch 1
	receive "$times" --control 1
	watch_holds
	expect_no_leak
}

test_return_twice() {
	misdeed NM-TOK-02 return-twice
	watch_says '.evidence.tokens_unknown == 1'
	rule_seen NM-TOK-02 caught
}

test_unknown_token() { misdeed NM-TOK-02 unknown-token; }
test_too_many_frags() { misdeed NM-TOK-02 too-many-frags; }
test_too_many_tokens() {
	misdeed NM-TOK-02 too-many-tokens
	watch_says '.evidence.errno == 22'
}
test_odd_length() { misdeed NM-TOK-02 odd-length; }

test_peek() {
	misdeed NM-TOK-04 peek
	rule_seen NM-TOK-04 caught
}

test_plain_read() {
	misdeed NM-TOK-05 plain-read
	watch_says '.evidence.errno == 14'
	rule_seen NM-TOK-05 caught
}

test_small_control() { misdeed NM-TOK-05 small-control; }

# More often than there is occasion for: not one read is synced.
test_no_sync() {
	watch_start
	recv_devmem -b 64K --no-sync 100000
	send_to -b 64K "$V4" >"$W/tx.json"
	finish rx 1
	expect_text "$W/rx.err" 'there was occasion for'
	watch_counts NM-APP-01 1
	watch_says '.evidence.owner_comm == "nma-traffic" and
		.evidence.tokens_returned > 0'
	rule_seen NM-APP-01 caught
}

# Nobody steers that port; the dma-buf stays empty.
unsteered_stream() {
	recv_devmem -p $((PORT + 1)) -b 256K
	send_to -p $((PORT + 1)) -b 256K "$V4" >"$W/tx.json"
	finish rx
	expect_json "$W/rx.json" '.dmabuf_bytes == 0'
}

test_unsteered() {
	watch_start
	unsteered_stream
	watch_counts NM-TOK-06 1
	watch_says ".evidence.bound_queue == $Q and .queue != $Q and
		.evidence.comm == \"nma-traffic\" and .ifname == \"nm0\""
	rule_seen NM-TOK-06 caught
}

# Somebody else's flow, while there is a dma-buf on another queue
test_host_stream_beside_it() {
	watch_start
	recv_devmem -b 256K
	recv_host -p $((PORT + 1)) -b 256K
	send_to -p $((PORT + 1)) -b 256K "$V4" >"$W/tx.json"
	finish host
	send_to -b 256K "$V4" >"$W/tx.json"
	finish rx
	watch_holds
}

# EFAULT of other sockets has other reasons.
test_other_faults_are_spared() {
	watch_start
	recv_host -b 64K
	send_to -b 64K "$V4" >"$W/tx.json"
	finish host
	watch_holds
}

nm_setup
watch_open -i nm0
run_tests test_clean test_return_twice test_unknown_token \
	test_too_many_frags test_too_many_tokens test_odd_length test_peek \
	test_plain_read test_small_control test_no_sync test_unsteered \
	test_host_stream_beside_it test_other_faults_are_spared
