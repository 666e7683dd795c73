#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""pyzmq's own tests, unmodified as Debian has them, on our libzmq.so.5.

pyzmq.txt lists those that need what is not there yet.  AF_ZMQ_BACKEND=libzmq uses
the real library.
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


class Expectations:
    """pyzmq.txt."""

    def __init__(self, path):
        self.rules = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split(None, 2)
                if words and not line.startswith("#"):
                    kind, pattern, reason = words
                    self.rules.append((kind, pattern.replace("[", "[[]"), reason.strip()))

    def hanging(self):
        """Tests that are not even tried."""
        return [pattern.replace("[[]", "[") for kind, pattern, _ in self.rules if kind == "hang"]

    def find(self, name):
        """What is expected of a test: kind and reason, or None."""
        for kind, pattern, reason in self.rules:
            if fnmatch.fnmatchcase(name, pattern):
                return kind, reason
        return None


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
        self.totals = {}

    def result(self, name, outcome, text):
        """A test's."""
        self.count += 1
        expected = self.expectations.find(name)
        bad = outcome in ("failed", "hung")
        what = outcome
        if bad and expected:
            what = "failed as listed"
        elif not bad and outcome == "passed" and expected and expected[0] != "flaky":
            text = f"passes although listed: {expected[1]}"
        self.totals[what] = self.totals.get(what, 0) + 1
        if bad and not expected or outcome == "passed" and text:
            for line in text.splitlines()[-60:]:
                print(f"# {line}")
        note = ""
        if bad and expected:
            note = f" # SKIP needs {expected[1]}"
        elif outcome == "skipped":
            note = f" # SKIP {text.strip().splitlines()[0] if text.strip() else ''}"
        print(f"{'not ' if bad and not expected else ''}ok {self.count} {name}{note}", flush=True)

    def end(self):
        """The plan and the totals."""
        listed = ", ".join(f"{number} {what}" for what, number in sorted(self.totals.items()))
        print(f"# pyzmq: {listed}")
        print(f"1..{self.count}")


def main():
    """The exit code."""
    print("TAP version 13", flush=True)
    expectations = Expectations(os.devnull if REAL else os.path.join(HERE, "pyzmq.txt"))
    report = Report(expectations)
    done = set(expectations.hanging())
    for name in sorted(done):
        report.result(name, "hung", "")
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
    return 1 if report.totals.get("failed", 0) + report.totals.get("hung", 0) else 0


if __name__ == "__main__":
    sys.exit(main())
