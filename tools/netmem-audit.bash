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
			sub(/^ +/, "")
			letter = ""
			if (match($0, /^-.,/))
				letter = substr($0, 1, 2)
			sub(/^-., /, "")
			takes = $2 ~ /^[A-Z]+$|\|/ ? $2 : ""
			print $1, takes
			if (letter != "")
				print letter, takes
		}'
}

_nma_commands() {
	netmem-audit --help 2>/dev/null | awk '
		/^Commands:/ { on = 1; next }
		/^$/ { on = 0 }
		on && /^  [a-z]/ { print $1 }'
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
	ID) compgen -W "$(netmem-audit rules 2>/dev/null | awk '/^NM-/ { print $1 }')" -- "$2" ;;
	EXPR) compgen -W "$(_nma_metrics)" -- "$2" ;;
	FILE) compgen -f -- "$2" ;;
	*'|'*) compgen -W "${1//|/ }" -- "$2" ;;
	esac
}

_netmem_audit() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i command='' takes

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) return ;;	# what follows is a command of its own
		-*) ;;
		*) [ -n "$command" ] || command=${COMP_WORDS[i]} ;;
		esac
	done
	takes=$(_nma_options ${command:+"$command"} |
		awk -v name="$before" '$1 == name { print $2; exit }')
	if [ -n "$takes" ]; then
		mapfile -t COMPREPLY < <(_nma_value "$takes" "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_nma_options \
			${command:+"$command"} | awk '{ print $1 }')" -- "$word")
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_nma_commands)" -- "$word")
	elif [ "$command" = rules ]; then
		mapfile -t COMPREPLY < <(_nma_value ID "$word")
	elif [ "$command" = show ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"nics pools queues bindings tokens" -- "$word")
	elif [ "$command" = enforce ]; then
		mapfile -t COMPREPLY < <(compgen -W "on check status off" -- "$word")
	fi
}

complete -F _netmem_audit netmem-audit
