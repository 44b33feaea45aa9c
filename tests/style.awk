# SPDX-License-Identifier: GPL-2.0-only
#
# What checkpatch would say of C code, as far as it can be told from one line:
# kernel style that a formatter would enforce together with everything that it
# would spoil (tables, aligned fields). Prints file:line: what; silent is good.

function say(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }

FNR == 1 { comment = 0 }

{
	line = $0
	wide = line
	gsub(/\t/, "        ", wide)
	# message strings are never split: only what stands beside them counts
	beside = wide
	if (!comment && line !~ /^[ \t]*\/\*/)
		gsub(/"([^"\\]|\\.)*"/, "\"\"", beside)
	if (length(beside) > 100)
		say("line of " length(wide) " columns")
	if (line ~ /[ \t]$/)
		say("trailing white space")
	if (line ~ /^        / && !comment)
		say("indented with spaces")
	if (line ~ / \t/ && line !~ /^ \*/ && line !~ /"/ && !comment)
		say("space before tab")
	code = line
	gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
	gsub(/'([^'\\]|\\.)'/, "''", code)
	gsub(/\/\*.*\*\//, "", code)
	if (comment) {
		if (code ~ /\*\//)
			comment = 0
		next
	}
	if (code ~ /\/\*/) {
		comment = 1
		sub(/\/\*.*/, "", code)
	}
}

code ~ /^[ \t]*\/\// && !(FNR == 1 && code ~ /SPDX/) { say("not a C comment") }
code ~ /(^|[^a-z_0-9])(if|for|while|switch)\(/ { say("no space after keyword") }
code ~ /\( [^)]/ && code !~ /^#/ { say("space after '('") }
code ~ /[^ \t(;] \)/ && code !~ /^#/ { say("space before ')'") }
code ~ /[a-z_0-9]\* [a-z_]+[;,)=]/ && code !~ /[=*+-] *[a-z_0-9]+\* / { say("'*' belongs to the name") }
code ~ /^[ \t]*\}[ \t]*$/ { closing = FNR }
code ~ /^[ \t]+else/ && closing == FNR - 1 { say("else belongs behind '}'") }
code ~ /^[ \t]+\{[ \t]*$/ && last ~ /\)[ \t]*$/ && last ~ /(^|[ \t])(if|for|while|switch) / { say("'{' belongs behind the condition") }
code ~ /;;/ && code !~ /for \(/ { say("empty statement") }
code ~ /return \(.*\);$/ && code !~ /return \([^()]*\)[^;]/ && code !~ /return \(.*\).*\(/ { say("return is no function") }
FNR > 1 && line == "" && prev == "" { say("two empty lines") }
code ~ /(,|;)[a-zA-Z_]/ && code !~ /^#/ { say("no space after ',' or ';'") }
code ~ /(if|while) \([a-z_]+ = / { say("assignment in a condition") }
code ~ /(^|[^a-z_])(u_int|uint8|ulong) / { say("not a kernel type") }

{ last = code; prev = line }
