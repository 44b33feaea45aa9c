# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# Counts the results in nested KTAP: "N passed, N failed, N skipped" on stdout,
# a JSON document in the file "json". A result with sub-tests above it is the
# sum of these and not counted, unless it failed and none of them did. Exit
# status 1 if anything failed or nothing was run.

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
}

# Sub-tests come before their parent's line: its name is not yet known, so rows
# wait at their depth until it is.
function add_row(depth, name, outcome, reason,    row) {
	row = "\"result\":" quote(outcome)
	if (reason != "")
		row = row ",\"reason\":" quote(reason)
	n = ++rows[depth]
	path[depth, n] = name
	text[depth, n] = row
}

function lift_rows(depth, name,    i, n) {
	for (i = 1; i <= rows[depth + 1]; i++) {
		n = ++rows[depth]
		path[depth, n] = name "/" path[depth + 1, i]
		text[depth, n] = text[depth + 1, i]
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

line ~ /^(ok|not ok) [0-9]+/ {
	outcome = outcome_of(line)
	reason = ""
	name = line
	sub(/^(ok|not ok) [0-9]+ *(- )?/, "", name)
	if (match(name, / *# /)) {
		reason = substr(name, RSTART + RLENGTH)
		name = substr(name, 1, RSTART - 1)
		sub(/^SKIP */, "", reason)
	}
	below = rows[depth + 1]
	failed_below = failures[depth + 1]
	failures[depth + 1] = 0
	lift_rows(depth, name)
	if (!below || (outcome == "failed" && !failed_below)) {
		add_row(depth, name, outcome, reason)
		count[outcome]++
	}
	if (outcome == "failed" || failed_below)
		failures[depth]++
}

END {
	printf("{\"schema\":1,\"passed\":%d,\"failed\":%d,\"skipped\":%d,\"tests\":[",
	       count["passed"], count["failed"], count["skipped"]) >json
	for (i = 1; i <= rows[0]; i++)
		printf("%s\n{\"name\":%s,%s}", i > 1 ? "," : "",
		       quote(path[0, i]), text[0, i]) >json
	print "\n]}" >json
	printf("%d passed, %d failed, %d skipped\n",
	       count["passed"], count["failed"], count["skipped"])
	exit count["failed"] > 0 || count["passed"] + 0 == 0
}
