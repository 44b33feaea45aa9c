#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# kernels: old
#
# A kernel without netmem (Debian 12's 6.1): the tools say so and end properly.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

test_features_say_what_is_missing() {
	netmem-audit features >"$W/features"
	expect_text "$W/features" 'unavailable|not available|missing'
	netmem-audit -j features >"$W/features.json"
	expect_json "$W/features.json" '.schema == 1'
}

test_check_is_skipped() {
	expect 4 netmem-audit check 2>"$W/check.err"
	expect_text "$W/check.err" '[a-z]'
	expect 4 netmem-audit gate -- touch "$W/ran" 2>"$W/gate.err"
	[ ! -e "$W/ran" ]
	expect 4 netmem-audit -j check >"$W/check.json" 2>"$W/check.err"
	expect_json "$W/check.json" '.error.message | length > 0'
}

test_rules_need_no_kernel() {
	netmem-audit rules >"$W/catalogue"
	expect_text "$W/catalogue" 'NM-POOL-01'
}

test_traffic_tool() {
	expect 4 nma-traffic bind -i lo -q 0 >"$W/bind.json"
	expect_json "$W/bind.json" '.status == 4 and (.error.message | length > 0)'
	expect 4 nma-traffic pools >"$W/pools.json"
}

run_tests test_features_say_what_is_missing test_check_is_skipped \
	test_rules_need_no_kernel test_traffic_tool
