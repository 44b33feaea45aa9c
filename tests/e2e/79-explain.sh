#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 100
#
# Why a bind is refused, or would be: each reason is provoked, said beforehand by
# explain-bind where it can be known, refused by the kernel, and told by watch with who
# asked, the errno and the kernel's words; and the clean twin is bound. A policy of ours
# is provoked in 79-enforce. What only the unit tests have: an exporter that refuses, a
# device that cannot reach the memory, queues of two DMA devices (no card of the lab is
# like that), a file that is no dma-buf, a device that is gone.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119,SC2120 # called by name
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

GROUP=/sys/fs/cgroup/nma-explain
PINS=/sys/fs/bpf/nma-explain

bind() { nma-traffic bind -i nm0 -q "$Q" -n 1 "$@"; }
zcrx() { nma-traffic zcrx -i nm0 -q "$Q" -s 1M -b 1M -t 1 "$@"; }
explain() { netmem-audit -j explain-bind -i nm0 -q "${1:-$Q}" >"$W/before.json"; }

# One watch beside all of it. What it tells counts from "now" on.
mark=1
now() { mark=$(($(wc -l <"$W/watch.out") + 1)); }

# said EVENT FILTER: by now
said() {
	tail -n "+$mark" "$W/watch.out" | jq -s -e --arg event "$1" \
		"any(.[]; .event? == \$event and ($2))" >/dev/null
}

# told EVENT FILTER: one event of that kind, of which this is so
told() {
	wait_for 10 said "$1" "$2" || {
		tail -n "+$mark" "$W/watch.out"
		fail "watch did not tell of $1: $2"
	}
	[ "$(tail -n "+$mark" "$W/watch.out" | jq -s --arg event "$1" \
		'map(select(.event? == $event)) | length')" = 1 ] || {
		tail -n "+$mark" "$W/watch.out"
		fail "not one $1"
	}
}

# refused_before CAUSE: explain-bind says so of both ways, and first of all
refused_before() {
	expect 1 explain
	expect_json "$W/before.json" ".devmem.causes[0].cause == \"$1\""
	! has_zcrx || expect_json "$W/before.json" ".zcrx.causes[0].cause == \"$1\""
}

# refused_to_bind CAUSE [FILTER]: the kernel, both ways
refused_to_bind() {
	now
	refuse bind
	told bind_refused ".cause == \"$1\" and .queue == $Q and .errno > 0 and
		(.errno_name | startswith(\"E\")) and .comm == \"nma-traffic\" and
		.pid > 0 and .ifname == \"nm0\" and (${2:-true})"
	has_zcrx || return 0
	now
	refuse zcrx
	told zcrx_refused ".cause == \"$1\" and .queue == $Q and .comm == \"nma-traffic\" and
		.pid > 0 and (has(\"extack\") | not) and (${2:-true})"
}

# mend: what explain-bind advises first
mend() {
	local fix

	fix=$(jq -r '.devmem.causes[0].fix' "$W/before.json")
	echo "# $fix"
	eval "$fix"
}

core_has_settings() { [ "$(uname -r | cut -d. -f1)" -gt 6 ]; }

test_nothing_in_the_way() {
	expect 0 explain
	expect_json "$W/before.json" '.devmem.result == "succeeds" and
		.devmem.causes == [] and (.devmem.not_known_before | length) > 2'
	now
	bind
	told queue_bound ".queue == $Q"
	refuse said bind_refused true
	has_zcrx || return 0
	expect_json "$W/before.json" '.zcrx.result == "succeeds"'
	start zcrx nma-traffic zcrx -i nm0 -q "$Q" -s 1M -b 1M -t 20
	refuse said zcrx_refused true
}

test_data_split() {
	defer split on
	split off
	refused_before tcp_data_split
	refused_to_bind tcp_data_split
	mend
	bind
}

# Not every ethtool knows it.
thresh() { python3 "$(dirname -- "$0")/hds-thresh.py" nm0 "$1"; }

test_hds_thresh() {
	core_has_settings || skip "the kernel has no hds-thresh"
	defer thresh 0
	thresh 100
	refused_before hds_thresh
	refused_to_bind hds_thresh
	expect_json "$W/before.json" '.devmem.causes[0].fix |
		startswith("ethtool -G nm0 hds-thresh 0")'
	thresh 0
	bind
}

test_xdp() {
	defer ip link set nm0 xdpdrv off
	now
	refuse xdp_attach nm0 xdpdrv
	told xdp_refused '.cause == "xdp_tcp_data_split" and .comm == "ip" and
		.xdp_mode == "driver" and (.extack | length) > 0'
	defer rm -r "$PINS"
	bpftool prog loadall "$BIN/xdp.bpf.o" "$PINS"
	ip link set nm0 xdpdrv pinned "$PINS/pass_frags"
	refused_before xdp
	refused_to_bind xdp
	mend
	bind
}

# in_group COMMAND...: a process that whoever explains has to name
in_group() {
	echo "$BASHPID" >"$GROUP/cgroup.procs"
	exec "$@"
}

# The cgroup's processes are not gone at once.
remove_group() { wait_for 5 rmdir "$GROUP"; }

comm=nma-traffic	# of the holder

held_by() {
	echo ".holder_pid == ${pid[$1]} and .holder_comm == \"$comm\" and
		.holder_cgroup == \"/nma-explain\""
}

owner_shown() {
	netmem-audit -j show "$2" -i nm0 >"$W/show.json"
	expect_json "$W/show.json" "any(.$2[]; .owner_pid == ${pid[$1]} and
		.owner_comm == \"$comm\" and .owner_cgroup == \"/nma-explain\")"
}

# All but watch have come later than the binding.
test_queue_of_another_process() {
	mkdir "$GROUP"
	defer remove_group
	start holder in_group nma-traffic bind -i nm0 -q "$Q"
	owner_shown holder bindings
	owner_shown holder queues
	refused_before queue_bound
	expect_json "$W/before.json" ".devmem.causes[0] | $(held_by holder)"
	refused_to_bind queue_bound "$(held_by holder)"
	now
	refuse xdp_attach nm0 xdpdrv
	told xdp_refused "(.cause | startswith(\"xdp_\")) and (.extack | length) > 0"
	now
	refuse ethtool -G nm0 tcp-data-split off
	told rings_refused '.comm == "ethtool" and .tcp_data_split == "off" and
		(.extack | length) > 0 and .cause == "rings_queue_bound"'
	now
	refuse ethtool -L nm0 combined 2
	told channels_refused '.comm == "ethtool" and .channels == 2 and
		(.extack | length) > 0 and .errno_name == "EINVAL" and
		.cause == "channels_rss"'
	stop "${pid[holder]}"
	bind
}

steer_again() {
	ethtool -L nm0 combined 4
	ethtool -X nm0 equal "$Q"
	steer "$PORT" "$Q"
}

steer_nothing() {
	local id

	for id in $(ethtool -n nm0 | sed -n 's/^Filter: //p'); do
		ethtool -N nm0 delete "$id"
	done
}

# What else is refused while a queue of the port is bound, one reason after the other
test_port_of_another_process() {
	start holder nma-traffic bind -i nm0 -q "$Q"
	now
	refuse nma-traffic xsk-recv -z -i nm0 -q 0 -b 1M -t 1
	told xsk_refused ".cause == \"xsk_queue_bound\" and .holder_pid == ${pid[holder]}"
	defer steer_again
	ethtool -X nm0 equal 2
	now
	refuse ethtool -L nm0 combined 2
	told channels_refused '.cause == "channels_rules"'
	steer_nothing
	now
	refuse ethtool -L nm0 combined 2
	told channels_refused ".cause == \"channels_queue_bound\" and
		.holder_pid == ${pid[holder]}"
	stop "${pid[holder]}"
	ethtool -L nm0 combined 2
}

# What is refused while a program is attached, and zero-copy where there is none
test_program() {
	defer split on
	split off
	defer ip link set nm0 xdpdrv off
	xdp_attach nm0 xdpdrv
	now
	refuse split on
	told rings_refused '.cause == "rings_xdp" and .tcp_data_split == "on"'
	now
	refuse xdp_attach nm0 xdpgeneric
	told xdp_refused '.cause == "xdp_busy" and (.extack | length) > 0'
	now
	refuse nma-traffic xsk-recv -z -i lo -q 0 -b 1M -t 1
	told xsk_refused '.cause == "xsk_zerocopy" and .errno_name == "EOPNOTSUPP"'
}

test_area_of_another_process() {
	need_zcrx
	mkdir "$GROUP"
	defer remove_group
	start holder in_group nma-traffic zcrx -i nm0 -q "$Q" -s 1M -b 64M -t 60
	owner_shown holder bindings
	owner_shown holder queues
	refused_before queue_bound
	refused_to_bind queue_bound "$(held_by holder)"
}

# socket_open: an AF_XDP socket in copy mode, without a program, until socket_close
socket_open() {
	coproc in_group python3 "$(dirname -- "$0")/af-xdp.py" nm0 "$Q"
	pid[holder]=$COPROC_PID
	read -r _ <&"${COPROC[0]}"
}

socket_close() {
	local stdin=${COPROC[1]} process=$COPROC_PID

	exec {stdin}>&-
	wait "$process"
}

test_af_xdp() {
	mkdir "$GROUP"
	defer remove_group
	comm=python3
	now
	socket_open
	told xsk_bound ".queue == $Q and .pid == ${pid[holder]} and .af_xdp_mode == \"copy\""
	owner_shown holder queues
	refused_before af_xdp
	refused_to_bind af_xdp "$(held_by holder)"
	now
	refuse nma-traffic xsk-recv -z -i nm0 -q "$Q" -b 1M -t 1
	told xsk_refused ".cause == \"xsk_busy\" and $(held_by holder) and
		.af_xdp_mode == \"zero-copy\" and .errno_name == \"EBUSY\""
	socket_close
	wait_for 10 no_xsk
	bind
}

# What the application believes to be zero-copy
test_af_xdp_mode() {
	local mode

	defer wait_for 10 split on	# the kernel detaches the program a little later
	split off
	for mode in -g:copy-generic -z:zero-copy; do
		start xsk nma-traffic xsk-recv "${mode%:*}" -i nm0 -q 0 -b 1M -t 60 --wait 40
		netmem-audit -j show queues -i nm0 >"$W/show.json"
		expect_json "$W/show.json" ".queues[0] | .owner_pid == ${pid[xsk]} and
			.af_xdp_mode == \"${mode#*:}\""
		stop "${pid[xsk]}"
	done
}

test_no_such_queue() {
	now
	refuse nma-traffic bind -i nm0 -q 9 -n 1
	told bind_refused '.cause == "no_queue" and .queue == 9 and
		.fix == "ethtool -L nm0 combined 10"'
	expect 1 explain 9
	expect_json "$W/before.json" '.devmem.causes[0].cause == "no_queue"'
	core_has_settings || return 0	# which does not WARN about it, either
	now
	refuse nma-traffic bind -i lo -q 0 -n 1
	told bind_refused '.ifname == "lo" and .cause == "queue_ops"'
	now
	refuse python3 "$(dirname -- "$0")/ask.py" bind-tx lo
	told bind_tx_refused '.ifname == "lo" and .cause == "netmem_tx"'
}

# driver_fault FAULT CAUSE: of the driver, for either kind of memory
driver_fault() {
	defer fault "$1" 0
	fault "$1" 1
	now
	refuse bind
	told bind_refused ".cause == \"$2\" and ${3:-true}"
	has_zcrx || return 0
	fault "$1" 1
	now
	refuse zcrx
	told zcrx_refused ".cause == \"$2\" and ${3:-true}"
}

test_driver() {
	driver_fault ignore_provider provider_ignored '.errno_name == "ENODATA"'
	fault ignore_provider 0
	driver_fault pp_order provider_init
	fault pp_order 0
	bind
}

# Of what is asked for, not of the queue
test_request() {
	now
	refuse setpriv --inh-caps -all --bounding-set -net_admin netmem-audit -j \
		explain-bind -i nm0 -q "$Q" >"$W/before.json"
	expect_text "$W/before.json" 'missing CAP_NET_ADMIN'
	refuse setpriv --inh-caps -all --bounding-set -net_admin nma-traffic bind -i nm0 \
		-q "$Q" -n 1
	refuse said bind_refused true	# refused by netlink, before anybody could look
	need_zcrx
	refuse setpriv --inh-caps -all --bounding-set -net_admin nma-traffic zcrx -i nm0 \
		-q "$Q" -s 1M -b 1M -t 1
	told zcrx_refused '.cause == "permission" and .errno_name == "EPERM"'
	now
	refuse setpriv --inh-caps -all --bounding-set -ipc_lock \
		bash -c "ulimit -l 64; exec nma-traffic zcrx -i nm0 -q $Q -s 1M -b 1M -t 1"
	told zcrx_refused '.cause == "memlock" and (.explanation | contains("65536 bytes"))'
}

# registers WRONG CAUSE ERRNO
registers() {
	now
	refuse python3 "$(dirname -- "$0")/zcrx.py" nm0 "$Q" "$1"
	told zcrx_refused ".cause == \"$2\" and .errno_name == \"$3\" and .queue == $Q"
}

# Of io_uring's own memory
test_area() {
	need_zcrx
	python3 "$(dirname -- "$0")/zcrx.py" nm0 "$Q"
	registers ring ring EINVAL
	registers alignment alignment EINVAL
	registers page-size page_size EINVAL
	registers many-pages page_size ERANGE
}

test_alignment() {
	core_has_settings || skip "the kernel takes it"
	defer fault ragged_dmabuf 0
	fault ragged_dmabuf 1
	now
	refuse bind --exporter "$PANEL/ragged_dmabuf"
	told bind_refused '.cause == "alignment"'
	fault ragged_dmabuf 0
	now
	refuse python3 "$(dirname -- "$0")/ask.py" "--ragged=$PANEL/ragged_dmabuf" bind-rx nm0 "$Q"
	told bind_refused '.cause == "alignment"'
	bind --exporter "$PANEL/ragged_dmabuf" -s 8K
}

# no_dma IF: which is on no device that does DMA
no_dma() {
	now
	refuse nma-traffic bind -i "$1" -q 0 -n 1
	told bind_refused ".ifname == \"$1\" and .cause == \"dma_device\""
}

test_dma_device() {
	if ! core_has_settings; then
		expect_log 'dma_buf_dynamic_attach'	# which is asked without a device
		no_dma lo
		return
	fi
	ip link add nk0 type netkit peer name nk1 numrxqueues 2
	defer ip link del nk0
	ip link set nk0 up
	ip link set nk1 up
	no_dma nk1
}

test_lease() {
	local netns=$ns-guest

	need_zcrx	# as old as leases
	ip netns add "$netns"
	defer ip netns del "$netns"
	ip netns exec "$netns" ip netns set "$ns" 7
	ip link add nk0 type netkit peer name nk1 numrxqueues 2
	defer ip link del nk0
	ip link set nk1 netns "$netns"
	ip -n "$netns" link set nk1 up
	ip netns exec "$netns" nma-traffic lease -i nk1 -q "$Q" --netns 7 \
		--from "$(ip -j link show nm0 | jq '.[0].ifindex')"
	refused_before leased
	expect_json "$W/before.json" '.devmem.causes[0].fix == "bind it through nk1, queue 1"'
	refused_to_bind leased
}

# The same while a command runs, and of a recording
test_of_a_command() {
	defer split on
	split off
	expect 1 netmem-audit -j explain-bind -- nma-traffic bind -i nm0 -q "$Q" -n 1 \
		>"$W/command.json"
	expect_json "$W/command.json" '.refusals | length == 1 and
		.[0].cause == "tcp_data_split" and .[0].comm == "nma-traffic"'
	expect 1 netmem-audit record -o "$W/run.nmr" -- nma-traffic bind -i nm0 -q "$Q" -n 1
	expect 1 netmem-audit explain-bind --last --from "$W/run.nmr" >"$W/text"
	expect_text "$W/text" 'tcp-data-split of nm0 is not on'
	expect_text "$W/text" '-> ethtool -G nm0 tcp-data-split on'
}

nm_setup
background watch netmem-audit -j watch
wait_for 30 started || bail_out "watch: no start"
run_tests test_nothing_in_the_way test_data_split test_hds_thresh test_xdp \
	test_queue_of_another_process test_port_of_another_process test_program \
	test_area_of_another_process test_af_xdp \
	test_af_xdp_mode test_no_such_queue test_driver test_request test_area test_alignment \
	test_dma_device test_lease \
	test_of_a_command test_end_of_watch
