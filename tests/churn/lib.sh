# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash disable=SC2034,SC2153,SC2154 # shared with e2e/lib.sh
#
# Churn: everything that can be done to a port, in random order, while verified
# streams run through it. Sourced after tests/e2e/lib.sh.
#
# A round loads the module, starts three streams (into a dma-buf; into host
# memory; out of the port), does CHURN_STEPS things to port, peer and neighbours
# or beside them, each followed by a look whether every stream still moves, and
# ends in one of the ways a port can end: streams finished and checked byte by
# byte, receiver killed, peer's namespace deleted, module removed under load. After
# it nothing may be left. The order comes from CHURN_SEED.

# shellcheck source=tests/churn/beside.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/beside.sh"

CHURN_STEPS=${CHURN_STEPS:-12}
CHURN_SEED=${CHURN_SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}

churn_started=$SECONDS
churn_rounds=0
churn_bytes=0
declare -A churn_done churn_refused

# any WORD...: sets any to one of them
any() {
	local n=$((RANDOM % $# + 1))

	any=${!n}
}

both_ports() {
	"$@" nm0 && peer "$@" nm1
}

# ---- what is done; a step fails if the kernel refuses it ---------------------

step_port_down_up() {
	ip link set nm0 down
	ip link set nm0 up
}

step_peer_down_up() {
	peer ip link set nm1 down
	peer ip link set nm1 up
}

step_both_down_up() {
	ip link set nm0 down
	peer ip link set nm1 down
	ip link set nm0 up
	peer ip link set nm1 up
}

step_bind_neighbour() {
	any 1 2 5
	nma-traffic bind -i nm0 -q 2 -s 9M -n "$any" >"$W/bind.json"
}

step_rings() {
	local rx tx where

	any 64 128 256 512 1024 2048; rx=$any
	any 64 128 256 512 1024; tx=$any
	any nm0 nm1; where=$any
	at "$where" ethtool -G "$where" rx "$rx" tx "$tx"
}

step_channels() {
	any nm0 nm1
	at "$any" ethtool -L "$any" combined $((4 - RANDOM % 2))
	at "$any" ethtool -L "$any" combined 4
}

# Both ends, the receiver first when it grows.
step_mtu() {
	local now

	now=$(ip -j link show nm0 | jq '.[0].mtu')
	any 1280 1500 4000 9000
	if [ "$any" -gt "$now" ]; then
		ip link set nm0 mtu "$any"
		peer ip link set nm1 mtu "$any"
	else
		peer ip link set nm1 mtu "$any"
		ip link set nm0 mtu "$any"
	fi
}

# Not to queue 2: what comes there while a neighbour has bound it, is not for a
# CPU to read, and the host's stream would end with EFAULT.
step_rss() {
	any 1 2
	ethtool -X nm0 equal "$any"
	peer ethtool -X nm1 equal $((RANDOM % 4 + 1))
}

step_ntuple() {
	local rule

	rule=$(ethtool -N nm0 flow-type tcp4 dst-port 7 action 1 |
		sed -n 's/.*ID //p')
	ethtool -n nm0 >/dev/null
	ethtool -N nm0 delete "$rule"
}

step_xdp() {
	any nm0 nm1
	at "$any" ip link set "$any" xdp obj "$BIN/xdp-pass.bpf.o" sec xdp
	sleep 0.1
	at "$any" ip link set "$any" xdp off
}

step_split_off_on() {
	ethtool -G nm0 tcp-data-split off
	ethtool -G nm0 tcp-data-split on
}

step_peer_split() {
	any on off
	peer ethtool -G nm1 tcp-data-split "$any"
}

step_look() {
	ethtool -S nm0 >/dev/null
	ethtool -g nm0 >/dev/null
	ip -s -s link show nm0 >/dev/null
	nma-traffic pools -i nm0 >/dev/null
}

# The other pair of ports: into a namespace, bound, and back with the binding.
step_namespace() {
	root_ns ip link set nm2 netns "$ns"
	ip link set nm2 up
	root_ns ip link set nm3 up
	ethtool -G nm2 tcp-data-split on
	ethtool -X nm2 equal 1		# nobody else's flows to the bound queue
	background binder nma-traffic bind -i nm2 -q 1 -s 9M -n 0
	sleep 0.1
	ip link set nm2 netns 1
	stop "${pid[binder]}"
	root_ns ip link set nm2 up
}

# Steps that a bound queue, or a kernel, may be in the way of: the message says
# so, and nothing has changed.
churn_may_refuse=" rings channels mtu xdp split_off_on "
churn_steps=(port_down_up peer_down_up both_down_up bind_neighbour rings rings
	channels mtu mtu rss ntuple xdp xdp split_off_on peer_split look
	namespace "${beside_steps[@]}")

# at nm0|nm1 COMMAND...: where that port is
at() {
	case $1 in
	nm0 | nm2) shift; "$@" ;;
	*) shift; peer "$@" ;;
	esac
}

churn_step() {
	local step=$1 status=0

	printf '%s step %s\n' "$SECONDS" "$step" >>"$W/steps"
	# in the background: "set -e" does nothing in a command that "||" follows
	(set -e; "step_$step") >"$W/step.log" 2>&1 &
	wait $! || status=$?
	if [ $status = 0 ]; then
		churn_done[$step]=$((${churn_done[$step]:-0} + 1))
		return
	fi
	sed 's/^/  /' "$W/step.log" >>"$W/steps"
	case $churn_may_refuse in
	*" $step "*) churn_refused[$step]=$((${churn_refused[$step]:-0} + 1)) ;;
	*)
		cat "$W/step.log"
		fail "round $churn_rounds (seed $CHURN_SEED): $step: status $status"
		;;
	esac
}

# ---- streams -----------------------------------------------------------------

churn_streams=(dmabuf host back)

# Mostly so fast that something is always on its way, sometimes without limit.
streams_begin() {
	local rate

	any 256K 512K 512K 1M 1M 2M 2M 0; rate=$any
	# more than ring and window can hold: it must not run dry
	start dmabuf nma-traffic recv -i nm0 -q "$Q" -p "$PORT" -s 32M -b 0 -t 300
	start host nma-traffic recv --host -p 9001 -b 0 -t 300
	start back peer nma-traffic recv --host -p 9002 -b 0 -t 300 "$V4_PEER"
	background dmabuf_tx send_to -p "$PORT" -b 0 -r "$rate" -t 300 "$V4"
	background host_tx send_to -p 9001 -b 0 -r "$rate" -t 300 "$V6"
	background back_tx nma-traffic send -p 9002 -b 0 -r "$rate" -t 300 "$V4_PEER"
	last=()
	wait_beyond 30 || fail "round $churn_rounds: '$stuck' does not connect"
}

# streams_look: sets got[PORT] to the bytes that TCP has taken from each sender.
# One process per namespace, as they are what takes time in an emulated VM.
declare -A got
streams_look() {
	local where state local_address line port=

	got=()
	for where in '' peer; do
		while read -r state line; do
			case "$state $line" in
			ESTAB\ *)
				read -r _ _ local_address _ <<<"$line"
				port=${local_address##*:}
				;;
			[A-Z]*) port= ;;	# in another state
			*bytes_received:*)
				[ -n "$port" ] || continue
				line=${line#*bytes_received:}
				got[$port]=${line%% *}
				;;
			esac
		done < <($where ss -tinH)
	done
}

stream_port() {
	case $1 in
	dmabuf) port=$PORT ;;
	host) port=9001 ;;
	back) port=9002 ;;
	esac
}

# all_beyond: every stream has got more than last[PORT]; sets stuck to one that
# has not
declare -A last
all_beyond() {
	local name port

	streams_look
	for name in "${churn_streams[@]}"; do
		stream_port "$name"
		stuck=$name
		[ "${got[$port]:-0}" -gt "${last[$port]:-0}" ] || return 1
	done
}

# copy_got: what they have now is what they must get beyond
copy_got() {
	local port

	last=()
	for port in "${!got[@]}"; do
		last[$port]=${got[$port]}
	done
}

stuck_report() {
	ss -tinmo
	peer ss -tinmo
	ethtool -S nm0 | grep -v ' 0$'
	peer ethtool -S nm1 | grep -v ' 0$'
	tc -s qdisc show dev nm0
	peer tc -s qdisc show dev nm1
	cat "$W/$1".* "$W/$1"_tx.*
}

# Every stream gets something after what has been done to it.
streams_move() {
	streams_look
	copy_got
	wait_beyond 20 && return
	stuck_report "$stuck"
	tail -n 20 "$W/steps"
	fail "round $churn_rounds (seed $CHURN_SEED): stream '$stuck' is stuck"
}

# wait_beyond SECONDS: not wait_for, which runs what it waits for without output
# and does not let go of the processor
wait_beyond() {
	local end=$((SECONDS + ${NMA_SLOW:-1} * 4 * $1 + 1))

	until all_beyond; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# verified NAME: its document, which it writes whatever ended it, is without fault
verified() {
	local bytes

	expect_json "$W/$1.json" '.verify_errors == 0'
	bytes=$(jq .bytes "$W/$1.json")
	churn_bytes=$((churn_bytes + bytes))
}

senders_stop() {
	local name

	for name in "${churn_streams[@]}"; do
		alive "${pid[${name}_tx]}" ||
			fail "round $churn_rounds: the sender of '$name' gave up:" \
				"$(cat "$W/${name}_tx.err")"
		stop "${pid[${name}_tx]}"
	done
}

streams_end() {
	local name

	senders_stop
	for name in "${churn_streams[@]}"; do
		finish "$name"
		verified "$name"
	done
	expect_json "$W/dmabuf.json" '.dmabuf_bytes == .bytes and
		.tokens_outstanding == 0'
	expect_json "$W/host.json" '.bytes > 0'
}

streams_kill() {
	local name

	for name in "${churn_streams[@]}"; do
		stop "${pid[${name}_tx]}"
		stop "${pid[$name]}"
		[ ! -s "$W/$name.json" ] || verified "$name"
	done
}

# ---- the end of a round ------------------------------------------------------

# Every queue still takes frames, unsplit and split.
end_every_queue() {
	local queue

	streams_end
	expect_no_leak
	for queue in 0 1 2 3; do
		steer $((9100 + queue)) $queue
		start queue nma-traffic recv --host -p $((9100 + queue)) -b 64K
		send_to -p $((9100 + queue)) -b 64K "$V4"
		finish queue
		verified queue
	done
	nm_unload
}

end_receiver_killed() {
	kill -9 "${pid[dmabuf]}"
	wait "${pid[dmabuf]}" || true
	: >"$W/dmabuf.json"
	streams_kill
	expect_no_leak
	nm_unload
}

end_unload_under_load() {
	nm_unload
	streams_kill
}

end_namespace_deleted() {
	# a namespace goes with its last process
	ip netns pids "$peer_ns" | xargs -r kill -9
	ip netns del "$peer_ns"
	wait_for 20 has_link nm1
	: >"$W/back.json"
	streams_kill
	nm_unload
	ip netns add "$peer_ns"
	ip -n "$peer_ns" link set lo up
}

churn_ends=(every_queue every_queue receiver_killed unload_under_load
	namespace_deleted)

# ---- rounds ------------------------------------------------------------------

round_begin() {
	any 128 256 512
	root_ns modprobe nmnic pairs=3 ring_size="$any"
	wait_for 5 has_link nm5
	root_ns ip link set nm0 netns "$ns"
	root_ns ip link set nm1 netns "$peer_ns"
	# else the port's IPv6 addresses go each time it goes down
	sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1
	peer sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1
	nm_address
	nm_up
	split on
	ethtool -X nm0 equal 2
	steer "$PORT" "$Q"
	beside_begin
}

churn_round() {
	local i

	churn_rounds=$((churn_rounds + 1))
	printf '%s round %s\n' "$SECONDS" "$churn_rounds" >"$W/steps"
	round_begin
	streams_begin
	for ((i = 0; i < CHURN_STEPS; i++)); do
		any "${churn_steps[@]}"
		churn_step "$any"
		streams_move
	done
	any "${churn_ends[@]}"
	printf '%s end %s\n' "$SECONDS" "$any" >>"$W/steps"
	"end_$any"
	churn_done[end-$any]=$((${churn_done[end-$any]:-0} + 1))
	beside_end
	expect_no_leak
	# all of it is gone, and its process ids may belong to others one day
	deferred=()
}

churn_report() {
	local step

	printf '%s s: %s rounds, %s MiB verified:' \
		$((SECONDS - churn_started)) "$churn_rounds" $((churn_bytes >> 20))
	for step in "${!churn_done[@]}" "${!churn_refused[@]}"; do
		printf '%s\n' "$step"
	done | sort -u | while read -r step; do
		printf ' %s %s' "${step//_/-}" "${churn_done[$step]:-0}"
		[ -z "${churn_refused[$step]:-}" ] ||
			printf '(+%s refused)' "${churn_refused[$step]}"
	done
	echo
}

# churn_for SECONDS COMMAND...: rounds for as long; COMMAND after each
churn_for() {
	local until=$((SECONDS + $1))

	shift
	RANDOM=$CHURN_SEED
	while :; do
		churn_round
		"$@"
		[ "$SECONDS" -lt "$until" ] || break
	done
}
