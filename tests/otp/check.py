#!/usr/bin/env python3
"""Runs random trees with random faults on Espalier and on OTP's own supervisor, and compares what happens.

usage: check.py [--cases N] [--seed S] [--self-test] [--show] ESPALIER_SIDE

Case number i has the seed S + i, so a failure is repeated with `--cases 1` and its own seed. A case that differs is
made smaller as long as it differs, and printed with both traces. --show prints all of them. --self-test makes Espalier
wrong on purpose, in several ways, and requires that each is noticed.

cases.py says what a case is, otp_side.escript and espalier_side.cpp say how it is run.
"""

import argparse
import collections
import dataclasses
import itertools
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # nothing of ours appears among the sources
import cases  # noqa: E402

OTP_SIDE = pathlib.Path(__file__).resolve().parent / "otp_side.escript"
BATCH = 1000
MOST_LATE = cases.CLEAR_INSIDE - 100  # milliseconds; a case with short periods that runs later proves nothing
ATTEMPTS = 5
MOST_FAILURES = 3
MOST_LEFT_OUT = 0.01
SMALL = 12  # lines of a case that was made as small as possible
PLANTS = ("intensity", "strategy", "restart", "significant", "period")
# What a run of some size must have seen, or it has compared less than it seems.
FEATURES = ("ended crashed", "ended normal", "ended shutdown", "ended killed", "terminated", "failed", "declined",
            "start_error", "shutdown_error", "gave_up", "not_started", "not_running", "wait")


def run_side(command, batch):
    """The trace of each case by its seed."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(case.text() for case in batch))
        file.flush()
        done = subprocess.run([*command, file.name], stdout=subprocess.PIPE, check=True, encoding="utf-8")
    traces = {}
    for block in done.stdout.strip().split("\n\n"):
        first, *lines = block.split("\n")
        traces[int(first.split()[1])] = lines
    return traces


def run_otp(batch):
    """The traces on OTP. A case with short periods is run again if the machine was too slow for it."""
    traces = {}
    for _ in range(ATTEMPTS):
        late = []
        for seed, trace in run_side([str(OTP_SIDE)], batch).items():
            if trace[-1].startswith("late "):
                milliseconds = int(trace.pop().split()[1])
                if milliseconds > MOST_LATE:
                    late.append(seed)
            traces[seed] = trace
        batch = [case for case in batch if case.seed in late and case.is_timed()]
        if not batch:
            return traces
    raise TimeoutError(f"this machine is too slow for some cases: {[case.seed for case in batch]}")


def is_comparable(trace):
    """Whether OTP did not do the one thing that Espalier does otherwise, and that the traces cannot be freed of.

    Espalier has at most one retry of a child waiting. In OTP a sibling's end that also restarts the child leaves the
    retry that waits in the mailbox and, if the child fails again, adds one. So OTP may try again before it takes up an
    end that came between them. It takes ends at once and failing starts on two siblings for three to be there.
    """
    return not any(line.startswith("many_retries ") for line in trace)


def compare(side, batch, theirs):
    """Pairs of traces by seed, OTP's and Espalier's, fit to be compared."""
    ours = run_side(side, batch)
    return {case.seed: (in_order(case, without_intended(case, theirs[case.seed])),
                        in_order(case, ours.get(case.seed, []))) for case in batch}


def supervisor_of(parents, line):
    """The supervisor that did this or heard of it; None for a step."""
    what, name = line.split()[:2]
    is_its_own = what == "gave_up" or what == "ended" and name in parents.values()
    return None if what == "step" else name if is_its_own else parents.get(name, "")


def without_intended(case, trace):
    """OTP's trace without what Espalier leaves out on purpose.

    A supervisor that gives up because of an end reports that once, as reached_max_restart_intensity. OTP reports the
    end as child_terminated just before.
    """
    parents = case.parents()
    out = []
    heard = {}
    for line in reversed(trace):
        supervisor = supervisor_of(parents, line)
        what, name = line.split()[:2]
        if what != "terminated" or heard.get(supervisor) != f"gave_up {supervisor} {name}":
            out.append(line)
        heard[supervisor] = line
    return out[::-1]


def in_order(case, trace):
    """The trace; where the order of what different supervisors do is not defined, theirs one after the other."""
    if case.is_chain():
        return trace
    parents = case.parents()
    by_supervisor = {"": ["outside"], **{name: [name] for name in parents.values()}}
    for line in trace:
        supervisor = supervisor_of(parents, line)
        for lines in by_supervisor.values() if supervisor is None else [by_supervisor[supervisor]]:
            lines.append(line)
    return [line for lines in by_supervisor.values() for line in lines]


def renumbered(case, seed):
    return dataclasses.replace(case, seed=seed)


def differing(side, batch, theirs):
    batch = [case for case in batch if is_comparable(theirs[case.seed])]
    results = compare(side, batch, theirs)
    return [case for case in batch if results[case.seed][0] != results[case.seed][1]]


def shrink(side, case):
    """The smallest case found that still differs."""
    while True:
        smaller = [one for one in cases.smaller(case) if one.is_well_posed()]
        candidates = [renumbered(one, i) for i, one in enumerate(smaller)]
        still = differing(side, candidates, run_otp(candidates)) if candidates else []
        if not still:
            return case
        case = renumbered(still[0], case.seed)


def show(case, theirs, ours):
    print(case.text())
    width = max(map(len, ["on OTP", *theirs]))
    print(f"  {'on OTP':{width}}  on Espalier")
    for left, right in itertools.zip_longest(theirs, ours, fillvalue=""):
        print(f"{' ' if left == right else '!'} {left:{width}}  {right}")
    print()


def show_smallest(side, case):
    print(f"DIFFERENT: seed {case.seed}, here made as small as possible\n")
    small = shrink(side, case)
    show(small, *compare(side, [small], run_otp([small]))[small.seed])


def features_of(case, trace):
    if case.waiting():
        yield "wait"
    for line in trace:
        words = line.split()
        yield " ".join([words[0], *words[2:]]) if words[0] == "ended" else words[0]


def self_test(side, batch):
    """Whether the comparison can fail, and a case that fails becomes small."""
    theirs = run_otp(batch)
    missed = 0
    for plant in PLANTS:
        planted = [*side, "--plant", plant]
        noticed = differing(planted, batch, theirs)
        print(f"wrong on purpose: {plant}: {len(noticed)} of {len(batch)} cases differ")
        missed += not noticed
        for case in [case for case in noticed if not case.waiting()][:1]:
            lines = len(shrink(planted, case).text().splitlines())
            print(f"  made smaller, one has {lines} lines")
            missed += lines > SMALL
    return 1 if missed else 0


def run(side, seeds, shows):
    """Runs the cases of these seeds. Answers those that differ, and how many cases had which feature."""
    seen = collections.Counter()
    different = []
    for first in range(0, len(seeds), BATCH):
        batch = [cases.random_case(seed) for seed in seeds[first : first + BATCH]]
        theirs = run_otp(batch)
        different += differing(side, batch, theirs)
        for case in batch:
            seen.update(set(features_of(case, theirs[case.seed])))
            seen["left out"] += not is_comparable(theirs[case.seed])
        for case in batch if shows else []:
            show(case, *compare(side, [case], theirs)[case.seed])
    return different, seen


def main():
    arguments = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--self-test", action="store_true")
    arguments.add_argument("--show", action="store_true")
    arguments.add_argument("espalier_side")
    given = arguments.parse_args()

    side = [given.espalier_side]
    seeds = range(given.seed, given.seed + given.cases)
    if given.self_test:
        return self_test(side, [cases.random_case(seed) for seed in seeds])
    begin = time.monotonic()
    different, seen = run(side, seeds, given.show)
    for case in different[:MOST_FAILURES]:
        show_smallest(side, case)
    unseen = [feature for feature in FEATURES if not seen[feature]] if given.cases >= 1000 else []
    for feature in unseen:
        print(f"no case had: {feature}")
    print(", ".join(f"{feature} {seen[feature]}" for feature in FEATURES))
    print(f"{given.cases} cases from seed {given.seed}: {len(different)} differ, "
          f"{seen['left out']} left out; {time.monotonic() - begin:.0f} s")
    too_many_left_out = seen["left out"] > MOST_LEFT_OUT * given.cases
    return 1 if different or unseen or too_many_left_out or not given.cases else 0


if __name__ == "__main__":
    sys.exit(main())
