#!/usr/bin/env python3
"""Compiles wrong programs and requires that each is refused in our words, and that its twin compiles.

usage: check.py [options] COMPILERS INCLUDE_DIR FILE...

COMPILERS are one, or several with commas between them. A file holds a wrong program and, with -DTWIN, its twin one token
away. It says in comments what the compiler has to say:

    // EXPECT: <regex>      found in an error or note, once for the text and once for the offender; matched
                            against lines without `espalier::`, and with `>>` where GCC writes `> >`
    // SENTENCES: <n>       how many errors there are, all of them ours; 1 if not said

--list prints a table of the files and the first line with an error. --complete requires that every sentence in
INCLUDE_DIR is provoked by a file. --write-lines FILE writes a page with what each compiler says to each sentence,
--lines FILE requires that such a page is right about these compilers. The files control_*.cpp beside this one are wrong
tests: each says in `// CONTROL: <regex>` what this program has to say against it, and they are checked on every run.

What the files include is precompiled once. A program with about as many lines as it may have is compiled without that,
because a precompiled header may leave out where it was included from.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic"]
LINES_PER_SENTENCE = 25
LINES_OF_INCLUDES = 6
SHOWN_LINES = 30
SENTENCE = re.compile(r"static[_ ]assert.*espalier: ")
FOREIGN_WORDS = re.compile("boost|hana", re.IGNORECASE)


def run(command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace").splitlines()


class Compiler:
    """A compiler, with the headers that it has precompiled in a folder of its own."""

    def __init__(self, command, include, folder):
        self.command, self.include, self.folder = command, include, folder
        status, said = run([*command, "--version"])
        version = re.search(r"[ -]([0-9]+)[.][0-9]", said[0]) if status == 0 else None
        if version is None:
            raise SystemExit(f"check.py: {shlex.join(command)} is no compiler that tells its version")
        self.is_clang = "clang" in said[0].lower()
        self.name = f"{'Clang' if self.is_clang else 'GCC'} {version[1]}"
        self.precompiled = {}

    def precompile(self, header):
        where = self.folder / self.name.replace(" ", "") / f"{header}.gch"
        where.parent.mkdir(parents=True, exist_ok=True)
        status, _ = run([*self.command, *FLAGS, "-x", "c++-header", self.include / header, "-I", self.include, "-o", where])
        if status == 0:
            self.precompiled[header] = where

    def compile(self, path, more, is_plain=False):
        """What the compiler answers, and the lines that it says."""
        use = []
        header = None if is_plain else self.precompiled.get(first_include(path))
        if header is not None and self.is_clang:
            use = ["-include-pch", header]
        elif header is not None:
            use = ["-I", self.folder / self.name.replace(" ", "")]
        return run([*self.command, *FLAGS, "-fsyntax-only", *more, *use, "-I", self.include, path])


def first_include(path):
    found = re.search(r"^#include <([^>]+)>", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None


class Checked:
    """What the compiler said to one file, and what is wrong with that."""

    def __init__(self, compiler, path, complaints, said, twin_said):
        self.compiler = compiler
        self.path = path
        self.complaints = complaints
        self.said = said
        self.twin_said = twin_said

    def errors(self):
        return [line for line in self.said if "error:" in line]


def marks(path, word):
    return re.findall(rf"^// {word}: (.+?)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE)


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


def check(compiler, path):
    status, said = compiler.compile(path, [])
    if len(said) + LINES_OF_INCLUDES > LINES_PER_SENTENCE:
        status, said = compiler.compile(path, [], is_plain=True)
    twin_status, twin_said = compiler.compile(path, ["-DTWIN", "-Werror"])
    complaints = [*judge_wrong(path, status, said), *judge_twin(path, twin_status, twin_said)]
    return Checked(compiler, path, complaints, said, twin_said)


def show(what, lines):
    print(f"    {what}:")
    for line in lines[:SHOWN_LINES]:
        print(f"      | {line}")
    if len(lines) > SHOWN_LINES:
        print(f"      | ... and {len(lines) - SHOWN_LINES} more lines")


def report(checked):
    print(f"FAILED {checked.path} with {checked.compiler.name}")
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


# --- the page with the lines


def without_place(line):
    return re.sub(r"^.*?: (?=(error|note): )", "", line.strip()).replace("‘", "'").replace("’", "'")


def words_of(checked):
    """The first line that a compiler says; of GCC also the note, which has the types."""
    first = next((i for i, line in enumerate(checked.said) if "error:" in line), None)
    if first is None:
        return []
    lines = [without_place(checked.said[first])]
    if not checked.compiler.is_clang:
        lines += [without_place(line) for line in checked.said[first + 1 :] if "evaluates to false" in line][:1]
    return lines


def refused_in(line):
    found = re.search(r'espalier: ([^;"]*)', line)
    return found[1] if found else None


def page_of(results):
    """For each sentence the program with the shortest name that provokes it alone, and what the compilers say to it."""
    programs = {}
    for checked in results:
        if len(checked.errors()) == 1 and checked.errors()[0] and refused_in(checked.errors()[0]):
            programs.setdefault(refused_in(checked.errors()[0]), {}).setdefault(checked.path.stem, []).append(checked)
    page = ("# What the compilers say\n\nThe first line to each mistake, and with GCC the note that has the types. "
            "`check.py --write-lines` wrote this, and a test\ncompares it.\n")
    for refused, found in sorted(programs.items()):
        name = min(found, key=lambda stem: (len(stem), stem))
        page += f"\n**{refused}**: [`{name}`]({name}.cpp)\n\n```\n"
        for checked in found[name]:
            lines = words_of(checked)
            page += f"{checked.compiler.name + ':':10}{lines[0]}\n"
            page += "".join(f"{'':10}{line}\n" for line in lines[1:])
        page += "```\n"
    return page


def wrong_lines(page, results):
    """What a page says that compilers did not, about those that were asked."""
    said = {}
    for checked in results:
        said.setdefault((checked.path.stem, checked.compiler.name), []).append(words_of(checked))
    asked = {checked.compiler.name for checked in results}
    compared = 0
    for name, block in re.findall(r"\]\((\w+)\.cpp\)\n\n```\n(.*?)```\n", page, re.DOTALL):
        for compiler, first, more in re.findall(r"^(\w+ \d+): +(.*)\n((?: {10}.*\n)*)", block, re.MULTILINE):
            lines = [first, *(line.strip() for line in more.splitlines())]
            if compiler not in asked:
                continue
            compared += 1
            if lines not in said.get((name, compiler), []):
                yield f"the page is wrong about what {compiler} says to {name}: {lines}; it says {said.get((name, compiler))}"
    if compared == 0:
        yield f"the page says nothing about {', '.join(sorted(asked))}"


def main():
    arguments = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--complete", action="store_true")
    arguments.add_argument("--write-lines", type=pathlib.Path)
    arguments.add_argument("--lines", type=pathlib.Path)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    arguments.add_argument("compilers", type=lambda text: [shlex.split(one) for one in text.split(",")])
    arguments.add_argument("include_dir", type=pathlib.Path)
    arguments.add_argument("files", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()

    controls = sorted(pathlib.Path(__file__).resolve().parent.glob("control_*.cpp"))
    files = [path for path in given.files if not path.name.startswith("control_")]
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(max_workers=given.jobs) as pool:  # each waits for a compiler
        compilers = [Compiler(command, given.include_dir, pathlib.Path(folder)) for command in given.compilers]
        headers = {first_include(path) for path in files} - {None}
        list(pool.map(lambda both: both[0].precompile(both[1]), [(c, h) for c in compilers for h in sorted(headers)]))
        tasks = [(compiler, path) for compiler in compilers for path in controls + files]
        everything = list(pool.map(lambda task: check(*task), tasks))
    proofs = [checked for checked in everything if checked.path in controls]
    results = [checked for checked in everything if checked.path not in controls]

    problems = [failure for failure in map(control_failure, proofs) if failure]
    if not controls:
        problems.append("there are no controls")
    if given.complete:
        problems += never_said(given.include_dir, results)
    if given.lines:
        problems += wrong_lines(given.lines.read_text(encoding="utf-8"), results)
    if given.write_lines:
        given.write_lines.write_text(page_of(results), encoding="utf-8")
    failed = [checked for checked in results if checked.complaints]
    if given.list:
        width = max((len(path.stem) for path in files), default=0)
        for checked in results:
            print(f"{checked.path.stem:{width}}  {(checked.errors() or ['(no error)'])[0].strip()}")
    for checked in failed:
        report(checked)
    for problem in problems:
        print(problem)
    print(f"{len(files)} rejected programs, {len(files)} twins, {len(controls)} controls, with "
          f"{', '.join(c.name for c in compilers)}: {len(failed)} failed, {len(problems)} other problems")
    return 1 if failed or problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
