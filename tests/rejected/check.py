#!/usr/bin/env python3
"""Compiles wrong programs and requires that each is refused in our words, and that its twin compiles.

usage: check.py [--list] [--complete] COMPILER INCLUDE_DIR FILE...

A file holds a wrong program and, with -DTWIN, its twin one token away. It says in comments what the compiler has
to say:

    // EXPECT: <regex>      found in an error or note, once for the text and once for the offender; matched
                            against lines without `espalier::`, and with `>>` where GCC writes `> >`
    // SENTENCES: <n>       how many errors there are, all of them ours; 1 if not said

--list prints a table of the files and the first line with an error. --complete requires that every sentence in
INCLUDE_DIR is provoked by a file. The files control_*.cpp beside this one are wrong tests: each says in
`// CONTROL: <regex>` what this program has to say against it, and they are checked on every run.
"""

import argparse
import concurrent.futures
import pathlib
import re
import shlex
import subprocess
import sys

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic"]
LINES_PER_SENTENCE = 25
SHOWN_LINES = 30
SENTENCE = re.compile(r"static[_ ]assert.*espalier: ")
FOREIGN_WORDS = re.compile("boost|hana", re.IGNORECASE)


class Checked:
    """What the compiler said to one file, and what is wrong with that."""

    def __init__(self, path, complaints, said, twin_said):
        self.path = path
        self.complaints = complaints
        self.said = said
        self.twin_said = twin_said

    def errors(self):
        return [line for line in self.said if "error:" in line]


def marks(path, word):
    return re.findall(rf"^// {word}: (.+?)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE)


def compile_file(compiler, include, path, more):
    command = [*compiler, *FLAGS, *more, "-I", str(include), str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace").splitlines()


def in_one_spelling(line):
    return re.sub("(?<=>) (?=>)", "", line.replace("espalier::", ""))


def judge_wrong(path, status, said):
    expected = marks(path, "EXPECT")
    sentences = int((marks(path, "SENTENCES") or ["1"])[0])
    errors = [line for line in said if "error:" in line]
    words = [in_one_spelling(line) for line in said if "error:" in line or "note:" in line]
    ours = [line for line in errors if SENTENCE.search(line)]
    if status == 0:
        yield "it compiles"
    if len(expected) < 2:
        yield "it has less than two EXPECT lines"
    for regex in expected:
        if not any(re.search(regex, line) for line in words):
            yield f"no line matches: {regex}"
    if len(ours) != sentences:
        yield f"{sentences} sentence(s) expected, {len(ours)} said"
    for line in errors:
        if line not in ours:
            yield f"an error that is not ours: {line.strip()}"
    for line in said:
        if "warning:" in line:
            yield f"a warning beside the sentence: {line.strip()}"
        if FOREIGN_WORDS.search(line):
            yield f"a word that is not ours: {line.strip()}"
    if len(said) > LINES_PER_SENTENCE * sentences:
        yield f"{len(said)} lines for {sentences} sentence(s), at most {LINES_PER_SENTENCE} each"


def judge_twin(path, status, said):
    if "TWIN" not in path.read_text(encoding="utf-8"):
        yield "it has no twin"
    elif status != 0:
        yield "its twin does not compile"
    elif said:
        yield "its twin compiles, but not silently"


def check(compiler, include, path):
    status, said = compile_file(compiler, include, path, [])
    twin_status, twin_said = compile_file(compiler, include, path, ["-DTWIN", "-Werror"])
    complaints = [*judge_wrong(path, status, said), *judge_twin(path, twin_status, twin_said)]
    return Checked(path, complaints, said, twin_said)


def show(what, lines):
    print(f"    {what}:")
    for line in lines[:SHOWN_LINES]:
        print(f"      | {line}")
    if len(lines) > SHOWN_LINES:
        print(f"      | ... and {len(lines) - SHOWN_LINES} more lines")


def report(checked):
    print(f"FAILED {checked.path}")
    for complaint in checked.complaints:
        print(f"    {complaint}")
    show("the compiler said", checked.said)
    if checked.twin_said:
        show("it said to the twin", checked.twin_said)


def control_failure(checked):
    """Why a control does not prove that this program finds what is wrong with it; None if it does."""
    for regex in marks(checked.path, "CONTROL") or [r"(?!)"]:
        if not any(re.search(regex, complaint) for complaint in checked.complaints):
            return f"CONTROL {checked.path}: this program should have said: {regex}; it said {checked.complaints}"
    return None


def sentences_in(include):
    """The place of every static_assert with a sentence: file, first and last line."""
    for header in sorted(pathlib.Path(include).rglob("*.hpp")):
        text = header.read_text(encoding="utf-8")
        for found in re.finditer(r'static_assert\((?:[^;"]|"[^"]*")*?"espalier: (?:[^;"]|"[^"]*")*\);', text):
            first = text.count("\n", 0, found.start()) + 1
            yield header.resolve(), first, first + found.group().count("\n")


def never_said(include, results):
    said = set()
    for checked in results:
        for line in checked.errors():
            place = re.match(r"(.+?):(\d+):", line)
            if place:
                said.add((pathlib.Path(place[1]).resolve(), int(place[2])))
    for header, first, last in sentences_in(include):
        if not any((header, line) in said for line in range(first, last + 1)):
            yield f"no file provokes the sentence at {header}:{first}"


def main():
    arguments = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--complete", action="store_true")
    arguments.add_argument("compiler", type=shlex.split)
    arguments.add_argument("include_dir", type=pathlib.Path)
    arguments.add_argument("files", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()

    controls = sorted(pathlib.Path(__file__).resolve().parent.glob("control_*.cpp"))
    files = [path for path in given.files if not path.name.startswith("control_")]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:  # each waits for a compiler
        results = list(pool.map(lambda path: check(given.compiler, given.include_dir, path), controls + files))
    proofs, results = results[: len(controls)], results[len(controls) :]

    problems = [failure for failure in map(control_failure, proofs) if failure]
    if not controls:
        problems.append("there are no controls")
    if given.complete:
        problems += never_said(given.include_dir, results)
    failed = [checked for checked in results if checked.complaints]
    if given.list:
        width = max((len(path.stem) for path in files), default=0)
        for checked in results:
            print(f"{checked.path.stem:{width}}  {(checked.errors() or ['(no error)'])[0].strip()}")
    for checked in failed:
        report(checked)
    for problem in problems:
        print(problem)
    print(f"{len(files)} rejected programs, {len(files)} twins, {len(controls)} controls: "
          f"{len(failed)} failed, {len(problems)} other problems")
    return 1 if failed or problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
