# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash
#
# Completion for bash. Commands, options and their values are asked of
# "netmem-audit --help", so that it knows what the program knows.

# _nma_options [COMMAND]: each long and short option, with what it takes
_nma_options() {
	netmem-audit "$@" --help 2>/dev/null | awk '
		/^  (-.,|   ) --/ {
			letter = substr($0, 3, 2)
			match($0, /--[a-z-]+( [^ ]+)?/)
			takes = name = substr($0, RSTART, RLENGTH)
			sub(/ .*/, "", name)
			sub(/[^ ]* ?/, "", takes)
			print name, takes
			if (letter != "  ")
				print letter, takes
		}'
}

_nma_commands() {
	netmem-audit --help 2>/dev/null | awk '
		/^Commands:/ { on = 1; next }
		/^$/ { on = 0 }
		on && /^  [a-z]/ { print $1 }'
}

# _nma_words COMMAND: what it can be about: the usage ends with "one|other"
_nma_words() {
	netmem-audit "$1" --help 2>/dev/null | awk '
		/^[A-Za-z]/ && !/^Usage/ { exit }
		{ last = $NF }
		END { if (last ~ /^[a-z|]+$/) { gsub(/\|/, "\n", last); print last } }'
}

# What a gate can be about
_nma_metrics() {
	netmem-audit gate --help 2>/dev/null | awk '
		/^Metrics are:/ { on = 1; next }
		/^$/ { on = 0 }
		on && /^  [a-z]/ { sub(":", ""); print $1 }'
}

# _nma_value WHAT WORD: completions of an option's value
_nma_value() {
	case $1 in
	IF) compgen -W "$(cd /sys/class/net && echo *)" -- "$2" ;;
	NETNS) compgen -W "$(cd /run/netns 2>/dev/null && echo *)" -- "$2" ;;
	ID) compgen -W "$(netmem-audit rules 2>/dev/null | awk '/^NM-/ { print $1 }')" \
		-- "${2^^}" ;;
	EXPR) compgen -W "$(_nma_metrics)" -- "$2" ;;
	FILE) compgen -f -- "$2" ;;
	*'|'*) compgen -W "${1//|/ }" -- "$2" ;;
	esac
}

# _nma_behind INDEX: a command of its own begins at that word
_nma_behind() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [ "$COMP_CWORD" = "$1" ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		compopt -o default 2>/dev/null
	fi
}

# _nma_offer COMMAND WORD: what may stand there that is no option's value
_nma_offer() {
	case $1,$2 in
	*,-*) compgen -W "$(_nma_options ${1:+"$1"} | awk '{ print $1 }')" -- "$2" ;;
	,* | help,*) compgen -W "$(_nma_commands)" -- "$2" ;;
	rules,*) _nma_value ID "$2" ;;
	*) compgen -W "$(_nma_words "$1")" -- "$2" ;;
	esac
}

_netmem_audit() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i command='' takes prefix=''

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) _nma_behind $((i + 1)); return ;;
		-*) ;;
		*) [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
		esac
	done
	case $before,$word in	# "=" is a word of its own, unless COMP_WORDBREAKS lacks it
	--*,=) word='' ;;
	=,*) before=${COMP_WORDS[COMP_CWORD - 2]} ;;
	*,--*=*) prefix=${word%%=*}= before=${word%%=*} word=${word#*=} ;;
	esac
	takes=$(_nma_options ${command:+"$command"} |
		awk -v name="$before" '$1 == name { print $2; exit }')
	[ "$takes" != FILE ] || compopt -o filenames 2>/dev/null
	if [ -n "$takes" ]; then
		mapfile -t COMPREPLY < <(_nma_value "$takes" "$word")
		COMPREPLY=("${COMPREPLY[@]/#/$prefix}")
	else
		mapfile -t COMPREPLY < <(_nma_offer "$command" "$word")
	fi
}

complete -F _netmem_audit netmem-audit
