#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 400
#
# Rules about DMA addresses of netmem.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"

test_sync() {
	local n

	watch_start
	devmem_stream 1M
	watch_look
	no_finding
	for n in 1 23 1009; do
		break_rule NM-DMA-01 sync_netmem "$n" devmem 8M
	done
}

sent_stream() {
	start rx peer nma-traffic recv --host -b "$1"
	nma-traffic send -d -i nm0 -b "$1" "$V4_PEER"
	finish rx
}

# The same memory as pages, of the same device, while it is bound
mixed_stream() {
	start rx peer nma-traffic recv --host -b "$1"
	nma-traffic send -d -i nm0 -b "$1" --chunk 16K --pages "$V4_PEER" >"$W/tx.json"
	finish rx
	expect_json "$W/tx.json" '.completions == .sends and .copied == 0'
}

# Sending from a dma-buf maps nothing and unmaps nothing.
test_unmap() {
	local n

	if ! has_bind_tx; then
		rule_seen NM-DMA-02 unobservable "no dma-buf can be sent from"
		return
	fi
	watch_start
	sent_stream 1M
	mixed_stream 1M
	watch_look
	no_finding
	for n in 1 23 1009; do
		break_rule NM-DMA-02 unmap_netmem "$n" sent 8M
	done
}

nm_setup
watch_open --deep -i nm0
run_tests test_sync test_unmap
