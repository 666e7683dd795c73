#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The same programs on the installed libzmq and on ours see the same.

lib/scenarios/ run with each; a scenario's lines differ as transcript.txt lists
with a reason, or not at all.  Arguments are parts of names; --list prints what
the list would have to be.
"""

import difflib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


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


def main():
    """The exit code."""
    names = [name for name in sys.argv[1:] if name != "--list"]
    real = transcript(names)
    ours = transcript(names, LD_PRELOAD=os.environ["AF_ZMQ_SHIM"])
    if "--list" in sys.argv:
        for name, lines in real.items():
            found = differences(lines, ours.get(name, []))
            if found:
                print(name, *found, sep="\n\t")
        return 0
    print("TAP version 13")
    print(f"1..{len(real) + 1}")
    expected = listed()
    failed = 0
    for number, (name, lines) in enumerate(real.items(), 1):
        found = differences(lines, ours.get(name, []))
        good = found == expected.get(name, [])
        failed += not good
        if not good:
            for line in differences(expected.get(name, []), found):
                print(f"# {name}: {'no more' if line[0] == '-' else 'new'}: {line[1:]}")
        print(f"{'' if good else 'not '}ok {number} {name}")
    good = names or len(real) > 50 and expected.keys() <= real.keys()
    print(f"{'' if good else 'not '}ok {len(real) + 1} all scenarios ran")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())
