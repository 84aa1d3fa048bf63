#!/usr/bin/env python3
"""Checks README's table of refused mistakes: rejections.py README INCLUDE_FOLDER REJECTED_FOLDER.

Every sentence in the headers has one row, every row is a sentence and names a program that provokes it, and every
program of the folder provokes a sentence of the table. With --print, prints the rows that there should be.
"""

import pathlib
import re
import sys

printing = "--print" in sys.argv
readme, include, rejected = (pathlib.Path(a) for a in sys.argv[1:] if a != "--print")
ASSERTION = re.compile(r'static_assert\((?:[^;"]|"[^"]*")*?("espalier: [^"]*"(?:[^;"]|"[^"]*")*)\);')
ROW = re.compile(r"^\| (.+?) \| \[`(\w+)`\]\(tests/rejected/(\w+)\.cpp\) \|$", re.MULTILINE)

sentences = {}  # what is refused, and the whole text; in the order of the headers
for header in sorted(include.rglob("*.hpp")):
    for found in ASSERTION.finditer(header.read_text(encoding="utf-8")):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found[1]))
        sentences[text.removeprefix("espalier: ").split(";")[0]] = text

programs = {}  # what each program expects the compiler to say
for path in sorted(rejected.glob("*.cpp")):
    if not path.name.startswith("control_"):
        programs[path.stem] = re.findall(r"^// EXPECT: (.+?)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE)


def provoke(text):
    return [name for name, expected in programs.items() if any(re.search(e, text) for e in expected)]


if printing:
    for refused, text in sentences.items():
        name = min(provoke(text), key=len, default="?")
        print(f"| {refused} | [`{name}`](tests/rejected/{name}.cpp) |")
    sys.exit(0)

rows = ROW.findall(readme.read_text(encoding="utf-8"))
problems = []
for refused, name, linked in rows:
    if refused not in sentences:
        problems.append(f"the table has what no header says: {refused}")
    elif name != linked:
        problems.append(f"the table says {name} and links to {linked}")
    elif name not in provoke(sentences[refused]):
        problems.append(f"{name} does not expect: {refused}")
for refused in sentences:
    times = sum(row[0] == refused for row in rows)
    if times != 1:
        problems.append(f"{times} rows, and not one, say: {refused}")
provoked = {name for refused, _, _ in rows if refused in sentences for name in provoke(sentences[refused])}
for name in programs.keys() - provoked:
    problems.append(f"no row of the table is about tests/rejected/{name}.cpp")
for problem in problems:
    print(problem, file=sys.stderr)
print(f"{len(rows)} rows, {len(sentences)} sentences, {len(programs)} programs: {len(problems)} problems")
sys.exit(1 if problems or not rows else 0)
