#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 340
#
# netmem-audit check: silent on what is right, and for each fault of the panel
# a finding that names rule, port, queue and pool.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"

# strict: most faults are provoked on a port that nobody has bound
check() { netmem-audit -j check --strict -i nm0 "$@" >"$W/check.json"; }
lenient() { netmem-audit -j check -i nm0 "$@" >"$W/check.json"; }

expect_clean() {
	local status=0

	check --settle 1 || status=$?
	expect_json "$W/check.json" ".schema == 1 and has(\"lost\") and
		.result == \"holds\" and all(.findings[]; $AT_REST)"
	[ "$status" = 0 ]
}

# expect_finding RULE [FILTER]: there is such a finding, and check fails. What a
# pool identifier means can be looked up in the kernel's own list.
expect_finding() {
	local filter=${2:-true} status=0

	check --settle 1 || status=$?
	[ "$status" = 1 ] || { cat "$W/check.json"; fail "exit status $status of check, not 1"; }
	pools -i nm0 >"$W/pools.json"
	expect_json "$W/check.json" "[.findings[] | select(.rule == \"$1\" and
		.ifname == \"nm0\") | select($filter)] | length > 0"
	expect_json "$W/check.json" "[.findings[] |
		select($AT_REST | not) | .rule] | unique == [\"$1\"]"
	keep_finding "$1"
}

# By pool_id, or among the evidence when it is about all pools of a queue.
expect_pool_known() {
	jq -s -e '(.[1].pools | map(.id)) as $known | [.[0].findings[] |
		.pool_id, .evidence.pool_ids[]? | values] |
		length > 0 and all(.[]; . as $id | $known | index($id) != null)' \
		"$W/check.json" "$W/pools.json" >/dev/null && return
	cat "$W/check.json" "$W/pools.json"
	fail "a finding without a pool that exists"
}

# disarm FAULT: leaves no pool that was created under it
disarm() {
	fault "$1" 0
	split on
	reopen
}

bound() { start bound nma-traffic bind -i nm0 -q "$Q" -s 16M; }

test_healthy_unbound() { expect_clean; }

test_healthy_bound() {
	bound
	expect_clean
}

# The dma-buf has room for more than the socket may keep (tcp_rmem): a reader that waits
# for a processor does not let it run dry.
test_healthy_with_traffic() {
	recv_devmem -s 48M -b 0
	background tx send_to -b 0 -r "$RATE" "$V4"
	wait_for 10 connected
	expect_clean
	stop "${pid[tx]}"
	finish rx
	expect_json "$W/rx.json" '.verify_errors == 0 and .linear_bytes == 0'
}

test_fault_pp_flags() {
	defer disarm pp_flags
	fault pp_flags 1
	reopen
	expect_finding NM-POOL-01 'has("queue")'
	expect_pool_known
	# the same for people
	expect 1 netmem-audit check --strict -i nm0 >"$W/check.txt"
	expect_text "$W/check.txt" 'NM-POOL-01.*nm0'
	expect_text "$W/check.txt" '-> .*'
	expect_text "$W/check.txt" 'netmem-audit rules NM-POOL-01'
	fault pp_flags 0
	reopen
	expect_clean
	rule_seen NM-POOL-01 caught
}

# Harmless until somebody binds: information, then a warning, and an error for the
# pool that the kernel refuses; the old one is not taken for it.
test_latent_until_a_bind() {
	local status=0

	defer disarm pp_flags
	fault pp_flags -1
	reopen
	expect 0 lenient --settle 1
	expect_json "$W/check.json" '.result == "holds" and .infos >= 1 and
		.errors + .warnings == 0 and .findings == []'
	expect 0 netmem-audit -j check -v -i nm0 >"$W/check.json"
	expect_json "$W/check.json" 'any(.findings[]; .rule == "NM-POOL-01" and
		.severity == "info" and .latent)'
	background audit netmem-audit -j watch -i nm0
	wait_for 30 audits
	refuse nma-traffic bind -i nm0 -q "$Q" -n 1
	wait_for 10 warned
	kill -INT "${pid[audit]}"
	wait "${pid[audit]}" || status=$?
	[ "$status" = 1 ]
	jq -s 'map(select(.rule == "NM-POOL-01" and .severity == "error"))' \
		"$W/audit.out" >"$W/errors"
	expect_json "$W/errors" "length == 1 and .[0].queue == $Q and
		(.[0] | has(\"pool_id\") | not)"
	jq -s . "$W/audit.out" >"$W/all"
	expect_json "$W/all" 'any(.[]; .rule == "NM-POOL-01" and
		.severity == "warn" and .latent)'
}

audits() { grep -qs '"type":"start"' "$W/audit.out"; }
warned() { jq -se 'any(.[]; .severity == "warn")' "$W/audit.out"; }

test_fault_always_unreadable() {
	defer disarm always_unreadable
	fault always_unreadable 1
	split off
	expect_finding NM-POOL-02 'has("queue")'
	expect_pool_known
	fault always_unreadable 0
	split on
	expect_clean
	rule_seen NM-POOL-02 caught
}

test_fault_hdr_pool_unreadable() {
	defer disarm hdr_pool_unreadable
	fault hdr_pool_unreadable 1
	bound
	expect_finding NM-POOL-03 ".queue == $Q"
	expect_pool_known
	stop "${pid[bound]}"
	fault hdr_pool_unreadable 0
	expect_no_leak
	bound
	expect_clean
	rule_seen NM-POOL-03 caught
}

# At bind the kernel looks itself; when the port opens again nobody does.
test_fault_ignore_provider() {
	defer disarm ignore_provider
	bound
	fault ignore_provider -1
	reopen
	expect_finding NM-BIND-01 ".queue == $Q"
	expect_pool_known
	fault ignore_provider 0
	reopen
	expect_clean
	rule_seen NM-BIND-01 caught
}

test_fault_leak_netmem() {
	defer fault leak_netmem 0
	recv_devmem -b 0
	lose_netmems 23
	stop "${pid[rx]}"
	expect_finding NM-PP-06 'has("queue")'
	expect_pool_known
	fault leak_netmem 0
	expect_no_leak
	expect_clean
	rule_seen NM-PP-06 caught
}

# Readable memory only: the core does not take another pool without a name.
test_fault_nameless_pool() {
	defer disarm nameless_pool
	split off
	fault nameless_pool -1
	reopen
	expect_finding NM-DRV-01
	netmem-audit -j show pools -i nm0 >"$W/show.json"	# by their NAPI
	expect_json "$W/show.json" '.pools | length > 0 and all(.ifname == "nm0")'
	fault nameless_pool 0
	reopen
	expect_clean
	rule_seen NM-DRV-01 caught
}

# From v6.14 on the core keeps the setting, and refuses.
test_bound_without_split() {
	defer disarm always_unreadable
	split off
	fault always_unreadable -1
	reopen
	if nma-traffic bind -i nm0 -q "$Q" -s 1M -n 1 2>"$W/bind.err"; then
		bound
		expect 1 check --settle 1
		expect_json "$W/check.json" "any(.findings[]; .queue == $Q and
			.rule == \"NM-BIND-02\")"
		stop "${pid[bound]}"
		rule_seen NM-BIND-02 caught
	else
		expect_text "$W/bind.err" 'tcp-data-split'
		rule_seen NM-BIND-02 enforced
	fi
	disarm always_unreadable
	bound
	expect_clean
}

test_xdp_above_a_bound_port() {
	ip link add link nm0 name nm0.7 type vlan id 7
	defer ip link del nm0.7
	ip link set nm0.7 up
	bound
	expect_clean
	xdp_attach nm0.7 xdpgeneric
	expect 1 netmem-audit -j check >"$W/check.json"
	expect_json "$W/check.json" '[.findings[] |
		select(.rule == "NM-BIND-04")] | length == 1'
	keep_finding NM-BIND-04
	ip link set nm0.7 xdpgeneric off
	expect_clean
	rule_seen NM-BIND-04 caught
}

# A VLAN on a bond, of which nm0 is the second port. Others of the bond are free.
test_xdp_above_a_bond() {
	if ! root_ns modprobe bonding || ! root_ns modprobe dummy; then
		skip "no bonding"
	fi
	ip link add dum7 type dummy
	defer ip link del dum7
	ip link add bond7 type bond mode active-backup
	defer reopen
	defer ip link del bond7
	ip link set dum7 master bond7
	ip link set nm0 down
	ip link set nm0 master bond7
	ip link add link bond7 name bond7.7 type vlan id 7
	ip link set bond7 up
	ip link set bond7.7 up
	bound
	expect_clean
	xdp_attach dum7 xdpgeneric
	expect_clean
	xdp_attach bond7.7 xdpgeneric
	expect 1 netmem-audit -j check >"$W/check.json"
	expect_json "$W/check.json" '[.findings[] | select(.rule == "NM-BIND-04" and
		.ifname == "bond7.7" and .evidence.lower_ifname == "nm0")] | length == 1'
	expect_json "$W/check.json" '.findings | length == 1'
	ip link set bond7.7 xdpgeneric off
	expect_clean
	xdp_attach bond7.7 xdpgeneric
	ip link set nm0 nomaster	# no longer below
	expect 0 netmem-audit -j check >"$W/check.json"
	stop "${pid[bound]}"
}

# Tokens taken before the tool started: their number from the kernel, their
# holder from who has the socket open.
test_holder_of_old_tokens() {
	recv_devmem --keep-tokens 23 -b 1M
	send_to -b 1M "$V4"
	held rx
	expect 0 netmem-audit -j show tokens >"$W/show.json"
	expect_json "$W/show.json" ".tokens | length == 1 and
		.[0].tokens_outstanding == 23 and .[0].pid == ${pid[rx]} and
		.[0].comm == \"nma-traffic\" and .[0].local == \"$V4:$PORT\""
	stop "${pid[rx]}"
	expect 0 netmem-audit -j show tokens >"$W/show.json"
	expect_json "$W/show.json" '.tokens == []'
}

test_only_named_ports_are_judged() {
	defer disarm pp_flags
	fault pp_flags 1
	reopen
	expect 1 netmem-audit -j check --strict -i nm0 >"$W/check.json"
	expect 0 netmem-audit -j check --strict -i lo >"$W/check.json"
}

# A fault that is known, and one that is waived, until the waiver expires.
test_baseline_and_waiver() {
	defer disarm pp_flags
	fault pp_flags 1
	reopen
	expect 0 check --save "$W/base"
	expect_json "$W/check.json" '.warnings == 1 and (.findings | length) == 1'
	expect 0 check --baseline "$W/base"
	expect_json "$W/check.json" '.known == 1 and .mended == 0 and
		.findings[0].known'
	reopen		# other pools, without the fault
	expect 0 check --baseline "$W/base"
	expect_json "$W/check.json" '.known == 0 and .mended == 1'
	fault pp_flags 2
	reopen
	expect 1 check --baseline "$W/base"	# one of two is new
	expect_json "$W/check.json" '.known <= 1 and .warnings >= 1'
	waive 2999-12-31
	expect 0 check --waive "$W/waivers"
	expect_json "$W/check.json" '.waived == 2 and .waivers[0].used == 2'
	waive 2020-01-01
	expect 1 check --waive "$W/waivers"
	expect_json "$W/check.json" '.waived == 0 and
		all(.findings[]; has("waiver_expired"))'
	head -c 100 "$W/base" >"$W/cut"
	expect 2 netmem-audit check --baseline "$W/cut" 2>"$W/check.err"
	expect_text "$W/check.err" '/cut:2: '
}

progs_are() { [ "$(bpftool -j prog list | jq length)" = "$1" ]; }
progs=$(bpftool -j prog list | jq length)	# nothing of ours

settings() {
	ethtool -g nm0
	ethtool -l nm0
	pools -i nm0 | jq -c '[.pools[] | {id, dmabuf_id}]'
}

# What this kernel and this driver must refuse, they refuse; AF_XDP in copy mode is
# what no kernel refuses, which is not held against the driver, and it is gone again.
# Port and binding are as before.
test_probe() {
	local before

	bound
	before=$(settings)
	expect 0 lenient --probe
	expect_json "$W/check.json" '.result == "holds" and
		[.findings[] | .rule, .severity, .kernel_gap] ==
		["NM-BIND-05", "info", true]'
	wait_for 10 no_xsk
	expect 1 check --probe
	expect_json "$W/check.json" '[.findings[] | .rule] == ["NM-BIND-05"] and
		[.probes[] | select(.outcome == "allowed, undone") | .probe] ==
		["xsk_copy"]'
	expect_json "$W/check.json" '[.probes[] | select(.probe | test(
		"xdp_driver|xdp_generic|bind_again|split_off|channels|zerocopy"))] |
		length >= 7 and all(.[]; .outcome == "refused")'
	[ "$(settings)" = "$before" ]
	wait_for 5 progs_are "$progs" || fail "BPF programs are left"
	wait_for 10 no_xsk
	expect 0 check
}

# On a port without a binding there is little to refuse, on others nothing is
# tried.
test_probe_leaves_others_alone() {
	expect 5 check --probe
	expect_json "$W/check.json" '.result == "incomplete" and
		(.coverage.blind[0].reason | test("no queue is bound")) and
		(.probes | length == 1 and .[0].outcome == "not tried")'
	expect 2 netmem-audit check --probe 2>"$W/check.err"
}

# waive DAY: POOL-01 of this driver
waive() {
	{
		echo '{"schema":1,"type":"waivers"}'
		printf '{"rule":"NM-POOL-01","driver":"nmnic","reason":"a test",'
		printf '"expires":"%s"}\n' "$1"
	} >"$W/waivers"
}

# Not "holds" because nobody asked: what was judged stands beside it.
test_coverage() {
	expect_clean
	expect_json "$W/check.json" '(.coverage | .rules == (.judged | length) +
		(.no_occasion | length) + (.unavailable | length)) and
		(.coverage.no_occasion | any(.[]; .rule == "NM-BIND-01")) and
		(.coverage.judged | index("NM-POOL-02")) and
		(.host | length > 0) and .architecture == "x86_64"'
	bound
	expect_clean
	expect_json "$W/check.json" '.coverage.judged | index("NM-BIND-01")'
}

unprivileged() {
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		--bounding-set=-all --inh-caps=-all "$@"
}

# with_caps "CAP..." COMMAND...: as root, with no other capability
with_caps() {
	local caps

	# shellcheck disable=SC2086 # words
	caps=-all$(printf ',+%s' $1)
	shift
	setpriv --bounding-set="$caps" --inh-caps="$caps" "$@"
}

# Each that is missing is named, and is what it takes to look.
test_one_capability_less() {
	local all='bpf perfmon net_admin syslog' cap kptr

	kptr=$(sysctl -n kernel.kptr_restrict)
	defer sysctl -qw kernel.kptr_restrict="$kptr"
	sysctl -qw kernel.kptr_restrict=1
	for cap in $all; do
		expect 3 with_caps "${all/$cap/}" netmem-audit -j check \
			>"$W/check.json" 2>"$W/check.err"
		expect_json "$W/check.json" ".error.message |
			test(\"CAP_${cap^^} is missing|missing CAP_${cap^^}:\")"
	done
	expect 0 with_caps "$all" netmem-audit -j check -i nm0 >"$W/check.json"
	sysctl -qw kernel.kptr_restrict=2
	expect 3 with_caps "$all" netmem-audit -j check >"$W/check.json" 2>"$W/check.err"
	expect_json "$W/check.json" '.error.message | test("kptr_restrict is 2")'
}

# The driver of a port elsewhere is not asked without CAP_SYS_ADMIN: what may be wrong
# there is not called right.
test_other_namespaces_need_more() {
	local caps='bpf perfmon net_admin syslog'

	expect 5 with_caps "$caps" netmem-audit -j check >"$W/check.json" 2>"$W/check.err"
	expect_text "$W/check.err" 'nm1 could not be asked.*CAP_SYS_ADMIN'
	expect 0 with_caps "$caps sys_admin sys_ptrace" netmem-audit -j check >"$W/check.json"
}

test_without_sysfs() {
	expect 3 unshare -m sh -c 'umount -R /sys && netmem-audit check' 2>"$W/check.err"
	expect_text "$W/check.err" '/sys is not mounted'
	unshare -m sh -c 'umount -R /sys && netmem-audit -j features' >"$W/check.json"
	expect_json "$W/check.json" 'has("netmem") | not'
}

test_without_privilege() {
	expect 3 unprivileged netmem-audit check 2>"$W/check.err"
	expect_text "$W/check.err" '[a-z]'
	expect 3 unprivileged netmem-audit -j check >"$W/check.json" \
		2>"$W/check.err"
	expect_json "$W/check.json" '.error.message | length > 0'
}

# What closed descriptors leave free is not taken by maps and programs.
test_closed_output() {
	local command

	for command in check '-j check' 'stat 0.1 1' '-j show pools' \
		'watch --duration 0.5' '-j watch --duration 0.5'; do
		# shellcheck disable=SC2086 # words
		expect 3 netmem-audit $command >&- 2>"$W/check.err"
		expect_text "$W/check.err" 'Bad file descriptor'
	done
	expect 0 netmem-audit -j check <&- 2>&- >"$W/check.json"
	expect_json "$W/check.json" '.result == "holds"'
}

test_bad_usage() {
	expect 2 netmem-audit check --no-such-option 2>"$W/check.err"
	expect_text "$W/check.err" 'no-such-option'
	expect 2 netmem-audit no-such-command 2>"$W/check.err"
	expect_text "$W/check.err" 'no-such-command'
	expect 3 netmem-audit check -i no-such-dev 2>"$W/check.err"
	expect_text "$W/check.err" 'no-such-dev'
}

nm_setup
run_tests test_healthy_unbound test_healthy_bound test_healthy_with_traffic \
	test_fault_pp_flags test_latent_until_a_bind test_fault_always_unreadable \
	test_fault_hdr_pool_unreadable test_fault_ignore_provider \
	test_fault_leak_netmem test_fault_nameless_pool \
	test_bound_without_split test_xdp_above_a_bound_port \
	test_xdp_above_a_bond \
	test_holder_of_old_tokens test_only_named_ports_are_judged \
	test_baseline_and_waiver test_probe test_probe_leaves_others_alone \
	test_coverage \
	test_one_capability_less test_other_namespaces_need_more test_without_sysfs \
	test_without_privilege test_closed_output test_bad_usage
