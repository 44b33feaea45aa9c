#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 400
#
# Rules about DMA addresses of netmem.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/deep.sh
. "$(dirname -- "$0")/deep.sh"

test_sync() {
	watch_deep
	devmem_stream 1M
	take_findings
	no_finding
	break_rule NM-DMA-01 sync_netmem 23 devmem 1M
	unwatch
}

devmem_sent() {
	start rx peer nma-traffic recv --host -b "$1"
	nma-traffic send -d -i nm0 -b "$1" "$V4_PEER"
	finish rx
}

has_bind_tx() {
	local status=0

	nma-traffic send --dmabuf -i lo 127.0.0.1 >"$W/tx.json" 2>&1 || status=$?
	[ "$status" != 4 ]
}

# Sending from a dma-buf maps nothing and unmaps nothing.
test_unmap() {
	if ! has_bind_tx; then
		rule_seen NM-DMA-02 unobservable "no dma-buf can be sent from"
		return
	fi
	watch_deep
	devmem_sent 1M
	take_findings
	no_finding
	fault unmap_netmem 23
	defer fault unmap_netmem 0
	devmem_sent 1M
	fired unmap_netmem
	wait_for 20 counted NM-DMA-02 23 || fail "NM-DMA-02: $(found NM-DMA-02)"
	unwatch
	rule_seen NM-DMA-02 caught
}

nm_setup
run_tests test_sync test_unmap
