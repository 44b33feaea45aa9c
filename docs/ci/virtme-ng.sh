#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# docs/ci/virtme-ng.sh TREE COMMAND...
#
# Boots the kernel that was built in TREE ("vng --build", with the options of
# docs/ci/kernel.config) by virtme-ng, with this machine's files, and runs COMMAND there
# as root under a gate. Reports are in results/. netmem-audit must be installed here.
#
# virtme-ng is made for KVM; without /dev/kvm it is asked to do without, which takes ten
# times as long.
#
# Exit status: that of the gate.

set -u

[ $# -gt 1 ] || { sed -n '5,14s/^# \{0,1\}//p' "$0"; exit 2; }
tree=$1
shift
out=$PWD/results
mkdir -p "$out" || exit 3
rm -f "$out"/status "$out"/run.nmr
kvm=()
[ -w /dev/kvm ] || kvm=(--disable-kvm)

# The status of the command inside comes out in a file.
printf -v run '%q ' netmem-audit gate --junit "$out/junit.xml" --html "$out/report.html" \
	--record "$out/run.nmr" --kmsg -- "$@"
printf -v status '%q' "$out/status"
cd -- "$tree" || exit 3
vng --run . --user root --memory 3G --cpus 2 --rwdir "$out" "${kvm[@]}" \
	--exec "$run; echo \$? >$status" || exit 3
exit "$(cat "$out/status")"
