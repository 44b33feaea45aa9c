# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# Counts the results in nested KTAP: each that failed, with why, then "N passed,
# N failed, N skipped" on stdout; a JSON document in the file "json". A result with
# sub-tests above it is the sum of these and not counted, unless it failed and none
# of them did. Exit status 1 if anything failed or nothing was run.

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
}

# Sub-tests come before their parent's line: its name is not yet known, so rows
# wait at their depth until it is.
function add_row(depth, name, outcome, why) {
	n = ++rows[depth]
	path[depth, n] = name
	result[depth, n] = outcome
	reason[depth, n] = why
}

function lift_rows(depth, name,    i, n) {
	for (i = 1; i <= rows[depth + 1]; i++) {
		n = ++rows[depth]
		path[depth, n] = name "/" path[depth + 1, i]
		result[depth, n] = result[depth + 1, i]
		reason[depth, n] = reason[depth + 1, i]
	}
	rows[depth + 1] = 0
}

function outcome_of(line) {
	if (line ~ /^not ok/)
		return "failed"
	return line ~ /# SKIP/ ? "skipped" : "passed"
}

{
	match($0, /^ */)
	depth = int(RLENGTH / 4)
	line = substr($0, RLENGTH + 1)
}

# What a sub-test said of its failure comes below its line.
line ~ /^# (FAILED: |line [0-9]+: |the kernel complained)/ && rows[depth] &&
result[depth, rows[depth]] == "failed" && reason[depth, rows[depth]] == "" {
	sub(/^# (FAILED: )?/, "", line)
	reason[depth, rows[depth]] = line
}

line ~ /^(ok|not ok) [0-9]+/ {
	outcome = outcome_of(line)
	why = ""
	name = line
	sub(/^(ok|not ok) [0-9]+ *(- )?/, "", name)
	if (match(name, / *# /)) {
		why = substr(name, RSTART + RLENGTH)
		name = substr(name, 1, RSTART - 1)
		sub(/^SKIP */, "", why)
	}
	below = rows[depth + 1]
	failed_below = failures[depth + 1]
	failures[depth + 1] = 0
	lift_rows(depth, name)
	if (!below || (outcome == "failed" && !failed_below)) {
		add_row(depth, name, outcome, why)
		count[outcome]++
	}
	if (outcome == "failed" || failed_below)
		failures[depth]++
}

function row(i,    text) {
	text = quote(path[0, i]) ",\"result\":" quote(result[0, i])
	if (reason[0, i] != "")
		text = text ",\"reason\":" quote(reason[0, i])
	return text
}

END {
	printf("{\"schema\":1,\"passed\":%d,\"failed\":%d,\"skipped\":%d,\"tests\":[",
	       count["passed"], count["failed"], count["skipped"]) >json
	for (i = 1; i <= rows[0]; i++)
		printf("%s\n{\"name\":%s}", i > 1 ? "," : "", row(i)) >json
	print "\n]}" >json
	for (i = 1; i <= rows[0]; i++)
		if (result[0, i] == "failed")
			print "failed: " path[0, i] \
			      (reason[0, i] == "" ? "" : ": " reason[0, i])
	printf("%d passed, %d failed, %d skipped\n",
	       count["passed"], count["failed"], count["skipped"])
	exit count["failed"] > 0 || count["passed"] + 0 == 0
}
