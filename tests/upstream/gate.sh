#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# The kernel's devmem test under a gate, as docs/ci says: it holds, which the executor for
# netdev's CI says in JSON; with a driver that loses a buffer, and the test none the
# wiser, it fails and names what is lost. in-guest calls this like one of the kernel's
# tests; the output is of the same kind.

set -u

ci=$(cd -- "$(dirname -- "$0")/../../docs/ci" && pwd -P)
panel=/sys/kernel/debug/nmnic/$NETIF/fault
program=drivers/net/hw/devmem.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# said RE: by the gate
said() {
	grep -qE -- "$1" "$work/log" && return
	echo "# it does not say: $1"
	sed 's/^/# /' "$work/log"
	return 1
}

holds() {
	"$ci/nipa-executor.sh" main https://ci.example/1 "$work" "$KSFT" $program \
		>"$work/result.json" 2>"$work/log"
	jq -e --arg device "$NETIF" '.executor == "netmem-audit" and .device == $device and
		(.results | length == 1) and (.results[0] | .test == "devmem.py" and
			.result == "pass" and .group == "netmem-audit-drivers-net-hw" and
			(.results | length == 11 and all(.result == "pass")))' \
		"$work/result.json" >"$work/jq" 2>&1 || cat "$work/result.json" >>"$work/log"
	said '^result: holds; the command ended with status 0' && grep -qx true "$work/jq"
}

# What the first queue forgets that stops with something posted
leak() {
	local status=0

	echo 1 >"$panel/leak_on_stop"
	"$ci/selftests.sh" -o "$work" "$KSFT" $program >"$work/log" 2>&1 || status=$?
	echo 0 >"$panel/leak_on_stop"	# gives it back
	said '^VIOLATED leaked_netmems == 0: it is 1$' &&
		said "^ +$NETIF queue [0-9]+ page_pool [0-9]+: 1 buffer not back" &&
		said "NM-PP-06 $NETIF queue" && said '^result: violation, ' &&
		said '^# Totals: pass:4 fail:0 ' && [ $status = 1 ]
}

number=0
for name in holds leak; do
	number=$((number + 1))
	if "$name"; then
		echo "ok $number gate.$name"
	else
		echo "not ok $number gate.$name"
	fi
	# the test takes its ports at random: not one that still waits for its end
	ip netns exec "$REMOTE_ARGS" ss -HtaK >/dev/null
done
