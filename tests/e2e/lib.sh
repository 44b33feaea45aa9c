# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash
#
# What the end-to-end tests share.  A test is a script tests/e2e/NN-name.sh that
# sources this first, defines functions test_*, and ends with "run_tests
# test_a test_b ...".  It runs as root in a VM of the lab (tests/lab/vm), in a
# network namespace of its own:
#
#     netns nma-NAME (the script)            netns nma-NAME-peer ("peer CMD")
#   +-----------------------------+        +-----------------------------+
#   |  nm0  192.0.2.1/24          |  wire  |  nm1  192.0.2.2/24          |
#   |       2001:db8::1/64        |========|       2001:db8::2/64        |
#   |  queues 0-2  RSS            |        |                             |
#   |  queue 3     steered flows  |        |                             |
#   +-----------------------------+        +-----------------------------+
#
# Comments a runner reads from the head of a test:
#   # limit: SECONDS      time limit of the whole script (60)
#   # cpus: 4             on four processors (default: two); one is for tests that
#                         count frames or pools at once, before what another
#                         processor has freed is back
#   # kernels: old        runs on kernels without netmem, and only there
#   # nics: LIST          in a VM with these network cards
#   # append: WORDS       in a VM with these words on the kernel's command line
#
# Environment: NMA_FULL=1 does more of what is done often, or with many bytes
# (amount); V=1 shows the output of every test; DEBUG_TESTENV=1 gives a shell where
# the tests would run, after what the script does before run_tests.

# One sub-test fails by its first failing command ("set -e"), by "fail WHY", or
# because the kernel complained meanwhile; "skip WHY" skips it.

# shellcheck source=tests/lab/console.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lab/console.sh"

test_name=$(basename -- "$0" .sh)
test_name=${test_name#[0-9][0-9]-}
ns=nma-$test_name
peer_ns=$ns-peer
W=/tmp/$ns			# scratch directory of this test
BIN=$(dirname -- "${BASH_SOURCE[0]}")/../../build/bin

V4=192.0.2.1 V4_PEER=192.0.2.2
V6=2001:db8::1 V6_PEER=2001:db8::2
Q=3				# the queue that tests bind
PORT=9000			# flows to it are steered to $Q
# Of a stream that leaves others their turn: softirqs go before what the test does,
# the more so on a kernel that is slow over each packet.
RATE=$((20480 / (${NMA_SLOW:-1} * ${NMA_SLOW:-1} * ${NMA_SLOW:-1})))K

# ---- namespaces: the half of the script that cleans up after the other -------

remove_traces() {
	local name

	for name in "$ns" "$peer_ns"; do
		[ -e "/run/netns/$name" ] || continue
		ip netns pids "$name" | xargs -r kill -9
		# orphaned sockets, and with them buffers, would outlive it by a minute
		nsenter --net="/run/netns/$name" ss -aK >/dev/null 2>&1
		ip netns del "$name"
	done
	wait_for 5 module_unused
	rmmod nmnic 2>/dev/null
	rm -rf "$W"
}

module_unused() {
	[ ! -e /sys/module/nmnic ] || [ "$(cat /sys/module/nmnic/refcnt)" = 0 ]
}

run_in_namespace() {
	local status

	trap : INT TERM		# the inner half dies of them, then we clean up
	remove_traces
	mkdir -p "$W"
	ip netns add "$ns"
	ip netns add "$peer_ns"
	ip -n "$ns" link set lo up
	ip -n "$peer_ns" link set lo up
	NMA_TEST_INSIDE=$ns nsenter --net="/run/netns/$ns" bash "$0" "$@"
	status=$?
	remove_traces
	exit $status
}

# With EXEC=exec they replace the subshell, so that $! is the command's own.
peer() { ${EXEC:-} nsenter --net="/run/netns/$peer_ns" "$@"; }
root_ns() { ${EXEC:-} nsenter --target 1 --net "$@"; }

# A jq filter of a finding that is no fault: buffers freed for a processor that has not
# received since. With more than one there are such, now and then.
# shellcheck disable=SC2034 # by the scripts
AT_REST='(.rule == "NM-PP-06" and .severity == "info")'

# ---- outcome of a sub-test ---------------------------------------------------

fail() {
	printf 'FAILED: %s\n' "$*"
	exit 1
}

skip() {
	printf '%s\n' "$*" >"$W/skip"
	exit 4
}

# expect STATUS COMMAND...
expect() {
	local want=$1 got=0

	shift
	"$@" || got=$?
	[ "$got" = "$want" ] || fail "exit status $got, not $want: $*"
}

# refuse COMMAND...: it fails, with whatever exit status
refuse() {
	! "$@" || fail "was not refused: $*"
}

# expect_json FILE FILTER: the jq filter yields true for the document
expect_json() {
	jq -e "$2" "$1" >"$W/jq" 2>&1 && return
	cat "$W/jq" "$1"
	fail "not so in $1: $2"
}

# expect_text FILE REGEX
expect_text() {
	grep -Eq -- "$2" "$1" && return
	cat "$1"
	fail "$1 does not say: $2"
}

# wait_for SECONDS COMMAND...: until it succeeds. The seconds are those of an
# idle machine; emulated on one that has other work, the guest's clock runs on
# while its processors wait for their turn: so PATIENCE times as long, and
# NMA_SLOW times that on a kernel that is slow itself.
# Whoever looks all the time takes the processor from what it waits for.
PATIENCE=4
wait_for() {
	local end=$((SECONDS + ${NMA_SLOW:-1} * PATIENCE * $1 + 1)) nap=0.02

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep $nap
		nap=0.1
	done
}

# amount FEW MANY: of what is done again and again, or how many bytes. Few make
# "make test" quick; many are what the figures in the documents were taken with
# (FULL=1).
amount() {
	[ -z "${NMA_FULL:-}" ] || shift
	printf '%s\n' "$1"
}

# defer COMMAND...: undo that runs, last first, when the (sub-)test ends
deferred=()
defer() { deferred+=("$(printf '%q ' "$@")"); }

undo() {
	local i

	for ((i = ${#deferred[@]} - 1; i >= 0; i--)); do
		eval "${deferred[i]}" || echo "undo failed: ${deferred[i]}"
	done
	deferred=()
}

# rule_seen RULE caught|enforced|unobservable [WHY]: this sub-test has proved that
# the running kernel shows a violation of the rule to us, or refuses it itself, or
# can do neither (then WHY). The runner makes a table of it (tests/rules.awk);
# it counts only if the sub-test passes.
rule_seen() {
	case $2${3:+-why} in
	caught | enforced | unobservable-why) ;;
	*) fail "rule_seen: not a result: $*" ;;
	esac
	printf '# rule %s %s%s\n' "$1" "$2" "${3:+ $3}" >>"$W/rules"
	[ "$2" != caught ] || keep_finding "$1"
}

# keep_finding RULE: the last finding of that rule in what this script has in
# $W/*.json and $W/*.out now, as an example for docs/RULES.md. rule_seen does it,
# too, but by then the output may be that of the clean twin.
keep_finding() {
	local dir finding

	dir=$(dirname -- "$0")/../../build/findings/$(uname -r)
	# there need not be both kinds of files
	finding=$({ cat "$W"/*.json "$W"/*.out 2>/dev/null || true; } |
		jq -Rc --arg rule "$1" 'fromjson? | ., .findings[]? |
			select(.type? == "finding" and .rule == $rule)' |
		tail -n 1)
	[ -n "$finding" ] || return 0
	mkdir -p "$dir"
	printf '%s\n' "$finding" >"$dir/$1.json"
}

# ---- the kernel log ----------------------------------------------------------

log_lines() { dmesg | wc -l; }

# log_since LINES: what came after log_lines said LINES
log_since() { dmesg | tail -n "+$(($1 + 1))"; }

# expect_log RE: the sub-test makes the kernel complain in this way. The lab, which
# looks at the console, is told to expect it until the sub-test ends.
expect_log() {
	echo "$1" >>"$W/expected"
	console_expects "$(expected_log)"
}

expect_log_no_more() { [ ! -s "$W/expected" ] || console_expects; }

# A pattern of what it may complain of
expected_log() { { echo "${ALLOW:-}"; cat "$W/expected"; } | sed '/^$/d' | paste -s -d '|'; }

# ---- running and reporting (KTAP) --------------------------------------------

run_one() (
	set -Eeuo pipefail
	deferred=()
	trap undo EXIT
	# not to stdout: the trap also runs in command substitutions
	trap 'echo "line $LINENO: \"$BASH_COMMAND\" failed" >&2' ERR
	"$1"
)

report() {
	local number=$1 name=$2 status=$3

	case $status in
	0)
		echo "ok $number $name"
		[ ! -s "$W/rules" ] || cat "$W/rules"
		;;
	4) echo "ok $number $name # SKIP $(cat "$W/skip")" ;;
	*) echo "not ok $number $name" ;;
	esac
	case $status${V:-} in
	0 | 4) ;;
	*) sed 's/^/# /' "$W/log" ;;
	esac
}

# Since the last time; adds to $lines what is new, and to the log what it is.
kernel_complained() {
	local new=()

	dmesg >"$W/dmesg.all"
	mapfile -s "$lines" -t new <"$W/dmesg.all"
	lines=$((lines + ${#new[@]}))
	[ ${#new[@]} -gt 0 ] || return
	printf '%s\n' "${new[@]}" >"$W/dmesg"
	[ -n "$(console_complaints "$(expected_log)" "$W/dmesg")" ] || return
	echo "the kernel complained:" >>"$W/log"
	cat "$W/dmesg" >>"$W/log"
}

# Sub-tests that whatever was sourced wants at the end
last_tests=()

run_tests() {
	local number=0 failed=0 skipped=0 fn name status start lines

	set -- "$@" "${last_tests[@]}"
	lines=$(log_lines)
	if [ -n "${DEBUG_TESTENV:-}" ]; then
		echo "# netns $ns; the peer's: peer_ns=$peer_ns; scratch $W"
		bash -i
		exit
	fi
	echo "KTAP version 1"
	echo "1..$#"
	for fn; do
		number=$((number + 1))
		name=${fn#test_}
		start=$SECONDS
		: >"$W/rules"
		: >"$W/expected"
		run_one "$fn" >"$W/log" 2>&1
		status=$?
		expect_log_no_more
		! kernel_complained || status=1
		[ $status = 0 ] || [ $status = 4 ] || failed=$((failed + 1))
		[ $status != 4 ] || skipped=$((skipped + 1))
		report $number "${name//_/-}" $status
		[ $((SECONDS - start)) -lt 5 ] || echo "# $((SECONDS - start)) s"
	done
	undo
	[ $failed = 0 ] || exit 1
	[ $skipped -lt $# ] || exit 4
	exit 0
}

# For what a script needs before its first sub-test.
skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

bail_out() {
	echo "# $*"
	exit 1
}

# ---- nmnic -------------------------------------------------------------------

# A kernel that we have headers for must have the module.
need_nmnic() {
	modinfo nmnic >/dev/null 2>&1 && return
	[ -e "/lib/modules/$(uname -r)/build" ] ||
		skip_all "no headers to build nmnic for $(uname -r)"
	bail_out "no module nmnic for $(uname -r)"
}

has_link() { root_ns ip link show "$1"; }

# nm0 here, nm1 at the peer
nm_load() {
	# shellcheck disable=SC2086 # "pairs=2 ..."
	root_ns modprobe nmnic ${NM_PARAMS:-}
	wait_for 5 has_link nm1
	root_ns ip link set nm0 netns "$ns"
	root_ns ip link set nm1 netns "$peer_ns"
}

nm_unload() { rmmod nmnic; }

carrier_up() { ip link show "$1" | grep -q LOWER_UP; }

# For the peer's frames. The core notices that a carrier is back some time later; what is
# sent until then, it drops, and send() says that all is well.
link_stands() { peer ip link show nm1 | grep -q 'LOWER_UP.* state UP '; }

# Nobody asks for routers, for as long as there is none, while something is counted.
nm_address() {
	sysctl -qw net.ipv6.conf.nm0.router_solicitations=0
	peer sysctl -qw net.ipv6.conf.nm1.router_solicitations=0
	ip addr add $V4/24 dev nm0
	ip addr add $V6/64 dev nm0 nodad
	peer ip addr add $V4_PEER/24 dev nm1
	peer ip addr add $V6_PEER/64 dev nm1 nodad
}

nm_up() {
	ip link set nm0 up
	peer ip link set nm1 up
	wait_for 5 carrier_up nm0
}

split() { ethtool -G nm0 tcp-data-split "$1"; }

# steer PORT QUEUE: TCP flows to that port of nm0, IPv4 and IPv6
steer() {
	ethtool -N nm0 flow-type tcp4 dst-ip "$V4" dst-port "$1" action "$2"
	ethtool -N nm0 flow-type tcp6 dst-ip "$V6" dst-port "$1" action "$2"
}

# What every devmem test begins with: $Q has the steered flows and no others.
nm_setup() {
	need_nmnic
	(
		set -e
		nm_load
		nm_address
		nm_up
		split on
		ethtool -X nm0 equal "$Q"
		steer "$PORT" "$Q"
	) >"$W/setup" 2>&1 && return
	sed 's/^/# /' "$W/setup"
	bail_out "set-up failed"
}

# Each end knows the other's address until its port goes down: nobody asks for one
# while something is counted, seconds after the last packet.
know_neighbours() {
	local here there address

	here=$(ip -br link show nm0 | awk '{ print $3 }')
	there=$(peer ip -br link show nm1 | awk '{ print $3 }')
	for address in "$V4_PEER" "$V6_PEER"; do
		ip neigh replace "$address" dev nm0 lladdr "$there" nud permanent
	done
	for address in "$V4" "$V6"; do
		peer ip neigh replace "$address" dev nm1 lladdr "$here" nud permanent
	done
}

# Opens the port anew: all pools are created again.
reopen() {
	ip link set nm0 down
	ip link set nm0 up
	wait_for 5 carrier_up nm0
}

# ---- the fault panel of nm0 --------------------------------------------------

PANEL=/sys/kernel/debug/nmnic/nm0/fault

fault() { echo "$2" >"$PANEL/$1"; }
# fault_is NAME ARMED FIRED
fault_is() { [ "$(cat "$PANEL/$1")" = "armed=$2 fired=$3" ]; }

# ---- XDP ---------------------------------------------------------------------

# xdp_attach IF xdp|xdpgeneric: a program that passes everything
xdp_attach() {
	ip link set "$1" "$2" obj "$BIN/xdp-pass.bpf.o" sec xdp
}

# ---- traffic -----------------------------------------------------------------

alive() { kill -0 "$1" 2>/dev/null; }

# reached FILE WORD PID: the word is there, or the process is gone
reached() { grep -qsx "$2" "$1" || ! alive "$3"; }

# It may end by itself at the same moment, so kill may find nobody.
stop() {
	kill "$1" 2>/dev/null || true
	wait "$1" || true
}

# start NAME COMMAND...: in the background, with output in $W/NAME.json and
# .err, until its --ready file says so.  Sets pid[NAME].
declare -A pid
start() {
	local name=$1

	shift
	rm -f "$W/$name".*
	EXEC="exec" "$@" --ready "$W/$name.ready" >"$W/$name.json" 2>"$W/$name.err" &
	pid[$name]=$!
	defer stop "${pid[$name]}"
	wait_for 20 reached "$W/$name.ready" ready "${pid[$name]}"
	grep -qsx ready "$W/$name.ready" && return
	cat "$W/$name.err"
	fail "$name: not ready: $*"
}

# finish NAME [STATUS]: waits for its end; the document is in $W/NAME.json
finish() {
	local status=0

	wait "${pid[$1]}" || status=$?
	[ "$status" = "${2:-0}" ] && return
	cat "$W/$1.err" "$W/$1.json"
	fail "$1: exit status $status, not ${2:-0}"
}

# held NAME: waits until it sits on its tokens
held() {
	wait_for 30 reached "$W/$1.ready" held "${pid[$1]}"
	grep -qsx held "$W/$1.ready" || fail "$1 ended early"
}

# How long they wait for each other: a port that was down for a while has taught TCP
# to wait long.
TRAFFIC_S=$((30 * ${NMA_SLOW:-1}))

recv_devmem() {
	start rx nma-traffic recv -i nm0 -q "$Q" -p "$PORT" -t $TRAFFIC_S "$@"
}

connected() { ss -tnH state established sport = ":$PORT" | grep -q .; }

# More than what fits into a socket that nobody reads has come: TCP does not survive the
# loss of its first window.
app_reads() {
	ss -tinH state established sport = ":$PORT" |
		awk -v RS='[ \n]' -F: '$1 == "bytes_received" { n += $2 }
			END { exit n < 1000000 }'
}

# That, and more than a full window is on its way or waits to be read.
devmem_flows() {
	app_reads && pools_are '[.pools[] | select(has("dmabuf_id")) | .inflight] |
		add > 600'
}

# kernel_has ROLE OPTION...: nma-traffic does not say that the kernel lacks it; the
# options are such that it goes no further.
kernel_has() {
	local status=0

	nma-traffic "$@" >"$W/lacks" 2>&1 || status=$?
	[ "$status" != 4 ]
}

has_bind_tx() { kernel_has send --dmabuf -i lo 127.0.0.1; }
has_zcrx() { kernel_has zcrx -i no-such-if -q 0; }
need_bind_tx() { has_bind_tx || skip "no bind-tx in $(uname -r)"; }
need_zcrx() { has_zcrx || skip "$(jq -rR 'fromjson? | .error.message' "$W/lacks")"; }

recv_host() { start host nma-traffic recv --host -t $TRAFFIC_S "$@"; }
send_to() { peer nma-traffic send -t $TRAFFIC_S "$@"; }

# background NAME COMMAND...: until stopped, output in $W/NAME.out and .err. What the
# last of that name said is gone before anybody looks for what this one says.
background() {
	local name=$1

	shift
	rm -f "$W/$name.out" "$W/$name.err"
	EXEC="exec" "$@" >"$W/$name.out" 2>"$W/$name.err" &
	pid[$name]=$!
	defer stop "${pid[$name]}"
}

# ---- page pools, as the kernel lists them ------------------------------------

pools() { nma-traffic pools "$@"; }

pools_are() { pools -i nm0 >"$W/pools.json" && jq -e "$1" "$W/pools.json"; }

# A CPU keeps packets that another one has freed for it until it next receives
# something: make it.
flush_deferred_skbs() {
	local cpu

	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		taskset -c $cpu ping -q -c 1 127.0.0.1 >/dev/null
	done
}

# no_pool_left: nothing bound, nothing detached that still waits for buffers
no_pool_left() {
	local where

	flush_deferred_skbs
	for where in '' root_ns peer; do
		$where nma-traffic pools >"$W/pools.json"
		jq -e 'all(.pools[]; (has("dmabuf_id") or
			has("detach_time_s")) | not)' "$W/pools.json" || return
	done
}

expect_no_leak() {
	wait_for 10 no_pool_left && return
	cat "$W/pools.json"
	fail "page pools that should be gone"
}

# ---- a stream that lasts as long as what happens to it ------------------------

# All of it, however much it was
rx_right() {
	finish rx
	expect_json "$W/rx.json" ".bytes > 0 and .dmabuf_bytes == .bytes and
		.verify_errors == 0 and .tokens_outstanding == 0"
	expect_no_leak
}

# For as long as it takes, and not so fast that nothing else gets on.
# stream_begins [OPTION...]: of the receiver
stream_begins() {
	recv_devmem -b 0 "$@"
	background tx send_to -b 0 -r "${rate:-$RATE}" "$V4"
	wait_for 20 connected
}

stream_ends() {
	alive "${pid[tx]}" || fail "the sender has given up"
	stop "${pid[tx]}"
	rx_right
}

# An AF_XDP socket leaves its queue some time after its end.
no_xsk() {
	netmem-audit -j show queues -i nm0 >"$W/xsk.json" &&
		jq -e 'all(.queues[]; has("af_xdp_mode") | not)' "$W/xsk.json"
}

# lose_netmems COUNT: what the driver loses is of packets that nobody sends again, for TCP
# waits longer after each loss. An application has the queue of $PORT meanwhile.
lose_netmems() {
	fault leak_netmem "$1"
	background strays peer "$(dirname -- "$0")/strays.py" "$V4" "$PORT"
	wait_for 20 grep -q armed=0 "$PANEL/leak_netmem" ||
		fail "$(cat "$PANEL/leak_netmem") $(cat "$W/strays.err")"
	stop "${pid[strays]}"
}

bound_pools() { pools_are "[.pools[] | select(has(\"dmabuf_id\") and
	(has(\"detach_time_s\") | not))] | length == $1"; }

[ "${NMA_TEST_INSIDE:-}" = "$ns" ] || run_in_namespace "$@"
