#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# The kernel's ncdevmem as the comment at its top says it is used: it receives
# from and sends to a plain netcat, then from one dma-buf to another. in-guest
# calls this like one of the kernel's tests; the output is of the same kind.

set -u

tool=$KSFT/drivers/net/hw/ncdevmem
port=5201		# one for each case: the last one's connection lingers
bytes=$((16 << 20))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

remote() { ip netns exec "$REMOTE_ARGS" "$@"; }

# wait_listen COMMAND...: until somebody listens where COMMAND looks
wait_listen() {
	local try

	for try in {1..300}; do
		[ -z "$("$@" ss -Hltn "sport = :$port")" ] || return 0
		sleep 0.1
	done
	echo "# nobody listens on port $port (try $try)"
	return 1
}

# pattern N: the bytes 1 to N - 1 and a newline, for ever
pattern() {
	local line

	# shellcheck disable=SC2046 # one word each
	printf -v line '\\x%02x' $(seq $(($1 - 1)))
	# shellcheck disable=SC2059 # a format of escapes
	yes "$(printf "$line")"
}

# received LOG: ncdevmem got everything and found nothing wrong in it
received() {
	if ! grep -q 'Failed validation' "$1" &&
		[ "$(grep -o 'total_received=[0-9]*' "$1" | tail -n 1)" = \
			"total_received=$bytes" ]; then
		return 0
	fi
	{ head -n 12 "$1"; echo ...; tail -n 12 "$1"; } | sed 's/^/# /'
	return 1
}

rx() {
	local pid status=0

	"$tool" -s "$LOCAL_V6" -c "$REMOTE_V6" -f "$NETIF" -l -p $port -v 7 \
		>"$work/rx" 2>&1 &
	pid=$!
	wait_listen env || status=1
	pattern 7 | head -c $bytes |
		remote nc -N -p $port "$LOCAL_V6" $port || status=1
	wait $pid || status=1
	received "$work/rx" && [ $status = 0 ]
}

tx() {
	local pid status=0

	remote nc -6 -l $port >"$work/tx" </dev/null &
	pid=$!
	wait_listen remote || status=1
	printf 'hello\nworld\n' |
		"$tool" -s "$REMOTE_V6" -p $port -f "$NETIF" 2>&1 | sed 's/^/# /'
	[ "${PIPESTATUS[1]}" = 0 ] || status=1
	wait $pid || status=1
	printf 'hello\nworld\n' | cmp - "$work/tx" && [ $status = 0 ]
}

# The remote port is the one that receives. Each line is sent by itself.
rx_tx() {
	local pid status=0 ifname

	bytes=$((16 << 10))
	ifname=$(remote ip -o -6 addr show to "$REMOTE_V6" | awk '{ print $2 }')
	remote "$tool" -s "$REMOTE_V6" -f "$ifname" -l -p $port -v 8 \
		>"$work/rx_tx" 2>&1 &
	pid=$!
	wait_listen remote || status=1
	pattern 8 | head -c $bytes |
		"$tool" -s "$REMOTE_V6" -p $port -f "$NETIF" 2>&1 | tail -n 3 | sed 's/^/# /'
	wait $pid || status=1
	received "$work/rx_tx" && [ $status = 0 ]
}

number=0
for name in rx tx rx_tx; do
	number=$((number + 1))
	if "$name"; then
		echo "ok $number ncdevmem.$name"
	else
		echo "not ok $number ncdevmem.$name"
	fi
	port=$((port + 1))
done
