#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Everything on the kernels with checkers, in stages, and what came of each.

    debug.py [--stages "NAME ..."] [--list]

A stage boots its kernel, runs some of the tests and unloads the module, which
must leave no object and, on the debug kernel, no memory behind (kmemleak).  Each
takes minutes and can be run by itself.
"""

import argparse
import os
import re
import subprocess
import sys
import time

from results import HERE, Totals

TREE = os.path.dirname(HERE)
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
REST = "rest"
# Tests by stage; those of no stage are in the last one.
DEBUG = {
    "data": "hwm poll patterns pubsub reqrep packed lookahead",
    "queues": "inproc coalesce fairness linger reconnect idle",
    "types": "xpub xsub radio stream udp peer_types router_options",
    "calls": "socket context metadata monitor lower options option_table admission uring",
    "regress": "regress_",
    "faults": "faults",
    "random": "stress fuzz",
    "limits": "limits longrun",
    "peers": "hostile.py wire.py",
    "leak": "leak.py",
    "python": "pyzmq.py",
    "library": "libzmq.sh transcript.py",
    "interop": "interop.py",
}
# Data races: what shares sockets between processors.
KCSAN = "hwm poll patterns pubsub reqrep packed inproc coalesce stress"


def make(*words):
    """The command of a stage."""
    return ["make", "-C", TREE, *words]


def rest():
    """The names of tests that no stage has."""
    patterns = " ".join(DEBUG.values()).split()
    listing = os.path.join(TREE, "build/selftests/tests")
    if not os.path.exists(listing):
        subprocess.run(make("-s", "tests"), stdout=subprocess.DEVNULL, check=True)
    with open(listing, encoding="utf-8") as tests:
        lines = [line.split() for line in tests]
    return " ".join(line[0] for line in lines if line[3:] != ["long"]
                    and not any(pattern in line[0] for pattern in patterns))


def stages():
    """Name and command of each stage."""
    append = ("kmemleak=on " + os.environ.get("APPEND", "")).strip()
    commands = {"kunit": make("kunit"),
                "uml": make("kunit", "KERNEL=uml"),
                "kcsan": make("test", "KERNEL=kcsan", f"TESTS={KCSAN}")}
    for name, tests in {**DEBUG, REST: rest()}.items():
        commands[name] = make("test", "KERNEL=debug", f"TESTS={tests}", f"APPEND={append}")
    return commands


def run(command):
    """Runs it and shows its output; totals, with a failure for what cannot be counted."""
    totals = None
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := TOTALS.match(line.rstrip("\n")):
                totals = Totals(int(found[1]), int(found[2]), int(found[3] or 0))
    totals = totals or Totals(failed=1)
    if process.returncode and not totals.failed:
        totals.failed = 1
    return totals


def main():
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", default="", help="names of some of them")
    parser.add_argument("--list", action="store_true", help="say which there are")
    args = parser.parse_args()
    commands = stages()
    names = args.stages.split() or list(commands)
    unknown = [name for name in names if name not in commands]
    if unknown:
        print(f"debug.py: no such stage: {' '.join(unknown)}", file=sys.stderr)
        return 1
    if args.list:
        for name, command in commands.items():
            print(f"{name:8} {' '.join(command[3:])}")
        return 0
    summary, sum_of_all = [], Totals()
    for name in names:
        print(f"== {name}", flush=True)
        begin = time.monotonic()
        totals = run(commands[name])
        sum_of_all += totals
        summary.append(f"{name:8} {totals}, {time.monotonic() - begin:.0f} s")
    print("\n".join(["==", *summary]))
    print(sum_of_all)
    return 1 if sum_of_all.failed else 0


if __name__ == "__main__":
    sys.exit(main())
