#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 80
#
# What nma-traffic does wrong on request happens as often as it was asked for,
# the kernel answers as its documents say, and the stream goes on unharmed.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

times=$(amount 23 1009)
bytes=$((times * 16384))

# receiving NAME...: nma-traffic recv --NAME
receiving() {
	local options=()

	options=("${@/#/--}")
	recv_devmem -b "$bytes" --chunk 4K "${options[@]/%/=$times}"
	send_to -b "$bytes" "$V4" >"$W/tx.json"
	finish rx
	expect_json "$W/rx.json" "$(misbehaved "$@") and
		.dmabuf_bytes == $bytes and .verify_errors == 0 and
		.tokens_returned == .frags and .tokens_outstanding == 0"
	expect_no_leak
}

# A jq filter: all of them so many times, and nothing else
misbehaved() {
	local keys=("${@//-/_}")

	printf '.misbehaved == (%s)' \
		"$(jq -nc '[$ARGS.positional[] | {(.): $n}] | add' \
			--argjson n "$times" --args "${keys[@]}")"
}

test_peek_and_return_twice() { receiving peek return-twice; }
test_return_what_is_not_there() { receiving unknown-token odd-length; }
test_return_too_much() { receiving too-many-frags too-many-tokens; }
test_receive_wrongly() { receiving plain-read small-control; }
test_read_without_sync() { receiving no-sync; }

# The legal twin of --small-control: room for one message at a time
test_one_control_message() {
	recv_devmem -b "$bytes" --control 1
	send_to -b "$bytes" "$V4" >"$W/tx.json"
	finish rx
	expect_json "$W/rx.json" ".dmabuf_bytes == $bytes and
		.verify_errors == 0 and .tokens_returned == .frags"
}

# sending "NAME..." WRONG_BYTES [OPTION]...: nma-traffic send --NAME. WRONG_BYTES
# is 0, or how many are: "== 5", "> 400".
sending() {
	local names options status=0 wrong=$2

	read -rd '' -a names <<<"$1" || :
	options=("${names[@]/#/--}")
	[ "$wrong" = 0 ] && wrong='== 0' || status=1
	need_bind_tx
	recv_devmem -b "$bytes"
	send_to -d -i nm1 -b "$bytes" "${options[@]/%/=$times}" "${@:3}" "$V4" \
		>"$W/tx.json"
	finish rx "$status"
	expect_json "$W/tx.json" "$(misbehaved "${names[@]}") and
		.bytes == $bytes and .completions == .sends and .copied == 0"
	expect_json "$W/rx.json" ".bytes == $bytes and .verify_errors $wrong"
	expect_no_leak
}

test_write_without_sync() { sending no-sync 0 --chunk 4K; }
# The bytes are held back until they have been overwritten, so all are wrong.
test_reuse_early() { sending reuse-early "== $times"; }
# 500 bytes each time, of which one in 256 is right by chance
test_resend_early() { sending resend-early "> $((times * 450))"; }
test_sync_early() { sending sync-early 0; }
test_send_wrongly() {
	peer ethtool -G nm1 tcp-data-split on
	sending 'no-zerocopy no-so-zerocopy wrong-id bad-offset other-device
		rx-id' 0 -q 1
}

test_ignore_completions() {
	sending ignore-completions 0 --hold 1 --chunk 4K --ready "$W/tx.ready"
	expect_text "$W/tx.ready" '^held$'
}

test_no_occasion() {
	recv_devmem -b 1 --return-twice 2
	send_to -b 1 "$V4" >"$W/tx.json"
	finish rx 1
	expect_text "$W/rx.err" '--return-twice: there was occasion for 1 of 2'
}

test_no_memory_to_ignore_completions_with() {
	need_bind_tx
	recv_devmem -b 0
	expect 1 peer nma-traffic send -d -i nm1 -s 4K --ignore-completions 2 \
		"$V4" >"$W/tx.json" 2>"$W/tx.err"
	expect_text "$W/tx.err" 'no memory is left after 1 sends'
	stop "${pid[rx]}"
	expect_no_leak
}

nm_setup
run_tests test_peek_and_return_twice test_return_what_is_not_there \
	test_return_too_much test_receive_wrongly test_read_without_sync \
	test_one_control_message test_write_without_sync test_reuse_early \
	test_resend_early test_sync_early test_send_wrongly test_ignore_completions \
	test_no_occasion test_no_memory_to_ignore_completions_with
