# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # shared with lib.sh
#
# What goes on beside the ports that are churned: on another pair of nmnic, nm4 and
# nm5, and on a pair of veth, ve0 and ve1, each with one end at the peer. Every
# step is a short stream of which every byte is checked. Sourced by lib.sh.

BESIDE=198.51.100.1 BESIDE_PEER=198.51.100.2
VETH=203.0.113.1 VETH_PEER=203.0.113.2

beside_begin() {
	root_ns ip link set nm4 netns "$ns"
	root_ns ip link set nm5 netns "$peer_ns"
	ip link add ve0 type veth peer name ve1 netns "$peer_ns"
	ip addr add $BESIDE/24 dev nm4
	ip addr add $VETH/24 dev ve0
	peer ip addr add $BESIDE_PEER/24 dev nm5
	peer ip addr add $VETH_PEER/24 dev ve1
	ip link set nm4 up
	ip link set ve0 up
	peer ip link set nm5 up
	peer ip link set ve1 up
	wait_for 5 carrier_up nm4
	wait_for 5 carrier_up ve0
	ethtool -X nm4 equal 3
}

# The module takes its ports along, a namespace its end of the veth.
beside_end() {
	! ip link show ve0 >/dev/null 2>&1 || ip link del ve0
}

beside_tcp() {
	start beside nma-traffic recv --host -p 9300 -b 256K
	send_to -p 9300 -b 256K "$1"
	finish beside
	expect_json "$W/beside.json" '.bytes == 262144 and .verify_errors == 0'
}

# Some time after the last of them there may be more in the socket.
beside_stop() {
	sleep 0.2
	kill -INT "${pid[beside]}"
	finish beside
	expect_json "$W/beside.json" '.verify_errors == 0'
}

step_beside_tcp() {
	any $BESIDE $VETH
	beside_tcp "$any"
}

step_beside_udp() {
	any $BESIDE $VETH
	start beside nma-traffic udp-recv -b 0
	peer nma-traffic udp-send -b 140000 --chunk 1400 -r 1M "$any"
	beside_stop
}

# Native, on either kind
step_beside_xdp() {
	local address=$BESIDE

	any nm4 ve0
	[ "$any" = nm4 ] || address=$VETH
	ip link set "$any" xdp obj "$BIN/xdp-pass.bpf.o" sec xdp
	beside_tcp $address
	ip link set "$any" xdp off
}

step_beside_af_xdp() {
	ethtool -X nm4 equal 1
	any '' --generic --zerocopy
	# shellcheck disable=SC2086 # none or one
	start beside nma-traffic xsk-recv -i nm4 -q 0 -b 0 $any
	peer nma-traffic xsk-send -i nm5 -q 0 -b 14000
	beside_stop
	ethtool -X nm4 equal 3
}

# bound COMMAND...: with data split, and a rule that steers port 9301 to queue 3
beside_bound() {
	local rule

	ethtool -G nm4 tcp-data-split on
	rule=$(ethtool -N nm4 flow-type tcp4 dst-port 9301 action 3 |
		sed -n 's/.*ID //p')
	"$@"
	ethtool -N nm4 delete "$rule"
	ethtool -G nm4 tcp-data-split off
}

zcrx_stream() {
	start beside nma-traffic zcrx -i nm4 -q 3 -p 9301 -b 256K -s 4M
	send_to -p 9301 -b 256K $BESIDE
	finish beside
	expect_json "$W/beside.json" '.bytes == 262144 and .verify_errors == 0'
}

step_beside_zcrx() {
	[ -n "$beside_zcrx" ] || return 0
	beside_bound zcrx_stream
}

# dma-buf to dma-buf where a kernel can send from one
devmem_stream() {
	start beside nma-traffic recv -i nm4 -q 3 -p 9301 -b 256K
	# shellcheck disable=SC2086 # none or some
	send_to $beside_tx -p 9301 -b 256K $BESIDE
	finish beside
	expect_json "$W/beside.json" '.dmabuf_bytes == 262144 and
		.verify_errors == 0 and .tokens_outstanding == 0'
}

step_beside_devmem() { beside_bound devmem_stream; }

beside_zcrx=1
beside_tx='-d -i nm5'
has_zcrx || beside_zcrx=
has_bind_tx || beside_tx=
beside_steps=(beside_tcp beside_udp beside_xdp beside_af_xdp beside_zcrx
	beside_devmem)
