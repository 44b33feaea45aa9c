#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 1800
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

# of FILE KEY: its value, continued lines joined; fails without one
of() {
	awk -v key="$2" '
		/^[a-z]+:/ { on = index($0, key ":") == 1; sub(/^[a-z]+:[ \t]*/, "") }
		/^#/ { next }
		on { sub(/^[ \t]+/, ""); text = text (text == "" ? "" : " ") $0 }
		END { print text; exit text == "" }' "$1"
}

kernel_is() { [[ $(uname -r) =~ ^($1)\. ]]; }

# ---- how findings are looked for: what stands behind "look:" ------------------

# Findings into $W/found, one a line
look_end() {
	local status=0

	case $1 in
	watch*)
		sleep 0.2	# softirqs and work items of the last packets
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

# phase clean|bug FILE: in a shell of its own, which undoes what it did
phase() (
	deferred=()
	trap undo EXIT
	rm -f "$W"/*.json "$W/found"
	look=$(of "$2" look || echo "check -i nm0 --settle 1")
	fault=$(of "$2" fault) || fault=
	action=$(of "$2" bug)
	if [ "$1" = clean ]; then
		action=$(of "$2" clean) || action=$(of "$2" bug)
	elif [ -n "$fault" ]; then
		defer fault "${fault%=*}" 0
		fault "${fault%=*}" "${fault#*=}"
	fi
	[[ $look != watch* ]] || watch_start
	eval "$action"
	look_end "$look"
)

replay() {
	local file=$1 rule why

	rule=$(of "$file" rule)
	why=$(of "$file" "only") && ! kernel_is "$why" &&
		skip "only on kernel $why"
	phase clean "$file"
	! is_found "$rule" || {
		cat "$W/found"
		fail "$rule in the clean twin"
	}
	why=$(of "$file" refused) && kernel_is "$why" && {
		# the kernel has learnt it: the action fails
		phase bug "$file" && fail "was not refused"
		return 0
	}
	phase bug "$file"
	is_found "$rule" || {
		cat "$W/found" "$W"/*.json 2>/dev/null
		fail "no $rule"
	}
	settle_down
}

# ---- the list -----------------------------------------------------------------

tests=()
for file in "$replays"/*.replay; do
	name=$(basename "$file" .replay)
	[[ $name == *${REPLAY:-}* ]] || continue
	eval "test_$(of "$file" rule | tr - _)_${name//-/_}() { replay $(printf %q "$file"); }"
	tests+=("test_$(of "$file" rule | tr - _)_${name//-/_}")
done

nm_setup
watch_open --deep -i nm0
run_tests "${tests[@]}"
