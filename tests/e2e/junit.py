# SPDX-License-Identifier: GPL-2.0-only
"""junit.py FILE: is it what both schemas of JUnit reports in use take (that of Ant's
reports demands most, that of Jenkins' xUnit plugin allows least), and do its numbers
agree? Says what is wrong, exit status 1."""
import re
import sys
import xml.etree.ElementTree as tree

SUITE = {"name", "package", "id", "tests", "failures", "errors", "skipped", "time",
         "timestamp", "hostname"}
WRONG = ("failure", "error")


def check(root):
    assert root.tag == "testsuites" and not root.attrib, "testsuites, without attributes"
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite" and set(suite.attrib) == SUITE, "the suite"
        assert suite.get("id") == str(number), "suites are numbered"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        assert tags == ["properties"] + ["testcase"] * len(cases) + \
            ["system-out", "system-err"], "order"
        assert suite.get("tests") == str(len(cases)), "number of cases"
        for tag in WRONG:
            assert suite.get(tag + "s") == str(len(suite.findall("testcase/" + tag))), tag
        for prop in suite.find("properties"):
            assert set(prop.attrib) == {"name", "value"}, "property"
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}, "case"
            assert len(case) <= 1 and all(child.tag in WRONG for child in case), "outcome"
            for child in case:
                assert set(child.attrib) == {"type", "message"}, "reason"
        for item in (suite, *cases):
            float(item.get("time"))


try:
    check(tree.parse(sys.argv[1]).getroot())
except AssertionError as wrong:
    sys.exit(f"{sys.argv[1]}: {wrong}")
