#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# Completion: what bash, zsh and fish offer is what "netmem-audit --help" says, which
# the option tables say. The program is the one with the fake kernel.
# shellcheck disable=SC2317 # called by name

set -u
here=$(dirname -- "$(readlink -f -- "$0")")
tools=$here/../../tools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
PATH=$(readlink -f "${O:?}")/bin:$PATH
export ASAN_OPTIONS=detect_leaks=0

# A line, and words among those that are offered at its end
expected='netmem-audit |check watch rules features show stat explain-bind help
netmem-audit che|check
netmem-audit -j check --|--save --probe --waive
netmem-audit check --fail-on |error warn
netmem-audit check --fail-on=|error warn
netmem-audit watch --rule NM-POOL|NM-POOL-01 NM-POOL-03
netmem-audit watch --rule nm-pool|NM-POOL-01 NM-POOL-03
netmem-audit rules NM-TOK|NM-TOK-01
netmem-audit check -i l|lo
netmem-audit show po|pools
netmem-audit enforce |on check status off
netmem-audit gate --assert recy|recycle_ratio
netmem-audit help expl|explain-bind
netmem-audit watch -- ech|echo'

# in_SHELL LINE...: lines "LINE<tab>WORD"
in_bash() {
	bash -s "$tools/netmem-audit.bash" "$@" <<-'EOF'
		. "$1"
		shift
		for line; do
			# "=" is a word of its own
			read -ra COMP_WORDS <<<"${line//=/ = }"
			[[ $line != *' ' ]] || COMP_WORDS+=('')
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			COMPREPLY=()
			_netmem_audit
			printf "$line\t%s\n" "${COMPREPLY[@]}"
		done
	EOF
}

in_zsh() { zsh -f "$here/complete.zsh" "$tools/netmem-audit.zsh" "$@"; }

in_fish() {
	# shellcheck disable=SC2016 # those of fish
	HOME=$scratch fish --no-config -c 'source $argv[1]
		for line in $argv[2..]
			for word in (complete -C $line)
				set word (string replace -r -- "\t.*" "" $word)
				printf "%s\t%s\n" $line (string replace -r "^--.*=" "" -- $word)
			end
		end' "$tools/netmem-audit.fish" "$@"
}

# has LINE WORD: in what a shell said
has() {
	grep -qxF "$1	$2" "$scratch/offered" && return
	echo "'$1': no $2 in:"
	grep -F "$1	" "$scratch/offered"
	return 1
}

# All of a command's options, and no other
has_options_of() {
	local line="netmem-audit $1 --"

	grep -F "$line	" "$scratch/offered" | cut -f 2 | sort -u >"$scratch/here"
	netmem-audit "$1" --help | sed -nE 's/^ +(-., )?(--[a-z-]+).*/\2/p' |
		sort -u >"$scratch/there"
	[ -s "$scratch/there" ] && diff "$scratch/there" "$scratch/here"
}

completes() {
	local shell=$1 line words word commands=() lines=()

	"$shell" -n "$tools/netmem-audit.$shell" || return
	mapfile -t commands < <(netmem-audit --help |
		sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\).*/\1/p' | grep -vx -e help -e "")
	[ ${#commands[@]} -gt 9 ] || return
	mapfile -t lines < <(cut -d '|' -f 1 <<<"$expected"
		printf 'netmem-audit %s --\n' "${commands[@]}")
	"in_$shell" "${lines[@]}" >"$scratch/offered" || return
	while IFS='|' read -r line words; do
		for word in $words; do
			has "$line" "$word" || return
		done
	done <<<"$expected"
	for word in "${commands[@]}"; do
		has_options_of "$word" || return
	done
}

number=0
failed=0
for shell in bash zsh fish; do
	number=$((number + 1))
	if ! command -v "$shell" >/dev/null; then
		echo "ok $number - $shell # SKIP no $shell here"
	elif completes "$shell" >"$scratch/log" 2>&1; then
		echo "ok $number - $shell"
	else
		echo "not ok $number - $shell"
		head -n 20 "$scratch/log" | sed 's/^/# /'
		failed=1
	fi
done
echo "1..$number"
exit $failed
