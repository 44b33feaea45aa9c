# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# Which rule of the catalogue was proved on which kernel, as a KTAP test with
# the table as its comment, and as a document in the file "json". Reads
# include/nma_rules.def, then what each kernel printed:
#
#   # kernel RELEASE netmem|old		which it is; old ones have no column,
#						two VMs with the same have one
#   # rule ID caught|enforced|unobservable [WHY]
#
# A rule that one test caught and another calls unobservable, or that is not in
# the catalogue, fails the test; so does an empty cell. With "some" (only some
# tests ran) rules without any result are left out, and cells may be empty.

function complain(what) {
	problems[++nr_problems] = what
}

function take_result(id, state, why,    cell) {
	if (!(id in known))
		complain("no rule " id " in the catalogue (" release ")")
	cell = id SUBSEP column
	seen[cell, state] = 1
	any[id] = 1
	if (state == "unobservable" && !(cell in reason)) {
		reason[cell] = why
		reasons[++nr_reasons] = cell
	}
}

function state_of(id, kernel,    cell, caught, enforced) {
	cell = id SUBSEP kernel
	caught = (cell, "caught") in seen
	enforced = (cell, "enforced") in seen
	if (caught && enforced)
		return "caught, enforced"
	if (caught || enforced)
		return caught ? "caught" : "enforced"
	return (cell, "unobservable") in seen ? "unobservable" : "missing"
}

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
}

# Prints TEXT as comment lines of at most 72 columns, the first one behind HEAD.
function print_wrapped(head, text,    i, n, word, line) {
	n = split(text, word, " ")
	line = head
	for (i = 1; i <= n; i++) {
		if (length(line) + 1 + length(word[i]) > 72) {
			print line
			line = "#    "
		}
		line = line " " word[i]
	}
	print line
}

/^NMA_RULE\(/ {
	split($0, part, "\"")
	ids[++nr_ids] = part[2]
	known[part[2]] = 1
	next
}

# what the kernel's scripts print is indented
match($0, /^ *# kernel /) {
	split(substr($0, RLENGTH + 1), word, " ")
	release = word[1]
	sub(/[-+].*/, "", release)
	if (word[2] == "netmem" && !(release in columns)) {
		kernels[++nr_kernels] = release
		columns[release] = nr_kernels
	}
	column = columns[release]
	next
}

match($0, /^ *# rule /) {
	rest = substr($0, RLENGTH + 1)
	split(rest, word, " ")
	sub(/^[^ ]+ +[^ ]+ */, "", rest)
	take_result(word[1], word[2], rest)
}

function count_cell(id, k,    state) {
	state = state_of(id, k)
	if (state == "missing")
		missing++
	if (state ~ /caught|enforced/ && (id, k, "unobservable") in seen)
		complain(id " on " kernels[k] ": " state " and unobservable")
	return state
}

function print_table(    i, k, line) {
	line = sprintf("# %-12s", "rule")
	for (k = 1; k <= nr_kernels; k++)
		line = line sprintf(" %-17s", kernels[k])
	sub(/ +$/, "", line)
	print line
	for (i = 1; i <= nr_ids; i++) {
		if (some != "" && !(ids[i] in any))
			continue
		line = sprintf("# %-12s", ids[i])
		for (k = 1; k <= nr_kernels; k++)
			line = line sprintf(" %-17s", count_cell(ids[i], k))
		sub(/ +$/, "", line)
		print line
	}
	for (i = 1; i <= nr_reasons; i++) {
		split(reasons[i], word, SUBSEP)
		print_wrapped("# " word[1] " on " kernels[word[2]] ":",
			      reason[reasons[i]])
	}
}

function write_json(    i, k, sep) {
	printf("{\"schema\":1,\"type\":\"rule_results\",\"rules\":[") >json
	for (i = 1; i <= nr_ids; i++) {
		for (k = 1; k <= nr_kernels; k++) {
			printf("%s\n{\"rule\":%s,\"kernel\":%s,\"result\":%s", sep,
			       quote(ids[i]), quote(kernels[k]),
			       quote(state_of(ids[i], k))) >json
			if ((ids[i], k) in reason)
				printf(",\"reason\":%s", quote(reason[ids[i], k])) >json
			printf("}") >json
			sep = ","
		}
	}
	print "\n]}" >json
}

END {
	print "KTAP version 1"
	print "1..1"
	print_table()
	write_json()
	if (missing && some == "")
		complain(missing " cells are missing")
	for (i = 1; i <= nr_problems; i++)
		print "# " problems[i]
	print (nr_problems ? "not ok" : "ok") " 1 every-rule-on-every-kernel"
	exit nr_problems > 0
}
