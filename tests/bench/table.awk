# SPDX-License-Identifier: GPL-2.0-only
#
# Prints the rows of verdict.jq, one a line with tabs between what, value, error,
# unit, bar and verdict, as a table of 80 columns.

BEGIN { FS = "\t" }

function number(x, unit) {
	return sprintf(unit == "x" || unit == "%" ? "%.2f" : "%.0f", x)
}

NR == 1 {
	printf "%-46s %10s %8s  %s\n", $1, "MEASURED", "ERROR", "BAR"
	next
}

{
	printf "%-46s %7s%-4s %7s%-1s", $1, number($2, $4), $4 == "" ? "" : " " $4,
		$3 == "" ? "" : "+-" number($3, $4), ""
	if ($5 != "")
		printf "  %-7s %s", $5, $6 == "true" ? "ok" : "MISSED"
	printf "\n"
}
