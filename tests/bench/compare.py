#!/usr/bin/env python3
"""Runs the rows of all systems in turns and prints a table of medians: compare.py BUILD_DIRECTORY [options]."""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

# Each row: its count, and for each thing it measures a label, the most that is wanted of ours, and the floor
# that this was set beside. What must hold is the ratio of the two.
ROWS = {
    "ping_pong": (1_000_000, {"ping_pong": ("ping-pong, a round trip", 80, 54)}),
    "counting": (5_000_000, {"counting": ("counting, a message", 41, 33)}),
    "ring_100": (2_000_000, {"ring_100": ("ring of 100, a hop", 40, 26)}),
    "ring_503": (2_000_000, {"ring_503": ("ring of 503, a hop", 40, 26)}),
    "fork_join": (3_000_000, {"fork_join": ("fork-join, a message", 18, 10)}),
    "create": (200_000, {"create": ("create, a process", 150, 45)}),
    "idle_process": (100_000, {"idle_process": ("idle process", 256, 72)}),
    "big": (320_000, {"big": ("big, a message", 40, 18)}),
    "call": (500_000, {"call": ("call", 110, 54)}),
    "restart_one": (20_000, {"restart_one": ("restart, one_for_one", 2.2, 1.4)}),
    "restart_all": (20_000, {"restart_all": ("restart, one_for_all of 10", 5, 2.1)}),
    "timers": (100_000, {"timer_start": ("timer, start", 40, 27), "timer_cancel": ("timer, cancel", 12, 2.9)}),
    "ordered_stop": (1_000, {"ordered_stop": ("ordered stop of 1,000", None, None)}),
    "idle_cpu": (5, {"idle_cpu": ("idle, 1,000 processes, 10 timers a second", None, None)}),
    "wake_outside": (20_000, {
        "cast_outside": ("cast from a thread outside, until the process has set a flag; a worker searches", None, None),
        "cast_outside_parked": ("the same, workers parked", None, None),
        "call_outside": ("call from a thread outside; a worker searches", None, None),
        "call_outside_parked": ("the same, workers parked", None, None)}),
    "limits": (1_000_000, {}),
}
# CAF 0.17 steals by walking the list of all jobs under a lock: 100 us a process with two threads, and more the
# more there are.
FEWER = {("caf", 2, "create"): 5_000}
# With two threads: at most a tenth slower than with one, and these must gain. For them there is a floor on two
# threads, too.
MUST_GAIN = {"create": 1.4, "big": 1.4}
NOT_SLOWER = 1.1
TIMED = [name for name in ROWS if name not in ("idle_process", "idle_cpu", "wake_outside", "limits")]
# Two counts for each row whose instructions are counted: their difference leaves the start out.
COUNTED = {
    "ping_pong": (10_000, 40_000), "counting": (50_000, 200_000), "ring_100": (20_000, 80_000),
    "ring_503": (20_000, 80_000), "fork_join": (60_000, 240_000), "create": (5_000, 20_000),
    "big": (32_000, 128_000), "call": (5_000, 20_000), "restart_one": (200, 800), "restart_all": (100, 400),
}
# Rows that cannot be counted so, because what they start goes on: the function that does it, and how often.
COUNTED_IN = {
    "timers": (20_000, {"timer_start": ("start_all", 20_000), "timer_cancel": ("cancel_half", 10_000)}),
}
ORDER = ("espalier", "floor", "erlang", "caf", "go")
PEERS = {"erlang": "Erlang/OTP", "caf": "CAF", "go": "Go"}
# SObjectizer 5.8.4 is not in Debian: medians of another machine of this kind (2 cores), with one thread. They are
# quoted, and no ratio is made of them.
QUOTED = {
    "ping_pong": 142, "counting": 70, "ring_100": 110, "ring_503": 108, "fork_join": 59, "create": 2_626,
    "idle_process": 1_768, "big": 104, "call": 242, "restart_one": 22.5, "restart_all": 40.9, "timer_start": 270,
    "timer_cancel": 460,
}


def command(build, system, threads, row, count):
    """How a system runs a row; None if it has no such row."""
    if system == "espalier":
        if row == "limits":
            return None
        return [f"{build}/tests/bench_rows", row, "--workers", str(threads), "--count", str(count)]
    if system == "floor":
        if threads == 2 and row not in MUST_GAIN:
            return None
        return [f"{build}/tests/bench_floor", row, "--workers", str(threads), "--count", str(count)]
    if row in ("wake_outside", "limits"):
        return None
    if system == "erlang":
        return ["erl", "-noshell", "+S", f"{threads}:{threads}", "-kernel", "logger_level", "none",
                "-pa", f"{build}/erlang", "-run", "bench", "main", row, str(count)]
    if system == "caf":
        return [f"{build}/tests/bench_caf", row, "--workers", str(threads), "--count", str(count)]
    return [f"{build}/go-rows", row, str(count)]


def missing(build, system):
    needed = {"espalier": f"{build}/tests/bench_rows", "floor": f"{build}/tests/bench_floor",
              "erlang": f"{build}/erlang/bench.beam", "caf": f"{build}/tests/bench_caf", "go": f"{build}/go-rows"}
    if system == "erlang" and shutil.which("erl") is None:
        return True
    return not os.path.exists(needed[system])


class Results:
    """Values by (system, threads, measurement), and what went wrong by (system, threads, row)."""

    def __init__(self, path=None):
        self.values = {}
        self.units = {}
        self.failures = {}
        self.instructions = {}
        self.path = path
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    self.add(*json.loads(line), keep=False)

    def add(self, kind, system, threads, name, what, unit=None, keep=True):
        if kind == "value":
            self.values.setdefault((system, threads, name), []).append(what)
            self.units[name] = unit
        elif kind == "failure":
            self.failures.setdefault((system, threads, name), []).append(what)
        else:
            self.instructions[name] = what
        if keep and self.path:
            with open(self.path, "a", encoding="utf-8") as out:
                out.write(json.dumps([kind, system, threads, name, what, unit]) + "\n")

    def of(self, system, threads, name):
        return self.values.get((system, threads, name))


def environment(threads):
    return {**os.environ, "GOMAXPROCS": str(threads)}


def start(argv, threads):
    return subprocess.Popen(argv, env=environment(threads), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def finish(results, process, system, threads, row, timeout):
    try:
        out, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        results.add("failure", system, threads, row, f"not done within {timeout:g} s")
        return
    if process.returncode != 0:
        said = errors.strip().splitlines() or ["nothing said"]
        results.add("failure", system, threads, row, f"exit code {process.returncode}: {said[-1][:200]}")
        return
    for line in out.splitlines():
        name, value, unit = line.split("\t")
        results.add("value", system, threads, name, float(value), unit)


def measure(options, results):
    cells = [(s, t) for s in options.systems for t in options.threads]
    for number in range(options.rounds):
        for row in options.rows:
            count = ROWS[row][0]
            first = number % len(cells)
            turn = cells[first:] + cells[:first]
            under_way = []
            for system, threads in turn:
                argv = command(options.build, system, threads, row, FEWER.get((system, threads, row), count))
                if argv is None:
                    continue
                under_way.append((start(argv, threads), system, threads))
                if row != "idle_cpu":  # these sleep, and each counts its own processor time
                    finish(results, *under_way.pop(), row, options.timeout)
            for process, system, threads in under_way:
                finish(results, process, system, threads, row, options.timeout)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)


def instructions(options, results):
    if shutil.which("valgrind") is None:
        print("valgrind is missing: no instructions are counted", file=sys.stderr)
        return

    def count(row, n, function=None):
        only = [] if function is None else [f"--toggle-collect=*{function}*"]
        argv = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *only,
                *command(options.build, "espalier", 1, row, n)]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
        collected = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or not collected:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "nothing said")
        return int(collected.group(1))

    for row in options.rows:
        try:
            if row in COUNTED:
                few, many = COUNTED[row]
                per_operation = (count(row, many) - count(row, few)) / (many - few)
                operations = 2 if row == "big" else 1  # a ping and its answer are two messages
                results.add("instructions", "espalier", 1, row, per_operation / operations)
            elif row in COUNTED_IN:
                n, functions = COUNTED_IN[row]
                for name, (function, times) in functions.items():
                    results.add("instructions", "espalier", 1, name, count(row, n, function) / times)
        except (RuntimeError, subprocess.TimeoutExpired) as failed:
            results.add("failure", "espalier", 1, f"instructions of {row}", str(failed)[:200])


def short(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cell(results, system, threads, row, name, rounds=None):
    values = results.of(system, threads, name)
    failed = len(results.failures.get((system, threads, row), []))
    if not values:
        return "failed" if failed else "-"
    text = short(statistics.median(values))
    if len(values) > 1:
        text += f" [{short(min(values))}–{short(max(values))}]"
    return text + (f", {failed} failed" if failed else "")


def median(results, system, threads, name):
    values = results.of(system, threads, name)
    return statistics.median(values) if values else None


def table_for_one(results, options):
    head = ["one scheduler thread", "Espalier", "instructions", "floor", "÷ floor", "wanted", "",
            *(PEERS[p] for p in options.peers), "÷ best peer", "SObjectizer, quoted"]
    lines = []
    for row in options.rows:
        for name, (label, target, floor_then) in ROWS[row][1].items():
            ours = median(results, "espalier", 1, name)
            floor = median(results, "floor", 1, name)
            unit = results.units.get(name)
            if unit is None or (ours is None and floor is None and not options.peers):
                continue
            ratio = ours / floor if ours is not None and floor else None
            wanted = target / floor_then if target else None
            verdict = "" if ratio is None or wanted is None else "yes" if ratio <= wanted else "no"
            best = min((m for m in (median(results, p, 1, name) for p in options.peers) if m), default=None)
            lines.append([f"{label}, {unit}", cell(results, "espalier", 1, row, name),
                          short(results.instructions[name]) if name in results.instructions else "-",
                          cell(results, "floor", 1, row, name),
                          f"{ratio:.2f}" if ratio is not None else "-", f"≤ {wanted:.2f}" if wanted else "-", verdict,
                          *(cell(results, p, 1, row, name) for p in options.peers),
                          f"{ours / best:.2f}" if ours is not None and best else "-",
                          short(QUOTED[name]) if name in QUOTED else "-"])
    return [head, *lines]


def table_for_two(results, options):
    head = ["two scheduler threads", "Espalier", "÷ one thread", "wanted", "", "floor, one thread",
            "floor, two threads", *(PEERS[p] for p in options.peers), "÷ best peer"]
    lines = []
    for row in options.rows:
        for name, (label, _, _) in ROWS[row][1].items():
            unit = results.units.get(name)
            if unit is None:
                continue
            ours = median(results, "espalier", 2, name)
            one = median(results, "espalier", 1, name)
            ratio = ours / one if ours is not None and one else None
            wanted = 1 / MUST_GAIN[row] if row in MUST_GAIN else NOT_SLOWER if row in TIMED else None
            verdict = "" if ratio is None or wanted is None else "yes" if ratio <= wanted else "no"
            best = min((m for m in (median(results, p, 2, name) for p in options.peers) if m), default=None)
            lines.append([f"{label}, {unit}", cell(results, "espalier", 2, row, name),
                          f"{ratio:.2f}" if ratio is not None else "-", f"≤ {wanted:.2f}" if wanted else "-", verdict,
                          cell(results, "floor", 1, row, name), cell(results, "floor", 2, row, name),
                          *(cell(results, p, 2, row, name) for p in options.peers),
                          f"{ours / best:.2f}" if ours is not None and best else "-"])
    return [head, *lines]


def table_of_limits(results):
    lines = [[name.removeprefix("limit_").replace("_", " ") + ", " + results.units[name],
              cell(results, "floor", 1, "limits", name)]
             for system, _, name in results.values if system == "floor" and name.startswith("limit_")]
    return [["limit of the machine", ""], *lines] if lines else []


def as_text(table):
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in table)


def as_markdown(table):
    head, *lines = table
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])


def versions():
    def said(argv, pattern):
        try:
            out = subprocess.run(argv, capture_output=True, text=True, check=False)
        except OSError:
            return "?"
        found = re.search(pattern, out.stdout + out.stderr)
        return found.group(1) if found else "?"

    with open("/proc/cpuinfo", encoding="utf-8") as about:
        model = re.search(r"model name\s*: (.*)", about.read())
    return (f"{os.cpu_count()} cores, {model.group(1) if model else '?'}; "
            f"GCC {said(['g++', '-dumpfullversion'], '(.*)')}, "
            f"OTP {said(['dpkg-query', '-W', '-f', '${Version}', 'erlang-base'], r'(?:1:)?([0-9.]+)')}, "
            f"CAF {said(['dpkg-query', '-W', '-f', '${Version}', 'libcaf-dev'], '([0-9.]+)')}, "
            f"Go {said(['go', 'version'], r'go([0-9.]+)')}")


def busy_seconds():
    """Of all processors, by anyone."""
    with open("/proc/stat", encoding="utf-8") as stat:
        user, nice, system, _, _, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    return sum(u.ru_utime + u.ru_stime
               for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def listed(allowed):
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(allowed)}")
        return names
    return parse


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures Espalier beside its peers.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=7, help="how often each is run (7)")
    parser.add_argument("--rows", type=listed(list(ROWS)), default=list(ROWS), help="some of " + ",".join(ROWS))
    parser.add_argument("--systems", type=listed(ORDER), default=list(ORDER), help="some of " + ",".join(ORDER))
    parser.add_argument("--threads", type=listed(("1", "2")), default=["1", "2"], help="1, 2, or 1,2")
    parser.add_argument("--timeout", type=float, default=60, help="of one run, in seconds (60)")
    parser.add_argument("--instructions", action="store_true", help="count those of ours too, with callgrind")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables there too")
    parser.add_argument("--add-to", metavar="FILE", help="keep all values there; the tables include what it had")
    parser.add_argument("--no-build", action="store_true", help="measure what has been built")
    options = parser.parse_args()
    options.threads = [int(t) for t in options.threads]
    results = Results(options.add_to)
    gone = [s for s in options.systems if missing(options.build, s)]
    for system in gone:
        print(f"missing, so not measured: {system}", file=sys.stderr)
    options.systems = [s for s in options.systems if s not in gone]
    busy, own, begin = busy_seconds(), own_seconds(), time.monotonic()
    measure(options, results)
    foreign = max(0, busy_seconds() - busy - (own_seconds() - own)) / max(time.monotonic() - begin, 0.01)
    if options.instructions:
        instructions(options, results)

    if options.add_to:  # all that it has
        options.rows = [r for r in ROWS if any(n in results.units for n in ROWS[r][1])]
        seen = [*results.values, *results.failures]
        options.threads = sorted({t for _, t, _ in seen})
        options.systems = [s for s in ORDER if any(s == system for system, _, _ in seen)]
    options.peers = [p for p in PEERS if p in options.systems]
    tables = [table_of_limits(results)]
    if 2 in options.threads:
        tables.insert(0, table_for_two(results, options))
    if 1 in options.threads:
        tables.insert(0, table_for_one(results, options))
    tables = [t for t in tables if len(t) > 1]
    rounds = max((len(v) for v in results.values.values()), default=0)
    about = [f"Medians [least–greatest] of {rounds} rounds. {versions()}. "
             f"Others used {foreign * 100:.0f} % of one core meanwhile."]
    for (system, threads, row), reasons in results.failures.items():
        about.append(f"Failed: {system} with {threads} threads, {row}, {len(reasons)} times; the last: {reasons[-1]}")
    about += [f"Missing, so not measured: {system}" for system in gone]
    print("\n\n".join(as_text(t) for t in tables), *about, sep="\n")
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as out:
            out.write("\n\n".join([*(as_markdown(t) for t in tables), *about]) + "\n")
    return 1 if results.failures or "espalier" in gone else 0


if __name__ == "__main__":
    sys.exit(main())
