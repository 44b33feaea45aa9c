# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Paths, messages and locks that the scripts of the lab share.  Sourced, after
# "set -u"; sets no trap and changes no file by itself.

lab_src=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
lab_top=$(cd -- "$lab_src/../.." && pwd -P)
lab_dir=${NMA_LAB_DIR:-$lab_top/build/lab}
[ "${lab_dir#/}" != "$lab_dir" ] || lab_dir=$PWD/$lab_dir
export NMA_LAB_DIR=$lab_dir
lab_me=tests/lab/${0##*/}

# What decides how a tree looks; a tree is found by the hash of these, comments
# apart.
lab_recipe=(packages tree-make tree-hook tree-image kernel-files kernel-slim)

lab_say() { printf '%s: %s\n' "$lab_me" "$*" >&2; }

# lab_die STATUS MESSAGE...
lab_die() {
	local status=$1

	shift
	lab_say "$*"
	exit "$status"
}

lab_need_root() {
	[ "$(id -u)" -eq 0 ] ||
		lab_die "$1" "must be run as root (try: sudo $lab_me)"
}

lab_hash() {
	(
		cd "$lab_src" && {
			printf '%s\n' "${NMA_LAB_MIRROR:-}"
			grep -hv '^[[:space:]]*#' "${lab_recipe[@]}"
		} | sha256sum | cut -c1-12
	)
}

# The directory of this recipe's tree, whether it exists yet or not.
lab_home() { printf '%s/%s\n' "$lab_dir" "$(lab_hash)"; }

# lab_hold STATUS: build the lab if need be, set home to its directory, and keep
# others from removing it until this process and its children have ended.
lab_hold() {
	local _

	for _ in 1 2 3; do
		home=$(lab_home)
		[ -e "$home/complete" ] || "$lab_src/build" || exit "$1"
		{ exec {lab_use}<"$home/use"; } 2>/dev/null || continue
		flock -s "$lab_use"
		[ ! -e "$home/complete" ] || return 0
	done
	lab_die "$1" "the lab in $home vanished"
}

# lab_find_qemu: set lab_qemu to the words that run the tree's own QEMU outside
# the tree, from $home; names relative to it, as ld.so splits lists at colons.
lab_find_qemu() {
	# shellcheck disable=SC2034 # used by those who source this
	lab_qemu=(
		env -C "$home" QEMU_MODULE_DIR=tree/usr/lib/x86_64-linux-gnu/qemu
		tree/lib64/ld-linux-x86-64.so.2
		--library-path tree/usr/lib/x86_64-linux-gnu
		tree/usr/bin/qemu-system-x86_64
		-L tree/usr/share/qemu -L tree/usr/share/seabios
		-nodefaults -no-user-config -display none -no-reboot -nic none
		-machine q35
	)
}

# lab_work_dir PREFIX: set work to a new directory that is ours until this
# process has ended, after removing those of processes that were killed.
lab_work_dir() {
	local dir lock

	exec {lab_work_turn}>"$lab_dir/work.lock" &&
		flock "$lab_work_turn" || return 1
	for dir in "$lab_dir/$1".*; do
		[ -d "$dir" ] || continue
		[ -e "$dir/lock" ] || : >"$dir/lock"
		flock -n "$dir/lock" rm -rf --one-file-system "$dir" || true
	done
	work=$(mktemp -d "$lab_dir/$1.XXXXXX") || return 1
	exec {lock}>"$work/lock" && flock "$lock" || return 1
	exec {lab_work_turn}>&-
}
