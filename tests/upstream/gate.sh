#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# The kernel's devmem.py under a gate, by the recipes in docs/ci: the gate holds, and so
# does the test; with a fault of nmnic armed, of which the test notices nothing, the gate
# fails and names it. in-guest calls this like one of the kernel's tests.

set -u

ci=$(dirname -- "$(realpath -- "$0")")/../../docs/ci
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
panel=/sys/kernel/debug/nmnic/$NETIF/fault
program=drivers/net/hw/devmem.py

show() { sed 's/^/# /' "$work"/*; }

# named RE: in the reports
named() { grep -Eq "$1" "$work/drivers.net.hw.devmem.py.$2" || { show; return 1; }; }

holds() {
	"$ci/selftests.sh" -o "$work" "$KSFT" $program >"$work/out" 2>&1 || { show; return 1; }
	named '^ok 1 devmem.check_rx$' log && named '^ok 2 leaked_netmems == 0$' ktap &&
		named '^result: holds; the command ended with status 0$' log
}

fault_is_named() {
	local status=0

	echo 1 >"$panel/leak_on_stop"
	"$ci/nipa-executor.sh" net-next-1 http://localhost "$work" "$KSFT" $program \
		>"$work/nipa.json" 2>"$work/out"
	jq -e '.results[0] | .test == "devmem.py" and .result == "fail" and
		any(.results[]; .test == "leaked_netmems == 0" and .result == "fail") and
		any(.results[]; .test == "devmem.check_rx" and .result == "pass")' \
		"$work/nipa.json" >"$work/jq" || { show; status=1; }
	named '^error NM-PP-06 nm0 queue [0-9]+ pool [0-9]+' log &&
		named '^result: violation, .*; the command ended with status 0$' log || status=1
	echo 0 >"$panel/leak_on_stop"
	return $status
}

number=0
for name in holds fault_is_named; do
	number=$((number + 1))
	rm -rf "${work:?}"/*
	if "$name"; then
		echo "ok $number gate.$name"
	else
		echo "not ok $number gate.$name"
	fi
done
