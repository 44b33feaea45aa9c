#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 120
#
# What the manual shows is what comes, on the kernel it was recorded on: the commands of
# docs/man/examples, each with what it prints. Numbers, and what they push elsewhere,
# change with each run; words do not. What comes now is left in build/examples, to be
# copied over what is shown.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"

top=$(cd -- "$(dirname -- "$0")/../.." && pwd -P)
shown=$top/docs/man/examples
now=$top/build/examples

# words FILE: each once, for they stand elsewhere where a number is longer. Where frames
# wait on their way home is a matter of luck, and whether a page_pool and a binding are
# gone when a recording ends.
words() {
	sed -E '/  defer  |  yes +DMA_/d; s/^ *[0-9.]+ (pool_destroyed|binding_freed) .*//
		s/[0-9]+/N/g; s/[ |]+/\n/g' "$1" | grep . | sort -u
}

# again NAME: its commands, and what they print
again() {
	local line

	while IFS= read -r line; do
		[[ $line == [#$]' '* ]] || continue
		printf '%s\n' "$line"
		(cd "$W" && bash -c "${line:2}" 2>&1) || :
	done <"$shown/$1.txt" >"$now/$1.txt"
}

# shows NAME...
shows() {
	local name differs=0

	mkdir -p "$now"
	for name; do
		again "$name"
		diff <(words "$shown/$name.txt") <(words "$now/$name.txt") && continue
		echo "$name: < is shown, > comes"
		differs=1
	done
	[ "$differs" = 0 ] || fail "docs/man/examples is not what comes"
}

test_rules() { shows rules; }

# By an application that keeps some of its tokens
test_bound() {
	recv_devmem -b 4M --keep-tokens 23
	send_to -b 4M "$V4" >"$W/tx.json"
	held rx
	shows show-nics show-queues show-pools show-bindings show-tokens check leaks stat \
		explain-bind
}

test_watch() {
	defer reopen
	shows watch
}

test_run() {
	cat >"$W/run-tests" <<-EOF
		#!/bin/bash
		rm -f ready
		nma-traffic recv -i nm0 -q $Q -p $PORT -t $TRAFFIC_S -b 4M --ready ready >rx &
		until grep -qsx ready ready; do sleep 0.1; done
		nsenter --net=/run/netns/$peer_ns nma-traffic send -p $PORT -b 4M $V4 >tx
		wait
		sleep 1
	EOF
	chmod +x "$W/run-tests"
	shows record
	fault leak_on_stop 1
	shows gate
	fault leak_on_stop 0
}

# In the place of the one that is installed
test_enforce() {
	cp -p /etc/netmem-audit/policy "$W/"
	defer cp -p "$W/policy" /etc/netmem-audit/
	cat >/etc/netmem-audit/policy <<-END
		{"schema":1,"type":"policy"}
		{"rule":"NM-BIND-09","mode":"enforce"}
		{"allow":"bind-rx","user":"daemon"}
	END
	defer netmem-audit enforce off
	shows enforce
}

case $(uname -r) in
7.2.*) ;;
*) skip_all "recorded on 7.2" ;;
esac
nm_setup
run_tests test_rules test_bound test_watch test_run test_enforce
