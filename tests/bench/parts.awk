# SPDX-License-Identifier: GPL-2.0-only
#
# Sorts stacks that bpftrace has counted (innermost function first, then "]: N")
# into parts: the innermost function that belongs to one decides, so what the
# driver calls to get its work done (page_pool, DMA API, memory) is the driver's,
# and what it hands a packet to is the stack's. Names of the driver's and of the
# device model's functions come in the files -v driver= and -v model=, one a line.
# Prints "part samples".

BEGIN {
	while ((getline name <driver) > 0)
		owner[name] = "driver"
	while ((getline name <model) > 0)
		owner[name] = owner[name] == "driver" ? "both" : "model"
	stack = "^(_*napi_gro|_*gro_|dev_gro|skb_gro|_*netif_receive|_*napi_consume_skb" \
		"|ip_|_*ip6_|ipv6_|_*tcp_|_*sock_|inet6?_|_*dev_queue_xmit|_*dev_hard" \
		"|sch_|_*qdisc|_*x64_sys|do_syscall|ksys_|vfs_)"
}

/^@\[/ { part = ""; frames = 0; next }

/^\]: / {
	if (part == "")
		part = frames ? "other" : "user"
	samples[part] += $2
	next
}

NF && !/^Attach/ {
	frames++
	sub(/\+.*/, "", $1)
	if (part != "")
		next
	if ($1 in owner)
		part = owner[$1]
	else if ($1 ~ stack)
		part = "stack"
	else if ($1 ~ /^(do_idle|cpu_startup_entry|default_idle|pv_native_safe_halt)/)
		part = "idle"
}

END {
	for (part in samples)
		print part, samples[part]
}
