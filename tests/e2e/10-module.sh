#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
#
# The module comes and goes without a trace, and says what is wrong with a
# parameter that it does not take.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

nothing_left() {
	[ ! -e /sys/module/nmnic ]
	[ ! -e /sys/kernel/debug/nmnic ]
	[ -z "$(find /sys/bus/platform/devices -name 'nmnic*')" ]
	[ "$(root_ns ip -j link | jq '[.[] | select(.ifname[:2] == "nm")] |
		length')" = 0 ]
	[ "$(root_ns nma-traffic pools | jq '.pools | length')" = 0 ]
}

test_load_and_unload() {
	local i loads

	loads=$(amount 10 100)
	for ((i = 0; i < loads; i++)); do
		modprobe nmnic
		rmmod nmnic
	done
	nothing_left
}

test_unload_while_up() {
	local i

	for ((i = 0; i < $(amount 3 5); i++)); do
		nm_load
		nm_address
		nm_up
		rmmod nmnic
	done
	nothing_left
}

test_parameters_taken() {
	local ports

	defer rmmod nmnic
	root_ns modprobe nmnic pairs=3 queues=5 ring_size=128
	ports=$(root_ns ip -o link | grep -cE '^[0-9]+: nm[0-5]:')
	[ "$ports" = 6 ]
	root_ns ethtool -l nm5 | grep -Eq '^Combined:[[:space:]]+5$'
	root_ns ethtool -g nm5 | grep -Eq '^RX:[[:space:]]+128$'
}

refused() {
	local lines

	lines=$(log_lines)
	expect 1 modprobe nmnic "$1"
	log_since "$lines" | grep "nmnic.*${1%=*}" || fail "no sentence about $1"
	nothing_left
}

test_parameters_refused() {
	local parameter

	for parameter in pairs=0 pairs=99 queues=0 queues=1000 ring_size=0 \
		ring_size=100 ring_size=1048576; do
		refused "$parameter"
	done
}

need_nmnic
run_tests test_load_and_unload test_unload_while_up \
	test_parameters_taken test_parameters_refused
