#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loads a module with KUnit suites in it and judges what they print.

    kunit.py af_zmq.ko
"""

import os
import subprocess
import sys

from results import KernelLog, Tap, console


def call(*command):
    """Runs it; an error message or None."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return f"{' '.join(command)}: {done.stdout.strip()}" if done.returncode else None


def main():
    """The exit code."""
    module = sys.argv[1]
    log = KernelLog()
    problems = [call("insmod", module)]
    lines = log.lines()
    if not problems[0]:
        name = os.path.basename(module).removesuffix(".ko")
        problems.append(call("rmmod", name))
    lines += log.lines()

    tap = Tap()
    for line in lines:
        print(line)
        tap.feed(line)
    tap.problems += [problem for problem in problems if problem]
    complaint = console.complaint(lines)
    if complaint:
        tap.problems.append("the kernel complained")
    totals = tap.finish()
    for problem in tap.problems:
        print(f"# {problem}")
    print(totals, flush=True)
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
