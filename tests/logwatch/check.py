#!/usr/bin/env python3
"""Checks logwatch, the main job, against awk and grep: check.py PATH_OF_LOGWATCH."""

import errno
import fcntl
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

LIMIT = 120  # seconds for one run, which takes milliseconds; sanitizers are slow
ACTIONS = ("install", "upgrade", "remove")
logwatch = os.path.abspath(sys.argv[1])
checked = 0


def expect(what, got, expected):
    global checked
    if got != expected:
        sys.exit(f"FAILED: {what}\n  expected: {expected!r}\n  got:      {got!r}")
    checked += 1


def expect_in(what, got, *expected):
    for part in expected:
        if part not in got:
            sys.exit(f"FAILED: {what}\n  expected to find: {part!r}\n  in:               {got!r}")
    global checked
    checked += 1


def run(*arguments, **options):
    """Exit code, stdout and stderr."""
    options.setdefault("stdin", subprocess.DEVNULL)
    if "input" in options:
        del options["stdin"]
    done = subprocess.run([logwatch, *arguments], capture_output=True, timeout=LIMIT, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def read_report(text):
    """What a report says, as numbers."""
    head = re.match(r"(.*?)(, not read to its end)?: (\d+) lines, (\d+) counted, (\d+) lost(.*)\n", text)
    if not head:
        sys.exit(f"FAILED: not a report:\n{text}")
    rows = re.findall(r"^(\d{4}-\d\d-\d\d|total) +(\d+) +(\d+) +(\d+)$", text, re.M)
    busiest = re.search(r"^busiest hour: (\S+ \d\d):00, with (\d+) changes$", text, re.M)
    crashed = re.findall(r"^logwatch/\S+: crashed (\d+), restarted (\d+)$", text, re.M)
    return {
        "name": head[1],
        "complete": head[2] is None,
        "lines": int(head[3]),
        "counted": int(head[4]),
        "lost": int(head[5]),
        "days": {day: tuple(map(int, n)) for day, *n in rows},
        "busiest": (busiest[1], int(busiest[2])) if busiest else None,
        "crashes": sum(int(crashes) for crashes, _ in crashed),
        "restarts": sum(int(restarts) for _, restarts in crashed),
    }


def awk(program, path, *options):
    return subprocess.run(["awk", *options, program, path], capture_output=True, check=True, text=True).stdout


def expected_report(path, every):
    """The same numbers, from awk, for the lines that `--corrupt every` leaves undamaged."""
    spared = '(every == 0 || NR % every != 0)'
    counted = '($3 == "install" || $3 == "upgrade" || $3 == "remove")'
    option = ("-v", f"every={every}")
    lines = int(awk("END { print NR }", path))
    days, total = {}, [0, 0, 0]
    for row in awk(spared + " && " + counted + ' { n[$1 " " $3]++ } END { for (k in n) print k, n[k] }', path, *option).splitlines():
        day, action, n = row.split()
        at = ACTIONS.index(action)
        days.setdefault(day, [0, 0, 0])[at] += int(n)
        total[at] += int(n)
    hours = [
        (row.rsplit(" ", 1)[0], int(row.rsplit(" ", 1)[1]))
        for row in awk(
            spared + " && " + counted + ' { n[$1 " " substr($2, 1, 2)]++ } END { for (k in n) print k, n[k] }', path, *option
        ).splitlines()
    ]
    lost = lines // every if every else 0
    return {
        "complete": True,
        "lines": lines,
        "counted": lines - lost,
        "lost": lost,
        "days": {**{day: tuple(n) for day, n in days.items()}, "total": tuple(total)},
        "busiest": min(hours, key=lambda h: (-h[1], h[0])) if hours else None,
    }


def compare(path, every):
    arguments = ["--corrupt", str(every)] if every else []
    expected = expected_report(path, every)
    with open(path, "rb") as log:
        text = log.read()
    for name, got in (
        (path, run(path, *arguments)),
        ("stdin", run("-", *arguments, input=text)),
    ):
        what = f"{name}, {' '.join(arguments) or 'undamaged'}"
        code, out, err = got
        report = read_report(out)
        crashes, restarts = report.pop("crashes"), report.pop("restarts")
        expect(what + ": the input's name", report.pop("name"), name)
        expect(what + ": exit code", code, 0 if expected["counted"] else 1)
        if code == 0:
            expect(what + ": stderr", err, "")
        else:
            expect(what + ": stderr", err, f"logwatch: no line of {name} can be read as a line of a package log\n")
        for key, value in expected.items():
            expect(f"{what}: {key}", report[key], value)
        expect(what + ": two crashes for each damaged line", crashes, 2 * expected["lost"])
        # The tree may end before each of the three parsers is restarted for the last time.
        expect(f"{what}: {restarts} restarts for {crashes} crashes", max(crashes - 3, 0) <= restarts <= crashes, True)
        expect_in(what + ": the tree", out, "logwatch (one_for_one", "ingest (one_for_all", "parser_3\n")
        if expected["lost"]:
            expect_in(what + ": reasons", out, "crashed: std::invalid_argument: not a line of a package log: ########## ")
        else:
            expect_in(what + ": no crashes", out, "\nno crashes\n")
    print(f"  as awk says: {path}, {expected['lines']} lines, {' '.join(arguments) or 'undamaged'}, as a file and on stdin")


def made_up_log(lines):
    """Always the same log: days, hours and actions in dpkg's format."""
    chance = random.Random(20)
    out = []
    now = 0
    for _ in range(lines):
        now += chance.choice((0, 0, 1, 5, 60)) + (40000 if chance.random() < 0.002 else 0)
        day, second = divmod(now, 86400)
        month, day = divmod(day, 28)
        stamp = f"2024-{month % 12 + 1:02}-{day + 1:02} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        package = f"lib{chance.randrange(900)}:amd64"
        action = chance.choice((*ACTIONS, "status", "status", "configure", "trigproc", "startup", "purge", "conffile"))
        out.append(
            stamp
            + {
                "status": f" status half-installed {package} 1.0-{chance.randrange(9)}",
                "startup": " startup archives install",
                "conffile": " conffile /etc/install keep",
            }.get(action, f" {action} {package} <none> 1.0-{chance.randrange(9)}")
            + "\n"
        )
    return "".join(out).encode()


def write(path, content):
    with open(path, "wb") as out:
        out.write(content)
    return path


def check_totals():
    # A copy, because something may be installed meanwhile.
    if os.path.exists("/var/log/dpkg.log") and os.path.getsize("/var/log/dpkg.log") != 0:
        shutil.copy("/var/log/dpkg.log", "machine.log")
        for every in (0, 2, 7, 1):
            compare("machine.log", every)
        code, out, _ = run()
        expect("without arguments: exit code", code, 0)
        expect("without arguments: reads", read_report(out)["name"], "/var/log/dpkg.log")
    else:
        print("  this machine has no /var/log/dpkg.log to compare with")
    write("made_up.log", made_up_log(20000))
    for every in (0, 2, 7, 1):
        compare("made_up.log", every)
    total = read_report(run("made_up.log")[1])["days"]["total"]
    for action, n in zip(ACTIONS, total):
        grep = subprocess.run(["grep", "-c", f"^[-0-9]* [:0-9]* {action} ", "made_up.log"], capture_output=True, text=True)
        expect(f"grep -c {action}", n, int(grep.stdout))
    print("  as grep says: install, upgrade, remove")


def check_odd_lines():
    good = made_up_log(60).splitlines(keepends=True)
    stamp = b"2024-01-01 01:01:01 "
    bad = [
        b"\n",
        b"\0\0\0\0\0\0\n",
        stamp + b"install \n",
        stamp + b"instal a:amd64 <none> 1\n",
        stamp + b"install" + b" x" * 100000 + b"\n",
        b"x" * 300000 + b"\n",
        b"2024-13-01 01:01:01 install a:amd64 <none> 1\n",
        b"2023-02-29 01:01:01 install a:amd64 <none> 1\n",
        b"2024-01-01 24:01:01 install a:amd64 <none> 1\n",
        b"2024-01-01T01:01:01 install a:amd64 <none> 1\n",
        b" " + stamp + b"install a:amd64 <none> 1\n",
        b"\xff\xfe\x1b[31m\a\n",
    ]
    mixed = [line for pair in zip(good, bad) for line in pair] + good[len(bad):]
    write("good.log", b"".join(good))
    write("mixed.log", b"".join(mixed))
    code, out, _ = run("mixed.log")
    expected, got = expected_report("good.log", 0), read_report(out)
    expect("odd lines: exit code", code, 0)
    expect("odd lines: lost", got["lost"], len(bad))
    expect("odd lines: all others", (got["counted"], got["days"]), (len(good), expected["days"]))
    expect("odd lines: two crashes each", got["crashes"], 2 * len(bad))
    expect_in("odd lines: their numbers", out, " lost: line 2, 4, 6, 8, 10, ...\n")
    print("  odd lines: empty, NUL bytes, cut off, very long, impossible dates")

    code, out, _ = run("-", input=b"".join(good)[:-1])
    got = read_report(out)
    expect("no newline at the end", (code, got["lines"], got["days"]), (0, len(good), expected["days"]))

    # One read for each packet, so that lines are cut wherever it hurts.
    ours, theirs = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
    with subprocess.Popen([logwatch, "-"], stdin=ours, stdout=subprocess.PIPE) as process:
        os.close(ours)
        text = b"".join(good)
        for at in range(0, len(text), 7):
            os.write(theirs, text[at : at + 7])
        os.close(theirs)
        out = process.communicate(timeout=LIMIT)[0].decode()
    got = read_report(out)
    expect("in pieces of 7 bytes", (process.returncode, got["lost"], got["days"]), (0, 0, expected["days"]))
    print("  no newline at the end; lines cut in pieces")


def check_bad_input():
    write("empty.log", b"")
    os.mkdir("directory")
    one_line = (
        ("a missing file", ("missing.log",), {}, 2, "logwatch: cannot read missing.log: No such file or directory\n"),
        ("a directory", ("directory",), {}, 2, "logwatch: cannot read directory: Is a directory\n"),
        ("a path through a file", ("empty.log/x",), {}, 2, "logwatch: cannot read empty.log/x: Not a directory\n"),
        ("an empty name", ("",), {}, 2, "logwatch: cannot read : No such file or directory\n"),
        ("an empty file", ("empty.log",), {}, 1, "logwatch: empty.log is empty\n"),
        ("an empty stdin", ("-",), {"input": b""}, 1, "logwatch: stdin is empty\n"),
    )
    for what, arguments, options, code, message in one_line:
        expect(what, run(*arguments, **options), (code, "", message))
        print(f"  {what}: exit code {code}, {message.strip()}")

    directory = os.open("directory", os.O_RDONLY)
    expect("a directory as stdin", run("-", stdin=directory), (2, "", "logwatch: cannot read stdin: Is a directory\n"))
    os.close(directory)
    closed = subprocess.run(["sh", "-c", '"$0" - <&-', logwatch], capture_output=True, timeout=LIMIT)
    expect("a closed stdin", (closed.returncode, closed.stderr), (2, b"logwatch: cannot read stdin: Bad file descriptor\n"))

    code, out, err = run("/proc/self/mem")  # opens, but its first page cannot be read
    expect("a read that fails", (code, out, err.count("\n")), (2, "", 1))
    expect_in("a read that fails: message", err, "cannot read /proc/self/mem: Input/output error")
    print("  a read that fails: exit code 2, one line")

    write("garbage.bin", random.Random(21).randbytes(300000))
    code, out, err = run("garbage.bin")
    expect("garbage", (code, err), (1, "logwatch: no line of garbage.bin can be read as a line of a package log\n"))
    expect("garbage: a short report", len(out) < 5000, True)
    expect("garbage: nothing of it reaches the terminal", re.findall(r"[^ -~\n│├─└]", out), [])
    write("nul.bin", bytes(1000000))
    code, out, err = run("nul.bin")
    expect("NUL bytes", (code, err), (1, "logwatch: no line of nul.bin can be read as a line of a package log\n"))
    print("  binary garbage: exit code 1, one line")

    with open("/dev/full", "wb") as full:
        done = subprocess.run([logwatch, "good.log"], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT)
    expect("a full disk", (done.returncode, done.stderr), (2, b"logwatch: cannot write the report\n"))
    print("  no room for the report: exit code 2")


def check_arguments():
    for *arguments, named in (
        ("--corrupt", "0", "--corrupt"),
        ("--corrupt", "-1", "--corrupt"),
        ("--corrupt", "x", "--corrupt"),
        ("--corrupt", "2x", "--corrupt"),
        ("--corrupt", "1.5", "--corrupt"),
        ("--corrupt", "", "--corrupt"),
        ("--corrupt", "99999999999999999999999", "--corrupt"),
        ("--corrupt", "--corrupt"),
        ("--damage", "2", "--damage"),
        ("-x", "-x"),
        ("good.log", "made_up.log", "made_up.log"),
    ):
        code, out, err = run(*arguments)
        expect(f"{arguments}: exit code and stdout", (code, out), (2, ""))
        expect_in(f"{arguments}: message", err, named)
        expect(f"{arguments}: a short message", len(err) < 200, True)
    code, out, err = run("--help")
    expect("--help", (code, err), (0, ""))
    expect_in("--help", out, "--corrupt", "stdin", "Exit code", "/var/log/dpkg.log")
    print("  wrong arguments: exit code 2, and a message that names them; --help")


def wait_until(what, holds):
    deadline = time.monotonic() + LIMIT
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: waited in vain: {what}")
        os.sched_yield()


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"))[0]


def blocks_sigint(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"SigBlk:\s*(\w+)", status.read())[1], 16) & 1 << (signal.SIGINT - 1) != 0


def sleeps(pid):
    tasks = os.listdir(f"/proc/{pid}/task")
    for task in tasks:
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as stat:
            if stat.read().rpartition(")")[2].split()[0] != "S":
                return False
    return len(tasks) > 2  # the workers, too


def slept_for(seconds, pid, since):
    """Whether all threads of a process have been seen asleep for so long; `since` is kept between calls."""
    if not sleeps(pid):
        since.clear()
    since.append(time.monotonic())
    return since[-1] - since[0] > seconds


# A signal that comes before all processes have started is obeyed too, without a report.
TOO_EARLY = b"logwatch: stopped before it had started\n"
ATTEMPTS = 50


def interrupt_idle(what, number, text):
    for _ in range(ATTEMPTS):
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        with subprocess.Popen([logwatch, "-"], stdin=ours, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            os.write(theirs, text)
            since = []
            wait_until("it reads stdin", lambda: unread(ours) == 0 and blocks_sigint(process.pid)
                       and slept_for(0.05, process.pid, since))
            asked = time.monotonic()
            process.send_signal(number)
            out, err = process.communicate(timeout=LIMIT)
            took = time.monotonic() - asked
        os.close(ours)
        os.close(theirs)
        expect(what + ": exit code", process.returncode, 0)
        expect(what + ": ends within 2 s", took < 2, True)
        if (out, err) == (b"", TOO_EARLY):
            continue
        expect(what + ": stderr", err, b"")
        report = read_report(out.decode())
        expect(what + ": says so", (report["name"], report["complete"]), ("stdin", False))
        expect(what + ": reports what it has", report["lost"] == 0 and report["lines"] <= text.count(b"\n"), True)
        print(f"  {what}: exit code 0 after {took:.2f} s, {report['lines']} lines reported")
        return
    sys.exit(f"FAILED: {what}: always too early")


def check_interrupts():
    good = made_up_log(60)
    for number in (signal.SIGINT, signal.SIGTERM):
        for text in (b"", good):
            what = f"{number.name} on {'an idle' if text else 'a silent'} stdin"
            interrupt_idle(what, number, text)
    for _ in range(ATTEMPTS):
        if interrupt_reading(good):
            return
    sys.exit("FAILED: SIGINT while it reads: always too early")


def interrupt_reading(good):
    process = subprocess.Popen([logwatch, "-", "--corrupt", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    written = threading.Event()

    def feed():
        try:
            while True:
                process.stdin.write(good)
                written.set()  # soon much more than the pipe holds
        except OSError as e:
            if e.errno != errno.EPIPE:
                raise

    feeder = threading.Thread(target=feed)
    feeder.start()
    wait_until("it reads", lambda: written.is_set() and blocks_sigint(process.pid))
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.stdout.read().decode(), process.stderr.read()
    process.wait(LIMIT)
    took = time.monotonic() - asked
    feeder.join()
    process.stdout.close()
    process.stderr.close()
    expect("SIGINT while it reads: exit code", process.returncode, 0)
    expect("SIGINT while it reads: ends within 2 s", took < 2, True)
    if (out, err) == ("", TOO_EARLY):
        return False
    expect("SIGINT while it reads: stderr", err, b"")
    report = read_report(out)
    expect("SIGINT while it reads: half of the lines are lost", abs(report["counted"] - report["lost"]) <= 1, True)
    print(f"  SIGINT while it reads: exit code 0 after {took:.2f} s, {report['lines']} lines reported")
    return True


with tempfile.TemporaryDirectory() as place:
    os.chdir(place)
    for check in (check_totals, check_odd_lines, check_bad_input, check_arguments, check_interrupts):
        print(check.__name__.replace("_", " ")[6:] + ":")
        check()
    os.chdir("/")
print(f"{checked} checks passed")
