#!/usr/bin/env python3
"""Checks table.md against the tests: check.py SOURCE_ROOT.

Every case that it names is a TEST_CASE that is built and not skipped, and every case of this folder is named. Every
rejected file exists. No row occurs twice, each says what its word requires, and the totals are right.
"""

import pathlib
import re
import sys

WORDS = ["test", "part", "compile error", "n.a.", "waits"]
TOTALS = "Totals"

tests = pathlib.Path(sys.argv[1]) / "tests"
complaints = []


def complain(what, why):
    complaints.append(f"{what}: {why}")


def cases_of(path):
    """The names of a file's cases that run."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^\s*#\s*if 0\b.*?^\s*#\s*endif|/\*.*?\*/|^\s*//[^\n]*", "", text, flags=re.M | re.S)
    for literals, decoration in re.findall(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)([^{]*)', text):
        name = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
        if re.search("skip|may_fail|should_fail|expected_failures", decoration):
            complain(path.name, f"the case is not required to pass: {name}")
        yield name


def built_files():
    """The sources that tests/meson.build names."""
    listing = re.sub(r"#[^\n]*", "", (tests / "meson.build").read_text(encoding="utf-8"))
    return {name for name in re.findall(r"'([\w/]+\.cpp)'", listing) if (tests / name).exists()}


def read_table():
    """The rows of each section, as lists of cells."""
    sections = {}
    rows = []
    for line in (tests / "conformance" / "table.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = sections.setdefault(line[3:], [])
        elif line.startswith("| ") and sections:
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        if re.search(r"(?<![\w.*])/\w|\.\./", line):
            complain("table.md", f"a path outside the repository: {line}")
    for name, rows in sections.items():
        for row in rows:
            if name != TOTALS and len(row) != 3:
                complain(row[0], "is not a row of three cells")
    return {name: [row for row in rows[1:] if name == TOTALS or len(row) == 3] for name, rows in sections.items()}


def check_row(row, word, covered):
    named = re.findall(r'"([^"]+)"', covered)
    for name in named:
        if name not in everywhere:
            complain(row, f"there is no test case of this name in the build: {name}")
    refused = re.findall(r"`(rejected/[^`]*)`", covered)
    for file in re.findall(r"`([^`]+)`", covered):
        at = tests / file if file in refused else tests / "conformance" / file
        if not at.is_file():
            complain(row, f"there is no file of this name: {file}")
    if word not in WORDS:
        complain(row, f"not a word of this table: {word}")
    if word in ("test", "part") and not any(row.startswith(name.split(":")[0]) for name in named):
        complain(row, "no test case that quotes its name")
    if word == "compile error" and not refused:
        complain(row, "no rejected file")
    if not covered:
        complain(row, "says nothing")


everywhere = set()
here = set()
for source in built_files():
    found = set(cases_of(tests / source))
    everywhere |= found
    if source.startswith("conformance/"):
        here |= found

table = read_table()
totals = {row[0]: row[1:] for row in table.pop(TOTALS, [])}
seen = set()
counts = {}
for section, rows in table.items():
    for name, how, by in rows:
        if name in seen:
            complain(name, "occurs twice")
        seen.add(name)
        check_row(name, how, by)
    counts[section] = [len(rows), *(sum(how == word for _, how, _ in rows) for word in WORDS)]
counts["all"] = [sum(column) for column in zip(*counts.values())]
for section in counts.keys() | totals.keys():
    right = [str(n) for n in counts.get(section, [])]
    if totals.get(section) != right:
        complain(f"the totals of {section}", f"{totals.get(section)} should be {right}")

cited = {name for rows in table.values() for row in rows for name in re.findall(r'"([^"]+)"', row[-1])}
for name in sorted(here - cited):
    complain("table.md", f"does not name the test case: {name}")
if not here:
    complain("tests/meson.build", "builds no test of this folder")

for complaint in complaints:
    print(complaint, file=sys.stderr)
print(f"{len(seen)} rows, {len(here)} test cases, {len(complaints)} complaints")
sys.exit(1 if complaints else 0)
