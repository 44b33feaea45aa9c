#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 80
# cpus: 2
#
# A receive queue of nm0 leased to a netkit in another namespace (7.2): who is in
# there binds the queue as one of the netkit's, and nm0 fills its dma-buf.
#
#   peer --- nm1 ==== nm0 [routes] nk0 ~~~~ nk1 --- guest
#                      queue 3 ............ queue 1

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

guest_ns=$ns-guest
GUEST=198.51.100.2
guest() { ${EXEC:-} nsenter --net="/run/netns/$guest_ns" "$@"; }

guest_add() {
	ip netns add "$guest_ns"
	guest ip netns set "$ns" 7	# before the kernel gives it a number
	ip link add nk0 type netkit peer name nk1 numrxqueues 2
	ip link set nk1 netns "$guest_ns"
	ip addr add 198.51.100.1/24 dev nk0
	ip link set nk0 up
	guest ip link set lo up
	guest ip addr add "$GUEST/24" dev nk1
	guest ip link set nk1 up
	guest ip route add default dev nk1
	sysctl -qw net.ipv4.ip_forward=1
	peer ip route replace 198.51.100.0/24 via "$V4"
	ethtool -N nm0 flow-type tcp4 dst-ip "$GUEST" dst-port "$PORT" action "$Q" loc 33
}

guest_del() {
	ethtool -N nm0 delete 33
	ip link del nk0 2>/dev/null || true
	ip netns pids "$guest_ns" | xargs -r kill -9
	ip netns del "$guest_ns"
}

lease() {
	guest nma-traffic lease -i nk1 -q "$1" \
		--from "$(cat "$W/ifindex")" --netns 7 >"$W/lease.json" 2>"$W/lease.err"
}

# As the first thing of every test
with_lease() {
	ip -j link show nm0 | jq '.[0].ifindex' >"$W/ifindex"
	defer guest_del
	guest_add
	lease "$Q" || { cat "$W/lease.err"; return 1; }
	expect_json "$W/lease.json" '.leased_as == 1'
}

# Beside commands of the audit, which take long on a slow kernel
guest_recv() {
	start rx guest nma-traffic recv -i nk1 -q 1 -p "$PORT" -t "$TRAFFIC_S" "$@"
}

guest_connected() { guest ss -tnH state established sport = ":$PORT" | grep -q .; }

expect_all() {
	finish rx
	expect_json "$W/rx.json" ".bytes == $1 and .dmabuf_bytes == $1 and
		.verify_errors == 0 and .tokens_outstanding == 0"
}

test_devmem_through_a_leased_queue() {
	local many

	many=$(amount 4 16)
	with_lease
	guest_recv -b "${many}M"
	send_to -b "${many}M" "$GUEST"
	expect_all $((many << 20))
	guest_recv -b 1M		# and once more
	send_to -b 1M "$GUEST"
	expect_all $((1 << 20))
	expect_no_leak
}

test_changes_of_a_leased_queue() {
	with_lease
	guest_recv -b 0
	background tx send_to -b 0 -r "$RATE" "$GUEST"
	wait_for 20 guest_connected
	refuse ethtool -L nm0 combined 3 2>"$W/refused.err"
	expect_text "$W/refused.err" 'leas|memory provider|rule|ntuple'
	ethtool -G nm0 rx 256
	ip link set nm0 down
	ip link set nm0 up
	peer ip route replace 198.51.100.0/24 via "$V4"
	refuse split off
	ethtool -G nm0 rx 512
	stream_ends
}

# A queue can be used by one only.
test_leased_twice_and_bound_at_home() {
	with_lease
	refuse lease "$Q"
	expect_text "$W/lease.err" 'refused: ".*leas'
	refuse lease 4
	expect 3 nma-traffic bind -i nm0 -q "$Q" --hold 1 2>"$W/bind.err"
	expect_text "$W/bind.err" 'refused: ".*(leased|DMA)'
	guest_recv -b 1M
	send_to -b 1M "$GUEST"
	expect_all $((1 << 20))
}

# Each side of the lease names the other, whatever namespace it is in.
test_lease_is_understood() {
	with_lease
	expect_no_leak		# of the test before
	guest_recv -b 1M
	netmem-audit -j show queues >"$W/queues.json"
	expect_json "$W/queues.json" "any(.queues[]; .ifname == \"nk1\" and
		.queue == 1 and .lease_ifname == \"nm0\" and .lease_queue == $Q)"
	expect_json "$W/queues.json" "any(.queues[]; .ifname == \"nm0\" and
		.queue == $Q and .lease_ifname == \"nk1\" and .lease_queue == 1 and
		.provider == \"dmabuf\")"
	netmem-audit -j show bindings >"$W/bindings.json"
	expect_json "$W/bindings.json" '.bindings | length == 1 and
		.[0].provider == "dmabuf" and .[0].queues != []'
	expect 0 netmem-audit -j check --settle 1 >"$W/check.json"
	expect_json "$W/check.json" "all(.findings[]; $AT_REST)"
	send_to -b 1M "$GUEST"
	expect_all $((1 << 20))
}

# Bound to the netkit, sent by nm0: the netkit, which cannot do DMA, is no device
# that frames were not for.
test_send_through_the_netkit() {
	with_lease
	watch_start --deep -i nm0 -i nk0 -i nk1
	start rx peer nma-traffic recv --host -t "$TRAFFIC_S" -b 1M
	guest nma-traffic send -d -i nk1 -t "$TRAFFIC_S" -b 1M "$V4_PEER" >"$W/tx.json"
	finish rx
	expect_json "$W/tx.json" '.bytes == 1048576 and .completions == .sends and
		.copied == 0'
	watch_holds
}

test_netkit_goes_while_bound() {
	with_lease
	guest_recv -b 0
	background tx send_to -b 0 -r "$RATE" "$GUEST"
	wait_for 20 guest_connected
	ip link del nk0
	stop "${pid[rx]}"
	expect_no_leak
	nma-traffic bind -i nm0 -q "$Q" -n 1 >"$W/bind.json"
}

# The kernel takes the netkit along.
test_unload_while_leased() {
	with_lease
	guest_recv -b 0
	background tx send_to -b 0 -r "$RATE" "$GUEST"
	wait_for 20 guest_connected
	nm_unload
	stop "${pid[rx]}"
	refuse ip link show nk0
	deferred=()
	ip netns del "$guest_ns"
	stop "${pid[tx]}"
	expect_no_leak
}

need_leases() {
	ip link add nk0 type netkit peer name nk1 2>/dev/null ||
		skip_all "this kernel has no netkit"
	ip link del nk0
	nma-traffic lease -i lo -q 0 --from 1 >/dev/null 2>"$W/lease.err"
	[ $? != 4 ] || skip_all "this kernel cannot lease queues"
}

need_leases
nm_setup
run_tests test_devmem_through_a_leased_queue test_changes_of_a_leased_queue \
	test_leased_twice_and_bound_at_home test_lease_is_understood \
	test_send_through_the_netkit test_netkit_goes_while_bound \
	test_unload_while_leased
