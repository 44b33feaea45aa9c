#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# docs/ci/nipa-executor.sh BRANCH URL DIR TESTS PROGRAM...
#
# An executor of netdev's CI: runs driver tests of the kernel under gates, as
# docs/ci/selftests.sh does, and prints the JSON that its results collector takes. BRANCH
# is the branch that was built and booted, URL where DIR is to be found on the web; what
# the gates said goes there. Each program is a test of its own, with its assertions and
# its cases below it; one whose gate does not know enough counts as skipped.
#
# Exit status: 0 if there is a result, whatever it is.

set -u

here=$(dirname -- "$(realpath -- "$0")")
[ $# -gt 4 ] || { sed -n '5,14s/^# \{0,1\}//p' "$0"; exit 2; }
branch=$1 url=$2 dir=$3 tests=$4
shift 4

now() { date -u +%FT%TZ; }

# cases FILE: of KTAP, those at the top, as results
cases() {
	sed -nE 's/^((not )?ok) [0-9]+ (- )?(.*)/\1\t\4/p' "$1" | jq -R '
		split("\t") | {test: (.[1] | sub(" *# *(SKIP|XFAIL).*"; "")),
			result: (if .[1] | test("# *(SKIP|XFAIL)") then "skip"
				elif .[0] == "ok" then "pass" else "fail" end)}' | jq -s .
}

# result PROGRAM STATUS
result() {
	local name=${1//\//.} word

	case $2 in
	0) word=pass ;;
	1) word=fail ;;
	*) word=skip ;;
	esac
	jq -n --arg test "${1##*/}" --arg group "netmem-audit-$(dirname -- "$1" | tr / -)" \
		--arg result "$word" --arg link "$url/$name.html" \
		--argjson cases "$(cases "$dir/$name.log")" \
		--argjson gate "$(cases "$dir/$name.ktap")" \
		'{$test, $group, $result, $link, results: ($gate + $cases)}'
}

mkdir -p "$dir" || exit 3
start=$(now)
for program; do
	"$here/selftests.sh" -o "$dir" "$tests" "$program" >&2
	result "$program" $?
done | jq -s --arg executor netmem-audit --arg branch "$branch" --arg start "$start" \
	--arg end "$(now)" --arg link "$url" --arg device "${NETIF:-}" \
	'{$executor, $branch, $start, $end, $link, $device, results: .}'
