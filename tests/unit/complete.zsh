# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# zsh -f complete.zsh COMPLETION LINE...: what zsh offers at the end of each line, as
# "LINE<tab>WORD". Completion runs only in a line editor, so one gets a terminal of its
# own; what it offers goes through a file.

if [[ $1 != --in-editor ]]; then
	zmodload zsh/zpty
	offered=$(mktemp)
	await() {
		repeat 600; do
			[[ $(grep -cx END $offered) -gt $1 ]] && return
			sleep 0.05
		done
		print -u2 "zsh does not answer"
		exit 1
	}
	completion=${1:A}
	shift
	zpty editor zsh -f -i
	trap 'zpty -d editor; rm -f $offered' EXIT
	zpty -w editor "source ${(q)0:A} --in-editor ${(q)completion} ${(q)offered}"
	await 0
	integer i
	for ((i = 1; i <= $#; i++)); do
		zpty -w -n editor $'\C-u'$argv[i]$'\t'
		await $i
	done
	i=0	# the first END came before the first line
	while read -r word; do
		if [[ $word == END ]]; then
			((++i))
		else
			print -r -- $argv[i]$'\t'$word
		fi
	done <$offered
	exit
fi

_nma_offered=$3
autoload -Uz compinit
compinit -D -u
eval "_netmem-audit() { source ${(q)2} }"
compdef _netmem-audit netmem-audit
bindkey '^I' complete-word
bindkey '^U' kill-whole-line
bindkey '^M' undefined-key
zstyle ':completion:*' insert-tab false

compadd() {
	local -a words

	# one that only fills arrays offers nothing
	if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
		builtin compadd -A words "$@"
		(( $#words )) && print -rl -- $words >>$_nma_offered
	fi
	builtin compadd "$@"
}

_nma_end() {
	print END >>$_nma_offered
	comppostfuncs=(_nma_end)
}
_nma_end
