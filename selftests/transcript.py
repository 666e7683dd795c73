#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The same programs on the installed libzmq and on ours see the same.

lib/scenarios/ run with each; a scenario's lines differ as transcript.txt lists
with a reason, or not at all.  Arguments are parts of names; --list prints what
the list would have to be.

On a slow machine either library may be too late for what a scenario waits for: one
that differs is run again with both, and what differed before is shown.
"""

import difflib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = 3


def blocks(lines):
    """The lines below each line that is not indented."""
    found, name = {}, None
    for line in lines:
        if line and not line[0].isspace():
            name = line
            found[name] = []
        elif name and line:
            found[name].append(line)
    return found


def transcript(names, **environ):
    """Of one library: {scenario: lines}."""
    command = ["/usr/bin/python3", "-m", "scenarios", *names]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
               "PYTHONPATH": os.path.join(HERE, "lib"), **environ}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          env=environ) as process:
        return blocks(process.stdout.read().splitlines())


def differences(real, ours):
    """Of a scenario: "-" and "+" before lines."""
    return [line[0] + line[1:].rstrip() for line in difflib.unified_diff(real, ours, lineterm="", n=0)
            if not line.startswith(("---", "+++", "@@"))]


def listed():
    """transcript.txt: {scenario: differences}."""
    with open(os.path.join(HERE, "transcript.txt"), encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return {name: [line[1:] for line in below if line[1] != "#"] for name, below in blocks(lines).items()}


def compare(names):
    """Of both libraries: {scenario: how ours differs}."""
    real = transcript(names)
    ours = transcript(names, LD_PRELOAD=os.environ["AF_ZMQ_SHIM"])
    return {name: differences(lines, ours.get(name, [])) for name, lines in real.items()}


def wrong(found, expected):
    """The names of those that do not differ as expected, with why."""
    return {name: ["no more: " * (line[0] == "-") + "new: " * (line[0] == "+") + line[1:]
                   for line in differences(expected.get(name, []), lines)]
            for name, lines in found.items() if lines != expected.get(name, [])}


def main():
    """The exit code."""
    names = [name for name in sys.argv[1:] if name != "--list"]
    found = compare(names)
    if "--list" in sys.argv:
        for name, lines in found.items():
            if lines:
                print(name, *lines, sep="\n\t")
        return 0
    print("TAP version 13")
    print(f"1..{len(found) + 1}")
    expected = listed()
    failed = wrong(found, expected)
    for _ in range(RUNS - 1):
        if not failed:
            break
        for name, lines in failed.items():
            print(*(f"# {name} is run again: {line}" for line in lines), sep="\n")
        # Names are parts of others' names.
        again = compare(list(failed))
        failed = wrong({name: again.get(name, []) for name in failed}, expected)
    for number, name in enumerate(found, 1):
        for line in failed.get(name, []):
            print(f"# {name}: {line}")
        print(f"{'not ' if name in failed else ''}ok {number} {name}")
    good = names or len(found) > 50 and expected.keys() <= found.keys()
    print(f"{'' if good else 'not '}ok {len(found) + 1} all scenarios ran")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())
