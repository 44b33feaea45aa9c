# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash disable=SC2154 # what bench has
#
# The same facts from netmem-audit and from a bpftrace script that somebody would write
# instead, on the same hooks; part of tests/bench/bench. Each tool is started once, and
# has its first report behind it and the next one far ahead of it: what is compared is
# the cost of an event. Nothing is bound when stat starts, or it counted tokens as well,
# which the script does not; with --hist it does all the same, for their ages.

# Buffers that each page_pool gave out and got back
COUNTS_BT='BEGIN { printf("ready\n"); }
fexit:page_pool_alloc_netmems /retval/ { @allocs[args.pool] = count(); }
fentry:page_pool_put_unrefed_netmem { @puts[args.pool] = count(); }'

# How long each buffer was out, by pool; what is still out at the end has its time in
# @since
AGES_BT='BEGIN { printf("ready\n"); }
fexit:page_pool_alloc_netmems /retval/ { @since[retval] = nsecs; }
fentry:page_pool_put_unrefed_netmem /@since[args.netmem]/ {
	@us[args.pool] = hist((nsecs - @since[args.netmem]) / 1000);
	delete(@since, args.netmem);
}'

BOTH_BT='BEGIN { printf("ready\n"); }
fexit:page_pool_alloc_netmems /retval/ {
	@allocs[args.pool] = count();
	@since[retval] = nsecs;
}
fentry:page_pool_put_unrefed_netmem {
	@puts[args.pool] = count();
	if (@since[args.netmem]) {
		@us[args.pool] = hist((nsecs - @since[args.netmem]) / 1000);
		delete(@since, args.netmem);
	}
}'

FACTS_S=100			# until the second report, of time that is skipped

has_line() { [ -s "$1" ]; }
has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# tool_on NAME COMMAND...: its first line says that all is attached
tool_on() {
	local name=$1

	shift
	rm -f "$W/$name.tool"
	EXEC="exec" root_ns "$@" >"$W/$name.tool" 2>"$W/$name.err" &
	pid[tool]=$!
	wait_for 100 has_line "$W/$name.tool" && alive "${pid[tool]}" && return
	fail "$name: $(cat "$W/$name.tool" "$W/$name.err")"
}

tool_off() {
	kill -INT "${pid[tool]}"
	wait "${pid[tool]}" || fail "$1: exit status $?: $(cat "$W/$1.err")"
}

# facts NAME COMMAND...: streams beside it, and what it says at the end
facts() {
	local name=$1 i

	tool_on "$@"
	into_dmabuf "warm" 4M
	for ((i = 0; i < ROUNDS; i++)); do
		into_dmabuf "$name" "$BYTES"
	done
	case $name in
	*_bpftrace) ;;
	*) wait_for $FACTS_S has_lines "$W/$name.tool" 2 || fail "$name: no second report" ;;
	esac
	tool_off "$name"
	runs "$name"
}

bpftrace_facts() { facts "$1" bpftrace -f json -B line -e "$2"; }

# Events that bpftrace has counted: those of the streams, and of the one before them
counted() {
	jq -Rs '[split("\n")[] | fromjson? | select(.type == "map") | .data |
		(.["@allocs"], .["@puts"] | select(.) | add)] | add' "$W/counts_bpftrace.tool"
}

# The same by stat, from its first report on; null where the kernel counts no puts
counted_by_stat() {
	jq -s '.[-1].pools | map(.allocs + .recycle_cached + .recycle_ring +
		.recycle_ring_full + .recycle_released_refcnt) | add' "$W/counts_stat.tool"
}

test_facts() {
	local i

	into_dmabuf warm 4M
	for ((i = 0; i < ROUNDS; i++)); do
		into_dmabuf facts_none "$BYTES"
	done
	runs facts_none
	facts counts_stat netmem-audit -j stat --deep $FACTS_S
	bpftrace_facts counts_bpftrace "$COUNTS_BT"
	facts ages_leaks netmem-audit -j leaks --deep $FACTS_S
	facts ages_stat netmem-audit -j stat --deep --hist $FACTS_S
	bpftrace_facts ages_bpftrace "$AGES_BT"
	bpftrace_facts both_bpftrace "$BOTH_BT"
	record events "{\"bpftrace\":$(counted),\"stat\":$(counted_by_stat)}"
}
