#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 440
#
# Bugs that were upstream, in the shape they had: tests/replays/README.md. Each
# file there is one sub-test: first the clean twin, then the bug.
#
# REPLAY=COMMIT in the environment runs those whose name has COMMIT in it.

# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2119 # called by name; no arguments
. "$(dirname -- "$0")/lib.sh"

replays=$(dirname -- "$0")/../replays

# shellcheck source=tests/e2e/rules.sh
. "$(dirname -- "$0")/rules.sh"
# shellcheck source=tests/replays/actions.sh
. "$replays/actions.sh"

# read_replay FILE: ${of[KEY]} is its value, continued lines joined; no process for each
# of them, which takes longer than some replays
declare -A of
read_replay() {
	local line key='' text

	of=()
	while IFS= read -r line; do
		[[ $line != '#'* ]] || continue
		text=$line
		if [[ $line =~ ^([a-z]+):(.*)$ ]]; then
			key=${BASH_REMATCH[1]}
			text=${BASH_REMATCH[2]}
		fi
		read -r text <<<"$text" || continue
		of[$key]+=${of[$key]:+ }$text
	done <"$1"
}

kernel_is() { [[ $(uname -r) =~ ^($1)\. ]]; }

# ---- how findings are looked for: what stands behind "look:" ------------------

# Findings into $W/found, one a line
look_end() {
	local status=0

	case $1 in
	watch*)
		sleep 0.2	# softirqs of the last packets
		# whoever reads it waits for what it has left to work items
		[ -z "${of[fault]:-}" ] || cat "$PANEL/${of[fault]%=*}"
		watch_stop
		status=$watch_status
		cp "$W/findings" "$W/found"
		;;
	*)
		# shellcheck disable=SC2086 # options
		netmem-audit -j $1 --strict >"$W/check.json" || status=$?
		jq -c '.findings[]' "$W/check.json" >"$W/found"
		;;
	esac
	case $status in
	0 | 1) ;;
	*)
		cat "$W"/*.err "$W"/check.json 2>/dev/null
		fail "netmem-audit: exit status $status"
		;;
	esac
}

is_found() { jq -se --arg rule "$1" 'any(.[]; .rule == $rule)' "$W/found" >/dev/null; }

# phase clean|bug: in a shell of its own, which undoes what it did
phase() (
	deferred=()
	trap undo EXIT
	rm -f "$W"/*.json "$W/found"
	look=${of[look]:-check -i nm0 --settle 1}
	fault=${of[fault]:-}
	action=${of[bug]}
	if [ "$1" = clean ]; then
		action=${of[clean]:-${of[bug]}}
	elif [ -n "$fault" ]; then
		defer fault "${fault%=*}" 0
		fault "${fault%=*}" "${fault#*=}"
	fi
	[[ $look != watch* ]] || watch_start
	eval "$action"
	look_end "$look"
)

replay() {
	local rule only refused

	read_replay "$1"
	rule=${of[rule]} only=${of[only]:-} refused=${of[refused]:-}
	[ -z "$only" ] || kernel_is "$only" || skip "only on kernel $only"
	phase clean
	! is_found "$rule" || {
		cat "$W/found"
		fail "$rule in the clean twin"
	}
	[ -z "$refused" ] || ! kernel_is "$refused" || {
		# the kernel has learnt it: the action fails
		phase bug && fail "was not refused"
		return 0
	}
	phase bug
	is_found "$rule" || {
		cat "$W/found" "$W"/*.json 2>/dev/null
		fail "no $rule"
	}
	settle_down
}

# ---- the list -----------------------------------------------------------------

tests=()
for file in "$replays"/*.replay; do
	name=${file##*/} name=${name%.replay}
	[[ $name == *${REPLAY:-}* ]] || continue
	read_replay "$file"
	name=test_${of[rule]//-/_}_${name//-/_}
	eval "$name() { replay ${file@Q}; }"
	tests+=("$name")
done

nm_setup
watch_open --deep -i nm0
run_tests "${tests[@]}"
