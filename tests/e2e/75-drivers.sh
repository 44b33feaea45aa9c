#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# nics: virtio-net,vmxnet3,igb,e1000e
# cpus: 2
# limit: 180
#
# Drivers as Debian ships them, on emulated cards: whose page_pools are whose. Of
# two that have some, virtio_net (7.2) names the device but no queue, and vmxnet3
# names neither; igb and e1000e have none. Without nmnic.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"

VIRTIO=(eth0 eth1)
VMXNET=(eth2 eth3)
PLAIN=(eth4 eth5 eth6 eth7)

is_up() { root_ns ip link show "$1" | grep -q LOWER_UP; }

up() {
	local dev

	for dev; do
		root_ns ip link set "$dev" up
		defer root_ns ip link set "$dev" down
	done
	for dev; do
		wait_for 20 is_up "$dev"
	done
}

shown() { netmem-audit -j show "$@" >"$W/show.json"; }

has_pools() { shown pools -i "$1" && jq -e '.pools | length > 0' "$W/show.json"; }

# That of the devices, as documents have it
netns_of() { root_ns stat -L -c %i "/proc/self/ns/net"; }

need_virtio_pools() {
	has_pools "${VIRTIO[0]}" || skip "virtio_net has no page_pool in $(uname -r)"
}

test_drivers_are_named() {
	shown nics
	expect_json "$W/show.json" '[.nics[] | select(.ifname | startswith("eth")) |
		{ key: .ifname, value: .driver }] | from_entries == {
		eth0: "virtio_net", eth1: "virtio_net", eth2: "vmxnet3", eth3: "vmxnet3",
		eth4: "igb", eth5: "igb", eth6: "e1000e", eth7: "e1000e" }'
}

# Neither kind nor driver, but code of a module
test_driver_without_a_name() {
	root_ns modprobe sch_teql
	defer rmmod sch_teql
	shown nics -i teql0
	expect_json "$W/show.json" '.nics[0].driver == "sch_teql"'
}

test_no_pools() {
	up "${PLAIN[@]}"
	for dev in "${PLAIN[@]}"; do
		shown pools -i "$dev"
		expect_json "$W/show.json" '.pools == []'
	done
	netmem-audit -j check -i eth4 >"$W/check.json"
	expect_json "$W/check.json" '.findings == []'
}

# By the PCI function that buffers are mapped for. A driver that says nothing of its
# queues: nobody was there to see which is whose.
test_vmxnet3() {
	up "${VMXNET[@]}"
	for dev in "${VMXNET[@]}"; do
		shown pools -i "$dev"
		expect_json "$W/show.json" ".pools | length == 2 and
			all(.ifname == \"$dev\" and .attributed_by == \"parent\" and
			    (has(\"queue\") or has(\"device_gone\") | not) and
			    .netns == $(netns_of))"
		shown nics -i "$dev"
		expect_json "$W/show.json" '.nics[0].pools == 2'
		netmem-audit -j stat -i "$dev" 0.1 1 >"$W/stat.json"
		expect_json "$W/stat.json" '.pools | length == 2'
		netmem-audit -j check -i "$dev" >"$W/check.json"
		expect_json "$W/check.json" '.findings == [] and .looked_at.pools >= 2'
	done
}

# Who watches sees each queue register its pool for XDP.
test_vmxnet3_queues() {
	netmem-audit -j watch -i eth2 -- nsenter --target 1 --net sh -c \
		'ip link set eth2 up; netmem-audit show pools; ip link set eth2 down' \
		>"$W/watch.out"
	jq -se '[.[] | select(.event == "pool_created")] | length == 2 and
		all(.ifname == "eth2")' "$W/watch.out"
	jq -se '[.[] | select(.event == "pool_freed") | .queue] | sort == [0, 1]' \
		"$W/watch.out"
}

# The pools name the device, and for all queues queue 0; their NAPI instances tell.
test_virtio() {
	up "${VIRTIO[@]}"
	need_virtio_pools
	expect_json "$W/show.json" 'all(.pools[]; .ifname == "eth0" and
		.attributed_by == "netdev") and
		([.pools[] | .queue | values] | sort == [0, 1]) and
		all(.pools[] | select(has("queue")); .queue_attributed_by == "napi")'
	shown queues -i eth0
	expect_json "$W/show.json" '[.queues[].pool_ids | length] == [1, 1]'
	root_ns ethtool -L eth0 combined 4
	defer root_ns ethtool -L eth0 combined 2
	shown queues -i eth0
	expect_json "$W/show.json" '[.queues[].pool_ids | length] == [1, 1, 1, 1]'
	netmem-audit -j check -i eth0 >"$W/check.json"
	expect_json "$W/check.json" '.findings == [] and .looked_at.pools >= 4'
}

# The kernel leaves the pools of a device that moves at the loopback device.
test_virtio_moved() {
	up "${VIRTIO[@]}"
	need_virtio_pools
	netmem-audit -j watch -- nsenter --target 1 --net ip link set eth0 netns "$ns" \
		>"$W/watch.out"
	defer ip link set eth0 netns 1
	jq -se 'all(.[]; .ifname != "lo")' "$W/watch.out"
	ip link set eth0 up
	wait_for 20 carrier_up eth0
	shown pools
	expect_json "$W/show.json" '[.pools[] | select(.ifname == "eth0")] |
		length == 4 and all(.attributed_by == "napi" and
		(has("device_gone") | not)) and
		([.[] | .queue | values] | sort == [0, 1])'
	expect_json "$W/show.json" 'all(.pools[]; .ifname != "lo")'
	expect_json "$W/show.json" "all(.pools[] | select(.ifname == \"eth0\");
		.netns == $(stat -L -c %i /proc/self/ns/net))"
	shown nics -i eth0
	expect_json "$W/show.json" '.nics[0].pools == 4'
	ip link set eth0 name uplink0
	shown pools -i uplink0
	expect_json "$W/show.json" '.pools | length == 4'
	ip link set uplink0 name eth0
}

test_renamed() {
	up "${VMXNET[@]}"
	root_ns ip link set eth2 down
	root_ns ip link set eth2 name uplink0
	defer root_ns ip link set uplink0 name eth2
	root_ns ip link set uplink0 up
	defer root_ns ip link set uplink0 down
	wait_for 5 has_pools uplink0
}

# Native XDP makes them rebuild their queues; generic XDP needs no pool.
test_xdp() {
	local dev

	up eth0 eth1 eth2 eth3
	for dev in eth0 eth2; do
		root_ns ip link set "$dev" xdp obj "$BIN/xdp-pass.bpf.o" sec xdp
		defer root_ns ip link set "$dev" xdp off
		shown nics -i "$dev"
		expect_json "$W/show.json" '.nics[0].xdp == ["driver"]'
		[ "$dev" = eth0 ] || has_pools "$dev"
	done
	root_ns ip link set eth4 xdpgeneric obj "$BIN/xdp-pass.bpf.o" sec xdp
	defer root_ns ip link set eth4 xdpgeneric off
	shown nics -i eth4
	expect_json "$W/show.json" '.nics[0].xdp == ["skb"]'
	shown pools -i eth4
	expect_json "$W/show.json" '.pools == []'
	netmem-audit -j check >"$W/check.json"
	expect_json "$W/check.json" '.findings == []'
}

# A bond runs its program on its ports.
test_xdp_of_a_bond() {
	root_ns ip link add bond7 type bond mode active-backup
	defer root_ns ip link del bond7
	root_ns ip link set eth4 down
	root_ns ip link set eth4 master bond7
	defer root_ns ip link set eth4 nomaster
	root_ns ip link set bond7 up
	root_ns ip link set bond7 xdp obj "$BIN/xdp-pass.bpf.o" sec xdp
	defer root_ns ip link set bond7 xdp off
	shown nics -i eth4 -i bond7
	expect_json "$W/show.json" 'all(.nics[]; .xdp == ["driver"]) and
		(.nics[0].xdp_prog_ids == .nics[1].xdp_prog_ids) and
		[.nics[].xdp_by] == ["bond7", null] and (.nics | length == 2)'
}

test_ring_and_queue_changes() {
	up eth4
	netmem-audit -j watch -i eth4 -- nsenter --target 1 --net sh -c \
		'ethtool -G eth4 rx 128; ethtool -L eth4 combined 1;
		 ethtool -L eth4 combined 2' >"$W/watch.out"
	jq -se 'all(.[]; .event != "data_split_set") and
		any(.[]; .event == "rings_set" and (has("tcp_data_split") | not)) and
		([.[] | select(.event == "queues_set") | .rx_queues] |
		 length >= 2 and .[-1] == 2)' "$W/watch.out"
}

pools_gone() { shown pools && jq -e 'all(.pools[]; has("device_gone") | not)' "$W/show.json"; }

udp_listens() { ss -Hlun sport = :7000 | grep -q .; }

# At least two of its packets wait to be read. Also asked in another namespace.
udp_unread() {
	nsenter --net="/run/netns/$ns" ss -Hlun sport = :7000 |
		awk '$2 > 4200 { n++ } END { exit !n }'
}
export -f udp_unread
export ns

# A card that is pulled out while packets wait to be read: their buffers' pools were
# its, for those who saw it alive; for others they are of a device that is gone, last
# named by the kernel in the namespace that it came from.
test_unplugged() {
	local card

	up eth0
	need_virtio_pools
	card=$(root_ns readlink -f /sys/class/net/eth1/device/..)
	root_ns ip link set eth1 netns "$ns"
	defer eval 'echo 1 >/sys/bus/pci/rescan; wait_for 10 has_link eth1'
	ip addr add "$V4/24" dev eth1
	ip link set eth1 up
	wait_for 20 carrier_up eth1
	root_ns ip addr add "$V4_PEER/24" dev eth0
	defer root_ns ip addr flush dev eth0
	background reader python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7000))
time.sleep(1000)'
	wait_for 20 udp_listens
	root_ns ping -q -c 1 -W 10 "$V4" >/dev/null
	netmem-audit -j watch -- nsenter --target 1 --net bash -c "
		for i in 1 2 3; do
			head -c 1400 /dev/zero >/dev/udp/$V4/7000
		done
		until udp_unread; do sleep 0.1; done
		echo 1 >$card/remove" >"$W/watch.out"
	jq -se '[.[] | select(.event == "pool_destroyed" or .event == "pool_freed")] |
		length >= 4 and all(.ifname == "eth1" and .device_gone)' "$W/watch.out"
	shown pools
	expect_json "$W/show.json" "[.pools[] | select(.device_gone)] | length > 0 and
		all(.detached and .inflight > 0 and .netns == $(netns_of) and
		    (has(\"ifname\") or has(\"queue\") | not))"
	netmem-audit show pools >"$W/show.out"
	expect_text "$W/show.out" ' [0-9]+  gone '
	stop "${pid[reader]}"
	flush_deferred_skbs
	wait_for 10 pools_gone
}

[ ! -e /sys/module/nmnic ] || bail_out "nmnic is loaded"
[ -n "${NMA_NICS:-}" ] || skip_all "no emulated cards: tests/lab/vm --nic"
run_tests test_drivers_are_named test_driver_without_a_name test_no_pools \
	test_vmxnet3 test_vmxnet3_queues test_virtio test_virtio_moved test_renamed \
	test_xdp test_xdp_of_a_bond test_ring_and_queue_changes test_unplugged
