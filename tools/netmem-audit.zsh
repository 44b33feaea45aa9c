#compdef netmem-audit
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# Completion for zsh, installed as _netmem-audit. Commands, options and their values
# are asked of "netmem-audit --help", so that it knows what the program knows.

# _nma_specs [COMMAND]: each option as _arguments wants it
_nma_specs() {
	netmem-audit "$@" --help 2>/dev/null | awk '
		BEGIN {
			action["IF"] = "_net_interfaces"
			action["NETNS"] = "_files -W /run/netns"
			action["ID"] = "_nma_rules"
			action["EXPR"] = "_nma_metrics"
			action["FILE"] = "_files"
		}
		function put(	also, value) {
			if (name == "")
				return
			also = letter == "" ? "" : "(" letter " " name ")"
			if (text ~ /may be repeated/)
				also = "*"
			gsub(/[][\\]/, "\\\\&", text)
			if (takes != "") {
				value = takes in action ? action[takes] : " "
				if (gsub(/\|/, " ", takes))
					value = "(" takes ")"
				value = ":" takes ":" value
			}
			print also name (takes != "" ? "=" : "") "[" text "]" value
			if (letter != "")
				print also letter (takes != "" ? "+" : "") "[" text "]" value
			name = ""
		}
		/^  (-.,|   ) --/ {
			put()
			letter = substr($0, 3, 2)
			sub(/ +/, "", letter)
			match($0, /--[a-z-]+( [^ ]+)?/)
			takes = name = substr($0, RSTART, RLENGTH)
			text = substr($0, RSTART + RLENGTH)
			sub(/^ +/, "", text)
			sub(/ .*/, "", name)
			sub(/[^ ]* ?/, "", takes)
			if (letter in seen)	# the command has that letter, too
				letter = ""
			seen[letter]
			next
		}
		name != "" && /^              / {
			sub(/^ +/, "")
			text = text (text == "" ? "" : " ") $0
			next
		}
		{ put() }'
}

_nma_commands() {
	local -a commands

	commands=(${(f)"$(netmem-audit --help 2>/dev/null | awk '
		/^Commands:/ { on = 1; next }
		/^$/ { on = 0 }
		on && /^  [a-z]/ { name = $1; sub(/^ *[^ ]+ */, ""); print name ":" $0 }')"})
	_describe command commands
}

# _nma_words COMMAND: what it can be about: the usage ends with "one|other"
_nma_words() {
	netmem-audit "$1" --help 2>/dev/null | awk '
		/^[A-Za-z]/ && !/^Usage/ { exit }
		{ last = $NF }
		END { if (last ~ /^[a-z|]+$/) { gsub(/\|/, " ", last); print last } }'
}

_nma_rules() {
	compadd -M 'm:{a-z}={A-Z}' "$@" -- \
		${(f)"$(netmem-audit rules 2>/dev/null | awk '/^NM-/ { print $1 }')"}
}

# What a gate can be about
_nma_metrics() {
	compadd "$@" -- ${(f)"$(netmem-audit gate --help 2>/dev/null | awk '
		/^Metrics are:/ { on = 1; next }
		/^$/ { on = 0 }
		on && /^  [a-z]/ { sub(":", ""); print $1 }')"}
}

_netmem-audit() {
	local command
	local -a specs
	integer i

	for ((i = 2; i < CURRENT; i++)); do
		case $words[i] in
		--)	# what follows is a command of its own
			shift $i words
			((CURRENT -= i))
			_normal
			return ;;
		-*) ;;
		*) [[ -n $command ]] || command=$words[i] ;;
		esac
	done
	specs=(${(f)"$(_nma_specs $command)"})
	case $command in
	'') specs+=('1:command:_nma_commands') ;;
	help) specs+=('2:command:_nma_commands') ;;
	rules) specs+=('2:rule:_nma_rules') ;;
	*) specs+=("2:$command:($(_nma_words $command))") ;;
	esac
	_arguments -s -S : $specs
}

_netmem-audit "$@"
