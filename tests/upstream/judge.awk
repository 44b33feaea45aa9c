# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# awk -v script=NAME -f judge.awk EXPECTED LOG: compare what a script of the
# kernel's tests printed with the list of what is expected, as KTAP. Every case
# is a result: as expected, otherwise, missing, or not in the list.
# Exit status 1 if any is not as expected.
#
# EXPECTED: lines of "script case outcome reason..."; outcome is ok, skip, xfail
# or fail. A script that ends before its first case has the case "-".

function said(why) { return why == "" ? "" : ": " why }

function result(name, good, why) {
	printf "%sok %d %s%s\n", good ? "" : "not ", ++number, name,
	       why == "" ? "" : " # " why
	if (!good)
		bad = 1
}

# "ok 1 ping.test_v4 # SKIP why" has the case test_v4. Sets outcome and why.
function parse_result(line,    name) {
	outcome = line ~ /^not / ? "fail" : "ok"
	sub(/^(not )?ok [0-9]+ *(- )?/, "", line)
	why = ""
	if (match(line, / # /)) {
		why = substr(line, RSTART + 3)
		line = substr(line, 1, RSTART - 1)
	}
	if (match(why, /^(SKIP|XFAIL) ?/)) {
		outcome = tolower(substr(why, 1, RLENGTH))
		sub(/ /, "", outcome)
		why = substr(why, RLENGTH + 1)
	}
	if (outcome == "fail" && why == "")
		why = last
	last = ""
	name = line
	if (!sub(/^[^.]*\./, "", name))
		name = "-"
	gsub(/ /, "_", name)
	return name
}

FNR == NR {
	if ($1 != script)
		next
	name = $2
	expect[name] = $3
	order[++listed] = name
	reason[name] = ""
	if (match($0, /^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/))
		reason[name] = substr($0, RLENGTH + 1)
	next
}

/^# .*(Error|Check failed|Exception: |CMD)/ {
	last = $0
	sub(/^# (Exception\| *)?/, "", last)
}

/^(not )?ok [0-9]/ {
	name = parse_result($0)
	got[name] = outcome
	because[name] = why
	if (!(name in expect))
		extra[++extras] = name
}

END {
	print "KTAP version 1"
	print "1.." listed + extras
	for (i = 1; i <= listed; i++) {
		name = order[i]
		want = expect[name]
		if (!(name in got))
			result(name, 0, "no result, the list expects " want)
		else if (got[name] != want)
			result(name, 0, got[name] said(because[name]) "; the list expects " want \
			       said(reason[name]))
		else if (want == "ok")
			result(name, 1, "")
		else
			result(name, 1, "SKIP " (want == "fail" ? "fails as expected: " : "") \
			       reason[name])
	}
	for (i = 1; i <= extras; i++)
		result(extra[i], 0, got[extra[i]] said(because[extra[i]]) "; not in the list")
	exit bad
}
