# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# shellcheck shell=bash disable=SC2317 # called by name
#
# Events of the kernel's tracing, counted by it.

TRACE=/sys/kernel/tracing

trace_open() { mount -t tracefs tracefs "$TRACE" 2>/dev/null || true; }

trigger() {
	echo "$2" >"$TRACE/events/$1/trigger"
	defer untrigger "$1" "!$2"
}
untrigger() { echo "$2" >"$TRACE/events/$1/trigger"; }

# probe NAME DEFINITION FILTER: counts what passes
probe() {
	echo "$2" >>"$TRACE/kprobe_events"
	defer unprobe "$1"
	trigger "kprobes/$1" "hist:keys=common_type if $3"
}
unprobe() { echo "-:$1" >>"$TRACE/kprobe_events"; }

# hits EVENT: of all keys
hits() { awk '/Hits:/ { print $2 }' "$TRACE/events/$1/hist"; }
