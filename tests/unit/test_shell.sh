#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# What is derived from the program by scripts (docs/RULES.md), and what only a
# process of its own shows. The program is the one with the fake kernel.
# shellcheck disable=SC2317 # called by name

set -u
here=$(dirname -- "$(readlink -f -- "$0")")
top=$here/../..
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
PATH=$(readlink -f "${O:?}")/bin:$PATH
export ASAN_OPTIONS=detect_leaks=0

number=0
failed=0
check() {
	number=$((number + 1))
	if "$@" >"$scratch/log" 2>&1; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' "$scratch/log"
		failed=1
	fi
}

rules_md_is_up_to_date() {
	"$top/docs/make-rules" >"$scratch/RULES.md" || return
	diff -u "$top/docs/RULES.md" "$scratch/RULES.md" | head -n 30
	cmp "$top/docs/RULES.md" "$scratch/RULES.md" ||
		{ echo "run make docs"; return 1; }
}

# Every rule has a section, every replay names a rule that is there.
replays_name_rules() {
	local file rule

	for file in "$top"/tests/replays/*.replay; do
		rule=$(sed -n 's/^rule: //p' "$file")
		netmem-audit rules "$rule" >/dev/null || return
		for key in title shape bug; do
			grep -q "^$key: ." "$file" || { echo "$file: no $key"; return 1; }
		done
	done
}

# closed STATUS COMMAND...: with standard output closed
closed() {
	local want=$1 got=0

	shift
	netmem-audit "$@" >&- 2>"$scratch/err" || got=$?
	[ "$got" = "$want" ] && return
	echo "netmem-audit $*: $got, not $want"
	cat "$scratch/err"
	return 1
}

# By readers that are not ours; which of them are there differs.
reports_are_valid() {
	(
		cd "$scratch" || return
		netmem-audit gate --assert 'findings == 0' --assert 'leaked_bytes > 1KiB' \
			--assert 'findings{ifname="no<&>ne"} == 0' --ktap k --junit j.xml \
			--json-report r.json --html h.html -- sh -c 'exit 3' 2>err
		[ $? = 1 ] || { cat err; return 1; }
		perl -MTAP::Parser -0777 -ne '
			my $p = TAP::Parser->new({ tap => $_ });
			1 while $p->next;
			die join("\n", $p->parse_errors) if $p->parse_errors;
			die "not what is in it" unless "@{[$p->failed]}" eq "2 3 5" &&
				"@{[$p->passed]}" eq "1 4" && $p->tests_planned == 5;
		' k || return
		python3 - "$top/docs/gate.schema.json" <<-'EOF'
			import html.parser, json, re, sys
			import xml.etree.ElementTree as xml

			suite = xml.parse("j.xml").getroot().find("testsuite")
			cases = suite.findall("testcase")
			assert len(cases) == int(suite.get("tests")) == 5, cases
			assert len(suite.findall(".//failure")) == int(suite.get("failures")) == 2
			assert len(suite.findall(".//error")) == int(suite.get("errors")) == 1

			lines = [l for l in open("k").read().splitlines() if l[0] != "#"]
			assert lines[:2] == ["KTAP version 1", "1..5"], lines
			for i, line in enumerate(lines[2:]):
			    assert re.match(r"(not )?ok %d \S" % (i + 1), line), line
			assert sum(l.startswith("not ok") for l in lines) == 3

			class Page(html.parser.HTMLParser):
			    left_open = []
			    def handle_starttag(self, tag, attrs):
			        for name, value in attrs:
			            assert name not in ("src", "onload", "onclick"), (tag, name)
			            assert name != "href" or value == "data:,", value
			        assert tag != "script"
			        if tag not in ("meta", "link", "br"):
			            self.left_open.append(tag)
			    def handle_startendtag(self, tag, attrs):
			        pass
			    def handle_endtag(self, tag):
			        assert self.left_open.pop() == tag, tag
			page = Page()
			page.feed(open("h.html").read())
			assert not page.left_open, page.left_open

			report = json.load(open("r.json"))
			schema = json.load(open(sys.argv[1]))
			assert all(key in report for key in schema["required"])
			try:
			    import jsonschema
			except ImportError:
			    sys.exit(0)
			jsonschema.validate(report, schema)
		EOF
	)
}

# None of the three numbers is taken by what the program opens.
standard_descriptors() {
	local command

	for command in check '-j check' 'stat 0.1 1' '-j stat 0.1 1' rules \
		'show pools' 'watch --duration 1' '-j watch --duration 1'; do
		# shellcheck disable=SC2086 # words
		closed 3 $command || return
	done
	grep -q 'Bad file descriptor' "$scratch/err" || return
	netmem-audit check <&- >"$scratch/out" 2>&- &&
		grep -q 'no violation' "$scratch/out"
}

# Paths in the documents are there: `tools/lib/model/`, `bpf/pool.bpf.c`. What is
# built is not, nor what has a placeholder.
# shellcheck disable=SC2016 # backquotes, as they stand there
documents_name_what_is_there() {
	local path missing=0

	while IFS= read -r path; do
		case $path in
		build/* | *'*'* | *'<'* | *'{'* | *'['*) continue ;;
		esac
		[ -e "$top/$path" ] && continue
		echo "no $path"
		missing=1
	done < <(cat "$top"/README.md "$top"/docs/{ARCHITECTURE,DEVELOPING}.md |
		grep -oE '`(module|bpf|tools|include|tests|docs)/[^` ]*' |
		sed -e 's/^`//' -e 's/[:,].*//' | sort -u)
	return "$missing"
}

# What stands in docs/ci can be read by those it is for: shells, make, YAML readers; the
# programs and options that it names are there.
recipes_are_right() {
	local file word

	for file in "$top"/docs/ci/*.sh; do
		bash -n "$file" || return
		# each says what it is for
		"$file" --help >"$scratch/out" 2>&1
		grep -q "docs/ci/${file##*/} " "$scratch/out" || { echo "$file: no help"; return 1; }
	done
	make -n -f "$top/docs/ci/driver.mk" gate gate-baseline GATE_FILE=x >"$scratch/out" || return
	python3 - "$top"/docs/ci/*.yml >"$scratch/commands" <<-'EOF' || return
		import sys, yaml

		for path in sys.argv[1:]:
		    for job in yaml.safe_load(open(path)).values():
		        if not isinstance(job, dict):
		            continue
		        for key in ("before_script", "script"):
		            print("\n".join(job.get(key, [])))
		        for one in job.values():
		            for step in one.get("steps", []) if isinstance(one, dict) else []:
		                print(step.get("run", ""))
	EOF
	sed 's/\${{[^}]*}}/7.2/g' "$scratch/commands" | bash -n || return
	grep -q in-vm.sh "$scratch/commands" || return
	for word in $(cat "$top"/docs/ci/* | tr '\n' ' ' | sed 's/\\ *\t*/ /g' |
		grep -aoE 'netmem-audit gate [^|&;`]*' | grep -oE ' --[a-z-]+' | sort -u); do
		netmem-audit gate --help | grep -q -e "$word" && continue
		case $word in --save) continue ;; esac
		echo "gate has no $word"
		return 1
	done
}

# The commands of each manual page's last section
examples() {
	awk 'FNR == 1 { on = 0 }
	     /^Examples$/ { on = 1 }
	     /^See also$/ { on = 0 }
	     on && /^    [#$] / { print substr($0, 7) }' "$top"/docs/man/*.rst
	sed -n 's/^[#$] //p' "$top"/docs/man/examples/*.txt
}

# What the manual shows can be typed: to none of it the program says that it is wrong
# usage. What it runs and reads is there; most of it cannot work on a kernel that has
# neither device nor BPF.
examples_of_the_manual_are_right() {
	local command nr=0 dir=$scratch/examples

	mkdir "$dir"
	cp "$top/tests/recordings/7.2-clean.nmr" "$dir/run.nmr"
	echo 'events_lost == 0' >"$dir/nightly.gate"
	printf '#!/bin/sh\n' >"$dir/run-tests"
	chmod +x "$dir/run-tests"
	for command in devmem.py my-receiver my-devmem-test make ip; do
		cp "$dir/run-tests" "$dir/$command"
	done
	cat >"$dir/netmem-audit" <<-EOF
		#!/bin/bash
		timeout 5 $(type -P netmem-audit) "\$@"
		status=\$?
		echo "\$status netmem-audit \$*" >>statuses
		exit \$status
	EOF
	chmod +x "$dir/netmem-audit"
	while IFS= read -r command; do
		nr=$((nr + 1))
		(cd "$dir" && PATH=$dir:$PATH bash -c "$command" </dev/null) >/dev/null 2>&1
	done < <(examples)
	echo "$nr examples"
	[ "$nr" -ge 30 ] && [ "$(wc -l <"$dir/statuses")" -ge "$nr" ] &&
		! grep -vE '^([01345]|124) ' "$dir/statuses"
}

check rules_md_is_up_to_date
check documents_name_what_is_there
check replays_name_rules
check standard_descriptors
check reports_are_valid
check recipes_are_right
check examples_of_the_manual_are_right
echo "1..$number"
exit $failed
