# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# Completion for fish. Commands, options and their values are asked of
# "netmem-audit --help", so that it knows what the program knows.

# __nma_options [COMMAND]: each long and short option, what it takes, its help
function __nma_options
    netmem-audit $argv --help 2>/dev/null | awk '
        function put() {
            if (name != "")
                print name "\t" takes "\t" text
            if (name != "" && letter != "")
                print letter "\t" takes "\t" text
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
            if (letter in seen) # the command has that letter, too
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
end

function __nma_commands
    netmem-audit --help 2>/dev/null | awk '
        /^Commands:/ { on = 1; next }
        /^$/ { on = 0 }
        on && /^  [a-z]/ { name = $1; sub(/^ *[^ ]+ */, ""); print name "\t" $0 }'
end

# __nma_words COMMAND: what it can be about: the usage ends with "one|other"
function __nma_words
    netmem-audit $argv[1] --help 2>/dev/null | awk '
        /^[A-Za-z]/ && !/^Usage/ { exit }
        { last = $NF }
        END { if (last ~ /^[a-z|]+$/) { gsub(/[|]/, "\n", last); print last } }'
end

function __nma_rules
    netmem-audit rules 2>/dev/null | awk '/^NM-/ { print $1 }'
end

# __nma_value WHAT WORD: completions of an option's value
function __nma_value
    switch $argv[1]
        case IF
            command ls /sys/class/net
        case NETNS
            command ls /run/netns 2>/dev/null
        case ID
            __nma_rules
        case EXPR
            # what a gate can be about
            netmem-audit gate --help 2>/dev/null | awk '
                /^Metrics are:/ { on = 1; next }
                /^$/ { on = 0 }
                on && /^  [a-z]/ { sub(":", ""); print $1 }'
        case FILE
            __fish_complete_path $argv[2]
        case '*|*'
            string split '|' -- $argv[1]
    end
end

# __nma_offer COMMAND WORD: what may stand there that is no option's value
function __nma_offer
    switch "$argv[1],$argv[2]"
        case '*,-*'
            __nma_options (string split -n " " -- $argv[1]) | awk -F '\t' '{ print $1 "\t" $3 }'
        case ',*' 'help,*'
            __nma_commands
        case 'rules,*'
            __nma_rules
        case '*'
            __nma_words $argv[1]
    end
end

function __nma_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    set -l name $before[-1]
    set -l prefix ''
    set -l command

    for i in (seq 2 (count $before))
        switch $before[$i]
            case -- # what follows is a command of its own
                set -e before[1..$i]
                complete -C (string join ' ' -- (string escape -- $before) "$word")
                return
            case '-*'
            case '*'
                set -q command[1]; or set command $before[$i]
        end
    end
    if string match -q -- '--*=*' $word
        set name (string replace -r '=.*' '' -- $word)
        set prefix $name=
        set word (string replace -r '^[^=]*=' '' -- $word)
    end
    set -l takes (__nma_options $command | awk -F '\t' -v name="$name" \
        '$1 == name { print $2; exit }')
    if test -n "$takes"
        string replace -r '^' -- "$prefix" (__nma_value $takes "$word")
    else
        __nma_offer "$command" "$word"
    end
end

complete -c netmem-audit -f -a '(__nma_complete)'
