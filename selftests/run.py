#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads the module, runs the tests, unloads it.  Output: KTAP and totals.

    run.py --build BUILD --module af_zmq.ko [PATTERN...]

A test is a program that prints TAP and exits with 0, or 4 for "skipped".
"""

import argparse
import fnmatch
import os
import signal
import subprocess
import sys
import tempfile
import time

from results import HERE, KernelLog, Tap, Totals

sys.path.insert(0, os.path.join(HERE, "lib"))
# pylint: disable=wrong-import-position
from module import load as insmod

EXIT_SKIP = 4
COMPLAINT = "the kernel complained"
# Factors for time limits: what the kernel's checkers cost.
CHECKERS = {"debug": 5, "kcsan": 3, "uml": 5}.get(os.environ.get("AF_ZMQ_VM"), 1)
# Seconds that a loop of Python takes on an emulated processor with nothing else to do.
USUAL = 0.7
# What is asked for beyond the usual takes longer; some tests do it twice.
PER_UNIT = {"SECONDS": 3, "MESSAGES": .1, "CONNECTIONS": .1, "ROUNDS": 10}
EXTRA = sum(seconds * int(os.environ.get(f"AF_ZMQ_{name}") or 0)
            for name, seconds in PER_UNIT.items())
UNLOAD_LIMIT = 60


def slowness():
    """A factor for time limits on this machine."""
    begin = time.monotonic()
    total = 0
    for number in range(1000000):
        total += number
    return CHECKERS * max(1, round((time.monotonic() - begin) / USUAL))


SLOW = slowness()
KMEMLEAK = "/sys/kernel/debug/kmemleak"


def emit(text):
    """One line of output."""
    print(text, flush=True)


def load(module):
    """insmod; an error message or None."""
    if os.path.isdir("/sys/module/af_zmq"):
        return "af_zmq is loaded already: rmmod it first"
    return insmod(module)


def unload():
    """rmmod as soon as the last socket has gone; an error message or None."""
    deadline = time.monotonic() + UNLOAD_LIMIT * SLOW
    while True:
        done = subprocess.run(["rmmod", "af_zmq"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if not done.returncode:
            break
        if time.monotonic() > deadline:
            return done.stdout.strip() + "\n" + sockets()
        time.sleep(0.2)
    left = [path for path in ("/proc/net/zmq", "/proc/sys/net/zmq", "/sys/module/af_zmq")
            if os.path.exists(path)]
    return f"left behind: {' '.join(left)}" if left else None


def sockets():
    """Which sockets there are."""
    try:
        with open("/proc/net/zmq", encoding="utf-8") as listing:
            return listing.read()
    except OSError as error:
        return str(error)


def leaks():
    """What kmemleak finds; "" if nothing."""
    try:
        with open(KMEMLEAK, "r+", encoding="utf-8", errors="replace") as file:
            # Twice, as it does not suspect what is younger than five seconds.
            for pause in (6, 0):
                file.write("scan")
                file.flush()
                time.sleep(pause)
        with open(KMEMLEAK, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        return str(error)


def session(pid):
    """The session of a process; None if it is gone."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def kill_session(leader):
    """Ends what a test left behind: each test of the harness has its own process group."""
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        if session(pid) == leader:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Test:
    """One test program."""

    def __init__(self, name, path, seconds, when="always"):
        self.words = name, path, seconds, when
        self.name = name
        self.long = when == "long"
        self.path = path
        self.limit = int(seconds) * SLOW + EXTRA
        self.tap = Tap()
        self.problem = ""
        self.output = []

    def run(self, log):
        """Runs it; its totals."""
        log.lines()
        with tempfile.NamedTemporaryFile() as out, \
             open(out.name, encoding="utf-8", errors="replace") as told:
            code = self.execute(out, told)
            self.copy(told)
        if code not in (0, EXIT_SKIP, None) and not self.tap.totals.failed:
            self.problem = f"killed by {signal.Signals(-code).name}" if code < 0 \
                else f"exit code {code}"
        if code == EXIT_SKIP and not self.tap.totals.failed:
            return Totals(skipped=max(1, self.tap.totals.skipped))
        if code == 0 and self.tap.totals.failed:
            self.problem = "exit code 0 in spite of failures"
        complaint = log.complaint()
        if complaint:
            self.problem = COMPLAINT
            self.output += complaint
        if self.problem:
            self.tap.problems.append(self.problem)
        return self.tap.finish()

    def execute(self, out, told):
        """The program's exit code; None if time ran out."""
        with subprocess.Popen([self.path], stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT, cwd=HERE,
                              start_new_session=True) as process:
            deadline = time.monotonic() + self.limit
            try:
                while process.poll() is None:
                    if time.monotonic() > deadline:
                        self.problem = f"time limit of {self.limit} s"
                        return None
                    time.sleep(0.05)
                    self.copy(told)
                return process.returncode
            finally:
                kill_session(process.pid)

    def copy(self, told):
        """Shows the results among the new output and keeps all of it."""
        while True:
            place = told.tell()
            line = told.readline()
            if not line.endswith("\n"):
                told.seek(place)
                return
            self.output.append(line.rstrip("\n"))
            if self.tap.feed(line.rstrip("\n")):
                emit("    " + line.rstrip("\n"))


def chosen(build, patterns):
    """The tests to run: those named, or all but the long ones."""
    with open(os.path.join(build, "selftests/tests"), encoding="utf-8") as listing:
        tests = [Test(*line.split()) for line in listing]
    return [test for test in tests if not patterns and not test.long
            or any(fnmatch.fnmatch(test.name, f"*{pattern}*") for pattern in patterns)]


def outcome(number, failed, name, details, output=()):
    """The result line of a program, with all it said if it failed."""
    if failed:
        for line in output:
            emit("  # " + line)
    emit(f"{'not ' if failed else ''}ok {number} {name} # {details}")


def main():
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--module", required=True)
    # On a machine shared with others a test may miss a deadline.
    parser.add_argument("--again", action="store_true",
                        help="a second chance for what fails, unless the kernel complained; "
                             "all it said the first time is shown")
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_args()
    os.environ.update(AF_ZMQ_BUILD=args.build, AF_ZMQ_MODULE=args.module,
                      AF_ZMQ_SHIM=os.path.join(args.build, "libzmq/libzmq.so.5"),
                      AF_ZMQ_SLOW=str(SLOW))
    tests = chosen(args.build, args.patterns)
    if not tests:
        print("run.py: no such test", file=sys.stderr)
        return 1
    totals = Totals()
    with open("/proc/cmdline", encoding="ascii") as line:
        leak_check = "kmemleak=on" in line.read().split()
    emit("KTAP version 1")
    emit(f"1..{len(tests) + 2 + leak_check}")

    log = KernelLog()
    error = load(args.module)
    totals += Totals(passed=not error, failed=bool(error))
    outcome(1, error, "insmod", error or "loaded", log.lines() if error else ())
    if error:
        emit(str(totals))
        return 1
    for number, test in enumerate(tests, 2):
        emit(f"  # {test.name}")
        begin = time.monotonic()
        result = test.run(log)
        if result.failed and args.again and test.problem != COMPLAINT:
            outcome(number, True, test.name, "failed, and is run again", test.output)
            test = Test(*test.words)
            result = test.run(log)
        totals += result
        problems = "; ".join(test.tap.problems)
        outcome(number, result.failed, test.name, f"{result}, {time.monotonic() - begin:.1f} s"
                + (f": {problems}" if problems else ""), test.output)
    last = [("rmmod", unload() or "\n".join(log.complaint() or []))]
    if leak_check:
        last.append(("kmemleak", leaks()))
    for number, (name, error) in enumerate(last, len(tests) + 2):
        totals += Totals(passed=not error, failed=bool(error))
        outcome(number, error, name, "failed" if error else "clean", error.splitlines())
    emit(str(totals))
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
