#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# docs/ci/in-vm.sh [-k KERNEL] [-o DIR] [-g GATE] -- CMD...
#
# Runs CMD as root in a VM of the lab with that kernel, and decides outside of it. The
# VM only records: whoever gets DIR can ask the recording something else later, without
# the VM and without privilege.
#
#   -k KERNEL   as tests/lab/vm knows them: stable, newest, 6.12, ... (newest)
#   -o DIR      where run.nmr, junit.xml, ktap, report.json and report.html go (results)
#   -g GATE     a file of assertions; without it those of "netmem-audit gate --help"
#
# Exit status: that of netmem-audit gate.

set -u

top=$(cd -- "$(dirname -- "$0")/../.." && pwd -P)
kernel=newest
out=results
gate=()
assertions=

while getopts :k:o:g: opt; do
	case $opt in
	k) kernel=$OPTARG ;;
	o) out=$OPTARG ;;
	g) assertions=$OPTARG ;;
	*) sed -n '5,16s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '5,16s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$out" && out=$(cd -- "$out" && pwd -P) || exit 3
# the lab tree sees no other files
[ -z "$assertions" ] || { cp -- "$assertions" "$out/gate" && gate=(--gate /mnt/share/gate); } ||
	exit 3

# The gate in the VM asserts what always holds: it waits until buffers are back and
# tells what came of the command, which the recording does not know.
rm -f "$out/run.nmr" "$out/summary.md"
"$top/tests/lab/vm" -k "$kernel" -t 1800 -s "$out" -- netmem-audit gate \
	--assert 'findings >= 0' --record /mnt/share/run.nmr -- "$@"
command=$?
case $command in
0 | 1) ;;
*) exit $command ;;
esac

# The lab tree sees nothing of our environment, and no file of GitHub's.
env=()
[ -z "${GITHUB_ACTIONS:-}" ] || env+=(GITHUB_ACTIONS="$GITHUB_ACTIONS")
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || env+=(GITHUB_STEP_SUMMARY=/mnt/share/summary.md)
NMA_LAB_BIND=$out "$top/tests/lab/chroot" env "${env[@]}" \
	"$top/build/obj/netmem-audit" gate "${gate[@]}" --from /mnt/share/run.nmr \
	--junit /mnt/share/junit.xml --ktap /mnt/share/ktap \
	--json-report /mnt/share/report.json --html /mnt/share/report.html
status=$?
[ ! -e "$out/summary.md" ] || cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
[ $command = 0 ] || echo "in-vm.sh: the command failed" >&2
[ $status = 1 ] || [ $command = 0 ] || status=1
exit $status
