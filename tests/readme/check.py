#!/usr/bin/env python3
"""Checks that README's code is the examples' code, and that it shows what the examples print about their policies:
check.py README EXAMPLES_FOLDER POLICY_PROGRAM LOGWATCH_PROGRAM."""

import pathlib
import re
import subprocess
import sys

readme = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
examples = pathlib.Path(sys.argv[2])
blocks = re.findall(r"```cpp\n(.*?)```", readme, re.S)
failed = 0


def lines(text):
    """The lines that count: without formatting marks, comments at their end, and spaces."""
    plain = (re.sub(r"\s*//.*", "", line).strip() for line in text.splitlines())
    return [line for line in plain if line]


def require(what, block, name):
    global failed
    wanted = lines(block)
    have = lines((examples / name).read_text(encoding="utf-8"))
    if any(have[i : i + len(wanted)] == wanted for i in range(len(have))):
        print(f"{what} is part of {name}")
    else:
        failed = 1
        print(f"{what} is not in {name}:\n{block}", file=sys.stderr)


require("the first program", blocks[0], "first_tree.cpp")
if len(lines(blocks[0])) != len(lines((examples / "first_tree.cpp").read_text(encoding="utf-8"))):
    failed = 1
    print("first_tree.cpp has more than README shows", file=sys.stderr)
require("the larger tree", blocks[1], "storage.cpp")
require("its policy", blocks[2], "storage.cpp")
require("the simulation", blocks[3], "simulated_outage.cpp")
for number in (int(n) for n in re.findall(r"(\d+) lines", readme)):
    if number != len(blocks[0].splitlines()):
        failed = 1
        print(f"README says {number} lines, the program has {len(blocks[0].splitlines())}", file=sys.stderr)
for command in ([sys.argv[3]], [sys.argv[4], "--explain"]):
    name = " ".join([pathlib.Path(command[0]).name, *command[1:]])
    explained = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
    if explained and f"```\n{explained}```\n" in readme:
        print(f"the table is what {name} prints")
    else:
        failed = 1
        print(f"README does not show what {name} prints:\n{explained}", file=sys.stderr)
sys.exit(failed)
