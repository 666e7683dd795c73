#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if AF_ZMQ has become slower: a few rows in the instruction view.

    guard.py [--update]

What is compared with guard.json is the cost relative to libzmq's in the same
run. --update writes guard.json. The last line is "N passed, N failed".
"""

import json
import os
import sys

import bench
import matrix
import report

REFERENCE = os.path.join(bench.HERE, "guard.json")
ALLOWED = 1.05
# By the library, how soon a burst is seen decides, and differs from run to run.
LOOSE = {"throughput/tcp/10 shim": 1.15, "dealer/tcp shim": 1.15, "pub/all/100 shim": 1.3}
VIEW = "instructions"
REPEAT = 3
ROWS = {"latency/tcp/1": ("plain", "shim"),
        "latency/ipc/1": ("plain", "shim"),
        "throughput/tcp/10": ("plain", "packed", "shim"),
        "throughput/ipc/10": ("plain",),
        "throughput/tcp/65536": ("plain", "shim"),
        "dealer/tcp": ("plain", "shim"),
        "polled/tcp": ("plain", "shim"),
        "fanin/10": ("plain", "packed"),
        "pub/all/100": ("plain", "packed", "shim")}


def measure(args):
    """Ratios to libzmq's cost: {"row library": ratio or None}."""
    rows = [row for row in matrix.rows() if row.name in ROWS]
    needed = {f"{row.name} {name}" for row in rows for name in ("libzmq", *ROWS[row.name])}
    plan = [entry for entry in bench.make_plan(args.build, rows, VIEW, REPEAT, 1)
            if entry[0] in needed]
    cells = bench.run_guest(args, VIEW, plan, lambda cell, repetition, result: None)
    table = report.Table({"views": {VIEW: cells}}, VIEW)
    return {f"{row.name} {name}": table.ratio(row, name) for row in rows
            for name in ROWS[row.name]}


def judge(found, reference, allowed):
    """Text, and whether that is good enough."""
    if found is None:
        return "not measured", False
    if reference is None:
        return f"{found:.3f}, no reference: guard.py --update", False
    text = f"{found:.3f} of libzmq, reference {reference:.3f}"
    if found > reference * allowed:
        return text + f": worse by {found / reference - 1:.0%}", False
    if found * allowed < reference:
        text += f": better by {1 - found / reference:.0%}, keep that with --update"
    return text, True


def main():
    """The exit code."""
    update = "--update" in sys.argv
    sys.argv = [sys.argv[0], "run"] + [word for word in sys.argv[1:] if word != "--update"]
    found = measure(bench.parse())
    if update:
        with open(REFERENCE, "w", encoding="utf-8") as file:
            json.dump({name: ratio and round(ratio, 4) for name, ratio in found.items()},
                      file, indent=1)
            file.write("\n")
    with open(REFERENCE, encoding="utf-8") as file:
        reference = json.load(file)
    passed = failed = 0
    for name, ratio in found.items():
        text, good = judge(ratio, reference.get(name), LOOSE.get(name, ALLOWED))
        print(f"{'ok' if good else 'not ok'} {name}: {text}")
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
