#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# docs/ci/virtme-ng.sh [-o DIR] [-g GATE] TREE COMMAND...
#
# Boots the kernel that was built in TREE (x86-64, "vng --build", with the options of
# docs/ci/kernel.config) by virtme-ng, with this machine's files, and runs COMMAND there
# as root under a gate, in this directory and with this PATH. netmem-audit must be
# installed here. What COMMAND prints comes out on stdout; what it writes is gone
# afterwards, or cannot be written.
#
#   -o DIR      where status, run.nmr, junit.xml, report.html and the kernel's console go
#               (results)
#   -g GATE     a file of assertions; without it those of "netmem-audit gate --help"
#
# virtme-ng is made for KVM; without /dev/kvm it is asked to do without, which takes ten
# times as long.
#
# Exit status: that of the gate; 3 if there is no such kernel here, or it died.

set -u

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
out=results
assertions=
gate=()
kvm=()

usage() { sed -n '5,20s/^# \{0,1\}//p' "$0"; exit 2; }
say() { printf 'virtme-ng.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 3; }

while getopts :o:g: opt; do
	case $opt in
	o) out=$OPTARG ;;
	g) assertions=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 1 ] || usage

# A user's PATH is often without what only root runs, that of virtme-ng always.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
command -v vng >/dev/null || die "there is no vng here (Debian 13: apt-get install virtme-ng)"
audit=$(command -v netmem-audit) || die "netmem-audit is not installed here (make install)"

tree=$(cd -- "$1" && pwd -P) || exit 3
shift
[ -e "$tree/arch/x86/boot/bzImage" ] || die "no kernel was built in $tree; there:" \
	"vng --kconfig --config $here/kernel.config && vng --build"
lacks=$(sed -n 's/^\(CONFIG_.*\)=y$/\1/p' "$here/kernel.config" | while read -r option; do
	grep -q "^$option=[ym]$" "$tree/.config" || echo "$option"
done | xargs)
[ -z "$lacks" ] || say "the kernel in $tree may let less be seen, as it lacks $lacks"

mkdir -p "$out" && out=$(cd -- "$out" && pwd -P) || exit 3
# vng hands paths to a shell without quotes
case $tree$out in
*[!A-Za-z0-9_/.+-]*) die "vng takes no space or sign in a path: $tree, $out" ;;
esac
rm -f "$out"/{status,run.nmr,run.nmr.part,junit.xml,report.html,console,command}
[ -z "$assertions" ] || { cp -- "$assertions" "$out/gate" && gate=(--gate /tmp/nma/gate); } ||
	exit 3
[ -w /dev/kvm ] || kvm=(--disable-kvm)

# In there DIR is below /tmp: vng mounts nothing outside of those directories that it lays
# something writable over. The command comes from a file, since a kernel's command line,
# where vng would put it, has an end; and its status comes out in one.
{
	printf 'export PATH=%q\n' "$PATH"
	printf 'cd -- %q || exit\nexec 2>&1\n' "$PWD"
	printf '%q ' "$audit" gate "${gate[@]}" --junit /tmp/nma/junit.xml \
		--html /tmp/nma/report.html --record /tmp/nma/run.nmr --kmsg -- "$@"
	printf '\necho $? >/tmp/nma/status\n'
} >"$out/command" || exit 3

# Verbose, so that the kernel's console, --kmsg among it, comes out where vng's own
# messages do. The cats: vng opens the files behind stdout and stderr anew, several times,
# and writes over what is there.
{
	vng --verbose --run "$tree" --user root --memory 3G --cpus 2 \
		--rwdir "/tmp/nma=$out" "${kvm[@]}" --append loglevel=6 \
		--exec "bash /tmp/nma/command" </dev/null 2>&1 >&3 3>&- | cat >"$out/console"
} 3>&1 | cat
[ -s "$out/status" ] || {
	tail -n 20 "$out/console" >&2
	die "the kernel in $tree did not get that far, see $out/console"
}
exit "$(cat "$out/status")"
