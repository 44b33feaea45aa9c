#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# docs/ci/selftests.sh [-o DIR] [-g GATE] TESTS PROGRAM...
#
# Runs driver tests of the kernel as root on the kernel that runs, each under a gate.
# TESTS is tools/testing/selftests of a source tree in which "make -C
# tools/testing/selftests TARGETS='drivers/net drivers/net/hw'" was run, or where that
# installed them; PROGRAM is a path below it. What drivers/net/README.rst there asks for
# is in the environment: NETIF, LOCAL_V4, REMOTE_V4, REMOTE_TYPE, REMOTE_ARGS, ...
#
#   -o DIR    where PROGRAM.{log,ktap,xml,html,nmr} go (results)
#   -g GATE   a file of assertions; without it those of "netmem-audit gate --help"
#
# Each test's output is printed as it comes, then the verdict. Exit status: the worst:
# 0 all gates hold, 1 one does not, or a test failed, else that of netmem-audit gate.

set -u

out=results
gate=()

usage() { sed -n '5,19s/^# \{0,1\}//p' "$0"; exit 2; }

while getopts :o:g: opt; do
	case $opt in
	o) out=$OPTARG ;;
	g) gate=(--gate "$(realpath -- "$OPTARG")") ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 1 ] || usage
[ -n "${NETIF:-}" ] || { echo "selftests.sh: NETIF is not set" >&2; exit 2; }
tests=$(realpath -- "$1") && mkdir -p "$out" && out=$(realpath -- "$out") || exit 3
shift

worst=0
for program; do
	name=$out/$(tr / . <<<"$program")
	[ -x "$tests/$program" ] || { echo "selftests.sh: no $tests/$program" >&2; exit 3; }
	rm -f "$name.nmr"
	(
		cd "$tests/$(dirname -- "$program")" &&
			netmem-audit gate -i "$NETIF" "${gate[@]}" --timeout 1800 \
				--ktap "$name.ktap" --junit "$name.xml" --html "$name.html" \
				--record "$name.nmr" --kmsg -- "./${program##*/}"
	) </dev/null 2>&1 | tee "$name.log"
	status=${PIPESTATUS[0]}
	# what is sure goes before what is not known
	[ "$status" = 0 ] || [ "$worst" = 1 ] || worst=$status
	[ "$status" != 1 ] || worst=1
done
exit "$worst"
