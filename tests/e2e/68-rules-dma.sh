#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 100
#
# Rules about DMA addresses of netmem.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"

dma_sync_is() {
	netmem-audit -j show nics >"$W/nics.json"
	expect_json "$W/nics.json" "any(.nics[]; .ifname == \"nm0\" and .dma_sync == $1)"
}

# Here the driver works with a device that needs it; the page_pools' own syncs are legal.
test_sync() {
	local n

	dma_sync_is true
	watch_start
	devmem_stream 1M
	host_stream 1M
	watch_look
	no_finding
	for n in 1 23 1009; do
		break_rule NM-DMA-01 sync_netmem "$n" devmem 8M
	done
	break_rule NM-DMA-01 sync_netmem_dev 23 devmem 8M
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

# As most devices of a PC are. The kernel does nothing when the driver syncs: nobody
# can see it, and nobody is accused.
test_sync_skipped() {
	nm_unload
	NM_PARAMS=
	nm_setup
	dma_sync_is false
	watch_start --deep -i nm0
	fault sync_netmem 23
	fault sync_netmem_dev 23
	devmem_stream 8M
	fired sync_netmem
	fired sync_netmem_dev
	watch_end 0
	no_finding
	tail -n 1 "$W/watched" >"$W/summary"
	expect_json "$W/summary" '.coverage.blind | any(.[]; .rule == "NM-DMA-01" and
		.ifname == "nm0" and (.reason | test("needs no DMA sync")))'
}

NM_PARAMS=dma_sync=1
nm_setup
watch_open --deep -i nm0
run_tests test_sync test_unmap test_sync_skipped
