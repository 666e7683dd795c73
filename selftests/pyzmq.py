#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""pyzmq's own tests, unmodified as Debian has them, on our libzmq.so.5.

The same must pass as with the real library, AF_ZMQ_BACKEND=libzmq, but for what
pyzmq.txt lists; it is checked with both.
"""

import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SLOW = int(os.environ.get("AF_ZMQ_SLOW", "1"))
HANGS = 60 * SLOW       # seconds a test may take
REAL = os.environ.get("AF_ZMQ_BACKEND") == "libzmq"
# What may become of a test by its kind in pyzmq.txt; "" is of those not there.
GOOD = {"": ("passed",), "both": ("skipped", "passed"), "fail": ("failed", "passed"),
        "ours": ("skipped",), "race": ("failed", "hung", "passed")}


class Expectations:
    """pyzmq.txt."""

    def __init__(self, path):
        self.rules = {}         # pattern: (kind, reason)
        self.count = None
        self.met = set()
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split(None, 2)
                if not words or line.startswith("#"):
                    continue
                if words[0] == "tests":
                    self.count = int(words[1])
                else:
                    kind, pattern, reason = words
                    self.rules[pattern.replace("[", "[[]")] = kind, reason.strip()

    def find(self, name):
        """What is expected of a test: kind and reason."""
        for pattern, (kind, reason) in self.rules.items():
            if fnmatch.fnmatchcase(name, pattern):
                self.met.add(pattern)
                return "" if kind in ("ours", "race") and REAL else kind, reason
        return "", ""

    def unmet(self):
        """What is listed but did not run."""
        return sorted(self.rules.keys() - self.met)


class Run:
    """One run of pytest, until it ends or hangs."""

    def __init__(self, directory, leave_out, report):
        self.report = report
        self.stream = os.path.join(directory, "stream")
        self.results = {}       # name: (outcome, text)
        self.tests = None
        self.current = None
        self.output = os.path.join(directory, "output")
        lists = os.path.join(directory, "leave_out")
        with open(lists, "w", encoding="utf-8") as file:
            json.dump(sorted(leave_out), file)
        with open(self.stream, "w", encoding="utf-8"):
            pass
        self.environ = {**os.environ, "PYTEST_STREAM": self.stream, "PYTEST_LEAVE_OUT": lists,
                        "PYTHONPATH": os.path.join(HERE, "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
        if not REAL:
            self.environ["LD_PRELOAD"] = os.environ["AF_ZMQ_SHIM"]

    def execute(self):
        """Runs it; true if it came to its end."""
        with open(self.output, "w", encoding="utf-8") as output, \
             open(self.stream, encoding="utf-8") as stream, \
             subprocess.Popen([sys.executable, "-m", "pytest", "-p", "pytest_stream",
                               "-p", "no:cacheprovider", "-q", "--pyargs", "zmq.tests"],
                              stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, cwd=tempfile.gettempdir(),
                              env=self.environ, start_new_session=True) as process:
            heard = time.monotonic()
            partial = ""
            while True:
                ended = process.poll() is not None
                line = stream.readline()
                partial += line
                if partial.endswith("\n"):
                    self.take(json.loads(partial))
                    partial = ""
                    heard = time.monotonic()
                elif ended:
                    return self.current is None
                elif time.monotonic() > heard + HANGS:
                    os.killpg(process.pid, 9)
                    return False
                elif not line:
                    time.sleep(0.02)

    def take(self, event):
        """A line of the plugin."""
        if "tests" in event:
            self.tests = event["tests"]
        elif "begins" in event:
            self.current = event["begins"]
        else:
            before = self.results.get(event["name"])
            if not before or event["outcome"] != "passed":
                self.results[event["name"]] = (event["outcome"], event["text"])
            if event["when"] == "teardown":
                self.current = None
                self.report(event["name"], *self.results[event["name"]])


class Report:
    """TAP and totals."""

    def __init__(self, expectations):
        self.expectations = expectations
        self.count = 0
        self.wrong = 0
        self.totals = {}

    def line(self, good, name, note=""):
        """A result."""
        self.count += 1
        self.wrong += not good
        print(f"{'' if good else 'not '}ok {self.count} {name}{note}", flush=True)

    def result(self, name, outcome, text):
        """A test's."""
        kind, reason = self.expectations.find(name)
        self.totals[outcome] = self.totals.get(outcome, 0) + 1
        good = outcome in GOOD[kind]
        if not good:
            for line in [*text.splitlines()[-60:], f"{outcome}, not {' or '.join(GOOD[kind])}"]:
                print(f"# {line}")
        self.line(good, name, f" # SKIP {reason}" if good and outcome != "passed" else "")

    def end(self):
        """Whether all ran, the plan and the totals."""
        unmet = self.expectations.unmet()
        for pattern in unmet:
            print(f"# listed, but there is no such test: {pattern}")
        ran = sum(self.totals.values())
        if ran != self.expectations.count:
            print(f"# {ran} tests instead of {self.expectations.count}")
        self.line(not unmet and ran == self.expectations.count, "all tests ran")
        listed = ", ".join(f"{number} {what}" for what, number in sorted(self.totals.items()))
        print(f"# pyzmq: {listed}")
        print(f"1..{self.count}")


def main():
    """The exit code."""
    print("TAP version 13", flush=True)
    report = Report(Expectations(os.path.join(HERE, "pyzmq.txt")))
    done = set()
    with tempfile.TemporaryDirectory() as directory:
        # After one that hangs it goes on with the rest.
        while True:
            run = Run(directory, done, report.result)
            complete = run.execute()
            if run.tests is None:
                with open(run.output, encoding="utf-8", errors="replace") as file:
                    print("# " + file.read().replace("\n", "\n# "))
                print("not ok 1 pytest did not begin\n1..1")
                return 1
            done |= run.results.keys()
            if complete:
                break
            report.result(run.current or "pytest", "hung",
                          f"no end within {HANGS} s, or it crashed")
            if run.current is None:
                break
            done.add(run.current)
    report.end()
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
