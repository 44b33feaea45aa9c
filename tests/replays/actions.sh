# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash
#
# What replays do, besides what tests/e2e/lib.sh has.

# As at the start, also after a fault: no old pool, pools of the port made anew.
settle_down() {
	reopen
	expect_no_leak
}

# hold_binding: a binding that stays until the phase is over
hold_binding() { start bound nma-traffic bind -i nm0 -q "$Q" -s 16M; }

rebind() { nma-traffic bind -i nm0 -q "$Q" -n "${1:-1}" >"$W/bind.json"; }

# stream BYTES [OPTION]...: into a dma-buf; the options are the receiver's
stream() {
	recv_devmem -b "$1" "${@:2}"
	send_to -b "$1" "$V4"
	finish rx
}

# A stream that goes on meanwhile, and one that runs into a fault: TCP does not
# survive the loss of its first window.
stream_on() {
	recv_devmem -b 0
	background tx send_to -b 0 -r "$RATE" "$V4"
	wait_for 20 connected
}

stream_meets_fault() {
	recv_devmem -b 64M
	background tx send_to -b 64M "$V4"
	wait_for 20 devmem_flows
	arm "$1" "$2"
	finish rx
}

# shellcheck disable=SC2154 # pid: of lib.sh
stream_off() {
	stop "${pid[tx]}"
	finish rx
}

# arm FAULT N: in the middle of an action; off at its end
arm() {
	defer fault "$1" 0
	fault "$1" "$2"
}

# used_up FAULT: all that it was armed for has happened
used_up() { grep -q '^armed=0 ' "$PANEL/$1"; }

# mirror_to IF: what nm0 receives is sent there, too
mirror_to() {
	tc qdisc add dev nm0 ingress
	defer tc qdisc del dev nm0 ingress
	tc filter add dev nm0 ingress matchall action mirred egress mirror dev "$1"
}

# payload_filter RULE: at the input of this namespace
payload_filter() {
	nft add table inet replay
	defer nft delete table inet replay
	nft add chain inet replay in '{ type filter hook input priority 0; }'
	nft add rule inet replay in "$1"
}

# A stream that may come to nothing, until it is told
try_stream() {
	recv_devmem -b 1M
	background tx send_to -b 1M "$V4"
	# shellcheck disable=SC2154 # of: of 69-replays.sh
	wait_for 3 told "${of[rule]}" || true
	stop "${pid[tx]}"
	stop "${pid[rx]}"
}
