#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# append: lsm=lockdown,yama
#
# Where the kernel was booted without bpf in its list of security modules nothing can be
# refused: that is said, with what to do, and nothing pretends.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

POLICY=$W/policy

# policy LINE...
policy() { printf '%s\n' '{"schema":1,"type":"policy"}' "$@" >"$POLICY"; }

# Nothing of ours is there, and what the policy forbids is done.
nothing_in_force() {
	[ ! -e /sys/fs/bpf/netmem-audit ] || fail "something was pinned"
	nma-traffic bind -i nm0 -q "$Q" -n 1
}

test_refused() {
	policy '{"rule":"NM-BIND-09","mode":"enforce"}' '{"deny":"bind-rx"}'
	netmem-audit enforce check --policy "$POLICY"
	expect 5 netmem-audit enforce on --policy "$POLICY" >"$W/out" 2>"$W/err"
	expect_text "$W/err" '"bpf" is not among the security modules'
	expect_text "$W/err" "boot with lsm=$(cat /sys/kernel/security/lsm),bpf"
	nothing_in_force
}

test_optional() {
	policy '{"rule":"NM-BIND-09","mode":"enforce","optional":true}' '{"deny":"bind-rx"}'
	expect 5 netmem-audit enforce on --policy "$POLICY" >"$W/out" 2>"$W/err"
	nothing_in_force
}

test_said_elsewhere() {
	netmem-audit -j features >"$W/features.json"
	expect_json "$W/features.json" '.bpf_lsm == false and
		all(.rules[]; .status != "enforceable here") and
		any(.rules[]; .id == "NM-BIND-07" and .status == "audited")'
	expect 3 netmem-audit -j enforce status >"$W/status.json"
	expect_json "$W/status.json" '.error.message | test("nothing is enforced")'
	netmem-audit enforce off
	nothing_in_force
}

# What only looks needs no such module.
test_audit_works() {
	recv_devmem -b 1M
	peer nma-traffic send -t "$TRAFFIC_S" -b 1M "$V4"
	finish rx
	netmem-audit check --settle 2
}

nm_setup
run_tests test_refused test_optional test_said_elsewhere test_audit_works
