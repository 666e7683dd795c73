#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which functions a cell spends its instructions in.

    profile.py [--library plain] [--callers] ROW

perf samples the guest's clock, which counts instructions: a function's share
of the samples is its share of the instructions. What runs with interrupts off
is counted where they go on again.
"""

import argparse
import os
import shlex
import subprocess
import sys

import bench
import matrix

FREQUENCY = 5000   # samples in a second of the guest
FACTOR = 8          # of the cell's usual operations
SCRIPT = """
echo 0 > /proc/sys/kernel/kptr_restrict
echo -1 > /proc/sys/kernel/perf_event_paranoid
echo 100000 > /proc/sys/kernel/perf_event_max_sample_rate
perf record -q -e cpu-clock -F {frequency} -a -g -o /tmp/perf.data -- {command} 2>&1
perf report -i /tmp/perf.data --stdio --no-children -g {graph} --percent-limit 0.4 \
    --sort comm,dso,sym 2> /dev/null | grep -vE '^(#.*)?$'
"""


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row")
    parser.add_argument("--library", default="plain", choices=tuple(matrix.LIBRARIES))
    parser.add_argument("--callers", action="store_true", help="who calls them, too")
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--build", default=os.path.join(bench.TREE, "build"))
    parser.add_argument("--factor", type=float, default=FACTOR)
    return parser.parse_args()


def main():
    """The exit code."""
    args = parse()
    row = next((row for row in matrix.rows() if row.name == args.row), None)
    if not row:
        print("profile: the rows are " + " ".join(row.name for row in matrix.rows()),
              file=sys.stderr)
        return 2
    program, environment = bench.command(args.build, args.library)
    words = [f"{name}={value}" for name, value in environment.items()]
    command = shlex.join(["env", *words, *program,
                          *row.arguments(args.library, "instructions", args.factor)])
    script = SCRIPT.format(frequency=FREQUENCY, command=command,
                           graph="caller,0.5,callee" if args.callers else "none")
    release = bench.output(bench.VM, "kernel", "--kernel", args.kernel, "release")
    return subprocess.run([bench.VM, "run", "--kernel", args.kernel, "--icount", "--quiet",
                           "--insmod", os.path.join(args.build, release, "af_zmq.ko"),
                           "--", "/bin/bash", "-c", script], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
