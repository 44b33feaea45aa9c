# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What on a kernel's console counts as a complaint.  Sourced.

# 6.18 and later: "WARNING: file.c:12 at function"; before: "WARNING: CPU: 0".
lab_complaints='WARNING: |BUG: |kernel BUG at |Oops: |Oops\[|Kernel panic'
lab_complaints+='|general protection fault|KASAN: |UBSAN: |refcount_t: '
lab_complaints+='|INFO: task .* blocked for|detected stall|self-detected stall'
lab_complaints+='|unregister_netdevice: waiting for|list_(add|del) corruption'
# what only a kernel for debugging has
lab_complaints+='|BUG [^ ]+ \(|ODEBUG: |INFO: trying to register non-static key'
lab_complaints+='|DMA-API: .*(leak|error)|ref_tracker: |kmemleak: .* new suspected'

# What a test provokes is harmless between two lines of its own in the kernel log,
# which console_expects PATTERN and console_expects (nothing more) write there. A level
# that the console shows.
console_expects() { echo "<4>nma-expects: ${1:-}" >/dev/kmsg; }

# Line by line with its number, without what was expected there
console_unexpected() {
	tr -d '\r' | awk '
		/nma-expects:/ { pattern = $0; sub(/.*nma-expects: ?/, "", pattern); next }
		pattern == "" || $0 !~ pattern { print NR ":" $0 }'
}

# console_complaints ALLOW FILE...: the complaints with the lines around them,
# from the first file that has any; ALLOW is a pattern of harmless ones.
console_complaints() {
	local allow=$1 file hits

	shift
	for file; do
		hits=$(console_unexpected <"$file" | grep -aE "$lab_complaints" |
			grep -avE "${allow:-^\$}" | head -n 3) || true
		[ -n "$hits" ] || continue
		tr -d '\r' <"$file" | awk -v hits="$hits" '
			BEGIN {
				n = split(hits, line, "\n")
				for (i = 1; i <= n; i++)
					for (j = -3; j <= 25; j++)
						show[int(line[i]) + j] = 1
			}
			NR in show { print "  " $0 }'
		return
	done
}
