#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 500
#
# What a policy says may not happen does not happen, what it lets happen does, and
# "off" restores what was before. Without enforcement each act is really done.
# FULL=1 replaces the policy 1,000 times under a stream of binds.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"

POLICY=$W/policy
PINS=/sys/fs/bpf/netmem-audit
GATES=/sys/fs/bpf/nma-gates
GROUP=/sys/fs/cgroup/nma-may

# policy LINE...
policy() {
	printf '%s\n' '{"schema":1,"type":"policy"}' "$@" >"$POLICY"
}

rule() { printf '{"rule":"%s","mode":"%s"}' "$1" "${2:-enforce}"; }

enforce() { netmem-audit enforce "$@" --policy "$POLICY"; }

# on LINE...: that policy, until the sub-test ends
on() {
	mark=$(($(wc -l <"$W/watch.out") + 1))
	policy "$@"
	enforce on >"$W/on.out" 2>&1 || { cat "$W/on.out"; fail "enforce on: $?"; }
	defer off
}

off() { netmem-audit enforce off >"$W/off.out" 2>&1; }

status() { netmem-audit enforce status -j >"$W/status.json"; }

# said FILTER: by watch, since the policy is in force
mark=1
said() { tail -n "+$mark" "$W/watch.out" | jq -s -e "any(.[]; .event? and ($1))"; }

# told FILTER: one watch beside all of it has an event of which this is so
told() {
	wait_for 10 said "$1" || {
		tail -n "+$mark" "$W/watch.out"
		fail "watch did not tell: $1"
	}
}

# refused RULE N ERRNO REASON [EVENT]: so often, the last with that errno
refused() {
	status
	expect_json "$W/status.json" "any(.rules[]; .rule == \"$1\" and .refused == $2) and
		(.last | map(select(.rule == \"$1\"))[0] |
		 .errno == $3 and .reason == \"$4\" and .refused and .pid > 0)"
	told ".rule == \"$1\" and .errno == $3 and .pid > 0 and .cause == \"policy\" and
		.event == \"${5:-bind_refused}\" and (has(\"extack\") | not)"
}

# A line of the table: rule, kernel, way
way() { printf '# enforced %s %s %s\n' "$1" "$(uname -r | cut -d . -f 1,2)" "$2" >>"$W/rules"; }

bind_rx() { nma-traffic bind -i nm0 -q "${1:-$Q}" -n 1 "${@:2}"; }

# The kernel refuses it itself: then we have nothing to do.
kernel_keeps_split() { netmem-audit features -j | jq -e .hds_config >/dev/null; }

test_who_may_bind() {
	netmem-audit features -j >"$W/features.json"
	expect_json "$W/features.json" '.bpf_lsm and
		any(.rules[]; .id == "NM-BIND-07" and .status == "enforceable here")'
	bind_rx
	on "$(rule NM-BIND-09)" '{"deny":"bind-rx"}'
	refuse bind_rx 2>"$W/err"
	expect_text "$W/err" 'Operation not permitted'
	refused NM-BIND-09 1 1 WHO
	way NM-BIND-09 netlink_send
	on "$(rule NM-BIND-09)" '{"allow":"bind-rx","user":"root"}'
	bind_rx
	on "$(rule NM-BIND-09)" '{"allow":"bind-rx","user":"4711"}'
	refuse bind_rx
	on "$(rule NM-BIND-09)" "{\"allow\":\"bind-rx\",\"executable\":\"$(readlink -f "$(command -v nma-traffic)")\"}"
	bind_rx
	off
	bind_rx
}

ask() { python3 "$(dirname -- "$0")/ask.py" "$@" >"$W/ask"; }

# done_by ACT [IF [QUEUE]]: nobody refuses it, plain or in disguise
done_by() {
	ask "$@" || fail "$* $(cat "$W/ask")"
	ask --32 --second --reverse "$@" || fail "$* in disguise: $(cat "$W/ask")"
}

# refused_each_way ERRNO ACT [IF [QUEUE]]
refused_each_way() {
	local errno=$1

	shift
	refuse ask --each "$@"
	[ "$(uniq <"$W/ask")" = "$errno" ] || fail "$*: $(cat "$W/ask")"
}

test_each_way() {
	defer split on
	done_by bind-rx nm0 "$Q"
	! has_bind_tx || done_by bind-tx nm0
	done_by split-off nm0
	split on
	ask unknown-token
	ask --32 unknown-token
	ask --uring unknown-token
	on "$(rule NM-BIND-09)" '{"deny":"bind-rx"}' '{"deny":"bind-tx"}' \
		"$(rule NM-TOK-02)" "$(rule NM-BIND-03)"
	refused_each_way EPERM bind-rx nm0 "$Q"
	! has_bind_tx || refused_each_way EPERM bind-tx nm0
	refuse ask unknown-token
	expect_text "$W/ask" EINVAL
	refuse ask --uring unknown-token
	expect_text "$W/ask" EINVAL
	refuse ask --32 unknown-token
	expect_text "$W/ask" OTSUP
	refuse peer python3 "$(dirname -- "$0")/ask.py" bind-rx nm1 0 >"$W/ask"
	expect_text "$W/ask" EPERM
	off
	ask --32 --second bind-rx nm0 "$Q"
	start b nma-traffic bind -i nm0 -q "$Q" -n 0
	on "$(rule NM-BIND-03)"
	refused_each_way EINVAL split-off nm0
	told '.event == "rings_refused"'	# and with it all that was refused before
	way NM-BIND-09 int80,second,reverse,io_uring,io_uring-worker,netns
	way NM-BIND-03 int80,second,reverse,io_uring,io_uring-worker
	way NM-TOK-02 int80,io_uring
}

test_audit_lets_through() {
	on "$(rule NM-BIND-09 audit)" '{"deny":"bind-rx"}'
	bind_rx
	status
	expect_json "$W/status.json" 'any(.rules[]; .let_through == 1 and .refused == 0) and
		.last[0].refused == false'
	told '.event == "let_through" and .would_be == "bind_refused" and
		.rule == "NM-BIND-09"'
	refuse said '.event == "bind_refused"' >/dev/null
}

test_how_much() {
	on "$(rule NM-BIND-09)" '{"limit":"dmabuf","bytes":4194304}'
	bind_rx "$Q" -s 4M
	bind_rx "$Q" -s 4M	# the first one was given back
	refuse bind_rx "$Q" -s 8M
	refused NM-BIND-09 1 122 BYTES
	start b nma-traffic bind -i nm0 -q "$Q" -n 0 -s 4M
	refuse bind_rx 2 -s 4M
	off
}

test_other_ports() {
	on "$(rule NM-BIND-09)" '{"deny":"bind-rx"}' '{"port":"eth*"}'
	bind_rx
	on "$(rule NM-BIND-09)" '{"deny":"bind-rx"}' '{"port":"eth*"}' '{"port":"n*"}'
	refuse bind_rx
}

test_bind_tx() {
	need_bind_tx
	on "$(rule NM-BIND-09)" '{"deny":"bind-tx"}'
	bind_rx
	start sink peer nma-traffic recv --host -b 4096 -t 5
	expect 3 nma-traffic send --dmabuf -i nm0 -b 4096 "$V4_PEER" 2>"$W/err"
	expect_text "$W/err" 'Operation not permitted'
	refused NM-BIND-09 1 1 WHO bind_tx_refused
	way NM-BIND-09 bind-tx
}

# The audit comes to see the policy and the refusal in one look: the kernel's answer
# must not be told without the rule for it.
test_zcrx() {
	need_zcrx
	defer kill -CONT "${pid[watch]}"
	kill -STOP "${pid[watch]}"
	on "$(rule NM-BIND-09)" '{"deny":"zcrx"}'
	refuse nma-traffic zcrx -i nm0 -q "$Q" -b 4096 -t 2 2>"$W/err"
	kill -CONT "${pid[watch]}"
	refused NM-BIND-09 1 1 WHO zcrx_refused
	told ".event == \"zcrx_refused\" and .queue == $Q"
	[ "$(tail -n "+$mark" "$W/watch.out" | grep -c zcrx_refused)" = 1 ] ||
		fail "told twice"
	way NM-BIND-09 capable
}

test_split_needed() {
	defer split on
	on "$(rule NM-BIND-02)" "$(rule NM-BIND-03)"
	bind_rx
	split off
	refuse bind_rx
	if kernel_keeps_split; then
		way NM-BIND-02 kernel
	else
		refused NM-BIND-02 1 22 SPLIT_OFF
		way NM-BIND-02 netlink_send
	fi
	split on
	bind_rx
}

test_split_stays() {
	local altname=a-name-that-is-long

	defer split on
	ip link property add dev nm0 altname "$altname"
	defer ip link property del dev nm0 altname "$altname"
	start b nma-traffic bind -i nm0 -q "$Q" -n 0
	on "$(rule NM-BIND-03)"
	refuse split off
	refuse ethtool -G "$altname" tcp-data-split off
	ethtool -G nm0 rx 256
	ethtool -G nm0 rx 512
	if kernel_keeps_split; then
		way NM-BIND-03 kernel
	else
		refused NM-BIND-03 2 22 SPLIT_NEEDED rings_refused
		way NM-BIND-03 netlink_send
	fi
	stop "${pid[b]}"
	split off
	split on
}

test_af_xdp() {
	start b nma-traffic bind -i nm0 -q "$Q" -n 0
	on "$(rule NM-BIND-05)"
	refuse nma-traffic xsk-recv -i nm0 -q "$Q" -b 1400 -t 1 --generic 2>"$W/err"
	refused NM-BIND-05 1 16 XSK xsk_refused
	way NM-BIND-05 socket_bind
}

test_steered() {
	on "$(rule NM-BIND-07)"
	bind_rx
	refuse bind_rx 0
	refused NM-BIND-07 1 16 RSS_QUEUE
	way NM-BIND-07 netlink_send
	off
	bind_rx 0
	on "$(rule NM-BIND-07)"
	ethtool -X nm0 equal $((Q + 1))
	defer ethtool -X nm0 equal "$Q"
	refuse bind_rx
}

# Only nmnic exports such a dma-buf.
test_ragged() {
	local half="--ragged=$PANEL/ragged_dmabuf"

	on "$(rule NM-BIND-08)"
	refused_each_way EINVAL "$half" bind-rx nm0 "$Q"
	refused NM-BIND-08 4 22 RAGGED
	! has_bind_tx || refuse ask "$half" bind-tx nm0
	bind_rx "$Q" -s 8K --exporter "$PANEL/ragged_dmabuf"
	on "$(rule NM-BIND-08 audit)"
	ask "$half" bind-rx nm0 "$Q" || kernel_keeps_split
	told '.event == "let_through" and .would_be == "bind_refused" and
		.rule == "NM-BIND-08"'
	off
	if ! ask --32 --second --reverse "$half" bind-rx nm0 "$Q"; then
		kernel_keeps_split || fail "$(cat "$W/ask")"
		expect_text "$W/ask" EINVAL
		way NM-BIND-08 kernel
	fi
	way NM-BIND-08 int80,second,reverse,io_uring,io_uring-worker
}

# The other way round, by ioctl: by an alias, whose name the kernel cuts off at the colon;
# by a name with something behind its end; a table that is longer than any; what nobody
# has touched yet. Nothing of it is about a port that is not there.
test_spread() {
	defer ethtool -X nm0 equal "$Q"
	start b nma-traffic bind -i nm0 -q "$Q" -n 0
	on "$(rule NM-BIND-07)"
	ask --padded rss nm0:1 0
	refuse ask rss nm7 0
	expect_text "$W/ask" ENODEV
	refused_each_way EPERM rss nm0 "$Q"
	# whatever else ethtool asks for by ioctl goes on
	steer 4711 0
	refuse ethtool -X nm0 equal $((Q + 1))
	refused NM-BIND-07 14 1 RSS_IOCTL rss_refused
	expect_json "$W/status.json" '.rules[0].hooks | endswith("real_num_rx_queues")'
	way NM-BIND-07 ioctl,ioctl-hash,int80,alias,huge,not-in-memory
	ask rss --hash nm0 0
	on '{"rule":"NM-BIND-07","mode":"enforce","unknown":"allow"}'
	ask rss --split=8 nm0 0
	ask rss --hash --split=8 nm0 0
	off
	ask rss --padded nm0:1 "$Q"
	ask rss --split=4 nm0 "$Q"
	ask rss --hash --split=4 nm0 "$Q"
	refuse ask rss --huge nm0 "$Q"
	expect_text "$W/ask" EINVAL
}

test_peek() {
	recv_devmem -b 64K --peek 1
	send_to -b 64K "$V4" >"$W/tx.json"
	finish rx
	on "$(rule NM-TOK-04)"
	recv_devmem -b 64K --peek 1
	send_to -b 64K "$V4" >"$W/tx.json" 2>&1 || :
	! wait "${pid[rx]}" || fail "looked twice"
	refused NM-TOK-04 1 95 PEEK receive_refused
	way NM-TOK-04 socket_recvmsg
	recv_devmem -b 64K
	send_to -b 64K "$V4" >"$W/tx.json"
	finish rx
}

test_lists() {
	on "$(rule NM-TOK-02)"
	recv_devmem -b 256K
	send_to -b 256K "$V4" >"$W/tx.json"
	finish rx
	recv_devmem -b 64K --unknown-token 1
	send_to -b 64K "$V4" >"$W/tx.json" 2>&1 || :
	wait "${pid[rx]}" || :
	refused NM-TOK-02 1 22 LIST_UNKNOWN return_refused
	way NM-TOK-02 cgroup/setsockopt
}

test_quota() {
	on "$(rule NM-TOK-01)" '{"limit":"tokens","count":8}'
	recv_devmem -b 256K --chunk 4K --batch 1
	send_to -b 256K "$V4" >"$W/tx.json"
	finish rx
	recv_devmem -b 256K --chunk 4K --keep-tokens 20
	send_to -b 256K "$V4" >"$W/tx.json" 2>&1 &
	defer stop $!
	! wait "${pid[rx]}" || fail "kept 20 tokens"
	refused NM-TOK-01 1 105 TOKENS receive_refused
	way NM-TOK-01 socket_recvmsg
}

# transmit OPTION...: sends of 4 KiB from a dma-buf
transmit() {
	start sink peer nma-traffic recv --host -b 64K -t "$TRAFFIC_S"
	start tx nma-traffic send --dmabuf -i nm0 -b 64K --chunk 4K -t "$TRAFFIC_S" "$@" \
		"$V4_PEER"
}

test_unread() {
	need_bind_tx
	transmit --ignore-completions 16 --hold 1
	finish tx
	on "$(rule NM-TX-02)" '{"limit":"unread-sends","count":8}'
	transmit --ignore-completions 16 --hold 1 -t 10	# ENOBUFS: it tries for so long
	! wait "${pid[tx]}" || fail "left 16 completions"
	status
	expect_json "$W/status.json" '.last[0] | .rule == "NM-TX-02" and .errno == 105 and
		.asked == 8'
	told '.event == "send_refused" and .rule == "NM-TX-02" and .errno_name == "ENOBUFS"'
	way NM-TX-02 socket_sendmsg
	off
	transmit --ignore-completions 16 --hold 1
	finish tx
}

test_outlives() {
	policy "$(rule NM-BIND-09)" '{"deny":"bind-rx"}'
	defer off
	netmem-audit enforce on --policy "$POLICY" >"$W/on.out" &
	wait $!
	refuse bind_rx
	[ "$(stat -c %a "$PINS")" = 700 ] || fail "mode of $PINS"
	refuse setpriv --reuid 65534 --clear-groups ls "$PINS"
	off
	[ ! -e "$PINS" ] || fail "$PINS is left"
	bind_rx
	off
	expect_text "$W/off.out" 'nothing was in force'
	expect 3 netmem-audit enforce status
}

# binds NAME PYTHON QUEUE: one after the other, until the end
binds() {
	exec "$2" "$(dirname -- "$0")/ask.py" --until="$W/end" bind-rx nm0 "$3" >"$W/$1.asked"
}

asked() { wc -l <"$W/$1.asked"; }

# asked_more NAME N: than that
asked_more() { [ "$(asked "$1")" -gt "$2" ]; }

# only NAME ANSWER: to all that it asked for
only() {
	[ "$(sort -u "$W/$1.asked")" = "$2" ] || fail "$1: $(sort "$W/$1.asked" | uniq -c)"
}

remove_group() { wait_for 5 rmdir "$GROUP"; }

# Policies that agree on who may: by the program, by the cgroup, and one of ten that takes
# programs in other places, too.
take_turns() {
	case $(($1 % 10)) in
	4)
		policy "$(rule NM-BIND-09)" '{"allow":"bind-rx","cgroup":"/nma-may"}' \
			"$(rule NM-BIND-07)" "$(rule NM-TOK-04)"
		;;
	*[13579]) policy "$(rule NM-BIND-09)" '{"allow":"bind-rx","cgroup":"/nma-may"}' ;;
	*) policy "$(rule NM-BIND-09)" "{\"allow\":\"bind-rx\",\"executable\":\"$2\"}" ;;
	esac
}

# reload MS TRY: one of three is killed, at some moment of what it takes
reload() {
	local status=0

	if [ $(($2 % 3)) != 0 ]; then
		enforce on >"$W/on.out"
		n=$((n + 1))
		return
	fi
	timeout -s KILL "$(printf '0.%03d' $((RANDOM % $1)))" netmem-audit enforce on \
		--policy "$POLICY" >/dev/null || status=$?
	case $status in
	0) n=$((n + 1)) ;;
	137) killed=$((killed + 1)) ;;
	*) fail "enforce on: $status" ;;
	esac
}

# Once
kill_audit() {
	[ -z "$audit_killed" ] || return 0
	wait_for 30 grep -qs '"type":"start"' "$W/audit.out"
	kill -KILL "${pid[audit]}"
	audit_killed=1
}

# Binds that may be, and binds by a copy of the same program that may not, while policies
# take turns, and who puts them into force is killed, as is an audit that looks on.
test_no_gap() {
	local n=0 tries=0 end ms own killed=0 begun audit_killed=

	own=$(readlink -f "$(command -v python3)")
	cp "$own" "$W/other"
	mkdir "$GROUP"
	defer remove_group
	background audit netmem-audit -j watch
	take_turns 0 "$own"
	defer off
	enforce on >"$W/on.out"
	ms=$(date +%s%3N)
	enforce on >"$W/on.out"
	ms=$(($(date +%s%3N) - ms))
	binds may "$own" "$Q" &
	pid[may]=$!
	echo "${pid[may]}" >"$GROUP/cgroup.procs"
	defer stop "${pid[may]}"
	binds may-not "$W/other" 2 &
	pid[may-not]=$!
	defer stop "${pid[may-not]}"
	wait_for 20 asked_more may 0
	wait_for 20 asked_more may-not 0
	begun="$(asked may) $(asked may-not)"
	end=$(amount 6 1000)
	# so often, and as long as it takes for enough of both
	until [ "$n" -ge "$end" ] && asked_more may $((${begun% *} + end / 4)) &&
		asked_more may-not $((${begun#* } + end)); do
		tries=$((tries + 1))
		take_turns "$tries" "$own"
		reload $((ms < 1000 ? ms : 1000)) "$tries"
		[ "$n" -lt $((end / 2)) ] || kill_audit
	done
	touch "$W/end"
	wait "${pid[may]}"
	wait "${pid[may-not]}"
	only may 'done'
	only may-not EPERM
	status
	expect_json "$W/status.json" ".generation >= $n and
		any(.rules[]; .rule == \"NM-BIND-09\" and .refused == $(asked may-not))"
	echo "# $n reloads, $killed killed; binds: $(asked may) done, $(asked may-not) refused" \
		>>"$W/rules"
}

UNIT=/usr/local/lib/systemd/system/netmem-audit-enforce.service

# unit_line KEY: what the unit says
unit_line() { sed -n "s/^$1=//p" "$UNIT"; }

# unit_runs KEY: that command, as a service manager would
unit_runs() {
	# shellcheck disable=SC2046 # words
	root_ns env -i -C / $(unit_line "$1")
}

# As "make install" leaves it, with the policy that comes with it
test_unit() {
	systemd-analyze verify --man=no "$UNIT" >"$W/verify" 2>&1
	[ ! -s "$W/verify" ] || fail "$(cat "$W/verify")"
	[ -e "$(unit_line ConditionPathExists)" ] || fail "no policy"
	ask unknown-token
	defer off
	unit_runs ExecStart
	refuse ask unknown-token
	unit_runs ExecReload
	refuse ask unknown-token
	status
	expect_json "$W/status.json" '.generation == 2 and .missing_links == 0 and
		.policy == "/etc/netmem-audit/policy"'
	unit_runs ExecStop
	[ ! -e "$PINS" ] || fail "$PINS is left"
	ask unknown-token
}

test_bad_input() {
	policy '{"rule":"NM-NO-1","mode":"enforce"}'
	expect 2 enforce on 2>"$W/err"
	expect_text "$W/err" ':2: unknown rule'
	[ ! -e "$PINS" ] || fail "something was pinned"
	policy "$(rule NM-BIND-05)"
	chmod 666 "$POLICY"
	expect 3 enforce on 2>"$W/err"
	expect_text "$W/err" 'others may write'
	chmod 600 "$POLICY"
	mkdir -m 700 "$PINS"
	defer off
	enforce on	# half there
	mkdir "$PINS/foreign"
	defer rmdir "$PINS/foreign"
	expect 3 enforce on 2>"$W/err"
	expect_text "$W/err" 'foreign.* is not of netmem-audit'
	rmdir "$PINS/foreign"
	enforce on &
	enforce on
	wait $!
	status
	expect_json "$W/status.json" '.generation == 3'
	enforce check
}

# state OFFSET BYTE...: so many of what "enforce on" has left about itself are changed
state() {
	local map=$PINS/map-nma_state bytes at=$1 byte

	shift
	mapfile -t bytes < <(bpftool -j map dump pinned "$map" | jq -r '.[0].value[]')
	for byte; do
		bytes[at]=$byte
		at=$((at + 1))
	done
	bpftool map update pinned "$map" key 0 0 0 0 value "${bytes[@]}"
}

# What another build has put into force stays in force, and is said.
test_another_build() {
	on "$(rule NM-BIND-09)" '{"deny":"bind-rx"}'
	status
	expect_json "$W/status.json" '.programs_differ == false'
	state 24 1 2 3 4 5 6 7 8	# the hash of its programs
	enforce on 2>"$W/err"
	expect_text "$W/err" 'of another build'
	status 2>"$W/err"
	expect_json "$W/status.json" '.programs_differ and .generation == 2'
	refuse bind_rx
	state 0 99 0 0 0		# the schema
	expect 3 enforce on 2>"$W/err"
	expect_text "$W/err" 'of another version.*enforce off first'
	expect 3 netmem-audit enforce status 2>"$W/err"
	expect_text "$W/err" 'of another version'
	refuse bind_rx
	off
	bind_rx
}

# gate NUMBER ERRNO: what the program in that gate of the driver answers
gate() { bpftool map update pinned "$GATES/refuse" key "$1" 0 0 0 value "$2" 0 0 0; }

# shut NUMBER TEXT COMMAND...: refused while it is shut, with that text, done when it is not
shut() {
	local gate=$1 text=$2

	shift 2
	gate "$gate" 13
	refuse "$@" 2>"$W/err"
	expect_text "$W/err" "$text|Permission denied"
	[ -z "$text" ] || expect_text "$W/err" "$text"
	gate "$gate" 0
	"$@"
}

test_gates() {
	local told='a program does not let'

	mkdir "$GATES"
	defer rm -r "$GATES"	# or they hold the module
	bpftool prog loadall "$BIN/gate.bpf.o" "$GATES" pinmaps "$GATES" autoattach
	bpftool prog loadall "$BIN/xdp.bpf.o" "$GATES/xdp"
	bind_rx
	shut 0 '' bind_rx
	shut 1 "$(! kernel_keeps_split || echo "$told queue $Q have a memory provider")" bind_rx
	defer ip link set nm0 xdpdrv off
	shut 2 "$told this XDP program" ip link set nm0 xdpdrv pinned "$GATES/xdp/pass_frags"
	ip link set nm0 xdpdrv off
	shut 3 "$told the rings" ethtool -G nm0 rx 256
	ethtool -G nm0 rx 512
	way nmnic fmod_ret:pool,queue,xdp,rings
}

# Beforehand, of a command, and of a recording of it
test_explained() {
	on "$(rule NM-BIND-09)" '{"deny":"bind-rx"}'
	expect 1 netmem-audit -j explain-bind -i nm0 -q "$Q" >"$W/before.json"
	expect_json "$W/before.json" '.devmem.causes[0] | .cause == "policy" and
		(.explanation | contains("NM-BIND-09"))'
	expect 1 netmem-audit record -o "$W/run.nmr" -- nma-traffic bind -i nm0 -q "$Q" -n 1
	expect 1 netmem-audit -j explain-bind --from "$W/run.nmr" >"$W/run.json"
	expect_json "$W/run.json" '.refusals | length == 1 and (.[0] |
		.cause == "policy" and .rule == "NM-BIND-09" and .comm == "nma-traffic" and
		.ifname == "nm0" and (.explanation | startswith("refused by netmem-audit")))'
}

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
nm_setup
background watch netmem-audit -j watch
wait_for 30 started || bail_out "watch: no start"
run_tests test_who_may_bind test_each_way test_audit_lets_through test_how_much test_other_ports \
	test_bind_tx test_zcrx test_split_needed test_split_stays test_af_xdp test_steered test_ragged \
	test_spread \
	test_peek test_lists test_quota test_unread test_outlives test_no_gap test_unit \
	test_bad_input \
	test_another_build test_gates test_explained test_end_of_watch
