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
PLANTS = ("intensity", "strategy", "restart", "significant", "period", "dynamic")
# What a run of some size must have seen, or it has compared less than it seems.
FEATURES = ("ended crashed", "ended normal", "ended shutdown", "ended killed", "terminated", "failed", "declined",
            "start_error", "shutdown_error", "gave_up", "not_started", "not_running", "wait")
DYNAMIC_FEATURES = ("supervisors", "answered ok", "answered failed", "answered declined", "ended crashed",
                    "ended normal", "ended shutdown", "ended killed", "terminated", "terminate", "start_error",
                    "shutdown_error", "gave_up", "races", "wait")


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
    return {case.seed: fit_to_compare(case, theirs[case.seed], ours.get(case.seed, [])) for case in batch}


def fit_to_compare(case, theirs, ours):
    both = without_races(case, without_intended(case, theirs), ours)
    return tuple(each_dynamic_child(case, in_order(case, trace)) for trace in both)


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
    by_supervisor = {"": ["outside the tree"], **{name: [f"under {name}"] for name in parents.values()}}
    for line in trace:
        supervisor = supervisor_of(parents, line)
        for lines in by_supervisor.values() if supervisor is None else [by_supervisor[supervisor]]:
            lines.append(line)
    return [line for lines in by_supervisor.values() for line in lines]


def each_dynamic_child(case, trace):
    """The trace with an order for each child of a dynamic supervisor, and none for them together."""
    parents = case.parents()
    dynamics = {node.name for node in case.dynamics()}

    def whose(line):
        supervisor = supervisor_of(parents, line)
        return supervisor if supervisor in dynamics and line.split()[1] != supervisor else None

    runs = itertools.groupby(trace, whose)
    return [line for whose_run, run in runs for line in (run if whose_run is None else sorted(run, key=by_child))]


def by_child(line):
    """The key that sorts lines by child, and those that name none by themselves."""
    what, name = line.split()[:2]
    return name, line if what == "shutdown_error" else ""


def steps_of(trace):
    """The trace, cut before each step."""
    steps = [[]]
    for line in trace:
        if line.startswith("step "):
            steps.append([])
        steps[-1].append(line)
    return steps


def without_races(case, theirs, ours):
    """Both traces without what happens to those children of a dynamic supervisor that it restarts while another one's
    end is the last straw.

    OTP restarts one child after the other. Espalier restarts them side by side, and a supervisor that gives up stops the
    starts under way (SEMANTICS 19). If several die at once and all restarts succeed, OTP's trace has starts that
    Espalier's has not, of children that are stopped at once. If restarts fail too, or end at once, it even depends on
    the order which child is the last straw; then nothing more is compared of that step than that it gave up.
    """
    parents = case.parents()
    steps = steps_of(theirs), steps_of(ours)
    for node in case.dynamics():
        for step, other in zip(*steps):
            gave_up = [i for i, line in enumerate(step) if line.split()[:2] == ["gave_up", node.name]]
            before = [line.split()[:2] for line in step[: gave_up[0]] if is_of(parents, node, line)] if gave_up else []
            if len({name for _, name in before}) < 2:
                continue
            if step[0].split()[1] == "together" and is_plain(before):
                remove_restarts(node, step, gave_up[0])
                for trace in (step, other):
                    gave_up_last(parents, node, trace)
            else:
                for trace in (step, other):
                    trace[:] = [" ".join(line.split()[:2]) if line.startswith(f"gave_up {node.name} ") else line
                                for line in trace if not is_of(parents, node, line)]
    return tuple([line for step in trace for line in step] for trace in steps)


def is_of(parents, node, line):
    """Whether a line tells of a child of this supervisor."""
    return line.split()[1] != node.name and supervisor_of(parents, line) == node.name


def is_plain(before):
    """Whether each child has died once, and has been started again once if at all."""
    counts = collections.Counter((what, name) for what, name in before)
    return max(counts.values()) == 1 and {what for what, _ in before} <= {"ended", "terminated", "started", "not_running"}


def remove_restarts(node, step, gave_up):
    """Removes the restarts before the supervisor gave up, and what became of them."""
    pattern = node.children[0]
    for name in [line.split()[1] for line in step[:gave_up] if line.startswith(f"started {pattern.name}.")]:
        start = step.index(f"started {name}")
        end = next(i for i in range(start, len(step)) if step[i].startswith(f"ended {name} "))
        why = step[end].split()[2]
        as_ordered = "killed" if pattern.shutdown == "brutal_kill" else "shutdown"
        if why != as_ordered:
            step.remove(f"shutdown_error {pattern.name} {why}")
        step.pop(end)
        step.pop(start)


def gave_up_last(parents, node, step):
    """Puts the line that the supervisor gave up behind those of its children."""
    of_children = [line for line in step if is_of(parents, node, line)]
    gave_up = [line for line in step if line.startswith(f"gave_up {node.name} ")]
    at = next((i for i, line in enumerate(step) if line in of_children), 0)
    rest = [line for line in step if line not in of_children and line not in gave_up]
    step[:] = rest[:at] + of_children + gave_up + rest[at:]


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
    dynamics = {node.name for node in case.dynamics()}
    parents = case.parents()
    if case.waiting():
        yield "wait"
    if dynamics:
        yield "dynamic supervisors"
        if case.waiting():
            yield "dynamic wait"
        if without_races(case, trace, trace) != (trace, trace):
            yield "dynamic races"
    for line in trace:
        words = line.split()
        what = f"{words[0]} {words[2]}" if words[0] in ("ended", "answered") else words[0]
        if words[0] == "step" and "terminate" in words:
            yield "dynamic terminate"
        yield f"dynamic {what}" if words[0] != "step" and supervisor_of(parents, line) in dynamics else what


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
    dynamic = [f"dynamic {feature}" for feature in DYNAMIC_FEATURES]
    unseen = [feature for feature in [*FEATURES, *dynamic] if not seen[feature]] if given.cases >= 1000 else []
    for feature in unseen:
        print(f"no case had: {feature}")
    for features in FEATURES, dynamic:
        print(", ".join(f"{feature} {seen[feature]}" for feature in features))
    print(f"{given.cases} cases from seed {given.seed}: {len(different)} differ, "
          f"{seen['left out']} left out; {time.monotonic() - begin:.0f} s")
    too_many_left_out = seen["left out"] > MOST_LEFT_OUT * given.cases
    return 1 if different or unseen or too_many_left_out or not given.cases else 0


if __name__ == "__main__":
    sys.exit(main())
