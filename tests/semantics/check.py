#!/usr/bin/env python3
"""Checks that every rule of SEMANTICS has a test that cites its number: check.py SOURCE_ROOT.

A test cites rules at the end of its name: "... (SEMANTICS 13)", "... (SEMANTICS 3, 19)". Counted are the cases that are
built and not skipped. What other implementations got wrong is listed here too, each with its test.
"""

import pathlib
import re
import sys

RULES = range(1, 30)
# Rules that are being built: their tests come with them.
PENDING = set()
# What the compiler has the last word on, and the wrong programs that show it.
REFUSED = {
    7: ["calls_itself.cpp", "calls_itself_in_a_handler.cpp"],
    18: ["administers_a_supervisor.cpp", "calls_a_supervisor.cpp"],
    22: ["backoff_without_restarts.cpp"],
    23: ["monitors_what_is_not_declared.cpp", "links_what_is_not_declared.cpp", "exits_what_is_not_declared.cpp",
         "administers_what_is_not_declared.cpp"],
    24: ["starts_under_what_starts_later.cpp", "starts_an_ancestor.cpp"],
    29: ["restarts_with_temporary.cpp", "not_restarted_with.cpp", "not_restarted_with_a_cousin.cpp"],
}
REGRESSIONS = {
    "old terminate overlapping the new constructor":
        "the next constructor waits for the last terminate and the last destructor (promise 2)",
    "stale death notice after a restart": "a death notice that a sibling's restart has overtaken means nothing",
    "death notice and a full mailbox": "a death is told past a full mailbox (promise 5)",
    "budget shared across children": "the budget is one for all children, and exceeding it ends the supervisor",
    "exceeding it really ends the supervisor":
        "the budget is one for all children, and exceeding it ends the supervisor",
    "crash inside constructor, init, terminate, timer":
        "anything thrown anywhere is contained, also what is no std::exception (promise 6)",
    "an exception that is not a std::exception":
        "anything thrown anywhere is contained, also what is no std::exception (promise 6)",
    "parent stopping a child that is calling the parent":
        "a parent stops a child that is calling, at once, and one that asks the parent is refused",
    "a request outstanding when the callee dies":
        "a request that is outstanding when its callee dies is answered, queued or being handled (promise 3)",
    "a monitor dropped while it fires": "a monitor that is dropped while it fires tells nothing",
    "supervisor ending during its own strategy":
        "a supervisor that is stopped in the middle of its own strategy ends in order",
    "restart exactly at the window's edge":
        "a restart exactly at the edge of the window counts, and one later does not (SEMANTICS 21)",
    "shutdown while a back-off is pending": "a stop while a back-off is pending does not wait for it (SEMANTICS 22)",
    "start failure names child and cause": "a start that fails names the child and the cause",
    "work stolen when a worker blocks, by the pool": "work that a busy worker has queued is stolen",
    "work stolen when a worker blocks, in a system": "a worker that blocks leaves its work to the others",
}

tests = pathlib.Path(sys.argv[1]) / "tests"
complaints = []


def cases_of(path):
    """The names of a file's cases that run."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^\s*#\s*if 0\b.*?^\s*#\s*endif|/\*.*?\*/|^\s*//[^\n]*", "", text, flags=re.M | re.S)
    for literals, rest in re.findall(r'TEST_CASE(?:_TEMPLATE)?\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)([^{]*)', text):
        if not re.search("skip|may_fail|should_fail|expected_failures", rest):
            yield "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))


listing = re.sub(r"#[^\n]*", "", (tests / "meson.build").read_text(encoding="utf-8"))
names = [name for file in re.findall(r"'([\w/]+\.cpp)'", listing) if (tests / file).exists()
         for name in cases_of(tests / file)]

cited = {rule: [] for rule in RULES}
for name in names:
    for numbers in re.findall(r"\(SEMANTICS ([\d, ]+)", name):
        for rule in map(int, re.findall(r"\d+", numbers)):
            if rule in cited:
                cited[rule].append(name)
            else:
                complaints.append(f"there is no rule {rule}: {name}")
    if re.search(r"\(\d+(, \d+)*\)$", name):
        complaints.append(f"cite a rule as (SEMANTICS n): {name}")

for rule, found in cited.items():
    if not found and rule not in PENDING and rule not in REFUSED:
        complaints.append(f"no test cites rule {rule}")
for rule, files in REFUSED.items():
    complaints += [f"rule {rule}: there is no wrong program {file}" for file in files
                   if not (tests / "rejected" / file).is_file()]
for what, name in REGRESSIONS.items():
    if name not in names:
        complaints.append(f"no test for the regression: {what}: {name}")

for complaint in complaints:
    print(complaint, file=sys.stderr)
print(f"{len(cited)} rules, cited by {sum(map(len, cited.values()))} tests; {len(REGRESSIONS)} regressions; "
      f"{len(complaints)} complaints")
if "--list" in sys.argv:
    for rule, found in cited.items():
        print(f"{rule}:", *found, *REFUSED.get(rule, []), sep="\n  ")
sys.exit(1 if complaints else 0)
