# SPDX-License-Identifier: GPL-2.0-only
#
# From the raw figures of tests/bench/bench to rows: what, value, unit, error (of
# the mean of the runs, or of sampling, twice its standard deviation), and where
# there is a bar, "bar" and "ok".

def mean: add / length;
# One run says nothing about the next.
def spread: if length > 1 then (max - min) / 2 else null end;
def mbit: map(.bytes * 8000 / .duration_ns);
def per_packet: map(.duration_ns / .packets);

def row(what; value; unit): {what: what, value: value, unit: unit};
def at_least(bar): . + {bar: ">= \(bar)", ok: (.value >= bar)};
def at_most(bar): . + {bar: "<= \(bar)", ok: (.value <= bar)};

def speed(what; runs):
	(runs | mbit) as $m | row(what; $m | mean; "Mb/s") + {error: ($m | spread)};

def throughput:
	(.dmabuf | mbit | mean) as $dmabuf
	| (row("into a dma-buf, times veth with native XDP";
		$dmabuf / (.veth_xdp | mbit | mean); "x") | at_least(1.3)),
	  speed("  into a dma-buf"; .dmabuf),
	  speed("  veth with native XDP"; .veth_xdp),
	  speed("  plain TCP over nmnic"; .plain),
	  speed("  plain veth, which copies nothing"; .veth);

# Idle is no work; what is left is shared out by samples.
def parts:
	(.dmabuf | per_packet) as $total
	| (.parts | del(.idle)) as $n
	| ($n | add) as $all
	| (row("instructions per packet into a dma-buf"; $total | mean; "")
		+ {error: ($total | spread)}),
	  ([["model", "  device model (copies, checksums)"],
	    ["driver", "  driver, with page_pool and DMA API"],
	    ["stack", "  network stack and system calls"],
	    ["user", "  the two programs"],
	    ["other", "  other kernel code"]][]
		| . as [$part, $what]
		| (($n[$part] // 0) / $all) as $share
		| row($what; $share * ($total | mean); "")
			+ {error: (2 * (($share * (1 - $share) / $all) | sqrt)
				* ($total | mean))});

# With the audit and without: percent more.
def more(what; off; on):
	(off | per_packet) as $off
	| (on | per_packet) as $on
	| row(what; 100 * (($on | mean) / ($off | mean) - 1); "%")
		+ {error: (if ($on | length) > 1
			then 100 * (($on | spread) + ($off | spread)) / ($off | mean)
			else null end)};

def added(off; on):
	row("  instructions per packet"; (on | per_packet | mean)
		- (off | per_packet | mean); "");

def audit:
	(more("default audit, more instructions per packet"; .audit_off; .audit_on)
		| at_most(1)),
	added(.audit_off; .audit_on);

# Of those who have nothing to do with device memory
def bystander(what; off; on; bar):
	(off | map(.duration_ns / .count)) as $off
	| (on | map(.duration_ns / .count)) as $on
	| (row(what; 100 * (($on | mean) / ($off | mean) - 1); "%")
		+ {error: (if ($on | length) > 1
			then 100 * (($on | spread) + ($off | spread)) / ($off | mean)
			else null end)} | if bar then at_most(bar) else . end),
	row("  instructions without the audit"; $off | mean; ""),
	row("  instructions more"; ($on | mean) - ($off | mean); "");

# With and without a policy that looks at calls of that kind; what "call" is with it.
def looked_at(what; free; bound):
	bystander("enforcement, " + what + ", more"; free; bound; 0.5)
	| select(.what | startswith("  instructions without") | not);

def enforcement:
	looked_at("one byte through a unix socket"; .unix_free; .unix_bound),
	looked_at("a netlink request and its answer"; .netlink_free; .netlink_bound),
	looked_at("setsockopt"; .setsockopt_free; .setsockopt_bound),
	looked_at("socket, bind and close"; .bind_free; .bind_bound),
	looked_at("ioctl"; .ioctl_free; .ioctl_bound);

def bystanders:
	bystander("default audit, 64 bytes over TCP and veth and back, more";
		.tcp_off; .tcp_on; 0.5),
	bystander("default audit, one byte through a unix socket, more";
		.unix_off; .unix_on; 0.5);

def deep:
	(more("watch --deep, more instructions per packet"; .deep_off; .deep_on)
		| at_most(15)),
	added(.deep_off; .deep_on),
	more("  the same without a dma-buf"; .deep_off_plain; .deep_on_plain);

def attach:
	(.attach_ns | map(. / 1e6)) as $ms
	| (row("start to attached, million instructions"; $ms | mean; "")
		| at_most(500)) + {error: ($ms | spread)};

# Of commands that look once and end
def once(what; ns):
	(ns | map(. / 1e6)) as $ms
	| (row(what + ", million instructions"; $ms | mean; "") | at_most(300))
		+ {error: ($ms | spread)};

def once: once("check"; .check_ns), once("show pools"; .show_ns), once("stat"; .stat_ns);

# Per packet, of one tool that tells something and of another that does: the least of
# the runs, for what else happens now and then comes on top of a cost, and is as large.
def beside($name; $what; $ours; $theirs; $none):
	($none | per_packet | min) as $base
	| (($ours | per_packet | min) - $base) as $we
	| (($theirs | per_packet | min) - $base) as $they
	| (row($what; $we / $they; "x") | at_most(0.5)),
	  row("  instructions per packet, " + $name; $we; ""),
	  row("  the same, bpftrace"; $they; "");

def facts:
	beside("stat --deep"; "buffers given out and got back, over bpftrace";
		.counts_stat; .counts_bpftrace; .facts_none),
	beside("leaks --deep"; "how long buffers are out, over bpftrace";
		.ages_leaks; .ages_bpftrace; .facts_none),
	(beside("stat --deep --hist"; "both, over bpftrace";
		.ages_stat; .both_bpftrace; .facts_none)),
	(.events | row("  events that stat counted, of bpftrace\u0027s";
		100 * .stat / .bpftrace; "%"));

def thousands: if . >= 1000000 then "\(. / 1000000 | floor) million"
	elif . >= 1000 then "\(. / 1000 | floor) thousand" else "\(.)" end;

def ledger:
	(.events_at | map(. + {cost: (.ns / .runs)})) as $at
	| (row("ledger, an event at most over one at least"; $at[-1].cost / $at[0].cost; "x")
		| at_most(1.25)),
	  ($at[] | row("  instructions, \(.out | thousands) out"; .cost; "")),
	  (.ledger_map | row("  bytes of its map, for each that is out";
		.bytes / $at[-1].out; "") | at_most(96)),
	  (.leaks_ns | row("leaks, none seen before, million instructions"; mean / 1e6; "")
		| at_most(5000)),
	  (.leaks_found | (.pools | map(.inflight) | add) as $out
		| row("  buffers out, in \(.sockets | thousands) sockets"; $out; ""),
		  (row("  lost or unbalanced"; .lost + ($out - (.pools | map(.buffers) | add)); "")
			| at_most(0))),
	  (row("  packets come later by, microseconds";
		(.held_up_leaks.gap - .held_up_none.gap) / 1000; "") | at_most(1000)),
	  (row("  a socket is locked for, microseconds"; .held_up_leaks.locked / 1000; "")
		| at_most(1000)),
	  row("  a program runs for, microseconds"; .held_up_leaks.ran / 1000; "");

{schema: 1, kernel, rows: [
	if has("dmabuf") then throughput else empty end,
	if has("parts") and has("dmabuf") then parts else empty end,
	if has("audit_on") then audit else empty end,
	if has("tcp_on") then bystanders else empty end,
	if has("unix_bound") then enforcement else empty end,
	if has("deep_on") then deep else empty end,
	if has("facts_none") then facts else empty end,
	if has("leaks_ns") then ledger else empty end,
	if has("attach_ns") then attach else empty end,
	if has("check_ns") then once else empty end
]}
