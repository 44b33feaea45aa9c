# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash
#
# What the tests of single rules share: sourced after lib.sh.
#
# The start of netmem-audit takes longer than most sub-tests. So a script starts
# one for all of them, with watch_open before run_tests, and each looks at what is
# told after its watch_start. Who has to see a start or an end, or needs other
# options, gives them to watch_start and gets one of its own. All are strict: most
# faults are provoked on a port that nobody has bound.

watcher=watch	# whose output is looked at: everybody's ("all") or one's own
mark=1		# the line of it from which on it counts

started() { grep -qs '"type":"start"' "$W/$watcher.out"; }

launch() {
	background "$watcher" netmem-audit -j watch --strict "$@"
	wait_for 30 started && return
	cat "$W/$watcher.err"
	return 1
}

watch_open() {
	watcher=all
	# shellcheck disable=SC2034 # lib.sh runs them
	last_tests=(test_end_of_watch)
	launch "$@" >"$W/setup" && return
	sed 's/^/# /' "$W/setup"
	bail_out "watch: no start"
}

summed_up() { grep -q '"type":"summary"' "$W/$watcher.out"; }

# Calls that neither program of a pair has seen are lost, and told: since v7.0 tasks
# are preempted in both of them. Nothing else may be, and no other program skipped;
# nothing at all before.
preempts() { printf '%s\n7.0\n' "$(uname -r)" | sort -V | head -n 1 | grep -qx 7.0; }
only_pairs='(.lost | add == 0)'
! preempts || only_pairs='(.lost | add == .prog_missed)'

# What the warning at the end of watch names, if there is one by now
pairs_alone() {
	! sed -n 's/.*runs the kernel skipped: //p' "$W/$watcher.err" |
		sed 's/, /\n/g' | grep -v ' and '
}

# The watch of the whole script ends. It is no child of the sub-test that ends it, so
# its last line is waited for; its exit status is its parent's to know.
test_end_of_watch() {
	# shellcheck disable=SC2154 # lib.sh has it
	kill -INT "${pid[$watcher]}"
	wait_for 20 summed_up || { cat "$W/$watcher.err"; fail "watch: no end"; }
	tail -n 1 "$W/$watcher.out" | jq -e ".type == \"summary\" and $only_pairs and
		(.result != \"incomplete\" or .lost.prog_missed > 0)" &&
		pairs_alone && return
	tail -n 1 "$W/$watcher.out"
	cat "$W/$watcher.err"
	fail "watch has lost something"
}

# The line of the last answer, 0 if there was none
answer() { awk '/"type":"so_far"/ { n = NR } END { print n + 0 }' "$W/$watcher.out"; }
new_answer() { [ "$(answer)" != "$1" ]; }

# Until it has told all that has happened
ask() {
	local last

	last=$(answer)
	# shellcheck disable=SC2154 # lib.sh has it
	kill -USR1 "${pid[$watcher]}"
	wait_for 20 new_answer "$last" && return
	cat "$W/$watcher.err"
	fail "watch: no answer"
}

# watch_start [OPTION]...: from here on everything is seen
watch_start() {
	if [ $# = 0 ] && [ "$watcher" = all ]; then
		ask
		mark=$(answer)
		return
	fi
	watcher=watch
	mark=1
	launch "$@" || fail "watch: no start"
}

watched() { tail -n "+$mark" "$W/$watcher.out"; }

# told RULE: at least once by now
told() { watched | grep -q "\"rule\":\"$1\""; }

sort_out() {
	watched >"$W/watched"
	jq -c 'select(.type == "finding")' "$W/watched" >"$W/findings"
}

# watch_look: what it has seen is in $W/watched, findings of it in $W/findings
watch_look() {
	ask
	sort_out
}

# What the exit status would be if watch had begun at the mark; whose calls were
# missed is told at the end only, see test_end_of_watch
status_since="map(select(.type == \"so_far\")) |
	if .[-1].errors + .[-1].warnings > .[0].errors + .[0].warnings then 1
	elif .[-1] | $only_pairs then 0 else 5 end"

# watch_stop: as watch_look, and what came of it in $watch_status
watch_stop() {
	watch_status=0
	if [ "$watcher" = all ]; then
		watch_look
		watch_status=$(jq -s "$status_since" "$W/watched")
	else
		kill -INT "${pid[watch]}"
		wait "${pid[watch]}" || watch_status=$?
		sort_out
	fi
	[ "$watch_status" != 5 ] || bpftool -j prog list | jq -c '.[] |
		select(.recursion_misses) | [.name, .recursion_misses]'
}

expect_status() {
	[ "$watch_status" = "$1" ] && return
	[ "$watch_status" = 5 ] && [ "$1" = 0 ] && pairs_alone &&
		tail -n 1 "$W/watched" | jq -e "$only_pairs" && return
	cat "$W/watched" "$W/$watcher.err"
	fail "watch: exit status $watch_status, not $1"
}

watch_end() {
	watch_stop
	expect_status "$1"
}

# found RULE [FILE]: how often, told one by one or by number only
found() {
	jq -s --arg rule "$1" 'map(select(.rule == $rule and
		(.type == "finding" or .type == "suppressed")) | .count // 1) |
		add // 0' "${2:-$W/watched}"
}

# Calls that neither program of a pair has seen, since watch_start
missed() {
	preempts || { echo 0; return; }
	jq -s 'map(.lost.prog_missed? // empty) | .[-1] - .[0]' "$W/watched"
}

# found_often RULE N [MISSED]: or as many fewer as were missed since MISSED were
found_often() {
	local found

	found=$(found "$1")
	[ "$found" = "$2" ] && return
	[ "$found" -lt "$2" ] && [ $((found + $(missed) - ${3-0})) -ge "$2" ] &&
		pairs_alone
}

# watch_counts RULE N: ended, and this rule alone was broken, N times
watch_counts() {
	watch_end 1
	[ "$(found "$1")" = "$2" ] ||
		{ cat "$W/findings"; fail "$(found "$1") findings of $1, not $2"; }
	jq -s -e "all(.[]; .rule == \"$1\" or .severity == \"info\")" \
		"$W/findings" >/dev/null && return
	cat "$W/findings"
	fail "findings of other rules than $1"
}

# watch_says FILTER: of at least one finding
watch_says() {
	jq -s -e "any(.[]; $1)" "$W/findings" >/dev/null && return
	cat "$W/findings"
	fail "no finding is: $1"
}

# watch_holds: ended, nothing found
watch_holds() {
	watch_end 0
	jq -s -e 'all(.[]; .severity == "info")' "$W/findings" >/dev/null &&
		return
	cat "$W/findings"
	fail "findings where nothing is wrong"
}

# check_finds RULE FILTER [SECONDS]: check, settled for so long, finds this and nothing else
check_finds() {
	expect 1 netmem-audit -j check --strict -i nm0 --settle "${3:-1}" >"$W/check.json"
	expect_json "$W/check.json" "[.findings[] | select(.rule == \"$1\")] |
		any(.[]; $2)"
	expect_json "$W/check.json" "[.findings[] |
		select($AT_REST | not) | .rule] | unique == [\"$1\"]"
}

# check_holds [SECONDS]
check_holds() {
	local status=0

	netmem-audit -j check --strict -i nm0 --settle "${1:-1}" >"$W/check.json" || status=$?
	expect_json "$W/check.json" "all(.findings[]; $AT_REST)"
	[ "$status" = 0 ]
}
